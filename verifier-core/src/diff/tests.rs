use super::*;
use crate::archive::{Entry, NoSiblings};
use crate::evidence::{ExportSet, NoProgress, Part};
use std::sync::Arc;

fn set(text: &str) -> Evidence {
    let part = Part {
        label: "export.json".to_owned(),
        entry: Entry::from_bytes("export.json", text.as_bytes().to_vec()),
        siblings: Arc::new(NoSiblings),
        above: None,
    };
    Evidence::Export(ExportSet::new(part, None))
}

fn diff(one: &str, two: &str) -> Diff {
    compare(&set(one), &set(two), &Limits::default(), NonZeroUsize::MIN, &NoProgress).unwrap()
}

fn entry(scope: &str, number: i64, hash: &str, more: &str) -> String {
    format!(
        r#"{{"event_id":"e{number}","chain_scope":"{scope}","sequence_number":{number},"record_hash":"{hash}"{more}}}"#
    )
}

fn document(entries: &[String]) -> String {
    format!(r#"{{"records":[],"chain_entries":[{}],"export_id":"x"}}"#, entries.join(","))
}

#[test]
fn equal_exports_may_differ_in_order_and_spelling() {
    let one = document(&[entry("a", 1, "h1", ""), entry("b", 1, "g1", ""), entry("a", 2, "h2", "")]);
    let two = document(&[entry("b", 1, "g1", ""), entry("a", 1, "h1", ""), entry("a", 2, "h2", "")])
        .replace("\"event_id\":\"e1\",", " \"event_id\" : \"\\u00651\", ");
    let same = diff(&one, &two);
    assert!(same.is_equal() && same.members.is_empty(), "{same:#?}");
    assert_eq!(same.counts.same, 3);
    assert_eq!(same.groups.len(), 2);
}

#[test]
fn added_missing_and_rewritten_records_are_told_apart() {
    let one = document(&[
        entry("a", 1, "h1", ""),
        entry("a", 2, "h2", r#","x":{"y":[1,2]}"#),
        entry("a", 4, "h4", ""),
    ]);
    let two = document(&[
        entry("a", 1, "h1", ""),
        entry("a", 2, "h9", r#","x":{"y":[1,3,4]}"#),
        entry("a", 3, "h3", ""),
    ])
    .replace("\"x\"}", "\"z\"}");
    let found = diff(&one, &two);
    assert_eq!(found.counts, Counts { same: 1, added: 1, missing: 1, rewritten: 1 });
    let first = &found.differences[0];
    assert_eq!(first.name, Name::Entry { scope: "a".to_owned(), sequence: 2 });
    assert_eq!(first.change, Change::Rewritten);
    assert_eq!(first.first.as_ref().unwrap().pointer, "/chain_entries/1");
    assert_eq!(first.first.as_ref().unwrap().record_hash.as_deref(), Some("h2"));
    assert_eq!(first.second.as_ref().unwrap().record_hash.as_deref(), Some("h9"));
    assert_eq!(found.differences[1].change, Change::Added);
    assert_eq!(found.differences[2].change, Change::Missing);
    let fields: Vec<_> = found
        .fields
        .iter()
        .map(|field| (field.pointer.as_str(), field.first.as_deref(), field.second.as_deref()))
        .collect();
    assert_eq!(
        fields,
        [
            ("/record_hash", Some("\"h2\""), Some("\"h9\"")),
            ("/x/y/1", Some("2"), Some("3")),
            ("/x/y/2", None, Some("4")),
        ]
    );
    assert_eq!(
        found.members,
        [MemberDifference { pointer: "/export_id".to_owned(), change: Change::Rewritten }]
    );
}

/// The record hash does not cover payloads; the comparison does.
#[test]
fn a_payload_that_the_hash_does_not_cover_counts() {
    let one = document(&[entry("a", 1, "h1", r#","payload_json":{"cost":1}"#)]);
    let two = document(&[entry("a", 1, "h1", r#","payload_json":{"cost":2}"#)]);
    let found = diff(&one, &two);
    assert_eq!(found.counts.rewritten, 1);
    assert_eq!(found.fields[0].pointer, "/payload_json/cost");
    let places =
        (found.differences[0].first.as_ref().unwrap(), found.differences[0].second.as_ref().unwrap());
    assert_eq!(places.0.record_hash, places.1.record_hash);
}

#[test]
fn permits_repeated_numbers_and_lines_are_compared() {
    let permit = |id: &str, more: &str| {
        format!(r#"{{"permit":{{"id":"{id}"}},"chain_entries":[{}]{more}}}"#, entry("a", 1, "h", ""))
    };
    let one = format!(r#"{{"records":[{}]}}"#, permit("p1", ""));
    let two = format!(r#"{{"records":[{},{}]}}"#, permit("p1", ""), permit("p2", ""));
    let found = diff(&one, &two);
    assert_eq!(found.counts, Counts { same: 2, added: 2, missing: 0, rewritten: 0 });
    assert_eq!(found.groups.last().unwrap().scope, None);
    let lines = format!("{}\n{}\n", entry("a", 1, "h", ""), entry("a", 2, "i", ""));
    let found = diff(&lines, &lines.replace("e2", "f2"));
    assert_eq!(found.counts, Counts { same: 1, rewritten: 1, ..Counts::default() });
    assert_eq!(found.differences[0].first.as_ref().unwrap().pointer, "/1");
}

#[test]
fn what_is_not_json_is_no_equal_export() {
    for text in ["", "[1]", "nonsense", "{\"records\":["] {
        let one = set(text);
        let result = compare(&one, &one, &Limits::default(), NonZeroUsize::MIN, &NoProgress);
        assert!(result.is_err(), "{text:?}");
    }
}
