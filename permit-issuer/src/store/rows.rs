//! Queries on projects, envelopes, rate limits, chain, ledger and checkpoints.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::Value;
use verifier_core::canon::Profile;

use crate::budget::{self, Envelope, Movement, RowContext};
use crate::chain::{self, Event, Head};
use crate::document;
use crate::error::{Error, Result};
use crate::policy::{self, Policy};

/// A project: one policy, one chain.
#[derive(Clone, Debug)]
pub struct Project {
    /// UUID text.
    pub id: String,
    /// Name.
    pub name: String,
    /// When it was made.
    pub created_at: i64,
    /// Active policy.
    pub policy: Policy,
    /// Its digest.
    pub policy_hash: String,
}

/// The tables inside one transaction.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'c> {
    connection: &'c Connection,
}

impl<'c> Rows<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }

    pub(super) fn connection(&self) -> &'c Connection {
        self.connection
    }

    /// Adds a project.
    ///
    /// # Errors
    /// [`Error::Refused`] when name or id exist already.
    pub fn add_project(&self, project: &Project, policy_text: &str) -> Result<()> {
        let head = Head::default();
        let known: Option<String> = self
            .connection
            .query_row(
                "SELECT name FROM project WHERE id = ?1 OR name = ?2",
                params![project.id, project.name],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(name) = known {
            return Err(Error::refused("project.exists", format!("there is a project {name:?} already")));
        }
        self.connection.execute(
            "INSERT INTO project (id, name, created_at, policy, policy_hash, head_sequence, head_hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                project.id,
                project.name,
                project.created_at,
                policy_text,
                project.policy_hash,
                head.sequence,
                head.record_hash
            ],
        )?;
        Ok(())
    }

    /// Replaces the policy of a project.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_policy(&self, project: &str, policy_text: &str, policy_hash: &str) -> Result<()> {
        self.connection.execute(
            "UPDATE project SET policy = ?2, policy_hash = ?3 WHERE id = ?1",
            params![project, policy_text, policy_hash],
        )?;
        Ok(())
    }

    /// All projects in the order they were made.
    ///
    /// # Errors
    /// When the database fails or a stored policy does not parse.
    pub fn projects(&self) -> Result<Vec<Project>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, name, created_at, policy, policy_hash FROM project ORDER BY number",
        )?;
        let rows = statement.query_map([], project_row)?;
        rows.map(|row| project(row?)).collect()
    }

    /// The project called `reference` (name or UUID); without a reference the only one.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is none, or several and no reference.
    pub fn project(&self, reference: Option<&str>) -> Result<Project> {
        let Some(reference) = reference else {
            let mut projects = self.projects()?;
            return match (projects.pop(), projects.is_empty()) {
                (Some(project), true) => Ok(project),
                (None, _) => Err(Error::refused("project.unknown", "there is no project; run init")),
                (Some(_), false) => {
                    Err(Error::refused("project.ambiguous", "several projects exist; name one"))
                }
            };
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT id, name, created_at, policy, policy_hash FROM project WHERE id = ?1 OR name = ?1",
        )?;
        let row = statement.query_row([reference], project_row).optional()?;
        row.map(project)
            .transpose()?
            .ok_or_else(|| Error::refused("project.unknown", format!("no project is called {reference:?}")))
    }

    /// The envelope called `name`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn envelope(&self, project: &str, name: &str) -> Result<Option<Envelope>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, total, reserved, spent FROM envelope WHERE project = ?1 AND name = ?2",
        )?;
        Ok(statement.query_row([project, name], envelope_row).optional()?)
    }

    /// All envelopes of a project by name.
    ///
    /// # Errors
    /// When the database fails.
    pub fn envelopes(&self, project: &str) -> Result<Vec<(String, Envelope)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, total, reserved, spent, name FROM envelope WHERE project = ?1 ORDER BY name",
        )?;
        let rows = statement.query_map([project], |row| Ok((row.get(4)?, envelope_row(row)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Adds an envelope.
    ///
    /// # Errors
    /// When the database fails.
    pub fn add_envelope(&self, project: &str, name: &str, envelope: &Envelope) -> Result<()> {
        self.connection.execute(
            "INSERT INTO envelope (project, name, id, total, reserved, spent, next_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)",
            params![project, name, envelope.id, envelope.total, envelope.reserved, envelope.spent],
        )?;
        Ok(())
    }

    /// Stores the state of an envelope and books `movements`; gives the ledger rows.
    ///
    /// # Errors
    /// When the database fails.
    pub fn book(
        &self,
        project: &str,
        name: &str,
        envelope: &Envelope,
        permit: Option<(&str, &str)>,
        movements: &[Movement],
    ) -> Result<Vec<Value>> {
        let mut seq: i64 = self.connection.query_row(
            "SELECT next_seq FROM envelope WHERE project = ?1 AND name = ?2",
            [project, name],
            |row| row.get(0),
        )?;
        let context = RowContext {
            project_id: project,
            envelope_id: &envelope.id,
            permit_id: permit.map(|(permit, _)| permit),
            reservation_id: permit.map(|(_, reservation)| reservation),
        };
        let mut booked = Vec::with_capacity(movements.len());
        for movement in movements {
            let row = budget::row(context, seq, *movement);
            self.connection.execute(
                "INSERT INTO ledger (project, envelope, seq, body) VALUES (?1, ?2, ?3, ?4)",
                params![project, envelope.id, seq, text(&row)?],
            )?;
            booked.push(row);
            seq += 1;
        }
        self.connection.execute(
            "UPDATE envelope SET total = ?3, reserved = ?4, spent = ?5, next_seq = ?6 WHERE project = ?1 AND name = ?2",
            params![project, name, envelope.total, envelope.reserved, envelope.spent, seq],
        )?;
        Ok(booked)
    }

    /// The ledger of a project.
    ///
    /// # Errors
    /// When the database fails.
    pub fn ledger(&self, project: &str) -> Result<Vec<Value>> {
        self.documents("SELECT body FROM ledger WHERE project = ?1 ORDER BY envelope, seq", project)
    }

    /// Adds a signed reservation linkage.
    ///
    /// # Errors
    /// When the database fails.
    pub fn add_linkage(&self, project: &str, linkage: &Value) -> Result<()> {
        self.connection.execute(
            "INSERT INTO linkage (project, body) VALUES (?1, ?2)",
            params![project, text(linkage)?],
        )?;
        Ok(())
    }

    /// The signed reservation linkages of a project.
    ///
    /// # Errors
    /// When the database fails.
    pub fn linkages(&self, project: &str) -> Result<Vec<Value>> {
        self.documents("SELECT body FROM linkage WHERE project = ?1 ORDER BY number", project)
    }

    /// Counts a call against a rate limit.
    ///
    /// # Errors
    /// When the database fails.
    pub fn admit(&self, project: &str, limit: &str, key: &str, at: i64) -> Result<()> {
        self.connection.execute(
            "INSERT INTO admission (project, rate_limit, key, at) VALUES (?1, ?2, ?3, ?4)",
            params![project, limit, key, at],
        )?;
        Ok(())
    }

    /// Instants after `since` at which calls were admitted, ascending.
    ///
    /// # Errors
    /// When the database fails.
    pub fn admissions(&self, project: &str, limit: &str, key: &str, since: i64) -> Result<Vec<i64>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at FROM admission WHERE project = ?1 AND rate_limit = ?2 AND key = ?3 AND at > ?4 ORDER BY at",
        )?;
        let rows = statement.query_map(params![project, limit, key, since], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Where the chain of a project stands.
    ///
    /// # Errors
    /// When the database fails.
    pub fn head(&self, project: &str) -> Result<Head> {
        let mut statement =
            self.connection.prepare_cached("SELECT head_sequence, head_hash FROM project WHERE id = ?1")?;
        Ok(statement
            .query_row([project], |row| Ok(Head { sequence: row.get(0)?, record_hash: row.get(1)? }))?)
    }

    /// Chains events about a permit.
    ///
    /// # Errors
    /// When the database fails or an event is refused.
    pub fn chain(&self, project: &str, permit: &str, events: Vec<Event>, at: i64) -> Result<()> {
        let mut head = self.head(project)?;
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO entry (project, sequence, permit, body) VALUES (?1, ?2, ?3, ?4)")?;
        for entry in chain::append(&chain::scope(project), &mut head, events, at)? {
            let sequence = entry.get("sequence_number").and_then(Value::as_i64);
            statement.execute(params![project, sequence, permit, text(&entry)?])?;
        }
        self.connection.execute(
            "UPDATE project SET head_sequence = ?2, head_hash = ?3 WHERE id = ?1",
            params![project, head.sequence, head.record_hash],
        )?;
        Ok(())
    }

    /// The permit of the newest chain entry.
    ///
    /// # Errors
    /// When the database fails.
    pub fn newest_permit(&self, project: &str) -> Result<Option<String>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT permit FROM entry WHERE project = ?1 ORDER BY sequence DESC LIMIT 1")?;
        Ok(statement.query_row([project], |row| row.get(0)).optional()?)
    }

    /// Whether a chain has an entry about this resource.
    ///
    /// # Errors
    /// When the database fails.
    pub fn has_resource(&self, project: &str, resource_id: &str) -> Result<bool> {
        let mut statement = self.connection.prepare_cached(
            "SELECT 1 FROM entry WHERE project = ?1 AND json_extract(body, '$.resource_id') = ?2 LIMIT 1",
        )?;
        Ok(statement.exists(params![project, resource_id])?)
    }

    /// The entries about a permit as stored text, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub fn entries(&self, permit: &str) -> Result<Vec<String>> {
        let mut statement =
            self.connection.prepare_cached("SELECT body FROM entry WHERE permit = ?1 ORDER BY sequence")?;
        let rows = statement.query_map([permit], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Stores a checkpoint.
    ///
    /// # Errors
    /// When the database fails.
    pub fn add_checkpoint(&self, checkpoint: &Value) -> Result<()> {
        self.connection.execute("INSERT INTO checkpoint (body) VALUES (?1)", params![text(checkpoint)?])?;
        Ok(())
    }

    /// The newest checkpoint.
    ///
    /// # Errors
    /// When the database fails.
    pub fn last_checkpoint(&self) -> Result<Option<Value>> {
        let body: Option<String> = self
            .connection
            .query_row("SELECT body FROM checkpoint ORDER BY number DESC LIMIT 1", [], |row| row.get(0))
            .optional()?;
        body.map(|body| value(&body)).transpose()
    }

    fn documents(&self, query: &str, project: &str) -> Result<Vec<Value>> {
        let mut statement = self.connection.prepare_cached(query)?;
        let rows = statement.query_map([project], |row| row.get::<_, String>(0))?;
        rows.map(|row| value(&row?)).collect()
    }
}

/// The stored text of a document.
pub(super) fn text(value: &Value) -> Result<String> {
    let bytes = document::canonical(Profile::Legacy, value)?;
    String::from_utf8(bytes).map_err(|error| Error::Damaged(error.to_string()))
}

/// A stored document.
pub(super) fn value(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| Error::Damaged(format!("stored document: {error}")))
}

type ProjectRow = (String, String, i64, String, String);

fn project_row(row: &Row<'_>) -> rusqlite::Result<ProjectRow> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn project((id, name, created_at, policy, policy_hash): ProjectRow) -> Result<Project> {
    Ok(Project { id, name, created_at, policy: policy::parse(&policy)?, policy_hash })
}

fn envelope_row(row: &Row<'_>) -> rusqlite::Result<Envelope> {
    Ok(Envelope { id: row.get(0)?, total: row.get(1)?, reserved: row.get(2)?, spent: row.get(3)? })
}
