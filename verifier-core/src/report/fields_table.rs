//! The table behind [`super::FieldCoverage`].
//!
//! A row speaks for every place that its pattern fits and that no longer pattern fits; `/**` stands for everything below.
//! `tests/tamper` changes, removes and signs again every place of honest artifacts and fails where a row says something
//! else than what the verifier notices.

use super::fields::Extent;
use super::fields::Extent::{None as Nothing, Part, Whole};

/// What is known about the fields of one artifact.
#[derive(Debug)]
pub struct Artifact {
    /// Its name.
    pub name: &'static str,
    /// The signature over its bytes: name and claim.
    pub signature: Option<(&'static str, &'static str)>,
    /// Its fields.
    pub rows: &'static [Row],
}

/// Fields with one answer.
#[derive(Debug)]
pub struct Row {
    /// The pattern.
    pub field: &'static str,
    /// Outside the artifact's signature.
    pub is_unsigned: bool,
    /// How far the proofs reach.
    pub extent: Extent,
    /// Names and claims of the proofs.
    pub proofs: &'static [(&'static str, &'static str)],
}

const fn row(field: &'static str, extent: Extent, proofs: &'static [(&'static str, &'static str)]) -> Row {
    Row { field, is_unsigned: false, extent, proofs }
}

const fn unsigned(
    field: &'static str,
    extent: Extent,
    proofs: &'static [(&'static str, &'static str)],
) -> Row {
    Row { field, is_unsigned: true, extent, proofs }
}

/// The claim name that stands for the signature of a trust-root key over a key manifest.
pub(super) const KEY_MANIFEST: &str = "key_manifest.signature";

const CONTENT_HASH: (&str, &str) = ("content hash signed by the export key", "export.integrity.v1");
const BUNDLE: (&str, &str) =
    ("bundle digest signed by the bundle's key", "evidence_bundle.self_attesting.v1");
const CHAIN: (&str, &str) = ("record hash in the chain", "governance_chain.local_continuity.v1");
const DIGEST: (&str, &str) = ("integrity digest event in the chain", "governance_chain.local_continuity.v1");
const CLOSURE: (&str, &str) = ("closure signature", "closure.signature.v1");
const BINDING: (&str, &str) = ("signed permit decision", "permit.decision.v1");
const MANIFEST: (&str, &str) = ("comparison of manifest and payload", "export.integrity.v1");
const IDENTITY: (&str, &str) = ("comparison of manifest and payload", "export.scope_identity.v1");
const BUNDLE_SHAPE: (&str, &str) = ("rules of the bundle's envelope", "evidence_bundle.self_attesting.v1");
const ROOT_LIST: (&str, &str) = ("the trust root, which lists the key", KEY_MANIFEST);
const ROOT: (&str, &str) = ("signature of a trust-root key", KEY_MANIFEST);

