//! Joining rows into chains and naming what does not fit.
//!
//! The reference sorts the entries of each scope by sequence number and compares neighbours; the same
//! comparisons are made here in any order of arrival. In addition every array must itself be ascending in
//! each scope (equal numbers fail as a repetition).

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use super::GENESIS_PREV_HASH;
use super::problem::{Problem, ProblemKind};
use super::row::{Computed, EntryRow, HashText, Sequence, StructureFault, id_text};
use super::run::{Added, Addition, Runs};
use super::stretch::{Keeper, ScopeStretches};
use crate::bytes::{LimitExceeded, Resource, ShortText, hex};

/// The entries of one scope.
#[derive(Debug, Default)]
struct Chain {
    runs: Runs,
    /// The last number of this scope in an array, with the array and the entry's id.
    order: Option<LastInArray>,
}

#[derive(Debug)]
struct LastInArray {
    array: u64,
    sequence: i64,
    id: Option<ShortText>,
}

/// Chains by scope, in the order in which they are reported.
#[derive(Debug, Default)]
struct Chains {
    /// `chain_scope` null or absent.
    none: Option<Chain>,
    /// The chain of the export's project, where the record states no scope.
    derived: Option<Chain>,
    /// As stated.
    named: BTreeMap<Box<str>, Chain>,
}

impl Chains {
    fn of(&mut self, row: &EntryRow) -> &mut Chain {
        match (row.scope.as_deref(), row.scope_derived) {
            (Some(name), _) => self.named(name),
            (None, true) => self.derived.get_or_insert_default(),
            (None, false) => self.none.get_or_insert_default(),
        }
    }

    fn named(&mut self, name: &str) -> &mut Chain {
        self.named.entry(name.into()).or_default()
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &Chain)> {
        let none = self.none.as_ref().map(|chain| (NO_SCOPE, chain));
        none.into_iter().chain(self.named.iter().map(|(name, chain)| (&**name, chain)))
    }
}

/// Stands for a missing scope in messages.
const NO_SCOPE: &str = "<none>";

fn label(row: &EntryRow) -> &str {
    row.scope.as_deref().unwrap_or(NO_SCOPE)
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
    chains: Chains,
    /// Counts the source arrays.
    array: u64,
    totals: WalkTotals,
    runs: u64,
    max_runs: u64,
    /// Prints of the event ids seen, as far as they are remembered.
    ids: HashSet<u64, BuildHasherDefault<OwnHash>>,
    /// Makes the prints, under a key of its own so that colliding ids cannot be prepared.
    prints: RandomState,
    /// Every entry, where it is wanted afterwards.
    keeper: Option<Keeper>,
}

/// The hash of a print: the print, which is one already.
#[derive(Debug, Default)]
struct OwnHash(u64);

impl Hasher for OwnHash {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, print: u64) {
        self.0 = print;
    }
}

/// Event ids that are remembered; in a longer export a repetition among later entries goes unnoticed.
const IDS_KEPT: usize = 1 << 20;

impl Walk {
    /// A walk that keeps at most `max_runs` unjoined stretches.
    #[must_use]
    pub fn new(max_runs: u32) -> Self {
        Self {
            chains: Chains::default(),
            array: 0,
            totals: WalkTotals::default(),
            runs: 0,
            max_runs: u64::from(max_runs),
            ids: HashSet::default(),
            prints: RandomState::new(),
            keeper: None,
        }
    }

    /// Keeps every entry whose hash recomputes (about 90 bytes each), for [`Self::finish_keeping`].
    #[must_use]
    pub fn keeping(mut self) -> Self {
        self.keeper = Some(Keeper::default());
        self
    }

    /// A new source array begins: order within the array starts afresh.
    pub fn start_array(&mut self) {
        self.array += 1;
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
        if let Some(version) = &row.unknown_format {
            let message = format!("event_id={} chain_format_version={version}", row.id());
            problem(Problem::new(ProblemKind::UnknownFormat, row.span, message));
        }
        self.judge_order(row, problem);
        self.judge_hash(row, problem);
        if let Some(fault) = row.fault {
            problem(structural(row, fault));
        }
        if let Sequence::Number(sequence) = row.sequence
            && !self.place(sequence, row, bridge, problem)
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
        let print = self.prints.hash_one(id);
        let repeated =
            if self.ids.len() < IDS_KEPT { !self.ids.insert(print) } else { self.ids.contains(&print) };
        if repeated {
            let message = format!("event_id={id} occurs more than once");
            problem(Problem::new(ProblemKind::RepeatedId, row.span, message));
        }
    }

