//! Text rules of the binding formats that differ from the standard library's.
//!
//! They follow the character classes of Python 3.11 (Unicode 14), which the reference verifier runs on.

use std::borrow::Cow;

/// Removes white space at both ends; unlike `str::trim` also U+001C to U+001F.
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'))
}

/// The lower-case hyphenated form of a UUID. Braces, missing hyphens and `urn:uuid:` are accepted.
#[must_use]
pub fn uuid_text(text: &str) -> Option<String> {
    let bare: Cow<'_, str> =
        if text.contains(':') { text.replace("urn:", "").replace("uuid:", "").into() } else { text.into() };
    let digits: String = bare.trim_matches(['{', '}']).chars().filter(|c| *c != '-').collect();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    Some(format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
}

/// Python's `str.isalnum`: letters, decimal digits and numerals, but no combining marks and no symbols.
///
/// `char::is_alphanumeric` goes by the derived property Alphabetic, which also holds for vowel signs and
/// enclosed letters.
pub(super) fn is_alphanumeric(c: char) -> bool {
    c.is_alphanumeric() && (c.is_ascii() || !is_alphabetic_only_by_property(u32::from(c)))
}

fn is_alphabetic_only_by_property(code: u32) -> bool {
    let after = ALPHABETIC_MARKS.partition_point(|entry| entry >> 8 <= code);
    let entry = after.checked_sub(1).and_then(|at| ALPHABETIC_MARKS.get(at));
    entry.is_some_and(|entry| code <= (entry >> 8) + (entry & 0xff))
}

/// Ranges of characters that are Alphabetic without being letters or numbers (general categories Mn, Mc and
/// So), each as first code point × 256 + length − 1.
#[rustfmt::skip]
const ALPHABETIC_MARKS: [u32; 161] = [
    0x003452a, 0x005b017, 0x006100a, 0x0064b14, 0x0067000, 0x006d60e, 0x006e706, 0x0071100, 0x007300f,
    0x007a60a, 0x0081601, 0x0081b08, 0x0082502, 0x0082903, 0x008d42f, 0x0093a01, 0x0093e11, 0x0095502,
    0x0096201, 0x0098102, 0x009be0e, 0x009d700, 0x009e201, 0x00a0102, 0x00a3e13, 0x00a7001, 0x00a750e,
    0x00abe0e, 0x00ae201, 0x00afa09, 0x00b3e19, 0x00b6201, 0x00b8200, 0x00bbe0e, 0x00bd700, 0x00c0004,
    0x00c3e18, 0x00c6201, 0x00c8102, 0x00cbe18, 0x00ce201, 0x00d0003, 0x00d3e0e, 0x00d5700, 0x00d6201,
    0x00d8102, 0x00dcf10, 0x00df201, 0x00e3100, 0x00e3406, 0x00e4d00, 0x00eb100, 0x00eb408, 0x00ecd00,
    0x00f7112, 0x00f8d2f, 0x0102b13, 0x0105603, 0x0105e02, 0x0106202, 0x0106706, 0x0107103, 0x010820b,
    0x0108f00, 0x0109a03, 0x0171201, 0x0173201, 0x0175201, 0x0177201, 0x017b612, 0x0188501, 0x018a900,
    0x0192018, 0x01a1704, 0x01a551f, 0x01abf45, 0x01b350e, 0x01b8002, 0x01ba10c, 0x01be70a, 0x01c2412,
    0x01dd321, 0x024b633, 0x02de01f, 0x0a67407, 0x0a69e01, 0x0a80200, 0x0a80b00, 0x0a82304, 0x0a88001,
    0x0a8b411, 0x0a8ff00, 0x0a92604, 0x0a9470b, 0x0a98003, 0x0a9b40b, 0x0a9e500, 0x0aa290d, 0x0aa4300,
    0x0aa4c01, 0x0aa7b02, 0x0aab000, 0x0aab202, 0x0aab701, 0x0aabe00, 0x0aaeb04, 0x0aaf500, 0x0abe307,
    0x0fb1e00, 0x1037604, 0x10a010e, 0x10d2403, 0x10eab01, 0x1100002, 0x110380d, 0x1107301, 0x1108002,
    0x110b012, 0x1110002, 0x111270b, 0x1114501, 0x1118002, 0x111b30c, 0x111ce01, 0x1122c12, 0x112df09,
    0x1130003, 0x1133e0e, 0x1135700, 0x1136201, 0x1143510, 0x114b011, 0x115af0f, 0x115dc01, 0x1163010,
    0x116ab0a, 0x1171d0d, 0x1182c0c, 0x119300c, 0x1194000, 0x1194200, 0x119d10e, 0x119e400, 0x11a0109,
    0x11a3504, 0x11a3b03, 0x11a510a, 0x11a8a0d, 0x11c2f0f, 0x11c9224, 0x11d3112, 0x11d4700, 0x11d8a0c,
    0x11ef303, 0x16f4f00, 0x16f5141, 0x16ff001, 0x1bc9e00, 0x1e0002a, 0x1e94700, 0x1f13059,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alphanumeric_follows_general_categories() {
        for c in ['a', '7', 'é', '²', 'Ａ', 'ß', '五', '\u{b9}', 'Ⅷ', 'ª', '٣', '½'] {
            assert!(is_alphanumeric(c), "{c:?}");
        }
        for c in ['-', '_', ' ', '\u{345}', '\u{93e}', 'ⓐ', 'Ⓐ', '🄰', '\u{307}', '\u{1e947}', '\u{fe0f}', '°']
        {
            assert!(!is_alphanumeric(c), "{c:?}");
        }
        assert!(ALPHABETIC_MARKS.windows(2).all(|pair| (pair[0] >> 8) + (pair[0] & 0xff) < pair[1] >> 8));
    }

    #[test]
    fn uuids_have_several_spellings_and_one_text() {
        let text = "10000000-0000-4000-8000-0000000000ab";
        for spelling in [
            text,
            "100000000000400080000000000000AB",
            "{10000000-0000-4000-8000-0000000000AB}",
            "urn:uuid:10000000-0000-4000-8000-0000000000ab",
        ] {
            assert_eq!(uuid_text(spelling).as_deref(), Some(text), "{spelling}");
        }
        for other in
            ["", "10000000-0000-4000-8000-0000000000a", "g0000000-0000-4000-8000-0000000000ab", " ", "é"]
        {
            assert_eq!(uuid_text(other), None, "{other}");
        }
    }
}
