//! Reports to output: picks the renderer and the exit status.

use std::io::{self, Write};

use verifier_core::render::{json, verdicts_v0};
use verifier_core::report::{Outcome, Report};

use super::{Console, Ended, Stopped};
use crate::args::output::{Format, OutputArgs};
use crate::exit::Exit;
use crate::render::human;
use crate::render::raw;
use crate::render::style::{Page, Tone};

/// Shows the reports of one run. The exit is that of the worst one.
pub(super) fn reports(
    reports: &[Report],
    output: &OutputArgs,
    plain: bool,
    console: &mut Console<'_>,
) -> Ended {
    let outcome = reports.iter().map(|report| report.outcome).fold(Outcome::Verified, Outcome::worst);
    let outcome = if reports.is_empty() { Outcome::NotEstablished } else { outcome };
    let exit = Exit::from(outcome);
    match (output.format(), plain) {
        (Format::Human, true) => {
            for report in reports {
                raw::write(report, console.out, console.err).map_err(|error| Stopped { exit, error })?;
            }
            Ok(exit)
        }
        (Format::Human, false) => {
            let environment = console.environment;
            console.print(exit, |out| {
                let mut page = Page::new(out, output.color, environment);
                write_all(reports, outcome, output.quiet, &mut page)
            })
        }
        (Format::Json, _) => console.print(exit, |out| write_documents(reports, json::write, out)),
        (Format::KeelJson, _) => console.print(exit, |out| write_documents(reports, verdicts_v0::write, out)),
    }
}

fn write_all(reports: &[Report], outcome: Outcome, quiet: bool, page: &mut Page<'_>) -> io::Result<()> {
    if reports.len() != 1 {
        let word = page.paint(Tone::from(outcome), word(outcome));
        page.line(&format!("{word}: {} sets of evidence, the worst of them decides", reports.len()))?;
    }
    for report in reports {
        if reports.len() != 1 && !quiet {
            page.line("")?;
        }
        match quiet {
            true => human::write_headline(report, page)?,
            false => human::write(report, page)?,
        }
    }
    Ok(())
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
