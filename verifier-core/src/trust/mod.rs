//! Trust: which keys count, for what, and when.
//!
//! The [`TrustPolicy`] is one value: keys, requirements, limits and the date that verdicts are stated for.
//! A [`KeyRing`] is loaded from it; [`KeyRing::resolve`] picks a key for a purpose, a key id and a signing
//! time (spec 03 sections 4 and 5, with the rules of section 12). Only [`ResolvedKey::authenticate`] makes
//! a [`Verified`] value.
//!
//! A [`kit`] brings all of it in one file ([`TrustPolicy::adopt_kit`]).
//!
//! What this does not prove: that the holder of a key is who the manifest says, or that a stated signing
//! time is true.

mod keyring;
pub mod kit;
mod manifest;
mod policy;
mod table;
mod verified;

pub use keyring::{KeyRequest, KeyRing, Refusal, ResolvedKey};
pub use manifest::{Bound, KeyEntry, KeyManifest, ManifestError};
pub use policy::{Check, KeySource, LogTrust, NamedBlob, TimestampTrust, TrustPolicy};
pub use table::KeyTable;
pub use verified::{Basis, Verified};

/// Signs export manifests, workflow-evidence siblings and public key manifests.
pub const EXPORT_SIGNING: &str = "export_signing";
/// Signs checkpoints.
pub const INTEGRITY_CHECKPOINT: &str = "integrity_checkpoint";
/// Signs scope-state sidecars.
pub const SCOPE_STATE: &str = "scope_state";
/// Signs permit decisions, closures, workflow records and key status.
pub const PERMIT_BINDING_SIGNING: &str = "permit_binding_signing";

/// The trust root that is compiled in, as published by the vendor.
pub const BUNDLED_TRUST_ROOT: &[u8] = include_bytes!("../../data/trust_root.json");

/// SHA-256 of [`BUNDLED_TRUST_ROOT`].
pub const BUNDLED_TRUST_ROOT_SHA256: &str =
    "a3ae1670603124cd35411c6e23a76ad4635b50d14d3b0f802349189d1160096c";
