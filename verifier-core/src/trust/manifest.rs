//! Key manifests: plain and signed (spec 03 sections 3 and 4).
//!
//! ```text
//! signed bytes = legacy canonical {canonicalization_profile, keys, manifest_version}
//! content_hash = "sha256:" + hex SHA-256(signed bytes)
//! signature    = Ed25519 over the UTF-8 text of content_hash, by an export_signing key of the trust root
//! ```
//!
//! `generated_at`, `schema_version` and all other members are not signed.

use std::fmt;

use super::EXPORT_SIGNING;
use crate::bytes::Blob;
use crate::canon::{self, Profile};
use crate::crypto::{PublicKey, SignatureText, TextError, prefixed, verify};
use crate::json::{AnomalyKind, Document, ParserLimits, Value};
use crate::time::Timestamp;

const VERSION: &str = "keel.public_key_manifest.v1";
const PROFILE: &str = "keel.canonical_json.payload.v1";
const SIGNATURE_TYPE: &str = "ed25519.content_hash.v1";

/// A moment that bounds a key's validity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Absent or `null`: no bound.
    Open,
    /// A readable time.
    At(Timestamp),
    /// Present, but not a time.
    Unreadable,
}

impl Bound {
    fn read(entry: Value<'_>, names: &[&str]) -> Self {
        match names.iter().find_map(|name| entry.present(name)) {
            None => Self::Open,
            Some(value) => {
                value.text().and_then(|text| Timestamp::parse(&text)).map_or(Self::Unreadable, Self::At)
            }
        }
    }
}

/// One normalised entry of a key manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// The key's id as listed.
    pub key_id: Option<String>,
    /// What the key may sign.
    pub purpose: Option<String>,
    /// The key's text with prefix, as listed.
    pub public_key: Option<String>,
    /// The key, when the text is canonical.
    pub key: Option<Result<PublicKey, TextError>>,
    /// The signature algorithm, when stated.
    pub algorithm: Option<String>,
    /// `active`, `retired`, `revoked`, `compromised`; `None` when absent or `null`.
    pub status: Option<String>,
    /// Whether `status` is of another type than text.
    pub status_malformed: bool,
    /// Start of validity, inclusive.
    pub valid_from: Bound,
    /// End of validity, inclusive.
    pub valid_to: Bound,
    /// When the key was revoked.
    pub revoked_at: Bound,
    /// When the key became compromised.
    pub compromised_at: Bound,
}

impl KeyEntry {
    fn read(entry: Value<'_>, default_purpose: Option<&str>) -> Self {
        let text = |name: &str| entry.member_text(name).map(std::borrow::Cow::into_owned);
        let public_key = text("public_key").or_else(|| {
            text("public_key_b64")
                .map(|value| format!("ed25519:{}", value.strip_prefix("ed25519:").unwrap_or(&value)))
        });
        let status = entry.present("status");
        let ends = entry.member("active_to").is_some() || entry.member("valid_to").is_some();
        let valid_to = Bound::read(entry, &["valid_to", "active_to"]);
        let derived = (status.is_none() && entry.member("status").is_none() && ends)
            .then(|| if valid_to == Bound::Open { "active" } else { "retired" }.to_owned());
        Self {
            key_id: text("key_id"),
            purpose: text("purpose").or_else(|| default_purpose.map(str::to_owned)),
            key: public_key.as_deref().map(PublicKey::from_text),
            public_key,
            algorithm: text("algorithm"),
            status: status.and_then(|value| value.text()).map(std::borrow::Cow::into_owned).or(derived),
            status_malformed: status.is_some_and(|value| value.text().is_none()),
            valid_from: Bound::read(entry, &["valid_from", "active_from"]),
            valid_to,
            revoked_at: Bound::read(entry, &["revoked_at"]),
            compromised_at: Bound::read(entry, &["compromised_at"]),
        }
    }

    /// Whether the window contains `at`; an unreadable bound contains nothing.
    #[must_use]
    pub fn window_contains(&self, at: &Timestamp) -> bool {
        let after = match &self.valid_from {
            Bound::Open => true,
            Bound::At(from) => from <= at,
            Bound::Unreadable => false,
        };
        let before = match &self.valid_to {
            Bound::Open => true,
            Bound::At(to) => at <= to,
            Bound::Unreadable => false,
        };
        after && before
    }

    /// Whether the key is revoked or compromised, whenever that happened.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self.status.as_deref(), Some("revoked" | "compromised"))
            || self.revoked_at != Bound::Open
            || self.compromised_at != Bound::Open
    }
}

/// A parsed key manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyManifest {
    /// The entries, in order.
    pub entries: Vec<KeyEntry>,
    /// Whether it carries a signature.
    pub signed: bool,
    /// The id of the key that signed it, once that was verified.
    pub signer: Option<String>,
    /// When the manifest says it was made; not covered by its signature.
    pub generated_at: Option<Timestamp>,
}

/// Why a key manifest cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    /// The reason.
    pub text: String,
    /// Set when readers disagree about the file.
    pub anomaly: Option<AnomalyKind>,
}

impl ManifestError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), anomaly: None }
    }
}

impl fmt::Display for ManifestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for ManifestError {}

/// Who may have signed a signed manifest.
pub(super) enum Signers<'a> {
    /// The manifest must be signed by one of its own keys.
    Itself,
    /// The manifest must be signed by one of these keys.
    Root(&'a KeyManifest),
}

