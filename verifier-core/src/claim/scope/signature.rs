//! Signatures of checkpoints and sidecars, read strictly and, beside that, as the reference reads them.
//!
//! The verdict rests on the strict reading. The lenient one only decides whether checking goes on, so that a
//! second spelling of a genuine signature is named as that and does not hide what else is wrong.

use crate::bytes::base64;
use crate::crypto::{PublicKey, SignatureText, TextError, verify};
use crate::finding::{Finding, catalog};

/// What a signature comes to.
pub(crate) enum Reading {
    /// Key and signature are spelled canonically, and the signature verifies.
    Verified,
    /// The signature verifies, but a text is not the one spelling of its bytes.
    SecondSpelling,
    /// It does not verify.
    Invalid,
}

/// Checks `signature` over `message`.
pub(crate) fn read(key_text: &str, message: &[u8], signature: &str) -> Reading {
    let key = PublicKey::from_text(key_text);
    let parsed = SignatureText::parse(signature);
    if let (Ok(key), Ok(parsed)) = (&key, &parsed) {
        return if verify(key, message, parsed) { Reading::Verified } else { Reading::Invalid };
    }
    let key = match key {
        Err(TextError::SecondSpelling) => lenient(key_text).and_then(|bytes| PublicKey::from_bytes(&bytes)),
        other => other.ok(),
    };
    let parsed = match parsed {
        Err(TextError::SecondSpelling) => lenient(signature).map(SignatureText),
        other => other.ok(),
    };
    match (key, parsed) {
        (Some(key), Some(parsed)) if verify(&key, message, &parsed) => Reading::SecondSpelling,
        _ => Reading::Invalid,
    }
}

fn lenient<const N: usize>(text: &str) -> Option<[u8; N]> {
    base64::decode_lenient(text.strip_prefix("ed25519:").unwrap_or(text))?.try_into().ok()
}

/// A finding when the key proves nothing.
pub(crate) fn weak_key(key_text: &str) -> Option<Finding> {
    PublicKey::from_text(key_text).is_ok_and(|key| key.is_weak()).then(|| {
        Finding::disproves(
            &catalog::scope::CHECKPOINT_WEAK_KEY,
            "the trusted key is a point of small order; one constant signature verifies every message under it",
        )
        .fact("public key", key_text)
    })
}

/// The finding for a signature that verifies in a second spelling only.
pub(crate) fn second_spelling(what: &str, signature: &str) -> Finding {
    Finding::disproves(
        &catalog::export::SIGNATURE_SECOND_SPELLING,
        format!("the {what}'s signature or its key is not spelled canonically"),
    )
    .fact("signature", signature)
}
