//! A block of bytes at a time: the inner loop of string scanning.

/// Bytes that are looked at together.
const BLOCK: usize = 32;

/// Number of leading bytes of `bytes` that are ordinary string content: no quote, no backslash and
/// nothing below 0x20.
#[inline]
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    let mut at = 0;
    let mut rest = bytes;
    while let Some((block, tail)) = rest.split_first_chunk::<BLOCK>() {
        if let Some(position) = first_special(block) {
            return at + position;
        }
        at += BLOCK;
        rest = tail;
    }
    at + plain_prefix_of_part(rest)
}

/// [`plain_prefix`] of less than a block.
fn plain_prefix_of_part(part: &[u8]) -> usize {
    // What is behind the end is no ordinary content.
    let mut block = [b'"'; BLOCK];
    if let Some(target) = block.get_mut(..part.len()) {
        target.copy_from_slice(part);
    }
    first_special(&block).unwrap_or(0)
}

/// Position of the first byte that is not ordinary.
#[inline]
fn first_special(block: &[u8; BLOCK]) -> Option<usize> {
    // Without a branch inside, the compiler compares the whole block at once.
    let marks = block.map(|byte| u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\'));
    if marks == [0; BLOCK] {
        return None;
    }
    let mut at = 0;
    for part in marks.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*part);
        if word != 0 {
            return Some(at + usize::try_from(word.trailing_zeros() / 8).unwrap_or(0));
        }
        at += 8;
    }
    None
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
