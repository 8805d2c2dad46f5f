//! Bytes, their limits and the two text encodings that Keel uses for them.
//!
//! Nothing here knows JSON, Keel or the file system. A [`Limits`] value is plain data with documented
//! defaults; a [`Budget`] counts what is left of it and is charged *before* anything is allocated.

pub mod base64;
mod blob;
pub mod der;
pub mod hex;
mod limits;
mod short;

pub use blob::Blob;
pub use limits::{Budget, LimitExceeded, Limits, Resource};
pub use short::ShortText;
