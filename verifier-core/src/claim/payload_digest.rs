//! Event payloads against `audit.integrity_digest` events (spec 04 section 7).
//!
//! The record hash v1 does not cover `payload_json`. A digest event does, for the events it lists:
//!
//! ```text
//! event_hash = hex SHA-256(legacy canonical of 25 members of the event, absent as null)
//! batch_hash = hex SHA-256(legacy canonical of the array of {event_hash, event_id, event_type})
//! resource_id of the digest event, if not empty = first 32 characters of batch_hash
//! ```
//!
//! Digest events are met in the first pass; where there are any, a second pass hashes the events they list. Events
//! that no digest lists stay uncovered, which the report says.

use std::collections::HashMap;

use crate::bytes::hex;
use crate::canon::{ObjectBuilder, Profile};
use crate::claim::export::{Export, STREAMED};
use crate::claim::name;
use crate::crypto::sha256;
use crate::evidence::stream::{self, Item, Origin, Settings, Visitor};
use crate::finding::{Effect, Finding, Location, catalog};
use crate::json::Value;
use crate::report::ReportBuilder;

use catalog::walk as code;

const TITLE: &str = "event payloads against integrity digests";
const EVENT_TYPE: &str = "audit.integrity_digest";
/// Listed events that are looked up; more leave the rest unchecked, and the report says so.
const MAX_LISTED: usize = 1_000_000;

/// Members of an event that its hash covers, apart from the payload.
const HASHED: [&str; 24] = [
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

/// One digest event.
#[derive(Clone, Debug)]
pub(crate) struct DigestRow {
    event_id: Box<str>,
    /// What is wrong with the digest event itself.
    fault: Option<String>,
    covered: Vec<Covered>,
    span: (u64, u64),
}

#[derive(Clone, Debug)]
struct Covered {
    event_id: Box<str>,
    event_type: Box<str>,
    event_hash: Box<str>,
}

/// Reduces an entry, when it is a digest event.
pub(crate) fn digest_row(entry: Value<'_>) -> Option<DigestRow> {
    if !entry.member("event_type").is_some_and(|kind| kind.is_text(EVENT_TYPE)) {
        return None;
    }
    let event_id = entry.member_text("event_id").unwrap_or_default();
    let span = entry.span();
    let mut row = DigestRow {
        event_id: event_id.into(),
        fault: None,
        covered: Vec::new(),
        span: (span.start, span.end),
    };
    let payload = payload(entry);
    // An export that discloses only selectors of its events shows no list; there is nothing to compare then.
    let listed = payload.and_then(|payload| payload.member("covered_events"))?;
    let Some(listed) = listed.as_array() else {
        row.fault = Some("covered_events is not a list".to_owned());
        return Some(row);
    };
    let mut batch = vec![b'['];
    for item in listed.items() {
        let text =
            |name: &str| item.member(name).and_then(Value::non_blank_text).map(|text| text.trim().to_owned());
        let (Some(id), Some(kind), Some(hash)) = (text("event_id"), text("event_type"), text("event_hash"))
        else {
            row.fault = Some("a covered event is incomplete".to_owned());
            return Some(row);
        };
        let mut object = ObjectBuilder::new(Profile::Legacy);
        object.text("event_hash", &hash).text("event_id", &id).text("event_type", &kind);
        if batch.len() > 1 {
            batch.push(b',');
        }
        batch.extend(object.finish());
        row.covered.push(Covered { event_id: id.into(), event_type: kind.into(), event_hash: hash.into() });
    }
    batch.push(b']');
    let batch_hash = hex::encode(&sha256(&batch));
    let stated = payload.and_then(|payload| payload.member_text("batch_hash")).unwrap_or_default();
    let count = payload.and_then(|payload| payload.present("covered_event_count"));
    let resource = entry.member("resource_id").and_then(Value::non_empty_text);
    row.fault = if stated.trim() != batch_hash {
        Some(format!("batch_hash stated={stated} computed={batch_hash}"))
    } else if resource.is_some_and(|resource| batch_hash.get(..32) != Some(&*resource)) {
        Some("resource_id is not the head of batch_hash".to_owned())
    } else if count.is_some_and(|count| count.as_i64() != i64::try_from(row.covered.len()).ok()) {
        Some("covered_event_count is not the number of covered events".to_owned())
    } else {
        None
    };
    Some(row)
}

fn payload(entry: Value<'_>) -> Option<Value<'_>> {
    entry.present("payload_json").or_else(|| entry.present("payload")).and_then(Value::as_object)
}

/// The hash of an event, if its members have a canonical form.
fn event_hash(entry: Value<'_>) -> Option<String> {
    let mut object = ObjectBuilder::new(Profile::Legacy);
    for name in HASHED {
        match entry.present(name) {
            Some(value) => object.value(name, value).ok()?,
            None => object.null(name),
        };
    }
    match payload(entry) {
        Some(payload) => object.value("payload_json", payload).ok()?,
        None => object.canonical("payload_json", b"{}".to_vec()),
    };
    Some(hex::encode(&object.digest()))
}

/// Hashes the events that digest events list.
struct DigestVisitor<'d> {
    listed: &'d HashMap<&'d str, &'d Covered>,
}

/// An event that was listed, hashed again.
#[derive(Clone)]
struct Rehashed {
    event_id: String,
    event_type: String,
    hash: Option<String>,
    pointer: String,
    span: (u64, u64),
}

impl DigestVisitor<'_> {
    fn entry(&self, entry: Value<'_>, pointer: impl Fn() -> String) -> Option<Rehashed> {
        let id = entry.member("event_id").and_then(Value::non_blank_text)?;
        self.listed.get(id.trim())?;
        // The digest covers the full payload; one that is withheld in part cannot be compared.
        if entry.present("payload_disclosure").is_some_and(|kind| !kind.is_text("full")) {
            return None;
        }
        let span = entry.span();
        Some(Rehashed {
            event_id: id.trim().to_owned(),
            event_type: entry.member_text("event_type").unwrap_or_default().into_owned(),
            hash: event_hash(entry),
            pointer: pointer(),
            span: (span.start, span.end),
        })
    }
}

