//! Workflow evidence, its sibling check and permit snapshots (spec 06).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at a surprise"
)]

mod workflow_evidence;

use serde_json::{Value, json};
use verifier_core::claim::workflow::{
    AMENDMENT_SIGNATURE, DECLARATION_SIGNATURE, EFFECTIVE_INTENT_HASH, PERMIT_SNAPSHOT, SIBLING_INTEGRITY,
};
use verifier_core::finding::Verdict::{self, Disproved, InsufficientEvidence, Supported};
use verifier_core::report::{Outcome, Report};
use workflow_evidence::*;

#[track_caller]
fn refused(report: &Report, claim: &str, verdict: Verdict, code: &str) {
    assert!(report.has_code(code), "{code} missing: {:#?}", report.findings);
    assert_eq!(report.verdict(claim), Some(verdict), "{:#?}", report.findings);
    assert_ne!(report.outcome, Outcome::Verified);
}

#[track_caller]
fn accepted(report: &Report, claims: &[&str]) {
    assert_eq!(report.outcome, Outcome::Verified, "{:#?}", report.findings);
    let names: Vec<&str> = report.claims.iter().map(|claim| claim.name).collect();
    assert_eq!(names, claims);
    assert!(report.claims.iter().all(|claim| claim.verdict == Supported));
}

/// Spec 06 section 10.
#[test]
fn published_vectors() {
    assert_eq!(
        canonical_hash(&declaration_payload()),
        "0f1f826cd70eaf862b074c0ed3757e3e868e94ed495b00a0eee55688d1d0abfd"
    );
    assert_eq!(
        canonical_hash(&amendment_payload()),
        "5d8eca7fea8ba19db55748aa47c2aa660a1a1b3bce976435e19f8acee35fe1dd"
    );
    accepted(&check(&honest()), &[DECLARATION_SIGNATURE, AMENDMENT_SIGNATURE, EFFECTIVE_INTENT_HASH]);
    let alone = with(&declaration(), json!({"version": 1, "effective_intent_hash": DECLARED_HASH}));
    accepted(&check(&document(&[alone], &[])), &[DECLARATION_SIGNATURE, EFFECTIVE_INTENT_HASH]);
    accepted(&check(&document(&[], &[])), &[]);
}

#[test]
fn every_spelling_of_a_record_that_the_reference_reads_is_read() {
    let both = [DECLARATION_SIGNATURE, AMENDMENT_SIGNATURE, EFFECTIVE_INTENT_HASH];
    let same = |patch| document(&[with(&declaration(), patch)], &[amendment()]);
    let hash = canonical_hash(&declaration_payload());
    for patch in [
        json!({"declaration_canonical_hash": format!(" sha256:{hash} ")}),
        json!({"effective_intent_hash": format!("sha256:{AMENDED_HASH}")}),
        json!({"declaration_signed_at": "2026-05-07T14:00:00+02:00"}),
        json!({"workflow_declaration_id": format!(" {DECLARATION} "), "project_id": format!(" {PROJECT}")}),
        json!({"intent_json": null, "intent": intent()}),
        json!({"intent_json": with(&intent(), json!({"note": null}))}),
        json!({"binding_key_id": 5, "key_id": public(BINDING_SEED).binding_id()}),
        json!({"declared_by": null, "declared_by_api_key_id": API_KEY}),
        json!({"signed_payload": declaration_payload()}),
        json!({"max_calls": 5, "expected_calls": 2, "expected_model": "gpt-4o-mini"}),
        json!({"max_calls": 7}),
    ] {
        accepted(&check(&same(patch)), &both);
    }
    let default_currency = without(&declaration(), "projection_currency");
    accepted(&check(&document(&[default_currency], &[amendment()])), &both);
    let mut inlined = without(&amendment_payload(), "delta");
    inlined = with(&inlined, delta());
    for payload in [
        with(&amendment_payload(), json!({"workflow_amendment_id": AMENDMENT})),
        inlined.clone(),
        with(&inlined, json!({"workflow_amendment_id": AMENDMENT})),
    ] {
        accepted(&check(&document(&[declaration()], &[amendment_over(&payload)])), &both);
        let embedded = with(&amendment_over(&payload), json!({"signed_payload": payload}));
        accepted(&check(&document(&[declaration()], &[embedded])), &both);
    }
    let legacy = check(&with(&honest(), json!({"schema": "keel.vanta.workflow_evidence/v1"})));
    accepted(&legacy, &both);
    assert!(legacy.has_code("WORKFLOW_LEGACY_SCHEMA_NAME"));
}

