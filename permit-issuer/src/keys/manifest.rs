//! Signed key manifests, `keel.public_key_manifest.v1` (spec 03 sections 3 and 4).
//!
//! ```text
//! content_hash = "sha256:" + hex SHA-256( legacy canonical of {canonicalization_profile, keys, manifest_version} )
//! signature    = Ed25519( export_signing key, UTF-8 of content_hash )
//! ```
//!
//! `generated_at` is outside the signature. The manifest is signed by a key that it lists; whoever relies on it
//! must have that key from elsewhere, which is what the trust root file is for.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use verifier_core::canon::Profile;
use verifier_core::crypto::PublicKey;
use verifier_core::time::Timestamp;

use super::{Purpose, Signer};
use crate::clock::wire_time;
use crate::document;
use crate::error::Result;

/// One key of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct KeyEntry {
    /// Always `ed25519`.
    pub algorithm: String,
    /// In the spelling of the purpose.
    pub key_id: String,
    /// `ed25519:BASE64`.
    pub public_key: String,
    /// What it may sign.
    pub purpose: String,
    /// `active` or `retired`.
    pub status: String,
    /// First instant.
    pub valid_from: String,
    /// Last instant.
    pub valid_to: Option<String>,
}

impl KeyEntry {
    /// An active key from `valid_from` on.
    #[must_use]
    pub fn active(purpose: Purpose, key: &PublicKey, valid_from: i64) -> Self {
        Self {
            algorithm: "ed25519".to_owned(),
            key_id: purpose.key_id(key),
            public_key: key.to_text(),
            purpose: purpose.name().to_owned(),
            status: "active".to_owned(),
            valid_from: wire_time(valid_from),
            valid_to: None,
        }
    }
}

/// The first instant at which the active keys of `entries` may all sign. Nothing is signed before it, whatever the clock says.
pub(super) fn first_instant(entries: &[KeyEntry]) -> i64 {
    let active = entries.iter().filter(|entry| entry.valid_to.is_none());
    active
        .filter_map(|entry| Timestamp::parse(&entry.valid_from))
        .map(|stamp| stamp.unix_micros())
        .max()
        .unwrap_or(0)
}

/// Ends the window of the active key of `purpose` at `now`, which it may have signed at, and gives the first instant of its
/// successor, one microsecond later. Windows include both ends and must not overlap: a closure names no key, and a
/// verifier that finds two for its signing time refuses it (spec 03 section 5.1).
pub(super) fn retire(entries: &mut [KeyEntry], purpose: Purpose, now: i64) -> Option<i64> {
    let last = now.max(first_instant(entries));
    let active =
        entries.iter_mut().find(|entry| entry.purpose == purpose.name() && entry.valid_to.is_none())?;
    active.status = "retired".to_owned();
    active.valid_to = Some(wire_time(last));
    Some(last.saturating_add(1))
}

/// The signed manifest of `entries`.
///
/// # Errors
/// Only when canonicalisation fails, which these members do not.
pub fn signed_manifest(entries: &[KeyEntry], signer: &dyn Signer, generated_at: i64) -> Result<Value> {
    let signed = json!({
        "canonicalization_profile": "keel.canonical_json.payload.v1",
        "keys": entries,
        "manifest_version": "keel.public_key_manifest.v1",
    });
    let content_hash = document::prefixed_digest(Profile::Legacy, &signed)?;
    let mut manifest = signed;
    if let Some(members) = manifest.as_object_mut() {
        members.insert("schema_version".to_owned(), json!(1));
        members.insert("generated_at".to_owned(), json!(wire_time(generated_at)));
        members.insert(
            "manifest_signature".to_owned(),
            json!({
                "signature_type": "ed25519.content_hash.v1",
                "purpose": Purpose::ExportSigning.name(),
                "key_id": Purpose::ExportSigning.key_id(&signer.public_key()),
                "signature": signer.sign_text(&content_hash),
                "content_hash": content_hash,
            }),
        );
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Seed;

    /// Spec 03 section 4, worked example.
    #[test]
    fn published_manifest() {
        let seed = Seed::from_text(&"01".repeat(32)).unwrap();
        let mut entry = KeyEntry::active(Purpose::ExportSigning, &seed.public_key(), 0);
        entry.valid_from = "2026-01-01T00:00:00Z".to_owned();
        let manifest = signed_manifest(&[entry], &seed, 0).unwrap();
        let signature = &manifest["manifest_signature"];
        assert_eq!(
            signature["content_hash"],
            "sha256:01a795b0945a7f377d886fd5642ad6b29e8429f1706ef3a38537f2e235ab0573"
        );
        assert_eq!(
            signature["signature"],
            "ed25519:qPPnxhlgoYDNCjMr6gPW2Y6bSkck9rQ8JhY5I2MS5FzxIGzkeJhrqAw+fhuak++qd3Z4geujXLWWyZyp465QCg=="
        );
    }
}
