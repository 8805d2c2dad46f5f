//! Proofs in files.
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
//!
//! old <decimal>\n                    that a log grew (C2SP tlog-witness, what a witness is asked to cosign; spec 16.8)
//! <base64 hash>\n …                  the consistency proof, 63 at most
//! \n
//! <signed tree head>
//! ```
//!
//! None holds a leaf: the verifier hashes the entry itself.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use super::checkpoint::decimal;
use super::note::NOTE_BYTES;
use crate::bytes::base64;
use crate::merkle::rfc6962::Hash;

/// Hashes of one path.
const PATH: usize = 64;
/// First line of a file with one proof.
pub const SINGLE: &str = "c2sp.org/tlog-proof@v1";
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
    /// A line of the given number proves an entry a second time.
    Repeated(usize),
    /// There is no empty line with a head behind it.
    Head,
}

impl fmt::Display for ProofFileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => formatter.write_str("no file of inclusion proofs"),
            Self::Line(line) => write!(formatter, "line {line} of the proofs is malformed"),
            Self::Repeated(line) => write!(formatter, "line {line} proves an entry a second time"),
            Self::Head => formatter.write_str("the proofs have no tree head"),
        }
    }
}

impl std::error::Error for ProofFileError {}

/// Why a stream gives no proofs.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProofStreamError {
    /// It does not have the form.
    Form(ProofFileError),
    /// It cannot be read.
    Read(io::Error),
}

impl fmt::Display for ProofStreamError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => error.fmt(formatter),
            Self::Read(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for ProofStreamError {}

impl From<ProofFileError> for ProofStreamError {
    fn from(error: ProofFileError) -> Self {
        Self::Form(error)
    }
}

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
        let mut lines = lines(body).peekable();
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
        lines(self.body).map(|(line, number)| entry(line).ok_or(ProofFileError::Line(number)))
    }
}

/// The proofs of an export as a stream, line by line: a large export has more of them than should be in memory.
#[derive(Debug)]
pub struct ProofStream<R> {
    source: BufReader<R>,
    line: Vec<u8>,
    number: usize,
}

/// Bytes of one line: 64 hashes, an index, and an event id of up to four kilobytes.
const LINE: usize = 64 * 45 + 32 + 4096;

impl<R: Read> ProofStream<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// [`ProofStreamError`] when it is not that of such a file.
    pub fn begin(source: R) -> Result<Self, ProofStreamError> {
        let mut stream = Self { source: BufReader::new(source), line: Vec::new(), number: 0 };
        if stream.line()? == Some(MANY) { Ok(stream) } else { Err(ProofFileError::Header.into()) }
    }

    /// Event id and path of the next entry; `None` behind the last one.
    ///
    /// # Errors
    /// [`ProofStreamError`] when the line is malformed, or there is none.
    pub fn entry(&mut self) -> Result<Option<(&str, Path)>, ProofStreamError> {
        let number = self.number + 1;
        match self.line()? {
            None => Err(ProofFileError::Line(number).into()),
            Some("") => Ok(None),
            Some(line) => Ok(Some(entry(line).ok_or(ProofFileError::Line(number))?)),
        }
    }

    /// The number of the line that was read last, from 1.
    #[must_use]
    pub fn line_number(&self) -> usize {
        self.number
    }

    /// Passes over the entries that are left, and gives the signed tree head behind them.
    ///
    /// # Errors
    /// [`ProofStreamError`] when there is none, or it is larger than a note.
    pub fn head(mut self) -> Result<String, ProofStreamError> {
        loop {
            let number = self.number + 1;
            match self.line()? {
                Some("") => break,
                Some(_) => {}
                None => return Err(ProofFileError::Line(number).into()),
            }
        }
        let limit = u64::try_from(NOTE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let mut head = Vec::new();
        self.source.take(limit).read_to_end(&mut head).map_err(ProofStreamError::Read)?;
        let head = String::from_utf8(head).ok().filter(|head| head.len() <= NOTE_BYTES);
        head.ok_or_else(|| ProofFileError::Head.into())
    }

    /// The next line without its end; `None` when it has none, is too long or no text.
    fn line(&mut self) -> Result<Option<&str>, ProofStreamError> {
        self.line.clear();
        self.number = self.number.saturating_add(1);
        let limit = u64::try_from(LINE).unwrap_or(u64::MAX);
        let mut limited = self.source.by_ref().take(limit);
        limited.read_until(b'\n', &mut self.line).map_err(ProofStreamError::Read)?;
        let line = self.line.strip_suffix(b"\n");
        Ok(line.and_then(|line| std::str::from_utf8(line).ok()))
    }
}

/// That a log grew: the proof from an older size to a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof<'a> {
    /// Size of the older tree.
    pub old: u64,
    /// The proof as RFC 6962 has it.
    pub hashes: Vec<Hash>,
    /// The signed tree head as text.
    pub head: &'a str,
}

impl<'a> ConsistencyProof<'a> {
    /// Reads the body of a request to a witness.
    ///
    /// # Errors
    /// [`ProofFileError`] when it does not have the form.
    pub fn parse(text: &'a str) -> Result<Self, ProofFileError> {
        let (body, head) = text.split_once("\n\n").ok_or(ProofFileError::Head)?;
        let (first, rest) = body.split_once('\n').unwrap_or((body, ""));
        let old = first.strip_prefix("old ").and_then(decimal).ok_or(ProofFileError::Header)?;
        let mut hashes = Vec::new();
        for (line, number) in lines(rest) {
            hashes.push(hash(line).filter(|_| hashes.len() < PATH - 1).ok_or(ProofFileError::Line(number))?);
        }
        Ok(Self { old, hashes, head })
    }
}

