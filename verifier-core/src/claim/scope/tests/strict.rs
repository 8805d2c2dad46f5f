//! What the reference accepts and we do not.

use serde_json::json;

use super::super::*;
use super::pack::{Pack, SCOPE, chain, commitment, digest, predicate, public_key, refused};
use crate::finding::Verdict::{Disproved, InsufficientEvidence, Supported, UnverifiableScope};

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
        assert!(!run.facts.established);
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
        assert!(run.report.has_code("SCOPE_RECORDS_NOT_TIED") && !run.facts.established, "{what}");
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
