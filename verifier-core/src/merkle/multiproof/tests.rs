use std::collections::BTreeSet;

use proptest::prelude::*;
use rs_merkle::{Hasher, MerkleTree};

use super::*;
use crate::merkle::rfc6962::{leaf_hash, verify_inclusion};

/// RFC 6962 hashing in the crate that gives the second opinion.
#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> Hash {
        leaf_hash(data)
    }

    fn concat_and_hash(left: &Hash, right: Option<&Hash>) -> Hash {
        right.map_or(*left, |right| node_hash(left, right))
    }
}

fn number(index: usize) -> u64 {
    u64::try_from(index).unwrap()
}

fn tree(size: usize) -> Vec<Hash> {
    (0..size).map(|leaf| leaf_hash(format!("leaf {leaf}").as_bytes())).collect()
}

/// RFC 6962 section 2.1.1, as an independent second writing.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut own, other) = if index < left.len() {
        (path(index, left), root(right.iter().copied()))
    } else {
        (path(index - left.len(), right), root(left.iter().copied()))
    };
    own.push(other);
    own
}

fn wanted(tree: &[Hash], indexes: &BTreeSet<usize>) -> Vec<Leaf> {
    indexes.iter().map(|index| (number(*index), tree[*index])).collect()
}

#[test]
fn one_leaf_has_its_hashes_from_left_to_right() {
    let tree = tree(7);
    let proof = from_tree(&tree, &[4]).unwrap();
    let own = path(4, &tree);
    assert_eq!(proof, [own[2], own[0], own[1]], "first 0..4, then 5, then 6");
    assert_eq!(verify(&[(4, tree[4])], 7, &proof, &root(tree.iter().copied())), Ok(()));
}

#[test]
fn all_leaves_need_no_hash() {
    for size in 1..40 {
        let tree = tree(size);
        let leaves = wanted(&tree, &(0..size).collect());
        assert_eq!(verify(&leaves, number(size), &[], &root(tree.iter().copied())), Ok(()));
    }
}

#[test]
fn what_is_no_proof_is_refused() {
    let tree = tree(6);
    let root = root(tree.iter().copied());
    let proof = from_tree(&tree, &[1, 4]).unwrap();
    let leaves = [(1, tree[1]), (4, tree[4])];
    assert_eq!(verify(&leaves, 6, &proof, &root), Ok(()));
    assert_eq!(verify(&[], 6, &[root], &root), Err(MultiproofError::Empty));
    assert_eq!(verify(&[leaves[1], leaves[0]], 6, &proof, &root), Err(MultiproofError::Order));
    assert_eq!(verify(&[leaves[0], leaves[0]], 6, &proof, &root), Err(MultiproofError::Order));
    let outside = MultiproofError::Proof(ProofError::IndexOutOfRange);
    assert_eq!(verify(&[(6, tree[1])], 6, &proof, &root), Err(outside));
    assert_eq!(verify(&[(0, tree[0])], 0, &[], &root), Err(outside));
    assert_eq!(from_tree(&tree, &[6]), Err(outside));
    let other = MultiproofError::Proof(ProofError::WrongRoot);
    assert_eq!(verify(&[(2, tree[1]), leaves[1]], 6, &proof, &root), Err(other));
    let length = MultiproofError::Proof(ProofError::WrongLength { expected: 3 });
    assert_eq!(verify(&leaves, 6, &proof[..2], &root), Err(length));
    assert_eq!(verify(&leaves, 6, &[proof.clone(), vec![root]].concat(), &root), Err(length));
    let short = path(1, &tree);
    let length = MultiproofError::Proof(ProofError::WrongLength { expected: 3 });
    assert_eq!(from_paths(&[(1, &short[..2])], 6), Err(length));
}

/// The largest tree costs no more than its depth.
#[test]
fn sizes_at_the_end_of_the_range_are_judged() {
    let leaf = (u64::MAX - 1, Hash::default());
    let result = verify(&[leaf], u64::MAX, &[Hash::default(); 3], &Hash::default());
    assert!(matches!(result, Err(MultiproofError::Proof(ProofError::WrongLength { .. }))));
}

proptest! {
    #[test]
    fn chosen_leaves_are_proven_and_nothing_else(
        size in 1_usize..200,
        seeds in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
        bit in 0_usize..256,
        place in any::<prop::sample::Index>(),
    ) {
        let tree = tree(size);
        let indexes: BTreeSet<usize> = seeds.iter().map(|seed| seed.index(size)).collect();
        let numbers: Vec<u64> = indexes.iter().map(|index| number(*index)).collect();
        let leaves = wanted(&tree, &indexes);
        let root = root(tree.iter().copied());
        let proof = from_tree(&tree, &numbers).unwrap();
        prop_assert_eq!(verify(&leaves, number(size), &proof, &root), Ok(()));

        let paths: Vec<Vec<Hash>> = indexes.iter().map(|index| path(*index, &tree)).collect();
        let named: Vec<(u64, &[Hash])> =
            numbers.iter().copied().zip(paths.iter().map(Vec::as_slice)).collect();
        prop_assert_eq!(&from_paths(&named, number(size)).unwrap(), &proof);
        for (leaf, path) in leaves.iter().zip(&paths) {
            prop_assert_eq!(verify_inclusion(leaf.0, number(size), &leaf.1, path, &root), Ok(()));
        }

        // rs_merkle has the same hashes, in an order of its own.
        let other = MerkleTree::<Rfc6962>::from_leaves(&tree);
        prop_assert_eq!(other.root(), Some(root));
        let positions: Vec<usize> = indexes.iter().copied().collect();
        let theirs: BTreeSet<Hash> = other.proof(&positions).proof_hashes().iter().copied().collect();
        prop_assert_eq!(theirs, proof.iter().copied().collect::<BTreeSet<_>>());

        let mut bad_proof = proof.clone();
        if !bad_proof.is_empty() {
            let at = place.index(bad_proof.len());
            bad_proof[at][bit / 8] ^= 1 << (bit % 8);
            prop_assert!(verify(&leaves, number(size), &bad_proof, &root).is_err());
            bad_proof.remove(at);
            prop_assert!(verify(&leaves, number(size), &bad_proof, &root).is_err());
        }
        let mut bad_leaves = leaves.clone();
        let at = place.index(bad_leaves.len());
        bad_leaves[at].1[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify(&bad_leaves, number(size), &proof, &root).is_err());
        let mut moved = leaves.clone();
        moved[at].0 ^= 1;
        prop_assert!(verify(&moved, number(size), &proof, &root).is_err() || moved == leaves);
    }
}
