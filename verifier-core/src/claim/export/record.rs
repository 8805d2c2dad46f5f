//! What stays of each record of a payload, and how the rows are collected.
//!
//! A record may be a governance event, a permit record with chain entries of its own, or a chain entry; which
//! of them counts is known only when the whole document was seen, so each is reduced under every reading that
//! its members allow. A large export consists of small records, so each is looked through once, and what most
//! records do not have costs one comparison of a name.

use std::collections::BTreeSet;
use std::ops::Range;

use super::unjudged::{self, SignedPart};
use crate::bytes::Limits;
use crate::chain::{EntryFields, EntryRow, Source};
use crate::claim::closure::{ClosureKeys, ClosureRows, EntryFacts};
use crate::claim::payload_digest::{DigestRow, digest_row};
use crate::claim::permit::{self, DecisionRow, PermitBody};
use crate::claim::walk::ChainRows;
use crate::claim::workflow::{SnapshotRow, snapshot_row};
use crate::evidence::stream::{Item, Origin, Visitor};
use crate::finding::{Effect, Finding};
use crate::json::{Named, Value};
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

    /// The keys that rows depend on.
    pub(super) fn keys(&self) -> &'k KeyRing {
        self.closure_keys.ring()
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

/// One record, reduced. A large export consists of plain events, which have nothing but their entry.
#[derive(Clone)]
pub(super) struct RecordRow {
    index: u64,
    is_object: bool,
    /// The record read as a chain entry, when it has the members of one.
    entry: Option<EntryRow>,
    more: Option<Box<More>>,
}

/// What few records have.
#[derive(Clone, Default)]
struct More {
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
    body: Option<PermitBody>,
    snapshot: Option<SnapshotRow>,
    /// Signatures over permits that no check here judges.
    unjudged: Vec<SignedPart>,
    /// An entry records the decision of a permit.
    decides: bool,
}

/// The chain entries of a permit record.
#[derive(Clone, Default)]
enum Nested {
    #[default]
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

/// Positions in [`NAMES`] behind those of a chain entry.
mod own {
    use super::EntryFields;

    pub(super) const PERMIT: usize = EntryFields::NAMES.len();
    pub(super) const PAYLOAD: usize = PERMIT + 1;
    pub(super) const PROJECT_ID: usize = PERMIT + 2;
    pub(super) const PAYLOAD_JSON: usize = PERMIT + 3;
    pub(super) const CHAIN_ENTRIES: usize = PERMIT + 4;
    pub(super) const ARTIFACT_TYPE: usize = PERMIT + 5;
    pub(super) const DECISION: usize = PERMIT + 6;
    pub(super) const DECISION_BINDING: usize = PERMIT + 7;
    pub(super) const STATE_JSON: usize = PERMIT + 8;
    pub(super) const STATE: usize = PERMIT + 9;
    pub(super) const FORMAT_VERSION: usize = PERMIT + 10;
    pub(super) const COUNT: usize = PERMIT + 11;
}

/// Names of the members of a record that matter, those of a chain entry first. One place in memory, by which the
/// parser's list is recognised.
static NAMES: [&str; own::COUNT] = {
    let mut names = [""; own::COUNT];
    names.split_at_mut(EntryFields::NAMES.len()).0.copy_from_slice(&EntryFields::NAMES);
    names[own::PERMIT] = "permit";
    names[own::PAYLOAD] = "payload";
    names[own::PROJECT_ID] = "project_id";
    names[own::PAYLOAD_JSON] = "payload_json";
    names[own::CHAIN_ENTRIES] = "chain_entries";
    names[own::ARTIFACT_TYPE] = "artifact_type";
    names[own::DECISION] = "permit_decision";
    names[own::DECISION_BINDING] = "permit_decision_binding";
    names[own::STATE_JSON] = "workflow_state_json";
    names[own::STATE] = "workflow_state";
    names[own::FORMAT_VERSION] = "permit_format_version";
    names
};

/// The members of a record or entry that decide what it is, and those of a chain entry.
struct Head<'a> {
    entry: EntryFields<'a>,
    members: Named<'a, { own::COUNT }>,
}

impl<'a> Head<'a> {
    fn read(value: Value<'a>) -> Self {
        let members = value.named(&NAMES);
        Self { entry: EntryFields::of(|position| members.get(position)), members }
    }

    /// The record itself carries a decision, where the reference does not look.
    fn has_decision(&self) -> bool {
        self.members.has(own::DECISION) || self.members.has(own::DECISION_BINDING)
    }

    fn has_state(&self) -> bool {
        self.members.has(own::STATE_JSON) || self.members.has(own::STATE)
    }

