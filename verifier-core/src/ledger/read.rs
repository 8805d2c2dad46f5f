//! All rows of evidence, in one pass over each payload.
//!
//! Records are reduced on worker threads; what is held is a few batches, the rows, and every distinct text once. Rows
//! come in input order whatever the number of workers. A payload that cannot be read to its end gives no rows at all.

use std::num::NonZeroUsize;

use super::draft::{Draft, Fault, FaultKind, Reduced};
use super::event::BudgetEvent;
use super::money::Figure;
use super::names::{Name, Names};
use super::row::{Account, Intern, PermitRow, Place};
use crate::bytes::{Budget, LimitExceeded, Limits, Resource};
use crate::crypto::prefixed;
use crate::evidence::stream::{self, Decoded, Item, Origin, Settings, StreamError, Visitor};
use crate::evidence::{Evidence, Fields, Part, Progress};
use crate::json::{Document, ParserLimits, Value};
use crate::report::Report;

/// Streamed top-level arrays: records, entries, budget events, envelopes.
const STREAMED: &[&str] = &["records", "chain_entries", "budget_allocation_events", "budget_envelopes"];
const RECORDS: usize = 0;
const ENTRIES: usize = 1;
const EVENTS: usize = 2;
const ENVELOPES: usize = 3;

/// A file that rows were read from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as given, or the name inside the archive.
    pub label: String,
    /// SHA-256 of the bytes as stored, of the very pass that gave the rows.
    pub sha256: [u8; 32],
    /// Bytes as stored.
    pub bytes: u64,
    /// What stands before `/records` in pointers: `/body` in an evidence bundle.
    pub prefix: &'static str,
    /// Whether the payload is JSON lines, so that record N is line N.
    pub is_lines: bool,
    /// Start of the period that the payload states, microseconds.
    pub from: Figure,
    /// End of that period.
    pub to: Figure,
}

/// A budget envelope as the issuer states it at the end of the period. Amounts are micro-USD.
#[derive(Clone, Debug)]
pub struct EnvelopeRow {
    /// Where it stands.
    pub place: Place,
    /// `envelope_id`.
    pub envelope: Name,
    /// `name`.
    pub name: Name,
    /// `total_budget_usd_micros`.
    pub total: Figure,
    /// `reserved_budget_usd_micros`.
    pub reserved: Figure,
    /// `spent_budget_usd_micros`.
    pub spent: Figure,
    /// `remaining_budget_usd_micros`.
    pub remaining: Figure,
}

/// The rows of some evidence, as claimed by it. Whether they are proven is said by the report over the same bytes; see
/// [`Ledger::is_of`].
#[derive(Debug, Default)]
pub struct Ledger {
    /// The texts of all rows.
    pub names: Names,
    /// The files.
    pub sources: Vec<Source>,
    /// One row for each permit record, in input order.
    pub permits: Vec<PermitRow>,
    /// What else each of these records says about money; as many as permits.
    pub accounts: Vec<Account>,
    /// Budget events in input order, those of records and those of arrays of their own.
    pub events: Vec<BudgetEvent>,
    /// Envelopes that the evidence lists.
    pub envelopes: Vec<EnvelopeRow>,
    /// What could not be read, at most as many of a kind as [`Limits::findings_per_code`].
    pub faults: Vec<Fault>,
    /// How many faults there are of each kind, kept or not.
    pub fault_counts: Vec<(FaultKind, u64)>,
    /// Faults of records with very many of them, which were counted only.
    pub faults_dropped: u64,
}

/// Why there are no rows.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The payload could not be read to its end.
    Stream(StreamError),
    /// The payload is not JSON that a record could be found in.
    NotJson(String),
    /// More rows than the limit.
    Limit(LimitExceeded),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stream(error) => error.fmt(formatter),
            Self::NotJson(why) => formatter.write_str(why),
            Self::Limit(limit) => limit.fmt(formatter),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<LimitExceeded> for ReadError {
    fn from(limit: LimitExceeded) -> Self {
        Self::Limit(limit)
    }
}

