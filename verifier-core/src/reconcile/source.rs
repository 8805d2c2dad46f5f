//! Lines of gateway logs and invoices, one at a time, each with the line and field of what is wrong.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use sha2::{Digest, Sha256};

use super::csv::{CsvError, CsvReader, RECORD_BYTES, Record};
use super::line::{Line, Place, Seen};
use super::map::{Field, Form, Map};
use super::parquet::{self, Table};
use super::problem::{At, InputError, InputProblem, ReadFailure};
use crate::bytes::Blob;
use crate::json::{Document, Kind, ParserLimits, Value};

/// What was read.
#[derive(Clone, Debug)]
pub struct InputSummary {
    /// The file.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Bytes.
    pub bytes: u64,
    /// Lines that carry data.
    pub lines: u64,
    /// Columns that cannot be read as text, and that the map does not need.
    pub left_out: Vec<String>,
}

/// Reads a file line by line. `each` gets the line and, for a table, its record; `header` the names of a table's
/// columns first.
///
/// # Errors
/// [`ReadFailure`]; the first line that cannot be used ends the reading.
pub fn read(
    file: &str,
    bytes: &mut dyn Read,
    map: &Map,
    header: &mut dyn FnMut(&Record) -> io::Result<()>,
    each: &mut dyn FnMut(&Line, Option<&Record>) -> io::Result<()>,
) -> Result<InputSummary, ReadFailure> {
    let mut hashing = Hashing { inner: bytes, hash: Sha256::new(), bytes: 0 };
    let mut buffered = BufReader::with_capacity(1 << 18, &mut hashing);
    let form = match map.form {
        Form::Either => {
            let head = buffered.fill_buf().map_err(ReadFailure::Read)?;
            if head.starts_with(parquet::MAGIC) || head.starts_with(parquet::ENCRYPTED) {
                Form::Parquet
            } else if head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
                Form::Lines
            } else {
                Form::Csv
            }
        }
        form => form,
    };
    let reader = Reader { file, map };
    let mut left_out = Vec::new();
    let lines = match form {
        Form::Lines => reader.lines(&mut buffered, each)?,
        Form::Parquet => reader.parquet(&mut buffered, &mut left_out, header, each)?,
        Form::Csv | Form::Either => reader.csv(&mut buffered, header, each)?,
    };
    drop(buffered);
    Ok(InputSummary {
        file: file.to_owned(),
        sha256: hashing.hash.finalize().into(),
        bytes: hashing.bytes,
        lines,
        left_out,
    })
}

struct Hashing<'a> {
    inner: &'a mut dyn Read,
    hash: Sha256,
    bytes: u64,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        self.bytes += u64::try_from(count).unwrap_or(0);
        Ok(count)
    }
}

/// Reads one file by a map.
pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) map: &'a Map,
}

/// Where a value of a CSV record stands: its column, and the path inside it.
struct Column<'a> {
    field: Field,
    position: usize,
    name: &'a str,
    inner: Vec<&'a str>,
}

