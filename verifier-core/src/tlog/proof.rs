//! Inclusion proofs in files.
//!
//! ```text
//! c2sp.org/tlog-proof@v1\n            one entry (C2SP tlog-proof; spec 16.5)
//! extra <base64>\n                    optional, opaque
//! index <decimal>\n
//! <base64 hash>\n …                   leaf to root
//! \n
//! <signed tree head>
//!
//! keel-evidence/tlog-proofs@v1\n      every entry of an export, a format of this project
//! <event_id> <index> <base64 hash> …\n
//! \n
//! <signed tree head>
//! ```
//!
//! Neither holds a leaf: the verifier hashes the entry itself.

use std::fmt;

use crate::bytes::base64;
use crate::merkle::rfc6962::Hash;

/// Hashes of one path.
const PATH: usize = 64;
/// First line of a file with one proof.
const SINGLE: &str = "c2sp.org/tlog-proof@v1";
/// First line of a file with the proofs of an export.
pub const MANY: &str = "keel-evidence/tlog-proofs@v1";

/// Why a text is no proof file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofFileError {
    /// The first line is none of the known ones.
    Header,
    /// A line of the given number (from 1) is malformed.
    Line(usize),
    /// There is no empty line with a head behind it.
    Head,
}

impl fmt::Display for ProofFileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => formatter.write_str("no file of inclusion proofs"),
            Self::Line(line) => write!(formatter, "line {line} of the proofs is malformed"),
            Self::Head => formatter.write_str("the proofs have no tree head"),
        }
    }
}

impl std::error::Error for ProofFileError {}

/// The path of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Position in the log.
    pub index: u64,
    /// From the leaf to the root.
    pub hashes: Vec<Hash>,
}

/// A file with one proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleProof<'a> {
    /// The path.
    pub path: Path,
    /// The signed tree head as text.
    pub head: &'a str,
}

impl<'a> SingleProof<'a> {
    /// Reads a file with one proof.
    ///
    /// # Errors
    /// [`ProofFileError`] when it does not have the form.
    pub fn parse(text: &'a str) -> Result<Self, ProofFileError> {
        let (body, head) = split(text, SINGLE)?;
        let mut lines = body.lines().zip(2..).peekable();
        if let Some((line, number)) = lines.next_if(|(line, _)| line.starts_with("extra ")) {
            let extra = line.strip_prefix("extra ").and_then(base64::decode);
            extra.ok_or(ProofFileError::Line(number))?;
        }
        let (line, number) = lines.next().ok_or(ProofFileError::Line(2))?;
        let index = line.strip_prefix("index ").and_then(decimal).ok_or(ProofFileError::Line(number))?;
        let mut hashes = Vec::new();
        for (line, number) in lines {
            hashes.push(hash(line).filter(|_| hashes.len() < PATH).ok_or(ProofFileError::Line(number))?);
        }
        Ok(Self { path: Path { index, hashes }, head })
    }
}

/// A file with the proofs of an export, read line by line.
#[derive(Clone, Copy, Debug)]
pub struct ManyProofs<'a> {
    body: &'a str,
    /// The signed tree head as text.
    pub head: &'a str,
}

impl<'a> ManyProofs<'a> {
    /// Finds head and lines; the lines are read by [`Self::entries`].
    ///
    /// # Errors
    /// [`ProofFileError`] when it does not have the form.
    pub fn parse(text: &'a str) -> Result<Self, ProofFileError> {
        split(text, MANY).map(|(body, head)| Self { body, head })
    }

    /// Event id and path of every entry, in order.
    pub fn entries(self) -> impl Iterator<Item = Result<(&'a str, Path), ProofFileError>> {
        self.body.lines().zip(2..).map(|(line, number)| entry(line).ok_or(ProofFileError::Line(number)))
    }
}

fn entry(line: &str) -> Option<(&str, Path)> {
    let mut fields = line.split(' ');
    let event = fields.next().filter(|event| !event.is_empty())?;
    let index = fields.next().and_then(decimal)?;
    let mut hashes = Vec::new();
    for field in fields {
        if hashes.len() >= PATH {
            return None;
        }
        hashes.push(hash(field)?);
    }
    Some((event, Path { index, hashes }))
}

/// What stands between the header and the first empty line, and what stands behind it.
fn split<'a>(text: &'a str, header: &str) -> Result<(&'a str, &'a str), ProofFileError> {
    let rest =
        text.strip_prefix(header).and_then(|rest| rest.strip_prefix('\n')).ok_or(ProofFileError::Header)?;
    if let Some(head) = rest.strip_prefix('\n') {
        return Ok(("", head));
    }
    rest.split_once("\n\n").ok_or(ProofFileError::Head)
}

fn hash(text: &str) -> Option<Hash> {
    base64::decode(text)?.try_into().ok()
}

fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    (canonical && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::rfc6962::{leaf_hash, verify_inclusion};
    use crate::tlog::{Checkpoint, Note};

    /// Spec 16.5.
    const PROOF: &str = "c2sp.org/tlog-proof@v1\nindex 5\n\
        vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n\
        yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=\n\
        037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n\n\
        keel-evidence.example/log/1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\
        \u{2014} keel-evidence.example/log/1 pMCLzBpHH93nbCv/N7nnjG1KMUZHftdF/fw2R+aiJ9CKQ3ZeLfEF3It2l1LyCyELy6+L/WD6/9cYT7Z77kJg85LvhQg=\n";

    #[test]
    fn the_published_proof_holds() {
        let proof = SingleProof::parse(PROOF).unwrap();
        let note = Note::parse(proof.head).unwrap();
        let head = Checkpoint::parse(note.text).unwrap();
        let leaf = leaf_hash(&crate::bytes::hex::decode::<4>(b"40414243").unwrap());
        assert_eq!(verify_inclusion(5, head.size, &leaf, &proof.path.hashes, &head.root), Ok(()));
        assert!(verify_inclusion(4, head.size, &leaf, &proof.path.hashes, &head.root).is_err());
    }

    #[test]
    fn many_proofs_name_their_events() {
        let path = PROOF.split('\n').skip(2).take(3).collect::<Vec<_>>().join(" ");
        let head = PROOF.split_once("\n\n").unwrap().1;
        let text = format!("{MANY}\nevt_1 5 {path}\nevt_2 0\n\n{head}");
        let proofs = ManyProofs::parse(&text).unwrap();
        let entries = proofs.entries().collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!((entries[0].0, entries[0].1.hashes.len(), entries[1].1.index), ("evt_1", 3, 0));
        assert_eq!(proofs.head, head);
        assert_eq!(ManyProofs::parse(&format!("{MANY}\n\n{head}")).unwrap().entries().count(), 0);
    }

    #[test]
    fn other_forms_are_refused() {
        for (from, to, error) in [
            ("@v1", "@v2", ProofFileError::Header),
            ("index 5", "index 05", ProofFileError::Line(2)),
            ("index 5", "extra !\nindex 5", ProofFileError::Line(2)),
            ("nms=", "nmt=", ProofFileError::Line(3)),
            ("\n\n", "\n", ProofFileError::Line(6)),
        ] {
            let text = PROOF.replacen(from, to, 1);
            assert_eq!(SingleProof::parse(&text).map(|_| ()), Err(error), "{from}");
        }
        assert_eq!(ManyProofs::parse(MANY).map(|_| ()), Err(ProofFileError::Header));
        let text = format!("{MANY}\nevt_1\n\nhead");
        assert_eq!(ManyProofs::parse(&text).unwrap().entries().next(), Some(Err(ProofFileError::Line(2))));
    }
}
