//! The Merkle tree of RFC 6962 section 2.1 and RFC 9162 section 2.1, with SHA-256.
//!
//! ```text
//! leaf(d)    = SHA-256(0x00 || d)
//! node(l, r) = SHA-256(0x01 || l || r)
//! MTH([])    = SHA-256("")
//! MTH([d])   = leaf(d)
//! MTH(D)     = node(MTH(D[..k]), MTH(D[k..]))     k: the largest power of two below the length
//! ```
//!
//! Nothing is padded or doubled: an unpaired node moves up unchanged. The two prefixes keep a node from being
//! passed off as a leaf. Proofs have exactly one right length, which is compared first, so that a surplus hash
//! is refused and no proof costs more than 128 hashes.
//!
//! What a valid proof does not show: that the root is anybody's root. The root must come from something that
//! was authenticated.

use std::fmt;

use sha2::{Digest, Sha256};

/// A SHA-256 hash of the tree.
pub type Hash = [u8; 32];

/// The root of the tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// Hash of a leaf's data.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// Hash of an inner node.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Root over leaf hashes in order.
#[must_use]
pub fn root(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut range = CompactRange::default();
    for leaf in leaves {
        range.push(leaf);
    }
    range.root()
}

/// The perfect subtrees of a growing tree, at most 64 hashes: what is needed to go on and to give the root.
#[derive(Clone, Debug, Default)]
pub struct CompactRange {
    /// Number of leaves below each subtree is a power of two; exponents descend.
    subtrees: Vec<(u32, Hash)>,
    size: u64,
}

impl CompactRange {
    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_subtree(0, leaf);
    }

    /// Appends 2^`level` leaves by the root over them. The number of leaves so far must be a multiple of that; the roots
    /// of other trees would mean nothing.
    pub fn push_subtree(&mut self, level: u32, root: Hash) {
        let leaves = 1_u64.checked_shl(level).unwrap_or(0);
        let (mut level, mut hash) = (level, root);
        while let Some((_, left)) = self.subtrees.pop_if(|(own, _)| *own == level) {
            hash = node_hash(&left, &hash);
            level += 1;
        }
        self.subtrees.push((level, hash));
        self.size = self.size.saturating_add(leaves);
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut subtrees = self.subtrees.iter().rev().map(|(_, hash)| *hash);
        let Some(last) = subtrees.next() else { return EMPTY_ROOT };
        subtrees.fold(last, |right, left| node_hash(&left, &right))
    }
}

/// Why a proof is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// The leaf's index is not below the tree's size.
    IndexOutOfRange,
    /// The older tree is larger than the newer one.
    Shrunk,
    /// Another number of hashes than the sizes require.
    WrongLength {
        /// How many the sizes require.
        expected: u32,
    },
    /// The hashes lead to another root of the (newer) tree.
    WrongRoot,
    /// The hashes lead to another root of the older tree.
    WrongOldRoot,
}

impl fmt::Display for ProofError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndexOutOfRange => formatter.write_str("the leaf index is outside the tree"),
            Self::Shrunk => formatter.write_str("the older tree is larger than the newer one"),
            Self::WrongLength { expected } => write!(formatter, "the proof must have {expected} hashes"),
            Self::WrongRoot => formatter.write_str("the proof leads to another root"),
            Self::WrongOldRoot => formatter.write_str("the proof leads to another root of the older tree"),
        }
    }
}

impl std::error::Error for ProofError {}

/// Number of hashes of an inclusion proof; `None` when the index is outside the tree.
#[must_use]
pub fn inclusion_length(index: u64, size: u64) -> Option<u32> {
    if index >= size {
        return None;
    }
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let border = index.checked_shr(inner).map_or(0, u64::count_ones);
    Some(inner + border)
}

/// Number of hashes of a consistency proof; `None` when the tree shrinks.
#[must_use]
pub fn consistency_length(old_size: u64, new_size: u64) -> Option<u32> {
    if old_size > new_size {
        return None;
    }
    if old_size == 0 || old_size == new_size {
        return Some(0);
    }
    let zeros = old_size.trailing_zeros();
    let length = inclusion_length((old_size - 1) >> zeros, ((new_size - 1) >> zeros).checked_add(1)?)?;
    Some(if old_size.is_power_of_two() { length } else { length + 1 })
}