/// Lines behind the first one, with their numbers. Nothing but the newline ends a line.
fn lines(body: &str) -> impl Iterator<Item = (&str, usize)> {
    body.split('\n').zip(2..).filter(move |_| !body.is_empty())
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

pub(super) fn hash(text: &str) -> Option<Hash> {
    base64::decode(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::merkle::rfc6962::{leaf_hash, verify_consistency, verify_inclusion};
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

    /// As a stream the file says what it says as a text, or is refused as the text is.
    #[test]
    fn a_stream_is_read_like_a_text() {
        let path = PROOF.split('\n').skip(2).take(3).collect::<Vec<_>>().join(" ");
        let head = PROOF.split_once("\n\n").unwrap().1;
        let good = format!("{MANY}\nevt_1 5 {path}\nevt_2 0\n\n{head}");
        let streamed = |bytes: &[u8]| -> Result<(Vec<(String, Path)>, String), ProofStreamError> {
            let mut stream = ProofStream::begin(bytes)?;
            let mut entries = Vec::new();
            while let Some((event, path)) = stream.entry()? {
                entries.push((event.to_owned(), path));
            }
            Ok((entries, ProofStream::begin(bytes)?.head()?))
        };
        let parsed = |bytes: &[u8]| {
            let proofs = ManyProofs::parse(std::str::from_utf8(bytes).ok()?).ok()?;
            let entries = proofs.entries().map(|entry| entry.map(|(event, path)| (event.to_owned(), path)));
            Some((entries.collect::<Result<Vec<_>, _>>().ok()?, proofs.head.to_owned()))
        };
        assert_eq!(streamed(good.as_bytes()).unwrap().0.len(), 2);
        for place in 0..good.len() {
            let cut = &good.as_bytes()[..place];
            assert_eq!(streamed(cut).ok(), parsed(cut), "cut at {place}");
            for byte in [b'\n', b'\r', b' ', b'A', 0xff] {
                let mut changed = good.clone().into_bytes();
                changed[place] = byte;
                if changed.is_ascii() || std::str::from_utf8(&changed).is_ok() {
                    assert_eq!(streamed(&changed).ok(), parsed(&changed), "{byte} at {place}");
                }
            }
        }
        let long = format!("{MANY}\n{} 0\n\n{head}", "e".repeat(LINE));
        assert!(streamed(long.as_bytes()).is_err());
    }

    #[test]
    fn other_forms_are_refused() {
        for (from, to, error) in [
            ("@v1", "@v2", ProofFileError::Header),
            ("index 5", "index 05", ProofFileError::Line(2)),
            ("index 5", "extra !\nindex 5", ProofFileError::Line(2)),
            ("nms=", "nmt=", ProofFileError::Line(3)),
            ("\n\n", "\n", ProofFileError::Line(6)),
            ("index 5\n", "index 5\r\n", ProofFileError::Line(2)),
            ("nms=\n", "nms=\r\n", ProofFileError::Line(3)),
            ("nms=\n", "nms= \n", ProofFileError::Line(3)),
        ] {
            let text = PROOF.replacen(from, to, 1);
            assert_eq!(SingleProof::parse(&text).map(|_| ()), Err(error), "{from}");
        }
        assert_eq!(ManyProofs::parse(MANY).map(|_| ()), Err(ProofFileError::Header));
        let long = format!("{MANY}\nevt_1 0{}\n\nhead", format!(" {}", "A".repeat(43) + "=").repeat(65));
        assert_eq!(ManyProofs::parse(&long).unwrap().entries().next(), Some(Err(ProofFileError::Line(2))));
        let text = format!("{MANY}\nevt_1\n\nhead");
        assert_eq!(ManyProofs::parse(&text).unwrap().entries().next(), Some(Err(ProofFileError::Line(2))));
    }
    /// Spec 16.8.
    #[test]
    fn the_published_request_holds() {
        let head = PROOF.split_once("\n\n").unwrap().1;
        let text = format!(
            "old 3\nApjRIpBtz8EIkstTpzmS/FufST6kybrbJ7eRtBJ6f+c=\nB1Bqhf2d0vEg62lPhgEeW7RmLlxBWmKRcDPUqWJEh+c=\n\
            +sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=\na0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=\n\n{head}"
        );
        let proof = ConsistencyProof::parse(&text).unwrap();
        assert_eq!((proof.old, proof.hashes.len(), proof.head), (3, 4, head));
        let head = Checkpoint::parse(Note::parse(head).unwrap().text).unwrap();
        let old = crate::bytes::hex::decode::<32>(
            b"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        );
        assert_eq!(verify_consistency(3, 8, &old.unwrap(), &head.root, &proof.hashes), Ok(()));
        assert_eq!(ConsistencyProof::parse("old 0\n\nhead").unwrap().hashes.len(), 0);
        for (from, to) in [("old 3", "old 03"), ("f+c=", "f+c"), ("old 3\n", "old 3\n\r\n")] {
            assert!(ConsistencyProof::parse(&text.replacen(from, to, 1)).is_err(), "{from}");
        }
    }

    proptest! {
        /// No text is read in two ways: what is read is written back the same.
        #[test]
        fn a_proof_has_one_spelling(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = PROOF.as_bytes().to_vec();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            if let Ok(text) = std::str::from_utf8(&bytes)
                && let Ok(proof) = SingleProof::parse(text)
            {
                let hashes: String = proof.path.hashes.iter().map(|hash| base64::encode(hash) + "\n").collect();
                let written = format!("{SINGLE}\nindex {}\n{hashes}\n{}", proof.path.index, proof.head);
                prop_assert!(written == text || text.contains("\nextra "));
            }
        }
    }
}
