//! A witness that lives in a folder (C2SP tlog-witness; spec 16 section 16.8). It cosigns a tree head when the head continues the
//! newest one that it has seen of that log, and remembers it before it answers. What it is good for depends on who
//! keeps it: a witness in the hands of the log's operator says nothing to anybody else.
//!
//! ```text
//! witness.seed                       the key; mode 0600
//! vkey                               its key text
//! logs                               key texts of the logs that it watches, one a line
//! <hex SHA-256( origin )>/checkpoint the newest head of a log, with its own cosignature
//! ```
//!
//! A request is the body of `add-checkpoint`:
//!
//! ```text
//! old <size>\n
//! <base64 hash>\n        the consistency proof, 63 lines at most
//! \n
//! <signed tree head>
//! ```

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use verifier_core::bytes::{base64, hex};
use verifier_core::crypto::sha256;

use super::note::{NoteKey, Role, SignedHead, VerifierKey};
use super::tiles::replace;
use super::tree::{self, Hash, is_consistent};
use crate::error::{Error, Result};
use crate::keys::Seed;

/// Hashes of a consistency proof.
const PROOF: usize = 63;

/// What a witness says to a request: HTTP status and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 200, 400, 403, 404, 409 or 422.
    pub status: u16,
    /// The cosignature line; with 409 the size that the witness has seen; otherwise what is wrong.
    pub body: String,
}

impl Answer {
    fn no(status: u16, body: impl Into<String>) -> Self {
        Self { status, body: format!("{}\n", body.into()) }
    }
}

/// A witness: its key and the logs that it watches.
#[derive(Debug)]
pub struct Witness {
    key: NoteKey,
    logs: Vec<VerifierKey>,
}

impl Witness {
    /// A witness of `logs`.
    ///
    /// # Errors
    /// [`Error::Refused`] when the name cannot be a key name, or a key is no log's.
    pub fn new(name: &str, seed: Seed, logs: Vec<VerifierKey>) -> Result<Self> {
        if let Some(other) = logs.iter().find(|key| key.role != Role::Log) {
            return Err(Error::refused(
                "log.key_invalid",
                format!("{} is not the key of a log", other.to_text()),
            ));
        }
        Ok(Self { key: NoteKey::new(name, Role::Witness, seed)?, logs })
    }

    /// Its public key.
    #[must_use]
    pub fn public(&self) -> &VerifierKey {
        self.key.public()
    }

    /// Judges a request at a time in POSIX seconds, `latest` being the newest head seen of the log with this origin. Gives the
    /// head to remember, cosigned, and the cosignature.
    ///
    /// # Errors
    /// What the witness answers when it does not cosign.
    pub fn cosign(
        &self,
        request: &str,
        latest: impl FnOnce(&str) -> Result<Option<SignedHead>>,
        seconds: u64,
    ) -> Result<Result<(SignedHead, String), Answer>> {
        let Some((old, proof, mut note)) = parse(request) else {
            return Ok(Err(Answer::no(400, "not an add-checkpoint request")));
        };
        let head = note.head.clone();
        let mut keys = self.logs.iter().filter(|key| key.name == head.origin).peekable();
        if keys.peek().is_none() {
            return Ok(Err(Answer::no(404, "this log is not watched")));
        }
        if !keys.any(|key| note.is_signed_by(key)) {
            return Ok(Err(Answer::no(403, "no signature of the log's key verifies")));
        }
        if old > head.size {
            return Ok(Err(Answer::no(400, "the old size is above the size of the head")));
        }
        let (seen, seen_root) = latest(&head.origin)?
            .map_or_else(|| (0, tree::root(&[])), |note| (note.head.size, note.head.root));
        if old != seen || (head.size == seen && head.root != seen_root) {
            return Ok(Err(Answer::no(409, seen.to_string())));
        }
        if !is_consistent((seen, &seen_root), (head.size, &head.root), &proof) {
            return Ok(Err(Answer::no(422, "the consistency proof does not verify")));
        }
        let line = self.key.cosign(&head.to_text(), seconds);
        note.add(&line)?;
        Ok(Ok((note, line)))
    }
}

