//! From a path or bytes to a flat list of named blobs, without interpretation.
//!
//! A directory, a zip or a tar (plain, gzip or Zstandard) is a list of entries sorted by name; anything else
//! is one entry. The kind is decided by content, never by the name. A gzip or Zstandard file that does not
//! contain a tar stays one entry of stored bytes, because digests in evidence cover stored bytes; see
//! [`gzip::decompress`].
//!
//! Every size is counted against [`Limits`] before it is believed, and nothing is allocated by a declared
//! size. Names that could leave the archive are not entries. Everything that is not an entry, and everything
//! suspicious about one, is a [`Note`]; two readers must not be able to see different evidence in
//! one file without a note saying so.
//!
//! Not proven here: anything about meaning. Checksums of containers protect against accidents only.

mod dir;
mod entry;
mod error;
pub mod gzip;
mod meter;
mod note;
mod path;
mod sibling;
mod tar;
mod zip;
mod zstd;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::bytes::{Blob, Budget, Limits, Resource};

pub use dir::Folder;
pub use entry::Entry;
pub use error::{OpenError, ReadError, Refusal, limit_exceeded};
pub use note::{Note, NoteKind};
pub use path::{UnsafeName, check_name};
pub use sibling::{ArchiveFolder, GivenSiblings, NoSiblings, Siblings};

use entry::Backing;

/// Where the evidence comes from.
#[derive(Debug)]
pub enum Source<'a> {
    /// A file or directory.
    Path(&'a Path),
    /// Bytes in memory, for example standard input.
    Bytes {
        /// What reports call them.
        name: &'a str,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// What kind of container was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Container {
    /// A directory, with everything below it.
    Directory,
    /// One file that is not a container.
    File,
    /// A zip archive.
    Zip,
    /// A tar archive.
    Tar,
    /// A tar archive in gzip.
    TarGzip,
    /// A tar archive in Zstandard.
    TarZstd,
}

impl fmt::Display for Container {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Directory => "directory",
            Self::File => "file",
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::TarGzip => "tar.gz",
            Self::TarZstd => "tar.zst",
        })
    }
}

/// A list of entries with what else the container holds; cloning shares it.
#[derive(Clone, Debug)]
pub struct Archive {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    origin: String,
    container: Container,
    entries: Vec<Entry>,
    notes: Vec<Note>,
}

/// Lists what `source` holds.
///
/// # Errors
/// When it cannot be read, contradicts itself or passes a limit.
pub fn open(source: Source<'_>, limits: &Limits) -> Result<Archive, OpenError> {
    match source {
        Source::Path(path) => match dir::look_at(path)? {
            dir::Named::Directory => {
                let (entries, notes) = dir::list(path, limits)?;
                Ok(Archive::new(dir::label(path), Container::Directory, entries, notes))
            }
            dir::Named::File(listed) => open_backing(dir::label(path), Backing::listed(listed), limits),
        },
        Source::Bytes { name, bytes } => {
            open_backing(name.to_owned(), Backing::bytes(Blob::new(bytes)), limits)
        }
    }
}

fn open_backing(origin: String, backing: Backing, limits: &Limits) -> Result<Archive, OpenError> {
    Budget::new(Resource::FileBytes, limits.file_bytes).charge(backing.length())?;
    let opened = backing.opened().map_err(OpenError::Read)?;
    let prefix = opened.peek(0, tar::BLOCK).map_err(OpenError::Read)?;
    if zip::is_zip(&prefix) {
        let (entries, notes) = zip::list(&opened, limits)?;
        return Ok(Archive::new(origin, Container::Zip, entries, notes));
    }
    let mut notes = Vec::new();
    match tar::recognise(&prefix, &opened, limits) {
        Ok(Some(container)) => {
            let (entries, notes) = tar::list(container, &opened, limits)?;
            return Ok(Archive::new(origin, container, entries, notes));
        }
        Ok(None) => {}
        Err(error) => {
            notes.push(Note::new(NoteKind::Unreadable, b"", format!("compressed content: {error}")))
        }
    }
    let name = origin.rsplit(['/', '\\']).next().filter(|name| check_name(name).is_ok()).unwrap_or("input");
    if zip::ends_like_zip(&opened)? {
        let detail = "ends with the directory of a zip archive";
        notes.push(Note::new(NoteKind::SecondReading, name.as_bytes(), detail));
    }
    let entry = Entry::stored(name.to_owned(), backing, limits);
    Ok(Archive::new(origin, Container::File, vec![entry], notes))
}

