//! Numbers in few bits: runs and packed groups (levels, places in a dictionary, truths), and packed differences.
//!
//! All are read one at a time out of the page's bytes, so that no length which the file states is ever allocated.
//!
//! Source: Apache Parquet, `Encodings.md`, "RLE/Bit-Packing Hybrid" and "Delta Encoding".

use super::Problem;
use super::thrift::Compact;

/// Bits that begin at a bit of `bytes`, the lowest first; at most 64.
fn packed(bytes: &[u8], bit: u64, width: u32) -> Result<u64, Problem> {
    let (byte, shift) = (usize::try_from(bit / 8).map_err(|_| Problem::Cut)?, bit % 8);
    let count = usize::try_from((shift + u64::from(width)).div_ceil(8)).map_err(|_| Problem::Cut)?;
    let stored = byte.checked_add(count).and_then(|end| bytes.get(byte..end)).ok_or(Problem::Cut)?;
    let mut wide = [0; 16];
    wide.get_mut(..count).ok_or(Problem::Cut)?.copy_from_slice(stored);
    let mask = (1u128 << width) - 1;
    u64::try_from(u128::from_le_bytes(wide) >> shift & mask).map_err(|_| Problem::Cut)
}

/// Runs of one number, and groups of eight packed ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Hybrid {
    at: usize,
    end: usize,
    width: u32,
    left: u64,
    run: Run,
}

#[derive(Clone, Copy, Debug)]
enum Run {
    Same(u32),
    Packed { bit: u64 },
}

impl Default for Run {
    fn default() -> Self {
        Self::Same(0)
    }
}

impl Hybrid {
    /// Numbers of `width` bits in the bytes from `at` to `end` of a page.
    pub(super) fn new(at: usize, end: usize, width: u8) -> Result<Self, Problem> {
        if width > 32 {
            return Err(Problem::Damaged("numbers have more than 32 bits"));
        }
        Ok(Self { at, end, width: u32::from(width), left: 0, run: Run::default() })
    }

    /// The next number.
    pub(super) fn next(&mut self, page: &[u8]) -> Result<u32, Problem> {
        // A number of no bits is 0; writers state runs of it, or nothing.
        if self.width == 0 {
            return Ok(0);
        }
        while self.left == 0 {
            self.begin(page)?;
        }
        self.left -= 1;
        match &mut self.run {
            Run::Same(value) => Ok(*value),
            Run::Packed { bit } => {
                let value = packed(page.get(..self.end).ok_or(Problem::Cut)?, *bit, self.width)?;
                *bit += u64::from(self.width);
                u32::try_from(value).map_err(|_| Problem::Cut)
            }
        }
    }

    fn begin(&mut self, page: &[u8]) -> Result<(), Problem> {
        let bytes = page.get(self.at..self.end).ok_or(Problem::Cut)?;
        let mut reader = Compact::new(bytes);
        let head = reader.varint()?;
        let start = self.end - reader.rest().len();
        if head & 1 == 0 {
            let bytes = usize::try_from(self.width.div_ceil(8)).unwrap_or(4);
            let value = packed(page.get(..self.end).ok_or(Problem::Cut)?, bits(start)?, self.width)?;
            self.run = Run::Same(u32::try_from(value).map_err(|_| Problem::Cut)?);
            self.left = head >> 1;
            self.at = start.checked_add(bytes).filter(|at| *at <= self.end).ok_or(Problem::Cut)?;
        } else {
            let groups = head >> 1;
            let stored = groups.checked_mul(u64::from(self.width)).ok_or(Problem::Cut)?;
            self.left = groups.checked_mul(8).ok_or(Problem::Cut)?;
            self.run = Run::Packed { bit: bits(start)? };
            // Some writers leave out the end of the last group; reading beyond the end is refused where it happens.
            let stored = usize::try_from(stored).map_err(|_| Problem::Cut)?;
            self.at = start.saturating_add(stored).min(self.end);
        }
        Ok(())
    }
}

fn bits(byte: usize) -> Result<u64, Problem> {
    u64::try_from(byte).ok().and_then(|byte| byte.checked_mul(8)).ok_or(Problem::Cut)
}

/// Values of one packed block.
const BLOCK: u64 = 1 << 16;

/// Integers as differences from the one before, packed in blocks.
#[derive(Clone, Debug)]
pub(super) struct Deltas {
    at: usize,
    /// Values of a miniblock.
    each: u64,
    miniblocks: u64,
    left: u64,
    value: i64,
    least: i64,
    /// Where the widths of the block stand, and how many miniblocks of it were begun.
    widths: usize,
    begun: u64,
    /// Differences that are left in the miniblock, and where the next one is.
    inside: u64,
    bit: u64,
    width: u32,
}

impl Deltas {
    /// Integers whose head stands at `at` of a page; there may be at most `most`.
    pub(super) fn new(page: &[u8], at: usize, most: u64) -> Result<Self, Problem> {
        let mut reader = Compact::new(page.get(at..).ok_or(Problem::Cut)?);
        let (block, miniblocks, left) = (reader.varint()?, reader.varint()?, reader.varint()?);
        let value = reader.signed()?;
        let each = block.checked_div(miniblocks).unwrap_or(0);
        if block > BLOCK || each == 0 || each * miniblocks != block || !each.is_multiple_of(8) {
            return Err(Problem::Damaged("a block of differences has an impossible size"));
        }
        if left > most {
            return Err(Problem::Damaged("a page has more values than it says"));
        }
        let at = page.len() - reader.rest().len();
        // As if the last miniblock of a block had ended.
        let begun = miniblocks;
        Ok(Self {
            at,
            each,
            miniblocks,
            left,
            value,
            least: 0,
            widths: 0,
            begun,
            inside: 0,
            bit: 0,
            width: 0,
        })
    }

