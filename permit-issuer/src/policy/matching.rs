//! Patterns and conditions of rules.

use serde_json::Value;

use super::model::{Match, Policy, Price};
use crate::request::DecideRequest;

/// Whether `text` matches `pattern`, in which every `*` stands for any characters.
#[must_use]
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return text.is_empty() };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            match rest.split_once(middle) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
    }
    match last {
        None => rest.is_empty(),
        Some(end) => rest.ends_with(end),
    }
}

impl Policy {
    /// The first price that fits a provider and a model.
    #[must_use]
    pub fn price(&self, provider: &str, model: &str) -> Option<&Price> {
        self.prices.iter().find(|price| glob(&price.provider, provider) && glob(&price.model, model))
    }
}

impl Match {
    /// Whether every stated condition holds for `request`.
    #[must_use]
    pub fn holds(&self, request: &DecideRequest) -> bool {
        let any = |patterns: &[String], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| glob(pattern, text))
        };
        any(&self.subject_type, &request.subject.kind)
            && any(&self.subject_id, &request.subject.id)
            && any(&self.action, &request.action)
            && any(&self.provider, &request.provider)
            && any(&self.model, &request.model)
            && (self.operation.is_empty()
                || request.operation.as_deref().is_some_and(|operation| any(&self.operation, operation)))
            && self.attributes.iter().all(|(name, accepted)| {
                request.attributes.get(name).is_some_and(|actual| {
                    accepted.iter().any(|wanted| match (wanted, actual) {
                        (Value::String(pattern), Value::String(text)) => glob(pattern, text),
                        (wanted, actual) => wanted == actual,
                    })
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-*", "gpt-4o-mini", true),
            ("*-mini", "gpt-4o-mini", true),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
