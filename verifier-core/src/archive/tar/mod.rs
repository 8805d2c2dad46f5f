//! Tar archives (POSIX ustar and pax, GNU long names), plain or in gzip or Zstandard, in one pass.
//!
//! A header that can be taken for two things is an error, because two readers would see different members:
//! a wrong checksum, a size that the pax header and the plain header give differently, a link or directory
//! with content, a name given twice, or a header after a zero block. One leading `./` of a name is dropped;
//! it is what `tar c .` writes, and the name stays the same file.
//!
//! Only regular files become entries. Links, devices, sparse files and unknown types are notes, and nothing is
//! ever followed. A member of a plain tar is read where it lies. A compressed archive is expanded once while it
//! is listed: members of at most `Limits::document_bytes` are held in memory, four times that in all; a larger
//! one is expanded again from the start by each reader.
//!
//! Limits: headers, long names and pax headers (1 MiB), expanded bytes and factor. An archive cut between
//! two members shows only by its missing end mark.

mod header;
mod stream;

use std::io::Read;
use std::sync::Arc;

use crate::bytes::{Blob, Budget, Limits, Resource};

use super::Container;
use super::entry::{Backing, Entry};
use super::error::{OpenError, ReadError};
use super::note::{Note, NoteKind};
use super::path::{check_name_bytes, escape};
use super::{gzip, zstd};
use header::{Block, Header, Pax, is_zero};
use stream::{Compressed, Distant, Tape};

/// Everything in a tar is padded to blocks of this size.
pub(super) const BLOCK: usize = 512;
const BLOCK_BYTES: u64 = 512;

/// Longest GNU long name or pax header.
const MAX_META_BYTES: u64 = 1 << 20;

/// How many documents of the largest size a compressed archive may hold in memory.
const HELD_DOCUMENTS: u64 = 4;

/// Largest size that the plain header can state; pax may override it only above.
const MAX_PLAIN_SIZE: u64 = 0o77_777_777_777;

/// Which tar the content is, if it is one. `prefix` holds the first block.
///
/// # Errors
/// When the content is compressed but cannot be expanded, so that nobody knows what it is.
pub(super) fn recognise(
    prefix: &[u8],
    backing: &Backing,
    limits: &Limits,
) -> Result<Option<Container>, ReadError> {
    let container = if gzip::is_gzip(prefix) {
        Container::TarGzip
    } else if zstd::is_zstd(prefix) {
        Container::TarZstd
    } else {
        return Ok(starts_like_tar(prefix).then_some(Container::Tar));
    };
    let mut first = Vec::new();
    let stream = Compressed::new(container, backing, limits).expand(limits)?;
    stream.take(BLOCK_BYTES).read_to_end(&mut first)?;
    Ok(starts_like_tar(&first).then_some(container))
}

fn starts_like_tar(prefix: &[u8]) -> bool {
    let block: Option<Block> = prefix.get(..BLOCK).and_then(|block| block.try_into().ok());
    block.is_some_and(|block| !is_zero(&block) && Header::parse(&block).is_some())
}

/// Lists the members.
pub(super) fn list(
    container: Container,
    backing: &Backing,
    limits: &Limits,
) -> Result<(Vec<Entry>, Vec<Note>), OpenError> {
    let (tape, home) = if container == Container::Tar {
        (Tape::plain(backing), Home::Plain(backing.clone()))
    } else {
        let archive = Arc::new(Compressed::new(container, backing, limits));
        (
            Tape::stream(archive.expand(limits).map_err(|error| opened(container, error))?),
            Home::Compressed(archive),
        )
    };
    let held = Budget::new(Resource::DocumentBytes, limits.document_bytes.saturating_mul(HELD_DOCUMENTS));
    let headers = Budget::new(Resource::Entries, u64::from(limits.entries));
    let mut listing =
        Listing { container, tape, home, limits, held, headers, entries: Vec::new(), notes: Vec::new() };
    listing.run()?;
    Ok((listing.entries, listing.notes))
}

/// Damage is a property of the archive; limits and the operating system are not.
fn opened(container: Container, error: ReadError) -> OpenError {
    match error {
        ReadError::Limit(limit) => OpenError::Limit(limit),
        ReadError::Io(error) => OpenError::Io(error),
        ReadError::Damaged(reason) => OpenError::Malformed { container, reason },
        other => OpenError::Read(other),
    }
}

/// Where members can be found again.
#[derive(Clone)]
enum Home {
    Plain(Backing),
    Compressed(Arc<Compressed>),
}

