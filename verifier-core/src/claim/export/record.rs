//! What stays of each record of a payload, and how the rows are collected.
//!
//! A record may be a governance event, a permit record with chain entries of its own, or a chain entry; which
//! of them counts is known only when the whole document was seen, so each is reduced under every reading that
//! its members allow. A large export consists of small records, so each is looked through once, and what most
//! records do not have costs one comparison of a name.

use std::ops::Range;

use super::unjudged::{self, SignedPart};
use crate::bytes::Limits;
use crate::chain::{EntryRow, Source};
use crate::claim::closure::{ClosureKeys, ClosureRows, EntryFacts};
use crate::claim::payload_digest::{DigestRow, digest_row};
use crate::claim::permit::{self, DecisionRow, PermitBody};
use crate::claim::walk::ChainRows;
use crate::claim::workflow::{SnapshotRow, snapshot_row};
use crate::evidence::stream::{Item, Origin, Visitor};
use crate::finding::{Effect, Finding};
use crate::json::Value;
use crate::trust::KeyRing;

/// Kept decisions that are supported, beyond the first of which only their number matters.
const DECISIONS_KEPT: usize = 10_000;
/// Kept permit objects whose decision stands elsewhere in the export.
const BODIES_KEPT: usize = 50_000;

/// Kept contradictions of permit objects to their decisions, and kept remarks on permit objects.
const CONTRADICTIONS_KEPT: usize = 10_000;

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

    /// Judges the decision bindings of one entry; `prefix` is the entry's pointer.
    fn decisions(&self, entry: Value<'_>, prefix: &dyn Fn() -> String, into: &mut Vec<DecisionRow>) {
        for found in permit::in_entry(entry) {
            into.push(self.decision(found, &prefix()));
        }
    }

    /// Judges one decision binding.
    pub(super) fn decision(&self, found: permit::Found<'_>, prefix: &str) -> DecisionRow {
        let mut row = permit::judge(found.value, self.closure_keys.ring(), self.closure_keys.table());
        row.location.pointer = Some(format!("{prefix}{}", found.pointer()));
        row
    }
}

/// One record, reduced.
pub(super) struct RecordRow {
    index: u64,
    is_object: bool,
    /// The record read as a chain entry, when it has the members of one.
    entry: Option<EntryRow>,
    /// What the record as a chain entry says about closures.
    entry_facts: EntryFacts,
    /// Its own chain entries.
    nested: Nested,
    /// `project_id`, for JSON lines.
    project_id: Option<Box<str>>,
    permit: Option<PermitFacts>,
    /// Digest events among the record and its entries.
    digests: Vec<DigestRow>,
    /// Entries that are about another permit than the record.
    foreign: Vec<Foreign>,
    decisions: Vec<DecisionRow>,
    /// Contradictions of the record's permit object to its signed decision, and to itself.
    contradictions: Vec<Finding>,
    /// The permit object, when its decision was not among the record's own.
    body: Option<Box<PermitBody>>,
    snapshot: Option<Box<SnapshotRow>>,
    /// Signatures over permits that no check here judges.
    unjudged: Vec<SignedPart>,
}

/// The chain entries of a permit record.
enum Nested {
    Absent,
    NotAnArray,
    Entries(Vec<NestedEntry>),
}

/// An item of a record's chain entries; `None` when it is no object.
type NestedEntry = Option<(EntryRow, EntryFacts)>;

/// What a permit record says about its permit; no signature covers it.
#[derive(Clone, Debug)]
pub(crate) struct PermitFacts {
    pub(crate) id: Box<str>,
    pub(crate) binding_request_hash: Option<Box<str>>,
    /// The record shows a dispatch: a request hash or a status after it.
    pub(crate) dispatched: bool,
}

/// The members of a record or entry that decide what it is.
#[derive(Default)]
struct Head<'a> {
    permit: Option<Value<'a>>,
    chain_entries: Option<Value<'a>>,
    event_type: Option<Value<'a>>,
    project_id: Option<Value<'a>>,
    payload_json: Option<Value<'a>>,
    payload: Option<Value<'a>>,
    is_event: bool,
    has_artifact: bool,
    has_state: bool,
    /// The record itself carries a decision, where the reference does not look.
    has_decision: bool,
    has_format_version: bool,
}

impl<'a> Head<'a> {
    fn read(value: Value<'a>) -> Self {
        let mut head = Self::default();
        for member in value.members() {
            match &*member.name() {
                "permit" => head.permit = Some(member.value),
                "chain_entries" => head.chain_entries = Some(member.value),
                "event_type" => head.event_type = Some(member.value),
                "project_id" => head.project_id = Some(member.value),
                "payload_json" => head.payload_json = Some(member.value),
                "payload" => head.payload = Some(member.value),
                "event_id" | "record_hash" | "prev_hash" => head.is_event = true,
                "artifact_type" => head.has_artifact = true,
                "permit_decision" | "permit_decision_binding" => head.has_decision = true,
                "workflow_state_json" | "workflow_state" => head.has_state = true,
                "permit_format_version" => head.has_format_version = true,
                _ => {}
            }
        }
        head
    }

