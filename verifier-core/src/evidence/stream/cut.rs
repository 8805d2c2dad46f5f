//! Cutting decoded text into batches of whole items.

use std::io::Read;

use memchr::memchr;

use super::buffer::Buffer;
use super::predict::Prediction;
use super::work::Batch;
use super::{
    CHECKED, Decoded, Origin, PlacedAnomaly, Settings, Stop, StreamError, StreamedObject, member_pointer,
};
use crate::bytes::{Blob, LimitExceeded, Limits, Resource};
use crate::evidence::Fields;
use crate::json::split::{ContainerScan, blank_length, value_length};
use crate::json::{AnomalyKind, Document, JsonError, JsonErrorKind, Parser, ParserLimits, Value};

/// Read at a time; small enough that a batch and its rows stay in the cache of the core that works on it.
pub(super) const BATCH_BYTES: usize = 256 << 10;
/// A first line up to this length is recognised as JSON lines.
const PEEK_BYTES: usize = 4 << 20;

/// What the text is, and member names that occur twice at its top.
pub(super) type Found = (Decoded, Vec<PlacedAnomaly>);

pub(super) struct Cutter<'c, 'l> {
    source: &'c mut dyn Read,
    settings: Settings<'l>,
    progress: &'c dyn Fn() -> Result<(), StreamError>,
    /// Takes a batch and gives back memory for the next one.
    work: &'c mut dyn FnMut(Batch) -> Result<Buffer, Stop>,
    buffer: Buffer,
    /// Memory that is not in use.
    spare: Buffer,
    /// Offset of `buffer` in the decoded text.
    base: u64,
    /// Where the batch begins that is being cut, in `buffer`.
    from: usize,
    /// Next byte to look at, in `buffer`.
    at: usize,
    finished: bool,
    /// Items of the current array or file that are cut but not handed on, as ranges of `buffer`.
    items: Vec<(usize, usize)>,
    next_index: u64,
    /// Whether the visitor sees the items.
    is_visited: bool,
    prediction: Prediction,
    repeated: Vec<PlacedAnomaly>,
}

impl<'c, 'l> Cutter<'c, 'l> {
    pub(super) fn new(
        source: &'c mut dyn Read,
        settings: Settings<'l>,
        progress: &'c dyn Fn() -> Result<(), StreamError>,
        work: &'c mut dyn FnMut(Batch) -> Result<Buffer, Stop>,
    ) -> Self {
        Self {
            source,
            settings,
            progress,
            work,
            buffer: Buffer::default(),
            spare: Buffer::default(),
            base: 0,
            from: 0,
            at: 0,
            finished: false,
            items: Vec::new(),
            next_index: 0,
            is_visited: true,
            prediction: Prediction::default(),
            repeated: Vec::new(),
        }
    }

    pub(super) fn document(mut self) -> Result<Found, Stop> {
        let decoded = self.text()?;
        Ok((decoded, self.repeated))
    }

    fn text(&mut self) -> Result<Decoded, Stop> {
        self.fill(BATCH_BYTES)?;
        if let Some(kind) = foreign_json(self.rest()) {
            return Err(Stop::Json(JsonError { kind, offset: 0 }));
        }
        self.blanks()?;
        match self.rest().first() {
            Some(b'{') => {}
            Some(b'[') => return self.array_document(),
            Some(_) => return self.scalar_document(),
            None => return Ok(Decoded::Opaque),
        }
        let first = self.first_line_value()?;
        if let Some(length) = first {
            while !self.finished && self.only_blanks_after(length) {
                self.fill(BATCH_BYTES)?;
            }
            let value = self.rest().get(..length).unwrap_or_default();
            if !self.only_blanks_after(length) || is_single_event(value, self.settings.limits) {
                return self.lines();
            }
        }
        let object = self.object()?;
        if self.settings.predict && first.is_none() && is_event(&object) {
            return Err(Stop::Stream(StreamError::Mispredicted));
        }
        Ok(Decoded::Object(object))
    }

