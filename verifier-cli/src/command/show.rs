//! Reports to output: picks the renderer, the place and the exit status.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use verifier_core::render::{
    Document, csv, github, gitlab, html, json, junit, markdown, sarif, schema, verdicts_v0,
};
use verifier_core::report::{Gate, Outcome, Report, RuleState};

use super::{Console, Ended, Stopped};
use crate::args::output::{ColorChoice, Format, OutputArgs, SchemaName};
use crate::exit::Exit;
use crate::output_file::OutputFile;
use crate::render::escape;
use crate::render::human;
use crate::render::raw;
use crate::render::style::{Page, Tone};
use crate::target;

/// Shows the reports of one run. The exit is that of the worst one.
pub(super) fn reports(
    reports: &[Report],
    output: &OutputArgs,
    plain: bool,
    console: &mut Console<'_>,
) -> Ended {
    let document = Document::of(reports);
    let exit = Exit::from(document.outcome());
    if output.format() == Format::Human && plain && output.out.is_none() {
        write_also(&document, output, exit, console)?;
        for report in reports {
            raw::write(report, console.out, console.err).map_err(|error| Stopped { exit, error })?;
        }
        return Ok(exit);
    }
    self::document(&document, output, console)
}

/// Shows a document, and writes it to files where that is asked for.
pub(super) fn document(document: &Document<'_>, output: &OutputArgs, console: &mut Console<'_>) -> Ended {
    let exit = Exit::from(document.outcome());
    write_also(document, output, exit, console)?;
    if let Some(file) = output.out.as_ref().filter(|file| !file.is_empty()) {
        write_file(document, output, output.format(), file, console)
            .map_err(|error| Stopped { exit, error })?;
    }
    let environment = console.environment;
    let (format, quiet) = match &output.out {
        None => (output.format(), output.quiet),
        Some(_) => (Format::Human, true),
    };
    console.print(exit, |out| match format {
        Format::Human => {
            let mut page = Page::new(out, output.color, environment);
            write_human(document, quiet, output.fields, &mut page)
        }
        format => write(document, format, out),
    })
}

/// Prints a published schema.
pub(super) fn schema(name: SchemaName, console: &mut Console<'_>) -> Ended {
    let text = match name {
        SchemaName::Report => json::SCHEMA,
        SchemaName::Gate => json::GATE_SCHEMA,
        SchemaName::Audit => schema::AUDIT,
        SchemaName::Card => schema::CARD_COMPARISON,
        SchemaName::Diff => schema::DIFF,
        SchemaName::Keys => schema::KEYS,
        SchemaName::Ledger => schema::LEDGER,
        SchemaName::Reconcile => schema::RECONCILIATION,
        SchemaName::Redteam => schema::REDTEAM,
        SchemaName::TrustKit => schema::TRUST_KIT_STATUS,
        SchemaName::Workpaper => schema::WORKPAPER,
    };
    console.print(Exit::VERIFIED, |out| out.write_all(text.as_bytes()))
}

fn write_also(
    document: &Document<'_>,
    output: &OutputArgs,
    exit: Exit,
    console: &Console<'_>,
) -> Result<(), Stopped> {
    for also in &output.also {
        write_file(document, output, also.format, &also.file, console)
            .map_err(|error| Stopped { exit, error })?;
    }
    Ok(())
}

fn write_file(
    document: &Document<'_>,
    output: &OutputArgs,
    format: Format,
    file: &OsStr,
    console: &Console<'_>,
) -> io::Result<()> {
    let named = |error: io::Error| {
        let reason = crate::input::reason(&error);
        io::Error::other(format!("{}: {reason}", escape::text(&file.to_string_lossy())))
    };
    let mut files = document.reports.iter().flat_map(|report| &report.artifact.files);
    if files.any(|own| target::is_same_file(Path::new(file), &own.path)) {
        return Err(named(io::Error::other("it is part of the evidence")));
    }
    let mut target = OutputFile::create(Path::new(file)).map_err(named)?;
    let written = match format {
        Format::Human => {
            let mut page = Page::new(&mut target, ColorChoice::Never, console.environment);
            write_human(document, output.quiet, output.fields, &mut page)
        }
        format => write(document, format, &mut target),
    };
    written.and_then(|()| target.commit()).map_err(named)
}

