//! The only file of this crate that touches the file system, and it only reads.
//!
//! A file is described once, by path, length, modification time and (on Unix) device and inode. It is
//! opened later, possibly more than once; what is opened must still be what was described, so that two
//! passes over one entry read one file. Reads are positional: many readers share one open file.
//!
//! Symbolic links are followed for a path that the caller names, never inside a directory that is listed;
//! [`Folder`] follows them only to places inside the folder. A file replaced in place with its
//! length and time restored is not noticed. On a case-insensitive file system a name finds the file of any
//! case.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::bytes::{Budget, Limits, Resource};

use super::entry::{Backing, Entry};
use super::error::{OpenError, ReadError, Refusal};
use super::note::{Note, NoteKind};
use super::path::{UnsafeName, check_name, check_name_bytes, escape};
use super::sibling::Siblings;

/// A path that the caller named.
pub(super) enum Named {
    File(ListedFile),
    Directory,
}

/// Looks at a path without opening it, because opening a pipe can block.
pub(super) fn look_at(path: &Path) -> Result<Named, OpenError> {
    let metadata = fs::metadata(path)?;
    if metadata.is_file() {
        Ok(Named::File(ListedFile::new(path.to_path_buf(), &metadata)))
    } else if metadata.is_dir() {
        Ok(Named::Directory)
    } else {
        Err(OpenError::NotRegular)
    }
}

/// Printable spelling of a path.
pub(super) fn label(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A regular file as it was when it was listed.
#[derive(Debug)]
pub(super) struct ListedFile {
    path: PathBuf,
    identity: Identity,
}

#[derive(Debug, PartialEq, Eq)]
struct Identity {
    length: u64,
    modified: Option<SystemTime>,
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: (metadata.dev(), metadata.ino()),
        }
    }
}

impl ListedFile {
    fn new(path: PathBuf, metadata: &Metadata) -> Self {
        Self { path, identity: Identity::of(metadata) }
    }

    pub(super) fn length(&self) -> u64 {
        self.identity.length
    }

    /// Opens the file that was listed.
    pub(super) fn open(&self) -> Result<OpenFile, ReadError> {
        let now = fs::metadata(&self.path).map_err(ReadError::Io)?;
        if !now.is_file() || Identity::of(&now) != self.identity {
            return Err(ReadError::Changed);
        }
        let file = File::open(&self.path).map_err(ReadError::Io)?;
        let opened = file.metadata().map_err(ReadError::Io)?;
        if Identity::of(&opened) != self.identity {
            return Err(ReadError::Changed);
        }
        Ok(OpenFile { file })
    }
}

/// An open regular file that any number of readers share.
#[derive(Debug)]
pub(super) struct OpenFile {
    file: File,
}

impl OpenFile {
    pub(super) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset);
    }
}

/// Lists every regular file below `root`; everything else becomes a note.
pub(super) fn list(root: &Path, limits: &Limits) -> Result<(Vec<Entry>, Vec<Note>), OpenError> {
    let mut listing = Listing {
        budget: Budget::new(Resource::Entries, u64::from(limits.entries)),
        limits,
        entries: Vec::new(),
        notes: Vec::new(),
        pending: Vec::new(),
    };
    listing.folder(root, "")?;
    while let Some((path, prefix)) = listing.pending.pop() {
        if let Err(error) = listing.folder(&path, &prefix) {
            match error {
                OpenError::Io(error) => {
                    listing.notes.push(Note::new(NoteKind::Unreadable, prefix.as_bytes(), error.to_string()));
                }
                other => return Err(other),
            }
        }
    }
    Ok((listing.entries, listing.notes))
}

struct Listing<'a> {
    budget: Budget,
    limits: &'a Limits,
    entries: Vec<Entry>,
    notes: Vec<Note>,
    pending: Vec<(PathBuf, String)>,
}

