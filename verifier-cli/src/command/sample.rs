//! `sample PATH… --method M --size N --engagement TEXT --out FILE`: verifies, draws, and makes a working paper.

use std::io::{self, Write};
use std::path::Path;

use verifier_core::finding::catalog::workpaper::SAMPLE_NOT_DRAWN;
use verifier_core::ledger::Ledger;
use verifier_core::sample::{Population, Sample, draw};
use verifier_core::workpaper::{SampleRecord, Workpaper};

use super::workpaper::{create, made, tool_digest, unwritten, verify};
use super::{Console, Ended};
use crate::args::workpaper::SampleArgs;
use crate::exit::Exit;
use crate::render::csv::{self, Cell};
use crate::render::{ledger as ledger_render, reconciliation};

pub(super) fn run(args: &SampleArgs, console: &mut Console<'_>) -> Ended {
    let method = match args.method() {
        Ok(method) => method,
        Err(message) => return console.misused("sample", message),
    };
    let mut out = match create(&args.out, console) {
        Ok(out) => out,
        Err(ended) => return ended,
    };
    let table = match args.csv.as_ref().map(|path| create(path, console)).transpose() {
        Ok(table) => table,
        Err(ended) => return ended,
    };
    let done = match verify("sample", &args.evidence, None, console) {
        Ok(done) => done,
        Err(ended) => return ended,
    };
    if let Err(ended) = done.readable(console) {
        return ended;
    }
    let ledger = match done.rows(&args.evidence, console) {
        Ok(ledger) => ledger,
        Err(ended) => return ended,
    };
    let population = Population::of(&ledger, method.stratum());
    let sample = match draw(&population, method, &args.engagement) {
        Ok(sample) => sample,
        Err(error) => return console.failed(Exit::NOT_ESTABLISHED, &SAMPLE_NOT_DRAWN, &error.to_string()),
    };
    let mut content = done.content(&args.title, tool_digest());
    content.samples.push(SampleRecord::of(&sample, &population));
    let paper = Workpaper::new(content);
    let written = out.write_all(&paper.to_bytes()).and_then(|()| match table {
        Some(mut file) => {
            for line in ledger_render::evidence_lines(&done.reports) {
                writeln!(file, "# {line}")?;
            }
            write_table(&sample, &population, &ledger, &mut file)?;
            file.commit()
        }
        None => Ok(()),
    });
    if let Err(error) = written.and_then(|()| out.commit()) {
        return unwritten(&args.out, &error, console);
    }
    made(Path::new(&args.out), &paper, done.outcome(), args.evidence.color, console)
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
