//! Decision before execution: was each permit decided before its request left, and between which outside times?
//!
//! | claim | supported when |
//! | --- | --- |
//! | `permit.decided_before_dispatch.v1` | hash links lead from the decision of every dispatched permit to its dispatch |
//! | `permit.decision_interval.v1` | something outside the operator existed after every decision, and before every dispatch |
//!
//! Two kinds of time fix a chain from outside. A timestamp or a witnessed tree head over an entry says that the entry
//! existed **by** then. An outside time that was itself bound into the chain (event `anchor.observed`, whose
//! `resource_id` is the digest of a cosigned tree head, and which the record hash covers) says that everything linked
//! behind it was made **since** then. A checkpoint taken before a dispatch is no such thing: nobody could see an entry
//! that was kept back, so it is no lower bound here.
//!
//! Every contradiction fails the run, whether anybody asked for the claims or not. Not established: that nothing was
//! sent before the recorded dispatch, and that no call was made without a permit.

mod bounds;
mod chain;
mod fold;
mod judge;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::archive::Entry;
use crate::claim::export::{Export, STREAMED};
use crate::claim::tlog::LogOrder;
use crate::claim::{checkpoint, name, scope, tlog};
use crate::evidence::stream::{self, Origin, Settings};
use crate::evidence::{Fields, Part};
use crate::finding::catalog::{decided as code, input};
use crate::finding::{Code, Effect, Finding, Location, Verdict};
use crate::report::{ReportBuilder, Requested, Subject};

use bounds::{Bounds, Contradicted, Taken};
use chain::{Chains, Place};
use fold::{Event, Permits};
use rows::{Detail, Row, Rows, Step};

/// Decisions stand before dispatches.
pub const ORDER: &str = "permit.decided_before_dispatch.v1";
/// Both are fixed in time from outside.
pub const INTERVAL: &str = "permit.decision_interval.v1";

const STEP: &str = "permit.decided_before_dispatch";
const TITLE: &str = "decision before execution";

/// Entries that bind an outside time; more are not looked at, which only loosens bounds.
const OBSERVED: usize = 10_000;

/// Whether an event of this type records the decision of a permit.
pub(crate) fn is_decision(event_type: &str) -> bool {
    Step::of(event_type) == Some(Step::Decided)
}

/// Judges both claims.
pub(crate) fn check(
    export: &Export<'_>,
    has_decisions: bool,
    log: Option<&LogOrder>,
    out: &mut ReportBuilder,
) {
    let is_asked = [ORDER, INTERVAL].iter().any(|claim| export.policy.require.contains(*claim));
    if !has_decisions && !is_asked {
        return out.skipped(STEP, TITLE, "the evidence carries no decision events");
    }
    let anchors = anchors(export, out);
    let read = match Read::run(export, log, &anchors) {
        Ok(read) => read,
        Err(why) => {
            out.skipped(STEP, TITLE, why.clone());
            let finding = Finding::new(&input::INPUT_UNREADABLE, Effect::Unreadable, why);
            return out.finding(finding.at(Location::file(export.payload_label())));
        }
    };
    let Read { chains, permits, hashes, observed } = read;
    let mut bounds = Bounds { log, ..Bounds::default() };
    for anchor in &anchors {
        let (fixed, contradicted) = bounds::tie(anchor, &chains, |place| hashes.get(&key(place)).copied());
        bounds.fixed.extend(fixed);
        for Contradicted { scope, sequence, in_checkpoint, in_export } in contradicted {
            let message = format!(
                "checkpoint {} has another entry {sequence} of {scope} than the export",
                anchor.label
            );
            let finding = Finding::disproves(&code::CHAIN_HEAD_CONTRADICTED, message)
                .fact("in the checkpoint", crate::bytes::hex::encode(&in_checkpoint))
                .fact("in the export", crate::bytes::hex::encode(&in_export));
            out.claim(ORDER, Requested::Automatic);
            out.finding(finding.at(Location::file(&anchor.label)).on(ORDER));
        }
    }
    take_observed(export, observed, &mut bounds, out);
    let order = Order { is_linked: out.verdict(name::LOCAL_CONTINUITY) == Some(Verdict::Supported) };
    judge::report(export, &chains, permits.into_ordered(), &bounds, &order, out);
}

/// What the order of entries rests on.
pub(super) struct Order {
    /// The chain walk is supported, so that entries next to each other are joined by their hashes.
    pub(super) is_linked: bool,
}

/// The checkpoints that are established.
fn anchors(export: &Export<'_>, out: &mut ReportBuilder) -> Vec<checkpoint::Anchor> {
    let named = export.policy.checkpoint.as_ref().and_then(|file| {
        let bytes = file.content.as_ref().ok()?.as_slice().to_vec();
        let entry = Entry::from_bytes(&file.name, bytes);
        Some(Part { label: file.name.clone(), entry, ..export.set.payload.clone() })
    });
    let beside = export.set.checkpoint.iter().chain(&export.set.anchors).cloned();
    let mut anchors = Vec::new();
    for part in named.into_iter().chain(beside) {
        match checkpoint::anchor(&part, export.policy) {
            Ok(anchor) => anchors.push(anchor),
            Err(why) => out.not_proven.push(format!("what checkpoint {} says about time: {why}", part.label)),
        }
    }
    anchors
}

