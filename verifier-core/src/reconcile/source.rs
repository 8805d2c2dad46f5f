//! Lines of gateway logs and invoices, one at a time, each with the line and field of what is wrong.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use sha2::{Digest, Sha256};

use super::csv::{CsvError, CsvReader, RECORD_BYTES, Record};
use super::map::{Field, Form, Map, Unit};
use crate::bytes::Blob;
use crate::json::{Document, Kind, ParserLimits, Value};
use crate::ledger::money::parse_integer;
use crate::ledger::{AmountError, Decimal, Figure};
use crate::time::Timestamp;

/// Bytes of a field that names something.
const TEXT_BYTES: usize = 1_024;

/// What is wrong with an input line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputProblem {
    /// No header line.
    Empty,
    /// The header lacks a column; the header's columns are listed.
    NoColumn(String),
    /// The header names a column twice.
    TwoColumns,
    /// Another number of fields than the header has, as after a cut or an unquoted delimiter.
    FieldCount {
        /// Fields of the header.
        expected: usize,
        /// Fields of the line.
        found: usize,
    },
    /// A quotation is open at the end of the file.
    OpenQuote,
    /// A quotation mark inside an unquoted field, or text after a closing one.
    StrayQuote,
    /// A record or text above the limit.
    TooLong,
    /// Not UTF-8.
    NotUtf8,
    /// A NUL byte.
    Nul,
    /// Not a JSON object on a line of its own.
    NotJson(String),
    /// Required and absent or blank.
    Missing,
    /// No amount; the text is quoted.
    Amount(AmountError, String),
    /// Not a point in time; the text is quoted.
    NotATime(String),
    /// A value of another type than text or number.
    NotText,
}

impl fmt::Display for InputProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("the file has no header line"),
            Self::NoColumn(columns) => write!(formatter, "the header lacks this column; it has: {columns}"),
            Self::TwoColumns => formatter.write_str("the header has this column twice"),
            Self::FieldCount { expected, found } => {
                write!(formatter, "the line has {found} fields and the header {expected}; it may be cut")
            }
            Self::OpenQuote => formatter.write_str("a quotation is not closed; the file may be cut"),
            Self::StrayQuote => formatter.write_str("a quotation mark where none may stand"),
            Self::TooLong => formatter.write_str("longer than the limit"),
            Self::NotUtf8 => formatter.write_str("not UTF-8"),
            Self::Nul => formatter.write_str("a NUL byte"),
            Self::NotJson(why) => write!(formatter, "not a JSON object: {why}"),
            Self::Missing => formatter.write_str("required, and absent or blank"),
            Self::Amount(error, text) => write!(formatter, "{error}: {text:?}"),
            Self::NotATime(text) => write!(formatter, "not a point in time: {text:?}"),
            Self::NotText => formatter.write_str("neither text nor number"),
        }
    }
}

/// A line that cannot be used. Nothing after it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column or member; empty for the line as a whole.
    pub field: String,
    /// What is wrong.
    pub problem: InputProblem,
}

impl fmt::Display for InputError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, line {}", self.file, self.line)?;
        if !self.field.is_empty() {
            write!(formatter, ", {}", self.field)?;
        }
        write!(formatter, ": {}", self.problem)
    }
}

impl std::error::Error for InputError {}

/// Why a file was not read to its end.
#[derive(Debug)]
pub enum ReadFailure {
    /// A line cannot be used.
    Input(InputError),
    /// The bytes cannot be read.
    Read(io::Error),
    /// The receiver of lines failed, such as a full disk.
    Write(io::Error),
}

impl From<InputError> for ReadFailure {
    fn from(error: InputError) -> Self {
        Self::Input(error)
    }
}

/// One line of a file.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Permit id.
    pub permit: String,
    /// The call's id.
    pub request: String,
    /// The answer's id.
    pub response: String,
    /// Provider.
    pub provider: String,
    /// Model or price key.
    pub model: String,
    /// Cost in the currency.
    pub cost: Decimal,
    /// Half of the last decimal place as it was written, in micro-units; what rounding can explain.
    pub slack: i64,
    /// Currency code in capitals.
    pub currency: String,
    /// Input tokens.
    pub input: Figure,
    /// Output tokens.
    pub output: Figure,
    /// When, or the start of the billed period, microseconds.
    pub time: Figure,
    /// End of the billed period, microseconds.
    pub period_end: Figure,
    /// The billed account.
    pub account: String,
    /// The billed resource.
    pub resource: String,
    /// What is charged.
    pub charge: String,
    /// A status other than success: the call did not go through.
    pub is_failure: bool,
    /// A credit, correction, tax or purchase, which is no call.
    pub is_other_charge: bool,
}

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
}

