//! CSV as RFC 4180 has it, one record at a time.
//!
//! Lines end with LF or CRLF; a quoted field may hold line ends. A byte order mark is skipped, blank lines are too. A
//! quotation mark in the middle of an unquoted field, text after a closing one, an open quotation at the end of the
//! file, a NUL and bytes that are not UTF-8 are errors with the line: such a file is cut or is no CSV.

use std::io::{self, BufRead, Read};

use super::InputProblem;

/// Bytes of one record.
pub const RECORD_BYTES: usize = 1 << 20;
/// Fields of one record.
pub const FIELDS: usize = 4_096;

/// One record.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The line that it begins on, from 1.
    pub line: u64,
    text: String,
    ends: Vec<usize>,
}

impl Record {
    /// Number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A field, without its quotation marks.
    #[must_use]
    pub fn field(&self, position: usize) -> Option<&str> {
        let end = *self.ends.get(position)?;
        let start = position.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end)
    }

    /// Begins again, for a line or row.
    pub(super) fn begin(&mut self, line: u64) {
        self.line = line;
        self.text.clear();
        self.ends.clear();
    }

    /// Where the text of the next field is appended; [`Self::end`] ends it.
    pub(super) fn text(&mut self) -> &mut String {
        &mut self.text
    }

    /// Ends a field.
    pub(super) fn end(&mut self) {
        self.ends.push(self.text.len());
    }

    /// Bytes of all fields.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|position| self.field(position))
    }
}

/// Reads records.
pub struct CsvReader<R> {
    inner: R,
    delimiter: u8,
    line: u64,
    raw: Vec<u8>,
}

/// Why a record cannot be read.
#[derive(Debug)]
pub enum CsvError {
    /// The bytes cannot be read.
    Read(io::Error),
    /// What is wrong, and the line.
    Wrong(u64, InputProblem),
}

impl<R: BufRead> CsvReader<R> {
    /// A reader; `delimiter` separates fields.
    pub fn new(inner: R, delimiter: u8) -> Self {
        Self { inner, delimiter, line: 0, raw: Vec::new() }
    }

    /// The next record; `false` at the end of the file.
    ///
    /// # Errors
    /// [`CsvError`].
    pub fn read(&mut self, record: &mut Record) -> Result<bool, CsvError> {
        loop {
            self.raw.clear();
            record.line = self.line + 1;
            let mut quotes = 0usize;
            loop {
                let before = self.raw.len();
                let left = RECORD_BYTES.saturating_sub(before);
                let limit = u64::try_from(left).unwrap_or(u64::MAX).saturating_add(1);
                let count =
                    (&mut self.inner).take(limit).read_until(b'\n', &mut self.raw).map_err(CsvError::Read)?;
                if self.raw.len() > RECORD_BYTES {
                    return Err(CsvError::Wrong(record.line, InputProblem::TooLong));
                }
                if count == 0 {
                    if !quotes.is_multiple_of(2) {
                        return Err(CsvError::Wrong(record.line, InputProblem::OpenQuote));
                    }
                    break;
                }
                self.line += 1;
                let added = self.raw.get(before..).unwrap_or_default();
                quotes += added.iter().filter(|byte| **byte == b'"').count();
                if quotes.is_multiple_of(2) {
                    break;
                }
            }
            if self.raw.is_empty() {
                return Ok(false);
            }
            if self.raw.last() == Some(&b'\n') {
                self.raw.pop();
                if self.raw.last() == Some(&b'\r') {
                    self.raw.pop();
                }
            }
            if record.line == 1 && self.raw.starts_with(b"\xef\xbb\xbf") {
                self.raw.drain(..3);
            }
            if !self.raw.is_empty() {
                self.split(record, quotes > 0).map_err(|problem| CsvError::Wrong(record.line, problem))?;
                return Ok(true);
            }
        }
    }

