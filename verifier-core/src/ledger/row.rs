//! One row for each record of an export: what a permit says about itself, compactly.
//!
//! A row is a claim of the evidence. Nothing here is proven: the report of [`crate::verify`] says whether the file is the
//! one that was signed, and the digest in [`Source`](super::Source) says whether it was the same file.

use std::ops::Range;

use super::draft::Draft;
use super::money::{Decimal, Figure};
use super::names::{Name, Names};
use crate::bytes::ShortText;
use crate::crypto::sha256;
use crate::json::{Kind, Value};
use crate::time::Timestamp;

/// Where a row stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Position of the file in [`Ledger::sources`](super::Ledger::sources).
    pub source: u16,
    /// Position of the record in the array that carries it, from 0.
    pub record: u64,
    /// First byte in the decoded file.
    pub start: u64,
    /// The byte after the last one.
    pub end: u64,
}

impl Place {
    /// Byte range in the decoded file.
    #[must_use]
    pub fn span(&self) -> Range<u64> {
        self.start..self.end
    }
}

/// How good the figure for the cost of a call is, as far as the evidence says so itself. Best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CostGrade {
    /// An actual cost from a provider receipt or signed callback that was verified or reconciled.
    ProviderReceipt,
    /// An actual cost, reported by the caller or gateway.
    Measured,
    /// The estimate was booked as the final cost.
    EstimatedFinal,
    /// Only an estimate from before the call.
    Estimate,
    /// No readable figure.
    #[default]
    None,
}

impl CostGrade {
    /// The word in tables and machine formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProviderReceipt => "provider_receipt",
            Self::Measured => "measured",
            Self::EstimatedFinal => "estimated_final",
            Self::Estimate => "estimate",
            Self::None => "none",
        }
    }
}

/// One record of an export. Texts are [`Name`]s of the ledger's table; amounts are micro-USD.
#[derive(Clone, Debug, Default)]
pub struct PermitRow<T = Name> {
    /// Where the record stands. Its pointer is `/records/N`, or line N of JSON lines.
    pub place: Place,
    /// `permit.id`.
    pub permit: T,
    /// The lowest sequence number among the record's chain entries.
    pub sequence: Figure,
    /// `permit.created_at` as written.
    pub created_at: ShortText,
    /// The same instant as microseconds since 1970; [`Figure::UNREADABLE`] when the text is no time.
    pub created_micros: Figure,
    /// `permit.decision`.
    pub decision: T,
    /// `permit.decision_details.code`.
    pub reason_code: T,
    /// `permit.status`.
    pub status: T,
    /// `permit.resource_provider`.
    pub provider: T,
    /// `permit.resource_model`.
    pub model: T,
    /// `permit.resource_operation`.
    pub operation: T,
    /// `permit.subject_id`.
    pub subject: T,
    /// `permit.subject_type`.
    pub subject_type: T,
    /// `permit.project_id`.
    pub project: T,
    /// `permit.policy_id`.
    pub policy: T,
    /// `permit.policy_version`.
    pub policy_version: T,
    /// Estimated cost: what the envelope held for the permit, else the estimate of the routing decision.
    pub estimated_cost: Figure,
    /// `permit.actual_cost_usd_micros`.
    pub actual_cost: Figure,
    /// Where the cost comes from.
    pub cost_grade: CostGrade,
    /// `permit.estimated_input_tokens`.
    pub estimated_input: Figure,
    /// `permit.estimated_output_tokens`.
    pub estimated_output: Figure,
    /// `permit.actual_input_tokens`.
    pub actual_input: Figure,
    /// `permit.actual_output_tokens`.
    pub actual_output: Figure,
    /// `permit.actual_total_tokens`.
    pub actual_total: Figure,
    /// `closure_status` of the record's `permit.closed` event.
    pub closure: T,
    /// Whether the record shows that the call left: a bound request, a dispatch event, or a status after dispatch.
    pub is_dispatched: bool,
}

/// 128 bits of the SHA-256 of an identifier that is only ever compared; all zeros when none is stated.
pub type Key = [u8; 16];

/// A record's budget envelope at decision time. Amounts are micro-USD.
#[derive(Clone, Debug, Default)]
pub struct Snapshot<T = Name> {
    /// `envelope_id`.
    pub envelope: T,
    /// `total_budget_usd_micros`.
    pub total: Figure,
    /// `reserved_budget_usd_micros`.
    pub reserved: Figure,
    /// `spent_budget_usd_micros`.
    pub spent: Figure,
    /// `remaining_budget_usd_micros`.
    pub remaining: Figure,
    /// `estimated_cost_usd_micros`.
    pub estimated: Figure,
    /// `correction_usd_micros`.
    pub correction: Figure,
}

