//! Faults in the chain, under a genuine export signature: an issuer that changes its own history.

use serde_json::json;

use super::super::pack::{entries, set};
use super::{DISPROVED, Fault, OUT_OF_SCOPE, Outcome, claim};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "outcome-changed",
        title: "the outcome of a decision event was changed after it was chained",
        apply: |pack| {
            set(pack.entry("deny", "permit.evaluated")?, "outcome", json!("allow"));
            pack.sign()
        },
        outcome: Outcome::Disproved,
        claim: Some((claim::CHAIN, DISPROVED, "WALK_RECORD_HASH_MISMATCH")),
        code: "WALK_RECORD_HASH_MISMATCH",
        is_accepted_by_reference: false,
        notes: "the outcome is one of the nine hashed fields",
    },
    Fault {
        name: "time-changed",
        title: "an event was moved by one microsecond",
        apply: |pack| {
            let entry = pack.entry("allow", "permit.evaluated")?;
            set(entry, "created_at", json!("2026-08-03T08:00:01.000001Z"));
            pack.sign()
        },
        outcome: Outcome::Disproved,
        claim: Some((claim::CHAIN, DISPROVED, "WALK_RECORD_HASH_MISMATCH")),
        code: "WALK_RECORD_HASH_MISMATCH",
        is_accepted_by_reference: false,
        notes: "all six fraction digits are hashed",
    },
    Fault {
        name: "event-removed",
        title: "a decision event is missing from the middle of the chain",
        apply: |pack| {
            entries(pack.record("deny")?)?.remove(0);
            pack.sign()
        },
        outcome: Outcome::Disproved,
        claim: Some((claim::CHAIN, DISPROVED, "WALK_PREV_HASH_DISCONTINUITY")),
        code: "WALK_PREV_HASH_DISCONTINUITY",
        is_accepted_by_reference: false,
        notes: "the event after the gap names a record hash that no event has",
    },
    Fault {
        name: "sequence-repeated",
        title: "two events carry one sequence number",
        apply: |pack| {
            let sequence = pack.entry("allow", "permit.evaluated")?.get("sequence_number").cloned();
            set(pack.entry("deny", "permit.evaluated")?, "sequence_number", json!(sequence));
            pack.sign()
        },
        outcome: Outcome::Disproved,
        claim: Some((claim::CHAIN, DISPROVED, "WALK_SEQUENCE_INVERSION")),
        code: "WALK_SEQUENCE_INVERSION",
        is_accepted_by_reference: false,
        notes: "one position in a chain holds one event",
    },
    Fault {
        name: "events-swapped",
        title: "two neighbouring events of a record stand in the wrong order",
        apply: |pack| {
            entries(pack.record("allow")?)?.swap(0, 1);
            pack.sign()
        },
        outcome: Outcome::Disproved,
        claim: Some((claim::CHAIN, DISPROVED, "WALK_SEQUENCE_INVERSION")),
        code: "WALK_SEQUENCE_INVERSION",
        is_accepted_by_reference: false,
        notes: "entries of one record ascend",
    },
    Fault {
        name: "format-unknown",
        title: "an event claims a chain format that does not exist",
        apply: |pack| {
            set(pack.entry("allow", "permit.evaluated")?, "chain_format_version", json!("v9"));
            pack.sign()
        },
        outcome: Outcome::NotEstablished,
        claim: Some((claim::CHAIN, OUT_OF_SCOPE, "WALK_UNKNOWN_CHAIN_FORMAT")),
        code: "WALK_UNKNOWN_CHAIN_FORMAT",
        is_accepted_by_reference: false,
        notes: "an unknown format is refused by name, never read as the newest known one",
    },
    Fault {
        name: "payload-changed",
        title: "the payload of an event was changed; the record hash does not cover it",
        apply: |pack| {
            pack.payload("allow", "dispatch.egress_bound")?
                .insert("execution_id".to_owned(), json!("exec_other"));
            pack.sign()
        },
        outcome: Outcome::Disproved,
        claim: None,
        code: "PAYLOAD_DIGEST_MISMATCH",
        is_accepted_by_reference: true,
        notes: "the integrity digest event that follows covers the payload; the reference does not look at it here",
    },
    Fault {
        name: "history-rewritten-with-gap",
        title: "a deny is gone and everything after it was chained again",
        apply: |pack| {
            pack.records()?
                .retain(|record| record.pointer("/permit/idempotency_key") != Some(&json!("deny")));
            let count = pack.records()?.len();
            pack.rechain()?;
            set(&mut pack.export, "record_count", json!(count));
            set(&mut pack.manifest, "record_count", json!(count));
            pack.sign()
        },
        outcome: Outcome::Disproved,
        claim: None,
        code: "CHAIN_SEQUENCE_GAP",
        is_accepted_by_reference: true,
        notes: "the links hold, but two sequence numbers are missing; the reference accepts linked gaps",
    },
];
