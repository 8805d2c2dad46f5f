//! Evidence on a terminal: no byte of it may act.

use std::fmt::Write;

/// The text with control characters, bidirectional controls, invisible format characters and line
/// separators replaced by `\u{…}`.
pub(crate) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let acts = character.is_control()
            || matches!(character,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
        if acts {
            write!(out, "\\u{{{:x}}}", u32::from(character)).ok();
        } else {
            out.push(character);
        }
    }
    out
}

/// The same for a text of our own with line breaks.
pub(crate) fn lines(text: &str) -> String {
    text.split('\n').map(self::text).collect::<Vec<_>>().join("\n")
}
