//! Identifiers: UUID text, and identifiers derived from what they name.
//!
//! Permit, reservation and event identifiers are derived (SHA-256 of a label and the parts that make the thing
//! unique), so that a repeated call names the same thing and a story with fixed seeds has fixed bytes. Only
//! projects and calls without an idempotency key need chance.
//!
//! Derived UUIDs carry version 8 (RFC 9562 section 5.8), random ones version 4.

use verifier_core::bytes::hex;
use verifier_core::crypto::sha256;

use crate::error::{Error, Result};

/// A UUID derived from `label` and `parts`; the parts are length-prefixed, so no two lists collide.
#[must_use]
pub fn derived_uuid(label: &str, parts: &[&str]) -> String {
    let digest = derived(label, parts);
    let mut bytes = [0u8; 16];
    for (slot, byte) in bytes.iter_mut().zip(digest) {
        *slot = byte;
    }
    format_uuid(bytes, 8)
}

/// An event identifier: `ev_` and 32 hexadecimal digits.
#[must_use]
pub fn derived_event_id(scope: &str, sequence: i64) -> String {
    let digest = derived("event", &[scope, &sequence.to_string()]);
    format!("ev_{}", hex::encode(digest.get(..16).unwrap_or_default()))
}

/// A random UUID.
///
/// # Errors
/// [`Error::Refused`] when the operating system gives no random bytes.
pub fn random_uuid() -> Result<String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::refused("system.random", format!("no random bytes: {error}")))?;
    Ok(format_uuid(bytes, 4))
}

/// Lower-case hyphenated text of a UUID given in any usual spelling; `None` when it is not one.
#[must_use]
pub fn normal_uuid(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let text = text.strip_prefix("urn:uuid:").unwrap_or(&text);
    let text = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    let bytes: [u8; 16] = hex::decode(digits.as_bytes())?;
    Some(hyphenated(bytes))
}

fn derived(label: &str, parts: &[&str]) -> [u8; 32] {
    let mut input = format!("permit-issuer.{label}");
    for part in parts {
        input.push_str(&format!("|{}:{part}", part.len()));
    }
    sha256(input.as_bytes())
}

fn format_uuid(mut bytes: [u8; 16], version: u8) -> String {
    if let Some(byte) = bytes.get_mut(6) {
        *byte = (*byte & 0x0f) | (version << 4);
    }
    if let Some(byte) = bytes.get_mut(8) {
        *byte = (*byte & 0x3f) | 0x80;
    }
    hyphenated(bytes)
}

fn hyphenated(bytes: [u8; 16]) -> String {
    let digits = hex::encode(&bytes);
    let mut out = String::with_capacity(36);
    for (position, digit) in digits.chars().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids() {
        let id = derived_uuid("permit", &["a", "b"]);
        assert_eq!(id, derived_uuid("permit", &["a", "b"]));
        assert_ne!(id, derived_uuid("permit", &["ab", ""]));
        assert_eq!(normal_uuid(&id).as_deref(), Some(id.as_str()));
        assert_eq!(id.as_bytes()[14], b'8');
        assert_eq!(random_uuid().unwrap().as_bytes()[14], b'4');
        assert_eq!(
            normal_uuid("{1B3E9F2C8A4D4B6E9F2C3A4D6B9E2C8A}").as_deref(),
            Some("1b3e9f2c-8a4d-4b6e-9f2c-3a4d6b9e2c8a")
        );
        assert_eq!(normal_uuid("permit_123"), None);
    }
}
