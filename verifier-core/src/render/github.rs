//! Annotations of GitHub Actions: workflow commands, one line each, most serious first, then the outcome as plain text.
//!
//! A command is `::error file=…,title=…::message`; in a message `%`, CR and LF are escaped, in a property `:` and `,`
//! too. All text is cleaned of control characters first, so no evidence can begin a line of its own. The service shows
//! ten annotations of a level for each step; the log has all.

use std::io::{self, Write};

use super::document::{Document, Exception, gate_line, word};
use super::headline;
use crate::finding::Severity;
use crate::report::RuleState;

/// Writes the annotations.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(document: &Document<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    for (position, report) in document.reports.iter().enumerate() {
        let exceptions = document.exceptions(position);
        let first = report.artifact.files.first().map(|file| file.path.as_str());
        for exception in &exceptions {
            let file = exception.file().or(first).unwrap_or_default();
            command(level(exception), file, exception.code.id, &message(exception), out)?;
        }
        for (code, more) in document.unlisted(position) {
            let text = format!("{more} more findings of this code are counted and not listed");
            command("notice", first.unwrap_or_default(), code, &text, out)?;
        }
        let headline = headline::of(report);
        writeln!(out, "{}: {}", headline.word, headline.text)?;
    }
    let Some(gate) = document.gate else {
        if document.reports.len() != 1 {
            writeln!(out, "{}: {} sets of evidence", word(document.outcome()), document.reports.len())?;
        }
        return Ok(());
    };
    for rule in gate.rules.iter().filter(|rule| rule.state != RuleState::Met) {
        command("error", &gate.policy, rule.id, &format!("{}: {}", rule.state.as_str(), rule.message), out)?;
    }
    writeln!(out, "Policy gate {}", gate_line(gate))
}

fn level(exception: &Exception<'_>) -> &'static str {
    match exception.severity {
        _ if exception.accepted.is_some() => "notice",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

fn message(exception: &Exception<'_>) -> String {
    let claim = exception.claim.map(|claim| format!("{claim}: ")).unwrap_or_default();
    format!("{claim}{}\nWhat to do: {}", exception.text(), exception.code.remedy)
}

fn command(level: &str, file: &str, title: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut properties = Vec::new();
    if !file.is_empty() {
        properties.push(format!("file={}", property(file)));
    }
    properties.push(format!("title={}", property(title)));
    writeln!(out, "::{level} {}::{}", properties.join(","), data(text))
}

/// The text of a command.
fn data(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(super::escape).collect();
    lines.join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
