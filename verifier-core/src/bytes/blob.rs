//! Shared immutable bytes whose digest is computed at most once.

use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

/// Cheaply cloned bytes with a cached SHA-256.
#[derive(Clone)]
pub struct Blob {
    inner: Arc<Inner>,
}

struct Inner {
    bytes: Vec<u8>,
    digest: OnceLock<[u8; 32]>,
}

impl Blob {
    /// Takes ownership of `bytes`.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { inner: Arc::new(Inner { bytes, digest: OnceLock::new() }) }
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.inner.bytes
    }

    /// SHA-256 of the bytes.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        *self.inner.digest.get_or_init(|| Sha256::digest(&self.inner.bytes).into())
    }
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Blob({} bytes)", self.inner.bytes.len())
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}
