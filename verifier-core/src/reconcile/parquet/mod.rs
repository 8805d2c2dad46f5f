//! Parquet, one row at a time, each value as the text that a CSV file would have.
//!
//! Read are the encodings and types that billing exports use, uncompressed or with Snappy, gzip or Zstandard; what is not
//! read is refused by its name. The file is held in memory, of its columns one page each, and no file yields more than a
//! multiple of its bytes. Written here and not taken from a library because sizes in a hostile file must be compared with
//! limits before they are allocated: a failed allocation ends the process, and such guards are the larger half of a reader.
//!
//! Source: Apache Parquet format 2.12.

mod bits;
mod column;
mod footer;
mod page;
mod schema;
mod thrift;
mod value;

#[cfg(test)]
mod tests;

use std::fmt;

use column::Entries;
use footer::Footer;
use page::Meter;
use schema::{Leaf, Shape};
use value::Value;

use super::csv::{FIELDS, RECORD_BYTES, Record};

/// The first bytes of a file.
pub const MAGIC: &[u8] = b"PAR1";
/// The first bytes of a file whose footer is encrypted.
pub const ENCRYPTED: &[u8] = b"PARE";
/// Bytes of a file.
pub const FILE_BYTES: usize = 1 << 30;

/// What a row costs beside its text, since whoever takes it has to look at all its columns.
const ROW_COST: usize = 128;

/// What is wrong with a Parquet file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// No footer at the end.
    NoFooter,
    /// The footer or a column is encrypted.
    Encrypted,
    /// Bytes end before a value does.
    Cut,
    /// What the file says of itself does not fit together.
    Damaged(&'static str),
    /// The bytes of a page are not those that its checksum was made of.
    Checksum {
        /// CRC-32 in the page's head.
        stated: u32,
        /// CRC-32 of its bytes.
        computed: u32,
    },
    /// A compression that is not read.
    Codec(&'static str),
    /// An encoding that is not read.
    Encoding(&'static str),
    /// More than the limit.
    TooMuch(&'static str),
    /// A value above the limit.
    TooLong,
    /// A text that is not UTF-8.
    NotUtf8,
    /// A text with a NUL byte.
    Nul,
    /// Infinite, or not a number.
    NotFinite,
    /// Outside the years 1 to 9999.
    NoDate,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFooter => formatter.write_str("the Parquet file has no footer; it may be cut"),
            Self::Encrypted => formatter.write_str("the Parquet file is encrypted"),
            Self::Cut => formatter.write_str("the Parquet file ends before a value does; it may be cut"),
            Self::Damaged(what) => write!(formatter, "the Parquet file is damaged: {what}"),
            Self::Checksum { stated, computed } => {
                write!(formatter, "the page's checksum is {stated:08x} and that of its bytes {computed:08x}")
            }
            Self::Codec(name) => write!(
                formatter,
                "the column is compressed with {name}; uncompressed, Snappy, gzip and Zstandard are read"
            ),
            Self::Encoding(name) => write!(formatter, "{name} are not read"),
            Self::TooMuch(what) => write!(formatter, "more {what} than the limit"),
            Self::TooLong => formatter.write_str("longer than the limit"),
            Self::NotUtf8 => formatter.write_str("not UTF-8"),
            Self::Nul => formatter.write_str("a NUL byte"),
            Self::NotFinite => formatter.write_str("not a finite number"),
            Self::NoDate => formatter.write_str("not within the years 1 to 9999"),
        }
    }
}

/// Where a file cannot be read on, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The row, from 1; 0 where no row was begun.
    pub row: u64,
    /// The column; empty for the file as a whole.
    pub column: String,
    /// What is wrong.
    pub problem: Problem,
}

/// A file, of which some rows were read.
#[derive(Debug)]
pub struct Table {
    file: Vec<u8>,
    footer: Footer,
    /// The next group of rows, and the rows that are left in the one before.
    next: usize,
    left: u64,
    row: u64,
    /// For each column its entries; of a map those of keys, then those of values.
    entries: Vec<Vec<Entries>>,
    meter: Meter,
}

impl Table {
    /// Reads the footer of a file.
    ///
    /// # Errors
    /// [`Problem`].
    pub fn open(file: Vec<u8>) -> Result<Self, Problem> {
        if file.len() > FILE_BYTES {
            return Err(Problem::TooMuch("bytes"));
        }
        let footer = Footer::read(&file)?;
        if footer.columns.len() + footer.left_out.len() > FIELDS {
            return Err(Problem::TooMuch("columns"));
        }
        let meter = Meter::new(file.len());
        Ok(Self { file, footer, next: 0, left: 0, row: 0, entries: Vec::new(), meter })
    }

    /// The names of the columns that are read.
    ///
    /// # Errors
    /// [`Problem::TooLong`], [`Problem::Nul`].
    pub fn header(&self) -> Result<Record, Problem> {
        let mut record = Record::default();
        for column in &self.footer.columns {
            cell(&mut record, |text| {
                text.push_str(&column.name);
                if column.name.contains('\0') { Err(Problem::Nul) } else { Ok(()) }
            })?;
        }
        Ok(record)
    }

