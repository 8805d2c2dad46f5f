//! Markdown for a job summary (GitHub Flavored Markdown): outcome, exceptions first, then what the outcome rests on.
//!
//! Text of the evidence is made inert: every character that could begin a link, a mention, code, emphasis, HTML or a
//! table cell is escaped.

use std::io::{self, Write};

use super::document::{Document, Exception, gate_line, word};
use super::headline;
use crate::finding::{Severity, Verdict};
use crate::report::{Gate, Outcome, Report, RuleState};

/// Writes the document.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(document: &Document<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let outcome = document.outcome();
    writeln!(out, "# {} keel-verify: {}\n", mark(outcome), word(outcome))?;
    if let Some(gate) = document.gate {
        write_gate(gate, out)?;
    }
    if document.reports.is_empty() {
        writeln!(out, "Nothing was verified.\n")?;
    }
    for (position, report) in document.reports.iter().enumerate() {
        write_report(document, position, report, out)?;
    }
    Ok(())
}

fn write_gate(gate: &Gate, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Policy gate\n\n{}\n", inert(&gate_line(gate)))?;
    table(&["Rule", "Result", "What was demanded and found"], out)?;
    for rule in &gate.rules {
        let mark = if rule.state == RuleState::Met { "✓" } else { "✗" };
        cells(&[rule.id.to_owned(), format!("{mark} {}", rule.state.as_str()), inert(&rule.message)], out)?;
    }
    writeln!(out, "\nPolicy {} {}, as of {}.\n", inert(&gate.policy), inert(&gate.sha256), inert(&gate.as_of))
}

fn write_report(
    document: &Document<'_>,
    position: usize,
    report: &Report,
    out: &mut dyn Write,
) -> io::Result<()> {
    let headline = headline::of(report);
    writeln!(out, "## {} {}\n\n{}\n", mark(report.outcome), headline.word, inert(&headline.text))?;
    write_exceptions(document, position, out)?;
    write_claims(report, out)?;
    write_basis(report, out)?;
    if !report.not_proven.is_empty() {
        writeln!(out, "### Not proven\n")?;
        report.not_proven.iter().try_for_each(|text| writeln!(out, "- {}", inert(text)))?;
        writeln!(out)?;
    }
    let steps = headline::next_steps(report);
    if !steps.is_empty() {
        writeln!(out, "### What to do next\n")?;
        steps.iter().try_for_each(|code| writeln!(out, "- `{}`: {}", code.id, inert(code.remedy)))?;
        writeln!(out)?;
    }
    writeln!(out, "Verdicts as of {} by keel-verify {}.\n", inert(&report.as_of), env!("CARGO_PKG_VERSION"))
}

fn write_exceptions(document: &Document<'_>, position: usize, out: &mut dyn Write) -> io::Result<()> {
    let exceptions = document.exceptions(position);
    if exceptions.is_empty() {
        return writeln!(out, "No exceptions.\n");
    }
    writeln!(out, "### Exceptions ({})\n", exceptions.len())?;
    table(&["Severity", "Code", "Claim", "What was found"], out)?;
    for exception in &exceptions {
        cells(
            &[
                severity(exception).to_owned(),
                format!("`{}`", exception.code.id),
                exception.claim.map(inert).unwrap_or_default(),
                inert(&exception.text()),
            ],
            out,
        )?;
    }
    for (code, more) in document.unlisted(position) {
        cells(
            &["".to_owned(), format!("`{code}`"), "".to_owned(), format!("and {more} more, not listed")],
            out,
        )?;
    }
    writeln!(out)
}

fn severity(exception: &Exception<'_>) -> &'static str {
    match exception.severity {
        _ if exception.accepted.is_some() => "accepted",
        Severity::Error => "**error**",
        other => other.as_str(),
    }
}

fn write_claims(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### Claims\n")?;
    if report.claims.is_empty() {
        return writeln!(out, "None was evaluated.\n");
    }
    table(&["Verdict", "Claim", "Required", "Why"], out)?;
    for claim in &report.claims {
        let mark = match claim.verdict {
            Verdict::Supported => "✓",
            Verdict::Disproved => "✗",
            Verdict::InsufficientEvidence | Verdict::UnverifiableScope => "—",
        };
        let why = claim.deciding_subject().map(|subject| inert(&subject.message)).unwrap_or_default();
        let required = if claim.required { "yes" } else { "no" };
        let verdict = format!("{mark} {}", claim.verdict.as_str().replace('_', " "));
        cells(&[verdict, inert(claim.name), required.to_owned(), why], out)?;
    }
    writeln!(out)
}

fn write_basis(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### Evidence\n")?;
    table(&["Role", "File", "SHA-256", "Bytes"], out)?;
    for file in &report.artifact.files {
        let bytes = file.bytes.map(|bytes| bytes.to_string()).unwrap_or_default();
        let digest = file.sha256.as_deref().unwrap_or("unknown");
        cells(&[file.role.replace('_', " "), inert(&file.path), inert(digest), bytes], out)?;
    }
    writeln!(out, "\n### Signed by\n")?;
    if report.signers.is_empty() {
        writeln!(out, "Nobody: no signature was established in this run.\n")?;
    } else {
        table(&["What", "Key", "Trusted as", "Source"], out)?;
        for signer in &report.signers {
            let basis = signer.basis.words().to_owned();
            cells(&[inert(&signer.signed), inert(&signer.public_key), basis, inert(&signer.source)], out)?;
        }
        writeln!(out)?;
    }
    if !report.coverage.is_empty() {
        writeln!(out, "### Checks\n")?;
        table(&["Check", "Ran", "Counted, or why not"], out)?;
        for step in &report.coverage {
            let counted: Vec<String> =
                step.counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
            let (ran, text) = match &step.skipped {
                None => ("yes", counted.join(", ")),
                Some(why) => ("**no**", inert(why)),
            };
            cells(&[inert(step.title), ran.to_owned(), text], out)?;
        }
        writeln!(out)?;
    }
    if !report.fields.is_empty() {
        write_fields(report, out)?;
    }
    Ok(())
}

fn write_fields(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let open: Vec<_> = report.fields.iter().filter(|field| field.words() != "proven").collect();
    let (count, all) = (open.len(), report.fields.len());
    writeln!(
        out,
        "### Fields\n\n<details><summary>{count} of {all} groups of fields are not wholly proven</summary>\n"
    )?;
    table(&["Artifact", "Field", "Coverage in this run"], out)?;
    for field in open {
        cells(&[field.artifact.to_owned(), inert(field.field), field.words().to_owned()], out)?;
    }
    writeln!(out, "\n</details>\n")
}

fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "✓",
        Outcome::Disproved | Outcome::Unreadable => "✗",
        Outcome::NotEstablished => "—",
    }
}

fn table(titles: &[&str], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |", titles.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(titles.len()))
}

fn cells(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))
}

/// Text that Markdown shows as it is.
fn inert(text: &str) -> String {
    let text = super::escape(text);
    let mut out = String::with_capacity(text.len().saturating_mul(5) / 4);
    let mut before = ' ';
    for character in text.chars() {
        match character {
            '&' | '<' | '>' | '@' | '$' => out.push_str(&format!("&#{};", u32::from(character))),
            // links that are recognised without any mark: scheme://, www.
            ':' => out.push_str("&#58;"),
            '.' if before.eq_ignore_ascii_case(&'w') => out.push_str("&#46;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~'
            | '^' | '%' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
        before = character;
    }
    out
}
