//! Where a JSON value ends, without building anything.
//!
//! The streaming reader cuts a large document into records with [`value_length`]; each record is then
//! parsed on its own. The cut looks only at brackets and strings, so a malformed value may be cut
//! anywhere; its own parse reports what is wrong with it.

use super::scan;

/// Length of the JSON value that starts at the first byte, or `None` when more bytes are needed.
///
/// For a scalar that is not a string the value ends before the next delimiter, which must be present.
#[must_use]
pub fn value_length(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' => string_length(bytes),
        b'{' | b'[' => ContainerScan::default().length(bytes),
        _ => bytes
            .iter()
            .position(|byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r' | b':')),
    }
}

/// Number of leading blanks.
#[must_use]
pub fn blank_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// Length of the string literal that starts at the first byte.
fn string_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += scan::plain_prefix(bytes.get(at..)?);
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Looks for the end of an object or array of which more and more bytes become known.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContainerScan {
    depth: usize,
    at: usize,
}

impl ContainerScan {
    /// Its length, or `None` when more bytes are needed: call again with the same bytes and more behind them.
    #[must_use]
    pub fn length(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            let byte = *bytes.get(self.at)?;
            if byte == b'"' {
                self.at += string_length(bytes.get(self.at..)?)?;
                // Between two strings there is mostly one separator and one blank.
                while bytes.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b',' | b':')) {
                    self.at += 1;
                }
                continue;
            }
            self.at += 1;
            if matches!(byte, b'{' | b'[') {
                self.depth += 1;
            } else if matches!(byte, b'}' | b']') {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Some(self.at);
                }
            }
        }
    }
}
