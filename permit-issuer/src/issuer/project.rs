//! Projects, their policy, and checkpoints over their chains.

use serde_json::{Value, json};

use super::{Issuer, damaged};
use crate::budget::{Envelope, Movement, Transition};
use crate::chain;
use crate::clock::wire_time;
use crate::document;
use crate::error::{Error, Result};
use crate::ident;
use crate::keys::Purpose;
use crate::policy::{self, Policy};
use crate::request::check_token;
use crate::store::{Project, Rows};

impl Issuer {
    /// Makes a project with its policy; gives its UUID.
    ///
    /// # Errors
    /// [`Error::Refused`] when the name is taken or the policy is not acceptable.
    pub fn add_project(&mut self, name: &str, id: Option<String>, policy_text: &str) -> Result<String> {
        check_token("project name", name)?;
        let id = match id {
            Some(id) => ident::normal_uuid(&id)
                .ok_or_else(|| Error::refused("project.id", format!("{id:?} is not a UUID")))?,
            None => ident::random_uuid()?,
        };
        let policy = policy::parse(policy_text)?;
        let policy_hash = policy::snapshot_hash(&policy)?;
        let project =
            Project { id: id.clone(), name: name.to_owned(), created_at: self.now(), policy, policy_hash };
        self.store.write(|rows| {
            rows.add_project(&project, policy_text)?;
            apply_envelopes(rows, &project.id, &project.policy)
        })?;
        Ok(id)
    }

    /// Replaces the policy of a project from the next decision on.
    ///
    /// # Errors
    /// [`Error::Refused`] when the policy is not acceptable or an envelope would fall below what is committed.
    pub fn set_policy(&mut self, project: Option<&str>, policy_text: &str) -> Result<Policy> {
        let policy = policy::parse(policy_text)?;
        let hash = policy::snapshot_hash(&policy)?;
        self.store.write(|rows| {
            let project = rows.project(project)?;
            rows.set_policy(&project.id, policy_text, &hash)?;
            apply_envelopes(rows, &project.id, &policy)
        })?;
        Ok(policy)
    }

    /// Signs the heads of all chains (spec 10 sections 10.1 to 10.3). Gives the newest checkpoint again when no chain
    /// has moved since.
    ///
    /// # Errors
    /// [`Error::Refused`] when no chain has an entry yet.
    pub fn checkpoint(&mut self) -> Result<Value> {
        self.transact(|desk| {
            let (checkpoint, is_new) = current_checkpoint(desk.rows, desk.keys, desk.now)?;
            if is_new {
                desk.rows.add_checkpoint(&checkpoint)?;
            }
            Ok(checkpoint)
        })
    }
}

/// The checkpoint over the heads that `rows` shows, and whether it is not stored yet.
pub(crate) fn current_checkpoint(
    rows: &Rows<'_>,
    keys: &crate::keys::KeySet,
    now: i64,
) -> Result<(Value, bool)> {
    let mut heads = serde_json::Map::new();
    let mut lines = std::collections::BTreeMap::new();
    for project in rows.projects()? {
        let head = rows.head(&project.id)?;
        if head.sequence > 0 {
            let scope = chain::scope(&project.id);
            let line = format!("{scope}:{}:{}", head.sequence, head.record_hash);
            lines.insert(scope.clone(), line);
            heads.insert(
                scope,
                json!({"sequence_number": head.sequence, "last_record_hash": head.record_hash}),
            );
        }
    }
    if heads.is_empty() {
        return Err(Error::refused("checkpoint.empty", "no chain has an entry yet"));
    }
    let heads = Value::Object(heads);
    let key_id = keys.key_id(Purpose::IntegrityCheckpoint)?;
    if let Some(last) = rows.last_checkpoint()?
        && last.get("chain_heads") == Some(&heads)
        && last.get("key_id") == Some(&json!(key_id))
    {
        return Ok((last, false));
    }
    let preimage = lines.into_values().collect::<Vec<_>>().join("\n");
    let composite = format!("sha256:{}", document::sha256_hex(preimage.as_bytes()));
    let signer = keys.signer(Purpose::IntegrityCheckpoint)?;
    let checkpoint = json!({
        "checkpoint_id": ident::derived_uuid("checkpoint", &[&composite, &key_id]),
        "chain_heads": heads,
        "composite_hash": composite,
        "computed_at": wire_time(now),
        "keel_version": concat!("permit-issuer/", env!("CARGO_PKG_VERSION")),
        "key_id": key_id,
        "public_key": signer.public_key().to_text(),
        "signature": signer.sign_text(&composite),
    });
    Ok((checkpoint, true))
}

/// Brings the stored envelopes in line with the policy. An envelope that the policy no longer names keeps its state; no
/// rule can reach it.
fn apply_envelopes(rows: &Rows<'_>, project: &str, policy: &Policy) -> Result<()> {
    for spec in &policy.envelopes {
        let total = spec.total_usd_micros;
        let (envelope, transition) = match rows.envelope(project, &spec.name)? {
            Some(envelope) if envelope.total == total => continue,
            Some(mut envelope) => {
                envelope
                    .resize(total)
                    .map_err(|error| Error::refused("policy.envelope_too_small", error.to_string()))?;
                (envelope, Transition::CapUpdate)
            }
            None => {
                let id = ident::derived_uuid("envelope", &[project, &spec.name]);
                let mut envelope = Envelope::new(id, 0);
                rows.add_envelope(project, &spec.name, &envelope)?;
                envelope.resize(total).map_err(damaged)?;
                (envelope, Transition::CapAllocate)
            }
        };
        rows.book(project, &spec.name, &envelope, None, &[Movement { transition, amount: total }])?;
    }
    Ok(())
}
