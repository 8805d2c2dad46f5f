//! Money: the rows of an export, its budget events, and what they come to.
//!
//! [`read`] takes evidence to a [`Ledger`]: one compact [`PermitRow`] for each permit record and one [`BudgetEvent`] for
//! each booking, in one pass with bounded memory. Amounts are integers of micro-USD from the first byte to the last
//! sum; see [`money`]. What cannot be read is a [`Fault`] with its place, and the row lacks the figure.
//!
//! **Rows are as claimed by the evidence.** Nothing in this module decides a signature. The report of
//! [`crate::verify::verify`] says whether the bytes are the ones that were signed, and [`Ledger::is_of`] that the rows
//! come from these bytes; [`crate::verify::with_rows`] gives both at once.

mod draft;
mod event;
mod forecast;
pub mod money;
mod names;
mod read;
mod replay;
mod rollup;
mod row;

pub use draft::{Fault, FaultKind, TEXT_BYTES};
pub use event::{BudgetEvent, Movement};
pub use forecast::{DAYS_NEEDED, Forecast, forecast};
pub use money::{AmountError, Decimal, Figure, usd};
pub use names::{Name, Names};
pub use read::{EnvelopeRow, Ledger, ReadError, Source, read, read_calls};
pub use replay::{
    Balance, Breach, BreachKind, EnvelopeAccount, Replay, Reservation, Window, balances, replay,
};
pub use rollup::{Group, Total, totals};
pub use row::{Account, CostGrade, Key, PermitRow, Place, Snapshot, Usage, key};

#[cfg(test)]
mod tests;
