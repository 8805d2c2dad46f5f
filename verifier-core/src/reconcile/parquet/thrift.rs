//! Thrift's compact protocol, as far as a Parquet footer and page headers need it.
//!
//! Nothing is allocated by a size that the file states: texts are slices, and a list is never longer than the bytes that
//! are left, since its shortest element takes one.
//!
//! Source: Apache Thrift, `thrift-compact-protocol.md`.

use super::Problem;

/// Levels of structures and lists that are passed over.
const DEPTH: u8 = 24;

/// The type of a field or element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    True,
    False,
    Byte,
    Integer,
    Double,
    Binary,
    List,
    Map,
    Struct,
    Uuid,
}

impl Kind {
    fn of(code: u8) -> Result<Self, Problem> {
        Ok(match code {
            1 => Self::True,
            2 => Self::False,
            3 => Self::Byte,
            4..=6 => Self::Integer,
            7 => Self::Double,
            8 => Self::Binary,
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Struct,
            13 => Self::Uuid,
            _ => return Err(Problem::Damaged("a field has no known type")),
        })
    }
}

/// Takes a field when it reads it and says so; otherwise the field is passed over.
type Each<'e, 'a> = &'e mut dyn FnMut(&mut Compact<'a>, i64, Kind) -> Result<bool, Problem>;

/// A place in bytes.
#[derive(Clone, Debug)]
pub(super) struct Compact<'a> {
    rest: &'a [u8],
}

