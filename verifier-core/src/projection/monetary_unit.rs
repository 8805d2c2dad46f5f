//! How much a total is misstated, from a monetary-unit sample with a fixed interval.
//!
//! Items of at least one interval are certain to be drawn: their differences are known and are added as they are. Every other
//! drawn item stands for one interval. Its tainting is difference / book, its projected misstatement tainting × interval.
//! Overstatements (booked more than found) and understatements are kept apart and never set off against each other.
//!
//! Upper limit of overstatements = known + projected + basic precision + incremental allowance, where
//!
//! - basic precision = factor(0) × interval, when anything was left to chance;
//! - incremental allowance = Σ (factor(i) − factor(i − 1) − 1) × projected(i), the taintings sorted from the largest.
//!
//! Factors are those of [`super::factor`]. Each product is rounded up to a micro-USD, so the limit is never below the true
//! one. The limit supposes that no item is overstated by more than its amount; where one is, none is given. There is no
//! limit of understatements: an item that is booked too low, or not at all, is drawn too seldom for this method.

use std::cmp::Ordering;

use serde::Serialize;

use super::{Confidence, Judged, ProjectionError, above};
use crate::finding::Verdict;

/// What was drawn.
#[derive(Clone, Copy, Debug)]
pub struct MonetaryUnitSample<'a> {
    /// The interval in micro-USD, above zero.
    pub interval: i64,
    /// Σ booked amount of the items below the interval, drawn or not.
    pub left_to_chance: i128,
    /// Every drawn item.
    pub items: &'a [Judged],
}

/// The result, in micro-USD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MonetaryUnitProjection {
    /// The confidence of `upper_overstatement`.
    pub confidence_percent: Confidence,
    /// The interval.
    pub interval: i64,
    /// Drawn items of at least one interval.
    pub certain: u64,
    /// Drawn items below it.
    pub drawn: u64,
    /// Σ overstatement of the certain items.
    pub known_overstatement: i128,
    /// Σ understatement of the certain items.
    pub known_understatement: i128,
    /// Σ overstatement of every item drawn, certain or not: what is wrong beyond doubt.
    pub found_overstatement: i128,
    /// Σ tainting × interval of overstatements.
    pub projected_overstatement: i128,
    /// Σ tainting × interval of understatements.
    pub projected_understatement: i128,
    /// Factor(0) × interval.
    pub basic_precision: i128,
    /// What is added for the misstatements found.
    pub incremental_allowance: i128,
    /// Known, projected, basic and incremental together; absent when an item is overstated by more than its amount.
    pub upper_overstatement: Option<i128>,
    /// What is tolerable, when it was stated.
    pub tolerable: Option<i128>,
    /// Whether overstatements are within what is tolerable: supported when the upper limit is, disproved when the
    /// overstatements found are already more, else insufficient.
    pub verdict: Option<Verdict>,
}

/// Projects misstatements.
///
/// # Errors
/// [`ProjectionError`].
pub fn monetary_unit(
    sample: &MonetaryUnitSample<'_>,
    confidence: Confidence,
    tolerable: Option<i128>,
) -> Result<MonetaryUnitProjection, ProjectionError> {
    let interval = sample.interval;
    if interval <= 0 || sample.left_to_chance < 0 || sample.items.iter().any(|item| item.book <= 0) {
        return Err(ProjectionError::NotPositive);
    }
    if sample.items.is_empty() {
        return Err(ProjectionError::Empty);
    }
    let is_certain = |item: &&Judged| item.book >= interval;
    let total = |keep: &dyn Fn(&Judged) -> bool, sign: i128| -> Result<i128, ProjectionError> {
        let parts = sample.items.iter().filter(|item| keep(item)).map(|item| sign * item.difference());
        let sum = parts.filter(|part| *part > 0).try_fold(0i128, i128::checked_add);
        sum.ok_or(ProjectionError::TooLarge)
    };
    let known_overstatement = total(&|item| item.book >= interval, 1)?;
    let known_understatement = total(&|item| item.book >= interval, -1)?;
    let found_overstatement = total(&|_| true, 1)?;
    let certain = sample.items.iter().filter(is_certain).count();
    let chance = || sample.items.iter().filter(|item| item.book < interval);

    let mut taintings: Vec<Tainting> = chance().map(Tainting::of).collect();
    // Equal taintings give the same sums in any order.
    taintings.sort_by(|one, other| other.compare(one));
    let projected = |keep: fn(i128) -> bool| {
        let kept = taintings.iter().filter(|tainting| keep(tainting.difference));
        kept.map(|tainting| tainting.project(interval)).collect::<Result<Vec<_>, _>>()
    };
    let over = projected(|difference| difference > 0)?;
    let projected_overstatement = sum(&over)?;
    let projected_understatement = sum(&projected(|difference| difference < 0)?)?;

    let factor =
        |number| confidence.factor(number).map(i128::from).ok_or(ProjectionError::TooManyMisstatements);
    let basic_precision = if sample.left_to_chance > 0 {
        above(factor(0)?.saturating_mul(i128::from(interval)), 100).ok_or(ProjectionError::TooLarge)?
    } else {
        0
    };
    let increments = over
        .iter()
        .enumerate()
        .map(|(number, projected)| {
            let step = factor(number.saturating_add(1))? - factor(number)? - 100;
            let product = projected.checked_mul(step).ok_or(ProjectionError::TooLarge)?;
            above(product, 100).ok_or(ProjectionError::TooLarge)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let incremental_allowance = sum(&increments)?;
    let upper = sum(&[known_overstatement, projected_overstatement, basic_precision, incremental_allowance])?;
    let is_bounded = chance().all(|item| item.audited >= 0);
    let upper_overstatement = is_bounded.then_some(upper);
    let verdict = tolerable.map(|tolerable| match upper_overstatement {
        _ if found_overstatement > tolerable => Verdict::Disproved,
        Some(upper) if upper <= tolerable => Verdict::Supported,
        _ => Verdict::InsufficientEvidence,
    });
    let count = |number: usize| u64::try_from(number).map_err(|_| ProjectionError::TooLarge);
    Ok(MonetaryUnitProjection {
        confidence_percent: confidence,
        interval,
        certain: count(certain)?,
        drawn: count(sample.items.len() - certain)?,
        known_overstatement,
        known_understatement,
        found_overstatement,
        projected_overstatement,
        projected_understatement,
        basic_precision,
        incremental_allowance,
        upper_overstatement,
        tolerable,
        verdict,
    })
}

/// A difference as a fraction of the booked amount.
struct Tainting {
    difference: i128,
    book: i64,
}

impl Tainting {
    fn of(item: &Judged) -> Self {
        Self { difference: item.difference(), book: item.book }
    }

    /// By the size of the fraction; 64 bits times 63 fit.
    fn compare(&self, other: &Self) -> Ordering {
        let scaled = |own: &Self, by: i64| own.difference.unsigned_abs() * u128::from(by.unsigned_abs());
        scaled(self, other.book).cmp(&scaled(other, self.book))
    }

    /// The size of the fraction × interval, rounded up.
    fn project(&self, interval: i64) -> Result<i128, ProjectionError> {
        let product = self.difference.abs().checked_mul(i128::from(interval));
        let projected = product.and_then(|product| above(product, i128::from(self.book)));
        projected.ok_or(ProjectionError::TooLarge)
    }
}

fn sum(parts: &[i128]) -> Result<i128, ProjectionError> {
    parts.iter().try_fold(0i128, |sum, part| sum.checked_add(*part)).ok_or(ProjectionError::TooLarge)
}