/// A usage row of a record: `latest_usage_ledger` or `usage_log`.
#[derive(Clone, Debug, Default)]
pub struct Usage<T = Name> {
    /// `permit_id`.
    pub permit: T,
    /// `project_id`.
    pub project: T,
    /// `provider`.
    pub provider: T,
    /// `model`.
    pub model: T,
    /// `budget_envelope_id`.
    pub envelope: T,
    /// `currency`.
    pub currency: T,
    /// Cost in micro-USD; `cost_usd` is rounded half to even.
    pub cost: Figure,
    /// Input or prompt tokens.
    pub input: Figure,
    /// Output or completion tokens.
    pub output: Figure,
    /// `total_tokens`.
    pub total: Figure,
    /// `served_from_cache`.
    pub from_cache: bool,
    /// `estimated_final`.
    pub estimated_final: bool,
    /// `request_id` or `proxy_request_id`.
    pub request: Key,
    /// `idempotency_key`.
    pub idempotency: Key,
    /// `provider_response_id`.
    pub response: Key,
}

/// What else a record says about money; the rules of spec 07 section 6 compare it.
#[derive(Clone, Debug, Default)]
pub struct Account<T = Name> {
    /// `permit.budget_envelope`.
    pub envelope: Option<Box<Snapshot<T>>>,
    /// `latest_usage_ledger`.
    pub ledger: Option<Box<Usage<T>>>,
    /// `usage_log`.
    pub log: Option<Box<Usage<T>>>,
    /// `permit.usage_verification_method`.
    pub verification_method: T,
    /// `permit.usage_verification_status`.
    pub verification_status: T,
    /// `permit.usage_reported_at`, microseconds.
    pub usage_reported: Figure,
    /// `completed_at` of the closure, microseconds.
    pub completed: Figure,
    /// `permit.expires_at`, microseconds.
    pub expires: Figure,
    /// `quota_reservation_id` of the decision binding in the record.
    pub reservation: T,
    /// `amount_max` of the spend scope, as the permit states it.
    pub spend_limit: Figure,
    /// `currency_class` of the spend scope.
    pub spend_class: T,
    /// `permit.workflow_declaration_id`.
    pub workflow: T,
    /// `max_calls_at_decision` of the workflow state.
    pub max_calls: Figure,
    /// Whether the record carries chain entries; without them nothing is known about closures.
    pub has_entries: bool,
    /// `permit.idempotency_key`.
    pub idempotency: Key,
    /// `permit.usage_idempotency_key`.
    pub usage_idempotency: Key,
    /// `provider_response_id` of the closure.
    pub response: Key,
}

/// A comparison key.
#[must_use]
pub fn key(text: &str) -> Key {
    let mut key = Key::default();
    if !text.is_empty() {
        let digest = sha256(text.as_bytes());
        key.iter_mut().zip(digest).for_each(|(target, byte)| *target = byte);
    }
    key
}

macro_rules! interned {
    ($own:expr, $names:expr, { $($text:ident),* } { $($same:ident),* } $(, { $($boxed:ident),* })?) => {
        Self::Interned {
            $($text: $names.intern(&$own.$text),)*
            $($same: $own.$same,)*
            $($($boxed: $own.$boxed.map(|own| Box::new(own.intern($names))),)*)?
        }
    };
}

/// A draft whose texts become names.
pub(super) trait Intern {
    type Interned;
    fn intern(self, names: &mut Names) -> Self::Interned;
}

impl Intern for PermitRow<ShortText> {
    type Interned = PermitRow;
    fn intern(self, names: &mut Names) -> PermitRow {
        interned!(self, names, {
            permit, decision, reason_code, status, provider, model, operation, subject, subject_type, project, policy,
            policy_version, closure
        } {
            place, sequence, created_at, created_micros, estimated_cost, actual_cost, cost_grade, estimated_input,
            estimated_output, actual_input, actual_output, actual_total, is_dispatched
        })
    }
}

impl Intern for Snapshot<ShortText> {
    type Interned = Snapshot;
    fn intern(self, names: &mut Names) -> Snapshot {
        interned!(self, names, { envelope } { total, reserved, spent, remaining, estimated, correction })
    }
}

