//! Standard base64 (RFC 4648 section 4) with padding.
//!
//! Evidence has one spelling for each value: [`decode`] refuses foreign characters, missing padding and
//! non-zero trailing bits. [`decode_lenient`] reads what the reference verifier reads (every character
//! outside the alphabet is skipped), so that a caller can tell "wrong value" from "right value in a
//! second spelling" and report the latter.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes with padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = 0u32;
        for index in 0..3 {
            group = (group << 8) | u32::from(chunk.get(index).copied().unwrap_or(0));
        }
        for position in 0..4usize {
            if position > chunk.len() {
                out.push('=');
            } else {
                let shift = 18 - 6 * position;
                let symbol = usize::try_from((group >> shift) & 63).unwrap_or(0);
                out.push(char::from(ALPHABET.get(symbol).copied().unwrap_or(b'?')));
            }
        }
    }
    out
}

/// Decodes the one canonical spelling of a value; anything else is `None`.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(4) {
        return None;
    }
    let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return None;
    }
    let symbols = bytes.get(..bytes.len() - padding)?;
    let decoded = decode_symbols(symbols.iter().map(|byte| value(*byte)))?;
    (encode(&decoded) == text).then_some(decoded)
}

/// Decodes like CPython's `base64.b64decode` without validation: foreign characters are skipped, a
/// complete group ends at padding, and missing padding is an error.
#[must_use]
pub fn decode_lenient(text: &str) -> Option<Vec<u8>> {
    let mut symbols = Vec::new();
    let mut padding = 0usize;
    for byte in text.bytes() {
        if byte == b'=' {
            padding += 1;
            if symbols.len() % 4 >= 2 && symbols.len() % 4 + padding >= 4 {
                return decode_symbols(symbols.into_iter().map(Some));
            }
            continue;
        }
        if let Some(symbol) = value(byte) {
            padding = 0;
            symbols.push(symbol);
        }
    }
    if symbols.len() % 4 != 0 {
        return None;
    }
    decode_symbols(symbols.into_iter().map(Some))
}

fn decode_symbols(symbols: impl Iterator<Item = Option<u8>>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut group = 0u32;
    let mut bits = 0u32;
    for symbol in symbols {
        group = ((group << 6) | u32::from(symbol?)) & 0x00ff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((group >> bits) & 0xff).ok()?);
        }
    }
    (bits < 6).then_some(out)
}

fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 section 10.
    #[test]
    fn rfc_vectors() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(plain.as_bytes()));
            assert_eq!(decode_lenient(text).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn second_spellings_are_refused_but_readable() {
        for text in ["Zm9v\n", "Zm 9v", "Zm9vYh==", "*Zm9v"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
        assert_eq!(decode_lenient("Zm9v\nYg=="), decode("Zm9vYg=="));
        assert_eq!(decode_lenient("Zh=="), decode("Zg=="));
        assert_eq!(decode_lenient("Zg"), None);
        assert_eq!(decode("Zg"), None);
    }
}
