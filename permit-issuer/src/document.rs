//! JSON in and out.
//!
//! **In**: what two readers could understand differently is refused, because a decision about one reading must
//! not be spent on the other: repeated member names, numbers without a finite value, halves of surrogate
//! pairs, integers beyond ±(2^53 − 1). The reading itself is `verifier_core::json`'s.
//!
//! **Out**: canonical bytes come from `verifier_core::canon`, so an object has one spelling on both sides.
//! Whole documents are written with sorted members and two blanks of indentation, or in canonical form
//! where size matters; never in hash-map or insertion order.

use serde_json::Value;
use verifier_core::bytes::{Blob, hex};
use verifier_core::canon::{self, Profile, Sink};
use verifier_core::crypto;
use verifier_core::json::{Document, ParserLimits};

use crate::error::{Error, Result};

/// Requests nest less than this; provider request bodies included.
const DEPTH: u16 = 64;
/// Values and names of one input document.
const NODES: u32 = 1_000_000;

/// Reads one input document.
///
/// # Errors
/// [`Error::Refused`] when it is not JSON that every reader understands alike.
pub fn read(bytes: &[u8]) -> Result<Value> {
    let limits = ParserLimits { depth: DEPTH, nodes: NODES, ..ParserLimits::default() };
    let document = Document::parse(Blob::new(bytes.to_vec()), limits)
        .map_err(|error| Error::refused("input.json_invalid", format!("input is not JSON: {error}")))?;
    if let Some((kind, value)) = document.anomalies().next() {
        let place = value.pointer();
        return Err(Error::refused("input.json_ambiguous", format!("{kind:?} at {place:?}")));
    }
    serde_json::from_slice(bytes)
        .map_err(|error| Error::refused("input.json_invalid", format!("input is not JSON: {error}")))
}

/// The canonical bytes of `value`.
///
/// # Errors
/// [`Error::Refused`] when the value has no canonical form under `profile`.
pub fn canonical(profile: Profile, value: &Value) -> Result<Vec<u8>> {
    with_document(value, |document| canon::to_bytes(profile, document.root()))
}

/// Lower-case hexadecimal SHA-256 of the canonical bytes.
///
/// # Errors
/// [`Error::Refused`] when the value has no canonical form under `profile`.
pub fn digest(profile: Profile, value: &Value) -> Result<String> {
    with_document(value, |document| canon::hex_digest(profile, document.root()))
}

/// `sha256:` and [`digest`].
///
/// # Errors
/// [`Error::Refused`] when the value has no canonical form under `profile`.
pub fn prefixed_digest(profile: Profile, value: &Value) -> Result<String> {
    Ok(format!("sha256:{}", digest(profile, value)?))
}

fn with_document<T>(
    value: &Value,
    use_it: impl FnOnce(&Document) -> Result<T, canon::CanonError>,
) -> Result<T> {
    let refuse = |message: String| Error::refused("input.not_canonicalizable", message);
    let bytes = serde_json::to_vec(value).map_err(|error| refuse(error.to_string()))?;
    let document = Document::parse(Blob::new(bytes), ParserLimits::default())
        .map_err(|error| refuse(error.to_string()))?;
    use_it(&document).map_err(|error| refuse(error.to_string()))
}

/// Lower-case hexadecimal SHA-256 of raw bytes.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(&crypto::sha256(bytes))
}

/// One line: the legacy canonical form and a line feed.
///
/// # Errors
/// [`Error::Refused`] when the value has no canonical form.
pub fn line(value: &Value) -> Result<Vec<u8>> {
    let mut out = canonical(Profile::Legacy, value)?;
    out.push(b'\n');
    Ok(out)
}

/// A document for people: sorted members, two blanks of indentation, a final line feed.
///
/// # Errors
/// [`Error::Refused`] when a number has no finite value.
pub fn pretty(value: &Value) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    write_pretty(value, 0, &mut out)?;
    out.push(b'\n');
    Ok(out)
}

fn write_pretty(value: &Value, depth: usize, out: &mut Vec<u8>) -> Result<()> {
    let indent = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', depth * 2));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push(b'[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                indent(out, depth + 1);
                write_pretty(item, depth + 1, out)?;
            }
            indent(out, depth);
            out.push(b']');
        }
        Value::Object(members) if !members.is_empty() => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push(b'{');
            for (position, (name, item)) in sorted.into_iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                indent(out, depth + 1);
                canon::write_string(name, out);
                out.put(b": ");
                write_pretty(item, depth + 1, out)?;
            }
            indent(out, depth);
            out.push(b'}');
        }
        scalar => out.extend(canonical(Profile::Legacy, scalar)?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn refuses_what_readers_read_differently() {
        for (text, code) in [
            (r#"{"a":1,"a":2}"#, "input.json_ambiguous"),
            (r#"{"a":NaN}"#, "input.json_ambiguous"),
            (r#"{"a":9007199254740993}"#, "input.json_ambiguous"),
            (r#"{"a":"\ud800"}"#, "input.json_ambiguous"),
            (r#"{"a":1"#, "input.json_invalid"),
            ("", "input.json_invalid"),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err().code(), code, "{text}");
        }
        assert_eq!(read(br#"{"a":1.0}"#).unwrap(), json!({"a": 1.0}));
    }

    #[test]
    fn documents_have_one_spelling() {
        let value = json!({"b": [1, {"z": null, "y": "é\n"}], "a": {}, "c": []});
        let text = String::from_utf8(pretty(&value).unwrap()).unwrap();
        assert_eq!(
            text,
            "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"y\": \"é\\n\",\n      \"z\": null\n    }\n  ],\n  \"c\": []\n}\n"
        );
        assert_eq!(
            digest(Profile::Jcs, &json!({})).unwrap(),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }
}
