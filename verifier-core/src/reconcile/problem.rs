//! What is wrong with a log or an invoice, and where.

use std::fmt;
use std::io;

use super::parquet::Problem;
use crate::ledger::AmountError;

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
    /// Parquet that cannot be read.
    Parquet(Problem),
    /// A Parquet column of a type that is not read.
    ColumnType,
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
            Self::Parquet(problem) => problem.fmt(formatter),
            Self::ColumnType => {
                formatter.write_str("a list, a structure or another type that cannot be read as text")
            }
        }
    }
}

/// Where in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The file as a whole.
    File,
    /// A line of text, from 1.
    Line(u64),
    /// A row of a Parquet file, from 1.
    Row(u64),
}

/// A line that cannot be used. Nothing after it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The file.
    pub file: String,
    /// The line or row.
    pub at: At,
    /// The column or member; empty for the line as a whole.
    pub field: String,
    /// What is wrong.
    pub problem: InputProblem,
}

impl fmt::Display for InputError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        match self.at {
            At::File => {}
            At::Line(line) => write!(formatter, ", line {line}")?,
            At::Row(row) => write!(formatter, ", row {row}")?,
        }
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
