//! What the money rows of evidence come to: balances, rules, totals (spec 07 section 6, spec 27).
//!
//! A [`Statement`] is a pure function of a [`Ledger`]. It judges what the evidence says about amounts, never who signed
//! it: the report over the same bytes does that, and whoever shows a statement shows the report's outcome with it.
//!
//! A statement does not establish that a provider charged these amounts, that money moved, or that no other ledger
//! exists.

mod judge;
mod rule;

use std::collections::BTreeMap;

pub use rule::{RULES, Rule, RuleOutcome, RuleResult, Severity, Violation};

use crate::finding::catalog::ledger as code;
use crate::finding::{Finding, Location};
use crate::ledger::{Group, Ledger, Place, Replay, Total, replay, totals};
use crate::report::Outcome;

/// Balances, rules and totals of a ledger.
#[derive(Debug)]
pub struct Statement<'a> {
    /// The rows.
    pub ledger: &'a Ledger,
    /// The last booking number of each envelope that was replayed; `None` for all.
    pub at: Option<i64>,
    /// The budgets at that moment.
    pub replay: Replay,
    /// One result for each of [`RULES`].
    pub rules: Vec<RuleResult>,
    /// The sum of everything.
    pub total: Total,
    /// The sums by project, provider, model and day.
    pub groups: BTreeMap<Group, Total>,
}

impl<'a> Statement<'a> {
    /// Replays the budgets up to booking `at` and applies all rules, listing at most `kept` violations of each.
    #[must_use]
    pub fn new(ledger: &'a Ledger, at: Option<i64>, kept: usize) -> Self {
        let replay = replay(ledger, at);
        let rules = judge::judge(ledger, &replay, at.is_none(), kept);
        let (total, groups) = totals(ledger);
        Self { ledger, at, replay, rules, total, groups }
    }

    /// What the rows come to by themselves: disproved when a rule of severity error is violated; not established when
    /// there are no rows, a figure cannot be read, bookings are missing, or a rule of `required` has nothing to judge.
    #[must_use]
    pub fn outcome(&self, required: &[&str]) -> Outcome {
        let violated = |result: &&RuleResult| result.outcome() == RuleOutcome::Violated;
        let errors = self.rules.iter().filter(violated).any(|result| result.rule.severity == Severity::Error);
        let broken = self.rules.iter().filter(violated).any(|result| required.contains(&result.rule.id));
        if errors || broken {
            return Outcome::Disproved;
        }
        let open = self.rules.iter().any(|result| {
            required.contains(&result.rule.id)
                && matches!(result.outcome(), RuleOutcome::DataMissing | RuleOutcome::NotApplicable)
        });
        let empty = self.ledger.permits.is_empty() && self.ledger.events.is_empty();
        let unread = !self.ledger.fault_counts.is_empty();
        let gaps = self.replay.accounts.iter().any(|account| !account.is_complete);
        if empty || unread || gaps || open { Outcome::NotEstablished } else { Outcome::Verified }
    }

    /// Everything that went wrong, as findings: unreadable members, missing bookings, violations.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.ledger.permits.is_empty() && self.ledger.events.is_empty() {
            let message = "the evidence holds neither permit records nor budget events";
            findings.push(Finding::lacks(&code::LEDGER_NO_ROWS, message));
        }
        for fault in &self.ledger.faults {
            let message = format!("{} is {}", fault.member, fault.kind);
            let finding =
                Finding::lacks(&code::LEDGER_ROW_UNREADABLE, message).fact("stated", &*fault.stated);
            findings.push(finding.at(self.location(&fault.place, &fault.pointer)));
        }
        for account in &self.replay.accounts {
            if let Some((expected, found)) = account.gap() {
                let envelope = self.ledger.text(account.envelope);
                let message = format!("envelope {envelope}: booking {expected} is missing before {found}");
                findings.push(
                    Finding::lacks(&code::LEDGER_SEQ_GAP, message)
                        .fact("expected", expected.to_string())
                        .fact("found", found.to_string()),
                );
            }
        }
        for result in &self.rules {
            findings.extend(result.violations.iter().map(|violation| self.finding(result.rule, violation)));
        }
        findings
    }

    fn finding(&self, rule: &Rule, violation: &Violation) -> Finding {
        let Violation { code, subject, stated, expected, difference, place } = violation;
        let message =
            format!("{} {subject}: {} {}, {} {}", rule.id, stated.0, stated.1, expected.0, expected.1);
        let finding = match rule.severity {
            Severity::Error => Finding::disproves(code, message),
            Severity::Warning | Severity::Info => Finding::notes(code, message),
        };
        let finding = finding.fact(stated.0, &*stated.1).fact(expected.0, &*expected.1);
        let finding = match difference {
            Some(difference) => finding.fact("difference", difference.to_string()),
            None => finding,
        };
        finding.at(self.location(place, ""))
    }

    fn location(&self, place: &Place, below: &str) -> Location {
        let file = self.ledger.sources.get(usize::from(place.source));
        Location {
            file: file.map_or(String::new(), |source| source.label.clone()),
            pointer: Some(format!("{}{below}", self.ledger.pointer(place))),
            bytes: Some(place.span()),
        }
    }
}

#[cfg(test)]
mod tests;