impl KeyManifest {
    /// Parses a manifest and, if it is a signed one, verifies it.
    pub(super) fn load(
        blob: &Blob,
        signers: &Signers<'_>,
        as_of: &Timestamp,
        limits: ParserLimits,
    ) -> Result<Self, ManifestError> {
        let document = parse(blob, limits)?;
        let mut manifest = Self::of(&document)?;
        if manifest.signed {
            let pool = match signers {
                Signers::Itself => &manifest,
                Signers::Root(root) => *root,
            };
            manifest.signer = Some(
                // Without a date of its own the manifest is judged by today's validity of its signer.
                verify_signed(document.root(), pool, manifest.generated_at.as_ref().unwrap_or(as_of))?,
            );
        }
        Ok(manifest)
    }

    /// What a manifest lists. Its signature, if it has one, is not looked at, so nothing may be trusted for it.
    pub(super) fn list(blob: &Blob, limits: ParserLimits) -> Result<Self, ManifestError> {
        Self::of(&parse(blob, limits)?)
    }

    fn of(document: &Document) -> Result<Self, ManifestError> {
        let fail = |text: &str| ManifestError::new(text);
        if let Some((kind, value)) =
            document.anomalies().find(|(kind, _)| *kind != AnomalyKind::UnsafeInteger)
        {
            let what = match kind {
                AnomalyKind::RepeatedMember => "a repeated member name",
                AnomalyKind::UnpairedSurrogate => "half of a surrogate pair",
                AnomalyKind::NonFinite | AnomalyKind::UnsafeInteger => "a number without a finite value",
            };
            let text = format!("key manifest holds {what} at {:?}", value.pointer());
            return Err(ManifestError { text, anomaly: Some(kind) });
        }
        let root = document.root();
        let keys = root
            .as_object()
            .and_then(|object| object.member("keys"))
            .and_then(Value::as_array)
            .ok_or_else(|| fail("key manifest must be a JSON object with a 'keys' list"))?;
        let default_purpose = root.member_text("purpose");
        let entries: Vec<KeyEntry> = keys
            .items()
            .filter(|item| item.is_object())
            .map(|item| KeyEntry::read(item, default_purpose.as_deref()))
            .collect();
        let generated_at = root.member_text("generated_at").and_then(|text| Timestamp::parse(&text));
        let signed = is_v1(root) || root.member("manifest_signature").is_some();
        Ok(Self { entries, signed, signer: None, generated_at })
    }
}

fn parse(blob: &Blob, limits: ParserLimits) -> Result<Document, ManifestError> {
    Document::parse(blob.clone(), limits)
        .map_err(|error| ManifestError::new(format!("key manifest is not valid JSON: {error}")))
}

fn is_v1(root: Value<'_>) -> bool {
    root.member("manifest_version").is_some_and(|version| version.is_text(VERSION))
}

/// The id of the key that signed.
fn verify_signed(
    root: Value<'_>,
    pool: &KeyManifest,
    generated_at: &Timestamp,
) -> Result<String, ManifestError> {
    let fail = |text: &str| Err(ManifestError::new(text));
    let is = |value: Option<Value<'_>>, text: &str| value.is_some_and(|value| value.is_text(text));
    if !is_v1(root) {
        return fail("public key manifests must use keel.public_key_manifest.v1");
    }
    if !is(root.member("canonicalization_profile"), PROFILE) {
        return fail("public key manifest canonicalization_profile is unsupported");
    }
    let Some(signature) = root.member("manifest_signature").and_then(Value::as_object) else {
        return fail("public key manifest is missing manifest_signature");
    };
    if !is(signature.member("signature_type"), SIGNATURE_TYPE) {
        return fail("public key manifest signature_type is unsupported");
    }
    if !is(signature.member("purpose"), EXPORT_SIGNING) {
        return fail("public key manifest must be signed by export_signing");
    }
    let (Some(key_id), Some(content_hash), Some(signature)) = (
        signature.member_text("key_id"),
        signature.member_text("content_hash"),
        signature.member_text("signature"),
    ) else {
        return fail("public key manifest signature fields are incomplete");
    };
    let mut fields = canon::ObjectBuilder::new(Profile::Legacy);
    for name in ["canonicalization_profile", "keys", "manifest_version"] {
        if let Some(value) = root.member(name) {
            fields.value(name, value).map_err(|error| {
                ManifestError::new(format!("public key manifest has no canonical form: {error}"))
            })?;
        }
    }
    if prefixed(&fields.digest()) != *content_hash {
        return fail("public key manifest content_hash does not match signed fields");
    }
    let mut candidates = pool.entries.iter().filter(|entry| {
        entry.purpose.as_deref() == Some(EXPORT_SIGNING)
            && entry.key_id.as_deref() == Some(&*key_id)
            && entry.window_contains(generated_at)
            && !entry.is_terminal()
    });
    let (Some(entry), None) = (candidates.next(), candidates.next()) else {
        return fail("no unique active pinned trust key resolved");
    };
    let Some(Ok(key)) =
        entry.key.filter(|_| entry.public_key.as_deref().is_some_and(|text| text.starts_with("ed25519:")))
    else {
        return fail("pinned trust key has no Ed25519 public_key");
    };
    let parsed = SignatureText::parse(&signature)
        .map_err(|error| ManifestError::new(format!("public key manifest signature is {error}")))?;
    if !verify(&key, content_hash.as_bytes(), &parsed) {
        return fail("public key manifest signature does not verify");
    }
    Ok(key_id.into_owned())
}
