//! What a chain entry says about when a permit was decided and used.

use crate::bytes::hex;
use crate::claim::closure::entry_permit;
use crate::claim::export::EntryPlace;
use crate::claim::permit;
use crate::evidence::stream::{Item, Origin, Visitor};
use crate::json::Value;
use crate::time::Timestamp;

/// What an event is to its permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The decision was recorded.
    Decided,
    /// A person moved a held permit on.
    Reviewed,
    /// The request left.
    Dispatched,
    /// An answer came, so that the request had left.
    Answered,
}

impl Step {
    /// The step that an event of this type is.
    pub(super) fn of(event_type: &str) -> Option<Self> {
        Some(match event_type {
            "permit.evaluated" | "permit.created" | "permit.issued" | "permit.decided" => Self::Decided,
            "permit.review_transitioned" => Self::Reviewed,
            "permit.binding_sealed_on_first_dispatch"
            | "dispatch.egress_bound"
            | "permit.execution_dispatched" => Self::Dispatched,
            "provider.response.received" | "client.response.delivered" | "execution.completed" => {
                Self::Answered
            }
            _ => return None,
        })
    }
}

/// Event type of an entry that binds an outside time into the chain: its `resource_id` is the digest of what is in
/// its payload, and the record hash covers the `resource_id`.
pub(super) const OBSERVED: &str = "anchor.observed";

/// A chain entry reduced to its place in the chain.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// `None` stands for the chain of the export's project.
    pub(super) scope: Option<Box<str>>,
    pub(super) sequence: i64,
    /// Microseconds; `None` when it states no time.
    pub(super) stated: Option<i64>,
    pub(super) hash: Option<[u8; 32]>,
    pub(super) place: EntryPlace,
    pub(super) span: (u64, u64),
    pub(super) detail: Option<Box<Detail>>,
}

/// What few entries have.
#[derive(Clone, Debug)]
pub(super) enum Detail {
    Moment(Moment),
    Observed(Observed),
}

/// An event of a permit's life.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) step: Step,
    /// Trimmed, lower case.
    pub(super) permit: Box<str>,
    pub(super) event_id: Box<str>,
    /// For [`Step::Decided`].
    pub(super) decision: Decision,
}

/// What a decision event states, from the payload of the binding that it carries where there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Decision {
    pub(super) value: Option<Box<str>>,
    /// Microseconds of `issued_at`.
    pub(super) issued: Option<i64>,
    /// Microseconds of `expires_at`.
    pub(super) expires: Option<i64>,
}

/// Something from outside that the chain took in.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    /// The signed tree head as text, where its digest is the one that the entry names.
    pub(super) note: Option<Box<str>>,
}

/// Reduces every chain entry.
pub(super) struct Rows;

impl Visitor for Rows {
    type Row = Vec<Row>;

    fn visit(&self, item: Item<'_>) -> Vec<Row> {
        let (value, index) = (item.value, item.index);
        if item.origin == Origin::Array(1) {
            return row(value, None, EntryPlace::Chain(index)).into_iter().collect();
        }
        let nested = value.member("chain_entries").and_then(Value::as_array);
        let permit = value.member("permit").and_then(|permit| permit.member("id")).and_then(Value::text);
        let own = nested.is_none().then(|| row(value, permit.as_deref(), EntryPlace::Record(index)));
        let nested = nested.into_iter().flat_map(Value::items).enumerate();
        let nested =
            nested.filter_map(|(at, entry)| row(entry, permit.as_deref(), EntryPlace::Nested(index, at)));
        own.flatten().into_iter().chain(nested).collect()
    }
}

fn row(entry: Value<'_>, carrier: Option<&str>, place: EntryPlace) -> Option<Row> {
    let sequence = entry.member("sequence_number").and_then(Value::as_i64)?;
    let event_type = entry.member_text("event_type")?;
    let text = |name: &str| entry.member(name).and_then(Value::non_empty_text).map(Box::<str>::from);
    let span = entry.span();
    // The time that the record hash covers.
    let times: &[&str] = match place {
        EntryPlace::Record(_) => &["occurred_at", "created_at"],
        EntryPlace::Chain(_) | EntryPlace::Nested(..) => &["created_at"],
    };
    let detail = if &*event_type == OBSERVED {
        Some(Detail::Observed(Observed { note: note(entry) }))
    } else {
        Step::of(&event_type).and_then(|step| moment(step, entry, carrier)).map(Detail::Moment)
    };
    Some(Row {
        scope: text("chain_scope"),
        sequence,
        stated: times.iter().find_map(|name| micros(entry.member(name))),
        hash: entry.member_text("record_hash").and_then(|text| hex::decode(text.as_bytes())),
        place,
        span: (span.start, span.end),
        detail: detail.map(Box::new),
    })
}

fn moment(step: Step, entry: Value<'_>, carrier: Option<&str>) -> Option<Moment> {
    let payload = payload(entry);
    let named = payload.and_then(|payload| payload.member("permit_id")).and_then(Value::non_empty_text);
    let permit = named.map(Box::<str>::from).or_else(|| carrier.map(Box::from));
    let permit = permit.or_else(|| entry_permit(entry, payload))?;
    Some(Moment {
        step,
        permit: permit.trim().to_lowercase().into(),
        event_id: entry.member_text("event_id").unwrap_or_default().into(),
        decision: if step == Step::Decided { decision(entry, payload) } else { Decision::default() },
    })
}

fn payload(entry: Value<'_>) -> Option<Value<'_>> {
    ["payload_json", "payload"].iter().find_map(|name| entry.member(name).and_then(Value::as_object))
}

fn micros(value: Option<Value<'_>>) -> Option<i64> {
    Timestamp::parse(&value?.text()?).map(|time| time.unix_micros())
}

fn decision(entry: Value<'_>, payload: Option<Value<'_>>) -> Decision {
    let bound = permit::in_entry(entry).find_map(|found| found.value.member("canonical_payload"));
    let stated = bound.or(payload);
    let member = |name: &str| stated.and_then(|stated| stated.member(name));
    Decision {
        value: member("decision").and_then(Value::text).map(|text| text.trim().to_lowercase().into()),
        issued: bound.and_then(|_| micros(member("issued_at"))),
        expires: bound.and_then(|_| micros(member("expires_at"))),
    }
}

/// The tree head in an entry, when the record hash covers its digest.
fn note(entry: Value<'_>) -> Option<Box<str>> {
    let note = payload(entry)?.member("tree_head").and_then(Value::text)?;
    let digest = crate::crypto::prefixed(&crate::crypto::sha256(note.as_bytes()));
    let covered = entry.member("resource_id").is_some_and(|id| id.is_text(&digest));
    covered.then(|| note.into())
}
