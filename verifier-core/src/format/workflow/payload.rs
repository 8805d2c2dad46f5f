//! What the signature of a workflow record covers, and how it compares with what the record shows
//! (spec 06 sections 4 and 11.1).
//!
//! A record can carry the signed bytes as `signed_payload`, or they are put together from the members that
//! it shows. In the first case nothing ties the shown members to the signature, so [`compare_declaration`]
//! and [`compare_amendment`] list every shown member that the payload contradicts, and every member that the
//! payload should hold and does not.

use std::borrow::Cow;

use super::{Amendment, DELTA_MEMBERS, Declaration, INTENT_MEMBERS, Terms, without_nulls};
use crate::bytes::hex;
use crate::canon::{CanonError, ObjectBuilder, Profile, to_bytes};
use crate::crypto::sha256;
use crate::json::Value;
use crate::time::Timestamp;

const DECLARATION_VERSION: &str = "workflow_declaration.v1";
const AMENDMENT_VERSION: &str = "workflow_amendment.v1";
/// Longest value that a divergence repeats, in characters.
const SHOWN_CHARACTERS: usize = 200;

/// Where a payload was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadSource {
    /// The members that the record shows.
    Shown,
    /// The record's `signed_payload`.
    Embedded,
}

/// A payload that the signature may cover, by its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it comes from.
    pub source: PayloadSource,
    /// Lower-case hexadecimal SHA-256 of its canonical bytes.
    pub hash: String,
}

/// A member that shows something else than what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The member.
    pub member: String,
    /// What is signed; `None` when the payload lacks it.
    pub signed: Option<String>,
    /// What is shown.
    pub shown: String,
}

impl Divergence {
    fn new(member: impl Into<String>, signed: Option<&[u8]>, shown: &[u8]) -> Self {
        Self { member: member.into(), signed: signed.map(clip), shown: clip(shown) }
    }
}

impl Declaration<'_> {
    /// The payloads that the signature may cover, under a key with this binding id.
    #[must_use]
    pub fn candidates(&self, binding_key_id: &str) -> Vec<Candidate> {
        let shown = issue_times(self.record, &["declaration_signed_at", "declared_at", "created_at"])
            .into_iter()
            .filter_map(|issued_at| self.shown_payload(&issued_at, binding_key_id).ok());
        candidates(self.record, binding_key_id, shown)
    }

    fn shown_payload(&self, issued_at: &str, binding_key_id: &str) -> Result<ObjectBuilder, CanonError> {
        let mut payload = ObjectBuilder::new(Profile::Legacy);
        payload
            .text("binding_version", DECLARATION_VERSION)
            .text("project_id", &self.project_id)
            .text("workflow_id", &self.workflow_id)
            .canonical("intent", self.intent.canonical()?)
            .canonical("declared_by", actor(self.record, "declared_by")?)
            .canonical("projected_cost", projected_cost(self.record)?)
            .text("status", &self.status)
            .text("issued_at", issued_at)
            .text("binding_key_id", binding_key_id);
        match self.record.member("budget_envelope_id") {
            Some(envelope) => payload.value("budget_envelope_id", envelope)?,
            None => payload.null("budget_envelope_id"),
        };
        Ok(payload)
    }
}

impl Amendment<'_> {
    /// The payloads that the signature may cover, under a key with this binding id.
    #[must_use]
    pub fn candidates(&self, binding_key_id: &str) -> Vec<Candidate> {
        let mut shown = Vec::new();
        for issued_at in issue_times(self.record, &["amendment_signed_at", "created_at"]) {
            for inlined in [false, true] {
                for with_id in [false, true] {
                    shown.extend(self.shown_payload(&issued_at, binding_key_id, inlined, with_id).ok());
                }
            }
        }
        candidates(self.record, binding_key_id, shown.into_iter())
    }

    fn shown_payload(
        &self,
        issued_at: &str,
        binding_key_id: &str,
        inlined: bool,
        with_id: bool,
    ) -> Result<ObjectBuilder, CanonError> {
        let mut payload = ObjectBuilder::new(Profile::Legacy);
        payload
            .text("binding_version", AMENDMENT_VERSION)
            .text("project_id", &self.project_id)
            .text("workflow_declaration_id", &self.declaration_id)
            .canonical("amended_by", actor(self.record, "amended_by")?)
            .text("issued_at", issued_at)
            .text("binding_key_id", binding_key_id);
        if with_id {
            payload.text("workflow_amendment_id", &self.id);
        }
        if !inlined {
            payload.canonical("delta", self.delta.canonical()?);
            return Ok(payload);
        }
        match &self.delta {
            Terms::Picked(members) => {
                for (name, value) in members {
                    payload.canonical(name, without_nulls(*value)?);
                }
            }
            Terms::Object(object) => {
                for member in object.members() {
                    let name = member.name();
                    if let Some(value) = object.present(&name) {
                        payload.canonical(&name, without_nulls(value)?);
                    }
                }
            }
        }
        Ok(payload)
    }
}

