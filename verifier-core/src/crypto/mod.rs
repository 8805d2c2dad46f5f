//! Digests and Ed25519 keys, in the spellings that Keel uses, and the keys of certificates.

mod ed25519;
mod key;
pub mod pki;
mod rsa;

pub use ed25519::{RepeatedKey, SignatureText, verify};
pub use key::{PublicKey, TextError};

use sha2::{Digest, Sha256};

use crate::bytes::hex;

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// `sha256:` and the lower-case hexadecimal of a digest.
#[must_use]
pub fn prefixed(digest: &[u8; 32]) -> String {
    format!("sha256:{}", hex::encode(digest))
}
