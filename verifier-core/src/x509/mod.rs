//! Certificates and revocation lists (RFC 5280): reading, path building at a past time, revocation at a past time.
//!
//! `x509-parser` reads the structures; signatures, paths and revocation are judged here, because what must hold at
//! which time is what the evidence stands on. Everything that decides is passed in: anchors, candidates, the time.
//! What is not supported is refused, not skipped: name constraints, unknown critical extensions, scoped or indirect
//! revocation lists.

mod certificate;
mod crl;
mod path;
mod pem;

pub use certificate::{Certificate, CertificateError, Extension, oid};
pub use crl::{Basis, Crl, Revocation, revocation};
pub use path::{PathError, PathProblem, find_path};
pub use pem::{PemError, read_pem};

#[cfg(test)]
mod tests;
