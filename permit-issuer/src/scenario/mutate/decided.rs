//! Permits that were not decided before execution, in a chain that is consistent and signed throughout.

use serde_json::{Value, json};

use super::super::Pack;
use super::super::pack::{entries, set};
use super::{DISPROVED, Fault, Outcome, claim};
use crate::error::{Error, Result};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "after-dispatch",
        title: "the decision was chained after the dispatch that it allows",
        apply: |pack| {
            let record = entries(pack.record("allow")?)?;
            let numbers: Vec<Value> =
                record.iter().filter_map(|entry| entry.get("sequence_number").cloned()).collect();
            // Decision and its digest move behind the events of the dispatch.
            record.rotate_left(2);
            let closing = record.len().saturating_sub(2);
            if let Some(rest) = record.get_mut(3..) {
                rest.rotate_right(2);
            }
            if numbers.len() != closing.saturating_add(2) {
                return Err(Error::Damaged("entries without a number".to_owned()));
            }
            for (entry, number) in record.iter_mut().zip(numbers) {
                set(entry, "sequence_number", number);
            }
            pack.rechain()?;
            pack.sign()
        },
        outcome: Outcome::Disproved,
        claim: Some((claim::DECIDED, DISPROVED, "DECISION_AFTER_DISPATCH")),
        code: "DECISION_AFTER_DISPATCH",
        is_accepted_by_reference: true,
        notes: "every hash, link and signature is genuine; only the order of the permit's own events is impossible",
    },
    Fault {
        name: "back-dated",
        title: "a decision states a time an hour before the events that it stands behind",
        apply: |pack| {
            set(pack.entry("deny", "permit.evaluated")?, "created_at", json!("2026-08-03T07:00:00.000000Z"));
            pack.rechain()?;
            pack.sign()
        },
        outcome: Outcome::Disproved,
        claim: Some((claim::DECIDED, DISPROVED, "DECISION_BACKDATED")),
        code: "DECISION_BACKDATED",
        is_accepted_by_reference: true,
        notes: "a chain can be made again, but its order shows where an entry was written",
    },
    Fault {
        name: "denied-and-dispatched",
        title: "a denied request left all the same",
        apply: |pack| {
            let denied = pack.record("deny")?.pointer("/permit/id").cloned().unwrap_or_default();
            let mut left = pack.entry("allow", "dispatch.egress_bound")?.clone();
            set(&mut left, "event_id", json!("ev_denied_and_dispatched"));
            set(&mut left, "resource_id", denied.clone());
            if let Some(payload) = left.get_mut("payload_json") {
                set(payload, "permit_id", denied);
            }
            append(pack, "deny", left)?;
            pack.rechain()?;
            pack.sign()
        },
        outcome: Outcome::Disproved,
        claim: Some((claim::DECIDED, DISPROVED, "DISPATCH_NOT_ALLOWED")),
        code: "DISPATCH_NOT_ALLOWED",
        is_accepted_by_reference: true,
        notes: "the decision is signed and says deny",
    },
];

/// Puts an entry at the end of the chain, into the record with this idempotency key.
fn append(pack: &mut Pack, key: &str, mut entry: Value) -> Result<()> {
    let numbers = pack.chain()?;
    let last = numbers.iter().filter_map(|entry| entry.get("sequence_number").and_then(Value::as_i64)).max();
    let latest = numbers.iter().filter_map(|entry| entry.get("created_at").and_then(Value::as_str)).max();
    let next = last.unwrap_or(0).checked_add(1);
    set(&mut entry, "sequence_number", json!(next));
    set(&mut entry, "created_at", json!(latest));
    entries(pack.record(key)?)?.push(entry);
    Ok(())
}
