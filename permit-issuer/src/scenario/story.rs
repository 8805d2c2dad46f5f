//! Plays calls against an issuer in the order of time, so that several calls are under way at once, as at a gateway.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::clock::Fixed;
use crate::error::{Error, Result};
use crate::issuer::Issuer;
use crate::keys::{Purpose, SeedSource};
use crate::store::Store;

/// What becomes of a call after the decision, when the decision lets it live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Answered and delivered.
    Complete,
    /// Answered at a higher cost than reserved.
    Overrun,
    /// The client went away in the middle; usage is known.
    Disconnect,
    /// The provider answered with an error.
    ProviderError,
    /// Nobody answered; usage is not known.
    Timeout,
    /// The request never left.
    DispatchError,
    /// Answered, but the gateway lost the delivered bytes.
    ClientDigestMissing,
    /// Decided and never used.
    Abandoned,
    /// Withdrawn before use.
    Revoked,
    /// Sent, and nothing more is known.
    Open,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it is decided, in microseconds.
    pub at: i64,
    /// The request for a permit.
    pub request: Value,
    /// The provider request.
    pub body: Value,
    /// Whether the provider request is known at the decision.
    pub is_bound_early: bool,
    /// What becomes of it.
    pub fate: Fate,
    /// What a person says if the call is held.
    pub approval: Option<bool>,
    /// Microseconds until the answer.
    pub takes: i64,
    /// Tokens used.
    pub used: (i64, i64),
}

enum Step {
    Decide(Call),
    Review { id: String, approve: bool, call: Call },
    Dispatch { id: String, call: Call },
    Close { id: String, call: Call, hash: Option<String> },
    Revoke { id: String },
    Policy { project: String, text: String },
    Rotate(Purpose),
}

/// An issuer, its clock, and what is still to happen.
pub struct Story {
    issuer: Issuer,
    clock: Rc<Fixed>,
    steps: BTreeMap<(i64, u64), Step>,
    count: u64,
    label: &'static str,
}

impl Story {
    /// A story that begins at `start` with keys made of `label`.
    ///
    /// # Errors
    /// When the state cannot be made.
    pub fn new(label: &'static str, start: i64) -> Result<Self> {
        let clock = Rc::new(Fixed::at(start));
        let keys = SeedSource::Fixture(label).key_set(start)?;
        let mut issuer = Issuer::new(Store::in_memory()?, keys, clock.clone());
        issuer.keep_request_bodies(true);
        Ok(Self { issuer, clock, steps: BTreeMap::new(), count: 0, label })
    }

