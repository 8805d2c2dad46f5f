//! The end of a call: digests, usage, a signed closure, and the budget settled.

use serde_json::{Value, json};

use super::{Desk, Issuer, damaged, load_envelope, release, set_reservation_status};
use crate::budget::{Settlement, decimal_usd};
use crate::chain::Event;
use crate::clock::wire_time;
use crate::closure::{CloseRequest, Closure, Subject};
use crate::error::{Error, Result};
use crate::ident;
use crate::policy::Price;
use crate::store::{Permit, Rows, Stage};

impl Issuer {
    /// Closes a permit.
    ///
    /// # Errors
    /// [`Error::Refused`] when the permit cannot be closed, was closed otherwise, or a required digest is missing.
    pub fn close(&mut self, request: Value) -> Result<Value> {
        let request = CloseRequest::parse(request)?;
        self.transact(|desk| {
            let Desk { rows, keys, now, .. } = *desk;
            let mut permit = rows.permit(&request.permit_id)?;
            if let Some(closure) = &permit.closure {
                return again(&permit, closure, &request);
            }
            let was_dispatched = permit.dispatched_at.is_some();
            let is_closable = match permit.stage {
                Stage::Dispatched => true,
                // withdrawn after the request had left
                Stage::Revoked => was_dispatched,
                Stage::Ready => !was_dispatched,
                Stage::Denied | Stage::Held | Stage::Reviewed | Stage::Closed | Stage::Expired => false,
            };
            if !is_closable {
                return Err(Error::refused(
                    "permit.not_closable",
                    format!("permit {} is {}", permit.id, permit.stage.name()),
                ));
            }
            let execution_id =
                permit.execution_id.clone().unwrap_or_else(|| format!("exec_{}", permit.id.replace('-', "")));
            let closure = request.build(
                Subject {
                    permit_id: &permit.id,
                    provider: permit.text("resource_provider"),
                    model: permit.text("resource_model"),
                    created_at: permit.created_at,
                    dispatched_at: permit.dispatched_at,
                    request_hash: permit.request_hash().filter(|_| was_dispatched),
                    execution_id: &execution_id,
                    usage_reported: request.usage.is_some(),
                    at: now,
                },
                keys,
            )?;
            let settled = settle(rows, &mut permit, &request, &closure, now)?;
            permit.close_key = request.idempotency_key.clone();
            permit.execution_id = Some(closure.execution_id.clone());
            permit.closure = Some(closure.payload.clone());
            permit.advance(Stage::Closed, "closed");
            rows.update_permit(&permit)?;
            rows.chain(&permit.project, &permit.id, events(&permit, &request, &closure, &settled), now)?;
            Ok(answer(&permit, &closure.payload, false))
        })
    }
}

/// A second close is the first one repeated, or an error.
fn again(permit: &Permit, closure: &Value, request: &CloseRequest) -> Result<Value> {
    let same_key = permit.close_key == request.idempotency_key;
    let same_status = closure.get("closure_status") == Some(&json!(request.status.name()));
    if same_key && same_status {
        return Ok(answer(permit, closure, true));
    }
    Err(Error::refused("permit.already_closed", format!("permit {} was closed otherwise", permit.id)))
}

/// What the end of a call did to the books.
#[derive(Default)]
struct Settled {
    rows: Vec<Value>,
    overrun: i64,
    disposition: &'static str,
}

fn settle(
    rows: &Rows<'_>,
    permit: &mut Permit,
    request: &CloseRequest,
    closure: &Closure,
    now: i64,
) -> Result<Settled> {
    let usage = request.usage.as_ref();
    let input = usage.and_then(|usage| usage.input_tokens);
    let output = usage.and_then(|usage| usage.output_tokens);
    let actual = usage
        .and_then(|usage| usage.cost_usd_micros)
        .or_else(|| listed_price(rows, permit).and_then(|price| price.cost(input?, output?)));
    if let Some(usage) = usage {
        permit.set("actual_input_tokens", json!(input));
        permit.set("actual_output_tokens", json!(output));
        permit.set("actual_total_tokens", json!(input.zip(output).and_then(|(a, b)| a.checked_add(b))));
        permit.set("actual_cost_usd_micros", json!(actual));
        permit.set("usage_source", json!("gateway"));
        permit.set("usage_reported_at", json!(wire_time(now)));
        permit.set("usage_idempotency_key", json!(format!("usage:{}", permit.id)));
        permit.set("usage_verification_method", json!(usage.method));
        permit.set("usage_verification_status", json!("unverified"));
        permit.set("usage_verification_updated_at", json!(wire_time(now)));
    }
    let (settled, spent) = book(rows, permit, request, actual)?;
    permit.set("accounting_disposition", json!(settled.disposition));
    let estimate = permit.body.pointer("/budget_envelope/estimated_cost_usd_micros").and_then(Value::as_i64);
    if let (Some(actual), Some(estimate), Some(slot)) =
        (actual, estimate, permit.body.pointer_mut("/budget_envelope/correction_usd_micros"))
    {
        *slot = json!(actual - estimate);
    }
    if permit.dispatched_at.is_some() {
        permit.usage = Some(usage_row(permit, request, closure, actual.or(spent), actual.is_none(), now)?);
    }
    Ok(settled)
}

