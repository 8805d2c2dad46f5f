//! What a chain entry says about closures, and how that is collected.

use std::collections::HashMap;

use super::authority_end::{self, AuthorityEnd};
use super::signature::{ClosureKeys, Signed, Version};
use crate::claim::export::PermitFacts;
use crate::json::Value;

/// A text that stands for a digest; compared as text.
pub(super) type Text = Box<str>;

/// One closure.
#[derive(Clone, Debug)]
pub(crate) struct ClosureRow {
    pub(super) event_id: Text,
    /// The permit that the closure payload names.
    pub(super) permit_id: Option<Text>,
    /// The permit of the record or entry that carries it.
    pub(super) carrier: Option<Text>,
    /// `binding_request_hash` of the enclosing record's permit.
    pub(super) carrier_binding: Option<Text>,
    pub(super) in_record: bool,
    /// The payload shows any sign of a closure record; an event whose payload is withheld does not.
    pub(super) has_record: bool,
    /// `None` when the version is not known.
    pub(super) version: Option<Version>,
    pub(super) stated_version: Text,
    pub(super) signed: Signed,
    pub(super) status: Text,
    pub(super) dispatch: Option<Text>,
    pub(super) provider: Option<Text>,
    pub(super) client: Option<Text>,
    /// The first label that is not the defined one.
    pub(super) wrong_label: Option<&'static str>,
    pub(super) span: (u64, u64),
}

/// A response event: which digests it may carry, and those it does.
#[derive(Clone, Debug)]
pub(crate) struct ResponseRow {
    permit_id: Text,
    /// The event is of a type that may carry the provider's digest.
    for_provider: bool,
    /// The event is of a type that may carry the client's digest.
    for_client: bool,
    provider: Option<Text>,
    client: Option<Text>,
}

/// What one chain entry contributes.
#[derive(Clone, Debug, Default)]
pub(crate) enum EntryFacts {
    #[default]
    Nothing,
    Closure(Box<ClosureRow>),
    Response(Box<ResponseRow>),
    AuthorityEnd(Box<AuthorityEnd>),
}

impl ClosureKeys<'_> {
    /// Reduces a chain entry with its `event_type`; `permit` is that of the enclosing record, if any.
    pub(crate) fn entry_facts(
        &self,
        entry: Value<'_>,
        event_type: Value<'_>,
        permit: Option<&PermitFacts>,
    ) -> EntryFacts {
        let Some(kind) = event_type.text() else { return EntryFacts::Nothing };
        match kind.as_ref() {
            "permit.closed" => self.closure(entry, permit),
            "provider.response.received" => response(entry, permit, true, false),
            "client.response.delivered" => response(entry, permit, false, true),
            "execution.completed" => response(entry, permit, true, true),
            _ => EntryFacts::Nothing,
        }
    }

    fn closure(&self, entry: Value<'_>, permit: Option<&PermitFacts>) -> EntryFacts {
        let outer = payload(entry);
        let carrier = match permit {
            Some(permit) => Some(permit.id.clone()),
            None => entry_permit(entry, outer),
        };
        if outer.is_some_and(|payload| {
            payload.member("closure_status").is_some_and(|status| status.is_text("authority_ended"))
        }) {
            let end = authority_end::check(entry, outer, carrier.as_deref(), self);
            return EntryFacts::AuthorityEnd(Box::new(end));
        }
        // The closure specification seals the payload in an envelope of its own; issuers also write it flat.
        let sealed = outer.and_then(|payload| payload.member("closure_record")).and_then(Value::as_object);
        let flat =
            sealed.and_then(|envelope| envelope.member("payload")).and_then(Value::as_object).or(outer);
        let envelope = sealed.or(outer);
        let text = |name: &str| trimmed(flat, name);
        let first = |names: &[&str]| names.iter().find_map(|name| trimmed(envelope, name));
        let stated_version = flat.and_then(|payload| payload.member_text("binding_version"));
        let version = stated_version.as_deref().and_then(Version::parse);
        let hash = first(&["closure_canonical_hash", "binding_canonical_hash", "canonical_hash"]);
        let signature = first(&["closure_signature_b64", "binding_signature", "signature"]);
        let signed = match (flat, version) {
            (Some(payload), Some(version)) => {
                self.check(payload, version, hash.as_deref(), signature.as_deref())
            }
            _ => Signed::Wrong("unknown closure format".to_owned()),
        };
        let span = entry.span();
        EntryFacts::Closure(Box::new(ClosureRow {
            event_id: entry
                .member("event_id")
                .and_then(Value::non_empty_text)
                .unwrap_or("<unknown>".into())
                .into(),
            permit_id: flat
                .and_then(|payload| payload.member("permit_id"))
                .and_then(Value::non_empty_text)
                .map(Text::from),
            carrier,
            carrier_binding: permit.and_then(|permit| permit.binding_request_hash.clone()),
            in_record: permit.is_some(),
            has_record: sealed.is_some() || stated_version.is_some() || hash.is_some() || signature.is_some(),
            version,
            stated_version: stated_version.unwrap_or("None".into()).into(),
            signed,
            status: text("closure_status").map(|status| status.to_lowercase().into()).unwrap_or_default(),
            dispatch: text("dispatch_request_digest_v1"),
            provider: text("provider_response_digest_v1"),
            client: text("client_response_digest_v1"),
            wrong_label: flat.and_then(|payload| wrong_label(payload, version)),
            span: (span.start, span.end),
        }))
    }
}

