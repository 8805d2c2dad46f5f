//! Queries on permits.

use rusqlite::{OptionalExtension as _, Row, params};
use serde_json::Value;

use super::rows::{Rows, text, value};
use crate::error::{Error, Result};

/// Where a permit is in its life. Finer than the exported `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Refused; nothing follows.
    Denied,
    /// Waits for a person.
    Held,
    /// A person agreed or refused; what runs is another permit.
    Reviewed,
    /// May be dispatched.
    Ready,
    /// The request left.
    Dispatched,
    /// Ended with a closure.
    Closed,
    /// Ended without a dispatch: time.
    Expired,
    /// Ended without a dispatch: withdrawn.
    Revoked,
}

impl Stage {
    const NAMES: [(Self, &'static str); 8] = [
        (Self::Denied, "denied"),
        (Self::Held, "held"),
        (Self::Reviewed, "reviewed"),
        (Self::Ready, "ready"),
        (Self::Dispatched, "dispatched"),
        (Self::Closed, "closed"),
        (Self::Expired, "expired"),
        (Self::Revoked, "revoked"),
    ];

    /// The stored word.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(stage, _)| *stage == self).map_or("", |(_, name)| name)
    }

    fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, name)| *name == text).map(|(stage, _)| *stage)
    }
}

/// A stored permit.
#[derive(Clone, Debug)]
pub struct Permit {
    /// UUID text.
    pub id: String,
    /// Project UUID.
    pub project: String,
    /// Key of the call.
    pub idempotency_key: String,
    /// Digest of the call.
    pub fingerprint: String,
    /// `allow`, `deny`, `challenge`.
    pub decision: String,
    /// Where it is.
    pub stage: Stage,
    /// When it was decided.
    pub created_at: i64,
    /// When it ends by itself.
    pub expires_at: Option<i64>,
    /// Envelope name.
    pub envelope: Option<String>,
    /// Reservation UUID.
    pub reservation: Option<String>,
    /// What is held for it now.
    pub held: i64,
    /// When the request left.
    pub dispatched_at: Option<i64>,
    /// The gateway's name for the call.
    pub execution_id: Option<String>,
    /// Permit object.
    pub body: Value,
    /// Decision binding.
    pub artifact: Value,
    /// Request as it was decided.
    pub request: Value,
    /// Key of the close call.
    pub close_key: Option<String>,
    /// Closure payload.
    pub closure: Option<Value>,
    /// Usage ledger row.
    pub usage: Option<Value>,
}

const COLUMNS: &str =
    "id, project, idempotency_key, fingerprint, decision, stage, created_at, expires_at, envelope,
    reservation, held, dispatched_at, execution_id, body, artifact, request, close_key, closure, usage";

impl Permit {
    /// The digest of the request that left or may leave.
    #[must_use]
    pub fn request_hash(&self) -> Option<&str> {
        self.artifact.pointer("/canonical_payload/final_request_hash").and_then(Value::as_str)
    }

    /// A text member of the permit object.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Sets a member of the permit object.
    pub fn set(&mut self, name: &str, value: Value) {
        if let Some(members) = self.body.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    }

    /// Moves on and shows it in the exported status.
    pub fn advance(&mut self, stage: Stage, status: &str) {
        self.stage = stage;
        self.set("status", Value::from(status));
    }
}

