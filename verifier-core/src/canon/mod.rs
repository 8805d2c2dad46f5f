//! Canonical JSON: the one byte string that a JSON value has under a profile.
//!
//! Keel signs digests of canonical JSON. A [`Profile`] names the exact bytes; it is always an explicit
//! argument, because the profile follows from the version stored in an artifact, never from a default.
//! Sources: spec 01 sections 2, 2.1 and 3; RFC 8785.
//!
//! | | legacy (`keel.canonical_json.payload.v1`) | RFC 8785 |
//! | --- | --- | --- |
//! | member order | Unicode code points | UTF-16 code units |
//! | integer token | its digits, `-0` → `0` | the same, but beyond ±(2^53 − 1) an error |
//! | float token | Python `repr`: `1.0`, `1e-05`, `1e+16` | ECMAScript: `1`, `0.00001`, `10000000000000000` |
//! | −0.0 | `-0.0` | `0` |
//! | strings | `\" \\ \b \t \n \f \r`, `\u00xx` below U+0020, everything else raw UTF-8 | the same |
//!
//! Numbers without a finite value and halves of surrogate pairs are errors in every profile; genuine
//! evidence contains neither. Of a repeated member name the last value is written, as the reference
//! does; the reader reports the repetition.

mod float;
mod string;

use std::borrow::Cow;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::bytes::hex;
use crate::json::{Kind, Value};

pub use string::{write_ascii_string, write_string};

/// A name for exact bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// `keel.canonical_json.payload.v1`, used by everything older than binding v5.
    Legacy,
    /// The same with all characters beyond ASCII, and DEL, escaped (spec 01 section 2.1).
    LegacyAscii,
    /// `keel.canonical_json.payload.v2-rfc8785`.
    Jcs,
}

/// Receives canonical bytes; a buffer or a hasher.
pub trait Sink {
    /// Takes the next bytes.
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Sink for Sha256 {
    fn put(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

/// Why a value has no canonical form, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonError {
    /// What stands in the way.
    pub kind: CanonErrorKind,
    /// RFC 6901 pointer to the value.
    pub pointer: String,
}

/// The kinds of [`CanonError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanonErrorKind {
    /// An integer beyond ±(2^53 − 1) under RFC 8785.
    UnsafeInteger,
    /// NaN, an infinity, or a float too large for a double.
    NonFinite,
    /// Half of a surrogate pair.
    UnpairedSurrogate,
}

impl fmt::Display for CanonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            CanonErrorKind::UnsafeInteger => "an integer that RFC 8785 cannot represent",
            CanonErrorKind::NonFinite => "a number without a finite value",
            CanonErrorKind::UnpairedSurrogate => "half of a surrogate pair",
        };
        write!(formatter, "{what} at {:?}", self.pointer)
    }
}

impl std::error::Error for CanonError {}

/// Writes the canonical bytes of `value`.
///
/// # Errors
/// [`CanonError`] when the value has no canonical form; `out` then holds an incomplete prefix.
pub fn write(profile: Profile, value: Value<'_>, out: &mut impl Sink) -> Result<(), CanonError> {
    write_except(profile, value, &[], out)
}

/// Like [`write()`], leaving out the named members of the top-level object.
///
/// # Errors
/// [`CanonError`] when the value has no canonical form.
pub fn write_except(
    profile: Profile,
    value: Value<'_>,
    without: &[&str],
    out: &mut impl Sink,
) -> Result<(), CanonError> {
    Writer { profile, out, drops: |_| false }.value(value, without)
}

/// Like [`write()`], leaving out, at every depth, the members whose name `drops` accepts.
///
/// # Errors
/// [`CanonError`] when what remains has no canonical form.
pub fn write_filtered(
    profile: Profile,
    value: Value<'_>,
    drops: fn(&str) -> bool,
    out: &mut impl Sink,
) -> Result<(), CanonError> {
    Writer { profile, out, drops }.value(value, &[])
}

