//! From what was found in a sample to the population: projected and upper limits of exceptions and misstatements.
//!
//! | sample | what is asked | here |
//! | --- | --- | --- |
//! | random, systematic or stratified | how many items have an exception | [`attribute()`]: exact binomial upper bound |
//! | the same | how much the total is misstated | [`estimate()`]: mean per unit, ratio, difference |
//! | monetary-unit | how much the total is misstated | [`monetary_unit()`]: tainting, Poisson factors |
//!
//! Terms and methods are those of the AICPA Audit Guide *Audit Sampling* and of ISA 530. Amounts are micro-USD; every figure
//! comes from integers, with the direction of rounding stated where it happens, so anyone can repeat the sums and get the
//! same digits. No floating-point number of the machine is used.
//!
//! A limit holds at its confidence for samples drawn by chance, all of whose items were judged. This module cannot see
//! whether that is so: the caller must not project while a drawn item is open.

pub mod attribute;
pub mod estimate;
pub mod factor;
pub mod monetary_unit;
mod scaled;

use std::fmt;

pub use attribute::{AttributeProjection, AttributeStratum, attribute};
pub use estimate::{AmountStratum, EstimateProjection, estimate};
pub use factor::Confidence;
pub use monetary_unit::{MonetaryUnitProjection, MonetaryUnitSample, monetary_unit};

/// An item as it was booked and as the auditor found it, in micro-USD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The amount that the evidence states.
    pub book: i64,
    /// The amount that it should state.
    pub audited: i64,
}

impl Judged {
    /// Book minus audited: above zero when too much is stated.
    #[must_use]
    pub fn difference(&self) -> i128 {
        i128::from(self.book) - i128::from(self.audited)
    }
}

/// Why there is no projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectionError {
    /// Nothing was drawn, or nothing of a stratum that has items.
    Empty,
    /// More was drawn than there is.
    SampleBeyondPopulation,
    /// More exceptions than items.
    ExceptionsBeyondSample,
    /// The interval, or the booked amount of a drawn item, is not above zero.
    NotPositive,
    /// More misstatements than [`factor::TABLE`] has rows for.
    TooManyMisstatements,
    /// A sum needs more than 128 bits, or a sample has more than [`attribute::SAMPLE`] items.
    TooLarge,
}

impl fmt::Display for ProjectionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "nothing was drawn, or nothing of a stratum",
            Self::SampleBeyondPopulation => "the sample has more items than the population",
            Self::ExceptionsBeyondSample => "there are more exceptions than drawn items",
            Self::NotPositive => "an interval or a booked amount in the sample is not above zero",
            Self::TooManyMisstatements => "there are more misstatements than the table of factors covers",
            Self::TooLarge => "a figure is too large",
        })
    }
}

impl std::error::Error for ProjectionError {}

/// The quotient rounded half to even; `divisor` is above zero.
fn nearest(dividend: i128, divisor: i128) -> Option<i128> {
    let (quotient, remainder) =
        (dividend.checked_div_euclid(divisor)?, dividend.checked_rem_euclid(divisor)?);
    let up = match remainder.cmp(&(divisor - remainder)) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Greater => 1,
        std::cmp::Ordering::Equal => quotient & 1,
    };
    quotient.checked_add(up)
}

/// The quotient rounded up; `divisor` is above zero.
fn above(dividend: i128, divisor: i128) -> Option<i128> {
    let (quotient, remainder) =
        (dividend.checked_div_euclid(divisor)?, dividend.checked_rem_euclid(divisor)?);
    quotient.checked_add(i128::from(remainder != 0))
}

#[cfg(test)]
mod tests;
