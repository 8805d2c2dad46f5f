//! Reads a policy document and refuses what it cannot mean.
//!
//! An unknown member is an error that names its place and the nearest known name: a misspelt `max_output_token` that
//! is silently ignored would be a cap that does not exist.

use serde_json::Value;
use verifier_core::canon::Profile;

use super::model::{MAX_INTEGER, Policy};
use crate::document;
use crate::error::{Error, Result};
use crate::request::{SUBJECT_TYPES, check_token};

const CODE: &str = "policy.invalid";

/// Reads TOML, or JSON when the text starts with `{`.
///
/// # Errors
/// [`Error::Refused`] with the place of the first problem.
pub fn parse(text: &str) -> Result<Policy> {
    let value = if text.trim_start().starts_with('{') {
        document::read(text.as_bytes())?
    } else {
        let table: toml::Table =
            toml::from_str(text).map_err(|error| refuse(format!("policy is not TOML: {error}")))?;
        serde_json::to_value(table).map_err(|error| refuse(error.to_string()))?
    };
    check_members(&value, &POLICY, "policy")?;
    let policy: Policy = serde_json::from_value(value).map_err(|error| refuse(format!("policy: {error}")))?;
    validate(&policy)?;
    Ok(policy)
}

/// SHA-256 of the RFC 8785 form of the policy with defaults written out: `policy_snapshot_hash` of permits.
///
/// # Errors
/// [`Error::Refused`] when an attribute value has no canonical form.
pub fn snapshot_hash(policy: &Policy) -> Result<String> {
    let value = serde_json::to_value(policy).map_err(|error| refuse(error.to_string()))?;
    document::digest(Profile::Jcs, &value)
}

fn refuse(message: impl Into<String>) -> Error {
    Error::refused(CODE, message)
}

/// Member names of one object, and the shape of those that hold objects.
struct Shape {
    names: &'static [&'static str],
    nested: &'static [(&'static str, &'static Shape)],
}

const fn leaf(names: &'static [&'static str]) -> Shape {
    Shape { names, nested: &[] }
}

static ENVELOPE: Shape = leaf(&["name", "total_usd_micros"]);
static PRICE: Shape = leaf(&[
    "provider",
    "model",
    "input_usd_micros_per_million_tokens",
    "output_usd_micros_per_million_tokens",
]);
static RATE_LIMIT: Shape = leaf(&["name", "max", "per_seconds", "by"]);
static WHEN: Shape =
    leaf(&["subject_type", "subject_id", "action", "provider", "model", "operation", "attributes"]);
static CAP: Shape = leaf(&["max_output_tokens", "max_cost_usd_micros"]);
static APPROVAL: Shape = leaf(&["above_usd_micros"]);
static RULE: Shape = Shape {
    names: &["id", "effect", "code", "reason", "when", "rate_limits", "envelope", "cap", "approval"],
    nested: &[("when", &WHEN), ("cap", &CAP), ("approval", &APPROVAL)],
};
static POLICY: Shape = Shape {
    names: &["id", "version", "description", "ttl_seconds", "envelopes", "prices", "rate_limits", "rules"],
    nested: &[("envelopes", &ENVELOPE), ("prices", &PRICE), ("rate_limits", &RATE_LIMIT), ("rules", &RULE)],
};

