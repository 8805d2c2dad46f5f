//! Every check of the reference, broken alone, in its order.

use serde_json::json;

use super::super::*;
use super::pack::{Pack, SCOPE, digest, refused, sign};
use crate::finding::Verdict::{Disproved, InsufficientEvidence, UnverifiableScope};

#[test]
fn the_reference_on_segments() {
    let invalid = "EXPORT_SCOPE_DECLARATION_SCHEMA_INVALID";
    refused(
        FAITHFULNESS,
        &[
            ("block member", |pack| pack.export["scope_faithfulness"]["more"] = 1.into(), invalid, Disproved),
            ("segment member", |pack| pack.segment()["more"] = 1.into(), invalid, Disproved),
            (
                "start kind",
                |pack| pack.segment()["declared_start"]["kind"] = "middle".into(),
                invalid,
                Disproved,
            ),
            (
                "genesis sequence",
                |pack| pack.segment()["declared_start"]["sequence_number"] = 2.into(),
                invalid,
                Disproved,
            ),
            (
                "end sequence",
                |pack| pack.segment()["declared_end"]["sequence_number"] = true.into(),
                invalid,
                Disproved,
            ),
            (
                "record sequence",
                |pack| pack.evidence("proof_bridge_records")[1]["sequence_number"] = "3".into(),
                invalid,
                Disproved,
            ),
            (
                "record without an id",
                |pack| pack.evidence("disclosure_records")[0]["event_id"] = json!(null),
                invalid,
                Disproved,
            ),
            (
                "operator",
                |pack| pack.segment()["declared_scope"]["predicate"]["operator"] = "or".into(),
                "EXPORT_SCOPE_PREDICATE_UNSUPPORTED",
                UnverifiableScope,
            ),
            (
                "reserved kind",
                |pack| pack.segment()["declared_scope"]["predicate"]["equals"]["model"] = "m".into(),
                "EXPORT_SCOPE_PREDICATE_UNSUPPORTED",
                UnverifiableScope,
            ),
            (
                "value",
                |pack| pack.segment()["declared_scope"]["predicate"]["equals"]["section"] = json!([]),
                "EXPORT_SCOPE_PREDICATE_MALFORMED",
                Disproved,
            ),
            (
                "end before start",
                |pack| pack.segment()["declared_end"]["sequence_number"] = 0.into(),
                "EXPORT_BOUNDARY_START_AFTER_END",
                Disproved,
            ),
            (
                "filters",
                |pack| pack.segment()["canonical_filters"]["raw_filters"]["more"] = 1.into(),
                "EXPORT_RAW_FILTERS_HASH_MISMATCH",
                Disproved,
            ),
            (
                "sidecar absent",
                |pack| pack.with_sidecar = false,
                "CHECKPOINT_SCOPE_STATE_MISSING",
                InsufficientEvidence,
            ),
            (
                "reference id",
                |pack| pack.segment()["scope_state_reference"]["scope_state_id"] = "other".into(),
                "EXPORT_SCOPE_STATE_REFERENCE_MISMATCH",
                Disproved,
            ),
            (
                "one chain",
                |pack| pack.evidence("disclosure_records")[0]["chain_scope"] = "project:other".into(),
                "EXPORT_SCOPE_CHAIN_SCOPE_MISMATCH",
                Disproved,
            ),
            (
                "start of another chain",
                |pack| pack.segment()["declared_start"]["chain_scope"] = "project:other".into(),
                "EXPORT_SCOPE_CHAIN_SCOPE_MISMATCH",
                Disproved,
            ),
            (
                "end hash",
                |pack| pack.segment()["declared_end"]["last_record_hash"] = "0".repeat(64).into(),
                "EXPORT_BOUNDARY_CHECKPOINT_MISMATCH",
                Disproved,
            ),
            (
                "freshness",
                |pack| {
                    pack.segment()["declared_end"]["boundary_policy"] = "latest_checkpoint_at_export".into()
                },
                "EXPORT_BOUNDARY_FRESHNESS_EVIDENCE_MISSING",
                InsufficientEvidence,
            ),
            (
                "later checkpoint",
                |pack| {
                    pack.segment()["declared_end"]["boundary_policy"] = "latest_checkpoint_at_export".into();
                    pack.export["checkpoint_selection_evidence"] =
                        json!({"segment-1": {"observed_checkpoints": [{"sequence_number": 6}]}});
                },
                "EXPORT_BOUNDARY_STALE_CHECKPOINT",
                Disproved,
            ),
            (
                "start",
                |pack| pack.segment()["declared_start"]["genesis_prev_hash"] = "0".repeat(64).into(),
                "EXPORT_BOUNDARY_START_MISMATCH",
                Disproved,
            ),
            (
                "first record withheld",
                |pack| drop(pack.evidence("proof_bridge_records").remove(0)),
                "EXPORT_BOUNDARY_START_MISMATCH",
                Disproved,
            ),
            (
                "bridge withheld",
                |pack| drop(pack.evidence("proof_bridge_records").remove(1)),
                "EXPORT_CHAIN_PROOF_DISCONTINUITY",
                Disproved,
            ),
            (
                "record twice",
                |pack| {
                    let copy = pack.evidence("proof_bridge_records")[1].clone();
                    pack.evidence("proof_bridge_records").push(copy);
                },
                "EXPORT_CHAIN_PROOF_DISCONTINUITY",
                Disproved,
            ),
            (
                "bridge disclosed",
                |pack| {
                    let record = pack.evidence("proof_bridge_records").remove(1);
                    pack.evidence("disclosure_records").push(record);
                },
                "EXPORT_SCOPE_PREDICATE_VIOLATED",
                Disproved,
            ),
            (
                "disclosure hidden",
                |pack| {
                    let record = pack.evidence("disclosure_records").remove(0);
                    pack.evidence("proof_bridge_records").push(record);
                },
                "EXPORT_PROOF_BRIDGE_MISCLASSIFIED",
                Disproved,
            ),
            (
                "no commitment",
                |pack| pack.segment()["declared_scope"]["predicate"]["equals"]["project_id"] = "pr".into(),
                "EXPORT_SCOPE_COMMITMENT_MISSING",
                InsufficientEvidence,
            ),
            (
                "count",
                |pack| pack.sidecar["scope_commitments"][0]["matching_count"] = 3.into(),
                "EXPORT_SCOPE_CARDINALITY_MISMATCH",
                Disproved,
            ),
            (
                "root",
                |pack| {
                    pack.sidecar["scope_commitments"][0]["membership_root_hash"] =
                        digest(&json!("other")).into();
                },
                "EXPORT_SCOPE_MEMBERSHIP_ROOT_MISMATCH",
                Disproved,
            ),
            (
                "range",
                |pack| pack.sidecar["scope_commitments"][0]["last_matching_sequence"] = 4.into(),
                "EXPORT_SCOPE_RANGE_MISMATCH",
                Disproved,
            ),
        ],
    );
}

