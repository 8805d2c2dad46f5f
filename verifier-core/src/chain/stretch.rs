//! The entries of a walk as unbroken stretches, for comparison with other evidence.
//!
//! Inside a stretch numbers count up by one and each entry names the record hash of the one before it, so that the
//! hash of one entry stands for all before it. Only entries whose record hash recomputes are part of one.

use std::collections::BTreeMap;

use super::row::{EntryRow, HashText};

/// One entry of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its record hash.
    pub hash: [u8; 32],
    /// Its stated time in microseconds since 1970.
    pub time: i64,
    /// It only bridges what the export left out: its record is not disclosed.
    pub bridge: bool,
}

/// Consecutive entries of one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Sequence number of the first entry.
    pub first: i64,
    /// The record hash that the first entry names as its predecessor's, where that is a digest.
    pub first_prev: Option<[u8; 32]>,
    /// The entries, never none.
    pub entries: Vec<Kept>,
}

impl Stretch {
    /// Sequence number of the last entry.
    #[must_use]
    pub fn last(&self) -> i64 {
        let more = i64::try_from(self.entries.len()).unwrap_or(i64::MAX).saturating_sub(1);
        self.first.saturating_add(more)
    }

    /// The entry with this number.
    #[must_use]
    pub fn get(&self, sequence: i64) -> Option<&Kept> {
        let offset = sequence.checked_sub(self.first)?;
        self.entries.get(usize::try_from(offset).ok()?)
    }

    /// The record hash before the entry with this number, as far as this stretch knows it.
    #[must_use]
    pub fn hash_before(&self, sequence: i64) -> Option<[u8; 32]> {
        if sequence == self.first {
            return self.first_prev;
        }
        self.get(sequence.checked_sub(1)?).map(|entry| entry.hash)
    }
}

/// The stretches of one chain, by number. A number may occur in several where the evidence repeats it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeStretches {
    /// The chain; `<none>` where the evidence states no scope.
    pub scope: String,
    /// In order of first number.
    pub stretches: Vec<Stretch>,
    /// Entries of this chain that are in no stretch, because their record hash does not recompute.
    pub unusable: u64,
}

/// Stretches with repeated numbers that are continued; entries that would continue another one stand alone.
const OPEN: usize = 16;

#[derive(Debug)]
struct Taken {
    sequence: i64,
    prev: Option<[u8; 32]>,
    kept: Kept,
}

#[derive(Debug, Default)]
struct Bin {
    taken: Vec<Taken>,
    unusable: u64,
}

/// Collects entries as they come.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    none: Option<Bin>,
    derived: Option<Bin>,
    named: BTreeMap<Box<str>, Bin>,
}

impl Keeper {
    pub(super) fn take(&mut self, sequence: i64, row: &EntryRow, bridge: bool) {
        let bin = match (row.scope.as_deref(), row.scope_derived) {
            (Some(name), _) => match self.named.get_mut(name) {
                Some(bin) => bin,
                None => self.named.entry(name.into()).or_default(),
            },
            (None, true) => self.derived.get_or_insert_default(),
            (None, false) => self.none.get_or_insert_default(),
        };
        match (&row.record_hash, row.time, row.hash_matches()) {
            (HashText::Sha256(hash), Some(time), true) => {
                let prev = match &row.prev_hash {
                    HashText::Sha256(prev) => Some(*prev),
                    HashText::Other(_) | HashText::Missing => None,
                };
                bin.taken.push(Taken { sequence, prev, kept: Kept { hash: *hash, time, bridge } });
            }
            _ => bin.unusable += 1,
        }
    }

    /// The stretches; `project_scope` names the chain of records without a scope, `no_scope` stands for none.
    pub(super) fn finish(mut self, project_scope: Option<&str>, no_scope: &str) -> Vec<ScopeStretches> {
        if let Some(derived) = self.derived.take() {
            match project_scope {
                Some(name) => self.named.entry(name.into()).or_default().absorb(derived),
                None => self.none.get_or_insert_default().absorb(derived),
            }
        }
        if let Some(none) = self.none.take() {
            self.named.entry(no_scope.into()).or_default().absorb(none);
        }
        self.named.into_iter().map(|(scope, bin)| bin.finish(scope.into())).collect()
    }
}

impl Bin {
    fn absorb(&mut self, other: Self) {
        self.taken.extend(other.taken);
        self.unusable += other.unusable;
    }

    fn finish(mut self, scope: String) -> ScopeStretches {
        // A disclosed entry comes before a bridge to the same one, which then adds nothing.
        self.taken.sort_by(|a, b| {
            (a.sequence, a.kept.hash, a.kept.bridge).cmp(&(b.sequence, b.kept.hash, b.kept.bridge))
        });
        self.taken
            .dedup_by(|later, first| (later.sequence, later.kept.hash) == (first.sequence, first.kept.hash));
        let mut stretches: Vec<Stretch> = Vec::new();
        // Stretches that an entry with the next number may continue; more than one only where numbers repeat.
        let mut open: Vec<usize> = Vec::new();
        for Taken { sequence, prev, kept } in self.taken {
            open.retain(|at| {
                stretches.get(*at).is_some_and(|stretch| stretch.last().saturating_add(1) >= sequence)
            });
            let before = open.iter().copied().find(|at| {
                stretches.get(*at).is_some_and(|stretch| {
                    stretch.last().checked_add(1) == Some(sequence)
                        && prev.is_some()
                        && stretch.entries.last().map(|entry| entry.hash) == prev
                })
            });
            match before.and_then(|at| stretches.get_mut(at)) {
                Some(stretch) => stretch.entries.push(kept),
                None => {
                    if open.len() < OPEN {
                        open.push(stretches.len());
                    }
                    stretches.push(Stretch { first: sequence, first_prev: prev, entries: vec![kept] });
                }
            }
        }
        ScopeStretches { scope, stretches, unusable: self.unusable }
    }
}
