//! A split view as one small file: two heads that one log signed, and the path that shows that they cannot both be true.
//!
//! ```text
//! keel-evidence/tlog-split-view@v1\n
//! <base64 hash>\n …          the whole consistency path (see `merkle::rfc6962::consistency_roots`); none for equal sizes
//! \n
//! head <bytes>\n             the smaller head as received
//! <signed tree head>
//! head <bytes>\n             the larger one
//! <signed tree head>
//! ```
//!
//! Whoever has the log's key can check it, and needs nothing of the log. Reading believes nothing: signatures are
//! judged under a [`super::Policy`], the path by [`super::growth::relate`].

use std::fmt::Write as _;

use super::checkpoint::decimal;
use super::proof::{ProofFileError, hash};
use crate::bytes::base64;
use crate::merkle::rfc6962::Hash;

/// First line of the file.
pub const SPLIT: &str = "keel-evidence/tlog-split-view@v1";
/// Hashes of a whole consistency path.
const PATH: usize = 65;

/// Two heads and the path between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitView<'a> {
    /// The whole consistency path.
    pub path: Vec<Hash>,
    /// The smaller head as text; either one where the sizes are equal.
    pub smaller: &'a str,
    /// The larger head as text.
    pub larger: &'a str,
}

impl<'a> SplitView<'a> {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ProofFileError`] when it does not have the form.
    pub fn parse(text: &'a str) -> Result<Self, ProofFileError> {
        let rest = text.strip_prefix(SPLIT).and_then(|rest| rest.strip_prefix('\n'));
        let mut rest = rest.ok_or(ProofFileError::Header)?;
        let mut path = Vec::new();
        let mut number = 2;
        loop {
            let (line, after) = rest.split_once('\n').ok_or(ProofFileError::Head)?;
            rest = after;
            if line.is_empty() {
                break;
            }
            path.push(hash(line).filter(|_| path.len() < PATH).ok_or(ProofFileError::Line(number))?);
            number += 1;
        }
        let (smaller, rest) = head(rest).ok_or(ProofFileError::Head)?;
        let (larger, rest) = head(rest).ok_or(ProofFileError::Head)?;
        if rest.is_empty() { Ok(Self { path, smaller, larger }) } else { Err(ProofFileError::Head) }
    }

    /// Writes the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{SPLIT}\n");
        for hash in &self.path {
            // writing to a text does not fail
            writeln!(text, "{}", base64::encode(hash)).ok();
        }
        text.push('\n');
        for head in [self.smaller, self.larger] {
            write!(text, "head {}\n{head}", head.len()).ok();
        }
        text
    }
}

/// A head with its length before it, and what stands behind it.
fn head(text: &str) -> Option<(&str, &str)> {
    let (line, rest) = text.split_once('\n')?;
    let length = line.strip_prefix("head ").and_then(decimal)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn view() -> SplitView<'static> {
        SplitView { path: vec![[1; 32], [2; 32]], smaller: "a\n\nb\n", larger: "head 1\n" }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = view().to_text();
        assert_eq!(SplitView::parse(&text), Ok(view()));
        let none = SplitView { path: Vec::new(), ..view() };
        assert_eq!(SplitView::parse(&none.to_text()), Ok(none.clone()));
        for (from, to, error) in [
            ("@v1", "@v2", ProofFileError::Header),
            ("AQE=", "AQE", ProofFileError::Line(2)),
            ("head 5", "head 05", ProofFileError::Head),
            ("head 5", "head 4", ProofFileError::Head),
            ("head 7", "head 6", ProofFileError::Head),
            ("head 7", "head 8", ProofFileError::Head),
            ("head 7", "head 18446744073709551615", ProofFileError::Head),
        ] {
            assert_eq!(SplitView::parse(&text.replacen(from, to, 1)), Err(error), "{from} {to}");
        }
        let long = format!("{SPLIT}\n{}", (base64::encode(&[0; 32]) + "\n").repeat(66));
        assert_eq!(SplitView::parse(&long), Err(ProofFileError::Line(67)));
        for end in 0..text.len() {
            assert!(SplitView::parse(&text[..end]).is_err(), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn a_file_has_one_spelling(place in any::<prop::sample::Index>(), byte in 0_u8..128) {
            let mut bytes = view().to_text().into_bytes();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            let text = String::from_utf8(bytes).unwrap();
            if let Ok(read) = SplitView::parse(&text) {
                prop_assert_eq!(read.to_text(), text);
            }
        }
    }
}
