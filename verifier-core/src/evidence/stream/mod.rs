//! One pass over a payload of any size: its SHA-256, its top-level members, and each record on its own.
//!
//! The reading thread hashes the stored bytes, decompresses gzip, and cuts the decoded text into the items
//! of the arrays that the caller streams (or into lines); worker threads, and the reading one when they are busy,
//! parse each item and reduce it to a row with [`Visitor::visit`]; rows reach `collect` in input order. What is held at any moment is a
//! few batches of a quarter of a mebibyte, the members that are not streamed, and whatever the caller keeps. The
//! result is the same with any number of workers.
//!
//! | decoded text | result |
//! | --- | --- |
//! | one JSON object | [`Decoded::Object`] |
//! | two or more lines that are JSON objects | [`Decoded::Lines`] |
//! | one line that is a governance event | [`Decoded::Lines`] |
//! | another JSON value | [`Decoded::OtherJson`] |
//! | starts like JSON but is not | [`Decoded::Malformed`] |
//! | anything else | [`Decoded::Opaque`] |
//!
//! Lines end at `\n` only (spec 02 section 11 rule 7): a raw U+2028 or U+0085 inside a string does not cut
//! a record, as it does in the reference.

mod buffer;
mod cut;
mod predict;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use super::Fields;
use crate::archive::{Entry, gzip, limit_exceeded};
use crate::bytes::{LimitExceeded, Limits};
use crate::json::{AnomalyKind, Document, JsonError, Value};
use crate::memo;

/// Where an item comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An item of the streamed top-level array with this position in [`Settings::arrays`].
    Array(usize),
    /// A line of JSON lines.
    Line,
}

/// One record, parsed.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Where it comes from.
    pub origin: Origin,
    /// Its position there, from 0.
    pub index: u64,
    /// The value; spans are in the decoded file, pointers start at the item.
    pub value: Value<'a>,
}

/// Reduces records to rows on worker threads.
pub trait Visitor: Sync {
    /// What stays of a record.
    type Row: Send;
    /// Member names of a record that are to be marked, see [`Parser::marking`](crate::json::Parser::marking).
    const NAMES: &'static [&'static str] = &[];
    /// Reduces one record.
    fn visit(&self, item: Item<'_>) -> Self::Row;
}

/// Something in the decoded text on which readers disagree.
#[derive(Clone, Debug)]
pub struct PlacedAnomaly {
    /// Which rule.
    pub kind: AnomalyKind,
    /// RFC 6901 pointer in the decoded document.
    pub pointer: String,
    /// Byte range in the decoded text.
    pub span: Range<u64>,
}

/// Arrays that are never held, however large: where [`Settings::arrays`] lacks one, its items are parsed and counted,
/// readers' disagreements in them are reported, and no visitor sees them.
const CHECKED: &[&str] = &["budget_allocation_events"];

/// A top-level object whose large arrays were streamed.
#[derive(Debug, Default)]
pub struct StreamedObject {
    members: BTreeMap<String, Document>,
    arrays: Vec<(&'static str, u64)>,
    /// Of [`CHECKED`], those that nobody looked into.
    checked: BTreeSet<&'static str>,
}

impl StreamedObject {
    /// The number of items of a streamed array; `None` when the member is absent or no array.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        self.arrays.iter().rev().find(|(array, _)| *array == name).map(|(_, count)| *count)
    }

    /// Names of all members but the arrays that the caller streamed.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let checked = self.checked.iter().copied().filter(|name| !self.members.contains_key(*name));
        self.members.keys().map(String::as_str).chain(checked)
    }

    /// Whether the object has a member of this name at all.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name) || self.count(name).is_some()
    }
}

impl Fields for StreamedObject {
    fn member(&self, name: &str) -> Option<Value<'_>> {
        self.members.get(name).map(Document::root)
    }
}

/// What the decoded text is.
#[derive(Debug)]
pub enum Decoded {
    /// A JSON object.
    Object(StreamedObject),
    /// JSON lines, with their number.
    Lines(u64),
    /// A JSON value that is not an object.
    OtherJson,
    /// The text starts like JSON but is not.
    Malformed(JsonError),
    /// A part that must be held in memory is larger than the limit.
    OverLimit(LimitExceeded),
    /// The stored bytes are gzip and do not decompress to their end.
    Undecodable(String),
    /// Neither JSON nor JSON lines.
    Opaque,
}

