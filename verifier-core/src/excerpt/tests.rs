use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use testvectors::{Case, Origin};

use super::*;
use crate::archive::{Entry, GivenSiblings, NoSiblings};
use crate::evidence::{Evidence, Part};
use crate::finding::Verdict;
use crate::merkle::rfc6962::leaf_hash;
use crate::report::{Outcome, Report};
use crate::time::Timestamp;
use crate::tlog::SingleProof;
use crate::trust::{KeySource, LogTrust, NamedBlob, TrustPolicy};
use crate::verify::{NoProgress, verify};

const MAKER: &str = "auditor.example/2026";
const RECORDS: &str = "excerpt.records.v1";
const INCLUSION: &str = "transparency_log.inclusion.v1";

fn case() -> Case {
    Case::of(Origin::Generated)
        .unwrap()
        .into_iter()
        .find(|case| case.id == "generated-log-witnessed")
        .unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_text(&"07".repeat(32)).unwrap()
}

/// The export of the case, with its proofs beside it or without.
fn set(with_proofs: bool) -> ExportSet {
    let case = case();
    let mut siblings = GivenSiblings::default();
    if with_proofs {
        let proofs = case.read("evidence/export.json.tlog-proofs").unwrap();
        siblings = siblings.with_bytes("export.json.tlog-proofs", proofs);
    }
    let entry = Entry::from_bytes("export.json", case.read("evidence/export.json").unwrap());
    let payload = Part { label: "export.json".to_owned(), entry, siblings: Arc::new(siblings), above: None };
    ExportSet::new(payload, None)
}

fn digest(set: &ExportSet) -> String {
    prefixed(&set.payload.entry.read(1 << 30).unwrap().sha256())
}

fn all_permits() -> Vec<String> {
    let export: Value = serde_json::from_slice(&case().read("evidence/export.json").unwrap()).unwrap();
    let permits = export["records"].as_array().unwrap().iter();
    permits.map(|record| record["permit"]["id"].as_str().unwrap().to_owned()).collect()
}

fn make_of(set: &ExportSet, permits: &[String], signs: bool) -> Result<Made, ExcerptError> {
    let (limits, key, verified) = (Limits::default(), key(), digest(set));
    let order = Order {
        permits: &permits.iter().cloned().collect(),
        verified: &verified,
        maker: signs.then_some(Maker { name: MAKER, key: &key }),
        limits: &limits,
        workers: NonZeroUsize::MIN,
    };
    make(set, &order)
}

fn policy(maker_key: Option<&str>) -> TrustPolicy {
    let case = case();
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    let read = |name: &str| NamedBlob::new(name, case.read(name).unwrap());
    policy.keys = KeySource::Manifest(read("evidence/key-manifest.json"));
    policy.trust_root = Some(read("trust-root.json"));
    policy.logs = LogTrust {
        keys: maker_key.map(str::to_owned).into_iter().collect(),
        policy: Some(read("witness-policy.txt")),
        ..LogTrust::default()
    };
    policy
}

fn judge(bytes: &[u8], policy: &TrustPolicy) -> Report {
    let entry = Entry::from_bytes("excerpt.json", bytes.to_vec());
    let part = Part { label: "excerpt.json".to_owned(), entry, siblings: Arc::new(NoSiblings), above: None };
    verify(&Evidence::Excerpt(part), policy, &NoProgress)
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.code.id).collect()
}

/// Changes the excerpt as JSON.
fn changed(made: &Made, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(&made.bytes).unwrap();
    change(&mut document);
    serde_json::to_vec(&document).unwrap()
}

#[test]
fn every_choice_of_permits_verifies() {
    let (set, permits) = (set(true), all_permits());
    assert!(permits.len() > 2);
    for from in 0..permits.len() {
        for to in from + 1..=permits.len() {
            let made = make_of(&set, &permits[from..to], true).unwrap();
            let report = judge(&made.bytes, &policy(made.maker_key.as_deref()));
            assert_eq!(report.outcome, Outcome::Verified, "{from}..{to}: {:?}", codes(&report));
            assert_eq!(report.verdict(INCLUSION), Some(Verdict::Supported));
            assert_eq!(report.verdict(RECORDS), Some(Verdict::Supported));
            assert_eq!((made.records, made.proofs.len()), (to - from, made.entries));
        }
    }
}

#[test]
fn the_same_order_gives_the_same_bytes() {
    let (set, mut permits) = (set(true), all_permits());
    let one = make_of(&set, &permits, true).unwrap();
    permits.reverse();
    assert_eq!(one.bytes, make_of(&set, &permits, true).unwrap().bytes);
}

/// Records are the bytes of the export, so that number texts and escapes stay.
#[test]
fn records_are_cut_out_byte_for_byte() {
    let set = set(true);
    let made = make_of(&set, &all_permits()[1..2], false).unwrap();
    let export = set.payload.entry.read(1 << 30).unwrap();
    let (_, records) = std::str::from_utf8(&made.bytes).unwrap().split_once("\"records\":[\n").unwrap();
    let record = records.strip_suffix("]}\n").unwrap();
    assert!(export.as_str().unwrap().contains(record));
}