/// The members of a declaration that its signed payload contradicts or lacks.
#[must_use]
pub fn compare_declaration(
    declaration: &Declaration<'_>,
    payload: Value<'_>,
    binding_key_id: &str,
) -> Vec<Divergence> {
    let mut comparison = Comparison::new(declaration.record, payload);
    comparison.fixed("binding_version", DECLARATION_VERSION);
    comparison.key_id(binding_key_id);
    comparison.text("project_id", &declaration.project_id, true);
    comparison.text("workflow_id", &declaration.workflow_id, true);
    comparison.text("status", &declaration.status, false);
    comparison.text("workflow_declaration_id", &declaration.id, false);
    comparison.text("id", &declaration.id, false);
    comparison.canonical("intent", declaration.intent.canonical(), true);
    comparison.actor("declared_by");
    comparison.issued_at(&["declaration_signed_at", "declared_at", "created_at"]);
    let costs =
        ["projected_cost", "projection_amount_micros", "projection_currency", "projection_methodology"];
    if costs.iter().any(|name| declaration.record.present(name).is_some()) {
        comparison.canonical("projected_cost", projected_cost(declaration.record), false);
    }
    comparison.rest();
    comparison.found
}

/// The members of an amendment that its signed payload contradicts or lacks.
#[must_use]
pub fn compare_amendment(
    amendment: &Amendment<'_>,
    payload: Value<'_>,
    binding_key_id: &str,
) -> Vec<Divergence> {
    let mut comparison = Comparison::new(amendment.record, payload);
    comparison.fixed("binding_version", AMENDMENT_VERSION);
    comparison.key_id(binding_key_id);
    comparison.text("project_id", &amendment.project_id, true);
    comparison.text("workflow_declaration_id", &amendment.declaration_id, true);
    comparison.text("workflow_amendment_id", &amendment.id, false);
    comparison.text("id", &amendment.id, false);
    comparison.actor("amended_by");
    comparison.issued_at(&["amendment_signed_at", "created_at"]);
    match (amendment.delta.canonical(), signed_delta(payload).map(|delta| delta.canonical())) {
        (Ok(shown), Some(Ok(signed))) if shown == signed => {}
        (shown, signed) => {
            let signed = signed.and_then(Result::ok);
            comparison.found.push(Divergence::new("delta", signed.as_deref(), &shown.unwrap_or_default()));
        }
    }
    comparison.seen.push("delta");
    comparison.rest();
    comparison.found
}

