use std::ops::Range;

use super::error::{Anomaly, AnomalyKind, JsonError, JsonErrorKind};
use super::swar;
use super::text::decode_string;
use super::value::{Kind, Value};
use crate::bytes::{Blob, Limits};

/// One value or member name: its bytes and where the next sibling starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) next: u32,
    pub(super) tag: Tag,
    pub(super) flags: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Null,
    True,
    False,
    Int,
    Float,
    String,
    Array,
    Object,
}

pub(super) const ESCAPED: u8 = 1;
pub(super) const BROKEN_TEXT: u8 = 2;

/// Kept anomalies of one kind and document; further ones add nothing to a verdict.
const ANOMALIES_KEPT: usize = 64;
const PAIRWISE_MEMBERS: usize = 16;

/// The part of [`Limits`] that a parser obeys.
#[derive(Clone, Copy, Debug)]
pub struct ParserLimits {
    /// Nesting of arrays and objects.
    pub depth: u16,
    /// Values and member names.
    pub nodes: u32,
    /// Digits of one integer.
    pub number_digits: u32,
}

impl From<&Limits> for ParserLimits {
    fn from(limits: &Limits) -> Self {
        Self { depth: limits.json_depth, nodes: limits.json_nodes, number_digits: limits.number_digits }
    }
}

impl Default for ParserLimits {
    fn default() -> Self {
        Self::from(&Limits::default())
    }
}

/// A parser whose index is reused from document to document.
#[derive(Debug)]
pub struct Parser {
    limits: ParserLimits,
    nodes: Vec<Node>,
    frames: Vec<Frame>,
    /// Member names of the objects that are open, with a print of each.
    names: Vec<u32>,
    prints: Vec<u64>,
    /// Prints of the last small object, all of them different.
    distinct: Vec<u64>,
    anomalies: Vec<Anomaly>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    node: u32,
    names_from: usize,
    object: bool,
}

/// A parsed document that owns its bytes and its index.
#[derive(Clone, Debug)]
pub struct Document {
    blob: Blob,
    base: u64,
    nodes: Vec<Node>,
    anomalies: Vec<Anomaly>,
}

impl Document {
    /// Parses a whole blob.
    ///
    /// # Errors
    /// [`JsonError`] with the offset of the first violation.
    pub fn parse(blob: Blob, limits: ParserLimits) -> Result<Self, JsonError> {
        Self::parse_at(blob, 0, limits)
    }

    /// Parses a blob that starts `base` bytes into its file; spans and errors are in file offsets.
    ///
    /// # Errors
    /// [`JsonError`] with the offset of the first violation.
    pub fn parse_at(blob: Blob, base: u64, limits: ParserLimits) -> Result<Self, JsonError> {
        let mut parser = Parser::new(limits);
        match blob.as_str() {
            Some(text) => parser.parse_text(text, base)?,
            None => parser.parse(blob.as_slice(), base)?,
        };
        Ok(Self { blob, base, nodes: parser.nodes, anomalies: parser.anomalies })
    }

    /// The top-level value.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value::new(self.text(), &self.nodes, self.base, 0)
    }

    /// Places where readers may disagree, with the value concerned.
    pub fn anomalies(&self) -> impl Iterator<Item = (AnomalyKind, Value<'_>)> {
        self.anomalies
            .iter()
            .map(|anomaly| (anomaly.kind, Value::new(self.text(), &self.nodes, self.base, anomaly.node)))
    }

    fn text(&self) -> &str {
        self.blob.as_str().unwrap_or_default()
    }

    /// The bytes.
    #[must_use]
    pub fn blob(&self) -> &Blob {
        &self.blob
    }
}

impl Parser {
    /// A parser with the given limits.
    #[must_use]
    pub fn new(limits: ParserLimits) -> Self {
        Self {
            limits,
            nodes: Vec::new(),
            frames: Vec::new(),
            names: Vec::new(),
            prints: Vec::new(),
            distinct: Vec::new(),
            anomalies: Vec::new(),
        }
    }

    /// Parses `bytes`, which start `base` bytes into their file, and returns the top-level value. The
    /// index is valid until the next call.
    ///
    /// # Errors
    /// [`JsonError`] with the offset of the first violation.
    pub fn parse<'a>(&'a mut self, bytes: &'a [u8], base: u64) -> Result<Value<'a>, JsonError> {
        let text = std::str::from_utf8(bytes).map_err(|error| JsonError {
            kind: JsonErrorKind::InvalidUtf8,
            offset: base + u64::try_from(error.valid_up_to()).unwrap_or(0),
        })?;
        self.parse_text(text, base)
    }

