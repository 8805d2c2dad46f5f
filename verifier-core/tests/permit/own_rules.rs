//! What the reference supports and we refuse, and the order in which reasons are given.

use serde_json::{Value as Json, json};
use verifier_core::finding::Verdict;

use crate::support::{Issuer, judge_text, judge_tree, listed, outcome, rehash, ring};

fn with_entry(issuer: &Issuer, changes: &Json) -> Json {
    let mut entry = issuer.entry();
    for (name, value) in changes.as_object().unwrap() {
        entry[name] = value.clone();
    }
    json!({ "keys": [entry] })
}

#[test]
fn an_honest_artifact_is_supported() {
    let issuer = Issuer::new(7);
    let row = judge_tree(&issuer.artifact(&json!({})), &ring(Some(&with_entry(&issuer, &json!({})))));
    assert_eq!(outcome(&row), ("supported", "PERMIT_DECISION_SUPPORTED"), "{}", row.message);
    assert!(row.notes.is_empty());
    assert!(row.location.bytes.is_some());
}

#[test]
fn a_key_that_may_not_be_used_is_refused_only_when_it_signed() {
    let issuer = Issuer::new(7);
    let artifact = issuer.artifact(&json!({}));
    let mut forged = artifact.clone();
    forged["canonical_payload"]["reason"] = json!("other");
    rehash(&mut forged);
    for (changes, code) in [
        (json!({"status": "revoked"}), "SIGNING_KEY_REVOKED"),
        (json!({"revoked_at": "2026-05-07T12:00:00Z"}), "SIGNING_KEY_REVOKED"),
        (json!({"status": "compromised"}), "SIGNING_KEY_REVOKED"),
        (json!({"valid_to": "2026-05-07T11:59:59Z"}), "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME"),
        (json!({"valid_from": "2026-05-07T12:00:01Z"}), "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME"),
        (json!({"valid_from": "soon"}), "SIGNING_KEY_STATUS_UNKNOWN"),
        (json!({"status": "paused"}), "SIGNING_KEY_STATUS_UNKNOWN"),
    ] {
        let keys = ring(Some(&with_entry(&issuer, &changes)));
        let row = judge_tree(&artifact, &keys);
        assert_eq!(outcome(&row), ("insufficient_evidence", code), "{changes}");
        assert!(row.key_refusal.is_some() && row.signed().is_none(), "{changes}");
        let row = judge_tree(&forged, &keys);
        assert_eq!(outcome(&row), ("disproved", "PERMIT_DECISION_SIGNATURE_INVALID"), "{changes}");
    }
    let later = ring(Some(&with_entry(&issuer, &json!({"revoked_at": "2026-06-01T00:00:00Z"}))));
    let row = judge_tree(&artifact, &later);
    assert_eq!(row.verdict, Verdict::Supported);
    assert_eq!(row.notes[0].code.id, "PERMIT_DECISION_KEY_REVOKED_LATER");
}

#[test]
fn the_signing_time_cannot_be_moved_into_the_validity_of_the_key() {
    let issuer = Issuer::new(7);
    let ended = ring(Some(&with_entry(&issuer, &json!({"valid_to": "2026-05-01T00:00:00Z"}))));
    let mut artifact = issuer.artifact(&json!({}));
    let row = judge_tree(&artifact, &ended);
    assert_eq!(row.code.id, "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME");
    artifact["binding_issued_at"] = json!("2026-04-30T00:00:00Z");
    let row = judge_tree(&artifact, &ended);
    assert_eq!(outcome(&row), ("disproved", "PERMIT_DECISION_SIGNED_BEFORE_ISSUED"));
    // A time that cannot be read leaves the signed one.
    artifact["binding_issued_at"] = json!("whenever");
    assert_eq!(judge_tree(&artifact, &ended).code.id, "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME");
    let valid = ring(Some(&with_entry(&issuer, &json!({}))));
    for (text, noted) in [
        ("whenever", true),
        ("2026-05-07T12:00:01Z", true),
        ("2026-05-07T14:00:00+02:00", false),
        ("2026-05-07 12:00", false),
    ] {
        artifact["binding_issued_at"] = json!(text);
        let row = judge_tree(&artifact, &valid);
        assert_eq!(row.verdict, Verdict::Supported, "{text}");
        let found = row.notes.iter().any(|note| note.code.id == "PERMIT_DECISION_SIGNING_TIME_DIFFERS");
        assert_eq!(found, noted, "{text}");
    }
}

