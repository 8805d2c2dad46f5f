use serde_json::{Value as Json, json};

use super::{Expectation, Observation, Reference, ReferenceError, RekorMaterial, observe};
use crate::bytes::{Blob, Limits, hex};
use crate::crypto::{prefixed, sha256};
use crate::evidence::gather_bytes;
use crate::json::ParserLimits;
use crate::report::Outcome;
use crate::time::Timestamp;
use crate::trust::{NamedBlob, TrustPolicy};
use crate::verify::{NoProgress, verify_batch};

/// Spec 15 section 1.7.
const ROOTS: [&str; 6] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "929172fae51e7c4fedc288349b430c1ca2ee1b35f6a9493f3ca7c83b44786791",
    "dbcd3e88193813492c89683f224f535c304081a897eda192c8b518f79632b078",
    "7febb55330c8e54c1a9e6b36de000114a3511cd1fb8c2a0ec5751d7ced53eafe",
    "04321b63ce417a35a6510dc883d166eb4683c25215431f43afc9f95e5ebac2c5",
    "4513d0f5dc05652fc2e929ebb19624b41856ebe4f531ed4b13680730b23f2f01",
];

fn leaf(name: &str, number: usize) -> String {
    prefixed(&sha256(format!("{name}{number}").as_bytes()))
}

fn root(size: usize) -> String {
    format!("sha256:{}", ROOTS[size])
}

fn surface(from: usize, to: usize) -> Json {
    let leaves: Vec<String> = (0..to).map(|number| leaf("L", number)).collect();
    let head = json!({"version": "keel.checkpoint_log.v1", "tree_size": to, "root_hash": root(to)});
    let entries: Vec<Json> = leaves
        .iter()
        .map(|leaf| json!({"checkpoint_id": "c", "leaf_hash": leaf, "transparency": null}))
        .collect();
    json!({"surface_version": "keel.checkpoint_consistency_surface.v1", "tree_head": head,
        "requested_tree_head": head, "entries": entries,
        "proof": {"proof_type": "keel.checkpoint_log.full_prefix_merkle.v1", "from_size": from, "to_size": to,
            "from_root_hash": root(from), "to_root_hash": root(to), "leaf_hashes": leaves}})
}

fn noted(source: &str, size: usize) -> Reference {
    Reference {
        source: source.to_owned(),
        size: u64::try_from(size).unwrap(),
        root: hex::decode(ROOTS[size].as_bytes()).unwrap(),
    }
}

fn look(surface: &Json, references: &[Reference]) -> Observation {
    let expectation = Expectation { references: references.to_vec(), ..Expectation::default() };
    let blob = Blob::new(surface.to_string().into_bytes());
    observe("surface.json", Ok(blob), &expectation, ParserLimits::default())
}

fn codes(observation: &Observation) -> Vec<&'static str> {
    observation
        .findings
        .iter()
        .filter(|finding| finding.effect.verdict().is_some())
        .map(|finding| finding.code.id)
        .collect()
}

#[test]
fn the_worked_example_is_consistent() {
    for (from, to) in [(1, 3), (0, 0), (0, 5), (5, 5), (2, 4)] {
        let observation = look(&surface(from, to), &[noted("pin", from), noted("state", to)]);
        assert_eq!(codes(&observation), Vec::<&str>::new(), "{from} {to}");
        assert_eq!(observation.roots, Some((root(from), root(to))));
        assert_eq!(observation.proved.map(|head| (head.size, head.root)), {
            let head = noted("", to);
            Some((head.size, head.root))
        });
    }
    let observation = look(&surface(1, 3), &[]);
    assert!(observation.findings.iter().any(|finding| finding.code.id == "MONITOR_HEAD_UNSIGNED"));
}