impl Archive {
    fn new(origin: String, container: Container, entries: Vec<Entry>, notes: Vec<Note>) -> Self {
        let (entries, notes) = arrange(entries, notes);
        Self { inner: Arc::new(Inner { origin, container, entries, notes }) }
    }

    /// Opens the content of an entry as a container of its own, whatever its name. Content that its container
    /// compresses is expanded into memory, so it must fit `limits.document_bytes`.
    ///
    /// # Errors
    /// As [`open`], and when the entry cannot be read.
    pub fn from_entry(entry: &Entry, limits: &Limits) -> Result<Self, OpenError> {
        let backing = entry.backing(limits).map_err(OpenError::Read)?;
        open_backing(entry.name().to_owned(), backing, limits)
    }

    /// All entries, sorted by name.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.inner.entries
    }

    /// The entry with exactly this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Entry> {
        position(&self.inner.entries, name).and_then(|index| self.inner.entries.get(index))
    }

    /// What is not an entry, sorted.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.inner.notes
    }

    /// The kind that the content showed.
    #[must_use]
    pub fn container(&self) -> Container {
        self.inner.container
    }

    /// The path or name that was opened, not escaped.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.inner.origin
    }
}

/// Sorts, and finds names that two readers could resolve differently.
///
/// Of several members with one name, none is readable: which one counts depends on the reader.
fn arrange(mut entries: Vec<Entry>, mut notes: Vec<Note>) -> (Vec<Entry>, Vec<Note>) {
    entries.sort_by(|left, right| left.name().cmp(right.name()));
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for group in entries.chunk_by(|left, right| left.name() == right.name()) {
        match group {
            [single] => kept.push(single.clone()),
            [first, ..] => {
                kept.push(first.refuse(Refusal::DuplicateName));
                let detail = format!("{} members with this name", group.len());
                notes.push(Note::new(NoteKind::DuplicateName, first.name().as_bytes(), detail));
            }
            [] => {}
        }
    }
    note_case_collisions(&kept, &mut notes);
    for entry in &kept {
        let folder = format!("{}/", entry.name());
        let below = kept.partition_point(|other| other.name() < folder.as_str());
        if let Some(inside) = kept.get(below).filter(|inside| inside.name().starts_with(&folder)) {
            let detail = format!("contains {}", path::escape(inside.name().as_bytes()));
            notes.push(Note::new(NoteKind::FileAndFolder, entry.name().as_bytes(), detail));
        }
    }
    notes.sort();
    notes.dedup();
    (kept, notes)
}

fn note_case_collisions(entries: &[Entry], notes: &mut Vec<Note>) {
    let mut folded: Vec<(String, &str)> =
        entries.iter().map(|entry| (entry.name().to_lowercase(), entry.name())).collect();
    folded.sort();
    for pair in folded.windows(2) {
        if let [(left, first), (right, second)] = pair
            && left == right
        {
            let detail = format!("and {}", path::escape(second.as_bytes()));
            notes.push(Note::new(NoteKind::CaseCollision, first.as_bytes(), detail));
        }
    }
}

fn position(entries: &[Entry], name: &str) -> Option<usize> {
    entries.binary_search_by(|entry| entry.name().cmp(name)).ok()
}

#[cfg(test)]
mod tests;
