//! Fast verification under the few keys that sign a whole export.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::{KeyRing, ResolvedKey, Verified};
use crate::crypto::{PublicKey, RepeatedKey, SignatureText, verify};

/// Precomputed tables for the keys of one purpose, shared by all worker threads.
///
/// Verdicts equal [`crate::crypto::verify`] on every input; a key that is not in the table is verified
/// without one. A table is made when its key was used often enough that it will pay: making one takes as long as some
/// forty verifications save. Being in the table is no trust: that is [`KeyRing::resolve`]'s to decide.
#[derive(Debug, Default)]
pub struct KeyTable {
    keys: BTreeMap<[u8; 32], Slot>,
}

#[derive(Debug)]
struct Slot {
    key: PublicKey,
    uses: AtomicU32,
    table: OnceLock<RepeatedKey>,
}

/// Signatures under a key before its table is made.
const USES: u32 = 48;

impl KeyTable {
    /// For every usable key that the ring lists for `purpose`.
    #[must_use]
    pub fn for_purpose(keys: &KeyRing, purpose: &str) -> Self {
        let slot = |key: PublicKey| Slot { key, uses: AtomicU32::new(0), table: OnceLock::new() };
        Self { keys: keys.keys_for(purpose).map(|key| (*key.as_bytes(), slot(key))).collect() }
    }

    /// Whether `signature` is `key`'s signature of `message`.
    #[must_use]
    pub fn verify(&self, key: &PublicKey, message: &[u8], signature: &SignatureText) -> bool {
        match self.keys.get(key.as_bytes()) {
            // Each thread adds at most one more than is counted, far from wrapping round.
            Some(slot) if slot.uses.load(Relaxed) < USES => {
                slot.uses.fetch_add(1, Relaxed);
                verify(key, message, signature)
            }
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