    fn judge_order(&mut self, row: &EntryRow, problem: &mut dyn FnMut(Problem)) {
        let span = row.span;
        let sequence = match row.sequence {
            Sequence::Number(sequence) => sequence,
            Sequence::Missing => return,
            Sequence::Invalid => {
                let id = row.id();
                let message = format!("event_id={id} sequence_number must be an integer");
                return problem(Problem::new(ProblemKind::SequenceType, span, message));
            }
        };
        if sequence < 1 {
            let (scope, id) = (label(row), row.id());
            let message = format!("chain_scope={scope} event_id={id} sequence_number={sequence}");
            problem(Problem::new(ProblemKind::BelowOne, span, message));
        }
        let array = self.array;
        let last = &mut self.chains.of(row).order;
        let Some(last) = last.as_mut().filter(|last| last.array == array) else {
            *last = Some(LastInArray { array, sequence, id: row.event_id.clone() });
            return;
        };
        if sequence < last.sequence {
            let message = format!(
                "chain_scope={} prev_event_id={} prev_sequence_number={} event_id={} sequence_number={sequence}",
                label(row),
                id_text(last.id.as_ref()),
                last.sequence,
                row.id()
            );
            problem(Problem::new(ProblemKind::Descending, span, message));
        }
        last.sequence = sequence;
        last.id.clone_from(&row.event_id);
    }

    fn judge_hash(&mut self, row: &EntryRow, problem: &mut dyn FnMut(Problem)) {
        match &row.computed {
            Computed::Fault(fault) => {
                let id = row.id();
                let message = format!("event_id={id} could not recompute hash: {fault}");
                problem(Problem::new(ProblemKind::Unhashable, row.span, message));
            }
            Computed::Same => self.totals.hashes += 1,
            Computed::Other(computed) => {
                let (id, computed, stated) =
                    (row.id(), hex::encode(&**computed), row.record_hash.to_string());
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
        sequence: i64,
        row: &EntryRow,
        bridge: bool,
        problem: &mut dyn FnMut(Problem),
    ) -> bool {
        let addition = Addition {
            sequence,
            id: row.event_id.as_ref(),
            prev_hash: &row.prev_hash,
            record_hash: &row.record_hash,
            span: row.span,
        };
        if let Some(keeper) = &mut self.keeper {
            keeper.take(sequence, row, bridge);
        }
        let runs = &mut self.chains.of(row).runs;
        let before = runs.len();
        let added = runs.add(&addition);
        let after = runs.len();
        match added {
            Added::Follows => self.totals.links += 1,
            Added::Repeated { same: true } if bridge => return false,
            Added::Repeated { .. } => problem(Problem::repeated(label(row), row.id(), sequence, row.span)),
            Added::Links(links) => {
                for link in links.iter().flatten() {
                    if link.holds() {
                        self.totals.links += 1;
                    } else {
                        problem(Problem::broken(label(row), link));
                    }
                }
            }
        }
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        self.runs = (self.runs + count(after)).saturating_sub(count(before));
        true
    }

    /// [`Self::finish`] with the entries of a walk that was [`Self::keeping`], by scope.
    pub fn finish_keeping(
        mut self,
        project_scope: Option<&str>,
        problem: &mut dyn FnMut(Problem),
    ) -> (WalkTotals, Vec<ScopeStretches>) {
        let keeper = self.keeper.take();
        let stretches = keeper.map(|keeper| keeper.finish(project_scope, NO_SCOPE)).unwrap_or_default();
        (self.finish(project_scope, problem), stretches)
    }

    /// Judges gaps and first entries. `project_scope` names the chain of records without a scope.
    pub fn finish(mut self, project_scope: Option<&str>, problem: &mut dyn FnMut(Problem)) -> WalkTotals {
        if let Some(derived) = self.chains.derived.take() {
            self.absorb(project_scope, derived.runs, problem);
        }
        self.totals.scopes = u64::try_from(self.chains.iter().count()).unwrap_or(u64::MAX);
        for (scope, chain) in self.chains.iter() {
            judge_start(scope, &chain.runs, problem);
            for link in chain.runs.gaps() {
                if link.holds() {
                    self.totals.links += 1;
                    problem(Problem::gap(scope, &link));
                } else {
                    problem(Problem::broken(scope, &link));
                }
            }
        }
        self.totals
    }

    /// Moves the runs of one scope into another one.
    fn absorb(&mut self, into: Option<&str>, from: Runs, problem: &mut dyn FnMut(Problem)) {
        let label = into.unwrap_or(NO_SCOPE);
        let chain = match into {
            Some(name) => self.chains.named(name),
            None => self.chains.none.get_or_insert_default(),
        };
        let target = &mut chain.runs;
        if target.len() == 0 {
            *target = from;
            return;
        }
        for (first, run) in from.into_runs() {
            let overlap = target.iter().find(|(start, other)| *start <= run.last && first <= other.last);
            if let Some((start, _)) = overlap {
                problem(Problem::repeated(
                    label,
                    id_text(run.first_id.as_ref()),
                    first.max(start),
                    run.first_span,
                ));
                continue;
            }
            for link in target.join(first, run).into_iter().flatten() {
                if link.holds() {
                    self.totals.links += 1;
                } else {
                    problem(Problem::broken(label, &link));
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
    let event_id = id_text(run.first_id.as_ref());
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
