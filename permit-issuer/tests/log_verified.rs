//! What the issuer writes about its log, judged by the verifier: an export whose every entry is under a witnessed head,
//! and what must not pass for one.
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

const INCLUSION: &str = "transparency_log.inclusion.v1";
const WITNESS: &str = "transparency_log.witness.v1";

fn named(path: &Path) -> NamedBlob {
    NamedBlob::new(path.to_string_lossy(), fs::read(path).unwrap())
}

/// The report on the export in `folder`, under the trust root and witness policy of `demo`.
fn judge(folder: &Path, demo: &Path, change: impl Fn(&mut TrustPolicy)) -> Report {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-20").unwrap());
    policy.trust_root = Some(named(&demo.join("trust-root.json")));
    policy.logs = LogTrust { policy: Some(named(&demo.join("witness-policy.txt"))), ..LogTrust::default() };
    change(&mut policy);
    let batches = gather(&[folder], &Limits::default());
    let reports: Vec<Report> =
        batches.iter().flat_map(|batch| verify_batch(batch, &policy, &NoProgress)).collect();
    reports.into_iter().find(|report| report.artifact.kind == "export").unwrap()
}

#[test]
fn every_entry_is_under_a_witnessed_head_and_nothing_else_passes_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    run(&["demo", "--with-log", path(&demo)], "");
    let export = demo.join("borealis-research");
    let good = judge(&export, &demo, |_| {});
    assert_eq!(good.outcome, Outcome::Verified, "{:#?}", good.findings);
    assert_eq!(good.verdict(INCLUSION), Some(Verdict::Supported));
    assert_eq!(good.verdict(WITNESS), Some(Verdict::Supported));
    let quorum = |of| judge(&export, &demo, move |policy| policy.logs.witnesses = Some((2, of)));
    assert_eq!(quorum(3).verdict(WITNESS), Some(Verdict::Supported));
    assert_eq!(quorum(5).verdict(WITNESS), Some(Verdict::InsufficientEvidence));
    let early = judge(&export, &demo, |policy| policy.as_of = Timestamp::parse("2026-08-01").unwrap());
    assert!(early.has_code("TLOG_COSIGNATURE_FUTURE"), "{:?}", early.counts);
    let unknown = judge(&export, &demo, |policy| policy.logs = LogTrust::default());
    assert_eq!(unknown.verdict(INCLUSION), Some(Verdict::InsufficientEvidence));
    assert_eq!(unknown.outcome, Outcome::Verified, "nobody asked for inclusion");
    let required = judge(&export, &demo, |policy| {
        policy.logs = LogTrust::default();
        policy.require.insert(INCLUSION.to_owned());
    });
    assert_eq!(required.outcome, Outcome::NotEstablished);

    let proofs = export.join("export.json.tlog-proofs");
    let text = fs::read_to_string(&proofs).unwrap();
    let put = |text: &str| {
        fs::write(&proofs, text).unwrap();
        judge(&export, &demo, |_| {})
    };
    // A changed byte of a path, of the head or of the log's signature is noticed. A changed line of one witness leaves
    // the two others that the policy wants.
    let first = text.find('\n').unwrap() + 1;
    let end = first + text[first..].find('\n').unwrap();
    let head = text.find("\n\n").unwrap() + 2;
    let log_line = head + text[head..].find('\u{2014}').unwrap();
    let witnesses = log_line + text[log_line..].find('\n').unwrap();
    for position in (first..end).step_by(23).chain((head..witnesses).step_by(13)) {
        let mut damaged = text.clone().into_bytes();
        damaged[position] = if damaged[position] == b'A' { b'B' } else { b'A' };
        let Ok(damaged) = String::from_utf8(damaged) else { continue };
        let report = put(&damaged);
        assert_ne!(
            (report.verdict(INCLUSION), report.verdict(WITNESS)),
            (Some(Verdict::Supported), Some(Verdict::Supported)),
            "{position}"
        );
    }
    for (changed, code) in [
        (format!("{}{}", &text[..first], &text[end + 1..]), "TLOG_INCLUSION_MISSING"),
        (text.replacen("@v1", "@v1\n", 1), "TLOG_PROOF_MALFORMED"),
        (text.replacen('\n', &format!("\n{}\n", &text[first..end]), 1), "TLOG_PROOF_MALFORMED"),
        (text[..head].to_owned(), "TLOG_NOTE_MALFORMED"),
        (format!("{} {}{}", &text[..end], "A".repeat(43) + "=", &text[end..]), "TLOG_PROOF_LENGTH"),
    ] {
        let report = put(&changed);
        assert!(report.has_code(code), "{code}: {:?}", report.counts);
        assert_ne!(report.verdict(INCLUSION), Some(Verdict::Supported), "{code}");
    }
    fs::remove_file(&proofs).unwrap();
    let none = judge(&export, &demo, |_| {});
    let said = (none.outcome, none.verdict(INCLUSION));
    assert_eq!(said, (Outcome::Verified, Some(Verdict::InsufficientEvidence)), "a log was named");
    let unasked = judge(&export, &demo, |policy| policy.logs = LogTrust::default());
    assert_eq!((unasked.outcome, unasked.verdict(INCLUSION)), (Outcome::Verified, None));
    assert!(unasked.coverage.iter().any(|step| step.step == "tlog.inclusion" && step.skipped.is_some()));
}
