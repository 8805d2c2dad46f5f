//! The filtered table as CSV (RFC 4180) or, where the name ends with `.xlsx`, as a workbook; written aside and renamed, so
//! that a file is whole or not there.
//!
//! The first lines begin with `#` and name what the rows come from: files with their digests, the outcome and the
//! filter. A cell that a spreadsheet would take for a formula gets an apostrophe in front.

mod xlsx;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use verifier_core::crypto::prefixed;
use verifier_core::render::escape;

use crate::filter::{Field, Kind};
use crate::money::Books;
use crate::table;

/// What is written.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Headline of the reports.
    pub trust: String,
    /// The filter as typed.
    pub filter: String,
    /// Columns in order.
    pub columns: Vec<Field>,
    /// Positions of the rows; `None` for all.
    pub rows: Option<std::sync::Arc<Vec<u32>>>,
}

/// Writes `sheet` to `path`, which must not exist yet; gives the number of rows.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn save(books: &Books, sheet: &Sheet, path: &Path) -> io::Result<usize> {
    if path.exists() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file of this name exists already"));
    }
    let mut aside = path.as_os_str().to_owned();
    aside.push(".part");
    let aside = Path::new(&aside);
    let written = File::create_new(aside).and_then(|file| {
        let mut out = BufWriter::new(file);
        let is_workbook = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("xlsx"));
        let count = if is_workbook {
            let (bytes, count) = xlsx::bytes(books, sheet)?;
            out.write_all(&bytes)?;
            count
        } else {
            write(books, sheet, &mut out)?
        };
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(aside, path)?;
        Ok(count)
    });
    if written.is_err() {
        fs::remove_file(aside).ok();
    }
    written
}

/// Writes the sheet; gives the number of rows.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(books: &Books, sheet: &Sheet, out: &mut dyn Write) -> io::Result<usize> {
    for source in &books.ledger.sources {
        write!(out, "# {} {}\r\n", escape(&source.label), prefixed(&source.sha256))?;
    }
    let proven = if books.is_proven { "verified" } else { "NOT VERIFIED" };
    write!(out, "# evidence {proven}: {}\r\n# filter: {}\r\n", escape(&sheet.trust), escape(&sheet.filter))?;
    let names: Vec<&str> = sheet.columns.iter().map(|field| field.name()).collect();
    write!(out, "{}\r\n", names.join(","))?;
    let mut count = 0_usize;
    let mut line = String::new();
    let mut row = |position: u32| -> io::Result<()> {
        let at = usize::try_from(position).ok().and_then(|at| books.ledger.permits.get(at));
        let Some(row) = at else { return Ok(()) };
        line.clear();
        for (at, field) in sheet.columns.iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            let text = table::text(&books.ledger, row, *field);
            match field.kind() {
                // Amounts without separators, so that programs read them.
                Kind::Money => line.extend(text.chars().filter(|character| *character != ',')),
                _ => cell(&text, &mut line),
            }
        }
        line.push_str("\r\n");
        count = count.saturating_add(1);
        out.write_all(line.as_bytes())
    };
    match &sheet.rows {
        Some(rows) => rows.iter().try_for_each(|position| row(*position))?,
        None => (0..).take(books.ledger.permits.len()).try_for_each(row)?,
    }
    Ok(count)
}

fn cell(text: &str, line: &mut String) {
    let text = escape(text);
    let formula = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    if text.contains(['"', ',', '\r', '\n']) || !formula.is_empty() {
        // writing to a text does not fail
        write!(line, "\"{formula}{}\"", text.replace('"', "\"\"")).ok();
    } else {
        line.push_str(&text);
    }
}

#[cfg(test)]
mod tests {
    use verifier_core::ledger::{Figure, Ledger, PermitRow};

    use super::*;

    fn books() -> Books {
        let mut ledger = Ledger::default();
        for subject in ["plain", "=cmd()", "a,\"b\"", "\u{202e}x"] {
            let subject = ledger.names.intern(subject);
            let actual_cost = Figure::of(1_234_567_890);
            ledger.permits.push(PermitRow { subject, actual_cost, ..PermitRow::default() });
        }
        Books { ledger, ..Books::default() }
    }

    fn sheet() -> Sheet {
        let columns = vec![Field::Subject, Field::Cost];
        Sheet { trust: "NOT ESTABLISHED".to_owned(), filter: "cost > 1".to_owned(), columns, rows: None }
    }

    #[test]
    fn a_sheet_names_its_evidence_and_holds_no_formula() {
        let mut out = Vec::new();
        assert_eq!(write(&books(), &sheet(), &mut out).unwrap(), 4);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "# evidence NOT VERIFIED: NOT ESTABLISHED\r\n# filter: cost > 1\r\nsubject,cost\r\nplain,1234.567890\r\n\
             \"'=cmd()\",1234.567890\r\n\"a,\"\"b\"\"\",1234.567890\r\n\\u{202e}x,1234.567890\r\n"
        );
    }

    #[test]
    fn a_workbook_is_the_same_every_time_and_holds_no_formula() {
        let (bytes, count) = xlsx::bytes(&books(), &sheet()).unwrap();
        assert_eq!(count, 4);
        assert_eq!(xlsx::bytes(&books(), &sheet()).unwrap().0, bytes);
        let archive = verifier_core::archive::open(
            verifier_core::archive::Source::Bytes { name: "permits.xlsx", bytes },
            &verifier_core::bytes::Limits::default(),
        )
        .unwrap();
        let part = |name: &str| {
            let entry = archive.entries().iter().find(|entry| entry.name().ends_with(name)).unwrap();
            String::from_utf8(entry.read(1 << 20).unwrap().as_slice().to_vec()).unwrap()
        };
        let texts = part("xl/sharedStrings.xml");
        for text in ["=cmd()", "1,234.567890", "\\u{202e}x", "NOT VERIFIED: NOT ESTABLISHED", "cost &gt; 1"] {
            assert!(texts.contains(text), "{text} {texts}");
        }
        assert!(!part("xl/worksheets/sheet1.xml").contains("<f>"));
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_half_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("permits.csv");
        assert_eq!(save(&books(), &sheet(), &path).unwrap(), 4);
        let error = save(&books(), &sheet(), &path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(save(&books(), &sheet(), &folder.path().join("no/such/folder.csv")).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
