//! The rules of a gate.

use super::accept::{accepted, is_expired, speaks_for, speaks_for_all};
use super::{Facts, Policy, checkpoint};
use crate::finding::catalog::input::INPUT_LEFTOVER;
use crate::finding::{Severity, Verdict};
use crate::render::Document;
use crate::report::{Gate, GateRule, Outcome, Report, RuleState};
use crate::time::Timestamp;
use crate::trust::Basis;

/// State and message of a rule.
pub(super) type Answer = (RuleState, String);

impl Policy {
    /// Applies the policy.
    #[must_use]
    pub fn judge(&self, facts: &Facts<'_>) -> Gate {
        let mut gate = Gate {
            outcome: Outcome::NotEstablished,
            policy: facts.name.to_owned(),
            sha256: facts.sha256.clone(),
            as_of: facts.as_of.to_rfc3339(),
            rules: Vec::new(),
            accepted: accepted(self, facts),
        };
        let mut rules: Vec<(&'static str, Answer)> =
            vec![("evidence", self.evidence(facts, &gate)), ("trust", trust(facts))];
        if self.required().next().is_some() {
            rules.push(("claims", self.claims_supported(facts)));
        }
        if !self.pinned_keys.is_empty() {
            rules.push(("pinned_keys", self.keys(facts)));
        }
        if let Some(pinned) = &self.trust_root {
            rules.push(("trust_root", root(pinned, facts)));
        }
        if let Some(heads) = checkpoint::heads(facts) {
            rules.push(("checkpoint_heads", heads));
        }
        if let Some(most) = self.max_checkpoint_age {
            rules.push(("checkpoint_age", self.checkpoint_age(most, facts)));
        }
        if let Some(least) = self.fail_at {
            rules.push(("findings", self.findings(least, facts, &gate)));
        }
        if self.needs_money() {
            rules.extend(self.money(facts));
        }
        if !self.exceptions.is_empty() {
            rules.push(("exceptions", self.exceptions_in_force(facts)));
        }
        gate.rules =
            rules.into_iter().map(|(id, (state, message))| GateRule { id, state, message }).collect();
        gate.outcome = outcome(&gate.rules, facts.reports);
        gate
    }

    /// Everything is verified, but for what is accepted.
    fn evidence(&self, facts: &Facts<'_>, gate: &Gate) -> Answer {
        let document = Document { reports: facts.reports, gate: Some(gate) };
        let mut worst = RuleState::Met;
        let mut wrong = Vec::new();
        let mut excused = 0_usize;
        if facts.reports.is_empty() {
            return (RuleState::NotEstablished, "there is no evidence".to_owned());
        }
        for (position, report) in facts.reports.iter().enumerate() {
            let name = crate::render::headline::subject(report);
            let supported = report.claims.iter().any(|claim| claim.verdict == Verdict::Supported);
            let state = match report.outcome {
                _ if !supported => {
                    wrong.push(format!("{name}: nothing in it is established"));
                    RuleState::NotEstablished
                }
                Outcome::Verified => continue,
                Outcome::Unreadable => RuleState::Failed,
                _ if self.is_excused(position, report, &document, facts.as_of) => {
                    excused = excused.saturating_add(1);
                    continue;
                }
                Outcome::Disproved => RuleState::Failed,
                Outcome::NotEstablished => RuleState::NotEstablished,
            };
            if supported {
                let headline = crate::render::headline::of(report);
                wrong.push(format!("{}: {}", headline.word, headline.text));
            }
            worst = if worst == RuleState::Failed || report.outcome == Outcome::Disproved {
                RuleState::Failed
            } else {
                state
            };
        }
        for path in facts.paths.iter().filter(|path| holds_nothing(path, facts.reports)) {
            wrong.push(format!("{path} belongs to no evidence"));
            worst = worse(worst, RuleState::NotEstablished);
        }
        let count = facts.reports.len();
        match worst {
            RuleState::Met if excused == 0 => (worst, format!("all {count} sets of evidence are verified")),
            RuleState::Met => (
                worst,
                format!("{count} sets of evidence; {excused} are not verified for accepted findings only"),
            ),
            _ => (worst, few(&wrong)),
        }
    }

    /// Whether a report fails for accepted findings only.
    fn is_excused(
        &self,
        position: usize,
        report: &Report,
        document: &Document<'_>,
        as_of: &Timestamp,
    ) -> bool {
        let exceptions = document.exceptions(position);
        let unlisted = document.unlisted_with_severity(position);
        let open = unlisted.iter().any(|(code, _, severity)| {
            *severity == Severity::Error && !speaks_for_all(self, code, report, as_of)
        });
        let some = exceptions.iter().any(|one| one.severity == Severity::Error && one.accepted.is_some());
        some && !open && exceptions.iter().all(|one| !one.counts())
    }

    fn keys(&self, facts: &Facts<'_>) -> Answer {
        let foreign: Vec<String> = facts
            .reports
            .iter()
            .flat_map(|report| &report.signers)
            .filter(|signer| !self.pinned_keys.contains(&signer.public_key))
            .map(|signer| {
                format!("{} is signed by {}, which is not pinned", signer.signed, signer.public_key)
            })
            .collect();
        let unsigned = facts.reports.iter().filter(|report| report.signers.is_empty()).count();
        match (foreign.is_empty(), unsigned, facts.reports.is_empty()) {
            (false, ..) => (RuleState::Failed, few(&foreign)),
            (true, 0, false) => (RuleState::Met, "every signature is by a pinned key".to_owned()),
            _ => (
                RuleState::NotEstablished,
                format!("{unsigned} sets of evidence have no established signature"),
            ),
        }
    }

    fn findings(&self, least: Severity, facts: &Facts<'_>, gate: &Gate) -> Answer {
        let document = Document { reports: facts.reports, gate: Some(gate) };
        let mut found = Vec::new();
        for (position, report) in facts.reports.iter().enumerate() {
            let exceptions = document.exceptions(position);
            let counted =
                |one: &&crate::render::Exception<'_>| one.severity >= least && one.accepted.is_none();
            found.extend(
                exceptions.iter().filter(counted).map(|one| format!("{}: {}", one.code.id, one.text())),
            );
            for (code, more, severity) in document.unlisted_with_severity(position) {
                if severity >= least && !speaks_for_all(self, code, report, facts.as_of) {
                    found.push(format!("{code}: {more} more"));
                }
            }
        }
        let least = least.as_str();
        match found.len() {
            0 => (RuleState::Met, format!("no finding at or above {least}")),
            count => (RuleState::Failed, format!("{count} at or above {least}: {}", few(&found))),
        }
    }

    /// Every exception is in force. An exception that is over has to be renewed or removed, so that no one forgets it.
    fn exceptions_in_force(&self, facts: &Facts<'_>) -> Answer {
        let mut over = Vec::new();
        let mut idle = 0_usize;
        for own in &self.exceptions {
            if is_expired(own, facts.as_of) {
                over.push(format!(
                    "line {}: {} expired after {} ({})",
                    own.line, own.code, own.expires, own.reason
                ));
            }
            let used = facts
                .reports
                .iter()
                .any(|report| report.findings.iter().any(|finding| speaks_for(own, finding, report)));
            idle = idle.saturating_add(usize::from(!used));
        }
        match over.is_empty() {
            true => {
                let idle = if idle == 0 { String::new() } else { format!(", {idle} of them match nothing") };
                (RuleState::Met, format!("{} exceptions are in force{idle}", self.exceptions.len()))
            }
            false => (RuleState::Failed, few(&over)),
        }
    }
}

/// Whether a file that was named is one that no check looked at.
fn holds_nothing(path: &str, reports: &[Report]) -> bool {
    let findings = reports.iter().flat_map(|report| &report.findings);
    findings.filter(|own| own.code.id == INPUT_LEFTOVER.id).any(|own| own.location.file == path)
}

/// Nobody but the evidence vouches for a self-attested key, and nobody for what is unsigned.
fn trust(facts: &Facts<'_>) -> Answer {
    let without = facts.reports.iter().filter(|report| report.accepted_without_trust).count();
    match without {
        0 => (RuleState::Met, "nothing was accepted without trust".to_owned()),
        count => {
            (RuleState::NotEstablished, format!("{count} sets of evidence are unsigned or self-attested"))
        }
    }
}

fn root(pinned: &str, facts: &Facts<'_>) -> Answer {
    let rooted = |basis| matches!(basis, Basis::Root | Basis::SignedManifest);
    let mut signers = facts.reports.iter().flat_map(|report| &report.signers);
    if let Some(other) = signers.find(|signer| !rooted(signer.basis)) {
        let message = format!("{} rests on {}, not on the trust root", other.signed, other.basis.words());
        return (RuleState::NotEstablished, message);
    }
    match &facts.trust_root {
        Some(used) if used == pinned => (RuleState::Met, format!("the trust root is {pinned}")),
        Some(used) => (RuleState::Failed, format!("the trust root must be {pinned}, and is {used}")),
        None => (RuleState::NotEstablished, format!("the trust root must be {pinned}, and cannot be read")),
    }
}

fn outcome(rules: &[GateRule], reports: &[Report]) -> Outcome {
    let has = |state| rules.iter().any(|rule| rule.state == state);
    if reports.iter().any(|report| report.outcome == Outcome::Unreadable) {
        Outcome::Unreadable
    } else if has(RuleState::Failed) {
        Outcome::Disproved
    } else if has(RuleState::NotEstablished) || rules.is_empty() {
        Outcome::NotEstablished
    } else {
        Outcome::Verified
    }
}

pub(super) fn worse(left: RuleState, right: RuleState) -> RuleState {
    match (left, right) {
        (RuleState::Failed, _) | (_, RuleState::Failed) => RuleState::Failed,
        (RuleState::NotEstablished, _) | (_, RuleState::NotEstablished) => RuleState::NotEstablished,
        _ => RuleState::Met,
    }
}

/// The first few of a list; the rest is counted.
pub(super) fn few(list: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<&str> = list.iter().take(SHOWN).map(String::as_str).collect();
    match list.len().saturating_sub(SHOWN) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}