/// The canonical bytes of `value`.
///
/// # Errors
/// [`CanonError`] when the value has no canonical form.
pub fn to_bytes(profile: Profile, value: Value<'_>) -> Result<Vec<u8>, CanonError> {
    let mut out = Vec::new();
    write(profile, value, &mut out)?;
    Ok(out)
}

/// SHA-256 of the canonical bytes.
///
/// # Errors
/// [`CanonError`] when the value has no canonical form.
pub fn digest(profile: Profile, value: Value<'_>) -> Result<[u8; 32], CanonError> {
    digest_except(profile, value, &[])
}

/// SHA-256 of the canonical bytes without the named members of the top-level object.
///
/// # Errors
/// [`CanonError`] when the value has no canonical form.
pub fn digest_except(profile: Profile, value: Value<'_>, without: &[&str]) -> Result<[u8; 32], CanonError> {
    let mut buffer = Vec::with_capacity(256);
    write_except(profile, value, without, &mut buffer)?;
    Ok(Sha256::digest(&buffer).into())
}

/// Lower-case hexadecimal of [`digest`].
///
/// # Errors
/// [`CanonError`] when the value has no canonical form.
pub fn hex_digest(profile: Profile, value: Value<'_>) -> Result<String, CanonError> {
    Ok(hex::encode(&digest(profile, value)?))
}

/// An object put together by a caller: members in canonical order, each already canonical.
///
/// For payloads whose members are selected from a received object or computed.
#[derive(Debug)]
pub struct ObjectBuilder {
    profile: Profile,
    members: Vec<(String, Vec<u8>)>,
}

impl ObjectBuilder {
    /// An empty object under `profile`.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self { profile, members: Vec::new() }
    }

    /// Adds a received value.
    ///
    /// # Errors
    /// [`CanonError`] when the value has no canonical form.
    pub fn value(&mut self, name: &str, value: Value<'_>) -> Result<&mut Self, CanonError> {
        let bytes = to_bytes(self.profile, value)?;
        Ok(self.canonical(name, bytes))
    }

    /// Adds a string.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        let mut bytes = Vec::with_capacity(text.len() + 2);
        put_string(self.profile, text, &mut bytes);
        self.canonical(name, bytes)
    }

    /// Adds a string or `null`.
    pub fn optional_text(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(name, text),
            None => self.null(name),
        }
    }

    /// Adds an integer.
    pub fn integer(&mut self, name: &str, value: i64) -> &mut Self {
        self.canonical(name, value.to_string().into_bytes())
    }

    /// Adds a boolean.
    pub fn boolean(&mut self, name: &str, value: bool) -> &mut Self {
        self.canonical(name, value.to_string().into_bytes())
    }

    /// Adds `null`.
    pub fn null(&mut self, name: &str) -> &mut Self {
        self.canonical(name, b"null".to_vec())
    }

    /// Adds bytes that are canonical under the same profile.
    pub fn canonical(&mut self, name: &str, bytes: Vec<u8>) -> &mut Self {
        self.members.push((name.to_owned(), bytes));
        self
    }

    /// The canonical bytes of the object; of a repeated name the last value.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let profile = self.profile;
        self.members.sort_by(|left, right| compare(profile, &left.0, &right.0));
        let mut out = vec![b'{'];
        let mut members = self.members.iter().peekable();
        let mut first = true;
        while let Some((name, bytes)) = members.next() {
            if members.peek().is_some_and(|(next, _)| next == name) {
                continue;
            }
            if !first {
                out.push(b',');
            }
            first = false;
            put_string(profile, name, &mut out);
            out.push(b':');
            out.extend_from_slice(bytes);
        }
        out.push(b'}');
        out
    }

    /// SHA-256 of [`Self::finish`].
    #[must_use]
    pub fn digest(self) -> [u8; 32] {
        Sha256::digest(self.finish()).into()
    }
}