    /// The object that an entry seals, under either of its names.
    fn payload(&self) -> Option<Value<'a>> {
        let holders = [self.members.get(own::PAYLOAD_JSON), self.members.get(own::PAYLOAD)];
        holders.into_iter().flatten().find_map(Value::as_object)
    }

    /// Whether a record has a member that only chain entries have.
    fn is_event(&self) -> bool {
        let own = [self.entry.event_id, self.entry.record_hash, self.entry.prev_hash];
        own.iter().any(Option::is_some)
    }

    /// What can stand in this entry.
    fn hints(&self) -> Hints {
        let mut hints = Hints {
            decision: self.members.has(own::ARTIFACT_TYPE),
            permit: self.members.has(own::FORMAT_VERSION),
        };
        for member in self.payload().into_iter().flat_map(Value::members) {
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
        self.entry.event_type.is_some_and(|kind| kind.is_text("audit.integrity_digest"))
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
    const NAMES: &'static [&'static str] = &NAMES;

    fn visit(&self, item: Item<'_>) -> RecordRow {
        let (value, index) = (item.value, item.index);
        let is_entry_array = !matches!(item.origin, RECORDS | Origin::Line);
        let source = if is_entry_array { Source::Entry } else { Source::Record };
        let head = Head::read(value);
        let is_entry = value.is_object() && (is_entry_array || head.is_event());
        RecordRow {
            index,
            is_object: value.is_object(),
            entry: is_entry.then(|| EntryRow::from_fields(&head.entry, source, value.span())),
            more: self.more(item, &head, is_entry),
        }
    }
}

impl RecordVisitor<'_> {
    /// What the record has beside its entry.
    fn more(&self, item: Item<'_>, head: &Head<'_>, is_entry: bool) -> Option<Box<More>> {
        let (value, index) = (item.value, item.index);
        let is_entry_array = !matches!(item.origin, RECORDS | Origin::Line);
        let array = if is_entry_array { "chain_entries" } else { "records" };
        let pointer = || format!("/{array}/{index}");
        let mut more = Rare::default();
        if item.origin == RECORDS
            && (head.has_state() || head.members.has(own::PERMIT) || !value.is_object())
            && let Some(snapshot) = snapshot_row(value, index)
        {
            more.get().snapshot = Some(snapshot);
        }
        if is_entry && let Some(kind) = head.entry.event_type {
            if is_decision(kind) {
                more.get().decides = true;
            }
            match self.closure_keys.entry_facts(value, kind, None) {
                EntryFacts::Nothing => {}
                facts => more.get().entry_facts = facts,
            }
        }
        if item.origin == Origin::Line
            && let Some(project) = head.members.get(own::PROJECT_ID).and_then(Value::non_empty_text)
        {
            more.get().project_id = Some(project.into());
        }
        if head.is_digest() {
            more.get().digests.extend(digest_row(value));
        }
        if head.has_decision() {
            let prefix = pointer();
            let own = permit::in_export(|name| value.member(name)).map(|found| self.decision(found, &prefix));
            more.get().decisions.extend(own);
        }
        let permit_object = head.members.get(own::PERMIT).filter(|_| !is_entry_array);
        let permit = permit_object.and_then(permit_facts);
        match head.members.get(own::CHAIN_ENTRIES) {
            None => {
                let hints = head.hints();
                if hints.decision {
                    self.decisions(value, &pointer, &mut more.get().decisions);
                }
                if hints.permit {
                    more.get().unjudged.extend(unjudged::in_entry(value, &pointer()));
                }
            }
            Some(entries) if !entries.is_array() => more.get().nested = Nested::NotAnArray,
            Some(entries) => {
                let more = more.get();
                let mut nested = Vec::new();
                for (position, entry) in entries.items().enumerate() {
                    nested.push(self.nested_entry(entry, (index, position), permit.as_ref(), more));
                }
                more.nested = Nested::Entries(nested);
            }
        }
        if let Some(object) = permit_object {
            let more = more.get();
            if let Some(body) = PermitBody::read(object) {
                let own: Vec<&DecisionRow> =
                    more.decisions.iter().filter(|decision| body.is_of(decision)).collect();
                more.contradictions = own.iter().flat_map(|decision| body.compare(decision)).collect();
                if own.is_empty() {
                    more.body = Some(body);
                }
            }
            more.contradictions.extend(permit::check_body(object));
            more.permit = permit;
        }
        more.0
    }
}

/// Made when the first thing is put into it.
#[derive(Default)]
struct Rare(Option<Box<More>>);

