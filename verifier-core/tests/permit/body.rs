//! Rows together: the claim's verdict, unsigned permits, and where bindings are found.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use verifier_core::claim::permit::{
    DECISION, DecisionRow, check_body, compare_body, entries, in_entry, in_export, report,
};
use verifier_core::finding::Verdict;
use verifier_core::report::{Outcome, Report, ReportBuilder, Requested};
use verifier_core::time::Timestamp;
use verifier_core::trust::KeyRing;

use crate::support::{Issuer, judge_tree, ring, tree};

fn keys(issuer: &Issuer) -> KeyRing {
    ring(Some(&json!({"keys": [issuer.entry()]})))
}

fn reported(rows: &[DecisionRow], requested: Requested) -> Report {
    let mut out = ReportBuilder::new(100, BTreeSet::new());
    report(rows, requested, &mut out);
    out.finish(&Timestamp::parse("2026-11-01T00:00:00Z").unwrap())
}

#[test]
fn the_first_decision_decides_and_a_disproved_one_always_counts() {
    let issuer = Issuer::new(7);
    let good = judge_tree(&issuer.artifact(&json!({})), &keys(&issuer));
    let foreign = judge_tree(&Issuer::new(8).artifact(&json!({})), &keys(&issuer));
    let mut altered = issuer.artifact(&json!({}));
    altered["canonical_payload"]["reason"] = json!("changed");
    let altered = judge_tree(&altered, &keys(&issuer));
    let bare = judge_tree(&json!({"decision": "allow"}), &keys(&issuer));
    assert_eq!(foreign.verdict, Verdict::InsufficientEvidence);

    let case = |rows: &[&DecisionRow], requested| {
        let rows: Vec<DecisionRow> = rows.iter().map(|row| (*row).clone()).collect();
        let report = reported(&rows, requested);
        (report.verdict(DECISION), report.outcome)
    };
    let (asked, unasked) = (Requested::Evidence, Requested::Automatic);
    assert_eq!(case(&[&good], asked), (Some(Verdict::Supported), Outcome::Verified));
    assert_eq!(case(&[&good, &foreign], asked), (Some(Verdict::Supported), Outcome::Verified));
    assert_eq!(case(&[&good, &altered], asked), (Some(Verdict::Disproved), Outcome::Disproved));
    assert_eq!(case(&[&good, &altered], unasked), (Some(Verdict::Disproved), Outcome::Disproved));
    assert_eq!(
        case(&[&foreign, &good], asked),
        (Some(Verdict::InsufficientEvidence), Outcome::NotEstablished)
    );
    assert_eq!(case(&[&foreign, &good], unasked), (Some(Verdict::InsufficientEvidence), Outcome::Verified));
    assert_eq!(case(&[], asked), (Some(Verdict::InsufficientEvidence), Outcome::NotEstablished));
    assert_eq!(case(&[], unasked), (None, Outcome::Verified));
    // An object that is no binding is evidence only where a binding was asked for and comes first.
    assert_eq!(case(&[&bare], unasked), (None, Outcome::Verified));
    assert_eq!(case(&[&bare], asked), (Some(Verdict::Disproved), Outcome::Disproved));
    assert_eq!(case(&[&good, &bare], asked), (Some(Verdict::Supported), Outcome::Verified));
}

#[test]
fn an_envelope_contradiction_is_a_state_of_the_claim() {
    let issuer = Issuer::new(7);
    let mut artifact = issuer.artifact(&json!({}));
    artifact["binding_version"] = json!("v6");
    let report = reported(&[judge_tree(&artifact, &keys(&issuer))], Requested::Evidence);
    assert_eq!(
        report.claim(DECISION).unwrap().epistemic_state,
        [("envelope_payload_agreement".to_owned(), "contradicted".to_owned())]
    );
}

fn body() -> Json {
    json!({
        "id": "10000000-0000-4000-8000-000000000001", "project_id": "00000000-0000-4000-8000-000000000002",
        "decision": "allow", "reason": " policy.allow ", "expires_at": "2026-05-07T13:00:00.000000Z",
        "resource_provider": "OpenAI", "resource_model": "m", "action_name": "mail.send",
        "created_at": "2026-05-07T12:00:00Z"
    })
}

