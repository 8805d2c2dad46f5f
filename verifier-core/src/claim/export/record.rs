//! What stays of each record of a payload, and how the rows are collected.
//!
//! A record may be a governance event, a permit record with chain entries of its own, or a chain entry; which
//! of them counts is known only when the whole document was seen, so each is reduced under every reading that
//! its members allow.

use crate::bytes::Limits;
use crate::chain::{EntryRow, Source};
use crate::claim::closure::{ClosureKeys, ClosureRows, EntryFacts};
use crate::claim::payload_digest::{DigestRow, digest_row};
use crate::claim::walk::ChainRows;
use crate::evidence::stream::{Item, Origin, Visitor};
use crate::json::Value;
use crate::trust::KeyRing;

/// Position of `records` in the streamed arrays.
const RECORDS: Origin = Origin::Array(0);

/// Reduces one record.
pub(super) struct RecordVisitor<'k> {
    closure_keys: ClosureKeys<'k>,
}

impl<'k> RecordVisitor<'k> {
    pub(super) fn new(binding_keys: &'k KeyRing) -> Self {
        Self { closure_keys: ClosureKeys::new(binding_keys) }
    }
}

/// One record, reduced.
pub(super) struct RecordRow {
    pub(super) index: u64,
    pub(super) is_object: bool,
    /// The record read as a chain entry, when it has the members of one.
    pub(super) entry: Option<EntryRow>,
    /// What the record as a chain entry says about closures.
    pub(super) entry_facts: EntryFacts,
    /// Its own chain entries.
    pub(super) nested: Nested,
    /// `project_id`, for JSON lines.
    pub(super) project_id: Option<Box<str>>,
    pub(super) permit: Option<PermitFacts>,
    /// Digest events among the record and its entries.
    pub(super) digests: Vec<DigestRow>,
}

/// The chain entries of a permit record.
pub(super) enum Nested {
    Absent,
    NotAnArray,
    Entries(Vec<NestedEntry>),
}

/// An item of a record's chain entries; `None` when it is no object.
pub(super) type NestedEntry = Option<(EntryRow, EntryFacts)>;

/// What a permit record says about its permit; no signature covers it.
#[derive(Clone, Debug)]
pub(crate) struct PermitFacts {
    pub(crate) id: Box<str>,
    pub(crate) binding_request_hash: Option<Box<str>>,
    /// The record shows a dispatch: a request hash or a status after it.
    pub(crate) dispatched: bool,
}

impl Visitor for RecordVisitor<'_> {
    type Row = RecordRow;

    fn visit(&self, item: Item<'_>) -> RecordRow {
        let value = item.value;
        let is_entry_array = !matches!(item.origin, RECORDS | Origin::Line);
        let source = if is_entry_array { Source::Entry } else { Source::Record };
        let permit = value.member("permit").filter(|_| !is_entry_array).and_then(permit_facts);
        let nested = match value.member("chain_entries") {
            None => Nested::Absent,
            Some(entries) if !entries.is_array() => Nested::NotAnArray,
            Some(entries) => Nested::Entries(
                entries.items().map(|entry| self.nested_entry(entry, permit.as_ref())).collect(),
            ),
        };
        let is_event = is_entry_array
            || ["event_id", "record_hash", "prev_hash"].iter().any(|name| value.member(name).is_some());
        let entry = (value.is_object() && is_event).then(|| EntryRow::read(value, source));
        let entry_facts = match &entry {
            Some(_) => self.closure_keys.entry_facts(value, None),
            None => EntryFacts::default(),
        };
        let mut digests: Vec<DigestRow> = digest_row(value).into_iter().collect();
        if let Some(entries) = value.member("chain_entries").and_then(Value::as_array) {
            digests.extend(entries.items().filter_map(digest_row));
        }
        RecordRow {
            index: item.index,
            is_object: value.is_object(),
            entry,
            entry_facts,
            nested,
            project_id: (item.origin == Origin::Line)
                .then(|| value.member("project_id").and_then(Value::non_empty_text).map(Box::from))
                .flatten(),
            permit,
            digests,
        }
    }
}

impl RecordVisitor<'_> {
    fn nested_entry(&self, entry: Value<'_>, permit: Option<&PermitFacts>) -> NestedEntry {
        entry.is_object().then(|| {
            let row = EntryRow::read(entry, Source::Entry);
            let facts = self.closure_keys.entry_facts(entry, permit);
            (row, facts)
        })
    }
}

fn permit_facts(permit: Value<'_>) -> Option<PermitFacts> {
    let id = permit.member("id").and_then(Value::non_empty_text)?;
    let hash = permit.member("binding_request_hash").and_then(Value::text).map(|text| Box::from(text.trim()));
    let status = permit.member_text("status");
    Some(PermitFacts {
        id: id.into(),
        dispatched: hash.is_some() || matches!(status.as_deref(), Some("dispatched" | "closed")),
        binding_request_hash: hash.filter(|hash: &Box<str>| !hash.is_empty()),
    })
}

/// All rows of a payload, already joined.
pub(super) struct Collected {
    pub(super) chain: ChainRows,
    pub(super) closures: ClosureRows,
    pub(super) digests: Vec<DigestRow>,
}

impl Collected {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { chain: ChainRows::new(limits), closures: ClosureRows::default(), digests: Vec::new() }
    }

    pub(super) fn take(&mut self, origin: Origin, mut row: RecordRow) {
        self.digests.append(&mut row.digests);
        match origin {
            RECORDS | Origin::Line => self.record(row),
            Origin::Array(_) => {
                self.chain.top_entry(row.index, row.entry.as_ref());
                self.closures.top_entry(row.index, row.entry_facts);
            }
        }
    }

    fn record(&mut self, row: RecordRow) {
        if let Some(permit) = row.permit {
            self.closures.permit(permit);
        }
        self.chain.record(row.index, row.is_object, row.project_id, row.entry.as_ref());
        self.closures.event(row.index, row.entry_facts);
        match row.nested {
            Nested::Absent => self.chain.nested_missing(row.index),
            Nested::NotAnArray => self.chain.nested_not_a_list(row.index),
            Nested::Entries(entries) => {
                self.chain.start_nested(row.index);
                for (position, entry) in (0u64..).zip(entries) {
                    match entry {
                        Some((entry, facts)) => {
                            self.chain.nested_entry(row.index, position, &entry);
                            self.closures.nested_entry(row.index, position, facts);
                        }
                        None => self.chain.nested_not_an_object(row.index, position),
                    }
                }
            }
        }
    }
}
