//! The records of one chain from all archives, laid over each other.
//!
//! Pieces are added in order of their first number, so that each one meets only the last segment: the union is built
//! in one pass over all entries. The first piece that holds a number gives the record; every other piece is compared
//! with it by the full hash.

use super::record::Standing;
use crate::chain::{Kept, Stretch};

/// A stretch of one set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) set: usize,
    pub(super) standing: Standing,
    pub(super) stretch: &'a Stretch,
}

/// One record of the union.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) kept: Kept,
    /// The set that gave it.
    pub(super) set: usize,
    /// Whether a set that verified holds it.
    pub(super) verified: bool,
}

/// Consecutive numbers of the union.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) first: i64,
    first_prev: Option<[u8; 32]>,
    pub(super) slots: Vec<Slot>,
}

impl Segment {
    pub(super) fn last(&self) -> i64 {
        let more = i64::try_from(self.slots.len()).unwrap_or(i64::MAX).saturating_sub(1);
        self.first.saturating_add(more)
    }

    pub(super) fn get(&self, sequence: i64) -> Option<&Slot> {
        let offset = usize::try_from(sequence.checked_sub(self.first)?).ok()?;
        self.slots.get(offset)
    }

    fn get_mut(&mut self, sequence: i64) -> Option<&mut Slot> {
        let offset = usize::try_from(sequence.checked_sub(self.first)?).ok()?;
        self.slots.get_mut(offset)
    }

    fn hash_before(&self, sequence: i64) -> Option<[u8; 32]> {
        if sequence == self.first {
            return self.first_prev;
        }
        self.get(sequence.checked_sub(1)?).map(|slot| slot.kept.hash)
    }

    /// Numbers with their records.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (i64, &Slot)> {
        (self.first..=self.last()).zip(&self.slots)
    }
}

/// Numbers that two sets hold, and whether they agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Overlap {
    pub(super) held: usize,
    pub(super) other: usize,
    pub(super) first: i64,
    pub(super) last: i64,
    /// The first number where they differ, with both hashes, and whether the record before it is the same.
    pub(super) conflict: Option<Conflict>,
}

/// Where two histories part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) held_hash: [u8; 32],
    pub(super) other_hash: [u8; 32],
    pub(super) same_predecessor: bool,
}

/// A piece that follows another one by number and not by hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) sequence: i64,
    pub(super) before: usize,
    pub(super) after: usize,
    pub(super) expected: [u8; 32],
    pub(super) stated: Option<[u8; 32]>,
}

/// Two records under different numbers that name one predecessor, or a record that skips numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Skip {
    /// The predecessor's number.
    pub(super) predecessor: i64,
    /// The number of the record that names it.
    pub(super) sequence: i64,
    pub(super) set: usize,
    /// The set that holds the record right after the predecessor, where one does.
    pub(super) successor: Option<usize>,
}

/// The union of one chain.
#[derive(Debug, Default)]
pub(super) struct Union {
    pub(super) segments: Vec<Segment>,
    pub(super) overlaps: Vec<Overlap>,
    pub(super) broken: Vec<Broken>,
    pub(super) skips: Vec<Skip>,
}

impl Union {
    /// Lays the pieces over each other.
    pub(super) fn of(mut pieces: Vec<Piece<'_>>) -> Self {
        pieces.sort_by_key(|piece| (piece.stretch.first, std::cmp::Reverse(piece.standing), piece.set));
        let mut union = Self::default();
        for piece in &pieces {
            union.add(*piece);
        }
        union.find_skips(&pieces);
        union
    }

    /// The record with this number.
    pub(super) fn get(&self, sequence: i64) -> Option<&Slot> {
        let at = self.segments.partition_point(|segment| segment.first <= sequence);
        self.segments.get(at.checked_sub(1)?)?.get(sequence)
    }

    /// The first number held and the hash before it.
    pub(super) fn start(&self) -> Option<(i64, Option<[u8; 32]>)> {
        self.segments.first().map(|segment| (segment.first, segment.first_prev))
    }

