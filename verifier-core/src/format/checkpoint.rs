//! Integrity checkpoints: the newest record of every chain, under one hash and one signature (spec 10).
//!
//! ```text
//! line           = scope ":" sequence_number ":" last_record_hash          (nothing is escaped)
//! composite_hash = "sha256:" + hex SHA-256(lines by code point of the scope, joined by "\n", no final newline)
//! signature      = Ed25519 over the UTF-8 text of composite_hash
//! ```
//!
//! Only the composite hash is signed. `checkpoint_id`, `computed_at`, `key_id` and everything else can be
//! changed freely. Because the lines are not escaped, one preimage can stand for several sets of heads, and any
//! signed text with a colon and a number in it can be dressed up as a head; [`Head::faults`] names every head
//! that does not keep to the alphabets under which the preimage has one reading.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::scope::integer;
use crate::bytes::hex;
use crate::canon::{self, Profile};
use crate::crypto::{prefixed, sha256};
use crate::json::{Kind, Value};

/// Longest scope key.
const MAX_SCOPE_BYTES: usize = 256;

/// The newest record of one chain.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// The chain.
    pub scope: Cow<'a, str>,
    /// As received.
    pub value: Value<'a>,
}

/// A head that makes the preimage of the composite hash ambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFault {
    /// The scope key is outside `[A-Za-z][A-Za-z0-9_.-]*(:[A-Za-z0-9_.-]+)+` or over 256 bytes.
    Scope,
    /// The sequence number is no integer from 0 to 2^63 − 1.
    Sequence,
    /// The record hash is not 64 lower-case hexadecimal digits behind at most one `sha256:`.
    RecordHash,
}

impl<'a> Head<'a> {
    /// The sequence number, when it is an integer.
    #[must_use]
    pub fn sequence(&self) -> Option<i128> {
        integer(self.value.member("sequence_number")?)
    }

    /// The record hash, when it is a text.
    #[must_use]
    pub fn record_hash(&self) -> Option<Cow<'a, str>> {
        self.value.member_text("last_record_hash")
    }

    /// What makes the head's line ambiguous.
    pub fn faults(&self) -> impl Iterator<Item = HeadFault> {
        let sequence = self.sequence().is_some_and(|number| (0..=i128::from(i64::MAX)).contains(&number));
        let hash = self
            .record_hash()
            .is_some_and(|hash| hex::is_lower_hex(hash.strip_prefix("sha256:").unwrap_or(&hash), 64));
        [
            (!is_scope_key(&self.scope), HeadFault::Scope),
            (!sequence, HeadFault::Sequence),
            (!hash, HeadFault::RecordHash),
        ]
        .into_iter()
        .filter_map(|(present, fault)| present.then_some(fault))
    }

    fn line(&self) -> Option<String> {
        let part = |name: &str| wire_text(self.value.as_object()?.member(name)?);
        Some(format!("{}:{}:{}", self.scope, part("sequence_number")?, part("last_record_hash")?))
    }
}

/// The text that the reference joins for a scalar of any type; evidence with odd types is refused elsewhere,
/// and for that the stated hash must still be recomputed.
fn wire_text(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::Int | Kind::Float => canon::number(Profile::Legacy, value.number()?).ok().map(Cow::into_owned),
        Kind::String => value.text().map(Cow::into_owned),
        Kind::Bool => Some(if value.as_bool()? { "True" } else { "False" }.to_owned()),
        Kind::Null => Some("None".to_owned()),
        Kind::Array | Kind::Object => None,
    }
}

/// Whether `text` is a scope key in the alphabet that checkpoints use.
#[must_use]
pub fn is_scope_key(text: &str) -> bool {
    let word = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
    };
    let mut parts = text.split(':');
    let kind = parts.next().unwrap_or_default();
    let mut rest = parts.peekable();
    text.len() <= MAX_SCOPE_BYTES
        && kind.starts_with(|first: char| first.is_ascii_alphabetic())
        && word(kind)
        && rest.peek().is_some()
        && rest.all(|part| !part.is_empty() && word(part))
}

/// A checkpoint's members, none of them verified.
#[derive(Clone, Debug)]
pub struct Checkpoint<'a> {
    /// As received.
    pub value: Value<'a>,
    /// The heads, when they are an object; in order of appearance.
    pub heads: Option<Vec<Head<'a>>>,
}

impl<'a> Checkpoint<'a> {
    /// Reads a checkpoint; `None` when it is no object.
    #[must_use]
    pub fn parse(value: Value<'a>) -> Option<Self> {
        let object = value.as_object()?;
        let heads = object.member("chain_heads").and_then(Value::as_object).map(|heads| {
            let all: Vec<Head<'a>> =
                heads.members().map(|member| Head { scope: member.name(), value: member.value }).collect();
            // of two heads of one name, the last one counts
            let last: BTreeMap<Cow<'a, str>, usize> =
                all.iter().enumerate().map(|(position, head)| (head.scope.clone(), position)).collect();
            let counts = |(position, head): (usize, Head<'a>)| {
                (last.get(&head.scope) == Some(&position)).then_some(head)
            };
            all.into_iter().enumerate().filter_map(counts).collect()
        });
        Some(Self { value, heads })
    }

