//! `(request, policy, ledger state, now) → Decision`, without side effects.
//!
//! Order: first matching rule → its effect → rate limits → caps → approval → budget. Each step can only make the
//! answer stricter. The signed vocabulary is allow, deny, challenge (spec 20 section 4): a throttle is a deny whose
//! code starts with `rate_limit.`, a cap is an allow with constraints.
//!
//! What is reserved is an upper bound of what the permit lets the caller spend: output tokens are bounded by
//! the constraint that the permit carries, and prices are rounded up.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::model::{Dimension, MAX_INTEGER, Policy, Price, RateLimit, Rule};
use crate::budget::Envelope;
use crate::request::DecideRequest;

pub use super::model::Effect;

/// What the ledger says at the moment of the decision, as far as the request can be concerned.
#[derive(Clone, Debug, Default)]
pub struct LedgerState {
    /// Envelopes by name.
    pub envelopes: BTreeMap<String, Envelope>,
    /// Instants of admitted calls, ascending, by rate limit and key.
    pub admissions: BTreeMap<(String, String), Vec<i64>>,
}

/// The outcome of one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Allow, deny or challenge.
    pub effect: Effect,
    /// Stable reason code.
    pub code: String,
    /// One sentence.
    pub reason: String,
    /// The rule that matched.
    pub rule: Option<String>,
    /// Output tokens that the permit lets through.
    pub max_output_tokens: Option<i64>,
    /// Cost that the permit lets through.
    pub max_cost_usd_micros: Option<i64>,
    /// Upper bound of the cost, where a price or the caller states one.
    pub estimated_cost_usd_micros: Option<i64>,
    /// The envelope that the rule names, whatever the outcome.
    pub envelope: Option<String>,
    /// What must be reserved in it; only on allow.
    pub reserve_usd_micros: Option<i64>,
    /// Rate-limit counters that this call enters; only on allow and challenge.
    pub admit: Vec<(String, String)>,
    /// Whether fewer output tokens are let through than were asked for.
    pub capped: bool,
    /// The limit that stood in the way.
    pub throttle: Option<Throttle>,
}

/// A rate limit without room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// Its name.
    pub limit: String,
    /// What is counted apart.
    pub key: String,
    /// Allowed calls.
    pub max: i64,
    /// Window.
    pub per_seconds: i64,
    /// Calls found in it.
    pub observed: i64,
    /// When the oldest of them leaves it.
    pub retry_after_seconds: i64,
}

impl Decision {
    /// `decision_details` of the permit.
    #[must_use]
    pub fn details(&self) -> Value {
        let mut details = json!({
            "decision": self.word(),
            "code": self.code,
            "reason": self.reason,
            "rule_id": self.rule,
            "capped": self.capped,
        });
        if let (Some(throttle), Some(members)) = (&self.throttle, details.as_object_mut()) {
            members.insert(
                "rate_limit".to_owned(),
                json!({
                    "name": throttle.limit,
                    "key": throttle.key,
                    "max": throttle.max,
                    "per_seconds": throttle.per_seconds,
                    "observed": throttle.observed,
                    "retry_after_seconds": throttle.retry_after_seconds,
                }),
            );
        }
        details
    }

    /// The signed word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.effect {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
            Effect::Challenge => "challenge",
        }
    }
}

/// The first rule that matches.
#[must_use]
pub fn select<'p>(policy: &'p Policy, request: &DecideRequest) -> Option<&'p Rule> {
    policy.rules.iter().find(|rule| rule.when.holds(request))
}

/// The rate-limit counters that concern `request` under `rule`, with the limit itself.
#[must_use]
pub fn admission_keys<'p>(
    policy: &'p Policy,
    rule: &Rule,
    request: &DecideRequest,
) -> Vec<(&'p RateLimit, String)> {
    rule.rate_limits
        .iter()
        .filter_map(|name| policy.rate_limits.iter().find(|limit| limit.name == *name))
        .map(|limit| (limit, counter_key(limit, request)))
        .collect()
}

/// Decides.
#[must_use]
pub fn evaluate(request: &DecideRequest, policy: &Policy, ledger: &LedgerState, now: i64) -> Decision {
    decide(request, policy, ledger, now, false)
}

/// Decides on a request that a person has approved: no rule holds it for a person again, and its rate limits
/// were charged when it was held. Everything else applies, the budget of this moment included.
#[must_use]
pub fn evaluate_approved(
    request: &DecideRequest,
    policy: &Policy,
    ledger: &LedgerState,
    now: i64,
) -> Decision {
    decide(request, policy, ledger, now, true)
}