fn wrong_label(payload: Value<'_>, version: Option<Version>) -> Option<&'static str> {
    let is = |name: &str, text: &str| payload.member(name).is_some_and(|value| value.is_text(text));
    let absent = |name: &str| payload.present(name).is_none();
    let has_dispatch = trimmed(Some(payload), "dispatch_request_digest_v1").is_some();
    let labels = [
        (
            "dispatch_request_digest_semantics",
            "approved_request_body_bytes_at_dispatch_time",
            // An abnormal closure may leave digest and label out together.
            version == Some(Version::V1)
                || (!has_dispatch && payload.member("dispatch_request_digest_semantics").is_none()),
        ),
        (
            "provider_response_digest_semantics",
            "provider_bytes_received_by_keel",
            absent("provider_response_digest_semantics"),
        ),
        (
            "client_response_digest_semantics",
            "response_bytes_handed_to_asgi_not_tcp_receipt",
            absent("client_response_digest_semantics"),
        ),
    ];
    labels.into_iter().find(|(name, label, excused)| !excused && !is(name, label)).map(|(name, ..)| name)
}

/// `payload_json`, or `payload` of a governance event, when it is an object.
fn payload(entry: Value<'_>) -> Option<Value<'_>> {
    ["payload_json", "payload"].iter().find_map(|name| entry.member(name).and_then(Value::as_object))
}

fn trimmed(holder: Option<Value<'_>>, name: &str) -> Option<Text> {
    let text = holder?.member(name)?.non_blank_text()?;
    Some(text.trim().into())
}

/// The permit that an entry names, wherever it stands.
pub(crate) fn named_permit(entry: Value<'_>) -> Option<Text> {
    entry_permit(entry, payload(entry))
}

/// The permit of an entry that stands in no record.
pub(crate) fn entry_permit(entry: Value<'_>, payload: Option<Value<'_>>) -> Option<Text> {
    let text = |value: Option<Value<'_>>| value.and_then(Value::non_empty_text).map(Text::from);
    text(entry.member("permit_id"))
        .or_else(|| text(payload.and_then(|payload| payload.member("permit_id"))))
        .or_else(|| {
            let is_permit = entry.member("resource_type").is_some_and(|kind| kind.is_text("permit"));
            text(entry.member("resource_id")).filter(|_| is_permit)
        })
}

fn response(
    entry: Value<'_>,
    permit: Option<&PermitFacts>,
    for_provider: bool,
    for_client: bool,
) -> EntryFacts {
    let payload = payload(entry);
    let named = payload
        .and_then(|payload| payload.member("permit_id"))
        .and_then(Value::non_empty_text)
        .map(Text::from);
    let permit_id = named.or_else(|| match permit {
        Some(permit) => Some(permit.id.clone()),
        None => entry_permit(entry, payload),
    });
    let Some(permit_id) = permit_id else { return EntryFacts::Nothing };
    EntryFacts::Response(Box::new(ResponseRow {
        permit_id,
        for_provider,
        for_client,
        provider: trimmed(payload, "provider_response_digest_v1").filter(|_| for_provider),
        client: trimmed(payload, "client_response_digest_v1").filter(|_| for_client),
    }))
}

/// What the events of one permit say about one response.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// Some event may carry the digest.
    pub(super) events: bool,
    /// Different digests carried, in order of appearance; more than two tell nothing more.
    pub(super) digests: Vec<Text>,
}

impl Evidence {
    fn add(&mut self, digest: Option<Text>) {
        self.events = true;
        if let Some(digest) = digest
            && !self.digests.contains(&digest)
            && self.digests.len() < 8
        {
            self.digests.push(digest);
        }
    }
}

/// A permit as the records and events show it.
#[derive(Clone, Debug, Default)]
pub(super) struct PermitState {
    /// A record of the export is about this permit.
    pub(super) recorded: bool,
    pub(super) dispatched: bool,
    pub(super) binding_request_hash: Option<Text>,
    /// `final_request_hash` of the permit's signed decision.
    pub(super) signed_request_hash: Option<Text>,
    pub(super) provider: Evidence,
    pub(super) client: Evidence,
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Top(u64),
    Record(u64),
    Nested(u64, u64),
}

impl Place {
    pub(super) fn pointer(self) -> String {
        match self {
            Self::Top(index) => format!("/chain_entries/{index}"),
            Self::Record(index) => format!("/records/{index}"),
            Self::Nested(record, index) => format!("/records/{record}/chain_entries/{index}"),
        }
    }
}

/// All rows that matter to closures, under each reading of the payload's arrays.
#[derive(Debug, Default)]
pub(crate) struct ClosureRows {
    pub(super) permits: HashMap<Text, PermitState>,
    pub(super) order: Vec<Text>,
    pub(super) closures: Vec<(Place, ClosureRow)>,
    pub(super) ends: Vec<(Place, AuthorityEnd)>,
}

impl ClosureRows {
    fn state(&mut self, id: &str) -> &mut PermitState {
        if !self.permits.contains_key(id) {
            self.order.push(id.into());
        }
        self.permits.entry(id.into()).or_default()
    }

    pub(crate) fn permit(&mut self, permit: PermitFacts) {
        let state = self.state(&permit.id);
        state.recorded = true;
        state.dispatched |= permit.dispatched;
        state.binding_request_hash = permit.binding_request_hash;
    }

    /// States the request hash that a permit's decision signs.
    pub(crate) fn signed_request(&mut self, permit_id: &str, hash: &str) {
        self.state(permit_id).signed_request_hash = Some(hash.into());
    }

    pub(crate) fn top_entry(&mut self, index: u64, facts: EntryFacts) {
        self.take(Place::Top(index), facts);
    }

    pub(crate) fn event(&mut self, index: u64, facts: EntryFacts) {
        self.take(Place::Record(index), facts);
    }

    pub(crate) fn nested_entry(&mut self, record: u64, index: u64, facts: EntryFacts) {
        self.take(Place::Nested(record, index), facts);
    }

    fn take(&mut self, place: Place, facts: EntryFacts) {
        match facts {
            EntryFacts::Nothing => {}
            EntryFacts::Closure(row) => self.closures.push((place, *row)),
            EntryFacts::AuthorityEnd(end) => self.ends.push((place, *end)),
            EntryFacts::Response(row) => {
                let ResponseRow { permit_id, for_provider, for_client, provider, client } = *row;
                let state = self.state(&permit_id);
                if for_provider {
                    state.provider.add(provider);
                }
                if for_client {
                    state.client.add(client);
                }
            }
        }
    }
}
