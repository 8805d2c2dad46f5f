//! The reference verifier's report shape, `keel.verifier.verdicts/v0` (spec 08 section 4).
//!
//! Members in order of name, two spaces of indentation, ASCII only, a line end. Null members and empty arrays
//! of claims and subjects are left out, except the digest of a semantic reference. Exit status and verdicts
//! are ours (0, 1, 3, 4). What the shape has no room for stands under the one further member `x_keel_rs`.
//!
//! `claims` holds what the reference would adjudicate, and every contradiction. A claim that was looked at
//! only because the evidence carries something of it, and that lacks evidence, is listed under
//! `x_keel_rs.not_requested` instead: nobody asked, so a consumer that counts unsupported claims must not
//! count it.

use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::ascii;
use crate::finding::{Effect, Finding, Verdict, catalog};
use crate::registry;
use crate::report::{ClaimOutcome, PinSummary, Report, Requested, SubjectOutcome, TRUST_KIT};

/// The identifier that the document carries.
pub const SCHEMA_ID: &str = "keel.verifier.verdicts/v0";

/// Files whose path and digest the shape shows.
const FILE_ROLES: [&str; 3] = ["payload", "manifest", "checkpoint"];

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Writes the report and a line end.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    ascii::write(&Sorted(&document(report)), out)
}

/// The document as a value, for shapes that wrap it or add members to it.
#[must_use]
pub fn document(report: &Report) -> Value {
    let (shown, unrequested): (Vec<_>, Vec<_>) = report.claims.iter().partition(|claim| is_shown(claim));
    let exit = report.outcome.exit_status();
    let mut document = json!({
        "schema": SCHEMA_ID,
        "ok": exit == 0,
        "exit_code": exit,
        "artifact": artifact(report),
        "semantics": semantics(report),
        "claims": shown.into_iter().map(|claim| claim_value(report, claim)).collect::<Vec<_>>(),
        "diagnostics": diagnostics(report),
        "x_keel_rs": additions(report, &unrequested),
    });
    for (name, value) in &report.artifact.beside {
        put(&mut document, name, value.clone());
    }
    if exit != 0 {
        put(&mut document, "error", error(report));
    }
    document
}

fn is_shown(claim: &ClaimOutcome) -> bool {
    claim.requested != Requested::Automatic
        || matches!(claim.verdict, Verdict::Supported | Verdict::Disproved)
}

/// What ended the run in failure: the first serious finding, else the required claims that are not supported.
fn error(report: &Report) -> String {
    let serious = report.findings.iter().find(|finding| is_failure(finding));
    serious.map_or_else(
        || {
            let names =
                report.claims.iter().filter(|claim| claim.required && claim.verdict != Verdict::Supported);
            let mut names: Vec<&str> = names.map(|claim| claim.name).collect();
            names.sort_unstable();
            format!("required claims not supported: {}", names.join(", "))
        },
        |finding| format!("{}: {}", finding.code.id, finding.message),
    )
}

fn is_failure(finding: &Finding) -> bool {
    matches!(finding.effect, Effect::Fails { .. } | Effect::Unreadable)
}

fn artifact(report: &Report) -> Value {
    let mut artifact = json!({ "kind": report.artifact.kind });
    for file in report.artifact.files.iter().filter(|file| FILE_ROLES.contains(&file.role)) {
        put(&mut artifact, &format!("{}_path", file.role), file.path.clone());
        if let Some(sha256) = &file.sha256 {
            put(&mut artifact, &format!("{}_hash", file.role), sha256.clone());
        }
    }
    for (name, value) in &report.artifact.wire {
        put(&mut artifact, name, value.clone());
    }
    artifact
}

/// A run that never came to choosing rules is shown as one without pins, as the reference does.
fn semantics(report: &Report) -> Value {
    let unpinned = registry::unpinned();
    let summary = if report.semantics.mode.is_empty() { &unpinned } else { &report.semantics };
    let mut semantics = json!({
        "mode": summary.mode,
        "profile_id": summary.profile_id,
        "profile_hash": summary.profile_hash,
    });
    if let Some(warning) = &summary.warning {
        put(&mut semantics, "warning", warning.clone());
    }
    if let Some(pins) = &summary.pins {
        put(&mut semantics, "pins", pins.iter().map(pin).collect::<Vec<_>>());
    }
    semantics
}

fn pin(pin: &PinSummary) -> Value {
    // the shape knows three states, and none of them means "found, but not on the list"
    let status = if pin.status == "not_allowlisted" { "unresolved" } else { &pin.status };
    json!({ "id": pin.id, "hash": pin.hash, "source": pin.source, "status": status })
}