/// Replaces every scalar of a value, one at a time.
fn changes(value: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    collect(value, &mut String::new(), &mut |pointer, leaf| {
        let mut changed = value.clone();
        *changed.pointer_mut(pointer).unwrap() = match leaf {
            Value::Number(number) => json!(number.as_i64().unwrap() + 1),
            Value::String(text) if text.starts_with("2026") => json!("2026-05-07T12:00:01+00:00"),
            Value::String(text) => json!(format!("{text}0")),
            _ => json!("other"),
        };
        found.push((pointer.to_owned(), changed));
    });
    found
}

fn collect(value: &Value, pointer: &mut String, visit: &mut impl FnMut(&str, &Value)) {
    let steps: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter().zip(0..).map(|(item, index): (_, i32)| (index.to_string(), item)).collect()
        }
        _ => return visit(pointer, value),
    };
    for (step, value) in steps {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&step);
        collect(value, pointer, visit);
        pointer.truncate(length);
    }
}

#[test]
fn every_signed_member_counts_and_the_others_are_known() {
    let mut unnoticed = Vec::new();
    for (pointer, changed) in changes(&declaration()) {
        let report = check(&document(&[changed], &[amendment()]));
        if report.outcome == Outcome::Verified {
            unnoticed.push(format!("declaration{pointer}"));
        }
    }
    for (pointer, changed) in changes(&amendment()) {
        let report = check(&document(&[declaration()], &[changed]));
        if report.outcome == Outcome::Verified {
            unnoticed.push(format!("amendment{pointer}"));
        }
    }
    // A declaration's id and version are held by its amendments only.
    assert_eq!(
        unnoticed,
        ["declaration/cached_actual_calls", "declaration/declared_at", "amendment/workflow_amendment_id"]
    );
}

#[test]
fn a_genuine_payload_does_not_cover_what_is_shown_beside_it() {
    let code = "WORKFLOW_SIGNED_PAYLOAD_DIVERGES";
    let sealed = with(&declaration(), json!({"signed_payload": declaration_payload()}));
    for patch in [
        json!({"intent_json": with(&intent(), json!({"max_calls": 5000}))}),
        json!({"projection_amount_micros": 1}),
        json!({"projected_cost": {"amount_micros": 1}}),
        json!({"status": "completed"}),
        json!({"workflow_id": "wf_other"}),
        json!({"project_id": API_KEY}),
        json!({"budget_envelope_id": API_KEY}),
        json!({"declared_by": {"type": "dashboard_session", "id": API_KEY}}),
        json!({"declaration_signed_at": "2026-05-07T12:00:01Z"}),
    ] {
        let report = check(&document(&[with(&sealed, patch.clone())], &[amendment()]));
        refused(&report, DECLARATION_SIGNATURE, Disproved, code);
    }
    let sealed = with(&amendment(), json!({"signed_payload": amendment_payload()}));
    for patch in [
        json!({"new_max_calls": 700}),
        json!({"project_id": API_KEY}),
        json!({"created_at": "2026-05-07T12:04:00+00:00"}),
    ] {
        let report = check(&document(&[declaration()], &[with(&sealed, patch)]));
        refused(&report, AMENDMENT_SIGNATURE, Disproved, code);
    }
    // Another kind of payload under the same key, and one that leaves the terms out.
    for payload in [
        with(&declaration_payload(), json!({"binding_version": "v1"})),
        without(&declaration_payload(), "binding_version"),
        without(&declaration_payload(), "intent"),
        with(&declaration_payload(), json!({"binding_key_id": "34750f98bd59fcfc"})),
    ] {
        let record = with(&declaration_over(&payload), json!({"signed_payload": payload}));
        refused(&check(&document(&[record], &[amendment()])), DECLARATION_SIGNATURE, Disproved, code);
    }
    // Shown members are signed, and a payload beside them shows something else.
    let decoy = with(&declaration_payload(), json!({"intent": {"max_calls": 9}}));
    let record = with(&declaration(), json!({"signed_payload": decoy}));
    refused(&check(&document(&[record], &[amendment()])), DECLARATION_SIGNATURE, Disproved, code);
}

