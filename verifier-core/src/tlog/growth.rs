//! How two heads of one log stand to each other (spec 16.9), and the path between them from the log's own tiles.
//!
//! | path, read with both sizes | what it shows |
//! | --- | --- |
//! | leads to the root of the larger head and to that of the smaller one | one extends the other |
//! | leads to the root of the larger head and to another one of the smaller size | the log signed two histories |
//! | leads to another root of the larger size | nothing: it is a path of something else |
//!
//! Two roots of one size need no path. Whoever has the log's key can check the second line from the two heads and the
//! path alone.

use super::Checkpoint;
use super::tiles::{ENTRIES, Files, LogProblem, WIDTH, perfect, tile, width_of};
use crate::merkle::rfc6962::{
    CompactRange, Hash, ProofError, consistency_length, consistency_roots, node_hash,
};

/// How two heads of one log stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// They are of one history.
    Consistent,
    /// The log signed two histories.
    Split,
    /// The path does not lead from the one to the other, so nothing is shown.
    Unrelated(ProofError),
}

/// Sets two heads of one origin beside each other; `smaller` is not larger. `path` is a whole consistency path, empty
/// where the sizes are the same or the smaller log is empty.
#[must_use]
pub fn relate(smaller: &Checkpoint<'_>, larger: &Checkpoint<'_>, path: &[Hash]) -> Relation {
    if smaller.size == larger.size || smaller.size == 0 {
        if !path.is_empty() {
            return Relation::Unrelated(ProofError::WrongLength { expected: 0 });
        }
        // An empty log has one root only, which reading a head makes sure of.
        let is_same = smaller.size != larger.size || smaller.root == larger.root;
        return if is_same { Relation::Consistent } else { Relation::Split };
    }
    match consistency_roots(smaller.size, larger.size, path) {
        Err(error) => Relation::Unrelated(error),
        Ok((_, new)) if new != larger.root => Relation::Unrelated(ProofError::WrongRoot),
        Ok((old, _)) if old == smaller.root => Relation::Consistent,
        Ok(_) => Relation::Split,
    }
}

/// The whole path of a consistency proof: a proof leaves its first hash out where the older tree is a perfect one.
/// `None` when the proof has not the length that the sizes want.
#[must_use]
pub fn whole_path(old: &Checkpoint<'_>, new_size: u64, proof: &[Hash]) -> Option<Vec<Hash>> {
    let expected = consistency_length(old.size, new_size)?;
    if u32::try_from(proof.len()) != Ok(expected) {
        return None;
    }
    let is_implied = old.size.is_power_of_two() && old.size != new_size;
    Some(is_implied.then_some(old.root).into_iter().chain(proof.iter().copied()).collect())
}

/// The whole consistency path between two sizes of a log, from its tiles.
///
/// # Errors
/// [`LogProblem`] when a tile is missing or has not the length that it must have.
pub fn path(files: &dyn Files, old_size: u64, new_size: u64) -> Result<Vec<Hash>, LogProblem> {
    if new_size > ENTRIES {
        return Err(LogProblem::Size(new_size));
    }
    if old_size == 0 || old_size >= new_size {
        return Ok(Vec::new());
    }
    let tree = Tree { files, size: new_size };
    let mut level = old_size.trailing_zeros();
    let (mut at, mut last) = ((old_size - 1) >> level, (new_size - 1) >> level);
    let mut path = vec![tree.node(level, at)?];
    while last > 0 {
        if at & 1 == 1 {
            path.push(tree.node(level, at - 1)?);
        } else if at < last {
            path.push(tree.node(level, at + 1)?);
        }
        (level, at, last) = (level + 1, at >> 1, last >> 1);
    }
    Ok(path)
}

/// The nodes of a tree, from tiles.
struct Tree<'a> {
    files: &'a dyn Files,
    size: u64,
}

