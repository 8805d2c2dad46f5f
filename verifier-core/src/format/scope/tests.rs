use super::*;
use crate::bytes::Blob;
use crate::json::{Document, ParserLimits};

fn document(text: &str) -> Document {
    Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default()).unwrap()
}

fn predicate(equals: &str, ranges: &str) -> String {
    format!(r#"{{"version":"keel.scope_predicate.v1","operator":"and","equals":{equals},"ranges":{ranges}}}"#)
}

/// `Ok`, `M` for malformed, `U` for unsupported.
fn verdict(text: &str) -> &'static str {
    match Predicate::parse(document(text).root()) {
        Ok(_) => "ok",
        Err(PredicateError::Malformed(_)) => "malformed",
        Err(PredicateError::Unsupported(_)) => "unsupported",
    }
}

/// Spec 04 section 5.3, spec 12 sections 12.7 and 12.8.
#[test]
fn published_predicate_hashes() {
    for (text, hash) in [
        (
            predicate(r#"{"event_type":"permit.created"}"#, r#"{"sequence_number":{"gte":1,"lte":5}}"#),
            "sha256:e948509f792bcaf8f62a1f6a697684ac706020c63372c2164c35699d05f50cb4",
        ),
        (
            predicate(r#"{"event_type":"permit.decided"}"#, r#"{"sequence_number":{"lte":42,"gte":1}}"#),
            "sha256:a4b6fac0fc0293da4a8a2d498309c0c031dcddc83a08187fa66c38c88daf82ae",
        ),
        (
            predicate(r#"{"project_id":"p"}"#, "{}"),
            "sha256:041226ce91f4c049f6da640cace2475cb53e01f56d110c33a5b9e3acbd318b40",
        ),
        (
            predicate(
                r#"{"event_type":"dispatch.egress_bound","permit_id":"20000000-0000-4000-8000-000000000001","project_id":"00000000-0000-0000-0000-000000000041"}"#,
                r#"{"occurred_at":{"gte":"2026-05-21T10:05:00.000000Z","lt":"2026-05-21T10:10:00.000000Z"}}"#,
            ),
            "sha256:ce17beeb939a1868b176abcce5003a0dc3f6344d4cdaf3fd47a98eb3a4d067ad",
        ),
    ] {
        let document = document(&text);
        assert_eq!(Predicate::parse(document.root()).unwrap().value_hash().unwrap(), hash, "{text}");
    }
}

#[test]
fn the_grammar_tells_malformed_from_unsupported() {
    let time = r#"{"gte":"2026-01-01","lt":"2026-01-02"}"#;
    for (equals, ranges, expected) in [
        ("{}", "{}", "ok"),
        (r#"{"severity":null,"section":true,"policy_id":1.5}"#, "{}", "ok"),
        ("[]", "{}", "malformed"),
        ("{}", "null", "malformed"),
        (r#"{"model":"x"}"#, "{}", "unsupported"),
        (r#"{"subject_id":{}}"#, "{}", "unsupported"),
        (r#"{"anything":"x"}"#, "{}", "unsupported"),
        (r#"{"occurred_at":"2026-01-01"}"#, "{}", "malformed"),
        (r#"{"sequence_number":1}"#, "{}", "malformed"),
        (r#"{"permit_id":[]}"#, "{}", "malformed"),
        (r#"{"permit_id":{},"model":"x"}"#, "{}", "malformed"),
        ("{}", r#"{"incident_id":{}}"#, "unsupported"),
        ("{}", r#"{"event_type":{"gte":1,"lte":2}}"#, "malformed"),
        ("{}", r#"{"sequence_number":[1,2]}"#, "malformed"),
        ("{}", r#"{"sequence_number":{"gte":2,"lte":2}}"#, "ok"),
        ("{}", r#"{"sequence_number":{"gte":-5,"lte":99999999999999999999999999999999999999999999}}"#, "ok"),
        ("{}", r#"{"sequence_number":{"gte":3,"lte":2}}"#, "malformed"),
        ("{}", r#"{"sequence_number":{"gte":1.0,"lte":2}}"#, "malformed"),
        ("{}", r#"{"sequence_number":{"gte":true,"lte":2}}"#, "malformed"),
        ("{}", r#"{"sequence_number":{"gte":1,"lt":2}}"#, "malformed"),
        ("{}", r#"{"sequence_number":{"gte":1,"lte":2,"lt":2}}"#, "malformed"),
        ("{}", r#"{"created_at":{"gte":"x","lt":"2026-01-01"}}"#, "malformed"),
        ("{}", r#"{"created_at":{"gte":"2026-01-02","lt":"2026-01-01"}}"#, "ok"),
        ("{}", &format!(r#"{{"created_at":{time},"occurred_at":{time}}}"#), "ok"),
        ("{}", r#"{"created_at":{"gte":1,"lt":2}}"#, "malformed"),
    ] {
        assert_eq!(verdict(&predicate(equals, ranges)), expected, "{equals} {ranges}");
    }
    for (text, expected) in [
        ("5", "malformed"),
        (r#"{"operator":"and","equals":{},"ranges":{}}"#, "malformed"),
        (r#"{"version":"keel.scope_predicate.v2","operator":"or","equals":5,"ranges":{}}"#, "unsupported"),
        (r#"{"version":"keel.scope_predicate.v1","operator":"or","equals":5,"ranges":{}}"#, "unsupported"),
        (
            r#"{"version":"keel.scope_predicate.v1","operator":"and","equals":{},"ranges":{},"not":{}}"#,
            "malformed",
        ),
    ] {
        assert_eq!(verdict(text), expected, "{text}");
    }
}

#[test]
fn every_kind_has_one_row() {
    let mut names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 14);
    assert!(
        ["subject_id", "model", "requested_by", "incident_id"].iter().all(|name| Kind::find(name).is_none())
    );
    assert!(KINDS.iter().all(|kind| !kind.lookup.is_empty()));
}

/// The order was measured with the reference: `payload` beats `payload_json`, the source beats the record.
#[test]
fn payload_members_have_an_order() {
    for (members, expected) in [
        (r#""payload":{"provider":"A"},"payload_json":{"provider":"B"}"#, "A"),
        (r#""payload_json":{"provider":"B"},"chain_entry_ref":{"payload_json":{"provider":"A"}}"#, "A"),
        (r#""payload_json":{"provider":"B"},"chain_entry_ref":{"payload":{"provider":"A"}}"#, "A"),
        (r#""payload":{"provider":"A"},"chain_entry_ref":{"payload_json":{"provider":"B"}}"#, "A"),
        (r#""payload":{"provider":"B"},"chain_entry_ref":{"payload":{"provider":"A"}}"#, "A"),
        (r#""provider":"A","chain_entry_ref":{"provider":"B"}"#, "A"),
        (r#""chain_entry_ref":{"provider":"A"}"#, "A"),
        (r#""provider":"B","payload_json":{"provider":"A"}"#, "A"),
        (r#""payload":"x","payload_json":{"provider":"A"}"#, "A"),
    ] {
        let document = document(&format!("{{{members}}}"));
        let payload = Payload::of(document.root());
        assert!(payload.member("provider").unwrap().is_text(expected), "{members}");
    }
    let document = document(r#"{"provider":null,"chain_entry_ref":{"provider":"A"},"decision_type":"x"}"#);
    let payload = Payload::of(document.root());
    assert!(payload.member("provider").unwrap().is_null());
    assert!(payload.member("decision_type").is_none());
}

#[test]
fn records_are_found_under_older_names() {
    let text = r#"{"event_id":"e","event_type":"t","chain_scope":"a:b","sequence_number":null,"created_at":"2026-01-01",
        "record_hash":null,"previous_record_hash":"p","format_version":"v1",
        "chain_entry_ref":{"sequence_number":7,"record_hash":"h","prev_hash":"other"}}"#;
    let document = document(text);
    let record = EvidenceRecord::parse(document.root(), "r").unwrap();
    assert_eq!((record.sequence_number, &*record.record_hash, &*record.prev_hash), (7, "h", "p"));
    assert_eq!(record.chain_format_version, "v1");
}

/// A name that is present ends the search for an older name, even with `null`.
#[test]
fn a_null_hides_an_older_name() {
    let text = r#"{"event_id":"e","event_type":"t","chain_scope":"a:b","sequence_number":1,"created_at":"2026-01-01",
        "record_hash":null,"chain_entry_hash":"h","prev_hash":"p","chain_format_version":"v1"}"#;
    let document = document(text);
    let error = EvidenceRecord::parse(document.root(), "r").unwrap_err();
    assert!(error.message.contains("record_hash"), "{}", error.message);
}

#[test]
fn integers_keep_their_order_at_any_size() {
    let number = |text: &str| integer(document(text).root());
    assert_eq!(number("-0"), Some(0));
    assert_eq!(number("1.0"), None);
    assert_eq!(number("true"), None);
    assert_eq!(number(&"9".repeat(60)), Some(i128::MAX));
    assert_eq!(number(&format!("-{}", "9".repeat(60))), Some(i128::MIN));
}