#[test]
fn a_value_shown_twice_must_be_the_signed_one() {
    let code = "WORKFLOW_SIGNED_PAYLOAD_DIVERGES";
    for patch in [
        json!({"max_calls": 5000}),
        json!({"expected_model": "other"}),
        json!({"intent": {"max_calls": 9}}),
        json!({"declared_by_api_key_id": DECLARATION}),
    ] {
        let report = check(&document(&[with(&declaration(), patch)], &[amendment()]));
        refused(&report, DECLARATION_SIGNATURE, Disproved, code);
    }
    let twice = with(&amendment(), json!({"delta": delta(), "new_max_calls": 700}));
    refused(&check(&document(&[declaration()], &[twice])), AMENDMENT_SIGNATURE, Disproved, code);
}

#[test]
fn the_effective_intent_is_that_of_the_signed_payload() {
    let shown = with(&intent(), json!({"max_calls": 5000}));
    let mut over_shown = canon_bytes(&shown);
    over_shown.extend(canon_bytes(&delta()));
    let stated = verifier_core::bytes::hex::encode(&verifier_core::crypto::sha256(&over_shown));
    let record = with(
        &declaration(),
        json!({"signed_payload": declaration_payload(), "intent_json": shown, "effective_intent_hash": stated}),
    );
    let report = check(&document(&[record], &[amendment()]));
    refused(&report, EFFECTIVE_INTENT_HASH, Disproved, "WORKFLOW_EFFECTIVE_INTENT_HASH_MISMATCH");
}

fn canon_bytes(value: &Value) -> Vec<u8> {
    verifier_core::canon::to_bytes(verifier_core::canon::Profile::Legacy, parse(value).root()).unwrap()
}

#[test]
fn signatures_fail_with_their_reason() {
    let claim = DECLARATION_SIGNATURE;
    let declared = |patch| document(&[with(&declaration(), patch)], &[amendment()]);
    let genuine = declaration()["declaration_signature_b64"].as_str().unwrap().to_owned();
    for (patch, code) in [
        (json!({"declaration_canonical_hash": null}), "WORKFLOW_SIGNATURE_INVALID"),
        (json!({"declaration_signature_b64": " "}), "WORKFLOW_SIGNATURE_INVALID"),
        (json!({"declaration_signature_b64": sign(EXPORT_SEED, "x")}), "WORKFLOW_SIGNATURE_INVALID"),
        (json!({"declaration_signature_b64": format!("{genuine}\n")}), "SIGNATURE_SECOND_SPELLING"),
        (json!({"binding_key_id": "unknown"}), "WORKFLOW_SIGNATURE_INVALID"),
    ] {
        refused(&check(&declared(patch)), claim, Disproved, code);
    }
    let named = declared(json!({"binding_key_id": public(BINDING_SEED).binding_id()}));
    for (binding, code) in [
        (json!({"status": "revoked"}), "SIGNING_KEY_REVOKED"),
        (json!({"compromised_at": "2027-01-01T00:00:00Z"}), "SIGNING_KEY_REVOKED"),
        (json!({"valid_to": "2026-05-01T00:00:00Z"}), "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME"),
        (json!({"status": "sleeping"}), "SIGNING_KEY_STATUS_UNKNOWN"),
        (json!({"purpose": "export_signing"}), "WORKFLOW_SIGNATURE_INVALID"),
        (json!({"key_id": "0000000000000000"}), "WORKFLOW_SIGNATURE_INVALID"),
    ] {
        refused(&check_with(binding, &named), claim, Disproved, code);
    }
    // Without a key id the reference refuses a key outside its window as well, under its own code.
    let report = check_with(json!({"valid_to": "2026-05-01T00:00:00Z"}), &honest());
    refused(&report, claim, Disproved, "WORKFLOW_SIGNATURE_INVALID");
    refused(&report, claim, Disproved, "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME");
    let honest_window = check_with(json!({"valid_to": "2026-06-01T00:00:00Z"}), &named);
    assert_eq!(honest_window.outcome, Outcome::Verified);
}

