//! Evidence text on a terminal or in a plain-text document: no character of it may act or hide.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every character that could act or hide replaced by `\u{…}`.
///
/// Replaced are control characters (C0, DEL, C1, so line breaks and escape sequences too), bidirectional
/// marks, embeddings and isolates, zero-width and other invisible characters, line and paragraph separators,
/// tags and variation selectors, blank letters, and private-use characters and non-characters. The rest
/// stays as it is: letters that look like other letters are not recognised.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unsafe(character) {
            write!(out, "\\u{{{:x}}}", u32::from(character)).ok();
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

fn is_unsafe(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    let low_bits = u32::from(character) & 0xffff;
    character.is_control()
        || low_bits >= 0xfffe
        || matches!(character,
            // soft hyphen, joiner, marks of scripts that are written right to left
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            // letters and vowels that show nothing
            | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
            // zero width, direction, separators, invisible operators
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            // private use, variation selectors, byte order mark, annotation
            | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            // tags, further variation selectors, private planes
            | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn characters_that_act_or_hide_are_spelled_out() {
        for (raw, shown) in [
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\r\nb\tc\0", "a\\u{d}\\u{a}b\\u{9}c\\u{0}"),
            ("\u{7f}\u{80}\u{9b}1m", "\\u{7f}\\u{80}\\u{9b}1m"),
            ("allow\u{202e}yned", "allow\\u{202e}yned"),
            ("\u{2066}x\u{2069}\u{200f}\u{61c}", "\\u{2066}x\\u{2069}\\u{200f}\\u{61c}"),
            ("pay\u{200b}pal\u{2060}\u{feff}", "pay\\u{200b}pal\\u{2060}\\u{feff}"),
            ("\u{2028}\u{2029}\u{ad}\u{3164}", "\\u{2028}\\u{2029}\\u{ad}\\u{3164}"),
            ("\u{e0041}\u{fe0f}\u{e0100}", "\\u{e0041}\\u{fe0f}\\u{e0100}"),
            ("\u{e000}\u{ffff}\u{10ffff}", "\\u{e000}\\u{ffff}\\u{10ffff}"),
        ] {
            assert_eq!(escape(raw), shown);
        }
    }

    #[test]
    fn readable_text_is_left_alone() {
        for text in ["", "permit-1 → ALLOW", "größe 中文 العربية עברית 😀", "C:\\x\\u{1b}", "e\u{301}"]
        {
            assert!(matches!(escape(text), std::borrow::Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn nothing_unsafe_survives_and_escaping_twice_changes_nothing() {
        let all: String = (0..=0x10_ffff).filter_map(char::from_u32).collect();
        let once = escape(&all).into_owned();
        assert!(!once.chars().any(char::is_control));
        assert_eq!(escape(&once), once);
    }
}
