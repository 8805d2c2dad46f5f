//! RSASSA-PKCS1-v1_5 and RSASSA-PSS verification (RFC 8017 sections 8.2.2 and 8.1.2).
//!
//! Only public values are handled, so nothing here needs constant time. The encoded message of PKCS#1 v1.5 is built and
//! compared as a whole instead of being taken apart, which leaves no room for a forgery in its padding; that of PSS has
//! the stated salt length, not one that is looked for.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};

use super::pki::Hash;

/// Bits of a modulus that are accepted.
pub(super) const MODULUS_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;

/// A public key, ready for use.
#[derive(Clone, Debug)]
pub(super) struct RsaKey {
    modulus: BoxedMontyParams,
    /// Odd and at least 3.
    exponent: u32,
    /// Length of the modulus.
    bits: u32,
}

/// Why numbers are no RSA key.
pub(super) enum RsaError {
    /// A modulus of so many bits.
    Bits(u32),
    /// An even modulus, or an exponent that is even, 1 or longer than 32 bits.
    Numbers,
}

impl RsaKey {
    /// A key from its big-endian numbers, without leading zeros.
    pub(super) fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, RsaError> {
        let leading = modulus.first().map_or(8, |first| first.leading_zeros());
        let bits = u32::try_from(modulus.len())
            .ok()
            .and_then(|length| length.checked_mul(8)?.checked_sub(leading))
            .unwrap_or(u32::MAX);
        // Before any arithmetic, whose cost grows with the length.
        if !MODULUS_BITS.contains(&bits) {
            return Err(RsaError::Bits(bits));
        }
        if exponent.len() > 4 {
            return Err(RsaError::Numbers);
        }
        let exponent = exponent.iter().fold(0u32, |number, byte| (number << 8) | u32::from(*byte));
        if exponent < 3 || exponent % 2 == 0 {
            return Err(RsaError::Numbers);
        }
        let modulus = BoxedUint::from_be_slice(modulus, bits.next_multiple_of(64)).ok();
        let odd = modulus.and_then(|modulus| Option::<Odd<BoxedUint>>::from(modulus.into_odd()));
        let modulus = odd.ok_or(RsaError::Numbers)?;
        Ok(Self { modulus: BoxedMontyParams::new_vartime(modulus), exponent, bits })
    }

    /// Length of the modulus.
    pub(super) fn bits(&self) -> u32 {
        self.bits
    }

    /// Whether `signature` is one of the message whose digest, with its `DigestInfo` before it, is `info`.
    pub(super) fn verify(&self, info: &[u8], signature: &[u8]) -> bool {
        let Some(encoded) = self.encoded_message(signature) else { return false };
        let Some(padding) = encoded.len().checked_sub(info.len() + 3).filter(|padding| *padding >= 8) else {
            return false;
        };
        let mut expected = Vec::with_capacity(encoded.len());
        expected.extend([0, 1]);
        expected.resize(2 + padding, 0xff);
        expected.push(0);
        expected.extend_from_slice(info);
        encoded == expected
    }

    /// Whether `signature` is one by PSS with a salt of `salt` octets, of the message with this digest. Mask generation
    /// uses the same hash (RFC 8017 section 9.1.2).
    pub(super) fn verify_pss(&self, hash: Hash, salt: usize, digest: &[u8], signature: &[u8]) -> bool {
        let Some(encoded) = self.encoded_message(signature) else { return false };
        // The encoded message has one bit less than the modulus.
        let unused = 8 - (self.bits - 1) % 8;
        let (encoded, unused) = match (unused, encoded.split_first()) {
            (8, Some((0, rest))) => (rest, 0),
            (8, _) => return false,
            _ => (encoded.as_slice(), unused),
        };
        let Some((0xbc, body)) = encoded.split_last().map(|(last, body)| (*last, body)) else { return false };
        let Some(masked_length) = body.len().checked_sub(digest.len()) else { return false };
        let (masked, stated) = body.split_at(masked_length);
        let above = |byte: u8| u32::from(byte) >> (8 - unused) != 0;
        if unused > 0 && masked.first().is_none_or(|first| above(*first)) {
            return false;
        }
        let mask = mask(hash, stated, masked.len());
        let mut block: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        if let Some(first) = block.first_mut() {
            *first &= 0xff >> unused;
        }
        let Some(zeros) = block.len().checked_sub(salt + 1) else { return false };
        let (zeros, rest) = block.split_at(zeros);
        let Some((1, salt)) = rest.split_first().map(|(one, salt)| (*one, salt)) else { return false };
        if zeros.iter().any(|byte| *byte != 0) {
            return false;
        }
        hash.digest(&[&[0; 8], digest, salt].concat()) == stated
    }

    /// The signature to the power of the exponent, as long as the modulus; `None` for a number that is no signature.
    fn encoded_message(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let length = usize::try_from(self.bits.div_ceil(8)).ok()?;
        if signature.len() != length {
            return None;
        }
        let number = BoxedUint::from_be_slice(signature, self.modulus.bits_precision()).ok()?;
        if number >= *self.modulus.modulus().as_ref() {
            return None;
        }
        let power = self.power(&BoxedMontyForm::new(number, &self.modulus)).retrieve().to_be_bytes();
        let (zeros, encoded) = power.split_at(power.len().checked_sub(length)?);
        zeros.iter().all(|byte| *byte == 0).then(|| encoded.to_vec())
    }

    /// `base` to the power of the exponent, by squaring.
    fn power(&self, base: &BoxedMontyForm) -> BoxedMontyForm {
        let mut power = base.clone();
        let below_top = 31 - self.exponent.leading_zeros();
        for bit in (0..below_top).rev() {
            power = power.square();
            if self.exponent >> bit & 1 == 1 {
                power = power.mul(base);
            }
        }
        power
    }
}

/// MGF1 (RFC 8017 appendix B.2.1).
fn mask(hash: Hash, seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask = Vec::with_capacity(length + 64);
    for counter in 0u32.. {
        if mask.len() >= length {
            break;
        }
        mask.extend(hash.digest(&[seed, &counter.to_be_bytes()].concat()));
    }
    mask.truncate(length);
    mask
}
