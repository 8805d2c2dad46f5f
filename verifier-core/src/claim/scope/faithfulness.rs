//! `export.scope_faithfulness.v1`, one segment (spec 04 section 5.2, spec 12 section 12.6).
//!
//! The checks run in the reference's order; its first failure ends the segment and the claim. Only where all
//! of them pass do our own rules on the evidence follow.

use super::evidence::{self, Place};
use super::locate::{Explicit, Loaded, Places};
use super::state::{self, StateFacts, StateSummary};
use super::{freshness, membership, predicate};
use crate::canon::{self, Profile};
use crate::crypto::prefixed;
use crate::evidence::Fields;
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::format::scope::{self, DeclaredStart, EvidenceRecord, Predicate, PredicateError, Segment};
use crate::json::Value;
use crate::trust::KeyRing;

use catalog::scope as code;

type Check<T> = Result<T, Box<Finding>>;

/// What all segments share.
pub(super) struct Shared<'a> {
    pub(super) export: &'a dyn Fields,
    pub(super) manifest: Option<Value<'a>>,
    pub(super) keys: &'a KeyRing,
    pub(super) places: &'a Places<'a>,
    pub(super) sidecar: Option<Explicit<'a>>,
    pub(super) checkpoint: Option<&'a Loaded>,
    pub(super) checkpoint_missing: &'a str,
    pub(super) place: Place<'a>,
}

/// A judged segment.
pub(super) struct Judged<'a> {
    pub(super) value: Value<'a>,
    /// Its declaration, where it and its predicate can be read.
    pub(super) segment: Option<Segment<'a>>,
    pub(super) state: Option<StateSummary>,
    /// The reference's verdict, with what a supported segment rests on.
    pub(super) result: Check<Commitment>,
    pub(super) further: Vec<Finding>,
    /// The sidecar was looked for and is missing.
    pub(super) sidecar_missing: bool,
}

/// The sidecar's commitment that a segment fulfils.
pub(super) struct Commitment {
    /// Hash of the declared predicate.
    pub(super) predicate_hash: String,
    /// How many records the sidecar says match.
    pub(super) count: i128,
}

/// Judges one segment. The sidecar is read here and let go again, so that a declaration of many segments holds
/// one at a time.
pub(super) fn judge<'a>(value: Value<'a>, shared: &Shared<'a>) -> Judged<'a> {
    let mut judged = Judged {
        value,
        segment: None,
        state: None,
        result: Err(Box::new(missing(shared))),
        further: Vec::new(),
        sidecar_missing: false,
    };
    let (segment, predicate) = match read(value, shared.place) {
        Ok(read) => read,
        Err(failure) => {
            judged.result = Err(failure);
            return judged;
        }
    };
    if let Some(result) = against_sidecar(&segment, &predicate, shared, &mut judged) {
        judged.result = result;
    }
    judged.segment = Some(segment);
    judged
}

fn read<'a>(value: Value<'a>, place: Place<'_>) -> Check<(Segment<'a>, Predicate<'a>)> {
    let fail = |finding: Finding, value: Value<'_>| Box::new(finding.at(place.of(value)));
    let segment = Segment::parse(value).map_err(|error| {
        let finding = Finding::disproves(&code::EXPORT_SCOPE_DECLARATION_SCHEMA_INVALID, error.message);
        fail(finding, error.value)
    })?;
    let predicate = Predicate::parse(segment.predicate).map_err(|error| {
        let finding = match error {
            PredicateError::Malformed(text) => {
                Finding::disproves(&code::EXPORT_SCOPE_PREDICATE_MALFORMED, text)
            }
            PredicateError::Unsupported(text) => Finding::new(
                &code::EXPORT_SCOPE_PREDICATE_UNSUPPORTED,
                Effect::Fails { verdict: Verdict::UnverifiableScope },
                text,
            ),
        };
        fail(finding, segment.predicate)
    })?;
    let Some(first) = segment.start.first_sequence() else {
        let finding = Finding::disproves(
            &catalog::input::INPUT_STRUCTURE_INVALID,
            "declared_start states no sequence number that can be read",
        );
        return Err(fail(finding, value));
    };
    if first > segment.end.sequence {
        let finding = Finding::disproves(
            &code::EXPORT_BOUNDARY_START_AFTER_END,
            "the declared start lies after the declared end",
        );
        let finding = finding.fact("start", first.to_string()).fact("end", segment.end.sequence.to_string());
        return Err(fail(finding, segment.end.value));
    }
    let computed = canon::digest(Profile::Legacy, segment.raw_filters).ok().map(|digest| prefixed(&digest));
    if computed.as_deref() != Some(&*segment.filters_hash) {
        let finding = Finding::disproves(
            &code::EXPORT_RAW_FILTERS_HASH_MISMATCH,
            "raw_filters do not hash to filters_hash",
        );
        let finding = finding
            .fact("stated", &*segment.filters_hash)
            .fact("computed", computed.unwrap_or_else(|| "(none)".to_owned()));
        return Err(fail(finding, segment.raw_filters));
    }
    Ok((segment, predicate))
}