/// Each entry with its own proof is what C2SP tlog-proof verifiers take.
#[test]
fn single_proofs_hold_one_by_one() {
    let made = make_of(&set(true), &all_permits()[..1], false).unwrap();
    assert!(!made.proofs.is_empty());
    for (index, proof) in &made.proofs {
        let parsed = SingleProof::parse(&proof.proof).unwrap();
        let head = Checkpoint::parse(Note::parse(parsed.head).unwrap().text).unwrap();
        let leaf = leaf_hash(&proof.entry);
        let result = crate::merkle::rfc6962::verify_inclusion(
            *index,
            head.size,
            &leaf,
            &parsed.path.hashes,
            &head.root,
        );
        assert_eq!((parsed.path.index, result), (*index, Ok(())));
    }
}

#[test]
fn without_trust_in_a_head_nothing_is_tied() {
    let permits = all_permits();
    let of_log = make_of(&set(true), &permits[..1], false).unwrap();
    let mut stranger = policy(None);
    stranger.logs = LogTrust::default();
    let report = judge(&of_log.bytes, &stranger);
    assert_eq!((report.outcome, codes(&report)[0]), (Outcome::NotEstablished, "TLOG_NOTE_KEY_UNKNOWN"));

    // Without a log the maker's key is demanded; beside a log it is a further word.
    let of_maker = make_of(&set(false), &permits[..1], true).unwrap();
    assert_eq!(judge(&of_maker.bytes, &policy(None)).outcome, Outcome::NotEstablished);
    let report = judge(&of_maker.bytes, &policy(of_maker.maker_key.as_deref()));
    assert_eq!((report.outcome, report.verdict(INCLUSION)), (Outcome::Verified, None));
    let both = make_of(&set(true), &permits[..1], true).unwrap();
    let report = judge(&both.bytes, &policy(None));
    assert_eq!(report.outcome, Outcome::Verified);
    assert_eq!(report.verdict(RECORDS), Some(Verdict::InsufficientEvidence));

    let untied = changed(&both, |document| document["excerpt"]["trees"] = json!([]));
    let report = judge(&untied, &policy(both.maker_key.as_deref()));
    assert_eq!((report.outcome, codes(&report)[0]), (Outcome::NotEstablished, "EXCERPT_NOT_TIED"));
}

/// A log shows that it has an entry, not whose decision that is.
#[test]
fn the_issuer_must_be_trusted_too() {
    let made = make_of(&set(true), &all_permits()[..1], false).unwrap();
    let mut other = policy(None);
    other.keys = KeySource::TrustRoot;
    other.trust_root = None;
    let report = judge(&made.bytes, &other);
    assert_eq!(report.outcome, Outcome::NotEstablished);
    assert_eq!(report.verdict(INCLUSION), Some(Verdict::Supported));
    assert!(codes(&report).contains(&"EXCERPT_DECISION_NOT_ESTABLISHED"), "{:?}", codes(&report));
    let mut small = policy(None);
    small.limits.document_bytes = 1_000;
    assert_eq!(judge(&made.bytes, &small).outcome, Outcome::Unreadable);
}

/// Two heads of two kinds of tree must not stand for each other, whoever signed them.
#[test]
fn heads_cannot_change_places() {
    let made = make_of(&set(true), &all_permits()[..2], true).unwrap();
    let policy = policy(made.maker_key.as_deref());
    for edit in [
        |document: &mut Value| document["excerpt"]["trees"][0]["of"] = "records".into(),
        |document: &mut Value| document["excerpt"]["trees"][1]["of"] = "entries".into(),
        |document: &mut Value| {
            let head = document["excerpt"]["trees"][1]["head"].clone();
            document["excerpt"]["trees"][0]["head"] = head;
        },
        |document: &mut Value| {
            let head = document["excerpt"]["trees"][0]["head"].clone();
            document["excerpt"]["trees"][1]["head"] = head;
        },
        |document: &mut Value| {
            document["excerpt"]["source"]["sha256"] = prefixed(&[7; 32]).into();
        },
    ] {
        let report = judge(&changed(&made, edit), &policy);
        assert_eq!(report.outcome, Outcome::Disproved, "{:?}", codes(&report));
    }
    let exchanged = changed(&made, |document| {
        document["excerpt"]["trees"][0]["of"] = "records".into();
        document["excerpt"]["trees"][1]["of"] = "entries".into();
    });
    let report = judge(&exchanged, &policy);
    assert!(codes(&report).contains(&"EXCERPT_TREE_MISMATCH"), "{:?}", codes(&report));
}

/// What is tried, how, and the code that notices.
type Attack = (&'static str, fn(&mut Value), &'static str);