#[test]
fn second_spellings_are_refused() {
    let issuer = Issuer::new(7);
    let keys = ring(Some(&with_entry(&issuer, &json!({}))));
    let artifact = issuer.artifact(&json!({}));
    let text = artifact["binding_signature"].as_str().unwrap().to_owned();
    for spelling in [format!("{text}\n"), text.replacen("ed25519:", "ed25519:-", 1)] {
        let mut altered = artifact.clone();
        altered["binding_signature"] = json!(spelling);
        let row = judge_tree(&altered, &keys);
        assert_eq!(outcome(&row), ("disproved", "SIGNATURE_SECOND_SPELLING"), "{spelling:?}");
        assert!(row.signed().is_none());
        altered["canonical_payload"]["reason"] = json!("other");
        rehash(&mut altered);
        assert_eq!(judge_tree(&altered, &keys).code.id, "PERMIT_DECISION_SIGNATURE_INVALID");
    }
    for spelling in [text.replace("ed25519:", "ED25519:"), text.replace("ed25519:", "")] {
        let mut altered = artifact.clone();
        altered["binding_signature"] = json!(spelling);
        assert_eq!(judge_tree(&altered, &keys).code.id, "PERMIT_DECISION_SCHEMA_INVALID");
    }
    let key = format!("{}\n", issuer.public().to_text());
    let row = judge_tree(&artifact, &ring(Some(&with_entry(&issuer, &json!({"public_key": key})))));
    assert_eq!(outcome(&row), ("disproved", "SIGNATURE_SECOND_SPELLING"));
}

#[test]
fn trust_entries_that_do_not_fit_have_the_published_codes() {
    let issuer = Issuer::new(7);
    let other = Issuer::new(8);
    let artifact = issuer.artifact(&json!({}));
    for (changes, expected) in [
        (json!({"key_id": "0000000000000000"}), ("insufficient_evidence", "PERMIT_DECISION_UNTRUSTED_KEY")),
        (json!({"purpose": "export_signing"}), ("insufficient_evidence", "PERMIT_DECISION_UNTRUSTED_KEY")),
        (json!({"public_key": null}), ("insufficient_evidence", "PERMIT_DECISION_TRUST_ROOT_UNRESOLVABLE")),
        (
            json!({"public_key": "ed25519:A"}),
            ("insufficient_evidence", "PERMIT_DECISION_TRUST_ROOT_UNRESOLVABLE"),
        ),
        (json!({"public_key": "ed25519:AAAA"}), ("disproved", "PERMIT_DECISION_KEY_ID_MISMATCH")),
        (json!({"public_key": other.public().to_text()}), ("disproved", "PERMIT_DECISION_KEY_ID_MISMATCH")),
        (
            json!({"public_key": other.public().to_text(), "status": "revoked"}),
            ("disproved", "PERMIT_DECISION_KEY_ID_MISMATCH"),
        ),
    ] {
        let row = judge_tree(&artifact, &ring(Some(&with_entry(&issuer, &changes))));
        assert_eq!(outcome(&row), expected, "{changes}: {}", row.message);
    }
    let two = json!({"keys": [issuer.entry(), with_entry(&issuer, &json!({"public_key": other.public().to_text()}))["keys"][0]]});
    assert_eq!(
        outcome(&judge_tree(&artifact, &ring(Some(&two)))),
        ("insufficient_evidence", "SIGNING_KEY_AMBIGUOUS")
    );
    assert_eq!(judge_tree(&artifact, &ring(None)).code.id, "PERMIT_DECISION_TRUST_ROOT_UNRESOLVABLE");
    let mislisted = with_entry(&issuer, &json!({"key_id": "mine"}));
    assert!(judge_tree(&artifact, &ring(Some(&mislisted))).message.contains("listed as \"mine\""));
    assert_eq!(
        judge_tree(&artifact, &ring(Some(&listed(&[&issuer.public().to_text()])))).verdict,
        Verdict::Supported
    );
}

