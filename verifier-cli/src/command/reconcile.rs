//! `reconcile EXPORT --gateway FILE --invoice FILE`: verifies, then compares the three sides.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::Path;

use verifier_core::finding::catalog::input::INPUT_UNREADABLE;
use verifier_core::finding::catalog::ledger::RECONCILE_INPUT_INVALID;
use verifier_core::ledger::{Decimal, Ledger};
use verifier_core::reconcile::csv::Record;
use verifier_core::reconcile::{
    Class, InputSummary, Line, Map, Outcome, ReadFailure, Reconciler, Rules, Side, Totals, source,
};
use verifier_core::render::headline;
use verifier_core::report::{Outcome as Result_, Report};

use super::ledger::calls;
use super::{Console, Ended, run};
use crate::args::reconcile::ReconcileArgs;
use crate::exit::Exit;
use crate::input;
use crate::output_file::OutputFile;
use crate::render::reconciliation::{self as render, Names};
use crate::render::style::{Page, Tone};
use crate::render::workbook::Workbook;
use crate::render::{escape, ledger as ledger_render};

/// Results shown of one class; the files have all of them.
const SHOWN: usize = 5;

pub(super) fn run(args: &ReconcileArgs, console: &mut Console<'_>) -> Ended {
    if args.gateway.is_empty() && args.invoice.is_empty() {
        return console.misused("reconcile", "give --gateway FILE, --invoice FILE or both");
    }
    if args.focus.is_some() && args.invoice.is_empty() {
        return console.misused("reconcile", "--focus goes with --invoice");
    }
    let materiality = Decimal::parse(&args.materiality).and_then(Decimal::to_micros);
    let materiality = match materiality {
        Ok(rounded) if rounded.micros >= 0 && rounded.is_exact => rounded.micros,
        _ => return console.misused("reconcile", "--materiality takes an amount in USD, such as 0.50"),
    };
    let maps = map(&args.gateway_map).and_then(|gateway| Ok([gateway, map(&args.invoice_map)?]));
    let [gateway_map, invoice_map] = match maps {
        Ok(maps) => maps,
        Err(message) => return console.failed(Exit::UNREADABLE, &RECONCILE_INPUT_INVALID, &message),
    };
    let policy = match args.verification.policy(None, console.environment) {
        Ok(policy) => policy,
        Err(message) => return console.misused("reconcile", message),
    };
    let batches = match run::gather(&args.paths, args.manifest.as_deref(), &policy.limits) {
        Ok(batches) => batches,
        Err(message) => return console.misused("reconcile", message),
    };
    let reports = run::batches(&batches, &policy, args.quiet, console);
    let ledger = match calls(&batches, &reports, &policy, args.quiet, console) {
        Ok(ledger) => ledger,
        Err(ended) => return ended,
    };
    let text = |files: &[OsString]| files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
    let (gateway, invoice): (Vec<String>, Vec<String>) = (text(&args.gateway), text(&args.invoice));
    let comparison = Comparison {
        ledger: &ledger,
        reports: &reports,
        names: Names { gateway: &gateway, invoice: &invoice },
        args,
        rules: Rules { has_gateway: !gateway.is_empty(), has_invoice: !invoice.is_empty(), materiality },
    };
    match comparison.run(&gateway_map, &invoice_map) {
        Ok(done) => {
            let environment = console.environment;
            console.print(done.exit, |out| {
                let mut page = Page::new(out, args.color, environment);
                for report in &reports {
                    let headline = headline::of(report);
                    let word = page.paint(Tone::from(report.outcome), headline.word);
                    page.line(&format!("{word}: {}", headline.text))?;
                }
                for line in comparison.digests() {
                    page.line(&line)?;
                }
                render::human(&done.inputs, &done.totals, &done.samples, &mut page)
            })
        }
        Err(Failure::Input(message)) => console.failed(Exit::UNREADABLE, &RECONCILE_INPUT_INVALID, &message),
        Err(Failure::Read(message)) => console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, &message),
    }
}

