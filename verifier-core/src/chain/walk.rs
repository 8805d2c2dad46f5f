//! Joining rows into chains and naming what does not fit.
//!
//! The reference sorts the entries of each scope by sequence number and compares neighbours; the same
//! comparisons are made here in any order of arrival. In addition every array must itself be ascending in
//! each scope (equal numbers fail as a repetition).

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::GENESIS_PREV_HASH;
use super::problem::{Problem, ProblemKind};
use super::row::{EntryRow, HashText, Sequence, StructureFault};
use super::run::{Added, Addition, Runs};
use crate::bytes::{LimitExceeded, Resource, hex};

/// Which chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ScopeName {
    /// `chain_scope` null or absent.
    None,
    /// The chain of the export's project, where the record states no scope.
    Derived,
    /// As stated.
    Named(Box<str>),
}

impl ScopeName {
    fn label(&self) -> &str {
        match self {
            Self::None | Self::Derived => "<none>",
            Self::Named(name) => name,
        }
    }
}

/// What the walk counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalkTotals {
    /// Chains.
    pub scopes: u64,
    /// Entries, bridges included.
    pub entries: u64,
    /// Entries that only bridge what the export left out.
    pub bridges: u64,
    /// Recomputed hashes that agree.
    pub hashes: u64,
    /// Links that hold.
    pub links: u64,
}

/// One walk over all entries of an export.
#[derive(Debug)]
pub struct Walk {
    chains: BTreeMap<ScopeName, Runs>,
    /// The last number of each scope in the array that is being read.
    order: BTreeMap<ScopeName, (Box<str>, i64)>,
    totals: WalkTotals,
    runs: u64,
    max_runs: u64,
    /// Prints of the event ids seen, as far as they are remembered.
    ids: HashSet<u64>,
}

/// Event ids that are remembered; in a longer export a repetition among later entries goes unnoticed.
const IDS_KEPT: usize = 1 << 20;

impl Walk {
    /// A walk that keeps at most `max_runs` unjoined stretches.
    #[must_use]
    pub fn new(max_runs: u32) -> Self {
        Self {
            chains: BTreeMap::new(),
            order: BTreeMap::new(),
            totals: WalkTotals::default(),
            runs: 0,
            max_runs: u64::from(max_runs),
            ids: HashSet::new(),
        }
    }

    /// A new source array begins: order within the array starts afresh.
    pub fn start_array(&mut self) {
        self.order.clear();
    }

    /// Takes an entry that the export discloses.
    ///
    /// # Errors
    /// When the entries leave more unjoined stretches than the limit.
    pub fn entry(&mut self, row: &EntryRow, problem: &mut dyn FnMut(Problem)) -> Result<(), LimitExceeded> {
        self.take(row, false, problem)
    }

    /// Takes an entry that stands for what the export left out. One that repeats an entry already taken is
    /// not counted.
    ///
    /// # Errors
    /// When the entries leave more unjoined stretches than the limit.
    pub fn bridge(&mut self, row: &EntryRow, problem: &mut dyn FnMut(Problem)) -> Result<(), LimitExceeded> {
        self.take(row, true, problem)
    }

