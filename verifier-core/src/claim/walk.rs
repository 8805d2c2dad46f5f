//! `governance_chain.local_continuity.v1`: the chain walk over what an export discloses (spec 04 sections 3, 4).
//!
//! The walk runs whenever the evidence carries chain entries, and nothing in the evidence turns it off. Which
//! array counts follows from the document: the records of a governance-events export and JSON lines are entries
//! themselves; an audit export bundle has top-level `chain_entries` or, where those are absent, the
//! `chain_entries` of each record.
//!
//! A supported verdict does not establish that the chain is complete before its first or after its last entry, that
//! payloads are unaltered, or that the chain is the only one the issuer keeps.

use crate::archive::Entry;
use crate::bytes::{LimitExceeded, Limits};
use crate::chain::{EntryRow, Problem, ProblemKind, Source, StructureFault, Walk};
use crate::claim::export::Export;
use crate::claim::{name, scope};
use crate::evidence::Fields;
use crate::evidence::stream::{self, Decoded, Item, Origin, Settings, Visitor};
use crate::finding::{Code, Effect, Finding, Location, Verdict, catalog};
use crate::json::{Kind, Value};
use crate::report::{ReportBuilder, Requested, Subject};
use crate::trust::{Check, TrustPolicy};

const CLAIM: &str = name::LOCAL_CONTINUITY;
const TITLE: &str = "record hashes, links and order of chain entries";

/// One walk and what it noticed.
struct Track {
    walk: Walk,
    noticed: Vec<(Option<String>, Problem)>,
    /// Problems beyond those kept.
    dropped: u64,
    kept_per_kind: usize,
    overflow: Option<LimitExceeded>,
    /// The first structural fault of the arrays, with how many there are.
    structure: Option<(String, u64)>,
}

impl Track {
    fn new(limits: &Limits, keeps: bool) -> Self {
        let walk = Walk::new(limits.chain_runs);
        Self {
            walk: if keeps { walk.keeping() } else { walk },
            noticed: Vec::new(),
            dropped: 0,
            kept_per_kind: usize::try_from(limits.findings_per_code).unwrap_or(100),
            overflow: None,
            structure: None,
        }
    }

    fn entry(&mut self, row: &EntryRow, pointer: impl Fn() -> String) {
        let Self { walk, noticed, dropped, kept_per_kind, overflow, .. } = self;
        if overflow.is_some() {
            return;
        }
        let mut notice = |problem: Problem| {
            let known = noticed.iter().filter(|(_, other)| other.kind == problem.kind).count();
            if known < *kept_per_kind {
                let place = (problem.span == row.span).then(&pointer);
                noticed.push((place, problem));
            } else {
                *dropped += 1;
            }
        };
        if let Err(limit) = walk.entry(row, &mut notice) {
            *overflow = Some(limit);
        }
    }

    fn fault(&mut self, message: impl FnOnce() -> String) {
        match &mut self.structure {
            Some((_, count)) => *count += 1,
            None => self.structure = Some((message(), 1)),
        }
    }
}

/// The entries of a payload under each reading of its arrays.
pub(crate) struct ChainRows {
    records: Track,
    /// Records that are no events at all, with the first one's position.
    other_records: Option<(u64, u64)>,
    not_objects: Option<u64>,
    top: Track,
    nested: Track,
    first_project: Option<Box<str>>,
}

impl ChainRows {
    pub(crate) fn new(limits: &Limits, keeps: bool) -> Self {
        Self {
            records: Track::new(limits, keeps),
            other_records: None,
            not_objects: None,
            top: Track::new(limits, keeps),
            nested: Track::new(limits, keeps),
            first_project: None,
        }
    }

    pub(crate) fn record(
        &mut self,
        index: u64,
        is_object: bool,
        project: Option<Box<str>>,
        entry: Option<&EntryRow>,
    ) {
        if self.first_project.is_none() {
            self.first_project = project;
        }
        match entry {
            Some(row) => self.records.entry(row, || format!("/records/{index}")),
            None if is_object => {
                let (first, count) = self.other_records.unwrap_or((index, 0));
                self.other_records = Some((first, count + 1));
            }
            None => {
                self.not_objects.get_or_insert(index);
                self.nested.fault(|| format!("records[{index}] must be an object"));
            }
        }
    }

