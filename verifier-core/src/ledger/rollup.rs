//! Totals: what calls cost by project, provider, model and day (rule F20).

use std::collections::BTreeMap;

use super::money::Figure;
use super::names::Name;
use super::read::Ledger;
use super::row::CostGrade;
use crate::time::Timestamp;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The sum of one group. Amounts are micro-USD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Permit records.
    pub permits: u64,
    /// Records with an actual cost.
    pub costed: u64,
    /// Σ actual cost.
    pub actual: i128,
    /// Σ of actual costs that no verified or reconciled provider evidence backs.
    pub unverified: i128,
    /// Σ cost of the records' usage rows.
    pub booked: i128,
    /// Σ actual cost − Σ cost of the usage rows, over records that have both.
    pub difference: i128,
}

impl Total {
    fn add(&mut self, other: &Self) {
        self.permits += other.permits;
        self.costed += other.costed;
        self.actual += other.actual;
        self.unverified += other.unverified;
        self.booked += other.booked;
        self.difference += other.difference;
    }
}

/// What a total is of. The day is that of `usage_reported_at` in UTC, because spend belongs to the period in which usage
/// was reported, else that of `created_at`; days since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// `project_id`.
    pub project: Name,
    /// Provider.
    pub provider: Name,
    /// Model.
    pub model: Name,
    /// Days since 1970-01-01, when there is a time.
    pub day: Option<i64>,
}

impl Group {
    /// The day as `YYYY-MM-DD`; empty without a time.
    #[must_use]
    pub fn day_text(&self) -> String {
        let micros = self.day.and_then(|day| day.checked_mul(MICROS_PER_DAY));
        let time = micros.and_then(Timestamp::from_unix_micros);
        time.map(|time| time.text().chars().take(10).collect()).unwrap_or_default()
    }
}

/// All totals and the grand total.
#[must_use]
pub fn totals(ledger: &Ledger) -> (Total, BTreeMap<Group, Total>) {
    let mut groups: BTreeMap<Group, Total> = BTreeMap::new();
    let mut all = Total::default();
    for (row, account) in ledger.permits.iter().zip(&ledger.accounts) {
        let time = account.usage_reported.get().or(row.created_micros.get());
        let group = Group {
            project: row.project,
            provider: row.provider,
            model: row.model,
            day: time.map(|time| time.div_euclid(MICROS_PER_DAY)),
        };
        let actual = row.actual_cost.get().map(i128::from);
        let booked = account.ledger.as_ref().map_or(Figure::ABSENT, |usage| usage.cost);
        let booked = booked.get().map(i128::from);
        let total = Total {
            permits: 1,
            costed: u64::from(actual.is_some()),
            actual: actual.unwrap_or(0),
            unverified: actual.filter(|_| row.cost_grade != CostGrade::ProviderReceipt).unwrap_or(0),
            booked: booked.unwrap_or(0),
            difference: actual.zip(booked).map_or(0, |(actual, booked)| actual - booked),
        };
        all.add(&total);
        groups.entry(group).or_default().add(&total);
    }
    (all, groups)
}
