//! Tree heads of logs (C2SP tlog-checkpoint; spec 16 section 16.3.2).
//!
//! ```text
//! line 1   origin, not empty
//! line 2   tree size, decimal
//! line 3   base64 of the root
//! line 4…  extension lines, opaque, not empty
//! ```

use std::fmt;

use crate::bytes::base64;
use crate::merkle::rfc6962::EMPTY_ROOT;

/// Why a note's text is no tree head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// No origin, or the text does not end with a newline.
    Origin,
    /// The size is no decimal in its one spelling.
    Size,
    /// The root is not base64 of 32 bytes, or not the one of a tree without leaves.
    Root,
    /// An empty extension line.
    Extension,
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Origin => "the checkpoint has no origin",
            Self::Size => "the checkpoint's tree size is malformed",
            Self::Root => "the checkpoint's root is malformed",
            Self::Extension => "the checkpoint has an empty extension line",
        })
    }
}

impl std::error::Error for CheckpointError {}

/// A tree head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint<'a> {
    /// Which log.
    pub origin: &'a str,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: [u8; 32],
}

impl<'a> Checkpoint<'a> {
    /// Reads the text of a note.
    ///
    /// # Errors
    /// [`CheckpointError`] when it does not have the form.
    pub fn parse(text: &'a str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Origin)?.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty()).ok_or(CheckpointError::Origin)?;
        let size = lines.next().and_then(decimal).ok_or(CheckpointError::Size)?;
        let root: [u8; 32] = lines
            .next()
            .and_then(base64::decode)
            .and_then(|root| root.try_into().ok())
            .filter(|root| size != 0 || *root == EMPTY_ROOT)
            .ok_or(CheckpointError::Root)?;
        if lines.any(str::is_empty) {
            return Err(CheckpointError::Extension);
        }
        Ok(Self { origin, size, root })
    }
}

/// A number in its one spelling.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    (canonical && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_head_has_one_spelling() {
        let root = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=";
        let read = |text: String| Checkpoint::parse(&text).map(|head| head.size);
        assert_eq!(read(format!("a\n8\n{root}\n")), Ok(8));
        assert_eq!(read(format!("a\n18446744073709551615\n{root}\nmore\n")), Ok(u64::MAX));
        for (text, error) in [
            (format!("\n8\n{root}\n"), CheckpointError::Origin),
            (format!("a\n8\n{root}"), CheckpointError::Origin),
            (format!("a\n08\n{root}\n"), CheckpointError::Size),
            (format!("a\n+8\n{root}\n"), CheckpointError::Size),
            (format!("a\n\n{root}\n"), CheckpointError::Size),
            (format!("a\n18446744073709551616\n{root}\n"), CheckpointError::Size),
            (format!("a\n0\n{root}\n"), CheckpointError::Root),
            ("a\n8\nXcna\n".to_owned(), CheckpointError::Root),
            ("a\n8\n".to_owned(), CheckpointError::Root),
            (format!("a\n8\n{root}\n\nx\n"), CheckpointError::Extension),
        ] {
            assert_eq!(read(text.clone()), Err(error), "{text}");
        }
        assert_eq!(read("a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n".to_owned()), Ok(0));
    }
}
