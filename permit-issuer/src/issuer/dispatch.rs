//! The moment a request leaves: the permit is bound to its exact content, once.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::decide::attach_request_body;
use super::{Desk, Issuer};
use crate::chain::Event;
use crate::clock::wire_time;
use crate::error::{Error, Result};
use crate::permit;
use crate::request::check_token;
use crate::store::{Permit, Rows, Stage};
use crate::wire_body;

/// A provider request that is about to leave.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct DispatchRequest {
    /// Which permit.
    permit_id: String,
    /// The provider request.
    request_body: Map<String, Value>,
    /// The gateway's name for the call.
    #[serde(default)]
    execution_id: Option<String>,
}

/// Member names by which providers limit output, where they are found in a request.
const OUTPUT_LIMITS: [&str; 6] = [
    "/max_tokens",
    "/max_completion_tokens",
    "/max_output_tokens",
    "/maxOutputTokens",
    "/generationConfig/maxOutputTokens",
    "/generation_config/max_output_tokens",
];

impl Issuer {
    /// Binds the permit to the request and marks it dispatched. Repeating the call with the same request is allowed
    /// and changes nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] when the permit is no live allow, or the request is not the one that was permitted. The latter
    /// is recorded in the chain before it is refused.
    pub fn dispatch(&mut self, request: Value) -> Result<Value> {
        let request: DispatchRequest = serde_json::from_value(request)
            .map_err(|error| Error::refused("request.invalid", format!("dispatch request: {error}")))?;
        if let Some(id) = &request.execution_id {
            check_token("execution_id", id)?;
        }
        let hash = wire_body::request_hash(&request.request_body)?;
        self.transact(|desk| {
            let Desk { rows, keys, now, keep_request_bodies: keep } = *desk;
            let mut permit = rows.permit(&request.permit_id)?;
            match check(&permit, &request, &hash, now) {
                Ok(Check::Fresh) => {}
                Ok(Check::Again) => return Ok(Ok(answer(&permit, true))),
                Err(violation) => {
                    if violation.is_recorded {
                        record(rows, &permit, &hash, &violation, now)?;
                    }
                    return Ok(Err(Error::refused(violation.code, violation.message)));
                }
            }
            if permit.request_hash().is_none() {
                permit.artifact = permit::seal(&permit.artifact, &hash, keys, now)?;
                if keep {
                    attach_request_body(&mut permit.artifact, Some(&request.request_body));
                }
            }
            let execution_id = request
                .execution_id
                .clone()
                .unwrap_or_else(|| format!("exec_{}", permit.id.replace('-', "")));
            permit.execution_id = Some(execution_id);
            permit.dispatched_at = Some(now);
            permit.set("binding_request_hash", json!(hash));
            permit.advance(Stage::Dispatched, "dispatched");
            rows.update_permit(&permit)?;
            rows.chain(&permit.project, &permit.id, events(&permit, &request, &hash, now), now)?;
            Ok(Ok(answer(&permit, false)))
        })?
    }
}

enum Check {
    Fresh,
    Again,
}

struct Violation {
    code: &'static str,
    message: String,
    /// Whether the attempt itself belongs into the evidence.
    is_recorded: bool,
}

fn check(permit: &Permit, request: &DispatchRequest, hash: &str, now: i64) -> Result<Check, Violation> {
    let refuse = |code, message: String| Err(Violation { code, message, is_recorded: false });
    match permit.stage {
        Stage::Ready => {}
        Stage::Dispatched | Stage::Closed if permit.request_hash() == Some(hash) => return Ok(Check::Again),
        Stage::Dispatched | Stage::Closed => return violation(hash_message(permit, hash)),
        Stage::Denied | Stage::Held | Stage::Reviewed | Stage::Expired | Stage::Revoked => {
            return refuse(
                "permit.not_dispatchable",
                format!("permit {} is {}", permit.id, permit.stage.name()),
            );
        }
    }
    if permit.expires_at.is_some_and(|end| now > end) {
        return refuse("permit.expired", format!("permit {} has expired", permit.id));
    }
    if permit.request_hash().is_some_and(|bound| bound != hash) {
        return violation(hash_message(permit, hash));
    }
    if let Some(model) = request.request_body.get("model").and_then(Value::as_str)
        && model != permit.text("resource_model")
    {
        return violation(format!("the request names model {model:?}, the permit another"));
    }
    check_output_limit(permit, request)?;
    Ok(Check::Fresh)
}

/// A permit with a token limit lets nothing through that states none: what is reserved would not bound the cost.
fn check_output_limit(permit: &Permit, request: &DispatchRequest) -> Result<(), Violation> {
    let limit = permit.body.pointer("/constraints_json/max_output_tokens").and_then(Value::as_i64);
    let Some(limit) = limit.filter(|limit| *limit > 0) else { return Ok(()) };
    let body = Value::Object(request.request_body.clone());
    let stated: Vec<&Value> = OUTPUT_LIMITS.iter().filter_map(|pointer| body.pointer(pointer)).collect();
    if stated.is_empty() {
        return Err(Violation {
            code: "dispatch.output_limit_missing",
            message: format!("the permit allows {limit} output tokens; the request must state a limit"),
            is_recorded: false,
        });
    }
    if stated.iter().all(|value| value.as_i64().is_some_and(|value| (0..=limit).contains(&value))) {
        return Ok(());
    }
    violation(format!("the request asks for more than the {limit} output tokens of the permit"))
}

fn violation<T>(message: String) -> Result<T, Violation> {
    Err(Violation { code: "permit.binding_violation", message, is_recorded: true })
}

fn hash_message(permit: &Permit, hash: &str) -> String {
    let bound = permit.request_hash().unwrap_or_default();
    format!("the permit is bound to request {bound}, this is {hash}")
}

fn record(rows: &Rows<'_>, permit: &Permit, hash: &str, violation: &Violation, now: i64) -> Result<()> {
    let payload = json!({
        "permit_id": permit.id,
        "bound_request_hash": permit.request_hash(),
        "attempted_request_hash": hash,
        "message": violation.message,
    });
    let event = Event::permit("permit.binding_violation", &permit.id, "refused", payload);
    rows.chain(&permit.project, &permit.id, vec![event.with_severity("error")], now)
}

fn events(permit: &Permit, request: &DispatchRequest, hash: &str, now: i64) -> Vec<Event> {
    let body = Value::Object(request.request_body.clone());
    let sealed = json!({
        "permit_id": permit.id,
        "binding_request_hash": hash,
        "binding_request_canonical_version": wire_body::CANONICAL_VERSION,
        "members_not_covered": wire_body::uncovered(&body),
        "provider": permit.body.get("resource_provider"),
        "model": permit.body.get("resource_model"),
        "permit_decision": permit.artifact,
    });
    let egress = json!({
        "permit_id": permit.id,
        "execution_id": permit.execution_id,
        "dispatch_request_digest_v1": hash,
        "occurred_at": wire_time(now),
    });
    vec![
        Event::permit("permit.binding_sealed_on_first_dispatch", &permit.id, "success", sealed),
        Event::permit("dispatch.egress_bound", &permit.id, "success", egress),
    ]
}

fn answer(permit: &Permit, replayed: bool) -> Value {
    json!({
        "permit_id": permit.id,
        "status": permit.body.get("status"),
        "execution_id": permit.execution_id,
        "binding_request_hash": permit.request_hash(),
        "permit_decision": permit.artifact,
        "replayed": replayed,
    })
}