/// Every artifact whose fields are listed.
pub const ARTIFACTS: &[Artifact] = &[
    Artifact {
        name: "audit export bundle",
        signature: Some(CONTENT_HASH),
        rows: &[
            row("/**", Whole, &[IDENTITY]),
            row("/format", Nothing, &[]),
            row("/from", Nothing, &[]),
            row("/generated_at", Nothing, &[]),
            row("/record_count", Nothing, &[]),
            row("/time_range_basis", Nothing, &[]),
            row("/to", Nothing, &[]),
            row("/project_id", Part, &[IDENTITY]),
            row("/records/**", Whole, &[CHAIN]),
            row("/records/*/chain_entries/**", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*", Part, &[CHAIN]),
            row("/records/*/chain_entries/*/chain_scope", Part, &[CHAIN]),
            row("/records/*/chain_entries/*/payload_json", Part, &[DIGEST]),
            row("/records/*/chain_entries/*/payload_json/**", Whole, &[DIGEST]),
            row("/records/*/chain_entries/*/payload_json/covered_event_count", Part, &[DIGEST]),
            row("/records/*/chain_entries/*/payload_json/covered_events", Part, &[DIGEST]),
            row("/records/*/latest_usage_ledger", Nothing, &[]),
            row("/records/*/latest_usage_ledger/**", Nothing, &[]),
            row("/records/*/permit", Part, &[BINDING]),
            row("/records/*/permit/**", Nothing, &[]),
            row("/records/*/permit/action_name", Part, &[BINDING]),
            row("/records/*/permit/binding_request_hash", Part, &[BINDING]),
            row("/records/*/permit/decision", Part, &[BINDING]),
            row("/records/*/permit/expires_at", Part, &[BINDING]),
            row("/records/*/permit/id", Part, &[BINDING]),
            row("/records/*/permit/policy_id", Part, &[BINDING]),
            row("/records/*/permit/policy_version", Part, &[BINDING]),
            row("/records/*/permit/project_id", Part, &[BINDING]),
            row("/records/*/permit/reason", Part, &[BINDING]),
            row("/records/*/permit/resource_attributes_json", Part, &[BINDING]),
            row("/records/*/permit/resource_model", Part, &[BINDING]),
            row("/records/*/permit/resource_provider", Part, &[BINDING]),
            row("/records/*/permit/subject_id", Part, &[BINDING]),
            row("/records/*/permit_evidence", Part, &[BINDING, CLOSURE]),
            row("/records/*/permit_evidence/**", Whole, &[BINDING, CLOSURE]),
            row("/records/*/replay_evidence", Nothing, &[]),
            row("/records/*/usage_log", Nothing, &[]),
        ],
    },
    Artifact {
        name: "governance events document",
        signature: Some(CONTENT_HASH),
        rows: &[
            row("/**", Whole, &[CHAIN]),
            row("/export_id", Nothing, &[]),
            row("/record_count", Nothing, &[]),
            row("/project_id", Part, &[IDENTITY]),
            row("/records/*/chain_format_version", Part, &[CHAIN]),
            row("/records/*/occurred_at", Part, &[CHAIN]),
            row("/records/*/permit_id", Part, &[CHAIN]),
            row("/records/*/project_id", Part, &[CHAIN]),
            row("/records/*/created_at", Nothing, &[]),
            row("/records/*/payload", Part, &[DIGEST]),
            row("/records/*/payload/**", Whole, &[DIGEST]),
            row("/records/*/payload/covered_event_count", Part, &[DIGEST]),
            row("/records/*/payload/covered_events", Part, &[DIGEST]),
        ],
    },
    Artifact {
        name: "governance events lines",
        signature: Some(CONTENT_HASH),
        rows: &[
            row("/**", Whole, &[CHAIN]),
            row("/*/chain_format_version", Part, &[CHAIN]),
            row("/*/occurred_at", Part, &[CHAIN]),
            row("/*/permit_id", Part, &[CHAIN]),
            row("/*/project_id", Part, &[CHAIN]),
            row("/*/created_at", Nothing, &[]),
            row("/*/payload", Part, &[DIGEST]),
            row("/*/payload/**", Whole, &[DIGEST]),
            row("/*/payload/covered_event_count", Part, &[DIGEST]),
            row("/*/payload/covered_events", Part, &[DIGEST]),
        ],
    },
    Artifact {
        name: "evidence bundle",
        signature: Some(BUNDLE),
        rows: &[
            row("/**", Whole, &[BUNDLE_SHAPE]),
            row("/body/**", Nothing, &[]),
            row("/body/artifact_ref", Whole, &[BUNDLE_SHAPE]),
            row("/body/artifact_ref/**", Whole, &[BUNDLE_SHAPE]),
            row("/body/artifact_ref/canonical_url", Part, &[BUNDLE_SHAPE]),
            row("/body/artifact_ref/path", Part, &[BUNDLE_SHAPE]),
            row("/body/artifact_ref/region", Part, &[BUNDLE_SHAPE]),
            row("/body/artifact_ref/schema_version", Part, &[BUNDLE_SHAPE]),
            unsigned("/signature_envelope/public_key_id", Part, &[BUNDLE_SHAPE]),
            unsigned("/signature_envelope/tsa_receipts", Nothing, &[]),
        ],
    },
    // The signature covers the content hash, so what else the manifest says is compared or believed.
    Artifact {
        name: "export manifest",
        signature: None,
        rows: &[
            row("/**", Whole, &[MANIFEST]),
            row("/chain_integrity", Nothing, &[]),
            row("/claim_set/claims/*", Part, &[MANIFEST]),
            row("/claim_set/claims/*/required", Part, &[MANIFEST]),
            row("/claim_set/registry/path", Part, &[MANIFEST]),
            row("/compressed", Part, &[MANIFEST]),
            row("/export_id", Nothing, &[]),
            row("/export_type", Nothing, &[]),
            row("/format", Part, &[MANIFEST]),
            row("/keel_version", Nothing, &[]),
            row("/key_id", Part, &[MANIFEST]),
            row("/project_id", Part, &[MANIFEST]),
            row("/public_key", Part, &[MANIFEST]),
            row("/record_count", Part, &[MANIFEST]),
            row("/semantics_pins/artifacts/*/path", Part, &[MANIFEST]),
            row("/signed_at", Nothing, &[]),
            row("/chain_integrity/**", Nothing, &[]),
        ],
    },
    Artifact {
        name: "key manifest",
        signature: Some(ROOT),
        rows: &[
            row("/**", Whole, &[ROOT_LIST]),
            unsigned("/generated_at", Nothing, &[]),
            unsigned("/schema_version", Nothing, &[]),
            row("/keys/*", Part, &[ROOT_LIST]),
            row("/keys/*/algorithm", Part, &[ROOT_LIST]),
            row("/keys/*/key_id", Part, &[ROOT_LIST]),
            row("/keys/*/public_key", Part, &[ROOT_LIST]),
            row("/keys/*/purpose", Part, &[ROOT_LIST]),
            row("/keys/*/status", Part, &[ROOT_LIST]),
            row("/keys/*/valid_from", Part, &[ROOT_LIST]),
            row("/keys/*/valid_to", Part, &[ROOT_LIST]),
        ],
    },
];