/// The intent in a signed payload.
#[must_use]
pub fn signed_intent(payload: Value<'_>) -> Option<Terms<'_>> {
    payload.member("intent").and_then(Value::as_object).map(Terms::Object)
}

/// The delta in a signed payload, nested or inlined.
#[must_use]
pub fn signed_delta(payload: Value<'_>) -> Option<Terms<'_>> {
    match Terms::of(payload, &["delta"], &DELTA_MEMBERS) {
        Terms::Picked(members) if members.is_empty() => None,
        delta => Some(delta),
    }
}

/// Members at the top of a record that repeat a nested one with another value, call counts apart.
///
/// The nested object is what the signature covers; the repetition is what a person reads first.
#[must_use]
pub fn shown_twice(record: Value<'_>, nested: &Terms<'_>) -> Vec<Divergence> {
    let mut found = Vec::new();
    let mut compare = |name: &str, copy: Value<'_>, signed: Option<Value<'_>>| {
        let copy = without_nulls(copy).unwrap_or_default();
        let signed = signed.and_then(|value| without_nulls(value).ok());
        if signed.as_deref() != Some(copy.as_slice()) {
            found.push(Divergence::new(name, signed.as_deref(), &copy));
        }
    };
    if let Terms::Object(object) = nested {
        for name in INTENT_MEMBERS.iter().chain(&DELTA_MEMBERS) {
            if matches!(*name, "expected_calls" | "max_calls") {
                continue;
            }
            if let Some(copy) = record.present(name) {
                compare(name, copy, object.present(name));
            }
        }
        if let Some(copy) = record.member("intent").and_then(Value::as_object) {
            compare("intent", copy, Some(*object));
        }
    }
    if let Some(cost) = record.member("projected_cost").and_then(Value::as_object) {
        for (name, member) in [
            ("projection_amount_micros", "amount_micros"),
            ("projection_currency", "currency"),
            ("projection_methodology", "methodology"),
        ] {
            if let Some(copy) = record.present(name) {
                compare(name, copy, cost.present(member));
            }
        }
    }
    for name in ["declared_by", "amended_by"] {
        if let Some((member, signed)) = nested_actor(record, name) {
            for own in ["api_key_id", "dashboard_session_id"] {
                let copy_name = format!("{name}_{own}");
                if let Some(copy) = record.present(&copy_name) {
                    compare(&copy_name, copy, (own == member).then_some(signed));
                }
            }
        }
    }
    found
}

/// The embedded payload's hash first, then those of the shown members.
fn candidates(
    record: Value<'_>,
    binding_key_id: &str,
    shown: impl Iterator<Item = ObjectBuilder>,
) -> Vec<Candidate> {
    let embedded = record
        .member("signed_payload")
        .and_then(Value::as_object)
        .and_then(|payload| embedded_hash(payload, binding_key_id).ok())
        .map(|hash| Candidate { source: PayloadSource::Embedded, hash });
    let shown =
        shown.map(|payload| Candidate { source: PayloadSource::Shown, hash: hex::encode(&payload.digest()) });
    embedded.into_iter().chain(shown).collect()
}

/// The payload names the version that decides its canonical form (spec 01 section 5).
fn embedded_hash(payload: Value<'_>, binding_key_id: &str) -> Result<String, CanonError> {
    let version = payload.member_text("binding_version").unwrap_or_default();
    let profile = match version.trim() {
        "v5" | "v6" | "v7" | "closure_v3" => Profile::Jcs,
        _ => Profile::Legacy,
    };
    let digest = if payload.member("binding_key_id").is_some() {
        sha256(&to_bytes(profile, payload)?)
    } else {
        let mut object = ObjectBuilder::new(profile);
        for member in payload.members() {
            object.value(&member.name(), member.value)?;
        }
        object.text("binding_key_id", binding_key_id);
        object.digest()
    };
    Ok(hex::encode(&digest))
}

/// The stated time as it is written, then in UTC.
fn issue_times(record: Value<'_>, names: &[&str]) -> Vec<String> {
    let stated = names.iter().filter_map(|name| record.member(name)).find(|value| value.is_truthy());
    let Some(text) = stated.and_then(Value::text) else { return Vec::new() };
    let text = text.trim().to_owned();
    let utc = Timestamp::parse(&text).map(|at| at.to_offset_form()).filter(|utc| *utc != text);
    std::iter::once(text).chain(utc).collect()
}

/// The member of the signed actor object and its value, where the record nests it.
fn nested_actor<'a>(record: Value<'a>, name: &str) -> Option<(&'static str, Value<'a>)> {
    let object = record.member(name)?.as_object()?;
    let id = object.present("id")?;
    match object.member_text("type")?.as_ref() {
        "api_key" => Some(("api_key_id", id)),
        "dashboard_session" => Some(("dashboard_session_id", id)),
        _ => None,
    }
}

/// Canonical `{api_key_id}` or `{dashboard_session_id}` of who declared or amended.
fn actor(record: Value<'_>, name: &str) -> Result<Vec<u8>, CanonError> {
    let mut object = ObjectBuilder::new(Profile::Legacy);
    if let Some((member, id)) = nested_actor(record, name) {
        object.value(member, id)?;
        return Ok(object.finish());
    }
    for member in ["api_key_id", "dashboard_session_id"] {
        if let Some(id) = record.present(&format!("{name}_{member}")) {
            object.value(member, id)?;
        }
    }
    Ok(object.finish())
}

fn projected_cost(record: Value<'_>) -> Result<Vec<u8>, CanonError> {
    if let Some(cost) = record.member("projected_cost").and_then(Value::as_object) {
        return without_nulls(cost);
    }
    let mut cost = ObjectBuilder::new(Profile::Legacy);
    if let Some(amount) = record.present("projection_amount_micros") {
        cost.value("amount_micros", amount)?;
    }
    match record.member("projection_currency") {
        Some(currency) if currency.is_null() => {}
        Some(currency) => {
            cost.value("currency", currency)?;
        }
        None => {
            cost.text("currency", "USD");
        }
    }
    if let Some(methodology) = record.present("projection_methodology") {
        cost.canonical("methodology", without_nulls(methodology)?);
    }
    Ok(cost.finish())
}

/// Collects what a signed payload contradicts.
struct Comparison<'a> {
    record: Value<'a>,
    payload: Value<'a>,
    seen: Vec<&'static str>,
    found: Vec<Divergence>,
}

