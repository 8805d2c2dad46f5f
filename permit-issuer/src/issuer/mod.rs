//! The operations of an issuer. Each is one transaction: everything it writes is there after a kill, or nothing is.
//!
//! | operation | from | to | chain events |
//! | --- | --- | --- | --- |
//! | [`Issuer::decide`] | – | ready, held, denied | `permit.evaluated` |
//! | [`Issuer::review`] | held | reviewed, and a new permit | `permit.review_transitioned`, `permit.evaluated` |
//! | [`Issuer::dispatch`] | ready | dispatched | `permit.binding_sealed_on_first_dispatch`, `dispatch.egress_bound` |
//! | [`Issuer::close`] | dispatched, ready | closed | `provider.response.received`, `client.response.delivered`, `permit.closed` |
//! | [`Issuer::revoke`] | ready, held, dispatched | revoked | `permit.revoked` |
//! | time | ready, held | expired | `permit.expired` |
//!
//! Every group of events ends with `audit.integrity_digest`. An operation that is repeated with the same key gives the
//! same answer and writes nothing.

mod close;
mod decide;
mod dispatch;
mod observe;
mod project;
mod review;
mod revoke;

pub(crate) use project::current_checkpoint;

use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use crate::chain::Event;
use crate::clock::Clock;
use crate::error::Result;
use crate::keys::{KeySet, KeyStore, SeedSource};
use crate::store::{Permit, Rows, Stage, Store};

/// File name of the state in a state directory.
pub const STATE_FILE: &str = "issuer.sqlite";

/// How many permits one call lets expire on its way.
const EXPIRED_PER_CALL: i64 = 32;

/// An issuer: keys, state, clock.
pub struct Issuer {
    store: Store,
    keys: KeySet,
    /// Where the keys come from, and which state of it they are.
    key_files: Option<(KeyStore, [u8; 32])>,
    clock: Rc<dyn Clock>,
    keep_request_bodies: bool,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Issuer").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Issuer {
    /// An issuer over an open state.
    #[must_use]
    pub fn new(store: Store, keys: KeySet, clock: Rc<dyn Clock>) -> Self {
        Self { store, keys, key_files: None, clock, keep_request_bodies: false }
    }

    /// Opens a state directory made by `init`.
    ///
    /// # Errors
    /// When keys or state are missing or damaged.
    pub fn open(directory: &Path, clock: Rc<dyn Clock>) -> Result<Self> {
        let files = KeyStore::new(directory);
        let state = files.state()?;
        let keys = files.load()?;
        let path = directory.join(STATE_FILE);
        if !path.is_file() {
            return Err(crate::Error::refused(
                "state.missing",
                format!("{} is not there; run init", path.display()),
            ));
        }
        let issuer = Self::new(Store::open(&path)?, keys, clock);
        Ok(Self { key_files: Some((files, state)), ..issuer })
    }

    /// Puts provider requests, without secrets, into the evidence, so that a verifier can recompute their digest. Off
    /// unless asked for: prompts are private.
    pub fn keep_request_bodies(&mut self, keep: bool) {
        self.keep_request_bodies = keep;
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// Uses other keys from now on, for example after a rotation.
    pub fn replace_keys(&mut self, keys: KeySet) {
        self.keys = keys;
    }

    /// Puts other keys in the place of the present ones and hands these out.
    pub(crate) fn swap_keys(&mut self, keys: KeySet) -> KeySet {
        std::mem::replace(&mut self.keys, keys)
    }

    /// The clock's present, or the first instant of the newest key where the clock has not come so far.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now_micros().max(self.keys.first_instant())
    }

    /// State and keys together.
    pub(crate) fn parts(&mut self) -> (&mut Store, &KeySet) {
        (&mut self.store, &self.keys)
    }

    /// The state, for exports.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    /// Lets due permits expire and gives their reservations back.
    ///
    /// # Errors
    /// When the state fails.
    pub fn expire(&mut self) -> Result<usize> {
        self.transact(|desk| expire_due(desk.rows, desk.now, i64::MAX))
    }

