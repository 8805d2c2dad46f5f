//! The footer of a Parquet file: its columns, and where each group of rows has their bytes.
//!
//! Source: Apache Parquet, `parquet.thrift`.

use super::Problem;
use super::schema::{Column, Columns, Element, join};
use super::thrift::{Compact, Kind};

/// Bytes of the footer.
const FOOTER_BYTES: usize = 16 << 20;
/// Lines of the schema.
const ELEMENTS: usize = 1 << 14;

/// Where a column's bytes of one group stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) codec: i64,
    pub(super) values: u64,
    path: String,
}

/// A group of rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) rows: u64,
    /// One chunk for each column of single values.
    pub(super) chunks: Vec<Chunk>,
}

/// A file's footer.
#[derive(Debug, Default)]
pub(super) struct Footer {
    pub(super) columns: Vec<Column>,
    /// Names of columns that are not read.
    pub(super) left_out: Vec<String>,
    pub(super) groups: Vec<Group>,
}

impl Footer {
    /// Reads the footer of a whole file.
    pub(super) fn read(file: &[u8]) -> Result<Self, Problem> {
        let (before, end) = file.split_last_chunk::<8>().ok_or(Problem::NoFooter)?;
        let (length, magic) = end.split_first_chunk::<4>().ok_or(Problem::NoFooter)?;
        match magic {
            b"PAR1" => {}
            b"PARE" => return Err(Problem::Encrypted),
            _ => return Err(Problem::NoFooter),
        }
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length > FOOTER_BYTES {
            return Err(Problem::TooMuch("bytes of the footer"));
        }
        let start = before.len().checked_sub(length).filter(|start| *start >= 4).ok_or(Problem::NoFooter)?;
        let bytes = before.get(start..).ok_or(Problem::NoFooter)?;
        Self::parse(bytes, start)
    }

    /// Reads a footer; everything that it points to must end at `end`.
    fn parse(bytes: &[u8], end: usize) -> Result<Self, Problem> {
        let (mut schema, mut groups, mut rows) = (Vec::new(), Vec::new(), None);
        Compact::new(bytes).fields(&mut |reader, id, kind| {
            match id {
                2 => reader.elements(kind, &mut |reader, kind| {
                    schema.push(Element::read(reader, kind)?);
                    if schema.len() > ELEMENTS { Err(Problem::TooMuch("columns")) } else { Ok(()) }
                })?,
                3 => rows = Some(reader.integer(kind)?),
                4 => reader.elements(kind, &mut |reader, kind| {
                    groups.push(group(reader, kind, end)?);
                    Ok(())
                })?,
                8 => return Err(Problem::Encrypted),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let Columns { columns, left_out, leaves } = Columns::of(&schema)?;
        let footer = Self { columns, left_out, groups };
        let told = rows.and_then(|rows| u64::try_from(rows).ok());
        let counted = footer.groups.iter().map(|group| group.rows).fold(0, u64::saturating_add);
        if told != Some(counted) {
            return Err(Problem::Damaged("the groups of rows do not add up to the rows of the file"));
        }
        if footer.groups.iter().any(|group| group.chunks.len() != leaves) {
            return Err(Problem::Damaged("a group of rows has other columns than the schema"));
        }
        // Values under another name would be read as those of this column.
        for leaf in footer.columns.iter().flat_map(Column::leaves) {
            let chunks = footer.groups.iter().filter_map(|group| group.chunks.get(leaf.ordinal));
            if chunks.into_iter().any(|chunk| chunk.path != leaf.path) {
                return Err(Problem::Damaged("columns stand in another order than in the schema"));
            }
        }
        Ok(footer)
    }
}

fn group(reader: &mut Compact<'_>, kind: Kind, end: usize) -> Result<Group, Problem> {
    let mut group = Group::default();
    let mut rows = None;
    reader.structure(kind, &mut |reader, id, kind| {
        match id {
            1 => reader.elements(kind, &mut |reader, kind| {
                group.chunks.push(chunk(reader, kind, end)?);
                Ok(())
            })?,
            3 => rows = Some(reader.integer(kind)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let rows = rows.and_then(|rows| u64::try_from(rows).ok());
    group.rows = rows.ok_or(Problem::Damaged("a group of rows has no number of rows"))?;
    Ok(group)
}

fn chunk(reader: &mut Compact<'_>, kind: Kind, end: usize) -> Result<Chunk, Problem> {
    let mut found = None;
    reader.structure(kind, &mut |reader, id, kind| {
        match id {
            1 => return Err(Problem::Damaged("a column lies in another file")),
            3 => found = Some(place(reader, kind, end)?),
            8 | 9 => return Err(Problem::Encrypted),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    found.ok_or(Problem::Damaged("a column has no place in the file"))
}

fn place(reader: &mut Compact<'_>, kind: Kind, end: usize) -> Result<Chunk, Problem> {
    let [mut codec, mut values, mut size, mut data, mut dictionary] = [0i64, -1, -1, -1, 0];
    let mut path = String::new();
    reader.structure(kind, &mut |reader, id, kind| {
        let slot = match id {
            3 => {
                reader.elements(kind, &mut |reader, kind| {
                    join(&mut path, reader.text(kind)?);
                    Ok(())
                })?;
                return Ok(true);
            }
            4 => &mut codec,
            5 => &mut values,
            7 => &mut size,
            9 => &mut data,
            11 => &mut dictionary,
            _ => return Ok(false),
        };
        *slot = reader.integer(kind)?;
        Ok(true)
    })?;
    // A column without values has no pages, and may have no place either.
    if values == 0 {
        return Ok(Chunk { path, ..Chunk::default() });
    }
    // Some writers state 0 where there is no dictionary, and some a data page that stands before it.
    let start = if dictionary > 0 { dictionary.min(data) } else { data };
    let outside = Problem::Damaged("a column lies outside the file");
    let [start, size] = [start, size].map(usize::try_from);
    let (Ok(start), Ok(size), Ok(values)) = (start, size, u64::try_from(values)) else {
        return Err(outside);
    };
    match start.checked_add(size) {
        Some(stop) if start >= 4 && stop <= end => Ok(Chunk { start, end: stop, codec, values, path }),
        _ => Err(outside),
    }
}
