//! The table behind [`super::FieldCoverage`].
//!
//! A row speaks for every place that its pattern fits and that no longer pattern fits; `/**` stands for everything below.
//! `tests/tamper` changes, removes and signs again every place of honest artifacts and fails where a row says something
//! else than what the verifier notices.

use super::fields::Extent;
use super::fields::Extent::{None as Nothing, Part, Whole};
use super::fields_beside::{
    INCIDENT_BUNDLE, SIGSTORE_BUNDLE, VOICE_ATTESTATION, WORKFLOW_BESIDE_EXPORT, WORKFLOW_EVIDENCE,
};

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

pub(super) const fn row(
    field: &'static str,
    extent: Extent,
    proofs: &'static [(&'static str, &'static str)],
) -> Row {
    Row { field, is_unsigned: false, extent, proofs }
}

pub(super) const fn unsigned(
    field: &'static str,
    extent: Extent,
    proofs: &'static [(&'static str, &'static str)],
) -> Row {
    Row { field, is_unsigned: true, extent, proofs }
}

/// The claim name that stands for the signature of a trust-root key over a key manifest.
pub(super) const KEY_MANIFEST: &str = "key_manifest.signature";

/// The step that stands for the comparison of payloads with integrity digests.
pub(super) const PAYLOAD_DIGESTS: &str = "payload.digests";

/// The step that stands for the walk over the events of an incident bundle.
pub(super) const INCIDENT_EVENTS: &str = "incident.events";

pub(super) const CONTENT_HASH: (&str, &str) =
    ("content hash signed by the export key", "export.integrity.v1");
const BUNDLE: (&str, &str) =
    ("bundle digest signed by the bundle's key", "evidence_bundle.self_attesting.v1");
const CHAIN: (&str, &str) = ("record hashes and links of the chain", "governance_chain.local_continuity.v1");
const DIGEST: (&str, &str) = ("integrity digest event in the chain", PAYLOAD_DIGESTS);
const BINDING: (&str, &str) = ("comparison with the signed decision", "permit.decision.v1");
const FORM: (&str, &str) = ("rules of the format", "export.integrity.v1");
const MANIFEST: (&str, &str) = ("comparison of manifest and payload", "export.integrity.v1");
const IDENTITY: (&str, &str) = ("comparison of manifest and payload", "export.scope_identity.v1");
const PINS: (&str, &str) = ("comparison with the registries of this release", "export.integrity.v1");
const ENVELOPE: (&str, &str) = ("rules of the bundle's envelope", "evidence_bundle.self_attesting.v1");
const COMPOSITE_HASH: (&str, &str) = ("composite hash of the heads, signed", "checkpoint.signature.v1");
const LOG: (&str, &str) = ("tree head of the log", "transparency_log.inclusion.v1");
const MAKER: (&str, &str) = ("tree head of the maker", "excerpt.records.v1");
const ENTRIES: (&str, &str) = ("rules of the format", "excerpt.entries.v1");
const ROOT: (&str, &str) = ("signature of a trust-root key", KEY_MANIFEST);
const ROOT_LIST: (&str, &str) = ("comparison with the trust root, which lists the key", KEY_MANIFEST);

