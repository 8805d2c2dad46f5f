//! The table behind [`super::FieldCoverage`] for the artifacts beside plain exports.
//!
//! Fields of an incident bundle are named by the file in the zip, and its lines are items: `/permits.jsonl/*/decision`.
//! Nobody can sign a Sigstore bundle again, so there a row says what notices a change at all.

use super::fields::Extent::{None as Nothing, Part, Whole};
use super::fields_table::{Artifact, CONTENT_HASH, INCIDENT_EVENTS, row, unsigned};

const SIBLING: (&str, &str) =
    ("file digest signed by the export key", "workflow_evidence.sibling_integrity.v1");
const DECLARATION: (&str, &str) =
    ("signature of the key for permit bindings over the declaration", "workflow.declaration_signature.v1");
const AMENDMENT: (&str, &str) =
    ("signature of the key for permit bindings over the amendment", "workflow.amendment_signature.v1");
const INTENT: (&str, &str) =
    ("counts, versions and effective intent of the records", "workflow.effective_intent_hash.v1");
const SNAPSHOT: (&str, &str) = ("comparison with the signed workflow records", "workflow.permit_snapshot.v1");
const EVENTS: (&str, &str) = ("record hashes and links of the events", INCIDENT_EVENTS);
const FILES: (&str, &str) = ("list of files with digests and sizes", "incident.bundle_manifest.v1");
const VOICE: (&str, &str) = ("attestation signed by its issuer's key", "voice_session.attestation.v1");
const SESSION: (&str, &str) = ("hashes and links of the session's events", "voice_session.attestation.v1");
const POLICY: (&str, &str) = ("hash of the policy snapshot", "voice_session.attestation.v1");
const VOICE_FORM: (&str, &str) = ("rules of the format", "voice_session.attestation.v1");
const HEAD: (&str, &str) =
    ("comparison of timestamp and project chain head", "voice_session.timestamp_chain.v1");
const STAMP: (&str, &str) = ("signature of the timestamp authority", "voice_session.timestamp_chain.v1");
const SIGNED: (&str, &str) = ("signature over the artifact", "sigstore.signature.v1");
const CERTIFICATE: (&str, &str) =
    ("certificate chain, identity and certificate log", "sigstore.signature.v1");
const INCLUSION: (&str, &str) = ("inclusion in the transparency log", "sigstore.log_inclusion.v1");
const TIME: (&str, &str) = ("timestamps of the signature", "sigstore.signing_time.v1");

