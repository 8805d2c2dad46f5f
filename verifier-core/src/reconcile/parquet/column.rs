//! The values of one column, one after another, across its pages.
//!
//! Source: Apache Parquet, `Encodings.md`; levels as in the Dremel paper, sections 4.1 and 4.2.

use super::Problem;
use super::bits::{Deltas, Hybrid};
use super::footer::Chunk;
use super::page::{Content, Encoding, Levels, Meter, Page, Pages};
use super::schema::Leaf;
use super::value::{Physical, Value};

/// How the values of a page are laid down, and where the next one stands.
#[derive(Debug)]
enum Values {
    /// One after another.
    Plain { at: usize },
    /// Truths, a bit each.
    Truths { bit: usize },
    /// Truths in runs.
    Runs(Hybrid),
    /// Places in the dictionary.
    Places(Hybrid),
    /// Integers as differences.
    Deltas(Deltas),
    /// All lengths, then the bytes.
    Lengths { lengths: Deltas, at: usize },
    /// What is kept of the text before, the lengths of the rest, then the bytes.
    Suffixes { kept: Deltas, lengths: Deltas, at: usize, text: Vec<u8> },
    /// The first bytes of all values, then the second ones.
    Split { at: usize, next: usize, count: usize, value: Vec<u8> },
}

/// Values that data pages name by their place.
#[derive(Debug, Default)]
struct Dictionary {
    bytes: Vec<u8>,
    count: u64,
    /// Where values begin that state their length.
    starts: Vec<u32>,
}

/// The entries of one column in one group of rows.
#[derive(Debug)]
pub(super) struct Entries {
    leaf: Leaf,
    pages: Pages,
    bytes: Vec<u8>,
    dictionary: Option<Dictionary>,
    /// Entries that are left in the page and in the chunk.
    inside: u64,
    left: u64,
    repetition: Hybrid,
    definition: Hybrid,
    values: Values,
    /// The levels of an entry that was looked at and not taken.
    levels: Option<[u8; 2]>,
}

impl Entries {
    pub(super) fn new(leaf: &Leaf, chunk: &Chunk) -> Self {
        Self {
            leaf: leaf.clone(),
            pages: Pages::new(chunk),
            bytes: Vec::new(),
            dictionary: None,
            inside: 0,
            left: chunk.values,
            repetition: Hybrid::default(),
            definition: Hybrid::default(),
            values: Values::Plain { at: 0 },
            levels: None,
        }
    }

    /// Repetition and definition level of the next entry; none after the last.
    pub(super) fn levels(&mut self, file: &[u8], meter: &mut Meter) -> Result<Option<[u8; 2]>, Problem> {
        if self.levels.is_some() {
            return Ok(self.levels);
        }
        while self.inside == 0 {
            if self.left == 0 {
                return Ok(None);
            }
            if !self.page(file, meter)? {
                return Err(Problem::Damaged("a column has fewer values than it says"));
            }
        }
        let mut levels = [0, 0];
        let sources = [(&mut self.repetition, self.leaf.repeated), (&mut self.definition, self.leaf.defined)];
        for (level, (source, highest)) in levels.iter_mut().zip(sources) {
            if highest > 0 {
                let value = source.next(&self.bytes)?;
                *level = u8::try_from(value)
                    .ok()
                    .filter(|value| *value <= highest)
                    .ok_or(Problem::Damaged("a level is higher than its column has"))?;
            }
        }
        self.inside -= 1;
        self.left -= 1;
        self.levels = Some(levels);
        Ok(self.levels)
    }