/// Reads a file line by line. `each` gets the line and, for CSV, its record; `header` the CSV header first.
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
    let is_lines = match map.form {
        Form::Csv => false,
        Form::Lines => true,
        Form::Either => {
            let head = buffered.fill_buf().map_err(ReadFailure::Read)?;
            head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
        }
    };
    let reader = Reader { file, map };
    let lines = if is_lines {
        reader.lines(&mut buffered, each)?
    } else {
        reader.csv(&mut buffered, header, each)?
    };
    drop(buffered);
    Ok(InputSummary {
        file: file.to_owned(),
        sha256: hashing.hash.finalize().into(),
        bytes: hashing.bytes,
        lines,
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

struct Reader<'a> {
    file: &'a str,
    map: &'a Map,
}

/// Where a value of a CSV record stands: its column, and the path inside it.
struct Column<'a> {
    field: Field,
    position: usize,
    name: &'a str,
    inner: Vec<&'a str>,
}

impl Reader<'_> {
    fn error(&self, line: u64, field: &str, problem: InputProblem) -> InputError {
        InputError { file: self.file.to_owned(), line, field: field.to_owned(), problem }
    }

    fn csv(
        &self,
        bytes: &mut dyn BufRead,
        header: &mut dyn FnMut(&Record) -> io::Result<()>,
        each: &mut dyn FnMut(&Line, Option<&Record>) -> io::Result<()>,
    ) -> Result<u64, ReadFailure> {
        let failed = |error| match error {
            CsvError::Read(error) => ReadFailure::Read(error),
            CsvError::Wrong(line, problem) => self.error(line, "", problem).into(),
        };
        let mut reader = CsvReader::new(bytes, self.map.delimiter);
        let mut names = Record::default();
        if !reader.read(&mut names).map_err(failed)? {
            return Err(self.error(1, "", InputProblem::Empty).into());
        }
        let columns = self.columns(&names)?;
        header(&names).map_err(ReadFailure::Write)?;
        let mut record = Record::default();
        let mut count = 0;
        while reader.read(&mut record).map_err(failed)? {
            if record.len() != names.len() {
                let problem = InputProblem::FieldCount { expected: names.len(), found: record.len() };
                return Err(self.error(record.line, "", problem).into());
            }
            let mut line = Line { number: record.line, ..Line::default() };
            let mut seen = Seen::default();
            for column in &columns {
                let text = record.field(column.position).unwrap_or_default().trim();
                let place = Place { line: record.line, name: column.name };
                match column.inner.as_slice() {
                    [] => self.take(&mut line, &mut seen, column.field, text, place)?,
                    path => {
                        if let Some(inner) = json_inside(text, path) {
                            self.take(&mut line, &mut seen, column.field, &inner, place)?;
                        }
                    }
                }
            }
            self.finish(&mut line, &seen)?;
            each(&line, Some(&record)).map_err(ReadFailure::Write)?;
            count += 1;
        }
        Ok(count)
    }

    fn columns<'m>(&'m self, names: &Record) -> Result<Vec<Column<'m>>, InputError> {
        let listed = || names.fields().take(40).collect::<Vec<_>>().join(", ");
        let position = |name: &str| names.fields().position(|own| own.trim() == name);
        let find = |name: &'m str| match (position(name), name.split_once('.')) {
            (Some(position), _) => Some((position, Vec::new())),
            (None, Some((outer, inner))) => position(outer).map(|at| (at, inner.split('.').collect())),
            (None, None) => None,
        };
        for name in &self.map.required {
            if find(name).is_none() {
                return Err(self.error(names.line, name, InputProblem::NoColumn(listed())));
            }
        }
        let mut columns = Vec::new();
        for (field, places) in &self.map.columns {
            for name in places {
                let Some((position, inner)) = find(name) else { continue };
                let own = names.field(position).unwrap_or_default();
                if names.fields().filter(|other| *other == own).count() > 1 {
                    return Err(self.error(names.line, own, InputProblem::TwoColumns));
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
                return Err(self.error(number, "", InputProblem::TooLong).into());
            }
            if raw.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let not_json = |why: String| self.error(number, "", InputProblem::NotJson(why));
            let document = Document::parse(Blob::new(raw), ParserLimits::default())
                .map_err(|error| not_json(error.to_string()))?;
            let root = document.root();
            if !root.is_object() {
                return Err(not_json("another value".to_owned()).into());
            }
            for name in &self.map.required {
                if down(root, &name.split('.').collect::<Vec<_>>()).is_none() {
                    return Err(self.error(number, name, InputProblem::Missing).into());
                }
            }
            let mut line = Line { number, ..Line::default() };
            let mut seen = Seen::default();
            for (field, places) in &self.map.columns {
                for name in places {
                    let path: Vec<&str> = name.split('.').collect();
                    let place = Place { line: number, name };
                    let text = match down(root, &path) {
                        Some(Found::Text(text)) => text,
                        Some(Found::Other) => {
                            return Err(self.error(number, name, InputProblem::NotText).into());
                        }
                        None => continue,
                    };
                    self.take(&mut line, &mut seen, *field, text.trim(), place)?;
                }
            }
            self.finish(&mut line, &seen)?;
            each(&line, None).map_err(ReadFailure::Write)?;
            count += 1;
        }
    }

    /// Takes a value into the line; of several places for a field the first that is filled counts.
    fn take(
        &self,
        line: &mut Line,
        seen: &mut Seen,
        field: Field,
        text: &str,
        place: Place<'_>,
    ) -> Result<(), InputError> {
        if text.is_empty() {
            return Ok(());
        }
        let wrong = |problem| self.error(place.line, place.name, problem);
        let amount = |error| wrong(InputProblem::Amount(error, short(text)));
        if text.len() > TEXT_BYTES {
            return Err(wrong(InputProblem::TooLong));
        }
        let named = |slot: &mut String| {
            if slot.is_empty() {
                text.clone_into(slot);
            }
        };
        match field {
            Field::Permit => named(&mut line.permit),
            Field::Request => named(&mut line.request),
            Field::Response => named(&mut line.response),
            Field::Provider => named(&mut line.provider),
            Field::Model => named(&mut line.model),
            Field::Currency => line.currency = text.to_ascii_uppercase(),
            Field::Cost if seen.cost.is_none() => {
                let (cost, slack) = cost(text, self.map.unit).map_err(amount)?;
                (line.cost, line.slack) = (cost, slack);
                seen.cost = Some((place.name.to_owned(), text.to_owned()));
            }
            Field::Cost => {}
            Field::Input | Field::Output => {
                let count = parse_integer(text).map_err(amount)?;
                if count < 0 {
                    return Err(amount(AmountError::Negative));
                }
                let slot = if field == Field::Input { &mut line.input } else { &mut line.output };
                *slot = Figure::of(count);
            }
            Field::Account => named(&mut line.account),
            Field::Resource => named(&mut line.resource),
            Field::Charge => named(&mut line.charge),
            Field::Time | Field::PeriodEnd => {
                let time =
                    Timestamp::parse(text).ok_or_else(|| wrong(InputProblem::NotATime(short(text))))?;
                let slot = if field == Field::Time { &mut line.time } else { &mut line.period_end };
                *slot = Figure::of(time.unix_micros());
            }
            Field::Status => {
                let word = text.to_ascii_lowercase();
                line.is_failure =
                    !matches!(word.as_str(), "success" | "ok" | "succeeded" | "completed" | "200");
            }
            Field::Category => line.is_other_charge |= text != "Usage",
            Field::Class => line.is_other_charge |= text == "Correction",
        }
        Ok(())
    }

    fn finish(&self, line: &mut Line, seen: &Seen) -> Result<(), InputError> {
        let cost = self.map.columns.iter().find(|(field, _)| *field == Field::Cost);
        let name = cost.and_then(|(_, names)| names.first()).map_or("cost", |name| name);
        let Some((name, text)) = &seen.cost else {
            return Err(self.error(line.number, name, InputProblem::Missing));
        };
        if line.cost.is_negative() && !line.is_other_charge {
            let problem = InputProblem::Amount(AmountError::Negative, short(text));
            return Err(self.error(line.number, name, problem));
        }
        if line.currency.is_empty() {
            if self.map.columns.iter().any(|(field, _)| *field == Field::Currency) {
                return Err(self.error(line.number, "currency", InputProblem::Missing));
            }
            "USD".clone_into(&mut line.currency);
        }
        Ok(())
    }
}

struct Place<'a> {
    line: u64,
    name: &'a str,
}

/// The cost of a line as it was found: column and text.
#[derive(Default)]
struct Seen {
    cost: Option<(String, String)>,
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The exact amount, and half of its last written decimal place: at least two places count, so that "1" is no licence
/// to be wrong by half a dollar.
fn cost(text: &str, unit: Unit) -> Result<(Decimal, i64), AmountError> {
    let shift = match unit {
        Unit::Usd => 0i32,
        Unit::Cent => 2,
        Unit::Micro => 6,
    };
    let decimal = Decimal::parse(text)?.shifted(shift)?;
    let fraction = text.split_once(['e', 'E']).map_or(text, |(mantissa, _)| mantissa);
    let written = fraction.split_once('.').map_or(0, |(_, digits)| digits.len());
    let places = i32::try_from(written).unwrap_or(i32::MAX).saturating_add(shift).clamp(2, 7);
    let slack = 10i64.checked_pow(u32::try_from(6 - places.min(6)).unwrap_or(0)).unwrap_or(1) / 2;
    Ok((decimal, slack))
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
