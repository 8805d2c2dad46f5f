//! `sample PATH… --method M --size N --engagement TEXT --out FILE`: verifies, draws, and makes a working paper or adds to one.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use verifier_core::finding::catalog::workpaper::{
    SAMPLE_NOT_DRAWN, WORKPAPER_INVALID, WORKPAPER_WRITE_REFUSED,
};
use verifier_core::ledger::Ledger;
use verifier_core::sample::{Method, Population, Sample, draw};
use verifier_core::time::Timestamp;
use verifier_core::workpaper::{SampleRecord, Workpaper, outcome, reperform};

use super::workpaper::{Done, change, create, load, made, tool_digest, unwritten, verify};
use super::{Console, Ended};
use crate::args::workpaper::{PaperArgs, SampleArgs};
use crate::exit::Exit;
use crate::output_file::OutputFile;
use crate::render::csv::{self, Cell};
use crate::render::{ledger as ledger_render, reconciliation};

pub(super) fn run(args: &SampleArgs, console: &mut Console<'_>) -> Ended {
    let method = match args.method() {
        Ok(method) => method,
        Err(message) => return console.misused("sample", message),
    };
    match (&args.out, &args.add_to) {
        (Some(_), None) if args.end_signatures => {
            console.misused("sample", "--end-signatures goes with --add-to")
        }
        (Some(out), None) => begin(args, &method, out, console),
        (None, Some(paper)) => add(args, &method, paper, console),
        _ => console.misused("sample", "give one of --out and --add-to"),
    }
}

/// Evidence with its rows, and what was drawn of it.
struct Drawing {
    done: Done,
    ledger: Ledger,
    population: Population,
    sample: Sample,
}

impl Drawing {
    fn of(
        args: &SampleArgs,
        method: &Method,
        paper: Option<(Timestamp, &[String])>,
        console: &mut Console<'_>,
    ) -> Result<Self, Ended> {
        let done = verify("sample", &args.evidence, paper, console)?;
        done.readable(console)?;
        let ledger = done.rows(&args.evidence, console)?;
        let population = Population::of(&ledger, method.stratum());
        match draw(&population, method, &args.engagement) {
            Ok(sample) => Ok(Self { done, ledger, population, sample }),
            Err(error) => Err(console.failed(Exit::NOT_ESTABLISHED, &SAMPLE_NOT_DRAWN, &error.to_string())),
        }
    }

    fn record(&self) -> SampleRecord {
        SampleRecord::of(&self.sample, &self.population)
    }

    /// The drawn items as a table.
    fn write(&self, mut file: OutputFile) -> io::Result<()> {
        for line in ledger_render::evidence_lines(&self.done.reports) {
            writeln!(file, "# {line}")?;
        }
        write_table(&self.sample, &self.population, &self.ledger, &mut file)?;
        file.commit()
    }
}

fn table(args: &SampleArgs, console: &mut Console<'_>) -> Result<Option<OutputFile>, Ended> {
    args.csv.as_ref().map(|path| create(path, console)).transpose()
}

/// Makes a new paper.
fn begin(args: &SampleArgs, method: &Method, path: &OsStr, console: &mut Console<'_>) -> Ended {
    let mut out = match create(path, console) {
        Ok(out) => out,
        Err(ended) => return ended,
    };
    let table = match table(args, console) {
        Ok(table) => table,
        Err(ended) => return ended,
    };
    let drawing = match Drawing::of(args, method, None, console) {
        Ok(drawing) => drawing,
        Err(ended) => return ended,
    };
    let mut content = drawing.done.content(&args.title, tool_digest());
    content.samples.push(drawing.record());
    let paper = Workpaper::new(content);
    let written =
        out.write_all(&paper.to_bytes()).and_then(|()| table.map_or(Ok(()), |file| drawing.write(file)));
    if let Err(error) = written.and_then(|()| out.commit()) {
        return unwritten(path, &error, console);
    }
    made(Path::new(path), &paper, drawing.done.outcome(), args.evidence.color, console)
}

