//! The rows of everything that was opened, and what they come to, computed once on the worker.

use std::collections::BTreeMap;

use verifier_core::claim::ledger::{RuleOutcome, Severity, Statement};
use verifier_core::finding::{Finding, Location};
use verifier_core::ledger::{Balance, Forecast, Ledger, Total, balances, forecast};
use verifier_core::report::{Outcome, Report};
use verifier_core::trust::KeyEntry;

use crate::filter::Field;
use crate::timeline::Timeline;

/// Steps in which the course of an envelope is shown.
const BALANCES: usize = 400;

/// A rule's line.
#[derive(Clone, Debug)]
pub struct RuleLine {
    /// F1 to F20, B1 to B7.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What it compares.
    pub compares: &'static str,
    /// How it ended.
    pub outcome: RuleOutcome,
    /// Whether a violation contradicts the books rather than being worth a look.
    pub is_error: bool,
    /// Comparisons made, that could not be made, and that failed.
    pub counts: (u64, u64, u64),
    /// The first failed comparisons, each with its two sides.
    pub violations: Vec<ViolationLine>,
}

/// A failed comparison.
#[derive(Clone, Debug)]
pub struct ViolationLine {
    /// What it is about.
    pub subject: String,
    /// Label and value of each side.
    pub sides: [(&'static str, String); 2],
    /// Where.
    pub location: Location,
}

/// Failed comparisons of a rule that are kept.
const VIOLATIONS: usize = 5;

/// An envelope's line. Amounts are micro-USD.
#[derive(Clone, Debug)]
pub struct EnvelopeLine {
    /// Its id.
    pub envelope: String,
    /// Its cap; `None` without a booking of one.
    pub cap: Option<i128>,
    /// Held.
    pub reserved: i128,
    /// Spent.
    pub spent: i128,
    /// What can still be reserved.
    pub remaining: Option<i128>,
    /// Whether all bookings are there.
    pub is_complete: bool,
    /// Kinds of breaches.
    pub breaches: usize,
    /// How it went.
    pub balances: Vec<Balance>,
    /// Reservations that are still held: how many, and their sum.
    pub open: (u64, i128),
}

/// Rows, and everything that is computed from them.
#[derive(Debug, Default)]
pub struct Books {
    /// The rows.
    pub ledger: Ledger,
    /// Whether the rows come from the bytes that were verified, and these are verified.
    pub is_proven: bool,
    /// Figures that cannot be read, so that no sum has them.
    pub unreadable: u64,
    /// The outcome of the rules.
    pub outcome: Option<Outcome>,
    /// The sum of everything.
    pub total: Total,
    /// Sums by value of a field.
    pub by: BTreeMap<Field, Vec<(String, Total)>>,
    /// Permits by decision.
    pub decisions: Vec<(String, u64)>,
    /// Demand that was not allowed: the decision, how many permits, what they were estimated to cost.
    pub refused: Vec<(String, u64, i128)>,
    /// Estimate and actual cost of the permits that have both, and how many these are.
    pub estimates: (i128, i128, u64),
    /// Actual cost by grade of evidence.
    pub grades: Vec<(&'static str, i128, u64)>,
    /// The rules.
    pub rules: Vec<RuleLine>,
    /// What the rules and bookings found.
    pub findings: Vec<Finding>,
    /// Envelopes.
    pub envelopes: Vec<EnvelopeLine>,
    /// The month to its end.
    pub forecast: Option<Forecast>,
    /// What happened when.
    pub timeline: Timeline,
}

/// Fields that spend is summed by.
pub const SUMMED: [Field; 5] = [Field::Day, Field::Provider, Field::Model, Field::Subject, Field::Project];

impl Books {
    /// Computes everything from rows that were read beside `reports`.
    #[must_use]
    pub fn new(ledger: Ledger, reports: &[Report]) -> Self {
        Self::under(ledger, reports, &[])
    }

    /// The same, beside the keys of the trust source.
    #[must_use]
    pub fn under(ledger: Ledger, reports: &[Report], keys: &[KeyEntry]) -> Self {
        let statement = Statement::new(&ledger, None, 100);
        let verified = reports.iter().all(|report| report.outcome == Outcome::Verified);
        let rules = statement.rules.iter().map(|result| RuleLine {
            id: result.rule.id,
            title: result.rule.title,
            compares: result.rule.compares,
            outcome: result.outcome(),
            is_error: result.rule.severity == Severity::Error,
            counts: (result.checked, result.missing, result.violated),
            violations: result
                .violations
                .iter()
                .take(VIOLATIONS)
                .map(|one| ViolationLine {
                    subject: one.subject.clone(),
                    sides: [one.stated.clone(), one.expected.clone()],
                    location: Location {
                        file: ledger
                            .sources
                            .get(usize::from(one.place.source))
                            .map_or(String::new(), |source| source.label.clone()),
                        pointer: Some(ledger.pointer(&one.place)),
                        bytes: Some(one.place.span()),
                    },
                })
                .collect(),
        });
        let accounts = (0_usize..).zip(&statement.replay.accounts);
        let envelopes = accounts.map(|(number, account)| EnvelopeLine {
            envelope: ledger.text(account.envelope).to_owned(),
            cap: account.cap,
            reserved: account.reserved,
            spent: account.spent,
            remaining: account.remaining(),
            is_complete: account.is_complete,
            breaches: account.breaches.len(),
            balances: balances(&ledger, account.project, account.envelope, BALANCES),
            open: statement
                .replay
                .reservations
                .values()
                .filter(|reservation| reservation.account == number && reservation.open() > 0)
                .fold((0, 0), |(count, sum), one| (count + 1, sum + one.open())),
        });
        let mut books = Self {
            is_proven: verified && ledger.is_of(reports),
            outcome: Some(statement.outcome(&[])),
            unreadable: ledger.fault_counts.iter().map(|(_, count)| count).sum(),
            total: statement.total.clone(),
            by: SUMMED.into_iter().map(|field| (field, sums(&ledger, field))).collect(),
            decisions: counted(&ledger),
            refused: refused(&ledger),
            estimates: estimates(&ledger),
            grades: grades(&ledger),
            rules: rules.collect(),
            findings: statement.findings(),
            envelopes: envelopes.collect(),
            forecast: forecast(&ledger),
            timeline: Timeline::new(&ledger, reports, keys),
            ledger: Ledger::default(),
        };
        books.ledger = ledger;
        books
    }

    /// Values of a field that occur, most frequent first, at most `most`.
    #[must_use]
    pub fn values(&self, field: Field, most: usize) -> Vec<(String, u64)> {
        if field == Field::Decision {
            return self.decisions.iter().take(most).cloned().collect();
        }
        let known = self.by.get(&field).into_iter().flatten();
        let mut values: Vec<(String, u64)> =
            known.map(|(name, total)| (name.clone(), total.permits)).collect();
        values.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        values.truncate(most);
        values
    }
}

fn sums(ledger: &Ledger, field: Field) -> Vec<(String, Total)> {
    let mut sums: BTreeMap<String, Total> = BTreeMap::new();
    for row in &ledger.permits {
        let total = sums.entry(crate::table::text(ledger, row, field)).or_default();
        total.permits = total.permits.saturating_add(1);
        if let Some(cost) = row.actual_cost.get() {
            total.costed = total.costed.saturating_add(1);
            total.actual = total.actual.saturating_add(i128::from(cost));
        }
    }
    sums.into_iter().collect()
}

fn counted(ledger: &Ledger) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &ledger.permits {
        let count = counts.entry(ledger.text(row.decision)).or_default();
        *count = count.saturating_add(1);
    }
    counts.into_iter().map(|(decision, count)| (decision.to_owned(), count)).collect()
}

fn refused(ledger: &Ledger) -> Vec<(String, u64, i128)> {
    let mut sums: BTreeMap<&str, (u64, i128)> = BTreeMap::new();
    for row in &ledger.permits {
        let decision = ledger.text(row.decision);
        if decision == "allow" {
            continue;
        }
        let (count, sum) = sums.entry(decision).or_default();
        *count = count.saturating_add(1);
        *sum = sum.saturating_add(i128::from(row.estimated_cost.get().unwrap_or(0)));
    }
    sums.into_iter().map(|(decision, (count, sum))| (decision.to_owned(), count, sum)).collect()
}

fn estimates(ledger: &Ledger) -> (i128, i128, u64) {
    let both =
        ledger.permits.iter().filter_map(|row| Some((row.estimated_cost.get()?, row.actual_cost.get()?)));
    both.fold((0, 0, 0), |(estimate, actual, count), (own_estimate, own_actual)| {
        (estimate + i128::from(own_estimate), actual + i128::from(own_actual), count + 1)
    })
}

fn grades(ledger: &Ledger) -> Vec<(&'static str, i128, u64)> {
    let mut grades = BTreeMap::new();
    for row in &ledger.permits {
        let (sum, count) = grades.entry(row.cost_grade).or_insert((0_i128, 0_u64));
        *sum = sum.saturating_add(i128::from(row.actual_cost.get().unwrap_or(0)));
        *count = count.saturating_add(1);
    }
    grades.into_iter().map(|(grade, (sum, count))| (grade.as_str(), sum, count)).collect()
}

/// An amount for people: USD with thousands separated and always six decimals, so that points stand below each other.
#[must_use]
pub fn amount(micros: i128) -> String {
    const MICROS: u128 = 1_000_000;
    let magnitude = micros.unsigned_abs();
    let sign = if micros < 0 { "-" } else { "" };
    let whole = magnitude.checked_div(MICROS).unwrap_or(0).to_string();
    let fraction = magnitude.checked_rem(MICROS).unwrap_or(0);
    format!("{sign}{}.{fraction:06}", grouped(&whole))
}

/// Digits in groups of three.
#[must_use]
pub fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len().saturating_mul(2));
    for (position, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(position);
        if position > 0 && left.is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_exact() {
        assert_eq!(amount(0), "0.000000");
        assert_eq!(amount(1_234_567), "1.234567");
        assert_eq!(amount(-1_234_567_890_000_000), "-1,234,567,890.000000");
        assert_eq!(amount(999_000_000), "999.000000");
        assert_eq!(amount(1_000_000_000), "1,000.000000");
    }
}
