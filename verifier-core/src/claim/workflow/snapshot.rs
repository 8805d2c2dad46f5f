//! The workflow state that permits record (spec 06 section 7, our rule 3).
//!
//! [`snapshot_row`] reduces one record, on any thread; [`check_snapshots`] compares the rows with the
//! history. A permit is decided against the amendments made strictly before it.
//!
//! Not proven: that the count of calls in a permit is true; only that it is within the limit in force.

use std::ops::Range;

use super::{EffectiveIntent, Failures, History, PERMIT_SNAPSHOT, unnamed};
use crate::finding::catalog::input::INPUT_STRUCTURE_INVALID;
use crate::finding::catalog::workflow::{
    WORKFLOW_CALL_LIMIT_EXCEEDED, WORKFLOW_CALL_LIMIT_MISSTATED, WORKFLOW_EFFECTIVE_INTENT_HASH_MISMATCH,
    WORKFLOW_EVIDENCE_SCHEMA_INVALID, WORKFLOW_HISTORY_MISSING, WORKFLOW_PERMIT_SNAPSHOT_SUPPORTED,
};
use crate::finding::{Code, Finding, Location};
use crate::format::workflow::{bare_hash, whole};
use crate::json::{Kind, Value};
use crate::report::{ReportBuilder, Requested, Subject};
use crate::time::Timestamp;

/// Decisions after which nothing runs, so that the count of calls may stand above the limit.
const NOT_RUN: [&str; 10] = [
    "deny",
    "denied",
    "reject",
    "rejected",
    "block",
    "blocked",
    "throttle",
    "throttled",
    "challenge",
    "challenged",
];

/// The workflow state of one record.
#[derive(Clone, Debug)]
pub struct SnapshotRow {
    index: u64,
    bytes: Range<u64>,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// The record is not an object.
    NotAnObject,
    /// No declaration is named, and the state says that none was found.
    Inactive,
    Snapshot(Box<Snapshot>),
}

#[derive(Clone, Debug)]
struct Snapshot {
    declaration_id: Option<Box<str>>,
    decided_at: Option<Timestamp>,
    hash: Option<Box<str>>,
    version: Stated,
    actual_calls: Stated,
    max_calls: Stated,
    runs: bool,
}

/// A stated count.
#[derive(Clone, Debug)]
enum Stated {
    Absent,
    Count(u128),
    /// A value of another type, by its text.
    Other(Box<str>),
    /// A boolean, which the reference takes for a number.
    Boolean,
}

/// Where rows come from.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotPlace<'a> {
    /// Begins messages: `WORKFLOW-EVIDENCE` or `INCIDENT-BUNDLE`.
    pub label: &'a str,
    /// The file.
    pub file: &'a str,
    /// Pointer to the array of records; `None` for JSON lines.
    pub pointer: Option<&'a str>,
}

/// Reduces a record; `None` when it carries no workflow state.
#[must_use]
pub fn snapshot_row(record: Value<'_>, index: u64) -> Option<SnapshotRow> {
    let row = |state| Some(SnapshotRow { index, bytes: record.span(), state });
    if !record.is_object() {
        return row(State::NotAnObject);
    }
    let permit = record.member("permit").and_then(Value::as_object);
    let sources = || std::iter::once(record).chain(permit);
    let state = sources().find_map(|source| {
        ["workflow_state_json", "workflow_state"]
            .into_iter()
            .find_map(|name| source.member(name).and_then(Value::as_object))
    })?;
    let named =
        state.present("workflow_declaration_id").or_else(|| record.present("workflow_declaration_id"));
    let declaration_id = named.and_then(Value::non_blank_text).map(|id| id.trim().into());
    if declaration_id.is_none()
        && state.member("admission_state").is_some_and(|text| text.is_text("unknown_or_inactive"))
    {
        return row(State::Inactive);
    }
    let decided_at = sources().find_map(|source| {
        ["created_at", "timestamp", "permit_created_at"]
            .into_iter()
            .find_map(|name| Timestamp::parse(&source.member_text(name)?))
    });
    let runs = !sources().any(|source| {
        source
            .member_text("decision")
            .is_some_and(|decision| NOT_RUN.iter().any(|word| word.eq_ignore_ascii_case(decision.trim())))
    });
    let hash = state.member("effective_intent_hash").and_then(Value::text);
    row(State::Snapshot(Box::new(Snapshot {
        declaration_id,
        decided_at,
        hash: hash.map(|hash| bare_hash(&hash).into()),
        version: Stated::read(state, "declaration_version_at_decision"),
        actual_calls: Stated::read(state, "actual_calls_at_decision"),
        max_calls: Stated::read(state, "max_calls_at_decision"),
        runs,
    })))
}

