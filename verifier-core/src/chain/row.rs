//! One chain entry: the fields the walk needs, and its recomputed record hash.
//!
//! ```text
//! text = event_id | event_type | resource_type | resource_id | outcome | severity | time | prev_hash | sequence
//!        joined by "|", null and absent as nothing, time as YYYY-MM-DDTHH:MM:SS.ffffff of the wall clock
//! record_hash = lower-case hex SHA-256 of the UTF-8 text
//! ```
//!
//! Nothing is escaped, so a `|` inside a field moves the borders between fields without changing the hash.

use std::borrow::Cow;
use std::fmt;

use crate::bytes::{ShortText, hex};
use crate::crypto::sha256;
use crate::json::{Kind, Value};
use crate::time::push_record_hash_form;

/// A hash as stated: 64 lower-case digits, or whatever else the text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashText {
    /// A digest.
    Sha256([u8; 32]),
    /// Another text.
    Other(Box<str>),
    /// Not a non-empty string.
    Missing,
}

impl HashText {
    fn read(text: Option<&str>) -> Self {
        match text {
            None => Self::Missing,
            Some(text) => match hex::decode(text.as_bytes()) {
                Some(digest) => Self::Sha256(digest),
                None => Self::Other(text.into()),
            },
        }
    }

    /// 16 bytes that tell this hash from another one.
    #[must_use]
    pub fn print(&self) -> [u8; 16] {
        let digest = match self {
            Self::Sha256(digest) => *digest,
            Self::Other(text) => sha256(text.as_bytes()),
            Self::Missing => [0; 32],
        };
        digest.first_chunk().copied().unwrap_or_default()
    }
}

impl fmt::Display for HashText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(digest) => formatter.write_str(&hex::encode(digest)),
            Self::Other(text) => formatter.write_str(text),
            Self::Missing => formatter.write_str("(missing)"),
        }
    }
}

/// A sequence number as stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// An integer.
    Number(i64),
    /// `null` or absent.
    Missing,
    /// Another type, or an integer beyond 64 bits.
    Invalid,
}

/// Why an entry cannot be hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashFault {
    /// A field that must be a non-empty string is not.
    NotText(&'static str),
    /// A field that must be a string or null is not.
    NotOptionalText(&'static str),
    /// `sequence_number` is not an integer.
    Sequence,
    /// `created_at` is not a time.
    Time,
}

impl fmt::Display for HashFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText(field) => write!(formatter, "{field} must be a non-empty string"),
            Self::NotOptionalText(field) => write!(formatter, "{field} must be a string or null"),
            Self::Sequence => formatter.write_str("sequence_number must be an integer"),
            Self::Time => formatter.write_str("created_at must be an ISO-8601 string"),
        }
    }
}

/// What makes an entry's structure unfit, apart from its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StructureFault {
    /// `chain_scope` is neither string nor null.
    Scope,
    /// A hashed field contains the separator `|`.
    Separator(&'static str),
    /// A hashed field contains a control character.
    ControlCharacter(&'static str),
    /// `created_at` states an offset other than UTC.
    Offset,
}

/// How the member values of an entry are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A chain entry of an audit export bundle.
    Entry,
    /// A record of a governance-events export: `occurred_at` is its time, the format defaults to `v1`, an empty
    /// scope stands for the project's chain.
    Record,
}

/// A recomputed record hash beside the stated one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Computed {
    /// They are the same.
    Same,
    /// The recomputed hash, which is another one.
    Other(Box<[u8; 32]>),
    /// There is nothing to hash.
    Fault(HashFault),
}

/// A chain entry reduced to what the walk needs.
#[derive(Clone, Debug)]
pub struct EntryRow {
    /// The scope as stated; `None` when null or absent.
    pub scope: Option<Box<str>>,
    /// The scope is to be derived from the export's project.
    pub scope_derived: bool,
    /// `event_id` when it is a non-empty string.
    pub event_id: Option<ShortText>,
    /// `sequence_number`.
    pub sequence: Sequence,
    /// `prev_hash`.
    pub prev_hash: HashText,
    /// `record_hash`.
    pub record_hash: HashText,
    /// How the recomputed hash compares with `record_hash`.
    pub computed: Computed,
    /// `None` for the known format `v1`, else the stated one.
    pub unknown_format: Option<Box<str>>,
    /// The first structural fault.
    pub fault: Option<StructureFault>,
    /// Stated time in microseconds since 1970, where the entry can be hashed.
    pub time: Option<i64>,
    /// Byte range in the decoded payload.
    pub span: (u64, u64),
}

