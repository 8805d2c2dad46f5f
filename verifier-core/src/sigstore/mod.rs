//! Sigstore bundles, verified offline (spec 16 section 16.7; Sigstore bundle format 0.1 to 0.3).
//!
//! A [`bundle`] is read strictly, its log [`entry`] is compared with it by decoded bytes, and [`verify`] answers
//! every [`check`](check::Check) against a [`trusted_root`] that the caller vouches for: log inclusion under a
//! signed tree head, signed entry timestamp, RFC 3161 timestamps, the certificate's path, validity and
//! [certificate timestamp](sct), identity and issuer, the signature itself. Signatures, paths, proofs and timestamps
//! are those of `crypto`, `x509`, `merkle`, `tlog` and `timestamp`; no other verifier has a say.
//!
//! Not done: cosignatures of witnesses on tree heads are counted here and judged by the caller, because a trusted root has no
//! keys of witnesses; detached certificate timestamps, `intoto` 0.0.1 entries and artifacts signed by Ed25519 alone
//! are not supported; nothing is fetched, so that a key revoked since the trusted root was made still counts.

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
