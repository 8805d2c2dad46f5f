//! Papers that are made, signed and altered here.

use serde_json::{Value, json};

use super::*;
use crate::bytes::Blob;
use crate::json::ParserLimits;
use crate::projection::Confidence;
use crate::report::Outcome;

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
    content.trust.push(FileRecord { role: "trust_root".to_owned(), ..content.files[0].clone() });
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
        every: None,
        allocation: std::collections::BTreeMap::new(),
        stratum: "none".to_owned(),
        engagement: "e".to_owned(),
        population: "sha256:00".to_owned(),
        items: 2,
        items_without_amount: 1,
        total_usd_micros: "5".to_owned(),
        seed: "00".to_owned(),
        interval_usd_micros: None,
        strata: vec![StratumRecord { name: String::new(), items: 2, book_usd_micros: "5".to_owned() }],
        drawn: vec![DrawnRecord {
            permit: "p1".to_owned(),
            project: "x".to_owned(),
            sequence: Some(1),
            amount_usd_micros: Some(5),
            basis: "chance".to_owned(),
            stratum: String::new(),
        }],
    });
    content.mark(mark("p1", MarkStatus::Checked));
    content.project(0, ProjectionKind::Exceptions, Confidence::P95, Some(2)).unwrap();
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
        // spelled as papers are, so that nothing is refused for its spelling alone
        let mut bytes = serde_json::to_vec_pretty(value).unwrap();
        bytes.push(b'\n');
        let accepted = load(bytes).is_ok_and(|paper| paper.check().is_ok_and(|signed| signed.len() == 2));
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

#[test]
fn a_paper_has_one_spelling() {
    let bytes = signed().to_bytes();
    let text = String::from_utf8(bytes).unwrap();
    let refused = |text: String| load(text.into_bytes()).unwrap_err();
    assert!(matches!(refused(text.replacen("  ", " ", 1)), LoadError::NotCanonical(_)));
    assert!(matches!(refused(text.trim_end().to_owned()), LoadError::NotCanonical(_)));
    assert!(matches!(refused(text.replacen("\"Q3\"", "\"\\u0051\\u0033\"", 1)), LoadError::NotCanonical(_)));
    assert!(matches!(refused(text.replacen("\"sha256\": null,", "", 1)), LoadError::NotCanonical(_)));
}

#[test]
fn a_subject_is_marked_once_in_a_file_too() {
    let mut paper = Workpaper::new(content());
    paper.content.marks.push(paper.content.marks[0].clone());
    assert!(matches!(load(paper.to_bytes()), Err(LoadError::Shape(why)) if why.contains("twice")));
    let mut paper = signed();
    let signature = paper.signatures[0].clone();
    paper.signatures = vec![signature; 33];
    assert!(matches!(load(paper.to_bytes()), Err(LoadError::Shape(why)) if why.contains("32")));
}

#[test]
fn a_key_signs_once() {
    let mut paper = signed();
    assert!(paper.sign(&key(1), Role::Reviewer, TIME).is_err());
    assert_eq!(paper.signatures.len(), 2);
}

#[test]
fn signatures_count_when_they_are_of_the_expected_keys() {
    let outcome = |paper: &Workpaper, keys: &[u8], countersigned| {
        let keys = keys.iter().map(|number| key(*number).public_key()).collect();
        judge(paper, &Expected { keys, countersigned }, "q3.json").outcome
    };
    let paper = signed();
    assert_eq!(outcome(&paper, &[1, 2], true), Outcome::Verified);
    assert_eq!(outcome(&paper, &[1], false), Outcome::Verified);
    assert_eq!(outcome(&paper, &[1], true), Outcome::NotEstablished, "the counter-signature of a stranger");
    assert_eq!(outcome(&paper, &[], false), Outcome::NotEstablished);
    assert_eq!(outcome(&paper, &[1, 3], false), Outcome::NotEstablished);
    let mut once = Workpaper::new(content());
    assert_eq!(outcome(&once, &[1], false), Outcome::NotEstablished);
    once.sign(&key(1), Role::Preparer, TIME).unwrap();
    assert_eq!(outcome(&once, &[1], false), Outcome::Verified);
    assert_eq!(outcome(&once, &[1], true), Outcome::NotEstablished);
    let mut changed = signed();
    changed.content.marks[0].note.clear();
    let judgement = judge(&changed, &Expected::default(), "q3.json");
    assert_eq!((judgement.outcome, judgement.signed.len()), (Outcome::Disproved, 0));
    assert_eq!(judgement.findings[0].code.id, "WORKPAPER_SIGNATURE_INVALID");
    let wrong = Expected { keys: vec!["ed25519:AAAA".to_owned()], countersigned: false };
    assert_eq!(judge(&paper, &wrong, "q3.json").outcome, Outcome::NotEstablished);
}