impl Intern for Usage<ShortText> {
    type Interned = Usage;
    fn intern(self, names: &mut Names) -> Usage {
        interned!(self, names, { permit, project, provider, model, envelope, currency } {
            cost, input, output, total, from_cache, estimated_final, request, idempotency, response
        })
    }
}

impl Intern for Account<ShortText> {
    type Interned = Account;
    fn intern(self, names: &mut Names) -> Account {
        interned!(self, names, { verification_method, verification_status, reservation, spend_class, workflow } {
            has_entries, usage_reported, completed, expires, spend_limit, max_calls, idempotency, usage_idempotency, response
        }, { envelope, ledger, log })
    }
}

/// Reads the members of `record.permit`.
pub(super) fn permit(permit: Value<'_>, draft: &mut Draft<'_>) {
    let mut routing_estimate = Figure::ABSENT;
    for member in permit.members() {
        let value = member.value;
        let name = member.name();
        match &*name {
            "id" => {
                let read = draft.text(value, "id");
                draft.row.permit = read;
            }
            "project_id" => {
                let read = draft.text(value, "project_id");
                draft.row.project = read;
            }
            "created_at" => {
                let read = draft.text(value, "created_at");
                draft.row.created_at = read;
                let read = draft.time(value, "created_at");
                draft.row.created_micros = read;
            }
            "decision" => {
                let read = draft.text(value, "decision");
                draft.row.decision = read;
            }
            "decision_details" => {
                if let Some(code) = value.member("code") {
                    let read = draft.text(code, "decision_details/code");
                    draft.row.reason_code = read;
                }
            }
            "status" => {
                let read = draft.text(value, "status");
                draft.row.status = read;
                let is_after = matches!(&*draft.row.status, "dispatched" | "closed");
                draft.row.is_dispatched |= is_after;
            }
            "binding_request_hash" => {
                draft.row.is_dispatched |= value.non_blank_text().is_some();
            }
            "resource_provider" => {
                let read = draft.text(value, "resource_provider");
                draft.row.provider = read;
            }
            "resource_model" => {
                let read = draft.text(value, "resource_model");
                draft.row.model = read;
            }
            "resource_operation" => {
                let read = draft.text(value, "resource_operation");
                draft.row.operation = read;
            }
            "subject_id" => {
                let read = draft.text(value, "subject_id");
                draft.row.subject = read;
            }
            "subject_type" => {
                let read = draft.text(value, "subject_type");
                draft.row.subject_type = read;
            }
            "policy_id" => {
                let read = draft.text(value, "policy_id");
                draft.row.policy = read;
            }
            "policy_version" => {
                let read = draft.text(value, "policy_version");
                draft.row.policy_version = read;
            }
            "estimated_input_tokens" => {
                let read = draft.integer(value, "estimated_input_tokens");
                draft.row.estimated_input = read;
            }
            "estimated_output_tokens" => {
                let read = draft.integer(value, "estimated_output_tokens");
                draft.row.estimated_output = read;
            }
            "actual_input_tokens" => {
                let read = draft.integer(value, "actual_input_tokens");
                draft.row.actual_input = read;
            }
            "actual_output_tokens" => {
                let read = draft.integer(value, "actual_output_tokens");
                draft.row.actual_output = read;
            }
            "actual_total_tokens" => {
                let read = draft.integer(value, "actual_total_tokens");
                draft.row.actual_total = read;
            }
            "actual_cost_usd_micros" => {
                let read = draft.integer(value, "actual_cost_usd_micros");
                draft.row.actual_cost = read;
            }
            "routing" => {
                if let Some(estimate) = value.member("estimated_cost_usd_micros") {
                    routing_estimate = draft.integer(estimate, "routing/estimated_cost_usd_micros");
                }
            }
            "budget_envelope" => {
                let read = snapshot(value, draft);
                draft.account.envelope = read;
            }
            "usage_verification_method" => {
                let read = draft.text(value, "usage_verification_method");
                draft.account.verification_method = read;
            }
            "usage_verification_status" => {
                let read = draft.text(value, "usage_verification_status");
                draft.account.verification_status = read;
            }
            "usage_reported_at" => {
                let read = draft.time(value, "usage_reported_at");
                draft.account.usage_reported = read;
            }
            "expires_at" => {
                let read = draft.time(value, "expires_at");
                draft.account.expires = read;
            }
            "idempotency_key" => {
                let read = draft.key(value, "idempotency_key");
                draft.account.idempotency = read;
            }
            "usage_idempotency_key" => {
                let read = draft.key(value, "usage_idempotency_key");
                draft.account.usage_idempotency = read;
            }
            "workflow_declaration_id" => {
                let read = draft.text(value, "workflow_declaration_id");
                draft.account.workflow = read;
            }
            "workflow_state_json" => {
                if let Some(most) = value.member("max_calls_at_decision") {
                    let read = draft.integer(most, "workflow_state_json/max_calls_at_decision");
                    draft.account.max_calls = read;
                }
            }
            "resource_attributes_json" => spend_scope(value, draft),
            _ => {}
        }
    }
    let held = draft.account.envelope.as_ref().map_or(Figure::ABSENT, |envelope| envelope.estimated);
    draft.row.estimated_cost = if held.is_absent() { routing_estimate } else { held };
}