/// Writes a number token canonically.
///
/// # Errors
/// The reason when the token has no canonical form.
pub fn number(profile: Profile, token: &str) -> Result<Cow<'_, str>, CanonErrorKind> {
    if !token.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E' | b'N' | b'I')) {
        if token == "-0" {
            return Ok(Cow::Borrowed("0"));
        }
        let safe = token.len() < 16 || token.parse::<i64>().is_ok_and(|value| value.unsigned_abs() < 1 << 53);
        if profile == Profile::Jcs && !safe {
            return Err(CanonErrorKind::UnsafeInteger);
        }
        return Ok(Cow::Borrowed(token));
    }
    let value: f64 = token.parse().map_err(|_| CanonErrorKind::NonFinite)?;
    if !value.is_finite() {
        return Err(CanonErrorKind::NonFinite);
    }
    Ok(Cow::Owned(match profile {
        Profile::Jcs => float::ecmascript(value),
        Profile::Legacy | Profile::LegacyAscii => float::python_repr(value),
    }))
}

fn put_string(profile: Profile, text: &str, out: &mut impl Sink) {
    match profile {
        Profile::LegacyAscii => write_ascii_string(text, out),
        Profile::Legacy | Profile::Jcs => write_string(text, out),
    }
}

fn compare(profile: Profile, left: &str, right: &str) -> std::cmp::Ordering {
    match profile {
        Profile::Jcs => left.encode_utf16().cmp(right.encode_utf16()),
        Profile::Legacy | Profile::LegacyAscii => left.cmp(right),
    }
}

struct Writer<'o, S> {
    profile: Profile,
    out: &'o mut S,
    drops: fn(&str) -> bool,
}

impl<S: Sink> Writer<'_, S> {
    /// Recursion is bounded by the parser's nesting limit.
    fn value(&mut self, value: Value<'_>, without: &[&str]) -> Result<(), CanonError> {
        let fail = |kind| CanonError { kind, pointer: value.pointer() };
        match value.kind() {
            Kind::Null => self.out.put(b"null"),
            Kind::Bool => self.out.put(value.raw()),
            Kind::Int | Kind::Float => {
                let token = value.number().unwrap_or_default();
                self.out.put(number(self.profile, token).map_err(fail)?.as_bytes());
            }
            Kind::String => {
                let text = value.text().ok_or_else(|| fail(CanonErrorKind::UnpairedSurrogate))?;
                put_string(self.profile, &text, self.out);
            }
            Kind::Array => {
                self.out.put(b"[");
                for (position, item) in value.items().enumerate() {
                    if position > 0 {
                        self.out.put(b",");
                    }
                    self.value(item, &[])?;
                }
                self.out.put(b"]");
            }
            Kind::Object => self.object(value, without)?,
        }
        Ok(())
    }

    fn object(&mut self, object: Value<'_>, without: &[&str]) -> Result<(), CanonError> {
        let mut members = Vec::with_capacity(16);
        for member in object.members() {
            if member.has_broken_name() {
                return Err(CanonError {
                    kind: CanonErrorKind::UnpairedSurrogate,
                    pointer: object.pointer(),
                });
            }
            let name = member.name();
            if !without.contains(&name.as_ref()) && !(self.drops)(&name) {
                members.push((name, member.value));
            }
        }
        let profile = self.profile;
        members.sort_by(|left, right| compare(profile, &left.0, &right.0));
        self.out.put(b"{");
        let mut first = true;
        for (position, (name, value)) in members.iter().enumerate() {
            if members.get(position + 1).is_some_and(|(next, _)| next == name) {
                continue;
            }
            if !first {
                self.out.put(b",");
            }
            first = false;
            put_string(profile, name, self.out);
            self.out.put(b":");
            self.value(*value, &[])?;
        }
        self.out.put(b"}");
        Ok(())
    }
}

#[cfg(test)]
mod tests;
