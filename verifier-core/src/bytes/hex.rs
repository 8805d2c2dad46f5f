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
    for (slot, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let (high, low) = (NIBBLES.get(usize::from(*high)), NIBBLES.get(usize::from(*low)));
        let (high, low) = (high.copied().unwrap_or(BAD), low.copied().unwrap_or(BAD));
        seen |= high | low;
        *slot = (high << 4) | (low & 15);
    }
    (seen & BAD == 0).then_some(out)
}

/// Marks a byte that is no digit.
const BAD: u8 = 0x80;

/// The value of each byte as a digit.
const NIBBLES: [u8; 256] = {
    let mut table = [BAD; 256];
    let mut value = 0u8;
    while value < 16 {
        #[expect(clippy::as_conversions, clippy::indexing_slicing, reason = "evaluated at compile time")]
        {
            table[DIGITS[value as usize] as usize] = value;
        }
        value += 1;
    }
    table
};

/// Whether `text` is exactly `length` lower-case hexadecimal digits.
#[must_use]
pub fn is_lower_hex(text: &str, length: usize) -> bool {
    text.len() == length
        && text.bytes().all(|byte| NIBBLES.get(usize::from(byte)).is_some_and(|value| *value != BAD))
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
