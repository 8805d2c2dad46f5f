//! The wire: what an artifact's bytes are, without a verdict; one file for each artifact.

pub mod binding;
pub mod checkpoint;
pub mod excerpt;
pub mod key_status;
pub mod scope;
pub mod workflow;