/// What a maker could try with an excerpt of a log that everybody trusts.
#[test]
fn entries_are_those_of_the_log() {
    let permits = all_permits();
    let made = make_of(&set(true), &permits[..2], false).unwrap();
    let policy = policy(None);
    assert_eq!(judge(&made.bytes, &policy).outcome, Outcome::Verified);
    let attacks: [Attack; 8] = [
        (
            "another amount in a payload",
            |document| document["records"][0]["chain_entries"][0]["payload_json"]["x"] = 1.into(),
            "EXCERPT_PROOF_INVALID",
        ),
        (
            "an entry left out",
            |document| {
                document["records"][0]["chain_entries"].as_array_mut().unwrap().pop();
            },
            "EXCERPT_PROOF_INVALID",
        ),
        (
            "an entry twice, with its index",
            |document| {
                let first = document["records"][0]["chain_entries"][0].clone();
                document["records"][0]["chain_entries"].as_array_mut().unwrap().insert(0, first);
                let index = document["excerpt"]["trees"][0]["indexes"][0].clone();
                document["excerpt"]["trees"][0]["indexes"].as_array_mut().unwrap().insert(0, index);
            },
            "EXCERPT_PROOF_INVALID",
        ),
        (
            "entries in each other's record",
            |document| {
                let one = document["records"][0]["chain_entries"].take();
                let other = document["records"][1]["chain_entries"].take();
                document["records"][0]["chain_entries"] = other;
                document["records"][1]["chain_entries"] = one;
            },
            "CHAIN_ENTRY_FOREIGN",
        ),
        (
            "an index outside",
            |document| document["excerpt"]["trees"][0]["indexes"][0] = 1_000_000.into(),
            "TLOG_INDEX_OUT_OF_RANGE",
        ),
        (
            "a hash more",
            |document| {
                let hash = base64::encode(&[1; 32]).into();
                document["excerpt"]["trees"][0]["hashes"].as_array_mut().unwrap().push(hash);
            },
            "TLOG_PROOF_LENGTH",
        ),
        ("a member that nobody knows", |document| document["verified"] = true.into(), "EXCERPT_MALFORMED"),
        (
            "another decision in the permit object",
            |document| document["records"][0]["permit"]["decision"] = "deny".into(),
            "PERMIT_BODY_CONTRADICTS_DECISION",
        ),
    ];
    for (what, attack, code) in attacks {
        let report = judge(&changed(&made, attack), &policy);
        assert_ne!(report.outcome, Outcome::Verified, "{what}");
        assert!(codes(&report).contains(&code), "{what}: {:?}", codes(&report));
    }
}

/// The log does not cover what stands outside of chain entries, and the report says so; a maker's tree does.
#[test]
fn usage_rows_need_the_makers_tree() {
    let permits = all_permits();
    let edit = |document: &mut Value| {
        document["records"][0]["permit"]["actual_cost_usd_micros"] = 1.into();
    };
    let of_log = make_of(&set(true), &permits[..1], false).unwrap();
    let report = judge(&changed(&of_log, edit), &policy(None));
    assert_eq!(report.outcome, Outcome::Verified);
    assert!(report.not_proven.iter().any(|text| text.contains("usage")), "{:?}", report.not_proven);
    let both = make_of(&set(true), &permits[..1], true).unwrap();
    let trusted = policy(both.maker_key.as_deref());
    let report = judge(&both.bytes, &trusted);
    assert!(!report.not_proven.iter().any(|text| text.contains("usage")), "{:?}", report.not_proven);
    let report = judge(&changed(&both, edit), &trusted);
    assert_eq!((report.outcome, codes(&report)[0]), (Outcome::Disproved, "EXCERPT_PROOF_INVALID"));
}

#[test]
fn what_cannot_be_cut_out_is_said() {
    let (set, permits) = (set(true), all_permits());
    let stranger = ["nobody".to_owned()];
    assert!(
        matches!(make_of(&set, &stranger, false), Err(ExcerptError::Missing(missing)) if missing == stranger)
    );
    assert!(matches!(make_of(&set, &[], false), Err(ExcerptError::Missing(_))));
    assert!(matches!(make_of(&self::set(false), &permits, false), Err(ExcerptError::NotTied)));

    let (limits, key, wanted) = (Limits::default(), key(), BTreeSet::from([permits[0].clone()]));
    let verified = digest(&set);
    let order = Order {
        permits: &wanted,
        verified: &verified,
        maker: Some(Maker { name: "two words", key: &key }),
        limits: &limits,
        workers: NonZeroUsize::MIN,
    };
    assert!(matches!(make(&set, &order), Err(ExcerptError::Name)));
    assert!(matches!(make(&set, &Order { verified: "sha256:", ..order }), Err(ExcerptError::Changed)));
    let small = Limits { document_bytes: 2_000, ..Limits::default() };
    let maker = None;
    assert!(matches!(
        make(&set, &Order { limits: &small, maker, ..order }),
        Err(ExcerptError::TooLarge(2_000) | ExcerptError::Read(_))
    ));
    let mut other = set.clone();
    let lines = Entry::from_bytes("export.json", b"{\"event_id\":\"e\",\"record_hash\":\"r\"}\n".to_vec());
    other.payload.entry = lines;
    let verified = digest(&other);
    assert!(matches!(
        make(&other, &Order { verified: &verified, maker, ..order }),
        Err(ExcerptError::Form(_))
    ));
}
