use std::fmt;

use ed25519_dalek::VerifyingKey;

use super::sha256;
use crate::bytes::{base64, hex};

/// A 32-byte Ed25519 public key that decodes to a point (spec 03 section 1).
///
/// Equality is by key, never by text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
}

/// Why a key or signature text is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// Not base64 at all, or of another length.
    Undecodable,
    /// The bytes are readable, but the text is a second spelling of them.
    SecondSpelling,
    /// 32 bytes that are no point of the curve.
    NotAPoint,
}

impl fmt::Display for TextError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Undecodable => "not base64 of the right length",
            Self::SecondSpelling => "a second spelling of the same bytes",
            Self::NotAPoint => "not a point of the curve",
        })
    }
}

impl std::error::Error for TextError {}

impl PublicKey {
    /// Reads `ed25519:BASE64`, the prefix optional.
    ///
    /// # Errors
    /// [`TextError`] when the text is not the canonical spelling of a usable key.
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        let bytes = decode_text::<32>(text)?;
        Self::from_bytes(&bytes).ok_or(TextError::NotAPoint)
    }

    /// Reads 32 raw bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        VerifyingKey::from_bytes(bytes).ok().map(|key| Self { key })
    }

    /// The raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether the key is a point of small order, under which constant signatures verify by lax rules.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.key.is_weak()
    }

    /// `ed25519:BASE64`.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("ed25519:{}", base64::encode(self.as_bytes()))
    }

    /// `sha256:` and 32 hexadecimal digits: the key id of export and checkpoint keys.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("sha256:{}", self.hex_prefix(16))
    }

    /// 16 hexadecimal digits: the key id of permit-binding keys.
    #[must_use]
    pub fn binding_id(&self) -> String {
        self.hex_prefix(8)
    }

    fn hex_prefix(&self, bytes: usize) -> String {
        hex::encode(sha256(self.as_bytes()).get(..bytes).unwrap_or_default())
    }

    pub(super) fn dalek(&self) -> &VerifyingKey {
        &self.key
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_text())
    }
}

/// Decodes `N` bytes of base64 behind at most one `ed25519:`.
pub(super) fn decode_text<const N: usize>(text: &str) -> Result<[u8; N], TextError> {
    let body = text.strip_prefix("ed25519:").unwrap_or(text);
    if let Some(bytes) = base64::decode(body) {
        return bytes.try_into().map_err(|_| TextError::Undecodable);
    }
    match base64::decode_lenient(body) {
        Some(bytes) if bytes.len() == N => Err(TextError::SecondSpelling),
        _ => Err(TextError::Undecodable),
    }
}
