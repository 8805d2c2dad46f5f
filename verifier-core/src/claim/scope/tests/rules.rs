//! Every rule, broken alone: the reference's in its order, then ours.

use serde_json::json;

use super::super::*;
use super::pack::{MATCHING, Pack, SCOPE, chain, commitment, digest, predicate, public_key, sign};
use crate::finding::Verdict::{self, Disproved, InsufficientEvidence, Supported, UnverifiableScope};
use crate::report::Outcome;

type Rule = (&'static str, fn(&mut Pack), &'static str, Verdict);

/// Breaks one rule each; the pack is re-signed, so that nothing else is wrong.
fn refused(claim: &str, rules: &[Rule]) {
    for (what, change, code, verdict) in rules {
        let mut pack = Pack::new();
        change(&mut pack);
        pack.sign();
        let run = pack.run();
        assert_eq!(run.reason(claim), *code, "{what}: {:?}", run.report.findings);
        assert_eq!(run.verdict(claim), Some(*verdict), "{what}");
        assert!(run.facts.is_none(), "{what}");
        assert_ne!(run.report.outcome, Outcome::Verified, "{what}");
    }
}

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

/// What the reference accepts and we do not.
#[test]
fn our_rules_on_sidecars() {
    let odd = "CHECKPOINT_SCOPE_STATE_INCONSISTENT";
    refused(
        STATE,
        &[
            (
                "revoked key",
                |pack| pack.keys["keys"][2]["status"] = "revoked".into(),
                "SIGNING_KEY_REVOKED",
                Disproved,
            ),
            (
                "revoked checkpoint key",
                |pack| pack.keys["keys"][1]["revoked_at"] = "2026-03-01T00:00:00Z".into(),
                "SIGNING_KEY_REVOKED",
                Disproved,
            ),
            (
                "checkpoint key expired",
                |pack| pack.keys["keys"][1]["valid_to"] = "2026-03-01T00:00:00Z".into(),
                "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME",
                Disproved,
            ),
            (
                "status unknown",
                |pack| pack.keys["keys"][2]["status"] = "asleep".into(),
                "SIGNING_KEY_STATUS_UNKNOWN",
                InsufficientEvidence,
            ),
            (
                "two key ids",
                |pack| pack.sidecar["trust_root_reference"]["key_id"] = "other".into(),
                odd,
                Disproved,
            ),
            ("no signing time", |pack| pack.sidecar["signed_at"] = "today".into(), odd, Disproved),
            (
                "kind outside the basis",
                |pack| pack.sidecar["predicate_basis"]["supported_predicate_kinds"] = json!(["section"]),
                odd,
                Disproved,
            ),
            (
                "key text with a line break",
                |pack| pack.keys["keys"][2]["public_key"] = format!("{}\n", public_key().to_text()).into(),
                "SIGNATURE_SECOND_SPELLING",
                Disproved,
            ),
            (
                "sequence of a head",
                |pack| pack.checkpoint["chain_heads"]["admin:global"]["sequence_number"] = true.into(),
                "CHECKPOINT_SEQUENCE_INVALID",
                Disproved,
            ),
            (
                "hash of a head",
                |pack| pack.checkpoint["chain_heads"]["admin:global"]["last_record_hash"] = "x\nb:2:y".into(),
                "CHECKPOINT_RECORD_HASH_INVALID",
                Disproved,
            ),
            (
                "scope of a head",
                |pack| {
                    pack.checkpoint["chain_heads"]["{\"at\":\"09"] =
                        json!({"sequence_number": 41, "last_record_hash": "0".repeat(64)});
                },
                "CHECKPOINT_SCOPE_KEY_INVALID",
                Disproved,
            ),
            (
                "root of nothing",
                |pack| {
                    let other = json!({"version": "keel.scope_predicate.v1", "operator": "and", "equals": {}, "ranges": {}});
                    let mut none = commitment(&other, &[]);
                    none["membership_root_hash"] = digest(&json!("x")).into();
                    pack.sidecar["scope_commitments"].as_array_mut().unwrap().push(none);
                },
                odd,
                Disproved,
            ),
            (
                "more records than room",
                |pack| {
                    let other = json!({"version": "keel.scope_predicate.v1", "operator": "and", "equals": {}, "ranges": {}});
                    let mut many = commitment(&other, &chain(5, SCOPE));
                    many["matching_count"] = 6.into();
                    pack.sidecar["scope_commitments"].as_array_mut().unwrap().push(many);
                },
                odd,
                Disproved,
            ),
        ],
    );
    for (change, code) in [
        ("\"", "SIGNATURE_SECOND_SPELLING"),
        ("prefix", "SIGNATURE_SECOND_SPELLING"),
        ("repeated", "DUPLICATE_JSON_KEY"),
    ] {
        let mut pack = Pack::new();
        let text = pack.checkpoint["signature"].as_str().unwrap().to_owned();
        match change {
            "prefix" => pack.checkpoint["signature"] = text.replace("ed25519:", "").into(),
            "repeated" => {}
            _ => pack.checkpoint["signature"] = format!("{text}\n").into(),
        }
        let mut checkpoint = pack.checkpoint.to_string();
        if change == "repeated" {
            checkpoint = checkpoint.replacen('{', "{\"checkpoint_id\":\"cp9\",", 1);
        }
        let run = super::pack::run_texts(
            &pack.export.to_string(),
            "{}",
            Some(pack.sidecar.to_string().into_bytes()),
            Some(checkpoint.into_bytes()),
            &pack.keys.to_string(),
            &pack,
        );
        assert_eq!(run.reason(STATE), code, "{change}: {:?}", run.report.findings);
        assert!(run.facts.is_none());
    }
}

