//! How many items of the population have an exception: exact binomial (Clopper–Pearson) upper bounds.
//!
//! The upper rate is the smallest number of millionths p with `P(X ≤ k) ≤ α`, X binomial with n trials and chance p, found by
//! bisection. The tail is summed term by term with 64-bit mantissas that only round up (`scaled`); for a million items it
//! exceeds the true one by less than a part in 2^40, and it counts as within the risk up to `α × (1 + 2^-40)`. The rate is
//! therefore that of exact fractions, ties included, unless the true tail is within that distance above α. The binomial
//! supposes drawing with replacement, which tells less than drawing without, as was done; of a population that was seen
//! whole the count is known and nothing is added.
//!
//! Strata are bounded one by one. For their sum each gets the risk α / L, L being the number of strata that were not seen
//! whole (Bonferroni): wider than needed, and valid whatever the strata have to do with each other.

use serde::Serialize;

use super::scaled::Scaled;
use super::{Confidence, ProjectionError, nearest};
use crate::finding::Verdict;

/// Items that one stratum of a sample may have.
pub const SAMPLE: u64 = 1_000_000;
/// Millionths in one.
pub const MILLION: u64 = 1_000_000;

/// What was drawn and found in one stratum, or in a sample without strata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeStratum {
    /// Items there are.
    pub population: u64,
    /// Items drawn and judged.
    pub sample: u64,
    /// Items of those with an exception.
    pub exceptions: u64,
}

/// The result for one stratum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeRow {
    /// Items there are.
    pub population: u64,
    /// Items drawn.
    pub sample: u64,
    /// Items with an exception.
    pub exceptions: u64,
    /// Population × exceptions / sample, rounded half to even.
    pub projected: u64,
    /// Upper bound of the rate in millionths, at the risk of a single stratum of the sum.
    pub upper_rate_millionths: u64,
    /// Items with an exception at most.
    pub upper: u64,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeProjection {
    /// The confidence of `upper`.
    pub confidence_percent: Confidence,
    /// Each stratum.
    pub strata: Vec<AttributeRow>,
    /// Exceptions seen.
    pub exceptions: u64,
    /// Σ projected.
    pub projected: u64,
    /// Σ upper: items of the population with an exception at most.
    pub upper: u64,
    /// What is tolerable, when it was stated.
    pub tolerable: Option<u64>,
    /// Whether the exceptions are within what is tolerable: supported when `upper` is, disproved when the exceptions
    /// seen are already more, else insufficient.
    pub verdict: Option<Verdict>,
}

/// Projects exceptions. `tolerable` is a number of items of the population.
///
/// # Errors
/// [`ProjectionError`].
pub fn attribute(
    strata: &[AttributeStratum],
    confidence: Confidence,
    tolerable: Option<u64>,
) -> Result<AttributeProjection, ProjectionError> {
    if strata.iter().all(|stratum| stratum.population == 0) {
        return Err(ProjectionError::Empty);
    }
    let open = strata.iter().filter(|stratum| stratum.sample < stratum.population).count();
    let open = u64::try_from(open).map_err(|_| ProjectionError::TooLarge)?.max(1);
    let rows = strata
        .iter()
        .map(|stratum| row(stratum, u64::from(confidence.risk_percent()), open.saturating_mul(100)))
        .collect::<Result<Vec<_>, _>>()?;
    let sum = |of: fn(&AttributeRow) -> u64| {
        rows.iter().try_fold(0u64, |sum, row| sum.checked_add(of(row))).ok_or(ProjectionError::TooLarge)
    };
    let (exceptions, projected, upper) =
        (sum(|row| row.exceptions)?, sum(|row| row.projected)?, sum(|row| row.upper)?);
    let verdict = tolerable.map(|tolerable| match () {
        () if exceptions > tolerable => Verdict::Disproved,
        () if upper <= tolerable => Verdict::Supported,
        () => Verdict::InsufficientEvidence,
    });
    let confidence_percent = confidence;
    Ok(AttributeProjection {
        confidence_percent,
        strata: rows,
        exceptions,
        projected,
        upper,
        tolerable,
        verdict,
    })
}

fn row(stratum: &AttributeStratum, risk: u64, risk_divisor: u64) -> Result<AttributeRow, ProjectionError> {
    let AttributeStratum { population, sample, exceptions } = *stratum;
    if sample > population {
        return Err(ProjectionError::SampleBeyondPopulation);
    }
    if exceptions > sample {
        return Err(ProjectionError::ExceptionsBeyondSample);
    }
    if sample > SAMPLE {
        return Err(ProjectionError::TooLarge);
    }
    if population > 0 && sample == 0 {
        return Err(ProjectionError::Empty);
    }
    if sample == population {
        let rate = u128::from(exceptions) * u128::from(MILLION);
        let rate = rate.checked_div(u128::from(population)).unwrap_or(0);
        let upper_rate_millionths = u64::try_from(rate).map_err(|_| ProjectionError::TooLarge)?;
        let (projected, upper) = (exceptions, exceptions);
        return Ok(AttributeRow { population, sample, exceptions, projected, upper_rate_millionths, upper });
    }
    let projected = nearest(i128::from(population) * i128::from(exceptions), i128::from(sample));
    let projected = projected.and_then(|projected| u64::try_from(projected).ok());
    let rate = upper_rate(sample, exceptions, risk, risk_divisor);
    let upper = u128::from(population) * u128::from(rate) / u128::from(MILLION);
    let upper = u64::try_from(upper).map_err(|_| ProjectionError::TooLarge)?;
    // Those that were seen to be right are no exceptions, whatever the rate, and those seen to be wrong are.
    let most = population - (sample - exceptions);
    Ok(AttributeRow {
        population,
        sample,
        exceptions,
        projected: projected.ok_or(ProjectionError::TooLarge)?,
        upper_rate_millionths: rate,
        upper: upper.clamp(exceptions, most),
    })
}

/// The Clopper–Pearson upper bound in millionths, rounded up, for `exceptions` of `sample` at the risk `risk / divisor`
/// (below one half).
#[must_use]
pub fn upper_rate(sample: u64, exceptions: u64, risk: u64, divisor: u64) -> u64 {
    if exceptions >= sample {
        return MILLION;
    }
    let risk = Scaled::ratio_below(risk.max(1), divisor).times((1 << 40) + 1, 1 << 40);
    let (mut refuted, mut open) = (MILLION, 0u64);
    while refuted - open > 1 {
        let middle = open.midpoint(refuted);
        if tail(sample, exceptions, middle).compare(risk).is_gt() {
            open = middle;
        } else {
            refuted = middle;
        }
    }
    refuted
}

/// P(X ≤ k), or a little more; `rate` is above zero and below a million.
fn tail(sample: u64, exceptions: u64, rate: u64) -> Scaled {
    let other = MILLION - rate;
    let mut term = Scaled::ONE.times(other, MILLION).power(sample);
    let mut sum = term;
    for number in 1..=exceptions {
        // both factors stay below 2^40: at most a million items, times a million
        term = term.times((sample - number + 1) * rate, number * other);
        sum = sum.plus(term);
    }
    sum
}
