//! The footer of a Parquet file: its columns, and where each group of rows has their bytes.
//!
//! Columns that are read hold one value in a row, or are a map of texts, as FOCUS tags are. Others (lists, structures,
//! types without a form as text) are named, so that whoever needs one learns it.
//!
//! Source: Apache Parquet, `parquet.thrift`, `LogicalTypes.md`.

use super::Problem;
use super::thrift::{Compact, Kind};
use super::value::{Form, Physical, Unit};

/// Bytes of the footer.
const FOOTER_BYTES: usize = 16 << 20;
/// Lines of the schema.
const ELEMENTS: usize = 1 << 14;
/// Nesting of the schema.
const DEPTH: u8 = 32;

/// A column of single values.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// Its place among all columns of single values.
    pub(super) ordinal: usize,
    pub(super) physical: Physical,
    pub(super) form: Form,
    /// Optional and repeated fields on the way to it, the highest definition level.
    pub(super) defined: u8,
    /// Repeated fields on the way to it.
    pub(super) repeated: u8,
}

/// What a column of the table is made of.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// One value in a row, or none.
    Single(Leaf),
    /// Keys and values; `present` is the definition level from which on there is an entry.
    Map { key: Leaf, value: Leaf, present: u8 },
}

/// A column of the table.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) shape: Shape,
}

/// Where a column's bytes of one group stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) codec: i64,
    pub(super) values: u64,
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

