//! One proof for several leaves of an RFC 6962 tree.
//!
//! The tree is taken apart as its definition does (RFC 6962 section 2.1): below `k`, the largest power of two below the
//! number of leaves, and from `k` on. A part without a wanted leaf gives one hash, its root; a part that is a wanted leaf
//! gives none. The hashes stand in the order in which this meets them, left before right. So sizes and indexes say how
//! many there are, a hash that two paths have in common stands once, and no smaller set leads to the root.
//!
//! Nothing is taken from the proof but hashes: the caller knows the leaves, and size and root must come from something that was
//! authenticated together. At most 64 hashes for each leaf are looked at, and the recursion is 64 deep.

use super::rfc6962::{Hash, ProofError, inclusion_length, node_hash, root};

/// A leaf by its index, and its hash.
pub type Leaf = (u64, Hash);

/// Why there is no proof, or it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MultiproofError {
    /// No leaf is to be proven.
    Empty,
    /// Indexes do not ascend: one is repeated, or stands before a lower one.
    Order,
    /// As for one leaf.
    Proof(ProofError),
}

impl std::fmt::Display for MultiproofError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => formatter.write_str("the proof is of no leaf"),
            Self::Order => formatter.write_str("the leaf indexes do not ascend"),
            Self::Proof(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for MultiproofError {}

impl From<ProofError> for MultiproofError {
    fn from(error: ProofError) -> Self {
        Self::Proof(error)
    }
}

/// Whether all these leaves of a tree of `size` leaves are under `root`.
///
/// # Errors
/// [`MultiproofError`] says what does not fit.
pub fn verify(leaves: &[Leaf], size: u64, proof: &[Hash], root: &Hash) -> Result<(), MultiproofError> {
    check_indexes(leaves, size)?;
    let mut expected = 0_u32;
    walk(Part { start: 0, size, depth: 0 }, leaves, &mut |_, _| {
        expected = expected.saturating_add(1);
        Some(Hash::default())
    });
    if u32::try_from(proof.len()) != Ok(expected) {
        return Err(ProofError::WrongLength { expected }.into());
    }
    let mut hashes = proof.iter().copied();
    let computed = walk(Part { start: 0, size, depth: 0 }, leaves, &mut |_, _| hashes.next());
    if computed == Some(*root) { Ok(()) } else { Err(ProofError::WrongRoot.into()) }
}

/// The proof out of the paths of the leaves (RFC 6962 section 2.1.1), in the order of the indexes.
///
/// That the paths lead to one root is not checked; [`verify`] of the result does.
///
/// # Errors
/// [`MultiproofError`] when indexes or lengths do not fit the tree.
pub fn from_paths(paths: &[(u64, &[Hash])], size: u64) -> Result<Vec<Hash>, MultiproofError> {
    let leaves: Vec<Leaf> = paths.iter().map(|(index, _)| (*index, Hash::default())).collect();
    check_indexes(&leaves, size)?;
    for (index, path) in paths {
        let expected = inclusion_length(*index, size).ok_or(ProofError::IndexOutOfRange)?;
        if u32::try_from(path.len()) != Ok(expected) {
            return Err(ProofError::WrongLength { expected }.into());
        }
    }
    let mut proof = Vec::new();
    let whole = walk(Part { start: 0, size, depth: 0 }, &leaves, &mut |part, beside| {
        // the sibling on the path of a leaf of the part beside it: paths go from the leaf up
        let at = paths.binary_search_by_key(&beside, |(index, _)| *index).ok()?;
        let (_, path) = paths.get(at)?;
        let hash = path.len().checked_sub(part.depth).and_then(|at| path.get(at)).copied()?;
        proof.push(hash);
        Some(hash)
    });
    whole.map(|_| proof).ok_or(ProofError::IndexOutOfRange.into())
}

/// The proof for the leaves at `indexes` of a tree of which every leaf hash is known.
///
/// # Errors
/// [`MultiproofError`] when the indexes do not fit the tree.
pub fn from_tree(tree: &[Hash], indexes: &[u64]) -> Result<Vec<Hash>, MultiproofError> {
    let size = u64::try_from(tree.len()).unwrap_or(u64::MAX);
    let leaves: Vec<Leaf> = indexes.iter().map(|index| (*index, Hash::default())).collect();
    check_indexes(&leaves, size)?;
    let mut proof = Vec::new();
    walk(Part { start: 0, size, depth: 0 }, &leaves, &mut |part, _| {
        let from = usize::try_from(part.start).ok()?;
        let below = tree.get(from..)?.get(..usize::try_from(part.size).ok()?)?;
        let hash = root(below.iter().copied());
        proof.push(hash);
        Some(hash)
    });
    Ok(proof)
}

fn check_indexes(leaves: &[Leaf], size: u64) -> Result<(), MultiproofError> {
    let (last, _) = leaves.last().ok_or(MultiproofError::Empty)?;
    if !leaves.is_sorted_by(|(one, _), (next, _)| one < next) {
        return Err(MultiproofError::Order);
    }
    if *last >= size { Err(ProofError::IndexOutOfRange.into()) } else { Ok(()) }
}

/// A part of the tree.
#[derive(Clone, Copy)]
struct Part {
    start: u64,
    size: u64,
    /// How often the tree was taken apart to get here.
    depth: usize,
}

/// The root over a part. For a part without a wanted leaf, `given` is asked, with the index of a wanted leaf of the part
/// beside it. `None` when it has no answer.
fn walk(part: Part, leaves: &[Leaf], given: &mut dyn FnMut(Part, u64) -> Option<Hash>) -> Option<Hash> {
    let first = leaves.first()?;
    if part.size <= 1 {
        return Some(first.1);
    }
    // The largest power of two below the size.
    let left = 1_u64 << (part.size - 1).ilog2();
    let middle = part.start.checked_add(left)?;
    let depth = part.depth + 1;
    let lower = Part { start: part.start, size: left, depth };
    let upper = Part { start: middle, size: part.size - left, depth };
    let (below, above) = leaves.split_at_checked(leaves.partition_point(|(index, _)| *index < middle))?;
    let one = match below {
        [] => given(lower, first.0)?,
        _ => walk(lower, below, given)?,
    };
    let other = match above {
        [] => given(upper, first.0)?,
        _ => walk(upper, above, given)?,
    };
    Some(node_hash(&one, &other))
}

#[cfg(test)]
mod tests;
