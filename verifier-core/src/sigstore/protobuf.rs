//! Protobuf's JSON form, read without its freedoms.
//!
//! The canonical mapping lets a reader accept several spellings of one message. A verifier wants one: members
//! in camel case, unknown and repeated members refused, base64 in the standard alphabet with padding, 64-bit
//! integers as decimal text (or a plain integer token), enumerations by name. As the mapping demands, a member
//! that is absent or `null` has its default value.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::bytes::{Blob, base64};
use crate::json::{AnomalyKind, Document, Kind, ParserLimits, Value};

/// A message that does not have its form, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong there.
    pub problem: String,
    /// RFC 6901 pointer to the value concerned; empty for the whole document.
    pub pointer: String,
    /// Its bytes in the document.
    pub bytes: Range<u64>,
}

impl Malformed {
    pub(super) fn at(value: Value<'_>, problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), pointer: value.pointer(), bytes: value.span() }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => formatter.write_str(&self.problem),
            pointer => write!(formatter, "{pointer}: {}", self.problem),
        }
    }
}

impl std::error::Error for Malformed {}

/// Parses a document in which no two readers see different texts. Integers that a double cannot hold may occur where
/// none is read.
pub(super) fn document(bytes: &[u8], limits: ParserLimits) -> Result<Document, Malformed> {
    let document = Document::parse(Blob::new(bytes.to_vec()), limits).map_err(|error| Malformed {
        problem: format!("not JSON: {error}"),
        pointer: String::new(),
        bytes: error.offset..error.offset,
    })?;
    let ambiguous = |kind: AnomalyKind| kind != AnomalyKind::UnsafeInteger;
    if let Some((_, value)) = document.anomalies().find(|(kind, _)| ambiguous(*kind)) {
        return Err(Malformed::at(value, "two readers may see different values here"));
    }
    Ok(document)
}

/// An object of which every member is known.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    value: Value<'a>,
}

impl<'a> Message<'a> {
    /// Takes an object whose members are all in `known`.
    pub(super) fn new(value: Value<'a>, known: &[&str]) -> Result<Self, Malformed> {
        if !value.is_object() {
            return Err(Malformed::at(value, "not an object"));
        }
        match value.members().find(|member| !known.iter().any(|name| member.is(name))) {
            Some(member) => Err(Malformed::at(member.value, "not a member of this message")),
            None => Ok(Self { value }),
        }
    }

    pub(super) fn value(self) -> Value<'a> {
        self.value
    }

    pub(super) fn optional(self, name: &str) -> Option<Value<'a>> {
        self.value.present(name)
    }

    pub(super) fn required(self, name: &str) -> Result<Value<'a>, Malformed> {
        self.optional(name).ok_or_else(|| Malformed::at(self.value, format!("{name} is missing")))
    }

    /// A string that is present and not empty.
    pub(super) fn text(self, name: &str) -> Result<Cow<'a, str>, Malformed> {
        let value = self.required(name)?;
        value.non_empty_text().ok_or_else(|| Malformed::at(value, "not a text"))
    }

    /// Bytes that are present and not empty.
    pub(super) fn bytes(self, name: &str) -> Result<Vec<u8>, Malformed> {
        decode_bytes(self.required(name)?)
    }

    /// A SHA-256 digest or another value of 32 bytes.
    pub(super) fn bytes32(self, name: &str) -> Result<[u8; 32], Malformed> {
        decode_bytes32(self.required(name)?)
    }

    /// An `int64` that is not negative; 0 when absent.
    pub(super) fn integer(self, name: &str) -> Result<u64, Malformed> {
        let Some(value) = self.optional(name) else { return Ok(0) };
        let number = match value.kind() {
            Kind::Int => value.number().and_then(decimal).filter(|number| *number <= EXACT),
            Kind::String => value.text().as_deref().and_then(decimal),
            _ => None,
        };
        number.ok_or_else(|| Malformed::at(value, "not a 64-bit integer of zero or more"))
    }

    /// Items of a repeated member, at most `limit`.
    pub(super) fn items(self, name: &str, limit: usize) -> Result<Vec<Value<'a>>, Malformed> {
        let Some(value) = self.optional(name) else { return Ok(Vec::new()) };
        if !value.is_array() {
            return Err(Malformed::at(value, "not an array"));
        }
        let items: Vec<Value<'a>> = value.items().take(limit.saturating_add(1)).collect();
        if items.len() > limit {
            return Err(Malformed::at(value, format!("more than {limit} items")));
        }
        Ok(items)
    }
}

pub(super) fn decode_bytes(value: Value<'_>) -> Result<Vec<u8>, Malformed> {
    value
        .text()
        .and_then(|text| base64::decode(&text))
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| Malformed::at(value, "not base64 in its one spelling"))
}

pub(super) fn decode_bytes32(value: Value<'_>) -> Result<[u8; 32], Malformed> {
    decode_bytes(value)?.try_into().map_err(|_| Malformed::at(value, "not 32 bytes"))
}

/// The largest integer up to which every reader of JSON numbers agrees.
const EXACT: u64 = 1 << 53;

/// A decimal without sign and leading zeros that fits an `int64`.
fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    if !canonical || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| i64::try_from(*number).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integer(json: &str) -> Result<u64, Malformed> {
        let document = document(json.as_bytes(), ParserLimits::default())?;
        Message::new(document.root(), &["n"])?.integer("n")
    }

    #[test]
    fn integers_have_one_spelling() {
        assert_eq!(integer(r#"{"n":"9223372036854775807"}"#).unwrap(), i64::MAX.cast_unsigned());
        assert_eq!(integer(r#"{"n":7}"#).unwrap(), 7);
        assert!(integer(r#"{"n":9007199254740993}"#).is_err());
        assert_eq!(integer(r#"{"n":"0"}"#).unwrap(), 0);
        assert_eq!(integer(r#"{"n":null}"#).unwrap(), 0);
        for text in
            [r#""9223372036854775808""#, r#""-1""#, "-1", r#""07""#, r#""+7""#, r#"" 7""#, "7.0", "1e2", "[]"]
        {
            assert!(integer(&format!(r#"{{"n":{text}}}"#)).is_err(), "{text}");
        }
    }

    #[test]
    fn unknown_and_repeated_members_are_refused() {
        assert_eq!(integer(r#"{"n":1,"m":2}"#).unwrap_err().pointer, "/m");
        assert_eq!(integer(r#"{"n":1,"n":2}"#).unwrap_err().pointer, "/n");
        assert!(integer(r#"[]"#).is_err());
        assert!(integer(r#"{"n":"#).is_err_and(|error| error.pointer.is_empty()));
    }
}