/// Every artifact whose fields are listed.
pub const ARTIFACTS: &[Artifact] = &[
    Artifact {
        name: "excerpt",
        signature: None,
        rows: &[
            row("/**", Nothing, &[]),
            row("/format", Whole, &[ENTRIES]),
            row("/bundle_type", Whole, &[ENTRIES]),
            row("/include_chain_entries", Whole, &[ENTRIES]),
            row("/schema_version", Whole, &[ENTRIES]),
            row("/excerpt", Whole, &[LOG, MAKER]),
            row("/excerpt/source", Whole, &[ENTRIES]),
            row("/excerpt/source/**", Part, &[ENTRIES]),
            row("/excerpt/source/sha256", Whole, &[MAKER]),
            row("/excerpt/trees", Whole, &[LOG, MAKER]),
            row("/excerpt/trees/*", Nothing, &[]),
            row("/excerpt/trees/**", Whole, &[LOG, MAKER]),
            row("/records", Whole, &[LOG, MAKER]),
            row("/records/**", Whole, &[MAKER]),
            row("/records/*/chain_entries", Whole, &[LOG, MAKER]),
            row("/records/*/chain_entries/**", Whole, &[LOG, MAKER]),
        ],
    },
    Artifact {
        name: "audit export bundle",
        signature: Some(CONTENT_HASH),
        rows: &[
            row("/**", Nothing, &[]),
            row("/bundle_type", Whole, &[FORM]),
            row("/format", Nothing, &[]),
            row("/from", Nothing, &[]),
            row("/generated_at", Nothing, &[]),
            row("/include_chain_entries", Whole, &[FORM]),
            row("/project_id", Part, &[IDENTITY]),
            row("/record_count", Nothing, &[]),
            row("/records", Whole, &[CHAIN]),
            row("/records/*", Whole, &[CHAIN]),
            row("/records/*/chain_entries", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*", Part, &[CHAIN]),
            row("/records/*/chain_entries/*/chain_format_version", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*/chain_scope", Part, &[CHAIN]),
            row("/records/*/chain_entries/*/created_at", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*/event_id", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*/event_type", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*/outcome", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*/payload_json", Part, &[DIGEST]),
            row("/records/*/chain_entries/*/payload_json/**", Whole, &[DIGEST]),
            row("/records/*/chain_entries/*/payload_json/covered_event_count", Part, &[DIGEST]),
            row("/records/*/chain_entries/*/payload_json/covered_events", Part, &[DIGEST]),
            row("/records/*/chain_entries/*/prev_hash", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*/record_hash", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*/resource_id", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*/resource_type", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*/sequence_number", Whole, &[CHAIN]),
            row("/records/*/chain_entries/*/severity", Whole, &[CHAIN]),
            row("/records/*/latest_usage_ledger", Nothing, &[]),
            row("/records/*/latest_usage_ledger/**", Nothing, &[]),
            row("/records/*/permit", Part, &[BINDING]),
            row("/records/*/permit/accounting_disposition", Nothing, &[]),
            row("/records/*/permit/action_name", Part, &[BINDING]),
            row("/records/*/permit/actions_json", Nothing, &[]),
            row("/records/*/permit/actions_json/**", Nothing, &[]),
            row("/records/*/permit/actual_cost_usd_micros", Nothing, &[]),
            row("/records/*/permit/actual_input_tokens", Nothing, &[]),
            row("/records/*/permit/actual_output_tokens", Nothing, &[]),
            row("/records/*/permit/actual_total_tokens", Nothing, &[]),
            row("/records/*/permit/binding_request_hash", Part, &[BINDING]),
            row("/records/*/permit/budget_envelope", Nothing, &[]),
            row("/records/*/permit/budget_envelope/**", Nothing, &[]),
            row("/records/*/permit/constraints_json", Nothing, &[]),
            row("/records/*/permit/constraints_json/**", Nothing, &[]),
            row("/records/*/permit/created_at", Nothing, &[]),
            row("/records/*/permit/decision", Part, &[BINDING]),
            row("/records/*/permit/decision_details", Nothing, &[]),
            row("/records/*/permit/decision_details/**", Nothing, &[]),
            row("/records/*/permit/delegation_depth", Nothing, &[]),
            row("/records/*/permit/estimated_input_tokens", Nothing, &[]),
            row("/records/*/permit/estimated_output_tokens", Nothing, &[]),
            row("/records/*/permit/expires_at", Part, &[BINDING]),
            row("/records/*/permit/id", Part, &[BINDING]),
            row("/records/*/permit/idempotency_key", Nothing, &[]),
            row("/records/*/permit/max_output_tokens_requested", Nothing, &[]),
            row("/records/*/permit/parent_permit_id", Nothing, &[]),
            row("/records/*/permit/policy_id", Part, &[BINDING]),
            row("/records/*/permit/policy_version", Part, &[BINDING]),
            row("/records/*/permit/project_id", Part, &[BINDING]),
            row("/records/*/permit/reason", Part, &[BINDING]),
            row("/records/*/permit/request_fingerprint", Nothing, &[]),
            row("/records/*/permit/resource_attributes_json", Part, &[BINDING]),
            row("/records/*/permit/resource_attributes_json/**", Nothing, &[]),
            row("/records/*/permit/resource_modality", Nothing, &[]),
            row("/records/*/permit/resource_model", Part, &[BINDING]),
            row("/records/*/permit/resource_operation", Nothing, &[]),
            row("/records/*/permit/resource_provider", Part, &[BINDING]),
            row("/records/*/permit/routing", Nothing, &[]),
            row("/records/*/permit/status", Nothing, &[]),
            row("/records/*/permit/subject_id", Part, &[BINDING]),
            row("/records/*/permit/subject_type", Nothing, &[]),
            row("/records/*/permit/usage_idempotency_key", Nothing, &[]),
            row("/records/*/permit/usage_reported_at", Nothing, &[]),
            row("/records/*/permit/usage_source", Nothing, &[]),
            row("/records/*/permit/usage_verification_method", Nothing, &[]),
            row("/records/*/permit/usage_verification_status", Nothing, &[]),
            row("/records/*/permit/usage_verification_updated_at", Nothing, &[]),
            row("/records/*/permit_evidence", Part, &[BINDING]),
            row("/records/*/replay_evidence", Nothing, &[]),
            row("/records/*/usage_log", Nothing, &[]),
            row("/schema_version", Whole, &[FORM]),
            row("/time_range_basis", Nothing, &[]),
            row("/to", Nothing, &[]),
        ],
    },
    Artifact {
        name: "governance events document",
        signature: Some(CONTENT_HASH),
        rows: &[
            row("/**", Nothing, &[]),
            row("/export_id", Nothing, &[]),
            row("/project_id", Part, &[IDENTITY]),
            row("/record_count", Nothing, &[]),
            row("/records", Whole, &[CHAIN]),
            row("/records/*", Whole, &[CHAIN]),
            row("/records/*/chain_format_version", Part, &[CHAIN]),
            row("/records/*/created_at", Nothing, &[]),
            row("/records/*/event_id", Whole, &[CHAIN]),
            row("/records/*/event_type", Whole, &[CHAIN]),
            row("/records/*/occurred_at", Part, &[CHAIN]),
            row("/records/*/outcome", Whole, &[CHAIN]),
            row("/records/*/payload", Part, &[DIGEST]),
            row("/records/*/payload/**", Whole, &[DIGEST]),
            row("/records/*/payload/covered_event_count", Part, &[DIGEST]),
            row("/records/*/payload/covered_events", Part, &[DIGEST]),
            row("/records/*/permit_id", Part, &[CHAIN]),
            row("/records/*/prev_hash", Whole, &[CHAIN]),
            row("/records/*/project_id", Part, &[CHAIN]),
            row("/records/*/record_hash", Whole, &[CHAIN]),
            row("/records/*/resource_id", Whole, &[CHAIN]),
            row("/records/*/resource_type", Whole, &[CHAIN]),
            row("/records/*/sequence_number", Whole, &[CHAIN]),
            row("/records/*/severity", Whole, &[CHAIN]),
            row("/schema", Whole, &[FORM]),
        ],
    },
    Artifact {
        name: "governance events lines",
        signature: Some(CONTENT_HASH),
        rows: &[
            row("/**", Nothing, &[]),
            row("/*", Whole, &[CHAIN]),
            row("/*/chain_format_version", Part, &[CHAIN]),
            row("/*/created_at", Nothing, &[]),
            row("/*/event_id", Whole, &[CHAIN]),
            row("/*/event_type", Whole, &[CHAIN]),
            row("/*/occurred_at", Part, &[CHAIN]),
            row("/*/outcome", Whole, &[CHAIN]),
            row("/*/payload", Part, &[DIGEST]),
            row("/*/payload/**", Whole, &[DIGEST]),
            row("/*/payload/covered_event_count", Part, &[DIGEST]),
            row("/*/payload/covered_events", Part, &[DIGEST]),
            row("/*/permit_id", Part, &[CHAIN]),
            row("/*/prev_hash", Whole, &[CHAIN]),
            row("/*/project_id", Part, &[CHAIN]),
            row("/*/record_hash", Whole, &[CHAIN]),
            row("/*/resource_id", Whole, &[CHAIN]),
            row("/*/resource_type", Whole, &[CHAIN]),
            row("/*/sequence_number", Whole, &[CHAIN]),
            row("/*/severity", Whole, &[CHAIN]),
        ],
    },
    Artifact {
        name: "evidence bundle",
        signature: Some(BUNDLE),
        rows: &[
            row("/**", Nothing, &[]),
            row("/body", Whole, &[ENVELOPE]),
            row("/body/anchor", Nothing, &[]),
            row("/body/anchor/**", Nothing, &[]),
            row("/body/artifact_ref", Whole, &[ENVELOPE]),
            row("/body/artifact_ref/canonical_url", Part, &[ENVELOPE]),
            row("/body/artifact_ref/digest", Whole, &[ENVELOPE]),
            row("/body/artifact_ref/id", Whole, &[ENVELOPE]),
            row("/body/artifact_ref/path", Part, &[ENVELOPE]),
            row("/body/artifact_ref/region", Part, &[ENVELOPE]),
            row("/body/artifact_ref/schema_version", Part, &[ENVELOPE]),
            row("/body/artifact_ref/type", Whole, &[ENVELOPE]),
            row("/body/artifact_ref/urn", Whole, &[ENVELOPE]),
            row("/body/budget_allocation_events", Nothing, &[]),
            row("/body/budget_allocation_events/**", Nothing, &[]),
            row("/body/budget_envelopes", Nothing, &[]),
            row("/body/budget_envelopes/**", Nothing, &[]),
            row("/body/export_id", Nothing, &[]),
            row("/body/project_id", Nothing, &[]),
            row("/body/schema", Nothing, &[]),
            row("/body/signed_reservation_linkages", Nothing, &[]),
            row("/body/signed_reservation_linkages/**", Nothing, &[]),
            row("/schema_version", Whole, &[ENVELOPE]),
            row("/signature_envelope", Whole, &[ENVELOPE]),
            row("/signature_envelope/content_hash", Whole, &[ENVELOPE]),
            row("/signature_envelope/public_key", Whole, &[ENVELOPE]),
            unsigned("/signature_envelope/public_key_id", Part, &[ENVELOPE]),
            row("/signature_envelope/signature", Whole, &[ENVELOPE]),
            unsigned("/signature_envelope/tsa_receipts", Nothing, &[]),
        ],
    },
    // The signature covers the content hash, so what else the manifest says is compared or believed.
    Artifact {
        name: "export manifest",
        signature: None,
        rows: &[
            row("/**", Nothing, &[]),
            row("/chain_integrity", Nothing, &[]),
            row("/chain_integrity/**", Nothing, &[]),
            row("/claim_set", Whole, &[PINS]),
            row("/claim_set/claims", Whole, &[PINS]),
            row("/claim_set/claims/*", Part, &[PINS]),
            row("/claim_set/claims/*/name", Whole, &[PINS]),
            row("/claim_set/claims/*/required", Part, &[PINS]),
            row("/claim_set/registry", Whole, &[PINS]),
            row("/claim_set/registry/hash", Whole, &[PINS]),
            row("/claim_set/registry/id", Whole, &[PINS]),
            row("/claim_set/registry/path", Part, &[PINS]),
            row("/claim_set/version", Whole, &[PINS]),
            row("/compressed", Part, &[MANIFEST]),
            row("/content_hash", Whole, &[CONTENT_HASH]),
            row("/export_id", Nothing, &[]),
            row("/export_type", Nothing, &[]),
            row("/format", Part, &[MANIFEST]),
            row("/keel_version", Nothing, &[]),
            row("/key_id", Part, &[MANIFEST]),
            row("/project_id", Part, &[MANIFEST]),
            row("/public_key", Part, &[MANIFEST]),
            row("/record_count", Part, &[MANIFEST]),
            row("/semantics_pins", Whole, &[PINS]),
            row("/semantics_pins/artifacts", Whole, &[PINS]),
            row("/semantics_pins/artifacts/*", Whole, &[PINS]),
            row("/semantics_pins/artifacts/*/hash", Whole, &[PINS]),
            row("/semantics_pins/artifacts/*/id", Whole, &[PINS]),
            row("/semantics_pins/artifacts/*/path", Part, &[PINS]),
            row("/semantics_pins/mode", Whole, &[PINS]),
            row("/semantics_pins/version", Whole, &[PINS]),
            row("/signature", Whole, &[CONTENT_HASH]),
            row("/signed_at", Nothing, &[]),
        ],
    },
    Artifact {
        name: "key manifest",
        signature: Some(ROOT),
        rows: &[
            row("/**", Nothing, &[]),
            row("/canonicalization_profile", Whole, &[ROOT_LIST]),
            unsigned("/generated_at", Nothing, &[]),
            row("/keys", Whole, &[ROOT_LIST]),
            row("/keys/*", Part, &[ROOT_LIST]),
            row("/keys/*/algorithm", Part, &[ROOT_LIST]),
            row("/keys/*/key_id", Part, &[ROOT_LIST]),
            row("/keys/*/public_key", Part, &[ROOT_LIST]),
            row("/keys/*/purpose", Part, &[ROOT_LIST]),
            row("/keys/*/status", Part, &[ROOT_LIST]),
            row("/keys/*/valid_from", Part, &[ROOT_LIST]),
            row("/keys/*/valid_to", Part, &[ROOT_LIST]),
            row("/manifest_signature", Whole, &[ROOT_LIST]),
            row("/manifest_signature/content_hash", Whole, &[ROOT_LIST]),
            row("/manifest_signature/key_id", Whole, &[ROOT_LIST]),
            row("/manifest_signature/purpose", Whole, &[ROOT_LIST]),
            row("/manifest_signature/signature", Whole, &[ROOT_LIST]),
            row("/manifest_signature/signature_type", Whole, &[ROOT_LIST]),
            row("/manifest_version", Whole, &[ROOT_LIST]),
            unsigned("/schema_version", Nothing, &[]),
        ],
    },
    Artifact {
        name: "checkpoint",
        signature: Some(COMPOSITE_HASH),
        rows: &[
            unsigned("/**", Nothing, &[]),
            row("/chain_heads", Nothing, &[]),
            row("/chain_heads/*", Nothing, &[]),
            row("/chain_heads/*/last_record_hash", Nothing, &[]),
            row("/chain_heads/*/sequence_number", Nothing, &[]),
            unsigned("/checkpoint_id", Nothing, &[]),
            row("/composite_hash", Nothing, &[]),
            unsigned("/computed_at", Nothing, &[]),
            unsigned("/keel_version", Nothing, &[]),
            unsigned("/key_id", Nothing, &[]),
            unsigned("/public_key", Nothing, &[]),
            row("/signature", Nothing, &[]),
        ],
    },
    WORKFLOW_EVIDENCE,
    WORKFLOW_BESIDE_EXPORT,
    INCIDENT_BUNDLE,
    VOICE_ATTESTATION,
    SIGSTORE_BUNDLE,
];
