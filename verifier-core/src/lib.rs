//! Decides what Keel evidence proves.
#![warn(missing_docs)]

pub mod archive;
pub mod bytes;
pub mod canon;
pub mod chain;
pub mod claim;
pub mod crypto;
pub mod evidence;
pub mod finding;
pub mod format;
pub mod json;
pub mod merkle;
pub mod par;
pub mod registry;
pub mod render;
pub mod report;
pub mod time;
pub mod trust;
pub mod verify;