/// Whether the leaf at `index` of a tree of `size` leaves is under `root` (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// [`ProofError`] says what does not fit.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    let expected = inclusion_length(index, size).ok_or(ProofError::IndexOutOfRange)?;
    check_length(proof, expected)?;
    let mut walk = Walk { at: index, last: size.saturating_sub(1) };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match walk.step() {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    if walk.last == 0 && hash == *root { Ok(()) } else { Err(ProofError::WrongRoot) }
}

/// Whether a tree of `new_size` leaves extends one of `old_size` leaves (RFC 9162 section 2.1.4.2).
///
/// # Errors
/// [`ProofError`] says what does not fit.
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    let expected = consistency_length(old_size, new_size).ok_or(ProofError::Shrunk)?;
    check_length(proof, expected)?;
    if old_size == 0 {
        return if *old_root == EMPTY_ROOT { Ok(()) } else { Err(ProofError::WrongOldRoot) };
    }
    if old_size == new_size {
        return if old_root == new_root { Ok(()) } else { Err(ProofError::WrongRoot) };
    }
    let (start, rest) = if old_size.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(ProofError::WrongLength { expected })?;
        (*first, rest)
    };
    let (old, new) = two_roots(old_size, new_size, start, rest).ok_or(ProofError::WrongRoot)?;
    if old != *old_root {
        return Err(ProofError::WrongOldRoot);
    }
    if new == *new_root { Ok(()) } else { Err(ProofError::WrongRoot) }
}

/// The roots of the older and of the newer tree that a whole consistency path leads to, 0 < `old_size` < `new_size`.
///
/// Unlike a proof, a whole path always begins with the hash over the last perfect subtree of the older tree, also where
/// that is the older tree itself. A proof leaves it out there, and takes the older root for it; where the older root
/// is what is in dispute, it must not.
///
/// # Errors
/// [`ProofError`] says what does not fit the sizes.
pub fn consistency_roots(old_size: u64, new_size: u64, path: &[Hash]) -> Result<(Hash, Hash), ProofError> {
    if old_size == 0 || old_size >= new_size {
        return Err(ProofError::Shrunk);
    }
    let expected = consistency_length(old_size, new_size).ok_or(ProofError::Shrunk)?;
    let expected = expected + u32::from(old_size.is_power_of_two());
    check_length(path, expected)?;
    let (start, rest) = path.split_first().ok_or(ProofError::WrongLength { expected })?;
    two_roots(old_size, new_size, *start, rest).ok_or(ProofError::WrongRoot)
}

/// Both roots; `None` when the path ends below the top.
fn two_roots(old_size: u64, new_size: u64, start: Hash, rest: &[Hash]) -> Option<(Hash, Hash)> {
    let zeros = old_size.trailing_zeros();
    let mut walk =
        Walk { at: old_size.saturating_sub(1) >> zeros, last: new_size.saturating_sub(1) >> zeros };
    let (mut old, mut new) = (start, start);
    for sibling in rest {
        match walk.step() {
            Side::Left => {
                old = node_hash(sibling, &old);
                new = node_hash(sibling, &new);
            }
            Side::Right => new = node_hash(&new, sibling),
        }
    }
    (walk.last == 0).then_some((old, new))
}

fn check_length(proof: &[Hash], expected: u32) -> Result<(), ProofError> {
    if u32::try_from(proof.len()) == Ok(expected) {
        Ok(())
    } else {
        Err(ProofError::WrongLength { expected })
    }
}

enum Side {
    Left,
    Right,
}

/// A node on its way to the root: its index and the last index of its level.
struct Walk {
    at: u64,
    last: u64,
}

impl Walk {
    /// Moves to the parent and says on which side the sibling stands. Levels on which the node has no
    /// sibling are passed over.
    fn step(&mut self) -> Side {
        let side = if self.at & 1 == 1 || self.at == self.last {
            while self.at & 1 == 0 && self.at != 0 {
                self.at >>= 1;
                self.last >>= 1;
            }
            Side::Left
        } else {
            Side::Right
        };
        self.at >>= 1;
        self.last >>= 1;
        side
    }
}

#[cfg(test)]
mod tests;
