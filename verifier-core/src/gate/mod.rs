//! The gate of a pipeline: a policy file, the reports of a run, and one answer for each rule.
//!
//! [`Policy::parse`] reads `keel-policy.toml` and refuses what it does not know; [`Policy::demand`] puts what the policy
//! requires into the [`TrustPolicy`](crate::trust::TrustPolicy) before verification; [`Policy::judge`] is a pure function of policy, reports and
//! figures. The gate decides nothing about evidence: it reads verdicts, and it can only be stricter than the reports,
//! except for findings that the policy accepts by name, with a reason and a last day. An accepted finding stays in the
//! report, and the report keeps its outcome.
//!
//! A run without evidence, with a set in which nothing was established, or with an unreadable input never passes.

mod accept;
mod checkpoint;
mod claims;
mod judge;
mod money;
mod parse;

use crate::claim::ledger::Statement;
use crate::finding::Severity;
use crate::report::Report;
use crate::time::Timestamp;

pub use parse::{Fault, MAX_BYTES};

use crate::claim::tlog::WITNESS;

/// A pipeline's policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Claims that must be supported.
    pub claims: Vec<String>,
    /// How many of how many witnesses must have cosigned.
    pub witnesses: Option<(usize, usize)>,
    /// The only keys that may have signed, as text.
    pub pinned_keys: Vec<String>,
    /// The SHA-256 of the trust root in use, with its prefix.
    pub trust_root: Option<String>,
    /// The largest age of the newest checkpoint, in microseconds.
    pub max_checkpoint_age: Option<i64>,
    /// Whether a time counts that the issuer states and nobody outside confirms.
    pub allow_stated_time: bool,
    /// Findings at or above this fail the gate.
    pub fail_at: Option<Severity>,
    /// The most that may be spent, in micro-USD.
    pub max_spend: Option<i64>,
    /// Whether no envelope may have been overdrawn.
    pub no_overdraft: bool,
    /// Money rules that must hold.
    pub money_rules: Vec<String>,
    /// Findings that are accepted.
    pub exceptions: Vec<Exception>,
}

/// A finding that is accepted until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The code of the finding.
    pub code: String,
    /// Only in this file.
    pub file: Option<String>,
    /// Only at this JSON pointer.
    pub pointer: Option<String>,
    /// Only in evidence with a file of this SHA-256, with its prefix.
    pub evidence: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts, `YYYY-MM-DD`.
    pub expires: String,
    /// The line of the policy.
    pub line: usize,
}

/// What a policy is applied to.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The name of the policy file.
    pub name: &'a str,
    /// Its SHA-256, with its prefix.
    pub sha256: String,
    /// The inputs as they were named; each must hold evidence.
    pub paths: &'a [String],
    /// The reports of the run.
    pub reports: &'a [Report],
    /// The SHA-256 of the trust root in use, with its prefix.
    pub trust_root: Option<String>,
    /// What the money rows come to, or why they cannot be read; `None` when the policy asks for nothing about money.
    pub money: Option<Result<Statement<'a>, String>>,
    /// The date that the policy is applied for.
    pub as_of: &'a Timestamp,
}

impl Policy {
    /// Whether a rule needs the money rows.
    #[must_use]
    pub fn needs_money(&self) -> bool {
        self.max_spend.is_some() || self.no_overdraft || !self.money_rules.is_empty()
    }
}

#[cfg(test)]
mod tests;