/// Reads the rows of all payloads and bundles among the evidence; other evidence has none.
///
/// Texts are shared between the sets, so that a reservation has one [`Name`] wherever it occurs.
///
/// # Errors
/// [`ReadError`] when a payload cannot be read whole or holds more rows than the limit.
pub fn read(
    evidence: &[&Evidence],
    limits: &Limits,
    workers: NonZeroUsize,
    progress: &dyn Progress,
) -> Result<Ledger, ReadError> {
    read_as(evidence, limits, workers, progress, Bookings::Kept)
}

/// The same without [`Ledger::events`] and the permits' envelopes: bookings are read, count towards the limit and can be at
/// fault, but are not kept. Four bookings for a call take more memory than the call.
///
/// # Errors
/// As [`read`].
pub fn read_calls(
    evidence: &[&Evidence],
    limits: &Limits,
    workers: NonZeroUsize,
    progress: &dyn Progress,
) -> Result<Ledger, ReadError> {
    read_as(evidence, limits, workers, progress, Bookings::Dropped)
}

fn read_as(
    evidence: &[&Evidence],
    limits: &Limits,
    workers: NonZeroUsize,
    progress: &dyn Progress,
    bookings: Bookings,
) -> Result<Ledger, ReadError> {
    let mut reader = Reader {
        bookings,
        limits,
        workers,
        progress,
        budget: Budget::new(Resource::LedgerRows, u64::from(limits.ledger_rows)),
        ledger: Ledger::default(),
    };
    for set in evidence {
        match set {
            Evidence::Export(export) => reader.payload(&export.payload)?,
            Evidence::Bundle(part) => reader.bundle(part)?,
            _ => {}
        }
    }
    Ok(reader.ledger)
}

impl Ledger {
    /// Whether the report is about the same bytes: every source's digest is that of a file of the report.
    #[must_use]
    pub fn is_of(&self, reports: &[Report]) -> bool {
        self.sources.iter().all(|source| {
            let digest = prefixed(&source.sha256);
            let mut files = reports.iter().flat_map(|report| &report.artifact.files);
            files.any(|file| file.sha256.as_deref() == Some(&digest))
        })
    }

    /// The text of a name.
    #[must_use]
    pub fn text(&self, name: Name) -> &str {
        self.names.text(name)
    }

    /// RFC 6901 pointer of the record of a place, in its decoded file; for JSON lines `/N`, line N from 0.
    #[must_use]
    pub fn pointer(&self, place: &Place) -> String {
        match self.sources.get(usize::from(place.source)) {
            Some(source) if source.is_lines => format!("/{}", place.record),
            Some(source) => format!("{}/records/{}", source.prefix, place.record),
            None => String::new(),
        }
    }
}

/// What becomes of bookings that were read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bookings {
    Kept,
    Dropped,
}

struct Reader<'a> {
    bookings: Bookings,
    limits: &'a Limits,
    workers: NonZeroUsize,
    progress: &'a dyn Progress,
    budget: Budget,
    ledger: Ledger,
}

struct RowVisitor {
    bookings: Bookings,
}

/// What a worker hands over: most items are bookings, and of those that are dropped nothing is but their number.
struct Handed {
    dropped: u64,
    rest: Option<Box<Reduced>>,
}

impl Visitor for RowVisitor {
    type Row = Handed;

    fn visit(&self, item: Item<'_>) -> Handed {
        reduce(item.origin, item.value, item.index, self.bookings)
    }
}