/// One line of the schema, which is a tree written in order.
#[derive(Debug, Default)]
struct Element {
    name: String,
    physical: Option<i64>,
    length: i64,
    repetition: i64,
    children: i64,
    converted: Option<i64>,
    scale: i64,
    precision: i64,
    logical: Option<Logical>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Logical {
    Text,
    Map,
    Decimal {
        scale: i64,
        precision: i64,
    },
    Date,
    Timestamp(Option<Unit>),
    Integer {
        is_signed: bool,
    },
    Uuid,
    /// No value at all.
    Null,
    Other,
}

const OPTIONAL: i64 = 1;
const REPEATED: i64 = 2;

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
        let mut footer = Self { groups, ..Self::default() };
        let leaves = Tree { elements: &schema, next: 0, leaves: 0 }.columns(&mut footer)?;
        let told = rows.and_then(|rows| u64::try_from(rows).ok());
        let counted = footer.groups.iter().map(|group| group.rows).fold(0, u64::saturating_add);
        if told != Some(counted) {
            return Err(Problem::Damaged("the groups of rows do not add up to the rows of the file"));
        }
        if footer.groups.iter().any(|group| group.chunks.len() != leaves) {
            return Err(Problem::Damaged("a group of rows has other columns than the schema"));
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
    reader.structure(kind, &mut |reader, id, kind| {
        let slot = match id {
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
        return Ok(Chunk::default());
    }
    // Some writers state 0 where there is no dictionary, and some a data page that stands before it.
    let start = if dictionary > 0 { dictionary.min(data) } else { data };
    let outside = Problem::Damaged("a column lies outside the file");
    let [start, size] = [start, size].map(usize::try_from);
    let (Ok(start), Ok(size), Ok(values)) = (start, size, u64::try_from(values)) else {
        return Err(outside);
    };
    match start.checked_add(size) {
        Some(stop) if start >= 4 && stop <= end => Ok(Chunk { start, end: stop, codec, values }),
        _ => Err(outside),
    }
}

impl Element {
    fn read(reader: &mut Compact<'_>, kind: Kind) -> Result<Self, Problem> {
        let mut element = Self::default();
        reader.structure(kind, &mut |reader, id, kind| {
            match id {
                1 => element.physical = Some(reader.integer(kind)?),
                2 => element.length = reader.integer(kind)?,
                3 => element.repetition = reader.integer(kind)?,
                4 => reader.text(kind)?.clone_into(&mut element.name),
                5 => element.children = reader.integer(kind)?,
                6 => element.converted = Some(reader.integer(kind)?),
                7 => element.scale = reader.integer(kind)?,
                8 => element.precision = reader.integer(kind)?,
                10 => element.logical = Some(Logical::read(reader, kind)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(element)
    }

    fn is_map(&self) -> bool {
        self.logical == Some(Logical::Map) || matches!(self.converted, Some(1 | 2))
    }

    /// The newer annotation, or what the older one means.
    fn meaning(&self) -> Option<Logical> {
        self.logical.or_else(|| {
            Some(match self.converted? {
                0 | 4 | 19 => Logical::Text,
                5 => Logical::Decimal { scale: self.scale, precision: self.precision },
                6 => Logical::Date,
                9 => Logical::Timestamp(Some(Unit::Millis)),
                10 => Logical::Timestamp(Some(Unit::Micros)),
                11..=14 => Logical::Integer { is_signed: false },
                15..=18 => Logical::Integer { is_signed: true },
                _ => Logical::Other,
            })
        })
    }

    /// How values are stored and what they are; none for what has no form as text.
    fn form(&self) -> Option<(Physical, Form)> {
        let physical = match self.physical? {
            0 => Physical::Boolean,
            1 => Physical::Int32,
            2 => Physical::Int64,
            3 => Physical::Int96,
            4 => Physical::Float,
            5 => Physical::Double,
            6 => Physical::Bytes,
            7 => Physical::Fixed(usize::try_from(self.length).ok().filter(|length| *length > 0)?),
            _ => return None,
        };
        let form = match (physical, self.meaning()) {
            (Physical::Boolean | Physical::Float | Physical::Double, None) => Form::Plain,
            (Physical::Int32 | Physical::Int64, None | Some(Logical::Integer { is_signed: true })) => {
                Form::Plain
            }
            (Physical::Int32 | Physical::Int64, Some(Logical::Integer { is_signed: false })) => {
                Form::Unsigned
            }
            (Physical::Int32, Some(Logical::Date)) => Form::Date,
            (Physical::Int64, Some(Logical::Timestamp(Some(unit)))) => Form::Timestamp(unit),
            (_, Some(Logical::Null)) => Form::Null,
            (Physical::Int96, _) => Form::JulianDay,
            // Older writers leave texts without a word.
            (Physical::Bytes, None | Some(Logical::Text)) => Form::Text,
            (Physical::Fixed(16), Some(Logical::Uuid)) => Form::Uuid,
            (
                Physical::Int32 | Physical::Int64 | Physical::Bytes | Physical::Fixed(1..=16),
                Some(Logical::Decimal { scale, precision }),
            ) if (0..=precision).contains(&scale) && precision <= 38 => {
                Form::Decimal(usize::try_from(scale).ok()?)
            }
            _ => return None,
        };
        Some((physical, form))
    }
}

impl Logical {
    fn read(reader: &mut Compact<'_>, kind: Kind) -> Result<Self, Problem> {
        let mut logical = Self::Other;
        reader.structure(kind, &mut |reader, id, kind| {
            logical = match id {
                1 | 4 | 12 => Self::Text,
                2 => Self::Map,
                5 => {
                    let [mut scale, mut precision] = [0, 0];
                    reader.structure(kind, &mut |reader, id, kind| {
                        match id {
                            1 => scale = reader.integer(kind)?,
                            2 => precision = reader.integer(kind)?,
                            _ => return Ok(false),
                        }
                        Ok(true)
                    })?;
                    logical = Self::Decimal { scale, precision };
                    return Ok(true);
                }
                6 => Self::Date,
                8 => {
                    let mut unit = None;
                    reader.structure(kind, &mut |reader, id, kind| {
                        if id != 2 {
                            return Ok(false);
                        }
                        reader.structure(kind, &mut |_, id, _| {
                            unit = match id {
                                1 => Some(Unit::Millis),
                                2 => Some(Unit::Micros),
                                3 => Some(Unit::Nanos),
                                _ => None,
                            };
                            Ok(false)
                        })?;
                        Ok(true)
                    })?;
                    logical = Self::Timestamp(unit);
                    return Ok(true);
                }
                10 => {
                    let mut is_signed = true;
                    reader.structure(kind, &mut |_, id, kind| {
                        if id == 2 {
                            is_signed = kind == Kind::True;
                        }
                        Ok(false)
                    })?;
                    logical = Self::Integer { is_signed };
                    return Ok(true);
                }
                11 => Self::Null,
                14 => Self::Uuid,
                _ => Self::Other,
            };
            Ok(false)
        })?;
        Ok(logical)
    }
}

/// Walks the schema in order.
struct Tree<'a> {
    elements: &'a [Element],
    next: usize,
    leaves: usize,
}

impl<'a> Tree<'a> {
    fn take(&mut self) -> Result<&'a Element, Problem> {
        let element = self.elements.get(self.next).ok_or(Problem::Damaged("the schema ends early"))?;
        self.next += 1;
        Ok(element)
    }

    /// Takes the columns of the table into the footer; the number of columns of single values.
    fn columns(mut self, footer: &mut Footer) -> Result<usize, Problem> {
        let root = self.take()?;
        for _ in 0..root.children {
            let element = self.take()?;
            let shape = if element.children == 0 {
                self.single(element)
            } else if element.is_map() && element.repetition != REPEATED && element.children == 1 {
                self.map(element)?
            } else {
                self.pass(element, DEPTH)?;
                None
            };
            match shape {
                Some(shape) => footer.columns.push(Column { name: element.name.clone(), shape }),
                None => footer.left_out.push(element.name.clone()),
            }
        }
        if self.next == self.elements.len() {
            Ok(self.leaves)
        } else {
            Err(Problem::Damaged("the schema has more columns than it says"))
        }
    }

    fn leaf(&mut self, element: &Element, defined: u8, repeated: u8) -> Option<Leaf> {
        let ordinal = self.leaves;
        self.leaves += 1;
        let (physical, form) = element.form()?;
        let defined = defined + u8::from(element.repetition == OPTIONAL);
        Some(Leaf { ordinal, physical, form, defined, repeated })
    }

    fn single(&mut self, element: &Element) -> Option<Shape> {
        let leaf = self.leaf(element, 0, 0)?;
        (element.repetition != REPEATED).then_some(Shape::Single(leaf))
    }

    /// A map is a repeated pair in a group of its own. Anything else is passed over.
    fn map(&mut self, outer: &Element) -> Result<Option<Shape>, Problem> {
        let entry = self.take()?;
        if entry.repetition != REPEATED || entry.children != 2 {
            self.pass(entry, DEPTH)?;
            return Ok(None);
        }
        let present = 1 + u8::from(outer.repetition == OPTIONAL);
        let mut leaves = [None, None];
        for slot in &mut leaves {
            let element = self.take()?;
            if element.children == 0 && element.repetition != REPEATED {
                *slot = self.leaf(element, present, 1);
            } else {
                self.pass(element, DEPTH)?;
            }
        }
        let [Some(key), Some(value)] = leaves else { return Ok(None) };
        Ok(Some(Shape::Map { key, value, present }))
    }

    /// Counts the columns below an element that is not read.
    fn pass(&mut self, element: &Element, depth: u8) -> Result<(), Problem> {
        let deeper = depth.checked_sub(1).ok_or(Problem::Damaged("columns are nested too deeply"))?;
        if element.children == 0 {
            self.leaves += 1;
        }
        for _ in 0..element.children {
            let child = self.take()?;
            self.pass(child, deeper)?;
        }
        Ok(())
    }
}