    /// Length of the object at the cursor, unless it is too long for a line of JSON lines. With predictions, a longer
    /// one than is read at once is taken for a document, which spares the workers the wait.
    fn first_line_value(&mut self) -> Result<Option<usize>, Stop> {
        let longest = if self.settings.predict { BATCH_BYTES } else { PEEK_BYTES };
        let mut scan = ContainerScan::default();
        let mut searched = 0;
        loop {
            let rest = self.rest();
            let length = rest.len();
            // A line ends with a line break, which is found much faster than the end of an object.
            let more = rest.get(searched..).unwrap_or_default();
            let is_line_end_known = self.finished || memchr(b'\n', more).is_some();
            if is_line_end_known && let Some(length) = scan.length(rest) {
                return Ok(Some(length));
            }
            if self.finished || length >= longest {
                return Ok(None);
            }
            searched = if is_line_end_known { 0 } else { length };
            self.fill(length.max(BATCH_BYTES))?;
        }
    }

    fn only_blanks_after(&self, length: usize) -> bool {
        let tail = self.rest().get(length..).unwrap_or_default();
        blank_length(tail) == tail.len()
    }

    fn rest(&self) -> &[u8] {
        self.buffer.as_slice().get(self.at..).unwrap_or_default()
    }

    fn offset(&self) -> u64 {
        self.base + u64::try_from(self.at).unwrap_or(0)
    }

    fn fail<T>(&self, kind: JsonErrorKind) -> Result<T, Stop> {
        Err(Stop::Json(JsonError { kind, offset: self.offset() }))
    }

    fn unexpected<T>(&self) -> Result<T, Stop> {
        match self.rest().first() {
            Some(byte) => self.fail(JsonErrorKind::UnexpectedByte(*byte)),
            None => self.fail(JsonErrorKind::UnexpectedEnd),
        }
    }

    /// Reads up to `count` more bytes behind the buffer; sets `finished` at the end of the source.
    fn fill(&mut self, count: usize) -> Result<(), Stop> {
        (self.progress)()?;
        let limit = self.settings.limits.document_bytes;
        let held = u64::try_from(self.rest().len()).unwrap_or(u64::MAX);
        if held > limit {
            return Err(Stop::Over(LimitExceeded { resource: Resource::DocumentBytes, limit }));
        }
        let read = self.buffer.read_from(self.source, count).map_err(StreamError::from)?;
        self.finished |= read < count;
        Ok(())
    }

    /// Hands the cut items to a worker together with their bytes. Whichever is shorter is copied: the batch, or
    /// what is behind it in the buffer.
    fn flush(&mut self, origin: Origin, name: &'static str) -> Result<(), Stop> {
        if self.items.is_empty() {
            self.drop_consumed();
            return Ok(());
        }
        let mut copy = std::mem::take(&mut self.spare);
        copy.truncate(0);
        let (start, length) = (self.base + u64::try_from(self.from).unwrap_or(0), self.at - self.from);
        let bytes = if self.from == 0 && self.rest().len() <= length {
            copy.extend(self.rest());
            let mut bytes = std::mem::replace(&mut self.buffer, copy);
            bytes.truncate(self.at);
            self.base = self.offset();
            self.at = 0;
            bytes
        } else {
            copy.extend(self.buffer.as_slice().get(self.from..self.at).unwrap_or_default());
            self.from = self.at;
            copy
        };
        let items = std::mem::take(&mut self.items);
        let first_index = self.next_index;
        self.next_index += u64::try_from(items.len()).unwrap_or(0);
        self.spare = (self.work)(Batch {
            bytes,
            base: start,
            origin,
            name,
            first_index,
            items,
            is_visited: self.is_visited,
        })?;
        Ok(())
    }

    fn drop_consumed(&mut self) {
        self.buffer.drop_front(self.at);
        self.base = self.offset();
        self.from = 0;
        self.at = 0;
    }

    /// Reads on at the end of the buffer, dropping what was consumed. Not for use while items wait.
    fn read_on(&mut self) -> Result<(), Stop> {
        self.drop_consumed();
        self.fill(self.buffer.len().max(BATCH_BYTES))
    }

    /// Hands on what is cut and reads further.
    fn flush_and_fill(&mut self, origin: Origin, name: &'static str) -> Result<(), Stop> {
        self.flush(origin, name)?;
        self.drop_consumed();
        self.fill(self.buffer.len().max(BATCH_BYTES))
    }

