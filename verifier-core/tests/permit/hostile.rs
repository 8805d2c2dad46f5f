//! Arbitrary damage: no panic, and nothing but the signed payload is ever supported.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use verifier_core::bytes::Blob;
use verifier_core::claim::permit::{check_body, compare_body, in_entry, in_export, judge, judge_review};
use verifier_core::json::{Document, ParserLimits};
use verifier_core::trust::{KeyTable, PERMIT_BINDING_SIGNING};

use crate::published::{all_keys, golden};
use crate::support::{document, ring};

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,8}".prop_map(Json::from),
        Just(json!("v7")),
        Just(json!("{\"a\":[1,{\"timestamp\":2}]}")),
        Just(json!("ed25519:AAAA")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((".{0,6}", inner), 0..4)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn set(value: &mut Json, path: &[usize], new: &Json) {
    let Some((first, rest)) = path.split_first() else {
        *value = new.clone();
        return;
    };
    match value {
        Json::Object(members) if !members.is_empty() => {
            let at = first % members.len();
            if let Some((_, member)) = members.iter_mut().nth(at) {
                set(member, rest, new);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            let at = first % items.len();
            set(&mut items[at], rest, new);
        }
        _ => *value = new.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_change_is_judged(
        vector in 0usize..13,
        changes in prop::collection::vec((prop::collection::vec(any::<usize>(), 1..4), any_json()), 1..4),
    ) {
        let golden = golden();
        let keys = ring(Some(&all_keys(golden)));
        let table = KeyTable::for_purpose(&keys, PERMIT_BINDING_SIGNING);
        let original = &golden["vectors"][vector]["artifact"];
        let mut artifact = original.clone();
        for (path, new) in &changes {
            set(&mut artifact, path, new);
        }
        let text = artifact.to_string();
        let parsed = document(text.clone());
        let row = judge(parsed.root(), &keys, &table);
        if row.signed().is_some() {
            prop_assert_eq!(&artifact["canonical_payload"], &original["canonical_payload"]);
        }
        let root = parsed.root();
        for found in in_export(|name| root.member(name)).chain(in_entry(root)) {
            let _row = judge(found.value, &keys, &table);
        }
        let _findings = (compare_body(root, &row), check_body(root));
        let _review = judge_review(root.member("binding_request_body"), Some(root), &keys, &table);
    }

    #[test]
    fn any_byte_change_is_judged(
        vector in 0usize..13,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let golden = golden();
        let keys = ring(Some(&all_keys(golden)));
        let table = KeyTable::for_purpose(&keys, PERMIT_BINDING_SIGNING);
        let mut bytes = golden["vectors"][vector]["artifact"].to_string().into_bytes();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(parsed) = Document::parse(Blob::new(bytes), ParserLimits::default()) {
            let _row = judge(parsed.root(), &keys, &table);
        }
    }
}