    /// The issuer.
    pub fn issuer(&mut self) -> &mut Issuer {
        &mut self.issuer
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Fixed {
        &self.clock
    }

    /// Plans a call.
    pub fn call(&mut self, call: Call) {
        self.plan(call.at, Step::Decide(call));
    }

    /// Plans a new policy.
    pub fn policy(&mut self, at: i64, project: &str, text: String) {
        self.plan(at, Step::Policy { project: project.to_owned(), text });
    }

    /// Plans a new key.
    pub fn rotate(&mut self, at: i64, purpose: Purpose) {
        self.plan(at, Step::Rotate(purpose));
    }

    /// Plays what is planned before `until` (microseconds), and lets it become that time.
    ///
    /// # Errors
    /// As [`Self::play`].
    pub fn play_until(&mut self, until: i64) -> Result<()> {
        while let Some(entry) = self.steps.first_entry() {
            let (at, _) = *entry.key();
            if at >= until {
                break;
            }
            let step = entry.remove();
            self.clock.set(at);
            self.step(step, at)?;
        }
        self.clock.set(until);
        Ok(())
    }

    /// Plays everything that is planned.
    ///
    /// # Errors
    /// When the issuer refuses what the story took for possible.
    pub fn play(&mut self) -> Result<()> {
        while let Some(((at, _), step)) = self.steps.pop_first() {
            self.clock.set(at);
            self.step(step, at)?;
        }
        Ok(())
    }

    fn plan(&mut self, at: i64, step: Step) {
        self.count += 1;
        self.steps.insert((at, self.count), step);
    }

    fn step(&mut self, step: Step, at: i64) -> Result<()> {
        match step {
            Step::Decide(call) => {
                let mut request = call.request.clone();
                if let (true, Some(members)) = (call.is_bound_early, request.as_object_mut()) {
                    members.insert("request_body".to_owned(), call.body.clone());
                }
                let answer = self.issuer.decide(request)?;
                self.after(&answer, call, at);
            }
            Step::Review { id, approve, call } => {
                let review = json!({"permit_id": id, "actor_id": "5d3a0c1e-7b42-4f0e-9a35-2f6f0f6f2a11",
                    "actor_kind": "user", "approve": approve});
                let answer = self.issuer.review(review)?;
                if approve {
                    self.after(&answer, call, at);
                }
            }
            Step::Dispatch { id, call } => {
                let mut body = call.body.clone();
                lower_limit(&mut self.issuer, &id, &mut body)?;
                let body = if call.is_bound_early { call.body.clone() } else { body };
                let answer = self.issuer.dispatch(json!({"permit_id": id, "request_body": body}))?;
                let hash = text(&answer, "binding_request_hash").map(str::to_owned);
                if call.fate != Fate::Open {
                    self.plan(at.saturating_add(call.takes), Step::Close { id, call, hash });
                }
            }
            Step::Close { id, call, hash } => {
                self.issuer.close(closing(&id, &call, hash.as_deref()))?;
            }
            Step::Revoke { id } => {
                self.issuer
                    .revoke(json!({"permit_id": id, "actor_id": "5d3a0c1e-7b42-4f0e-9a35-2f6f0f6f2a11",
                    "actor_kind": "user", "reason_code": "operator.request_withdrawn"}))?;
            }
            Step::Policy { project, text } => {
                self.issuer.set_policy(Some(&project), &text)?;
            }
            Step::Rotate(purpose) => {
                let seed = SeedSource::Fixture(self.label).seed_number(purpose, self.count)?;
                let mut keys = self.issuer.take_keys();
                keys.rotate(purpose, Box::new(seed), at);
                self.issuer.replace_keys(keys);
            }
        }
        Ok(())
    }

    /// Plans what follows a decision.
    fn after(&mut self, answer: &Value, call: Call, at: i64) {
        let Some(id) = text(answer, "permit_id").map(str::to_owned) else { return };
        match text(answer, "decision") {
            Some("challenge") => {
                if let Some(approve) = call.approval {
                    self.plan(at.saturating_add(95_000_000), Step::Review { id, approve, call });
                }
            }
            Some("allow") => match call.fate {
                Fate::Abandoned => {}
                Fate::Revoked => self.plan(at.saturating_add(4_000_000), Step::Revoke { id }),
                Fate::DispatchError => {
                    self.plan(at.saturating_add(400_000), Step::Close { id, call, hash: None });
                }
                _ => self.plan(at.saturating_add(120_000), Step::Dispatch { id, call }),
            },
            _ => {}
        }
    }
}

/// The gateway lowers the output limit of a request to what the permit lets through.
fn lower_limit(issuer: &mut Issuer, id: &str, body: &mut Value) -> Result<()> {
    let permit = issuer.store().read(|rows| rows.permit(id))?;
    let limit = permit.body.pointer("/constraints_json/max_output_tokens").and_then(Value::as_i64);
    if let (Some(limit), Some(slot)) = (limit, body.get_mut("max_tokens"))
        && slot.as_i64().is_some_and(|asked| asked > limit)
    {
        *slot = json!(limit);
    }
    Ok(())
}

fn closing(id: &str, call: &Call, hash: Option<&str>) -> Value {
    let answer = format!("answer to {}", hash.unwrap_or("nothing"));
    let (input, output) = call.used;
    let usage = json!({"input_tokens": input, "output_tokens": output, "method": "provider_receipt"});
    let response_id = format!("resp_{}", hash.and_then(|hash| hash.get(..20)).unwrap_or("none"));
    let mut close = json!({"permit_id": id, "correlation_id": format!("conv-{}", call.at % 1_000_003)});
    let set = |close: &mut Value, members: Value| {
        if let (Some(close), Some(members)) = (close.as_object_mut(), members.as_object()) {
            close.extend(members.clone());
        }
    };
    match call.fate {
        Fate::Overrun => set(
            &mut close,
            json!({"status": "closed", "status_code": 200, "provider_response_id": response_id,
                "provider_response": {"text": answer}, "client_response": {"text": answer},
                "usage": {"input_tokens": input.saturating_mul(3), "output_tokens": output.saturating_mul(3)}}),
        ),
        Fate::Disconnect => set(
            &mut close,
            json!({"status": "client_disconnected", "status_code": 200, "provider_response_id": response_id,
                "provider_response": {"text": answer}, "usage": usage}),
        ),
        Fate::ProviderError => set(
            &mut close,
            json!({"status": "provider_error", "status_code": 529,
                "provider_response": {"text": "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}"}}),
        ),
        Fate::Timeout => set(&mut close, json!({"status": "timeout"})),
        Fate::DispatchError => set(&mut close, json!({"status": "dispatch_error"})),
        Fate::ClientDigestMissing => set(
            &mut close,
            json!({"status": "client_digest_missing", "status_code": 200, "provider_response_id": response_id,
                "provider_response": {"text": answer}, "usage": usage}),
        ),
        Fate::Complete | Fate::Abandoned | Fate::Revoked | Fate::Open => set(
            &mut close,
            json!({"status": "closed", "status_code": 200, "provider_response_id": response_id,
                "provider_response": {"text": answer}, "client_response": {"text": answer}, "usage": usage}),
        ),
    }
    close
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

impl Issuer {
    /// Takes the keys out, to be put back with [`Issuer::replace_keys`].
    fn take_keys(&mut self) -> crate::keys::KeySet {
        self.swap_keys(crate::keys::KeySet::new(Vec::new(), Vec::new()))
    }
}

impl SeedSource<'_> {
    /// A further seed for `purpose`.
    fn seed_number(self, purpose: Purpose, number: u64) -> Result<crate::keys::Seed> {
        match self {
            Self::Random => Err(Error::Damaged("a story has no random keys".to_owned())),
            Self::Fixture(label) => {
                crate::keys::Seed::public_fixture(&format!("{label} {} {number}", purpose.name()))
            }
        }
    }
}