    /// What can stand in this entry.
    fn hints(&self) -> Hints {
        let mut hints = Hints { decision: self.has_artifact, permit: self.has_format_version };
        let holder = [self.payload_json, self.payload].into_iter().flatten().find_map(Value::as_object);
        for member in holder.into_iter().flat_map(|holder| holder.members()) {
            match &*member.name() {
                "permit_decision" | "permit_decision_binding" | "decision_binding" | "artifact_type" => {
                    hints.decision = true;
                }
                "permit" | "permit_v2" | "permit_record" | "permit_format_version" => hints.permit = true,
                _ => {}
            }
        }
        hints
    }

    fn is_digest(&self) -> bool {
        self.event_type.is_some_and(|kind| kind.is_text("audit.integrity_digest"))
    }
}

/// What an entry may carry beside its chain members.
#[derive(Clone, Copy)]
struct Hints {
    /// A decision binding.
    decision: bool,
    /// A permit object.
    permit: bool,
}

impl Visitor for RecordVisitor<'_> {
    type Row = RecordRow;

    fn visit(&self, item: Item<'_>) -> RecordRow {
        let (value, index) = (item.value, item.index);
        let is_entry_array = !matches!(item.origin, RECORDS | Origin::Line);
        let source = if is_entry_array { Source::Entry } else { Source::Record };
        let array = if is_entry_array { "chain_entries" } else { "records" };
        let head = Head::read(value);
        let permit_object = head.permit.filter(|_| !is_entry_array);
        let permit = permit_object.and_then(permit_facts);
        let mut row = RecordRow {
            index,
            is_object: value.is_object(),
            entry: None,
            entry_facts: EntryFacts::default(),
            nested: Nested::Absent,
            project_id: None,
            permit: None,
            digests: Vec::new(),
            foreign: Vec::new(),
            decisions: Vec::new(),
            contradictions: Vec::new(),
            body: None,
            snapshot: None,
            unjudged: Vec::new(),
        };
        if item.origin == RECORDS && (head.has_state || head.permit.is_some() || !value.is_object()) {
            row.snapshot = snapshot_row(value, index).map(Box::new);
        }
        if value.is_object() && (is_entry_array || head.is_event) {
            row.entry = Some(EntryRow::read(value, source));
            if let Some(kind) = head.event_type {
                row.entry_facts = self.closure_keys.entry_facts(value, kind, None);
            }
        }
        if item.origin == Origin::Line {
            row.project_id = head.project_id.and_then(Value::non_empty_text).map(Box::from);
        }
        if head.is_digest() {
            row.digests.extend(digest_row(value));
        }
        if head.has_decision {
            let prefix = format!("/{array}/{index}");
            row.decisions.extend(
                permit::in_export(|name| value.member(name)).map(|found| self.decision(found, &prefix)),
            );
        }
        match head.chain_entries {
            None => {
                let hints = head.hints();
                let pointer = || format!("/{array}/{index}");
                if hints.decision {
                    self.decisions(value, &pointer, &mut row.decisions);
                }
                if hints.permit {
                    row.unjudged.extend(unjudged::in_entry(value, &pointer()));
                }
            }
            Some(entries) if !entries.is_array() => row.nested = Nested::NotAnArray,
            Some(entries) => {
                let mut nested = Vec::new();
                for (position, entry) in entries.items().enumerate() {
                    nested.push(self.nested_entry(entry, position, permit.as_ref(), &mut row));
                }
                row.nested = Nested::Entries(nested);
            }
        }
        if let Some(body) = permit_object.and_then(PermitBody::read) {
            let own: Vec<&DecisionRow> =
                row.decisions.iter().filter(|decision| body.is_of(decision)).collect();
            row.contradictions = own.iter().flat_map(|decision| body.compare(decision)).collect();
            if own.is_empty() {
                row.body = Some(Box::new(body));
            }
        }
        row.contradictions.extend(permit_object.into_iter().flat_map(permit::check_body));
        row.permit = permit;
        row
    }
}

impl RecordVisitor<'_> {
    fn nested_entry(
        &self,
        entry: Value<'_>,
        position: usize,
        permit: Option<&PermitFacts>,
        row: &mut RecordRow,
    ) -> NestedEntry {
        if !entry.is_object() {
            return None;
        }
        let head = Head::read(entry);
        let (hints, index) = (head.hints(), row.index);
        let pointer = || format!("/records/{index}/chain_entries/{position}");
        if hints.decision {
            self.decisions(entry, &pointer, &mut row.decisions);
        }
        if hints.permit {
            row.unjudged.extend(unjudged::in_entry(entry, &pointer()));
        }
        if head.is_digest() {
            row.digests.extend(digest_row(entry));
        }
        if let Some(named) = permit.and_then(|permit| foreign_permit(entry, &head, &permit.id)) {
            row.foreign.push(Foreign { position, named, span: entry.span() });
        }
        let facts = match head.event_type {
            Some(kind) => self.closure_keys.entry_facts(entry, kind, permit),
            None => EntryFacts::default(),
        };
        Some((EntryRow::read(entry, Source::Entry), facts))
    }
}