impl Tree<'_> {
    /// The node `at` of a level; the last one of a level may be over fewer leaves than the others.
    fn node(&self, level: u32, at: u64) -> Result<Hash, LogProblem> {
        let end = at.saturating_add(1).checked_shl(level).unwrap_or(u64::MAX);
        if end <= self.size {
            return self.perfect(level, at);
        }
        let mut start = at << level;
        let mut subtrees = Vec::new();
        while start < self.size {
            let rest = self.size - start;
            let level = rest.ilog2();
            subtrees.push(self.perfect(level, start >> level)?);
            start += 1 << level;
        }
        let mut subtrees = subtrees.into_iter().rev();
        let last = subtrees.next().unwrap_or_else(|| CompactRange::default().root());
        Ok(subtrees.fold(last, |right, left| node_hash(&left, &right)))
    }

    /// A node over 2^level leaves: hashes beside each other in one tile.
    fn perfect(&self, level: u32, at: u64) -> Result<Hash, LogProblem> {
        let (stored, inside) = (level / 8, level % 8);
        let first = at << inside;
        let number = first / WIDTH;
        let count = self.size.checked_shr(8 * stored).unwrap_or(0);
        let (file, hashes) = tile(self.files, stored, number, count)?;
        let offset = usize::try_from(first % WIDTH).unwrap_or(usize::MAX);
        let hashes: Vec<Hash> = hashes.into_iter().skip(offset).take(1 << inside).collect();
        if hashes.len() == 1 << inside && width_of(number, count) > 0 {
            Ok(perfect(hashes))
        } else {
            Err(LogProblem::Length(file))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::rfc6962::root;
    use crate::tlog::tiles::memory::{leaves, log};

    fn head(size: u64, root: Hash) -> Checkpoint<'static> {
        Checkpoint { origin: "log", size, root }
    }

    /// The path between any two sizes comes from the tiles of the larger log.
    #[test]
    fn tiles_give_the_path_between_two_sizes() {
        let last = 66_000;
        let all = leaves(last);
        let of = |size: u64| root(all[..usize::try_from(size).unwrap()].iter().copied());
        let sizes = [1, 3, 255, 256, 257, 300, 512, 600, 65_536, last];
        for new in sizes {
            let (files, new_root) = log(new);
            let larger = head(new, new_root);
            for old in sizes.into_iter().filter(|old| *old <= new) {
                let path = path(&files, old, new).unwrap();
                assert_eq!(relate(&head(old, of(old)), &larger, &path), Relation::Consistent, "{old} {new}");
                let other = head(old, [7; 32]);
                assert_eq!(relate(&other, &larger, &path), Relation::Split, "{old} {new}");
                let changed = head(new, [7; 32]);
                let expected =
                    if old == new { Relation::Split } else { Relation::Unrelated(ProofError::WrongRoot) };
                assert_eq!(relate(&head(old, of(old)), &changed, &path), expected, "{old} {new}");
                for place in 0..path.len() {
                    let mut bad = path.clone();
                    bad[place][31] ^= 1;
                    let related = relate(&other, &larger, &bad);
                    assert_eq!(related, Relation::Unrelated(ProofError::WrongRoot), "{old} {new}");
                }
                let proof = if old.is_power_of_two() && old != new { &path[1..] } else { &path[..] };
                assert_eq!(whole_path(&head(old, of(old)), new, proof), Some(path.clone()));
                assert_eq!(whole_path(&head(old, of(old)), new, &[proof, &[[0; 32]]].concat()), None);
            }
        }
    }

    #[test]
    fn an_empty_log_is_the_beginning_of_every_log() {
        let empty = head(0, root([]));
        assert_eq!(relate(&empty, &head(5, [1; 32]), &[]), Relation::Consistent);
        let longer = Relation::Unrelated(ProofError::WrongLength { expected: 0 });
        assert_eq!(relate(&empty, &head(5, [1; 32]), &[[0; 32]]), longer);
        assert_eq!(relate(&empty, &empty, &[]), Relation::Consistent);
    }

    #[test]
    fn a_missing_tile_is_named() {
        let (mut files, _) = log(600);
        files.0.remove("tile/0/001");
        assert!(matches!(path(&files, 300, 600), Err(LogProblem::Missing(_))));
        assert_eq!(path(&files, 1, ENTRIES + 1), Err(LogProblem::Size(ENTRIES + 1)));
    }
}