impl<'a> Compact<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What was not read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Problem::Cut)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Problem> {
        self.take(1)?.first().copied().ok_or(Problem::Cut)
    }

    /// An unsigned number in groups of seven bits, the lowest first.
    pub(super) fn varint(&mut self) -> Result<u64, Problem> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Problem::Damaged("a number has too many bytes"))
    }

    /// A signed number, zigzag.
    pub(super) fn signed(&mut self) -> Result<i64, Problem> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn size(&mut self) -> Result<usize, Problem> {
        let size = usize::try_from(self.varint()?).map_err(|_| Problem::Cut)?;
        if size > self.rest.len() { Err(Problem::Cut) } else { Ok(size) }
    }

    /// The value of an integer field.
    pub(super) fn integer(&mut self, kind: Kind) -> Result<i64, Problem> {
        match kind {
            Kind::Byte => Ok(i64::from(self.byte()?.cast_signed())),
            Kind::Integer => self.signed(),
            _ => Err(Problem::Damaged("a field has another type than an integer")),
        }
    }

    /// The value of a binary or text field.
    pub(super) fn binary(&mut self, kind: Kind) -> Result<&'a [u8], Problem> {
        if kind != Kind::Binary {
            return Err(Problem::Damaged("a field has another type than text"));
        }
        let size = self.size()?;
        self.take(size)
    }

    /// The value of a text field.
    pub(super) fn text(&mut self, kind: Kind) -> Result<&'a str, Problem> {
        std::str::from_utf8(self.binary(kind)?).map_err(|_| Problem::Damaged("a name is not UTF-8"))
    }

    /// The head of a list: how many elements of which type follow.
    fn list(&mut self) -> Result<(usize, Kind), Problem> {
        let head = self.byte()?;
        let size = match head >> 4 {
            15 => self.size()?,
            short => usize::from(short),
        };
        if size > self.rest.len() {
            return Err(Problem::Cut);
        }
        // In an empty list the type may be left out.
        Ok((size, if size == 0 { Kind::Byte } else { Kind::of(head & 15)? }))
    }

    /// Reads the elements of a list field.
    pub(super) fn elements(
        &mut self,
        kind: Kind,
        each: &mut dyn FnMut(&mut Self, Kind) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        if kind != Kind::List {
            return Err(Problem::Damaged("a field has another type than a list"));
        }
        let (size, element) = self.list()?;
        (0..size).try_for_each(|_| each(self, element))
    }

    /// Reads the fields of a structure that is a field or an element.
    pub(super) fn structure(&mut self, kind: Kind, each: Each<'_, 'a>) -> Result<(), Problem> {
        if kind != Kind::Struct {
            return Err(Problem::Damaged("a field has another type than a structure"));
        }
        self.fields(each)
    }

    /// Reads the fields of a structure up to its end.
    pub(super) fn fields(&mut self, each: Each<'_, 'a>) -> Result<(), Problem> {
        let mut id = 0i64;
        while let Some(kind) = self.field(&mut id)? {
            if !each(self, id, kind)? {
                self.skip(kind, false, DEPTH)?;
            }
        }
        Ok(())
    }

    /// The head of a field, which counts on from the id before; none at the end of the structure.
    fn field(&mut self, id: &mut i64) -> Result<Option<Kind>, Problem> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        *id = match head >> 4 {
            0 => self.signed()?,
            more => id.saturating_add(i64::from(more)),
        };
        Kind::of(head & 15).map(Some)
    }

    /// Passes over a value. The truth of a field stands in its head, that of an element in a byte of its own.
    fn skip(&mut self, kind: Kind, is_element: bool, depth: u8) -> Result<(), Problem> {
        let deeper = depth.checked_sub(1).ok_or(Problem::Damaged("structures are nested too deeply"))?;
        match kind {
            Kind::True | Kind::False if !is_element => {}
            Kind::True | Kind::False | Kind::Byte => drop(self.byte()?),
            Kind::Integer => drop(self.varint()?),
            Kind::Double => drop(self.take(8)?),
            Kind::Uuid => drop(self.take(16)?),
            Kind::Binary => drop(self.binary(kind)?),
            Kind::List => {
                let (size, element) = self.list()?;
                (0..size).try_for_each(|_| self.skip(element, true, deeper))?;
            }
            Kind::Map => {
                let size = self.size()?;
                if size > 0 {
                    let kinds = self.byte()?;
                    let (key, value) = (Kind::of(kinds >> 4)?, Kind::of(kinds & 15)?);
                    for _ in 0..size {
                        self.skip(key, true, deeper)?;
                        self.skip(value, true, deeper)?;
                    }
                }
            }
            Kind::Struct => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, false, deeper)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The examples of the protocol's document.
    #[test]
    fn numbers_are_varints_in_zigzag() {
        assert_eq!(Compact::new(&[0xdf, 0x89, 0x03]).varint(), Ok(50_399));
        let signed = |bytes: &[u8]| Compact::new(bytes).signed();
        for (bytes, value) in [(&[0u8][..], 0), (&[1], -1), (&[2], 1), (&[3], -2), (&[0x96, 1], 75)] {
            assert_eq!(signed(bytes), Ok(value));
        }
        let longest = [&[0xff; 9][..], &[1]].concat();
        assert_eq!(Compact::new(&longest).varint(), Ok(u64::MAX));
        assert_eq!(signed(&longest), Ok(i64::MIN));
        assert!(Compact::new(&[&[0xff; 9][..], &[2]].concat()).varint().is_err());
        assert_eq!(Compact::new(&[0x80]).varint(), Err(Problem::Cut));
    }

    #[test]
    fn what_is_unknown_is_passed_over() {
        // 1: true, 2: double, 3: list of 2 structures, 4: map of 1 text to a byte, 20: the number 5
        let mut bytes = vec![0x11, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x19, 0x2c, 0x15, 2, 0, 0];
        bytes.extend([0x1b, 1, 0x83, 1, b'k', 9, 0x05, 40, 10, 0, 0xee]);
        let mut reader = Compact::new(&bytes);
        let mut seen = Vec::new();
        reader
            .fields(&mut |reader, id, kind| {
                if id == 20 {
                    seen.push(reader.integer(kind)?);
                }
                Ok(id == 20)
            })
            .unwrap();
        assert_eq!((seen, reader.rest()), (vec![5], &[0xee][..]));
    }

    #[test]
    fn no_list_is_longer_than_its_bytes() {
        let skip = |bytes: &[u8]| Compact::new(bytes).fields(&mut |_, _, _| Ok(false));
        assert_eq!(skip(&[0x19, 0xf3, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2]), Err(Problem::Cut));
        assert_eq!(skip(&[0x18, 0xff, 0xff, 0xff, 0xff, 0x0f]), Err(Problem::Cut));
        assert!(matches!(skip(&[0x1c; 100]), Err(Problem::Damaged(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            Compact::new(&bytes).fields(&mut |_, _, _| Ok(false)).ok();
        }
    }
}
