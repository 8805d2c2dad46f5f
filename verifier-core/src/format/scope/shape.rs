//! Small tests of shape that the scope formats share.

use std::borrow::Cow;

use crate::bytes::hex;
use crate::json::{Kind, Value};

/// A value that breaks a rule of its format.
#[derive(Clone, Debug)]
pub struct ShapeError<'a> {
    /// Which rule, in words.
    pub message: String,
    /// The value concerned, or the object that lacks it.
    pub value: Value<'a>,
}

pub(in crate::format) fn fail<'a, T>(
    value: Value<'a>,
    message: impl Into<String>,
) -> Result<T, ShapeError<'a>> {
    Err(ShapeError { message: message.into(), value })
}

/// Whether `value` is an object with all of `names` and no member outside `names` and `optional`.
pub(in crate::format) fn has_exactly(value: Value<'_>, names: &[&str], optional: &[&str]) -> bool {
    value.is_object()
        && names.iter().all(|name| value.member(name).is_some())
        && value.members().all(|member| names.iter().chain(optional).any(|name| member.is(name)))
}

/// The object `value`, when it has exactly the members `names`.
pub(in crate::format) fn exact<'a>(
    value: Value<'a>,
    names: &[&str],
    message: impl Into<String>,
) -> Result<Value<'a>, ShapeError<'a>> {
    if has_exactly(value, names, &[]) { Ok(value) } else { fail(value, message) }
}

/// The member, when it is a string that is not empty.
pub(in crate::format) fn text<'a>(
    object: Value<'a>,
    name: &str,
    message: impl Into<String>,
) -> Result<Cow<'a, str>, ShapeError<'a>> {
    match object.member(name) {
        Some(value) => value.non_empty_text().map_or_else(|| fail(value, message), Ok),
        None => fail(object, message),
    }
}

/// Demands that the member is the string `expected`.
pub(in crate::format) fn constant<'a>(
    object: Value<'a>,
    name: &str,
    expected: &str,
    message: impl Into<String>,
) -> Result<(), ShapeError<'a>> {
    match object.member(name) {
        Some(value) if value.is_text(expected) => Ok(()),
        other => fail(other.unwrap_or(object), message),
    }
}

/// The member, when it is `sha256:` and 64 lower-case hexadecimal digits.
pub(in crate::format) fn hash<'a>(
    object: Value<'a>,
    name: &str,
    message: impl Into<String>,
) -> Result<Cow<'a, str>, ShapeError<'a>> {
    let found = object.member(name);
    match found.and_then(Value::text).filter(|text| is_prefixed_hash(text)) {
        Some(text) => Ok(text),
        None => fail(found.unwrap_or(object), message),
    }
}

/// The member's items, when it is an array.
pub(in crate::format) fn array<'a>(
    object: Value<'a>,
    name: &str,
    message: impl Into<String>,
) -> Result<Value<'a>, ShapeError<'a>> {
    let found = object.member(name);
    match found.and_then(Value::as_array) {
        Some(value) => Ok(value),
        None => fail(found.unwrap_or(object), message),
    }
}

/// Whether `text` is `sha256:` and 64 lower-case hexadecimal digits.
#[must_use]
pub fn is_prefixed_hash(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| hex::is_lower_hex(digits, 64))
}

/// An integer token of any size. Numbers beyond 128 bits become the nearest bound, which keeps every
/// comparison with a real sequence number right.
#[must_use]
pub fn integer(value: Value<'_>) -> Option<i128> {
    if value.kind() != Kind::Int {
        return None;
    }
    let token = value.number()?;
    let bound = if token.starts_with('-') { i128::MIN } else { i128::MAX };
    Some(token.parse().unwrap_or(bound))
}
