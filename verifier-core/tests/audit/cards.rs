//! Checkpoint cards: exchanged text, compared histories.

use super::evidence::*;
use verifier_core::audit::SetRecord;
use verifier_core::audit::card::{Card, Relation};
use verifier_core::report::Outcome;

fn records(archives: &Archives) -> Vec<SetRecord> {
    archives.members(&policy(), None).0.into_iter().map(|member| member.record).collect()
}

fn of(records_: &[serde_json::Value]) -> Vec<SetRecord> {
    records(Archives::new().add("a", PROJECT, records_))
}

#[test]
fn a_card_survives_the_exchange_and_nothing_else_does() {
    let all = chain(PROJECT, 12, None);
    let card = Card::of(&of(&all)).unwrap();
    let text = card.to_string();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("keel card v1"));
    assert_eq!(lines.next(), Some(format!("key {}", public().fingerprint()).as_str()));
    assert_eq!(lines.next(), Some(format!("chain {SCOPE}").as_str()));
    assert_eq!(lines.next(), Some("records 1 12"));
    assert_eq!(lines.next(), Some(format!("period {} {}", day(1), day(12)).as_str()));
    assert_eq!(lines.next(), Some(format!("head {}", all[11]["record_hash"].as_str().unwrap()).as_str()));
    assert_eq!(Card::parse(&text), Ok(card));
    for at in 0..text.len() {
        for other in [b'0', b' ', b'\n', b'a'] {
            let mut bytes = text.clone().into_bytes();
            if bytes[at] != other {
                bytes[at] = other;
                assert!(Card::parse(std::str::from_utf8(&bytes).unwrap()).is_err(), "byte {at}");
            }
        }
        assert!(Card::parse(&text[..at]).is_err());
    }
    for wrong in [format!("{text}\n"), format!(" {text}"), text.replace('\n', "\r\n"), String::new()] {
        assert!(Card::parse(&wrong).is_err());
    }
}

#[test]
fn same_prefix_and_split_view_are_told_apart() {
    let (all, other) = (chain(PROJECT, 20, None), chain(PROJECT, 20, Some(8)));
    let card = |records: &[serde_json::Value]| Card::of(&of(records)).unwrap();
    let relation = |card: &Card, records: &[serde_json::Value]| {
        let comparison = card.compare(&of(records));
        (comparison.chains[0].1, comparison.outcome)
    };
    assert_eq!(relation(&card(&all), &all), (Relation::Same, Outcome::Verified));
    assert_eq!(relation(&card(&all[..12]), &all), (Relation::EvidenceExtends, Outcome::Verified));
    assert_eq!(relation(&card(&all), &all[..12]), (Relation::CardReachesFurther, Outcome::NotEstablished));
    assert_eq!(relation(&card(&all[..12]), &all[12..]), (Relation::EvidenceExtends, Outcome::Verified));
    assert_eq!(relation(&card(&all[..11]), &all[12..]), (Relation::NotHeld, Outcome::NotEstablished));
    assert_eq!(relation(&card(&other), &all), (Relation::SplitView, Outcome::Disproved));
    assert_eq!(relation(&card(&other[..8]), &all), (Relation::SplitView, Outcome::Disproved));
    assert_eq!(relation(&card(&other[..7]), &all), (Relation::EvidenceExtends, Outcome::Verified));
    let stranger = chain(OTHER, 3, None);
    let elsewhere = Card::of(&records(Archives::new().add("b", OTHER, &stranger))).unwrap();
    assert_eq!(relation(&elsewhere, &all), (Relation::NotHeld, Outcome::NotEstablished));
}

#[test]
fn a_checkpoint_alone_has_a_card_too() {
    let all = chain(PROJECT, 20, None);
    let sets = records(Archives::new().file("c.json", &checkpoint(&[&all[9]])));
    let card = Card::of(&sets).unwrap();
    assert!(card.to_string().contains("\nrecords - 10\nperiod - -\n"));
    assert_eq!(Card::parse(&card.to_string()), Ok(card.clone()));
    assert_eq!(card.compare(&of(&all)).chains[0].1, Relation::EvidenceExtends);
    assert_eq!(card.compare(&sets).chains[0].1, Relation::Same);
}

