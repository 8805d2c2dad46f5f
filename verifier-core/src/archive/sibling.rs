//! Looking up the files that a document names beside itself.
//!
//! A document may only name files of its own folder or archive: never an absolute path, a parent folder, the
//! current directory or a home directory (spec 06 section 11, rule 5).

use super::Archive;
use super::entry::Entry;
use super::path::{UnsafeName, check_name};

/// Where the files named by a document are looked up.
pub trait Siblings: Sync {
    /// The entry with this name, relative to the document's folder.
    ///
    /// # Errors
    /// When the name is unsafe.
    fn find(&self, relative: &str) -> Result<Option<Entry>, UnsafeName>;
}

/// A document that stands alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSiblings;

impl Siblings for NoSiblings {
    fn find(&self, relative: &str) -> Result<Option<Entry>, UnsafeName> {
        check_name(relative)?;
        Ok(None)
    }
}

/// A folder inside an archive.
#[derive(Clone, Debug)]
pub struct ArchiveFolder {
    archive: Archive,
    prefix: String,
}

impl ArchiveFolder {
    /// The folder that contains the entry `name`.
    #[must_use]
    pub fn beside(archive: &Archive, name: &str) -> Self {
        let prefix = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        Self::new(archive, prefix)
    }

    /// The folder `base`; the empty text is the archive's root.
    #[must_use]
    pub fn new(archive: &Archive, base: &str) -> Self {
        let prefix = if base.is_empty() { String::new() } else { format!("{base}/") };
        Self { archive: archive.clone(), prefix }
    }
}

impl Siblings for ArchiveFolder {
    fn find(&self, relative: &str) -> Result<Option<Entry>, UnsafeName> {
        check_name(relative)?;
        Ok(self.archive.find(&format!("{}{relative}", self.prefix)).cloned())
    }
}

/// Entries given one by one, for documents that were handed over with their neighbours.
#[derive(Clone, Debug, Default)]
pub struct GivenSiblings {
    entries: Vec<Entry>,
}

impl GivenSiblings {
    /// These entries, found by their exact names.
    #[must_use]
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// One entry in memory, mostly for tests.
    #[must_use]
    pub fn with_bytes(mut self, name: &str, bytes: Vec<u8>) -> Self {
        self.entries.push(Entry::from_bytes(name, bytes));
        self
    }
}

impl Siblings for GivenSiblings {
    fn find(&self, relative: &str) -> Result<Option<Entry>, UnsafeName> {
        check_name(relative)?;
        Ok(self.entries.iter().find(|entry| entry.name() == relative).cloned())
    }
}
