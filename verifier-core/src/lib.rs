//! Decides what Keel evidence proves.
#![warn(missing_docs)]

pub mod bytes;
pub mod canon;
pub mod crypto;
pub mod json;
pub mod par;
pub mod time;
