//! One named blob, readable as a stream or whole.

use std::io::{self, Read};
use std::sync::Arc;

use crate::bytes::{Blob, Budget, LimitExceeded, Limits, Resource};

use super::dir::{ListedFile, OpenFile};
use super::error::{ReadError, Refusal};

/// First allocation for content whose real length is not known.
const FIRST_ALLOCATION: u64 = 64 << 10;

/// A named blob; cloning shares it.
#[derive(Clone, Debug)]
pub struct Entry {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    name: String,
    size: u64,
    content: Content,
    limits: Limits,
}

#[derive(Debug)]
enum Content {
    Stored(Backing),
    Packed(Box<dyn Packed>),
    Refused(Refusal),
}

/// Content that a container keeps in another form than it is delivered.
pub(super) trait Packed: std::fmt::Debug + Send + Sync {
    /// Streams the delivered form. It enforces the declared size and the limits itself.
    fn open(&self, limits: &Limits) -> Result<Box<dyn Read + Send + '_>, ReadError>;
}

impl Entry {
    /// Bytes in memory under a label that reports use.
    #[must_use]
    pub fn from_bytes(label: &str, bytes: Vec<u8>) -> Self {
        Self::stored(label.to_owned(), Backing::bytes(Blob::new(bytes)), &Limits::default())
    }

    pub(super) fn stored(name: String, backing: Backing, limits: &Limits) -> Self {
        let size = backing.length;
        Self::with(name, size, Content::Stored(backing), limits)
    }

    pub(super) fn packed(name: String, size: u64, packed: Box<dyn Packed>, limits: &Limits) -> Self {
        Self::with(name, size, Content::Packed(packed), limits)
    }

    /// The same name without readable content.
    pub(super) fn refuse(&self, refusal: Refusal) -> Self {
        Self::refused(self.inner.name.clone(), self.inner.size, refusal, &self.inner.limits)
    }

    pub(super) fn refused(name: String, size: u64, refusal: Refusal, limits: &Limits) -> Self {
        Self::with(name, size, Content::Refused(refusal), limits)
    }

    /// The content for reading at any position: as it lies when it is stored, else in memory.
    pub(super) fn backing(&self, limits: &Limits) -> Result<Backing, ReadError> {
        match &self.inner.content {
            Content::Stored(backing) => backing.opened(),
            _ => self.read(limits.document_bytes).map(Backing::bytes),
        }
    }

    fn with(name: String, size: u64, content: Content, limits: &Limits) -> Self {
        Self { inner: Arc::new(Inner { name, size, content, limits: limits.clone() }) }
    }

    /// Relative name with `/` between components, or the label of an explicit file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Declared length. Reading delivers exactly this many bytes or fails.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.inner.size
    }

    /// Whether this is the very same blob, held in memory, so that it cannot have changed.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
            && matches!(&self.inner.content, Content::Stored(Backing { source: BackingSource::Bytes(_), .. }))
    }

    /// The whole content, when it lies in memory anyway and is at most `limit_bytes` long.
    #[must_use]
    pub fn in_memory(&self, limit_bytes: u64) -> Option<Blob> {
        match &self.inner.content {
            Content::Stored(backing) if self.inner.size <= limit_bytes => backing.whole(),
            _ => None,
        }
    }

    /// Streams the content. Not buffered. What was read is evidence only when the stream ended without an
    /// error, because a checksum or length can fail at the very end.
    ///
    /// # Errors
    /// When the entry is refused, above a limit, or cannot be opened.
    pub fn open(&self) -> Result<Box<dyn Read + Send + '_>, ReadError> {
        let limits = &self.inner.limits;
        match &self.inner.content {
            Content::Stored(backing) => {
                Budget::new(Resource::FileBytes, limits.file_bytes).charge(backing.length)?;
                Ok(Box::new(backing.reader()?))
            }
            Content::Packed(packed) => packed.open(limits),
            Content::Refused(refusal) => Err(ReadError::Refused(*refusal)),
        }
    }

    /// The whole content, if it is at most `limit_bytes` long.
    ///
    /// # Errors
    /// As [`Entry::open`], and when the content is longer, damaged or shorter than declared.
    pub fn read(&self, limit_bytes: u64) -> Result<Blob, ReadError> {
        if let Content::Refused(refusal) = &self.inner.content {
            return Err(ReadError::Refused(*refusal));
        }
        let size = self.inner.size;
        let exceeded = LimitExceeded { resource: Resource::DocumentBytes, limit: limit_bytes };
        if size > limit_bytes {
            return Err(ReadError::Limit(exceeded));
        }
        let mut first = size.min(FIRST_ALLOCATION);
        if let Content::Stored(backing) = &self.inner.content {
            if let Some(blob) = backing.whole() {
                return Ok(blob);
            }
            // the length is that of a real file, so it may be trusted
            first = size;
        }
        let capacity = usize::try_from(first).map_err(|_| ReadError::Limit(exceeded))?;
        let mut bytes = Vec::with_capacity(capacity);
        self.open()?.take(limit_bytes).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()) != Ok(size) {
            return Err(ReadError::Changed);
        }
        Ok(Blob::new(bytes))
    }
}