    /// The next integer.
    pub(super) fn next(&mut self, page: &[u8]) -> Result<i64, Problem> {
        self.left = self.left.checked_sub(1).ok_or(Problem::Cut)?;
        let value = self.value;
        if self.left > 0 {
            if self.inside == 0 {
                self.begin(page)?;
            }
            self.inside -= 1;
            let more = packed(page, self.bit, self.width)?.cast_signed();
            self.bit += u64::from(self.width);
            // Differences wrap around, so that any two integers have one.
            self.value = value.wrapping_add(self.least).wrapping_add(more);
        }
        Ok(value)
    }

    fn begin(&mut self, page: &[u8]) -> Result<(), Problem> {
        if self.begun == self.miniblocks {
            let mut reader = Compact::new(page.get(self.at..).ok_or(Problem::Cut)?);
            self.least = reader.signed()?;
            self.widths = page.len() - reader.rest().len();
            let count = usize::try_from(self.miniblocks).map_err(|_| Problem::Cut)?;
            self.at = self.widths.checked_add(count).ok_or(Problem::Cut)?;
            self.begun = 0;
        }
        let own = usize::try_from(self.begun).ok().and_then(|begun| self.widths.checked_add(begun));
        let width = own.and_then(|at| page.get(at)).copied().ok_or(Problem::Cut)?;
        if width > 64 {
            return Err(Problem::Damaged("a difference has more than 64 bits"));
        }
        self.width = u32::from(width);
        (self.begun, self.inside, self.bit) = (self.begun + 1, self.each, bits(self.at)?);
        let stored = usize::try_from(self.each / 8 * u64::from(width)).map_err(|_| Problem::Cut)?;
        self.at = self.at.checked_add(stored).ok_or(Problem::Cut)?;
        Ok(())
    }

    /// Where the bytes after the last integer begin.
    pub(super) fn end(&self, page: &[u8]) -> Result<usize, Problem> {
        let mut ahead = self.clone();
        while ahead.left > 0 {
            ahead.next(page)?;
        }
        if ahead.at > page.len() { Err(Problem::Cut) } else { Ok(ahead.at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hybrid(bytes: &[u8], width: u8, count: usize) -> Result<Vec<u32>, Problem> {
        let mut numbers = Hybrid::new(0, bytes.len(), width)?;
        (0..count).map(|_| numbers.next(bytes)).collect()
    }

    /// The example of the document: 0 to 7 in three bits.
    #[test]
    fn packed_groups_begin_at_the_lowest_bit() {
        let packed = [3, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        assert_eq!(hybrid(&packed, 3, 8).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(hybrid(&packed, 3, 9), Err(Problem::Cut));
        assert_eq!(hybrid(&packed[..3], 3, 8), Err(Problem::Cut));
        assert_eq!(hybrid(&[6, 5, 2, 7], 3, 4).unwrap(), [5, 5, 5, 7]);
        assert_eq!(hybrid(&[4, 0xaa, 0xbb, 1], 17, 2).unwrap(), [0x1_bbaa, 0x1_bbaa]);
        assert_eq!(hybrid(&[], 0, 3).unwrap(), [0, 0, 0]);
        assert_eq!(hybrid(&[], 1, 1), Err(Problem::Cut));
        assert!(matches!(hybrid(&[], 33, 0), Err(Problem::Damaged(_))));
    }

    fn deltas(bytes: &[u8], most: u64) -> Result<(Vec<i64>, usize), Problem> {
        let mut numbers = Deltas::new(bytes, 0, most)?;
        let end = numbers.end(bytes)?;
        let values = (0..numbers.left).map(|_| numbers.next(bytes)).collect::<Result<_, _>>()?;
        Ok((values, end))
    }

    /// The second example of the document: 7, 5, 3, 1, 2, 3, 4, 5.
    #[test]
    fn differences_add_up() {
        // 128 values in 4 miniblocks, 8 in all, the first 7; the least difference -2; widths 2, 0, 0, 0
        let head = [0x80, 1, 4, 8, 14, 3, 2, 0, 0, 0];
        let packed = [0b1100_0000, 0b0011_1111, 0, 0, 0, 0, 0, 0];
        let bytes = [&head[..], &packed, &[0xee]].concat();
        assert_eq!(deltas(&bytes, 8), Ok((vec![7, 5, 3, 1, 2, 3, 4, 5], bytes.len() - 1)));
        assert!(deltas(&bytes, 7).is_err());
        assert_eq!(deltas(&bytes[..bytes.len() - 2], 8), Err(Problem::Cut));
        // One value has no block, and none has no value.
        assert_eq!(deltas(&[0x80, 1, 4, 1, 14], 9), Ok((vec![7], 5)));
        assert_eq!(deltas(&[0x80, 1, 4, 0, 14], 9), Ok((vec![], 5)));
        for sizes in [[0, 4], [8, 0], [8, 3], [4, 1]] {
            assert!(deltas(&[sizes[0], sizes[1], 1, 0], 9).is_err(), "{sizes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), width in 0u8..33, bit in 0u64..600) {
            hybrid(&bytes, width, 300).ok();
            deltas(&bytes, 300).ok();
            packed(&bytes, bit, u32::from(width) * 2).ok();
        }
    }
}
