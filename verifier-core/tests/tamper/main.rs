//! Every field of every honest artifact, changed and removed one at a time.
//!
//! Without a new signature, every change of what is signed must be noticed. With a new signature by the export
//! key, which is what the vendor itself can do, each change is noticed or its place stands in `uncovered.txt`:
//! the exact list of what a green result does not vouch for against the vendor. A place that becomes uncovered
//! fails the test, and so does one that becomes covered.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops at the first surprise and says why"
)]

mod beside;
mod edit;
mod evidence;
mod list;
mod random;
#[path = "../workflow_evidence/mod.rs"]
mod workflow_evidence;

use std::collections::BTreeSet;

use edit::Edit;
use evidence::{Form, Honest};
use list::{Tally, run};
use verifier_core::evidence::Evidence;
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeySource, NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify};

fn check_payload(section: &str, id: &str, form: Form) {
    let honest = Honest::load(id, form);
    let (bytes, manifest) = honest.publish(&honest.payload);
    assert!(honest.is_verified(&honest.payload_bytes, &honest.manifest), "{id} as committed");
    assert!(honest.is_verified(&bytes, &manifest), "{id} unchanged and signed again");

    let edits = Edit::sample(&honest.payload);
    let signed_again = run(&edits, |edit| {
        let (changed, manifest) = honest.publish(&edit.apply(&honest.payload));
        // what signing writes comes out as it was
        (changed != bytes).then(|| honest.is_verified(&changed, &manifest))
    });
    let tally = Tally::of(&edits, &signed_again);
    let mut differences = tally.differences(&format!("{section}, signed again"));
    differences += &tally.against_table(section);
    assert_eq!(tally.idle_rows(section), Vec::<&str>::new(), "{section}: rows of the table without a place");

    // one digest covers everything here, so one position of each place is enough
    let edits = Edit::first_of_each(edits);
    let as_is = run(&edits, |edit| {
        Some(honest.is_verified(&honest.write(&edit.apply(&honest.payload)), &honest.manifest))
    });
    if form == Form::Bundle {
        let tally = Tally::of(&edits, &as_is);
        differences += &tally.differences(&format!("{section}, signature as it was"));
        differences += &tally.against_signature(section);
    } else {
        let unnoticed = edits.iter().zip(&as_is).filter(|(_, green)| **green == Some(true));
        let unnoticed: Vec<String> = unnoticed.map(|(edit, _)| edit.exact()).collect();
        assert_eq!(unnoticed, Vec::<String>::new(), "{section}");
    }
    assert!(differences.is_empty(), "uncovered.txt differs:\n{differences}");
}

#[test]
fn audit_export_bundle() {
    check_payload("audit export bundle", "generated-export-small", Form::Document);
}

#[test]
fn governance_events_document() {
    check_payload("governance events document", "generated-governance-events-document", Form::Document);
}

#[test]
fn governance_events_lines() {
    check_payload("governance events lines", "generated-governance-events-lines", Form::Lines);
}

#[test]
fn evidence_bundle() {
    check_payload("evidence bundle", "generated-evidence-bundle-ledger", Form::Bundle);
}

/// The manifest signs one digest. What else it says is either contradicted by the payload when it is wrong, or
/// stated in the report as not covered, or unknown to this verifier.
#[test]
fn export_manifest() {
    let honest = Honest::load("generated-export-small", Form::Document);
    let edits = Edit::all(&honest.manifest);
    let green =
        run(&edits, |edit| Some(honest.is_verified(&honest.payload_bytes, &edit.apply(&honest.manifest))));
    let tally = Tally::of(&edits, &green);
    let mut differences = tally.differences("export manifest");
    differences += &tally.against_table("export manifest");
    assert_eq!(tally.idle_rows("export manifest"), Vec::<&str>::new(), "rows of the table without a place");
    assert!(differences.is_empty(), "uncovered.txt differs:\n{differences}");

    let report = honest.report(&honest.payload_bytes, &honest.manifest);
    let unsigned =
        report.findings.iter().find(|finding| finding.code.id == "MANIFEST_FIELD_UNSIGNED").unwrap();
    let (_, stated) = unsigned.message.rsplit_once(": ").unwrap();
    let stated: BTreeSet<&str> = stated.split(", ").collect();
    let found: BTreeSet<&str> = edits
        .iter()
        .zip(&green)
        .filter(|(edit, green)| **green == Some(true) && !edit.is_removal())
        .map(|(edit, _)| edit.member())
        .collect();
    let unknown = BTreeSet::from(["keel_version"]);
    let silent: Vec<_> = found.difference(&stated).filter(|name| !unknown.contains(**name)).collect();
    assert!(silent.is_empty(), "not covered, and the report does not say so: {silent:?}");
}

