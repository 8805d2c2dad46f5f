//! What a worker makes of one record: rows with their texts still spelled out, and what could not be read.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::event::{self, BudgetEvent};
use super::money::{self, AmountError, Figure};
use super::row::{self, Account, Key, PermitRow, Place};
use crate::bytes::ShortText;
use crate::json::{Kind, Value};

/// The longest text that a row keeps, in bytes. Identifiers are shorter; a longer text is a fault.
pub const TEXT_BYTES: usize = 1_024;
/// Faults kept of one record.
const FAULTS_PER_RECORD: usize = 32;

/// What is wrong with a member that a row needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FaultKind {
    /// An object is required.
    NotAnObject,
    /// An array is required.
    NotAnArray,
    /// The record has no permit object.
    NoPermit,
    /// A text is required.
    NotText,
    /// The text is longer than [`TEXT_BYTES`].
    TextTooLong,
    /// An amount, count or sequence number that is no integer, or no number at all.
    Number(AmountError),
    /// The text is no point in time.
    NotATime,
    /// The transition or metric of a budget event is not one of spec 07 section 4.
    UnknownTransition,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => formatter.write_str("not an object"),
            Self::NotAnArray => formatter.write_str("not an array"),
            Self::NoPermit => formatter.write_str("no permit object"),
            Self::NotText => formatter.write_str("not a text"),
            Self::TextTooLong => write!(formatter, "longer than {TEXT_BYTES} bytes"),
            Self::Number(error) => error.fmt(formatter),
            Self::NotATime => formatter.write_str("not a point in time"),
            Self::UnknownTransition => formatter.write_str("no transition and metric of a budget ledger"),
        }
    }
}

/// A member that could not be read, so that the row lacks it.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The member, as a path below the permit, usage row or event.
    pub member: &'static str,
    /// Pointer of the value below the record.
    pub pointer: String,
    /// What is stated, cut after 80 characters.
    pub stated: String,
    /// Where.
    pub place: Place,
}

/// Rows of one record, free of its bytes.
pub(super) struct Reduced {
    pub(super) row: PermitRow<ShortText>,
    pub(super) account: Account<ShortText>,
    pub(super) events: Vec<BudgetEvent<ShortText>>,
    pub(super) faults: Vec<Fault>,
    /// Faults beyond those kept.
    pub(super) faults_dropped: u64,
    /// Whether the record is of a permit; else only its events count.
    pub(super) has_permit: bool,
}

/// Rows of one record while it is read.
pub(super) struct Draft<'a> {
    out: Reduced,
    record: Value<'a>,
}

impl Deref for Draft<'_> {
    type Target = Reduced;
    fn deref(&self) -> &Reduced {
        &self.out
    }
}

impl DerefMut for Draft<'_> {
    fn deref_mut(&mut self) -> &mut Reduced {
        &mut self.out
    }
}

impl<'a> Draft<'a> {
    pub(super) fn new(record: Value<'a>, index: u64) -> Self {
        let span = record.span();
        let place = Place { source: 0, record: index, start: span.start, end: span.end };
        let out = Reduced {
            row: PermitRow { place, ..PermitRow::default() },
            account: Account::default(),
            events: Vec::new(),
            faults: Vec::new(),
            faults_dropped: 0,
            has_permit: false,
        };
        Self { out, record }
    }

    pub(super) fn finish(self) -> Reduced {
        self.out
    }

    /// Reads a record of `records` or a line: a permit record, or an event.
    pub(super) fn read_record(&mut self) {
        let record = self.record;
        if !record.is_object() {
            return self.fault_of_kind(record, "", FaultKind::NotAnObject);
        }
        let (mut permit, mut is_event) = (None, false);
        for member in record.members() {
            let value = member.value;
            match &*member.name() {
                "permit" => permit = Some(value),
                "latest_usage_ledger" => {
                    let usage = row::usage(value, self);
                    self.account.ledger = usage;
                }
                "usage_log" => {
                    let usage = row::usage(value, self);
                    self.account.log = usage;
                }
                "chain_entries" if !value.is_null() => {
                    if !value.is_array() {
                        self.fault_of_kind(value, "chain_entries", FaultKind::NotAnArray);
                    }
                    row::entries(value, self);
                }
                "event_id" | "record_hash" => is_event = true,
                _ => {}
            }
        }
        match permit {
            Some(permit) if permit.is_object() => {
                self.has_permit = true;
                row::permit(permit, self);
                let grade = row::grade(&self.row, &self.account);
                self.row.cost_grade = grade;
            }
            Some(other) => self.fault_of_kind(other, "permit", FaultKind::NotAnObject),
            None if is_event => row::entry(record, self),
            None => self.fault_of_kind(record, "permit", FaultKind::NoPermit),
        }
    }

