//! Pages of a column: their heads, and their bytes under limits.
//!
//! A page states how long it is before and after decompression; both are compared with limits before anything is
//! allocated, and with what comes out. A checksum, where there is one, must be right.
//!
//! Source: Apache Parquet, `parquet.thrift`, `Compression.md`.

use std::io::Read;

use super::Problem;
use super::footer::Chunk;
use super::thrift::{Compact, Kind};
use crate::bytes::{Budget, Limits, Resource};

/// Bytes of one page after decompression; some writers make one page of a million rows.
const PAGE_BYTES: usize = 256 << 20;
/// Bytes of all pages that are held at once.
const HELD_BYTES: usize = 1 << 30;
/// What a page costs at least, so that empty ones come to an end.
const PAGE_COST: u64 = 1_024;
/// What a file of any size may cost; a larger one may cost [`Limits::ratio`] times its bytes in addition. Runs of one value
/// make any number of rows out of a few bytes, and rows with ids of their own at most a few dozen times their bytes.
const FREE_COST: u64 = 64 << 20;
/// What no file may cost.
const MOST_COST: u64 = 64 << 30;

/// What reading one file may cost, in bytes and values that are produced.
#[derive(Debug)]
pub(super) struct Meter {
    produced: Budget,
    held: usize,
}

impl Meter {
    /// A meter for a file of so many bytes.
    pub(super) fn new(file: usize) -> Self {
        let file = u64::try_from(file).unwrap_or(u64::MAX);
        let limit = file.saturating_mul(u64::from(Limits::default().ratio)).saturating_add(FREE_COST);
        let limit = limit.min(MOST_COST);
        Self { produced: Budget::new(Resource::ExpandedBytes, limit), held: 0 }
    }

    /// Charges bytes or values.
    pub(super) fn charge(&mut self, amount: u64) -> Result<(), Problem> {
        self.produced
            .charge(amount)
            .map_err(|_| Problem::TooMuch("values and bytes out of a file of this size"))
    }

    /// Charges bytes that were produced.
    pub(super) fn bytes(&mut self, bytes: usize) -> Result<(), Problem> {
        self.charge(u64::try_from(bytes).unwrap_or(u64::MAX))
    }

    /// One page takes the place of another.
    pub(super) fn hold(&mut self, before: usize, now: usize) -> Result<(), Problem> {
        self.held = self.held.saturating_sub(before).saturating_add(now);
        if self.held > HELD_BYTES { Err(Problem::TooMuch("bytes of pages held at once")) } else { Ok(()) }
    }

    /// A page is no longer held.
    pub(super) fn release(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
    }
}

/// The encoding of a page's values, as the file has it.
pub(super) type Encoding = i64;

/// What a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Values that other pages name by their place.
    Dictionary,
    /// Levels and values.
    Data(Levels),
    /// An index or something newer, which adds nothing to the values.
    Other,
}

/// How the levels of a page are laid down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Levels {
    /// Before the values, each after its length.
    Inline { repetition: Encoding, definition: Encoding },
    /// Before the values and never compressed; their lengths.
    Apart { repetition: usize, definition: usize },
}

/// A page's head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    pub(super) content: Content,
    /// Values, with those that are absent.
    pub(super) values: u64,
    pub(super) encoding: Encoding,
}

#[derive(Default)]
struct Head {
    kind: i64,
    expanded: i64,
    stored: i64,
    checksum: Option<i64>,
    values: i64,
    encoding: i64,
    /// Encodings or lengths of both levels.
    levels: [i64; 2],
    is_plain: bool,
    has_body: bool,
}

