//! Papers that are made, signed and altered here.

use serde_json::{Value, json};

use super::*;
use crate::bytes::Blob;
use crate::json::ParserLimits;

const TIME: &str = "2026-11-27T01:00:00Z";

fn key(number: u8) -> SigningKey {
    SigningKey::from_text(&format!("{}\n", format!("{number:02x}").repeat(32))).unwrap()
}

fn mark(id: &str, status: MarkStatus) -> Mark {
    Mark {
        kind: MarkKind::Permit,
        id: id.to_owned(),
        status,
        note: "siehe Beleg №7".to_owned(),
        by: "A. Auditor".to_owned(),
        at: TIME.to_owned(),
        correct_usd_micros: Some(9_007_199_254_740_993),
    }
}

fn content() -> Content {
    let mut content = Content::of("Q3", vec!["--walk-events".to_owned()], &[], None);
    content.files.push(FileRecord {
        role: "payload".to_owned(),
        name: "export.json".to_owned(),
        sha256: Some(format!("sha256:{}", "ab".repeat(32))),
        bytes: Some(17),
    });
    content.verdicts.push(Verdicts {
        kind: "export".to_owned(),
        outcome: "verified".to_owned(),
        claims: vec![ClaimRecord {
            name: "export.integrity.v1".to_owned(),
            verdict: "supported".to_owned(),
            code: Some("EXPORT_INTEGRITY_SUPPORTED".to_owned()),
        }],
        findings: vec![("MANIFEST_FIELD_UNSIGNED".to_owned(), 1)],
    });
    content.samples.push(SampleRecord {
        method: "random".to_owned(),
        size: 1,
        stratum: "none".to_owned(),
        engagement: "e".to_owned(),
        population: "sha256:00".to_owned(),
        items: 2,
        items_without_amount: 1,
        total_usd_micros: "5".to_owned(),
        seed: "00".to_owned(),
        interval_usd_micros: None,
        drawn: vec![DrawnRecord {
            permit: "p1".to_owned(),
            project: "x".to_owned(),
            sequence: Some(1),
            amount_usd_micros: Some(5),
            basis: "chance".to_owned(),
        }],
    });
    content.mark(mark("p1", MarkStatus::Checked));
    content
}

fn signed() -> Workpaper {
    let mut paper = Workpaper::new(content());
    paper.sign(&key(1), Role::Preparer, TIME).unwrap();
    paper.sign(&key(2), Role::Reviewer, TIME).unwrap();
    paper
}

fn load(bytes: Vec<u8>) -> Result<Workpaper, LoadError> {
    Workpaper::load(&Blob::new(bytes), ParserLimits::default())
}

#[test]
fn a_paper_survives_its_file() {
    let paper = signed();
    let bytes = paper.to_bytes();
    let again = load(bytes.clone()).unwrap();
    assert_eq!(again, paper);
    assert_eq!(again.to_bytes(), bytes);
    let signers = again.check().unwrap();
    assert_eq!(signers.iter().map(Signed::role).collect::<Vec<_>>(), [Role::Preparer, Role::Reviewer]);
    assert_eq!(signers[0].public_key(), key(1).public_key());
    assert_eq!(Workpaper::new(content()).check(), Ok(Vec::new()));
}

/// Every value of the file, at every depth: changed, removed, or with a member more, the paper is not accepted.
#[test]
fn nothing_can_be_changed_unseen() {
    fn places(value: &Value, at: &str, out: &mut Vec<String>) {
        out.push(at.to_owned());
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), out));
            }
            Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(index, value)| places(value, &format!("{at}/{index}"), out));
            }
            _ => {}
        }
    }
    let original: Value = serde_json::from_slice(&signed().to_bytes()).unwrap();
    let mut all = Vec::new();
    places(&original, "", &mut all);
    assert!(all.len() > 60, "{}", all.len());
    let refused = |value: &Value, what: &str| {
        let accepted = load(value.to_string().into_bytes())
            .is_ok_and(|paper| paper.check().is_ok_and(|signed| signed.len() == 2));
        assert!(!accepted, "{what}");
    };
    for place in &all[1..] {
        let mut changed = original.clone();
        let value = changed.pointer_mut(place).unwrap();
        *value = match value {
            Value::String(text) => format!("{text}x").into(),
            Value::Number(number) => (number.as_i64().unwrap() + 1).into(),
            Value::Null => json!(1),
            _ => json!([]),
        };
        refused(&changed, place);
        let (parent, name) = place.rsplit_once('/').unwrap();
        let mut removed = original.clone();
        match removed.pointer_mut(parent).unwrap() {
            Value::Object(members) => drop(members.remove(name)),
            Value::Array(items) => drop(items.remove(name.parse().unwrap())),
            _ => unreachable!(),
        }
        let without_null = original.pointer(place).unwrap().is_null();
        if !without_null {
            refused(&removed, &format!("{place} removed"));
        }
        let mut more = original.clone();
        if let Some(members) = more.pointer_mut(place).unwrap().as_object_mut() {
            members.insert("more".to_owned(), json!(1));
            refused(&more, &format!("{place} with a member more"));
        }
    }
}

#[test]
fn signatures_stand_in_their_order() {
    let mut exchanged = signed();
    exchanged.signatures.swap(0, 1);
    assert_eq!(exchanged.check().unwrap_err().position, 0);
    let mut paper = signed();
    paper.signatures.remove(0);
    assert_eq!(paper.check().unwrap_err().position, 0);
    let mut broken = signed();
    broken.content.title.push('!');
    assert!(broken.sign(&key(3), Role::Reviewer, TIME).is_err());
    assert_eq!(broken.signatures.len(), 2);
    let mut unsigned = Workpaper::new(content());
    assert!(unsigned.sign(&key(1), Role::Preparer, "today").is_err());
}

#[test]
fn a_change_ends_the_signatures_and_nothing_else_does() {
    let mut paper = signed();
    paper.change(|content| content.mark(mark("p1", MarkStatus::Checked)));
    assert_eq!(paper.signatures.len(), 2);
    paper.change(|content| content.mark(mark("p1", MarkStatus::Exception)));
    assert!(paper.signatures.is_empty());
    assert_eq!(paper.content.marks.len(), 1);
    paper.change(|content| content.unmark(MarkKind::Permit, "p1"));
    assert!(paper.content.marks.is_empty());
}

#[test]
fn other_files_are_refused_with_the_reason() {
    let fails = |text: &str| load(text.as_bytes().to_vec()).unwrap_err().to_string();
    assert!(fails("{").contains("line") || !fails("{").is_empty());
    assert_eq!(
        fails(r#"{"format":"keel.workpaper/v2"}"#),
        "the format is \"keel.workpaper/v2\", not keel.workpaper/v1"
    );
    assert!(fails(r#"{"format":"keel.workpaper/v1"}"#).contains("missing field"));
    let text = String::from_utf8(signed().to_bytes()).unwrap();
    let doubled = text.replacen("\"format\"", "\"format\": \"keel.workpaper/v1\", \"format\"", 1);
    assert_eq!(load(doubled.into_bytes()), Err(LoadError::Ambiguous("a member twice")));
    assert!(load(b"[".repeat(100_000)).is_err());
    assert!(SigningKey::from_text("00").is_none());
}
