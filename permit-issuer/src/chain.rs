//! Governance chain entries, format v1 (spec 04 sections 1, 2 and 7).
//!
//! ```text
//! record_hash = hex SHA-256( event_id | event_type | resource_type | resource_id | outcome | severity | time | prev_hash | sequence )
//! ```
//!
//! Nothing in that text is escaped, so every hashed field is refused when it holds `|` or a control character. The
//! record hash does not cover `payload_json`; after each group of events an `audit.integrity_digest` event does,
//! and the export's signature covers everything.

use serde_json::{Map, Value, json};
use verifier_core::canon::Profile;

use crate::clock::wire_time;
use crate::document;
use crate::error::{Error, Result};
use crate::ident;
use crate::request::check_token;

/// `prev_hash` of the first entry: hex SHA-256 of `keel-audit-chain-genesis-v1`.
pub const GENESIS: &str = "b4f9ddb0e1cfb80310d7203a4bad5bc1ff29e931b21918c2fc4b01b26035d7c6";

/// An event that is about to be chained.
#[derive(Clone, Debug)]
pub struct Event {
    /// For example `permit.evaluated`.
    pub event_type: &'static str,
    /// `None` only for events about no resource.
    pub resource_type: Option<&'static str>,
    /// Identifier of the resource.
    pub resource_id: Option<String>,
    /// For example `allow`.
    pub outcome: Option<String>,
    /// `info`, `warning` or `error`.
    pub severity: &'static str,
    /// Anything else.
    pub payload: Value,
}

impl Event {
    /// An event about a permit.
    #[must_use]
    pub fn permit(event_type: &'static str, permit_id: &str, outcome: &str, payload: Value) -> Self {
        Self {
            event_type,
            resource_type: Some("permit"),
            resource_id: Some(permit_id.to_owned()),
            outcome: Some(outcome.to_owned()),
            severity: "info",
            payload,
        }
    }

    /// The same event with another severity.
    #[must_use]
    pub fn with_severity(self, severity: &'static str) -> Self {
        Self { severity, ..self }
    }
}

/// Where a chain stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Sequence of the newest entry; 0 before the first.
    pub sequence: i64,
    /// Its record hash; [`GENESIS`] before the first.
    pub record_hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { sequence: 0, record_hash: GENESIS.to_owned() }
    }
}

/// The scope text of a project's chain.
#[must_use]
pub fn scope(project_id: &str) -> String {
    format!("project:{project_id}")
}

/// Chains `events` and one integrity digest that covers their payloads; moves `head`.
///
/// # Errors
/// [`Error::Refused`] when a hashed field would be ambiguous or a payload has no canonical form.
pub fn append(scope: &str, head: &mut Head, events: Vec<Event>, at: i64) -> Result<Vec<Value>> {
    let mut entries = Vec::with_capacity(events.len() + 1);
    for event in events {
        entries.push(link(scope, head, event, at)?);
    }
    let (covered, batch_hash) = integrity_digest(&entries.iter().collect::<Vec<_>>())?;
    let digest = Event {
        event_type: "audit.integrity_digest",
        resource_type: Some("integrity_digest"),
        resource_id: batch_hash.get(..32).map(str::to_owned),
        outcome: Some("success".to_owned()),
        severity: "info",
        payload: json!({
            "batch_hash": batch_hash,
            "covered_event_count": covered.len(),
            "covered_events": covered,
        }),
    };
    entries.push(link(scope, head, digest, at)?);
    Ok(entries)
}

fn link(scope: &str, head: &mut Head, event: Event, at: i64) -> Result<Value> {
    let sequence = head
        .sequence
        .checked_add(1)
        .ok_or_else(|| Error::Damaged("chain sequence is exhausted".to_owned()))?;
    let event_id = ident::derived_event_id(scope, sequence);
    for (name, text) in [
        ("resource_type", event.resource_type),
        ("resource_id", event.resource_id.as_deref()),
        ("outcome", event.outcome.as_deref()),
    ] {
        if let Some(text) = text {
            check_token(name, text)?;
        }
    }
    let created_at = wire_time(at);
    let mut entry = json!({
        "chain_format_version": "v1",
        "chain_scope": scope,
        "created_at": created_at,
        "event_id": event_id,
        "event_type": event.event_type,
        "outcome": event.outcome,
        "payload_json": event.payload,
        "prev_hash": head.record_hash,
        "resource_id": event.resource_id,
        "resource_type": event.resource_type,
        "sequence_number": sequence,
        "severity": event.severity,
    });
    let record_hash = record_hash(&entry);
    if let Some(members) = entry.as_object_mut() {
        members.insert("record_hash".to_owned(), json!(record_hash));
    }
    *head = Head { sequence, record_hash };
    Ok(entry)
}

