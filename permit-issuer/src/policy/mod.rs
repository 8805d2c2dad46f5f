//! Policy: a typed document, and the pure function from request, policy, ledger and time to a decision.
//!
//! [`parse`] reads TOML or JSON and refuses unknown members by name with a suggestion. [`evaluate`] decides. Nothing
//! here reads a clock, a file or the database. Unless a rule says otherwise, the answer is deny.

mod evaluate;
mod matching;
mod model;
mod parse;

pub use evaluate::{
    Decision, Effect as Outcome, LedgerState, Throttle, admission_keys, evaluate, evaluate_approved, select,
};
pub use model::{Approval, Cap, Dimension, Effect, EnvelopeSpec, Match, Policy, Price, RateLimit, Rule};
pub use parse::{parse, snapshot_hash};

#[cfg(test)]
mod tests;