    /// Names of columns that are not read: lists, structures, and types without a form as text.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.footer.left_out
    }

    /// The next row; `false` after the last.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn read(&mut self, record: &mut Record) -> Result<bool, Failure> {
        while self.left == 0 {
            self.finish_group()?;
            if !self.begin_group()? {
                return Ok(false);
            }
        }
        self.left -= 1;
        self.row += 1;
        record.begin(self.row);
        let Self { file, footer, entries, meter, row, .. } = self;
        for (column, cells) in footer.columns.iter().zip(entries) {
            cell(record, |text| push(cells, &column.shape, file, meter, text))
                .map_err(|problem| Failure { row: *row, column: column.name.clone(), problem })?;
        }
        let produced = self.meter.bytes(record.bytes() + ROW_COST);
        produced.map_err(|problem| Failure { row: self.row, column: String::new(), problem })?;
        Ok(true)
    }

    fn begin_group(&mut self) -> Result<bool, Failure> {
        let Some(group) = self.footer.groups.get(self.next) else { return Ok(false) };
        self.next += 1;
        self.left = group.rows;
        self.entries.clear();
        for column in &self.footer.columns {
            let entries = |leaf: &Leaf| group.chunks.get(leaf.ordinal).map(|chunk| Entries::new(leaf, chunk));
            let cells: Option<Vec<Entries>> = column.leaves().into_iter().map(entries).collect();
            let missing = Problem::Damaged("a group of rows has other columns than the schema");
            let failure = |problem| Failure { row: self.row, column: column.name.clone(), problem };
            self.entries.push(cells.ok_or_else(|| failure(missing))?);
        }
        Ok(true)
    }

    fn finish_group(&mut self) -> Result<(), Failure> {
        let Self { file, footer, entries, meter, row, .. } = self;
        for (column, cells) in footer.columns.iter().zip(entries) {
            let finished = cells.iter_mut().try_for_each(|entries| entries.finish(file, meter));
            finished.map_err(|problem| Failure { row: *row, column: column.name.clone(), problem })?;
        }
        Ok(())
    }
}

/// Appends one cell to a record.
fn cell(record: &mut Record, fill: impl FnOnce(&mut String) -> Result<(), Problem>) -> Result<(), Problem> {
    fill(record.text())?;
    record.end();
    if record.bytes() > RECORD_BYTES { Err(Problem::TooLong) } else { Ok(()) }
}

/// Appends the text of the next cell; nothing where it is absent.
fn push(
    cells: &mut [Entries],
    shape: &Shape,
    file: &[u8],
    meter: &mut Meter,
    text: &mut String,
) -> Result<(), Problem> {
    let fewer = Problem::Damaged("a column has fewer values than rows");
    match (shape, cells) {
        (Shape::Single(leaf), [entries]) => {
            entries.levels(file, meter)?.ok_or(fewer)?;
            match entries.take()? {
                Some(value) => value.push(leaf.form, text),
                None => Ok(()),
            }
        }
        (Shape::Map { key, value, present }, [keys, values]) => {
            map([keys, values], [key, value], *present, file, meter, text)
        }
        _ => Err(fewer),
    }
}

/// Appends a map as a JSON object of texts, as FOCUS has key-value pairs in CSV.
fn map(
    both: [&mut Entries; 2],
    leaves: [&Leaf; 2],
    present: u8,
    file: &[u8],
    meter: &mut Meter,
    text: &mut String,
) -> Result<(), Problem> {
    let apart = Problem::Damaged("keys and values of a map do not go together");
    let [keys, values] = both;
    let (mut count, mut is_open) = (0u64, false);
    loop {
        let mut levels = [None, None];
        for (slot, entries) in levels.iter_mut().zip([&mut *keys, &mut *values]) {
            *slot = entries.levels(file, meter)?;
        }
        let [key, value] = levels;
        let is_more = |levels: Option<[u8; 2]>| levels.is_some_and(|[repetition, _]| repetition > 0);
        match (count, is_more(key), is_more(value)) {
            (0, false, false) if key.is_some() && value.is_some() => {}
            (0, ..) => return Err(Problem::Damaged("a column has fewer values than rows")),
            (_, true, true) => {}
            (_, false, false) => break,
            _ => return Err(apart),
        }
        let is_present =
            |levels: Option<[u8; 2]>| levels.is_some_and(|[_, definition]| definition >= present);
        if is_present(key) != is_present(value) || count > 0 && !is_present(key) {
            return Err(apart);
        }
        let [key_leaf, value_leaf] = leaves;
        let (has_pair, key, value) = (is_present(key), keys.take()?, values.take()?);
        if has_pair {
            text.push(if is_open { ',' } else { '{' });
            is_open = true;
            let key = key.ok_or(Problem::Damaged("a key of a map is absent"))?;
            quote(key, key_leaf, text)?;
            text.push(':');
            match value {
                Some(value) => quote(value, value_leaf, text)?,
                None => text.push_str("null"),
            }
            if text.len() > RECORD_BYTES {
                return Err(Problem::TooLong);
            }
        }
        count += 1;
    }
    if is_open {
        text.push('}');
    }
    Ok(())
}

/// Appends a value as a JSON text.
fn quote(value: Value<'_>, leaf: &Leaf, out: &mut String) -> Result<(), Problem> {
    let mut text = String::new();
    value.push(leaf.form, &mut text)?;
    out.push_str(&serde_json::to_string(&text).map_err(|_| Problem::TooLong)?);
    Ok(())
}
