//! What is remembered by a caller who verifies nearly the same evidence thousands of times.
//!
//! An ordinary verification remembers nothing: only [`Memory::with`] makes a memory known to the calling thread, and only
//! the attacks of [`redteam`](crate::redteam) do so. Everything in a memory is the result of pure work, found by all that
//! the work depends on:
//!
//! | result | found by |
//! | --- | --- |
//! | verdict on a signature | SHA-256 of key (32 bytes) ‖ signature (64 bytes) ‖ message |
//! | rows of a payload | the very bytes in memory (not equal ones), the arrays, limits, and what the reader states that its rows depend on |
//!
//! so that no verdict can be another than without it. A memory learns until it is [closed](Memory::close), from the honest
//! evidence; what changed evidence adds would not be met again.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use sha2::{Digest, Sha256};

/// Signatures that are remembered; further ones are verified each time.
const SIGNATURES: usize = 200_000;

/// Other results that are remembered.
const RESULTS: usize = 64;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Memory>>> = const { RefCell::new(None) };
}

/// Results of pure work, shared by the threads of one attack.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    signatures: RwLock<HashMap<[u8; 32], bool>>,
    results: RwLock<Vec<Arc<dyn Any + Send + Sync>>>,
    is_closed: AtomicBool,
}

impl Memory {
    /// Does `work` on this thread with this memory.
    pub(crate) fn with<R>(self: &Arc<Self>, work: impl FnOnce() -> R) -> R {
        let _before = Before(CURRENT.replace(Some(Arc::clone(self))));
        work()
    }

    /// Learns nothing further.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }

    fn is_learning(&self) -> bool {
        !self.is_closed.load(Ordering::Acquire)
    }
}

/// Restores what the thread knew, also when the work panics.
struct Before(Option<Arc<Memory>>);

impl Drop for Before {
    fn drop(&mut self) {
        CURRENT.replace(self.0.take());
    }
}

fn current() -> Option<Arc<Memory>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Whether the calling thread has a memory that still learns.
#[must_use]
pub(crate) fn is_learning() -> bool {
    CURRENT.with_borrow(|memory| memory.as_ref().is_some_and(|memory| memory.is_learning()))
}

/// The verdict on an Ed25519 signature: remembered, or that of `verify`.
pub(crate) fn signature(
    key: &[u8; 32],
    message: &[u8],
    signature: &[u8; 64],
    verify: impl FnOnce() -> bool,
) -> bool {
    let Some(memory) = current() else { return verify() };
    let name: [u8; 32] =
        Sha256::new().chain_update(key).chain_update(signature).chain_update(message).finalize().into();
    if let Some(verdict) = memory.signatures.read().ok().and_then(|known| known.get(&name).copied()) {
        return verdict;
    }
    let verdict = verify();
    if memory.is_learning()
        && let Ok(mut known) = memory.signatures.write()
        && known.len() < SIGNATURES
    {
        known.insert(name, verdict);
    }
    verdict
}

/// The first remembered result of type `T` that `fits`.
#[must_use]
pub(crate) fn find<T: Any + Send + Sync>(fits: impl Fn(&T) -> bool) -> Option<Arc<T>> {
    let memory = current()?;
    let results = memory.results.read().ok()?;
    let own = |result: &&Arc<dyn Any + Send + Sync>| result.downcast_ref::<T>().is_some_and(&fits);
    let found = results.iter().find(own).cloned()?;
    found.downcast().ok()
}

/// Remembers a result.
pub(crate) fn add<T: Any + Send + Sync>(result: T) {
    if let Some(memory) = current()
        && memory.is_learning()
        && let Ok(mut results) = memory.results.write()
        && results.len() < RESULTS
    {
        results.push(Arc::new(result));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn nothing_is_remembered_without_a_memory() {
        let calls = Cell::new(0);
        let verify = || {
            calls.set(calls.get() + 1);
            true
        };
        for _ in 0..2 {
            assert!(signature(&[1; 32], b"m", &[2; 64], verify));
        }
        assert_eq!(calls.get(), 2);
        add(5_u32);
        assert_eq!(find(|_: &u32| true), None);
    }

    #[test]
    fn each_part_of_a_signature_names_it() {
        let memory = Arc::new(Memory::default());
        memory.with(|| {
            assert!(signature(&[1; 32], b"m", &[2; 64], || true));
            assert!(signature(&[1; 32], b"m", &[2; 64], || false), "remembered");
            assert!(!signature(&[3; 32], b"m", &[2; 64], || false), "another key");
            assert!(!signature(&[1; 32], b"n", &[2; 64], || false), "another message");
            assert!(!signature(&[1; 32], b"m", &[4; 64], || false), "another signature");
        });
        assert!(!signature(&[1; 32], b"m", &[2; 64], || false), "known on no other occasion");
    }

    #[test]
    fn a_closed_memory_learns_nothing() {
        let memory = Arc::new(Memory::default());
        memory.with(|| add(5_u32));
        memory.close();
        memory.with(|| {
            add(6_u32);
            assert!(signature(&[1; 32], b"m", &[2; 64], || true));
            assert!(!signature(&[1; 32], b"m", &[2; 64], || false));
            assert_eq!(find(|number: &u32| *number == 5).as_deref(), Some(&5));
            assert_eq!(find(|number: &u32| *number == 6), None);
            assert!(!is_learning());
        });
    }
}