pub(super) fn snapshot(value: Value<'_>, draft: &mut Draft<'_>) -> Option<Box<Snapshot<ShortText>>> {
    if value.is_null() {
        return None;
    }
    if !value.is_object() {
        draft.fault_of_kind(value, "budget_envelope", super::FaultKind::NotAnObject);
        return None;
    }
    let mut own = Snapshot::default();
    for member in value.members() {
        let value = member.value;
        match &*member.name() {
            "envelope_id" => own.envelope = draft.text(value, "budget_envelope/envelope_id"),
            "total_budget_usd_micros" => {
                own.total = draft.integer(value, "budget_envelope/total_budget_usd_micros");
            }
            "reserved_budget_usd_micros" => {
                own.reserved = draft.integer(value, "budget_envelope/reserved_budget_usd_micros");
            }
            "spent_budget_usd_micros" => {
                own.spent = draft.integer(value, "budget_envelope/spent_budget_usd_micros");
            }
            "remaining_budget_usd_micros" => {
                own.remaining = draft.integer(value, "budget_envelope/remaining_budget_usd_micros");
            }
            "estimated_cost_usd_micros" => {
                own.estimated = draft.integer(value, "budget_envelope/estimated_cost_usd_micros");
            }
            "correction_usd_micros" => {
                own.correction = draft.integer(value, "budget_envelope/correction_usd_micros");
            }
            _ => {}
        }
    }
    Some(Box::new(own))
}

fn spend_scope(attributes: Value<'_>, draft: &mut Draft<'_>) {
    let Some(scope) = attributes.member("spend_scope").and_then(Value::as_object) else { return };
    if let Some(limit) = scope.present("amount_max") {
        let read = draft.integer_or_text(limit, "resource_attributes_json/spend_scope/amount_max");
        draft.account.spend_limit = read;
    }
    if let Some(class) = scope.member("currency_class") {
        let read = draft.text(class, "resource_attributes_json/spend_scope/currency_class");
        draft.account.spend_class = read;
    }
}

/// Reads `latest_usage_ledger` or `usage_log`.
pub(super) fn usage(value: Value<'_>, draft: &mut Draft<'_>) -> Option<Box<Usage<ShortText>>> {
    if value.is_null() {
        return None;
    }
    if !value.is_object() {
        draft.fault_of_kind(value, "", super::FaultKind::NotAnObject);
        return None;
    }
    let mut own = Usage::default();
    for member in value.members() {
        let value = member.value;
        match &*member.name() {
            "permit_id" => own.permit = draft.text(value, "permit_id"),
            "project_id" => own.project = draft.text(value, "project_id"),
            "provider" => own.provider = draft.text(value, "provider"),
            "model" => own.model = draft.text(value, "model"),
            "budget_envelope_id" => own.envelope = draft.text(value, "budget_envelope_id"),
            "currency" => own.currency = draft.text(value, "currency"),
            "cost_usd" => own.cost = usd_cost(value, draft),
            "cost_usd_micros" => own.cost = draft.integer(value, "cost_usd_micros"),
            "actual_input_tokens" => own.input = draft.integer(value, "actual_input_tokens"),
            "prompt_tokens" => own.input = draft.integer(value, "prompt_tokens"),
            "actual_output_tokens" => own.output = draft.integer(value, "actual_output_tokens"),
            "completion_tokens" => own.output = draft.integer(value, "completion_tokens"),
            "total_tokens" => own.total = draft.integer(value, "total_tokens"),
            "served_from_cache" => own.from_cache = value.as_bool() == Some(true),
            "estimated_final" => own.estimated_final = value.as_bool() == Some(true),
            "request_id" => own.request = draft.key(value, "request_id"),
            "proxy_request_id" => own.request = draft.key(value, "proxy_request_id"),
            "idempotency_key" => own.idempotency = draft.key(value, "idempotency_key"),
            "provider_response_id" => own.response = draft.key(value, "provider_response_id"),
            _ => {}
        }
    }
    Some(Box::new(own))
}

