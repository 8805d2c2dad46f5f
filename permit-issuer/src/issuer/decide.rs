//! A decision, made and kept before anything runs.

use serde_json::{Value, json};
use verifier_core::canon::Profile;

use super::{Desk, EXPIRED_PER_CALL, Issuer, damaged, expire_due};
use crate::budget::Envelope;
use crate::chain::Event;
use crate::clock::wire_time;
use crate::document;
use crate::error::{Error, Result};
use crate::ident;
use crate::keys::Purpose;
use crate::permit::Draft;
use crate::policy::{self, Decision, LedgerState, Outcome};
use crate::request::DecideRequest;
use crate::store::{Permit, Project, Stage};
use crate::wire_body;

/// How the request came to the desk.
pub(super) enum Origin<'a> {
    /// From a caller.
    Caller,
    /// From a person who approved the held permit `held`; `request_hash` is what that permit was asked for.
    Approval { held: &'a Permit, request_hash: Option<String>, transition: &'a Value },
}

impl Issuer {
    /// Decides on a request and keeps the permit.
    ///
    /// # Errors
    /// [`Error::Refused`] when the request is not acceptable or its key was used for another request. A deny is
    /// not an error.
    pub fn decide(&mut self, request: Value) -> Result<Value> {
        let request = DecideRequest::parse(request)?;
        let fingerprint = fingerprint(&request)?;
        self.transact(|desk| {
            let rows = desk.rows;
            expire_due(rows, desk.now, EXPIRED_PER_CALL)?;
            let project = rows.project(request.project.as_deref())?;
            if let Some(key) = &request.idempotency_key
                && let Some(permit) = rows.permit_by_key(&project.id, key)?
            {
                if permit.fingerprint != fingerprint {
                    return Err(Error::refused(
                        "request.idempotency_conflict",
                        format!("idempotency_key {key:?} was used for another request"),
                    ));
                }
                return Ok(answer(&permit, true));
            }
            let permit = desk.decide(&project, &request, &fingerprint, &Origin::Caller)?;
            Ok(answer(&permit, false))
        })
    }
}

