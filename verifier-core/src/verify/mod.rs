//! The way in: one set of evidence and a policy give one report.
//!
//! [`verify`] never fails and never panics: whatever goes wrong is a finding of the report.

use std::borrow::Cow;

use crate::claim;
use crate::evidence::{Batch, Evidence, Part};
use crate::finding::{Effect, Finding, Location, catalog};
use crate::ledger::{self, Ledger};
use crate::report::{FileSummary, Outcome, Report, ReportBuilder};
use crate::trust::TrustPolicy;

pub use crate::claim::key_status::{Expected as ExpectedStatus, KeyQuestion, KeyStatusInput};
pub use crate::claim::sigstore::{SignerInput, SigstoreInput};
pub use crate::evidence::{Layer, NoProgress, Progress};

/// Verifies one set of evidence.
#[must_use]
pub fn verify(evidence: &Evidence, policy: &TrustPolicy, progress: &dyn Progress) -> Report {
    verify_beside(evidence, Vec::new(), policy, progress)
}

/// Verifies one set of evidence and reads its rows.
///
/// The rows are as claimed by the evidence; the report says whether they are proven. Both come from the same bytes:
/// where the file changed between the two passes there are no rows.
///
/// # Errors
/// Beside the report, [`RowsError`] when the rows cannot be read.
pub fn with_rows(
    evidence: &Evidence,
    policy: &TrustPolicy,
    progress: &dyn Progress,
) -> (Report, Result<Ledger, RowsError>) {
    let report = verify(evidence, policy, progress);
    let rows = match ledger::read(&[evidence], &policy.limits, policy.workers, progress) {
        Ok(rows) if rows.is_of(std::slice::from_ref(&report)) => Ok(rows),
        Ok(_) => Err(RowsError::Changed),
        Err(error) => Err(RowsError::Read(error)),
    };
    (report, rows)
}

/// Why there are no rows beside a report.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowsError {
    /// The payload cannot be read, or holds too many rows.
    Read(ledger::ReadError),
    /// The file changed after it was verified.
    Changed,
}

impl std::fmt::Display for RowsError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read(error) => error.fmt(formatter),
            Self::Changed => formatter.write_str("the file changed after it was verified"),
        }
    }
}

impl std::error::Error for RowsError {}

/// Verifies everything of a batch: one report for each set, in order. What was noticed beside the evidence enters
/// the first report; a batch without evidence gives one report that says so.
#[must_use]
pub fn verify_batch(batch: &Batch, policy: &TrustPolicy, progress: &dyn Progress) -> Vec<Report> {
    verify_batch_each(batch, policy, &|_| Cow::Borrowed(policy), progress)
}

/// Verifies everything that was given on one occasion: each batch as [`verify_batch`], with a policy for each set (`policy`
/// stands for a batch without evidence), and then what checkpoints name against exports and against each other. Wherever they
/// lay, genuine files can tell two histories, and then none of them may stand as verified.
///
/// Reports keep the chains that were compared.
#[must_use]
pub fn verify_all<'p>(
    batches: &[Batch],
    policy: &TrustPolicy,
    policy_of: &dyn Fn(&Evidence) -> Cow<'p, TrustPolicy>,
    progress: &dyn Progress,
) -> Vec<Report> {
    let keeps = names_heads(batches, policy);
    let keeping = |set: &Evidence| {
        let own = policy_of(set);
        if !keeps || own.keep_chains {
            return own;
        }
        Cow::Owned(TrustPolicy { keep_chains: true, ..own.into_owned() })
    };
    let each = |batch| verify_batch_each(batch, policy, &keeping, progress);
    let mut reports: Vec<Report> = batches.iter().flat_map(each).collect();
    claim::checkpoint::report_conflicts(&mut reports, policy.limits.findings_per_code);
    reports
}

/// Whether a checkpoint names heads that exports have to be compared with, so that their entries must be kept. A bundle can
/// hold one, which only its verification shows.
fn names_heads(batches: &[Batch], policy: &TrustPolicy) -> bool {
    let sets = || batches.iter().flat_map(|batch| &batch.sets);
    let names = |set: &Evidence| match set {
        Evidence::Checkpoint(_) => true,
        Evidence::Bundle(_) => !verify(set, policy, &NoProgress).heads.is_empty(),
        _ => false,
    };
    sets().any(|set| matches!(set, Evidence::Export(_))) && sets().any(names)
}

