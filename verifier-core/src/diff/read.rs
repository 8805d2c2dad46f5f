//! A payload as named rows, each with the digest of its canonical JSON.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use crate::bytes::{Budget, LimitExceeded, Limits, Resource, hex};
use crate::canon::{self, Profile};
use crate::crypto::{prefixed, sha256};
use crate::evidence::stream::{self, Decoded, Item, Origin, Settings, StreamError, StreamedObject, Visitor};
use crate::evidence::{Evidence, Fields, Part, Progress};
use crate::json::{Value, escape_pointer};

/// Streamed top-level arrays.
pub(super) const STREAMED: &[&str] = &["records", "chain_entries", "budget_allocation_events"];

/// What a record is known by, in the order in which differences are listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// A chain entry.
    Entry {
        /// Its chain; empty where none is stated.
        scope: String,
        /// Its sequence number.
        sequence: i64,
    },
    /// A permit record, by its permit's id.
    Permit(String),
    /// Another record with an id of its own.
    Other {
        /// The array it stands in.
        array: String,
        /// Its id.
        id: String,
    },
    /// A record without any name, by its position.
    Position {
        /// The array it stands in.
        array: String,
        /// Its position, from 0.
        index: u64,
    },
}

impl Name {
    /// The chain of an entry.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        match self {
            Self::Entry { scope, .. } => Some(scope),
            _ => None,
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Entry { scope, sequence } => write!(formatter, "record {sequence} of {scope}"),
            Self::Permit(id) => write!(formatter, "permit {id}"),
            Self::Other { array, id } => write!(formatter, "{id} of {array}"),
            Self::Position { array, index } => write!(formatter, "{array}[{index}]"),
        }
    }
}

/// Where a record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// RFC 6901 pointer in the decoded document; for JSON lines `/N`, line N from 0.
    pub pointer: String,
    /// Byte range in the decoded document.
    pub bytes: (u64, u64),
    /// The stated record hash of a chain entry.
    pub record_hash: Option<String>,
    /// SHA-256 of the record's canonical JSON (sorted keys), with its prefix.
    pub digest: String,
}

/// A compared file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as given, or the name inside the archive.
    pub label: String,
    /// SHA-256 of the bytes as stored, with its prefix.
    pub sha256: String,
}

/// Why two exports cannot be compared.
#[derive(Debug)]
#[non_exhaustive]
pub enum DiffError {
    /// The evidence is no export.
    Kind(String),
    /// A payload could not be read to its end.
    Read(String, StreamError),
    /// A payload is not JSON with records.
    NotJson(String, String),
    /// More records than the limit.
    Limit(LimitExceeded),
}

impl std::fmt::Display for DiffError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kind(label) => write!(formatter, "{label} is no export"),
            Self::Read(label, error) => write!(formatter, "{label}: {error}"),
            Self::NotJson(label, why) => write!(formatter, "{label} is not JSON with records: {why}"),
            Self::Limit(limit) => limit.fmt(formatter),
        }
    }
}

impl std::error::Error for DiffError {}

/// One record.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: Name,
    pub(super) digest: [u8; 32],
    pub(super) place: Place,
}

/// What one side holds.
pub(super) struct Read {
    pub(super) file: SourceFile,
    /// In order of name, then digest.
    pub(super) rows: Vec<Row>,
    /// Digests of the members outside the records, by pointer.
    pub(super) members: BTreeMap<String, [u8; 32]>,
}

/// The file that holds the records.
pub(super) fn payload(evidence: &Evidence) -> Result<&Part, DiffError> {
    match evidence {
        Evidence::Export(set) => Ok(&set.payload),
        Evidence::Bundle(part) => Ok(part),
        other => Err(DiffError::Kind(other.label().to_owned())),
    }
}

pub(super) fn read(
    evidence: &Evidence,
    limits: &Limits,
    workers: NonZeroUsize,
    progress: &dyn Progress,
) -> Result<Read, DiffError> {
    let part = payload(evidence)?;
    match pass(part, limits, workers, progress, true) {
        Err(DiffError::Read(_, StreamError::Mispredicted)) => pass(part, limits, workers, progress, false),
        result => result,
    }
}

