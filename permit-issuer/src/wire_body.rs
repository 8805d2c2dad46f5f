//! The digest of a provider request (spec 01 section 7, spec 21 section 5.2).
//!
//! ```text
//! hex SHA-256( RFC 8785( body without volatile and sensitive members, at every depth ) )
//! ```
//!
//! A member is left out when its name, lower-cased and reduced to letters and digits, is in the list below. So
//! a business field called `timestamp` is **not** covered by the digest; [`uncovered`] names such members.

use serde_json::{Map, Value};
use verifier_core::canon::Profile;

use crate::document;
use crate::error::Result;

/// Request-canonicalisation version that belongs to binding v5 and later.
pub const CANONICAL_VERSION: &str = "v5";

const LEFT_OUT: [&str; 16] = [
    "requestid",
    "traceid",
    "spanid",
    "idempotencykey",
    "keelrequestid",
    "xrequestid",
    "xkeeltimestamp",
    "timestamp",
    "keelidempotencykey",
    "authorization",
    "apikey",
    "xapikey",
    "openaiapikey",
    "anthropicapikey",
    "xgoogapikey",
    "proxyauthorization",
];

/// `final_request_hash` of a request body.
///
/// # Errors
/// [`crate::Error::Refused`] when the body has no RFC 8785 form.
pub fn request_hash(body: &Map<String, Value>) -> Result<String> {
    document::digest(Profile::Jcs, &strip(&Value::Object(body.clone())))
}

/// The body as it may be kept: without volatile and sensitive members, so that no API key enters evidence.
#[must_use]
pub fn strip(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !is_left_out(name))
            .map(|(name, member)| (name.clone(), strip(member)))
            .collect(),
        Value::Array(items) => items.iter().map(strip).collect(),
        scalar => scalar.clone(),
    }
}

/// Names of members that the digest does not cover, in order of appearance.
#[must_use]
pub fn uncovered(value: &Value) -> Vec<String> {
    let mut names = Vec::new();
    collect(value, &mut names);
    names
}

fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if is_left_out(name) {
                    names.push(name.clone());
                } else {
                    collect(member, names);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
    }
}

fn is_left_out(name: &str) -> bool {
    let reduced: String =
        name.to_lowercase().chars().filter(|character| character.is_alphanumeric()).collect();
    LEFT_OUT.contains(&reduced.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Spec 01 section 7.
    #[test]
    fn published_examples() {
        let body = json!({"model": "m", "timestamp": 1, "temperature": 1.0,
            "messages": [{"role": "u", "request_id": "x", "content": "hi"}]});
        assert_eq!(
            strip(&body),
            json!({"messages": [{"content": "hi", "role": "u"}], "model": "m", "temperature": 1.0})
        );
        assert_eq!(uncovered(&body), ["request_id", "timestamp"]);
        for name in ["Request-ID", "TRACE.ID", "TimeStamp ", "api_key", "X-Api-Key", "x-goog-api-key"] {
            assert!(is_left_out(name), "{name}");
        }
        for name in ["model", "trace_idé", "apikeys"] {
            assert!(!is_left_out(name), "{name}");
        }
        let body = json!({"temperature": 1.0, "t": 1e-7});
        let canonical = document::canonical(Profile::Jcs, &strip(&body)).unwrap();
        assert_eq!(canonical, br#"{"t":1e-7,"temperature":1}"#);
    }
}
