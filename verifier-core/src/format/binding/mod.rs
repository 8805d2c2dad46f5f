//! The permit decision binding, versions v1 to v7 (spec 21 sections 1 to 5, 01 sections 7 and 8).
//!
//! ```text
//! canonical = legacy form of canonical_payload (v1..v4), RFC 8785 form (v5..v7)
//! binding_canonical_hash = lower-case hex of SHA-256(canonical), 64 characters
//! message   = those 64 ASCII bytes (neither the raw digest nor a prefixed text)
//! binding_signature = "ed25519:" base64(Ed25519(key, message))
//! binding_key_id = first 16 hex characters of SHA-256(32 bytes of the public key)
//! ```
//!
//! The payload is closed: each version has an exact set of member names, [`Version::fields`]. The envelope
//! around it is open, and nothing in it is signed except through the payload's hashes.
//!
//! This module reads and hashes. Whether a key is trusted, and what the decision is worth, is decided in
//! [`crate::claim::permit`].

pub mod subhash;
mod text;
pub mod wire_body;

use std::borrow::Cow;

use crate::canon::Profile;
use crate::json::Value;

pub use text::{trim, uuid_text};

/// `artifact_type` of the envelope.
pub const ARTIFACT_TYPE: &str = "permit_decision_binding";
/// `artifact_version` of the envelope.
pub const ARTIFACT_VERSION: &str = "permit.decision.v1";
/// `binding_request_canonical_version` that names the RFC 8785 form of the request.
pub const REQUEST_CANONICAL_V5: &str = "v5";

/// The payload's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 21 members.
    V1,
    /// With session, project anchor and inheritance.
    V2,
    /// With the spend scope's hash.
    V3,
    /// With the delegation policy's hash.
    V4,
    /// The members of v4 under RFC 8785.
    V5,
    /// With the hash of the resource attributes.
    V6,
    /// With authority chain, quota reservation and subject.
    V7,
}

impl Version {
    /// Every version, oldest first.
    pub const ALL: [Self; 7] = [Self::V1, Self::V2, Self::V3, Self::V4, Self::V5, Self::V6, Self::V7];

    /// Reads `binding_version`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == text)
    }

    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
            Self::V4 => "v4",
            Self::V5 => "v5",
            Self::V6 => "v6",
            Self::V7 => "v7",
        }
    }

    /// The canonical form of the payload and of the request body.
    #[must_use]
    pub fn profile(self) -> Profile {
        if self >= Self::V5 { Profile::Jcs } else { Profile::Legacy }
    }

    /// The exact member names of the payload, in order of name.
    pub fn fields(self) -> impl Iterator<Item = &'static str> {
        FIELDS.iter().filter(move |(_, since)| *since <= self).map(|(name, _)| *name)
    }
}

/// Every payload member and the version that introduced it, in order of name.
const FIELDS: [(&str, Version); 36] = [
    ("account_id", Version::V7),
    ("action_name", Version::V1),
    ("authority_chain_digest", Version::V7),
    ("authority_delta", Version::V2),
    ("binding_key_id", Version::V1),
    ("binding_project_anchor_hash", Version::V2),
    ("binding_session_event_hash", Version::V2),
    ("binding_session_id", Version::V2),
    ("binding_version", Version::V1),
    ("constraints", Version::V1),
    ("decision", Version::V1),
    ("delegation_policy_hash", Version::V4),
    ("expires_at", Version::V1),
    ("final_request_hash", Version::V1),
    ("inherits_from", Version::V2),
    ("is_dry_run", Version::V1),
    ("issued_at", Version::V1),
    ("model", Version::V1),
    ("operation", Version::V1),
    ("org_id", Version::V7),
    ("parent_permit_id", Version::V1),
    ("permit_chain_role", Version::V2),
    ("permit_id", Version::V1),
    ("policy_id", Version::V1),
    ("policy_snapshot_hash", Version::V1),
    ("policy_version", Version::V1),
    ("project_id", Version::V1),
    ("provider", Version::V1),
    ("quota_reservation_id", Version::V7),
    ("reason", Version::V1),
    ("request_fingerprint", Version::V1),
    ("resource_attributes_canonical_hash", Version::V6),
    ("routing", Version::V1),
    ("spend_scope_hash", Version::V3),
    ("subject_id", Version::V7),
    ("subject_type", Version::V7),
];

