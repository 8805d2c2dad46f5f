//! Three-way reconciliation: permits of an export, a gateway's request log, a provider's invoice.
//!
//! [`Reconciler`] takes the rows of verified evidence ([`crate::ledger`]) and the lines of both other sides, which
//! [`source::read`] streams from CSV, JSON lines or Parquet by a [`Map`] of columns, and puts each result into a [`Class`].
//! An invoice line that bills many calls at once is compared with the sum of its calls ([`sum`]).
//! Amounts are exact decimals until they are compared as micro-USD. Logs and invoices are taken as they are: nothing
//! proves them, and a match shows agreement, not truth.

pub mod class;
pub mod csv;
mod line;
mod map;
mod matcher;
pub mod parquet;
mod problem;
pub mod source;
pub mod sum;

pub use class::Class;
pub use line::Line;
pub use map::{Field, Form, Map, Unit};
pub use matcher::{ClassTotal, LineRef, Outcome, Reconciler, Rules, Side, Totals};
pub use problem::{At, InputError, InputProblem, ReadFailure};
pub use source::InputSummary;

#[cfg(test)]
mod sum_tests;
#[cfg(test)]
mod tests;
