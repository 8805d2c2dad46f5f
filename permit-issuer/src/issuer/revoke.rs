//! Withdrawal of a permit: a signed event of eight members (spec 25 section 2).
//!
//! ```text
//! canonical_hash = hex SHA-256( legacy canonical of the event without signature )
//! signature      = base64 Ed25519( permit_binding_signing key, the 64 ASCII bytes of canonical_hash )
//! ```

use serde::Deserialize;
use serde_json::{Value, json};
use verifier_core::bytes::base64;
use verifier_core::canon::Profile;

use super::{Desk, Issuer, release};
use crate::chain::Event;
use crate::clock::wire_time;
use crate::document;
use crate::error::{Error, Result};
use crate::ident;
use crate::keys::Purpose;
use crate::store::Stage;

/// Who withdraws what, and why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokeRequest {
    /// Which permit.
    permit_id: String,
    /// UUID of the person or service; never a name or an address.
    actor_id: String,
    /// `user`, `service_account`, `system` or `api_key`.
    actor_kind: String,
    /// Dotted lower-case words.
    reason_code: String,
}

impl Issuer {
    /// Withdraws a permit. What was not dispatched can no longer be; what was may still be closed.
    ///
    /// # Errors
    /// [`Error::Refused`] when the permit has ended already or a member is not acceptable.
    pub fn revoke(&mut self, request: Value) -> Result<Value> {
        let request: RevokeRequest = serde_json::from_value(request)
            .map_err(|error| Error::refused("request.invalid", format!("revoke request: {error}")))?;
        let actor_id = check_actor(&request.actor_id, &request.actor_kind)?;
        if !is_dotted_words(&request.reason_code) {
            return Err(Error::refused(
                "request.invalid",
                format!("reason_code {:?} is not of dotted lower-case words", request.reason_code),
            ));
        }
        self.transact(|desk| {
            let Desk { rows, keys, now, .. } = *desk;
            let mut permit = rows.permit(&request.permit_id)?;
            if !matches!(permit.stage, Stage::Ready | Stage::Held | Stage::Dispatched) {
                return Err(Error::refused(
                    "permit.not_revocable",
                    format!("permit {} is {}", permit.id, permit.stage.name()),
                ));
            }
            let mut event = json!({
                "permit_id": permit.id,
                "project_id": permit.project,
                "actor_id": actor_id,
                "actor_kind": request.actor_kind,
                "reason_code": request.reason_code,
                "revoked_at": wire_time(now),
                "effective_at": wire_time(now),
            });
            let hash = document::digest(Profile::Legacy, &event)?;
            let signature = keys.signer(Purpose::PermitBindingSigning)?.sign(hash.as_bytes());
            if let Some(members) = event.as_object_mut() {
                members.insert("signature".to_owned(), json!(base64::encode(&signature)));
            }
            let booked =
                if permit.dispatched_at.is_none() { release(rows, &mut permit)? } else { Vec::new() };
            permit.advance(Stage::Revoked, "revoked");
            rows.update_permit(&permit)?;
            let revocation = json!({"event": event, "canonical_hash": hash});
            let payload = json!({
                "permit_id": permit.id,
                "revocation_event": revocation,
                "budget_allocation_events": booked,
            });
            let chained = Event::permit("permit.revoked", &permit.id, "revoked", payload);
            rows.chain(&permit.project, &permit.id, vec![chained.with_severity("warning")], now)?;
            Ok(json!({
                "permit_id": permit.id,
                "status": permit.body.get("status"),
                "revocation_event": revocation,
            }))
        })
    }
}

/// Checks an actor; gives the UUID in its normal spelling.
pub(super) fn check_actor(id: &str, kind: &str) -> Result<String> {
    if !matches!(kind, "user" | "service_account" | "system" | "api_key") {
        return Err(Error::refused(
            "request.invalid",
            format!("actor_kind {kind:?} is none of user, service_account, system, api_key"),
        ));
    }
    ident::normal_uuid(id)
        .ok_or_else(|| Error::refused("request.invalid", format!("actor_id {id:?} is not a UUID")))
}

fn is_dotted_words(text: &str) -> bool {
    let mut words = text.split('.');
    let word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    words.next().is_some_and(|first| word(first) && first.starts_with(|c: char| c.is_ascii_lowercase()))
        && words.all(word)
}
