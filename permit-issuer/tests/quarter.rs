//! A quarter with planted errors: the ledger's rules and the reconciliation find each of them, and nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use serde_json::Value;
use verifier_core::claim::ledger::{Severity, Statement};
use verifier_core::evidence::{Evidence, ExportSet, file};
use verifier_core::ledger::Ledger;
use verifier_core::reconcile::{Class, Map, Outcome, Reconciler, Rules, Side, source};
use verifier_core::report;
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeySource, TrustPolicy};
use verifier_core::verify::{NoProgress, with_rows};

type Found = BTreeSet<(String, String)>;

fn verified(folder: &Path) -> Ledger {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
    let manifest: Value = serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    policy.keys = KeySource::Expected(manifest["public_key"].as_str().unwrap().to_owned());
    policy.workers = NonZeroUsize::new(2).unwrap();
    let part = |name: &str| file(&folder.join(name), &policy.limits).unwrap();
    let set = Evidence::Export(ExportSet::new(part("export.json"), Some(part("manifest.json"))));
    let (report, rows) = with_rows(&set, &policy, &NoProgress);
    assert_eq!(report.outcome, report::Outcome::Verified, "{:#?}", report.findings);
    rows.unwrap()
}

fn rules(ledger: &Ledger, found: &mut Found) {
    let statement = Statement::new(ledger, None, usize::MAX);
    let [account] = statement.replay.accounts.as_slice() else { panic!("one envelope") };
    assert!(account.is_complete && ledger.faults.is_empty());
    let results = statement.rules.iter().filter(|result| result.rule.severity != Severity::Info);
    for violation in
        results.clone().flat_map(|result| result.violations.iter().map(move |own| (result.rule.id, own)))
    {
        found.insert((violation.0.to_owned(), violation.1.subject.clone()));
    }
    // nothing is lost between reservation and spend
    let open: i128 = statement.replay.reservations.values().map(|own| own.open()).sum();
    assert_eq!(account.reserved, open);
    assert_eq!(account.reserve_sum - account.release_sum - account.committed_sum, account.reserved);
    assert_eq!(account.spent, account.committed_sum);
}

fn sides(folder: &Path, ledger: &Ledger, found: &mut Found) {
    let rules = Rules { has_gateway: true, has_invoice: true, materiality: 0 };
    let mut reconciler = Reconciler::new(ledger, rules);
    let mut each = |outcome: Outcome| {
        if outcome.class != Class::Matched {
            let row = outcome.permit.map(|permit| ledger.text(ledger.permits[permit].permit).to_owned());
            found.insert((outcome.class.as_str().to_owned(), row.unwrap_or(outcome.id)));
        }
        Ok::<(), std::io::Error>(())
    };
    for (side, name, map) in
        [(Side::Gateway, "gateway.jsonl", Map::litellm()), (Side::Invoice, "invoice.csv", Map::focus())]
    {
        let mut bytes = fs::File::open(folder.join(name)).unwrap();
        source::read(name, &mut bytes, &map, &mut |_| Ok(()), &mut |line, _| {
            reconciler.line(side, 0, line, &mut each).map(|_| ())
        })
        .unwrap();
    }
    let totals = reconciler.finish(&mut each).unwrap();
    assert_eq!(totals.material(), Class::ALL.iter().map(|class| totals.of(*class).material).sum::<u64>());
}

fn check(calls: u64, each: u64) {
    let folder = tempfile::tempdir().unwrap();
    permit_issuer::quarter::write(folder.path(), calls, each).unwrap();
    let planted: Value =
        serde_json::from_slice(&fs::read(folder.path().join("planted.json")).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let planted: Found =
        planted.as_array().unwrap().iter().map(|own| (text(&own["kind"]), text(&own["subject"]))).collect();
    assert_eq!(u64::try_from(planted.len()).unwrap(), 20 * each);
    let ledger = verified(folder.path());
    let mut found = Found::new();
    rules(&ledger, &mut found);
    sides(folder.path(), &ledger, &mut found);
    let missed: Vec<_> = planted.difference(&found).collect();
    let invented: Vec<_> = found.difference(&planted).collect();
    assert!(missed.is_empty() && invented.is_empty(), "missed {missed:#?}, invented {invented:#?}");
}

#[test]
fn every_planted_error_is_found_and_no_other() {
    check(8_000, 5);
}

/// Full size; run in release: `cargo test --release -p permit-issuer --test quarter -- --ignored`.
#[test]
#[ignore = "a million calls take a release build"]
fn a_quarter_of_a_million_calls() {
    check(1_000_000, 50);
}
