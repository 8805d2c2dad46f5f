//! One HTML file that needs nothing else: no script, no font, no picture, no address. It prints on A4, exceptions first.
//!
//! Every state has a word and a mark besides its colour; tables have captions and heading cells; headings follow each
//! other without gaps. A content security policy forbids everything but the style in the file, so that even a fault of
//! the escaping could load nothing.

mod sections;

use std::io::{self, Write};

use super::document::{Document, gate_line, word};
use super::junit::xml;
use crate::report::{Gate, Outcome, RuleState};

const STYLE: &str = include_str!("style.css");

/// Writes the document.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(document: &Document<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let outcome = document.outcome();
    writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'\">"
    )?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(
        out,
        "<title>keel-verify: {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>",
        word(outcome)
    )?;
    writeln!(out, "<h1>Verification of evidence</h1>")?;
    let line = match (document.gate, document.reports.len()) {
        (Some(gate), _) => gate_line(gate),
        (None, 1) => "one set of evidence".to_owned(),
        (None, count) => format!("{count} sets of evidence; the worst of them decides"),
    };
    banner(outcome, word(outcome), &line, out)?;
    totals(document, out)?;
    if let Some(gate) = document.gate {
        write_gate(gate, out)?;
    }
    for position in 0..document.reports.len() {
        sections::write(document, position, out)?;
    }
    writeln!(
        out,
        "</main>\n<footer><p>Written by keel-verify {}. The report states what was found; it is not signed.</p></footer>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION")
    )
}

fn write_gate(gate: &Gate, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h2>Policy gate</h2>")?;
    let note = format!("{} {}, applied as of {}", gate.policy, gate.sha256, gate.as_of);
    table_head(&note, &["Rule", "Result", "What was demanded and found"], out)?;
    for rule in &gate.rules {
        let class = if rule.state == RuleState::Met { "good" } else { "bad" };
        let mark = if rule.state == RuleState::Met { "✓" } else { "✗" };
        row(
            &[
                Cell::Heading(rule.id),
                Cell::State(class, mark, rule.state.as_str()),
                Cell::Text(&rule.message),
            ],
            out,
        )?;
    }
    table_foot(out)
}

/// How many sets came to what, and how many exceptions of each kind there are.
fn totals(document: &Document<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h2>Totals</h2>")?;
    table_head(
        "Sets of evidence",
        &["Set", "Outcome", "Claims supported", "Errors", "Warnings", "Notes"],
        out,
    )?;
    for (position, report) in document.reports.iter().enumerate() {
        let exceptions = document.exceptions(position);
        let count = |severity| {
            let of = exceptions.iter().filter(|one| one.severity == severity && one.accepted.is_none());
            of.count().to_string()
        };
        use crate::finding::Severity::{Error, Note, Warning};
        let supported =
            report.claims.iter().filter(|claim| claim.verdict == crate::finding::Verdict::Supported).count();
        let (class, mark) = outcome_class(report.outcome);
        row(
            &[
                Cell::Heading(&super::headline::subject(report)),
                Cell::State(class, mark, word(report.outcome)),
                Cell::Number(&format!("{supported} of {}", report.claims.len())),
                Cell::Number(&count(Error)),
                Cell::Number(&count(Warning)),
                Cell::Number(&count(Note)),
            ],
            out,
        )?;
    }
    table_foot(out)
}

fn outcome_class(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Verified => ("good", "✓"),
        Outcome::Disproved | Outcome::Unreadable => ("bad", "✗"),
        Outcome::NotEstablished => ("open", "—"),
    }
}

fn banner(outcome: Outcome, word: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let (class, mark) = outcome_class(outcome);
    writeln!(
        out,
        "<div class=\"banner {class}\"><strong>{mark} {}</strong><p>{}</p></div>",
        xml(word),
        xml(text)
    )
}

/// A cell of a table. All text is escaped when it is written.
enum Cell<'a> {
    Heading(&'a str),
    Text(&'a str),
    Code(&'a str),
    Number(&'a str),
    /// Class, mark, word.
    State(&'static str, &'static str, &'a str),
}

fn table_head(caption: &str, titles: &[&str], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<table>\n<caption>{}</caption>\n<thead><tr>", xml(caption))?;
    for title in titles {
        write!(out, "<th scope=\"col\">{}</th>", xml(title))?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")
}

fn row(cells: &[Cell<'_>], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<tr>")?;
    for cell in cells {
        match cell {
            Cell::Heading(text) => write!(out, "<th scope=\"row\">{}</th>", xml(text))?,
            Cell::Text(text) => write!(out, "<td>{}</td>", xml(text))?,
            Cell::Code(text) => write!(out, "<td><code>{}</code></td>", xml(text))?,
            Cell::Number(text) => write!(out, "<td class=\"number\">{}</td>", xml(text))?,
            Cell::State(class, mark, word) => {
                write!(out, "<td class=\"state {class}\">{mark} {}</td>", xml(word))?;
            }
        }
    }
    writeln!(out, "</tr>")
}

fn table_foot(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "</tbody>\n</table>")
}