    /// Reads a chain entry that stands on its own.
    pub(super) fn read_entry(&mut self) {
        row::entry(self.record, self);
    }

    /// Reads an item of `budget_envelopes`; its name goes where a permit's id would.
    pub(super) fn read_envelope(&mut self) {
        let record = self.record;
        let envelope = row::snapshot(record, self);
        self.account.envelope = envelope;
        if let Some(name) = record.member("name") {
            let name = self.text(name, "name");
            self.row.permit = name;
        }
    }

    /// Reads an array of budget events.
    pub(super) fn events(&mut self, events: Value<'_>) {
        if !events.is_array() {
            return self.fault_of_kind(events, "budget_allocation_events", FaultKind::NotAnArray);
        }
        for value in events.items() {
            self.event(value);
        }
    }

    /// Reads one budget event.
    pub(super) fn event(&mut self, value: Value<'_>) {
        if let Some(event) = event::read(value, self) {
            self.events.push(event);
        }
    }

    pub(super) fn place(&self, value: Value<'_>) -> Place {
        let span = value.span();
        Place { start: span.start, end: span.end, ..self.row.place }
    }

    pub(super) fn fault_of_kind(&mut self, value: Value<'_>, member: &'static str, kind: FaultKind) {
        if self.faults.len() >= FAULTS_PER_RECORD {
            self.faults_dropped += 1;
            return;
        }
        let raw = String::from_utf8_lossy(value.raw());
        let mut stated: String = raw.chars().take(80).collect();
        if stated.len() < raw.len() {
            stated.push('…');
        }
        let (pointer, place) = (value.pointer(), self.place(value));
        self.faults.push(Fault { kind, member, pointer, stated, place });
    }

    /// A fault that leaves the figure unreadable.
    pub(super) fn unreadable(
        &mut self,
        value: Value<'_>,
        member: &'static str,
        error: AmountError,
    ) -> Figure {
        self.fault_of_kind(value, member, FaultKind::Number(error));
        Figure::UNREADABLE
    }

    /// A text, or `null`.
    pub(super) fn text(&mut self, value: Value<'_>, member: &'static str) -> ShortText {
        if value.is_null() {
            return ShortText::default();
        }
        match value.text() {
            Some(text) if text.len() <= TEXT_BYTES => ShortText::from(text.as_ref()),
            Some(_) => {
                self.fault_of_kind(value, member, FaultKind::TextTooLong);
                ShortText::default()
            }
            None => {
                self.fault_of_kind(value, member, FaultKind::NotText);
                ShortText::default()
            }
        }
    }

    pub(super) fn key(&mut self, value: Value<'_>, member: &'static str) -> Key {
        match value.text() {
            Some(text) => row::key(&text),
            None if value.is_null() => Key::default(),
            None => {
                self.fault_of_kind(value, member, FaultKind::NotText);
                Key::default()
            }
        }
    }

    /// A JSON integer, or `null`.
    pub(super) fn integer(&mut self, value: Value<'_>, member: &'static str) -> Figure {
        match value.kind() {
            Kind::Null => Figure::ABSENT,
            Kind::Int | Kind::Float => self.parsed(value, member, value.number().unwrap_or_default()),
            _ => self.unreadable(value, member, AmountError::NotAnInteger),
        }
    }

    /// A JSON integer, or the same as text.
    pub(super) fn integer_or_text(&mut self, value: Value<'_>, member: &'static str) -> Figure {
        match value.text() {
            Some(text) => self.parsed(value, member, text.trim()),
            None => self.integer(value, member),
        }
    }

    fn parsed(&mut self, value: Value<'_>, member: &'static str, text: &str) -> Figure {
        match money::parse_integer(text).map(Figure::of) {
            Ok(figure) if !figure.is_unreadable() => figure,
            Ok(_) => self.unreadable(value, member, AmountError::TooLarge),
            Err(error) => self.unreadable(value, member, error),
        }
    }

    /// A point in time in microseconds, or `null`.
    pub(super) fn time(&mut self, value: Value<'_>, member: &'static str) -> Figure {
        if value.is_null() {
            return Figure::ABSENT;
        }
        let figure = value.text().map_or(Figure::UNREADABLE, |text| row::instant(&text));
        if figure.is_unreadable() {
            self.fault_of_kind(value, member, FaultKind::NotATime);
        }
        figure
    }
}