/// A preset by name, or a map from a file.
fn map(name: &OsString) -> Result<Map, String> {
    match name.to_str() {
        Some("litellm") => Ok(Map::litellm()),
        Some("focus") => Ok(Map::focus()),
        _ => {
            let shown = name.to_string_lossy();
            let blob = input::read(Path::new(name), 1 << 20)
                .map_err(|why| format!("column map {shown} cannot be read: {why}"))?;
            Map::parse(blob).map_err(|why| format!("column map {shown}: {why}"))
        }
    }
}

struct Comparison<'a> {
    ledger: &'a Ledger,
    reports: &'a [Report],
    names: Names<'a>,
    args: &'a ReconcileArgs,
    rules: Rules,
}

struct Done {
    exit: Exit,
    totals: Totals,
    inputs: Vec<(&'static str, InputSummary)>,
    samples: Vec<(Class, String)>,
}

enum Failure {
    /// A line of a log or invoice.
    Input(String),
    /// A file that cannot be read or written.
    Read(String),
}

/// The files that are written while lines stream through.
struct Outputs<'a> {
    comparison: &'a Comparison<'a>,
    csv: Option<OutputFile>,
    json: Option<OutputFile>,
    xlsx: Option<(OutputFile, Workbook)>,
    written: u64,
    /// The sum whose calls follow is an exception.
    is_in_exception: bool,
    samples: Vec<(Class, String)>,
}

impl Outputs<'_> {
    fn take(&mut self, outcome: &Outcome) -> io::Result<()> {
        let Comparison { ledger, names, args, .. } = self.comparison;
        let is_of_match = match outcome.class {
            Class::Matched => true,
            Class::SumMember | Class::SumPart => !self.is_in_exception,
            class => {
                if class.is_of_sums() {
                    self.is_in_exception = class.is_exception();
                }
                class == Class::SumMatched
            }
        };
        if is_of_match && !args.all {
            return Ok(());
        }
        if let Some(csv) = &mut self.csv {
            render::csv_line(ledger, names, outcome, csv)?;
        }
        if let Some(json) = &mut self.json {
            render::json_line(ledger, names, outcome, self.written == 0, json)?;
        }
        if let Some((_, workbook)) = &mut self.xlsx {
            workbook.row(&render::cells(ledger, names, outcome))?;
        }
        self.written += 1;
        let known = self.samples.iter().filter(|(class, _)| *class == outcome.class).count();
        if outcome.class.is_exception() && known < SHOWN {
            self.samples.push((outcome.class, render::sample(ledger, names, outcome)));
        }
        Ok(())
    }
}