    /// The last number held.
    pub(super) fn end(&self) -> Option<i64> {
        self.segments.last().map(Segment::last)
    }

    /// Numbers with their records, over gaps.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (i64, &Slot)> {
        self.segments.iter().flat_map(Segment::numbered)
    }

    /// Numbers between segments.
    pub(super) fn gaps(&self) -> impl Iterator<Item = (i64, i64)> {
        self.segments
            .iter()
            .zip(self.segments.iter().skip(1))
            .map(|(before, after)| (before.last().saturating_add(1), after.first.saturating_sub(1)))
    }

    fn add(&mut self, piece: Piece<'_>) {
        let stretch = piece.stretch;
        let verified = piece.standing == Standing::Verified;
        let slot = |kept: &Kept| Slot { kept: *kept, set: piece.set, verified };
        let joins = |segment: &&mut Segment| stretch.first <= segment.last().saturating_add(1);
        let Some(segment) = self.segments.last_mut().filter(joins) else {
            let slots = stretch.entries.iter().map(slot).collect();
            self.segments.push(Segment { first: stretch.first, first_prev: stretch.first_prev, slots });
            return;
        };
        let end = segment.last();
        if stretch.first == end.saturating_add(1)
            && let Some(before) = segment.get(end)
            && stretch.first_prev != Some(before.kept.hash)
        {
            self.broken.push(Broken {
                sequence: stretch.first,
                before: before.set,
                after: piece.set,
                expected: before.kept.hash,
                stated: stretch.first_prev,
            });
        }
        let mut overlap: Option<Overlap> = None;
        for (sequence, kept) in (stretch.first..=stretch.last()).zip(&stretch.entries) {
            if sequence > end {
                segment.slots.push(slot(kept));
                continue;
            }
            let same_predecessor = {
                let before = segment.hash_before(sequence);
                before.is_some() && before == stretch.hash_before(sequence)
            };
            let Some(held) = segment.get_mut(sequence) else { continue };
            let own = overlap.as_ref().is_some_and(|overlap| overlap.held == held.set);
            if !own {
                self.overlaps.extend(overlap.take());
            }
            let overlap = overlap.get_or_insert(Overlap {
                held: held.set,
                other: piece.set,
                first: sequence,
                last: sequence,
                conflict: None,
            });
            overlap.last = sequence;
            if held.kept.hash == kept.hash {
                held.verified |= verified;
                held.kept.bridge &= kept.bridge;
                continue;
            }
            match &mut overlap.conflict {
                Some(conflict) => conflict.last = sequence,
                None => {
                    overlap.conflict = Some(Conflict {
                        first: sequence,
                        last: sequence,
                        held_hash: held.kept.hash,
                        other_hash: kept.hash,
                        same_predecessor,
                    });
                }
            }
        }
        self.overlaps.extend(overlap);
    }

    /// Looks for the predecessors that pieces name and that stand at another place than right before them.
    fn find_skips(&mut self, pieces: &[Piece<'_>]) {
        let mut wanted: Vec<([u8; 32], i64, usize)> = pieces
            .iter()
            .filter_map(|piece| Some((piece.stretch.first_prev?, piece.stretch.first, piece.set)))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut skips = Vec::new();
        for (sequence, slot) in self.numbered() {
            let from = wanted.partition_point(|(hash, _, _)| *hash < slot.kept.hash);
            let named = wanted.iter().skip(from).take_while(|(hash, _, _)| *hash == slot.kept.hash);
            for (_, first, set) in named {
                if sequence.checked_add(1) != Some(*first) {
                    let next = sequence.checked_add(1).and_then(|next| self.get(next));
                    skips.push(Skip {
                        predecessor: sequence,
                        sequence: *first,
                        set: *set,
                        successor: next.map(|slot| slot.set),
                    });
                }
            }
        }
        self.skips = skips;
    }
}
