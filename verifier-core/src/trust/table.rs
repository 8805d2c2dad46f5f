//! Fast verification under the few keys that sign a whole export.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{KeyRing, ResolvedKey, Verified};
use crate::crypto::{PublicKey, RepeatedKey, SignatureText, verify};

/// Precomputed tables for the keys of one purpose, shared by all worker threads.
///
/// Verdicts equal [`crate::crypto::verify`] on every input; a key that is not in the table is verified
/// without one. A table is made when its key is first used. Being in the table is no trust: that is
/// [`KeyRing::resolve`]'s to decide.
#[derive(Debug, Default)]
pub struct KeyTable {
    keys: BTreeMap<[u8; 32], Slot>,
}

#[derive(Debug)]
struct Slot {
    key: PublicKey,
    table: OnceLock<RepeatedKey>,
}

impl KeyTable {
    /// For every usable key that the ring lists for `purpose`.
    #[must_use]
    pub fn for_purpose(keys: &KeyRing, purpose: &str) -> Self {
        let slots = keys.keys_for(purpose).map(|key| (*key.as_bytes(), Slot { key, table: OnceLock::new() }));
        Self { keys: slots.collect() }
    }

    /// Whether `signature` is `key`'s signature of `message`.
    #[must_use]
    pub fn verify(&self, key: &PublicKey, message: &[u8], signature: &SignatureText) -> bool {
        match self.keys.get(key.as_bytes()) {
            Some(slot) => slot.table.get_or_init(|| RepeatedKey::new(slot.key)).verify(message, signature),
            None => verify(key, message, signature),
        }
    }

    /// [`ResolvedKey::authenticate`] with the tables.
    ///
    /// # Errors
    /// Gives the value back when the signature does not verify.
    pub fn authenticate<T>(
        &self,
        key: &ResolvedKey,
        value: T,
        message: &[u8],
        signature: &SignatureText,
    ) -> Result<Verified<T>, T> {
        match &key.key {
            Ok(public) if self.verify(public, message, signature) => Ok(Verified::new(value, key.basis)),
            _ => Err(value),
        }
    }
}