    /// Takes the entry that was looked at: its value, or none where it is absent.
    pub(super) fn take(&mut self) -> Result<Option<Value<'_>>, Problem> {
        match self.levels.take() {
            Some([_, definition]) if definition == self.leaf.defined => self.value().map(Some),
            _ => Ok(None),
        }
    }

    /// After the last row: nothing may be left, not even in a page that was not begun.
    pub(super) fn finish(&mut self, file: &[u8], meter: &mut Meter) -> Result<(), Problem> {
        if self.levels(file, meter)?.is_some() {
            return Err(Problem::Damaged("a column has more values than rows"));
        }
        // None of these can bring a value any more.
        while self.page(file, meter)? {}
        let dictionary = self.dictionary.take().unwrap_or_default();
        meter.release(self.bytes.len() + dictionary.bytes.len() + dictionary.starts.len().saturating_mul(4));
        self.bytes = Vec::new();
        Ok(())
    }

    /// Begins the next page; whether there was one.
    fn page(&mut self, file: &[u8], meter: &mut Meter) -> Result<bool, Problem> {
        let Some(page) = self.pages.next(file, &mut self.bytes, meter)? else { return Ok(false) };
        match page.content {
            Content::Other => {}
            Content::Dictionary if self.dictionary.is_some() => {
                return Err(Problem::Damaged("a column has two dictionaries"));
            }
            Content::Dictionary => {
                let bytes = std::mem::take(&mut self.bytes);
                let dictionary = Dictionary::new(&page, bytes, self.leaf.physical)?;
                meter.hold(0, dictionary.starts.len().saturating_mul(4))?;
                self.dictionary = Some(dictionary);
            }
            Content::Data(_) if page.values > self.left => {
                return Err(Problem::Damaged("a column has more values than it says"));
            }
            Content::Data(levels) => {
                let at = self.begin_levels(levels)?;
                self.inside = page.values;
                self.values = self.begin_values(&page, at)?;
            }
        }
        Ok(true)
    }

    /// Reads where both levels stand; where the values begin.
    fn begin_levels(&mut self, levels: Levels) -> Result<usize, Problem> {
        let highest = [self.leaf.repeated, self.leaf.defined];
        let mut at = 0usize;
        let mut found = [Hybrid::default(), Hybrid::default()];
        for (position, (slot, highest)) in found.iter_mut().zip(highest).enumerate() {
            let length = match levels {
                Levels::Inline { .. } if highest == 0 => continue,
                Levels::Inline { repetition, definition } => {
                    if [repetition, definition].get(position) != Some(&3) {
                        return Err(Problem::Encoding("bit-packed levels"));
                    }
                    let length = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
                    at += 4;
                    let length = u32::from_le_bytes(*length.ok_or(Problem::Cut)?);
                    usize::try_from(length).map_err(|_| Problem::Cut)?
                }
                Levels::Apart { repetition, definition } => {
                    if position == 0 {
                        repetition
                    } else {
                        definition
                    }
                }
            };
            let end = at.checked_add(length).filter(|end| *end <= self.bytes.len()).ok_or(Problem::Cut)?;
            let width = u8::try_from(8 - highest.leading_zeros()).unwrap_or(8);
            *slot = Hybrid::new(at, end, width)?;
            at = end;
        }
        [self.repetition, self.definition] = found;
        Ok(at)
    }

    fn begin_values(&self, page: &Page, at: usize) -> Result<Values, Problem> {
        let bytes = &self.bytes;
        let is_integer = matches!(self.leaf.physical, Physical::Int32 | Physical::Int64);
        let is_bytes = self.leaf.physical == Physical::Bytes;
        let wrong = Problem::Damaged("an encoding does not go with the type of its column");
        // A page of absent values only may have no bytes for any.
        if at == bytes.len() {
            return Ok(Values::Plain { at });
        }
        Ok(match page.encoding {
            0 if self.leaf.physical == Physical::Boolean => Values::Truths { bit: at.saturating_mul(8) },
            0 => Values::Plain { at },
            2 | 8 => {
                let width = *bytes.get(at).ok_or(Problem::Cut)?;
                Values::Places(Hybrid::new(at + 1, bytes.len(), width)?)
            }
            3 if self.leaf.physical == Physical::Boolean => {
                let length = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or(Problem::Cut)?;
                let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Problem::Cut)?;
                let end =
                    (at + 4).checked_add(length).filter(|end| *end <= bytes.len()).ok_or(Problem::Cut)?;
                Values::Runs(Hybrid::new(at + 4, end, 1)?)
            }
            5 if is_integer => Values::Deltas(Deltas::new(bytes, at, page.values)?),
            6 if is_bytes => {
                let lengths = Deltas::new(bytes, at, page.values)?;
                let at = lengths.end(bytes)?;
                Values::Lengths { lengths, at }
            }
            7 if is_bytes || matches!(self.leaf.physical, Physical::Fixed(_)) => {
                let kept = Deltas::new(bytes, at, page.values)?;
                let lengths = Deltas::new(bytes, kept.end(bytes)?, page.values)?;
                let at = lengths.end(bytes)?;
                Values::Suffixes { kept, lengths, at, text: Vec::new() }
            }
            9 => {
                let width = self.leaf.physical.width().ok_or(wrong)?;
                let size = bytes.len() - at;
                if !size.is_multiple_of(width) {
                    return Err(Problem::Cut);
                }
                Values::Split { at, next: 0, count: size / width, value: Vec::new() }
            }
            3 | 5 | 6 | 7 => return Err(wrong),
            other => return Err(Problem::Encoding(name(other))),
        })
    }

    fn value(&mut self) -> Result<Value<'_>, Problem> {
        let (physical, bytes) = (self.leaf.physical, self.bytes.as_slice());
        let short = Problem::Damaged("a value has another length than its type");
        match &mut self.values {
            Values::Plain { at } => {
                let (value, end) = plain(bytes, *at, physical)?;
                *at = end;
                Ok(value)
            }
            Values::Truths { bit } => {
                let byte = *bytes.get(*bit / 8).ok_or(Problem::Cut)?;
                let truth = byte >> (*bit % 8) & 1 == 1;
                *bit += 1;
                Ok(Value::Boolean(truth))
            }
            Values::Runs(runs) => Ok(Value::Boolean(runs.next(bytes)? == 1)),
            Values::Places(places) => {
                let place = places.next(bytes)?;
                let dictionary = self.dictionary.as_ref();
                let dictionary =
                    dictionary.ok_or(Problem::Damaged("a page needs a dictionary that is not there"))?;
                dictionary.value(place, physical)
            }
            Values::Deltas(deltas) => {
                let value = deltas.next(bytes)?;
                // A 32-bit integer is the lower half, since differences wrap around.
                Ok(match physical {
                    Physical::Int32 => {
                        let [a, b, c, d, ..] = value.to_le_bytes();
                        Value::Int32(i32::from_le_bytes([a, b, c, d]))
                    }
                    _ => Value::Int64(value),
                })
            }
            Values::Lengths { lengths, at } => {
                let length = usize::try_from(lengths.next(bytes)?).map_err(|_| Problem::Cut)?;
                let value = at.checked_add(length).and_then(|end| bytes.get(*at..end)).ok_or(Problem::Cut)?;
                *at += length;
                Ok(Value::Bytes(value))
            }
            Values::Suffixes { kept, lengths, at, text } => {
                let kept = usize::try_from(kept.next(bytes)?).map_err(|_| Problem::Cut)?;
                let length = usize::try_from(lengths.next(bytes)?).map_err(|_| Problem::Cut)?;
                if kept > text.len() {
                    return Err(Problem::Damaged("a text begins with more than the text before has"));
                }
                let more = at.checked_add(length).and_then(|end| bytes.get(*at..end)).ok_or(Problem::Cut)?;
                *at += length;
                text.truncate(kept);
                text.extend_from_slice(more);
                match physical {
                    Physical::Fixed(width) if text.len() != width => Err(short),
                    _ => Ok(Value::Bytes(text)),
                }
            }
            Values::Split { at, next, count, value } => {
                if *next >= *count {
                    return Err(Problem::Cut);
                }
                value.clear();
                value.extend(bytes.get(*at + *next..).unwrap_or_default().iter().step_by(*count));
                *next += 1;
                Value::fixed(physical, value).ok_or(short)
            }
        }
    }
}

