//! `export.scope_identity.v1`: do the manifest's identity members fit the payload (spec 02 section 7)?
//!
//! The claim is optional: a lack does not fail the run. A contradiction does, unlike in the reference, which exits 0
//! on a wrong record count.

use super::Export;
use crate::claim::name;
use crate::evidence::Fields;
use crate::evidence::stream::Decoded;
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::json::{Kind, Value};
use crate::report::{ReportBuilder, Requested, Subject};

const CLAIM: &str = name::SCOPE_IDENTITY;
const MEMBERS: [&str; 6] = ["export_id", "project_id", "export_type", "format", "compressed", "record_count"];

/// Emits the claim when the manifest has any identity member, and compares the payload's form.
pub(crate) fn check(export: &Export<'_>, out: &mut ReportBuilder) {
    let Some(manifest) = export.manifest else { return };
    let root = manifest.root();
    form(export, root, out);
    let missing: Vec<&str> = MEMBERS.into_iter().filter(|name| root.member(name).is_none()).collect();
    if missing.len() == MEMBERS.len() {
        return;
    }
    out.claim(CLAIM, Requested::Optional);
    out.evidence(CLAIM, &["manifest", "export"]);
    let subject = || Subject::new("export_scope_identity", export.payload_label());
    let limits = |code, verdict, message: String| Finding::new(code, Effect::Limits { verdict }, message);
    if !missing.is_empty() {
        let message = format!("manifest identity fields missing: {}", missing.join(", "));
        let code = &catalog::export::EXPORT_SCOPE_IDENTITY_INCOMPLETE;
        out.unsupported(CLAIM, subject(), limits(code, Verdict::InsufficientEvidence, message));
        return;
    }
    let count = match &export.streamed.decoded {
        Decoded::Object(object) => object.count("records"),
        Decoded::Lines(count) => Some(*count),
        _ => None,
    };
    let Some(count) = count else {
        let message = "export payload shape does not expose a verifiable record_count".to_owned();
        let code = &catalog::export::EXPORT_SCOPE_IDENTITY_UNVERIFIABLE;
        out.unsupported(CLAIM, subject(), limits(code, Verdict::UnverifiableScope, message));
        return;
    };
    let place = |member: &str| Location::file(manifest.label()).pointing(format!("/{member}"));
    let stated = root.member("record_count");
    if !stated.is_some_and(|value| is_count(value, count)) {
        let stated =
            stated.map_or_else(String::new, |value| String::from_utf8_lossy(value.raw()).into_owned());
        let message = format!("manifest record_count={stated} does not match payload records={count}");
        let finding = Finding::disproves(&catalog::export::EXPORT_SCOPE_RECORD_COUNT_MISMATCH, message)
            .at(place("record_count"))
            .fact("stated", stated)
            .fact("counted", count.to_string());
        out.unsupported(CLAIM, subject(), finding);
        return;
    }
    let own = export.fields().and_then(|fields| fields.member("project_id")).and_then(Value::text);
    if let (Some(stated), Some(own)) = (root.member_text("project_id"), own)
        && stated != own
    {
        let message = "manifest project_id does not match payload project_id";
        let finding = Finding::disproves(&catalog::export::EXPORT_SCOPE_PROJECT_ID_MISMATCH, message)
            .at(place("project_id"))
            .fact("manifest", stated)
            .fact("payload", own);
        out.unsupported(CLAIM, subject(), finding);
        return;
    }
    out.supported(
        CLAIM,
        subject(),
        &catalog::export::EXPORT_SCOPE_IDENTITY_SUPPORTED,
        "manifest identity fields match the export payload shape",
    );
}

fn is_count(value: Value<'_>, count: u64) -> bool {
    value.kind() == Kind::Int && value.number().is_some_and(|number| number == count.to_string())
}

/// `compressed` and `format` state facts about bytes that were read.
fn form(export: &Export<'_>, root: Value<'_>, out: &mut ReportBuilder) {
    let mut contradiction = |member: &str, message: String| {
        let label = export.manifest.map(|manifest| manifest.label().to_owned()).unwrap_or_default();
        out.finding(
            Finding::disproves(&catalog::export::MANIFEST_PAYLOAD_CONTRADICTION, message)
                .at(Location::file(label).pointing(format!("/{member}"))),
        );
    };
    if let Some(compressed) = root.member("compressed").and_then(Value::as_bool)
        && compressed != export.streamed.gzip
    {
        let actual = if export.streamed.gzip { "gzip" } else { "not gzip" };
        contradiction("compressed", format!("manifest compressed={compressed}, but the payload is {actual}"));
    }
    let format = root.member_text("format");
    let is_json = matches!(export.streamed.decoded, Decoded::Object(_) | Decoded::OtherJson);
    let is_lines = matches!(export.streamed.decoded, Decoded::Lines(_));
    if format.as_deref() == Some("jsonl")
        && is_json
        && export.fields().is_some_and(|fields| fields.has("records"))
    {
        contradiction("format", "manifest format=jsonl, but the payload is one JSON document".to_owned());
    }
    if format.as_deref() == Some("csv") && (is_json || is_lines) {
        contradiction("format", "manifest format=csv, but the payload is JSON".to_owned());
    }
    if format.as_deref() == Some("json") && is_lines {
        contradiction("format", "manifest format=json, but the payload is JSON lines".to_owned());
    }
}