/// Old size, proof and head of a request.
fn parse(request: &str) -> Option<(u64, Vec<Hash>, SignedHead)> {
    let (head, note) = request.split_once("\n\n")?;
    let mut lines = head.split('\n');
    let old = lines.next()?.strip_prefix("old ")?;
    let size: u64 = old.parse().ok().filter(|size: &u64| size.to_string() == old)?;
    let proof: Vec<Hash> = lines.map(|line| base64::decode(line)?.try_into().ok()).collect::<Option<_>>()?;
    (proof.len() <= PROOF).then_some((size, proof, SignedHead::parse(note).ok()?))
}

/// The text of a request.
#[must_use]
pub fn request(old: u64, proof: &[Hash], note: &SignedHead) -> String {
    let proof: String = proof.iter().map(|hash| base64::encode(hash) + "\n").collect();
    format!("old {old}\n{proof}\n{}", note.to_text())
}

/// A witness and its memory.
#[derive(Debug)]
pub struct WitnessFolder {
    directory: PathBuf,
    witness: Witness,
}

impl WitnessFolder {
    /// Makes a folder for a new witness.
    ///
    /// # Errors
    /// When there is one, or a file cannot be written.
    pub fn init(directory: &Path, name: &str, seed: Seed, logs: Vec<VerifierKey>) -> Result<Self> {
        fs::create_dir_all(directory).map_err(|error| Error::file(directory, error))?;
        let key_file = directory.join("witness.seed");
        if key_file.exists() {
            return Err(Error::refused(
                "log.witness_exists",
                format!("{} is there already", key_file.display()),
            ));
        }
        let witness = Witness::new(name, seed, logs)?;
        witness.key.create_file(&directory.join("witness.seed"))?;
        let texts: String = witness.logs.iter().map(|key| key.to_text() + "\n").collect();
        for (file, text) in [("logs", texts), ("vkey", witness.public().to_text() + "\n")] {
            replace(&directory.join(file), &directory.join("new"), text.as_bytes())?;
        }
        Ok(Self { directory: directory.to_owned(), witness })
    }

    /// Opens the folder of a witness.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn open(directory: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = directory.join(name);
            fs::read_to_string(&path).map_err(|error| Error::file(&path, error))
        };
        let own = VerifierKey::parse(&read("vkey")?)?;
        let logs = read("logs")?.lines().map(VerifierKey::parse).collect::<Result<_>>()?;
        let witness = Witness::new(&own.name, Seed::read_file(&directory.join("witness.seed"))?, logs)?;
        if *witness.public() != own {
            return Err(Error::Damaged("the witness's key file holds another key than vkey".to_owned()));
        }
        Ok(Self { directory: directory.to_owned(), witness })
    }

    /// The witness.
    #[must_use]
    pub fn witness(&self) -> &Witness {
        &self.witness
    }

    /// Answers a request. Comparing and remembering happen under a lock, and the head is on the disk before the answer is out.
    ///
    /// # Errors
    /// When the memory cannot be read or written; then nothing was cosigned.
    pub fn add_checkpoint(&self, request: &str, seconds: u64) -> Result<Answer> {
        let path = self.directory.join("lock");
        let lock = File::create(&path).and_then(|file| file.lock().map(|()| file));
        let lock = lock.map_err(|error| Error::file(&path, error))?;
        let judged = self.witness.cosign(request, |origin| self.latest(origin), seconds)?;
        let (note, line) = match judged {
            Ok(cosigned) => cosigned,
            Err(answer) => return Ok(answer),
        };
        let memory = self.memory(&note.head.origin);
        replace(&memory, &self.directory.join("new"), note.to_text().as_bytes())?;
        drop(lock);
        Ok(Answer { status: 200, body: line })
    }

    fn latest(&self, origin: &str) -> Result<Option<SignedHead>> {
        let path = self.memory(origin);
        match fs::read_to_string(&path) {
            Ok(note) => SignedHead::parse(&note).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file(&path, error)),
        }
    }

    fn memory(&self, origin: &str) -> PathBuf {
        self.directory.join(hex::encode(&sha256(origin.as_bytes()))).join("checkpoint")
    }
}

