//! The schema of a Parquet file: which columns there are, and which of them are read.
//!
//! Columns that are read hold one value in a row, or are a map of texts, as FOCUS tags are. Others (lists, structures,
//! types without a form as text) are named, so that whoever needs one learns it.
//!
//! Source: Apache Parquet, `parquet.thrift`, `LogicalTypes.md`.

use super::Problem;
use super::thrift::{Compact, Kind};
use super::value::{Form, Physical, Unit};

/// Between the names of a path.
const PATH: char = '\0';
/// Nesting of the schema.
const DEPTH: u8 = 32;

/// A column of single values.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// Its place among all columns of single values.
    pub(super) ordinal: usize,
    /// Names of the fields on the way to it and its own, joined by [`PATH`].
    pub(super) path: String,
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

impl Column {
    /// The columns of single values that it is made of; of a map those of keys and of values.
    pub(super) fn leaves(&self) -> Vec<&Leaf> {
        match &self.shape {
            Shape::Single(leaf) => vec![leaf],
            Shape::Map { key, value, .. } => vec![key, value],
        }
    }
}

/// All columns of a table.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
    /// Names of columns that are not read.
    pub(super) left_out: Vec<String>,
    /// Columns of single values, whether they are read or not.
    pub(super) leaves: usize,
}

/// One line of the schema, which is a tree written in order.
#[derive(Debug, Default)]
pub(super) struct Element {
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

impl Columns {
    /// The columns of a schema.
    pub(super) fn of(elements: &[Element]) -> Result<Self, Problem> {
        let mut tree = Tree { elements, next: 0, leaves: 0 };
        let mut found = Self::default();
        let root = tree.take()?;
        for _ in 0..root.children {
            let element = tree.take()?;
            let shape = if element.children == 0 {
                tree.single(element)
            } else if element.is_map() && element.repetition != REPEATED && element.children == 1 {
                tree.map(element)?
            } else {
                tree.pass(element, DEPTH)?;
                None
            };
            match shape {
                Some(shape) => found.columns.push(Column { name: element.name.clone(), shape }),
                None => found.left_out.push(element.name.clone()),
            }
        }
        if tree.next != elements.len() {
            return Err(Problem::Damaged("the schema has more columns than it says"));
        }
        found.leaves = tree.leaves;
        Ok(found)
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

    /// A column of single values below the fields `above`.
    fn leaf(&mut self, element: &Element, above: &[&Element], defined: u8, repeated: u8) -> Option<Leaf> {
        let ordinal = self.leaves;
        self.leaves += 1;
        let mut path = String::new();
        above.iter().chain([&element]).for_each(|element| join(&mut path, &element.name));
        let (physical, form) = element.form()?;
        let defined = defined + u8::from(element.repetition == OPTIONAL);
        Some(Leaf { ordinal, path, physical, form, defined, repeated })
    }

    fn single(&mut self, element: &Element) -> Option<Shape> {
        let leaf = self.leaf(element, &[], 0, 0)?;
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
                *slot = self.leaf(element, &[outer, entry], present, 1);
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

/// Appends a name to a path.
pub(super) fn join(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push(PATH);
    }
    path.push_str(name);
}

impl Element {
    pub(super) fn read(reader: &mut Compact<'_>, kind: Kind) -> Result<Self, Problem> {
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
