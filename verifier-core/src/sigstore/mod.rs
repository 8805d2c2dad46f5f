//! Sigstore bundles, verified offline (spec 16 section 7).

pub mod artifact;
pub mod identity;
pub mod bundle;
pub mod dsse;
pub mod entry;
mod protobuf;
pub mod trusted_root;

pub use protobuf::Malformed;