    fn split(&self, record: &mut Record, quoted: bool) -> Result<(), InputProblem> {
        let text = std::str::from_utf8(&self.raw).map_err(|_| InputProblem::NotUtf8)?;
        record.text.clear();
        record.ends.clear();
        if text.contains('\0') {
            return Err(InputProblem::Nul);
        }
        let delimiter = char::from(self.delimiter);
        if !quoted {
            for field in text.split(delimiter) {
                record.text.push_str(field);
                record.ends.push(record.text.len());
            }
            return Self::counted(record);
        }
        let mut rest = text;
        loop {
            if let Some(mut inside) = rest.strip_prefix('"') {
                loop {
                    let (part, after) = inside.split_once('"').ok_or(InputProblem::OpenQuote)?;
                    record.text.push_str(part);
                    match after.strip_prefix('"') {
                        Some(more) => {
                            record.text.push('"');
                            inside = more;
                        }
                        None => {
                            rest = after;
                            break;
                        }
                    }
                }
                record.ends.push(record.text.len());
                if rest.is_empty() {
                    return Self::counted(record);
                }
                rest = rest.strip_prefix(delimiter).ok_or(InputProblem::StrayQuote)?;
            } else {
                let (field, after) = match rest.split_once(delimiter) {
                    Some((field, after)) => (field, Some(after)),
                    None => (rest, None),
                };
                if field.contains('"') {
                    return Err(InputProblem::StrayQuote);
                }
                record.text.push_str(field);
                record.ends.push(record.text.len());
                match after {
                    Some(after) => rest = after,
                    None => return Self::counted(record),
                }
            }
        }
    }

    fn counted(record: &Record) -> Result<(), InputProblem> {
        if record.len() > FIELDS { Err(InputProblem::TooLong) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &[u8]) -> Result<Vec<Vec<String>>, (u64, InputProblem)> {
        let mut reader = CsvReader::new(text, b',');
        let mut record = Record::default();
        let mut records = Vec::new();
        loop {
            match reader.read(&mut record) {
                Ok(true) => records.push(record.fields().map(str::to_owned).collect()),
                Ok(false) => return Ok(records),
                Err(CsvError::Wrong(line, problem)) => return Err((line, problem)),
                Err(CsvError::Read(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn rfc_4180() {
        let text = "\u{feff}a,b,c\r\n1,,3\n\n\"x,\"\"y\"\"\",\"two\nlines\",\n";
        let expected = [vec!["a", "b", "c"], vec!["1", "", "3"], vec!["x,\"y\"", "two\nlines", ""]];
        assert_eq!(all(text.as_bytes()).unwrap(), expected);
        assert_eq!(all(b"a,\"\"").unwrap(), [["a", ""]]);
    }

    #[test]
    fn damage_is_named_with_its_line() {
        for (text, line, problem) in [
            (b"a,b\n1,\"x".as_slice(), 2, InputProblem::OpenQuote),
            (b"a,b\n1,x\"y\"", 2, InputProblem::StrayQuote),
            (b"a\n\"x\"y\n", 2, InputProblem::StrayQuote),
            (b"a\n\n\xff\n", 3, InputProblem::NotUtf8),
            (b"a\0b\n", 1, InputProblem::Nul),
        ] {
            assert_eq!(all(text), Err((line, problem)));
        }
        assert_eq!(all(&vec![b'x'; RECORD_BYTES + 1]), Err((1, InputProblem::TooLong)));
        assert_eq!(all(&vec![b','; FIELDS]), Err((1, InputProblem::TooLong)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(prop::collection::vec("[ -~\n\r\"é]{0,9}", 1..6), 1..9)) {
            let quote = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let text: String =
                rows.iter().map(|row| row.iter().map(quote).collect::<Vec<_>>().join(",") + "\r\n").collect();
            prop_assert_eq!(all(text.as_bytes()).unwrap(), rows);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            all(&bytes).ok();
        }
    }
}
