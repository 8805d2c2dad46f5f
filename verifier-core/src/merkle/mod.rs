//! Merkle trees: roots, and proofs that are only ever checked, never trusted.

pub mod multiproof;
pub mod rfc6962;
