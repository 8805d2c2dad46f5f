//! Which findings a policy accepts.

use super::{Exception, Facts, Policy};
use crate::finding::catalog::input::INTERNAL_ERROR;
use crate::finding::{Effect, Finding};
use crate::report::{Acceptance, Report};
use crate::time::Timestamp;

const DAY: i64 = 86_400_000_000;

/// Whether the last day is over.
pub(super) fn is_expired(exception: &Exception, as_of: &Timestamp) -> bool {
    let last = Timestamp::parse(&exception.expires).map(|day| day.unix_micros().saturating_add(DAY));
    last.is_none_or(|end| as_of.unix_micros() >= end)
}

/// Every finding that an exception in force speaks for. What could not be read, and a failure of this program, cannot be
/// accepted.
pub(super) fn accepted(policy: &Policy, facts: &Facts<'_>) -> Vec<Acceptance> {
    let mut all = Vec::new();
    for (number, report) in facts.reports.iter().enumerate() {
        for (position, finding) in report.findings.iter().enumerate() {
            let fits = |own: &&Exception| !is_expired(own, facts.as_of) && speaks_for(own, finding, report);
            if let Some(own) = policy.exceptions.iter().find(fits) {
                all.push(Acceptance {
                    report: number,
                    finding: position,
                    code: finding.code.id,
                    reason: own.reason.clone(),
                    until: own.expires.clone(),
                });
            }
        }
    }
    all
}

/// Whether an exception in force speaks for every finding of a code, listed or not.
pub(super) fn speaks_for_all(policy: &Policy, code: &str, report: &Report, as_of: &Timestamp) -> bool {
    policy.exceptions.iter().any(|own| {
        own.code == code
            && own.file.is_none()
            && own.pointer.is_none()
            && of_evidence(own, report)
            && !is_expired(own, as_of)
    })
}

/// Whether an exception is about a finding, in force or not.
pub(super) fn speaks_for(exception: &Exception, finding: &Finding, report: &Report) -> bool {
    exception.code == finding.code.id
        && finding.effect != Effect::Unreadable
        && finding.code.id != INTERNAL_ERROR.id
        && exception.file.as_ref().is_none_or(|file| *file == finding.location.file)
        && exception.pointer.as_ref().is_none_or(|own| finding.location.pointer.as_ref() == Some(own))
        && of_evidence(exception, report)
}

fn of_evidence(exception: &Exception, report: &Report) -> bool {
    let has = |digest: &String| report.artifact.files.iter().any(|file| file.sha256.as_ref() == Some(digest));
    exception.evidence.as_ref().is_none_or(has)
}
