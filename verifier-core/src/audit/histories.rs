//! Where the archives contradict each other, and what cannot be placed.

use super::judge::Judge;
use super::ranges::span_text;
use super::union::{Piece, Union};
use crate::bytes::hex;
use crate::finding::catalog::audit as code;
use crate::finding::{Finding, Location};

impl Judge<'_> {
    pub(super) fn unusable(&mut self) {
        for set in self.sets {
            let count: u64 =
                set.chains.iter().filter(|chain| chain.scope == self.scope).map(|chain| chain.unusable).sum();
            if count > 0 {
                let message = format!(
                    "{}: {count} entries of {} have record hashes that do not recompute",
                    set.label, self.scope
                );
                let finding =
                    Finding::lacks(&code::AUDIT_ENTRY_UNUSABLE, message).at(Location::file(&set.label));
                self.lacks(format!("{count} entries of {} cannot be placed", set.label), finding);
            }
        }
    }

    /// Forks, rewritten stretches and broken joins.
    pub(super) fn histories(&mut self, union: &Union) {
        for overlap in &union.overlaps {
            let Some(conflict) = &overlap.conflict else { continue };
            let (held, other) = (self.label(overlap.held), self.label(overlap.other));
            let (first, last) = (conflict.first, conflict.last);
            let (code, what) = if conflict.same_predecessor {
                (&code::AUDIT_CHAIN_FORK, "from one predecessor on, two histories exist")
            } else {
                (&code::AUDIT_CHAIN_REWRITTEN, "the stretch exists in two versions")
            };
            let message = format!(
                "{}: {what}: records {} of {held} and {other} differ",
                self.scope,
                span_text(first, last)
            );
            let finding = Finding::disproves(code, message)
                .at(Location::file(other))
                .fact("first differing sequence number", first.to_string())
                .fact("last differing sequence number", last.to_string())
                .fact("record hash there", hex::encode(&conflict.held_hash))
                .fact("record hash here", hex::encode(&conflict.other_hash));
            self.contradicts(finding);
        }
        for broken in &union.broken {
            let (before, after) = (self.label(broken.before), self.label(broken.after));
            let message = format!(
                "{}: record {} of {after} does not follow record {} of {before}",
                self.scope,
                broken.sequence,
                broken.sequence.saturating_sub(1)
            );
            let stated = broken.stated.map_or_else(|| "(none)".to_owned(), |hash| hex::encode(&hash));
            let finding = Finding::disproves(&code::AUDIT_LINK_BROKEN, message)
                .at(Location::file(after))
                .fact("expected", hex::encode(&broken.expected))
                .fact("stated", stated);
            self.contradicts(finding);
        }
        for skip in &union.skips {
            let after = self.label(skip.set);
            let (predecessor, sequence) = (skip.predecessor, skip.sequence);
            let message = match skip.successor {
                Some(successor) => format!(
                    "{}: record {sequence} of {after} and record {} of {} both name record {predecessor} as their predecessor",
                    self.scope,
                    predecessor.saturating_add(1),
                    self.label(successor)
                ),
                None => format!(
                    "{}: record {sequence} of {after} names record {predecessor} as its predecessor, although a chain counts without gaps",
                    self.scope
                ),
            };
            let finding = Finding::disproves(&code::AUDIT_CHAIN_FORK, message)
                .at(Location::file(after))
                .fact("predecessor", predecessor.to_string())
                .fact("sequence number", sequence.to_string());
            self.contradicts(finding);
        }
    }

    /// What is not even signed contradicts nothing, but an auditor wants to know.
    pub(super) fn unproven_conflicts(&mut self, union: &Union, unproven: &[Piece<'_>]) {
        for piece in unproven {
            let numbers = (piece.stretch.first..=piece.stretch.last()).zip(&piece.stretch.entries);
            let differs = |(sequence, kept): &(i64, &crate::chain::Kept)| {
                union.get(*sequence).is_some_and(|slot| slot.kept.hash != kept.hash)
            };
            if let Some((sequence, _)) = numbers.into_iter().find(differs) {
                let label = self.label(piece.set);
                let message = format!(
                    "{}: {label}, which did not verify, holds another record {sequence} than the verified archives",
                    self.scope
                );
                let finding =
                    Finding::lacks(&code::AUDIT_ARCHIVE_CONFLICT, message).at(Location::file(label));
                self.lacks(format!("{label} holds another record {sequence}"), finding);
            }
        }
    }

    pub(super) fn outside_heads(&mut self, union: &Union) {
        let start = union.start();
        for (at, head) in self.heads.iter().enumerate() {
            let held = match union.get(head.sequence) {
                Some(slot) => Some((slot.kept.hash, self.label(slot.set))),
                None => start.filter(|(first, _)| head.sequence.checked_add(1) == Some(*first)).and_then(
                    |(_, prev)| Some((prev?, union.get(start?.0).map_or("", |slot| self.label(slot.set)))),
                ),
            };
            if let Some((hash, label)) = held.filter(|(hash, _)| *hash != head.hash) {
                let message = format!(
                    "{}: {} names another record {} than {label}",
                    self.scope, head.source, head.sequence
                );
                let finding = Finding::disproves(&code::AUDIT_CHECKPOINT_CONFLICT, message)
                    .at(Location::file(label))
                    .fact("sequence number", head.sequence.to_string())
                    .fact("record hash there", hex::encode(&head.hash))
                    .fact("record hash here", hex::encode(&hash));
                self.contradicts(finding);
            }
            // They are sorted, so that heads of one number stand together.
            let twin = at
                .checked_sub(1)
                .and_then(|before| self.heads.get(before))
                .filter(|other| other.sequence == head.sequence && other.hash != head.hash);
            if let Some(twin) = twin {
                let message = format!(
                    "{}: {} and {} name different records {}",
                    self.scope, twin.source, head.source, head.sequence
                );
                let finding = Finding::disproves(&code::AUDIT_CHECKPOINTS_DISAGREE, message)
                    .fact("sequence number", head.sequence.to_string())
                    .fact("one record hash", hex::encode(&twin.hash))
                    .fact("other record hash", hex::encode(&head.hash));
                self.contradicts(finding);
            }
        }
    }
}