#[test]
fn malformed_records_and_documents() {
    let code = "WORKFLOW_EVIDENCE_SCHEMA_INVALID";
    for patch in [
        json!({"workflow_id": ""}),
        json!({"workflow_declaration_id": null}),
        json!({"status": "Active"}),
        json!({"intent_json": {}}),
        json!({"intent_json": {"expected_calls": 6, "max_calls": 5}}),
        json!({"intent_json": {"max_calls": -1}}),
        json!({"version": true}),
        json!({"version": 2.0}),
        json!({"version": null}),
        json!({"cached_actual_calls": "0"}),
        json!({"declaration_signed_at": "soon"}),
        json!({"declaration_canonical_hash": 5}),
        json!({"effective_intent_hash": " "}),
    ] {
        let report = check(&document(&[with(&declaration(), patch)], &[amendment()]));
        refused(&report, DECLARATION_SIGNATURE, InsufficientEvidence, code);
        assert_eq!(report.verdict(EFFECTIVE_INTENT_HASH), None, "no order without every record");
    }
    for patch in [
        json!({"applied_against_version": null}),
        json!({"new_max_calls": -1}),
        json!({"reason_provided": 5}),
        json!({"created_at": ""}),
        json!({"project_id": 1}),
    ] {
        let report = check(&document(&[declaration()], &[with(&amendment(), patch)]));
        refused(&report, EFFECTIVE_INTENT_HASH, InsufficientEvidence, code);
        assert_eq!(report.verdict(DECLARATION_SIGNATURE), Some(Supported));
    }
    for patch in [
        json!({"schema": "other"}),
        json!({"schema": ["keel.workflow_evidence/v1"]}),
        json!({"declarations": {}}),
        json!({"amendments": null}),
        json!({"declaration_count": 2}),
        json!({"amendment_count": null}),
        json!({"declarations": [declaration(), declaration()], "declaration_count": 2}),
        json!({"amendments": [], "amendment_count": 1}),
    ] {
        refused(&check(&with(&honest(), patch)), EFFECTIVE_INTENT_HASH, InsufficientEvidence, code);
    }
    let report = check(&with(&honest(), json!({"declaration_count": true})));
    assert!(report.has_code("INPUT_STRUCTURE_INVALID") && report.outcome != Outcome::Verified);
}

/// A second amendment, signed, that follows the first one unless patched.
fn second(patch: Value) -> Value {
    let delta = with(
        &json!({"applied_against_version": 2, "previous_max_calls": 7, "new_max_calls": 9,
            "previous_expected_calls": 4, "new_expected_calls": 4}),
        patch,
    );
    let issued_at = "2026-05-07T12:07:00+00:00";
    let payload = with(&amendment_payload(), json!({"issued_at": issued_at, "delta": delta}));
    let mut record = without(&amendment_over(&payload), "reason_provided");
    record = with(&record, delta);
    with(
        &record,
        json!({"created_at": issued_at, "workflow_amendment_id": "30000000-0000-0000-0000-000000000002"}),
    )
}

fn two(first: Value, second: Value, version: u32) -> Value {
    let mut bytes = canon_bytes(&intent());
    bytes.extend(canon_bytes(&delta()));
    let shown: serde_json::Map<String, Value> = second
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| verifier_core::format::workflow::DELTA_MEMBERS.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    bytes.extend(canon_bytes(&Value::Object(shown)));
    let hash = verifier_core::bytes::hex::encode(&verifier_core::crypto::sha256(&bytes));
    let declared = with(&declaration(), json!({"version": version, "effective_intent_hash": hash}));
    document(&[declared], &[first, second])
}

