//! Budgets in integer micro-USD.
//!
//! [`Envelope`] is a pure state machine: reserve, adjust, commit, release. Every step returns the [`Movement`]s that
//! were booked; the rows of the exported ledger (spec 07 section 4) are exactly these.

mod envelope;
mod row;

pub use envelope::{BudgetError, Envelope, Settlement};
pub use row::{Movement, RowContext, Transition, row};

/// An amount in USD as an exact decimal with six digits.
#[must_use]
pub fn decimal_usd(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let magnitude = micros.unsigned_abs();
    format!("{sign}{}.{:06}", magnitude / 1_000_000, magnitude % 1_000_000)
}