impl Stated {
    fn read(state: Value<'_>, name: &str) -> Self {
        let Some(value) = state.present(name) else { return Self::Absent };
        if value.kind() == Kind::Bool {
            return Self::Boolean;
        }
        match whole(value).or_else(|| whole_float(value)) {
            Some(count) => Self::Count(count),
            None => Self::Other(String::from_utf8_lossy(value.raw()).chars().take(40).collect()),
        }
    }
}

impl std::fmt::Display for Stated {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => formatter.write_str("None"),
            Self::Count(count) => write!(formatter, "{count}"),
            Self::Other(text) => formatter.write_str(text),
            Self::Boolean => formatter.write_str("a boolean"),
        }
    }
}

/// A float token that is a whole number within the exact range of doubles.
fn whole_float(value: Value<'_>) -> Option<u128> {
    let number: f64 = value.number()?.parse().ok()?;
    if number.fract() != 0.0 || !(0.0..=9_007_199_254_740_992.0).contains(&number) {
        return None;
    }
    format!("{number:.0}").parse().ok()
}

/// Compares recorded workflow states with the history.
pub fn check_snapshots(
    rows: impl IntoIterator<Item = SnapshotRow>,
    history: &History,
    place: &SnapshotPlace<'_>,
    out: &mut ReportBuilder,
) {
    let mut check = Check { history, place, failures: Failures::default(), out };
    let (mut judged, mut inactive) = (0u64, 0u64);
    for row in rows {
        match &row.state {
            State::NotAnObject => {
                let text = check.says(&row, "must be an object");
                let finding =
                    Finding::lacks(&WORKFLOW_EVIDENCE_SCHEMA_INVALID, text).at(place.location(&row));
                check.failures.push(check.out, super::EFFECTIVE_INTENT_HASH, unnamed(), finding);
            }
            State::Inactive => inactive += 1,
            State::Snapshot(snapshot) => {
                judged += 1;
                check.snapshot(&row, snapshot);
            }
        }
    }
    let failures = check.failures;
    out.ran(
        "workflow_snapshots",
        "Workflow state recorded in permits",
        &[("snapshots", judged), ("without_declaration", inactive)],
    );
    if judged > 0 && failures.none() {
        out.claim(PERMIT_SNAPSHOT, Requested::Evidence);
        let subject = Subject::new("permit_workflow_snapshot", "workflow_state_json")
            .evidence(&["export.records.workflow_state_json"]);
        let text = format!("{judged} permit workflow snapshot(s) verified");
        out.supported(PERMIT_SNAPSHOT, subject, &WORKFLOW_PERMIT_SNAPSHOT_SUPPORTED, text);
    }
}

/// Says that recorded workflow states were not compared, because there is nothing to compare them with.
pub fn note_missing_history(
    rows: impl IntoIterator<Item = SnapshotRow>,
    place: &SnapshotPlace<'_>,
    out: &mut ReportBuilder,
) {
    let mut rows = rows.into_iter().filter(|row| matches!(row.state, State::Snapshot(_)));
    let Some(first) = rows.next() else { return };
    let count = rows.count().saturating_add(1);
    let text = format!("{count} permit(s) record a workflow state, and no workflow evidence covers them");
    out.finding(Finding::notes(&WORKFLOW_HISTORY_MISSING, text).at(place.location(&first)));
    out.skipped("workflow_snapshots", "Workflow state recorded in permits", "no verified workflow evidence");
}