fn pass(
    part: &Part,
    limits: &Limits,
    workers: NonZeroUsize,
    progress: &dyn Progress,
    predict: bool,
) -> Result<Read, DiffError> {
    let failed = |error| DiffError::Read(part.label.clone(), error);
    let unfit = |why: String| DiffError::NotJson(part.label.clone(), why);
    let opened =
        part.entry.open().map_err(|error| failed(StreamError::Read(std::io::Error::other(error))))?;
    let settings = Settings { limits, workers, arrays: STREAMED, predict };
    let size = part.entry.size();
    let tick = |done| {
        progress.advance(done, size);
        !progress.cancelled()
    };
    let mut budget = Budget::new(Resource::AuditEntries, u64::from(limits.audit_entries));
    let mut rows: Vec<Row> = Vec::new();
    let mut over = None;
    let mut collect = |_: Origin, found: &mut Vec<Vec<Row>>| {
        for own in found {
            let count = u64::try_from(own.len()).unwrap_or(u64::MAX);
            match budget.charge(count) {
                Ok(()) if over.is_none() => rows.append(own),
                Ok(()) => {}
                Err(limit) => over = Some(limit),
            }
        }
    };
    let streamed = stream::run(opened, settings, &RowVisitor, &mut collect, &tick).map_err(failed)?;
    if let Some(limit) = over {
        return Err(DiffError::Limit(limit));
    }
    let mut members = BTreeMap::new();
    match &streamed.decoded {
        Decoded::Object(object) => {
            let body = object.member("body").filter(|_| object.has("signature_envelope"));
            outside(object, body.is_some(), &mut members);
            if let Some(body) = body {
                let mut nested = Vec::new();
                in_body(body, &mut nested, &mut members);
                let count = u64::try_from(nested.len()).unwrap_or(u64::MAX);
                budget.charge(count).map_err(DiffError::Limit)?;
                rows.append(&mut nested);
            }
        }
        Decoded::Lines(_) => {}
        Decoded::OtherJson => return Err(unfit("it is no object".to_owned())),
        Decoded::Opaque => return Err(unfit("it is no text of that form".to_owned())),
        Decoded::Malformed(error) => return Err(unfit(error.to_string())),
        Decoded::Undecodable(error) => return Err(unfit(error.clone())),
        Decoded::OverLimit(limit) => return Err(DiffError::Limit(*limit)),
    }
    rows.sort_by(|a, b| (&a.name, a.digest, a.place.bytes).cmp(&(&b.name, b.digest, b.place.bytes)));
    let file = SourceFile { label: part.label.clone(), sha256: prefixed(&streamed.sha256) };
    Ok(Read { file, rows, members })
}

fn outside(object: &StreamedObject, is_bundle: bool, members: &mut BTreeMap<String, [u8; 32]>) {
    for name in object.names().filter(|name| !(is_bundle && *name == "body")) {
        if let Some(value) = object.member(name) {
            members.insert(format!("/{}", escape_pointer(name)), digest(value, &[]));
        }
    }
}

/// The records of a bundle's body, which is held whole.
fn in_body(body: Value<'_>, rows: &mut Vec<Row>, members: &mut BTreeMap<String, [u8; 32]>) {
    for member in body.members() {
        let name = member.name();
        let streamed = STREAMED.iter().find(|own| **own == &*name);
        match (streamed, member.value.as_array()) {
            (Some(array), Some(items)) => {
                for (index, item) in (0u64..).zip(items.items()) {
                    rows_of(item, array, &format!("/body/{array}"), index, rows);
                }
            }
            _ => drop(members.insert(format!("/body/{}", escape_pointer(&name)), digest(member.value, &[]))),
        }
    }
}

pub(super) struct RowVisitor;

impl Visitor for RowVisitor {
    type Row = Vec<Row>;

    fn visit(&self, item: Item<'_>) -> Vec<Row> {
        let mut rows = Vec::with_capacity(1);
        match item.origin {
            Origin::Array(position) => {
                let array = STREAMED.get(position).copied().unwrap_or_default();
                rows_of(item.value, array, &format!("/{array}"), item.index, &mut rows);
            }
            Origin::Line => rows_of(item.value, "lines", "", item.index, &mut rows),
        }
        rows
    }
}

/// The rows of one item: itself, and the chain entries inside a permit record.
fn rows_of(value: Value<'_>, array: &str, path: &str, index: u64, rows: &mut Vec<Row>) {
    let pointer = format!("{path}/{index}");
    let nested = value.member("chain_entries").and_then(Value::as_array);
    let without: &[&str] = if nested.is_some() { &["chain_entries"] } else { &[] };
    rows.push(row(value, name(value, array, index), pointer.clone(), without));
    for (position, entry) in (0u64..).zip(nested.into_iter().flat_map(Value::items)) {
        let array = "chain_entries";
        rows.push(row(
            entry,
            name(entry, array, position),
            format!("{pointer}/chain_entries/{position}"),
            &[],
        ));
    }
}

fn row(value: Value<'_>, name: Name, pointer: String, without: &[&str]) -> Row {
    let digest = digest(value, without);
    let span = value.span();
    let place = Place {
        pointer,
        bytes: (span.start, span.end),
        record_hash: value.member_text("record_hash").map(std::borrow::Cow::into_owned),
        digest: format!("sha256:{}", hex::encode(&digest)),
    };
    Row { name, digest, place }
}

fn name(value: Value<'_>, array: &str, index: u64) -> Name {
    let text =
        |name: &str| value.member(name).and_then(Value::non_empty_text).map(std::borrow::Cow::into_owned);
    let sequence = value.member("sequence_number").and_then(Value::as_i64);
    if let (Some(sequence), true) = (sequence, value.member("record_hash").is_some()) {
        return Name::Entry { scope: text("chain_scope").unwrap_or_default(), sequence };
    }
    let permit = value.path(&["permit", "id"]).and_then(Value::non_empty_text);
    if let Some(id) = permit {
        return Name::Permit(id.into_owned());
    }
    match text("event_id").or_else(|| text("id")) {
        Some(id) => Name::Other { array: array.to_owned(), id },
        None => Name::Position { array: array.to_owned(), index },
    }
}

/// A value without canonical form is compared by its bytes.
fn digest(value: Value<'_>, without: &[&str]) -> [u8; 32] {
    canon::digest_except(Profile::Legacy, value, without).unwrap_or_else(|_| sha256(value.raw()))
}
