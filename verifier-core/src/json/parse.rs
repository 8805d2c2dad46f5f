use std::ops::Range;

use super::error::{Anomaly, AnomalyKind, JsonError, JsonErrorKind};
use super::lead::Leads;
use super::scan;
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

impl Node {
    #[inline]
    fn new(tag: Tag, (start, end): (usize, usize), next: u32, flags: u8) -> Self {
        Self { start: narrow(start), end: narrow(end), next, tag, flags }
    }
}

/// The values of a document in order, and where its bytes start in their file.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    pub(super) nodes: Vec<Node>,
    pub(super) base: u64,
    /// Names whose members are marked in a top-level object.
    pub(super) names: &'static [&'static str],
    /// The last member of each name, 0 for none, behind a place for those of no such name.
    pub(super) marked: Vec<u32>,
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
    index: Index,
    frames: Vec<Frame>,
    /// Member names of the object that was closed last, with a print of each.
    names: Vec<(u64, u32)>,
    /// Prints of the last small object, all of them different.
    distinct: Vec<u64>,
    /// How the members of the last top-level object began.
    leads: Leads,
    anomalies: Vec<Anomaly>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    node: u32,
    object: bool,
}

/// A parsed document that owns its bytes and its index.
#[derive(Clone, Debug)]
pub struct Document {
    blob: Blob,
    index: Index,
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
        Ok(Self { blob, index: parser.index, anomalies: parser.anomalies })
    }

    /// The top-level value.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value::new(self.text(), &self.index, 0)
    }

    /// Places where readers may disagree, with the value concerned.
    pub fn anomalies(&self) -> impl Iterator<Item = (AnomalyKind, Value<'_>)> {
        self.anomalies
            .iter()
            .map(|anomaly| (anomaly.kind, Value::new(self.text(), &self.index, anomaly.node)))
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
            index: Index::default(),
            frames: Vec::new(),
            names: Vec::new(),
            distinct: Vec::new(),
            leads: Leads::default(),
            anomalies: Vec::new(),
        }
    }

    /// The same parser, which marks the members of these names in a top-level object: [`Value::named`] for the same
    /// names then compares none. At most 255.
    #[must_use]
    pub fn marking(mut self, names: &'static [&'static str]) -> Self {
        self.index.names = names;
        self.index.marked = vec![0; names.len() + 1];
        self
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
        self.index.nodes.clear();
        self.index.base = base;
        self.index.marked.fill(0);
        self.frames.clear();
        self.leads.restart();
        self.anomalies.clear();
        if u32::try_from(text.len()).is_err() {
            return Err(JsonError { kind: JsonErrorKind::TooLarge, offset: base });
        }
        let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
        self.document(&mut reader)
            .map_err(|kind| JsonError { kind, offset: base + u64::try_from(reader.at).unwrap_or(0) })?;
        Ok(Value::new(text, &self.index, 0))
    }

    /// Anomalies of the document parsed last, with the value concerned; `bytes` are its bytes.
    pub fn anomalies<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = (AnomalyKind, Value<'a>)> {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        self.anomalies.iter().map(move |anomaly| (anomaly.kind, Value::new(text, &self.index, anomaly.node)))
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
            if frame.node == 0 && frame.object && self.expected_members(reader)? {
                continue;
            }
            let lead_at = reader.at;
            reader.skip_blank();
            if frame.object {
                self.object_step(reader, frame, lead_at)?;
            } else {
                self.array_step(reader, frame)?;
            }
        }
        reader.skip_blank();
        if reader.peek().is_some() { Err(JsonErrorKind::TrailingData) } else { Ok(()) }
    }

    /// Members of the top-level object that begin like those at their places in the document before, up to one that
    /// does not, or whose value is not read in one piece: then the answer is yes.
    fn expected_members(&mut self, reader: &mut Reader<'_>) -> Result<bool, JsonErrorKind> {
        while let Some(lead) = self.leads.expected() {
            let Some(length) = lead.length_in(reader.rest()) else { return Ok(false) };
            let name = (reader.at + lead.name.0, reader.at + lead.name.1);
            let number = lead.number;
            self.leads.advance();
            reader.at += length;
            if let Some(end) = reader.plain_string_end()
                && self.has_room_for(2)
            {
                let count = self.count();
                let nodes = [
                    Node::new(Tag::String, name, count + 1, 0),
                    Node::new(Tag::String, (reader.at, end), count + 2, 0),
                ];
                self.index.nodes.extend_from_slice(&nodes);
                self.mark(number, count + 1);
                reader.at = end;
                continue;
            }
            self.push(Tag::String, name.0, name.1, 0)?;
            self.mark(number, self.count());
            reader.skip_blank();
            self.value(reader)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// One member, or the end, of the innermost object; what leads to its name begins at `lead_at`.
    fn object_step(
        &mut self,
        reader: &mut Reader<'_>,
        frame: Frame,
        lead_at: usize,
    ) -> Result<(), JsonErrorKind> {
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
        let start = reader.at;
        let flags = self.string(reader)?;
        let end = reader.at;
        reader.skip_blank();
        if reader.peek() != Some(b':') {
            return Err(unexpected(reader.peek()));
        }
        reader.at += 1;
        reader.skip_blank();
        if frame.node == 0 {
            // Names with escapes are compared in full, so they are no use as a shortcut.
            let lead = reader.bytes.get(lead_at..reader.at).filter(|_| flags == 0).unwrap_or_default();
            let inner = reader.text.get(start + 1..end - 1).unwrap_or_default();
            let name = decode_string(inner).unwrap_or(std::borrow::Cow::Borrowed(inner));
            let position = self.index.names.iter().position(|known| *known == name);
            let number = position.and_then(|position| u8::try_from(position + 1).ok()).unwrap_or(0);
            self.mark(number, self.count());
            self.leads.learn(lead, (start - lead_at, end - lead_at), number);
        }
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
        u32::try_from(self.index.nodes.len()).unwrap_or(u32::MAX)
    }

    #[inline]
    fn push(&mut self, tag: Tag, start: usize, end: usize, flags: u8) -> Result<(), JsonErrorKind> {
        if !self.has_room_for(1) {
            return Err(JsonErrorKind::TooManyNodes(self.limits.nodes));
        }
        self.index.nodes.push(Node::new(tag, (start, end), self.count() + 1, flags));
        Ok(())
    }

    #[inline]
    fn has_room_for(&self, more: usize) -> bool {
        self.index.nodes.len() + more <= index(self.limits.nodes)
    }

    /// Marks a value as the member of the name with this number, which counts from 1.
    #[inline]
    fn mark(&mut self, number: u8, node: u32) {
        if let Some(place) = self.index.marked.get_mut(usize::from(number)) {
            *place = node;
        }
    }

    fn close(&mut self, reader: &Reader<'_>, frame: Frame) -> Result<(), JsonErrorKind> {
        self.frames.pop();
        let next = self.count();
        let end = narrow(reader.at);
        if let Some(node) = self.index.nodes.get_mut(index(frame.node)) {
            node.end = end;
            node.next = next;
        }
        if frame.object && (frame.node != 0 || !self.leads.known_distinct()) {
            let distinct = self.find_repeated(reader, frame.node);
            if frame.node == 0 {
                self.leads.finish(distinct);
            }
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
        self.frames.push(Frame { node, object: tag == Tag::Object });
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
        let Some(end) = reader.plain_string_end() else { return self.unusual_string(reader) };
        reader.at = end;
        self.push(Tag::String, start, end, 0)?;
        Ok(0)
    }

    /// Reads a string with escapes, or one that is wrong.
    #[cold]
    fn unusual_string(&mut self, reader: &mut Reader<'_>) -> Result<u8, JsonErrorKind> {
        let start = reader.at;
        reader.at += 1;
        reader.at += scan::plain_prefix(reader.rest());
        let mut flags = 0;
        loop {
            match reader.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    flags |= ESCAPED;
                    reader.at += escape_length(reader.rest()).ok_or(JsonErrorKind::InvalidEscape)?;
                }
                Some(_) => return Err(JsonErrorKind::ControlCharacter),
                None => return Err(JsonErrorKind::UnexpectedEnd),
            }
            reader.at += scan::plain_prefix(reader.rest());
        }
        if flags & ESCAPED != 0
            && reader.text.get(start + 1..reader.at).is_none_or(|inner| decode_string(inner).is_none())
        {
            flags |= BROKEN_TEXT;
            self.note(AnomalyKind::UnpairedSurrogate, self.count());
        }
        reader.at += 1;
        self.push(Tag::String, start, reader.at, flags)?;
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

    /// Repeated names of an object that is complete: pairwise for small objects, by sorting for large ones, so that
    /// crafted names cannot make it quadratic. Objects of one kind mostly have the same names, and prints that were
    /// all different once need no second comparison. Whether all names are known to be different.
    fn find_repeated(&mut self, reader: &Reader<'_>, object: u32) -> bool {
        self.read_names(reader, object);
        if self.names.iter().map(|(print, _)| print).eq(&self.distinct) {
            return true;
        }
        let names = &self.names;
        let mut repeated = Vec::new();
        let escaped = names.iter().any(|(print, _)| *print == ESCAPED_PRINT);
        let mut distinct = !escaped;
        if names.len() <= PAIRWISE_MEMBERS {
            for (position, (print, name)) in names.iter().enumerate() {
                let earlier = names.iter().take(position);
                for (_, other) in earlier.filter(|(other, _)| escaped || other == print) {
                    distinct = false;
                    if self.same_name(reader, *name, *other) {
                        repeated.push(*name);
                    }
                }
            }
            if distinct {
                self.distinct.clear();
                self.distinct.extend(self.names.iter().map(|(print, _)| *print));
            }
        } else {
            let mut sorted: Vec<_> =
                names.iter().map(|(_, name)| (self.name_text(reader, *name), *name)).collect();
            sorted.sort();
            for pair in sorted.windows(2) {
                if let [(left, _), (right, name)] = pair
                    && left == right
                {
                    repeated.push(*name);
                }
            }
            distinct &= repeated.is_empty();
        }
        for name in repeated {
            self.note(AnomalyKind::RepeatedMember, name);
        }
        distinct
    }

    /// Collects the member names of an object that is complete.
    fn read_names(&mut self, reader: &Reader<'_>, object: u32) {
        self.names.clear();
        let mut name = object + 1;
        while let (Some(node), Some(value)) =
            (self.index.nodes.get(index(name)), self.index.nodes.get(index(name.saturating_add(1))))
        {
            // Escapes spell one name in several ways, so those names are compared in full.
            let print = match node.flags & ESCAPED {
                0 => {
                    let range = node_range(*node);
                    fingerprint(reader.bytes.get(range.start + 1..range.end - 1).unwrap_or_default())
                }
                _ => ESCAPED_PRINT,
            };
            self.names.push((print, name));
            name = value.next;
        }
    }

    fn same_name(&self, reader: &Reader<'_>, left: u32, right: u32) -> bool {
        self.name_text(reader, left) == self.name_text(reader, right)
    }

    fn name_text<'t>(&self, reader: &Reader<'t>, name: u32) -> std::borrow::Cow<'t, str> {
        let inner = self
            .index
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

    /// Where the string that begins here ends, when it is one without escapes.
    #[inline]
    fn plain_string_end(&self) -> Option<usize> {
        let inner = self.rest().strip_prefix(b"\"")?;
        let plain = scan::plain_prefix(inner);
        (inner.get(plain) == Some(&b'"')).then_some(self.at + plain + 2)
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

/// A position in a text whose length was found to fit.
#[inline]
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
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
