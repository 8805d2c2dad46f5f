//! Lower-case hexadecimal, the only spelling that Keel digests use.
//!
//! Decoding is strict: upper-case digits are a different text, and formats compare digests as text.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Writes `bytes` as lower-case hexadecimal.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'?')));
        }
    }
    out
}

/// Reads exactly `N` bytes of lower-case hexadecimal; anything else is `None`.
#[must_use]
pub fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != N * 2 {
        return None;
    }
    let mut out = [0u8; N];
    let mut seen = 0u8;
    // Without branches and tables the compiler reads many digits at once.
    for (slots, digits) in out.chunks_mut(16).zip(text.chunks(32)) {
        let mut values = [0u8; 32];
        for (value, digit) in values.iter_mut().zip(digits) {
            *value = nibble(*digit);
            seen |= *value;
        }
        for (slot, pair) in slots.iter_mut().zip(values.as_chunks::<2>().0) {
            *slot = (pair[0] << 4) | (pair[1] & 15);
        }
    }
    (seen & BAD == 0).then_some(out)
}

#[inline]
fn nibble(digit: u8) -> u8 {
    let (number, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'a'));
    let number = if number < 10 { number } else { BAD };
    if letter < 6 { letter + 10 } else { number }
}

/// Marks a byte that is no digit.
const BAD: u8 = 0x80;

/// Whether `text` is exactly `length` lower-case hexadecimal digits.
#[must_use]
pub fn is_lower_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| nibble(byte) != BAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_and_refuses_other_spellings() {
        assert_eq!(encode(&[0x00, 0xab, 0xff]), "00abff");
        assert_eq!(decode::<3>(b"00abff"), Some([0x00, 0xab, 0xff]));
        assert_eq!(decode::<3>(b"00ABFF"), None);
        assert_eq!(decode::<3>(b"00abf"), None);
        assert_eq!(decode::<2>(b"00abff"), None);
    }
}
