//! Keys: one Ed25519 key for each purpose (spec 03 section 1).
//!
//! Purposes never share a key: an export manifest and a checkpoint sign the same kind of text, so one key under
//! both would let an export be shown as a checkpoint (spec 10 section 10.2.1).

mod manifest;
mod seed;
mod store;

use std::fmt;

use verifier_core::bytes::base64;
use verifier_core::crypto::PublicKey;

pub use manifest::{KeyEntry, signed_manifest};
pub use seed::Seed;
pub use store::{KeyStore, SeedSource};

/// What a key may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Export manifests, evidence bundles, key manifests.
    ExportSigning,
    /// Permit decisions, closures, revocations, reviews, reservation linkages.
    PermitBindingSigning,
    /// Checkpoints.
    IntegrityCheckpoint,
    /// Scope-state sidecars.
    ScopeState,
}

impl Purpose {
    /// All purposes, in the order of the key manifest.
    pub const ALL: [Self; 4] =
        [Self::ExportSigning, Self::PermitBindingSigning, Self::IntegrityCheckpoint, Self::ScopeState];

    /// The word in a key manifest.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExportSigning => "export_signing",
            Self::PermitBindingSigning => "permit_binding_signing",
            Self::IntegrityCheckpoint => "integrity_checkpoint",
            Self::ScopeState => "scope_state",
        }
    }

    /// The purpose called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// The key id that artifacts of this purpose carry.
    #[must_use]
    pub fn key_id(self, key: &PublicKey) -> String {
        match self {
            Self::PermitBindingSigning => key.binding_id(),
            Self::ExportSigning | Self::IntegrityCheckpoint | Self::ScopeState => key.fingerprint(),
        }
    }
}

/// Signs messages with one key. The key itself may live elsewhere, for example in a module that only signs.
pub trait Signer {
    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// Ed25519 signature of `message`.
    fn sign(&self, message: &[u8]) -> [u8; 64];

    /// `ed25519:BASE64` of the signature of `text`.
    fn sign_text(&self, text: &str) -> String {
        format!("ed25519:{}", base64::encode(&self.sign(text.as_bytes())))
    }
}

/// One signer for each purpose, and what the key manifest says of all keys, past ones included.
pub struct KeySet {
    signers: Vec<(Purpose, Box<dyn Signer>)>,
    entries: Vec<KeyEntry>,
}

impl KeySet {
    /// Joins signers and manifest entries.
    #[must_use]
    pub fn new(signers: Vec<(Purpose, Box<dyn Signer>)>, entries: Vec<KeyEntry>) -> Self {
        Self { signers, entries }
    }

    /// The signer for `purpose`.
    ///
    /// # Errors
    /// [`crate::Error::Damaged`] when the set has none.
    pub fn signer(&self, purpose: Purpose) -> crate::Result<&dyn Signer> {
        self.signers
            .iter()
            .find(|(own, _)| *own == purpose)
            .map(|(_, signer)| signer.as_ref())
            .ok_or_else(|| crate::Error::Damaged(format!("no key for {}", purpose.name())))
    }

    /// The key id for `purpose`.
    ///
    /// # Errors
    /// [`crate::Error::Damaged`] when the set has no such key.
    pub fn key_id(&self, purpose: Purpose) -> crate::Result<String> {
        Ok(purpose.key_id(&self.signer(purpose)?.public_key()))
    }

    /// Retires the key of `purpose` after `now` and signs with `fresh` from the next microsecond on. Until then
    /// [`Self::first_instant`] is what the time is.
    pub fn rotate(&mut self, purpose: Purpose, fresh: Box<dyn Signer>, now: i64) {
        let from = manifest::retire(&mut self.entries, purpose, now).unwrap_or(now);
        self.entries.push(KeyEntry::active(purpose, &fresh.public_key(), from));
        self.signers.retain(|(own, _)| *own != purpose);
        self.signers.push((purpose, fresh));
    }

    /// The first instant at which every signer may sign.
    #[must_use]
    pub fn first_instant(&self) -> i64 {
        manifest::first_instant(&self.entries)
    }

    /// All entries of the key manifest.
    #[must_use]
    pub fn entries(&self) -> &[KeyEntry] {
        &self.entries
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.entries.iter().map(|entry| &entry.key_id)).finish()
    }
}
