//! Where the bytes of a tar come from: a file that can be skipped through, or an expanding stream.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use crate::bytes::{Budget, Limits, Resource};

use super::super::entry::{Backing, Packed};
use super::super::error::ReadError;
use super::super::{Container, gzip, zstd};

/// How often the whole of one compressed archive may be expanded again to reach members that are not held.
const REPEATS: u64 = 4;

/// A compressed tar that can be expanded from the start, within a budget shared by all its members.
pub(super) struct Compressed {
    backing: Backing,
    container: Container,
    repeats: Mutex<Budget>,
}

impl fmt::Debug for Compressed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Compressed({}, {} bytes)", self.container, self.backing.length())
    }
}

impl Compressed {
    pub(super) fn new(container: Container, backing: &Backing, limits: &Limits) -> Self {
        let budget = Budget::new(Resource::ExpandedBytes, limits.expanded_bytes.saturating_mul(REPEATS));
        Self { backing: backing.clone(), container, repeats: Mutex::new(budget) }
    }

    /// The expanded bytes from the start.
    pub(super) fn expand(&self, limits: &Limits) -> Result<Box<dyn Read + Send>, ReadError> {
        let reader = self.backing.reader()?;
        Ok(match self.container {
            Container::TarZstd => Box::new(zstd::decompress(reader, limits)?),
            _ => Box::new(gzip::decompress(Box::new(reader), limits)),
        })
    }
}

/// A member that is too large to be held: its archive is expanded again for each reader.
#[derive(Debug)]
pub(super) struct Distant {
    pub(super) archive: Arc<Compressed>,
    pub(super) offset: u64,
    pub(super) size: u64,
}

impl Packed for Distant {
    fn open(&self, limits: &Limits) -> Result<Box<dyn Read + Send + '_>, ReadError> {
        let cost = self.offset.saturating_add(self.size);
        self.archive.repeats.lock().unwrap_or_else(PoisonError::into_inner).charge(cost)?;
        let mut reader = self.archive.expand(limits)?;
        let skipped = io::copy(&mut (&mut reader).take(self.offset), &mut io::sink())?;
        if skipped != self.offset {
            return Err(ReadError::Changed);
        }
        Ok(Box::new(Exactly { reader, remaining: self.size }))
    }
}

/// Delivers exactly `remaining` bytes or fails.
struct Exactly<R> {
    reader: R,
    remaining: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        let count = self.reader.read(buffer)?;
        if count == 0 && wanted > 0 {
            return Err(ReadError::Changed.into());
        }
        self.remaining = self.remaining.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}

/// A tar that is read once from start to end.
pub(super) struct Tape {
    source: TapeSource,
    position: u64,
}

enum TapeSource {
    Plain(Backing),
    Stream(Box<dyn Read + Send>),
}

impl Tape {
    pub(super) fn plain(backing: &Backing) -> Self {
        Self { source: TapeSource::Plain(backing.clone()), position: 0 }
    }

    pub(super) fn stream(reader: Box<dyn Read + Send>) -> Self {
        Self { source: TapeSource::Stream(reader), position: 0 }
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Up to `length` bytes; fewer only at the end.
    pub(super) fn read(&mut self, length: u64) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        match &mut self.source {
            TapeSource::Plain(backing) => {
                let available = backing.length().saturating_sub(self.position).min(length);
                if let Some(part) = backing.part(self.position, available) {
                    part.reader()?.read_to_end(&mut bytes)?;
                }
            }
            TapeSource::Stream(reader) => {
                reader.take(length).read_to_end(&mut bytes)?;
            }
        }
        self.position = self.position.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(bytes)
    }

    /// Passes over `length` bytes; whether all of them were there.
    pub(super) fn skip(&mut self, length: u64) -> Result<bool, ReadError> {
        let skipped = match &mut self.source {
            TapeSource::Plain(backing) => backing.length().saturating_sub(self.position).min(length),
            TapeSource::Stream(reader) => io::copy(&mut reader.take(length), &mut io::sink())?,
        };
        self.position = self.position.saturating_add(skipped);
        Ok(skipped == length)
    }

    /// Reads to the end, so that checksums are verified; how many bytes there were, and whether any was
    /// not zero.
    pub(super) fn drain(&mut self) -> Result<(u64, bool), ReadError> {
        let mut rest: Box<dyn Read + '_> = match &mut self.source {
            TapeSource::Plain(backing) => {
                let length = backing.length().saturating_sub(self.position);
                Box::new(backing.part(self.position, length).ok_or(ReadError::Changed)?.reader()?)
            }
            TapeSource::Stream(reader) => Box::new(reader),
        };
        let mut buffer = vec![0u8; 64 << 10];
        let (mut total, mut any) = (0u64, false);
        loop {
            let count = match rest.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if count == 0 {
                return Ok((total, any));
            }
            total = total.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
            any |= buffer.iter().take(count).any(|byte| *byte != 0);
        }
    }
}
