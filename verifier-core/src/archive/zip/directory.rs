//! Finding the one central directory of a zip file and reading its headers.
//!
//! The end record must be the only candidate, the directory must end where the end record (or its zip64
//! form) starts, and the number and total length of the headers must be those that the end record names.
//! So bytes before the archive and joined archives are refused here: their offsets do not add up.

use std::io::{BufReader, Read};

use crate::bytes::{Budget, Limits, Resource};

use super::super::entry::Backing;
use super::super::error::{OpenError, ReadError};
use super::malformed;
use super::record::{
    CENTRAL, CENTRAL_BYTES, END, END_BYTES, END64, END64_BYTES, Header, LOCATOR64, LOCATOR64_BYTES, u16_at,
    u32_at, u64_at,
};

/// Longest comment after the end record.
const MAX_COMMENT: usize = 0xffff;

/// Where the directory lies and what surrounds it.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) offset: u64,
    size: u64,
    total: u64,
    pub(super) comment_bytes: u64,
    pub(super) trailing_bytes: u64,
}

/// The last end record: its bytes, its position, and what follows it.
struct EndRecord {
    fixed: Vec<u8>,
    position: u64,
    comment_bytes: u64,
    trailing_bytes: u64,
}

/// Whether the file ends exactly with an end record.
pub(super) fn ends_with_end_record(backing: &Backing) -> Result<bool, OpenError> {
    match find_end(backing) {
        Ok(end) => Ok(end.is_some_and(|end| end.trailing_bytes == 0)),
        Err(OpenError::Malformed { .. }) => Ok(true),
        Err(other) => Err(other),
    }
}

fn find_end(backing: &Backing) -> Result<Option<EndRecord>, OpenError> {
    let tail_bytes = MAX_COMMENT + END_BYTES;
    let start = backing.length().saturating_sub(u64::try_from(tail_bytes).unwrap_or(0));
    let tail = backing.peek(start, tail_bytes).map_err(OpenError::Read)?;
    let candidates =
        (0..tail.len()).rev().filter(|at| tail.get(*at..).is_some_and(|rest| rest.starts_with(&END)));
    let mut last = None;
    let mut later = false;
    for at in candidates {
        let record = end_record(&tail, start, at);
        // readers that search backwards find the later signature, readers that search for a fitting comment
        // this one
        if later && record.as_ref().is_some_and(|record| last.is_none() || record.trailing_bytes == 0) {
            return Err(malformed("two end records"));
        }
        later = true;
        last = last.or(record);
    }
    Ok(last)
}

/// The record at `at`, if it and its comment lie in the file.
fn end_record(tail: &[u8], start: u64, at: usize) -> Option<EndRecord> {
    let fixed = tail.get(at..at.checked_add(END_BYTES)?)?;
    let comment = usize::from(u16_at(fixed, 20)?);
    let trailing = tail.len().checked_sub(at.checked_add(END_BYTES)?.checked_add(comment)?)?;
    Some(EndRecord {
        fixed: fixed.to_vec(),
        position: start.checked_add(u64::try_from(at).ok()?)?,
        comment_bytes: u64::try_from(comment).ok()?,
        trailing_bytes: u64::try_from(trailing).ok()?,
    })
}

