//! Merkle trees: roots, and proofs that are only ever checked, never trusted.

pub mod rfc6962;