    /// Marks an item that is cut.
    fn item(&mut self, blank: usize, length: usize) {
        let start = self.at - self.from;
        self.items.push((start + blank, start + length));
        self.at += length;
    }

    fn blanks(&mut self) -> Result<(), Stop> {
        loop {
            self.at += blank_length(self.rest());
            if !self.rest().is_empty() || self.finished {
                return Ok(());
            }
            self.read_on()?;
        }
    }

    fn byte(&mut self, expected: u8) -> Result<(), Stop> {
        self.blanks()?;
        if self.rest().first() != Some(&expected) {
            return self.unexpected();
        }
        self.at += 1;
        Ok(())
    }

    /// Parses the value at the cursor, reading as much as it takes.
    fn value(&mut self) -> Result<Document, Stop> {
        let length = loop {
            match value_length(self.rest()) {
                Some(length) => break length,
                None if self.finished => return self.fail(JsonErrorKind::UnexpectedEnd),
                None => self.read_on()?,
            }
        };
        let blob = Blob::new(self.rest().get(..length).unwrap_or_default().to_vec());
        let document = Document::parse_at(blob, self.offset(), ParserLimits::from(self.settings.limits))
            .map_err(Stop::Json)?;
        self.at += length;
        Ok(document)
    }

    fn object(&mut self) -> Result<StreamedObject, Stop> {
        let mut object = StreamedObject::default();
        self.byte(b'{')?;
        self.blanks()?;
        if self.rest().first() == Some(&b'}') {
            self.at += 1;
        } else {
            loop {
                self.member(&mut object)?;
                self.blanks()?;
                match self.rest().first() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break self.at += 1,
                    _ => return self.unexpected(),
                }
            }
        }
        self.blanks()?;
        if self.rest().is_empty() { Ok(object) } else { self.fail(JsonErrorKind::TrailingData) }
    }

    fn member(&mut self, object: &mut StreamedObject) -> Result<(), Stop> {
        self.blanks()?;
        if self.rest().first() != Some(&b'"') {
            return self.unexpected();
        }
        let name_at = self.offset();
        let name = self.value()?;
        let span = name_at..self.offset();
        let text = match name.root().text() {
            Some(text) => text.into_owned(),
            None => {
                let kind = AnomalyKind::UnpairedSurrogate;
                self.repeated.push(PlacedAnomaly { kind, pointer: String::new(), span: span.clone() });
                String::from_utf8_lossy(name.root().raw()).into_owned()
            }
        };
        self.byte(b':')?;
        self.blanks()?;
        if object.has(&text) {
            let pointer = member_pointer(&text);
            self.repeated.push(PlacedAnomaly { kind: AnomalyKind::RepeatedMember, pointer, span });
        }
        let known = |names: &'static [&'static str]| {
            (0..).zip(names).find(|(_, name)| **name == text).map(|(position, name)| (position, *name))
        };
        let visited = known(self.settings.arrays);
        let streamed = visited.or_else(|| known(CHECKED));
        match (streamed, self.rest().first()) {
            (Some((position, name)), Some(b'[')) => {
                self.is_visited = visited.is_some();
                self.array(Origin::Array(position), name)?;
                object.arrays.push((name, self.next_index));
                if visited.is_none() {
                    object.checked.insert(name);
                }
                self.is_visited = true;
            }
            _ => {
                let value = self.value()?;
                object.members.insert(text, value);
            }
        }
        Ok(())
    }

    fn array(&mut self, origin: Origin, name: &'static str) -> Result<(), Stop> {
        self.next_index = 0;
        self.prediction = Prediction::default();
        self.byte(b'[')?;
        self.blanks()?;
        self.from = self.at;
        if self.rest().first() == Some(&b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.item_blanks(origin, name)?;
            let length = loop {
                if let Some(length) = self.prediction.length(self.rest()) {
                    break length;
                }
                match value_length(self.rest()) {
                    Some(length) => {
                        if self.settings.predict {
                            self.prediction = Prediction::learn(self.rest(), length);
                        }
                        break length;
                    }
                    None if self.finished => return self.fail(JsonErrorKind::UnexpectedEnd),
                    None => self.flush_and_fill(origin, name)?,
                }
            };
            self.item(0, length);
            if self.at - self.from >= BATCH_BYTES {
                self.flush(origin, name)?;
            }
            self.item_blanks(origin, name)?;
            match self.rest().first() {
                Some(b',') => self.at += 1,
                Some(b']') => break self.at += 1,
                _ => return self.unexpected(),
            }
        }
        self.flush(origin, name)
    }

    /// Skips blanks between items without losing the items that are already cut.
    fn item_blanks(&mut self, origin: Origin, name: &'static str) -> Result<(), Stop> {
        loop {
            self.at += blank_length(self.rest());
            if !self.rest().is_empty() || self.finished {
                return Ok(());
            }
            self.flush_and_fill(origin, name)?;
        }
    }

    fn lines(&mut self) -> Result<Decoded, Stop> {
        let mut searched = 0;
        self.from = self.at;
        loop {
            let rest = self.rest();
            let unsearched = rest.get(searched..).unwrap_or_default();
            match unsearched.iter().position(|byte| *byte == b'\n') {
                Some(position) => {
                    self.line(searched + position);
                    self.at += 1;
                    searched = 0;
                    if self.at - self.from >= BATCH_BYTES {
                        self.flush(Origin::Line, "")?;
                    }
                }
                None if self.finished => {
                    self.line(rest.len());
                    break;
                }
                None => {
                    searched = rest.len();
                    self.flush_and_fill(Origin::Line, "")?;
                }
            }
        }
        self.flush(Origin::Line, "")?;
        Ok(Decoded::Lines(self.next_index))
    }

    fn line(&mut self, length: usize) {
        let blank = blank_length(self.rest().get(..length).unwrap_or_default());
        if blank < length {
            self.item(blank, length);
        } else {
            self.at += length;
        }
    }

    /// A top-level array: held and parsed whole.
    fn array_document(&mut self) -> Result<Decoded, Stop> {
        while !self.finished {
            self.read_on()?;
        }
        self.parse_rest().map(|()| Decoded::OtherJson).map_err(Stop::Json)
    }

    /// Something that starts with neither bracket: a JSON scalar if it is short and parses, else no JSON.
    fn scalar_document(&mut self) -> Result<Decoded, Stop> {
        let scalar = self.finished && self.parse_rest().is_ok();
        Ok(if scalar { Decoded::OtherJson } else { Decoded::Opaque })
    }

    fn parse_rest(&self) -> Result<(), JsonError> {
        let limits = ParserLimits::from(self.settings.limits);
        Document::parse_at(Blob::new(self.rest().to_vec()), self.offset(), limits).map(drop)
    }
}

