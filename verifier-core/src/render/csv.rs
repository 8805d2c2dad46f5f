//! CSV (RFC 4180) that a spreadsheet opens as text and figures, never as formulas; and the table of exceptions, rules of
//! a policy that are not met first.
//!
//! The first lines of the table begin with `#` and name evidence, trust and outcome, because a table is passed on
//! without its report.

use std::io::{self, Write};

use super::document::{Document, gate_line, word};
use super::{escape, headline};
use crate::finding::Severity;
use crate::report::{Report, RuleState};

const COLUMNS: [&str; 16] = [
    "set",
    "outcome",
    "severity",
    "effect",
    "code",
    "title",
    "claim",
    "message",
    "file",
    "pointer",
    "first_byte",
    "end_byte",
    "facts",
    "remedy",
    "accepted_until",
    "accepted_reason",
];

/// Writes the exceptions of all reports.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(document: &Document<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "# {} by keel-verify {}", word(document.outcome()), env!("CARGO_PKG_VERSION"))?;
    if let Some(gate) = document.gate {
        let policy = format!("policy {} {}, as of {}", gate.policy, gate.sha256, gate.as_of);
        comment(&format!("{policy}: {}", gate_line(gate)), out)?;
        for rule in &gate.rules {
            comment(&format!("rule {}: {}: {}", rule.id, rule.state.as_str(), rule.message), out)?;
        }
    }
    for (position, report) in document.reports.iter().enumerate() {
        write_head(position, report, out)?;
        for (code, more) in document.unlisted(position) {
            writeln!(
                out,
                "# set {}: {more} more findings of {code} are counted and not listed",
                number(position)
            )?;
        }
    }
    row(&COLUMNS.map(str::to_owned), out)?;
    let unmet = document.gate.into_iter().flat_map(|gate| gate.rules.iter().map(move |rule| (gate, rule)));
    for (gate, rule) in unmet.filter(|(_, rule)| rule.state != RuleState::Met) {
        let mut cells = COLUMNS.map(|_| String::new());
        let own = [
            (1, word(gate.outcome).to_lowercase()),
            (2, Severity::Error.as_str().to_owned()),
            (3, rule.state.as_str().to_owned()),
            (4, format!("policy.{}", rule.id)),
            (5, "A rule of the policy is not met".to_owned()),
            (7, text(&rule.message)),
            (8, text(&gate.policy)),
        ];
        for (at, value) in own {
            cells.iter_mut().skip(at).take(1).for_each(|cell| value.clone_into(cell));
        }
        row(&cells, out)?;
    }
    for (position, report) in document.reports.iter().enumerate() {
        for one in document.exceptions(position) {
            let place = one.location;
            let bytes = place.and_then(|place| place.bytes.as_ref());
            let facts: Vec<String> =
                one.facts.iter().map(|fact| format!("{}: {}", fact.label, fact.value)).collect();
            let cells = [
                number(position).to_string(),
                word(report.outcome).to_lowercase(),
                one.severity.as_str().to_owned(),
                one.effect.to_owned(),
                one.code.id.to_owned(),
                one.code.title.to_owned(),
                one.claim.unwrap_or_default().to_owned(),
                text(one.message),
                text(one.file().unwrap_or_default()),
                text(place.and_then(|place| place.pointer.as_deref()).unwrap_or_default()),
                bytes.map(|bytes| bytes.start.to_string()).unwrap_or_default(),
                bytes.map(|bytes| bytes.end.to_string()).unwrap_or_default(),
                text(&facts.join("; ")),
                one.code.remedy.to_owned(),
                one.accepted.map(|own| own.until.clone()).unwrap_or_default(),
                text(one.accepted.map_or("", |own| &own.reason)),
            ];
            row(&cells, out)?;
        }
    }
    Ok(())
}

fn number(position: usize) -> usize {
    position.saturating_add(1)
}

fn write_head(position: usize, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let set = number(position);
    let headline = headline::of(report);
    comment(&format!("set {set}: {}: {}, as of {}", headline.word, headline.text, report.as_of), out)?;
    for file in &report.artifact.files {
        let digest = file.sha256.as_deref().unwrap_or("digest unknown");
        comment(&format!("set {set}: {} {} {digest}", file.role, file.path), out)?;
    }
    for signer in &report.signers {
        let (signed, key, source) = (&signer.signed, &signer.public_key, &signer.source);
        comment(&format!("set {set}: {signed} signed by {key}: {source}"), out)?;
    }
    if report.signers.is_empty() {
        writeln!(out, "# set {set}: no signature was established")?;
    }
    Ok(())
}

fn comment(text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# {}", comment_text(text))
}

/// Text of the evidence for a line before a table: what acts is spelled out, and what separates cells is replaced, so
/// that no part of it can become a cell.
#[must_use]
pub fn comment_text(text: &str) -> String {
    escape(text).replace([',', ';', '"'], " ")
}

/// Text of the evidence as a cell: what acts is spelled out, and what a spreadsheet would compute is quoted.
#[must_use]
pub fn text(text: &str) -> String {
    let text = escape(text);
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.into_owned(),
    }
}

/// Writes a line of finished cells; lines end with a line feed.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn row(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        if cell.contains(['"', ',', '\n', '\r']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}
