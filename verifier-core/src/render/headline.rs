//! The outcome in one line, and what to do next, the same in every frontend.
//!
//! The line is never wider than the evidence: an unsigned or self-attested artifact says so before anything
//! else, and a refusal names the first failing subject (spec 08 section 10, rules 3 and 6).

use crate::finding::{Code, Effect, Finding, Verdict};
use crate::report::{ClaimOutcome, Outcome, Report};
use crate::trust::Basis;

use super::escape;

/// Word and sentence of the outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// In capitals.
    pub word: &'static str,
    /// The rest of the line, escaped.
    pub text: String,
}

/// The headline of a report.
#[must_use]
pub fn of(report: &Report) -> Headline {
    let word = match (report.outcome, report.accepted_without_trust, report.signers.is_empty()) {
        (Outcome::Verified, true, true) => "ACCEPTED UNSIGNED",
        (Outcome::Verified, true, false) => "CONSISTENT, SELF-ATTESTED ONLY",
        (Outcome::Verified, false, _) => "VERIFIED",
        (Outcome::Disproved, _, _) => "DISPROVED",
        (Outcome::NotEstablished, _, _) => "NOT ESTABLISHED",
        (Outcome::Unreadable, _, _) => "CANNOT BE READ",
    };
    let subject = subject(report);
    let text = match report.outcome {
        Outcome::Verified => format!("{subject}: {}", support(report)),
        _ => format!("{subject}: {}", cause(report)),
    };
    Headline { word, text }
}

/// What was looked at: kind and first file.
#[must_use]
pub fn subject(report: &Report) -> String {
    let kind = match report.artifact.kind.as_str() {
        "" => "input".to_owned(),
        kind => escape(&kind.replace('_', " ")).into_owned(),
    };
    match report.artifact.files.first() {
        Some(file) => format!("{kind} {}", escape(&file.path)),
        None => kind,
    }
}

fn support(report: &Report) -> String {
    let supported = report.claims.iter().filter(|claim| claim.verdict == Verdict::Supported).count();
    let open = report.claims.len().saturating_sub(supported);
    let claims = match (supported, open) {
        (1, 0) => "1 claim supported".to_owned(),
        (n, 0) => format!("{n} claims supported"),
        (n, open) => format!("{n} of {} claims supported, {open} not established", n.saturating_add(open)),
    };
    let weakest = report.signers.iter().map(|signer| signer.basis).max();
    let trust = match (report.accepted_without_trust, weakest) {
        (true, None) => "nobody signed it; accepted because --allow-unsigned was given",
        (true, Some(_)) => "the key comes from the evidence itself, so this says nothing about who made it",
        (false, None) => "no signature was needed for these claims",
        (false, Some(Basis::Pinned)) => "signed by the key that you named",
        (false, Some(Basis::Root)) => "signed by a key of the trust root",
        (false, Some(Basis::SignedManifest)) => {
            "signed by a key of a key manifest that the trust root vouches for"
        }
        (false, Some(Basis::Manifest)) => "signed by a key of the key manifest that you named",
        (false, Some(Basis::SelfAttested)) => "the key comes from the evidence itself",
    };
    format!("{claims}; {trust}")
}

/// Decision before execution in one line; `None` where the evidence carries no decisions.
#[must_use]
pub fn decisions(report: &Report) -> Option<String> {
    let found = report.decisions.as_ref()?;
    let permits =
        if found.permits == 1 { "1 permit".to_owned() } else { format!("{} permits", found.permits) };
    let order = match (found.contradicted, found.dispatched) {
        (0, 0) => format!("{permits}, none dispatched"),
        (0, dispatched) if found.in_order == dispatched => {
            format!("{permits}, {dispatched} dispatched, each after its decision")
        }
        (0, dispatched) => {
            format!(
                "{permits}, {dispatched} dispatched, {} of them proven to be after their decision",
                found.in_order
            )
        }
        (wrong, dispatched) => format!("{permits}, {dispatched} dispatched, {wrong} CONTRADICTED"),
    };
    let latest = match found.bounded_above {
        0 => "no outside time of the decisions".to_owned(),
        count => format!("{count} decided by a known outside time"),
    };
    let earliest = match (found.dispatched, found.bounded_below) {
        (0, _) => String::new(),
        (_, 0) => "; no outside time before the dispatches".to_owned(),
        (_, count) => format!("; {count} dispatched after a known outside time"),
    };
    Some(format!("{order}; {latest}{earliest}"))
}

/// The first thing that makes the run fail.
fn cause(report: &Report) -> String {
    if let Some(finding) = report.findings.iter().find(|finding| decides(finding)) {
        let claim = finding.claim.map(|claim| format!("{claim}: ")).unwrap_or_default();
        return format!("{claim}{}: {}", finding.code.id, escape(&finding.message));
    }
    match report.claims.iter().find(|claim| fails(claim)) {
        Some(claim) => match claim.deciding_subject() {
            Some(subject) => {
                format!("{}: {}: {}", claim.name, subject.code.id, escape(&subject.message))
            }
            None => format!("{}: nothing in the evidence supports it", claim.name),
        },
        None => "see the findings".to_owned(),
    }
}

/// Whether a finding makes the run fail by itself.
#[must_use]
pub fn decides(finding: &Finding) -> bool {
    matches!(finding.effect, Effect::Fails { .. } | Effect::Unreadable)
}

/// Whether a claim makes the run fail.
#[must_use]
pub fn fails(claim: &ClaimOutcome) -> bool {
    match claim.verdict {
        Verdict::Supported => false,
        Verdict::Disproved => true,
        Verdict::InsufficientEvidence | Verdict::UnverifiableScope => claim.required,
    }
}

/// Code and remedy, once for each code, most serious first.
#[must_use]
pub fn next_steps(report: &Report) -> Vec<&'static Code> {
    let mut codes: Vec<&'static Code> = Vec::new();
    let from_findings = report.findings.iter().filter(|finding| finding.effect != Effect::Notes);
    let from_claims = report.claims.iter().filter(|claim| fails(claim)).flat_map(|claim| {
        claim
            .subjects
            .iter()
            .filter(|subject| subject.verdict != Verdict::Supported)
            .map(|subject| subject.code)
    });
    for code in from_findings.map(|finding| finding.code).chain(from_claims) {
        if !codes.iter().any(|known| known.id == code.id) {
            codes.push(code);
        }
    }
    codes
}
