//! Workflow declarations and amendments as they are on the wire (spec 06 sections 2 and 3).
//!
//! A declaration states what a workflow intends to call and how often; amendments change it later. The
//! views check shape only and borrow the received record. [`Declaration::candidates`] and
//! [`Amendment::candidates`] give the byte strings that a signature may cover (section 4).
//!
//! ```text
//! intent = intent_json, else intent, else the six members at the top of the record; null members dropped
//! delta  = delta, else the six change members at the top of the record; null members dropped
//! hash   = hex SHA-256 of the legacy canonical payload; the signature covers the text of that hash
//! ```
//!
//! Not covered by a declaration's signature: its own id, `version`, `cached_actual_calls`, `completed_at`.

mod payload;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::canon::{self, CanonError, CanonErrorKind, Profile};
use crate::json::{Kind, Value};
use crate::time::Timestamp;

pub use payload::{
    Candidate, Divergence, PayloadSource, compare_amendment, compare_declaration, shown_twice, signed_delta,
    signed_intent,
};

/// The document's schema name.
pub const SCHEMA: &str = "keel.workflow_evidence/v1";
/// Its older name, read until the reference drops it.
pub const LEGACY_SCHEMA: &str = "keel.vanta.workflow_evidence/v1";

/// Members of an intent that may also stand at the top of a declaration.
pub const INTENT_MEMBERS: [&str; 6] = [
    "expected_calls",
    "max_calls",
    "expected_model",
    "expected_input_tokens_per_call",
    "expected_output_tokens_per_call",
    "max_duration_seconds",
];
/// Members of a delta that may also stand at the top of an amendment.
pub const DELTA_MEMBERS: [&str; 6] = [
    "applied_against_version",
    "previous_max_calls",
    "new_max_calls",
    "previous_expected_calls",
    "new_expected_calls",
    "reason_provided",
];
const STATUSES: [&str; 4] = ["active", "completed", "expired", "rejected"];

/// Whether `schema` names a workflow evidence document.
#[must_use]
pub fn is_schema(schema: Value<'_>) -> bool {
    schema.is_text(SCHEMA) || schema.is_text(LEGACY_SCHEMA)
}

/// What breaks the shape of a record, in words that follow the record's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError {
    /// The member concerned; empty for the record itself.
    pub member: &'static str,
    /// The rule that it breaks.
    pub rule: &'static str,
}

impl std::fmt::Display for ShapeError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.member.is_empty() {
            formatter.write_str(self.rule)
        } else {
            write!(formatter, "{} {}", self.member, self.rule)
        }
    }
}

/// Members taken together as one object: a nested object, or members at the top of a record.
#[derive(Clone, Debug)]
pub enum Terms<'a> {
    /// A nested object.
    Object(Value<'a>),
    /// Members picked from the record.
    Picked(Vec<(&'static str, Value<'a>)>),
}

impl<'a> Terms<'a> {
    /// The first of the nested objects that exists, else the picked members.
    fn of(record: Value<'a>, nested: &[&str], picked: &[&'static str]) -> Self {
        match nested.iter().find_map(|name| record.member(name).and_then(Value::as_object)) {
            Some(object) => Self::Object(object),
            None => {
                Self::Picked(picked.iter().filter_map(|name| Some((*name, record.present(name)?))).collect())
            }
        }
    }

    /// The member, unless it is `null`.
    #[must_use]
    pub fn present(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Object(object) => object.present(name),
            Self::Picked(members) => members.iter().find(|(own, _)| *own == name).map(|(_, value)| *value),
        }
    }

    /// A count among the members.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u128> {
        self.present(name).and_then(whole)
    }

    /// Legacy canonical bytes without `null` members.
    ///
    /// # Errors
    /// [`CanonError`] when a value has no canonical form.
    pub fn canonical(&self) -> Result<Vec<u8>, CanonError> {
        match self {
            Self::Object(object) => without_nulls(*object),
            Self::Picked(members) => {
                let mut object = canon::ObjectBuilder::new(Profile::Legacy);
                for (name, value) in members {
                    object.canonical(name, without_nulls(*value)?);
                }
                Ok(object.finish())
            }
        }
    }
}

/// A declaration whose shape is right.
#[derive(Clone, Debug)]
pub struct Declaration<'a> {
    /// The record as received.
    pub record: Value<'a>,
    /// Its id, trimmed.
    pub id: String,
    /// The workflow, trimmed.
    pub workflow_id: String,
    /// The project, trimmed.
    pub project_id: String,
    /// `active`, `completed`, `expired` or `rejected`, trimmed.
    pub status: String,
    /// The intent that the record shows.
    pub intent: Terms<'a>,
    /// One more than the number of amendments.
    pub version: u128,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// Digest and signature.
    pub seal: Seal<'a>,
    /// The effective intent hash, prefix removed, when stated.
    pub effective_intent_hash: Option<String>,
}