fn check_members(value: &Value, shape: &Shape, place: &str) -> Result<()> {
    match value {
        Value::Array(items) => {
            for (position, item) in items.iter().enumerate() {
                check_members(item, shape, &format!("{place}[{position}]"))?;
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if !shape.names.contains(&name.as_str()) {
                    return Err(refuse(unknown(place, name, shape.names)));
                }
                if let Some((_, nested)) = shape.nested.iter().find(|(nested, _)| nested == name) {
                    check_members(member, nested, &format!("{place}.{name}"))?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn unknown(place: &str, name: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|known| (distance(name, known), known)).min();
    match nearest {
        Some((steps, nearest)) if steps <= 2.max(name.len() / 3) => {
            format!("{place}: unknown member {name:?}; did you mean {nearest:?}?")
        }
        _ => format!("{place}: unknown member {name:?}; known are {}", known.join(", ")),
    }
}

/// Levenshtein distance in bytes.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (position, from) in left.bytes().enumerate() {
        let mut diagonal = position;
        let mut before = position + 1;
        let mut next = vec![before];
        for (to, above) in right.bytes().zip(row.iter().skip(1)) {
            let cost = usize::from(from != to);
            before = (diagonal + cost).min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

fn validate(policy: &Policy) -> Result<()> {
    check_token("policy.id", &policy.id)?;
    check_token("policy.version", &policy.version)?;
    positive("policy.ttl_seconds", policy.ttl_seconds, 366 * 86_400)?;
    unique("envelopes", policy.envelopes.iter().map(|envelope| envelope.name.as_str()))?;
    unique("rate_limits", policy.rate_limits.iter().map(|limit| limit.name.as_str()))?;
    unique("rules", policy.rules.iter().map(|rule| rule.id.as_str()))?;
    for envelope in &policy.envelopes {
        amount(&format!("envelopes.{}.total_usd_micros", envelope.name), envelope.total_usd_micros)?;
    }
    for price in &policy.prices {
        let place = format!("prices.{}/{}", price.provider, price.model);
        amount(&place, price.input_usd_micros_per_million_tokens)?;
        amount(&place, price.output_usd_micros_per_million_tokens)?;
    }
    for limit in &policy.rate_limits {
        positive(&format!("rate_limits.{}.max", limit.name), limit.max, 1_000_000)?;
        positive(&format!("rate_limits.{}.per_seconds", limit.name), limit.per_seconds, 366 * 86_400)?;
    }
    for rule in &policy.rules {
        let place = format!("rules.{}", rule.id);
        for kind in &rule.when.subject_type {
            if !SUBJECT_TYPES.contains(&kind.as_str()) {
                return Err(refuse(format!(
                    "{place}.when.subject_type: {kind:?} is none of {SUBJECT_TYPES:?}"
                )));
            }
        }
        for values in rule.when.attributes.values() {
            if values.iter().any(|value| value.is_array() || value.is_object()) {
                return Err(refuse(format!("{place}.when.attributes: values must be scalars")));
            }
        }
        for name in &rule.rate_limits {
            if !policy.rate_limits.iter().any(|limit| limit.name == *name) {
                return Err(refuse(format!("{place}.rate_limits: no rate limit is called {name:?}")));
            }
        }
        if let Some(name) = &rule.envelope
            && !policy.envelopes.iter().any(|envelope| envelope.name == *name)
        {
            return Err(refuse(format!("{place}.envelope: no envelope is called {name:?}")));
        }
        if let Some(code) = &rule.code {
            check_token(&format!("{place}.code"), code)?;
        }
        if let Some(cap) = &rule.cap {
            for value in [cap.max_output_tokens, cap.max_cost_usd_micros].into_iter().flatten() {
                positive(&format!("{place}.cap"), value, MAX_INTEGER)?;
            }
        }
        if let Some(approval) = &rule.approval {
            amount(&format!("{place}.approval.above_usd_micros"), approval.above_usd_micros)?;
        }
    }
    Ok(())
}

fn unique<'a>(place: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        check_token(place, name)?;
        if !seen.insert(name) {
            return Err(refuse(format!("{place}: {name:?} occurs twice")));
        }
    }
    Ok(())
}

fn amount(place: &str, value: i64) -> Result<()> {
    if (0..=MAX_INTEGER).contains(&value) {
        return Ok(());
    }
    Err(refuse(format!("{place}: {value} is outside 0..={MAX_INTEGER}")))
}

fn positive(place: &str, value: i64, most: i64) -> Result<()> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(refuse(format!("{place}: {value} is outside 1..={most}")))
}