/// Adds a sample to a paper that comes out again from this evidence.
fn add(args: &SampleArgs, method: &Method, path: &OsStr, console: &mut Console<'_>) -> Ended {
    if !args.title.is_empty() {
        return console.misused("sample", "--title goes with --out; the paper has its title");
    }
    let limits = &args.evidence.verification.limits;
    let (_, paper) = match load(path, limits, console) {
        Ok(loaded) => loaded,
        Err(ended) => return ended,
    };
    let name = path.to_string_lossy().into_owned();
    let Some(as_of) = Timestamp::parse(&paper.content.as_of) else {
        let message = format!("{name}: the date of the verdicts is no date");
        return console.failed(Exit::UNREADABLE, &WORKPAPER_INVALID, &message);
    };
    let table = match table(args, console) {
        Ok(table) => table,
        Err(ended) => return ended,
    };
    let drawing = match Drawing::of(args, method, Some((as_of, &paper.content.options)), console) {
        Ok(drawing) => drawing,
        Err(ended) => return ended,
    };
    let done = &drawing.done;
    let again = reperform(&paper.content, done.policy(), &done.reports, Some(&drawing.ledger), &name);
    if let Some(finding) = again.iter().find(|finding| finding.effect.verdict().is_some()) {
        let place = finding.location.pointer.as_deref().unwrap_or_default();
        let message =
            format!("{name} does not come out again from this evidence: {place}: {}", finding.message);
        return console.failed(Exit::from(outcome(&again)), &WORKPAPER_WRITE_REFUSED, &message);
    }
    let record = drawing.record();
    if paper.content.samples.iter().any(|sample| sample.seed == record.seed) {
        let message = format!("{name} holds this sample already");
        return console.failed(Exit::NOT_ESTABLISHED, &WORKPAPER_WRITE_REFUSED, &message);
    }
    let file = PaperArgs { paper: path.to_owned(), limits: limits.clone() };
    let ended = change(&file, args.end_signatures, console, |current| {
        if *current != paper {
            let message = format!("{name} was changed while the sample was drawn");
            return Err((Exit::NOT_ESTABLISHED, &WORKPAPER_WRITE_REFUSED, message));
        }
        let drawn = record.drawn.len();
        current.change(|content| content.samples.push(record));
        let message = format!("ADDED: sample {} with {drawn} items", current.content.samples.len());
        Ok((Exit::VERIFIED, message))
    });
    match (ended, table) {
        (Ok(Exit::VERIFIED), Some(file)) => match drawing.write(file) {
            Ok(()) => Ok(Exit::VERIFIED),
            Err(error) => unwritten(args.csv.as_deref().unwrap_or_default(), &error, console),
        },
        (ended, _) => ended,
    }
}

/// The drawn items, each with what leads to its proof.
fn write_table(
    sample: &Sample,
    population: &Population,
    ledger: &Ledger,
    out: &mut dyn Write,
) -> io::Result<()> {
    const COLUMNS: [&str; 8] =
        ["number", "permit", "project", "sequence", "cost_usd_micros", "basis", "stratum", "proof_ref"];
    csv::line(&COLUMNS.map(Cell::plain), out)?;
    let number = |number: Option<i64>| number.map_or_else(|| Cell::plain(""), Cell::plain);
    for (count, drawn) in (1i128..).zip(&sample.drawn) {
        let Some(item) = population.items.get(drawn.position) else { continue };
        let row = usize::try_from(item.row).unwrap_or(usize::MAX);
        csv::line(
            &[
                Cell::count(count),
                Cell::text(&item.permit),
                Cell::text(&item.project),
                number(item.sequence),
                number(item.amount),
                Cell::plain(drawn.basis.as_str()),
                Cell::text(&item.stratum),
                Cell::plain(reconciliation::proof_ref(ledger, row)),
            ],
            out,
        )?;
    }
    Ok(())
}
