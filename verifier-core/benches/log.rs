//! Inclusion proofs: how many one core verifies in a second.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark fails by panicking"
)]

use divan::Bencher;
use divan::counter::ItemsCount;
use verifier_core::merkle::rfc6962::{Hash, leaf_hash, node_hash, verify_inclusion};

fn main() {
    divan::main();
}

/// All levels of a perfect tree.
fn levels(leaves: u64) -> Vec<Vec<Hash>> {
    let mut levels = vec![(0..leaves).map(|number| leaf_hash(&number.to_be_bytes())).collect::<Vec<_>>()];
    while let Some(last) = levels.last().filter(|last| last.len() > 1) {
        let above = last.chunks(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        levels.push(above);
    }
    levels
}

/// Paths in a tree of 2^20 leaves, each of 20 hashes.
#[divan::bench]
fn inclusion(bencher: Bencher<'_, '_>) {
    const LEAVES: u64 = 1 << 20;
    let levels = levels(LEAVES);
    let root = levels[20][0];
    let proofs: Vec<(u64, Hash, Vec<Hash>)> = (0..1000)
        .map(|number| {
            let index = number * 1_048_573 % LEAVES;
            let at = usize::try_from(index).unwrap();
            let path = (0..20).map(|level| levels[level][at >> level ^ 1]).collect();
            (index, levels[0][at], path)
        })
        .collect();
    bencher.counter(ItemsCount::new(proofs.len())).bench_local(|| {
        for (index, leaf, path) in &proofs {
            verify_inclusion(*index, LEAVES, leaf, path, &root).unwrap();
        }
    });
}