impl<'a> Comparison<'a> {
    fn new(record: Value<'a>, payload: Value<'a>) -> Self {
        Self { record, payload, seen: Vec::new(), found: Vec::new() }
    }

    fn signed(&mut self, name: &'static str) -> Option<Value<'a>> {
        self.seen.push(name);
        self.payload.member(name)
    }

    /// The payload must be one of this kind: the same key also signs permits, closures and more.
    fn fixed(&mut self, name: &'static str, expected: &str) {
        let signed = self.signed(name);
        if signed.and_then(Value::text).is_none_or(|text| text.trim() != expected) {
            self.found.push(Divergence::new(name, signed.map(Value::raw), expected.as_bytes()));
        }
    }

    fn key_id(&mut self, binding_key_id: &str) {
        if self.payload.member("binding_key_id").is_some() {
            self.fixed("binding_key_id", binding_key_id);
        }
    }

    fn text(&mut self, name: &'static str, shown: &str, required: bool) {
        let signed = self.signed(name);
        let agrees = match signed {
            None => !required,
            Some(signed) => signed.text().is_some_and(|text| text.trim() == shown.trim()),
        };
        if !agrees {
            self.found.push(Divergence::new(name, signed.map(Value::raw), shown.as_bytes()));
        }
    }

    fn canonical(&mut self, name: &'static str, shown: Result<Vec<u8>, CanonError>, required: bool) {
        let signed = self.signed(name).map(without_nulls);
        let agrees = match (&signed, &shown) {
            (None, _) => !required,
            (Some(Ok(signed)), Ok(shown)) => signed == shown,
            _ => false,
        };
        if !agrees {
            let signed = signed.and_then(Result::ok);
            self.found.push(Divergence::new(name, signed.as_deref(), &shown.unwrap_or_default()));
        }
    }

    fn actor(&mut self, name: &'static str) {
        let copies = [name.to_owned(), format!("{name}_api_key_id"), format!("{name}_dashboard_session_id")];
        if copies.iter().any(|name| self.record.present(name).is_some()) {
            self.canonical(name, actor(self.record, name), false);
        } else {
            self.seen.push(name);
        }
    }

    fn issued_at(&mut self, names: &[&str]) {
        let Some(signed) = self.signed("issued_at") else { return };
        let shown = issue_times(self.record, names);
        let instant = |text: &str| Timestamp::parse(text);
        let agrees = signed.text().is_some_and(|signed| {
            shown.iter().any(|shown| {
                *shown == signed.trim() || instant(shown).is_some_and(|at| instant(&signed) == Some(at))
            })
        });
        if !agrees {
            let shown = shown.first().map(String::as_bytes).unwrap_or_default();
            self.found.push(Divergence::new("issued_at", Some(signed.raw()), shown));
        }
    }

    /// Every further member that both sides have.
    fn rest(&mut self) {
        for member in self.payload.members() {
            let name: Cow<'_, str> = member.name();
            if self.seen.iter().any(|seen| *seen == name) {
                continue;
            }
            let (Some(signed), Some(shown)) = (self.payload.member(&name), self.record.member(&name)) else {
                continue;
            };
            if without_nulls(signed).ok() != without_nulls(shown).ok() {
                self.found.push(Divergence::new(name, Some(signed.raw()), shown.raw()));
            }
        }
    }
}

fn clip(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into_owned(),
    }
}
