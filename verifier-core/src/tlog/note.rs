//! Signed notes (C2SP signed-note; spec 16 section 16.3.1).
//!
//! ```text
//! <text, ends with a newline>
//! <empty line>
//! — <key name> <base64(4 bytes of key id || signature)>        one or more lines
//! ```
//!
//! What is signed is the text with its last newline. Reading checks no signature; a line is evidence only under a
//! key that the caller trusts for its name and id. Limits: 64 KiB, 64 signature lines.

use std::fmt;

use crate::bytes::base64;

/// Bytes of a note.
pub const NOTE_BYTES: usize = 64 << 10;
const LINES: usize = 64;

/// Why a text is no signed note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteError {
    /// More bytes than a note may have.
    TooLarge,
    /// A control character other than the newline.
    Control,
    /// No empty line between text and signatures.
    Unsigned,
    /// A signature line without its form.
    SignatureLine,
    /// More signature lines than a note may have.
    TooManyLines,
}

impl fmt::Display for NoteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooLarge => "the note is too large",
            Self::Control => "the note has a control character",
            Self::Unsigned => "the note has no signatures",
            Self::SignatureLine => "a signature line of the note is malformed",
            Self::TooManyLines => "the note has too many signatures",
        })
    }
}

impl std::error::Error for NoteError {}

/// A note as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// The signed text, last newline included.
    pub text: &'a str,
    /// The signature lines in order.
    pub signatures: Vec<NoteSignature<'a>>,
}

/// A signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature<'a> {
    /// Name of the key.
    pub name: &'a str,
    /// Identifier of the key.
    pub key_id: [u8; 4],
    /// What follows the identifier.
    pub signature: Vec<u8>,
}

impl<'a> Note<'a> {
    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError`] when it does not have the form.
    pub fn parse(note: &'a str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES {
            return Err(NoteError::TooLarge);
        }
        if note.chars().any(|character| character < ' ' && character != '\n') {
            return Err(NoteError::Control);
        }
        let at = note.rfind("\n\n").ok_or(NoteError::Unsigned)?;
        let (text, signatures) = note.split_at_checked(at.saturating_add(1)).ok_or(NoteError::Unsigned)?;
        let lines = signatures.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let lines: Vec<&str> = lines.ok_or(NoteError::Unsigned)?.split('\n').take(LINES + 1).collect();
        if lines.len() > LINES {
            return Err(NoteError::TooManyLines);
        }
        let signatures = lines.into_iter().map(|line| signature(line).ok_or(NoteError::SignatureLine));
        Ok(Self { text, signatures: signatures.collect::<Result<_, _>>()? })
    }
}

fn signature(line: &str) -> Option<NoteSignature<'_>> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let is_name =
        !name.is_empty() && !name.contains(|character: char| character.is_whitespace() || character == '+');
    let bytes = base64::decode(encoded)?;
    let (key_id, signature) = bytes.split_first_chunk::<4>()?;
    (is_name && !signature.is_empty()).then(|| NoteSignature {
        name,
        key_id: *key_id,
        signature: signature.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spec 16 section 16.3.3.
    const NOTE: &str = "keel-evidence.example/log/1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\
        \u{2014} keel-evidence.example/log/1 pMCLzBpHH93nbCv/N7nnjG1KMUZHftdF/fw2R+aiJ9CKQ3ZeLfEF3It2l1LyCyELy6+L/WD6/9cYT7Z77kJg85LvhQg=\n\
        \u{2014} witness.example/w1 g91bqgAAAABqsTuA2Q/8IRwrpWA2+hnlQKWP+56C9/uHsOquCUGBTyPxgROhWFJy/lWv9rv4TIOPihKmCEKk9INH8doTlzCNdkt+AA==\n";

    #[test]
    fn a_note_has_text_and_lines() {
        let note = Note::parse(NOTE).unwrap();
        assert!(note.text.ends_with("QygC=\n") || note.text.ends_with("Qyg=\n"));
        let [log, witness] = note.signatures.as_slice() else { panic!("two signatures") };
        assert_eq!((log.key_id, log.signature.len()), ([0xa4, 0xc0, 0x8b, 0xcc], 64));
        assert_eq!((witness.name, witness.signature.len()), ("witness.example/w1", 72));
    }

    #[test]
    fn other_forms_are_refused() {
        for (note, error) in [
            (NOTE.replace("\n\n", "\n"), NoteError::Unsigned),
            (NOTE.trim_end().to_owned(), NoteError::Unsigned),
            (NOTE.replace('8', "8\r"), NoteError::Control),
            (NOTE.replace('\u{2014}', "-"), NoteError::SignatureLine),
            (NOTE.replace("w1 ", "w1  "), NoteError::SignatureLine),
            (NOTE.replace("AA==", "AA="), NoteError::SignatureLine),
            (NOTE.replace("witness.example/w1", "a+b"), NoteError::SignatureLine),
            (format!("{NOTE}{}", "\u{2014} a AAAAAAA=\n".repeat(64)), NoteError::TooManyLines),
            (format!("{}{NOTE}", "a".repeat(NOTE_BYTES)), NoteError::TooLarge),
        ] {
            assert_eq!(Note::parse(&note), Err(error), "{note:.80}");
        }
    }
}
