//! Was the checkpoint the latest one (spec 04 section 5.6)?
//!
//! Only for segments that end at `latest_checkpoint_at_export`. The reference takes any object for evidence, also
//! an empty one and one in the unsigned manifest. Evidence counts here when it stands in the signed payload and
//! says what was observed: an array `later_checkpoints` (it may be empty: none was known), or the declared end
//! itself among `observed_checkpoints` or as the evidence's own sequence number. Every item must be readable.
//!
//! It remains the exporter's own statement.

use crate::evidence::Fields;
use crate::finding::{Finding, catalog};
use crate::format::scope::{BoundaryPolicy, Segment, integer};
use crate::json::Value;

use catalog::scope as code;

const MEMBERS: [&str; 2] = ["scope_faithfulness_freshness", "checkpoint_selection_evidence"];
const LISTS: [&str; 2] = ["later_checkpoints", "observed_checkpoints"];

/// The reference's verdict, then ours.
pub(super) fn check(
    export: &dyn Fields,
    manifest: Option<Value<'_>>,
    segment: &Segment<'_>,
    further: &mut Vec<Finding>,
) -> Result<(), Box<Finding>> {
    if segment.end.policy != BoundaryPolicy::LatestCheckpoint {
        return Ok(());
    }
    let missing =
        |text: &str| Finding::lacks(&code::EXPORT_BOUNDARY_FRESHNESS_EVIDENCE_MISSING, text.to_owned());
    let found = MEMBERS.iter().find_map(|name| {
        let signed = export.member(name).and_then(Value::as_object).map(|value| (value, true));
        signed.or_else(|| Some((manifest?.member(name)?.as_object()?, false)))
    });
    let Some((evidence, signed)) = found else {
        return Err(Box::new(missing("nothing shows that the checkpoint was the latest")));
    };
    let evidence = evidence.member(&segment.segment_id).and_then(Value::as_object).unwrap_or(evidence);
    let itself = evidence.member("sequence_number").map(|_| evidence);
    let lists: Vec<Value<'_>> = LISTS.iter().filter_map(|name| evidence.member(name)?.as_array()).collect();
    let items = || lists.iter().flat_map(|list| list.items()).chain(itself);
    if let Some(later) = items().find(|item| is_later(*item, segment)) {
        let finding = Finding::disproves(
            &code::EXPORT_BOUNDARY_STALE_CHECKPOINT,
            "the freshness evidence names a later checkpoint of this chain",
        );
        let sequence = later.member("sequence_number").and_then(Value::number).unwrap_or_default();
        return Err(Box::new(
            finding.fact("declared end", segment.end.sequence.to_string()).fact("later", sequence),
        ));
    }
    if !signed {
        further.push(missing("the freshness evidence stands in the manifest, where no signature covers it"));
    } else if evidence.member("later_checkpoints").and_then(Value::as_array).is_none()
        && !items().any(|item| is_the_end(item, segment))
    {
        further.push(missing("the freshness evidence lists neither later checkpoints nor the declared end"));
    } else if items().any(|item| item.member("sequence_number").and_then(integer).is_none()) {
        further.push(missing("the freshness evidence has an item without an integer sequence number"));
    }
    Ok(())
}

fn is_ours(item: Value<'_>, segment: &Segment<'_>) -> bool {
    item.present("chain_scope").is_none_or(|scope| scope.is_text(&segment.end.scope))
}

fn is_the_end(item: Value<'_>, segment: &Segment<'_>) -> bool {
    is_ours(item, segment) && item.member("sequence_number").and_then(integer) == Some(segment.end.sequence)
}

fn is_later(item: Value<'_>, segment: &Segment<'_>) -> bool {
    let Some(sequence) = item.member("sequence_number").and_then(integer) else { return false };
    let other = item.present("checkpoint_id").is_some_and(|id| !id.is_text(&segment.end.checkpoint_id));
    is_ours(item, segment) && (sequence > segment.end.sequence || other)
}