impl EntryRow {
    /// Reduces an entry. `entry` must be an object.
    #[must_use]
    pub fn read(entry: Value<'_>, source: Source) -> Self {
        let members = entry.named(&EntryFields::NAMES);
        Self::from_fields(&EntryFields::of(|position| members.get(position)), source, entry.span())
    }

    /// Reduces an entry whose members were found under other names or in several places.
    #[must_use]
    pub fn from_fields(fields: &EntryFields<'_>, source: Source, span: std::ops::Range<u64>) -> Self {
        let record = source == Source::Record;
        let (scope, scope_fault) = match fields.chain_scope {
            Some(value) if !record || value.is_truthy() => match value.kind() {
                Kind::String => (value.text().map(Box::from), value.text().is_none()),
                Kind::Null => (None, false),
                _ => (Some(raw_text(value)), true),
            },
            _ => (None, false),
        };
        let sequence = match fields.sequence_number {
            None => Sequence::Missing,
            Some(value) if value.is_null() => Sequence::Missing,
            Some(value) => value.as_i64().map_or(Sequence::Invalid, Sequence::Number),
        };
        let unknown_format = match fields.chain_format_version {
            Some(value) if value.is_text("v1") => None,
            Some(value) if record && !value.is_truthy() => None,
            None if record => None,
            Some(value) => Some(value.text().map_or_else(|| raw_text(value), Box::from)),
            None => Some("None".into()),
        };
        let time = match fields.occurred_at {
            Some(value) if record && value.is_truthy() => Some(value),
            _ => fields.created_at,
        };
        let mut fault = scope_fault.then_some(StructureFault::Scope);
        let required = Required::read(fields);
        let record_hash = HashText::read(required.record_hash.as_deref());
        let hashed = fields.hash(&required, sequence, time, &mut fault);
        let time = hashed.as_ref().ok().map(|(_, time)| *time);
        let computed = match hashed {
            Err(fault) => Computed::Fault(fault),
            Ok((computed, _)) if record_hash == HashText::Sha256(computed) => Computed::Same,
            Ok((computed, _)) => Computed::Other(Box::new(computed)),
        };
        Self {
            scope_derived: record && scope.is_none() && !scope_fault,
            scope,
            event_id: required.event_id.as_deref().map(ShortText::from),
            sequence,
            prev_hash: HashText::read(required.prev_hash.as_deref()),
            record_hash,
            computed,
            unknown_format,
            fault,
            time,
            span: (span.start, span.end),
        }
    }

    /// The event id for messages.
    #[must_use]
    pub fn id(&self) -> &str {
        id_text(self.event_id.as_ref())
    }

    /// Whether the stated record hash is the recomputed one.
    #[must_use]
    pub fn hash_matches(&self) -> bool {
        self.computed == Computed::Same
    }
}

/// An event id for messages.
pub(super) fn id_text(id: Option<&ShortText>) -> &str {
    id.map_or("<unknown>", |id| id)
}

fn raw_text(value: Value<'_>) -> Box<str> {
    String::from_utf8_lossy(value.raw()).chars().take(80).collect::<String>().into()
}

/// The members of an entry that matter, as received.
#[derive(Clone, Debug, Default)]
pub struct EntryFields<'a> {
    /// `event_id`.
    pub event_id: Option<Value<'a>>,
    /// `event_type`.
    pub event_type: Option<Value<'a>>,
    /// `resource_type`.
    pub resource_type: Option<Value<'a>>,
    /// `resource_id`.
    pub resource_id: Option<Value<'a>>,
    /// `outcome`.
    pub outcome: Option<Value<'a>>,
    /// `severity`.
    pub severity: Option<Value<'a>>,
    /// `created_at`.
    pub created_at: Option<Value<'a>>,
    /// `occurred_at`.
    pub occurred_at: Option<Value<'a>>,
    /// `prev_hash`.
    pub prev_hash: Option<Value<'a>>,
    /// `record_hash`.
    pub record_hash: Option<Value<'a>>,
    /// `sequence_number`.
    pub sequence_number: Option<Value<'a>>,
    /// `chain_scope`.
    pub chain_scope: Option<Value<'a>>,
    /// `chain_format_version`.
    pub chain_format_version: Option<Value<'a>>,
}

impl<'a> EntryFields<'a> {
    /// The names of the members that matter, in the order of [`Self::of`].
    pub const NAMES: [&'static str; 13] = [
        "event_id",
        "event_type",
        "resource_type",
        "resource_id",
        "outcome",
        "severity",
        "created_at",
        "occurred_at",
        "prev_hash",
        "record_hash",
        "sequence_number",
        "chain_scope",
        "chain_format_version",
    ];

