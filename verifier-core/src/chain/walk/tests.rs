use super::*;
use crate::bytes::Blob;
use crate::chain::Source;
use crate::crypto::sha256;
use crate::json::{Document, ParserLimits};

fn chain(numbers: &[i64]) -> Vec<EntryRow> {
    let mut previous = GENESIS_PREV_HASH.to_owned();
    numbers
        .iter()
        .map(|number| {
            let text = format!("e{number}|t||||info|2026-05-07T12:00:01.000000|{previous}|{number}");
            let hash = hex::encode(&sha256(text.as_bytes()));
            let entry = format!(
                "{{\"event_id\":\"e{number}\",\"event_type\":\"t\",\"severity\":\"info\",\"created_at\":\"2026-05-07T12:00:01Z\",\"prev_hash\":\"{previous}\",\"sequence_number\":{number},\"record_hash\":\"{hash}\",\"chain_format_version\":\"v1\",\"chain_scope\":\"s\"}}"
            );
            previous = hash;
            let document = Document::parse(Blob::new(entry.into_bytes()), ParserLimits::default()).unwrap();
            EntryRow::read(document.root(), Source::Entry)
        })
        .collect()
}

/// Every entry is an array of its own, as in record-level chain entries.
fn walk(rows: Vec<EntryRow>) -> (WalkTotals, Vec<String>) {
    let mut problems = Vec::new();
    let mut note = |problem: Problem| problems.push(format!("{:?}", problem.kind));
    let mut walk = Walk::new(1000);
    for row in rows {
        walk.start_array();
        walk.entry(&row, &mut note).unwrap();
    }
    let totals = walk.finish(None, &mut note);
    (totals, problems)
}

#[test]
fn any_order_of_arrival_gives_the_same_result() {
    let numbers: Vec<i64> = (1..=40).collect();
    let rows = chain(&numbers);
    for order in [
        (0..40).collect::<Vec<usize>>(),
        (0..40).rev().collect(),
        (0..40).map(|n| n * 7 % 40).collect(),
        (0..20).flat_map(|n| [n, 39 - n]).collect(),
    ] {
        let (totals, problems) = walk(order.iter().map(|position| rows[*position].clone()).collect());
        assert_eq!(totals, WalkTotals { scopes: 1, entries: 40, bridges: 0, hashes: 40, links: 39 });
        assert_eq!(problems, Vec::<String>::new());
    }
}

#[test]
fn missing_repeated_and_forged_entries_are_named() {
    let rows = chain(&[1, 2, 3, 4, 5]);
    let without = |gone: usize| {
        rows.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, row)| row.clone()).collect()
    };
    assert_eq!(walk(without(2)).1, ["Discontinuity"]);
    assert_eq!(walk(without(0)).1, ["WindowEdge"]);
    assert_eq!(walk(without(4)).1, Vec::<String>::new());
    let mut twice = rows.clone();
    twice.push(rows[2].clone());
    assert_eq!(walk(twice).1, ["Repeated", "RepeatedId"]);
    assert_eq!(walk(chain(&[1, 2, 5, 9])).1, ["LinkedGap", "LinkedGap"]);
    assert_eq!(walk(chain(&[-1, 0, 1])).1, ["BelowOne", "BelowOne", "WindowEdge"]);
    let mut forged = rows.clone();
    forged[2].record_hash = HashText::Sha256([7; 32]);
    forged[2].computed = Computed::Other(Box::new([3; 32]));
    assert_eq!(walk(forged).1, ["HashMismatch", "Discontinuity"]);
}

#[test]
fn one_array_must_ascend() {
    let rows = chain(&[1, 2, 3]);
    let mut problems = 0;
    let mut walk = Walk::new(10);
    for position in [1, 0, 2] {
        walk.entry(&rows[position], &mut |problem| {
            assert!(problem.kind == ProblemKind::Descending);
            problems += 1;
        })
        .unwrap();
    }
    assert_eq!(problems, 1);
}

#[test]
fn a_bridge_that_repeats_an_entry_is_dropped_and_runs_are_limited() {
    let rows = chain(&[1, 2, 3]);
    let mut walk = Walk::new(10);
    for row in &rows {
        walk.entry(row, &mut |problem| panic!("{problem:?}")).unwrap();
    }
    walk.start_array();
    walk.bridge(&rows[1], &mut |problem| panic!("{problem:?}")).unwrap();
    assert_eq!(walk.finish(None, &mut |_| {}).entries, 3);
    let mut walk = Walk::new(2);
    let mut last = Ok(());
    for row in chain(&[1, 3, 5]) {
        last = walk.entry(&row, &mut |_| {});
    }
    assert!(last.is_err());
}