#[test]
fn our_rules_on_evidence() {
    refused(
        FAITHFULNESS,
        &[
            (
                "content of a bridge",
                |pack| pack.evidence("proof_bridge_records")[0]["payload_json"]["outcome"] = "failure".into(),
                "WALK_RECORD_HASH_MISMATCH",
                Disproved,
            ),
            (
                "content of a disclosure",
                |pack| pack.evidence("disclosure_records")[0]["created_at"] = "2026-05-21T10:09:00Z".into(),
                "WALK_RECORD_HASH_MISMATCH",
                Disproved,
            ),
            (
                "severity of another type",
                |pack| pack.evidence("disclosure_records")[0]["payload_json"]["severity"] = 5.into(),
                "WALK_RECORD_HASH_MISMATCH",
                Disproved,
            ),
            (
                "format",
                |pack| pack.evidence("disclosure_records")[0]["chain_format_version"] = "v2".into(),
                "WALK_UNKNOWN_CHAIN_FORMAT",
                UnverifiableScope,
            ),
            (
                "tail",
                |pack| {
                    pack.evidence("disclosure_records").pop();
                    let disclosed = pack.evidence("disclosure_records").clone();
                    pack.sidecar["scope_commitments"] = json!([commitment(&predicate(), &disclosed)]);
                },
                "SCOPE_TAIL_MISSING",
                Disproved,
            ),
            (
                "no evidence at all",
                |pack| {
                    pack.evidence("disclosure_records").clear();
                    pack.evidence("proof_bridge_records").clear();
                    pack.sidecar["scope_commitments"] = json!([commitment(&predicate(), &[])]);
                },
                "SCOPE_TAIL_MISSING",
                Disproved,
            ),
            (
                "another end",
                |pack| {
                    pack.segment()["declared_end"]["last_record_hash"] = "1".repeat(64).into();
                    pack.checkpoint["chain_heads"][SCOPE]["last_record_hash"] = "1".repeat(64).into();
                },
                "EXPORT_BOUNDARY_END_MISMATCH",
                Disproved,
            ),
            (
                "start as a truth value",
                |pack| pack.segment()["declared_start"]["sequence_number"] = true.into(),
                "INPUT_STRUCTURE_INVALID",
                Disproved,
            ),
            (
                "start that nobody can read",
                |pack| {
                    pack.segment()["declared_start"] = json!({"kind": "checkpoint_anchor", "checkpoint_id": "cp0",
                        "chain_scope": SCOPE, "sequence_number": [], "last_record_hash": "x"});
                },
                "INPUT_STRUCTURE_INVALID",
                Disproved,
            ),
            (
                "absolute path",
                |pack| pack.segment()["scope_state_reference"]["storage_uri"] = "/etc/passwd".into(),
                "INPUT_PATH_UNSAFE",
                InsufficientEvidence,
            ),
            (
                "parent path",
                |pack| pack.segment()["scope_state_reference"]["storage_uri"] = "./../../x.json".into(),
                "INPUT_PATH_UNSAFE",
                InsufficientEvidence,
            ),
        ],
    );
}