impl Rare {
    fn get(&mut self) -> &mut More {
        self.0.get_or_insert_default()
    }
}

impl RecordVisitor<'_> {
    fn nested_entry(
        &self,
        entry: Value<'_>,
        (index, position): (u64, usize),
        permit: Option<&PermitFacts>,
        row: &mut More,
    ) -> NestedEntry {
        if !entry.is_object() {
            return None;
        }
        let head = Head::read(entry);
        let hints = head.hints();
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
        row.decides |= head.entry.event_type.is_some_and(is_decision);
        let facts = match head.entry.event_type {
            Some(kind) => self.closure_keys.entry_facts(entry, kind, permit),
            None => EntryFacts::default(),
        };
        Some((EntryRow::from_fields(&head.entry, Source::Entry, entry.span()), facts))
    }
}

/// Whether an event records the decision of a permit.
fn is_decision(event_type: Value<'_>) -> bool {
    event_type.text().is_some_and(|kind| crate::claim::decided::is_decision(&kind))
}

/// An entry of a record that is about another permit.
#[derive(Clone)]
pub(super) struct Foreign {
    position: usize,
    named: Box<str>,
    span: Range<u64>,
}

/// The other permit that an entry is about. An entry that names the record's permit anywhere is its own; events
/// such as delegations name two.
fn foreign_permit(entry: Value<'_>, head: &Head<'_>, own: &str) -> Option<Box<str>> {
    let payload = head.payload();
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
    /// The payload records decisions of permits.
    pub(super) has_decisions: bool,
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

    /// Permits of which a kept decision is supported.
    pub(super) fn decided(&self) -> BTreeSet<String> {
        let supported = self.decisions.iter().filter(|row| row.verdict == crate::finding::Verdict::Supported);
        supported.filter_map(DecisionRow::permit_id).map(str::to_owned).collect()
    }

    /// Kept decisions that are not supported.
    pub(super) fn undecided(&self) -> usize {
        let open = |row: &&DecisionRow| row.recognised && row.verdict != crate::finding::Verdict::Supported;
        self.decisions.iter().filter(open).count()
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
    pub(super) fn new(limits: &Limits, keeps_chains: bool) -> Self {
        Self {
            chain: ChainRows::new(limits, keeps_chains),
            closures: ClosureRows::default(),
            digests: Vec::new(),
            permits: PermitRows::default(),
            snapshots: Vec::new(),
            unjudged: unjudged::SignedParts::default(),
            has_decisions: false,
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

    pub(super) fn take(&mut self, origin: Origin, row: &mut RecordRow) {
        let entry = row.entry.as_ref();
        let mut more = match row.more.take() {
            Some(more) => *more,
            None if matches!(origin, RECORDS | Origin::Line) => {
                self.chain.record(row.index, row.is_object, None, entry);
                return self.chain.nested_missing(row.index);
            }
            None => return self.chain.top_entry(row.index, entry),
        };
        self.has_decisions |= more.decides;
        self.digests.append(&mut more.digests);
        self.unjudged.extend(more.unjudged.drain(..));
        for decision in more.decisions.drain(..) {
            self.signed_request(&decision);
            self.permits.decision(decision);
        }
        for finding in more.contradictions.drain(..) {
            self.permits.contradiction(finding);
        }
        self.snapshots.extend(more.snapshot.take());
        if let Some(body) = more.body.take() {
            self.permits.body(body);
        }
        match origin {
            RECORDS | Origin::Line => self.record(row.index, row.is_object, entry, more),
            Origin::Array(_) => {
                self.chain.top_entry(row.index, entry);
                self.closures.top_entry(row.index, more.entry_facts);
            }
        }
    }

    fn record(&mut self, index: u64, is_object: bool, entry: Option<&EntryRow>, more: More) {
        if let Some(permit) = more.permit {
            self.closures.permit(permit);
        }
        self.chain.record(index, is_object, more.project_id, entry);
        self.closures.event(index, more.entry_facts);
        match more.nested {
            Nested::Absent => self.chain.nested_missing(index),
            Nested::NotAnArray => self.chain.nested_not_a_list(index),
            Nested::Entries(entries) => {
                for Foreign { position, named, span } in more.foreign {
                    self.chain.foreign(index, position, &named, (span.start, span.end));
                }
                self.chain.start_nested(index);
                for (position, entry) in (0u64..).zip(entries) {
                    match entry {
                        Some((entry, facts)) => {
                            self.chain.nested_entry(index, position, &entry);
                            self.closures.nested_entry(index, position, facts);
                        }
                        None => self.chain.nested_not_an_object(index, position),
                    }
                }
            }
        }
    }
}
