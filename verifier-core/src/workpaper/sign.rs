//! Signatures of working papers (see [`super`]).

use std::fmt;

use ed25519_dalek::Signer as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Workpaper;
use crate::bytes::{base64, hex};
use crate::crypto::{PublicKey, SignatureText, sha256, verify};
use crate::time::Timestamp;
use crate::tlog::NoteKey;

/// In what role somebody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Who made the paper.
    Preparer,
    /// Who reviewed it.
    Reviewer,
}

impl Role {
    /// In documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preparer => "preparer",
            Self::Reviewer => "reviewer",
        }
    }
}

/// A signature as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// In what role.
    pub role: Role,
    /// When, by the signer's own statement, RFC 3339.
    pub signed_at: String,
    /// `ed25519:` and base64 of the key.
    pub public_key: String,
    /// `ed25519:` and base64 of the signature.
    pub signature: String,
}

/// A signature that verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    role: Role,
    public_key: String,
    signed_at: String,
}

impl Signed {
    /// In what role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// By which key.
    #[must_use]
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// When, by the signer's own statement.
    #[must_use]
    pub fn signed_at(&self) -> &str {
        &self.signed_at
    }
}

/// Why a signature does not verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureFault {
    /// Its place among the signatures, from 0 on.
    pub position: usize,
    /// Why.
    pub why: &'static str,
}

impl fmt::Display for SignatureFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "signature {}: {}", self.position + 1, self.why)
    }
}

impl std::error::Error for SignatureFault {}

/// The private key of a reviewer. It wipes itself, and has no `Debug`.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Reads a key file: 64 lower-case hexadecimal digits and perhaps a final newline.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(hex::decode(text.trim_ascii_end().as_bytes())?);
        Some(Self(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// Signs the text of a tree head under a key name: the note, and the key text that its readers trust.
    pub(crate) fn sign_note(&self, name: &str, text: &str) -> Option<(String, String)> {
        let key = PublicKey::from_bytes(self.0.verifying_key().as_bytes())?;
        let named = NoteKey::of_log(name, key)?;
        let note = named.note(text, &self.0.sign(text.as_bytes()).to_bytes());
        Some((note, named.to_text()))
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> String {
        format!("ed25519:{}", base64::encode(self.0.verifying_key().as_bytes()))
    }
}

impl Workpaper {
    /// Adds a signature over the content and the signatures that are there.
    ///
    /// # Errors
    /// As [`Self::check`]: nobody signs over a signature that does not verify, or at a time that is none.
    pub fn sign(&mut self, key: &SigningKey, role: Role, signed_at: &str) -> Result<(), SignatureFault> {
        self.check()?;
        let position = self.signatures.len();
        let fault = |why| SignatureFault { position, why };
        if Timestamp::parse(signed_at).is_none() {
            return Err(fault("the time of signing is no time"));
        }
        if self.signatures.iter().any(|other| other.public_key == key.public_key()) {
            return Err(fault(TWICE));
        }
        if role == Role::Reviewer && self.signatures.is_empty() {
            return Err(fault("there is no signature yet to countersign"));
        }
        let content = self.content_digest().ok_or(fault("the content has no canonical form"))?;
        let mut signature = Signature {
            role,
            signed_at: signed_at.to_owned(),
            public_key: key.public_key(),
            signature: String::new(),
        };
        let message = message(&signature, &content, &self.signatures);
        signature.signature = format!("ed25519:{}", base64::encode(&key.0.sign(&message).to_bytes()));
        self.signatures.push(signature);
        Ok(())
    }

    /// Checks every signature.
    ///
    /// # Errors
    /// The first that does not verify.
    pub fn check(&self) -> Result<Vec<Signed>, SignatureFault> {
        if self.signatures.is_empty() {
            return Ok(Vec::new());
        }
        let content = self
            .content_digest()
            .ok_or(SignatureFault { position: 0, why: "the content has no canonical form" })?;
        let mut signed = Vec::with_capacity(self.signatures.len());
        for (position, signature) in self.signatures.iter().enumerate() {
            let fault = |why| SignatureFault { position, why };
            let key = PublicKey::from_text(&signature.public_key)
                .ok()
                .filter(|key| signature.public_key.starts_with("ed25519:") && !key.is_weak())
                .ok_or(fault("the public key is not ed25519: and the base64 of a key"))?;
            let text = SignatureText::parse(&signature.signature)
                .ok()
                .filter(|_| signature.signature.starts_with("ed25519:"))
                .ok_or(fault("the signature is not ed25519: and the base64 of 64 bytes"))?;
            if Timestamp::parse(&signature.signed_at).is_none() {
                return Err(fault("the time of signing is no time"));
            }
            let before = self.signatures.get(..position).unwrap_or_default();
            if before.iter().any(|other| other.public_key == signature.public_key) {
                return Err(fault(TWICE));
            }
            if !verify(&key, &message(signature, &content, before), &text) {
                return Err(fault("it does not verify over this content"));
            }
            signed.push(Signed {
                role: signature.role,
                public_key: signature.public_key.clone(),
                signed_at: signature.signed_at.clone(),
            });
        }
        Ok(signed)
    }
}

const TWICE: &str = "this key has signed the paper already";

fn message(signature: &Signature, content: &str, before: &[Signature]) -> Vec<u8> {
    let earlier: String = before.iter().map(|signature| format!("{}\n", signature.signature)).collect();
    let earlier = if before.is_empty() { "-".to_owned() } else { hex::encode(&sha256(earlier.as_bytes())) };
    let parts = [
        "keel.workpaper.signature/v1",
        signature.role.as_str(),
        &signature.signed_at,
        &signature.public_key,
        content,
        &earlier,
    ];
    parts.iter().map(|part| format!("{part}\n")).collect::<String>().into_bytes()
}
