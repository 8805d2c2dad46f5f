//! Bytes read from a source, in memory that is made once and filled again and again.

use std::io::{ErrorKind, Read, Result};

/// Asked of the source at a time, so that a hostile size asks for no memory that the source does not fill.
const STEP_BYTES: usize = 256 << 10;

/// Bytes in front of memory that was filled before. Reading into that memory again needs no zeroing.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    memory: Vec<u8>,
    length: usize,
}

impl Buffer {
    /// The bytes.
    pub(super) fn as_slice(&self) -> &[u8] {
        self.memory.get(..self.length).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Keeps the first `length` bytes at most.
    pub(super) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Drops the first `count` bytes.
    pub(super) fn drop_front(&mut self, count: usize) {
        let count = count.min(self.length);
        self.memory.copy_within(count..self.length, 0);
        self.length -= count;
    }

    /// Appends bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        self.reserve(end);
        if let Some(target) = self.memory.get_mut(self.length..end) {
            target.copy_from_slice(bytes);
            self.length = end;
        }
    }

    /// Appends up to `count` bytes of a source, fewer only at its end, and says how many.
    ///
    /// # Errors
    /// When the source cannot be read; what was read before is kept.
    pub(super) fn read_from(&mut self, source: &mut dyn Read, count: usize) -> Result<usize> {
        let start = self.length;
        let end = start.saturating_add(count);
        while self.length < end {
            let step = end.min(self.length.saturating_add(STEP_BYTES));
            self.reserve(step);
            match source.read(self.memory.get_mut(self.length..step).unwrap_or_default()) {
                Ok(0) => break,
                Ok(read) => self.length = step.min(self.length + read),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.length - start)
    }

    fn reserve(&mut self, length: usize) {
        if self.memory.len() < length {
            self.memory.resize(length, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_again_into_the_same_memory() {
        let text: Vec<u8> = (0..=255).cycle().take(700_000).collect();
        let mut source = text.as_slice();
        let mut buffer = Buffer::default();
        assert_eq!(buffer.read_from(&mut source, 300_000).unwrap(), 300_000);
        assert_eq!(buffer.as_slice(), &text[..300_000]);
        buffer.drop_front(299_990);
        assert_eq!(buffer.as_slice(), &text[299_990..300_000]);
        assert_eq!(buffer.read_from(&mut source, usize::MAX).unwrap(), 400_000);
        assert_eq!(buffer.as_slice(), &text[299_990..]);
        buffer.truncate(2);
        buffer.extend(b"abc");
        assert_eq!((buffer.as_slice(), buffer.len()), (&[214, 215, b'a', b'b', b'c'][..], 5));
        assert_eq!(buffer.read_from(&mut source, 9).unwrap(), 0);
        buffer.drop_front(9);
        assert_eq!(buffer.as_slice(), b"");
    }
}