/// Checks 5 to 19, then our rules; `None` without a sidecar.
fn against_sidecar<'a>(
    segment: &Segment<'a>,
    predicate: &Predicate<'a>,
    shared: &Shared<'a>,
    judged: &mut Judged<'a>,
) -> Option<Check<Commitment>> {
    let uri = segment.reference.storage_uri.as_deref();
    let (sidecar, refused) = shared.places.sidecar(shared.sidecar, uri);
    judged.further.extend(refused.map(|reason| {
        let text = format!("storage_uri was not opened: {reason}");
        Finding::lacks(&catalog::input::INPUT_PATH_UNSAFE, text)
            .fact("storage_uri", uri.unwrap_or_default())
            .at(shared.place.of(segment.reference.value))
    }));
    let Some(sidecar) = sidecar else {
        judged.sidecar_missing = true;
        return None;
    };
    if let Err(failure) = reference(segment, &sidecar, shared.place) {
        return Some(Err(failure));
    }
    let state = state::judge(&sidecar, shared.checkpoint, shared.checkpoint_missing, shared.keys);
    let result = match &state.result {
        Err(failure) => Err(failure.clone()),
        Ok(facts) => population(segment, predicate, facts, shared, &mut judged.further),
    };
    judged.state = Some(state.summary());
    Some(result)
}

pub(super) fn missing(shared: &Shared<'_>) -> Finding {
    let text = format!("the referenced scope-state sidecar is absent{}", shared.places.passed_over());
    Finding::lacks(&code::CHECKPOINT_SCOPE_STATE_MISSING, text).at(Location::file(shared.place.file))
}

/// Check 6: the sidecar is the referenced one, byte for byte.
fn reference(segment: &Segment<'_>, sidecar: &Loaded, place: Place<'_>) -> Check<()> {
    let stated = segment.reference.value;
    let fail = |what: &str, expected: String, found: String| {
        let text = format!("{what} of the scope_state_reference is not the sidecar's");
        let finding = Finding::disproves(&code::EXPORT_SCOPE_STATE_REFERENCE_MISMATCH, text)
            .fact("referenced", expected)
            .fact("sidecar", found);
        Err(Box::new(finding.at(place.of(stated))))
    };
    let computed = state::file_digest(sidecar);
    if computed != *segment.reference.artifact_hash {
        return fail("artifact_hash", segment.reference.artifact_hash.to_string(), computed);
    }
    let root = sidecar.document.root();
    for name in ["artifact_type", "scope_state_id", "checkpoint_id", "chain_scope"] {
        let expected = stated.member_text(name).unwrap_or_default();
        let found = root.member(name);
        if !found.is_some_and(|value| value.is_text(&expected)) {
            let found = found.and_then(Value::text).unwrap_or_default();
            return fail(name, expected.into_owned(), found.into_owned());
        }
    }
    Ok(())
}