fn write(document: &Document<'_>, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human | Format::Json => match document.gate {
            Some(gate) => json::write_gate(gate, document.reports, out),
            None => write_documents(document.reports, json::write, out),
        },
        Format::KeelJson => write_documents(document.reports, verdicts_v0::write, out),
        Format::Sarif => sarif::write(document, out),
        Format::Junit => junit::write(document, out),
        Format::Markdown => markdown::write(document, out),
        Format::Github => github::write(document, out),
        Format::Gitlab => gitlab::write(document, out),
        Format::Csv => csv::write(document, out),
        Format::Html => html::write(document, out),
    }
}

fn write_human(document: &Document<'_>, quiet: bool, fields: bool, page: &mut Page<'_>) -> io::Result<()> {
    let reports = document.reports;
    if let Some(gate) = document.gate {
        write_gate(gate, quiet, page)?;
        if quiet {
            return Ok(());
        }
    } else if reports.len() != 1 {
        let outcome = document.outcome();
        let word = page.paint(Tone::from(outcome), word(outcome));
        page.line(&format!("{word}: {} sets of evidence, the worst of them decides", reports.len()))?;
    }
    for report in reports {
        if (reports.len() != 1 || document.gate.is_some()) && !quiet {
            page.line("")?;
        }
        match quiet {
            true => human::write_headline(report, page)?,
            false => human::write(report, fields, page)?,
        }
    }
    Ok(())
}

fn write_gate(gate: &Gate, quiet: bool, page: &mut Page<'_>) -> io::Result<()> {
    let word = page.paint(Tone::from(gate.outcome), gate_word(gate.outcome));
    let met = gate.rules.iter().filter(|rule| rule.state == RuleState::Met).count();
    page.line(&format!(
        "{word}: {met} of {} rules of {} are met",
        gate.rules.len(),
        escape::text(&gate.policy)
    ))?;
    for rule in &gate.rules {
        if quiet && rule.state == RuleState::Met {
            continue;
        }
        let (mark, tone) = match rule.state {
            RuleState::Met => ("✓", Tone::Good),
            RuleState::Failed => ("✗", Tone::Bad),
            RuleState::NotEstablished => ("—", Tone::Open),
        };
        let state = page.paint(tone, &format!("{mark} {}", rule.state.as_str()));
        page.line(&format!("  {state}: {}", rule.id))?;
        page.paragraph(6, &escape::text(&rule.message))?;
    }
    for own in &gate.accepted {
        let text = format!("accepted until {}: {}: {}", own.until, own.code, own.reason);
        page.paragraph(2, &escape::text(&text))?;
    }
    Ok(())
}

fn gate_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "PASSED",
        Outcome::NotEstablished => "NOT ESTABLISHED",
        Outcome::Disproved | Outcome::Unreadable => "FAILED",
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "VERIFIED",
        Outcome::Disproved => "DISPROVED",
        Outcome::NotEstablished => "NOT ESTABLISHED",
        Outcome::Unreadable => "CANNOT BE READ",
    }
}

/// One document, or an array of them where several sets of evidence were given.
fn write_documents(
    reports: &[Report],
    write: fn(&Report, &mut dyn Write) -> io::Result<()>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if let [only] = reports {
        return write(only, out);
    }
    for (index, report) in reports.iter().enumerate() {
        out.write_all(if index == 0 { b"[\n" } else { b",\n" })?;
        write(report, out)?;
    }
    out.write_all(if reports.is_empty() { b"[]\n" } else { b"]\n" })
}