fn reduce(origin: Origin, value: Value<'_>, index: u64, bookings: Bookings) -> Handed {
    let mut draft = Draft::new(value, index);
    match origin {
        Origin::Array(RECORDS) | Origin::Line => draft.read_record(),
        Origin::Array(ENTRIES) => draft.read_entry(),
        Origin::Array(EVENTS) => draft.event(value),
        Origin::Array(ENVELOPES) => draft.read_envelope(),
        Origin::Array(_) => {}
    }
    let mut reduced = draft.finish();
    let mut dropped = 0;
    if bookings == Bookings::Dropped {
        dropped = u64::try_from(reduced.events.len()).unwrap_or(u64::MAX);
        reduced.events = Vec::new();
        if reduced.has_permit {
            reduced.account.envelope = None;
        }
    }
    let is_empty = !reduced.has_permit
        && origin != Origin::Array(ENVELOPES)
        && reduced.events.is_empty()
        && reduced.faults.is_empty()
        && reduced.faults_dropped == 0;
    Handed { dropped, rest: (!is_empty).then(|| Box::new(reduced)) }
}

impl Reader<'_> {
    fn payload(&mut self, part: &Part) -> Result<(), ReadError> {
        match self.pass(part, true) {
            Err(ReadError::Stream(StreamError::Mispredicted)) => self.pass(part, false),
            result => result,
        }
    }

    fn pass(&mut self, part: &Part, predict: bool) -> Result<(), ReadError> {
        let start = self.mark();
        let result = self.stream(part, predict);
        if result.is_err() {
            self.undo(start);
        }
        result
    }

    fn stream(&mut self, part: &Part, predict: bool) -> Result<(), ReadError> {
        let source = self.next_source();
        let opened = part.entry.open();
        let opened = opened.map_err(|error| {
            ReadError::Stream(StreamError::Read(std::io::Error::other(error.to_string())))
        })?;
        let settings = Settings { limits: self.limits, workers: self.workers, arrays: STREAMED, predict };
        let (size, progress) = (part.entry.size(), self.progress);
        let tick = |done| {
            progress.advance(done, size);
            !progress.cancelled()
        };
        let mut over = None;
        let visitor = RowVisitor { bookings: self.bookings };
        let mut collect = |origin, rows: &mut Vec<_>| {
            for handed in rows.drain(..) {
                if over.is_none() {
                    over = self.take(origin, handed, source).err();
                }
            }
        };
        let streamed =
            stream::run(opened, settings, &visitor, &mut collect, &tick).map_err(ReadError::Stream)?;
        if let Some(limit) = over {
            return Err(limit.into());
        }
        let mut own = Source {
            label: part.label.clone(),
            sha256: streamed.sha256,
            bytes: streamed.stored_bytes,
            prefix: "",
            is_lines: false,
            from: Figure::ABSENT,
            to: Figure::ABSENT,
        };
        match &streamed.decoded {
            Decoded::Object(object) => {
                own.period(object);
                if let Some(body) = object.member("body").filter(|_| object.has("signature_envelope")) {
                    own.prefix = "/body";
                    own.period(&body);
                    self.body(body, source)?;
                }
            }
            Decoded::Lines(_) => own.is_lines = true,
            Decoded::OtherJson | Decoded::Opaque => {}
            Decoded::Malformed(error) => return Err(ReadError::NotJson(error.to_string())),
            Decoded::Undecodable(error) => return Err(ReadError::NotJson(error.clone())),
            Decoded::OverLimit(limit) => return Err((*limit).into()),
        }
        self.ledger.sources.push(own);
        Ok(())
    }

    fn bundle(&mut self, part: &Part) -> Result<(), ReadError> {
        let blob = part
            .entry
            .read(self.limits.document_bytes)
            .map_err(|error| ReadError::NotJson(error.to_string()))?;
        let document = Document::parse(blob, ParserLimits::from(self.limits))
            .map_err(|error| ReadError::NotJson(error.to_string()))?;
        let mut own = Source {
            label: part.label.clone(),
            sha256: document.blob().sha256(),
            bytes: part.entry.size(),
            prefix: "/body",
            is_lines: false,
            from: Figure::ABSENT,
            to: Figure::ABSENT,
        };
        if let Some(body) = document.root().member("body") {
            own.period(&body);
            let source = self.next_source();
            self.body(body, source)?;
        }
        self.ledger.sources.push(own);
        Ok(())
    }

    /// The arrays of a bundle's body.
    fn body(&mut self, body: Value<'_>, source: u16) -> Result<(), LimitExceeded> {
        for (position, name) in STREAMED.iter().enumerate() {
            let items = body.member(name).and_then(Value::as_array);
            for (index, item) in (0u64..).zip(items.into_iter().flat_map(Value::items)) {
                let origin = Origin::Array(position);
                self.take(origin, reduce(origin, item, index, self.bookings), source)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, origin: Origin, handed: Handed, source: u16) -> Result<(), LimitExceeded> {
        self.budget.charge(handed.dropped)?;
        let Some(reduced) = handed.rest else { return Ok(()) };
        let Reduced { row, account, events, faults, faults_dropped, has_permit } = *reduced;
        let rows = u64::from(has_permit) + u64::try_from(events.len()).unwrap_or(u64::MAX);
        self.budget.charge(rows)?;
        let ledger = &mut self.ledger;
        let at = |place: Place| Place { source, ..place };
        if has_permit {
            let mut row = row.intern(&mut ledger.names);
            row.place = at(row.place);
            ledger.permits.push(row);
            ledger.accounts.push(account.intern(&mut ledger.names));
        } else if origin == Origin::Array(ENVELOPES)
            && let Some(envelope) = account.envelope
        {
            let envelope = envelope.intern(&mut ledger.names);
            ledger.envelopes.push(EnvelopeRow {
                place: at(row.place),
                envelope: envelope.envelope,
                name: ledger.names.intern(&row.permit),
                total: envelope.total,
                reserved: envelope.reserved,
                spent: envelope.spent,
                remaining: envelope.remaining,
            });
            self.budget.charge(1)?;
        }
        for event in events {
            let mut event = event.intern(&mut ledger.names);
            event.place = at(event.place);
            ledger.events.push(event);
        }
        ledger.faults_dropped += faults_dropped;
        for mut fault in faults {
            fault.place = at(fault.place);
            let counted = ledger.fault_counts.iter_mut().find(|(kind, _)| *kind == fault.kind);
            let count = match counted {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    ledger.fault_counts.push((fault.kind, 1));
                    1
                }
            };
            if count <= u64::from(self.limits.findings_per_code) {
                ledger.faults.push(fault);
            }
        }
        Ok(())
    }

    fn next_source(&self) -> u16 {
        u16::try_from(self.ledger.sources.len()).unwrap_or(u16::MAX)
    }

    fn mark(&self) -> Mark {
        let ledger = &self.ledger;
        Mark {
            permits: ledger.permits.len(),
            events: ledger.events.len(),
            envelopes: ledger.envelopes.len(),
            faults: ledger.faults.len(),
            fault_counts: ledger.fault_counts.clone(),
            faults_dropped: ledger.faults_dropped,
            budget: self.budget.clone(),
        }
    }

    /// Forgets a pass that did not end well.
    fn undo(&mut self, mark: Mark) {
        let ledger = &mut self.ledger;
        ledger.permits.truncate(mark.permits);
        ledger.accounts.truncate(mark.permits);
        ledger.events.truncate(mark.events);
        ledger.envelopes.truncate(mark.envelopes);
        ledger.faults.truncate(mark.faults);
        ledger.fault_counts = mark.fault_counts;
        ledger.faults_dropped = mark.faults_dropped;
        self.budget = mark.budget;
    }
}

struct Mark {
    permits: usize,
    events: usize,
    envelopes: usize,
    faults: usize,
    fault_counts: Vec<(FaultKind, u64)>,
    faults_dropped: u64,
    budget: Budget,
}

impl Source {
    fn period(&mut self, fields: &dyn Fields) {
        let time = |name| fields.text(name).map_or(Figure::ABSENT, |text| super::row::instant(&text));
        (self.from, self.to) = (time("from"), time("to"));
    }
}
