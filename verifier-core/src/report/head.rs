//! A chain head that a checkpoint names, against the chain entries that other evidence holds.

use super::ChainHead;
use crate::chain::ScopeStretches;

/// How a head stands to the entries that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadStanding {
    /// No entry of its chain is held.
    NoChain,
    /// The record is held, with the same hash.
    Held,
    /// Another record is held under its number, or named as the predecessor of the first one held.
    Contradicted {
        /// The hash there.
        held: [u8; 32],
    },
    /// Its number is above the last one held.
    Beyond {
        /// The last number held.
        last: i64,
    },
    /// Its number is below the first one held, or in a gap.
    NotHeld,
}

impl ChainHead {
    /// Compares the head with every entry of its chain. One contradiction outweighs any number of matches.
    #[must_use]
    pub fn standing<'a>(&self, chains: impl IntoIterator<Item = &'a ScopeStretches>) -> HeadStanding {
        let own = chains.into_iter().filter(|chain| chain.scope == self.scope);
        let (mut is_held, mut last) = (false, None);
        for stretch in own.flat_map(|chain| &chain.stretches) {
            let here = stretch.get(self.sequence).map(|kept| kept.hash);
            let next = self.sequence.checked_add(1);
            let before = next.filter(|next| *next == stretch.first).and(stretch.first_prev);
            if let Some(held) = here.or(before).filter(|hash| *hash != self.hash) {
                return HeadStanding::Contradicted { held };
            }
            is_held |= here.is_some();
            last = last.max(Some(stretch.last()));
        }
        match last {
            None => HeadStanding::NoChain,
            Some(_) if is_held => HeadStanding::Held,
            Some(last) if self.sequence > last => HeadStanding::Beyond { last },
            Some(_) => HeadStanding::NotHeld,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Kept, Stretch};

    fn chain(scope: &str, first: i64, hashes: &[u8]) -> ScopeStretches {
        let entries = hashes.iter().map(|byte| Kept { hash: [*byte; 32], time: 0, bridge: false }).collect();
        let stretch = Stretch { first, first_prev: Some([9; 32]), entries };
        ScopeStretches { scope: scope.to_owned(), stretches: vec![stretch], unusable: 0 }
    }

    #[test]
    fn a_head_is_compared_with_every_entry_of_its_chain() {
        let head = |sequence, byte| ChainHead {
            scope: "project:a".to_owned(),
            sequence,
            hash: [byte; 32],
            existed_by: None,
        };
        let held = [chain("project:a", 5, &[5, 6, 7]), chain("project:b", 1, &[1; 20])];
        let standing = |sequence, byte| head(sequence, byte).standing(&held);
        assert_eq!(standing(7, 7), HeadStanding::Held);
        assert_eq!(standing(5, 5), HeadStanding::Held);
        assert_eq!(standing(7, 8), HeadStanding::Contradicted { held: [7; 32] });
        assert_eq!(standing(8, 8), HeadStanding::Beyond { last: 7 });
        assert_eq!(standing(4, 9), HeadStanding::NotHeld, "only its hash is known");
        assert_eq!(standing(4, 4), HeadStanding::Contradicted { held: [9; 32] });
        assert_eq!(standing(3, 3), HeadStanding::NotHeld);
        assert_eq!(standing(i64::MAX, 3), HeadStanding::Beyond { last: 7 });
        assert_eq!(head(1, 1).standing(&held[1..]), HeadStanding::NoChain);
        let forked = [chain("project:a", 5, &[5, 6, 7]), chain("project:a", 7, &[8])];
        assert_eq!(head(7, 7).standing(&forked), HeadStanding::Contradicted { held: [8; 32] });
    }
}