impl Head {
    fn read(reader: &mut Compact<'_>) -> Result<Self, Problem> {
        let mut head = Self { kind: -1, ..Self::default() };
        reader.fields(&mut |reader, id, kind| {
            match id {
                1 => head.kind = reader.integer(kind)?,
                2 => head.expanded = reader.integer(kind)?,
                3 => head.stored = reader.integer(kind)?,
                4 => head.checksum = Some(reader.integer(kind)?),
                5 | 7 | 8 => {
                    head.has_body |= matches!((id, head.kind), (5, 0) | (7, 2) | (8, 3));
                    head.body(id, reader, kind)?;
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(head)
    }

    /// The part of the head that belongs to one kind of page: 5 a data page, 7 a dictionary, 8 a data page of version 2.
    fn body(&mut self, which: i64, reader: &mut Compact<'_>, kind: Kind) -> Result<(), Problem> {
        reader.structure(kind, &mut |reader, id, kind| {
            let slot = match (which, id) {
                (_, 1) => &mut self.values,
                (5 | 7, 2) | (8, 4) => &mut self.encoding,
                (5, 3) | (8, 5) => &mut self.levels[1],
                (5, 4) | (8, 6) => &mut self.levels[0],
                (8, 7) => {
                    self.is_plain = kind == Kind::False;
                    return Ok(false);
                }
                _ => return Ok(false),
            };
            *slot = reader.integer(kind)?;
            Ok(true)
        })
    }
}

/// The pages of one column in one group of rows.
#[derive(Debug)]
pub(super) struct Pages {
    at: usize,
    end: usize,
    codec: i64,
}

impl Pages {
    pub(super) fn new(chunk: &Chunk) -> Self {
        Self { at: chunk.start, end: chunk.end, codec: chunk.codec }
    }

    /// The next page, whose bytes replace those in `bytes`; none after the last.
    pub(super) fn next(
        &mut self,
        file: &[u8],
        bytes: &mut Vec<u8>,
        meter: &mut Meter,
    ) -> Result<Option<Page>, Problem> {
        if self.at >= self.end {
            return Ok(None);
        }
        let mut reader = Compact::new(file.get(self.at..self.end).ok_or(Problem::Cut)?);
        let head = Head::read(&mut reader)?;
        let size =
            |size: i64| usize::try_from(size).map_err(|_| Problem::Damaged("a page has a negative size"));
        let (stored, expanded) = (size(head.stored)?, size(head.expanded)?);
        let body = reader.rest().get(..stored).ok_or(Problem::Cut)?;
        let next = self.end - reader.rest().len() + stored;
        meter.bytes(next - self.at)?;
        meter.charge(PAGE_COST)?;
        self.at = next;
        let values =
            u64::try_from(head.values).map_err(|_| Problem::Damaged("a page has a negative size"))?;
        let (content, apart) = match head.kind {
            0 => {
                let [repetition, definition] = head.levels;
                (Content::Data(Levels::Inline { repetition, definition }), 0)
            }
            2 => (Content::Dictionary, 0),
            3 => {
                let [repetition, definition] = head.levels;
                let (repetition, definition) = (size(repetition)?, size(definition)?);
                let apart = repetition.checked_add(definition).ok_or(Problem::Cut)?;
                (Content::Data(Levels::Apart { repetition, definition }), apart)
            }
            _ => return Ok(Some(Page { content: Content::Other, values: 0, encoding: 0 })),
        };
        if !head.has_body {
            return Err(Problem::Damaged("a page's head has no description of its kind"));
        }
        check(head.checksum, body)?;
        if expanded > PAGE_BYTES {
            return Err(Problem::TooMuch("bytes of one page"));
        }
        meter.hold(bytes.len(), expanded)?;
        meter.bytes(expanded)?;
        meter.charge(values)?;
        let (levels, packed) = body.split_at_checked(apart).ok_or(Problem::Cut)?;
        let left =
            expanded.checked_sub(apart).ok_or(Problem::Damaged("a page has other lengths than it says"))?;
        // Memory of its own for each page: what a large one left behind would be held and not counted.
        *bytes = Vec::with_capacity(expanded);
        bytes.extend_from_slice(levels);
        let codec = if head.is_plain { 0 } else { self.codec };
        decompress(codec, packed, left, bytes)?;
        if bytes.len() != expanded {
            return Err(Problem::Damaged("a page has other lengths than it says"));
        }
        Ok(Some(Page { content, values, encoding: head.encoding }))
    }
}

/// A checksum is CRC-32 over the stored bytes; the field is a signed number of the same bits.
fn check(stated: Option<i64>, body: &[u8]) -> Result<(), Problem> {
    let Some(stated) = stated else { return Ok(()) };
    let stated = i32::try_from(stated).map_err(|_| Problem::Damaged("a checksum has more than 32 bits"))?;
    let mut crc = flate2::Crc::new();
    crc.update(body);
    match crc.sum() {
        computed if computed == stated.cast_unsigned() => Ok(()),
        computed => Err(Problem::Checksum { stated: stated.cast_unsigned(), computed }),
    }
}

/// Appends at most `size` decompressed bytes, or one more than that where there are more.
fn decompress(codec: i64, packed: &[u8], size: usize, out: &mut Vec<u8>) -> Result<(), Problem> {
    let wrong = Problem::Damaged("a page cannot be decompressed");
    // Writers leave a page without values uncompressed.
    if packed.is_empty() && size == 0 {
        return Ok(());
    }
    let limit = u64::try_from(size).unwrap_or(u64::MAX).saturating_add(1);
    match codec {
        0 => out.extend_from_slice(packed),
        1 => {
            if snap::raw::decompress_len(packed) != Ok(size) {
                return Err(Problem::Damaged("a page has other lengths than it says"));
            }
            let before = out.len();
            out.resize(before + size, 0);
            let place = out.get_mut(before..).unwrap_or_default();
            snap::raw::Decoder::new().decompress(packed, place).map_err(|_| wrong)?;
        }
        2 => {
            flate2::bufread::MultiGzDecoder::new(packed).take(limit).read_to_end(out).map_err(|_| wrong)?;
        }
        6 => {
            let mut expanded = zstd::bulk::decompress(packed, size).map_err(|_| wrong)?;
            out.append(&mut expanded);
        }
        3 => return Err(Problem::Codec("LZO")),
        4 => return Err(Problem::Codec("Brotli")),
        5 | 7 => return Err(Problem::Codec("LZ4")),
        _ => return Err(Problem::Codec("an unknown method")),
    }
    Ok(())
}
