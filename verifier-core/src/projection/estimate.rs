//! How much a total is misstated, from a random or stratified sample of items.
//!
//! Three point estimates of the audited total, each stratum on its own and then added:
//!
//! - mean per unit: N × Σ audited / n;
//! - ratio: book total × Σ audited / Σ book, where Σ book of the sample is above zero;
//! - difference: book total − N × Σ (book − audited) / n.
//!
//! Each is rounded half to even. The standard error of the difference estimate is
//! `N × sqrt(s² / n × (N − n) / N)` with `s² = Σ (d − mean d)² / (n − 1)`, its square summed over the strata, rounded up.
//! No limit is derived from it: with few misstatements in a sample the normal distribution promises more than it keeps.
//! Where a limit is needed, draw a monetary-unit sample.

use serde::Serialize;

use super::{Judged, ProjectionError, above, nearest};

/// What was drawn of one stratum, or of a population without strata.
#[derive(Clone, Copy, Debug)]
pub struct AmountStratum<'a> {
    /// Items there are.
    pub population: u64,
    /// Σ booked amount of all of them, micro-USD.
    pub book: i128,
    /// Every drawn item.
    pub items: &'a [Judged],
}

/// Estimates of the audited total, micro-USD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EstimateProjection {
    /// Σ booked amount of the population.
    pub book: i128,
    /// Items drawn.
    pub drawn: u64,
    /// Σ (book − audited) of the items drawn.
    pub found_difference: i128,
    /// By mean per unit.
    pub mean_per_unit: i128,
    /// By ratio; absent when a stratum's sample has no positive booked sum.
    pub ratio: Option<i128>,
    /// By difference.
    pub difference: i128,
    /// Standard error of `difference`; absent when a stratum has a single drawn item of several, or is too large.
    pub standard_error: Option<i128>,
}

/// Estimates the audited total.
///
/// # Errors
/// [`ProjectionError`].
pub fn estimate(strata: &[AmountStratum<'_>]) -> Result<EstimateProjection, ProjectionError> {
    if strata.iter().all(|stratum| stratum.population == 0) {
        return Err(ProjectionError::Empty);
    }
    let mut all = EstimateProjection {
        book: 0,
        drawn: 0,
        found_difference: 0,
        mean_per_unit: 0,
        ratio: Some(0),
        difference: 0,
        standard_error: None,
    };
    let mut variance = Some(0i128);
    for stratum in strata.iter().filter(|stratum| stratum.population > 0) {
        let drawn = u64::try_from(stratum.items.len()).map_err(|_| ProjectionError::TooLarge)?;
        if drawn == 0 {
            return Err(ProjectionError::Empty);
        }
        if drawn > stratum.population {
            return Err(ProjectionError::SampleBeyondPopulation);
        }
        add(&mut all, stratum, drawn).ok_or(ProjectionError::TooLarge)?;
        variance = variance.and_then(|sum| sum.checked_add(stratum_variance(stratum, drawn)?));
    }
    all.standard_error = variance.map(square_root_above);
    Ok(all)
}

fn add(all: &mut EstimateProjection, stratum: &AmountStratum<'_>, drawn: u64) -> Option<()> {
    let (count, total) = (i128::from(drawn), i128::from(stratum.population));
    let sum =
        |of: fn(&Judged) -> i128| stratum.items.iter().try_fold(0i128, |sum, item| sum.checked_add(of(item)));
    let book = sum(|item| i128::from(item.book))?;
    let audited = sum(|item| i128::from(item.audited))?;
    let difference = sum(Judged::difference)?;
    let mean = nearest(total.checked_mul(audited)?, count)?;
    let projected = nearest(total.checked_mul(difference)?, count)?;
    let ratio = if book > 0 { Some(nearest(stratum.book.checked_mul(audited)?, book)?) } else { None };
    all.book = all.book.checked_add(stratum.book)?;
    all.drawn = all.drawn.checked_add(drawn)?;
    all.found_difference = all.found_difference.checked_add(difference)?;
    all.mean_per_unit = all.mean_per_unit.checked_add(mean)?;
    all.ratio = match all.ratio.zip(ratio) {
        Some((sum, own)) => Some(sum.checked_add(own)?),
        None => None,
    };
    all.difference = all.difference.checked_add(stratum.book.checked_sub(projected)?)?;
    Some(())
}

/// `N (N − n) (n Σd² − (Σd)²) / (n² (n − 1))`, rounded up.
fn stratum_variance(stratum: &AmountStratum<'_>, drawn: u64) -> Option<i128> {
    let (count, total) = (i128::from(drawn), i128::from(stratum.population));
    if count == total {
        return Some(0);
    }
    let differences = || stratum.items.iter().map(Judged::difference);
    let sum = differences().try_fold(0i128, |sum, difference| sum.checked_add(difference))?;
    let squares = differences()
        .try_fold(0i128, |sum, difference| sum.checked_add(difference.checked_mul(difference)?))?;
    let spread = count.checked_mul(squares)?.checked_sub(sum.checked_mul(sum)?)?;
    let dividend = total.checked_mul(total - count)?.checked_mul(spread)?;
    above(dividend, count.checked_mul(count)?.checked_mul(count - 1).filter(|divisor| *divisor > 0)?)
}

/// The smallest integer whose square is not below `square`.
fn square_root_above(square: i128) -> i128 {
    let root = square.max(0).isqrt();
    if root * root < square { root + 1 } else { root }
}