    pub(crate) fn top_entry(&mut self, index: u64, entry: Option<&EntryRow>) {
        match entry {
            Some(row) => self.top.entry(row, || format!("/chain_entries/{index}")),
            None => self.top.fault(|| format!("chain_entries[{index}] must be an object")),
        }
    }

    pub(crate) fn nested_missing(&mut self, record: u64) {
        self.nested.fault(|| format!("records[{record}].chain_entries missing"));
    }

    pub(crate) fn nested_not_a_list(&mut self, record: u64) {
        self.nested.fault(|| format!("records[{record}].chain_entries must be a list"));
    }

    pub(crate) fn nested_not_an_object(&mut self, record: u64, position: u64) {
        self.nested.fault(|| format!("records[{record}].chain_entries[{position}] must be an object"));
    }

    /// An entry that is about another permit than its record.
    pub(crate) fn foreign(&mut self, record: u64, position: usize, named: &str, span: (u64, u64)) {
        let message = format!(
            "records[{record}].chain_entries[{position}] is about permit_id={named}, not about the record's permit"
        );
        let problem = Problem { kind: ProblemKind::Foreign, message, facts: Vec::new(), span };
        if self.nested.noticed.len() < self.nested.kept_per_kind {
            self.nested.noticed.push((Some(format!("/records/{record}/chain_entries/{position}")), problem));
        } else {
            self.nested.dropped += 1;
        }
    }

    pub(crate) fn start_nested(&mut self, _record: u64) {
        self.nested.walk.start_array();
    }

    pub(crate) fn nested_entry(&mut self, record: u64, position: u64, row: &EntryRow) {
        self.nested.entry(row, || format!("/records/{record}/chain_entries/{position}"));
    }

    fn is_empty(&self) -> bool {
        self.records.walk.is_empty() && self.top.walk.is_empty() && self.nested.walk.is_empty()
    }
}

