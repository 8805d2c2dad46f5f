//! Zip archives (APPNOTE 6.3 with zip64), read by our own decoder.
//!
//! A zip describes each member twice and its members may lie anywhere, so two readers can see two
//! different archives in one file. Here the whole file must be accounted for: one directory, members that do
//! not overlap, local headers that say what the directory says, and nothing in between. One decoder does
//! both the checking and the reading, so there is no second opinion that an attacker could exploit.
//!
//! | found | result |
//! | --- | --- |
//! | no end record, offsets or counts that do not add up, members that overlap, several parts | error |
//! | local header or data descriptor differs, a second name in an extra field | note, entry refused |
//! | encrypted, method other than stored and deflate | note, entry refused |
//! | same name twice | note, entry refused |
//! | link, device, unsafe name, non-ASCII name without the UTF-8 flag | note, no entry |
//! | comment, bytes after the end record, bytes between members | note |
//!
//! Limits: members, total declared bytes; then each stream counts its own output. Not read: times,
//! permissions, member comments.

mod directory;
mod member;
mod record;

use crate::bytes::{Budget, Limits, Resource};

use super::Container;
use super::entry::{Backing, Entry};
use super::error::{OpenError, Refusal};
use super::note::{Note, NoteKind};
use super::path::{UnsafeName, check_name_bytes};
use member::Member;
use record::{
    DESCRIPTOR, END, FLAG_DESCRIPTOR, FLAG_ENCRYPTED, FLAG_MASKED, FLAG_STRONG_ENCRYPTION, FLAG_UTF8, Header,
    LOCAL, LOCAL_BYTES, u32_at, u64_at,
};

const STORED: u16 = 0;
const DEFLATE: u16 = 8;
/// The method that marks AES encryption.
const AES: u16 = 99;
/// Flags on which both headers of a member must agree.
const COMPARED_FLAGS: u16 =
    FLAG_ENCRYPTED | FLAG_DESCRIPTOR | FLAG_STRONG_ENCRYPTION | FLAG_UTF8 | FLAG_MASKED;

/// Whether the content starts like a zip archive with members, or is an empty one.
pub(super) fn is_zip(prefix: &[u8]) -> bool {
    prefix.starts_with(&LOCAL) || prefix.starts_with(&END)
}

/// Whether a zip reader that looks at the end of the file would take it for an archive.
pub(super) fn ends_like_zip(backing: &Backing) -> Result<bool, OpenError> {
    directory::ends_with_end_record(backing)
}

/// Lists the members.
pub(super) fn list(backing: &Backing, limits: &Limits) -> Result<(Vec<Entry>, Vec<Note>), OpenError> {
    let directory = directory::locate(backing, limits)?;
    let headers = directory::headers(backing, &directory)?;
    let mut declared = Budget::new(Resource::ExpandedBytes, limits.expanded_bytes);
    for header in &headers {
        declared.charge(header.expanded)?;
    }
    let mut listing = Listing { backing, limits, entries: Vec::new(), notes: Vec::new() };
    listing.around(&directory);
    let mut members =
        headers.into_iter().map(|header| listing.place(header)).collect::<Result<Vec<_>, _>>()?;
    members.sort_by_key(|placed| placed.start);
    let next_starts: Vec<u64> = members.iter().skip(1).map(|placed| placed.start).collect();
    let first = members.first().map_or(directory.offset, |placed| placed.start);
    listing.unclaimed(0, first);
    for (index, placed) in members.iter().enumerate() {
        let next = next_starts.get(index).copied().unwrap_or(directory.offset);
        let gap = next.checked_sub(placed.end).ok_or_else(|| malformed("members overlap"))?;
        let contradiction = placed.contradiction.or(listing.after(placed, gap)?);
        listing.add(placed, contradiction);
    }
    Ok((listing.entries, listing.notes))
}

fn malformed(reason: &'static str) -> OpenError {
    OpenError::Malformed { container: Container::Zip, reason }
}