/// A stretch of stored bytes that can be read from any position.
#[derive(Clone, Debug)]
pub(super) struct Backing {
    source: BackingSource,
    start: u64,
    length: u64,
}

#[derive(Clone, Debug)]
enum BackingSource {
    Bytes(Blob),
    Listed(Arc<ListedFile>),
    Open(Arc<OpenFile>),
}

impl Backing {
    pub(super) fn bytes(blob: Blob) -> Self {
        let length = u64::try_from(blob.as_slice().len()).unwrap_or(u64::MAX);
        Self { source: BackingSource::Bytes(blob), start: 0, length }
    }

    pub(super) fn listed(file: ListedFile) -> Self {
        let length = file.length();
        Self { source: BackingSource::Listed(Arc::new(file)), start: 0, length }
    }

    /// The same bytes with the file held open, for containers that are read in many places.
    pub(super) fn opened(&self) -> Result<Self, ReadError> {
        let source = match &self.source {
            BackingSource::Listed(listed) => BackingSource::Open(Arc::new(listed.open()?)),
            other => other.clone(),
        };
        Ok(Self { source, start: self.start, length: self.length })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// A part of it; `None` when the part does not lie inside.
    pub(super) fn part(&self, start: u64, length: u64) -> Option<Self> {
        let end = start.checked_add(length)?;
        if end > self.length {
            return None;
        }
        Some(Self { source: self.source.clone(), start: self.start.checked_add(start)?, length })
    }

    /// Up to `length` bytes at `start`; fewer at the end.
    pub(super) fn peek(&self, start: u64, length: usize) -> Result<Vec<u8>, ReadError> {
        let available = self.length.saturating_sub(start).min(u64::try_from(length).unwrap_or(u64::MAX));
        let mut bytes = Vec::new();
        if let Some(part) = self.part(start, available) {
            part.reader()?.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    pub(super) fn reader(&self) -> Result<BackingReader, ReadError> {
        let opened = self.opened()?;
        Ok(BackingReader { source: opened.source, position: self.start, remaining: self.length })
    }

    fn whole(&self) -> Option<Blob> {
        match &self.source {
            BackingSource::Bytes(blob) => {
                let length = u64::try_from(blob.as_slice().len()).ok()?;
                (self.start == 0 && self.length == length).then(|| blob.clone())
            }
            _ => None,
        }
    }
}

/// Reads a [`Backing`] from start to end.
pub(super) struct BackingReader {
    source: BackingSource,
    position: u64,
    remaining: u64,
}

impl Read for BackingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        let Some(buffer) = buffer.get_mut(..wanted).filter(|buffer| !buffer.is_empty()) else {
            return Ok(0);
        };
        let count = match &self.source {
            BackingSource::Bytes(blob) => {
                let start = usize::try_from(self.position).map_err(|_| ReadError::Changed)?;
                let mut rest = blob.as_slice().get(start..).unwrap_or_default();
                rest.read(buffer)?
            }
            BackingSource::Open(file) => file.read_at(self.position, buffer)?,
            BackingSource::Listed(file) => file.open()?.read_at(self.position, buffer)?,
        };
        if count == 0 {
            return Err(ReadError::Changed.into());
        }
        let advance = u64::try_from(count).unwrap_or(u64::MAX);
        self.position = self.position.saturating_add(advance);
        self.remaining = self.remaining.saturating_sub(advance);
        Ok(count)
    }
}