#[test]
fn the_reference_on_sidecars() {
    let invalid = "CHECKPOINT_SCOPE_STATE_SCHEMA_INVALID";
    let mismatch = "CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISMATCH";
    refused(
        STATE,
        &[
            ("member", |pack| pack.sidecar["more"] = 1.into(), invalid, Disproved),
            (
                "algorithm",
                |pack| pack.sidecar["signature"]["algorithm"] = "ed25519".into(),
                invalid,
                Disproved,
            ),
            ("no commitments", |pack| pack.sidecar["scope_commitments"] = json!([]), invalid, Disproved),
            (
                "purpose",
                |pack| pack.sidecar["trust_root_reference"]["purpose"] = "export_signing".into(),
                invalid,
                Disproved,
            ),
            (
                "basis",
                |pack| pack.sidecar["predicate_basis"]["supported_predicate_kinds"] = json!(["model"]),
                invalid,
                Disproved,
            ),
            (
                "namespace",
                |pack| pack.sidecar["predicate_basis"]["reserved_namespaces"] = json!(["other"]),
                invalid,
                Disproved,
            ),
            (
                "malformed predicate",
                |pack| pack.sidecar["scope_commitments"][0]["predicate_value"]["equals"] = 5.into(),
                invalid,
                Disproved,
            ),
            (
                "unknown key",
                |pack| {
                    pack.sidecar["signature"]["key_id"] = "other".into();
                    pack.sidecar["trust_root_reference"]["key_id"] = "other".into();
                },
                "CHECKPOINT_SCOPE_STATE_KEY_UNRESOLVED",
                InsufficientEvidence,
            ),
            (
                "two entries",
                |pack| {
                    let copy = pack.keys["keys"][2].clone();
                    pack.keys["keys"].as_array_mut().unwrap().push(copy);
                },
                "CHECKPOINT_SCOPE_STATE_KEY_UNRESOLVED",
                InsufficientEvidence,
            ),
            (
                "signed before validity",
                |pack| pack.sidecar["signed_at"] = "2025-12-31T23:59:59Z".into(),
                "CHECKPOINT_SCOPE_STATE_KEY_NOT_ACTIVE",
                Disproved,
            ),
            (
                "unreadable bound",
                |pack| pack.keys["keys"][2]["valid_from"] = "soon".into(),
                "CHECKPOINT_SCOPE_STATE_KEY_NOT_ACTIVE",
                Disproved,
            ),
            (
                "checkpoint absent",
                |pack| pack.with_checkpoint = false,
                "CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISSING",
                InsufficientEvidence,
            ),
            ("checkpoint id", |pack| pack.checkpoint["checkpoint_id"] = "cp2".into(), mismatch, Disproved),
            (
                "embedded key",
                |pack| pack.checkpoint["public_key"] = "ed25519:other".into(),
                mismatch,
                Disproved,
            ),
            ("checkpoint key", |pack| pack.checkpoint["key_id"] = "other".into(), mismatch, Disproved),
            (
                "head sequence",
                |pack| pack.checkpoint["chain_heads"][SCOPE]["sequence_number"] = true.into(),
                mismatch,
                Disproved,
            ),
            (
                "no head",
                |pack| drop(pack.checkpoint["chain_heads"].as_object_mut().unwrap().remove(SCOPE)),
                "CHECKPOINT_SCOPE_STATE_CHAIN_SCOPE_NOT_IN_CHECKPOINT",
                Disproved,
            ),
            (
                "beyond the head",
                |pack| pack.sidecar["scope_commitments"][0]["last_matching_sequence"] = 6.into(),
                "CHECKPOINT_SCOPE_STATE_LAST_SEQUENCE_AFTER_CHECKPOINT",
                Disproved,
            ),
            (
                "nothing in a range",
                |pack| pack.sidecar["scope_commitments"][0]["matching_count"] = 0.into(),
                "CHECKPOINT_SCOPE_STATE_LAST_SEQUENCE_AFTER_CHECKPOINT",
                Disproved,
            ),
            (
                "grammar",
                |pack| pack.sidecar["predicate_grammar_version"] = "keel.scope_predicate.v2".into(),
                "CHECKPOINT_SCOPE_STATE_GRAMMAR_UNSUPPORTED",
                UnverifiableScope,
            ),
            (
                "kind",
                |pack| {
                    pack.sidecar["scope_commitments"][0]["predicate_value"]["equals"]["model"] = "m".into()
                },
                "CHECKPOINT_SCOPE_STATE_GRAMMAR_UNSUPPORTED",
                UnverifiableScope,
            ),
            (
                "profile",
                |pack| pack.sidecar["commitment_profile"] = "keel.scope_state.merkle.v2".into(),
                "CHECKPOINT_SCOPE_STATE_COMMITMENT_PROFILE_UNKNOWN",
                UnverifiableScope,
            ),
            (
                "predicate hash",
                |pack| {
                    pack.sidecar["scope_commitments"][0]["predicate_value"]["equals"]["section"] = "s".into();
                },
                "CHECKPOINT_SCOPE_STATE_PREDICATE_HASH_MISMATCH",
                Disproved,
            ),
            (
                "predicate twice",
                |pack| {
                    let copy = pack.sidecar["scope_commitments"][0].clone();
                    pack.sidecar["scope_commitments"].as_array_mut().unwrap().push(copy);
                },
                "CHECKPOINT_SCOPE_STATE_COMMITMENT_PREDICATE_DUPLICATE",
                Disproved,
            ),
        ],
    );
    let mut pack = Pack::new();
    pack.sidecar["signature"]["signature"] = "".into();
    pack.refer();
    assert_eq!(pack.run().reason(STATE), "CHECKPOINT_SCOPE_STATE_SIGNATURE_MISSING");
    pack.sidecar["signature"]["signature"] = sign(b"something else").into();
    pack.refer();
    assert_eq!(pack.run().reason(STATE), "CHECKPOINT_SCOPE_STATE_SIGNATURE_INVALID");
    let mut pack = Pack::new();
    pack.checkpoint["signature"] = sign(b"something else").into();
    assert_eq!(pack.run().reason(STATE), mismatch);
}
