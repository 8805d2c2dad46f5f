//! Decision before execution in what the issuer writes: outside times around every call, and a history that was
//! written again against a checkpoint that somebody kept.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod common;

use std::fs;
use std::path::Path;

use common::{path, run};
use verifier_core::bytes::Limits;
use verifier_core::evidence::{NoProgress, gather};
use verifier_core::finding::Verdict;
use verifier_core::report::{Outcome, Report};
use verifier_core::time::Timestamp;
use verifier_core::trust::{LogTrust, NamedBlob, TrustPolicy};
use verifier_core::verify::verify_batch;

const ORDER: &str = "permit.decided_before_dispatch.v1";
const INTERVAL: &str = "permit.decision_interval.v1";

fn named(path: &Path) -> NamedBlob {
    NamedBlob::new(path.to_string_lossy(), fs::read(path).unwrap())
}

fn judge(folder: &Path, demo: &Path, change: impl Fn(&mut TrustPolicy)) -> Report {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-20").unwrap());
    policy.trust_root = Some(named(&demo.join("trust-root.json")));
    let witnesses = demo.join("witness-policy.txt");
    if witnesses.exists() {
        policy.logs = LogTrust { policy: Some(named(&witnesses)), ..LogTrust::default() };
    }
    change(&mut policy);
    let batches = gather(&[folder], &Limits::default());
    let reports: Vec<Report> =
        batches.iter().flat_map(|batch| verify_batch(batch, &policy, &NoProgress)).collect();
    reports.into_iter().find(|report| report.artifact.kind == "export").unwrap()
}

#[test]
fn witnessed_heads_in_the_chain_bracket_every_later_call() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    run(&["demo", "--with-log", path(&demo)], "");
    let export = demo.join("borealis-research");
    let report = judge(&export, &demo, |_| {});
    assert_eq!(report.outcome, Outcome::Verified, "{:#?}", report.findings);
    assert_eq!(report.verdict(ORDER), Some(Verdict::Supported));
    // The calls before the first head that the chain took in have no earliest time.
    assert_eq!(report.verdict(INTERVAL), Some(Verdict::InsufficientEvidence));
    assert!(report.has_code("DISPATCH_LOWER_BOUND_MISSING"));
    assert!(!report.has_code("DECISION_UPPER_BOUND_MISSING"));
    let decisions = report.decisions.unwrap();
    assert_eq!((decisions.in_order, decisions.contradicted), (decisions.dispatched, 0));
    assert_eq!(decisions.bounded_above, decisions.permits);
    assert!(decisions.bounded_below > 30 && decisions.bounded_below < decisions.dispatched);
    for interval in
        decisions.intervals.iter().filter(|interval| interval.dispatched_no_earlier_than.is_some())
    {
        let since = interval.dispatched_no_earlier_than.as_ref().unwrap();
        let by = interval.decided_no_later_than.as_ref().unwrap();
        let [since, by] = [since, by].map(|bound| Timestamp::parse(&bound.time).unwrap().unix_micros());
        assert!(since < by && by - since <= 20 * 3_600 * 1_000_000, "{interval:?}");
    }
    // Without the witnesses' keys nothing fixes a time, and the order stays.
    let alone = judge(&export, &demo, |policy| policy.logs = LogTrust::default());
    assert_eq!((alone.verdict(ORDER), alone.verdict(INTERVAL)), (Some(Verdict::Supported), None));
    let required = judge(&export, &demo, |policy| {
        policy.logs = LogTrust::default();
        policy.require.insert(INTERVAL.to_owned());
    });
    assert_eq!(required.outcome, Outcome::NotEstablished);
    assert!(required.has_code("DECISION_UPPER_BOUND_MISSING"));
}

/// A head whose text is not the one that the record hash covers fixes nothing.
#[test]
fn a_replaced_head_is_no_outside_time() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    run(&["demo", "--with-log", path(&demo)], "");
    let export = demo.join("borealis-research");
    let file = export.join("export.json");
    let text = fs::read_to_string(&file).unwrap();
    let before = judge(&export, &demo, |_| {}).decisions.unwrap();
    fs::write(
        &file,
        text.replace("\"tree_head\":\"demo.invalid/log\\n", "\"tree_head\":\" demo.invalid/log\\n"),
    )
    .unwrap();
    let report = judge(&export, &demo, |_| {});
    assert_ne!(report.outcome, Outcome::Verified);
    let after = report.decisions.unwrap();
    assert!(before.bounded_below > 0 && after.bounded_below == 0, "{after:?}");
}

#[test]
fn a_checkpoint_beside_the_export_must_know_the_same_entry() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    run(&["demo", path(&demo)], "");
    let export = demo.join("borealis-research");
    let kept = fs::read_to_string(demo.join("checkpoint.json")).unwrap();
    fs::write(export.join("checkpoint.json"), &kept).unwrap();
    let same = judge(&export, &demo, |_| {});
    assert_eq!(same.outcome, Outcome::Verified, "{:#?}", same.findings);
    assert!(!same.has_code("CHAIN_HEAD_CONTRADICTED"));
    // The same week under other keys and with another chain: somebody else's history.
    let other = folder.path().join("other");
    run(&["demo", "--with-log", path(&other)], "");
    let foreign = other.join("borealis-research");
    fs::write(foreign.join("checkpoint.json"), &kept).unwrap();
    let report = judge(&foreign, &other, |_| {});
    assert_eq!(report.outcome, Outcome::Disproved);
    assert!(report.has_code("CHAIN_HEAD_CONTRADICTED"), "{:?}", report.counts);
    // The same when the operator names it instead.
    fs::remove_file(foreign.join("checkpoint.json")).unwrap();
    let named = judge(&foreign, &other, |policy| {
        policy.checkpoint = Some(NamedBlob::new("kept.json", kept.clone().into_bytes()));
    });
    assert!(named.has_code("CHAIN_HEAD_CONTRADICTED"), "{:?}", named.counts);
    // A checkpoint that nobody trusted signed accuses nobody.
    let forged = kept.replace("\"ed25519:", "\"ed25519:A");
    fs::write(foreign.join("checkpoint.json"), forged).unwrap();
    assert!(!judge(&foreign, &other, |_| {}).has_code("CHAIN_HEAD_CONTRADICTED"));
}