/// What long-name and pax headers say about the next member.
#[derive(Default)]
struct Pending {
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    pax: Option<Pax>,
}

struct Listing<'a> {
    container: Container,
    tape: Tape,
    home: Home,
    limits: &'a Limits,
    held: Budget,
    headers: Budget,
    entries: Vec<Entry>,
    notes: Vec<Note>,
}

impl Listing<'_> {
    fn malformed(&self, reason: &'static str) -> OpenError {
        OpenError::Malformed { container: self.container, reason }
    }

    fn note(&mut self, kind: NoteKind, name: &[u8], detail: impl Into<String>) {
        self.notes.push(Note::new(kind, name, detail));
    }

    fn run(&mut self) -> Result<(), OpenError> {
        let mut pending = Pending::default();
        loop {
            let Some(block) = self.block()? else {
                self.note(NoteKind::MissingEnd, b"", "the archive stops without its end mark");
                return self.nothing_pending(&pending);
            };
            if is_zero(&block) {
                self.nothing_pending(&pending)?;
                return self.end();
            }
            let header = Header::parse(&block).ok_or_else(|| self.malformed("a header is damaged"))?;
            match header.kind {
                b'L' => self.long(&header, |pending| &mut pending.long_name, &mut pending)?,
                b'K' => self.long(&header, |pending| &mut pending.long_link, &mut pending)?,
                b'x' => {
                    if pending.pax.is_some() {
                        return Err(self.malformed("two pax headers for one member"));
                    }
                    pending.pax = Some(self.pax(&header)?);
                }
                b'g' => {
                    self.headers.charge(1)?;
                    self.nothing_pending(&pending)?;
                    if self.pax(&header)?.changes_members() {
                        return Err(self.malformed("a global header renames or resizes members"));
                    }
                    self.note(NoteKind::GlobalHeader, b"", "pax records for the whole archive");
                }
                _ => {
                    self.headers.charge(1)?;
                    self.member(header, std::mem::take(&mut pending))?;
                }
            }
        }
    }

    fn nothing_pending(&self, pending: &Pending) -> Result<(), OpenError> {
        if pending.long_name.is_some() || pending.long_link.is_some() || pending.pax.is_some() {
            return Err(self.malformed("a long name or pax header belongs to no member"));
        }
        Ok(())
    }

    /// The next block; `None` at the end of the content.
    fn block(&mut self) -> Result<Option<Block>, OpenError> {
        let bytes = self.tape.read(BLOCK_BYTES).map_err(|error| opened(self.container, error))?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let block = bytes.try_into().map_err(|_| self.malformed("the archive is cut short"))?;
        Ok(Some(block))
    }

    /// After the first zero block: a second one, then nothing but zeros.
    fn end(&mut self) -> Result<(), OpenError> {
        match self.block()? {
            None => {
                self.note(NoteKind::MissingEnd, b"", "only one zero block ends the archive");
                return Ok(());
            }
            Some(block) if is_zero(&block) => {}
            Some(_) => return Err(self.malformed("a header follows a zero block")),
        }
        let start = self.tape.position();
        let (length, any) = self.tape.drain().map_err(|error| opened(self.container, error))?;
        if any {
            let detail = format!("{length} bytes after the end mark, from byte {start}");
            self.note(NoteKind::UnclaimedBytes, b"", detail);
        }
        Ok(())
    }

    fn meta(&mut self, header: &Header) -> Result<Vec<u8>, OpenError> {
        if header.size > MAX_META_BYTES {
            return Err(self.malformed("a long name or pax header is larger than 1 MiB"));
        }
        let bytes = self.tape.read(header.size).map_err(|error| opened(self.container, error))?;
        if u64::try_from(bytes.len()) != Ok(header.size) {
            return Err(self.malformed("the archive is cut short"));
        }
        self.padding(header.size)?;
        Ok(bytes)
    }

    fn long(
        &mut self,
        header: &Header,
        slot: impl Fn(&mut Pending) -> &mut Option<Vec<u8>>,
        pending: &mut Pending,
    ) -> Result<(), OpenError> {
        let mut bytes = self.meta(header)?;
        if bytes.last() == Some(&0) {
            bytes.pop();
        }
        if slot(pending).replace(bytes).is_some() {
            return Err(self.malformed("two long names for one member"));
        }
        Ok(())
    }

    fn pax(&mut self, header: &Header) -> Result<Pax, OpenError> {
        let bytes = self.meta(header)?;
        Pax::parse(&bytes).ok_or_else(|| self.malformed("a pax header is damaged or ambiguous"))
    }

    fn padding(&mut self, size: u64) -> Result<(), OpenError> {
        let over = size.checked_rem(BLOCK_BYTES).unwrap_or(0);
        if over == 0 {
            return Ok(());
        }
        self.skip(BLOCK_BYTES.saturating_sub(over))
    }

    fn skip(&mut self, length: u64) -> Result<(), OpenError> {
        let all_there = self.tape.skip(length).map_err(|error| opened(self.container, error))?;
        if all_there { Ok(()) } else { Err(self.malformed("the archive is cut short")) }
    }

    fn member(&mut self, header: Header, pending: Pending) -> Result<(), OpenError> {
        let pax = pending.pax.unwrap_or_default();
        let stored_name = one_name(header.name, pending.long_name, pax.path)
            .ok_or_else(|| self.malformed("two long names for one member"))?;
        let link = one_name(header.link, pending.long_link, pax.link)
            .ok_or_else(|| self.malformed("two long link targets for one member"))?;
        let size = match pax.size {
            Some(size) if size != header.size && size <= MAX_PLAIN_SIZE => {
                return Err(self.malformed("the pax header gives another size"));
            }
            Some(size) => size,
            None => header.size,
        };
        let relative = stored_name.strip_prefix(b"./").unwrap_or(&stored_name);
        let folder = relative.strip_suffix(b"/");
        let kind = match header.kind {
            // v7 marks a directory by its name only
            0 | b'0' if folder.is_some() => b'5',
            0 | b'7' => b'0',
            kind => kind,
        };
        if matches!(kind, b'1'..=b'6') && size != 0 {
            return Err(self.malformed("a link, device or directory declares content"));
        }
        let what = match kind {
            b'0' if !pax.sparse => None,
            b'1' => Some((NoteKind::HardLink, format!("to {}", escape(&link)))),
            b'2' => Some((NoteKind::SymbolicLink, format!("leads to {}", escape(&link)))),
            b'5' => Some((NoteKind::Directory, "directory member".to_owned())),
            b'0' | b'S' => Some((NoteKind::SpecialFile, "sparse file".to_owned())),
            other => Some((NoteKind::SpecialFile, format!("type {}", escape(&[other])))),
        };
        let checked = if kind == b'5' && matches!(relative, b"" | b"." | b"./") {
            Ok(".")
        } else {
            check_name_bytes(folder.filter(|_| kind == b'5').unwrap_or(relative))
        };
        match (checked, what) {
            (Err(reason), _) => self.note(NoteKind::UnsafeName, &stored_name, reason.to_string()),
            (Ok(_), Some((kind, detail))) => self.note(kind, &stored_name, detail),
            (Ok(name), None) => return self.file(name.to_owned(), size),
        }
        self.skip(size)?;
        self.padding(size)
    }

    fn file(&mut self, name: String, size: u64) -> Result<(), OpenError> {
        let offset = self.tape.position();
        let entry = match self.home.clone() {
            Home::Plain(backing) => {
                let part =
                    backing.part(offset, size).ok_or_else(|| self.malformed("the archive is cut short"))?;
                self.skip(size)?;
                Entry::stored(name, part, self.limits)
            }
            Home::Compressed(_) if self.may_hold(size) => {
                let bytes = self.tape.read(size).map_err(|error| opened(self.container, error))?;
                if u64::try_from(bytes.len()) != Ok(size) {
                    return Err(self.malformed("the archive is cut short"));
                }
                Entry::stored(name, Backing::bytes(Blob::new(bytes)), self.limits)
            }
            Home::Compressed(archive) => {
                self.skip(size)?;
                Entry::packed(name, size, Box::new(Distant { archive, offset, size }), self.limits)
            }
        };
        self.entries.push(entry);
        self.padding(size)
    }

    fn may_hold(&mut self, size: u64) -> bool {
        let mut after = self.held.clone();
        let fits = size <= self.limits.document_bytes && after.charge(size).is_ok();
        if fits {
            self.held = after;
        }
        fits
    }
}

/// The name of a member, or `None` when two long forms disagree.
fn one_name(plain: Vec<u8>, long: Option<Vec<u8>>, pax: Option<Vec<u8>>) -> Option<Vec<u8>> {
    match (long, pax) {
        (Some(long), Some(pax)) if long != pax => None,
        (Some(name), _) | (None, Some(name)) => Some(name),
        (None, None) => Some(plain),
    }
}