fn claim_value(report: &Report, claim: &ClaimOutcome) -> Value {
    let mut value = json!({
        "name": claim.name,
        "verdict": claim.verdict.as_str(),
        "required": claim.required,
        "verifier_version": VERSION,
    });
    if let Some((code, message)) = reason(report, claim) {
        put(&mut value, "reason_code", code);
        put(&mut value, "message", message);
    }
    put_list(&mut value, "subjects", claim.subjects.iter().map(subject));
    put_list(
        &mut value,
        "semantics",
        claim.semantics.iter().map(|semantics| json!({ "id": semantics.id, "hash": semantics.hash })),
    );
    put_list(&mut value, "evidence", claim.evidence.iter().map(|label| json!(label)));
    put_list(&mut value, "does_not_establish", claim.does_not_establish.iter().map(|text| json!(text)));
    if !claim.epistemic_state.is_empty() {
        let states: Map<String, Value> =
            claim.epistemic_state.iter().map(|(name, state)| (name.clone(), json!(state))).collect();
        put(&mut value, "epistemic_state", states);
    }
    value
}

/// The subject that decided, else the finding that lowered the claim below its subjects.
fn reason<'a>(report: &'a Report, claim: &'a ClaimOutcome) -> Option<(&'static str, &'a str)> {
    let decides = |subject: &&SubjectOutcome| subject.required && subject.verdict == claim.verdict;
    // of several supported subjects, the one that speaks for the claim as a whole
    let whole = |subject: &&SubjectOutcome| decides(subject) && subject.code.id.ends_with("_SUPPORTED");
    let subject = claim.subjects.iter().find(whole).or_else(|| claim.subjects.iter().find(decides));
    let subject = subject.map(|subject| (subject.code.id, subject.message.as_str()));
    // the finding of an optional subject does not lower the claim
    let counts = |finding: &&Finding| {
        let same =
            |subject: &SubjectOutcome| subject.code == finding.code && subject.message == finding.message;
        !claim.subjects.iter().any(|subject| !subject.required && same(subject))
    };
    let attached = || {
        let mut findings = report.findings.iter().filter(|finding| finding.claim == Some(claim.name));
        let finding =
            findings.find(|finding| finding.effect.verdict() == Some(claim.verdict) && counts(finding))?;
        Some((finding.code.id, finding.message.as_str()))
    };
    let any = || claim.subjects.first().map(|subject| (subject.code.id, subject.message.as_str()));
    subject.or_else(attached).or_else(any)
}

fn subject(subject: &SubjectOutcome) -> Value {
    let mut value = json!({
        "type": subject.kind,
        "verdict": subject.verdict.as_str(),
        "required": subject.required,
        "reason_code": subject.code.id,
        "message": subject.message,
        "verifier_version": VERSION,
    });
    if let Some(id) = &subject.id {
        put(&mut value, "id", id.clone());
    }
    put_list(&mut value, "evidence", subject.evidence.iter().map(|label| json!(label)));
    value
}

/// The lines that the reference prints too; what else there is to say stands under `x_keel_rs`.
fn diagnostics(report: &Report) -> Vec<String> {
    let shown = [&catalog::pins::SEMANTIC_PIN_HASH_MISMATCH];
    let findings = report.findings.iter().filter(|finding| shown.contains(&finding.code));
    let mut lines: Vec<String> = findings.map(|finding| finding.message.clone()).collect();
    lines.dedup();
    lines
}

fn additions(report: &Report, unrequested: &[&ClaimOutcome]) -> Value {
    let unrequested: Vec<Value> = unrequested
        .iter()
        .map(|claim| {
            let (code, message) = reason(report, claim).unwrap_or_default();
            json!({ "name": claim.name, "verdict": claim.verdict.as_str(), "reason_code": code, "message": message })
        })
        .collect();
    let mut additions = json!({
        "tool": { "name": crate::report::TOOL, "version": VERSION },
        "outcome": report.outcome,
        "as_of": report.as_of,
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "counts": report.counts,
        "coverage": report.coverage,
        "signers": report.signers,
        "signed": report.artifact.signed,
        "unsigned": report.artifact.unsigned,
        "not_requested": unrequested,
        "not_proven": report.not_proven,
        "accepted_without_trust": report.accepted_without_trust,
    });
    if let Some(kit) = report.artifact.files.iter().find(|file| file.role == TRUST_KIT) {
        put(&mut additions, TRUST_KIT, json!(kit));
    }
    additions
}

fn finding(finding: &Finding) -> Value {
    let verdict = match finding.effect {
        Effect::Notes => "note",
        Effect::Unreadable => "unreadable",
        Effect::Fails { verdict } | Effect::Limits { verdict } => verdict.as_str(),
    };
    json!({
        "code": finding.code.id,
        "verdict": verdict,
        "fails": is_failure(finding),
        "claim": finding.claim,
        "message": finding.message,
        "location": finding.location,
        "facts": finding.facts,
    })
}

fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value.into());
    }
}

fn put_list(object: &mut Value, name: &str, items: impl Iterator<Item = Value>) {
    let items: Vec<Value> = items.collect();
    if !items.is_empty() {
        put(object, name, items);
    }
}

/// Members in order of name, whatever order the map keeps.
struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_unstable_by(|left, right| left.0.cmp(right.0));
                let mut map = serializer.serialize_map(Some(sorted.len()))?;
                for (name, value) in sorted {
                    map.serialize_entry(name, &Sorted(value))?;
                }
                map.end()
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Sorted)),
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn rendered(report: &Report) -> (String, Value) {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    fn names(list: &Value) -> Vec<&str> {
        list.as_array().unwrap().iter().map(|claim| claim["name"].as_str().unwrap()).collect()
    }

    #[test]
    fn accepted_runs_show_no_unrequested_lack() {
        let (text, value) = rendered(&samples::accepted());
        assert!(text.ends_with("}\n") && text.is_ascii());
        assert_eq!((&value["ok"], &value["exit_code"]), (&json!(true), &json!(0)));
        assert!(value.get("error").is_none());
        assert_eq!(names(&value["claims"]), [samples::INTEGRITY, samples::IDENTITY]);
        assert_eq!(names(&value["x_keel_rs"]["not_requested"]), [samples::CLOSURE]);
        assert_eq!(value["claims"][1]["verdict"], "insufficient_evidence");
        assert_eq!(value["claims"][1]["required"], false);
        let integrity = &value["claims"][0];
        assert_eq!(integrity["reason_code"], "EXPORT_INTEGRITY_SUPPORTED");
        assert_eq!(
            integrity["semantics"],
            json!([{"id": "keel.export_manifest.integrity.v1", "hash": null}])
        );
        assert_eq!(integrity["subjects"][1]["type"], "manifest_signature");
        assert!(integrity.get("does_not_establish").is_none() && integrity.get("epistemic_state").is_none());
        assert_eq!(value["artifact"]["payload_path"], "größe/export.json");
        assert_eq!(value["artifact"]["payload_hash"], "sha256:00");
        assert_eq!(value["artifact"]["manifest_path"], "manifest.json");
        assert!(value["artifact"].get("manifest_hash").is_none());
        assert_eq!(value["artifact"]["trust_source"], "key manifest (keys.json)");
        assert_eq!(value["semantics"]["pins"].as_array().unwrap().len(), 17);
        assert_eq!(value["x_keel_rs"]["findings"][2]["verdict"], "note");
    }

    #[test]
    fn refused_runs_show_every_code_and_the_first_failure() {
        let (_, value) = rendered(&samples::refused());
        assert_eq!((&value["ok"], &value["exit_code"]), (&json!(false), &json!(1)));
        assert_eq!(value["error"], "WALK_RECORD_HASH_MISMATCH: record 1 differs\u{1b}[2J");
        let walk = &value["claims"][1];
        assert_eq!(walk["verdict"], "disproved");
        assert_eq!(walk["reason_code"], "WALK_SEQUENCE_INVERSION", "the optional subject does not decide");
        assert_eq!(walk["epistemic_state"], json!({"order": "verified"}));
        let codes: Vec<_> =
            value["x_keel_rs"]["findings"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
        assert!(codes.contains(&&json!("INPUT_LIMIT_EXCEEDED")) && codes.contains(&&json!("INPUT_LEFTOVER")));
        let unreadable = rendered(&samples::unreadable()).1;
        assert_eq!(unreadable["exit_code"], 4);
        assert_eq!(unreadable["semantics"]["mode"], "legacy_unpinned");
        assert!(unreadable["semantics"].get("pins").is_none());
    }

    #[test]
    fn members_are_sorted_at_every_level() {
        fn sorted(value: &str) -> bool {
            // the keys of one indentation level between two closing brackets rise
            let mut open: Vec<Option<String>> = Vec::new();
            for line in value.lines() {
                let line = line.trim_start();
                if line.starts_with(['}', ']']) {
                    open.pop();
                }
                if let Some((key, _)) = line.strip_prefix('"').and_then(|rest| rest.split_once("\": ")) {
                    let last = open.last_mut().unwrap();
                    if last.as_deref().is_some_and(|last| last >= key) {
                        return false;
                    }
                    *last = Some(key.to_owned());
                }
                if line.ends_with(['{', '[']) {
                    open.push(None);
                }
            }
            true
        }
        for (name, report) in samples::all() {
            assert!(sorted(&rendered(&report).0), "{name}");
        }
        assert!(!sorted("{\n  \"b\": 1,\n  \"a\": 2\n}"));
    }
}