/// What one pass found.
#[derive(Debug)]
pub struct Streamed {
    /// SHA-256 of the bytes as stored.
    pub sha256: [u8; 32],
    /// Number of bytes as stored.
    pub stored_bytes: u64,
    /// Whether the stored bytes are gzip.
    pub gzip: bool,
    /// The first bytes as stored, up to eight.
    pub magic: Vec<u8>,
    /// What the decoded text is.
    pub decoded: Decoded,
    /// Places where JSON readers disagree, in input order; at most a hundred of each kind.
    pub anomalies: Vec<PlacedAnomaly>,
}

/// Why a pass could not be finished.
#[derive(Debug)]
#[non_exhaustive]
pub enum StreamError {
    /// The bytes cannot be read.
    Read(std::io::Error),
    /// A limit was reached while reading or decompressing.
    Limit(LimitExceeded),
    /// The caller asked to stop.
    Cancelled,
    /// The document is malformed or unusual; only a pass without predictions can say which. Rows of this pass
    /// are to be dropped.
    Mispredicted,
}

impl std::fmt::Display for StreamError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read(error) => write!(formatter, "{error}"),
            Self::Limit(limit) => write!(formatter, "{limit}"),
            Self::Cancelled => formatter.write_str("cancelled"),
            Self::Mispredicted => formatter.write_str("items end elsewhere than predicted"),
        }
    }
}

impl std::error::Error for StreamError {}

impl From<std::io::Error> for StreamError {
    fn from(error: std::io::Error) -> Self {
        match limit_exceeded(&error) {
            Some(limit) => Self::Limit(limit),
            None => Self::Read(error),
        }
    }
}

/// What a pass obeys.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Limits.
    pub limits: &'a Limits,
    /// Threads that parse, the calling one among them, which also reads.
    pub workers: NonZeroUsize,
    /// Top-level arrays to stream.
    pub arrays: &'static [&'static str],
    /// Whether items may be cut where they probably end. Then [`StreamError::Mispredicted`] is possible.
    pub predict: bool,
}

/// Reads `source` to its end.
///
/// Rows reach `collect` some at a time; it may take them out, and those that it leaves are dropped. `tick` is told the number of stored bytes read so far and returns `false` to stop.
///
/// # Errors
/// [`StreamError`] when the bytes cannot be read, a limit was reached, or `tick` said so. What is wrong
/// with the decoded text is not an error but part of the result.
pub fn run<V: Visitor>(
    source: Box<dyn Read + Send + '_>,
    settings: Settings<'_>,
    visitor: &V,
    collect: &mut dyn FnMut(Origin, &mut Vec<V::Row>),
    tick: &dyn Fn(u64) -> bool,
) -> Result<Streamed, StreamError> {
    let tap = Arc::new(Mutex::new(Tap::default()));
    let mut stored = Hashing { inner: source, tap: Arc::clone(&tap) };
    let mut head = Vec::new();
    (&mut stored).take(2).read_to_end(&mut head)?;
    let is_gzip = head == [0x1f, 0x8b];
    let rest = Shared(Arc::new(Mutex::new(std::io::Cursor::new(head).chain(stored))));
    let mut stored = rest.clone();
    let rest: Box<dyn Read + Send + '_> = Box::new(rest);
    let mut decoded: Box<dyn Read + Send + '_> =
        if is_gzip { Box::new(gzip::decompress(rest, settings.limits)) } else { rest };
    let progress = || {
        let bytes = tap.lock().map(|tap| tap.bytes).unwrap_or_default();
        if tick(bytes) { Ok(()) } else { Err(StreamError::Cancelled) }
    };
    let mut anomalies = Vec::new();
    let outcome = work::run(&mut *decoded, settings, &progress, visitor, collect, &mut anomalies);
    let (decoded_as, repeated) = match outcome {
        Ok(found) => found,
        Err(Stop::Json(_) | Stop::Over(_)) if settings.predict => return Err(StreamError::Mispredicted),
        Err(Stop::Json(error)) => (Decoded::Malformed(error), Vec::new()),
        Err(Stop::Over(limit)) => (Decoded::OverLimit(limit), Vec::new()),
        Err(Stop::Stream(StreamError::Read(error))) if is_gzip => {
            (Decoded::Undecodable(error.to_string()), Vec::new())
        }
        Err(Stop::Stream(error)) => return Err(error),
    };
    let decoded_as = match decoded_as {
        undecodable @ Decoded::Undecodable(_) => undecodable,
        read => match drain(&mut *decoded, &progress) {
            Ok(()) => read,
            Err(StreamError::Read(error)) if is_gzip => Decoded::Undecodable(error.to_string()),
            Err(error) => return Err(error),
        },
    };
    drop(decoded);
    // The digest covers all stored bytes, also those behind the point where decompression failed.
    drain(&mut stored, &progress)?;
    let tap = tap.lock().map(|mut tap| std::mem::take(&mut *tap)).unwrap_or_default();
    anomalies.extend(repeated);
    if let Decoded::Object(object) = &decoded_as {
        anomalies.extend(object.members.iter().flat_map(|(name, document)| {
            document.anomalies().map(move |(kind, value)| PlacedAnomaly {
                kind,
                pointer: format!("{}{}", member_pointer(name), value.pointer()),
                span: value.span(),
            })
        }));
    }
    Ok(Streamed {
        sha256: tap.hash.finalize().into(),
        stored_bytes: tap.bytes,
        gzip: is_gzip,
        magic: tap.magic,
        decoded: decoded_as,
        anomalies,
    })
}