/// The rows of declarations and amendments, whose lists stand at `$declarations` and `$amendments`, between others.
macro_rules! with_records {
    ($declarations:literal, $amendments:literal, [$($other:expr),* $(,)?]) => {
        &[
            $($other,)*
            row(concat!($declarations, "/*"), Whole, &[INTENT]),
            row(concat!($declarations, "/*/budget_envelope_id"), Part, &[DECLARATION]),
            row(concat!($declarations, "/*/cached_actual_calls"), Nothing, &[]),
            row(concat!($declarations, "/*/declaration_canonical_hash"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/declaration_signature_b64"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/declaration_signed_at"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/declared_at"), Nothing, &[]),
            row(concat!($declarations, "/*/declared_by"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/declared_by/**"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/intent_json"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/intent_json/**"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/project_id"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/projection_amount_micros"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/projection_currency"), Part, &[DECLARATION]),
            row(concat!($declarations, "/*/projection_methodology"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/projection_methodology/**"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/status"), Whole, &[DECLARATION]),
            row(concat!($declarations, "/*/version"), Whole, &[INTENT]),
            row(concat!($declarations, "/*/workflow_declaration_id"), Whole, &[INTENT]),
            row(concat!($declarations, "/*/workflow_id"), Whole, &[DECLARATION]),
            row(concat!($amendments, "/*"), Whole, &[INTENT]),
            row(concat!($amendments, "/*/amended_by"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/amended_by/**"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/amendment_canonical_hash"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/amendment_signature_b64"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/applied_against_version"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/created_at"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/new_expected_calls"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/new_max_calls"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/previous_expected_calls"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/previous_max_calls"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/project_id"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/reason_provided"), Whole, &[AMENDMENT]),
            row(concat!($amendments, "/*/workflow_amendment_id"), Part, &[INTENT]),
            row(concat!($amendments, "/*/workflow_declaration_id"), Whole, &[AMENDMENT]),
        ]
    };
}

pub(super) const WORKFLOW_EVIDENCE: Artifact = Artifact {
    name: "workflow evidence",
    signature: Some(CONTENT_HASH),
    rows: with_records!(
        "/declarations",
        "/amendments",
        [
            row("/**", Nothing, &[]),
            row("/amendment_count", Whole, &[INTENT]),
            row("/amendments", Whole, &[INTENT]),
            row("/declaration_count", Whole, &[INTENT]),
            row("/declarations", Whole, &[INTENT]),
            row("/declarations/*/effective_intent_hash", Whole, &[INTENT]),
            // A payload of another name is not looked at as workflow evidence.
            row("/schema", Nothing, &[]),
        ]
    ),
};

pub(super) const WORKFLOW_BESIDE_EXPORT: Artifact = Artifact {
    name: "workflow evidence beside an export",
    signature: Some(SIBLING),
    rows: with_records!(
        "/declarations",
        "/amendments",
        [
            row("/**", Nothing, &[]),
            row("/amendment_count", Whole, &[INTENT]),
            row("/amendments", Whole, &[INTENT]),
            row("/declaration_count", Whole, &[INTENT]),
            row("/declarations", Whole, &[INTENT]),
            row("/declarations/*/effective_intent_hash", Whole, &[INTENT]),
            row("/schema", Whole, &[INTENT]),
        ]
    ),
};

pub(super) const INCIDENT_BUNDLE: Artifact = Artifact {
    name: "incident bundle",
    signature: Some(CONTENT_HASH),
    rows: with_records!(
        "/workflow_declarations.jsonl",
        "/workflow_amendments.jsonl",
        [
            row("/**", Nothing, &[]),
            row("/admin_actions.jsonl", Whole, &[FILES]),
            row("/admin_actions.jsonl/**", Nothing, &[]),
            row("/bracket_checkpoints.json", Whole, &[FILES]),
            row("/bracket_checkpoints.json/**", Nothing, &[]),
            row("/governance_events.jsonl", Whole, &[FILES]),
            row("/governance_events.jsonl/*", Part, &[EVENTS]),
            row("/governance_events.jsonl/*/chain_format_version", Part, &[EVENTS]),
            row("/governance_events.jsonl/*/created_at", Nothing, &[]),
            row("/governance_events.jsonl/*/event_id", Whole, &[EVENTS]),
            row("/governance_events.jsonl/*/event_type", Whole, &[EVENTS]),
            row("/governance_events.jsonl/*/occurred_at", Part, &[EVENTS]),
            row("/governance_events.jsonl/*/outcome", Whole, &[EVENTS]),
            row("/governance_events.jsonl/*/payload", Nothing, &[]),
            row("/governance_events.jsonl/*/payload/**", Nothing, &[]),
            row("/governance_events.jsonl/*/permit_id", Nothing, &[]),
            row("/governance_events.jsonl/*/prev_hash", Part, &[EVENTS]),
            row("/governance_events.jsonl/*/project_id", Nothing, &[]),
            row("/governance_events.jsonl/*/record_hash", Part, &[EVENTS]),
            row("/governance_events.jsonl/*/resource_id", Whole, &[EVENTS]),
            row("/governance_events.jsonl/*/resource_type", Whole, &[EVENTS]),
            row("/governance_events.jsonl/*/sequence_number", Whole, &[EVENTS]),
            row("/governance_events.jsonl/*/severity", Whole, &[EVENTS]),
            row("/incident_metadata.json", Whole, &[FILES]),
            row("/incident_metadata.json/schema", Whole, &[FILES]),
            row("/manifest.json", Whole, &[FILES]),
            row("/manifest.json/export_type", Nothing, &[]),
            row("/manifest.json/files", Whole, &[FILES]),
            row("/manifest.json/files/*", Whole, &[FILES]),
            row("/manifest.json/files/*/name", Whole, &[FILES]),
            row("/manifest.json/files/*/schema", Whole, &[FILES]),
            row("/manifest.json/files/*/sha256", Part, &[FILES]),
            row("/manifest.json/files/*/size", Part, &[FILES]),
            row("/manifest.json/manifest_version", Whole, &[FILES]),
            row("/mcp_tool_decisions.jsonl", Whole, &[FILES]),
            row("/mcp_tool_decisions.jsonl/**", Nothing, &[]),
            row("/permits.jsonl", Whole, &[FILES]),
            row("/permits.jsonl/*", Nothing, &[]),
            row("/permits.jsonl/*/decision", Nothing, &[]),
            row("/permits.jsonl/*/permit_id", Nothing, &[]),
            row("/permits.jsonl/*/timestamp", Part, &[SNAPSHOT]),
            row("/permits.jsonl/*/workflow_state_json", Nothing, &[]),
            row("/permits.jsonl/*/workflow_state_json/actual_calls_at_decision", Nothing, &[]),
            row("/permits.jsonl/*/workflow_state_json/declaration_version_at_decision", Whole, &[SNAPSHOT]),
            row("/permits.jsonl/*/workflow_state_json/effective_intent_hash", Whole, &[SNAPSHOT]),
            row("/permits.jsonl/*/workflow_state_json/workflow_declaration_id", Whole, &[SNAPSHOT]),
            row("/workflow_amendments.jsonl", Whole, &[FILES]),
            row("/workflow_declarations.jsonl", Whole, &[FILES]),
        ]
    ),
};

pub(super) const VOICE_ATTESTATION: Artifact = Artifact {
    name: "voice attestation",
    signature: Some(VOICE),
    rows: &[
        row("/**", Nothing, &[]),
        row("/artifact_version", Whole, &[VOICE_FORM]),
        row("/canonicalization_profile", Whole, &[VOICE_FORM]),
        row("/chain", Whole, &[SESSION]),
        row("/chain/*", Whole, &[SESSION]),
        row("/chain/**", Whole, &[SESSION]),
        row("/chain_head", Whole, &[SESSION]),
        row("/chain_head/content_hash", Whole, &[SESSION]),
        row("/chain_head/event_count", Whole, &[SESSION]),
        row("/chain_head/sequence", Nothing, &[]),
        row("/policy_snapshot", Whole, &[POLICY]),
        row("/policy_snapshot/**", Whole, &[POLICY]),
        row("/policy_snapshot/snapshot_hash", Part, &[POLICY]),
        row("/policy_snapshot/snapshot_id", Nothing, &[]),
        row("/project_chain_head", Whole, &[HEAD]),
        row("/project_chain_head/content_hash", Whole, &[HEAD]),
        row("/rfc3161_timestamp_receipt", Whole, &[HEAD]),
        row("/rfc3161_timestamp_receipt/covers_chain_head_hash", Part, &[HEAD]),
        row("/rfc3161_timestamp_receipt/provider", Nothing, &[]),
        row("/rfc3161_timestamp_receipt/request_hash", Whole, &[HEAD]),
        row("/rfc3161_timestamp_receipt/tsa_response_base64", Whole, &[STAMP]),
        row("/schema", Whole, &[VOICE_FORM]),
        row("/schema_version", Whole, &[VOICE_FORM]),
        row("/session_metadata", Whole, &[POLICY]),
        row("/session_metadata/policy_snapshot_hash", Whole, &[POLICY]),
        row("/session_metadata/session_id", Nothing, &[]),
        row("/signatures", Whole, &[VOICE]),
        row("/signatures/*", Whole, &[VOICE]),
        row("/signatures/*/algorithm", Whole, &[VOICE_FORM]),
        unsigned("/signatures/*/content_hash", Part, &[VOICE_FORM]),
        unsigned("/signatures/*/key_id", Part, &[VOICE_FORM]),
        unsigned("/signatures/*/key_purpose", Nothing, &[]),
        row("/signatures/*/public_key", Whole, &[VOICE_FORM]),
        row("/signatures/*/signature", Whole, &[VOICE]),
        row("/verifier_compatibility", Whole, &[VOICE_FORM]),
        row("/verifier_compatibility/**", Nothing, &[]),
    ],
};

pub(super) const SIGSTORE_BUNDLE: Artifact = Artifact {
    name: "Sigstore bundle",
    signature: None,
    rows: &[
        row("/**", Nothing, &[]),
        row("/dsseEnvelope", Whole, &[SIGNED]),
        row("/dsseEnvelope/payload", Whole, &[SIGNED]),
        row("/dsseEnvelope/payloadType", Whole, &[SIGNED]),
        row("/dsseEnvelope/signatures", Whole, &[SIGNED]),
        row("/dsseEnvelope/signatures/*", Whole, &[SIGNED]),
        row("/dsseEnvelope/signatures/*/keyid", Nothing, &[]),
        row("/dsseEnvelope/signatures/*/sig", Whole, &[SIGNED]),
        row("/mediaType", Whole, &[SIGNED]),
        row("/messageSignature", Whole, &[SIGNED]),
        row("/messageSignature/messageDigest", Nothing, &[]),
        row("/messageSignature/messageDigest/**", Whole, &[SIGNED]),
        row("/messageSignature/signature", Whole, &[SIGNED]),
        row("/verificationMaterial", Whole, &[SIGNED]),
        row("/verificationMaterial/certificate", Whole, &[CERTIFICATE]),
        row("/verificationMaterial/certificate/rawBytes", Whole, &[CERTIFICATE]),
        row("/verificationMaterial/publicKey", Whole, &[SIGNED]),
        row("/verificationMaterial/publicKey/hint", Nothing, &[]),
        row("/verificationMaterial/timestampVerificationData", Part, &[TIME]),
        row("/verificationMaterial/timestampVerificationData/rfc3161Timestamps", Part, &[TIME]),
        row("/verificationMaterial/timestampVerificationData/rfc3161Timestamps/*", Part, &[TIME]),
        row(
            "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/*/signedTimestamp",
            Whole,
            &[TIME],
        ),
        row("/verificationMaterial/tlogEntries", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/canonicalizedBody", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/inclusionPromise", Part, &[INCLUSION, TIME]),
        row(
            "/verificationMaterial/tlogEntries/*/inclusionPromise/signedEntryTimestamp",
            Whole,
            &[INCLUSION, TIME],
        ),
        row("/verificationMaterial/tlogEntries/*/inclusionProof", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/inclusionProof/checkpoint", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/inclusionProof/checkpoint/envelope", Part, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/inclusionProof/hashes", Part, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/inclusionProof/hashes/*", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/inclusionProof/logIndex", Part, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/inclusionProof/rootHash", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/inclusionProof/treeSize", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/integratedTime", Whole, &[INCLUSION, TIME]),
        row("/verificationMaterial/tlogEntries/*/kindVersion", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/kindVersion/**", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/logId", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/logId/keyId", Whole, &[INCLUSION]),
        row("/verificationMaterial/tlogEntries/*/logIndex", Whole, &[INCLUSION]),
        row("/verificationMaterial/x509CertificateChain", Whole, &[CERTIFICATE]),
        row("/verificationMaterial/x509CertificateChain/certificates", Whole, &[CERTIFICATE]),
        row("/verificationMaterial/x509CertificateChain/certificates/*", Whole, &[CERTIFICATE]),
        row("/verificationMaterial/x509CertificateChain/certificates/*/rawBytes", Whole, &[CERTIFICATE]),
    ],
};