/// Checks 8 to 19 and our rules on the evidence.
fn population(
    segment: &Segment<'_>,
    predicate: &Predicate<'_>,
    state: &StateFacts<'_>,
    shared: &Shared<'_>,
    further: &mut Vec<Finding>,
) -> Check<Commitment> {
    let place = shared.place;
    one_chain(segment, &state.sidecar.chain_scope, place)?;
    end(segment, state, place)?;
    freshness::check(shared.export, shared.manifest, segment, further)?;
    let mut records: Vec<&EvidenceRecord<'_>> = segment.disclosures.iter().chain(&segment.bridges).collect();
    membership::sort(&mut records);
    start(segment, &records, place)?;
    links(&records, place)?;
    for record in &segment.disclosures {
        if !predicate::matches(predicate, record) {
            let text = format!("disclosed record {:?} does not satisfy the predicate", record.event_id);
            let finding = Finding::disproves(&code::EXPORT_SCOPE_PREDICATE_VIOLATED, text);
            return Err(Box::new(finding.at(place.of(record.value))));
        }
    }
    for record in &segment.bridges {
        if predicate::matches(predicate, record) {
            let text = format!("proof bridge {:?} satisfies the predicate", record.event_id);
            let finding = Finding::disproves(&code::EXPORT_PROOF_BRIDGE_MISCLASSIFIED, text);
            return Err(Box::new(finding.at(place.of(record.value))));
        }
    }
    let commitment = commitment(segment, predicate, state, place)?;
    evidence::check(segment, &records, place, further);
    Ok(commitment)
}

/// Check 8.
fn one_chain(segment: &Segment<'_>, sidecar: &str, place: Place<'_>) -> Check<()> {
    let scope = &*segment.scope;
    let fail = |found: &str, value: Value<'_>| {
        let text = "a segment names more than one chain_scope";
        let finding = Finding::disproves(&code::EXPORT_SCOPE_CHAIN_SCOPE_MISMATCH, text)
            .fact("declared_scope", scope)
            .fact("found", found);
        Err(Box::new(finding.at(place.of(value))))
    };
    let declared = [segment.start.scope(), &segment.end.scope, &segment.reference.scope, sidecar];
    if let Some(other) = declared.into_iter().find(|other| *other != scope) {
        return fail(other, segment.end.value);
    }
    match segment.disclosures.iter().chain(&segment.bridges).find(|record| record.chain_scope != scope) {
        Some(record) => fail(&record.chain_scope, record.value),
        None => Ok(()),
    }
}

/// Check 10. That the checkpoint has a head for the chain, check 9, was part of the sidecar's.
fn end(segment: &Segment<'_>, state: &StateFacts<'_>, place: Place<'_>) -> Check<()> {
    let end = &segment.end;
    let hash = state.head_hash.as_deref();
    if *end.checkpoint_id == *state.sidecar.checkpoint_id
        && end.sequence == state.head_sequence
        && hash == Some(&*end.last_record_hash)
    {
        return Ok(());
    }
    let text = "declared_end is not the head of the sidecar's checkpoint";
    let finding = Finding::disproves(&code::EXPORT_BOUNDARY_CHECKPOINT_MISMATCH, text)
        .fact("declared", format!("{} {} {}", end.checkpoint_id, end.sequence, end.last_record_hash))
        .fact(
            "checkpoint",
            format!("{} {} {}", state.sidecar.checkpoint_id, state.head_sequence, hash.unwrap_or("(none)")),
        );
    Err(Box::new(finding.at(place.of(end.value))))
}

/// Check 12; without records there is nothing to compare.
fn start(segment: &Segment<'_>, records: &[&EvidenceRecord<'_>], place: Place<'_>) -> Check<()> {
    let Some(first) = records.first() else { return Ok(()) };
    let fits = match &segment.start {
        DeclaredStart::Genesis { prev_hash, .. } => {
            first.sequence_number == 1 && prev_hash.is_text(&first.prev_hash)
        }
        DeclaredStart::Predecessor { predecessor, record_hash, first: number, .. } => {
            number.is(first.sequence_number)
                && record_hash.is_text(&first.prev_hash)
                && segment
                    .bridges
                    .iter()
                    .filter(|bridge| predecessor.is(bridge.sequence_number))
                    .all(|bridge| record_hash.is_text(&bridge.record_hash))
        }
        DeclaredStart::Anchor { sequence, record_hash, .. } => {
            first.sequence_number.checked_sub(1).is_some_and(|before| sequence.is(before))
                && record_hash.is_text(&first.prev_hash)
        }
    };
    if fits {
        return Ok(());
    }
    let text = format!("the first evidence record {:?} does not follow from declared_start", first.event_id);
    let finding = Finding::disproves(&code::EXPORT_BOUNDARY_START_MISMATCH, text)
        .fact("first sequence number", first.sequence_number.to_string())
        .fact("its prev_hash", &*first.prev_hash);
    Err(Box::new(finding.at(place.of(first.value))))
}

