//! What a file is, by its content.
//!
//! A JSON file is told by the members of its top-level object, so only its head is read: member names and short
//! values up to the first large array. Names of files play no part.

use std::io::Read;

use super::set::Part;
use crate::archive::ReadError;
use crate::bytes::Limits;
use crate::json::split::{blank_length, value_length};
use crate::json::{Parser, ParserLimits};

/// How much of a file is looked at.
const HEAD_BYTES: u64 = 256 << 10;

/// What a file looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// States the digest of another file, with a signature or the place for one.
    ExportManifest,
    /// Lists public keys.
    KeyManifest,
    /// An audit export bundle or a governance-events export.
    ExportPayload,
    /// A workflow evidence document.
    WorkflowEvidence,
    /// `keel.evidence_bundle/…`.
    EvidenceBundle,
    /// A checkpoint.
    Checkpoint,
    /// A checkpoint-consistency document.
    Consistency,
    /// An excerpt of an export.
    Excerpt,
    /// A scope-state sidecar.
    ScopeState,
    /// A voice attestation.
    VoiceAttestation,
    /// A work-chain pack.
    WorkChain,
    /// A key-status manifest.
    KeyStatusManifest,
    /// A permit package.
    PermitPackage,
    /// Inclusion proofs of an export's entries.
    LogProofs,
    /// A zip archive.
    Zip,
    /// JSON of no known kind.
    OtherJson,
    /// Anything else.
    Other,
}

impl Kind {
    /// The kind in words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ExportManifest => "export manifest",
            Self::KeyManifest => "key manifest",
            Self::ExportPayload => "export",
            Self::WorkflowEvidence => "workflow evidence",
            Self::EvidenceBundle => "evidence bundle",
            Self::Checkpoint => "checkpoint",
            Self::Consistency => "checkpoint-consistency document",
            Self::Excerpt => "excerpt",
            Self::ScopeState => "scope-state sidecar",
            Self::VoiceAttestation => "voice attestation",
            Self::WorkChain => "work-chain pack",
            Self::KeyStatusManifest => "key-status manifest",
            Self::PermitPackage => "permit package",
            Self::LogProofs => "inclusion proofs",
            Self::Zip => "zip archive",
            Self::OtherJson => "JSON of no known kind",
            Self::Other => "file of no known kind",
        }
    }
}

/// Looks at the head of a file.
///
/// # Errors
/// When the file cannot be read.
pub fn identify(part: &Part, limits: &Limits) -> Result<Kind, ReadError> {
    let mut head = Vec::new();
    part.entry.open()?.take(HEAD_BYTES).read_to_end(&mut head).map_err(ReadError::from)?;
    if head.starts_with(&[0x1f, 0x8b]) {
        // A compressed payload: what it contains is decided when it is verified.
        return Ok(Kind::ExportPayload);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(if contains(&head, b"human/permit") || contains(&head, b"machine/evidence") {
            Kind::PermitPackage
        } else {
            Kind::Zip
        });
    }
    if head.starts_with(crate::tlog::proof::MANY.as_bytes()) {
        return Ok(Kind::LogProofs);
    }
    Ok(of_json_head(&head, limits))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// The members seen in the head of a top-level object.
#[derive(Default)]
struct Head {
    names: Vec<String>,
    texts: Vec<(String, String)>,
}

impl Head {
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }

    fn text(&self, name: &str) -> &str {
        self.texts.iter().rev().find(|(own, _)| own == name).map_or("", |(_, text)| text)
    }
}

