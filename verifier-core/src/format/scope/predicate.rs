//! The predicate grammar `keel.scope_predicate.v1` (spec 12 section 12.4).
//!
//! ```text
//! {"version": "keel.scope_predicate.v1", "operator": "and", "equals": {kind: scalar}, "ranges": {kind: bounds}}
//! predicate_value_hash = "sha256:" + hex SHA-256(legacy canonical JSON)
//! ```
//!
//! Sequence bounds are `{gte, lte}`, both inclusive; time bounds are `{gte, lt}`, half open. Where a kind is
//! looked up in a record is data: [`KINDS`].

use std::fmt;

use super::shape::{has_exactly, integer};
use crate::canon::{self, CanonError, Profile};
use crate::crypto::prefixed;
use crate::json::Value;
use crate::time::Timestamp;

/// The version text of the grammar.
pub const GRAMMAR: &str = "keel.scope_predicate.v1";

/// How a kind is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// In `equals`, with a scalar.
    Scalar,
    /// In `ranges`, between integers.
    Sequence,
    /// In `ranges`, between times.
    Time,
}

/// One place where a kind's value may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A member of the record itself.
    Record(&'static str),
    /// `resource_id` of the record, when its `resource_type` is `permit`.
    PermitResource,
    /// A path below `payload_json`.
    Payload(&'static [&'static str]),
}

/// A predicate kind and its lookup chain; the first scalar found counts.
#[derive(Debug)]
pub struct Kind {
    /// Wire name.
    pub name: &'static str,
    /// How it is compared.
    pub bounds: Bounds,
    /// Where its value stands, in order.
    pub lookup: &'static [Lookup],
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
impl Eq for Kind {}

/// All kinds of the grammar.
pub static KINDS: [Kind; 14] = {
    use Bounds::{Scalar, Sequence, Time};
    use Lookup::{Payload, PermitResource, Record};
    const fn row(name: &'static str, bounds: Bounds, lookup: &'static [Lookup]) -> Kind {
        Kind { name, bounds, lookup }
    }
    [
        row(
            "project_id",
            Scalar,
            &[
                Record("project_id"),
                Payload(&["project_id"]),
                Payload(&["project", "id"]),
                Payload(&["export", "project_id"]),
            ],
        ),
        row(
            "permit_id",
            Scalar,
            &[
                Record("permit_id"),
                PermitResource,
                Payload(&["permit_id"]),
                Payload(&["permit_uuid"]),
                Payload(&["permit", "id"]),
            ],
        ),
        row(
            "request_id",
            Scalar,
            &[
                Record("request_id"),
                Payload(&["request_id"]),
                Payload(&["execution", "request_id"]),
                Payload(&["permit", "request_id"]),
            ],
        ),
        row("event_type", Scalar, &[Record("event_type"), Payload(&["event_type"])]),
        row(
            "category",
            Scalar,
            &[
                Record("category"),
                Payload(&["category"]),
                Payload(&["classification", "category"]),
                Payload(&["policy", "category"]),
            ],
        ),
        row(
            "severity",
            Scalar,
            &[
                Record("severity"),
                Payload(&["severity"]),
                Payload(&["classification", "severity"]),
                Payload(&["incident", "severity"]),
            ],
        ),
        row(
            "decision_type",
            Scalar,
            &[
                Record("decision_type"),
                Payload(&["decision_type"]),
                Payload(&["decision", "type"]),
                Payload(&["permit", "decision_type"]),
            ],
        ),
        row(
            "policy_id",
            Scalar,
            &[
                Record("policy_id"),
                Payload(&["policy_id"]),
                Payload(&["policy", "id"]),
                Payload(&["permit", "policy_id"]),
            ],
        ),
        row(
            "provider",
            Scalar,
            &[
                Record("provider"),
                Payload(&["provider"]),
                Payload(&["model_provider"]),
                Payload(&["metadata", "provider"]),
                Payload(&["execution", "provider"]),
            ],
        ),
        row("sequence_number", Sequence, &[Record("sequence_number")]),
        row("created_at", Time, &[Record("created_at")]),
        row(
            "occurred_at",
            Time,
            &[
                Record("occurred_at"),
                Payload(&["occurred_at"]),
                Payload(&["event_time"]),
                Payload(&["timestamp"]),
                Record("created_at"),
            ],
        ),
        row(
            "section",
            Scalar,
            &[
                Record("section"),
                Payload(&["section"]),
                Payload(&["export_section"]),
                Payload(&["report", "section"]),
            ],
        ),
        row(
            "export_type",
            Scalar,
            &[Record("export_type"), Payload(&["export_type"]), Payload(&["export", "type"])],
        ),
    ]
};

impl Kind {
    /// The kind with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }
}

/// Limits of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeBounds {
    /// Both ends belong to the range.
    Sequence {
        /// Lowest.
        gte: i128,
        /// Highest.
        lte: i128,
    },
    /// The end does not belong to the range.
    Time {
        /// Start.
        gte: Timestamp,
        /// End.
        lt: Timestamp,
    },
}