fn decide(
    request: &DecideRequest,
    policy: &Policy,
    ledger: &LedgerState,
    now: i64,
    approved: bool,
) -> Decision {
    let Some(rule) = select(policy, request) else {
        return deny(
            None,
            "policy.no_matching_rule",
            "No rule of the policy permits this request.".to_owned(),
        );
    };
    if rule.effect == Effect::Deny {
        let reason = rule.reason.clone().unwrap_or_else(|| format!("Denied by rule {}.", rule.id));
        return deny(Some(rule), rule.code.as_deref().unwrap_or("policy.denied"), reason);
    }
    let counters = if approved { Vec::new() } else { admission_keys(policy, rule, request) };
    if let Some(throttle) = counters.iter().find_map(|(limit, key)| throttled(limit, key, ledger, now)) {
        let reason = format!(
            "{} calls in {} s are permitted for {}; retry in {} s.",
            throttle.max, throttle.per_seconds, throttle.key, throttle.retry_after_seconds
        );
        return Decision { throttle: Some(throttle), ..deny(Some(rule), "rate_limit.exceeded", reason) };
    }
    let admit = counters.into_iter().map(|(limit, key)| (limit.name.clone(), key)).collect();
    priced(request, policy, rule, ledger, admit, approved)
}

/// Caps, approval and budget of a rule that lets the request through so far.
fn priced(
    request: &DecideRequest,
    policy: &Policy,
    rule: &Rule,
    ledger: &LedgerState,
    admit: Vec<(String, String)>,
    approved: bool,
) -> Decision {
    let price = policy.price(&request.provider, &request.model);
    let bound = match bounded_output(request, rule, price) {
        Ok(bound) => bound,
        Err(decision) => return *decision,
    };
    let max_cost = rule.cap.as_ref().and_then(|cap| cap.max_cost_usd_micros);
    let estimate = estimate(request, price, bound.unwrap_or(request.estimated_output_tokens));
    if let (Some(estimate), Some(max_cost)) = (estimate, max_cost)
        && estimate > max_cost
    {
        return over_cap(rule, estimate, max_cost);
    }
    let capped = bound.is_some_and(|bound| request.max_output_tokens.is_none_or(|asked| bound < asked));
    let decision = |effect, code: &str, reason: String| Decision {
        effect,
        code: code.to_owned(),
        reason,
        rule: Some(rule.id.clone()),
        max_output_tokens: bound,
        max_cost_usd_micros: max_cost,
        estimated_cost_usd_micros: estimate,
        envelope: rule.envelope.clone(),
        reserve_usd_micros: None,
        admit: admit.clone(),
        capped,
        throttle: None,
    };
    let held = rule
        .approval
        .as_ref()
        .is_some_and(|approval| estimate.is_none_or(|estimate| estimate > approval.above_usd_micros));
    if !approved && (rule.effect == Effect::Challenge || held) {
        let reason = rule.reason.clone().unwrap_or_else(|| match estimate {
            Some(estimate) if held => format!("A person must approve an estimate of {}.", usd(estimate)),
            _ => format!("A person must approve calls under rule {}.", rule.id),
        });
        return decision(Effect::Challenge, rule.code.as_deref().unwrap_or("approval.required"), reason);
    }
    let mut reserve = None;
    if let Some(name) = &rule.envelope {
        let Some(amount) = estimate else {
            return deny(
                Some(rule),
                "budget.price_unknown",
                format!(
                    "No price is known for {}/{} and the request states no estimate, so envelope {name} cannot \
                     reserve.",
                    request.provider, request.model
                ),
            );
        };
        let remaining = ledger.envelopes.get(name).map_or(0, Envelope::remaining);
        if amount > remaining {
            return Decision {
                estimated_cost_usd_micros: Some(amount),
                ..deny(
                    Some(rule),
                    "budget.envelope_exhausted",
                    format!(
                        "Estimated {} exceeds the {} left in envelope {name}.",
                        usd(amount),
                        usd(remaining)
                    ),
                )
            };
        }
        reserve = Some(amount);
    }
    let (code, reason) = match (approved, capped, bound) {
        (true, ..) => ("approval.granted", format!("A person approved this call under rule {}.", rule.id)),
        (false, true, Some(bound)) => {
            ("policy.capped", format!("Permitted by rule {} with at most {bound} output tokens.", rule.id))
        }
        (false, ..) => ("policy.allowed", format!("Permitted by rule {}.", rule.id)),
    };
    let own = |text: &Option<String>| text.clone().filter(|_| !approved);
    let code = own(&rule.code).unwrap_or_else(|| code.to_owned());
    let reason = own(&rule.reason).unwrap_or(reason);
    Decision { reserve_usd_micros: reserve, ..decision(Effect::Allow, &code, reason) }
}