fn position(name: &str) -> Option<usize> {
    FIELDS.binary_search_by(|(own, _)| (*own).cmp(name)).ok()
}

/// A payload's members by name, read in one pass.
#[derive(Clone, Debug)]
pub struct Payload<'a> {
    /// The version that it states.
    pub version: Version,
    /// The object.
    pub value: Value<'a>,
    slots: [Option<Value<'a>>; FIELDS.len()],
    unknown: Vec<Cow<'a, str>>,
}

impl<'a> Payload<'a> {
    /// Reads the members; `None` when `binding_version` is not one of v1 to v7.
    #[must_use]
    pub fn read(value: Value<'a>) -> Option<Self> {
        let mut slots = [None; FIELDS.len()];
        let mut names = Vec::new();
        for member in value.members() {
            let name = member.name();
            match position(&name) {
                Some(position) => {
                    if let Some(slot) = slots.get_mut(position) {
                        *slot = Some(member.value);
                    }
                }
                None => names.push(name),
            }
        }
        let stated: Option<Value<'a>> = position("binding_version").and_then(|at| *slots.get(at)?);
        let version = Version::parse(&stated?.text()?)?;
        let later = FIELDS.iter().zip(&slots).filter(|((_, since), slot)| *since > version && slot.is_some());
        names.extend(later.map(|((name, _), _)| Cow::Borrowed(*name)));
        names.sort();
        names.dedup();
        Some(Self { version, value, slots, unknown: names })
    }

    /// The member called `name`, when it is one that some version defines.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Value<'a>> {
        position(name).and_then(|at| *self.slots.get(at)?)
    }

    /// The member called `name`, unless it is `null`.
    #[must_use]
    pub fn present(&self, name: &str) -> Option<Value<'a>> {
        self.member(name).filter(|value| !value.is_null())
    }

    /// The string member called `name`.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.member(name)?.text()
    }

    /// Names that the version requires and the payload lacks, in order.
    pub fn missing(&self) -> impl Iterator<Item = &'static str> + '_ {
        let version = self.version;
        FIELDS
            .iter()
            .zip(&self.slots)
            .filter(move |((_, since), slot)| *since <= version && slot.is_none())
            .map(|((name, _), _)| *name)
    }

    /// Names that the version does not define, in order.
    #[must_use]
    pub fn unknown(&self) -> &[Cow<'a, str>] {
        &self.unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Blob;
    use crate::json::{Document, ParserLimits};

    #[test]
    fn the_table_is_sorted_and_has_the_published_counts() {
        assert!(FIELDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let counts: Vec<usize> = Version::ALL.iter().map(|version| version.fields().count()).collect();
        assert_eq!(counts, [21, 27, 28, 29, 29, 30, 36]);
    }

    #[test]
    fn a_field_of_a_later_version_is_unknown_to_an_earlier_one() {
        let text = r#"{"binding_version":"v2","org_id":null,"zz":1,"spend_scope_hash":null,"a":2}"#;
        let document = Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default()).unwrap();
        let payload = Payload::read(document.root()).unwrap();
        assert_eq!(payload.unknown(), ["a", "org_id", "spend_scope_hash", "zz"]);
        assert_eq!(payload.missing().count(), 26);
        assert!(payload.missing().all(|name| name != "binding_version"));
    }

    #[test]
    fn only_exact_version_texts_are_versions() {
        for text in [r#""v8""#, r#""V1""#, r#""v1 ""#, "1", "null", "[\"v1\"]", "{}"] {
            let json = format!("{{\"binding_version\":{text}}}");
            let document = Document::parse(Blob::new(json.into_bytes()), ParserLimits::default()).unwrap();
            assert!(Payload::read(document.root()).is_none(), "{text}");
        }
    }
}
