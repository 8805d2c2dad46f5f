//! What callers send, checked before anything is decided.
//!
//! Chain record hashes join fields with `|` and escape nothing (spec 04 section 2), and identifiers end up in terminals
//! and CSV files. So identifiers with `|` or control characters are refused here, at the door.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::ident;
use crate::policy::Policy;

/// Canonical subject types (spec 21 section 4.3).
pub const SUBJECT_TYPES: [&str; 4] = ["agent", "user", "service_principal", "system"];

const MAX_TEXT: usize = 512;
const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// A request for a permit.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DecideRequest {
    /// Repeating a call with the same key gives the same permit; absent: every call is its own.
    #[serde(default)]
    pub idempotency_key: Option<String>,
    /// Project name or UUID; absent: the only project.
    #[serde(default)]
    pub project: Option<String>,
    /// Who asks.
    pub subject: Subject,
    /// Account UUID.
    #[serde(default)]
    pub account_id: Option<String>,
    /// Organisation UUID.
    #[serde(default)]
    pub org_id: Option<String>,
    /// For example `chat.completion`.
    pub action: String,
    /// For example `openai`.
    pub provider: String,
    /// For example `gpt-4o-mini`.
    pub model: String,
    /// For example `chat.completions.create`.
    #[serde(default)]
    pub operation: Option<String>,
    /// For example `text`.
    #[serde(default)]
    pub modality: Option<String>,
    /// Facts for rules; part of the signed permit.
    #[serde(default)]
    pub attributes: Map<String, Value>,
    /// Input tokens, estimated.
    #[serde(default)]
    pub estimated_input_tokens: i64,
    /// Output tokens, estimated.
    #[serde(default)]
    pub estimated_output_tokens: i64,
    /// Output tokens that the caller wants at most.
    #[serde(default)]
    pub max_output_tokens: Option<i64>,
    /// Cost in micro-USD, estimated by the caller.
    #[serde(default)]
    pub estimated_cost_usd_micros: Option<i64>,
    /// The provider request, when it is known already; the permit is then bound to it.
    #[serde(default)]
    pub request_body: Option<Map<String, Value>>,
    /// How the provider was chosen.
    #[serde(default)]
    pub routing: Option<Routing>,
    /// Permit that this one descends from.
    #[serde(default)]
    pub parent_permit_id: Option<String>,
    /// Shorter life than the policy's.
    #[serde(default)]
    pub ttl_seconds: Option<i64>,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// One of [`SUBJECT_TYPES`] or a known alias; canonical after [`DecideRequest::parse`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Identifier.
    pub id: String,
}

/// How the provider was chosen (spec 20 section 9).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    /// Asked for.
    pub requested_provider: String,
    /// Asked for.
    pub requested_model: String,
    /// Why.
    pub reason_code: String,
    /// Tried before.
    #[serde(default)]
    pub fallback_chain: Vec<Target>,
}

/// A provider and a model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Provider.
    pub provider: String,
    /// Model.
    pub model: String,
}

const PROVIDERS: [&str; 6] = ["openai", "anthropic", "google", "xai", "meta", "mcp"];
const ROUTING_REASONS: [&str; 6] = [
    "explicit_request",
    "policy_preference",
    "cost_optimization",
    "quality_preference",
    "routing_fitness",
    "fallback_after_error",
];

impl DecideRequest {
    /// Reads and normalises a request.
    ///
    /// # Errors
    /// [`Error::Refused`] when a member is missing, unknown, or not acceptable.
    pub fn parse(value: Value) -> Result<Self> {
        let mut request: Self = serde_json::from_value(value)
            .map_err(|error| Error::refused("request.invalid", format!("decide request: {error}")))?;
        request.normalise()?;
        Ok(request)
    }

    fn normalise(&mut self) -> Result<()> {
        self.subject.kind = subject_type(&self.subject.kind).ok_or_else(|| {
            Error::refused(
                "request.subject_type_unknown",
                format!("subject.type {:?} is none of {SUBJECT_TYPES:?}", self.subject.kind),
            )
        })?;
        trim(&mut self.subject.id);
        trim(&mut self.action);
        lower(&mut self.provider);
        trim(&mut self.model);
        check_token("subject.id", &self.subject.id)?;
        check_token("action", &self.action)?;
        check_token("provider", &self.provider)?;
        check_token("model", &self.model)?;
        for (name, text) in [
            ("idempotency_key", &mut self.idempotency_key),
            ("operation", &mut self.operation),
            ("modality", &mut self.modality),
        ] {
            if let Some(text) = text {
                trim(text);
                check_token(name, text)?;
            }
        }
        if let Some(operation) = &mut self.operation {
            lower(operation);
        }
        for (name, id) in [
            ("account_id", &mut self.account_id),
            ("org_id", &mut self.org_id),
            ("parent_permit_id", &mut self.parent_permit_id),
        ] {
            if let Some(text) = id {
                *text = ident::normal_uuid(text).ok_or_else(|| {
                    Error::refused("request.invalid", format!("{name} {text:?} is not a UUID"))
                })?;
            }
        }
        for (name, value) in [
            ("estimated_input_tokens", Some(self.estimated_input_tokens)),
            ("estimated_output_tokens", Some(self.estimated_output_tokens)),
            ("max_output_tokens", self.max_output_tokens),
            ("estimated_cost_usd_micros", self.estimated_cost_usd_micros),
        ] {
            check_count(name, value)?;
        }
        if self.ttl_seconds.is_some_and(|seconds| seconds < 1) {
            return Err(Error::refused("request.invalid", "ttl_seconds must be at least 1"));
        }
        self.check_routing()
    }