/// A member with the bytes it occupies, without data descriptor.
struct Placed {
    header: Header,
    start: u64,
    data: u64,
    end: u64,
    contradiction: Option<&'static str>,
}

struct Listing<'a> {
    backing: &'a Backing,
    limits: &'a Limits,
    entries: Vec<Entry>,
    notes: Vec<Note>,
}

impl Listing<'_> {
    fn note(&mut self, kind: NoteKind, name: &[u8], detail: impl Into<String>) {
        self.notes.push(Note::new(kind, name, detail));
    }

    fn around(&mut self, directory: &directory::Directory) {
        if directory.comment_bytes > 0 {
            self.note(
                NoteKind::Comment,
                b"",
                format!("{} bytes after the end record", directory.comment_bytes),
            );
        }
        if directory.trailing_bytes > 0 {
            let detail = format!("{} bytes after the end of the archive", directory.trailing_bytes);
            self.note(NoteKind::UnclaimedBytes, b"", detail);
        }
    }

    fn unclaimed(&mut self, start: u64, end: u64) {
        if start < end {
            let detail = format!("bytes {start} to {end} belong to no member");
            self.note(NoteKind::UnclaimedBytes, b"", detail);
        }
    }

    /// Reads the local header and compares it with the central one.
    fn place(&self, header: Header) -> Result<Placed, OpenError> {
        let outside = || malformed("a member lies outside the file");
        let fixed = self.backing.peek(header.offset, LOCAL_BYTES).map_err(OpenError::Read)?;
        if !fixed.starts_with(&LOCAL) {
            return Err(malformed("a member has no local header"));
        }
        let tail_bytes = Header::local_tail(&fixed).ok_or_else(outside)?;
        let tail_start = header.offset.checked_add(30).ok_or_else(outside)?;
        let tail = self.backing.peek(tail_start, tail_bytes).map_err(OpenError::Read)?;
        let local = Header::local(&fixed, &tail).ok_or_else(outside)?;
        let data = u64::try_from(tail_bytes).ok().and_then(|length| tail_start.checked_add(length));
        let data = data.ok_or_else(outside)?;
        let end = data.checked_add(header.compressed).ok_or_else(outside)?;
        let contradiction = compare(&header, &local);
        Ok(Placed { start: header.offset, data, end, contradiction, header })
    }

    /// Looks at the bytes between a member's data and what comes next.
    fn after(&mut self, placed: &Placed, gap: u64) -> Result<Option<&'static str>, OpenError> {
        if placed.header.flags & FLAG_DESCRIPTOR == 0 {
            self.unclaimed(placed.end, placed.end.saturating_add(gap));
            return Ok(None);
        }
        if !matches!(gap, 12 | 16 | 20 | 24) {
            self.unclaimed(placed.end, placed.end.saturating_add(gap));
            return Ok(Some("the data descriptor is missing or does not fit"));
        }
        let stored = self.backing.peek(placed.end, 24).map_err(OpenError::Read)?;
        let plain =
            if matches!(gap, 16 | 24) { stored.strip_prefix(&DESCRIPTOR) } else { Some(stored.as_slice()) };
        let fields = plain.and_then(|bytes| {
            let sizes = if gap < 20 {
                (u32_at(bytes, 4)?.into(), u32_at(bytes, 8)?.into())
            } else {
                (u64_at(bytes, 4)?, u64_at(bytes, 12)?)
            };
            Some((u32_at(bytes, 0)?, sizes))
        });
        let header = &placed.header;
        let expected = Some((header.crc32, (header.compressed, header.expanded)));
        Ok((fields != expected).then_some("the data descriptor differs from the directory"))
    }

    fn add(&mut self, placed: &Placed, contradiction: Option<&'static str>) {
        let header = &placed.header;
        let stored_name = header.name.as_slice();
        if header.comment_bytes > 0 {
            self.note(NoteKind::Comment, stored_name, format!("{} bytes", header.comment_bytes));
        }
        let folder_name = stored_name.strip_suffix(b"/");
        let checked = check_name_bytes(folder_name.unwrap_or(stored_name)).and_then(|name| {
            let readable = name.is_ascii() || header.flags & FLAG_UTF8 != 0;
            readable.then(|| name.to_owned()).ok_or(UnsafeName::NotText)
        });
        let name = match checked {
            Ok(name) => name,
            Err(reason) => return self.note(NoteKind::UnsafeName, stored_name, reason.to_string()),
        };
        if let Some((kind, detail)) = special(header) {
            return self.note(kind, stored_name, detail);
        }
        if folder_name.is_some() {
            return if header.expanded == 0 && contradiction.is_none() {
                self.note(NoteKind::Directory, stored_name, "directory member");
            } else {
                self.note(NoteKind::DirectoryContent, stored_name, format!("{} bytes", header.expanded));
            };
        }
        let size = header.expanded;
        let entry =
            match (self.refusal(header, contradiction), self.backing.part(placed.data, header.compressed)) {
                (Some(refusal), _) => Entry::refused(name, size, refusal, self.limits),
                (None, None) => Entry::refused(name, size, Refusal::Contradiction, self.limits),
                (None, Some(data)) => {
                    let deflated = header.method == DEFLATE;
                    let member = Member { data, deflated, size, crc32: header.crc32 };
                    Entry::packed(name, size, Box::new(member), self.limits)
                }
            };
        self.entries.push(entry);
    }

    fn refusal(&mut self, header: &Header, contradiction: Option<&'static str>) -> Option<Refusal> {
        if let Some(detail) = contradiction {
            self.note(NoteKind::Contradiction, &header.name, detail);
        }
        let encrypted = header.flags & (FLAG_ENCRYPTED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED) != 0;
        if encrypted || header.method == AES {
            self.note(NoteKind::Encrypted, &header.name, "content cannot be read");
            return Some(Refusal::Encrypted);
        }
        if contradiction.is_some() {
            return Some(Refusal::Contradiction);
        }
        if !matches!(header.method, STORED | DEFLATE) {
            self.note(NoteKind::UnsupportedMethod, &header.name, format!("method {}", header.method));
            return Some(Refusal::Method(header.method));
        }
        None
    }
}

