//! DER, read strictly (X.690 sections 8 and 10).
//!
//! Only what the structures of certificates and timestamps need: definite lengths in their shortest form, tag
//! numbers below 31, no trailing bytes. Nothing is copied; an element is a slice of the input.

/// `BOOLEAN`
pub const BOOLEAN: u8 = 0x01;
/// `INTEGER`
pub const INTEGER: u8 = 0x02;
/// `BIT STRING`
pub const BIT_STRING: u8 = 0x03;
/// `OCTET STRING`
pub const OCTET_STRING: u8 = 0x04;
/// `NULL`
pub const NULL: u8 = 0x05;
/// `OBJECT IDENTIFIER`
pub const OID: u8 = 0x06;
/// `UTCTime`
pub const UTC_TIME: u8 = 0x17;
/// `GeneralizedTime`
pub const GENERALIZED_TIME: u8 = 0x18;
/// `SEQUENCE`
pub const SEQUENCE: u8 = 0x30;
/// `SET`
pub const SET: u8 = 0x31;

/// Constructed context-specific tag `[number]`.
#[must_use]
pub const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// Why bytes are not the DER that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DerError {
    /// The input ends inside an element.
    Truncated,
    /// A length without an end, or not in its shortest form.
    Length,
    /// A tag number of 31 or more.
    HighTag,
    /// Another element than expected, with its tag.
    Unexpected(u8),
    /// An expected element is missing.
    Missing,
    /// Bytes behind the last element.
    Trailing,
    /// A value in another form than its type has in DER.
    Value,
}

impl std::fmt::Display for DerError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Truncated => formatter.write_str("the DER ends inside an element"),
            Self::Length => formatter.write_str("a DER length is indefinite or not the shortest"),
            Self::HighTag => formatter.write_str("a DER tag number is above 30"),
            Self::Unexpected(tag) => write!(formatter, "unexpected DER element with tag 0x{tag:02x}"),
            Self::Missing => formatter.write_str("a DER element is missing"),
            Self::Trailing => formatter.write_str("bytes follow the last DER element"),
            Self::Value => formatter.write_str("a DER value has a form that its type does not allow"),
        }
    }
}

impl std::error::Error for DerError {}

/// One element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The content.
    pub value: &'a [u8],
    /// The whole element.
    pub raw: &'a [u8],
}

impl<'a> Element<'a> {
    /// The elements inside a constructed one.
    #[must_use]
    pub fn inside(self) -> Reader<'a> {
        Reader { rest: self.value }
    }
}

/// Reads elements one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader of all of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The one element that is all of `bytes`.
    ///
    /// # Errors
    /// [`DerError`] when `bytes` are anything else.
    pub fn single(bytes: &'a [u8], tag: u8) -> Result<Element<'a>, DerError> {
        let mut reader = Self::new(bytes);
        let element = reader.expect(tag)?;
        reader.end()?;
        Ok(element)
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element.
    ///
    /// # Errors
    /// [`DerError`] when there is none or it is malformed.
    pub fn read(&mut self) -> Result<Element<'a>, DerError> {
        let (&tag, rest) = self.rest.split_first().ok_or(DerError::Missing)?;
        if tag & 0x1f == 0x1f {
            return Err(DerError::HighTag);
        }
        let (&first, rest) = rest.split_first().ok_or(DerError::Truncated)?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) =
                    rest.split_at_checked(usize::from(first & 0x7f)).ok_or(DerError::Truncated)?;
                let length = digits.iter().fold(0u64, |length, digit| (length << 8) | u64::from(*digit));
                if digits.first() == Some(&0) || length < 0x80 {
                    return Err(DerError::Length);
                }
                (usize::try_from(length).map_err(|_| DerError::Truncated)?, rest)
            }
            _ => return Err(DerError::Length),
        };
        let (value, after) = rest.split_at_checked(length).ok_or(DerError::Truncated)?;
        let raw = self.rest.get(..self.rest.len() - after.len()).ok_or(DerError::Truncated)?;
        self.rest = after;
        Ok(Element { tag, value, raw })
    }

    /// The next element, which must have this tag.
    ///
    /// # Errors
    /// [`DerError`] when it has not.
    pub fn expect(&mut self, tag: u8) -> Result<Element<'a>, DerError> {
        match self.peek() {
            Some(found) if found == tag => self.read(),
            Some(found) => Err(DerError::Unexpected(found)),
            None => Err(DerError::Missing),
        }
    }

    /// The next element if it has this tag.
    ///
    /// # Errors
    /// [`DerError`] when it has the tag and is malformed.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, DerError> {
        if self.peek() == Some(tag) { self.read().map(Some) } else { Ok(None) }
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// [`DerError::Trailing`].
    pub fn end(self) -> Result<(), DerError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DerError::Trailing) }
    }

    /// The next element as an integer that is not negative: its bytes without a leading zero.
    ///
    /// # Errors
    /// [`DerError`] when it is anything else.
    pub fn unsigned(&mut self) -> Result<&'a [u8], DerError> {
        unsigned(self.expect(INTEGER)?.value)
    }

    /// The next element as an integer below 2^63.
    ///
    /// # Errors
    /// [`DerError`] when it is anything else.
    pub fn small(&mut self) -> Result<u64, DerError> {
        small(self.expect(INTEGER)?.value)
    }

    /// The next element as an algorithm: its object identifier and its parameters, `None` when absent.
    ///
    /// # Errors
    /// [`DerError`] when it is anything else.
    pub fn algorithm(&mut self) -> Result<Algorithm<'a>, DerError> {
        let mut inside = self.expect(SEQUENCE)?.inside();
        let oid = inside.expect(OID)?.value;
        let parameters = if inside.is_empty() { None } else { Some(inside.read()?) };
        inside.end()?;
        Ok(Algorithm { oid, parameters })
    }
}

