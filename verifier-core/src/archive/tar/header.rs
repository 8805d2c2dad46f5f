//! One 512-byte tar header (POSIX ustar, GNU, v7) and the records of a PAX extended header.
//!
//! | bytes | field | | bytes | field |
//! | --- | --- | --- | --- | --- |
//! | 0–99 | name | | 156 | type |
//! | 124–135 | size | | 157–256 | link target |
//! | 148–155 | checksum | | 257–264 | magic and version |
//! | | | | 345–499 | prefix, when the magic is POSIX |
//!
//! Numbers are octal digits between optional blanks, or (GNU) base 256 after a byte `80`.

use super::BLOCK;

pub(super) type Block = [u8; BLOCK];

/// The fields that decide what a member is.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: u64,
    pub(super) kind: u8,
}

impl Header {
    /// `None` when the checksum or the size is not one.
    pub(super) fn parse(block: &Block) -> Option<Self> {
        if number(block.get(148..156)?)? != checksum(block) {
            return None;
        }
        let mut name = text(block.get(..100)?).to_vec();
        let posix = block.get(257..263)? == b"ustar\0";
        let prefix = text(block.get(345..500)?);
        if posix && !prefix.is_empty() {
            name = [prefix, b"/", &name].concat();
        }
        let size = number(block.get(124..136)?)?;
        Some(Self { name, link: text(block.get(157..257)?).to_vec(), size, kind: *block.get(156)? })
    }
}

pub(super) fn is_zero(block: &Block) -> bool {
    block.iter().all(|byte| *byte == 0)
}

/// Sum of all bytes with the checksum field taken as blanks.
fn checksum(block: &Block) -> u64 {
    let field = 148..156;
    block.iter().enumerate().map(|(at, byte)| u64::from(if field.contains(&at) { b' ' } else { *byte })).sum()
}

fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn number(field: &[u8]) -> Option<u64> {
    if let Some((0x80, digits)) = field.split_first() {
        let (high, low) = digits.split_at_checked(digits.len().checked_sub(8)?)?;
        let low: [u8; 8] = low.try_into().ok()?;
        return high.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(low));
    }
    let digits = std::str::from_utf8(text(field)).ok()?.trim_matches(' ');
    if digits.is_empty() {
        // empty in some directory headers
        return Some(0);
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    u64::from_str_radix(digits, 8).ok()
}

/// What the records of a PAX header say; other keys do not change what a member is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) sparse: bool,
}

impl Pax {
    /// Records `length key=value\n`. `None` when one is malformed, or a key that matters is repeated or
    /// empty, because readers differ on both.
    pub(super) fn parse(mut bytes: &[u8]) -> Option<Self> {
        let mut out = Self::default();
        while !bytes.is_empty() {
            let blank = bytes.iter().position(|byte| *byte == b' ')?;
            let digits = std::str::from_utf8(bytes.get(..blank)?).ok()?;
            if digits.len() > 19 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let length: usize = digits.parse().ok()?;
            let record = bytes.get(blank.checked_add(1)?..length)?;
            let record = record.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            let (key, value) = (record.get(..equals)?, record.get(equals.checked_add(1)?..)?);
            match key {
                b"path" => set(&mut out.path, value.to_vec(), value)?,
                b"linkpath" => set(&mut out.link, value.to_vec(), value)?,
                b"size" => {
                    let text = std::str::from_utf8(value).ok()?;
                    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
                        return None;
                    }
                    set(&mut out.size, text.parse().ok()?, value)?;
                }
                _ => out.sparse |= key.starts_with(b"GNU.sparse"),
            }
            bytes = bytes.get(length..)?;
        }
        Some(out)
    }

    pub(super) fn changes_members(&self) -> bool {
        *self != Self::default()
    }
}

fn set<T>(slot: &mut Option<T>, value: T, stored: &[u8]) -> Option<()> {
    if slot.is_some() || stored.is_empty() {
        return None;
    }
    *slot = Some(value);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"  644 \0"), Some(0o644));
        assert_eq!(number(b"77777777777\0"), Some(0o77_777_777_777));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(2 << 32));
        assert_eq!(number(b"\x80\0\0\x01\0\0\0\0\0\0\0\0"), None, "more than 64 bits");
        assert_eq!(number(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), None, "negative");
        assert_eq!(number(b"-000001\0"), None);
        assert_eq!(number(b"+000001\0"), None);
        assert_eq!(number(b"0000008\0"), None);
        assert_eq!(number(b"00 0001\0"), None);
    }

    #[test]
    fn pax_records_are_strict() {
        let pax = Pax::parse(b"12 path=a/b\n20 mtime=1234567890\n10 size=9\n").unwrap();
        assert_eq!(pax.path.as_deref(), Some(b"a/b".as_slice()));
        assert_eq!(pax.size, Some(9));
        assert!(!Pax::parse(b"20 mtime=1234567890\n").unwrap().changes_members());
        assert!(Pax::parse(b"22 GNU.sparse.major=1\n").unwrap().sparse);
        for bad in [
            &b"12 path=a/b\n12 path=a/b\n"[..],
            b"8 path=\n",
            b"11 path=a/b\n",
            b"99 path=a/b\n",
            b"0 path=a/b\n",
            b"12 path=a/b ",
            b"-12 path=a/b\n",
            b"99999999999999999999 path=a\n",
            b"12 path a/b\n",
            b"12",
            b"11 size=-9\n",
            b"11 size=+9\n",
        ] {
            assert_eq!(Pax::parse(bad), None, "{:?}", String::from_utf8_lossy(bad));
        }
    }
}
