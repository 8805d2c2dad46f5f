//! What evidence records must show beyond the reference's checks (spec 04 section 10, rules 2 and 4).
//!
//! The reference takes record hashes as stated, accepts gaps as long as the stated hashes link, and does not ask
//! whether the evidence ends where the declaration says. Here every hash is recomputed, the records count from
//! the declared start to the declared end without a gap, and the last one is the declared end.
//!
//! A record without `severity` cannot be hashed. The shape of an evidence record does not demand it, so such
//! records are named and not refused.

use super::bridge::entry_row;
use crate::bytes::hex;
use crate::chain::{Computed, GENESIS_PREV_HASH, StructureFault};
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::format::scope::{DeclaredStart, EvidenceRecord, Segment, StartNumber};
use crate::json::Value;

use catalog::{input, scope as code, walk};

/// Where a segment's values stand.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) file: &'p str,
    /// Pointer of the block in the payload, where the block was parsed alone.
    pub(super) prefix: &'p str,
}

impl Place<'_> {
    pub(super) fn of(&self, value: Value<'_>) -> Location {
        Location::within(self.file, self.prefix, value)
    }
}

/// Our rules on the evidence of a segment; `records` are in order.
pub(super) fn check(
    segment: &Segment<'_>,
    records: &[&EvidenceRecord<'_>],
    place: Place<'_>,
    out: &mut Vec<Finding>,
) {
    start_types(segment, place, out);
    hashes(records, place, out);
    contiguity(segment, records, place, out);
    tail(segment, records, place, out);
    genesis(segment, place, out);
}

/// Numbers of the start that are no integers.
fn start_types(segment: &Segment<'_>, place: Place<'_>, out: &mut Vec<Finding>) {
    let mut odd = |value: Value<'_>, what: &str| {
        let text = format!("declared_start: {what}");
        out.push(Finding::disproves(&input::INPUT_STRUCTURE_INVALID, text).at(place.of(value)));
    };
    let mut number = |number: &StartNumber<'_>| {
        if !number.proper {
            odd(number.value, "a sequence number is no integer");
        }
    };
    match &segment.start {
        DeclaredStart::Genesis { sequence, .. } => number(sequence),
        DeclaredStart::Predecessor { predecessor, first, .. } => {
            number(predecessor);
            number(first);
        }
        DeclaredStart::Anchor { sequence, checkpoint_id, .. } => {
            number(sequence);
            if checkpoint_id.non_empty_text().is_none() {
                odd(*checkpoint_id, "checkpoint_id is no text");
            }
        }
    }
}

fn hashes(records: &[&EvidenceRecord<'_>], place: Place<'_>, out: &mut Vec<Finding>) {
    let mut unhashable = 0u64;
    for record in records {
        let row = entry_row(record.value);
        let at = || place.of(record.value);
        let id = &record.event_id;
        if let Some(format) = &row.unknown_format {
            let text = format!("evidence record {id:?} has chain format {format:?}");
            let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
            out.push(Finding::new(&walk::WALK_UNKNOWN_CHAIN_FORMAT, effect, text).at(at()));
            continue;
        }
        if record.hashed("severity").is_none_or(Value::is_null) {
            unhashable += 1;
            continue;
        }
        let problem = match &row.computed {
            Computed::Same => None,
            Computed::Other(computed) => Some(
                Finding::disproves(
                    &walk::WALK_RECORD_HASH_MISMATCH,
                    format!("the stated hash of evidence record {id:?} is not the hash of its fields"),
                )
                .fact("computed", hex::encode(&**computed))
                .fact("stated", &*record.record_hash),
            ),
            Computed::Fault(fault) => Some(Finding::disproves(
                &walk::WALK_RECORD_HASH_MISMATCH,
                format!("evidence record {id:?} cannot be hashed: {fault}"),
            )),
        };
        out.extend(problem.map(|finding| finding.at(at())));
        out.extend(row.fault.and_then(|fault| structure(fault, id)).map(|finding| finding.at(at())));
    }
    if unhashable > 0 {
        let text = format!("{unhashable} evidence records lack severity; their hashes were taken as stated");
        out.push(Finding::notes(&code::SCOPE_RECORD_HASH_NOT_RECOMPUTED, text));
    }
}

fn structure(fault: StructureFault, id: &str) -> Option<Finding> {
    Some(match fault {
        StructureFault::Scope => return None,
        StructureFault::Separator(field) => Finding::disproves(
            &walk::CHAIN_FIELD_SEPARATOR,
            format!("{field} of evidence record {id:?} contains the separator of the record hash"),
        ),
        StructureFault::ControlCharacter(field) => Finding::disproves(
            &walk::CHAIN_FIELD_CONTROL_CHARACTER,
            format!("{field} of evidence record {id:?} contains a control character"),
        ),
        StructureFault::Offset => Finding::notes(
            &walk::CHAIN_TIMESTAMP_OFFSET_DROPPED,
            format!("created_at of evidence record {id:?} has an offset that its hash does not cover"),
        ),
    })
}

fn contiguity(
    segment: &Segment<'_>,
    records: &[&EvidenceRecord<'_>],
    place: Place<'_>,
    out: &mut Vec<Finding>,
) {
    let mut gap = |value: Value<'_>, before: i128, next: i128| {
        let text = format!("sequence number {next} follows {before}; what stands between is not shown");
        out.push(Finding::disproves(&code::EXPORT_CHAIN_PROOF_DISCONTINUITY, text).at(place.of(value)));
    };
    if let DeclaredStart::Predecessor { predecessor, first, .. } = &segment.start
        && let (Some(before), Some(next)) = (predecessor.number, first.number)
        && before.checked_add(1) != Some(next)
    {
        gap(first.value, before, next);
    }
    for pair in records.windows(2) {
        if let [before, next] = pair
            && before.sequence_number.checked_add(1) != Some(next.sequence_number)
        {
            gap(next.value, before.sequence_number, next.sequence_number);
        }
    }
}

fn tail(segment: &Segment<'_>, records: &[&EvidenceRecord<'_>], place: Place<'_>, out: &mut Vec<Finding>) {
    let end = &segment.end;
    let last = records.last();
    let reached = last.map_or(0, |record| record.sequence_number);
    let finding = if last.is_none() || reached < end.sequence {
        let text = format!("the evidence ends at {reached}, and the declared end is {}", end.sequence);
        Finding::disproves(&code::SCOPE_TAIL_MISSING, text)
    } else if last.is_some_and(|record| reached != end.sequence || record.record_hash != end.last_record_hash)
    {
        let text = "the last evidence record is not the declared end";
        Finding::disproves(&code::EXPORT_BOUNDARY_END_MISMATCH, text)
            .fact("declared", &*end.last_record_hash)
            .fact("found", last.map_or_else(String::new, |record| record.record_hash.to_string()))
    } else {
        return;
    };
    out.push(finding.at(place.of(last.map_or(end.value, |record| record.value))));
}

/// The published constant. Genuine evidence of test systems starts elsewhere, so this only informs.
fn genesis(segment: &Segment<'_>, place: Place<'_>, out: &mut Vec<Finding>) {
    if let DeclaredStart::Genesis { prev_hash, .. } = &segment.start
        && !prev_hash.is_text(GENESIS_PREV_HASH)
    {
        let text = "the declared genesis is not the published one, so nothing ties the beginning to it";
        let finding = Finding::notes(&walk::CHAIN_GENESIS_NOT_ANCHORED, text);
        out.push(finding.fact("expected", GENESIS_PREV_HASH).at(place.of(*prev_hash)));
    }
}
