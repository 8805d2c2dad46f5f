//! Names that cannot leave the place they are looked up in.
//!
//! A safe name is a relative path with `/` between its components, and every reader on every system takes
//! it for the same file: valid UTF-8, at most 4,096 bytes, no leading `/`, no drive letter, no backslash,
//! no control character, and no component that is empty, `.` or `..`. An unsafe name is never repaired:
//! a repaired name could collide with an honest one.
//!
//! Not covered: two spellings that only Unicode normalisation makes equal.

use std::fmt;

/// Longest accepted name in bytes.
pub(super) const MAX_NAME_BYTES: usize = 4_096;

/// Longest escaped name in a note, in characters.
const MAX_ESCAPED: usize = 256;

/// Why a name is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum UnsafeName {
    /// No characters at all.
    Empty,
    /// Starts with `/`.
    Absolute,
    /// Starts with a letter and a colon.
    DriveLetter,
    /// Has a component `..`.
    Parent,
    /// Has a component `.`.
    CurrentFolder,
    /// Two separators in a row, or one at the end.
    EmptyComponent,
    /// Contains a backslash, which some readers take for a separator.
    Backslash,
    /// Contains NUL or another control character.
    Control,
    /// Not valid UTF-8, or in a character set that the container does not name.
    NotText,
    /// More than 4,096 bytes.
    TooLong,
    /// A symbolic link on the way leads out of the folder.
    LeavesFolder,
}

impl fmt::Display for UnsafeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "the name is empty",
            Self::Absolute => "the name is absolute",
            Self::DriveLetter => "the name starts with a drive letter",
            Self::Parent => "the name contains the parent folder '..'",
            Self::CurrentFolder => "the name contains the component '.'",
            Self::EmptyComponent => "the name contains an empty component",
            Self::Backslash => "the name contains a backslash",
            Self::Control => "the name contains a control character",
            Self::NotText => "the name is not UTF-8 text",
            Self::TooLong => "the name is longer than 4096 bytes",
            Self::LeavesFolder => "a symbolic link leads out of the folder",
        })
    }
}

impl std::error::Error for UnsafeName {}

/// Accepts `name` only when it is safe.
///
/// # Errors
/// The first reason why it is not.
pub fn check_name(name: &str) -> Result<(), UnsafeName> {
    if name.is_empty() {
        return Err(UnsafeName::Empty);
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(UnsafeName::TooLong);
    }
    if name.chars().any(char::is_control) {
        return Err(UnsafeName::Control);
    }
    if name.contains('\\') {
        return Err(UnsafeName::Backslash);
    }
    if name.starts_with('/') {
        return Err(UnsafeName::Absolute);
    }
    let mut start = name.bytes();
    if start.next().is_some_and(|byte| byte.is_ascii_alphabetic()) && start.next() == Some(b':') {
        return Err(UnsafeName::DriveLetter);
    }
    for component in name.split('/') {
        match component {
            "" => return Err(UnsafeName::EmptyComponent),
            "." => return Err(UnsafeName::CurrentFolder),
            ".." => return Err(UnsafeName::Parent),
            _ => {}
        }
    }
    Ok(())
}

/// The same for a name as stored bytes.
pub(super) fn check_name_bytes(name: &[u8]) -> Result<&str, UnsafeName> {
    if name.len() > MAX_NAME_BYTES {
        return Err(UnsafeName::TooLong);
    }
    let text = std::str::from_utf8(name).map_err(|_| UnsafeName::NotText)?;
    check_name(text)?;
    Ok(text)
}

/// Printable spelling of any name: control characters, backslashes, invisible and direction-changing
/// characters and bytes that are not UTF-8 are escaped, and long names are cut.
pub(super) fn escape(name: &[u8]) -> String {
    let mut out = String::new();
    let mut count = 0usize;
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            if count >= MAX_ESCAPED {
                out.push('…');
                return out;
            }
            count += 1;
            if character == '\\' || is_invisible(character) {
                out.extend(character.escape_default());
            } else {
                out.push(character);
            }
        }
        for byte in chunk.invalid() {
            count += 1;
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unsafe_name_has_its_reason() {
        for (name, reason) in [
            ("", UnsafeName::Empty),
            ("/etc/passwd", UnsafeName::Absolute),
            ("//server/share", UnsafeName::Absolute),
            ("C:evil", UnsafeName::DriveLetter),
            ("c:/evil", UnsafeName::DriveLetter),
            ("../evil", UnsafeName::Parent),
            ("a/../../evil", UnsafeName::Parent),
            ("a/..", UnsafeName::Parent),
            ("./a", UnsafeName::CurrentFolder),
            ("a/./b", UnsafeName::CurrentFolder),
            (".", UnsafeName::CurrentFolder),
            ("a//b", UnsafeName::EmptyComponent),
            ("a/", UnsafeName::EmptyComponent),
            ("a\\..\\..\\b", UnsafeName::Backslash),
            ("a\0.json", UnsafeName::Control),
            ("a\u{1b}[2J", UnsafeName::Control),
            ("a\u{85}b", UnsafeName::Control),
        ] {
            assert_eq!(check_name(name), Err(reason), "{name:?}");
        }
        assert_eq!(check_name(&"a".repeat(MAX_NAME_BYTES + 1)), Err(UnsafeName::TooLong));
        assert_eq!(check_name_bytes(b"a\xffb"), Err(UnsafeName::NotText));
        for name in ["a", "a/b.json", "...", "..a", "a..", ".hidden", "größe.json", "a b", "~", "x/C:y"] {
            assert_eq!(check_name(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn escaped_names_are_printable_and_short() {
        assert_eq!(escape(b"plain/name.json"), "plain/name.json");
        assert_eq!(escape("größe".as_bytes()), "größe");
        assert_eq!(escape(b"a\x1b[2J\\\xff"), "a\\u{1b}[2J\\\\\\xff");
        assert_eq!(escape("a\u{202e}b".as_bytes()), "a\\u{202e}b");
        assert!(escape(&[0xff; 10_000]).len() <= 4 * 10_000);
        assert!(escape(&[b'a'; 10_000]).chars().count() == MAX_ESCAPED + 1);
    }
}
