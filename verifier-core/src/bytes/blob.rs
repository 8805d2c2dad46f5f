//! Shared immutable bytes whose digest is computed at most once.

use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

/// Cheaply cloned bytes with a cached SHA-256.
#[derive(Clone)]
pub struct Blob {
    inner: Arc<Inner>,
}

struct Inner {
    content: Content,
    digest: OnceLock<[u8; 32]>,
}

/// Whether bytes are UTF-8 is decided once.
enum Content {
    Text(String),
    Binary(Vec<u8>),
}

impl Blob {
    /// Takes ownership of `bytes`.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        let content = match String::from_utf8(bytes) {
            Ok(text) => Content::Text(text),
            Err(error) => Content::Binary(error.into_bytes()),
        };
        Self { inner: Arc::new(Inner { content, digest: OnceLock::new() }) }
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        match &self.inner.content {
            Content::Text(text) => text.as_bytes(),
            Content::Binary(bytes) => bytes,
        }
    }

    /// The text, when the bytes are UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.inner.content {
            Content::Text(text) => Some(text),
            Content::Binary(_) => None,
        }
    }

    /// SHA-256 of the bytes.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        *self.inner.digest.get_or_init(|| Sha256::digest(self.as_slice()).into())
    }
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Blob({} bytes)", self.as_slice().len())
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}