/// How the payload is read.
enum Reading {
    /// Records are the entries.
    Governance { project: Option<String> },
    /// Entries stand in arrays of their own.
    Bundle,
    /// A bundle that by its version has no entries.
    BundleWithoutEntries,
    /// The payload cannot be walked; the text is the reference's reason.
    Unfit(&'static str),
    /// The payload is not JSON.
    NotJson,
}

fn reading(export: &Export<'_>, rows: &ChainRows) -> Reading {
    let fields = match &export.streamed.decoded {
        Decoded::Object(fields) => fields,
        Decoded::Lines(_) => {
            return Reading::Governance { project: rows.first_project.as_deref().map(str::to_owned) };
        }
        Decoded::OtherJson => return Reading::Unfit("bundle must be a JSON object"),
        Decoded::Malformed(_) | Decoded::Undecodable(_) | Decoded::OverLimit(_) | Decoded::Opaque => {
            return Reading::NotJson;
        }
    };
    if fields.member("schema").is_some_and(|schema| schema.is_text("keel.governance_events/v1")) {
        let project = fields.text("project_id").map(std::borrow::Cow::into_owned);
        return match fields.member("records") {
            Some(_) => Reading::Unfit("records must be a list"),
            None => Reading::Governance { project },
        };
    }
    let is_bundle = fields
        .member("bundle_type")
        .is_some_and(|kind| kind.is_text("audit_export_bundle") || kind.is_text("permit_audit_bundle"));
    if !is_bundle {
        return Reading::Unfit("bundle_type must be 'audit_export_bundle'");
    }
    match fields.member("schema_version").map(|version| (version.kind(), version.as_i64())) {
        Some((Kind::Int, Some(1))) => Reading::BundleWithoutEntries,
        Some((Kind::Int, Some(2))) => match fields.member("include_chain_entries").and_then(Value::as_bool) {
            Some(true) => Reading::Bundle,
            _ => Reading::Unfit("schema_version=2 requires include_chain_entries=true"),
        },
        _ => Reading::Unfit("schema_version must be 1 or 2"),
    }
}

/// Judges the walk.
pub(crate) fn check(export: &Export<'_>, mut rows: ChainRows, out: &mut ReportBuilder) {
    let requested = export.requested(CLAIM, export.policy.walk == Check::Required);
    let required = requested != Requested::Automatic;
    let reading = reading(export, &rows);
    if !required && rows.is_empty() {
        out.skipped("chain.walk", TITLE, "the evidence carries no chain entries");
        return;
    }
    out.claim(CLAIM, requested);
    out.evidence(CLAIM, &["export.chain_entries", "export.records.chain_entries"]);
    if required && !export.semantics.has("keel.governance_chain.record_hash.v1") {
        let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
        let message = "the pack does not pin the record hash that its entries use";
        return fail(&catalog::walk::WALK_UNKNOWN_CHAIN_FORMAT, effect, message, out);
    }
    match reading {
        Reading::NotJson => {
            let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
            fail(&catalog::export::EXPORT_STRUCTURE_INVALID, effect, "export is not JSON", out);
        }
        Reading::Unfit(reason) => {
            fail(
                &catalog::walk::VERIFICATION_FAILED,
                Effect::Fails { verdict: Verdict::Disproved },
                reason,
                out,
            );
        }
        Reading::BundleWithoutEntries if rows.is_empty() => {
            let message = "bundle has no chain entries (schema_version=1)";
            let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
            fail(&catalog::walk::WALK_NO_CHAIN_ENTRIES, effect, message, out);
        }
        Reading::BundleWithoutEntries => {
            let message = "a bundle of schema_version=1 must not carry chain entries, and this one does";
            fail(
                &catalog::walk::VERIFICATION_FAILED,
                Effect::Fails { verdict: Verdict::Disproved },
                message,
                out,
            );
        }
        Reading::Governance { project } => {
            if let Some(index) = rows.not_objects {
                rows.records.fault(|| format!("records[{index}] must be an object"));
            }
            let strangers = rows.other_records.filter(|_| required);
            judge(export, rows.records, strangers, true, project.as_deref(), out);
        }
        Reading::Bundle => {
            let fields = export.fields();
            let top = fields.is_some_and(|fields| fields.count("chain_entries").is_some());
            let track = if top {
                shadowed(export, rows.nested, out);
                rows.top
            } else {
                if fields.is_some_and(|fields| {
                    fields.member("chain_entries").is_some_and(|value| !value.is_null())
                }) {
                    rows.nested.structure = Some(("chain_entries must be a list".to_owned(), 1));
                } else if fields.is_none_or(|fields| fields.count("records").is_none()) {
                    rows.nested.structure = Some(("records must be a list".to_owned(), 1));
                }
                rows.nested
            };
            judge(export, track, None, false, None, out);
        }
    }
}

fn fail(code: &'static Code, effect: Effect, message: &str, out: &mut ReportBuilder) {
    out.skipped("chain.walk", TITLE, message);
    out.unsupported(CLAIM, subject(), Finding::new(code, effect, message));
}

fn subject() -> Subject {
    Subject::new("governance_chain", "chain_entries")
        .evidence(&["export.chain_entries", "export.records.chain_entries"])
}

fn judge(
    export: &Export<'_>,
    track: Track,
    strangers: Option<(u64, u64)>,
    governance: bool,
    project: Option<&str>,
    out: &mut ReportBuilder,
) {
    let Track { mut walk, mut noticed, dropped, kept_per_kind, overflow, structure } = track;
    let scope = project.map(|project| format!("project:{project}"));
    let mut findings = Vec::new();
    if governance {
        bridges(export, &mut walk, &mut noticed, &mut findings);
    }
    let mut dropped = dropped;
    let (totals, chains) = walk.finish_keeping(scope.as_deref(), &mut |problem| {
        let known = noticed.iter().filter(|(_, other)| other.kind == problem.kind).count();
        if known < kept_per_kind {
            noticed.push((None, problem));
        } else {
            dropped += 1;
        }
    });
    out.chains = chains;
    out.ran(
        "chain.walk",
        TITLE,
        &[
            ("chains", totals.scopes),
            ("entries", totals.entries),
            ("bridge entries", totals.bridges),
            ("record hashes", totals.hashes),
            ("links", totals.links),
        ],
    );
    if let Some((message, count)) = structure {
        let message = if count > 1 { format!("{message} (and {} more)", count - 1) } else { message };
        findings.push(Finding::disproves(&catalog::walk::VERIFICATION_FAILED, message));
    }
    if let Some((first, count)) = strangers {
        let message = format!(
            "event_id=<unknown> could not recompute hash: records[{first}] is no governance event ({count} such records)"
        );
        findings.push(Finding::disproves(&catalog::walk::WALK_RECORD_HASH_MISMATCH, message));
    }
    if let Some(limit) = overflow {
        findings.push(Finding::new(
            &catalog::input::INPUT_LIMIT_EXCEEDED,
            Effect::Unreadable,
            format!("chain walk: {limit}"),
        ));
    }
    findings.extend(noticed.into_iter().map(|(pointer, problem)| {
        let place = export.place(pointer, problem.span);
        finding(problem).at(place)
    }));
    if dropped > 0 {
        let message = format!("{dropped} further findings of the same kinds were counted and not kept");
        findings.push(Finding::notes(&catalog::walk::WALK_RECORD_HASH_MISMATCH, message));
    }
    conclude(findings, totals.entries, totals.bridges, out);
}

/// The first failing finding becomes the reason of the claim's only subject.
fn conclude(findings: Vec<Finding>, entries: u64, bridges: u64, out: &mut ReportBuilder) {
    let mut decided = false;
    for finding in findings {
        let fails = matches!(finding.effect, Effect::Fails { .. } | Effect::Unreadable);
        if fails && !decided {
            decided = true;
            out.unsupported(CLAIM, subject(), finding);
        } else {
            out.finding(finding.on(CLAIM));
        }
    }
    if decided {
        return;
    }
    if entries == bridges {
        let message = "walk-events found zero evaluable chain entries";
        out.unsupported(
            CLAIM,
            subject(),
            Finding::lacks(&catalog::walk::WALK_NO_EVALUABLE_SUBJECTS, message),
        );
        return;
    }
    let message = if bridges == 0 {
        "governance chain local continuity verified".to_owned()
    } else {
        format!(
            "governance chain local continuity verified across {} disclosed record(s) and {bridges} proof-bridge entries carrying selector metadata only",
            entries - bridges
        )
    };
    out.supported(CLAIM, subject(), &catalog::walk::WALK_EVENTS_SUPPORTED, message);
}

fn finding(problem: Problem) -> Finding {
    use catalog::walk;
    let (code, effect): (&'static Code, Effect) = match problem.kind {
        ProblemKind::UnknownFormat => {
            (&walk::WALK_UNKNOWN_CHAIN_FORMAT, Effect::Fails { verdict: Verdict::UnverifiableScope })
        }
        ProblemKind::SequenceType | ProblemKind::Descending | ProblemKind::Repeated => {
            (&walk::WALK_SEQUENCE_INVERSION, Effect::Fails { verdict: Verdict::Disproved })
        }
        ProblemKind::BelowOne => {
            (&walk::CHAIN_SEQUENCE_INVALID, Effect::Fails { verdict: Verdict::Disproved })
        }
        ProblemKind::Unhashable | ProblemKind::HashMismatch => {
            (&walk::WALK_RECORD_HASH_MISMATCH, Effect::Fails { verdict: Verdict::Disproved })
        }
        ProblemKind::Discontinuity => {
            (&walk::WALK_PREV_HASH_DISCONTINUITY, Effect::Fails { verdict: Verdict::Disproved })
        }
        ProblemKind::Foreign => {
            (&walk::CHAIN_ENTRY_FOREIGN, Effect::Fails { verdict: Verdict::InsufficientEvidence })
        }
        ProblemKind::RepeatedId => {
            (&walk::CHAIN_EVENT_ID_REPEATED, Effect::Fails { verdict: Verdict::InsufficientEvidence })
        }
        ProblemKind::LinkedGap => (&walk::CHAIN_SEQUENCE_GAP, Effect::Fails { verdict: Verdict::Disproved }),
        ProblemKind::Structure(fault) => {
            let code = match fault {
                StructureFault::Scope => &walk::CHAIN_SCOPE_INVALID,
                StructureFault::Separator(_) => &walk::CHAIN_FIELD_SEPARATOR,
                StructureFault::ControlCharacter(_) => &walk::CHAIN_FIELD_CONTROL_CHARACTER,
                StructureFault::Offset => &walk::CHAIN_TIMESTAMP_OFFSET_DROPPED,
            };
            (code, Effect::Fails { verdict: Verdict::InsufficientEvidence })
        }
        ProblemKind::Genesis => (&walk::CHAIN_GENESIS_NOT_ANCHORED, Effect::Notes),
        ProblemKind::WindowEdge => (&walk::CHAIN_WINDOW_EDGE, Effect::Notes),
    };
    let mut finding = Finding::new(code, effect, problem.message);
    for (label, value) in problem.facts {
        finding = finding.fact(label, value);
    }
    finding
}

/// Record-level entries beside top-level ones: the reference does not look at them, but a reader is shown them. They
/// need not be continuous; what contradicts itself fails.
fn shadowed(export: &Export<'_>, track: Track, out: &mut ReportBuilder) {
    for (pointer, problem) in track.noticed {
        let contradicts = matches!(
            problem.kind,
            ProblemKind::HashMismatch
                | ProblemKind::Unhashable
                | ProblemKind::Structure(_)
                | ProblemKind::Foreign
        );
        if contradicts {
            let place = export.place(pointer, problem.span);
            out.finding(finding(problem).at(place).on(CLAIM));
        }
    }
}

/// Judges the entries of an excerpt, which need not be continuous: what their own hashes and the links between neighbours
/// contradict.
pub(crate) fn check_excerpt(export: &Export<'_>, rows: ChainRows, out: &mut ReportBuilder) {
    const CLAIM: &str = name::EXCERPT_ENTRIES;
    let is_top = export.fields().is_some_and(|fields| fields.count("chain_entries").is_some());
    out.claim(CLAIM, Requested::Evidence);
    let subject = || Subject::new("chain_entries", "excerpt");
    let tracks = if is_top { vec![rows.top, rows.nested] } else { vec![rows.nested] };
    let (mut entries, mut links, mut failed) = (0, 0, false);
    for (at, track) in tracks.into_iter().enumerate() {
        let Track { walk, mut noticed, dropped, overflow, structure, .. } = track;
        let totals = walk.finish(None, &mut |problem| {
            // A gap is what an excerpt is made of; that it is linked over is a contradiction all the same.
            if matches!(problem.kind, ProblemKind::LinkedGap | ProblemKind::Genesis) {
                noticed.push((None, problem));
            }
        });
        entries += totals.entries;
        links += totals.links;
        let mut findings: Vec<Finding> = noticed
            .into_iter()
            .map(|(pointer, problem)| {
                let place = export.place(pointer, problem.span);
                finding(problem).at(place)
            })
            .collect();
        if let Some((message, _)) = structure.filter(|_| at == 0 || !is_top) {
            findings.push(Finding::disproves(&catalog::walk::VERIFICATION_FAILED, message));
        }
        if let Some(limit) = overflow {
            let message = format!("chain entries: {limit}");
            findings.push(Finding::new(&catalog::input::INPUT_LIMIT_EXCEEDED, Effect::Unreadable, message));
        }
        if dropped > 0 {
            let message = format!("{dropped} further findings of the same kinds were counted and not kept");
            findings.push(Finding::notes(&catalog::walk::WALK_RECORD_HASH_MISMATCH, message));
        }
        for finding in findings {
            if matches!(finding.effect, Effect::Fails { .. } | Effect::Unreadable) && !failed {
                failed = true;
                out.unsupported(CLAIM, subject(), finding);
            } else {
                out.finding(finding.on(CLAIM));
            }
        }
    }
    out.ran(
        "excerpt.entries",
        "record hashes and links of neighbours",
        &[("entries", entries), ("links", links)],
    );
    if failed {
        return;
    }
    if entries == 0 {
        let finding =
            Finding::lacks(&catalog::walk::WALK_NO_EVALUABLE_SUBJECTS, "the excerpt has no chain entries");
        return out.unsupported(CLAIM, subject(), finding);
    }
    let message = format!("{entries} entries have the record hashes that they state, {links} links hold");
    out.supported(CLAIM, subject(), &catalog::excerpt::EXCERPT_ENTRIES_SUPPORTED, message);
}

/// Takes the entries that stand for what the export's filter left out (spec 04 section 4).
fn bridges(
    export: &Export<'_>,
    walk: &mut Walk,
    noticed: &mut Vec<(Option<String>, Problem)>,
    findings: &mut Vec<Finding>,
) {
    let Some(block) = export.fields().and_then(|fields| fields.member("scope_faithfulness")) else { return };
    let entries = match scope::bridge_rows(block) {
        Ok(entries) => entries,
        Err(error) => {
            findings.push(
                Finding::disproves(&catalog::walk::VERIFICATION_FAILED, error.message)
                    .at(Location::file(export.payload_label()).pointing(error.pointer)),
            );
            return;
        }
    };
    let mut array = None;
    for entry in entries {
        let pointer = entry.pointer;
        let array_of = |pointer: &str| pointer.rsplit_once('/').map(|(array, _)| array.to_owned());
        if array_of(&pointer) != array {
            array = array_of(&pointer);
            walk.start_array();
        }
        let taken = walk.bridge(&entry.row, &mut |problem| noticed.push((Some(pointer.clone()), problem)));
        if let Err(limit) = taken {
            let message = format!("proof bridges: {limit}");
            findings.push(Finding::new(&catalog::input::INPUT_LIMIT_EXCEEDED, Effect::Unreadable, message));
            return;
        }
    }
}

/// Reads the governance events of an incident bundle.
///
/// The chain may begin and end anywhere; within the bundle it must be continuous.
pub(crate) fn check_incident_events(entry: &Entry, policy: &TrustPolicy, out: &mut ReportBuilder) {
    let title = "governance events of the incident";
    let settings = Settings { limits: &policy.limits, workers: policy.workers, arrays: &[], predict: false };
    let mut track = Track::new(&policy.limits, false);
    let mut index = 0u64;
    let mut collect = |_: Origin, rows: &mut Vec<Option<EntryRow>>| {
        for row in rows {
            if let Some(row) = row {
                track.entry(row, || format!("/{index}"));
            }
            index += 1;
        }
    };
    let result = entry.open().map_err(|error| error.to_string()).and_then(|source| {
        stream::run(source, settings, &EventVisitor, &mut collect, &|_| true)
            .map_err(|error| error.to_string())
    });
    if let Err(error) = result {
        out.skipped("incident.events", title, error);
        return;
    }
    let totals = {
        let Track { walk, noticed, .. } = &mut track;
        std::mem::replace(walk, Walk::new(1)).finish(None, &mut |problem| noticed.push((None, problem)))
    };
    out.ran("incident.events", title, &[("entries", totals.entries), ("record hashes", totals.hashes)]);
    for (pointer, problem) in track.noticed {
        let contradicts = !matches!(problem.kind, ProblemKind::Genesis | ProblemKind::WindowEdge);
        let span = problem.span;
        let mut finding = finding(problem);
        if !contradicts {
            finding.effect = Effect::Notes;
        }
        out.finding(finding.at(Location {
            file: entry.name().to_owned(),
            pointer,
            bytes: Some(span.0..span.1),
        }));
    }
}

/// Reduces the lines that are chain entries.
struct EventVisitor;

impl Visitor for EventVisitor {
    type Row = Option<EntryRow>;

    fn visit(&self, item: Item<'_>) -> Option<EntryRow> {
        let is_entry = ["record_hash", "prev_hash"].iter().all(|name| item.value.member(name).is_some());
        is_entry.then(|| EntryRow::read(item.value, Source::Record))
    }
}