/// `AlgorithmIdentifier` (RFC 5280 section 4.1.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithm<'a> {
    /// The content octets of the object identifier.
    pub oid: &'a [u8],
    /// The parameters.
    pub parameters: Option<Element<'a>>,
}

impl Algorithm<'_> {
    /// Whether parameters are absent or `NULL`.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.parameters.is_none_or(|parameters| parameters.tag == NULL && parameters.value.is_empty())
    }
}

/// The magnitude of an integer in its shortest form that is not negative.
///
/// # Errors
/// [`DerError::Value`] when it is negative or padded.
pub fn unsigned(value: &[u8]) -> Result<&[u8], DerError> {
    match value {
        [] => Err(DerError::Value),
        [0] => Ok(value),
        [0, second, ..] if *second < 0x80 => Err(DerError::Value),
        [0, magnitude @ ..] => Ok(magnitude),
        [first, ..] if *first >= 0x80 => Err(DerError::Value),
        _ => Ok(value),
    }
}

/// The content octets of an integer of either sign in its shortest form.
///
/// # Errors
/// [`DerError::Value`] when there are none or too many.
pub fn shortest(value: &[u8]) -> Result<&[u8], DerError> {
    match value {
        [] => Err(DerError::Value),
        [0, second, ..] if *second < 0x80 => Err(DerError::Value),
        [0xff, second, ..] if *second >= 0x80 => Err(DerError::Value),
        _ => Ok(value),
    }
}

/// An integer below 2^63 that is not negative, from its content octets (also of an implicitly tagged one).
///
/// # Errors
/// [`DerError::Value`] when it is anything else.
pub fn small(value: &[u8]) -> Result<u64, DerError> {
    let magnitude = unsigned(value)?;
    if magnitude.len() > 8 {
        return Err(DerError::Value);
    }
    let number = magnitude.iter().fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
    if number >> 63 == 0 { Ok(number) } else { Err(DerError::Value) }
}

/// A boolean in DER: 0 or 255.
///
/// # Errors
/// [`DerError::Value`] for another byte.
pub fn boolean(value: &[u8]) -> Result<bool, DerError> {
    match value {
        [0] => Ok(false),
        [0xff] => Ok(true),
        _ => Err(DerError::Value),
    }
}

/// Dotted decimal spelling of an object identifier, for messages.
#[must_use]
pub fn dotted(oid: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0u64;
    for byte in oid {
        arc = arc.saturating_mul(128).saturating_add(u64::from(byte & 0x7f));
        if byte & 0x80 == 0 {
            match (arcs.is_empty(), arc) {
                (true, 0..80) => arcs.extend([arc / 40, arc % 40]),
                (true, _) => arcs.extend([2, arc - 80]),
                (false, _) => arcs.push(arc),
            }
            arc = 0;
        }
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_elements_and_nothing_loose() {
        let bytes = [0x30, 6, 2, 1, 5, 4, 1, 0xff];
        let mut inside = Reader::single(&bytes, SEQUENCE).unwrap().inside();
        assert_eq!(inside.small(), Ok(5));
        assert_eq!(inside.optional(BOOLEAN), Ok(None));
        assert_eq!(inside.expect(OCTET_STRING).unwrap().raw, [4, 1, 0xff]);
        assert_eq!(inside.read(), Err(DerError::Missing));
        assert_eq!(inside.end(), Ok(()));
        for (bytes, error) in [
            (&[0x30, 0x80, 0, 0][..], DerError::Length),
            (&[0x30, 0x81, 2, 5, 0], DerError::Length),
            (&[0x30, 0x82, 0, 0x80], DerError::Length),
            (&[0x30, 0x85, 0, 0, 0, 0, 0], DerError::Length),
            (&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], DerError::Truncated),
            (&[0x30, 1], DerError::Truncated),
            (&[0x31, 0], DerError::Unexpected(0x31)),
            (&[0x30, 0, 0], DerError::Trailing),
            (&[], DerError::Missing),
        ] {
            assert_eq!(Reader::single(bytes, SEQUENCE), Err(error), "{bytes:?}");
        }
        assert_eq!(Reader::new(&[0x3f, 0x1f, 0]).read(), Err(DerError::HighTag));
    }

    #[test]
    fn integers_have_one_form() {
        assert_eq!(small(&[0x7f]), Ok(127));
        assert_eq!(small(&[0, 0x80]), Ok(128));
        assert_eq!(small(&[0]), Ok(0));
        for wrong in [&[][..], &[0x80], &[0, 1], &[0, 0x80, 0, 0, 0, 0, 0, 0, 0], &[1; 9]] {
            assert_eq!(small(wrong), Err(DerError::Value), "{wrong:?}");
        }
        assert_eq!(unsigned(&[0, 0xff, 1]), Ok(&[0xff, 1][..]));
        assert_eq!(boolean(&[1]), Err(DerError::Value));
        assert_eq!(shortest(&[0xde, 0xad]), Ok(&[0xde, 0xad][..]));
        for wrong in [&[][..], &[0, 1], &[0xff, 0x80]] {
            assert_eq!(shortest(wrong), Err(DerError::Value), "{wrong:?}");
        }
    }

    #[test]
    fn object_identifiers_are_spelled() {
        assert_eq!(dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2]), "1.2.840.113549.1.7.2");
        assert_eq!(dotted(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]), "2.16.840.1.101.3.4.2.1");
        assert_eq!(dotted(&[0x88, 0x37, 3]), "2.999.3");
    }
}