/// An amendment whose shape is right.
#[derive(Clone, Debug)]
pub struct Amendment<'a> {
    /// The record as received.
    pub record: Value<'a>,
    /// Its id, trimmed.
    pub id: String,
    /// The declaration that it amends, trimmed.
    pub declaration_id: String,
    /// The project, trimmed.
    pub project_id: String,
    /// The change that the record shows.
    pub delta: Terms<'a>,
    /// The version of the declaration that it changes.
    pub applied_against_version: u128,
    /// When it was made.
    pub created_at: Timestamp,
    /// Digest and signature.
    pub seal: Seal<'a>,
}

/// The canonical hash and the signature of a record.
#[derive(Clone, Debug)]
pub struct Seal<'a> {
    /// The hash, trimmed and without prefix; `None` when absent or blank.
    pub canonical_hash: Option<String>,
    /// The signature text; `None` when absent or blank.
    pub signature: Option<Cow<'a, str>>,
    /// The key id that the record names.
    pub key_id: Option<Cow<'a, str>>,
}

impl<'a> Declaration<'a> {
    /// Reads a declaration. Workflow documents must state the effective intent hash, incident bundles
    /// need not.
    ///
    /// # Errors
    /// The first rule that the record breaks.
    pub fn parse(record: Value<'a>, effective_hash_required: bool) -> Result<Self, ShapeError> {
        if !record.is_object() {
            return Err(ShapeError { member: "", rule: "must be an object" });
        }
        let workflow_id = required_text(record, "workflow_id")?;
        let project_id = required_text(record, "project_id")?;
        let id = required_text_or(record, "workflow_declaration_id", "id")?;
        let status = record
            .member_text("status")
            .map(|status| status.trim().to_owned())
            .filter(|status| STATUSES.contains(&status.as_str()))
            .ok_or(ShapeError {
                member: "status",
                rule: "must be active, completed, expired, or rejected",
            })?;
        let intent = Terms::of(record, &["intent_json", "intent"], &INTENT_MEMBERS);
        check_intent(&intent)?;
        let version = required_count(record, "version")?;
        for name in ["cached_actual_calls", "projection_amount_micros"] {
            optional_count(record.present(name), name)?;
        }
        let seal = Seal::read(record, "declaration_canonical_hash", "declaration_signature_b64")?;
        let signed_at = required_time(record, "declaration_signed_at")?;
        let hash = record.member("effective_intent_hash").and_then(Value::non_blank_text);
        if hash.is_none() && effective_hash_required {
            return Err(ShapeError { member: "effective_intent_hash", rule: "must be a non-empty string" });
        }
        let effective_intent_hash = hash.map(|hash| bare_hash(&hash));
        Ok(Self {
            record,
            id,
            workflow_id,
            project_id,
            status,
            intent,
            version,
            signed_at,
            seal,
            effective_intent_hash,
        })
    }
}

impl<'a> Amendment<'a> {
    /// Reads an amendment.
    ///
    /// # Errors
    /// The first rule that the record breaks.
    pub fn parse(record: Value<'a>) -> Result<Self, ShapeError> {
        if !record.is_object() {
            return Err(ShapeError { member: "", rule: "must be an object" });
        }
        let id = required_text_or(record, "workflow_amendment_id", "id")?;
        let declaration_id = required_text_or(record, "workflow_declaration_id", "id")?;
        let project_id = required_text(record, "project_id")?;
        let applied_against_version = required_count(record, "applied_against_version")?;
        for name in DELTA_MEMBERS.into_iter().filter(|name| name.ends_with("_calls")) {
            optional_count(record.present(name), name)?;
        }
        optional_text(record, "reason_provided")?;
        let created_at = required_time(record, "created_at")?;
        let seal = Seal::read(record, "amendment_canonical_hash", "amendment_signature_b64")?;
        let delta = Terms::of(record, &["delta"], &DELTA_MEMBERS);
        Ok(Self { record, id, declaration_id, project_id, delta, applied_against_version, created_at, seal })
    }
}

impl<'a> Seal<'a> {
    fn read(record: Value<'a>, hash: &'static str, signature: &'static str) -> Result<Self, ShapeError> {
        let canonical_hash =
            optional_text(record, hash)?.map(|text| bare_hash(&text)).filter(|text| !text.is_empty());
        let signature = optional_text(record, signature)?.filter(|text| !text.trim().is_empty());
        let key_id = record.member_text("binding_key_id").or_else(|| record.member_text("key_id"));
        Ok(Self { canonical_hash, signature, key_id })
    }
}

