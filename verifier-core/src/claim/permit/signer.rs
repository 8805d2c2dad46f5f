//! The key of a decision: which one the trust source gives, and whether it signed.
//!
//! The reference takes the first entry of the purpose with the key id and never looks at its validity. To
//! give its codes where it fails, a key that may not be used is still tried: only a signature that
//! verifies is refused for the key's status. So "altered" is never reported as "revoked".

use std::borrow::Cow;

use super::row::binding_id;
use crate::bytes::base64;
use crate::crypto::{PublicKey, SignatureText, TextError};
use crate::finding::Code;
use crate::finding::catalog::{export, trust};
use crate::time::Timestamp;
use crate::trust::{KeyRequest, KeyRing, KeyTable, PERMIT_BINDING_SIGNING, Refusal, ResolvedKey, Verified};

/// A key to try.
pub(super) struct Signer {
    /// The key, when it may be used.
    resolved: Option<ResolvedKey>,
    /// Its text.
    text: String,
    /// Why it may not be used.
    refusal: Option<Refusal>,
}

/// A signature that does not establish anything.
pub(super) enum Unsigned {
    /// It does not verify.
    Invalid,
    /// It verifies, but key or signature is not in the canonical spelling.
    SecondSpelling,
    /// It verifies, but the key may not be used.
    Refused(Refusal),
}

impl Signer {
    /// The key under `key_id`.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] or [`Refusal::Unresolvable`] when there is no key to try.
    pub(super) fn resolve(
        keys: &KeyRing,
        key_id: &str,
        signed_at: Option<&Timestamp>,
    ) -> Result<Self, Refusal> {
        let request =
            KeyRequest { purpose: PERMIT_BINDING_SIGNING, key_id: Some(key_id), signed_at, embedded: None };
        let refusal = match keys.resolve(&request) {
            Ok(resolved) => {
                let text = resolved.text.clone();
                return Ok(Self { resolved: Some(resolved), text, refusal: None });
            }
            Err(Refusal::Unknown(text)) => {
                return Err(Refusal::Unknown(with_other_listing(keys, key_id, text)));
            }
            Err(refusal) => refusal,
        };
        let listed = keys.entries().iter().find(|entry| {
            entry.purpose.as_deref() == Some(PERMIT_BINDING_SIGNING)
                && entry.key_id.as_deref() == Some(key_id)
        });
        match (listed.and_then(|entry| entry.public_key.clone()), refusal) {
            (_, refusal @ (Refusal::Unknown(_) | Refusal::Unresolvable(_))) => Err(refusal),
            (None, refusal) => Err(Refusal::Unresolvable(refusal.to_string())),
            (Some(text), refusal) => Ok(Self { resolved: None, text, refusal: Some(refusal) }),
        }
    }

    fn usable(&self) -> Option<(&ResolvedKey, &PublicKey)> {
        let resolved = self.resolved.as_ref()?;
        resolved.key.as_ref().ok().map(|key| (resolved, key))
    }

    /// The key's bytes, of any length; `None` when the text is no base64.
    fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        match self.usable() {
            Some((_, key)) => Some(Cow::Borrowed(key.as_bytes())),
            None => base64::decode_lenient(self.text.strip_prefix("ed25519:").unwrap_or(&self.text))
                .map(Cow::Owned),
        }
    }

    /// The key id that the key's bytes have; `None` when the text is no base64.
    pub(super) fn binding_id(&self) -> Option<String> {
        self.bytes().map(|bytes| binding_id(&bytes))
    }

    /// Whether the entry was revoked after the signing time.
    pub(super) fn revoked_later(&self) -> bool {
        self.resolved.as_ref().is_some_and(|resolved| resolved.revoked_later)
    }

    /// Checks the signature of `message`.
    ///
    /// # Errors
    /// [`Unsigned`] says why nothing is established.
    pub(super) fn authenticate<T>(
        &self,
        table: &KeyTable,
        value: T,
        message: &[u8],
        signature: &str,
    ) -> Result<Verified<T>, Unsigned> {
        let parsed = SignatureText::parse(signature);
        if let (Ok(signature), Some((resolved, _))) = (&parsed, self.usable()) {
            return table.authenticate(resolved, value, message, signature).map_err(|_| Unsigned::Invalid);
        }
        let signature = match parsed {
            Ok(signature) => Some(signature),
            Err(TextError::SecondSpelling) => {
                base64::decode_lenient(signature.strip_prefix("ed25519:").unwrap_or(signature))
                    .and_then(|bytes| bytes.try_into().ok())
                    .map(SignatureText)
            }
            Err(TextError::Undecodable | TextError::NotAPoint) => None,
        };
        let key = self.bytes().and_then(|bytes| PublicKey::from_bytes(bytes.as_ref().try_into().ok()?));
        let verifies = matches!((key, signature), (Some(key), Some(signature)) if table.verify(&key, message, &signature));
        Err(match &self.refusal {
            _ if !verifies => Unsigned::Invalid,
            Some(refusal) => Unsigned::Refused(refusal.clone()),
            None => Unsigned::SecondSpelling,
        })
    }
}

/// The code under which a refusal is reported once the signature is known to verify.
pub(super) fn refusal_code(refusal: &Refusal) -> &'static Code {
    match refusal {
        Refusal::Revoked(_) => &trust::SIGNING_KEY_REVOKED,
        Refusal::NotActive(_) => &trust::SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME,
        Refusal::StatusUnknown(_) => &trust::SIGNING_KEY_STATUS_UNKNOWN,
        Refusal::TimeMissing(_) => &trust::SIGNING_TIME_MISSING,
        Refusal::Ambiguous(_) => &trust::SIGNING_KEY_AMBIGUOUS,
        Refusal::Unresolvable(_) | Refusal::Unknown(_) => &trust::TRUST_ROOT_UNRESOLVABLE,
    }
}

/// The code of a value in a second spelling.
pub(super) const SECOND_SPELLING: &Code = &export::SIGNATURE_SECOND_SPELLING;

/// Names the listing of the same key under another id. It is not used: whoever lists a key decides under
/// which id it may sign.
fn with_other_listing(keys: &KeyRing, key_id: &str, text: String) -> String {
    let other = keys.entries().iter().find(|entry| {
        entry.purpose.as_deref() == Some(PERMIT_BINDING_SIGNING)
            && matches!(&entry.key, Some(Ok(key)) if key.binding_id() == key_id)
    });
    match other {
        Some(entry) => {
            format!(
                "{text}; the key with this id is listed as {:?}",
                entry.key_id.as_deref().unwrap_or("(none)")
            )
        }
        None => text,
    }
}