fn of_json_head(head: &[u8], limits: &Limits) -> Kind {
    let start = blank_length(head);
    let Some(body) = head.get(start..).filter(|body| body.first() == Some(&b'{')) else {
        return if head.get(start) == Some(&b'[') { Kind::OtherJson } else { Kind::Other };
    };
    let seen = members(body, limits);
    let schema = seen.text("schema");
    let version = seen.text("schema_version");
    // A large member that sorts first hides what follows it, so its name has to do.
    let hidden = |name: &str, behind: &str| seen.has(name) && !seen.has(behind);
    if seen.text("format").starts_with("keel.excerpt/") {
        Kind::Excerpt
    } else if version.starts_with("keel.evidence_bundle/") || hidden("body", "content_hash") {
        Kind::EvidenceBundle
    } else if seen.text("artifact_type") == "checkpoint_scope_state" {
        Kind::ScopeState
    } else if seen.text("manifest_type") == "permit_v2.key_status_manifest.v1" {
        Kind::KeyStatusManifest
    } else if seen.text("version").starts_with("keel.work_chain_pack.") {
        Kind::WorkChain
    } else if seen.has("verifier_compatibility") {
        Kind::VoiceAttestation
    } else if seen.text("surface_version").starts_with("keel.checkpoint_consistency_surface.")
        || (seen.has("proof") && seen.has("tree_head"))
    {
        Kind::Consistency
    } else if seen.has("chain_heads") && !seen.has("records") {
        Kind::Checkpoint
    } else if schema == "keel.workflow_evidence/v1" || schema == "keel.vanta.workflow_evidence/v1" {
        Kind::WorkflowEvidence
    } else if seen.has("bundle_type")
        || schema.starts_with("keel.governance_events/")
        || schema.starts_with("keel.evidence/")
    {
        Kind::ExportPayload
    } else if seen.has("content_hash") && !seen.has("records") && !seen.has("body") {
        Kind::ExportManifest
    } else if seen.has("keys") && !seen.has("records") {
        Kind::KeyManifest
    } else if seen.has("records")
        || seen.has("chain_entries")
        || (seen.has("event_id") && seen.has("record_hash"))
    {
        Kind::ExportPayload
    } else {
        Kind::OtherJson
    }
}

fn members(body: &[u8], limits: &Limits) -> Head {
    let mut seen = Head::default();
    let mut parser = Parser::new(ParserLimits::from(limits));
    let mut at = 1;
    loop {
        let rest = |at: usize| body.get(at..).unwrap_or_default();
        at += blank_length(rest(at));
        if rest(at).first() == Some(&b',') {
            at += 1;
            continue;
        }
        let Some(length) = value_length(rest(at)) else { return seen };
        let Some(name) = parser
            .parse(body.get(at..at + length).unwrap_or_default(), 0)
            .ok()
            .and_then(|name| name.text().map(std::borrow::Cow::into_owned))
        else {
            return seen;
        };
        at += length;
        at += blank_length(rest(at));
        if rest(at).first() != Some(&b':') {
            return seen;
        }
        at += 1;
        at += blank_length(rest(at));
        seen.names.push(name.clone());
        let Some(length) = value_length(rest(at)) else { return seen };
        let value = body.get(at..at + length).unwrap_or_default();
        if value.first() == Some(&b'"')
            && let Some(text) =
                parser.parse(value, 0).ok().and_then(|value| value.text().map(std::borrow::Cow::into_owned))
        {
            seen.texts.push((name, text));
        }
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_content() {
        for (text, kind) in [
            (r#"{"content_hash":"sha256:","signature":"x"}"#, Kind::ExportManifest),
            (r#" {"keys":[{"a":1}],"manifest_version":"keel.public_key_manifest.v1"}"#, Kind::KeyManifest),
            (r#"{"bundle_type":"audit_export_bundle","records":[{"a":"#, Kind::ExportPayload),
            (r#"{"records":[{"#, Kind::ExportPayload),
            (r#"{"schema":"keel.workflow_evidence/v1"}"#, Kind::WorkflowEvidence),
            (r#"{"schema_version":"keel.evidence_bundle/v2","body":{}}"#, Kind::EvidenceBundle),
            (r#"{"composite_hash":"x","chain_heads":{}}"#, Kind::Checkpoint),
            (r#"{"entries":[],"proof":{"leaf_hashes":[]},"tree_head":{"a":1}}"#, Kind::Consistency),
            (r#"{"body":{"records":[{"#, Kind::EvidenceBundle),
            (r#"{"format":"keel.excerpt/v1","bundle_type":"audit_export_bundle","records":["#, Kind::Excerpt),
            (r#"{"event_id":"e","record_hash":"r"}"#, Kind::ExportPayload),
            (r#"{"a":1}"#, Kind::OtherJson),
            ("a,b\n", Kind::Other),
            ("", Kind::Other),
            ("{", Kind::OtherJson),
            ("[1]", Kind::OtherJson),
        ] {
            assert_eq!(of_json_head(text.as_bytes(), &Limits::default()), kind, "{text}");
        }
    }
}
