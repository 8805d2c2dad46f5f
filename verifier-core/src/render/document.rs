//! What one run shows: its reports, the policy gate where there is one, and its exceptions, which every format lists
//! alike.

use crate::finding::catalog::export::REQUESTED_CHECK_NOT_RUN;
use crate::finding::{Code, Effect, Fact, Finding, Location, Severity, Verdict};
use crate::report::{Acceptance, Gate, Outcome, Report};

use super::{escape, headline};

/// The reports of one run.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// In the order of the input.
    pub reports: &'a [Report],
    /// What a pipeline's policy comes to.
    pub gate: Option<&'a Gate>,
}

/// Something that an auditor should look at: a finding, or a claim that fails without one.
#[derive(Clone, Debug)]
pub struct Exception<'a> {
    /// How serious it is in this run: a lack of what was demanded is an error.
    pub severity: Severity,
    /// What it does to the run, in a word.
    pub effect: &'static str,
    /// What kind of thing.
    pub code: &'static Code,
    /// The claim it belongs to.
    pub claim: Option<&'static str>,
    /// The particulars, as received.
    pub message: &'a str,
    /// Where; `None` for the run as a whole.
    pub location: Option<&'a Location>,
    /// What was expected, what was computed.
    pub facts: &'a [Fact],
    /// The policy's reason to let it pass.
    pub accepted: Option<&'a Acceptance>,
}

impl Exception<'_> {
    /// The file, if one is named.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.location.map(|place| place.file.as_str()).filter(|file| !file.is_empty())
    }

    /// File, pointer and bytes in words, as received; empty for the run as a whole.
    #[must_use]
    pub fn place(&self) -> String {
        let Some(place) = self.location else { return String::new() };
        let pointer = place.pointer.as_deref().filter(|pointer| !pointer.is_empty());
        let bytes = place.bytes.as_ref().map(|bytes| format!("bytes {}..{}", bytes.start, bytes.end));
        let parts = [Some(place.file.as_str()).filter(|file| !file.is_empty()), pointer, bytes.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Message, place, values and acceptance in one line, escaped.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = escape(self.message).into_owned();
        let place = self.place();
        if !place.is_empty() {
            text.push_str(&format!(" [{}]", escape(&place)));
        }
        for fact in self.facts {
            text.push_str(&format!("; {}: {}", fact.label, escape(&fact.value)));
        }
        if let Some(accepted) = self.accepted {
            text.push_str(&format!("; accepted until {}: {}", accepted.until, escape(&accepted.reason)));
        }
        text
    }

    /// Whether the run fails for it.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.severity == Severity::Error && self.accepted.is_none()
    }
}

impl<'a> Document<'a> {
    /// Reports without a policy.
    #[must_use]
    pub fn of(reports: &'a [Report]) -> Self {
        Self { reports, gate: None }
    }

    /// What the run comes to: the gate's outcome, else that of the worst report. Nothing verified is nothing established.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if let Some(gate) = self.gate {
            return gate.outcome;
        }
        match self.reports {
            [] => Outcome::NotEstablished,
            reports => reports.iter().map(|report| report.outcome).fold(Outcome::Verified, Outcome::worst),
        }
    }

    /// The exceptions of the report at this position, most serious first.
    #[must_use]
    pub fn exceptions(&self, position: usize) -> Vec<Exception<'a>> {
        let Some(report) = self.reports.get(position) else { return Vec::new() };
        let mut all: Vec<Exception<'a>> = report
            .findings
            .iter()
            .enumerate()
            .map(|(number, finding)| {
                let accepted = self.gate.and_then(|gate| gate.acceptance(position, number));
                from_finding(report, finding, accepted)
            })
            .collect();
        for claim in report.claims.iter().filter(|claim| headline::fails(claim)) {
            let told = all.iter().any(|one| one.claim == Some(claim.name) && one.severity == Severity::Error);
            if told {
                continue;
            }
            let subject = claim.deciding_subject().filter(|subject| subject.verdict != Verdict::Supported);
            all.push(Exception {
                severity: Severity::Error,
                effect: effect_of(claim.verdict),
                code: subject.map_or(&REQUESTED_CHECK_NOT_RUN, |subject| subject.code),
                claim: Some(claim.name),
                message: subject.map_or("nothing in the evidence supports the claim", |own| &own.message),
                location: None,
                facts: &[],
                accepted: None,
            });
        }
        all.sort_by_key(|one| std::cmp::Reverse((one.accepted.is_none(), one.severity)));
        all
    }

    /// Findings of the report that are counted and not listed, by code, with the severity of the most serious one.
    #[must_use]
    pub fn unlisted_with_severity(&self, position: usize) -> Vec<(&'static str, u64, Severity)> {
        let Some(report) = self.reports.get(position) else { return Vec::new() };
        let listed = |code: &str| {
            let count = report.findings.iter().filter(|finding| finding.code.id == code).count();
            u64::try_from(count).unwrap_or(u64::MAX)
        };
        report
            .counts
            .iter()
            .map(|count| {
                let more = count.count.saturating_sub(listed(count.code));
                (count.code, more, count.unlisted.unwrap_or(Severity::Error))
            })
            .filter(|(_, more, _)| *more > 0)
            .collect()
    }

    /// Findings of the report that are counted and not listed, by code.
    #[must_use]
    pub fn unlisted(&self, position: usize) -> Vec<(&'static str, u64)> {
        self.unlisted_with_severity(position).into_iter().map(|(code, more, _)| (code, more)).collect()
    }
}

fn from_finding<'a>(
    report: &Report,
    finding: &'a Finding,
    accepted: Option<&'a Acceptance>,
) -> Exception<'a> {
    let demanded = finding.claim.and_then(|name| report.claim(name)).is_some_and(headline::fails);
    let severity = match finding.effect {
        Effect::Limits { .. } if demanded => Severity::Error,
        effect => effect.severity(),
    };
    let effect = match finding.effect {
        Effect::Fails { verdict } | Effect::Limits { verdict } => effect_of(verdict),
        Effect::Unreadable => "unreadable",
        Effect::Notes => "note",
    };
    Exception {
        severity,
        effect,
        code: finding.code,
        claim: finding.claim,
        message: &finding.message,
        location: Some(&finding.location),
        facts: &finding.facts,
        accepted,
    }
}

fn effect_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Supported => "supported",
        Verdict::Disproved => "disproved",
        Verdict::InsufficientEvidence => "insufficient evidence",
        Verdict::UnverifiableScope => "unverifiable scope",
    }
}

/// The word of an outcome.
pub(super) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "VERIFIED",
        Outcome::Disproved => "DISPROVED",
        Outcome::NotEstablished => "NOT ESTABLISHED",
        Outcome::Unreadable => "CANNOT BE READ",
    }
}

/// The gate in one line.
pub(super) fn gate_line(gate: &Gate) -> String {
    let word = match gate.outcome {
        Outcome::Verified => "PASSED",
        Outcome::NotEstablished => "NOT ESTABLISHED",
        Outcome::Disproved | Outcome::Unreadable => "FAILED",
    };
    let met = gate.rules.iter().filter(|rule| rule.state == crate::report::RuleState::Met).count();
    let accepted = match gate.accepted.len() {
        0 => String::new(),
        1 => ", 1 finding accepted".to_owned(),
        many => format!(", {many} findings accepted"),
    };
    format!("{word}: {met} of {} rules of the policy are met{accepted}", gate.rules.len())
}