fn verify_batch_each<'p>(
    batch: &Batch,
    policy: &TrustPolicy,
    policy_of: &dyn Fn(&Evidence) -> Cow<'p, TrustPolicy>,
    progress: &dyn Progress,
) -> Vec<Report> {
    let mut beside = batch.findings.clone();
    if batch.sets.is_empty() {
        let mut out = claim::trust_kit::begin(policy);
        out.artifact.kind = "input".to_owned();
        let file = FileSummary { role: "input", path: batch.label.clone(), sha256: None, bytes: None };
        out.artifact.files.extend((!batch.label.is_empty()).then_some(file));
        beside.into_iter().for_each(|finding| out.finding(finding));
        return vec![claim::trust_kit::end(out, policy)];
    }
    let verify = |set| verify_beside(set, std::mem::take(&mut beside), &policy_of(set), progress);
    batch.sets.iter().map(verify).collect()
}

/// Verifies a Sigstore bundle over an artifact.
#[must_use]
pub fn verify_sigstore(input: &SigstoreInput, policy: &TrustPolicy) -> Report {
    let mut out = claim::trust_kit::begin(policy);
    claim::sigstore::verify(input, policy, &mut out);
    claim::trust_kit::end(out, policy)
}

/// Judges the status of a key at an instant.
#[must_use]
pub fn verify_key_status(input: &KeyStatusInput, policy: &TrustPolicy) -> Report {
    let mut out = claim::trust_kit::begin(policy);
    claim::key_status::verify(input, policy, &mut out);
    claim::trust_kit::end(out, policy)
}

/// The code of a finding for which [`verify`] does not give [`Outcome::Verified`]; `None` when it does.
///
/// The steps end with the first such finding, so this takes a part of the time where there is one.
#[must_use]
pub fn failure(evidence: &Evidence, policy: &TrustPolicy) -> Option<&'static str> {
    let mut out = claim::trust_kit::begin(policy);
    out.stop_when_failed();
    run(evidence, policy, &NoProgress, &mut out);
    if let (true, Some(code)) = (out.is_settled(), out.first_failure()) {
        return Some(code.id);
    }
    let report = claim::trust_kit::end(out, policy);
    let failing = report.findings.iter().find(|finding| finding.effect.verdict().is_some());
    (report.outcome != Outcome::Verified).then(|| failing.map_or("(no finding)", |finding| finding.code.id))
}

fn verify_beside(
    evidence: &Evidence,
    beside: Vec<Finding>,
    policy: &TrustPolicy,
    progress: &dyn Progress,
) -> Report {
    let mut out = claim::trust_kit::begin(policy);
    beside.into_iter().for_each(|finding| out.finding(finding));
    run(evidence, policy, progress, &mut out);
    claim::trust_kit::end(out, policy)
}

fn run(evidence: &Evidence, policy: &TrustPolicy, progress: &dyn Progress, out: &mut ReportBuilder) {
    match evidence {
        Evidence::Export(set) => claim::export::verify(set, policy, progress, out),
        Evidence::Bundle(part) => claim::bundle::verify(part, policy, out),
        Evidence::Checkpoint(part) => claim::checkpoint::verify(part, policy, out),
        Evidence::Voice(part) => claim::voice::verify(part, policy, out),
        Evidence::Consistency(part) => claim::monitor::verify(part, policy, out),
        Evidence::Excerpt(part) => claim::export::excerpt::verify(part, policy, progress, out),
        Evidence::KeyManifest(part) => unsupported("key manifest", part, out),
        Evidence::Unsupported { kind, part } => unsupported(kind, part, out),
    }
}

fn unsupported(kind: &str, part: &Part, out: &mut ReportBuilder) {
    out.artifact.kind = kind.to_owned();
    out.artifact.files.push(FileSummary {
        role: "input",
        path: part.label.clone(),
        sha256: None,
        bytes: Some(part.entry.size()),
    });
    let message = format!("{kind} is recognised, and this release has no check for it on its own");
    let effect = Effect::Fails { verdict: crate::finding::Verdict::UnverifiableScope };
    out.finding(
        Finding::new(&catalog::input::KIND_NOT_VERIFIED, effect, message).at(Location::file(&part.label)),
    );
}
