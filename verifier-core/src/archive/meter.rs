//! Counting what a decompressor takes in and gives out.

use std::io::{self, BufRead, BufReader, Read};

use crate::bytes::{Budget, LimitExceeded, Limits, Resource};

/// The expansion factor is tested once this much was produced.
const RATIO_FROM: u64 = 1 << 20;

/// Read-ahead of a compressed stream.
const BUFFER: usize = 64 << 10;

/// Buffered input that counts the bytes which were really used.
pub(super) struct Counted<R> {
    inner: BufReader<R>,
    consumed: u64,
}

impl<R: Read> Counted<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { inner: BufReader::with_capacity(BUFFER, reader), consumed: 0 }
    }

    pub(super) fn consumed(&self) -> u64 {
        self.consumed
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.consumed = self.consumed.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}

impl<R: Read> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.consumed = self.consumed.saturating_add(u64::try_from(amount).unwrap_or(u64::MAX));
        self.inner.consume(amount);
    }
}

/// Limits on the output of one compressed stream.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    expanded: Budget,
    ratio: u32,
}

impl Meter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { expanded: Budget::new(Resource::ExpandedBytes, limits.expanded_bytes), ratio: limits.ratio }
    }

    /// Charges `produced` new bytes after `consumed` bytes of input in all.
    pub(super) fn charge(&mut self, produced: usize, consumed: u64) -> Result<(), LimitExceeded> {
        self.expanded.charge(u64::try_from(produced).unwrap_or(u64::MAX))?;
        let limit = u64::from(self.ratio);
        if self.expanded.used() > RATIO_FROM && self.expanded.used() > consumed.saturating_mul(limit) {
            return Err(LimitExceeded { resource: Resource::Ratio, limit });
        }
        Ok(())
    }
}
