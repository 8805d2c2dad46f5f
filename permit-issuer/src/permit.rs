//! The permit object (spec 20) and its signed decision binding v7 (spec 21).
//!
//! ```text
//! hash              = hex SHA-256( RFC 8785 of canonical_payload )        36 members, closed
//! binding_signature = "ed25519:" + base64 Ed25519( permit_binding_signing key, the 64 ASCII bytes of hash )
//! ```
//!
//! Signed are decision, reason (it starts with the reason code), constraints with the reason code and the budget
//! state, subject, action, provider, model, policy id, version and snapshot, times, and the digest of the provider
//! request once it is known. The permit object itself is not signed; export manifest and chain cover it.

use serde_json::{Map, Value, json};
use verifier_core::canon::Profile;

use crate::budget::Envelope;
use crate::clock::{binding_time, wire_time};
use crate::document;
use crate::error::Result;
use crate::keys::{KeySet, Purpose};
use crate::policy::{Decision, Outcome, Policy};
use crate::request::{DecideRequest, Routing};

/// Everything that a new permit is made of.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Permit UUID.
    pub id: &'a str,
    /// Project UUID.
    pub project_id: &'a str,
    /// Key of the call.
    pub idempotency_key: &'a str,
    /// What was asked.
    pub request: &'a DecideRequest,
    /// SHA-256 of what was asked.
    pub fingerprint: &'a str,
    /// What was decided.
    pub decision: &'a Decision,
    /// Under which policy.
    pub policy: &'a Policy,
    /// Its digest.
    pub policy_hash: &'a str,
    /// The envelope after the decision was booked.
    pub envelope: Option<&'a Envelope>,
    /// The reservation, if one was made.
    pub reservation_id: Option<&'a str>,
    /// Generations above.
    pub depth: i64,
    /// Digest of the provider request; only on allow.
    pub request_hash: Option<&'a str>,
    /// Now.
    pub at: i64,
}

impl Draft<'_> {
    /// When the permit ends; a deny has no life.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        let micros = self.request.ttl(self.policy).saturating_mul(1_000_000);
        (self.decision.effect != Outcome::Deny).then(|| self.at.saturating_add(micros))
    }

    /// Reason code and sentence as one signed text.
    fn reason(&self) -> String {
        format!("{}: {}", self.decision.code, self.decision.reason)
    }

    /// What the permit limits, and what it was decided on.
    fn constraints(&self) -> Value {
        let mut constraints = json!({
            "decision_code": self.decision.code,
            "rule_id": self.decision.rule,
            "max_output_tokens": self.decision.max_output_tokens,
            "max_cost_usd_micros": self.decision.max_cost_usd_micros,
        });
        if let (Some(members), Some(envelope)) = (constraints.as_object_mut(), self.envelope) {
            members.insert(
                "budget_state".to_owned(),
                json!({
                    "envelope_id": envelope.id,
                    "total_usd_micros": envelope.total,
                    "spent_usd_micros": envelope.spent,
                    "reserved_usd_micros": envelope.reserved,
                    "remaining_usd_micros": envelope.remaining(),
                }),
            );
        }
        constraints
    }

    /// The permit object.
    ///
    /// # Errors
    /// [`crate::Error::Refused`] when an attribute has no canonical form.
    pub fn permit(&self) -> Result<Value> {
        let request = self.request;
        let decision = self.decision;
        let action = match (decision.effect, decision.throttle.is_some()) {
            (Outcome::Allow, _) => "log",
            (Outcome::Deny, true) => "throttle",
            (Outcome::Deny, false) => "block",
            (Outcome::Challenge, _) => "review",
        };
        Ok(json!({
            "id": self.id,
            "project_id": self.project_id,
            "parent_permit_id": request.parent_permit_id,
            "delegation_depth": self.depth,
            "subject_type": request.subject.kind,
            "subject_id": request.subject.id,
            "action_name": request.action,
            "resource_provider": request.provider,
            "resource_model": request.model,
            "resource_operation": request.operation,
            "resource_modality": request.modality,
            "resource_attributes_json": request.attributes,
            "estimated_input_tokens": request.estimated_input_tokens,
            "estimated_output_tokens": request.estimated_output_tokens,
            "max_output_tokens_requested": request.max_output_tokens,
            "actual_input_tokens": null,
            "actual_output_tokens": null,
            "actual_total_tokens": null,
            "actual_cost_usd_micros": null,
            "decision": decision.word(),
            "reason": self.reason(),
            "decision_details": decision.details(),
            "constraints_json": self.constraints(),
            "budget_envelope": self.envelope.map(|envelope| json!({
                "envelope_id": envelope.id,
                "total_budget_usd_micros": envelope.total,
                "spent_budget_usd_micros": envelope.spent,
                "reserved_budget_usd_micros": envelope.reserved,
                "remaining_budget_usd_micros": envelope.remaining(),
                "estimated_cost_usd_micros": decision.estimated_cost_usd_micros,
                "correction_usd_micros": null,
                "reservation_status": if self.reservation_id.is_some() { "reserved" } else { "none" },
            })),
            "actions_json": [{"type": action, "message": decision.reason}],
            "routing": request.routing.as_ref().map(|routing| self.routing_object(routing)),
            "policy_id": self.policy.id,
            "policy_version": self.policy.version,
            "idempotency_key": self.idempotency_key,
            "request_fingerprint": self.fingerprint,
            "binding_request_hash": null,
            "status": match decision.effect {
                Outcome::Allow | Outcome::Challenge => "pending",
                Outcome::Deny => "evaluated",
            },
            "expires_at": self.expires_at().map(binding_time),
            "created_at": wire_time(self.at),
        }))
    }

    fn routing_object(&self, routing: &Routing) -> Value {
        json!({
            "requested_provider": routing.requested_provider,
            "requested_model": routing.requested_model,
            "selected_provider": self.request.provider,
            "selected_model": self.request.model,
            "reason_code": routing.reason_code,
            "fallback_chain": fallback_chain(routing),
            "fallback_occurred": !routing.fallback_chain.is_empty(),
            "reason_metadata": null,
        })
    }

    /// The signed decision binding.
    ///
    /// # Errors
    /// [`crate::Error::Refused`] when an attribute has no RFC 8785 form.
    pub fn binding(&self, keys: &KeySet) -> Result<Value> {
        let request = self.request;
        let attributes = Value::Object(request.attributes.clone());
        let payload = json!({
            "binding_version": "v7",
            "permit_id": self.id,
            "project_id": self.project_id,
            "parent_permit_id": request.parent_permit_id,
            "decision": self.decision.word(),
            "reason": self.reason(),
            "provider": request.provider,
            "model": request.model,
            "operation": request.operation,
            "action_name": request.action,
            "request_fingerprint": self.fingerprint,
            "constraints": self.constraints(),
            "routing": request.routing.as_ref().map(|routing| self.routing_object(routing)),
            "policy_id": self.policy.id,
            "policy_version": self.policy.version,
            "policy_snapshot_hash": self.policy_hash,
            "issued_at": binding_time(self.at),
            "expires_at": self.expires_at().map(binding_time),
            "is_dry_run": false,
            "binding_key_id": keys.key_id(Purpose::PermitBindingSigning)?,
            "final_request_hash": self.request_hash,
            "binding_session_id": null,
            "binding_session_event_hash": null,
            "binding_project_anchor_hash": null,
            "permit_chain_role": if request.parent_permit_id.is_some() { "session_child" } else { "session_root" },
            "inherits_from": request.parent_permit_id,
            "authority_delta": null,
            "spend_scope_hash": null,
            "delegation_policy_hash": null,
            "resource_attributes_canonical_hash": document::digest(Profile::Jcs, &attributes)?,
            "authority_chain_digest": null,
            "quota_reservation_id": self.reservation_id,
            "subject_id": request.subject.id,
            "subject_type": request.subject.kind,
            "account_id": request.account_id,
            "org_id": request.org_id,
        });
        sign_binding(payload, attributes, keys, self.at)
    }
}