impl Comparison<'_> {
    fn evidence_lines(&self) -> Vec<String> {
        ledger_render::evidence_lines(self.reports)
    }

    fn digests(&self) -> Vec<String> {
        let files = self.reports.iter().flat_map(|report| &report.artifact.files);
        let lines = files.filter_map(|file| {
            let digest = file.sha256.as_ref()?;
            Some(format!("  {} {} {digest}", file.role, escape::text(&file.path)))
        });
        lines.collect()
    }

    fn run(&self, gateway_map: &Map, invoice_map: &Map) -> Result<Done, Failure> {
        let create = |path: &Option<OsString>| match path {
            None => Ok(None),
            Some(path) => OutputFile::create(Path::new(path)).map(Some).map_err(|error| {
                let path = path.to_string_lossy();
                Failure::Read(format!("{path} cannot be written: {}", input::reason(&error)))
            }),
        };
        let unwritten =
            |error: io::Error| Failure::Read(format!("an output file cannot be written: {error}"));
        let mut outputs = Outputs {
            comparison: self,
            csv: create(&self.args.csv)?,
            json: create(&self.args.json)?,
            xlsx: create(&self.args.xlsx)?.map(|file| (file, Workbook::new())),
            written: 0,
            is_in_exception: false,
            samples: Vec::new(),
        };
        let focus = RefCell::new(create(&self.args.focus)?);
        if let Some(csv) = &mut outputs.csv {
            render::csv_header(&self.evidence_lines(), csv).map_err(unwritten)?;
        }
        if let Some(json) = &mut outputs.json {
            render::json_header(&ledger_render::evidence(self.reports), json).map_err(unwritten)?;
        }
        let mut reconciler = Reconciler::new(self.ledger, self.rules);
        let mut inputs = Vec::new();
        for (number, name) in (0u16..).zip(&self.args.gateway) {
            let summary = read(name, gateway_map, &mut |_| Ok(()), &mut |line, _| {
                let mut each = |outcome: Outcome| outputs.take(&outcome);
                reconciler.line(Side::Gateway, number, line, &mut each).map(|_| ())
            })?;
            inputs.push(("gateway", summary));
        }
        let mut first_header: Option<Vec<String>> = None;
        for (number, name) in (0u16..).zip(&self.args.invoice) {
            let positions = RefCell::new([None; 2]);
            let mut header = |header: &Record| {
                let mut focus = focus.borrow_mut();
                let Some(out) = focus.as_mut() else { return Ok(()) };
                let own: Vec<String> = header.fields().map(str::to_owned).collect();
                match &first_header {
                    None => {
                        positions.replace(render::focus_header(header, out)?);
                        first_header = Some(own);
                        Ok(())
                    }
                    Some(first) if *first == own => {
                        positions.replace(render::focus_header(header, &mut io::sink())?);
                        Ok(())
                    }
                    Some(_) => Err(io::Error::other("--focus needs invoices with the same header line")),
                }
            };
            let mut each_line = |line: &Line, record: Option<&Record>| {
                let mut each = |outcome: Outcome| outputs.take(&outcome);
                let permit = reconciler.line(Side::Invoice, number, line, &mut each)?;
                match (record, focus.borrow_mut().as_mut()) {
                    (Some(record), Some(out)) => {
                        render::focus_line(record, *positions.borrow(), self.ledger, permit, out)
                    }
                    (None, Some(_)) => Err(io::Error::other("--focus needs an invoice in CSV or Parquet")),
                    (_, None) => Ok(()),
                }
            };
            let summary = read(name, invoice_map, &mut header, &mut each_line)?;
            inputs.push(("invoice", summary));
        }
        let totals = reconciler.finish(&mut |outcome| outputs.take(&outcome)).map_err(unwritten)?;
        let exit = self.exit(&totals);
        if let Some(json) = &mut outputs.json {
            render::json_end(&inputs, &totals, exit.status(), json).map_err(unwritten)?;
        }
        let Outputs { csv, json, xlsx, samples, .. } = outputs;
        let xlsx = match xlsx {
            Some((mut file, workbook)) => {
                let mut evidence = self.evidence_lines();
                evidence.extend(self.digests());
                workbook.write(&evidence, &inputs, &totals, &mut file).map_err(unwritten)?;
                Some(file)
            }
            None => None,
        };
        for output in [csv, json, xlsx, focus.into_inner()].into_iter().flatten() {
            output.commit().map_err(unwritten)?;
        }
        Ok(Done { exit, totals, inputs, samples })
    }

    /// The worst of the verification and the comparison.
    fn exit(&self, totals: &Totals) -> Exit {
        let own = if totals.material() > 0 {
            Result_::Disproved
        } else if self.ledger.permits.is_empty() || !self.ledger.fault_counts.is_empty() {
            Result_::NotEstablished
        } else {
            Result_::Verified
        };
        Exit::from(self.reports.iter().map(|report| report.outcome).fold(own, Result_::worst))
    }
}

fn read(
    name: &OsString,
    map: &Map,
    header: &mut dyn FnMut(&Record) -> io::Result<()>,
    each: &mut dyn FnMut(&Line, Option<&Record>) -> io::Result<()>,
) -> Result<InputSummary, Failure> {
    let shown = name.to_string_lossy();
    let unread =
        |error: io::Error| Failure::Read(format!("{shown} cannot be read: {}", input::reason(&error)));
    let mut file = File::open(name).map_err(unread)?;
    source::read(&shown, &mut file, map, header, each).map_err(|failure| match failure {
        ReadFailure::Input(error) => Failure::Input(error.to_string()),
        ReadFailure::Read(error) => unread(error),
        ReadFailure::Write(error) => Failure::Read(format!("an output file cannot be written: {error}")),
    })
}
