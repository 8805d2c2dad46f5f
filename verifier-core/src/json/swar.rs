//! Eight bytes at a time: the inner loop of string scanning.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Number of leading bytes of `bytes` that are ordinary string content: no quote, no backslash and
/// nothing below 0x20.
#[inline]
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    let mut at = 0;
    let mut rest = bytes;
    // Without a branch inside, the compiler compares a whole block at once.
    while let Some((block, tail)) = rest.split_first_chunk::<32>() {
        let special = block.iter().fold(0u8, |special, byte| {
            special | u8::from(*byte < 0x20) | u8::from(*byte == b'"') | u8::from(*byte == b'\\')
        });
        if special != 0 {
            break;
        }
        at += 32;
        rest = tail;
    }
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5c);
        // `has_zero(x)` per byte; for `< 0x20` subtract without borrowing from bytes >= 0x80.
        let mask = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let hit = mask & HIGH;
        if hit != 0 {
            // The lowest marked byte is exact; borrows only disturb the bytes above it.
            return at + usize::try_from(hit.trailing_zeros() / 8).unwrap_or(0);
        }
        at += 8;
        rest = tail;
    }
    at + rest.iter().take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_special_byte_at_every_position() {
        for special in [b'"', b'\\', 0x00, 0x1f] {
            for length in 0..40usize {
                for position in 0..length {
                    let mut bytes = vec![0xc3u8; length];
                    bytes[position] = special;
                    assert_eq!(plain_prefix(&bytes), position);
                }
                assert_eq!(plain_prefix(&vec![0x20; length]), length);
                assert_eq!(plain_prefix(&vec![0x7f; length]), length);
                assert_eq!(plain_prefix(&vec![0xff; length]), length);
            }
        }
    }
}
