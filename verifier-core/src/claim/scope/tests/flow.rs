//! What is accepted, in which order it is judged, and which files count.

use serde_json::json;

use super::super::*;
use super::pack::{MATCHING, Pack, SCOPE, chain};
use crate::finding::Verdict::{InsufficientEvidence, Supported, UnverifiableScope};
use crate::report::Outcome;

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
        assert_eq!(run.facts.segments[0].first_sequence, 2);
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
        assert!(
            run.facts.established && run.report.outcome == Outcome::Verified,
            "{:?}",
            run.report.findings
        );
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
    assert_eq!(pack.run().facts.segments.len(), 2);
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
    assert!(pack.run().facts.established);
    pack.segment()["scope_state_reference"]["storage_uri"] = "../x.json".into();
    assert_eq!(pack.run().reason(FAITHFULNESS), "INPUT_PATH_UNSAFE");
    let mut pack = Pack::new();
    pack.segment()["scope_state_reference"]["storage_uri"] = "sidecars/checkpoint-scope-state-v1.json".into();
    assert!(pack.run().facts.established);
    assert_eq!(MATCHING, "dispatch.egress_bound");
}