#[test]
fn every_member_counts() {
    let good = surface(1, 3);
    let paths = [
        "/surface_version",
        "/tree_head/version",
        "/tree_head/tree_size",
        "/tree_head/root_hash",
        "/tree_head",
        "/requested_tree_head/version",
        "/requested_tree_head/tree_size",
        "/requested_tree_head/root_hash",
        "/requested_tree_head",
        "/proof",
        "/proof/proof_type",
        "/proof/from_size",
        "/proof/to_size",
        "/proof/from_root_hash",
        "/proof/to_root_hash",
        "/proof/leaf_hashes",
        "/proof/leaf_hashes/0",
        "/proof/leaf_hashes/2",
        "/entries/1/leaf_hash",
        "/entries/1",
    ];
    for path in paths {
        for new in [
            json!(null),
            json!(true),
            json!(-1),
            json!(2),
            json!(1.0),
            json!(""),
            json!("sha256:00"),
            json!([]),
            json!({}),
            json!(leaf("other", 0)),
        ] {
            let mut changed = good.clone();
            *changed.pointer_mut(path).unwrap() = new.clone();
            let observation = look(&changed, &[]);
            assert_eq!(observation.outcome(), Outcome::Disproved, "{path} {new}");
            assert!(observation.proved.is_none());
        }
    }
    // ids are not bound to leaves by any published rule
    let mut changed = good;
    changed["entries"][0]["checkpoint_id"] = json!("other");
    assert_eq!(look(&changed, &[]).outcome(), Outcome::Verified);
}

/// Spec 15 section 1.8: what the reference accepts.
#[test]
fn the_references_defects_are_refused() {
    let mut empty_head = surface(1, 5);
    empty_head["tree_head"]["tree_size"] = json!(0);
    empty_head["tree_head"]["root_hash"] = json!(root(0));
    assert_eq!(codes(&look(&empty_head, &[])), ["MONITOR_HEAD_MISMATCH"]);
    let mut later = surface(1, 3);
    later["tree_head"]["tree_size"] = json!(5);
    later["tree_head"]["root_hash"] = json!(root(5));
    let proved = look(&later, &[]).proved.unwrap();
    assert_eq!(proved.size, 3, "the proved head is noted, not the announced one");
    assert_eq!(codes(&look(&surface(1, 3), &[noted("pin", 2), noted("state", 5)])), ["MONITOR_ROLLBACK"]);
    let mut fork = noted("state", 2);
    fork.root = [7; 32];
    assert_eq!(codes(&look(&surface(1, 3), &[noted("pin", 1), fork])), ["MONITOR_FORK"]);
    let mut none = surface(1, 3);
    none["entries"] = json!([]);
    assert_eq!(codes(&look(&none, &[])), Vec::<&str>::new());
    let doubled = surface(1, 3).to_string().replacen('{', "{\"proof\":null,", 1);
    let observation = observe(
        "surface.json",
        Ok(Blob::new(doubled.into_bytes())),
        &Expectation::default(),
        ParserLimits::default(),
    );
    assert_ne!(observation.outcome(), Outcome::Verified);
}

#[test]
fn witnesses_are_never_taken_on_their_word() {
    let expectation = Expectation { require_rekor: true, ..Expectation::default() };
    let run = |surface: &Json| {
        let blob = Blob::new(surface.to_string().into_bytes());
        codes(&observe("surface.json", Ok(blob), &expectation, ParserLimits::default()))
    };
    let mut value = surface(1, 1);
    assert_eq!(run(&value), ["MONITOR_REKOR_MISSING"]);
    let witness = json!({"witness_type": "rekor", "status": "included", "rekor_uuid": "x", "log_index": 0});
    value["entries"][0]["transparency"] = witness.clone();
    assert_eq!(run(&value), ["MONITOR_REKOR_MISSING"]);
    for name in witness.as_object().unwrap().keys() {
        let mut changed = witness.clone();
        changed[name] = json!(null);
        value["entries"][0]["transparency"] = changed;
        assert_eq!(run(&value), ["MONITOR_REKOR_INVALID"], "{name}");
    }
    value["entries"] = json!([]);
    assert_eq!(run(&value), ["MONITOR_REKOR_MISSING"]);
    value["entries"] = json!(null);
    assert_eq!(run(&value), ["MONITOR_REKOR_MISSING"]);
}