/// Stated hashes that link although numbers are missing.
#[test]
fn a_gap_is_a_discontinuity() {
    let mut pack = Pack::new();
    for name in ["disclosure_records", "proof_bridge_records"] {
        for record in pack.evidence(name) {
            let number = record["sequence_number"].as_u64().unwrap();
            if number > 3 {
                record["sequence_number"] = (number + 1).into();
            }
        }
    }
    let disclosed = pack.evidence("disclosure_records").clone();
    pack.sidecar["scope_commitments"] = json!([commitment(&predicate(), &disclosed)]);
    pack.checkpoint["chain_heads"][SCOPE]["sequence_number"] = 6.into();
    pack.segment()["declared_end"]["sequence_number"] = 6.into();
    pack.sign();
    let run = pack.run();
    assert!(run.report.has_code("EXPORT_CHAIN_PROOF_DISCONTINUITY"), "{:?}", run.report.findings);
    assert_eq!(run.verdict(FAITHFULNESS), Some(Disproved));
}

#[test]
fn freshness_must_say_something() {
    let latest = |evidence: serde_json::Value, in_manifest: bool| {
        let mut pack = Pack::new();
        pack.segment()["declared_end"]["boundary_policy"] = "latest_checkpoint_at_export".into();
        let place = if in_manifest { &mut pack.manifest } else { &mut pack.export };
        place["scope_faithfulness_freshness"] = evidence;
        pack.run().verdict(FAITHFULNESS)
    };
    let same = json!({"checkpoint_id": "cp1", "chain_scope": SCOPE, "sequence_number": 5});
    for honest in [
        json!({"later_checkpoints": []}),
        json!({"observed_checkpoints": [same]}),
        json!({"segment-1": {"later_checkpoints": []}}),
        same.clone(),
        json!({"later_checkpoints": [], "observed_checkpoints": [same]}),
    ] {
        assert_eq!(latest(honest.clone(), false), Some(Supported), "{honest}");
        assert_eq!(latest(honest, true), Some(InsufficientEvidence));
    }
    for empty in [
        json!({}),
        json!({"later_checkpoints": {}}),
        json!({"observed_checkpoints": []}),
        json!({"observed_checkpoints": [{"chain_scope": "project:other", "sequence_number": 9}]}),
        json!({"later_checkpoints": [{"chain_scope": SCOPE, "sequence_number": "9"}]}),
        json!({"later_checkpoints": ["cp2"]}),
    ] {
        assert_eq!(latest(empty.clone(), false), Some(InsufficientEvidence), "{empty}");
    }
}

#[test]
fn records_are_tied_to_disclosures() {
    let mut pack = Pack::new();
    pack.show_records();
    assert_eq!(pack.run().verdict(FAITHFULNESS), Some(Supported));
    type Change = fn(&mut Vec<serde_json::Value>);
    let changes: [(&str, Change); 5] = [
        ("hidden", |rows| drop(rows.pop())),
        ("all hidden", Vec::clear),
        ("hash", |rows| rows[0]["record_hash"] = "0".repeat(64).into()),
        ("not an event", |rows| rows.push(json!({"permit_id": "p"}))),
        ("stranger", |rows| {
            let mut copy = rows[0].clone();
            copy["event_id"] = "gev_9999".into();
            rows.push(copy);
        }),
    ];
    for (what, change) in changes {
        let mut pack = Pack::new();
        pack.show_records();
        change(pack.export["records"].as_array_mut().unwrap());
        let run = pack.run();
        assert_eq!(run.verdict(FAITHFULNESS), Some(Disproved), "{what}");
        assert!(run.report.has_code("SCOPE_RECORDS_NOT_TIED") && run.facts.is_none(), "{what}");
        assert_eq!(run.verdict(STATE), Some(Supported));
    }
    // records that are no events of a governance export are not compared
    let mut pack = Pack::new();
    pack.export["records"] = json!([{"permit_id": "p"}]);
    assert_eq!(pack.run().verdict(FAITHFULNESS), Some(Supported));
    // a scope that the record does not name is the project's
    let mut pack = Pack::new();
    pack.show_records();
    pack.export["project_id"] = SCOPE.trim_start_matches("project:").into();
    for row in pack.export["records"].as_array_mut().unwrap() {
        row.as_object_mut().unwrap().remove("chain_scope");
    }
    assert_eq!(pack.run().verdict(FAITHFULNESS), Some(Supported));
}