/// The policy file of an auditor (C2SP tlog-policy; spec 16 section 16.4.3): which log and witnesses to trust, and how many of
/// them must have seen a head; more than half without a quorum.
///
/// # Errors
/// [`Error::Refused`] when the quorum cannot be met or a key is no witness's.
pub fn policy(log: &VerifierKey, witnesses: &[&VerifierKey], quorum: Option<usize>) -> Result<String> {
    if let Some(other) = witnesses.iter().find(|key| key.role != Role::Witness) {
        return Err(Error::refused(
            "log.key_invalid",
            format!("{} is not the key of a witness", other.to_text()),
        ));
    }
    let quorum = quorum.unwrap_or(witnesses.len() / 2 + 1);
    if quorum == 0 || quorum > witnesses.len() {
        return Err(Error::refused(
            "log.quorum_invalid",
            format!("a quorum of {quorum} cannot be met by {} witnesses", witnesses.len()),
        ));
    }
    let mut text = format!("log {}\n", log.to_text());
    let mut members = String::new();
    for (number, witness) in (1..).zip(witnesses) {
        text.push_str(&format!("witness w{number} {}\n", witness.to_text()));
        members.push_str(&format!(" w{number}"));
    }
    Ok(format!("{text}group witnesses {quorum}{members}\nquorum witnesses\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::note::Head;

    const ORIGIN: &str = "keel-evidence.example/log/1";

    fn log() -> NoteKey {
        NoteKey::new(ORIGIN, Role::Log, Seed::public_fixture("log").unwrap()).unwrap()
    }

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|number| tree::leaf_hash(&[number])).collect()
    }

    fn head(leaves: &[Hash]) -> SignedHead {
        let size = u64::try_from(leaves.len()).unwrap();
        SignedHead::sign(Head { origin: ORIGIN.to_owned(), size, root: tree::root(leaves) }, &log())
    }

    fn grown(old: usize, leaves: &[Hash]) -> String {
        request(u64::try_from(old).unwrap(), &tree::consistency(leaves, old), &head(leaves))
    }

    fn folder(directory: &Path) -> WitnessFolder {
        let seed = Seed::public_fixture("witness").unwrap();
        WitnessFolder::init(&directory.join("w"), "witness.example/w1", seed, vec![log().public().clone()])
            .unwrap()
    }

    #[test]
    fn only_a_head_that_continues_the_last_one_is_cosigned() {
        let directory = tempfile::tempdir().unwrap();
        let witness = folder(directory.path());
        let status = |request: &str| witness.add_checkpoint(request, 1_790_000_000).unwrap().status;
        let leaves = leaves(12);
        assert_eq!(status(&grown(3, &leaves[..8])), 409, "nothing seen yet");
        assert_eq!(status(&grown(0, &leaves[..3])), 200);
        assert_eq!(status(&grown(3, &leaves[..3])), 200, "the same head again");
        let first = witness.add_checkpoint(&grown(3, &leaves[..8]), 1_790_000_001).unwrap();
        let mut note = head(&leaves[..8]);
        note.add(&first.body).unwrap();
        assert_eq!(note.cosigned_by(witness.witness().public()), Some(1_790_000_001));

        let rollback = grown(3, &leaves[..5]);
        assert_eq!(
            witness.add_checkpoint(&rollback, 0).unwrap(),
            Answer { status: 409, body: "8\n".to_owned() }
        );
        assert_eq!(status(&request(8, &[], &head(&leaves[..5]))), 400, "smaller than what was seen");
        let mut fork = leaves.clone();
        fork[7] = tree::leaf_hash(b"evil");
        assert_eq!(status(&request(8, &[], &head(&fork[..8]))), 409, "another root for the same size");
        assert_eq!(status(&grown(8, &fork)), 422, "another past");
        assert_eq!(status(&request(8, &[], &head(&leaves))), 422, "no proof");
        let again = WitnessFolder::open(&directory.path().join("w")).unwrap();
        assert_eq!(
            again.add_checkpoint(&grown(8, &leaves), 1_790_000_002).unwrap().status,
            200,
            "memory survives"
        );
        assert_eq!(again.latest(ORIGIN).unwrap().unwrap().head, head(&leaves).head);
    }

    /// Two histories arrive at once, each from several sides: one of them is cosigned, the other never.
    #[test]
    fn a_race_has_one_winner() {
        let directory = tempfile::tempdir().unwrap();
        folder(directory.path());
        let requests = [b"one", b"two"].map(|entry| grown(0, &[tree::leaf_hash(entry)]));
        let cosigned: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|number| {
                    let (request, path) = (&requests[number % 2], directory.path().join("w"));
                    scope.spawn(move || {
                        let witness = WitnessFolder::open(&path).unwrap();
                        (witness.add_checkpoint(request, 0).unwrap().status == 200).then_some(number % 2)
                    })
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(cosigned.len(), 1, "{cosigned:?}");
    }

    #[test]
    fn strangers_and_nonsense_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let witness = folder(directory.path());
        let status = |request: &str| witness.add_checkpoint(request, 0).unwrap().status;
        let good = grown(0, &leaves(2));
        assert_eq!(status(&good.replace("/log/1\n", "/log/2\n")), 404);
        assert_eq!(status(&good.replace("\n2\n", "\n3\n")), 403);
        for bad in ["", "old 0\n", "old -1\n\nx", "old 00\n\nx"] {
            assert_eq!(status(bad), 400, "{bad:?}");
        }
        let hash = base64::encode(&[0; 32]) + "\n";
        for (old, expected) in [
            ("old 00\n", 400),
            ("old 0\nAAAA\n", 400),
            (&*format!("old 0\n{hash}"), 422),
            (&*format!("old 0\n{}", hash.repeat(64)), 400),
        ] {
            assert_eq!(status(&good.replace("old 0\n", old)), expected, "{old:?}");
        }
        assert_eq!(status(&good), 200);
        assert!(
            WitnessFolder::init(
                &directory.path().join("w"),
                "w",
                Seed::public_fixture("x").unwrap(),
                Vec::new()
            )
            .is_err()
        );
    }

    /// Spec 16 section 16.8: the body for growing from 3 to 8.
    #[test]
    fn published_request() {
        let entries: [&[u8]; 8] =
            [b"", b"\x00", b"\x10", b"\x20\x21", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"];
        let leaves: Vec<Hash> = entries.iter().map(|entry| tree::leaf_hash(entry)).collect();
        assert!(grown(3, &leaves).starts_with(
            "old 3\nApjRIpBtz8EIkstTpzmS/FufST6kybrbJ7eRtBJ6f+c=\nB1Bqhf2d0vEg62lPhgEeW7RmLlxBWmKRcDPUqWJEh+c=\n\
             +sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=\na0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=\n\n\
             keel-evidence.example/log/1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n"
        ));
        assert_eq!(
            hex::encode(&sha256(ORIGIN.as_bytes())),
            "8e4d94259ec996aafd84d21b8a9aeb6264cf7b00fa7e627f898a7a2792479d29"
        );
    }

    #[test]
    fn policies() {
        let keys: Vec<NoteKey> = ["a", "b"]
            .iter()
            .map(|name| NoteKey::new(name, Role::Witness, Seed::public_fixture(name).unwrap()).unwrap())
            .collect();
        let witnesses: Vec<&VerifierKey> = keys.iter().map(NoteKey::public).collect();
        let text = policy(log().public(), &witnesses, Some(2)).unwrap();
        assert!(text.ends_with("group witnesses 2 w1 w2\nquorum witnesses\n"), "{text}");
        assert_eq!(text.lines().count(), 5);
        assert_eq!(policy(log().public(), &witnesses, None).unwrap(), text);
        assert!(policy(log().public(), &[log().public()], None).is_err());
        assert!(policy(log().public(), &witnesses, Some(3)).is_err());
        assert!(policy(log().public(), &witnesses, Some(0)).is_err());
    }
}