/// JSON behind a byte order mark or in UTF-16: another reader may see a document here.
fn foreign_json(start: &[u8]) -> Option<JsonErrorKind> {
    let opens = |bytes: &[u8]| {
        bytes
            .iter()
            .find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0))
            .is_some_and(|byte| matches!(byte, b'{' | b'['))
    };
    match start {
        [0xef, 0xbb, 0xbf, rest @ ..] if opens(rest) => Some(JsonErrorKind::ByteOrderMark),
        [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] if opens(rest) => Some(JsonErrorKind::InvalidUtf8),
        [b'{' | b'[', 0, ..] | [0, b'{' | b'[', ..] => Some(JsonErrorKind::InvalidUtf8),
        _ => None,
    }
}

/// A whole file that is one governance event rather than a document about events.
fn is_single_event(bytes: &[u8], limits: &Limits) -> bool {
    let mut parser = Parser::new(ParserLimits::from(limits));
    let Ok(value) = parser.parse(bytes, 0) else { return false };
    is_event(&value)
}

/// A streamed array of such a name is not seen, so an answer of yes is a reason to look again.
fn is_event(object: &impl Fields) -> bool {
    let is_text = |name: &&str| object.member(name).and_then(Value::text).is_some();
    let is_other = |name: &&str| object.member(name).is_some();
    ["event_id", "record_hash", "prev_hash"].iter().all(is_text)
        && !["records", "bundle_type", "chain_entries"].iter().any(is_other)
}
