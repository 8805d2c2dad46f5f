//! The filtered table as a workbook (Office Open XML): one sheet of rows, one that says what they rest on.
//!
//! Amounts are text, because a spreadsheet's numbers are doubles; a second column per amount would invite sums that
//! differ. The workbook's creation time is fixed, so that the same rows give the same bytes.

use std::io;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, XlsxError};
use verifier_core::crypto::prefixed;
use verifier_core::render::escape;

use super::Sheet;
use crate::filter::Kind;
use crate::money::Books;
use crate::table;

/// Rows of a sheet, as the format has them; one is the heading.
const ROWS: usize = 1_048_575;

/// The workbook's bytes, and the number of rows.
///
/// # Errors
/// When the rows do not fit into a sheet.
pub(super) fn bytes(books: &Books, sheet: &Sheet) -> io::Result<(Vec<u8>, usize)> {
    let all = books.ledger.permits.len();
    let count = sheet.rows.as_ref().map_or(all, |rows| rows.len());
    if count > ROWS {
        return Err(io::Error::other(format!("a workbook holds at most {ROWS} rows; filter, or save CSV")));
    }
    build(books, sheet).map(|bytes| (bytes, count)).map_err(|error| io::Error::other(error.to_string()))
}

fn build(books: &Books, sheet: &Sheet) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let bold = Format::new().set_bold();
    let right = Format::new().set_align(FormatAlign::Right);
    let rows = workbook.add_worksheet().set_name("Permits")?;
    for (column, field) in (0_u16..).zip(&sheet.columns) {
        rows.write_string_with_format(0, column, field.title(), &bold)?;
        rows.set_column_width(column, 18.0)?;
    }
    rows.set_freeze_panes(1, 0)?;
    let positions: Box<dyn Iterator<Item = u32>> = match &sheet.rows {
        Some(rows) => Box::new(rows.iter().copied()),
        None => Box::new((0_u32..).take(books.ledger.permits.len())),
    };
    for (line, position) in (1_u32..).zip(positions) {
        let at = usize::try_from(position).ok().and_then(|at| books.ledger.permits.get(at));
        let Some(row) = at else { continue };
        for (column, field) in (0_u16..).zip(&sheet.columns) {
            let text = table::text(&books.ledger, row, *field);
            match field.kind() {
                Kind::Money => rows.write_string_with_format(line, column, text, &right)?,
                _ => rows.write_string(line, column, escape(&text))?,
            };
        }
    }
    let about = workbook.add_worksheet().set_name("Evidence")?;
    about.set_column_width(0, 24.0)?.set_column_width(1, 90.0)?;
    let proven = if books.is_proven { "verified" } else { "NOT VERIFIED" };
    let mut facts = vec![
        ("Evidence".to_owned(), format!("{proven}: {}", escape(&sheet.trust))),
        ("Filter".to_owned(), escape(&sheet.filter).into_owned()),
    ];
    for source in &books.ledger.sources {
        facts.push((escape(&source.label).into_owned(), prefixed(&source.sha256)));
    }
    for (line, (name, value)) in (0_u32..).zip(facts) {
        about.write_string_with_format(line, 0, name, &bold)?;
        about.write_string(line, 1, value)?;
    }
    workbook.save_to_buffer()
}
