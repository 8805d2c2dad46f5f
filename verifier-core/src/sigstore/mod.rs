//! Sigstore bundles, verified offline (spec 16 section 7).

pub mod artifact;
pub mod bundle;
mod certificate;
pub mod check;
pub mod dsse;
pub mod entry;
pub mod identity;
mod key;
mod protobuf;
mod rekor;
pub mod sct;
mod timestamp;
pub mod trusted_root;
pub mod verify;

pub use protobuf::Malformed;