impl Desk<'_> {
    /// Evaluates, books, signs, chains and stores.
    pub(super) fn decide(
        &self,
        project: &Project,
        request: &DecideRequest,
        fingerprint: &str,
        origin: &Origin<'_>,
    ) -> Result<Permit> {
        let key = match &request.idempotency_key {
            Some(key) => key.clone(),
            None => ident::random_uuid()?,
        };
        let id = ident::derived_uuid("permit", &[&project.id, &key]);
        let depth = self.depth(project, request)?;
        let state = self.ledger_state(project, request)?;
        let decision = match origin {
            Origin::Caller => policy::evaluate(request, &project.policy, &state, self.now),
            Origin::Approval { .. } => policy::evaluate_approved(request, &project.policy, &state, self.now),
        };
        for (limit, counter) in &decision.admit {
            self.rows.admit(&project.id, limit, counter, self.now)?;
        }
        let booking = self.book(project, &id, &key, &decision, &state)?;
        let request_hash = match origin {
            Origin::Caller => request.request_body.as_ref().map(wire_body::request_hash).transpose()?,
            Origin::Approval { request_hash, .. } => request_hash.clone(),
        };
        let bound_hash = request_hash.as_deref().filter(|_| decision.effect == Outcome::Allow);
        let draft = Draft {
            id: &id,
            project_id: &project.id,
            idempotency_key: &key,
            request,
            fingerprint,
            decision: &decision,
            policy: &project.policy,
            policy_hash: &project.policy_hash,
            envelope: booking.envelope.as_ref(),
            reservation_id: booking.reservation.as_deref(),
            depth,
            request_hash: bound_hash,
            at: self.now,
        };
        let body = draft.permit()?;
        let mut artifact = draft.binding(self.keys)?;
        if self.keep_request_bodies && bound_hash.is_some() {
            attach_request_body(&mut artifact, request.request_body.as_ref());
        }
        let permit = Permit {
            decision: decision.word().to_owned(),
            stage: match decision.effect {
                Outcome::Allow => Stage::Ready,
                Outcome::Deny => Stage::Denied,
                Outcome::Challenge => Stage::Held,
            },
            created_at: self.now,
            expires_at: draft.expires_at(),
            envelope: decision.envelope.clone().filter(|_| booking.reservation.is_some()),
            held: decision.reserve_usd_micros.unwrap_or(0),
            reservation: booking.reservation.clone(),
            dispatched_at: None,
            execution_id: None,
            body,
            artifact,
            request: json!({"request": request_value(request)?, "request_hash": request_hash}),
            close_key: None,
            closure: None,
            usage: None,
            id,
            project: project.id.clone(),
            idempotency_key: key,
            fingerprint: fingerprint.to_owned(),
        };
        self.rows.add_permit(&permit)?;
        self.rows.chain(
            &project.id,
            &permit.id,
            vec![evaluated(&permit, &decision, &booking, origin)],
            self.now,
        )?;
        Ok(permit)
    }

    fn depth(&self, project: &Project, request: &DecideRequest) -> Result<i64> {
        let Some(parent) = &request.parent_permit_id else { return Ok(0) };
        let parent = self.rows.permit(parent)?;
        if parent.project != project.id {
            return Err(Error::refused("request.parent_permit", "the parent permit is of another project"));
        }
        let depth = parent.body.get("delegation_depth").and_then(Value::as_i64).unwrap_or(0);
        Ok(depth.saturating_add(1))
    }

    /// The part of the ledger that the request can be concerned with.
    fn ledger_state(&self, project: &Project, request: &DecideRequest) -> Result<LedgerState> {
        let mut state = LedgerState::default();
        let Some(rule) = policy::select(&project.policy, request) else { return Ok(state) };
        for (limit, key) in policy::admission_keys(&project.policy, rule, request) {
            let since = self.now.saturating_sub(limit.per_seconds.saturating_mul(1_000_000));
            let instants = self.rows.admissions(&project.id, &limit.name, &key, since)?;
            state.admissions.insert((limit.name.clone(), key), instants);
        }
        if let Some(name) = &rule.envelope
            && let Some(envelope) = self.rows.envelope(&project.id, name)?
        {
            state.envelopes.insert(name.clone(), envelope);
        }
        Ok(state)
    }

    /// Reserves what the decision asks for and signs the link from reservation to permit.
    fn book(
        &self,
        project: &Project,
        permit_id: &str,
        key: &str,
        decision: &Decision,
        state: &LedgerState,
    ) -> Result<Booking> {
        let Some(name) = &decision.envelope else { return Ok(Booking::default()) };
        let Some(mut envelope) = state.envelopes.get(name).cloned() else { return Ok(Booking::default()) };
        let Some(amount) = decision.reserve_usd_micros else {
            return Ok(Booking { envelope: Some(envelope), ..Booking::default() });
        };
        let reservation = ident::derived_uuid("reservation", &[&project.id, permit_id]);
        let movement = envelope.reserve(amount).map_err(damaged)?;
        let rows =
            self.rows.book(&project.id, name, &envelope, Some((permit_id, &reservation)), &[movement])?;
        let linkage = self.linkage(project, permit_id, key, &envelope, &reservation, amount)?;
        self.rows.add_linkage(&project.id, &linkage)?;
        Ok(Booking { envelope: Some(envelope), reservation: Some(reservation), rows })
    }

    /// Spec 27 section 2.2.
    fn linkage(
        &self,
        project: &Project,
        permit_id: &str,
        key: &str,
        envelope: &Envelope,
        reservation: &str,
        amount: i64,
    ) -> Result<Value> {
        let signer = self.keys.signer(Purpose::PermitBindingSigning)?;
        let tuple = json!({
            "project_id": project.id,
            "budget_envelope_id": envelope.id,
            "permit_id": permit_id,
            "request_id": key,
            "reserved_amount_usd_micros": amount,
            "reservation_id": reservation,
            "signed_at": wire_time(self.now),
            "signing_key": self.keys.key_id(Purpose::PermitBindingSigning)?,
        });
        let content_hash = document::prefixed_digest(Profile::Legacy, &tuple)?;
        Ok(json!({
            "signature": signer.sign_text(&content_hash),
            "public_key": signer.public_key().to_text(),
            "content_hash": content_hash,
            "tuple": tuple,
        }))
    }
}