#[test]
fn amendments_must_follow_each_other() {
    let order = "WORKFLOW_AMENDMENT_ORDER_INVALID";
    assert_eq!(check(&two(amendment(), second(json!({})), 3)).outcome, Outcome::Verified);
    for (document, code) in [
        (two(amendment(), second(json!({})), 2), order),
        (two(amendment(), second(json!({"applied_against_version": 3})), 3), order),
        (
            two(amendment(), second(json!({"previous_max_calls": 5})), 3),
            "WORKFLOW_AMENDMENT_PREVIOUS_MISMATCH",
        ),
        (
            two(amendment(), second(json!({"previous_expected_calls": 3})), 3),
            "WORKFLOW_AMENDMENT_PREVIOUS_MISMATCH",
        ),
        (
            with(
                &two(amendment(), second(json!({})), 3),
                json!({"amendments": [second(json!({})), amendment()]}),
            ),
            order,
        ),
        (document(&[], &[amendment()]), order),
        (document(&[declaration()], &[]), order),
        (
            document(
                &[with(&declaration(), json!({"effective_intent_hash": DECLARED_HASH}))],
                &[amendment()],
            ),
            "WORKFLOW_EFFECTIVE_INTENT_HASH_MISMATCH",
        ),
    ] {
        refused(&check(&document), EFFECTIVE_INTENT_HASH, Disproved, code);
    }
    // An amendment that says nothing about the state before it is not contradicted by it.
    let silent = second(json!({"previous_max_calls": null, "previous_expected_calls": null}));
    let report = check(&two(amendment(), silent, 3));
    assert!(!report.has_code("WORKFLOW_AMENDMENT_PREVIOUS_MISMATCH"));
}

#[test]
fn permits_are_compared_with_the_terms_in_force() {
    let supported = [DECLARATION_SIGNATURE, AMENDMENT_SIGNATURE, EFFECTIVE_INTENT_HASH, PERMIT_SNAPSHOT];
    let mismatch = "WORKFLOW_EFFECTIVE_INTENT_HASH_MISMATCH";
    let before = with(
        &permit(with(
            &state(),
            json!({"effective_intent_hash": DECLARED_HASH, "declaration_version_at_decision": 1}),
        )),
        json!({"timestamp": "2026-05-07T12:05:00+00:00"}),
    );
    for honest in [
        permit(state()),
        before.clone(),
        permit(with(&state(), json!({"declaration_version_at_decision": 2.0, "max_calls_at_decision": 7}))),
        permit(with(&state(), json!({"effective_intent_hash": format!("sha256:{AMENDED_HASH}")}))),
        with(
            &permit(without(&state(), "workflow_declaration_id")),
            json!({"workflow_declaration_id": DECLARATION}),
        ),
        json!({"permit": {"workflow_state": state(), "created_at": "2026-05-07T12:06:00Z"}}),
        with(&permit(with(&state(), json!({"actual_calls_at_decision": 8}))), json!({"decision": "deny"})),
        permit(with(&state(), json!({"actual_calls_at_decision": 7}))),
    ] {
        accepted(&check_permits(&self::honest(), &[honest]), &supported);
    }
    let none = permit(with(
        &without(&state(), "workflow_declaration_id"),
        json!({"admission_state": "unknown_or_inactive"}),
    ));
    accepted(&check_permits(&honest(), &[none, json!({"permit_id": "p"})]), &supported[..3]);
    for (permit, code) in [
        (permit(with(&state(), json!({"effective_intent_hash": DECLARED_HASH}))), mismatch),
        (permit(with(&state(), json!({"effective_intent_hash": AMENDED_HASH.to_uppercase()}))), mismatch),
        (permit(with(&state(), json!({"declaration_version_at_decision": "2"}))), mismatch),
        (permit(with(&state(), json!({"declaration_version_at_decision": null}))), mismatch),
        (permit(with(&state(), json!({"workflow_declaration_id": API_KEY}))), mismatch),
        (permit(without(&state(), "workflow_declaration_id")), mismatch),
        (with(&permit(state()), json!({"timestamp": "2026-05-07T12:05:00+00:00"})), mismatch),
        (without(&permit(state()), "timestamp"), mismatch),
        (with(&before, json!({"timestamp": "2026-05-07T12:05:00.000001+00:00"})), mismatch),
        (permit(with(&state(), json!({"actual_calls_at_decision": 8}))), "WORKFLOW_CALL_LIMIT_EXCEEDED"),
        (permit(with(&state(), json!({"max_calls_at_decision": 700}))), "WORKFLOW_CALL_LIMIT_MISSTATED"),
        (permit(with(&state(), json!({"actual_calls_at_decision": "1"}))), "INPUT_STRUCTURE_INVALID"),
    ] {
        let report = check_permits(&honest(), &[permit]);
        refused(&report, PERMIT_SNAPSHOT, Disproved, code);
        assert_eq!(report.findings[0].location.pointer.as_deref(), Some("/records/0"));
    }
    let report = check_permits(&honest(), &[json!("text")]);
    refused(&report, EFFECTIVE_INTENT_HASH, InsufficientEvidence, "WORKFLOW_EVIDENCE_SCHEMA_INVALID");
}