    /// [`Self::parse`] for bytes that are known to be UTF-8.
    ///
    /// # Errors
    /// [`JsonError`] with the offset of the first violation.
    pub fn parse_text<'a>(&'a mut self, text: &'a str, base: u64) -> Result<Value<'a>, JsonError> {
        self.nodes.clear();
        self.frames.clear();
        self.names.clear();
        self.prints.clear();
        self.anomalies.clear();
        if u32::try_from(text.len()).is_err() {
            return Err(JsonError { kind: JsonErrorKind::TooLarge, offset: base });
        }
        let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
        self.document(&mut reader)
            .map_err(|kind| JsonError { kind, offset: base + u64::try_from(reader.at).unwrap_or(0) })?;
        Ok(Value::new(text, &self.nodes, base, 0))
    }

    /// Anomalies of the document parsed last, with the value concerned.
    pub fn anomalies<'a>(
        &'a self,
        bytes: &'a [u8],
        base: u64,
    ) -> impl Iterator<Item = (AnomalyKind, Value<'a>)> {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        self.anomalies
            .iter()
            .map(move |anomaly| (anomaly.kind, Value::new(text, &self.nodes, base, anomaly.node)))
    }

    /// Whether the document parsed last has any anomaly.
    #[must_use]
    pub fn has_anomalies(&self) -> bool {
        !self.anomalies.is_empty()
    }

    fn document(&mut self, reader: &mut Reader<'_>) -> Result<(), JsonErrorKind> {
        if reader.text.starts_with('\u{feff}') {
            return Err(JsonErrorKind::ByteOrderMark);
        }
        reader.skip_blank();
        if reader.peek().is_none() {
            return Err(JsonErrorKind::Empty);
        }
        self.value(reader)?;
        while let Some(frame) = self.frames.last().copied() {
            reader.skip_blank();
            if frame.object {
                self.object_step(reader, frame)?;
            } else {
                self.array_step(reader, frame)?;
            }
        }
        reader.skip_blank();
        if reader.peek().is_some() { Err(JsonErrorKind::TrailingData) } else { Ok(()) }
    }

    /// One member, or the end, of the innermost object.
    fn object_step(&mut self, reader: &mut Reader<'_>, frame: Frame) -> Result<(), JsonErrorKind> {
        let empty = self.is_empty(frame);
        match reader.peek() {
            Some(b'}') => {
                reader.at += 1;
                return self.close(reader, frame);
            }
            Some(b',') if !empty => {
                reader.at += 1;
                reader.skip_blank();
            }
            Some(_) if empty => {}
            other => return Err(unexpected(other)),
        }
        if reader.peek() != Some(b'"') {
            return Err(unexpected(reader.peek()));
        }
        let (name, start) = (self.count(), reader.at);
        let flags = self.string(reader)?;
        self.names.push(name);
        // Escapes spell one name in several ways, so those names are compared in full.
        let print = match flags & ESCAPED {
            0 => fingerprint(reader.bytes.get(start + 1..reader.at - 1).unwrap_or_default()),
            _ => ESCAPED_PRINT,
        };
        self.prints.push(print);
        reader.skip_blank();
        if reader.peek() != Some(b':') {
            return Err(unexpected(reader.peek()));
        }
        reader.at += 1;
        reader.skip_blank();
        self.value(reader)
    }

    fn array_step(&mut self, reader: &mut Reader<'_>, frame: Frame) -> Result<(), JsonErrorKind> {
        let empty = self.is_empty(frame);
        match reader.peek() {
            Some(b']') => {
                reader.at += 1;
                return self.close(reader, frame);
            }
            Some(b',') if !empty => {
                reader.at += 1;
                reader.skip_blank();
            }
            Some(_) if empty => {}
            other => return Err(unexpected(other)),
        }
        self.value(reader)
    }

    fn is_empty(&self, frame: Frame) -> bool {
        self.count() == frame.node + 1
    }

    fn count(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    fn push(&mut self, tag: Tag, start: usize, end: usize, flags: u8) -> Result<(), JsonErrorKind> {
        let index = self.count();
        if index >= self.limits.nodes {
            return Err(JsonErrorKind::TooManyNodes(self.limits.nodes));
        }
        let narrow = |value: usize| u32::try_from(value).map_err(|_| JsonErrorKind::TooLarge);
        self.nodes.push(Node { start: narrow(start)?, end: narrow(end)?, next: index + 1, tag, flags });
        Ok(())
    }

    fn close(&mut self, reader: &Reader<'_>, frame: Frame) -> Result<(), JsonErrorKind> {
        self.frames.pop();
        let next = self.count();
        let end = u32::try_from(reader.at).map_err(|_| JsonErrorKind::TooLarge)?;
        if let Some(node) = self.nodes.get_mut(index(frame.node)) {
            node.end = end;
            node.next = next;
        }
        if frame.object {
            self.find_repeated(reader, frame.names_from);
            self.names.truncate(frame.names_from);
            self.prints.truncate(frame.names_from);
        }
        Ok(())
    }

    fn value(&mut self, reader: &mut Reader<'_>) -> Result<(), JsonErrorKind> {
        match reader.peek() {
            Some(b'"') => self.string(reader).map(drop),
            Some(b'{') => self.open(reader, Tag::Object),
            Some(b'[') => self.open(reader, Tag::Array),
            Some(b't') => self.word(reader, b"true", Tag::True),
            Some(b'f') => self.word(reader, b"false", Tag::False),
            Some(b'n') => self.word(reader, b"null", Tag::Null),
            Some(b'N') => self.non_finite_word(reader, b"NaN"),
            Some(b'I') => self.non_finite_word(reader, b"Infinity"),
            Some(b'-') if reader.rest().starts_with(b"-I") => self.non_finite_word(reader, b"-Infinity"),
            Some(b'-' | b'0'..=b'9') => self.number(reader),
            other => Err(unexpected(other)),
        }
    }

    fn open(&mut self, reader: &mut Reader<'_>, tag: Tag) -> Result<(), JsonErrorKind> {
        if self.frames.len() >= usize::from(self.limits.depth) {
            return Err(JsonErrorKind::TooDeep(self.limits.depth));
        }
        let node = self.count();
        self.push(tag, reader.at, reader.at, 0)?;
        reader.at += 1;
        self.frames.push(Frame { node, names_from: self.names.len(), object: tag == Tag::Object });
        Ok(())
    }

    fn word(&mut self, reader: &mut Reader<'_>, word: &[u8], tag: Tag) -> Result<(), JsonErrorKind> {
        if !reader.rest().starts_with(word) {
            return Err(unexpected(reader.peek()));
        }
        self.push(tag, reader.at, reader.at + word.len(), 0)?;
        reader.at += word.len();
        Ok(())
    }

    fn non_finite_word(&mut self, reader: &mut Reader<'_>, word: &[u8]) -> Result<(), JsonErrorKind> {
        self.note(AnomalyKind::NonFinite, self.count());
        self.word(reader, word, Tag::Float)
    }

    /// Reads a string and returns its flags.
    #[inline]
    fn string(&mut self, reader: &mut Reader<'_>) -> Result<u8, JsonErrorKind> {
        let start = reader.at;
        let mut at = start + 1;
        let mut flags = 0;
        loop {
            at += swar::plain_prefix(reader.bytes.get(at..).unwrap_or_default());
            match reader.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    flags |= ESCAPED;
                    at += escape_length(reader.bytes.get(at..).unwrap_or_default()).ok_or_else(|| {
                        reader.at = at;
                        JsonErrorKind::InvalidEscape
                    })?;
                }
                Some(_) => {
                    reader.at = at;
                    return Err(JsonErrorKind::ControlCharacter);
                }
                None => {
                    reader.at = at;
                    return Err(JsonErrorKind::UnexpectedEnd);
                }
            }
        }
        if flags & ESCAPED != 0
            && reader.text.get(start + 1..at).is_none_or(|inner| decode_string(inner).is_none())
        {
            flags |= BROKEN_TEXT;
            self.note(AnomalyKind::UnpairedSurrogate, self.count());
        }
        self.push(Tag::String, start, at + 1, flags)?;
        reader.at = at + 1;
        Ok(flags)
    }

    fn number(&mut self, reader: &mut Reader<'_>) -> Result<(), JsonErrorKind> {
        let bytes = reader.rest();
        let sign = usize::from(bytes.first() == Some(&b'-'));
        let digits = digit_run(bytes, sign);
        if digits == 0 || (digits > 1 && bytes.get(sign) == Some(&b'0')) {
            return Err(JsonErrorKind::InvalidNumber);
        }
        let mut length = sign + digits;
        let mut tag = Tag::Int;
        if bytes.get(length) == Some(&b'.') {
            let fraction = digit_run(bytes, length + 1);
            if fraction == 0 {
                return Err(JsonErrorKind::InvalidNumber);
            }
            length += 1 + fraction;
            tag = Tag::Float;
        }
        if matches!(bytes.get(length), Some(b'e' | b'E')) {
            let signed = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
            let exponent = digit_run(bytes, length + 1 + signed);
            if exponent == 0 {
                return Err(JsonErrorKind::InvalidNumber);
            }
            length += 1 + signed + exponent;
            tag = Tag::Float;
        }
        let token = reader.text.get(reader.at..reader.at + length).unwrap_or_default();
        if tag == Tag::Int {
            if digits > usize::try_from(self.limits.number_digits).unwrap_or(usize::MAX) {
                return Err(JsonErrorKind::NumberTooLong(self.limits.number_digits));
            }
            if digits >= 16 && !is_safe_integer(token) {
                self.note(AnomalyKind::UnsafeInteger, self.count());
            }
        } else if length > 300 || token.bytes().any(|byte| byte | 0x20 == b'e') {
            let finite = token.parse::<f64>().is_ok_and(f64::is_finite);
            if !finite {
                self.note(AnomalyKind::NonFinite, self.count());
            }
        }
        self.push(tag, reader.at, reader.at + length, 0)?;
        reader.at += length;
        Ok(())
    }

    fn note(&mut self, kind: AnomalyKind, node: u32) {
        if self.anomalies.iter().filter(|anomaly| anomaly.kind == kind).count() < ANOMALIES_KEPT {
            self.anomalies.push(Anomaly { kind, node });
        }
    }

    /// Repeated names of the object whose names start at `from`: pairwise for small objects, by sorting for
    /// large ones, so that crafted names cannot make it quadratic. Records of one export mostly have the same
    /// names, and prints that were all different once need no second comparison.
    fn find_repeated(&mut self, reader: &Reader<'_>, from: usize) {
        let names = self.names.get(from..).unwrap_or_default();
        let prints = self.prints.get(from..).unwrap_or_default();
        if prints == self.distinct.as_slice() {
            return;
        }
        let mut repeated = Vec::new();
        if names.len() <= PAIRWISE_MEMBERS {
            let escaped = prints.contains(&ESCAPED_PRINT);
            let mut distinct = !escaped;
            for (position, (print, name)) in prints.iter().zip(names).enumerate() {
                let earlier = prints.iter().zip(names).take(position);
                for (_, other) in earlier.filter(|(other, _)| escaped || *other == print) {
                    distinct = false;
                    if self.same_name(reader, *name, *other) {
                        repeated.push(*name);
                    }
                }
            }
            if distinct {
                self.distinct.clear();
                self.distinct.extend_from_slice(prints);
            }
        } else {
            let mut sorted: Vec<_> =
                names.iter().map(|name| (self.name_text(reader, *name), *name)).collect();
            sorted.sort();
            for pair in sorted.windows(2) {
                if let [(left, _), (right, name)] = pair
                    && left == right
                {
                    repeated.push(*name);
                }
            }
        }
        for name in repeated {
            self.note(AnomalyKind::RepeatedMember, name);
        }
    }

    fn same_name(&self, reader: &Reader<'_>, left: u32, right: u32) -> bool {
        self.name_text(reader, left) == self.name_text(reader, right)
    }

    fn name_text<'t>(&self, reader: &Reader<'t>, name: u32) -> std::borrow::Cow<'t, str> {
        let inner = self
            .nodes
            .get(index(name))
            .and_then(|node| {
                let range = node_range(*node);
                reader.text.get(range.start + 1..range.end - 1)
            })
            .unwrap_or_default();
        decode_string(inner).unwrap_or(std::borrow::Cow::Borrowed(inner))
    }
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Reader<'t> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn rest(&self) -> &'t [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn skip_blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }
}