    fn check_routing(&mut self) -> Result<()> {
        let Some(routing) = &mut self.routing else { return Ok(()) };
        lower(&mut routing.requested_provider);
        trim(&mut routing.requested_model);
        check_token("routing.requested_model", &routing.requested_model)?;
        if !ROUTING_REASONS.contains(&routing.reason_code.as_str()) {
            return Err(Error::refused(
                "request.invalid",
                format!("routing.reason_code {:?} is none of {ROUTING_REASONS:?}", routing.reason_code),
            ));
        }
        for target in &mut routing.fallback_chain {
            lower(&mut target.provider);
            trim(&mut target.model);
            check_token("routing.fallback_chain.model", &target.model)?;
        }
        let chain = routing.fallback_chain.iter().map(|target| target.provider.as_str());
        for provider in chain.chain([routing.requested_provider.as_str(), self.provider.as_str()]) {
            if !PROVIDERS.contains(&provider) {
                return Err(Error::refused(
                    "request.invalid",
                    format!("routing names provider {provider:?}, which is none of {PROVIDERS:?}"),
                ));
            }
        }
        Ok(())
    }

    /// Seconds that an allow lives.
    #[must_use]
    pub fn ttl(&self, policy: &Policy) -> i64 {
        self.ttl_seconds.unwrap_or(policy.ttl_seconds).min(policy.ttl_seconds)
    }
}

/// The canonical subject type of a known alias.
#[must_use]
pub fn subject_type(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase().replace('_', " ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let canonical = match text.as_str() {
        "agent" | "agent principal" | "ai agent" => "agent",
        "user" | "human" | "person" => "user",
        "service account" | "service-account" | "service principal" | "service-principal"
        | "serviceprincipal" | "service token" | "service-token" | "api key" | "api-key" | "apikey" => {
            "service_principal"
        }
        "system" | "internal" => "system",
        _ => return None,
    };
    Some(canonical.to_owned())
}

/// Refuses what cannot stand in a hashed or printed field.
///
/// # Errors
/// [`Error::Refused`] when the text is empty, too long, or holds `|` or a control character.
pub fn check_token(name: &str, text: &str) -> Result<()> {
    let code = "request.field_not_permitted";
    if text.trim().is_empty() {
        return Err(Error::refused(code, format!("{name} is empty")));
    }
    if text.len() > MAX_TEXT {
        return Err(Error::refused(code, format!("{name} is longer than {MAX_TEXT} bytes")));
    }
    if let Some(character) = text.chars().find(|character| *character == '|' || is_control(*character)) {
        return Err(Error::refused(
            code,
            format!(
                "{name} holds {:?}, which chain record hashes do not keep apart",
                character.escape_default().to_string()
            ),
        ));
    }
    Ok(())
}

/// Controls, line separators, and the marks that reorder text on a screen.
fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Refuses counts and amounts that a JSON reader could not hold.
///
/// # Errors
/// [`Error::Refused`] when the value is negative or too large.
pub fn check_count(name: &str, value: Option<i64>) -> Result<()> {
    match value {
        Some(value) if !(0..=MAX_INTEGER).contains(&value) => {
            Err(Error::refused("request.invalid", format!("{name} {value} is outside 0..={MAX_INTEGER}")))
        }
        _ => Ok(()),
    }
}

fn trim(text: &mut String) {
    *text = text.trim().to_owned();
}

fn lower(text: &mut String) {
    *text = text.trim().to_lowercase();
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn minimal() -> Value {
        json!({"subject": {"type": "AI_agent", "id": " a-1 "}, "action": "chat.completion",
               "provider": "OpenAI", "model": "gpt-4o"})
    }

    #[test]
    fn normalises() {
        let request = DecideRequest::parse(minimal()).unwrap();
        assert_eq!(request.subject, Subject { kind: "agent".into(), id: "a-1".into() });
        assert_eq!(request.provider, "openai");
    }

    #[test]
    fn refuses_what_hashes_or_screens_would_confuse() {
        for (pointer, value) in [
            ("/subject/id", json!("a|b")),
            ("/subject/id", json!("")),
            ("/subject/id", json!("a\u{202e}b")),
            ("/model", json!("gpt\n4")),
            ("/subject/type", json!("robot")),
            ("/provider", json!("x".repeat(513))),
        ] {
            let mut request = minimal();
            *request.pointer_mut(pointer).unwrap() = value;
            assert!(DecideRequest::parse(request).is_err(), "{pointer}");
        }
        let mut request = minimal();
        request["max_output_token"] = json!(1);
        assert!(DecideRequest::parse(request).unwrap_err().to_string().contains("max_output_token"));
        for (name, value) in [
            ("estimated_input_tokens", json!(-1)),
            ("account_id", json!("no-uuid")),
            ("ttl_seconds", json!(0)),
        ] {
            let mut request = minimal();
            request[name] = value;
            assert!(DecideRequest::parse(request).is_err(), "{name}");
        }
    }
}
