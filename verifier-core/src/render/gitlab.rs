//! GitLab's code quality report: an array of issues, most serious first.
//!
//! Severities: `critical` for what the evidence disproves or what cannot be read, `major` for the rest that fails the
//! run, `minor` for what is not established and not demanded, `info` else and for what a policy accepts. A run that is not
//! verified has at least one issue.

use std::io;

use serde_json::{Value, json};

use super::document::{Document, Exception, gate_line, word};
use super::{ascii, escape, sarif};
use crate::bytes::hex;
use crate::crypto::sha256;
use crate::finding::Severity;
use crate::report::{Outcome, RuleState};

/// Writes the document and a line end.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(document: &Document<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut issues = Vec::new();
    for (position, report) in document.reports.iter().enumerate() {
        let first = report.artifact.files.first().map_or("", |file| file.path.as_str());
        for exception in document.exceptions(position) {
            let text = format!("{}: {}", exception.code.title, exception.text());
            let path = exception.file().unwrap_or(first);
            let print = sarif::fingerprint(&exception);
            issues.push(issue(exception.code.id, &text, &print, severity(&exception), path));
        }
    }
    if let Some(gate) = document.gate {
        for rule in gate.rules.iter().filter(|rule| rule.state != RuleState::Met) {
            let text = format!("{}: {}", rule.state.as_str(), escape(&rule.message));
            issues.push(issue(rule.id, &text, &print(&[rule.id, &rule.message]), "major", &gate.policy));
        }
    }
    if issues.is_empty() && document.outcome() != Outcome::Verified {
        let text = match document.gate {
            Some(gate) => gate_line(gate),
            None => format!("{}: nothing was verified", word(document.outcome())),
        };
        issues.push(issue("outcome", &text, &print(&[&text]), "critical", ""));
    }
    ascii::write(&issues, out)
}

fn print(parts: &[&str]) -> String {
    hex::encode(&sha256(parts.join("\n").as_bytes()))
}

fn severity(exception: &Exception<'_>) -> &'static str {
    match (exception.severity, exception.effect) {
        _ if exception.accepted.is_some() => "info",
        (Severity::Error, "disproved" | "unreadable") => "critical",
        (Severity::Error, _) => "major",
        (Severity::Warning, _) => "minor",
        (Severity::Note, _) => "info",
    }
}

fn issue(name: &str, text: &str, print: &str, severity: &str, path: &str) -> Value {
    let path = if path.is_empty() { "evidence" } else { path.trim_start_matches("./") };
    json!({
        "description": text,
        "check_name": name,
        "fingerprint": print,
        "severity": severity,
        "location": {"path": escape(path), "lines": {"begin": 1}},
    })
}