impl Visitor for DigestVisitor<'_> {
    type Row = Vec<Rehashed>;

    fn visit(&self, item: Item<'_>) -> Vec<Rehashed> {
        let index = item.index;
        let array = if item.origin == Origin::Array(1) { "chain_entries" } else { "records" };
        let mut rows: Vec<Rehashed> =
            self.entry(item.value, || format!("/{array}/{index}")).into_iter().collect();
        if let Some(nested) = item.value.member("chain_entries").and_then(Value::as_array) {
            for (position, entry) in nested.items().enumerate() {
                rows.extend(self.entry(entry, || format!("/records/{index}/chain_entries/{position}")));
            }
        }
        rows
    }
}

/// Checks all digest events and what they list.
pub(crate) fn check(export: &Export<'_>, digests: &[DigestRow], out: &mut ReportBuilder) {
    if digests.is_empty() {
        out.skipped("payload.digests", TITLE, "the evidence carries no integrity digest events");
        if out.verdict(name::LOCAL_CONTINUITY).is_some() {
            let message = "no integrity digest covers the payloads of the chain entries; only the export signature does";
            out.finding(
                Finding::notes(&code::PAYLOAD_NOT_COVERED, message)
                    .at(Location::file(export.payload_label())),
            );
        }
        return;
    }
    let mut listed: HashMap<&str, &Covered> = HashMap::new();
    let mut unlisted = 0u64;
    for digest in digests {
        if let Some(fault) = &digest.fault {
            let message = format!("integrity digest event_id={}: {fault}", digest.event_id);
            out.finding(
                Finding::disproves(&code::PAYLOAD_DIGEST_MISMATCH, message)
                    .at(export.place(None, digest.span)),
            );
        }
        for covered in &digest.covered {
            if listed.len() < MAX_LISTED {
                listed.entry(&covered.event_id).or_insert(covered);
            } else {
                unlisted += 1;
            }
        }
    }
    let settings = Settings {
        limits: &export.policy.limits,
        workers: export.policy.workers,
        arrays: STREAMED,
        predict: false,
    };
    let mut agreeing = 0u64;
    let mut findings = Vec::new();
    let mut judge = |_: Origin, rows: &mut Vec<Vec<Rehashed>>| {
        for row in rows.drain(..).flatten() {
            let Some(covered) = listed.get(row.event_id.as_str()) else { continue };
            let same =
                row.event_type == *covered.event_type && row.hash.as_deref() == Some(&*covered.event_hash);
            if same {
                agreeing += 1;
                continue;
            }
            let message = format!("event_id={} differs from its integrity digest", row.event_id);
            findings.push(
                Finding::disproves(&code::PAYLOAD_DIGEST_MISMATCH, message)
                    .at(export.place(Some(row.pointer), row.span))
                    .fact("expected", covered.event_hash.to_string())
                    .fact("computed", row.hash.unwrap_or_else(|| "(no canonical form)".to_owned())),
            );
        }
    };
    let visitor = DigestVisitor { listed: &listed };
    // Which events are listed follows from the same bytes.
    let second = stream::run_entry(&export.set.payload.entry, settings, &visitor, &(), &mut judge, &|_| true)
        .map_err(|error| error.to_string());
    match second {
        Ok(streamed) if streamed.sha256 == export.streamed.sha256 => {}
        Ok(_) => {
            let finding = Finding::new(
                &catalog::input::INPUT_UNREADABLE,
                Effect::Unreadable,
                "the payload changed while it was being verified",
            );
            out.finding(finding.at(export.place(None, (0, 0))));
        }
        Err(error) => out.finding(Finding::new(&catalog::input::INPUT_UNREADABLE, Effect::Unreadable, error)),
    }
    let absent = u64::try_from(listed.len())
        .unwrap_or(u64::MAX)
        .saturating_sub(agreeing + u64::try_from(findings.len()).unwrap_or(u64::MAX));
    for finding in findings {
        out.finding(finding);
    }
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    out.ran(
        "payload.digests",
        TITLE,
        &[
            ("digest events", count(digests.len())),
            ("payloads that agree", agreeing),
            ("listed events not shown", absent),
            ("listed events not looked up", unlisted),
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Blob;
    use crate::json::{Document, ParserLimits};

    /// Spec 04 section 7.
    #[test]
    fn event_and_batch_vectors() {
        let parse = |text: &str| {
            Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default()).unwrap()
        };
        let event = parse(
            r#"{"event_id":"evt_001","project_id":"p1","event_type":"permit.delegated_denied","severity":"info","payload_json":{"b":1,"a":"é"},"occurred_at":"2026-05-07T12:00:01Z","resource_type":null}"#,
        );
        let hash = "d448dbfdd48a529a10e1fc83b3a9be6a39543bceb807f00eb3c4f025e6de2128";
        assert_eq!(event_hash(event.root()).unwrap(), hash);
        let digest = |batch: &str, resource: &str| {
            let text = format!(
                r#"{{"event_id":"d","event_type":"audit.integrity_digest","resource_id":"{resource}","payload_json":{{"covered_events":[{{"event_id":"evt_001","event_type":"permit.delegated_denied","event_hash":"{hash}"}}],"batch_hash":"{batch}","covered_event_count":1}}}}"#
            );
            digest_row(parse(&text).root()).unwrap().fault
        };
        let batch = "5518bd516f52da621879a317e0f707bf2149549f1e1263539d0686d2188db85b";
        assert_eq!(digest(batch, &batch[..32]), None);
        assert_eq!(digest(batch, ""), None);
        assert!(digest(batch, "x").is_some());
        assert!(digest(&batch.replace('5', "6"), "").is_some());
    }
}