    /// Asks for the member of the name at each position in [`Self::NAMES`].
    #[inline]
    pub fn of(member: impl Fn(usize) -> Option<Value<'a>>) -> Self {
        Self {
            event_id: member(0),
            event_type: member(1),
            resource_type: member(2),
            resource_id: member(3),
            outcome: member(4),
            severity: member(5),
            created_at: member(6),
            occurred_at: member(7),
            prev_hash: member(8),
            record_hash: member(9),
            sequence_number: member(10),
            chain_scope: member(11),
            chain_format_version: member(12),
        }
    }

    fn hash(
        &self,
        required: &Required<'_>,
        sequence: Sequence,
        time: Option<Value<'_>>,
        fault: &mut Option<StructureFault>,
    ) -> Result<([u8; 32], i64), HashFault> {
        let Sequence::Number(sequence) = sequence else { return Err(HashFault::Sequence) };
        present(&required.record_hash, "record_hash")?;
        let prev_hash = present(&required.prev_hash, "prev_hash")?;
        let event_id = present(&required.event_id, "event_id")?;
        let event_type = self.event_type.and_then(Value::non_empty_text);
        let event_type = present(&event_type, "event_type")?;
        let resource_type = optional(self.resource_type, "resource_type")?;
        let resource_id = optional(self.resource_id, "resource_id")?;
        let outcome = optional(self.outcome, "outcome")?;
        let severity = self.severity.and_then(Value::non_empty_text);
        let severity = present(&severity, "severity")?;
        let time = time.and_then(Value::text).ok_or(HashFault::Time)?;
        let mut text = String::with_capacity(384);
        for field in [event_id, event_type, &resource_type, &resource_id, &outcome, severity] {
            text.push_str(field);
            text.push('|');
        }
        let time = push_record_hash_form(&time, &mut text).ok_or(HashFault::Time)?;
        text.push('|');
        text.push_str(prev_hash);
        text.push('|');
        // JSON spells an integer as it is hashed, except for a negative zero.
        let digits = self.sequence_number.and_then(Value::number).filter(|_| sequence != 0);
        text.push_str(digits.unwrap_or("0"));
        if !has_plain_fields(&text) {
            for (name, field) in [
                ("event_id", event_id),
                ("event_type", event_type),
                ("resource_type", &resource_type),
                ("resource_id", &resource_id),
                ("outcome", &outcome),
                ("severity", severity),
                ("prev_hash", prev_hash),
            ] {
                note_fault(name, field, fault);
            }
        }
        if time.offset.is_some_and(|offset| offset != 0) {
            fault.get_or_insert(StructureFault::Offset);
        }
        Ok((sha256(text.as_bytes()), time.unix_micros))
    }
}

/// The texts of an entry that are both hashed and kept, where they are strings and not empty.
struct Required<'a> {
    event_id: Option<Cow<'a, str>>,
    prev_hash: Option<Cow<'a, str>>,
    record_hash: Option<Cow<'a, str>>,
}

impl<'a> Required<'a> {
    fn read(fields: &EntryFields<'a>) -> Self {
        Self {
            event_id: fields.event_id.and_then(Value::non_empty_text),
            prev_hash: fields.prev_hash.and_then(Value::non_empty_text),
            record_hash: fields.record_hash.and_then(Value::non_empty_text),
        }
    }
}

fn present<'t>(text: &'t Option<Cow<'_, str>>, field: &'static str) -> Result<&'t str, HashFault> {
    text.as_deref().ok_or(HashFault::NotText(field))
}

fn optional<'a>(value: Option<Value<'a>>, field: &'static str) -> Result<Cow<'a, str>, HashFault> {
    match value {
        None => Ok(Cow::Borrowed("")),
        Some(value) => match value.text() {
            Some(text) => Ok(text),
            None if value.is_null() => Ok(Cow::Borrowed("")),
            None => Err(HashFault::NotOptionalText(field)),
        },
    }
}

/// Bytes that are compared at once.
const LANES: usize = 32;

/// Whether a hashed text has its eight separators and no other, and nothing that may be a control character:
/// one pass without branches, which settles nearly every entry. U+0080 to U+009F begin with the byte C2.
fn has_plain_fields(text: &str) -> bool {
    let (blocks, rest) = text.as_bytes().as_chunks::<LANES>();
    // A lane of a longer text could count beyond a byte.
    if blocks.len() >= 255 {
        return false;
    }
    let mut last = [b' '; LANES];
    for (byte, own) in last.iter_mut().zip(rest) {
        *byte = *own;
    }
    let (mut suspicious, mut separators) = ([false; LANES], [0u8; LANES]);
    for block in blocks.iter().chain([&last]) {
        (suspicious, separators) = seen(block, suspicious, separators);
    }
    !suspicious.contains(&true) && separators.iter().map(|count| u32::from(*count)).sum::<u32>() == 8
}