impl SnapshotPlace<'_> {
    fn location(&self, row: &SnapshotRow) -> Location {
        Location {
            file: self.file.to_owned(),
            pointer: self.pointer.map(|pointer| format!("{pointer}/{}", row.index)),
            bytes: Some(row.bytes.clone()),
        }
    }
}

struct Check<'c> {
    history: &'c History,
    place: &'c SnapshotPlace<'c>,
    failures: Failures,
    out: &'c mut ReportBuilder,
}

impl Check<'_> {
    fn snapshot(&mut self, row: &SnapshotRow, snapshot: &Snapshot) {
        let mismatch = &WORKFLOW_EFFECTIVE_INTENT_HASH_MISMATCH;
        let Some(id) = snapshot.declaration_id.as_deref() else {
            return self.fails(row, mismatch, "missing workflow_declaration_id");
        };
        let of = format!("workflow_declaration_id={id}");
        if self.history.effective(id, None).is_none() {
            return self.fails(row, mismatch, format!("{of} missing declaration"));
        }
        let Some(decided_at) = &snapshot.decided_at else {
            return self.fails(row, mismatch, "missing permit created_at");
        };
        let Some(terms) = self.history.effective(id, Some(decided_at)).cloned() else { return };
        let stated = snapshot.hash.as_deref().unwrap_or("None");
        for hash in terms.hashes().filter(|hash| **hash != stated) {
            self.fails(row, mismatch, format!("{of} expected={hash} actual={stated}"));
        }
        match &snapshot.version {
            Stated::Count(version) if *version == u128::from(terms.version) => {}
            Stated::Boolean if terms.version == 1 => {
                self.fails(row, &INPUT_STRUCTURE_INVALID, "declaration_version_at_decision is a boolean");
            }
            stated => {
                let text = format!("{of} expected_version={} actual={stated}", terms.version);
                self.fails(row, mismatch, text);
            }
        }
        self.calls(row, snapshot, &of, &terms);
    }

    fn calls(&mut self, row: &SnapshotRow, snapshot: &Snapshot, of: &str, terms: &EffectiveIntent) {
        match (&snapshot.actual_calls, terms.calls.max) {
            (Stated::Count(actual), Some(max)) if *actual > max && snapshot.runs => {
                let text = format!("{of} actual_calls_at_decision={actual} exceeds max_calls={max}");
                self.fails(row, &WORKFLOW_CALL_LIMIT_EXCEEDED, text);
            }
            (Stated::Other(_) | Stated::Boolean, _) => {
                self.fails(row, &INPUT_STRUCTURE_INVALID, "actual_calls_at_decision is not a count");
            }
            _ => {}
        }
        match &snapshot.max_calls {
            // Where no limit was declared, the expected number may have stood in for it.
            Stated::Count(stated) if Some(*stated) != terms.calls.max.or(terms.calls.expected) => {
                let in_force =
                    terms.calls.max.map_or_else(|| "no limit".to_owned(), |count| count.to_string());
                let text = format!("{of} max_calls_at_decision={stated} but {in_force} was in force");
                self.fails(row, &WORKFLOW_CALL_LIMIT_MISSTATED, text);
            }
            Stated::Other(_) | Stated::Boolean => {
                self.fails(row, &INPUT_STRUCTURE_INVALID, "max_calls_at_decision is not a count");
            }
            _ => {}
        }
    }

    fn says(&self, row: &SnapshotRow, what: impl std::fmt::Display) -> String {
        format!("{} permit_records[{}] {what}", self.place.label, row.index)
    }

    fn fails(&mut self, row: &SnapshotRow, code: &'static Code, what: impl std::fmt::Display) {
        let finding = Finding::disproves(code, self.says(row, what)).at(self.place.location(row));
        let subject = Subject::new("permit_workflow_snapshot", row.index.to_string());
        self.failures.push(self.out, PERMIT_SNAPSHOT, subject, finding);
    }
}
