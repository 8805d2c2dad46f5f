//! RSASSA-PKCS1-v1_5 verification (RFC 8017 section 8.2.2).
//!
//! Only public values are handled, so nothing here needs constant time. The encoded message is built and compared as a
//! whole instead of being taken apart, which leaves no room for a forgery in its padding.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};

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
        let Ok(length) = usize::try_from(self.bits.div_ceil(8)) else { return false };
        let Some(padding) = length.checked_sub(info.len() + 3).filter(|padding| *padding >= 8) else {
            return false;
        };
        if signature.len() != length {
            return false;
        }
        let precision = self.modulus.bits_precision();
        let Ok(number) = BoxedUint::from_be_slice(signature, precision) else { return false };
        if number >= *self.modulus.modulus().as_ref() {
            return false;
        }
        let power = self.power(&BoxedMontyForm::new(number, &self.modulus)).retrieve().to_be_bytes();
        let (zeros, encoded) = power.split_at(power.len().saturating_sub(length));
        let mut expected = Vec::with_capacity(length);
        expected.extend([0, 1]);
        expected.resize(2 + padding, 0xff);
        expected.push(0);
        expected.extend_from_slice(info);
        zeros.iter().all(|byte| *byte == 0) && encoded == expected
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