/// What was seen in each lane, with one more block. By value, so that the compiler need not ask whether they overlap.
#[inline]
fn seen(
    block: &[u8; LANES],
    mut suspicious: [bool; LANES],
    mut separators: [u8; LANES],
) -> ([bool; LANES], [u8; LANES]) {
    for ((byte, suspicious), separators) in block.iter().zip(&mut suspicious).zip(&mut separators) {
        *suspicious |= (*byte < b' ') | (*byte == 0x7f) | (*byte == 0xc2);
        *separators += u8::from(*byte == b'|');
    }
    (suspicious, separators)
}

fn note_fault(name: &'static str, field: &str, fault: &mut Option<StructureFault>) {
    if fault.is_some() {
        return;
    }
    if field.contains('|') {
        *fault = Some(StructureFault::Separator(name));
    } else if field.chars().any(char::is_control) {
        *fault = Some(StructureFault::ControlCharacter(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Blob;
    use crate::json::{Document, ParserLimits};

    fn row(text: &str, source: Source) -> EntryRow {
        EntryRow::read(
            Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default()).unwrap().root(),
            source,
        )
    }

    const ENTRY: &str = r#"{"event_id":"evt_001","event_type":"permit.created","resource_type":"permit","resource_id":"permit_123","outcome":"success","severity":"info","created_at":"2026-05-07T12:00:01Z","prev_hash":"b4f9ddb0e1cfb80310d7203a4bad5bc1ff29e931b21918c2fc4b01b26035d7c6","sequence_number":1,"record_hash":"10ee3f27af1fae252069b04146218cd184e5e986d1021ff5ed58c150d882937b","chain_format_version":"v1","chain_scope":"project:x"}"#;

    /// Spec 04 section 2.
    #[test]
    fn record_hash_vectors() {
        let entry = row(ENTRY, Source::Entry);
        assert!(entry.hash_matches() && entry.fault.is_none() && entry.unknown_format.is_none());
        let sparse = row(
            r#"{"event_id":"evt","event_type":"t","resource_type":null,"severity":"info","created_at":"2026-05-07T12:00:01","prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","sequence_number":7,"record_hash":"91da8e912a629fc4d9fa0ec6e46d87e6669c1c2c77ce5fc2ca886ca8de1a1cd4"}"#,
            Source::Record,
        );
        assert!(sparse.hash_matches());
        assert!(sparse.scope_derived);
        assert_eq!(
            crate::bytes::hex::encode(&sha256(b"keel-audit-chain-genesis-v1")),
            super::super::GENESIS_PREV_HASH
        );
    }

    #[test]
    fn every_hashed_field_is_covered() {
        for (from, to) in [
            ("evt_001", "evt_002"),
            ("permit.created", "permit.closed"),
            ("\"resource_type\":\"permit\"", "\"resource_type\":\"x\""),
            ("permit_123", "permit_124"),
            ("success", "failure"),
            ("\"info\"", "\"warn\""),
            ("12:00:01", "12:00:02"),
            ("b4f9", "b4f8"),
            (":1,", ":2,"),
            ("10ee", "10ef"),
        ] {
            assert!(!row(&ENTRY.replace(from, to), Source::Entry).hash_matches(), "{from}");
        }
    }

    #[test]
    fn what_the_hash_does_not_cover_is_a_fault_or_named() {
        let fault = |from: &str, to: &str| row(&ENTRY.replace(from, to), Source::Entry).fault;
        assert_eq!(fault("12:00:01Z", "12:00:01+05:30"), Some(StructureFault::Offset));
        assert!(row(&ENTRY.replace("12:00:01Z", "12:00:01+05:30"), Source::Entry).hash_matches());
        assert_eq!(
            fault(
                "\"evt_001\",\"event_type\":\"permit.created\"",
                "\"evt_001|permit.created\",\"event_type\":\"x\""
            ),
            Some(StructureFault::Separator("event_id"))
        );
        assert_eq!(fault("evt_001", "evt\\u001b[31m"), Some(StructureFault::ControlCharacter("event_id")));
        assert_eq!(fault("\"project:x\"", "[1]"), Some(StructureFault::Scope));
        assert_eq!(
            row(&ENTRY.replace("\"v1\"", "\"v9\""), Source::Entry).unknown_format.as_deref(),
            Some("v9")
        );
    }
}
