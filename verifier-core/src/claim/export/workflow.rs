//! Workflow evidence and incident bundles of an export, judged by [`crate::claim::workflow`] and
//! [`crate::claim::incident`] (spec 06 section 1).

use super::Export;
use crate::claim::workflow::{self, SiblingInput, SnapshotPlace, SnapshotRow};
use crate::claim::{incident, walk};
use crate::evidence::Fields;
use crate::evidence::stream::Decoded;
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::report::ReportBuilder;

const LABEL: &str = "WORKFLOW-EVIDENCE";
const SCHEMAS: [&str; 2] = ["keel.workflow_evidence/v1", "keel.vanta.workflow_evidence/v1"];

/// Runs what applies: the payload is a workflow document, or has one beside it, or is an incident bundle.
pub(super) fn check(export: &Export<'_>, snapshots: Vec<SnapshotRow>, out: &mut ReportBuilder) {
    let label = export.payload_label();
    let schema = export.fields().and_then(|fields| fields.text("schema"));
    if schema.is_some_and(|schema| SCHEMAS.contains(&&*schema)) {
        match export.document() {
            Ok(document) => {
                workflow::check_document(document.root(), LABEL, label, export.binding_keys, out);
            }
            Err(error) => {
                let finding = Finding::new(&catalog::input::INPUT_LIMIT_EXCEEDED, Effect::Unreadable, error);
                out.finding(finding.at(Location::file(label)));
            }
        }
        return;
    }
    let place = SnapshotPlace { label: LABEL, file: label, pointer: Some("/records") };
    let mut history = None;
    if let (Some(manifest), Some(part)) = (export.manifest, &export.set.manifest) {
        let input = SiblingInput {
            manifest: manifest.root(),
            manifest_file: manifest.label(),
            siblings: &*part.siblings,
            export_keys: export.keys,
            binding_keys: export.binding_keys,
            limits: &export.policy.limits,
        };
        history = workflow::check_sibling(&input, out);
        workflow::check_unnamed(manifest.root(), &*part.siblings, out);
    }
    let has_records = export.fields().is_some_and(|fields| fields.count("records").is_some());
    match &history {
        Some(history) if has_records => workflow::check_snapshots(snapshots, history, &place, out),
        _ => workflow::note_missing_history(snapshots, &place, out),
    }
    if matches!(export.streamed.decoded, Decoded::Opaque | Decoded::OtherJson | Decoded::Object(_)) {
        incident_bundle(export, out);
    }
}

fn incident_bundle(export: &Export<'_>, out: &mut ReportBuilder) {
    let export_type = export.manifest.and_then(|manifest| manifest.text("export_type"));
    let is_zip =
        export.streamed.magic.starts_with(b"PK\x03\x04") || export.streamed.magic.starts_with(b"PK\x05\x06");
    if !is_zip && export_type.as_deref() != Some(incident::EXPORT_TYPE) {
        return;
    }
    let input = incident::IncidentInput {
        zip: &export.set.payload.entry,
        manifest: export.manifest.map(super::Manifest::root),
        manifest_file: export.manifest_label(),
        export_type: export_type.as_deref(),
        binding_keys: export.binding_keys,
        limits: &export.policy.limits,
    };
    let Some(bundle) = incident::check(&input, out) else { return };
    if let Some(events) = &bundle.governance_events {
        walk::check_incident_events(events, export.policy, out);
    }
    if bundle.bracket_checkpoints.is_some() {
        let title = "checkpoints around the incident";
        out.skipped(
            "incident.checkpoints",
            title,
            "this release does not verify checkpoints inside incident bundles",
        );
        let message = "bracket_checkpoints.json was located and not verified";
        let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
        out.finding(
            Finding::new(&catalog::input::KIND_NOT_VERIFIED, effect, message)
                .at(Location::file(export.payload_label())),
        );
    }
}