/// The output tokens that the permit lets through: what was asked for, lowered by the caps. With a price or
/// an envelope there is always a bound, because what is reserved must bound what can be spent.
fn bounded_output(
    request: &DecideRequest,
    rule: &Rule,
    price: Option<&Price>,
) -> Result<Option<i64>, Box<Decision>> {
    let cap = rule.cap.as_ref();
    let token_cap = cap.and_then(|cap| cap.max_output_tokens);
    let mut bound = match (request.max_output_tokens, token_cap) {
        (Some(asked), Some(cap)) => Some(asked.min(cap)),
        (Some(asked), None) => Some(asked),
        (None, Some(cap)) => Some(cap),
        (None, None) if rule.envelope.is_some() => Some(request.estimated_output_tokens),
        (None, None) => None,
    };
    if let (Some(max_cost), Some(price)) = (cap.and_then(|cap| cap.max_cost_usd_micros), price) {
        match price.affordable_output(request.estimated_input_tokens, max_cost) {
            Some(affordable) if affordable >= 1 => {
                let wanted = bound.unwrap_or(request.estimated_output_tokens);
                bound = Some(wanted.min(affordable));
            }
            _ => {
                let estimate = price.cost(request.estimated_input_tokens, 1).unwrap_or(MAX_INTEGER);
                return Err(Box::new(over_cap(rule, estimate, max_cost)));
            }
        }
    }
    Ok(bound)
}

/// The higher of the price list's figure and the caller's: a caller cannot talk a reservation down.
fn estimate(request: &DecideRequest, price: Option<&Price>, output_tokens: i64) -> Option<i64> {
    let listed =
        price.map(|price| price.cost(request.estimated_input_tokens, output_tokens).unwrap_or(MAX_INTEGER));
    match (listed, request.estimated_cost_usd_micros) {
        (Some(listed), Some(stated)) => Some(listed.max(stated)),
        (listed, stated) => listed.or(stated),
    }
}

fn throttled(limit: &RateLimit, key: &str, ledger: &LedgerState, now: i64) -> Option<Throttle> {
    let window = limit.per_seconds.saturating_mul(1_000_000);
    let since = now.saturating_sub(window);
    let inside: Vec<i64> = ledger
        .admissions
        .get(&(limit.name.clone(), key.to_owned()))
        .into_iter()
        .flatten()
        .copied()
        .filter(|at| *at > since)
        .collect();
    let observed = i64::try_from(inside.len()).unwrap_or(i64::MAX);
    if observed < limit.max {
        return None;
    }
    let surplus = usize::try_from(observed - limit.max).unwrap_or(0);
    let frees_at = inside.get(surplus).copied().unwrap_or(now).saturating_add(window);
    Some(Throttle {
        limit: limit.name.clone(),
        key: key.to_owned(),
        max: limit.max,
        per_seconds: limit.per_seconds,
        observed,
        retry_after_seconds: frees_at
            .saturating_sub(now)
            .saturating_add(999_999)
            .div_euclid(1_000_000)
            .max(1),
    })
}

fn counter_key(limit: &RateLimit, request: &DecideRequest) -> String {
    if limit.by.is_empty() {
        return "everyone".to_owned();
    }
    let parts: Vec<String> = limit
        .by
        .iter()
        .map(|dimension| match dimension {
            Dimension::Subject => format!("{} {}", request.subject.kind, request.subject.id),
            Dimension::Action => format!("action {}", request.action),
            Dimension::Provider => format!("provider {}", request.provider),
            Dimension::Model => format!("model {}", request.model),
        })
        .collect();
    parts.join(", ")
}

fn over_cap(rule: &Rule, estimate: i64, max_cost: i64) -> Decision {
    Decision {
        estimated_cost_usd_micros: Some(estimate),
        max_cost_usd_micros: Some(max_cost),
        ..deny(
            Some(rule),
            "budget.per_permit_cap_exceeded",
            format!("Estimated {} exceeds the cap of {} for one call.", usd(estimate), usd(max_cost)),
        )
    }
}

fn deny(rule: Option<&Rule>, code: &str, reason: String) -> Decision {
    Decision {
        effect: Effect::Deny,
        code: code.to_owned(),
        reason,
        rule: rule.map(|rule| rule.id.clone()),
        max_output_tokens: None,
        max_cost_usd_micros: None,
        estimated_cost_usd_micros: None,
        envelope: rule.and_then(|rule| rule.envelope.clone()),
        reserve_usd_micros: None,
        admit: Vec::new(),
        capped: false,
        throttle: None,
    }
}

/// `1.234567 USD`, exact.
fn usd(micros: i64) -> String {
    crate::budget::decimal_usd(micros) + " USD"
}
