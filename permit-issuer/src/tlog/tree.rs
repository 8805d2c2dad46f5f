//! The Merkle tree of a log (RFC 6962 section 2.1; spec 16 section 16.2).
//!
//! ```text
//! leaf(e)    = SHA-256( 0x00 | e )
//! node(l, r) = SHA-256( 0x01 | l | r )          an unpaired node moves up unchanged
//! ```
//!
//! `rs_merkle` builds trees and inclusion paths. It has no consistency proofs and no empty root; those are here. Nothing in
//! this file is shared with the verifier: the two have to agree because both are right.

use rs_merkle::{Hasher, MerkleTree};
use sha2::{Digest as _, Sha256};

/// A node of the tree.
pub type Hash = [u8; 32];

/// RFC 6962 hashing in `rs_merkle`.
#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = Hash;

    fn hash(entry: &[u8]) -> Hash {
        leaf_hash(entry)
    }

    fn concat_and_hash(left: &Hash, right: Option<&Hash>) -> Hash {
        right.map_or(*left, |right| node_hash(left, right))
    }
}

/// The hash of an entry.
#[must_use]
pub(crate) fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root over `leaves`, the empty root included.
#[must_use]
pub(crate) fn root(leaves: &[Hash]) -> Hash {
    MerkleTree::<Rfc6962>::from_leaves(leaves).root().unwrap_or_else(|| Sha256::digest([]).into())
}

/// A tree that gives inclusion paths.
pub(super) struct Tree(MerkleTree<Rfc6962>);

impl Tree {
    /// The tree over `leaves`.
    #[must_use]
    pub(super) fn new(leaves: &[Hash]) -> Self {
        Self(MerkleTree::from_leaves(leaves))
    }

    /// The path of leaf `index`, from the leaf to the root.
    #[must_use]
    pub(super) fn inclusion(&self, index: usize) -> Vec<Hash> {
        self.0.proof(&[index]).proof_hashes().to_vec()
    }
}

/// The proof that the tree over `leaves` continues the tree over the first `old` of them (RFC 6962 section 2.1.2).
/// Empty when there is nothing to prove: `old` is 0 or all of them.
#[must_use]
pub(super) fn consistency(leaves: &[Hash], old: usize) -> Vec<Hash> {
    let mut proof = Vec::new();
    if (1..leaves.len()).contains(&old) {
        subproof(leaves, old, true, &mut proof);
    }
    proof
}

/// `SUBPROOF(old, leaves, is_whole)`. Halves the tree each time, so 64 levels at most.
fn subproof(leaves: &[Hash], old: usize, is_whole: bool, proof: &mut Vec<Hash>) {
    if old == leaves.len() {
        if !is_whole {
            proof.push(root(leaves));
        }
        return;
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    if old <= left.len() {
        subproof(left, old, is_whole, proof);
        proof.push(root(right));
    } else {
        subproof(right, old - left.len(), false, proof);
        proof.push(root(left));
    }
}

/// Whether `proof` shows that the tree of `new` leaves continues the tree of `old` leaves (RFC 9162 section 2.1.4.2).
#[must_use]
pub(super) fn is_consistent(
    (old, old_root): (u64, &Hash),
    (new, new_root): (u64, &Hash),
    proof: &[Hash],
) -> bool {
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty();
    }
    if old > new {
        return false;
    }
    // an old tree that is a whole subtree of the new one stands for itself
    let mut path = old.is_power_of_two().then_some(old_root).into_iter().chain(proof);
    let Some(first) = path.next() else { return false };
    let (mut first_root, mut second_root) = (*first, *first);
    let (mut at, mut last) = (old - 1, new - 1);
    while at % 2 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            first_root = node_hash(sibling, &first_root);
            second_root = node_hash(sibling, &second_root);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            second_root = node_hash(&second_root, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && first_root == *old_root && second_root == *new_root
}

#[cfg(test)]
mod tests {
    use super::*;
    use verifier_core::bytes::hex;

    /// Spec 16 section 16.2.5; the entries are those of the Certificate Transparency test suite.
    const ENTRIES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    const A: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    const B: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    const C: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    const D: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    const E: &str = "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e";

    fn leaves(count: usize) -> Vec<Hash> {
        ENTRIES[..count].iter().map(|entry| leaf_hash(entry)).collect()
    }

    fn texts(hashes: &[Hash]) -> Vec<String> {
        hashes.iter().map(|hash| hex::encode(hash)).collect()
    }

    fn leaf(index: usize) -> String {
        hex::encode(&leaf_hash(ENTRIES[index]))
    }

    #[test]
    fn published_roots() {
        assert_eq!(
            hex::encode(&root(&[])),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        for (count, expected) in (1..).zip(ROOTS) {
            assert_eq!(hex::encode(&root(&leaves(count))), expected);
        }
    }

    #[test]
    fn published_inclusion_paths() {
        let path = |index, size| texts(&Tree::new(&leaves(size)).inclusion(index));
        assert_eq!(path(5, 8), [&leaf(4), A, ROOTS[3]]);
        assert_eq!(path(0, 8), [&leaf(1), B, C]);
        assert_eq!(path(2, 3), [ROOTS[1]]);
        assert_eq!(path(1, 5), [&leaf(0), B, &leaf(4)]);
        assert_eq!(path(6, 7), [D, ROOTS[3]]);
        assert!(path(0, 1).is_empty());
    }

    #[test]
    fn published_consistency_proofs() {
        let proof = |old, size| texts(&consistency(&leaves(size), old));
        assert_eq!(proof(1, 8), [&leaf(1), B, C]);
        assert_eq!(proof(2, 5), [B, &leaf(4)]);
        assert_eq!(proof(3, 7), [&leaf(2), &leaf(3), ROOTS[1], E]);
        assert_eq!(proof(3, 8), [&leaf(2), &leaf(3), ROOTS[1], C]);
        assert_eq!(proof(4, 8), [C]);
        assert_eq!(proof(6, 8), [D, A, ROOTS[3]]);
        assert!(proof(0, 8).is_empty() && proof(8, 8).is_empty());
    }

    /// Every pair of sizes, and every proof with a hash changed, left out or added.
    #[test]
    fn a_consistency_proof_holds_for_its_two_trees_only() {
        let leaves: Vec<Hash> = (0u8..40).map(|number| leaf_hash(&[number])).collect();
        for new in 0..=leaves.len() {
            let new_head = (u64::try_from(new).unwrap(), &root(&leaves[..new]));
            for old in 0..=new {
                let old_head = (u64::try_from(old).unwrap(), &root(&leaves[..old]));
                let proof = consistency(&leaves[..new], old);
                assert!(is_consistent(old_head, new_head, &proof), "{old} to {new}");
                if old == 0 {
                    continue;
                }
                let other = leaf_hash(b"other");
                assert!(!is_consistent((old_head.0, &other), new_head, &proof), "{old} to {new}");
                assert!(!is_consistent(old_head, (new_head.0, &other), &proof), "{old} to {new}");
                assert!(old == new || !is_consistent(new_head, old_head, &proof), "{new} to {old}");
                assert!(!is_consistent(old_head, new_head, &[&proof[..], &[other]].concat()));
                for position in 0..proof.len() {
                    let mut changed = proof.clone();
                    changed[position][31] ^= 1;
                    assert!(!is_consistent(old_head, new_head, &changed));
                    changed.remove(position);
                    assert!(!is_consistent(old_head, new_head, &changed));
                }
            }
        }
    }
}
