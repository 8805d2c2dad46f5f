//! SARIF 2.1.0: one run for each report, one result for each exception, rules with the catalogue's help.
//!
//! A result's level is `error` where the run fails for it, `warning` where something is not established that nobody
//! asked for, `note` else; what a policy accepts is suppressed with the policy's reason. Places are byte ranges and
//! JSON pointers, since evidence has no lines worth counting. Under a policy the first run has an error result for each
//! rule that is not met, and every run states the exit status that the policy comes to. What was verified, why keys are trusted and what is not
//! proven stand in the run's properties.

use std::io;

use serde_json::{Map, Value, json};

use super::document::{Document, Exception, gate_line};
use super::{ascii, escape, headline};
use crate::bytes::hex;
use crate::crypto::sha256;
use crate::finding::{Code, Location};
use crate::report::{FileSummary, GateRule, Report, RuleState, TOOL};

/// Writes the document and a line end.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(document: &Document<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let runs: Vec<Value> = (0..document.reports.len()).map(|position| run(document, position)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": if runs.is_empty() { vec![nothing(document)] } else { runs },
    });
    ascii::write(&log, out)
}

/// A run over no evidence, which must not look like a run without findings.
fn nothing(document: &Document<'_>) -> Value {
    let unmet = unmet(document);
    json!({
        "tool": driver(unmet.iter().map(|rule| gate_rule(rule)).collect()),
        "invocations": [{
            "executionSuccessful": false,
            "exitCode": document.outcome().exit_status(),
            "exitCodeDescription": "nothing was verified",
        }],
        "results": gate_results(document, &unmet, 0),
    })
}

fn run(document: &Document<'_>, position: usize) -> Value {
    let exceptions = document.exceptions(position);
    let Some(report) = document.reports.get(position) else { return Value::Null };
    let mut codes: Vec<&'static Code> = Vec::new();
    for exception in &exceptions {
        if !codes.iter().any(|code| code.id == exception.code.id) {
            codes.push(exception.code);
        }
    }
    let unmet = if position == 0 { unmet(document) } else { Vec::new() };
    let mut results: Vec<Value> = gate_results(document, &unmet, codes.len());
    results.extend(exceptions.iter().map(|exception| result(exception, &codes, report)));
    let rules = codes.iter().map(|code| rule(code)).chain(unmet.iter().map(|rule| gate_rule(rule)));
    let unlisted: Map<String, Value> = document
        .unlisted(position)
        .into_iter()
        .map(|(code, count)| (code.to_owned(), count.into()))
        .collect();
    let headline = headline::of(report);
    let mut properties = json!({
        "outcome": report.outcome,
        "headline": format!("{}: {}", headline.word, headline.text),
        "asOf": report.as_of,
        "claims": report.claims,
        "signers": report.signers,
        "coverage": report.coverage,
        "notProven": report.not_proven,
        "unlistedFindings": unlisted,
    });
    if let (Some(gate), Some(members)) = (document.gate, properties.as_object_mut()) {
        members.insert("policyGate".to_owned(), json!({"line": gate_line(gate), "result": gate}));
    }
    let status = document.gate.map_or(report.outcome, |gate| gate.outcome).exit_status();
    json!({
        "tool": driver(rules.collect()),
        "invocations": [{"executionSuccessful": status != 4, "exitCode": status}],
        "artifacts": report.artifact.files.iter().map(artifact).collect::<Vec<_>>(),
        "results": results,
        "columnKind": "unicodeCodePoints",
        "properties": properties,
    })
}

/// The rules of the policy that are not met.
fn unmet<'a>(document: &Document<'a>) -> Vec<&'a GateRule> {
    let rules = document.gate.map(|gate| gate.rules.as_slice()).unwrap_or_default();
    rules.iter().filter(|rule| rule.state != RuleState::Met).collect()
}

fn gate_rule(rule: &GateRule) -> Value {
    let text = format!(
        "The policy of this pipeline has the rule {}, and the evidence does not meet it. The message says what was \
         demanded and what was found.",
        rule.id
    );
    json!({
        "id": gate_rule_id(rule),
        "shortDescription": {"text": format!("Rule {} of the policy is not met", rule.id)},
        "fullDescription": {"text": text},
        "help": {"text": text, "markdown": text},
        "properties": {"tags": ["policy"]},
    })
}

fn gate_rule_id(rule: &GateRule) -> String {
    format!("policy.{}", rule.id)
}