fn fallback_chain(routing: &Routing) -> Vec<Value> {
    routing
        .fallback_chain
        .iter()
        .map(|target| json!({"provider": target.provider, "model": target.model}))
        .collect()
}

/// The artifact around a payload.
fn sign_binding(payload: Value, attributes: Value, keys: &KeySet, at: i64) -> Result<Value> {
    let hash = document::digest(Profile::Jcs, &payload)?;
    Ok(json!({
        "artifact_type": "permit_decision_binding",
        "artifact_version": "permit.decision.v1",
        "binding_canonical_hash": hash,
        "binding_signature": keys.signer(Purpose::PermitBindingSigning)?.sign_text(&hash),
        "binding_issued_at": binding_time(at),
        "binding_version": "v7",
        "binding_key_id": payload.get("binding_key_id"),
        "expected_decision": payload.get("decision"),
        "resource_attributes_json": attributes,
        "canonical_payload": payload,
    }))
}

/// The binding of a permit that was decided before its provider request was known, sealed with the request's digest. Only
/// `final_request_hash`, `issued_at`, the key id and the signature change; `expires_at` stays.
///
/// # Errors
/// [`crate::Error::Damaged`] when the stored artifact has lost its payload.
pub fn seal(artifact: &Value, request_hash: &str, keys: &KeySet, at: i64) -> Result<Value> {
    let lost = || crate::Error::Damaged("a stored permit has no binding payload".to_owned());
    let mut payload = artifact.get("canonical_payload").cloned().ok_or_else(lost)?;
    let members: &mut Map<String, Value> = payload.as_object_mut().ok_or_else(lost)?;
    members.insert("final_request_hash".to_owned(), json!(request_hash));
    // the time of this signature: the key may be younger than the decision
    members.insert("issued_at".to_owned(), json!(binding_time(at)));
    members.insert("binding_key_id".to_owned(), json!(keys.key_id(Purpose::PermitBindingSigning)?));
    let attributes = artifact.get("resource_attributes_json").cloned().unwrap_or_else(|| json!({}));
    sign_binding(payload, attributes, keys, at)
}