/// A place as a key.
fn key(place: Place) -> (u32, i64) {
    (place.scope, place.sequence)
}

/// The second pass over the payload.
struct Read {
    chains: Chains,
    permits: Permits,
    /// Record hashes at the places that checkpoints name.
    hashes: HashMap<(u32, i64), [u8; 32]>,
    /// Entries that bind a tree head, with its text.
    observed: Vec<(Place, Option<Box<str>>)>,
}

impl Read {
    fn run(
        export: &Export<'_>,
        log: Option<&LogOrder>,
        anchors: &[checkpoint::Anchor],
    ) -> Result<Self, String> {
        let fields = export.fields();
        let project = fields.and_then(|fields| fields.text("project_id"));
        let project = project.map(|project| format!("project:{project}")).unwrap_or_default();
        let mut read = Self {
            chains: Chains::default(),
            permits: Permits::default(),
            hashes: HashMap::new(),
            observed: Vec::new(),
        };
        let wanted: Vec<(&str, i64)> = anchors
            .iter()
            .flat_map(|anchor| &anchor.heads)
            .map(|(scope, sequence, _)| (scope.as_str(), *sequence))
            .collect();
        let bridges = fields.and_then(|fields| fields.member("scope_faithfulness")).map(scope::bridge_rows);
        for bridge in bridges.and_then(Result::ok).into_iter().flatten() {
            if let crate::chain::Sequence::Number(sequence) = bridge.row.sequence {
                let scope = read.chains.scope(bridge.row.scope.as_deref().unwrap_or(&project));
                read.chains.add(Place { scope, sequence }, None);
            }
        }
        let settings = Settings {
            limits: &export.policy.limits,
            workers: export.policy.workers,
            arrays: STREAMED,
            predict: false,
        };
        let mut collect = |_: Origin, rows: &mut Vec<Vec<Row>>| {
            for row in rows.drain(..).flatten() {
                read.take(row, &project, log, &wanted);
            }
        };
        let streamed =
            stream::run_entry(&export.set.payload.entry, settings, &Rows, &(), &mut collect, &|_| true)
                .map_err(|error| error.to_string())?;
        if streamed.sha256 != export.streamed.sha256 {
            return Err("the export changed while it was read".to_owned());
        }
        read.chains.settle();
        Ok(read)
    }

    fn take(&mut self, row: Row, project: &str, log: Option<&LogOrder>, wanted: &[(&str, i64)]) {
        let scope_name = row.scope.as_deref().unwrap_or(project);
        let at = Place { scope: self.chains.scope(scope_name), sequence: row.sequence };
        self.chains.add(at, row.stated);
        if let Some(hash) = row.hash
            && wanted.contains(&(scope_name, row.sequence))
        {
            self.hashes.insert(key(at), hash);
        }
        match row.detail.map(|detail| *detail) {
            Some(Detail::Moment(moment)) => {
                let index = log.and_then(|log| log.index(&moment.event_id));
                let event = Event { at, stated: row.stated, index, place: row.place, span: row.span };
                self.permits.take(moment, event);
            }
            Some(Detail::Observed(observed)) if self.observed.len() < OBSERVED => {
                self.observed.push((at, observed.note));
            }
            _ => {}
        }
    }
}

/// Judges the tree heads that the chain took in.
fn take_observed(
    export: &Export<'_>,
    observed: Vec<(Place, Option<Box<str>>)>,
    bounds: &mut Bounds<'_>,
    out: &mut ReportBuilder,
) {
    let mut refused: Option<(String, u64)> = None;
    for (at, note) in observed {
        let Some(note) = note else {
            refused.get_or_insert(("its tree head is not the one that it names".to_owned(), 0)).1 += 1;
            continue;
        };
        match tlog::witnessed(&note, &export.policy.logs, &export.policy.as_of) {
            Ok(head) => bounds.taken.push(Taken { at, head }),
            Err(why) => refused.get_or_insert((why, 0)).1 += 1,
        }
    }
    if let Some((why, count)) = refused {
        out.not_proven.push(format!("what {count} tree heads that the chain took in say about time: {why}"));
    }
}

/// Absence: it fails the run only where the claim is required.
pub(super) fn limits(code: &'static Code, message: impl Into<String>) -> Finding {
    Finding::new(code, Effect::Limits { verdict: Verdict::InsufficientEvidence }, message)
}

pub(super) fn subject(export: &Export<'_>) -> Subject {
    let label = crate::claim::export::file_name(&export.set.payload.label);
    Subject::new("permits", label)
}