/// As [`run`], over the content of an entry. A [memory](crate::memo), where the caller has one, spares reading the same bytes
/// again; `depends` is everything that the visitor's rows depend on beside the items.
///
/// # Errors
/// As [`run`].
pub fn run_entry<V, D>(
    entry: &Entry,
    settings: Settings<'_>,
    visitor: &V,
    depends: &D,
    collect: &mut dyn FnMut(Origin, &mut Vec<V::Row>),
    tick: &dyn Fn(u64) -> bool,
) -> Result<Arc<Streamed>, StreamError>
where
    V: Visitor<Row: Clone + Sync + 'static>,
    D: Clone + PartialEq + Send + Sync + 'static,
{
    let is_same = |pass: &Pass<V::Row, D>| {
        pass.entry.is_same(entry)
            && pass.arrays == settings.arrays
            && pass.limits == *settings.limits
            && pass.depends == *depends
    };
    if let Some(pass) = memo::find(is_same) {
        pass.rows.iter().for_each(|(origin, rows)| collect(*origin, &mut rows.clone()));
        return Ok(Arc::clone(&pass.streamed));
    }
    let source = entry.open().map_err(|error| StreamError::Read(std::io::Error::other(error)))?;
    if !(memo::is_learning() && entry.in_memory(REMEMBERED_BYTES).is_some()) {
        return run(source, settings, visitor, collect, tick).map(Arc::new);
    }
    let mut rows = Vec::new();
    let mut keep = |origin, own: &mut Vec<V::Row>| {
        rows.push((origin, own.clone()));
        collect(origin, own);
    };
    let streamed = Arc::new(run(source, settings, visitor, &mut keep, tick)?);
    memo::add(Pass {
        entry: entry.clone(),
        arrays: settings.arrays,
        limits: settings.limits.clone(),
        depends: depends.clone(),
        rows,
        streamed: Arc::clone(&streamed),
    });
    Ok(streamed)
}

/// Content whose rows are remembered is at most this long, because rows can take a multiple of it.
const REMEMBERED_BYTES: u64 = 16 << 20;

/// A pass that is remembered.
struct Pass<R, D> {
    entry: Entry,
    arrays: &'static [&'static str],
    limits: Limits,
    depends: D,
    /// Those of each batch.
    rows: Vec<(Origin, Vec<R>)>,
    streamed: Arc<Streamed>,
}

/// Reads to the end.
fn drain(source: &mut dyn Read, progress: &dyn Fn() -> Result<(), StreamError>) -> Result<(), StreamError> {
    let mut buffer = vec![0; cut::BATCH_BYTES];
    loop {
        progress()?;
        match source.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// One reader with two owners: the decompressor, and whoever reads what it leaves.
struct Shared<R>(Arc<Mutex<R>>);

impl<R> Clone for Shared<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: Read> Read for Shared<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.lock() {
            Ok(mut reader) => reader.read(buffer),
            Err(_) => Err(std::io::Error::other("a reading thread stopped")),
        }
    }
}

fn member_pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Why cutting stopped.
enum Stop {
    Json(JsonError),
    Over(LimitExceeded),
    Stream(StreamError),
}

impl From<StreamError> for Stop {
    fn from(error: StreamError) -> Self {
        Self::Stream(error)
    }
}

#[derive(Default)]
struct Tap {
    hash: Sha256,
    bytes: u64,
    magic: Vec<u8>,
}

/// Hashes what passes through.
struct Hashing<R> {
    inner: R,
    tap: Arc<Mutex<Tap>>,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let (Ok(mut tap), Some(read)) = (self.tap.lock(), buffer.get(..count)) {
            tap.hash.update(read);
            tap.bytes += u64::try_from(count).unwrap_or(0);
            let room = 8usize.saturating_sub(tap.magic.len());
            tap.magic.extend(read.iter().take(room));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