#[test]
fn other_starts_are_supported_too() {
    for kind in ["predecessor_proof", "checkpoint_anchor"] {
        let mut pack = Pack::new();
        let before = chain(5, SCOPE)[0]["record_hash"].clone();
        pack.evidence("proof_bridge_records").remove(0);
        pack.segment()["declared_start"] = if kind == "predecessor_proof" {
            json!({"kind": kind, "chain_scope": SCOPE, "predecessor_sequence_number": 1,
                "predecessor_record_hash": before, "first_evidence_sequence_number": 2})
        } else {
            json!({"kind": kind, "chain_scope": SCOPE, "checkpoint_id": "cp0", "sequence_number": 1, "last_record_hash": before})
        };
        let run = pack.run();
        assert_eq!(run.verdict(FAITHFULNESS), Some(Supported), "{kind}: {:?}", run.report.findings);
        assert_eq!(run.facts.unwrap().segments[0].first_sequence, 2);
        let member = if kind == "predecessor_proof" { "predecessor_record_hash" } else { "last_record_hash" };
        pack.segment()["declared_start"][member] = "0".repeat(64).into();
        assert_eq!(pack.run().reason(FAITHFULNESS), "EXPORT_BOUNDARY_START_MISMATCH");
    }
    let mut pack = Pack::new();
    pack.evidence("proof_bridge_records").remove(0);
    let before = chain(5, SCOPE)[0]["record_hash"].clone();
    pack.segment()["declared_start"] = json!({"kind": "predecessor_proof", "chain_scope": SCOPE,
        "predecessor_sequence_number": 0, "predecessor_record_hash": before, "first_evidence_sequence_number": 2});
    assert_eq!(pack.run().reason(FAITHFULNESS), "EXPORT_CHAIN_PROOF_DISCONTINUITY");
}

#[test]
fn notes_change_no_verdict() {
    type Change = fn(&mut Pack);
    let changes: [(Change, &str); 3] = [
        (
            |pack| {
                for name in ["disclosure_records", "proof_bridge_records"] {
                    for record in pack.evidence(name) {
                        record["payload_json"].as_object_mut().unwrap().remove("severity");
                    }
                }
            },
            "SCOPE_RECORD_HASH_NOT_RECOMPUTED",
        ),
        (
            |pack| {
                pack.sidecar["scope_state_id"] = "50000000-0000-4000-8000-0000000000e1".into();
                let id = pack.sidecar["scope_state_id"].clone();
                pack.segment()["scope_state_reference"]["scope_state_id"] = id;
            },
            "CHECKPOINT_SCOPE_STATE_ID_NOT_DERIVED",
        ),
        (|pack| pack.segment()["scope_state_reference"]["storage_uri"] = "s3://bucket/key.json".into(), ""),
    ];
    for (change, code) in changes {
        let mut pack = Pack::new();
        change(&mut pack);
        pack.sign();
        let run = pack.run();
        assert!(run.facts.is_some() && run.report.outcome == Outcome::Verified, "{:?}", run.report.findings);
        assert!(code.is_empty() || run.report.has_code(code), "{code}");
    }
}

/// The first segment that the reference refuses ends the claim; ours is then a finding beside it.
#[test]
fn segments_are_judged_in_order() {
    let mut pack = Pack::new();
    let mut second = pack.segment().clone();
    second["segment_id"] = "segment-2".into();
    pack.export["scope_faithfulness"]["segments"].as_array_mut().unwrap().push(second);
    assert_eq!(pack.run().facts.unwrap().segments.len(), 2);
    let claim = pack.run().report.claim(STATE).unwrap().subjects.len();
    assert_eq!(claim, 2);
    pack.export["scope_faithfulness"]["segments"][0]["declared_scope"]["predicate"]["operator"] = "or".into();
    pack.export["scope_faithfulness"]["segments"][1]["canonical_filters"]["raw_filters"] = json!({});
    let run = pack.run();
    assert_eq!(run.verdict(FAITHFULNESS), Some(UnverifiableScope));
    assert_eq!(run.verdict(STATE), None);
    assert!(!run.report.has_code("EXPORT_RAW_FILTERS_HASH_MISMATCH"));

    let mut pack = Pack::new();
    pack.keys["keys"][2]["status"] = "revoked".into();
    pack.with_checkpoint = false;
    let run = pack.run();
    assert_eq!(run.verdict(STATE), Some(InsufficientEvidence));
    assert!(run.report.has_code("SIGNING_KEY_REVOKED"));
    assert_eq!(run.report.outcome, Outcome::Disproved);
}

#[test]
fn files_that_the_operator_names_come_first() {
    let mut pack = Pack::new();
    pack.explicit = true;
    assert!(pack.run().facts.is_some());
    pack.segment()["scope_state_reference"]["storage_uri"] = "../x.json".into();
    assert_eq!(pack.run().reason(FAITHFULNESS), "INPUT_PATH_UNSAFE");
    let mut pack = Pack::new();
    pack.segment()["scope_state_reference"]["storage_uri"] = "sidecars/checkpoint-scope-state-v1.json".into();
    assert!(pack.run().facts.is_some());
    assert_eq!(MATCHING, "dispatch.egress_bound");
}