/// What the Unix mode says, if it is neither a regular file nor a directory named as one.
fn special(header: &Header) -> Option<(NoteKind, String)> {
    let kind = (header.attributes >> 16) & 0o170_000;
    // 3 is Unix and 19 macOS; other systems use the upper half for something else
    let unix = matches!(header.made_by >> 8, 3 | 19);
    match kind {
        0o120_000 => Some((NoteKind::SymbolicLink, format!("{} bytes of target", header.expanded))),
        0 | 0o100_000 => None,
        0o040_000 if header.name.ends_with(b"/") => None,
        _ if unix => Some((NoteKind::SpecialFile, format!("file type {kind:o}"))),
        _ => None,
    }
}

fn compare(central: &Header, local: &Header) -> Option<&'static str> {
    // with a data descriptor the local header may leave these fields empty
    let open = central.flags & FLAG_DESCRIPTOR != 0;
    let differs = |here: u64, there: u64| here != there && !(open && there == 0);
    if central.name != local.name {
        Some("the local header has another name")
    } else if central.other_name || local.other_name {
        Some("an extra field has another name")
    } else if (central.flags ^ local.flags) & COMPARED_FLAGS != 0 {
        Some("the local header has other flags")
    } else if central.method != local.method {
        Some("the local header has another method")
    } else if differs(central.compressed, local.compressed) || differs(central.expanded, local.expanded) {
        Some("the local header has other sizes")
    } else if differs(central.crc32.into(), local.crc32.into()) {
        Some("the local header has another checksum")
    } else if central.method == STORED
        && central.compressed != central.expanded
        && central.flags & FLAG_ENCRYPTED == 0
    {
        Some("a stored member has two sizes")
    } else if central.bad_extra || local.bad_extra {
        Some("the extra fields are damaged")
    } else if central.disk != 0 {
        Some("the member lies in another part")
    } else {
        None
    }
}