    /// A string member.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.value.member_text(name)
    }

    /// The head of a chain.
    #[must_use]
    pub fn head(&self, scope: &str) -> Option<&Head<'a>> {
        self.heads.as_ref()?.iter().find(|head| head.scope == scope)
    }

    /// The composite hash over the heads; `None` when a head has no text form.
    #[must_use]
    pub fn compute_composite(&self) -> Option<String> {
        let mut heads: Vec<&Head<'a>> = self.heads.as_ref()?.iter().collect();
        heads.sort_by(|left, right| left.scope.cmp(&right.scope));
        let lines = heads.into_iter().map(Head::line).collect::<Option<Vec<_>>>()?;
        Some(prefixed(&sha256(lines.join("\n").as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Blob;
    use crate::json::{Document, ParserLimits};

    fn composite(heads: &str) -> Option<String> {
        let text = format!("{{\"chain_heads\":{heads}}}");
        let document = Document::parse(Blob::new(text.into_bytes()), ParserLimits::default()).unwrap();
        Checkpoint::parse(document.root()).unwrap().compute_composite()
    }

    fn faults(scope: &str, sequence: &str, hash: &str) -> Vec<HeadFault> {
        let text = format!(
            "{{\"chain_heads\":{{{scope:?}:{{\"sequence_number\":{sequence},\"last_record_hash\":{hash:?}}}}}}}"
        );
        let document = Document::parse(Blob::new(text.into_bytes()), ParserLimits::default()).unwrap();
        let checkpoint = Checkpoint::parse(document.root()).unwrap();
        checkpoint.heads.unwrap()[0].faults().collect()
    }

    /// Spec 04 section 6, spec 10 sections 10.2 and 10.10.
    #[test]
    fn published_composite_hashes() {
        for (heads, expected) in [
            (
                r#"{"project:b":{"sequence_number":2,"last_record_hash":"bb"},"project:a":{"sequence_number":1,"last_record_hash":"aa"}}"#,
                "sha256:607be65c672e49104579b8e4bb5bf5e3d1eeb0ec05d500deaaf1f2701afd4e56",
            ),
            ("{}", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (
                r#"{"project:00000000-0000-0000-0000-0000000000aa":{"sequence_number":42,"last_record_hash":"bb71a98d2685bb5e69eec2711f78d91b68bdcf194192f4d41873ac73e7476022"},
                    "admin:global":{"sequence_number":7,"last_record_hash":"1268d916bfefa28f636f4ad7967697fbfc8adc1f700c7d183ed310e9206a01b0"}}"#,
                "sha256:b17b44c79564d18fc5e00e3d579f634f57184f10cb423da48039c708d68564e5",
            ),
            (
                r#"{"admin:global":{"sequence_number":1024,"last_record_hash":"c75b144d356352b707b765f9f0fb30a9d7e2c64ef44dc3da2831f7ef8921cf40"},
                    "project:00000000-0000-0000-0000-000000000001":{"sequence_number":247,"last_record_hash":"e3cd0e7d0c8bed8ecb8fd490ba6e62c848dd875f8641c358558eed6157e4aaf2"},
                    "project:00000000-0000-0000-0000-000000000002":{"sequence_number":91,"last_record_hash":"0037fc594d38b990175efe72ad13c6de32ef2b18bdd2ecc4d62b4c8932f12540"}}"#,
                "sha256:bf13a31ec6d0357288e60f1cbe6ff4ab6369f84797fc598fc834f2ea82d591d7",
            ),
            (
                "{\"\u{1f600}\":{\"sequence_number\":2,\"last_record_hash\":\"y\"},\"\u{ffee}\":{\"sequence_number\":3,\"last_record_hash\":\"z\"},\"é\":{\"sequence_number\":1,\"last_record_hash\":\"x\"}}",
                "sha256:6e9ce36bfc31d3dac6fec6503b8cadc983c40cb9e7e8967bb3218e65a655fb8a",
            ),
        ] {
            assert_eq!(composite(heads).as_deref(), Some(expected), "{heads}");
        }
        assert_eq!(composite("[]"), None);
        assert_eq!(composite(r#"{"a:b":[]}"#), None);
        assert_eq!(composite(r#"{"a:b":{"sequence_number":[],"last_record_hash":""}}"#), None);
    }

    #[test]
    fn ambiguous_heads_have_names() {
        let hash = "0".repeat(64);
        assert_eq!(faults("project:a-1", "0", &hash), []);
        assert_eq!(faults("project:a", "9223372036854775807", &format!("sha256:{hash}")), []);
        // two heads in one preimage, and an export whose text was cut at a colon
        assert_eq!(faults("a", "1", "x\nb:2:y"), [HeadFault::Scope, HeadFault::RecordHash]);
        assert_eq!(
            faults("{\"generated_at\":\"2026-06-01T09", "41", "27Z\",\"records\":[]}"),
            [HeadFault::Scope, HeadFault::RecordHash]
        );
        for sequence in ["true", "-1", "1.0", "\"1\"", "9223372036854775808", "null"] {
            assert_eq!(faults("project:a", sequence, &hash), [HeadFault::Sequence], "{sequence}");
        }
        for scope in ["", "a", ":a", "a:", "a::b", "1a:b", "a:b c", "a:b\n", "é:a"] {
            assert!(!is_scope_key(scope), "{scope:?}");
        }
        assert!(!is_scope_key(&format!("a:{}", "b".repeat(255))));
    }
}
