//! Results of a reconciliation as a workbook (Office Open XML): results, sums, and what they rest on.
//!
//! Amounts stand twice: as integers of micro-USD, and in USD as text, because a spreadsheet's numbers are doubles. An integer
//! above 2^53 is text too. No cell is a formula, and text that one would become in CSV is quoted as there. The creation time is
//! fixed, so that the same results give the same bytes.

use std::io::{self, Write};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Worksheet, XlsxError};
use verifier_core::bytes::hex;
use verifier_core::ledger::money::usd;
use verifier_core::reconcile::{Class, InputSummary, Totals};

use super::csv::Cell;
use super::reconciliation::{COLUMNS, NOT_PROVEN};

/// Results of one workbook; they are held until it is written. CSV and JSON have no such limit.
const ROWS: u32 = 200_000;
/// The largest integer that a double holds with all below it.
const EXACT: i128 = 1 << 53;
/// What the names of integer amounts end in.
const MICROS: &str = "_usd_micros";

/// A workbook while results arrive.
pub(crate) struct Workbook {
    results: Worksheet,
    rows: u32,
    bold: Format,
    right: Format,
}

impl Workbook {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let right = Format::new().set_align(FormatAlign::Right);
        Self { results: Worksheet::new(), rows: 0, bold: Format::new().set_bold(), right }
    }

    /// Adds a result.
    pub(crate) fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        if self.rows >= ROWS {
            let text =
                format!("a workbook takes at most {ROWS} results; use --csv, or a higher --materiality");
            return Err(io::Error::other(text));
        }
        self.rows += 1;
        self.put(self.rows, cells).map_err(failed)
    }

    fn put(&mut self, line: u32, cells: &[Cell]) -> Result<(), XlsxError> {
        let mut column = 0;
        for (name, cell) in COLUMNS.iter().zip(cells) {
            match cell {
                Cell::Plain(text) if name.ends_with(MICROS) && !text.is_empty() => {
                    let amount = text.parse::<i128>().ok();
                    integer(&mut self.results, line, column, amount, text)?;
                    if let Some(amount) = amount {
                        self.results.write_string_with_format(line, column + 1, usd(amount), &self.right)?;
                    }
                }
                Cell::Count(count) => {
                    integer(&mut self.results, line, column, Some(*count), &count.to_string())?;
                }
                Cell::Flag(flag) => {
                    self.results.write_boolean(line, column, *flag)?;
                }
                Cell::Text(_) | Cell::Plain(_) => {
                    let text = cell.shown();
                    if !text.is_empty() {
                        self.results.write_string(line, column, text)?;
                    }
                }
            }
            column += if name.ends_with(MICROS) { 2 } else { 1 };
        }
        Ok(())
    }

    /// Writes it, after the last result.
    pub(crate) fn write(
        self,
        evidence: &[String],
        inputs: &[(&'static str, InputSummary)],
        totals: &Totals,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let bytes = self.build(evidence, inputs, totals).map_err(failed)?;
        out.write_all(&bytes)
    }

    fn build(
        self,
        evidence: &[String],
        inputs: &[(&'static str, InputSummary)],
        totals: &Totals,
    ) -> Result<Vec<u8>, XlsxError> {
        let Self { mut results, bold, right, .. } = self;
        results.set_name("Results")?.set_freeze_panes(1, 0)?;
        let mut column = 0;
        for name in COLUMNS {
            results.write_string_with_format(0, column, name, &bold)?.set_column_width(column, 18.0)?;
            column += 1;
            if let Some(short) = name.strip_suffix(MICROS) {
                let name = format!("{short}_usd");
                results.write_string_with_format(0, column, name, &bold)?.set_column_width(column, 14.0)?;
                column += 1;
            }
        }
        let mut sums = Worksheet::new();
        sums.set_name("Sums")?.set_column_width(0, 24.0)?;
        for (column, name) in
            (0..).zip(["class", "code", "count", "material", "difference_usd_micros", "difference_usd"])
        {
            sums.write_string_with_format(0, column, name, &bold)?;
        }
        let mut line = 0;
        for class in Class::ALL {
            line += 1;
            let total = totals.of(class);
            sums.write_string(line, 0, class.as_str())?;
            sums.write_string(line, 1, class.code().map_or("", |code| code.id))?;
            count(&mut sums, line, 2, total.count.into())?;
            count(&mut sums, line, 3, total.material.into())?;
            count(&mut sums, line, 4, total.difference)?;
            sums.write_string_with_format(line, 5, usd(total.difference), &right)?;
        }
        line += 1;
        for (name, amount) in [
            ("permits", totals.permits),
            ("gateway", totals.gateway),
            ("invoice", totals.invoice),
            ("other charges", totals.other_charges),
        ] {
            line += 1;
            sums.write_string_with_format(line, 0, name, &bold)?;
            count(&mut sums, line, 4, amount)?;
            sums.write_string_with_format(line, 5, usd(amount), &right)?;
        }
        let mut about = Worksheet::new();
        about.set_name("Evidence")?.set_column_width(0, 100.0)?;
        let files = inputs.iter().map(|(side, input)| {
            let digest = hex::encode(&input.sha256);
            format!("{side} {} sha256:{digest}, {} lines", Cell::text(&input.file).shown(), input.lines)
        });
        let last = format!("Not proven: {NOT_PROVEN}.");
        let lines = evidence.iter().map(|own| own.trim().to_owned()).chain(files).chain([last]);
        for (line, text) in (0..).zip(lines) {
            about.write_string(line, 0, Cell::text(&text).shown())?;
        }
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
        for sheet in [results, sums, about] {
            workbook.push_worksheet(sheet);
        }
        workbook.save_to_buffer()
    }
}

fn count(sheet: &mut Worksheet, line: u32, column: u16, number: i128) -> Result<(), XlsxError> {
    integer(sheet, line, column, Some(number), &number.to_string())
}

/// A number where a double is exact, else its text.
fn integer(
    sheet: &mut Worksheet,
    line: u32,
    column: u16,
    number: Option<i128>,
    text: &str,
) -> Result<(), XlsxError> {
    let exact = number.filter(|number| number.abs() <= EXACT).and_then(|number| i64::try_from(number).ok());
    match exact {
        #[expect(
            clippy::cast_precision_loss,
            clippy::as_conversions,
            reason = "at most 2^53, where a double is exact"
        )]
        Some(number) => sheet.write_number(line, column, number as f64)?,
        None => sheet.write_string(line, column, text)?,
    };
    Ok(())
}

fn failed(error: XlsxError) -> io::Error {
    io::Error::other(error.to_string())
}
