//! Evidence records of a scope declaration, reduced to the members that count (spec 04 sections 4 and 5.1).
//!
//! A record may say a thing under an older name, in a nested `chain_entry_ref` (the *source*), or beside its
//! payload instead of inside it. Two objects are looked at, the record and its source; what a rule calls absent
//! includes `null` unless said otherwise.
//!
//! | reduced member | found under |
//! | --- | --- |
//! | `event_id`, `event_type`, `chain_scope`, `sequence_number`, `created_at` | the name itself |
//! | `record_hash` | `record_hash`, else `chain_entry_hash` where that name is missing |
//! | `prev_hash` | `prev_hash`, else `previous_record_hash` |
//! | `chain_format_version` | `chain_format_version`, else `format_version` |
//! | `payload_json` | see [`Payload`] |
//!
//! Record hash v1 covers no payload, so payload values are as good as the export's signature, no better.

use std::borrow::Cow;

use super::shape::{ShapeError, fail, integer};
use crate::json::Value;

/// Members beside the payload that count as payload members where the payload lacks them.
const FOLDED: [&str; 14] = [
    "project_id",
    "permit_id",
    "resource_type",
    "resource_id",
    "outcome",
    "severity",
    "category",
    "occurred_at",
    "request_id",
    "policy_id",
    "provider",
    "section",
    "export_type",
    "event_type",
];

/// Names of one reduced member, the current one first.
fn names(member: &str) -> &'static [&'static str] {
    match member {
        "record_hash" => &["record_hash", "chain_entry_hash"],
        "prev_hash" => &["prev_hash", "previous_record_hash"],
        "chain_format_version" => &["chain_format_version", "format_version"],
        "event_id" => &["event_id"],
        "event_type" => &["event_type"],
        "chain_scope" => &["chain_scope"],
        "sequence_number" => &["sequence_number"],
        "created_at" => &["created_at"],
        _ => &[],
    }
}

/// The source of a record: its `chain_entry_ref` where that is an object, else the record.
fn source(record: Value<'_>) -> Value<'_> {
    record.member("chain_entry_ref").and_then(Value::as_object).unwrap_or(record)
}

/// A chain member of a record, looked up under all its names; `null` is absent.
#[must_use]
pub fn chain_field<'a>(record: Value<'a>, member: &str) -> Option<Value<'a>> {
    [record, source(record)].into_iter().find_map(|object| {
        names(member).iter().find_map(|name| object.member(name)).filter(|value| !value.is_null())
    })
}

/// A member that the record hash covers and that may stand beside or inside the payload. The first of
/// record, source and payload that has the name counts, `null` included.
#[must_use]
pub fn hashed_field<'a>(record: Value<'a>, payload: &Payload<'a>, name: &str) -> Option<Value<'a>> {
    record.member(name).or_else(|| source(record).member(name)).or_else(|| payload.member(name))
}

/// The union of up to four payload objects and the members that stand beside them.
///
/// The payload objects are, strongest first, `payload` of the source, `payload` of the record,
/// `payload_json` of the source and `payload_json` of the record; those that are no objects are ignored.
/// Below them come the record's and then the source's own members of a fixed list. A name that is present
/// counts, even with `null`.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    objects: [Option<Value<'a>>; 4],
    beside: [Value<'a>; 2],
}

impl<'a> Payload<'a> {
    /// The payload of a record.
    #[must_use]
    pub fn of(record: Value<'a>) -> Self {
        let source = source(record);
        let object = |from: Value<'a>, name: &str| from.member(name).and_then(Value::as_object);
        Self {
            objects: [
                object(source, "payload"),
                object(record, "payload"),
                object(source, "payload_json"),
                object(record, "payload_json"),
            ],
            beside: [record, source],
        }
    }

    /// The member called `name`.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Value<'a>> {
        let inside = self.objects.iter().flatten().find_map(|object| object.member(name));
        inside.or_else(|| {
            FOLDED.contains(&name).then(|| self.beside.iter().find_map(|object| object.member(name)))?
        })
    }

    /// The value reached through nested members.
    #[must_use]
    pub fn path(&self, names: &[&str]) -> Option<Value<'a>> {
        let (first, rest) = names.split_first()?;
        self.member(first)?.path(rest)
    }
}

/// A reduced evidence record of the documented shape.
#[derive(Clone, Debug)]
pub struct EvidenceRecord<'a> {
    /// As received.
    pub value: Value<'a>,
    /// Event id.
    pub event_id: Cow<'a, str>,
    /// Event type.
    pub event_type: Cow<'a, str>,
    /// The chain that the record belongs to.
    pub chain_scope: Cow<'a, str>,
    /// Position in the chain, from 1.
    pub sequence_number: i128,
    /// The sequence number as received.
    pub sequence_value: Value<'a>,
    /// Stated hash of the record, as text.
    pub record_hash: Cow<'a, str>,
    /// Stated hash of the record before it, as text.
    pub prev_hash: Cow<'a, str>,
    /// When the record was made.
    pub created_at: Cow<'a, str>,
    /// The created-at member as received.
    pub created_at_value: Value<'a>,
    /// Which rule gives the record hash.
    pub chain_format_version: Cow<'a, str>,
    /// What the record says.
    pub payload: Payload<'a>,
}

impl<'a> EvidenceRecord<'a> {
    /// Reduces a record; `path` names it in messages.
    ///
    /// # Errors
    /// [`ShapeError`] when a member is missing or of another type.
    pub fn parse(record: Value<'a>, path: &str) -> Result<Self, ShapeError<'a>> {
        if !record.is_object() {
            return fail(record, format!("{path} must be an object"));
        }
        let field = |name: &str| chain_field(record, name);
        let text = |name: &str| match field(name).and_then(Value::non_empty_text) {
            Some(text) => Ok(text),
            None => fail(
                field(name).unwrap_or(record),
                format!("{path}.{name} must be a string that is not empty"),
            ),
        };
        let sequence = field("sequence_number").and_then(|value| {
            let number = integer(value).filter(|number| *number >= 1)?;
            Some((value, number))
        });
        let Some((sequence_value, sequence_number)) = sequence else {
            let at = field("sequence_number").unwrap_or(record);
            return fail(at, format!("{path}.sequence_number must be a positive integer"));
        };
        let created_at = text("created_at")?;
        Ok(Self {
            value: record,
            event_id: text("event_id")?,
            event_type: text("event_type")?,
            chain_scope: text("chain_scope")?,
            sequence_number,
            sequence_value,
            record_hash: text("record_hash")?,
            prev_hash: text("prev_hash")?,
            created_at,
            created_at_value: field("created_at").unwrap_or(record),
            chain_format_version: text("chain_format_version")?,
            payload: Payload::of(record),
        })
    }

    /// A member that the record hash covers and that may stand beside or inside the payload:
    /// `resource_type`, `resource_id`, `outcome`, `severity`.
    #[must_use]
    pub fn hashed(&self, name: &str) -> Option<Value<'a>> {
        hashed_field(self.value, &self.payload, name)
    }

    /// A member of the reduced record by name, as far as predicates can ask for it.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Value<'a>> {
        match name {
            "sequence_number" => Some(self.sequence_value),
            "created_at" => Some(self.created_at_value),
            "event_type" => chain_field(self.value, name),
            _ => None,
        }
    }

    /// The order in which evidence is judged and leaves are hashed.
    #[must_use]
    pub fn order(&self) -> (i128, &str, &str) {
        (self.sequence_number, &self.event_id, &self.record_hash)
    }
}
