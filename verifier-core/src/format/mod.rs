//! The wire: one file for each artifact.

pub mod checkpoint;
pub mod scope;