/// Record hash v1 of an entry (spec 04 section 2). `created_at` must be UTC with six fraction digits, as [`wire_time`] writes it.
#[must_use]
pub fn record_hash(entry: &Value) -> String {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let sequence = entry.get("sequence_number").and_then(Value::as_i64).unwrap_or_default();
    let hashed = [
        text("event_id"),
        text("event_type"),
        text("resource_type"),
        text("resource_id"),
        text("outcome"),
        text("severity"),
        text("created_at").trim_end_matches('Z'),
        text("prev_hash"),
        &sequence.to_string(),
    ]
    .join("|");
    document::sha256_hex(hashed.as_bytes())
}

/// `covered_events` and `batch_hash` of an integrity digest over `events`.
///
/// # Errors
/// [`Error::Refused`] when a payload has no canonical form.
pub fn integrity_digest(events: &[&Value]) -> Result<(Vec<Value>, String)> {
    let covered: Vec<Value> = events
        .iter()
        .map(|event| {
            Ok(json!({
                "event_id": event.get("event_id"),
                "event_type": event.get("event_type"),
                "event_hash": event_hash(event)?,
            }))
        })
        .collect::<Result<_>>()?;
    let batch_hash = document::digest(Profile::Legacy, &Value::Array(covered.clone()))?;
    Ok((covered, batch_hash))
}

const DIGESTED: [&str; 24] = [
    "actor_id",
    "actor_type",
    "category",
    "decision",
    "event_id",
    "event_type",
    "lineage_type",
    "model",
    "occurred_at",
    "operation",
    "outcome",
    "permit_id",
    "project_id",
    "project_name",
    "provider",
    "request_id",
    "resource_id",
    "resource_type",
    "schema_version",
    "severity",
    "source_stage",
    "span_id",
    "surface",
    "trace_id",
];

/// `event_hash` of an integrity digest: 25 members of the event, absent ones null (spec 04 section 7).
///
/// # Errors
/// [`Error::Refused`] when the payload has no canonical form.
pub fn event_hash(event: &Value) -> Result<String> {
    let mut members: Map<String, Value> = DIGESTED
        .iter()
        .map(|name| ((*name).to_owned(), event.get(name).cloned().unwrap_or(Value::Null)))
        .collect();
    let payload = event
        .get("payload_json")
        .filter(|payload| !payload.is_null())
        .or_else(|| event.get("payload"))
        .filter(|payload| payload.is_object())
        .cloned()
        .unwrap_or_else(|| json!({}));
    members.insert("payload_json".to_owned(), payload);
    document::digest(Profile::Legacy, &Value::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spec 04 sections 1 and 7.
    #[test]
    fn published_digests() {
        assert_eq!(GENESIS, document::sha256_hex(b"keel-audit-chain-genesis-v1"));
        let event = json!({"event_id": "evt_001", "project_id": "p1", "event_type": "permit.delegated_denied",
            "severity": "info", "payload_json": {"b": 1, "a": "é"}, "occurred_at": "2026-05-07T12:00:01Z",
            "resource_type": null});
        let hash = event_hash(&event).unwrap();
        assert_eq!(hash, "d448dbfdd48a529a10e1fc83b3a9be6a39543bceb807f00eb3c4f025e6de2128");
        let batch =
            json!([{"event_id": "evt_001", "event_type": "permit.delegated_denied", "event_hash": hash}]);
        assert_eq!(
            document::digest(Profile::Legacy, &batch).unwrap(),
            "5518bd516f52da621879a317e0f707bf2149549f1e1263539d0686d2188db85b"
        );
    }

    #[test]
    fn entries_link_and_their_payloads_are_covered() {
        let mut head = Head::default();
        let event = || Event::permit("permit.evaluated", "p", "allow", json!({"n": 1}));
        let entries = append("project:x", &mut head, vec![event(), event()], 1_778_155_201_000_000).unwrap();
        assert_eq!(entries.len(), 3);
        assert_eq!(head.sequence, 3);
        assert_eq!(entries[0]["prev_hash"], GENESIS);
        assert_eq!(entries[1]["prev_hash"], entries[0]["record_hash"]);
        assert_eq!(entries[2]["record_hash"], json!(head.record_hash));
        let text = format!(
            "{}|permit.evaluated|permit|p|allow|info|2026-05-07T12:00:01.000000|{GENESIS}|1",
            entries[0]["event_id"].as_str().unwrap()
        );
        assert_eq!(entries[0]["record_hash"], json!(document::sha256_hex(text.as_bytes())));
        assert_eq!(
            entries[2]["payload_json"]["covered_events"][1]["event_hash"],
            event_hash(&entries[1]).unwrap()
        );
    }

    #[test]
    fn ambiguous_fields_are_refused() {
        let mut head = Head::default();
        for outcome in ["a|b", "a\nb"] {
            let event = Event::permit("permit.evaluated", "p", outcome, json!({}));
            assert!(append("project:x", &mut head, vec![event], 0).is_err());
        }
        assert_eq!(head, Head::default());
    }
}