#[test]
fn the_sibling_is_found_only_beside_the_manifest() {
    let bytes = honest().to_string().into_bytes();
    let claims = [SIBLING_INTEGRITY, DECLARATION_SIGNATURE, AMENDMENT_SIGNATURE, EFFECTIVE_INTENT_HASH];
    let mention = mention(&bytes);
    for (patch, place) in [
        (json!({}), "workflow_evidence.json"),
        (json!({}), "e1/workflow_evidence.json"),
        (json!({"bundle_dir": "./bundle/"}), "bundle/workflow_evidence.json"),
        (json!({"workflow_evidence_file": "./other.json"}), "other.json"),
    ] {
        accepted(&check_sibling(&with(&mention, patch), &[(place, &bytes)]), &claims);
    }
    for path in
        ["/etc/hostname", "../workflow_evidence.json", "~/workflow_evidence.json", "a/../../b", "a\\b"]
    {
        for name in ["workflow_evidence_file", "bundle_dir"] {
            let files: [(&str, &[u8]); 1] = [("workflow_evidence.json", &bytes)];
            let report = check_sibling(&with(&mention, json!({name: path})), &files);
            refused(&report, SIBLING_INTEGRITY, InsufficientEvidence, "INPUT_PATH_UNSAFE");
        }
    }
    let absent = check_sibling(&mention, &[("elsewhere.json", &bytes)]);
    refused(&absent, EFFECTIVE_INTENT_HASH, InsufficientEvidence, "WORKFLOW_EVIDENCE_SCHEMA_INVALID");
}

#[test]
fn the_sibling_must_be_the_signed_file() {
    let bytes = honest().to_string().into_bytes();
    let named = |patch: Value| {
        let mut mention = mention(&bytes);
        let descriptor = with(&mention["workflow_evidence"], patch);
        mention["workflow_evidence"] = descriptor;
        check_sibling(&mention, &[("workflow_evidence.json", &bytes)])
    };
    let invalid = "WORKFLOW_SIGNATURE_INVALID";
    for patch in [
        json!({"signature": null}),
        json!({"signature": " "}),
        json!({"signature": "ed25519:AAAA"}),
        json!({"signature": sign(BINDING_SEED, "x")}),
        json!({"public_key": public(BINDING_SEED).to_text()}),
    ] {
        refused(&named(patch), SIBLING_INTEGRITY, Disproved, invalid);
    }
    // The reference reports a key that it cannot find on the declarations.
    let unknown = named(json!({"key_id": "unknown"}));
    refused(&unknown, DECLARATION_SIGNATURE, Disproved, invalid);
    assert_eq!(unknown.verdict(SIBLING_INTEGRITY), Some(InsufficientEvidence));
    let altered = check_sibling(&mention(b"{}"), &[("workflow_evidence.json", &bytes)]);
    refused(&altered, SIBLING_INTEGRITY, Disproved, "WORKFLOW_EVIDENCE_SCHEMA_INVALID");
    let list = b"[]".as_slice();
    let not_an_object = check_sibling(&mention(list), &[("workflow_evidence.json", list)]);
    refused(&not_an_object, EFFECTIVE_INTENT_HASH, InsufficientEvidence, "WORKFLOW_EVIDENCE_SCHEMA_INVALID");
    let twice = honest().to_string().replacen("{", "{\"schema\":1,", 1).into_bytes();
    let repeated = check_sibling(&mention(&twice), &[("workflow_evidence.json", &twice)]);
    assert!(repeated.has_code("DUPLICATE_JSON_KEY") && repeated.outcome != Outcome::Verified);
    for schema in [json!("other"), json!(["keel.workflow_evidence/v1"]), Value::Null] {
        let report = check_sibling(
            &with(&mention(&bytes), json!({"schema": schema})),
            &[("workflow_evidence.json", &bytes)],
        );
        refused(&report, EFFECTIVE_INTENT_HASH, InsufficientEvidence, "WORKFLOW_EVIDENCE_SCHEMA_INVALID");
    }
}