    /// Retires the key of `purpose` and makes a new one. Holds the state's lock meanwhile, so that nothing is signed
    /// between the old key's last instant and the new key's first.
    ///
    /// # Errors
    /// When the keys do not come from files, or a file cannot be written.
    pub fn rotate_key(&mut self, purpose: crate::keys::Purpose) -> Result<String> {
        let Self { store, key_files, clock, .. } = self;
        let Some((files, _)) = key_files else {
            return Err(crate::Error::Damaged("these keys are not kept in files".to_owned()));
        };
        let id = store.write(|_| files.rotate(SeedSource::Random, purpose, clock.now_micros()))?;
        self.reload_keys()?;
        Ok(id)
    }

    /// One transaction with the keys of this moment. The time is taken inside the state's lock: entries of a chain ascend in
    /// time as they do in number, however long a caller had to wait.
    fn transact<T>(&mut self, mut work: impl FnMut(&Desk<'_>) -> Result<T>) -> Result<T> {
        loop {
            let Self { store, keys, key_files, clock, keep_request_bodies } = self;
            let outcome = store.write(|rows| {
                // another process may have replaced a key since these were loaded
                if let Some((files, state)) = key_files
                    && files.state()? != *state
                {
                    return Ok(None);
                }
                let now = clock.now_micros().max(keys.first_instant());
                work(&Desk { rows, keys, now, keep_request_bodies: *keep_request_bodies }).map(Some)
            })?;
            match outcome {
                Some(value) => return Ok(value),
                None => self.reload_keys()?,
            }
        }
    }

    fn reload_keys(&mut self) -> Result<()> {
        if let Some((files, state)) = &mut self.key_files {
            *state = files.state()?;
            self.keys = files.load()?;
        }
        Ok(())
    }
}

/// What one operation works with.
struct Desk<'a> {
    rows: &'a Rows<'a>,
    keys: &'a KeySet,
    now: i64,
    keep_request_bodies: bool,
}

/// Ends permits whose time is over.
fn expire_due(rows: &Rows<'_>, now: i64, most: i64) -> Result<usize> {
    let mut count = 0;
    for stage in [Stage::Ready, Stage::Held] {
        for mut permit in rows.due(stage, now, most)? {
            let booked = release(rows, &mut permit)?;
            permit.advance(Stage::Expired, "expired");
            rows.update_permit(&permit)?;
            let payload = serde_json::json!({
                "permit_id": permit.id,
                "expires_at": permit.body.get("expires_at"),
                "budget_allocation_events": booked,
            });
            let event = Event::permit("permit.expired", &permit.id, "expired", payload);
            rows.chain(&permit.project, &permit.id, vec![event], now)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Gives back what is held for a permit.
fn release(rows: &Rows<'_>, permit: &mut Permit) -> Result<Vec<Value>> {
    let (Some(name), Some(reservation)) = (permit.envelope.clone(), permit.reservation.clone()) else {
        return Ok(Vec::new());
    };
    let mut envelope = load_envelope(rows, permit, &name)?;
    let movement = envelope.release(permit.held).map_err(damaged)?;
    permit.held = 0;
    set_reservation_status(permit, "released");
    rows.book(&permit.project, &name, &envelope, Some((&permit.id, &reservation)), &[movement])
}

fn load_envelope(rows: &Rows<'_>, permit: &Permit, name: &str) -> Result<crate::budget::Envelope> {
    rows.envelope(&permit.project, name)?
        .ok_or_else(|| crate::Error::Damaged(format!("permit {} names a lost envelope", permit.id)))
}

fn set_reservation_status(permit: &mut Permit, status: &str) {
    if let Some(slot) = permit.body.pointer_mut("/budget_envelope/reservation_status") {
        *slot = Value::from(status);
    }
}

fn damaged(error: crate::budget::BudgetError) -> crate::Error {
    crate::Error::Damaged(format!("ledger: {error}"))
}

#[cfg(test)]
mod tests;