/// Against a trust root that stays: as it is, and signed again by the key that the trust root lists.
#[test]
fn key_manifest() {
    let honest = Honest::load("generated-export-small", Form::Document);
    let edits = Edit::all(&honest.key_manifest);
    let green = |key_manifest| {
        let changed = Honest { key_manifest, ..honest.clone() };
        let differs = changed.key_manifest != honest.key_manifest;
        differs.then(|| changed.is_verified(&honest.payload_bytes, &honest.manifest))
    };
    let as_is = run(&edits, |edit| green(edit.apply(&honest.key_manifest)));
    let tally = Tally::of(&edits, &as_is);
    let mut differences = tally.differences("key manifest, signature as it was");
    differences += &tally.against_signature("key manifest");
    let signed_again =
        run(&edits, |edit| green(evidence::sign_key_manifest(edit.apply(&honest.key_manifest))));
    let tally = Tally::of(&edits, &signed_again);
    differences += &tally.differences("key manifest, signed again");
    differences += &tally.against_table("key manifest");
    assert_eq!(tally.idle_rows("key manifest"), Vec::<&str>::new(), "rows of the table without a place");
    assert!(differences.is_empty(), "uncovered.txt differs:\n{differences}");
}

/// Whoever has the key can say anything in a checkpoint; without it, only what is outside the signature.
#[test]
fn checkpoint() {
    let case = evidence::generated("generated-checkpoint-heads");
    let honest: serde_json::Value = serde_json::from_slice(&case.read("checkpoint.json").unwrap()).unwrap();
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    policy.keys = KeySource::Manifest(NamedBlob::new("keys.json", case.read("keys.json").unwrap()));
    let is_verified = |document: &serde_json::Value| {
        let part = evidence::part("checkpoint.json", evidence::bytes_of(document));
        verify(&Evidence::Checkpoint(part), &policy, &NoProgress).outcome.exit_status() == 0
    };
    assert!(is_verified(&honest), "as committed");
    let edits = Edit::all(&honest);
    let green = run(&edits, |edit| Some(is_verified(&edit.apply(&honest))));
    let tally = Tally::of(&edits, &green);
    let mut differences = tally.differences("checkpoint, signature as it was");
    differences += &tally.against_signature("checkpoint");
    assert!(differences.is_empty(), "uncovered.txt differs:\n{differences}");
}

/// Under the head of a log and that of the maker, both of them trusted.
#[test]
fn excerpt() {
    let (made, policy) = evidence::excerpt(true);
    let honest: serde_json::Value = serde_json::from_slice(&made.bytes).unwrap();
    let is_verified = |document: &serde_json::Value| {
        let part = evidence::part("excerpt.json", evidence::bytes_of(document));
        verify(&Evidence::Excerpt(part), &policy, &NoProgress).outcome.exit_status() == 0
    };
    assert!(is_verified(&honest), "as made");
    let edits = Edit::all(&honest);
    let green = run(&edits, |edit| Some(is_verified(&edit.apply(&honest))));
    let tally = Tally::of(&edits, &green);
    let mut differences = tally.differences("excerpt");
    differences += &tally.against_table("excerpt");
    assert_eq!(tally.idle_rows("excerpt"), Vec::<&str>::new(), "rows of the table without a place");

    // Under the log's head alone: what is in chain entries is covered all the same.
    let (made, policy) = evidence::excerpt(false);
    let honest: serde_json::Value = serde_json::from_slice(&made.bytes).unwrap();
    let is_verified = |document: &serde_json::Value| {
        let part = evidence::part("excerpt.json", evidence::bytes_of(document));
        verify(&Evidence::Excerpt(part), &policy, &NoProgress).outcome.exit_status() == 0
    };
    let edits: Vec<Edit> =
        Edit::all(&honest).into_iter().filter(|edit| edit.place().contains("/chain_entries")).collect();
    let green = run(&edits, |edit| Some(is_verified(&edit.apply(&honest))));
    let unnoticed = edits.iter().zip(&green).filter(|(_, green)| **green == Some(true));
    let unnoticed: Vec<String> = unnoticed.map(|(edit, _)| edit.exact()).collect();
    assert_eq!(unnoticed, Vec::<String>::new());
    assert!(differences.is_empty(), "uncovered.txt differs:\n{differences}");
}

/// Bytes that are no field: every change of them is a change of what is signed.
#[test]
fn payload_bytes() {
    let honest = Honest::load("generated-export-small", Form::Document);
    let bytes = &honest.payload_bytes;
    let mut changed: Vec<Vec<u8>> = vec![
        [bytes.as_slice(), b" "].concat(),
        [b" ", bytes.as_slice()].concat(),
        bytes[..bytes.len() - 1].to_vec(),
        serde_json::to_vec_pretty(&honest.payload).unwrap(),
    ];
    for at in (0..bytes.len()).step_by(1 + bytes.len() / 200) {
        for mask in [0x01, 0x20, 0x80] {
            let mut other = bytes.clone();
            other[at] ^= mask;
            changed.push(other);
        }
    }
    let unnoticed = changed.iter().filter(|bytes| honest.is_verified(bytes, &honest.manifest)).count();
    assert_eq!(unnoticed, 0, "of {}", changed.len());
}
