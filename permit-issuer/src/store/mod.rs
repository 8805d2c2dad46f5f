//! State in one SQLite file.
//!
//! Write-ahead log with `synchronous = FULL`: a committed transaction survives a kill of the process or of the machine. Every
//! decision, dispatch and closure is one `BEGIN IMMEDIATE` transaction, so a kill at any moment leaves all of it or none,
//! and concurrent processes queue up (busy timeout) instead of interleaving.
//!
//! Documents (permits, entries, ledger rows) are stored as the canonical text that is exported; columns beside
//! them are what queries need.

mod log;
mod permits;
mod rows;

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::{Error, Result};

pub use permits::{Permit, Stage};
pub use rows::{Project, Rows};

/// How long a process waits for the others.
const BUSY: Duration = Duration::from_secs(60);

/// Raised when the tables change.
const SCHEMA_VERSION: i64 = 2;

const SCHEMA: &str = "
CREATE TABLE project (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL,
    policy TEXT NOT NULL, policy_hash TEXT NOT NULL, head_sequence INTEGER NOT NULL, head_hash TEXT NOT NULL) STRICT;
CREATE TABLE envelope (
    project TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, total INTEGER NOT NULL, reserved INTEGER NOT NULL,
    spent INTEGER NOT NULL, next_seq INTEGER NOT NULL, PRIMARY KEY (project, name),
    CHECK (reserved >= 0 AND spent >= 0 AND reserved + spent <= total)) STRICT;
CREATE TABLE permit (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, project TEXT NOT NULL, idempotency_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL, decision TEXT NOT NULL, stage TEXT NOT NULL, created_at INTEGER NOT NULL,
    expires_at INTEGER, envelope TEXT, reservation TEXT, held INTEGER NOT NULL, dispatched_at INTEGER,
    execution_id TEXT, body TEXT NOT NULL, artifact TEXT NOT NULL, request TEXT NOT NULL,
    close_key TEXT, closure TEXT, usage TEXT, UNIQUE (project, idempotency_key)) STRICT;
CREATE INDEX permit_due ON permit (stage, expires_at);
CREATE TABLE admission (
    project TEXT NOT NULL, rate_limit TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX admission_window ON admission (project, rate_limit, key, at);
CREATE TABLE entry (
    project TEXT NOT NULL, sequence INTEGER NOT NULL, permit TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (project, sequence)) STRICT;
CREATE INDEX entry_permit ON entry (permit, sequence);
CREATE TABLE ledger (
    project TEXT NOT NULL, envelope TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (project, envelope, seq)) STRICT;
CREATE TABLE linkage (project TEXT NOT NULL, number INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE checkpoint (number INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
";

/// What layout 2 has more than layout 1: which chain entry stands where in the transparency log.
const LOG: &str = "
CREATE TABLE logged (
    position INTEGER PRIMARY KEY, project TEXT NOT NULL, sequence INTEGER NOT NULL, UNIQUE (project, sequence)) STRICT;
";

/// An open state file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
}

impl Store {
    /// Opens or creates the state file.
    ///
    /// # Errors
    /// When it cannot be opened or was written by another version.
    pub fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Self::prepare(connection)
    }

    /// State that lives as long as the process.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn in_memory() -> Result<Self> {
        Self::prepare(Connection::open_in_memory()?)
    }

    fn prepare(connection: Connection) -> Result<Self> {
        let mut store = Self { connection };
        store.write(|rows| {
            let version: i64 = rows.connection().query_row("PRAGMA user_version", [], |row| row.get(0))?;
            let missing: &[&str] = match version {
                0 => &[SCHEMA, LOG],
                1 => &[LOG],
                SCHEMA_VERSION => return Ok(()),
                other => {
                    return Err(Error::Damaged(format!(
                        "state has layout {other}, this program reads up to {SCHEMA_VERSION}"
                    )));
                }
            };
            for tables in missing {
                rows.connection().execute_batch(tables)?;
            }
            rows.connection().pragma_update(None, "user_version", SCHEMA_VERSION)?;
            Ok(())
        })?;
        Ok(store)
    }

    /// Runs `work` in one transaction: committed when it succeeds, without trace when it fails.
    ///
    /// # Errors
    /// What `work` or the commit reports.
    pub fn write<T>(&mut self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        self.transaction(TransactionBehavior::Immediate, |transaction| {
            let value = work(&Rows::new(&transaction))?;
            transaction.commit()?;
            Ok(value)
        })
    }

    /// Runs `work` on one consistent view.
    ///
    /// # Errors
    /// What `work` reports.
    pub fn read<T>(&mut self, work: impl FnOnce(&Rows<'_>) -> Result<T>) -> Result<T> {
        self.transaction(TransactionBehavior::Deferred, |transaction| work(&Rows::new(&transaction)))
    }

    fn transaction<T>(
        &mut self,
        behavior: TransactionBehavior,
        work: impl FnOnce(Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        work(self.connection.transaction_with_behavior(behavior)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_of_layout_1_gains_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(SCHEMA).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        old.execute("INSERT INTO entry VALUES ('p', 1, 'x', '{}')", []).unwrap();
        old.execute("INSERT INTO project VALUES (1, 'p', 'p', 0, '', '', 1, '')", []).unwrap();
        drop(old);
        let mut store = Store::open(&path).unwrap();
        assert_eq!(store.write(|rows| rows.number_log_entries()).unwrap(), 1);
        assert_eq!(store.write(|rows| rows.number_log_entries()).unwrap(), 0);
        assert_eq!(store.read(|rows| rows.log_positions("p", 9)).unwrap(), [0]);
        store.connection.pragma_update(None, "user_version", 3).unwrap();
        assert!(Store::open(&path).is_err(), "a later layout");
    }
}
