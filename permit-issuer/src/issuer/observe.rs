//! Takes a witnessed tree head into every chain, so that whatever is decided or dispatched afterwards is proven to be
//! later than the witnesses' times.
//!
//! ```text
//! event_type  = anchor.observed          resource_type = tlog_tree_head
//! resource_id = "sha256:" + hex SHA-256( UTF-8 of the signed note ), which the record hash covers
//! payload     = {"tree_head": the signed note}
//! ```

use serde_json::{Value, json};
use verifier_core::crypto::{prefixed, sha256};

use super::{Desk, Issuer};
use crate::chain::Event;
use crate::error::{Error, Result};
use crate::tlog::SignedHead;

impl Issuer {
    /// Appends an event with the head to the chain of every project that has one. A chain that took the same head in
    /// already is left alone.
    ///
    /// # Errors
    /// [`Error::Refused`] when no witness cosigned the head: it would bind no outside time.
    pub fn observe(&mut self, head: &SignedHead) -> Result<Value> {
        if head.cosigners().is_empty() {
            return Err(Error::refused("log.not_witnessed", "no witness cosigned the newest head"));
        }
        let note = head.to_text();
        let digest = prefixed(&sha256(note.as_bytes()));
        self.transact(|desk| {
            let Desk { rows, now, .. } = *desk;
            let mut taken = Vec::new();
            for project in rows.projects()? {
                let Some(permit) = rows.newest_permit(&project.id)? else { continue };
                if rows.has_resource(&project.id, &digest)? {
                    continue;
                }
                let event = Event {
                    event_type: "anchor.observed",
                    resource_type: Some("tlog_tree_head"),
                    resource_id: Some(digest.clone()),
                    outcome: Some("success".to_owned()),
                    severity: "info",
                    payload: json!({ "tree_head": note }),
                };
                rows.chain(&project.id, &permit, vec![event], now)?;
                taken.push(project.name);
            }
            Ok(json!({ "tree_head": digest, "projects": taken }))
        })
    }
}
