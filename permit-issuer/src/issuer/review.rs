//! A person's answer to a held permit (spec 21 section 8).
//!
//! The signed word of a permit never changes, so approval does not turn a challenge into an allow: the transition is
//! signed and chained at the held permit, and what runs is a new permit with its own signed `allow`, whose parent
//! is the held one. The budget and caps of the moment of approval apply to it.

use serde::Deserialize;
use serde_json::{Value, json};
use verifier_core::canon::Profile;

use super::decide::{Origin, answer, fingerprint};
use super::revoke::check_actor;
use super::{Desk, Issuer};
use crate::chain::Event;
use crate::clock::wire_time;
use crate::document;
use crate::error::{Error, Result};
use crate::keys::Purpose;
use crate::request::DecideRequest;
use crate::store::{Permit, Stage};

/// What a person says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewRequest {
    /// The held permit.
    permit_id: String,
    /// UUID of the person.
    actor_id: String,
    /// `user`, `service_account`, `system` or `api_key`.
    actor_kind: String,
    /// The answer.
    approve: bool,
}

impl Issuer {
    /// Records the answer; an approval also decides on the new permit.
    ///
    /// # Errors
    /// [`Error::Refused`] when the permit is not held, or has expired.
    pub fn review(&mut self, request: Value) -> Result<Value> {
        let request: ReviewRequest = serde_json::from_value(request)
            .map_err(|error| Error::refused("request.invalid", format!("review request: {error}")))?;
        let actor_id = check_actor(&request.actor_id, &request.actor_kind)?;
        self.transact(|desk| {
            let Desk { rows, keys, now, .. } = *desk;
            let mut held = rows.permit(&request.permit_id)?;
            if held.stage != Stage::Held || held.expires_at.is_some_and(|end| now > end) {
                return Err(Error::refused(
                    "permit.not_held",
                    format!("permit {} does not wait for a person", held.id),
                ));
            }
            let (decision, status) =
                if request.approve { ("allow", "approved") } else { ("deny", "rejected") };
            let mut event = json!({
                "event_type": "permit.review_transition",
                "permit_id": held.id,
                "project_id": held.project,
                "decision_at": wire_time(now),
                "actor_id": actor_id,
                "actor_kind": request.actor_kind,
                "from_decision": "challenge",
                "from_status": "pending",
                "to_decision": decision,
                "to_status": status,
            });
            let hash = document::digest(Profile::Legacy, &event)?;
            let signature = keys.signer(Purpose::PermitBindingSigning)?.sign_text(&hash);
            if let Some(members) = event.as_object_mut() {
                members.insert("signature".to_owned(), json!(signature));
            }
            let transition = json!({"status": "present", "signed_event": event, "canonical_hash": hash});
            held.advance(Stage::Reviewed, status);
            rows.update_permit(&held)?;
            let payload = json!({"permit_id": held.id, "review_transition": transition});
            let chained = Event::permit("permit.review_transitioned", &held.id, decision, payload);
            rows.chain(&held.project, &held.id, vec![chained], now)?;
            if !request.approve {
                return Ok(json!({"permit_id": held.id, "status": status, "review_transition": transition}));
            }
            let (renewed, request_hash) = renew(&held)?;
            let project = rows.project(Some(&held.project))?;
            let origin = Origin::Approval { held: &held, request_hash, transition: &transition };
            let permit = desk.decide(&project, &renewed, &fingerprint(&renewed)?, &origin)?;
            let mut answer = answer(&permit, false);
            if let Some(members) = answer.as_object_mut() {
                members.insert("approved_permit_id".to_owned(), json!(held.id));
                members.insert("review_transition".to_owned(), transition);
            }
            Ok(answer)
        })
    }
}

/// The request of a held permit as the request for the permit that runs, and the digest it is bound to.
fn renew(held: &Permit) -> Result<(DecideRequest, Option<String>)> {
    let lost = || Error::Damaged(format!("permit {} has lost its request", held.id));
    let stored = held.request.get("request").cloned().ok_or_else(lost)?;
    let mut request = DecideRequest::parse(stored)?;
    request.idempotency_key = Some(format!("approved:{}", held.id));
    request.parent_permit_id = Some(held.id.clone());
    let hash = held.request.get("request_hash").and_then(Value::as_str).map(str::to_owned);
    Ok((request, hash))
}