/// A real entry of the public log, whose artifact's digest stands for the leaf.
#[test]
fn bundles_of_the_log_show_that_it_has_the_entries() {
    let asset =
        |name: &str| std::fs::read(testvectors::root().join("sigstore/conformance").join(name)).unwrap();
    let material = |bundle: Vec<u8>, as_of: &str| RekorMaterial {
        bundles: vec![NamedBlob::new("entry.sigstore.json", bundle)],
        trusted_root: None,
        as_of: Timestamp::parse(as_of).unwrap(),
    };
    let bundle: Json = serde_json::from_slice(&asset("happy-path-v0.3.json")).unwrap();
    let stated = bundle.pointer("/verificationMaterial/tlogEntries/0/logIndex").unwrap();
    let index: i64 = stated.as_str().unwrap().parse().unwrap();
    let leaf = sha256(&asset("shared/a0cfc71271d6"));
    let root = crate::merkle::rfc6962::root([leaf]);
    let witness = json!({"witness_type": "rekor", "status": "included", "rekor_uuid": "x", "log_index": index,
        "artifact_hash": prefixed(&leaf)});
    let head = json!({"version": "keel.checkpoint_log.v1", "tree_size": 1, "root_hash": prefixed(&root)});
    let document = json!({"surface_version": "keel.checkpoint_consistency_surface.v1", "tree_head": head,
        "requested_tree_head": head,
        "entries": [{"checkpoint_id": "c", "leaf_hash": prefixed(&leaf), "transparency": witness}],
        "proof": {"proof_type": "keel.checkpoint_log.full_prefix_merkle.v1", "from_size": 1, "to_size": 1,
            "from_root_hash": prefixed(&root), "to_root_hash": prefixed(&root), "leaf_hashes": [prefixed(&leaf)]}});
    let run = |document: &Json, material: Option<RekorMaterial>| {
        let expectation = Expectation { require_rekor: true, rekor: material, ..Expectation::default() };
        let blob = Blob::new(document.to_string().into_bytes());
        observe("surface.json", Ok(blob), &expectation, ParserLimits::default())
    };
    let now = "2026-11-01T00:00:00Z";
    let honest = || material(bundle.to_string().into_bytes(), now);
    let observation = run(&document, Some(honest()));
    assert_eq!(codes(&observation), Vec::<&str>::new(), "{:?}", observation.findings);
    assert_eq!(observation.outcome(), Outcome::Verified);
    assert!(observation.proved.is_some());
    assert_eq!(codes(&run(&document, None)), ["MONITOR_REKOR_MISSING"]);
    let empty = RekorMaterial { bundles: Vec::new(), ..honest() };
    assert_eq!(codes(&run(&document, Some(empty))), ["MONITOR_REKOR_MISSING"]);
    // The same bundle beside another entry, another place in the log, another artifact.
    let mut other = document.clone();
    other["entries"][0]["transparency"]["log_index"] = json!(index + 1);
    assert_eq!(codes(&run(&other, Some(honest()))), ["MONITOR_REKOR_INVALID"]);
    let mut other = document.clone();
    other["entries"][0]["transparency"]["artifact_hash"] = json!(prefixed(&[1; 32]));
    assert_eq!(codes(&run(&other, Some(honest()))), ["MONITOR_REKOR_INVALID"]);
    assert_eq!(codes(&run(&surface(1, 1), Some(honest()))), ["MONITOR_REKOR_MISSING"]);
    // Before the entry was made, and each of the log's proofs damaged.
    assert_ne!(
        run(&document, Some(material(bundle.to_string().into_bytes(), "2020-01-01"))).outcome(),
        Outcome::Verified
    );
    for place in [
        "/verificationMaterial/tlogEntries/0/inclusionProof/rootHash",
        "/verificationMaterial/tlogEntries/0/inclusionProof/hashes/0",
        "/verificationMaterial/tlogEntries/0/inclusionProof/logIndex",
        "/verificationMaterial/tlogEntries/0/inclusionProof/treeSize",
        "/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope",
        "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp",
        "/verificationMaterial/tlogEntries/0/integratedTime",
        "/verificationMaterial/tlogEntries/0/logIndex",
        "/verificationMaterial/tlogEntries/0/logId/keyId",
        "/verificationMaterial/tlogEntries/0/canonicalizedBody",
    ] {
        let mut damaged = bundle.clone();
        let value = damaged.pointer_mut(place).unwrap();
        let text = value.as_str().unwrap().to_owned();
        let (at, old) = text.char_indices().nth(3.min(text.len() - 2)).unwrap();
        let new = if old == '7' { "8" } else { "7" };
        *value = format!("{}{new}{}", &text[..at], &text[at + 1..]).into();
        let observation = run(&document, Some(material(damaged.to_string().into_bytes(), now)));
        assert_ne!(observation.outcome(), Outcome::Verified, "{place}");
        assert!(observation.proved.is_none(), "{place}");
    }
    let unreadable = run(&document, Some(material(b"{".to_vec(), now)));
    assert_eq!(unreadable.outcome(), Outcome::Unreadable);
}