#[test]
fn projections_follow_the_marks() {
    let mut content = content();
    let before = content.projections[0].clone();
    assert_eq!(before.figures["exceptions"], "0");
    assert_eq!(before.verdict.as_deref(), Some("supported"));
    content.mark(mark("p1", MarkStatus::Exception));
    assert_eq!(content.projections[0].figures["exceptions"], "1");
    assert_eq!(content.projections[0].again(&content).as_ref(), Ok(&content.projections[0]));
    content.unmark(MarkKind::Permit, "p1");
    assert!(content.projections.is_empty());
    let open = content.project(0, ProjectionKind::Exceptions, Confidence::P95, None);
    assert_eq!(open, Err(ProjectError::Open(1, "p1".to_owned())));
    let absent = content.project(1, ProjectionKind::Exceptions, Confidence::P95, None);
    assert_eq!(absent, Err(ProjectError::NoSample));
}

/// Interval 10 of a total of 40; one certain item of 20, so 20 were left to chance; one item of 4 is half wrong.
#[test]
fn amounts_of_a_monetary_unit_sample_are_projected() {
    let mut content = content();
    content.unmark(MarkKind::Permit, "p1");
    let sample = &mut content.samples[0];
    sample.method = "monetary_unit".to_owned();
    sample.total_usd_micros = "40".to_owned();
    sample.interval_usd_micros = Some(10);
    let item = |id: &str, amount| {
        let mut drawn = sample.drawn[0].clone();
        (drawn.permit, drawn.amount_usd_micros) = (id.to_owned(), Some(amount));
        drawn
    };
    sample.drawn = vec![item("a", 20), item("b", 4)];
    let marked = |id: &str, correct| Mark { correct_usd_micros: correct, ..mark(id, MarkStatus::Exception) };
    content.mark(Mark { correct_usd_micros: None, ..mark("a", MarkStatus::Checked) });
    content.mark(marked("b", Some(2)));
    content.project(0, ProjectionKind::Amounts, Confidence::P95, Some(1)).unwrap();
    let figures = &content.projections[0].figures;
    assert_eq!(figures["projected_overstatement"], "5");
    assert_eq!(figures["basic_precision"], "30");
    assert_eq!(figures["incremental_allowance"], "4");
    assert_eq!(figures["upper_limit_overstatement"], "39");
    assert_eq!(figures["exceptions_without_correct_amount"], "0");
    assert_eq!(content.projections[0].verdict.as_deref(), Some("disproved"));
    // An exception of an unknown amount is no item in order: there is no limit, whatever is tolerable.
    content.mark(marked("a", None));
    content.project(0, ProjectionKind::Amounts, Confidence::P95, Some(1_000)).unwrap();
    let projection = &content.projections[0];
    assert_eq!(projection.figures["exceptions_without_correct_amount"], "1");
    assert_eq!(projection.figures.get("upper_limit_overstatement"), None);
    assert_eq!(projection.verdict.as_deref(), Some("insufficient_evidence"));
    let unfit = content.project(0, ProjectionKind::Exceptions, Confidence::P95, None);
    assert!(matches!(unfit, Err(ProjectError::Unfit(_))));
    let twice = content.samples[0].drawn[0].clone();
    content.samples[0].drawn.push(twice);
    let ambiguous = content.project(0, ProjectionKind::Amounts, Confidence::P95, None);
    assert_eq!(ambiguous, Err(ProjectError::Ambiguous("a".to_owned())));
}

#[test]
fn a_paper_demands_but_trusts_nobody_for_its_reader() {
    let mut policy = crate::trust::TrustPolicy::new(crate::time::Timestamp::parse("2026-11-27").unwrap());
    policy.walk = crate::trust::Check::Required;
    policy.require.insert("export.integrity.v1".to_owned());
    policy.logs.witnesses = Some((2, 3));
    policy.keys = crate::trust::KeySource::SelfAttested;
    policy.allow_unsigned = true;
    policy.limits.entries = 7;
    let stated = options::of(&policy);
    let mut other = crate::trust::TrustPolicy::new(policy.as_of.clone());
    options::demand(&stated, &mut other);
    assert_eq!(
        options::of(&other),
        ["--walk-events", "--require export.integrity.v1", "--require witness:2of3"]
    );
    assert_eq!(stated.len(), 6);
}