#[test]
fn a_stripped_mention_is_noticed() {
    use verifier_core::archive::GivenSiblings;
    use verifier_core::claim::workflow::check_unnamed;
    let manifest = parse(&json!({"sibling_artifacts": {}}));
    let siblings = GivenSiblings::default().with_bytes("workflow_evidence.json", b"{}".to_vec());
    let report = report_with(&policy(json!({})), |_, out| check_unnamed(manifest.root(), &siblings, out));
    assert!(report.has_code("WORKFLOW_SIBLING_UNNAMED") && report.outcome != Outcome::Verified);
    let report = report_with(&policy(json!({})), |_, out| {
        check_unnamed(manifest.root(), &GivenSiblings::default(), out)
    });
    assert_eq!(report.outcome, Outcome::Verified);
}

mod hostile {
    use super::*;
    use proptest::prelude::*;

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            Just(json!("2026-05-07T12:00:00Z")),
            Just(json!("sha256:")),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z_]{0,6}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn pointers(value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        collect(value, &mut String::new(), &mut |pointer, _| found.push(pointer.to_owned()));
        let parents: Vec<String> =
            found.iter().filter_map(|pointer| Some(pointer.rsplit_once('/')?.0.to_owned())).collect();
        found.extend(parents);
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn mutated_documents_never_panic(at in any::<prop::sample::Index>(), value in json()) {
            let base = with(
                &document(
                    &[with(&declaration(), json!({"signed_payload": declaration_payload()}))],
                    &[with(&amendment(), json!({"signed_payload": amendment_payload(), "delta": delta()}))],
                ),
                json!({"permit": permit(state())}),
            );
            let pointers = pointers(&base);
            let mut mutated = base;
            *mutated.pointer_mut(at.get(&pointers).as_str()).unwrap() = value;
            let parsed = parse(&mutated);
            let _ = verifier_core::claim::workflow::snapshot_row(parsed.root(), 0);
            let report = report_with(&policy(json!({})), |keys, out| {
                let history = verifier_core::claim::workflow::check_document(
                    parsed.root(), "WORKFLOW-EVIDENCE", "w.json", keys, out,
                );
                let row = parsed.root().member("permit").and_then(|permit| {
                    verifier_core::claim::workflow::snapshot_row(permit, 0)
                });
                let place = verifier_core::claim::workflow::SnapshotPlace { label: "L", file: "f", pointer: None };
                if let Some(history) = history {
                    verifier_core::claim::workflow::check_snapshots(row, &history, &place, out);
                }
            });
            // Nothing is supported that also failed.
            for claim in &report.claims {
                let failed = report.findings.iter().any(|finding| {
                    finding.claim == Some(claim.name) && finding.effect.verdict().is_some()
                });
                prop_assert_eq!(claim.verdict == Supported, !failed);
            }
        }

        #[test]
        fn mutated_mentions_never_panic(at in any::<prop::sample::Index>(), value in json()) {
            let bytes = honest().to_string().into_bytes();
            let mut mention = mention(&bytes);
            let pointers = pointers(&mention);
            *mention.pointer_mut(at.get(&pointers).as_str()).unwrap() = value;
            check_sibling(&mention, &[("workflow_evidence.json", &bytes)]);
        }
    }
}
