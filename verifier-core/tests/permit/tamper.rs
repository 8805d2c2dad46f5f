//! Every field of every golden vector, changed one at a time.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use verifier_core::finding::Verdict;

use crate::published::{all_keys, golden};
use crate::support::{judge_tree, rehash, ring};

/// Another value of the same type and, for a text, the same length, so that it stays well-formed.
fn changed(value: &Json) -> Json {
    match value {
        Json::Null => json!("x"),
        Json::Bool(own) => json!(!own),
        Json::Number(_) => json!(424_242),
        Json::String(own) => {
            let mut text = own.clone();
            let last = text.pop();
            text.push(if last == Some('0') { '1' } else { '0' });
            json!(text)
        }
        Json::Array(items) => {
            let mut items = items.clone();
            items.push(json!("x"));
            Json::Array(items)
        }
        Json::Object(members) => {
            let mut members = members.clone();
            members.insert("x".to_owned(), json!(1));
            Json::Object(members)
        }
    }
}

/// Paths of every value below `value`, containers included.
fn paths(value: &Json, at: &str, out: &mut Vec<String>) {
    let each: Vec<(String, &Json)> = match value {
        Json::Object(members) => {
            members.iter().map(|(name, value)| (format!("{at}/{name}"), value)).collect()
        }
        Json::Array(items) => {
            items.iter().enumerate().map(|(position, value)| (format!("{at}/{position}"), value)).collect()
        }
        _ => Vec::new(),
    };
    for (path, value) in each {
        paths(value, &path, out);
        out.push(path);
    }
}

#[test]
fn every_signed_value_counts_whether_or_not_the_hash_is_recomputed() {
    let golden = golden();
    let keys = ring(Some(&all_keys(golden)));
    let mut tried = 0;
    for vector in golden["vectors"].as_array().unwrap() {
        let artifact = &vector["artifact"];
        let mut places = Vec::new();
        paths(&artifact["canonical_payload"], "/canonical_payload", &mut places);
        for path in places {
            let mut altered = artifact.clone();
            let value = altered.pointer_mut(&path).unwrap();
            *value = changed(value);
            let row = judge_tree(&altered, &keys);
            assert!(row.signed().is_none(), "{path}");
            if path == "/canonical_payload/binding_version" {
                assert_eq!(row.verdict, Verdict::UnverifiableScope, "{}", vector["id"]);
                continue;
            }
            assert_eq!(row.verdict, Verdict::Disproved, "{} {path}: {}", vector["id"], row.message);
            rehash(&mut altered);
            let row = judge_tree(&altered, &keys);
            assert_eq!(row.verdict, Verdict::Disproved, "{} {path} rehashed: {}", vector["id"], row.message);
            tried += 1;
        }
        for name in artifact["canonical_payload"].as_object().unwrap().keys() {
            let mut altered = artifact.clone();
            altered["canonical_payload"].as_object_mut().unwrap().remove(name);
            assert_ne!(judge_tree(&altered, &keys).verdict, Verdict::Supported, "{} -{name}", vector["id"]);
        }
    }
    assert!(tried > 500, "{tried}");
}

/// Nothing signs the envelope; what may change unnoticed is exactly this.
#[test]
fn unnoticed_changes_of_the_envelope_are_known() {
    let golden = golden();
    let keys = ring(Some(&all_keys(golden)));
    let mut unnoticed = BTreeSet::new();
    for vector in golden["vectors"].as_array().unwrap() {
        let artifact = &vector["artifact"];
        for (name, value) in artifact.as_object().unwrap() {
            let mut altered = artifact.clone();
            for other in [changed(value), json!("x"), json!("2027-01-01T00:00:00Z"), json!([])] {
                altered[name] = other;
                if judge_tree(&altered, &keys).verdict == Verdict::Supported {
                    unnoticed.insert(format!("change {name}"));
                }
            }
            altered.as_object_mut().unwrap().remove(name);
            if judge_tree(&altered, &keys).verdict == Verdict::Supported {
                unnoticed.insert(format!("remove {name}"));
            }
        }
    }
    let expected = [
        // The signing time may be unreadable or later than the decision; both leave a note.
        "change binding_issued_at",
        // The reference's own digest of the request; the signed one is final_request_hash.
        "change binding_request_hash",
        // Compared only when it is a text.
        "change expected_decision",
        // Up to v5 only the spend scope and the delegation policy inside the attributes are bound.
        "change resource_attributes_json",
        "remove binding_key_id",
        "remove binding_request_body",
        "remove binding_request_canonical_version",
        "remove binding_request_hash",
        "remove binding_version",
        "remove expected_decision",
    ];
    assert_eq!(unnoticed.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// Attributes that a hash binds, and the request body, count value by value.
#[test]
fn bound_envelope_values_count() {
    let golden = golden();
    let keys = ring(Some(&all_keys(golden)));
    let mut tried = 0;
    for vector in golden["vectors"].as_array().unwrap() {
        let artifact = &vector["artifact"];
        let mut places = Vec::new();
        let payload = &artifact["canonical_payload"];
        if payload.get("resource_attributes_canonical_hash").is_some() {
            paths(&artifact["resource_attributes_json"], "/resource_attributes_json", &mut places);
        }
        if let Some(body) = artifact.get("binding_request_body") {
            paths(body, "/binding_request_body", &mut places);
        }
        for path in places {
            let mut altered = artifact.clone();
            let value = altered.pointer_mut(&path).unwrap();
            *value = changed(value);
            assert_eq!(judge_tree(&altered, &keys).verdict, Verdict::Disproved, "{} {path}", vector["id"]);
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}
