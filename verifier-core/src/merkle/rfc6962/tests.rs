use proptest::prelude::*;
use rs_merkle::{Hasher, MerkleTree};

use super::*;
use crate::bytes::hex;

/// The entries and values that the certificate transparency sources publish as test data.
const ENTRIES: [&[u8]; 8] = [
    b"",
    &[0x00],
    &[0x10],
    &[0x20, 0x21],
    &[0x30, 0x31],
    &[0x40, 0x41, 0x42, 0x43],
    &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
];

const LEAVES: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
    "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
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

fn hash(text: &str) -> Hash {
    hex::decode(text.as_bytes()).unwrap()
}

fn split(size: usize) -> usize {
    size.next_power_of_two() / 2
}

/// The recursive definition, as an independent second writing.
fn defined_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&defined_root(left), &defined_root(right))
        }
    }
}

/// RFC 6962 section 2.1.1.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut own, other) = if index < left.len() {
        (path(index, left), defined_root(right))
    } else {
        (path(index - left.len(), right), defined_root(left))
    };
    own.push(other);
    own
}

/// RFC 6962 section 2.1.2.
fn consistency(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![defined_root(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    if old <= left.len() {
        let mut proof = consistency(old, left, whole);
        proof.push(defined_root(right));
        proof
    } else {
        let mut proof = consistency(old - left.len(), right, false);
        proof.push(defined_root(left));
        proof
    }
}

fn sample(size: usize) -> Vec<Hash> {
    (0..size).map(|index| leaf_hash(index.to_string().as_bytes())).collect()
}

#[test]
fn published_leaves_and_roots() {
    for (entry, leaf) in ENTRIES.iter().zip(LEAVES) {
        assert_eq!(leaf_hash(entry), hash(leaf));
    }
    assert_eq!(root([]), EMPTY_ROOT);
    assert_eq!(EMPTY_ROOT, crate::crypto::sha256(b""));
    for size in 1..=8 {
        assert_eq!(root(ENTRIES[..size].iter().map(|entry| leaf_hash(entry))), hash(ROOTS[size - 1]));
    }
}

#[test]
fn published_proofs() {
    let leaves: Vec<Hash> = ENTRIES.iter().map(|entry| leaf_hash(entry)).collect();
    let proof = [
        hash(LEAVES[4]),
        hash("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
        hash(ROOTS[3]),
    ];
    assert_eq!(verify_inclusion(5, 8, &leaves[5], &proof, &hash(ROOTS[7])), Ok(()));
    assert_eq!(verify_inclusion(4, 8, &leaves[5], &proof, &hash(ROOTS[7])), Err(ProofError::WrongRoot));
    let proof = [
        hash(LEAVES[2]),
        hash(LEAVES[3]),
        hash(ROOTS[1]),
        hash("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"),
    ];
    assert_eq!(verify_consistency(3, 8, &hash(ROOTS[2]), &hash(ROOTS[7]), &proof), Ok(()));
    assert_eq!(
        verify_consistency(3, 8, &hash(ROOTS[3]), &hash(ROOTS[7]), &proof),
        Err(ProofError::WrongOldRoot)
    );
}

/// Every honest proof of small trees passes, and every shortened, lengthened or altered one fails.
#[test]
fn proofs_of_small_trees() {
    for size in 1..=33 {
        let leaves = sample(size);
        let top = root(leaves.iter().copied());
        assert_eq!(top, defined_root(&leaves));
        let count = u64::try_from(size).unwrap();
        for (index, leaf) in leaves.iter().enumerate() {
            let position = u64::try_from(index).unwrap();
            let good = path(index, &leaves);
            let check = |proof: &[Hash]| verify_inclusion(position, count, leaf, proof, &top);
            assert_eq!(check(&good), Ok(()), "{index} of {size}");
            refused(&good, check);
            assert!(verify_inclusion(position, count, &leaf_hash(b"x"), &good, &top).is_err());
        }
        assert_eq!(verify_inclusion(count, count, &leaves[0], &[], &top), Err(ProofError::IndexOutOfRange));
        for old in 1..=size {
            let old_top = root(leaves[..old].iter().copied());
            let good = consistency(old, &leaves, true);
            let check = |proof: &[Hash]| {
                verify_consistency(u64::try_from(old).unwrap(), count, &old_top, &top, proof)
            };
            assert_eq!(check(&good), Ok(()), "{old} of {size}");
            refused(&good, check);
        }
    }
}

/// A path that says where the older tree ends leads to both roots, whatever the older head states.
#[test]
fn a_whole_path_gives_both_roots() {
    for size in 2..=33 {
        let leaves = sample(size);
        let new = root(leaves.iter().copied());
        let count = u64::try_from(size).unwrap();
        for old in 1..size {
            let older = root(leaves[..old].iter().copied());
            let mut whole = consistency(old, &leaves, true);
            if old.is_power_of_two() {
                whole.insert(0, older);
            }
            let old = u64::try_from(old).unwrap();
            assert_eq!(consistency_roots(old, count, &whole), Ok((older, new)));
            for place in 0..whole.len() {
                let mut bad = whole.clone();
                bad[place][0] ^= 1;
                let (_, other) = consistency_roots(old, count, &bad).unwrap();
                assert_ne!(other, new, "every hash of the path leads to the newer root");
            }
            whole.push(new);
            assert!(matches!(consistency_roots(old, count, &whole), Err(ProofError::WrongLength { .. })));
        }
    }
    assert_eq!(consistency_roots(0, 3, &[]), Err(ProofError::Shrunk));
    assert_eq!(consistency_roots(3, 3, &[EMPTY_ROOT]), Err(ProofError::Shrunk));
}

/// RFC 6962 section 2.1.3: the examples of consistency and inclusion with seven leaves, and the published values of
/// the certificate transparency sources.
#[test]
fn published_consistency_proofs() {
    let a = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    let b = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    let c = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    let d = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    let e = "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e";
    let cases: [(u64, u64, &[&str]); 6] = [
        (1, 8, &[LEAVES[1], b, c]),
        (2, 5, &[b, LEAVES[4]]),
        (3, 7, &[LEAVES[2], LEAVES[3], ROOTS[1], e]),
        (3, 8, &[LEAVES[2], LEAVES[3], ROOTS[1], c]),
        (4, 8, &[c]),
        (6, 8, &[d, a, ROOTS[3]]),
    ];
    let top = |size: u64| hash(ROOTS[usize::try_from(size).unwrap() - 1]);
    for (old, new, proof) in cases {
        let proof: Vec<Hash> = proof.iter().map(|text| hash(text)).collect();
        assert_eq!(verify_consistency(old, new, &top(old), &top(new), &proof), Ok(()), "{old} to {new}");
        refused(&proof, |proof| verify_consistency(old, new, &top(old), &top(new), proof));
    }
    let inclusions: [(u64, u64, &[&str]); 4] = [
        (0, 8, &[LEAVES[1], b, c]),
        (2, 3, &[ROOTS[1]]),
        (1, 5, &[LEAVES[0], b, LEAVES[4]]),
        (6, 7, &[d, ROOTS[3]]),
    ];
    for (index, size, proof) in inclusions {
        let proof: Vec<Hash> = proof.iter().map(|text| hash(text)).collect();
        let leaf = hash(LEAVES[usize::try_from(index).unwrap()]);
        assert_eq!(verify_inclusion(index, size, &leaf, &proof, &top(size)), Ok(()), "{index} of {size}");
    }
}

fn refused(good: &[Hash], check: impl Fn(&[Hash]) -> Result<(), ProofError>) {
    let mut long = good.to_vec();
    long.push(EMPTY_ROOT);
    assert!(matches!(check(&long), Err(ProofError::WrongLength { .. })));
    if let Some((_, short)) = good.split_last() {
        assert!(matches!(check(short), Err(ProofError::WrongLength { .. })));
    }
    for place in 0..good.len() {
        let mut bad = good.to_vec();
        bad[place][7] ^= 1;
        assert!(check(&bad).is_err());
    }
}

#[test]
fn the_edges_of_consistency() {
    let top = root(sample(3));
    assert_eq!(verify_consistency(0, 3, &EMPTY_ROOT, &top, &[]), Ok(()));
    assert_eq!(verify_consistency(0, 3, &top, &top, &[]), Err(ProofError::WrongOldRoot));
    assert_eq!(verify_consistency(3, 3, &top, &top, &[]), Ok(()));
    assert_eq!(verify_consistency(3, 3, &top, &EMPTY_ROOT, &[]), Err(ProofError::WrongRoot));
    assert_eq!(verify_consistency(4, 3, &top, &top, &[]), Err(ProofError::Shrunk));
    assert_eq!(inclusion_length(u64::MAX - 1, u64::MAX), Some(63));
    assert_eq!(inclusion_length(0, u64::MAX), Some(64));
    assert_eq!(consistency_length(1, u64::MAX), Some(64));
}

#[derive(Clone)]
struct Rfc6962Hasher;

impl Hasher for Rfc6962Hasher {
    type Hash = Hash;

    fn hash(data: &[u8]) -> Hash {
        leaf_hash(data)
    }

    fn concat_and_hash(left: &Hash, right: Option<&Hash>) -> Hash {
        right.map_or(*left, |right| node_hash(left, right))
    }
}

proptest! {
    /// Subtrees of 256 leaves at once, or leaf by leaf: the same tree.
    #[test]
    fn subtrees_are_as_good_as_leaves(count in 0_usize..5, rest in 0_usize..300) {
        let leaves = sample(count * 256 + rest);
        let mut range = CompactRange::default();
        let (tiles, tail) = leaves.as_chunks::<256>();
        let more = tiles.len() - count;
        for tile in tiles {
            range.push_subtree(8, root(tile.iter().copied()));
        }
        tail.iter().for_each(|leaf| range.push(*leaf));
        prop_assert_eq!(range.root(), root(leaves.iter().copied()));
        prop_assert_eq!(range.size(), u64::try_from(leaves.len()).unwrap());
        prop_assert!(more <= 1);
    }

    #[test]
    fn another_implementation_agrees(data in prop::collection::vec(any::<Vec<u8>>(), 1..130), pick in any::<prop::sample::Index>()) {
        let leaves: Vec<Hash> = data.iter().map(|item| leaf_hash(item)).collect();
        let tree = MerkleTree::<Rfc6962Hasher>::from_leaves(&leaves);
        let top = root(leaves.iter().copied());
        prop_assert_eq!(tree.root(), Some(top));
        let index = pick.index(leaves.len());
        let proof = tree.proof(&[index]).proof_hashes().to_vec();
        let checked = verify_inclusion(
            u64::try_from(index).unwrap(), u64::try_from(leaves.len()).unwrap(), &leaves[index], &proof, &top);
        prop_assert_eq!(checked, Ok(()));
    }

    #[test]
    fn hostile_proofs_end(a in any::<u64>(), b in any::<u64>(), hashes in prop::collection::vec(any::<Hash>(), 0..140), root in any::<Hash>()) {
        prop_assert!(verify_inclusion(a, b, &root, &hashes, &EMPTY_ROOT).is_err());
        if a > 0 {
            prop_assert!(verify_consistency(a, b, &root, &EMPTY_ROOT, &hashes).is_err());
        }
        if let Some(length) = inclusion_length(a, b) {
            prop_assert!(length <= 64);
        }
    }
}