/// Why a predicate is not one of this grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PredicateError {
    /// Of this grammar, but wrong.
    Malformed(String),
    /// Of another grammar, or of a kind that this grammar reserves or does not know.
    Unsupported(String),
}

impl fmt::Display for PredicateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Malformed(text) | Self::Unsupported(text)) = self;
        formatter.write_str(text)
    }
}

impl std::error::Error for PredicateError {}

/// A predicate of this grammar.
#[derive(Clone, Debug)]
pub struct Predicate<'a> {
    /// As received.
    pub value: Value<'a>,
    /// What must be equal, in order.
    pub equals: Vec<(&'static Kind, Value<'a>)>,
    /// What must lie within bounds, in order.
    pub ranges: Vec<(&'static Kind, RangeBounds)>,
}

impl<'a> Predicate<'a> {
    /// Reads a predicate.
    ///
    /// # Errors
    /// [`PredicateError`] says which rule it breaks.
    pub fn parse(value: Value<'a>) -> Result<Self, PredicateError> {
        if !has_exactly(value, &["version", "operator", "equals", "ranges"], &[]) {
            return malformed("predicate members do not match the grammar");
        }
        let is = |name: &str, text: &str| value.member(name).is_some_and(|member| member.is_text(text));
        if !is("version", GRAMMAR) {
            return unsupported("the predicate is of another grammar");
        }
        if !is("operator", "and") {
            return unsupported("the predicate's operator is not \"and\"");
        }
        let (Some(equals), Some(ranges)) = (object(value, "equals"), object(value, "ranges")) else {
            return malformed("equals and ranges must be objects");
        };
        let mut predicate = Self { value, equals: Vec::new(), ranges: Vec::new() };
        for (name, bound) in last_members(equals) {
            let kind = known(&name)?;
            if kind.bounds != Bounds::Scalar {
                return malformed(format!("kind {name:?} must stand in ranges"));
            }
            if bound.is_object() || bound.is_array() {
                return malformed(format!("the value of {name:?} must be a scalar"));
            }
            predicate.equals.push((kind, bound));
        }
        for (name, bound) in last_members(ranges) {
            let kind = known(&name)?;
            let bounds = match kind.bounds {
                Bounds::Scalar => return malformed(format!("kind {name:?} must stand in equals")),
                Bounds::Sequence => sequence_bounds(bound),
                Bounds::Time => time_bounds(bound),
            };
            match bounds {
                Some(bounds) => predicate.ranges.push((kind, bounds)),
                None => return malformed(format!("the bounds of {name:?} are malformed")),
            }
        }
        Ok(predicate)
    }

    /// The kinds it uses.
    pub fn kinds(&self) -> impl Iterator<Item = &'static Kind> + '_ {
        self.equals.iter().map(|(kind, _)| *kind).chain(self.ranges.iter().map(|(kind, _)| *kind))
    }

    /// `sha256:` and the digest of the canonical predicate.
    ///
    /// # Errors
    /// [`CanonError`] when a value has no canonical form.
    pub fn value_hash(&self) -> Result<String, CanonError> {
        Ok(prefixed(&canon::digest(Profile::Legacy, self.value)?))
    }
}

fn object<'a>(value: Value<'a>, name: &str) -> Option<Value<'a>> {
    value.member(name)?.as_object()
}

/// Members in order; of a repeated name only the one that counts.
fn last_members(object: Value<'_>) -> impl Iterator<Item = (std::borrow::Cow<'_, str>, Value<'_>)> {
    object.members().filter_map(move |member| {
        let name = member.name();
        let counts = object.member(&name).is_none_or(|last| last.span() == member.value.span());
        counts.then_some((name, member.value))
    })
}

fn known(name: &str) -> Result<&'static Kind, PredicateError> {
    match Kind::find(name) {
        Some(kind) => Ok(kind),
        None => unsupported(format!("the grammar has no kind {name:?}")),
    }
}

fn sequence_bounds(value: Value<'_>) -> Option<RangeBounds> {
    if !has_exactly(value, &["gte", "lte"], &[]) {
        return None;
    }
    let (gte, lte) = (integer(value.member("gte")?)?, integer(value.member("lte")?)?);
    (gte <= lte).then_some(RangeBounds::Sequence { gte, lte })
}

fn time_bounds(value: Value<'_>) -> Option<RangeBounds> {
    if !has_exactly(value, &["gte", "lt"], &[]) {
        return None;
    }
    let time = |name: &str| Timestamp::parse(&value.member_text(name)?);
    Some(RangeBounds::Time { gte: time("gte")?, lt: time("lt")? })
}

fn malformed<T>(text: impl Into<String>) -> Result<T, PredicateError> {
    Err(PredicateError::Malformed(text.into()))
}

fn unsupported<T>(text: impl Into<String>) -> Result<T, PredicateError> {
    Err(PredicateError::Unsupported(text.into()))
}
