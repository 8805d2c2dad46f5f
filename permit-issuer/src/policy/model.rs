//! The policy document as types. All amounts are integer micro-USD, all windows whole seconds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The largest amount, count or duration in a policy: what every JSON reader holds exactly.
pub(crate) const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// A whole policy document.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Appears as `policy_id` in every permit.
    pub id: String,
    /// Appears as `policy_version` in every permit.
    pub version: String,
    /// For readers of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How long an allow may be dispatched.
    #[serde(default = "default_ttl")]
    pub ttl_seconds: i64,
    /// Budgets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub envelopes: Vec<EnvelopeSpec>,
    /// What tokens cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<Price>,
    /// How often.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limits: Vec<RateLimit>,
    /// In order; the first that matches decides.
    pub rules: Vec<Rule>,
}

fn default_ttl() -> i64 {
    900
}

/// A budget envelope: never more than `total_usd_micros` reserved and spent together.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeSpec {
    /// How rules refer to it.
    pub name: String,
    /// Capacity.
    pub total_usd_micros: i64,
}

/// Price of one model; a pattern may end in `*`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Provider name.
    pub provider: String,
    /// Model pattern.
    pub model: String,
    /// Micro-USD for a million input tokens.
    pub input_usd_micros_per_million_tokens: i64,
    /// Micro-USD for a million output tokens.
    pub output_usd_micros_per_million_tokens: i64,
}

impl Price {
    /// Cost of a call, rounded up: an estimate must never be below what the same price list charges.
    #[must_use]
    pub fn cost(&self, input_tokens: i64, output_tokens: i64) -> Option<i64> {
        let part = |tokens: i64, price: i64| i128::from(tokens).checked_mul(i128::from(price));
        let sum = part(input_tokens, self.input_usd_micros_per_million_tokens)?
            .checked_add(part(output_tokens, self.output_usd_micros_per_million_tokens)?)?;
        let micros = sum.checked_add(999_999)?.div_euclid(1_000_000);
        i64::try_from(micros).ok().filter(|micros| *micros <= MAX_INTEGER)
    }

    /// The most output tokens that cost at most `micros` together with the input.
    #[must_use]
    pub fn affordable_output(&self, input_tokens: i64, micros: i64) -> Option<i64> {
        let per_output = i128::from(self.output_usd_micros_per_million_tokens);
        let input = i128::from(input_tokens) * i128::from(self.input_usd_micros_per_million_tokens);
        let left = i128::from(micros) * 1_000_000 - input;
        if left < 0 {
            return None;
        }
        if per_output == 0 {
            return Some(MAX_INTEGER);
        }
        Some(i64::try_from(left / per_output).unwrap_or(MAX_INTEGER).min(MAX_INTEGER))
    }
}

/// At most `max` admitted calls in any `per_seconds` before now, counted per value of `by`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// How rules refer to it.
    pub name: String,
    /// Admitted calls.
    pub max: i64,
    /// Window.
    pub per_seconds: i64,
    /// What is counted apart; empty counts everything together.
    #[serde(default)]
    pub by: Vec<Dimension>,
}

/// A property of a request that a rate limit counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Subject type and id.
    Subject,
    /// Action name.
    Action,
    /// Provider.
    Provider,
    /// Model.
    Model,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Names the rule in decisions.
    pub id: String,
    /// What happens when the rule matches and none of its limits stands in the way.
    pub effect: Effect,
    /// Reason code in place of the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Sentence in place of the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which requests; absent matches all.
    #[serde(default)]
    pub when: Match,
    /// Rate limits by name, all of which must have room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limits: Vec<String>,
    /// Envelope by name that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<String>,
    /// Limits that the permit carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Cap>,
    /// When a person must agree first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Permit.
    Allow,
    /// Refuse.
    Deny,
    /// Hold for a person.
    Challenge,
}

/// Conditions of a rule: every named property must match one of its patterns.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    /// Canonical subject types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject_type: Vec<String>,
    /// Subject patterns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject_id: Vec<String>,
    /// Action patterns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action: Vec<String>,
    /// Providers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provider: Vec<String>,
    /// Model patterns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model: Vec<String>,
    /// Operation patterns; a request without an operation matches none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operation: Vec<String>,
    /// Attribute name to accepted scalars; a text may be a pattern. A missing attribute matches none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Vec<Value>>,
}

/// Limits on one call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cap {
    /// The permit carries at most this many output tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<i64>,
    /// Output tokens are lowered until the estimate fits; when not even one fits, the call is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cost_usd_micros: Option<i64>,
}

/// When a person must agree before an allow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Estimates above this amount are held.
    pub above_usd_micros: i64,
}