#[derive(Default)]
struct Booking {
    envelope: Option<Envelope>,
    reservation: Option<String>,
    rows: Vec<Value>,
}

fn evaluated(permit: &Permit, decision: &Decision, booking: &Booking, origin: &Origin<'_>) -> Event {
    let mut payload = json!({
        "permit_id": permit.id,
        "decision": decision.word(),
        "decision_details": decision.details(),
        "policy_id": permit.body.get("policy_id"),
        "policy_version": permit.body.get("policy_version"),
        "budget_envelope": permit.body.get("budget_envelope"),
        "budget_allocation_events": booking.rows,
        "permit_decision": permit.artifact,
    });
    if let (Origin::Approval { held, transition, .. }, Some(members)) = (origin, payload.as_object_mut()) {
        members.insert("approved_permit_id".to_owned(), json!(held.id));
        members.insert("approved_by_transition".to_owned(), json!(transition.get("canonical_hash")));
    }
    let event = Event::permit("permit.evaluated", &permit.id, decision.word(), payload);
    event.with_severity(if decision.effect == Outcome::Deny { "warning" } else { "info" })
}

/// What the caller gets: the permit, its signed artifact, and the word for a person (spec 20 section 4).
pub(super) fn answer(permit: &Permit, replayed: bool) -> Value {
    let code = permit.body.pointer("/decision_details/code").and_then(Value::as_str).unwrap_or_default();
    let display = match permit.decision.as_str() {
        "deny" if code.starts_with("rate_limit.") => "throttle",
        "allow" if permit.body.pointer("/decision_details/capped") == Some(&Value::Bool(true)) => "cap",
        other => other,
    };
    json!({
        "permit_id": permit.id,
        "decision": permit.decision,
        "display": display,
        "code": code,
        "reason": permit.body.pointer("/decision_details/reason"),
        "max_output_tokens": permit.body.pointer("/constraints_json/max_output_tokens"),
        "retry_after_seconds": permit.body.pointer("/decision_details/rate_limit/retry_after_seconds"),
        "expires_at": permit.body.get("expires_at"),
        "permit": permit.body,
        "permit_decision": permit.artifact,
        "replayed": replayed,
    })
}

/// SHA-256 of what was asked: everything but the key, the provider request by its digest.
pub(super) fn fingerprint(request: &DecideRequest) -> Result<String> {
    let mut value = request_value(request)?;
    if let Some(members) = value.as_object_mut() {
        members.remove("idempotency_key");
        let hash = request.request_body.as_ref().map(wire_body::request_hash).transpose()?;
        members.insert("request_hash".to_owned(), json!(hash));
    }
    document::digest(Profile::Jcs, &value)
}

/// The request without the provider request.
fn request_value(request: &DecideRequest) -> Result<Value> {
    let mut value = serde_json::to_value(request).map_err(|error| Error::Damaged(error.to_string()))?;
    if let Some(members) = value.as_object_mut() {
        members.remove("request_body");
    }
    Ok(value)
}

pub(super) fn attach_request_body(artifact: &mut Value, body: Option<&serde_json::Map<String, Value>>) {
    if let (Some(members), Some(body)) = (artifact.as_object_mut(), body) {
        members.insert("binding_request_body".to_owned(), wire_body::strip(&Value::Object(body.clone())));
        members.insert("binding_request_canonical_version".to_owned(), json!(wire_body::CANONICAL_VERSION));
    }
}