impl Listing<'_> {
    fn folder(&mut self, path: &Path, prefix: &str) -> Result<(), OpenError> {
        let mut empty = true;
        for item in fs::read_dir(path)? {
            self.budget.charge(1)?;
            empty = false;
            self.item(&item?, prefix);
        }
        if empty && !prefix.is_empty() {
            self.notes.push(Note::new(NoteKind::Directory, prefix.as_bytes(), "empty directory"));
        }
        Ok(())
    }

    fn item(&mut self, item: &fs::DirEntry, prefix: &str) {
        let stored = join_bytes(prefix, &item.file_name());
        let name = match check_name_bytes(&stored) {
            Ok(name) => name.to_owned(),
            Err(reason) => {
                self.notes.push(Note::new(NoteKind::UnsafeName, &stored, reason.to_string()));
                return;
            }
        };
        // of the item itself: a symbolic link is not followed
        let metadata = match item.metadata() {
            Ok(metadata) => metadata,
            Err(error) => {
                self.notes.push(Note::new(NoteKind::Unreadable, &stored, error.to_string()));
                return;
            }
        };
        if metadata.is_symlink() {
            let target = fs::read_link(item.path()).unwrap_or_default();
            let detail = format!("leads to {}", escape(target.as_os_str().as_encoded_bytes()));
            self.notes.push(Note::new(NoteKind::SymbolicLink, name.as_bytes(), detail));
        } else if metadata.is_dir() {
            self.pending.push((item.path(), name));
        } else if metadata.is_file() {
            let listed = ListedFile::new(item.path(), &metadata);
            self.entries.push(Entry::stored(name, Backing::listed(listed), self.limits));
        } else {
            self.notes.push(Note::new(NoteKind::SpecialFile, name.as_bytes(), "not a regular file"));
        }
    }
}

fn join_bytes(prefix: &str, name: &OsStr) -> Vec<u8> {
    let mut out = prefix.as_bytes().to_vec();
    if !out.is_empty() {
        out.push(b'/');
    }
    out.extend_from_slice(name.as_encoded_bytes());
    out
}

/// Looks files up by name beside a file that the caller named, and nowhere else.
#[derive(Clone, Debug)]
pub struct Folder {
    root: Arc<PathBuf>,
    limits: Limits,
}

impl Folder {
    /// The directory `path`, or the directory that contains the file `path`.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        Self::with_limits(path, &Limits::default())
    }

    /// The same with limits for the files that are found.
    #[must_use]
    pub fn with_limits(path: &Path, limits: &Limits) -> Self {
        let root = match path.parent() {
            _ if path.is_dir() => path.to_path_buf(),
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        Self { root: Arc::new(root), limits: limits.clone() }
    }

    /// The file with this name below the folder. A directory is not found; a file that exists but cannot be
    /// looked at is found, and reading it fails with the reason.
    ///
    /// # Errors
    /// When the name is unsafe, or a symbolic link leads out of the folder.
    pub fn find(&self, relative: &str) -> Result<Option<Entry>, UnsafeName> {
        check_name(relative)?;
        let inaccessible = |error: &io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => None,
            kind => Some(Entry::refused(relative.to_owned(), 0, Refusal::Inaccessible(kind), &self.limits)),
        };
        let root = match fs::canonicalize(&*self.root) {
            Ok(root) => root,
            Err(error) => return Ok(inaccessible(&error)),
        };
        let path = match fs::canonicalize(root.join(relative)) {
            Ok(path) => path,
            Err(error) => return Ok(inaccessible(&error)),
        };
        if !path.starts_with(&root) {
            return Err(UnsafeName::LeavesFolder);
        }
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) => return Ok(inaccessible(&error)),
        };
        if metadata.is_dir() {
            return Ok(None);
        }
        if !metadata.is_file() {
            return Ok(Some(Entry::refused(relative.to_owned(), 0, Refusal::NotRegular, &self.limits)));
        }
        let listed = ListedFile::new(path, &metadata);
        Ok(Some(Entry::stored(relative.to_owned(), Backing::listed(listed), &self.limits)))
    }
}

impl Siblings for Folder {
    fn find(&self, relative: &str) -> Result<Option<Entry>, UnsafeName> {
        Self::find(self, relative)
    }
}

impl Entry {
    /// One file that the caller names; the label is what reports call it. The stored bytes are the
    /// content, whatever they are.
    ///
    /// # Errors
    /// When there is no such regular file or it is larger than `limits.file_bytes`.
    pub fn from_path(label: &str, path: &Path, limits: &Limits) -> Result<Self, OpenError> {
        match look_at(path)? {
            Named::File(listed) => {
                Budget::new(Resource::FileBytes, limits.file_bytes).charge(listed.length())?;
                Ok(Self::stored(label.to_owned(), Backing::listed(listed), limits))
            }
            Named::Directory => Err(OpenError::NotRegular),
        }
    }
}
