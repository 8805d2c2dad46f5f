//! Review transitions, signed with a fixed seed.

use serde_json::{Value as Json, json};
use verifier_core::bytes::hex;
use verifier_core::canon::{self, Profile};
use verifier_core::claim::permit::{ReviewRow, judge_review};
use verifier_core::finding::Verdict;
use verifier_core::trust::{KeyTable, PERMIT_BINDING_SIGNING};

use crate::support::{Issuer, ring, tree};

fn transition(issuer: &Issuer, changes: &Json) -> Json {
    let mut event = json!({
        "event_type": "permit.review_transition", "permit_id": "10000000-0000-4000-8000-000000000001",
        "project_id": "00000000-0000-4000-8000-000000000002", "decision_at": "2026-05-07T12:05:00Z",
        "actor_id": "user-1", "actor_kind": "human", "from_decision": "challenge",
        "from_status": "pending", "to_decision": "allow", "to_status": "approved"
    });
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    let hash = hex::encode(&canon::digest(Profile::Legacy, tree(&event).root()).unwrap());
    event["signature"] = json!(issuer.sign(&hash));
    json!({"status": "present", "signed_event": event, "canonical_hash": hash})
}

fn judge(issuer: &Issuer, transition: &Json, decision: &str, entry: &Json) -> ReviewRow {
    let payload = issuer.artifact(&json!({"decision": decision}))["canonical_payload"].take();
    let keys = ring(Some(&json!({ "keys": [entry] })));
    let table = KeyTable::for_purpose(&keys, PERMIT_BINDING_SIGNING);
    judge_review(Some(tree(transition).root()), Some(tree(&payload).root()), &keys, &table)
}

#[test]
fn an_approval_of_the_challenged_permit_is_supported() {
    let issuer = Issuer::new(9);
    let row = judge(&issuer, &transition(&issuer, &json!({})), "challenge", &issuer.entry());
    assert_eq!(row.code.id, "PERMIT_REVIEW_TRANSITION_SUPPORTED", "{}", row.message);
    let mut bare = transition(&issuer, &json!({}));
    let text = bare["signed_event"]["signature"].as_str().unwrap().replace("ed25519:", "");
    bare["signed_event"]["signature"] = json!(text);
    assert_eq!(judge(&issuer, &bare, "challenge", &issuer.entry()).verdict, Verdict::Supported);
}

#[test]
fn an_approval_of_something_else_is_disproved() {
    let issuer = Issuer::new(9);
    for changes in [
        json!({"permit_id": "10000000-0000-4000-8000-000000000009"}),
        json!({"project_id": "x"}),
        json!({"from_decision": "deny"}),
        json!({"to_decision": "deny"}),
        json!({"to_decision": ["allow"]}),
    ] {
        let row = judge(&issuer, &transition(&issuer, &changes), "challenge", &issuer.entry());
        assert_eq!(row.code.id, "PERMIT_REVIEW_TRANSITION_LINKAGE_MISMATCH", "{changes}");
        assert_eq!(row.verdict, Verdict::Disproved);
    }
    let row = judge(&issuer, &transition(&issuer, &json!({})), "allow", &issuer.entry());
    assert_eq!(row.code.id, "PERMIT_REVIEW_TRANSITION_LINKAGE_MISMATCH");
}

#[test]
fn every_field_of_the_event_counts() {
    let issuer = Issuer::new(9);
    let honest = transition(&issuer, &json!({}));
    for name in honest["signed_event"].as_object().unwrap().keys() {
        let mut altered = honest.clone();
        altered["signed_event"][name] = json!("altered");
        let code = judge(&issuer, &altered, "challenge", &issuer.entry()).code.id;
        let expected = if name == "signature" {
            "PERMIT_REVIEW_TRANSITION_SIGNATURE_INVALID"
        } else {
            "PERMIT_REVIEW_TRANSITION_HASH_MISMATCH"
        };
        assert_eq!(code, expected, "{name}");
        altered["signed_event"].as_object_mut().unwrap().remove(name);
        let code = judge(&issuer, &altered, "challenge", &issuer.entry()).code.id;
        assert_eq!(code, "PERMIT_REVIEW_TRANSITION_SCHEMA_INVALID", "{name}");
    }
    let other = transition(&Issuer::new(10), &json!({}));
    let code = judge(&issuer, &other, "challenge", &issuer.entry()).code.id;
    assert_eq!(code, "PERMIT_REVIEW_TRANSITION_SIGNATURE_INVALID");
    let mut more = honest;
    more["signed_event"]["note"] = json!(1);
    let code = judge(&issuer, &more, "challenge", &issuer.entry()).code.id;
    assert_eq!(code, "PERMIT_REVIEW_TRANSITION_SCHEMA_INVALID");
}

#[test]
fn absent_evidence_and_keys_are_told_apart() {
    let issuer = Issuer::new(9);
    let honest = transition(&issuer, &json!({}));
    for (name, value) in
        [("status", json!("absent")), ("signed_event", json!(null)), ("canonical_hash", json!(""))]
    {
        let mut altered = honest.clone();
        altered[name] = value;
        let row = judge(&issuer, &altered, "challenge", &issuer.entry());
        assert_eq!(row.code.id, "PERMIT_REVIEW_TRANSITION_MISSING", "{name}");
        assert_eq!(row.verdict, Verdict::InsufficientEvidence);
    }
    let keys = ring(None);
    let table = KeyTable::for_purpose(&keys, PERMIT_BINDING_SIGNING);
    assert_eq!(judge_review(None, None, &keys, &table).code.id, "PERMIT_REVIEW_TRANSITION_MISSING");
    let row = judge(&issuer, &honest, "challenge", &Issuer::new(10).entry());
    assert_eq!(row.code.id, "PERMIT_REVIEW_TRANSITION_TRUST_ROOT_UNRESOLVABLE");
    let mut revoked = issuer.entry();
    revoked["status"] = json!("revoked");
    assert_eq!(judge(&issuer, &honest, "challenge", &revoked).code.id, "SIGNING_KEY_REVOKED");
}