/// One error for each rule that is not met; their rules stand from `first` on.
fn gate_results(document: &Document<'_>, unmet: &[&GateRule], first: usize) -> Vec<Value> {
    let file = document.gate.map_or("", |gate| gate.policy.as_str());
    unmet
        .iter()
        .enumerate()
        .map(|(number, rule)| {
            let text = format!("{}: {}: {}", rule.id, rule.state.as_str(), escape(&rule.message));
            let print = hex::encode(&sha256([rule.id, file].join("\n").as_bytes()));
            json!({
                "ruleId": gate_rule_id(rule),
                "ruleIndex": first.saturating_add(number),
                "level": "error",
                "message": {"text": unlinked(&text)},
                "locations": location(None, Some(file)),
                "partialFingerprints": {"keelRule/v1": print},
                "properties": {"state": rule.state},
            })
        })
        .collect()
}

fn driver(rules: Vec<Value>) -> Value {
    json!({"driver": {
        "name": TOOL,
        "version": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    }})
}

/// Everything here comes from the catalogue, which has no text of anybody else.
fn rule(code: &Code) -> Value {
    json!({
        "id": code.id,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.explanation},
        "help": {
            "text": format!("What was compared: {}\nWhat to do: {}", code.explanation, code.remedy),
            "markdown": format!(
                "**What was compared**\n\n{}\n\n**What to do**\n\n{}\n\n`keel-verify explain {}` says more.",
                code.explanation, code.remedy, code.id
            ),
        },
        "properties": {"since": code.since, "tags": ["evidence"]},
    })
}

fn artifact(file: &FileSummary) -> Value {
    let mut artifact = json!({
        "location": {"uri": uri(&file.path)},
        "properties": {"role": file.role, "path": escape(&file.path)},
    });
    if let Some(members) = artifact.as_object_mut() {
        if let Some(digest) = file.sha256.as_deref().and_then(|digest| digest.strip_prefix("sha256:")) {
            members.insert("hashes".to_owned(), json!({"sha-256": digest}));
        }
        if let Some(bytes) = file.bytes {
            members.insert("length".to_owned(), bytes.into());
        }
    }
    artifact
}

fn result(exception: &Exception<'_>, rules: &[&'static Code], report: &Report) -> Value {
    let index = rules.iter().position(|rule| rule.id == exception.code.id);
    let mut text = format!("{}: {}", exception.code.title, escape(exception.message));
    for fact in exception.facts {
        text.push_str(&format!("; {}: {}", fact.label, escape(&fact.value)));
    }
    let first = report.artifact.files.first().map(|file| file.path.as_str());
    let mut result = json!({
        "ruleId": exception.code.id,
        "ruleIndex": index,
        "level": exception.severity.as_str(),
        "message": {"text": unlinked(&text)},
        "locations": location(exception.location, exception.file().or(first)),
        "partialFingerprints": {"keelFinding/v1": fingerprint(exception)},
        "properties": {"effect": exception.effect, "claim": exception.claim},
    });
    if let (Some(accepted), Some(members)) = (exception.accepted, result.as_object_mut()) {
        let justification = format!("{} (accepted until {})", escape(&accepted.reason), accepted.until);
        let suppression = json!([{"kind": "external", "status": "accepted", "justification": justification}]);
        members.insert("suppressions".to_owned(), suppression);
    }
    result
}

fn location(place: Option<&Location>, file: Option<&str>) -> Value {
    let Some(file) = file.filter(|file| !file.is_empty()) else { return json!([]) };
    let mut physical = json!({"artifactLocation": {"uri": uri(file)}});
    let bytes = place.and_then(|place| place.bytes.as_ref());
    if let (Some(bytes), Some(members)) = (bytes, physical.as_object_mut()) {
        let length = bytes.end.saturating_sub(bytes.start);
        members.insert("region".to_owned(), json!({"byteOffset": bytes.start, "byteLength": length}));
    }
    let mut location = json!({"physicalLocation": physical});
    let pointer = place.and_then(|place| place.pointer.as_deref()).filter(|pointer| !pointer.is_empty());
    if let (Some(pointer), Some(members)) = (pointer, location.as_object_mut()) {
        let logical = json!([{"fullyQualifiedName": escape(pointer), "kind": "member"}]);
        members.insert("logicalLocations".to_owned(), logical);
    }
    json!([location])
}

/// The same finding in the next run over other bytes has the same fingerprint.
pub(super) fn fingerprint(exception: &Exception<'_>) -> String {
    let place = exception.location;
    let parts = [
        exception.code.id,
        exception.claim.unwrap_or_default(),
        exception.file().unwrap_or_default(),
        place.and_then(|place| place.pointer.as_deref()).unwrap_or_default(),
        exception.message,
    ];
    hex::encode(&sha256(parts.join("\n").as_bytes()))
}

/// A path as a relative reference: whatever is not plain is a percent escape, so that nothing in it can be a scheme.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    match uri.starts_with("//") {
        true => format!("/.{uri}"),
        false => uri,
    }
}

/// Plain text without the embedded links of section 3.11.6.
fn unlinked(text: &str) -> String {
    text.replace("](", "] (")
}