/// An entry of a record that is about another permit.
pub(super) struct Foreign {
    position: usize,
    named: Box<str>,
    span: Range<u64>,
}

/// The other permit that an entry is about. An entry that names the record's permit anywhere is its own; events
/// such as delegations name two.
fn foreign_permit(entry: Value<'_>, head: &Head<'_>, own: &str) -> Option<Box<str>> {
    let payload = [head.payload_json, head.payload].into_iter().flatten().find_map(Value::as_object);
    let is_permit = entry.member("resource_type").is_some_and(|kind| kind.is_text("permit"));
    let named = [
        entry.member("permit_id"),
        payload.and_then(|payload| payload.member("permit_id")),
        entry.member("resource_id").filter(|_| is_permit),
    ];
    let mut texts = named.into_iter().flatten().filter_map(Value::non_empty_text).peekable();
    let first = texts.peek().map(|text| Box::from(text.as_ref()));
    if texts.any(|text| text == own) { None } else { first }
}

fn permit_facts(permit: Value<'_>) -> Option<PermitFacts> {
    let id = permit.member("id").and_then(Value::non_empty_text)?;
    let hash =
        permit.member("binding_request_hash").and_then(Value::text).map(|text| Box::<str>::from(text.trim()));
    let status = permit.member_text("status");
    Some(PermitFacts {
        id: id.into(),
        dispatched: hash.is_some() || matches!(status.as_deref(), Some("dispatched" | "closed")),
        binding_request_hash: hash.filter(|hash| !hash.is_empty()),
    })
}

/// All rows of a payload, already joined.
pub(super) struct Collected {
    pub(super) chain: ChainRows,
    pub(super) closures: ClosureRows,
    pub(super) digests: Vec<DigestRow>,
    pub(super) permits: PermitRows,
    pub(super) snapshots: Vec<SnapshotRow>,
    pub(super) unjudged: unjudged::SignedParts,
}

/// Decisions and permit objects of a payload.
#[derive(Default)]
pub(super) struct PermitRows {
    pub(super) decisions: Vec<DecisionRow>,
    /// Supported decisions that are counted and not kept.
    pub(super) further: u64,
    pub(super) bodies: Vec<PermitBody>,
    /// Permit objects that were not kept for comparison.
    pub(super) bodies_dropped: u64,
    pub(super) contradictions: Vec<Finding>,
    /// What permit objects say against themselves; apart, so that no number of them crowds out a contradiction.
    pub(super) remarks: Vec<Finding>,
}

impl PermitRows {
    pub(super) fn decision(&mut self, row: DecisionRow) {
        let plain = row.verdict == crate::finding::Verdict::Supported && row.notes.is_empty();
        if plain && self.decisions.len() >= DECISIONS_KEPT {
            self.further += 1;
        } else {
            self.decisions.push(row);
        }
    }

    fn contradiction(&mut self, finding: Finding) {
        let kept = if finding.effect == Effect::Notes { &mut self.remarks } else { &mut self.contradictions };
        if kept.len() < CONTRADICTIONS_KEPT {
            kept.push(finding);
        }
    }

    fn body(&mut self, body: PermitBody) {
        if self.bodies.len() < BODIES_KEPT {
            self.bodies.push(body);
        } else {
            self.bodies_dropped += 1;
        }
    }
}

impl Collected {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            chain: ChainRows::new(limits),
            closures: ClosureRows::default(),
            digests: Vec::new(),
            permits: PermitRows::default(),
            snapshots: Vec::new(),
            unjudged: unjudged::SignedParts::default(),
        }
    }

    /// Puts decisions of the payload's top level before those of its entries.
    pub(super) fn decisions_at_top(&mut self, mut decisions: Vec<DecisionRow>) {
        for decision in &decisions {
            self.signed_request(decision);
        }
        decisions.append(&mut self.permits.decisions);
        self.permits.decisions = decisions;
    }

    fn signed_request(&mut self, decision: &DecisionRow) {
        if let Some(signed) = decision.signed()
            && let (Some(permit), Some(hash)) = (&signed.permit_id, signed.request_digest())
        {
            self.closures.signed_request(permit, &hash);
        }
    }

    pub(super) fn take(&mut self, origin: Origin, mut row: RecordRow) {
        self.digests.append(&mut row.digests);
        self.unjudged.extend(row.unjudged.drain(..));
        for decision in row.decisions.drain(..) {
            self.signed_request(&decision);
            self.permits.decision(decision);
        }
        for finding in row.contradictions.drain(..) {
            self.permits.contradiction(finding);
        }
        self.snapshots.extend(row.snapshot.take().map(|snapshot| *snapshot));
        if let Some(body) = row.body.take() {
            self.permits.body(*body);
        }
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
                for Foreign { position, named, span } in row.foreign {
                    self.chain.foreign(row.index, position, &named, (span.start, span.end));
                }
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
