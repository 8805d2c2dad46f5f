//! Records of the zip format (APPNOTE 6.3), decoded without interpretation.
//!
//! | record | starts with | fixed bytes |
//! | --- | --- | --- |
//! | local header | `50 4b 03 04` | 30 |
//! | central header | `50 4b 01 02` | 46 |
//! | end record | `50 4b 05 06` | 22 |
//! | zip64 end record | `50 4b 06 06` | 56 |
//! | zip64 locator | `50 4b 06 07` | 20 |
//!
//! All numbers are little-endian. A size or offset of all ones stands in the zip64 extra field (id 1).

use std::borrow::Cow;

pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
pub(super) const CENTRAL: [u8; 4] = *b"PK\x01\x02";
pub(super) const END: [u8; 4] = *b"PK\x05\x06";
pub(super) const END64: [u8; 4] = *b"PK\x06\x06";
pub(super) const LOCATOR64: [u8; 4] = *b"PK\x06\x07";
pub(super) const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

pub(super) const LOCAL_BYTES: usize = 30;
pub(super) const CENTRAL_BYTES: usize = 46;
pub(super) const END_BYTES: usize = 22;
pub(super) const END64_BYTES: usize = 56;
pub(super) const LOCATOR64_BYTES: usize = 20;

/// Flag bits that change how a member is read.
pub(super) const FLAG_ENCRYPTED: u16 = 1;
pub(super) const FLAG_DESCRIPTOR: u16 = 1 << 3;
pub(super) const FLAG_STRONG_ENCRYPTION: u16 = 1 << 6;
pub(super) const FLAG_UTF8: u16 = 1 << 11;
pub(super) const FLAG_MASKED: u16 = 1 << 13;

/// A 32-bit size or offset that stands in the zip64 extra field.
const ELSEWHERE: u64 = 0xffff_ffff;

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(array_at(bytes, at)?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(array_at(bytes, at)?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(array_at(bytes, at)?))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// What a header says about a member.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc32: u32,
    pub(super) compressed: u64,
    pub(super) expanded: u64,
    pub(super) name: Vec<u8>,
    pub(super) comment_bytes: usize,
    pub(super) made_by: u16,
    pub(super) attributes: u32,
    pub(super) disk: u16,
    /// Of the local header; only in a central header.
    pub(super) offset: u64,
    /// A second name in an extra field that differs from `name`.
    pub(super) other_name: bool,
    /// The extra fields do not add up.
    pub(super) bad_extra: bool,
}

impl Header {
    /// Variable bytes that follow a central header: name, extra fields and comment.
    pub(super) fn central_tail(fixed: &[u8]) -> Option<usize> {
        let lengths = [u16_at(fixed, 28)?, u16_at(fixed, 30)?, u16_at(fixed, 32)?];
        Some(lengths.into_iter().map(usize::from).sum())
    }

    pub(super) fn central(fixed: &[u8], tail: &[u8]) -> Option<Self> {
        let name_bytes = usize::from(u16_at(fixed, 28)?);
        let extra_bytes = usize::from(u16_at(fixed, 30)?);
        let extra = Extra::parse(tail.get(name_bytes..name_bytes.checked_add(extra_bytes)?)?);
        let name = tail.get(..name_bytes)?;
        let mut wide = extra.wide.clone();
        let mut bad_extra = extra.bad;
        let expanded = resolve(u32_at(fixed, 24)?, &mut wide, &mut bad_extra);
        let compressed = resolve(u32_at(fixed, 20)?, &mut wide, &mut bad_extra);
        let offset = resolve(u32_at(fixed, 42)?, &mut wide, &mut bad_extra);
        Some(Self {
            flags: u16_at(fixed, 8)?,
            method: u16_at(fixed, 10)?,
            crc32: u32_at(fixed, 16)?,
            compressed,
            expanded,
            name: name.to_vec(),
            comment_bytes: usize::from(u16_at(fixed, 32)?),
            made_by: u16_at(fixed, 4)?,
            attributes: u32_at(fixed, 38)?,
            disk: u16_at(fixed, 34)?,
            offset,
            other_name: extra.other_name(name),
            bad_extra,
        })
    }

    /// Variable bytes that follow a local header: name and extra fields.
    pub(super) fn local_tail(fixed: &[u8]) -> Option<usize> {
        Some(usize::from(u16_at(fixed, 26)?) + usize::from(u16_at(fixed, 28)?))
    }

    pub(super) fn local(fixed: &[u8], tail: &[u8]) -> Option<Self> {
        let name_bytes = usize::from(u16_at(fixed, 26)?);
        let name = tail.get(..name_bytes)?;
        let extra = Extra::parse(tail.get(name_bytes..)?);
        let mut wide = extra.wide.clone();
        let mut bad_extra = extra.bad;
        let expanded = resolve(u32_at(fixed, 22)?, &mut wide, &mut bad_extra);
        let compressed = resolve(u32_at(fixed, 18)?, &mut wide, &mut bad_extra);
        Some(Self {
            flags: u16_at(fixed, 6)?,
            method: u16_at(fixed, 8)?,
            crc32: u32_at(fixed, 14)?,
            compressed,
            expanded,
            name: name.to_vec(),
            comment_bytes: 0,
            made_by: 0,
            attributes: 0,
            disk: 0,
            offset: 0,
            other_name: extra.other_name(name),
            bad_extra,
        })
    }
}

/// The value itself, or the next one of the zip64 extra field.
fn resolve(narrow: u32, wide: &mut Cow<'_, [u8]>, bad: &mut bool) -> u64 {
    let narrow = u64::from(narrow);
    if narrow != ELSEWHERE {
        return narrow;
    }
    match u64_at(wide, 0) {
        Some(value) => {
            *wide = Cow::Owned(wide.get(8..).unwrap_or_default().to_vec());
            value
        }
        None => {
            *bad = true;
            narrow
        }
    }
}

struct Extra<'a> {
    wide: Cow<'a, [u8]>,
    unicode_name: Option<&'a [u8]>,
    bad: bool,
}

impl<'a> Extra<'a> {
    fn parse(mut bytes: &'a [u8]) -> Self {
        let mut out = Self { wide: Cow::Borrowed(&[]), unicode_name: None, bad: false };
        let mut wide_seen = false;
        while let (Some(id), Some(length)) = (u16_at(bytes, 0), u16_at(bytes, 2)) {
            let end = usize::from(length) + 4;
            let Some(data) = bytes.get(4..end) else {
                out.bad = true;
                return out;
            };
            match id {
                1 if wide_seen => out.bad = true,
                1 => {
                    wide_seen = true;
                    out.wide = Cow::Borrowed(data);
                }
                // version and checksum of the plain name stand before the second name
                0x7075 => out.unicode_name = Some(data.get(5..).unwrap_or_default()),
                _ => {}
            }
            bytes = bytes.get(end..).unwrap_or_default();
        }
        // alignment tools leave up to three zero bytes
        out.bad |= bytes.iter().any(|byte| *byte != 0);
        out
    }

    fn other_name(&self, name: &[u8]) -> bool {
        self.unicode_name.is_some_and(|other| other != name)
    }
}