/// A hash's text trimmed, and without one `sha256:`.
#[must_use]
pub fn bare_hash(text: &str) -> String {
    let trimmed = text.trim();
    trimmed.strip_prefix("sha256:").unwrap_or(trimmed).to_owned()
}

/// The value as a whole number, when it is an integer token from zero to 2^128 − 1.
#[must_use]
pub fn whole(value: Value<'_>) -> Option<u128> {
    if value.kind() != Kind::Int {
        return None;
    }
    match value.number()? {
        "-0" => Some(0),
        digits => digits.parse().ok(),
    }
}

/// Legacy canonical bytes after dropping `null` members at every depth; `null` items of arrays stay.
///
/// # Errors
/// [`CanonError`] when a value has no canonical form.
pub fn without_nulls(value: Value<'_>) -> Result<Vec<u8>, CanonError> {
    let mut out = Vec::new();
    put_without_nulls(value, &mut out)?;
    Ok(out)
}

/// Recursion is bounded by the parser's nesting limit.
fn put_without_nulls(value: Value<'_>, out: &mut Vec<u8>) -> Result<(), CanonError> {
    if value.is_array() {
        out.push(b'[');
        for (position, item) in value.items().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            put_without_nulls(item, out)?;
        }
        out.push(b']');
        return Ok(());
    }
    if !value.is_object() {
        return canon::write(Profile::Legacy, value, out);
    }
    let mut members = BTreeMap::new();
    for member in value.members() {
        if member.has_broken_name() {
            let kind = CanonErrorKind::UnpairedSurrogate;
            return Err(CanonError { kind, pointer: value.pointer() });
        }
        members.insert(member.name(), member.value);
    }
    out.push(b'{');
    for (position, (name, value)) in members.iter().filter(|(_, value)| !value.is_null()).enumerate() {
        if position > 0 {
            out.push(b',');
        }
        canon::write_string(name, out);
        out.push(b':');
        put_without_nulls(*value, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn check_intent(intent: &Terms<'_>) -> Result<(), ShapeError> {
    for name in INTENT_MEMBERS.into_iter().filter(|name| *name != "expected_model") {
        optional_count(intent.present(name), name)?;
    }
    if intent.present("expected_model").is_some_and(|model| model.kind() != Kind::String) {
        return Err(ShapeError { member: "expected_model", rule: "must be a string" });
    }
    match (intent.count("expected_calls"), intent.count("max_calls")) {
        (None, None) => Err(ShapeError { member: "intent", rule: "requires expected_calls or max_calls" }),
        (Some(expected), Some(max)) if expected > max => {
            Err(ShapeError { member: "expected_calls", rule: "must not exceed max_calls" })
        }
        _ => Ok(()),
    }
}

fn required_text(record: Value<'_>, name: &'static str) -> Result<String, ShapeError> {
    record
        .member(name)
        .and_then(Value::non_blank_text)
        .map(|text| text.trim().to_owned())
        .ok_or(ShapeError { member: name, rule: "must be a non-empty string" })
}

/// `other` stands in only where `name` is absent, not where it is `null` or blank.
fn required_text_or(
    record: Value<'_>,
    name: &'static str,
    other: &'static str,
) -> Result<String, ShapeError> {
    if record.member(name).is_none() && record.member(other).is_some() {
        required_text(record, other)
    } else {
        required_text(record, name)
    }
}

fn optional_text<'a>(record: Value<'a>, name: &'static str) -> Result<Option<Cow<'a, str>>, ShapeError> {
    match record.present(name) {
        None => Ok(None),
        Some(value) => match value.text() {
            Some(text) => Ok(Some(text)),
            None => Err(ShapeError { member: name, rule: "must be a string or null" }),
        },
    }
}

fn optional_count(value: Option<Value<'_>>, name: &'static str) -> Result<Option<u128>, ShapeError> {
    let Some(value) = value else { return Ok(None) };
    match whole(value) {
        Some(count) => Ok(Some(count)),
        None if value.kind() != Kind::Int => {
            Err(ShapeError { member: name, rule: "must be an integer or null" })
        }
        None if value.number().is_some_and(|digits| digits.starts_with('-')) => {
            Err(ShapeError { member: name, rule: "must be non-negative" })
        }
        None => Err(ShapeError { member: name, rule: "is larger than any count" }),
    }
}

fn required_count(record: Value<'_>, name: &'static str) -> Result<u128, ShapeError> {
    optional_count(record.present(name), name)?.ok_or(ShapeError { member: name, rule: "must be an integer" })
}

fn required_time(record: Value<'_>, name: &'static str) -> Result<Timestamp, ShapeError> {
    record
        .member_text(name)
        .and_then(|text| Timestamp::parse(&text))
        .ok_or(ShapeError { member: name, rule: "must be an ISO-8601 timestamp" })
}