/// Locates the directory.
pub(super) fn locate(backing: &Backing, limits: &Limits) -> Result<Directory, OpenError> {
    let end =
        find_end(backing)?.ok_or_else(|| malformed("there is no end record; the archive is cut short"))?;
    let cut = || malformed("the end record is cut short");
    let number = |at| u16_at(&end.fixed, at).map(u64::from).ok_or_else(cut);
    let (disk, directory_disk, on_disk, mut total) = (number(4)?, number(6)?, number(8)?, number(10)?);
    let mut size = u64::from(u32_at(&end.fixed, 12).ok_or_else(cut)?);
    let mut offset = u64::from(u32_at(&end.fixed, 16).ok_or_else(cut)?);
    if disk != 0 || directory_disk != 0 || on_disk != total {
        return Err(malformed("the archive is one of several parts"));
    }
    let mut directory_end = end.position;
    if let Some(wide) = wide_end(backing, end.position)? {
        for (narrow, all_ones, value) in
            [(total, 0xffff, wide.total), (size, 0xffff_ffff, wide.size), (offset, 0xffff_ffff, wide.offset)]
        {
            if narrow != all_ones && narrow != value {
                return Err(malformed("the two end records disagree"));
            }
        }
        (total, size, offset, directory_end) = (wide.total, wide.size, wide.offset, wide.position);
    }
    if offset.checked_add(size) != Some(directory_end) {
        return Err(malformed(
            "the directory does not end at the end record: bytes were added or archives joined",
        ));
    }
    Budget::new(Resource::Entries, u64::from(limits.entries)).charge(total)?;
    let (comment_bytes, trailing_bytes) = (end.comment_bytes, end.trailing_bytes);
    Ok(Directory { offset, size, total, comment_bytes, trailing_bytes })
}

struct WideEnd {
    position: u64,
    total: u64,
    size: u64,
    offset: u64,
}

/// The zip64 end record, if a locator stands before the end record.
fn wide_end(backing: &Backing, end_position: u64) -> Result<Option<WideEnd>, OpenError> {
    let bad = || malformed("the zip64 end record is damaged");
    let Some(locator_position) = end_position.checked_sub(u64::try_from(LOCATOR64_BYTES).unwrap_or(0)) else {
        return Ok(None);
    };
    let locator = backing.peek(locator_position, LOCATOR64_BYTES).map_err(OpenError::Read)?;
    if !locator.starts_with(&LOCATOR64) {
        return Ok(None);
    }
    let position = u64_at(&locator, 8).ok_or_else(bad)?;
    let fixed = backing.peek(position, END64_BYTES).map_err(OpenError::Read)?;
    let length = u64_at(&fixed, 4).and_then(|length| length.checked_add(12)).ok_or_else(bad)?;
    let one_part = u32_at(&locator, 4) == Some(0)
        && u32_at(&locator, 16).is_some_and(|disks| disks <= 1)
        && u32_at(&fixed, 16) == Some(0)
        && u32_at(&fixed, 20) == Some(0)
        && u64_at(&fixed, 24) == u64_at(&fixed, 32);
    if !fixed.starts_with(&END64) || position.checked_add(length) != Some(locator_position) || !one_part {
        return Err(bad());
    }
    Ok(Some(WideEnd {
        position,
        total: u64_at(&fixed, 32).ok_or_else(bad)?,
        size: u64_at(&fixed, 40).ok_or_else(bad)?,
        offset: u64_at(&fixed, 48).ok_or_else(bad)?,
    }))
}

/// Reads all central headers, in the order of the directory.
pub(super) fn headers(backing: &Backing, directory: &Directory) -> Result<Vec<Header>, OpenError> {
    let bad = || malformed("the directory is damaged");
    let part = backing.part(directory.offset, directory.size).ok_or_else(bad)?;
    let mut reader = BufReader::new(part.reader().map_err(OpenError::Read)?);
    let mut out = Vec::new();
    for _ in 0..directory.total {
        let mut fixed = [0u8; CENTRAL_BYTES];
        exact(&mut reader, &mut fixed)?;
        if !fixed.starts_with(&CENTRAL) {
            return Err(bad());
        }
        let mut tail = vec![0u8; Header::central_tail(&fixed).ok_or_else(bad)?];
        exact(&mut reader, &mut tail)?;
        out.push(Header::central(&fixed, &tail).ok_or_else(bad)?);
    }
    let mut rest = [0u8; 1];
    match reader.read(&mut rest) {
        Ok(0) => Ok(out),
        Ok(_) => Err(malformed("the directory holds more than the end record counts")),
        Err(error) => Err(error.into()),
    }
}

fn exact(reader: &mut impl Read, buffer: &mut [u8]) -> Result<(), OpenError> {
    reader.read_exact(buffer).map_err(|error| match ReadError::from(error) {
        ReadError::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            malformed("the directory holds less than the end record counts")
        }
        other => OpenError::Read(other),
    })
}
