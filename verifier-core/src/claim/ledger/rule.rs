//! The rules of spec 07 section 6 and the replay's own, as one table: what is compared, and with which result.
//!
//! A rule judges rows; it proves nothing about them. Where one side is absent the comparison is counted as *not
//! evaluated*; where a figure cannot be read it is too, and the fault says why. Every violation names the record, both
//! figures and, where they are amounts, the difference.

use crate::finding::Code;
use crate::finding::catalog::ledger as code;
use crate::ledger::Place;

/// What a violation means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The evidence contradicts itself.
    Error,
    /// Worth asking about.
    Warning,
    /// To be known.
    Info,
}

impl Severity {
    /// The word in tables and machine formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// `F1` to `F20` of spec 07; `B1` to `B7` are the replay's.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What is compared with what.
    pub compares: &'static str,
    /// What a violation means.
    pub severity: Severity,
    /// The code of a violation, unless the violation carries a more special one.
    pub code: &'static Code,
}

macro_rules! rules {
    ($($id:ident $severity:ident $code:ident { $title:literal, $compares:literal })*) => {
        /// A rule's place in [`RULES`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Id { $($id),* }

        /// All rules, in the order of reports.
        pub static RULES: &[Rule] = &[$(Rule {
            id: stringify!($id),
            title: $title,
            compares: $compares,
            severity: Severity::$severity,
            code: &code::$code,
        }),*];

        impl Id {
            pub(super) const ALL: &[Self] = &[$(Self::$id),*];
        }
    };
}

rules! {
    F1 Error LEDGER_ENVELOPE_SUM { "Remaining adds up", "remaining = total - reserved - spent, per snapshot" }
    F2 Error LEDGER_ENVELOPE_OVERCOMMITTED { "Envelope not over-committed", "reserved >= 0, spent >= 0, reserved + spent <= total, per snapshot" }
    F3 Warning LEDGER_CORRECTION_DIFFERS { "Correction", "correction = actual cost - estimate of the envelope" }
    F4 Error LEDGER_COST_DIFFERS { "One cost", "actual cost, usage ledger cost and usage log cost, to one micro-USD" }
    F5 Error LEDGER_TOKENS_DIFFER { "One token count", "tokens of permit, usage ledger and usage log; total = input + output" }
    F6 Error LEDGER_IDENTITY_DIFFERS { "Usage row belongs to the permit", "permit, project, provider, model, envelope of usage rows and permit" }
    F7 Info LEDGER_COST_UNVERIFIED { "Unverified spend", "actual cost with a verification status of verified or reconciled" }
    F8 Error LEDGER_DENIED_WITH_USAGE { "No cost without allow", "actual cost and tokens of denied permits = 0" }
    F9 Warning LEDGER_CLOSURE_MISSING { "Closures", "a dispatched allow has a closure, a deny has none" }
    F10 Warning LEDGER_USAGE_TIME { "Time of the usage report", "usage reported at or after completion, within the export's period" }
    F11 Error LEDGER_DOUBLE_BOOKING { "No double booking", "permit ids, idempotency keys, response ids and request ids across permits" }
    F12 Error LEDGER_AMOUNT_INVALID { "Valid amounts", "currency = USD; amounts are non-negative integers" }
    F13 Warning LEDGER_CACHE_OR_FINAL { "Cache and final estimates", "cached rows cost nothing; no final estimate beside a provider figure" }
    F14 Error LEDGER_CONSERVATION { "Reservations balance", "reserved >= released + committed; one permit a reservation; numbers unique" }
    F15 Error PARTITION_LEDGER_OVERCOMMIT { "Caps within the envelope", "sum of active caps <= total, at every booking" }
    F16 Error LEDGER_RESERVATION_DIFFERS { "Signed reservation", "reservation id of the decision binding = that of the bookings" }
    F17 Error LEDGER_SPEND_SCOPE_EXCEEDED { "Spend scope", "actual cost <= largest amount of the spend scope" }
    F18 Warning LEDGER_WORKFLOW_EXCEEDED { "Workflow", "dispatched calls of a declaration <= its largest number of calls" }
    F19 Warning LEDGER_SNAPSHOT_REGRESSES { "Snapshots in order", "spent never decreases from an earlier to a later permit of an envelope" }
    F20 Info LEDGER_COST_DIFFERS { "Totals", "actual cost by project, provider, model and day, against usage rows" }
    B1 Error LEDGER_ALLOWED_OVER_BUDGET { "Allows judged again", "reserved + spent + amount <= active caps, at every reservation" }
    B2 Warning LEDGER_DENIED_WITHIN_BUDGET { "Budget denies judged again", "estimate > remaining of the denied permit's snapshot" }
    B3 Warning RESERVATION_OPEN { "No leaked reservations", "reserved = released + committed once the permit has ended" }
    B4 Error LEDGER_OVERSPEND { "No overspend", "reserved + spent <= active caps, after every booking" }
    B5 Warning LEDGER_CAP_EDIT_RETROACTIVE { "No retroactive cap edits", "changed caps against reserved + spent at that moment" }
    B6 Warning LEDGER_SNAPSHOT_DIFFERS { "Snapshots match the replay", "reserved and spent of a snapshot = balance before or after its reservation" }
    B7 Error LEDGER_BALANCE_DIFFERS { "Stated balances", "reserved, spent and total of the envelope list = replayed balance" }
}

impl Id {
    pub(super) fn position(self) -> usize {
        Self::ALL.iter().position(|id| *id == self).unwrap_or(usize::MAX)
    }
}

/// What a rule comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleOutcome {
    /// At least one comparison failed.
    Violated,
    /// Every comparison that could be made holds.
    Holds,
    /// There is something to compare, but always one side is missing.
    DataMissing,
    /// Nothing in the evidence is of this rule's kind.
    NotApplicable,
}

impl RuleOutcome {
    /// The word in tables and machine formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Violated => "violated",
            Self::Holds => "holds",
            Self::DataMissing => "data_missing",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// One failed comparison.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What kind, by code.
    pub code: &'static Code,
    /// What it is about: a permit, envelope or reservation, as written.
    pub subject: String,
    /// Label and value of the one side.
    pub stated: (&'static str, String),
    /// Label and value of the other side.
    pub expected: (&'static str, String),
    /// Stated minus expected in micro-USD, for amounts.
    pub difference: Option<i128>,
    /// Where.
    pub place: Place,
}

/// The result of one rule.
#[derive(Clone, Debug)]
pub struct RuleResult {
    /// The rule.
    pub rule: &'static Rule,
    /// Comparisons made.
    pub checked: u64,
    /// Comparisons that could not be made, because one side is missing or unreadable.
    pub missing: u64,
    /// Comparisons that failed.
    pub violated: u64,
    /// Those that are listed, in order of the evidence.
    pub violations: Vec<Violation>,
}

impl RuleResult {
    /// What the rule comes to.
    #[must_use]
    pub fn outcome(&self) -> RuleOutcome {
        match (self.violated, self.checked, self.missing) {
            (0, 0, 0) => RuleOutcome::NotApplicable,
            (0, 0, _) => RuleOutcome::DataMissing,
            (0, _, _) => RuleOutcome::Holds,
            _ => RuleOutcome::Violated,
        }
    }
}