    /// Whether any entry was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.totals.entries == 0
    }

    fn take(
        &mut self,
        row: &EntryRow,
        bridge: bool,
        problem: &mut dyn FnMut(Problem),
    ) -> Result<(), LimitExceeded> {
        let scope = match (&row.scope, row.scope_derived) {
            (Some(name), _) => ScopeName::Named(name.clone()),
            (None, true) => ScopeName::Derived,
            (None, false) => ScopeName::None,
        };
        if let Some(version) = &row.unknown_format {
            let message = format!("event_id={} chain_format_version={version}", row.id());
            problem(Problem::new(ProblemKind::UnknownFormat, row.span, message));
        }
        self.judge_order(&scope, row, problem);
        self.judge_hash(row, problem);
        if let Some(fault) = row.fault {
            problem(structural(row, fault));
        }
        if let Sequence::Number(sequence) = row.sequence
            && !self.place(scope, sequence, row, bridge, problem)
        {
            return Ok(());
        }
        self.judge_id(row, problem);
        self.totals.entries += 1;
        self.totals.bridges += u64::from(bridge);
        if self.runs > self.max_runs {
            return Err(LimitExceeded { resource: Resource::ChainRuns, limit: self.max_runs });
        }
        Ok(())
    }

    fn judge_id(&mut self, row: &EntryRow, problem: &mut dyn FnMut(Problem)) {
        let Some(id) = &row.event_id else { return };
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let print = hasher.finish();
        let repeated =
            if self.ids.len() < IDS_KEPT { !self.ids.insert(print) } else { self.ids.contains(&print) };
        if repeated {
            let message = format!("event_id={id} occurs more than once");
            problem(Problem::new(ProblemKind::RepeatedId, row.span, message));
        }
    }

    fn judge_order(&mut self, scope: &ScopeName, row: &EntryRow, problem: &mut dyn FnMut(Problem)) {
        let (label, id, span) = (scope.label(), row.id(), row.span);
        let sequence = match row.sequence {
            Sequence::Number(sequence) => sequence,
            Sequence::Missing => return,
            Sequence::Invalid => {
                let message = format!("event_id={id} sequence_number must be an integer");
                return problem(Problem::new(ProblemKind::SequenceType, span, message));
            }
        };
        if sequence < 1 {
            let message = format!("chain_scope={label} event_id={id} sequence_number={sequence}");
            problem(Problem::new(ProblemKind::BelowOne, span, message));
        }
        let Some((before, before_sequence)) = self.order.get_mut(scope) else {
            self.order.insert(scope.clone(), (id.into(), sequence));
            return;
        };
        if sequence < *before_sequence {
            let message = format!(
                "chain_scope={label} prev_event_id={before} prev_sequence_number={before_sequence} event_id={id} sequence_number={sequence}"
            );
            problem(Problem::new(ProblemKind::Descending, span, message));
        }
        *before = id.into();
        *before_sequence = sequence;
    }

    fn judge_hash(&mut self, row: &EntryRow, problem: &mut dyn FnMut(Problem)) {
        let id = row.id();
        match &row.computed {
            Err(fault) => {
                let message = format!("event_id={id} could not recompute hash: {fault}");
                problem(Problem::new(ProblemKind::Unhashable, row.span, message));
            }
            Ok(_) if row.hash_matches() => self.totals.hashes += 1,
            Ok(computed) => {
                let (computed, stated) = (hex::encode(computed), row.record_hash.to_string());
                let message = format!("event_id={id} expected={computed} actual={stated}");
                problem(
                    Problem::new(ProblemKind::HashMismatch, row.span, message).compared(computed, stated),
                );
            }
        }
    }

    /// Puts the entry into its chain; `false` when a bridge repeats an entry.
    fn place(
        &mut self,
        scope: ScopeName,
        sequence: i64,
        row: &EntryRow,
        bridge: bool,
        problem: &mut dyn FnMut(Problem),
    ) -> bool {
        let addition = Addition {
            sequence,
            id: row.id().into(),
            prev_hash: row.prev_hash.clone(),
            record_hash: row.record_hash.clone(),
            span: row.span,
        };
        let label = scope.label().to_owned();
        let runs = self.chains.entry(scope).or_default();
        let before = runs.len();
        match runs.add(addition) {
            Added::Repeated { same: true } if bridge => return false,
            Added::Repeated { .. } => problem(Problem::repeated(&label, row.id(), sequence, row.span)),
            Added::Links(links) => {
                for link in links.iter().flatten() {
                    if link.holds() {
                        self.totals.links += 1;
                    } else {
                        problem(Problem::broken(&label, link));
                    }
                }
            }
        }
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        self.runs = (self.runs + count(runs.len())).saturating_sub(count(before));
        true
    }

    /// Judges gaps and first entries. `project_scope` names the chain of records without a scope.
    pub fn finish(mut self, project_scope: Option<&str>, problem: &mut dyn FnMut(Problem)) -> WalkTotals {
        if let Some(derived) = self.chains.remove(&ScopeName::Derived) {
            let name = project_scope.map_or(ScopeName::None, |name| ScopeName::Named(name.into()));
            self.absorb(name, derived, problem);
        }
        self.totals.scopes = u64::try_from(self.chains.len()).unwrap_or(u64::MAX);
        for (scope, runs) in &self.chains {
            judge_start(scope.label(), runs, problem);
            for link in runs.gaps() {
                if link.holds() {
                    self.totals.links += 1;
                    problem(Problem::gap(scope.label(), &link));
                } else {
                    problem(Problem::broken(scope.label(), &link));
                }
            }
        }
        self.totals
    }

    /// Moves the runs of one scope into another one.
    fn absorb(&mut self, into: ScopeName, from: Runs, problem: &mut dyn FnMut(Problem)) {
        let label = into.label().to_owned();
        let target = self.chains.entry(into).or_default();
        if target.len() == 0 {
            *target = from;
            return;
        }
        for (first, run) in from.into_runs() {
            let overlap = target.iter().find(|(start, other)| *start <= run.last && first <= other.last);
            if let Some((start, _)) = overlap {
                problem(Problem::repeated(&label, &run.first_id, first.max(start), run.first_span));
                continue;
            }
            for link in target.join(first, run).into_iter().flatten() {
                if link.holds() {
                    self.totals.links += 1;
                } else {
                    problem(Problem::broken(&label, &link));
                }
            }
        }
    }
}

fn structural(row: &EntryRow, fault: StructureFault) -> Problem {
    let id = row.id();
    let message = match fault {
        StructureFault::Scope => format!("event_id={id} chain_scope is not a string"),
        StructureFault::Separator(field) => format!("event_id={id} {field} contains '|'"),
        StructureFault::ControlCharacter(field) => {
            format!("event_id={id} {field} contains a control character")
        }
        StructureFault::Offset => format!("event_id={id} states a time that is not UTC"),
    };
    Problem::new(ProblemKind::Structure(fault), row.span, message)
}

fn judge_start(label: &str, runs: &Runs, problem: &mut dyn FnMut(Problem)) {
    let Some((sequence, run)) = runs.iter().next() else { return };
    let event_id = &run.first_id;
    if sequence != 1 {
        let message = format!(
            "chain_scope={label} first sequence_number={sequence} event_id={event_id}: what precedes it is not in this export"
        );
        problem(Problem::new(ProblemKind::WindowEdge, run.first_span, message));
    } else if run.first_prev != genesis() {
        let message = format!("chain_scope={label} event_id={event_id} prev_hash={}", run.first_prev);
        problem(
            Problem::new(ProblemKind::Genesis, run.first_span, message)
                .compared(GENESIS_PREV_HASH.to_owned(), run.first_prev.to_string()),
        );
    }
}

fn genesis() -> HashText {
    hex::decode(GENESIS_PREV_HASH.as_bytes()).map_or(HashText::Missing, HashText::Sha256)
}

#[cfg(test)]
mod tests;