/// Check 13.
fn links(records: &[&EvidenceRecord<'_>], place: Place<'_>) -> Check<()> {
    let fail = |text: String, record: &EvidenceRecord<'_>| {
        let finding = Finding::disproves(&code::EXPORT_CHAIN_PROOF_DISCONTINUITY, text);
        Box::new(finding.at(place.of(record.value)))
    };
    for pair in records.windows(2) {
        let [before, next] = pair else { continue };
        if before.sequence_number == next.sequence_number {
            let text = format!("sequence number {} occurs twice in the evidence", next.sequence_number);
            return Err(fail(text, next));
        }
    }
    for pair in records.windows(2) {
        let [before, next] = pair else { continue };
        if before.record_hash != next.prev_hash {
            let text = format!("evidence record {:?} does not link to the one before it", next.event_id);
            let mut finding = fail(text, next);
            *finding = finding.clone().fact("expected", &*before.record_hash).fact("found", &*next.prev_hash);
            return Err(finding);
        }
    }
    Ok(())
}

/// Checks 16 to 19; gives the commitment.
fn commitment(
    segment: &Segment<'_>,
    predicate: &Predicate<'_>,
    state: &StateFacts<'_>,
    place: Place<'_>,
) -> Check<Commitment> {
    let at = |finding: Finding, value: Value<'_>| Box::new(finding.at(place.of(value)));
    let hash = predicate.value_hash().unwrap_or_default();
    let found = state.sidecar.commitments.iter().find(|item| *item.predicate_hash == hash);
    let Some(scope::Commitment { count, root, first, last, .. }) = found else {
        let finding = Finding::lacks(
            &code::EXPORT_SCOPE_COMMITMENT_MISSING,
            "the sidecar commits to nothing about the declared predicate",
        );
        return Err(at(finding.fact("predicate hash", hash), segment.predicate));
    };
    let mut members: Vec<&EvidenceRecord<'_>> = segment.disclosures.iter().collect();
    membership::sort(&mut members);
    if i128::try_from(members.len()) != Ok(*count) {
        let finding = Finding::disproves(
            &code::EXPORT_SCOPE_CARDINALITY_MISMATCH,
            "the sidecar commits to another number of records than the export discloses",
        );
        let finding =
            finding.fact("committed", count.to_string()).fact("disclosed", members.len().to_string());
        return Err(at(finding, segment.predicate));
    }
    let computed = membership::root(&hash, &members).unwrap_or_default();
    if computed != *root {
        let finding = Finding::disproves(
            &code::EXPORT_SCOPE_MEMBERSHIP_ROOT_MISMATCH,
            "the disclosed records have another Merkle root than the sidecar commits to",
        );
        return Err(at(finding.fact("committed", &**root).fact("computed", computed), segment.predicate));
    }
    let range = (
        members.first().map(|record| record.sequence_number),
        members.last().map(|record| record.sequence_number),
    );
    if range != (*first, *last) {
        let show = |(first, last): (Option<i128>, Option<i128>)| {
            let one =
                |bound: Option<i128>| bound.map_or_else(|| "null".to_owned(), |bound| bound.to_string());
            format!("{} to {}", one(first), one(last))
        };
        let finding = Finding::disproves(
            &code::EXPORT_SCOPE_RANGE_MISMATCH,
            "the disclosed records have another first or last than the sidecar commits to",
        );
        let finding = finding.fact("committed", show((*first, *last))).fact("disclosed", show(range));
        return Err(at(finding, segment.predicate));
    }
    Ok(Commitment { predicate_hash: hash, count: *count })
}