/// Ends the reservation. Gives what was booked as spent.
fn book(
    rows: &Rows<'_>,
    permit: &mut Permit,
    request: &CloseRequest,
    actual: Option<i64>,
) -> Result<(Settled, Option<i64>)> {
    let (Some(name), Some(reservation)) = (permit.envelope.clone(), permit.reservation.clone()) else {
        let disposition = if actual.is_some() { "reported" } else { "not_reported" };
        return Ok((Settled { disposition, ..Settled::default() }, None));
    };
    let is_free = permit.dispatched_at.is_none() || request.status.is_free_without_usage();
    if actual.is_none() && is_free {
        let rows = release(rows, permit)?;
        return Ok((Settled { rows, overrun: 0, disposition: "released" }, None));
    }
    let mut envelope = load_envelope(rows, permit, &name)?;
    let Settlement { spent, overrun, movements, .. } =
        envelope.settle(permit.held, actual.unwrap_or(permit.held)).map_err(damaged)?;
    permit.held = 0;
    set_reservation_status(permit, "committed");
    let rows = rows.book(&permit.project, &name, &envelope, Some((&permit.id, &reservation)), &movements)?;
    let disposition = if actual.is_some() { "committed" } else { "reservation_committed_without_usage" };
    Ok((Settled { rows, overrun, disposition }, Some(spent)))
}

/// The price under the project's policy of today.
fn listed_price(rows: &Rows<'_>, permit: &Permit) -> Option<Price> {
    let project = rows.project(Some(&permit.project)).ok()?;
    project.policy.price(permit.text("resource_provider"), permit.text("resource_model")).cloned()
}

/// `latest_usage_ledger` of the exported record (spec 07 section 3.3).
fn usage_row(
    permit: &Permit,
    request: &CloseRequest,
    closure: &Closure,
    cost: Option<i64>,
    is_estimate: bool,
    now: i64,
) -> Result<Value> {
    let cost_usd: Value = match cost {
        Some(micros) => serde_json::from_str(&decimal_usd(micros))
            .map_err(|error| Error::Damaged(format!("cost {micros}: {error}")))?,
        None => Value::Null,
    };
    Ok(json!({
        "id": ident::derived_uuid("usage", &[&permit.id]),
        "project_id": permit.project,
        "permit_id": permit.id,
        "budget_envelope_id": permit.body.pointer("/budget_envelope/envelope_id"),
        "provider": permit.body.get("resource_provider"),
        "model": permit.body.get("resource_model"),
        "request_id": closure.execution_id,
        "status": request.status.name(),
        "currency": "USD",
        "cost_usd": cost_usd,
        "estimated_input_tokens": permit.body.get("estimated_input_tokens"),
        "estimated_output_tokens": permit.body.get("estimated_output_tokens"),
        "actual_input_tokens": permit.body.get("actual_input_tokens"),
        "actual_output_tokens": permit.body.get("actual_output_tokens"),
        "http_status": request.status_code,
        "decision": permit.decision,
        "idempotency_key": permit.body.get("usage_idempotency_key"),
        "served_from_cache": false,
        "estimated_final": is_estimate,
        "created_at": wire_time(now),
    }))
}

fn events(permit: &Permit, request: &CloseRequest, closure: &Closure, settled: &Settled) -> Vec<Event> {
    let event = |event_type, outcome: &str, payload| Event::permit(event_type, &permit.id, outcome, payload);
    let mut events = Vec::new();
    if let Some(digest) = &closure.provider_digest {
        let payload = json!({
            "permit_id": permit.id,
            "execution_id": closure.execution_id,
            "provider": permit.body.get("resource_provider"),
            "model": permit.body.get("resource_model"),
            "provider_response_digest_v1": digest,
            "provider_response_id": request.provider_response_id,
            "status_code": request.status_code,
        });
        events.push(event("provider.response.received", "success", payload));
    }
    if let Some(digest) = &closure.client_digest {
        let payload = json!({
            "permit_id": permit.id,
            "execution_id": closure.execution_id,
            "client_response_digest_v1": digest,
        });
        events.push(event("client.response.delivered", "success", payload));
    }
    let usage = json!({
        "permit_id": permit.id,
        "accounting_disposition": settled.disposition,
        "actual_input_tokens": permit.body.get("actual_input_tokens"),
        "actual_output_tokens": permit.body.get("actual_output_tokens"),
        "actual_cost_usd_micros": permit.body.get("actual_cost_usd_micros"),
        "overrun_usd_micros": settled.overrun,
        "budget_allocation_events": settled.rows,
    });
    let severity = if settled.overrun > 0 { "warning" } else { "info" };
    events.push(event("usage.settled", settled.disposition, usage).with_severity(severity));
    let status = request.status.name();
    let severity = if status == "closed" { "info" } else { "warning" };
    events.push(event("permit.closed", status, closure.payload.clone()).with_severity(severity));
    events
}

fn answer(permit: &Permit, closure: &Value, replayed: bool) -> Value {
    json!({
        "permit_id": permit.id,
        "status": permit.body.get("status"),
        "closure": closure,
        "actual_cost_usd_micros": permit.body.get("actual_cost_usd_micros"),
        "accounting_disposition": permit.body.get("accounting_disposition"),
        "replayed": replayed,
    })
}
