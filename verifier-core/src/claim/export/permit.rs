//! The permit decisions of an export: what was found, judged by [`crate::claim::permit`].

use std::collections::HashMap;

use super::Export;
use super::record::{PermitRows, RecordVisitor};
use crate::claim::name;
use crate::claim::permit;
use crate::evidence::Fields;
use crate::evidence::stream::Decoded;
use crate::finding::{Finding, Location, Verdict, catalog};
use crate::report::{ReportBuilder, Requested};
use crate::trust::{KeyTable, PERMIT_BINDING_SIGNING};

/// Judges the decisions at the top level of the payload, which come before those of its entries.
pub(super) fn at_top(export: &Export<'_>, visitor: &RecordVisitor<'_>) -> Vec<permit::DecisionRow> {
    let Some(fields) = export.fields() else { return Vec::new() };
    let mut decisions: Vec<_> =
        permit::in_export(|name| fields.member(name)).map(|found| visitor.decision(found, "")).collect();
    if fields.member("artifact_type").is_some_and(|kind| kind.is_text("permit_decision_binding"))
        && let Ok(document) = export.document()
    {
        let whole = permit::in_entry(document.root()).filter(|found| found.pointer().is_empty());
        decisions.extend(whole.map(|found| visitor.decision(found, "")));
    }
    decisions
}

/// Reports every decision and compares permit objects with what was signed about them.
pub(super) fn check(export: &Export<'_>, mut rows: PermitRows, out: &mut ReportBuilder) {
    let requested =
        export.requested(name::PERMIT_DECISION, export.policy.require.contains(name::PERMIT_DECISION));
    let asked = matches!(requested, Requested::Evidence | Requested::Operator);
    let mut decisions = std::mem::take(&mut rows.decisions);
    for decision in &mut decisions {
        export.payload_label().clone_into(&mut decision.location.file);
    }
    let text_is_json = matches!(export.streamed.decoded, Decoded::Object(_) | Decoded::Lines(_));
    if asked && !text_is_json {
        permit::missing(
            "the export is not a JSON object, so it holds no permit decision binding",
            requested,
            out,
        );
        return;
    }
    permit::report(&decisions, requested, out);
    let here = |mut finding: Finding| {
        export.payload_label().clone_into(&mut finding.location.file);
        finding
    };
    for finding in rows.contradictions.into_iter().chain(rows.remarks) {
        out.finding(here(finding));
    }
    let mut by_permit: HashMap<String, Vec<&permit::DecisionRow>> = HashMap::new();
    for decision in &decisions {
        if let Some(id) = decision.permit_id() {
            by_permit.entry(id.trim().to_lowercase()).or_default().push(decision);
        }
    }
    for body in &rows.bodies {
        let own = by_permit.get(&body.permit_id().to_lowercase());
        for decision in own.into_iter().flatten().filter(|decision| body.is_of(decision)) {
            for finding in body.compare(decision) {
                out.finding(here(finding));
            }
        }
    }
    if rows.bodies_dropped > 0 && !decisions.is_empty() {
        let message = format!(
            "{} permit objects were not compared with decisions elsewhere in the export",
            rows.bodies_dropped
        );
        out.finding(Finding::notes(&catalog::export::PAYLOAD_NOT_EXAMINED, message));
    }
    describe(&decisions, out);
    check_review(export, out);
}

/// Judges the review transition that the export carries.
///
/// A claim set that asks for it is left alone: the reference never judges it in a split export, so that the
/// pack's author can only have relied on a refusal (spec 26 section 7).
fn check_review(export: &Export<'_>, out: &mut ReportBuilder) {
    let requested =
        export.requested(name::REVIEW_TRANSITION, export.policy.require.contains(name::REVIEW_TRANSITION));
    let fields = export.fields();
    let transition = fields.and_then(|fields| fields.member("review_transition"));
    let present = transition
        .and_then(|transition| transition.member("status"))
        .is_some_and(|status| status.is_text("present"));
    match requested {
        Requested::Operator => {}
        Requested::Automatic | Requested::Optional if present => {}
        _ => return,
    }
    let payload = fields
        .and_then(|fields| fields.member("permit_decision"))
        .and_then(|decision| decision.member("canonical_payload"));
    let table = KeyTable::for_purpose(export.binding_keys, PERMIT_BINDING_SIGNING);
    let mut row = permit::judge_review(transition, payload, export.binding_keys, &table);
    row.location =
        Location { file: export.payload_label().to_owned(), ..row.location.pointing("/review_transition") };
    permit::report_review(&row, requested, out);
}

/// The identity of the first permit, from signed bytes only.
fn describe(decisions: &[permit::DecisionRow], out: &mut ReportBuilder) {
    let Some(first) = decisions.first().filter(|row| row.verdict == Verdict::Supported) else { return };
    let Some(signed) = first.signed() else { return };
    let shown = [
        ("Permit", &signed.permit_id),
        ("Decision", &signed.decision),
        ("Provider", &signed.provider),
        ("Model", &signed.model),
        ("Expires", &signed.expires_at),
    ];
    if decisions.len() == 1 {
        out.artifact.signed.extend(
            shown.iter().filter_map(|(label, text)| Some(((*label).to_owned(), text.as_ref()?.to_string()))),
        );
    }
}