#[test]
fn a_name_stands_once() {
    let issuer = Issuer::new(7);
    let keys = ring(Some(&with_entry(&issuer, &json!({}))));
    let text = issuer.artifact(&json!({})).to_string();
    assert_eq!(judge_text(&text, &keys).verdict, Verdict::Supported);
    for (from, to) in [
        // The last one is hashed, the first one is what some readers show.
        ("\"decision\":\"allow\"", "\"decision\":\"deny\",\"decision\":\"allow\""),
        ("\"decision\":\"allow\"", "\"d\\u0065cision\":\"deny\",\"decision\":\"allow\""),
        ("{\"max_output_tokens\":100}", "{\"max_output_tokens\":1,\"max_output_tokens\":100}"),
        ("\"artifact_type\":", "\"note\":{\"a\":1,\"a\":2},\"artifact_type\":"),
        (
            "\"resource_attributes_json\":{}",
            "\"resource_attributes_json\":{},\"resource_attributes_json\":{}",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let row = judge_text(&text.replacen(from, to, 1), &keys);
        assert_eq!(outcome(&row), ("disproved", "DUPLICATE_JSON_KEY"), "{to}");
    }
}

#[test]
fn hashed_data_without_a_canonical_form_is_malformed() {
    let issuer = Issuer::new(7);
    let keys = ring(Some(&with_entry(&issuer, &json!({}))));
    let text = issuer.artifact(&json!({})).to_string();
    for value in ["9007199254740992", "-9007199254740992", "1e400", "NaN", "\"\\ud800\""] {
        let altered =
            text.replacen("\"max_output_tokens\":100", &format!("\"max_output_tokens\":{value}"), 1);
        assert_eq!(
            outcome(&judge_text(&altered, &keys)),
            ("disproved", "PERMIT_DECISION_SCHEMA_INVALID"),
            "{value}"
        );
        let altered = text.replacen(
            "\"resource_attributes_json\":{}",
            &format!("\"resource_attributes_json\":{{\"a\":{value}}}"),
            1,
        );
        assert_eq!(
            outcome(&judge_text(&altered, &keys)),
            ("disproved", "PERMIT_DECISION_SCHEMA_INVALID"),
            "{value}"
        );
    }
}

#[test]
fn wrong_types_are_malformed_not_a_crash() {
    let issuer = Issuer::new(7);
    let keys = ring(Some(&with_entry(&issuer, &json!({}))));
    let scope = ("unverifiable_scope", "PERMIT_DECISION_UNSUPPORTED_BINDING_VERSION");
    let invalid = ("disproved", "PERMIT_DECISION_SCHEMA_INVALID");
    let missing = ("insufficient_evidence", "PERMIT_DECISION_EVIDENCE_MISSING");
    for (name, value, expected) in [
        ("binding_version", json!(["v7"]), scope),
        ("binding_version", json!({}), scope),
        ("binding_version", json!(7), scope),
        ("decision", json!(["allow"]), invalid),
        ("decision", json!("throttle"), invalid),
        ("subject_type", json!({"user": 1}), invalid),
        ("subject_type", json!("robot"), invalid),
        ("account_id", json!("not a uuid"), invalid),
        ("org_id", json!(1), invalid),
        ("subject_id", json!(""), missing),
        ("permit_id", json!(5), missing),
        ("binding_key_id", json!(null), missing),
        ("missing_x", json!(1), invalid),
        ("binding_version_note", json!("must be a non-empty"), invalid),
    ] {
        let mut artifact = issuer.artifact(&json!({}));
        artifact["canonical_payload"][name] = value.clone();
        assert_eq!(outcome(&judge_tree(&artifact, &keys)), expected, "{name} {value}");
    }
}

#[test]
fn times_and_stripped_members_are_noted() {
    let issuer = Issuer::new(7);
    let keys = ring(Some(&with_entry(&issuer, &json!({}))));
    let row = judge_tree(&issuer.artifact(&json!({"expires_at": "2026-05-07T11:59:59+00:00"})), &keys);
    assert_eq!(row.verdict, Verdict::Supported);
    assert_eq!(row.notes[0].code.id, "PERMIT_EXPIRES_BEFORE_ISSUED");

    let hash = verifier_core::bytes::hex::encode(&verifier_core::crypto::sha256(b"{\"model\":\"m\"}"));
    let mut artifact =
        issuer.artifact(&json!({"final_request_hash": format!(" SHA256:{} ", hash.to_uppercase())}));
    artifact["provider_wire_body"] = json!("{\"model\":\"m\",\"X-Request-Id\":1}");
    let row = judge_tree(&artifact, &keys);
    assert_eq!(row.verdict, Verdict::Supported, "{}", row.message);
    assert_eq!(row.stripped, ["/X-Request-Id"]);
    assert_eq!(row.notes[0].code.id, "PERMIT_WIRE_BODY_MEMBERS_NOT_COVERED");
    for (body, expected) in [
        (json!("{\"model\":\"n\"}"), "permit.binding.v7.wire_body_hash_mismatch"),
        (json!("[]"), "permit.binding.wire_body_json_invalid"),
        (json!("{"), "permit.binding.wire_body_json_invalid"),
        (json!(0), "permit.binding.wire_body_json_invalid"),
        (json!("{\"model\":\"n\",\"model\":\"m\"}"), "DUPLICATE_JSON_KEY"),
    ] {
        artifact["provider_wire_body"] = body.clone();
        assert_eq!(judge_tree(&artifact, &keys).code.id, expected, "{body}");
    }
    let mut unbound = issuer.artifact(&json!({}));
    unbound["dispatch_request_body"] = json!({});
    assert_eq!(judge_tree(&unbound, &keys).code.id, "permit.binding.wire_body_hash_missing");
    let mut form = issuer.artifact(&json!({}));
    form["binding_request_canonical_version"] = json!("v1");
    assert_eq!(judge_tree(&form, &keys).code.id, "permit.binding.v7.request_canonical_version_mismatch");
}