/// Whatever the order of the files, and wherever the other head stands.
#[test]
fn a_head_of_another_history_is_never_the_same() {
    let (all, other) = (chain(PROJECT, 20, None), chain(PROJECT, 20, Some(8)));
    let (own, foreign) = (checkpoint(&[&all[19]]), checkpoint(&[&other[19]]));
    let card = Card::of(&of(&all)).unwrap();
    for files in [[&own, &foreign], [&foreign, &own]] {
        let heads = records(Archives::new().file("a.json", files[0]).file("b.json", files[1]));
        assert_eq!(card.compare(&heads).chains[0].1, Relation::SplitView);
        assert!(Card::of(&heads).is_err_and(|why| why.contains("two histories")));
        let archives = Archives::new();
        let both = archives.add("x", PROJECT, &all).file("a.json", files[0]).file("b.json", files[1]);
        assert_eq!(card.compare(&records(both)).outcome, Outcome::Disproved);
        assert!(Card::of(&records(both)).is_err_and(|why| why.contains("two histories")));
    }
    // At a number that the card is not about, the question stays open.
    let lower = checkpoint(&[&other[14]]);
    let archives = Archives::new();
    let sets = records(archives.add("x", PROJECT, &all).file("a.json", &lower));
    assert_eq!(card.compare(&sets).outcome, Outcome::NotEstablished);
    assert!(Card::of(&sets).is_err_and(|why| why.contains("two histories")));
}

#[test]
fn a_card_names_the_highest_record_that_is_known() {
    let (all, other) = (chain(PROJECT, 20, None), chain(PROJECT, 20, Some(8)));
    let archives = Archives::new();
    let sets = records(archives.add("x", PROJECT, &all[..7]).file("a.json", &checkpoint(&[&other[19]])));
    let card = Card::of(&sets).unwrap();
    assert!(card.to_string().contains("\nrecords - 20\nperiod - -\n"));
    assert_eq!(card.compare(&of(&all)).outcome, Outcome::Disproved);
}

#[test]
fn what_a_card_says_besides_heads_is_compared_or_said() {
    let all = chain(PROJECT, 20, None);
    let card = Card::of(&of(&all)).unwrap();
    let mut later = card.clone();
    later.chains.get_mut(SCOPE).unwrap().held.as_mut().unwrap().to =
        verifier_core::time::Timestamp::parse("2027-01-01T00:00:00Z").unwrap();
    assert_eq!(later.compare(&of(&all)).outcome, Outcome::Disproved);
    let mut keys = card.clone();
    keys.keys.clear();
    let comparison = keys.compare(&of(&all));
    assert_eq!(comparison.outcome, Outcome::Verified);
    assert!(comparison.findings.iter().any(|finding| finding.code.id == "CARD_KEYS_DIFFER"));
    let archives = Archives::new();
    let more = records(archives.add("x", PROJECT, &all).add("y", OTHER, &chain(OTHER, 3, None)));
    let comparison = card.compare(&more);
    assert_eq!((comparison.outcome, comparison.not_on_card.len()), (Outcome::NotEstablished, 1));
}

#[test]
fn no_card_is_made_of_what_did_not_verify_or_contradicts_itself() {
    let (all, other) = (chain(PROJECT, 20, None), chain(PROJECT, 20, Some(8)));
    let two = records(Archives::new().add("a", PROJECT, &all).add("b", PROJECT, &other));
    assert!(Card::of(&two).is_err_and(|why| why.contains("two histories")));
    let mut cut = all.clone();
    cut.remove(4);
    assert!(Card::of(&of(&cut)).is_err_and(|why| why.contains("did not verify")));
    assert!(Card::of(&[]).is_err());
    let card = Card::of(&of(&all)).unwrap();
    assert_ne!(card.compare(&of(&cut)).outcome, Outcome::Verified);
}