#[test]
fn a_noted_head_says_all_or_is_an_error() {
    let parse = |value: Json| {
        Reference::parse("pin", Blob::new(value.to_string().into_bytes()), ParserLimits::default())
    };
    let head = noted("pin", 3);
    let state = head.to_state();
    assert!(state.ends_with("}\n"));
    assert_eq!(parse(serde_json::from_str(&state).unwrap()), Ok(head.clone()));
    assert_eq!(parse(json!({"root_hash": root(3), "tree_size": 3, "schema": null})), Ok(head));
    assert_eq!(parse(json!({"root_hash": root(0), "tree_size": 0})), Ok(noted("pin", 0)));
    for (value, error) in [
        (json!([]), ReferenceError::NotAnObject),
        (json!({"root_hash": root(3), "tree_size": 3, "schema": "x"}), ReferenceError::Schema),
        (json!({"tree_size": 3}), ReferenceError::Root),
        (json!({"root_hash": "sha256:00", "tree_size": 3}), ReferenceError::Root),
        (json!({"root_hash": root(3)}), ReferenceError::Size),
        (json!({"root_hash": root(3), "tree_size": true}), ReferenceError::Size),
        (json!({"root_hash": root(3), "tree_size": -1}), ReferenceError::Size),
        (
            json!({"root_hash": root(3), "tree_size": 3, "checkpoint_log_tree_size": 2}),
            ReferenceError::Contradiction,
        ),
    ] {
        assert_eq!(parse(value.clone()), Err(error), "{value}");
    }
    let cut = Blob::new(state.as_bytes()[..40].to_vec());
    assert_eq!(Reference::parse("state", cut, ParserLimits::default()), Err(ReferenceError::NotAnObject));
}

#[test]
fn as_evidence_a_document_can_only_be_disproved() {
    let policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
    let run = |value: &Json| {
        let batch = gather_bytes("surface.json", value.to_string().into_bytes(), &Limits::default());
        verify_batch(&batch, &policy, &NoProgress).remove(0)
    };
    let report = run(&surface(1, 3));
    assert_eq!(report.outcome, Outcome::NotEstablished);
    assert!(report.has_code("MONITOR_NOT_ANCHORED") && report.has_code("MONITOR_HEAD_UNSIGNED"));
    let mut changed = surface(1, 3);
    changed["proof"]["from_root_hash"] = json!(root(2));
    let report = run(&changed);
    assert_eq!(report.outcome, Outcome::Disproved);
    assert!(report.has_code("MONITOR_ROOT_MISMATCH") && !report.has_code("MONITOR_NOT_ANCHORED"));
}

#[test]
fn cut_documents_end_in_a_finding() {
    let text = surface(1, 3).to_string();
    for end in 0..text.len() {
        let blob = Blob::new(text.as_bytes()[..end].to_vec());
        let observation = observe("cut.json", Ok(blob), &Expectation::default(), ParserLimits::default());
        assert_eq!(observation.outcome(), Outcome::Unreadable, "{end}");
    }
}

/// Linear in the document, however much is wrong with it.
#[test]
fn large_documents_are_judged_in_bounded_time() {
    let entries: Vec<Json> = (0..50_000).map(|_| json!(0)).collect();
    let mut value = surface(1, 3);
    value["entries"] = json!(entries);
    value["proof"]["to_size"] = json!(9_007_199_254_740_991_u64);
    let observation = look(&value, &[noted("pin", 1)]);
    assert_eq!(observation.outcome(), Outcome::Disproved);
    assert!(observation.findings.len() < 300);
    assert!(observation.findings.iter().any(|finding| finding.message.contains("further findings")));
    let mut text = String::from("{");
    (0..50_000).for_each(|_| text.push_str("\"a\":0,"));
    text.push_str(&surface(1, 3).to_string()[1..]);
    let blob = Blob::new(text.into_bytes());
    let observation = observe("surface.json", Ok(blob), &Expectation::default(), ParserLimits::default());
    assert_ne!(observation.outcome(), Outcome::Verified);
}