fn unexpected(byte: Option<u8>) -> JsonErrorKind {
    byte.map_or(JsonErrorKind::UnexpectedEnd, JsonErrorKind::UnexpectedByte)
}

#[inline]
pub(super) fn index(node: u32) -> usize {
    usize::try_from(node).unwrap_or(usize::MAX)
}

#[inline]
pub(super) fn node_range(node: Node) -> Range<usize> {
    index(node.start)..index(node.end)
}

fn digit_run(bytes: &[u8], from: usize) -> usize {
    bytes.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn is_safe_integer(token: &str) -> bool {
    token.parse::<i64>().is_ok_and(|value| value.unsigned_abs() < 1 << 53)
}

fn escape_length(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => bytes.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

/// Print of a name with escapes, which may equal a name of another spelling.
const ESCAPED_PRINT: u64 = 0;

/// A cheap mix of length, head and tail; equal names without escapes have equal prints.
#[inline]
fn fingerprint(bytes: &[u8]) -> u64 {
    let head = bytes.first_chunk::<8>().map_or_else(|| short(bytes), |chunk| u64::from_le_bytes(*chunk));
    let tail = bytes.last_chunk::<8>().map_or(0, |chunk| u64::from_le_bytes(*chunk));
    head ^ tail.rotate_left(23) ^ u64::try_from(bytes.len()).unwrap_or(0).rotate_left(51)
}

fn short(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

pub(super) fn kind_of(tag: Tag) -> Kind {
    match tag {
        Tag::Null => Kind::Null,
        Tag::True | Tag::False => Kind::Bool,
        Tag::Int => Kind::Int,
        Tag::Float => Kind::Float,
        Tag::String => Kind::String,
        Tag::Array => Kind::Array,
        Tag::Object => Kind::Object,
    }
}