impl Rows<'_> {
    /// Adds a permit.
    ///
    /// # Errors
    /// When the database fails.
    pub fn add_permit(&self, permit: &Permit) -> Result<()> {
        let sql = format!(
            "INSERT INTO permit ({COLUMNS}) VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"
        );
        self.put(&sql, permit)
    }

    /// Stores a changed permit.
    ///
    /// # Errors
    /// When the database fails.
    pub fn update_permit(&self, permit: &Permit) -> Result<()> {
        self.put(
            "UPDATE permit SET project = ?2, idempotency_key = ?3, fingerprint = ?4, decision = ?5, stage = ?6,
             created_at = ?7, expires_at = ?8, envelope = ?9, reservation = ?10, held = ?11, dispatched_at = ?12,
             execution_id = ?13, body = ?14, artifact = ?15, request = ?16, close_key = ?17,
             closure = ?18, usage = ?19 WHERE id = ?1",
            permit,
        )
    }

    fn put(&self, sql: &str, permit: &Permit) -> Result<()> {
        let optional = |value: &Option<Value>| value.as_ref().map(text).transpose();
        self.connection().prepare_cached(sql)?.execute(params![
            permit.id,
            permit.project,
            permit.idempotency_key,
            permit.fingerprint,
            permit.decision,
            permit.stage.name(),
            permit.created_at,
            permit.expires_at,
            permit.envelope,
            permit.reservation,
            permit.held,
            permit.dispatched_at,
            permit.execution_id,
            text(&permit.body)?,
            text(&permit.artifact)?,
            text(&permit.request)?,
            permit.close_key,
            optional(&permit.closure)?,
            optional(&permit.usage)?,
        ])?;
        Ok(())
    }

    /// The permit with this id.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is none.
    pub fn permit(&self, id: &str) -> Result<Permit> {
        self.find("id = ?1", &[&id])?
            .ok_or_else(|| Error::refused("permit.unknown", format!("there is no permit {id:?}")))
    }

    /// The permit made by the call with this key.
    ///
    /// # Errors
    /// When the database fails.
    pub fn permit_by_key(&self, project: &str, key: &str) -> Result<Option<Permit>> {
        self.find("project = ?1 AND idempotency_key = ?2", &[&project, &key])
    }

    /// The first permits in `stage` that ended by themselves before `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn due(&self, stage: Stage, now: i64, most: i64) -> Result<Vec<Permit>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM permit WHERE stage = ?1 AND expires_at < ?2 ORDER BY expires_at, number LIMIT ?3"
        );
        let mut statement = self.connection().prepare_cached(&sql)?;
        let rows = statement.query_map(params![stage.name(), now, most], raw)?;
        rows.map(|row| permit(row?)).collect()
    }

    /// Calls `each` with every permit of a project in the order of decision.
    ///
    /// # Errors
    /// What the database or `each` reports.
    pub fn each_permit(&self, project: &str, mut each: impl FnMut(Permit) -> Result<()>) -> Result<()> {
        let sql = format!("SELECT {COLUMNS} FROM permit WHERE project = ?1 ORDER BY number");
        let mut statement = self.connection().prepare_cached(&sql)?;
        let rows = statement.query_map([project], raw)?;
        for row in rows {
            each(permit(row?)?)?;
        }
        Ok(())
    }

    /// How many permits a project has, and when the first was decided.
    ///
    /// # Errors
    /// When the database fails.
    pub fn permit_range(&self, project: &str) -> Result<(i64, Option<i64>)> {
        Ok(self.connection().query_row(
            "SELECT COUNT(*), MIN(created_at) FROM permit WHERE project = ?1",
            [project],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
    }

    fn find(&self, condition: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Option<Permit>> {
        let sql = format!("SELECT {COLUMNS} FROM permit WHERE {condition}");
        let row = self.connection().prepare_cached(&sql)?.query_row(values, raw).optional()?;
        row.map(permit).transpose()
    }
}

/// A row as stored: the columns of a permit and the documents still as text.
struct Raw {
    permit: Permit,
    stage: String,
    documents: [String; 3],
    optional: [Option<String>; 2],
}

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok(Raw {
        permit: Permit {
            id: row.get(0)?,
            project: row.get(1)?,
            idempotency_key: row.get(2)?,
            fingerprint: row.get(3)?,
            decision: row.get(4)?,
            stage: Stage::Denied,
            created_at: row.get(6)?,
            expires_at: row.get(7)?,
            envelope: row.get(8)?,
            reservation: row.get(9)?,
            held: row.get(10)?,
            dispatched_at: row.get(11)?,
            execution_id: row.get(12)?,
            body: Value::Null,
            artifact: Value::Null,
            request: Value::Null,
            close_key: row.get(16)?,
            closure: None,
            usage: None,
        },
        stage: row.get(5)?,
        documents: [row.get(13)?, row.get(14)?, row.get(15)?],
        optional: [row.get(17)?, row.get(18)?],
    })
}

fn permit(raw: Raw) -> Result<Permit> {
    let [body, artifact, request] = raw.documents;
    let [closure, usage] = raw.optional;
    let optional = |text: Option<String>| text.as_deref().map(value).transpose();
    Ok(Permit {
        stage: Stage::parse(&raw.stage)
            .ok_or_else(|| Error::Damaged(format!("unknown permit stage {:?}", raw.stage)))?,
        body: value(&body)?,
        artifact: value(&artifact)?,
        request: value(&request)?,
        closure: optional(closure)?,
        usage: optional(usage)?,
        ..raw.permit
    })
}