#[test]
fn a_permit_body_must_say_what_was_signed() {
    let issuer = Issuer::new(7);
    let row = judge_tree(&issuer.artifact(&json!({})), &keys(&issuer));
    assert!(compare_body(tree(&body()).root(), &row).is_empty());
    for (name, value) in [
        ("id", json!("10000000-0000-4000-8000-000000000002")),
        ("project_id", json!("x")),
        ("decision", json!("deny")),
        ("reason", json!("policy.other")),
        ("expires_at", json!("2027-05-07T13:00:00Z")),
        ("resource_provider", json!("anthropic")),
        ("resource_model", json!("M")),
        ("action_name", json!(["mail.send"])),
    ] {
        let mut permit = body();
        permit[name] = value.clone();
        let findings = compare_body(tree(&permit).root(), &row);
        assert_eq!(findings.len(), 1, "{name}");
        assert_eq!(findings[0].code.id, "PERMIT_BODY_CONTRADICTS_DECISION");
        assert_eq!(findings[0].effect.verdict(), Some(Verdict::Disproved));
        permit.as_object_mut().unwrap().remove(name);
        assert!(compare_body(tree(&permit).root(), &row).is_empty(), "{name} absent");
    }
    // An unsigned payload is no yardstick.
    let mut altered = issuer.artifact(&json!({}));
    altered["canonical_payload"]["decision"] = json!("deny");
    assert!(compare_body(tree(&body()).root(), &judge_tree(&altered, &keys(&issuer))).is_empty());
    // Nothing expires according to the payload, and the permit claims an expiry.
    let open = judge_tree(&issuer.artifact(&json!({"expires_at": null})), &keys(&issuer));
    assert_eq!(compare_body(tree(&body()).root(), &open).len(), 1);
}

#[test]
fn a_permit_that_contradicts_itself_is_noted() {
    assert!(check_body(tree(&body()).root()).is_empty());
    let mut permit = body();
    permit["expires_at"] = json!("2026-05-07T11:00:00Z");
    permit["decision"] = json!("deny");
    permit["binding_request_hash"] = json!("00");
    permit["decision_details"] = json!({"decision": "allow"});
    let codes: Vec<&str> = check_body(tree(&permit).root()).iter().map(|finding| finding.code.id).collect();
    assert_eq!(
        codes,
        [
            "PERMIT_EXPIRES_BEFORE_ISSUED",
            "PERMIT_REQUEST_HASH_WITHOUT_ALLOW",
            "PERMIT_DECISION_DETAILS_MISMATCH"
        ]
    );
}

#[test]
fn bindings_are_found_in_the_published_order() {
    let binding = json!({"artifact_type": "permit_decision_binding"});
    let export = json!({"permit_decision_binding": binding, "permit_decision": binding});
    let parsed = tree(&export);
    let root = parsed.root();
    let found: Vec<String> = in_export(|name| root.member(name)).map(|found| found.pointer()).collect();
    assert_eq!(found, ["/permit_decision", "/permit_decision_binding"]);

    let inner = json!({"decision_binding": binding, "permit_decision": {}, "artifact_type": "permit_decision_binding"});
    for (entry, expected) in [
        (
            json!({"payload": inner}),
            vec!["/payload/permit_decision", "/payload/decision_binding", "/payload"],
        ),
        (json!({"payload": inner, "payload_json": {}}), vec![]),
        (
            json!({"payload": inner, "payload_json": "text"}),
            vec!["/payload/permit_decision", "/payload/decision_binding", "/payload"],
        ),
        (binding.clone(), vec![""]),
        (json!({"permit_decision": binding}), vec![]),
        (json!({"payload": {"permit_decision": "text"}}), vec![]),
    ] {
        let parsed = tree(&entry);
        let found: Vec<String> = in_entry(parsed.root()).map(|found| found.pointer()).collect();
        assert_eq!(found, expected, "{entry}");
    }

    for (record, expected) in [
        (json!({"chain_entries": [{}, 1, {}]}), vec![Some(0), Some(2)]),
        (json!({"chain_entries": {}}), vec![None]),
        (json!({}), vec![None]),
        (json!([]), vec![]),
    ] {
        let parsed = tree(&record);
        let found: Vec<Option<usize>> = entries(parsed.root()).map(|(position, _)| position).collect();
        assert_eq!(found, expected, "{record}");
    }
}
