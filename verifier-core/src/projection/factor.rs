//! Confidence levels and the Poisson factors of monetary-unit sampling.
//!
//! The factor for k misstatements at confidence c is the smallest number of hundredths R with
//! `e^-R × Σ(i = 0..=k) R^i / i! ≤ 1 − c`. Rounded up like this, the rows are those of the table of confidence factors in
//! the AICPA Audit Guide *Audit Sampling* (3.00, 4.75, 6.30, 7.76, … at 95 %). The table is data:
//! `data/poisson_factors.csv`, made with exact fractions by `testvectors/standards/projection.py`; the tests compute every
//! row again in another way.

use std::fmt;

use serde::{Serialize, Serializer};

/// The confidence of an upper limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// 80 %.
    P80,
    /// 85 %.
    P85,
    /// 90 %.
    P90,
    /// 95 %.
    P95,
    /// 98 %.
    P98,
    /// 99 %.
    P99,
}

impl Confidence {
    /// Every level, in the order of the columns of [`TABLE`].
    pub const ALL: [Self; 6] = [Self::P80, Self::P85, Self::P90, Self::P95, Self::P98, Self::P99];

    /// Percent.
    #[must_use]
    pub fn percent(self) -> u8 {
        match self {
            Self::P80 => 80,
            Self::P85 => 85,
            Self::P90 => 90,
            Self::P95 => 95,
            Self::P98 => 98,
            Self::P99 => 99,
        }
    }

    /// The level of so many percent, when it is one of the six.
    #[must_use]
    pub fn of_percent(percent: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|level| u64::from(level.percent()) == percent)
    }

    /// The accepted risk, in percent.
    #[must_use]
    pub fn risk_percent(self) -> u8 {
        100u8.saturating_sub(self.percent())
    }

    /// The factor for so many misstatements, in hundredths; `None` beyond the table.
    #[must_use]
    pub fn factor(self, misstatements: usize) -> Option<u32> {
        let row = TABLE.lines().nth(misstatements.checked_add(1)?)?;
        let column = Self::ALL.iter().position(|level| *level == self)?;
        row.split(',').nth(column.checked_add(1)?)?.parse().ok()
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} %", self.percent())
    }
}

impl Serialize for Confidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.percent())
    }
}

/// The factors in hundredths: a header line, then one line for each number of misstatements from 0.
pub const TABLE: &str = include_str!("../../data/poisson_factors.csv");
