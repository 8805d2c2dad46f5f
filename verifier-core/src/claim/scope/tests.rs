//! Both claims over packs that are made, signed and altered here.

mod flow;
mod pack;
mod rules;
mod strict;
mod tamper;

use crate::bytes::hex;
use crate::crypto::sha256;
use crate::finding::Verdict;
use crate::format::scope::Sidecar;
use pack::{Pack, document, ring};

use super::*;

const SIDECAR: &str = r#"{"artifact_type":"checkpoint_scope_state","chain_scope":"project:00000000-0000-0000-0000-0000000000aa","checkpoint_id":"5b2f6c1e-0000-4000-8000-000000000001","commitment_profile":"keel.scope_state.merkle.v1","predicate_basis":{"canonicalization_profile":"keel.canonical_json.payload.v1","reserved_namespaces":[],"supported_predicate_kinds":["event_type","sequence_number"]},"predicate_grammar_version":"keel.scope_predicate.v1","scope_commitments":[{"first_matching_sequence":3,"last_matching_sequence":42,"matching_count":3,"membership_root_hash":"sha256:1ee8ed9b883340478c0a9c633c3498488332683861742d15f7642d5e612134de","predicate_value":{"equals":{"event_type":"permit.decided"},"operator":"and","ranges":{"sequence_number":{"gte":1,"lte":42}},"version":"keel.scope_predicate.v1"},"predicate_value_hash":"sha256:a4b6fac0fc0293da4a8a2d498309c0c031dcddc83a08187fa66c38c88daf82ae"}],"scope_state_id":"keel.scope_state.v1:4675eece8815f6b5fdf9e47c13daf86824b0a6f84705d4f3bd45fa3f1542c718:5b2f6c1e-0000-4000-8000-000000000001","signature":{"algorithm":"Ed25519","key_id":"sha256:1ee0730602aae8da9c4f771e62991f2c","signature":"ed25519:sufmCDlBX3Qn485Xy1f/edobqRltw+9aD2mjMlzIF1NXfJBssGi9bk5w6R2nOKum7dvKVls+l4LmwNugqRT7Cg=="},"signed_at":"2026-06-15T12:00:01Z","tree_size":42,"trust_root_reference":{"key_id":"sha256:1ee0730602aae8da9c4f771e62991f2c","manifest_version":"keel.public_key_manifest.v1","purpose":"scope_state"},"version":"checkpoint_scope_state.v1"}"#;

const CHECKPOINT: &str = r#"{"checkpoint_id":"5b2f6c1e-0000-4000-8000-000000000001","computed_at":"2026-06-15T12:00:00Z","chain_heads":{"project:00000000-0000-0000-0000-0000000000aa":{"sequence_number":42,"last_record_hash":"bb71a98d2685bb5e69eec2711f78d91b68bdcf194192f4d41873ac73e7476022"},"admin:global":{"sequence_number":7,"last_record_hash":"1268d916bfefa28f636f4ad7967697fbfc8adc1f700c7d183ed310e9206a01b0"}},"composite_hash":"sha256:b17b44c79564d18fc5e00e3d579f634f57184f10cb423da48039c708d68564e5","signature":"ed25519:R88uN4EWTEYSIp3zWivDKcfKH7usX3B/00jIaAwoHu9B44L1BLRkkxLRXsV3/c1rb91dJyWkjOn+E6f5u+wmDA==","public_key":"ed25519:oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU=","key_id":"sha256:57216d6ca1e8f4b78b90ee6dcf1cf7e3","keel_version":"vector"}"#;

const KEYS: &str = r#"{"keys":[{"key_id":"sha256:57216d6ca1e8f4b78b90ee6dcf1cf7e3","public_key":"ed25519:oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU=","purpose":"integrity_checkpoint","status":"active","valid_from":"2026-01-01T00:00:00Z","valid_to":null},{"key_id":"sha256:1ee0730602aae8da9c4f771e62991f2c","public_key":"ed25519:G0IVNbgaXR0gdmsda4OitvWTRLC8Lyd0oP0ctIzSTBQ=","purpose":"scope_state","status":"active"}]}"#;

fn loaded(text: &str) -> Loaded {
    Loaded { name: "file.json".to_owned(), document: document(text) }
}

/// The worked example of spec 12 section 12.8 with the checkpoint of spec 10 section 10.10.
#[test]
fn the_worked_example() {
    let sidecar = loaded(SIDECAR);
    let bytes = Sidecar::parse(sidecar.document.root()).unwrap().signed_bytes().unwrap();
    assert_eq!(bytes.len(), 1348);
    assert_eq!(
        hex::encode(&sha256(&bytes)),
        "937d3d0f141e3dd62928b5fda3789aa1fc7daf3a9cb968bf482f60c567e14278"
    );
    let checkpoint = loaded(CHECKPOINT);
    let judged = judge_state(&sidecar, Some(&checkpoint), "", &ring(KEYS));
    assert_eq!(judged.result.unwrap().head_sequence, 42);
    assert!(judged.further.is_empty(), "{:?}", judged.further);
    let judged = judge_state(&sidecar, None, "", &ring(KEYS));
    assert_eq!(judged.result.unwrap_err().code.id, "CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISSING");
    let text = CHECKPOINT.replace("\"sequence_number\":7", "\"sequence_number\":8");
    let other = loaded(&text);
    let judged = judge_state(&sidecar, Some(&other), "", &ring(KEYS));
    assert_eq!(judged.result.unwrap_err().code.id, "CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISMATCH");
}

#[test]
fn an_honest_pack_is_supported() {
    let run = Pack::new().run();
    assert_eq!(run.verdict(STATE), Some(Verdict::Supported));
    assert_eq!(run.verdict(FAITHFULNESS), Some(Verdict::Supported));
    assert_eq!(run.report.outcome, crate::report::Outcome::Verified);
    assert_eq!(run.report.findings.len(), 0, "{:?}", run.report.findings);
    assert_eq!(run.report.signers.len(), 2);
    let facts = run.facts;
    assert!(facts.established);
    let [segment] = facts.segments.as_slice() else { panic!("{facts:?}") };
    assert_eq!((segment.first_sequence, segment.last_sequence, segment.disclosed), (1, 5, 2));
}

#[test]
fn nothing_to_judge() {
    let mut pack = Pack::new();
    pack.export.as_object_mut().unwrap().remove("scope_faithfulness");
    let run = pack.run();
    assert!(run.report.claims.is_empty() && !run.facts.established);
    pack.requested = Requested::Operator;
    let run = pack.run();
    assert_eq!(run.reason(FAITHFULNESS), "EXPORT_SCOPE_DECLARATION_MISSING");
    assert_eq!(run.verdict(FAITHFULNESS), Some(Verdict::InsufficientEvidence));

    let mut pack = Pack::new();
    pack.export["scope_faithfulness"]["version"] = "keel.export_scope_faithfulness.v2".into();
    let run = pack.run();
    assert!(run.report.claims.is_empty());
    assert!(run.report.has_code("EXPORT_SCOPE_DECLARATION_VERSION_UNKNOWN"));
    assert_eq!(run.report.outcome, crate::report::Outcome::Verified);
    pack.requested = Requested::Evidence;
    assert_eq!(pack.run().reason(FAITHFULNESS), "EXPORT_SCOPE_DECLARATION_SCHEMA_INVALID");
}
