use std::fmt;

/// Why bytes are not a JSON document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Byte offset in the file (or in the decompressed stream).
    pub offset: u64,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// Nothing but white space.
    Empty,
    /// The document stops inside a value.
    UnexpectedEnd,
    /// A byte that cannot stand here.
    UnexpectedByte(u8),
    /// Not UTF-8.
    InvalidUtf8,
    /// The text starts with U+FEFF.
    ByteOrderMark,
    /// A raw character below U+0020 inside a string.
    ControlCharacter,
    /// An unknown or incomplete escape.
    InvalidEscape,
    /// A malformed number, such as `01` or `1.`.
    InvalidNumber,
    /// More than the document.
    TrailingData,
    /// Nesting beyond the limit.
    TooDeep(u16),
    /// More values than the limit.
    TooManyNodes(u32),
    /// An integer with more digits than the limit.
    NumberTooLong(u32),
    /// Larger than an index can address.
    TooLarge,
}

impl JsonErrorKind {
    /// Whether a limit, rather than the grammar, refused the document.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::TooDeep(_) | Self::TooManyNodes(_) | Self::NumberTooLong(_) | Self::TooLarge)
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            JsonErrorKind::Empty => write!(formatter, "the document is empty"),
            JsonErrorKind::UnexpectedEnd => write!(formatter, "the document stops inside a value"),
            JsonErrorKind::UnexpectedByte(byte) => write!(formatter, "unexpected byte 0x{byte:02x}"),
            JsonErrorKind::InvalidUtf8 => write!(formatter, "not UTF-8"),
            JsonErrorKind::ByteOrderMark => write!(formatter, "a byte order mark precedes the document"),
            JsonErrorKind::ControlCharacter => write!(formatter, "a raw control character inside a string"),
            JsonErrorKind::InvalidEscape => write!(formatter, "an invalid escape sequence"),
            JsonErrorKind::InvalidNumber => write!(formatter, "a malformed number"),
            JsonErrorKind::TrailingData => write!(formatter, "more data after the document"),
            JsonErrorKind::TooDeep(limit) => write!(formatter, "nested more than {limit} levels"),
            JsonErrorKind::TooManyNodes(limit) => write!(formatter, "more than {limit} values"),
            JsonErrorKind::NumberTooLong(limit) => {
                write!(formatter, "an integer of more than {limit} digits")
            }
            JsonErrorKind::TooLarge => write!(formatter, "larger than 4 GiB"),
        }?;
        write!(formatter, " at byte {}", self.offset)
    }
}

impl std::error::Error for JsonError {}

/// A place where two JSON readers may disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// Which rule.
    pub kind: AnomalyKind,
    /// Index of the value or member name concerned.
    pub(super) node: u32,
}

/// The kinds of [`Anomaly`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AnomalyKind {
    /// An object has a member name twice.
    RepeatedMember,
    /// A number without a finite value.
    NonFinite,
    /// A string with half of a surrogate pair.
    UnpairedSurrogate,
    /// An integer that a double cannot hold.
    UnsafeInteger,
}