/// A JSON number of USD. Less than half a micro-USD is noise of whoever computed with binary numbers.
fn usd_cost(value: Value<'_>, draft: &mut Draft<'_>) -> Figure {
    match value.kind() {
        Kind::Null => Figure::ABSENT,
        Kind::Int | Kind::Float => {
            let text = value.number().unwrap_or_default();
            match Decimal::parse(text).and_then(Decimal::to_micros) {
                Ok(rounded) => Figure::of(rounded.micros),
                Err(error) => draft.unreadable(value, "cost_usd", error),
            }
        }
        _ => draft.unreadable(value, "cost_usd", super::AmountError::NotANumber),
    }
}

/// Reads the chain entries of a record: sequence, closure, dispatch, reservation, budget events.
pub(super) fn entries(entries: Value<'_>, draft: &mut Draft<'_>) {
    for entry in entries.items().filter(|entry| entry.is_object()) {
        draft.account.has_entries = true;
        self::entry(entry, draft);
    }
}

/// Reads one chain entry.
pub(super) fn entry(entry: Value<'_>, draft: &mut Draft<'_>) {
    let (mut kind, mut payload_json, mut payload) = (None, None, None);
    for member in entry.members() {
        match &*member.name() {
            "event_type" => kind = member.value.text(),
            "payload_json" => payload_json = member.value.as_object(),
            "payload" => payload = member.value.as_object(),
            "sequence_number" => {
                let number = draft.integer(member.value, "sequence_number");
                let lowest = draft.row.sequence.get().zip(number.get()).is_some_and(|(own, new)| own <= new);
                if !lowest {
                    draft.row.sequence = number;
                }
            }
            _ => {}
        }
    }
    let Some(payload) = payload_json.or(payload) else { return };
    let kind = kind.unwrap_or_default();
    if kind == "dispatch.egress_bound" {
        draft.row.is_dispatched = true;
    }
    for member in payload.members() {
        match &*member.name() {
            "budget_allocation_events" => draft.events(member.value),
            "permit_decision" | "permit_decision_binding" | "decision_binding" => {
                let reservation = member.value.path(&["canonical_payload", "quota_reservation_id"]);
                if let Some(reservation) = reservation {
                    let read = draft.text(reservation, "quota_reservation_id");
                    draft.account.reservation = read;
                }
            }
            _ => {}
        }
    }
    if kind == "permit.closed" {
        closure(payload, draft);
    }
}

fn closure(payload: Value<'_>, draft: &mut Draft<'_>) {
    let sealed = payload.path(&["closure_record", "payload"]).and_then(Value::as_object);
    for member in sealed.unwrap_or(payload).members() {
        let value = member.value;
        match &*member.name() {
            "closure_status" => {
                let read = draft.text(value, "closure_status");
                draft.row.closure = read;
            }
            "completed_at" => {
                let read = draft.time(value, "completed_at");
                draft.account.completed = read;
            }
            "provider_response_id" => {
                let read = draft.key(value, "provider_response_id");
                draft.account.response = read;
            }
            _ => {}
        }
    }
}

/// The grade follows from what the record says about itself.
pub(super) fn grade(row: &PermitRow<ShortText>, account: &Account<ShortText>) -> CostGrade {
    let final_estimate = account.ledger.as_ref().is_some_and(|ledger| ledger.estimated_final);
    if row.actual_cost.get().is_some() {
        let receipt = matches!(&*account.verification_method, "provider_receipt" | "signed_callback");
        let confirmed = matches!(&*account.verification_status, "verified" | "reconciled");
        return match (final_estimate, receipt && confirmed) {
            (true, _) => CostGrade::EstimatedFinal,
            (false, true) => CostGrade::ProviderReceipt,
            (false, false) => CostGrade::Measured,
        };
    }
    let booked = account.ledger.as_ref().is_some_and(|ledger| ledger.cost.get().is_some());
    match (final_estimate && booked, row.estimated_cost.get().is_some()) {
        (true, _) => CostGrade::EstimatedFinal,
        (false, true) => CostGrade::Estimate,
        (false, false) => CostGrade::None,
    }
}

/// The instant of a text.
pub(super) fn instant(text: &str) -> Figure {
    Timestamp::parse(text).map_or(Figure::UNREADABLE, |time| Figure::of(time.unix_micros()))
}