fn name(encoding: Encoding) -> &'static str {
    match encoding {
        4 => "bit-packed values",
        _ => "values in an unknown encoding",
    }
}

/// The value at a place, and where the next one begins.
fn plain(bytes: &[u8], at: usize, physical: Physical) -> Result<(Value<'_>, usize), Problem> {
    let (start, width) = match physical.width() {
        Some(width) => (at, width),
        None => {
            let length = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or(Problem::Cut)?;
            (at + 4, usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Problem::Cut)?)
        }
    };
    let end = start.checked_add(width).ok_or(Problem::Cut)?;
    let value = bytes.get(start..end).and_then(|bytes| Value::fixed(physical, bytes)).ok_or(Problem::Cut)?;
    Ok((value, end))
}

impl Dictionary {
    fn new(page: &Page, bytes: Vec<u8>, physical: Physical) -> Result<Self, Problem> {
        if !matches!(page.encoding, 0 | 2) {
            return Err(Problem::Encoding("a dictionary that is not plain"));
        }
        if physical == Physical::Boolean {
            return Err(Problem::Damaged("truths have no dictionary"));
        }
        let mut dictionary = Self { bytes, count: page.values, starts: Vec::new() };
        if physical == Physical::Bytes {
            let mut at = 0usize;
            // Each value takes four bytes or more, so there are never more starts than a fourth of the page.
            for _ in 0..page.values {
                let start = u32::try_from(at).map_err(|_| Problem::Cut)?;
                at = plain(&dictionary.bytes, at, physical)?.1;
                dictionary.starts.push(start);
            }
        }
        Ok(dictionary)
    }

    fn value(&self, place: u32, physical: Physical) -> Result<Value<'_>, Problem> {
        let outside = Problem::Damaged("a place lies outside the dictionary");
        if u64::from(place) >= self.count {
            return Err(outside);
        }
        let place = usize::try_from(place).map_err(|_| Problem::Cut)?;
        let at = match physical.width() {
            Some(width) => place.checked_mul(width).ok_or(Problem::Cut)?,
            None => usize::try_from(*self.starts.get(place).ok_or(outside)?).map_err(|_| Problem::Cut)?,
        };
        plain(&self.bytes, at, physical).map(|(value, _)| value)
    }
}