impl Reader<'_> {
    pub(super) fn error(&self, at: At, field: &str, problem: InputProblem) -> InputError {
        InputError { file: self.file.to_owned(), at, field: field.to_owned(), problem }
    }

    fn csv(
        &self,
        bytes: &mut dyn BufRead,
        header: &mut dyn FnMut(&Record) -> io::Result<()>,
        each: &mut dyn FnMut(&Line, Option<&Record>) -> io::Result<()>,
    ) -> Result<u64, ReadFailure> {
        let failed = |error| match error {
            CsvError::Read(error) => ReadFailure::Read(error),
            CsvError::Wrong(line, problem) => self.error(At::Line(line), "", problem).into(),
        };
        let mut reader = CsvReader::new(bytes, self.map.delimiter);
        let mut names = Record::default();
        if !reader.read(&mut names).map_err(failed)? {
            return Err(self.error(At::Line(1), "", InputProblem::Empty).into());
        }
        let columns = self.columns(&names, At::Line(names.line), &[])?;
        header(&names).map_err(ReadFailure::Write)?;
        let mut record = Record::default();
        let mut count = 0;
        while reader.read(&mut record).map_err(failed)? {
            let at = At::Line(record.line);
            if record.len() != names.len() {
                let problem = InputProblem::FieldCount { expected: names.len(), found: record.len() };
                return Err(self.error(at, "", problem).into());
            }
            let line = self.record(&record, at, &columns)?;
            each(&line, Some(&record)).map_err(ReadFailure::Write)?;
            count += 1;
        }
        Ok(count)
    }

    fn parquet(
        &self,
        bytes: &mut dyn Read,
        left_out: &mut Vec<String>,
        header: &mut dyn FnMut(&Record) -> io::Result<()>,
        each: &mut dyn FnMut(&Line, Option<&Record>) -> io::Result<()>,
    ) -> Result<u64, ReadFailure> {
        let whole = |problem| self.error(At::File, "", InputProblem::Parquet(problem));
        let limit = u64::try_from(parquet::FILE_BYTES).unwrap_or(u64::MAX);
        let mut file = Vec::new();
        bytes.take(limit.saturating_add(1)).read_to_end(&mut file).map_err(ReadFailure::Read)?;
        let mut table = Table::open(file).map_err(whole)?;
        let names = table.header().map_err(whole)?;
        let columns = self.columns(&names, At::File, table.left_out())?;
        header(&names).map_err(ReadFailure::Write)?;
        let mut record = Record::default();
        let mut count = 0;
        loop {
            match table.read(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(failure) => {
                    let at = if failure.row == 0 { At::File } else { At::Row(failure.row) };
                    return Err(self
                        .error(at, &failure.column, InputProblem::Parquet(failure.problem))
                        .into());
                }
            }
            let line = self.record(&record, At::Row(record.line), &columns)?;
            each(&line, Some(&record)).map_err(ReadFailure::Write)?;
            count += 1;
        }
        table.left_out().clone_into(left_out);
        Ok(count)
    }

    /// The line that a record of a table makes.
    fn record(&self, record: &Record, at: At, columns: &[Column<'_>]) -> Result<Line, InputError> {
        let mut line = Line { number: record.line, ..Line::default() };
        let mut seen = Seen::default();
        for column in columns {
            let text = record.field(column.position).unwrap_or_default().trim();
            let place = Place { at, name: column.name };
            match column.inner.as_slice() {
                [] => self.take(&mut line, &mut seen, column.field, text, place)?,
                path => {
                    if let Some(inner) = json_inside(text, path) {
                        self.take(&mut line, &mut seen, column.field, &inner, place)?;
                    }
                }
            }
        }
        self.finish(&mut line, at, &seen)?;
        Ok(line)
    }

    /// Where a table has what the map names. A column that is there and cannot be read is an error, also where the map
    /// can do without it: what it would say is not known.
    fn columns<'m>(
        &'m self,
        names: &Record,
        at: At,
        left_out: &[String],
    ) -> Result<Vec<Column<'m>>, InputError> {
        let listed = || names.fields().take(40).collect::<Vec<_>>().join(", ");
        let position = |name: &str| names.fields().position(|own| own.trim() == name);
        let find = |name: &'m str| match (position(name), name.split_once('.')) {
            (Some(position), _) => Some((position, Vec::new())),
            (None, Some((outer, inner))) => position(outer).map(|at| (at, inner.split('.').collect())),
            (None, None) => None,
        };
        let wanted = self.map.columns.iter().flat_map(|(_, places)| places).chain(&self.map.required);
        for name in wanted {
            let outer = name.split_once('.').map_or(name.as_str(), |(outer, _)| outer);
            if left_out.iter().any(|own| own == name || own == outer) {
                return Err(self.error(at, name, InputProblem::ColumnType));
            }
        }
        for name in &self.map.required {
            if find(name).is_none() {
                return Err(self.error(at, name, InputProblem::NoColumn(listed())));
            }
        }
        let mut columns = Vec::new();
        for (field, places) in &self.map.columns {
            for name in places {
                let Some((position, inner)) = find(name) else { continue };
                let own = names.field(position).unwrap_or_default();
                if names.fields().filter(|other| other.trim() == own.trim()).count() > 1 {
                    return Err(self.error(at, own, InputProblem::TwoColumns));
                }
                columns.push(Column { field: *field, position, name, inner });
            }
        }
        Ok(columns)
    }

    fn lines(
        &self,
        bytes: &mut dyn BufRead,
        each: &mut dyn FnMut(&Line, Option<&Record>) -> io::Result<()>,
    ) -> Result<u64, ReadFailure> {
        let (mut number, mut count) = (0u64, 0u64);
        let limit = u64::try_from(RECORD_BYTES).unwrap_or(u64::MAX);
        loop {
            let mut raw = Vec::new();
            let read = (&mut *bytes)
                .take(limit.saturating_add(1))
                .read_until(b'\n', &mut raw)
                .map_err(ReadFailure::Read)?;
            if read == 0 {
                return Ok(count);
            }
            number += 1;
            if raw.len() > RECORD_BYTES {
                return Err(self.error(At::Line(number), "", InputProblem::TooLong).into());
            }
            if raw.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let not_json = |why: String| self.error(At::Line(number), "", InputProblem::NotJson(why));
            let document = Document::parse(Blob::new(raw), ParserLimits::default())
                .map_err(|error| not_json(error.to_string()))?;
            let root = document.root();
            if !root.is_object() {
                return Err(not_json("another value".to_owned()).into());
            }
            for name in &self.map.required {
                if down(root, &name.split('.').collect::<Vec<_>>()).is_none() {
                    return Err(self.error(At::Line(number), name, InputProblem::Missing).into());
                }
            }
            let mut line = Line { number, ..Line::default() };
            let mut seen = Seen::default();
            for (field, places) in &self.map.columns {
                for name in places {
                    let path: Vec<&str> = name.split('.').collect();
                    let place = Place { at: At::Line(number), name };
                    let text = match down(root, &path) {
                        Some(Found::Text(text)) => text,
                        Some(Found::Other) => {
                            return Err(self.error(At::Line(number), name, InputProblem::NotText).into());
                        }
                        None => continue,
                    };
                    self.take(&mut line, &mut seen, *field, text.trim(), place)?;
                }
            }
            self.finish(&mut line, At::Line(number), &seen)?;
            each(&line, None).map_err(ReadFailure::Write)?;
            count += 1;
        }
    }
}

enum Found<'a> {
    Text(Cow<'a, str>),
    Other,
}

/// The value at a path: text, or the spelling of a number; `None` where it is absent or null.
fn down<'a>(value: Value<'a>, path: &[&str]) -> Option<Found<'a>> {
    let [first, rest @ ..] = path else {
        return match value.kind() {
            Kind::Null => None,
            Kind::String => value.text().map(Found::Text),
            Kind::Int | Kind::Float => value.number().map(|number| Found::Text(Cow::Borrowed(number))),
            _ => Some(Found::Other),
        };
    };
    if let Some(text) = value.text() {
        return json_inside(&text, path).map(|text| Found::Text(Cow::Owned(text)));
    }
    down(value.member(first)?, rest)
}

/// A value in an object that is held as JSON text. A text that is no JSON object has none.
fn json_inside(text: &str, path: &[&str]) -> Option<String> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let document = Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default()).ok()?;
    let mut value = document.root();
    for name in path {
        value = value.as_object()?.member(name)?;
    }
    match value.kind() {
        Kind::String => value.text().map(Cow::into_owned),
        Kind::Int | Kind::Float => value.number().map(str::to_owned),
        _ => None,
    }
}
