//! What a pipeline's policy comes to over the reports of one run: plain data for renderers.

use serde::Serialize;

use super::Outcome;

/// The result of one rule of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleState {
    /// The condition holds.
    Met,
    /// The condition is contradicted.
    Failed,
    /// What the condition needs is not in the evidence, or is not established.
    NotEstablished,
}

impl RuleState {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Failed => "failed",
            Self::NotEstablished => "not established",
        }
    }
}

/// One rule of a policy, with its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GateRule {
    /// Stable name.
    pub id: &'static str,
    /// Its result.
    pub state: RuleState,
    /// What was demanded and what was found.
    pub message: String,
}

/// A finding that the policy accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Acceptance {
    /// Position of the report.
    pub report: usize,
    /// Position of the finding in it.
    pub finding: usize,
    /// The code of the finding.
    pub code: &'static str,
    /// Why, as the policy says.
    pub reason: String,
    /// The last day on which it counts.
    pub until: String,
}

/// What the policy comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// Verified when every rule is met; disproved when one failed; otherwise not established.
    pub outcome: Outcome,
    /// The policy file.
    pub policy: String,
    /// Its SHA-256, with its prefix.
    pub sha256: String,
    /// The date that the policy was applied for.
    pub as_of: String,
    /// Every rule of the policy, in order.
    pub rules: Vec<GateRule>,
    /// The findings that the policy accepts.
    pub accepted: Vec<Acceptance>,
}

impl Gate {
    /// The acceptance of a finding, if it is accepted.
    #[must_use]
    pub fn acceptance(&self, report: usize, finding: usize) -> Option<&Acceptance> {
        self.accepted.iter().find(|own| own.report == report && own.finding == finding)
    }
}
