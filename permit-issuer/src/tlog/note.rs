//! Signed notes, tree heads and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature; spec 16 sections
//! 16.3 and 16.4).
//!
//! ```text
//! <origin>\n<size>\n<base64 root>\n          the text; what the log signs
//! \n
//! — <key name> <base64( key id | signature )>\n          one line for each signature
//! ```
//!
//! ```text
//! key id       = first 4 bytes of SHA-256( name | 0x0A | type | public key )
//! type 0x01    Ed25519 over the text
//! type 0x04    u64 big-endian seconds | Ed25519 over "cosignature/v1\ntime <seconds>\n" and the text
//! key text     = <name>+<hex key id>+<base64( type | public key )>
//! ```
//!
//! A key name is signed into nothing but the key id, so one key must not stand under two names.

use verifier_core::bytes::{base64, hex};
use verifier_core::crypto::{PublicKey, SignatureText, sha256, verify};

use super::tree::Hash;
use crate::error::{Error, Result};
use crate::keys::{Seed, Signer as _};

/// Bytes of a note that is read.
const NOTE: usize = 64 << 10;

/// What a key of a note signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Tree heads of its own log.
    Log,
    /// That it saw a tree head, and when.
    Witness,
}

impl Role {
    fn byte(self) -> u8 {
        match self {
            Self::Log => 0x01,
            Self::Witness => 0x04,
        }
    }
}

/// The public half of a note key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    /// Key name; for a log its origin.
    pub name: String,
    /// What it signs.
    pub role: Role,
    /// The key.
    pub key: PublicKey,
}

impl VerifierKey {
    /// Joins the parts.
    ///
    /// # Errors
    /// [`Error::Refused`] when the name cannot stand in a signature line or in a policy file.
    pub fn new(name: &str, role: Role, key: PublicKey) -> Result<Self> {
        if name.is_empty()
            || name.len() > 255
            || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+')
        {
            return Err(Error::refused(
                "log.name_invalid",
                format!(
                    "{name:?} is not a key name: visible ASCII without blank and \"+\", such as example.com/log/1"
                ),
            ));
        }
        Ok(Self { name: name.to_owned(), role, key })
    }

    /// Reads a key text.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is not one, or its key id is not that of its key.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |what: &str| Error::refused("log.key_invalid", format!("{text:?}: {what}"));
        let mut parts = text.trim_ascii().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("a key text is NAME+KEYID+BASE64"));
        };
        let key = base64::decode(key).ok_or_else(|| bad("not standard base64"))?;
        let (role, key) = match key.split_first() {
            Some((1, key)) => (Role::Log, key),
            Some((4, key)) => (Role::Witness, key),
            _ => return Err(bad("neither an Ed25519 log key nor a cosignature key")),
        };
        let key =
            key.try_into().ok().and_then(PublicKey::from_bytes).ok_or_else(|| bad("not an Ed25519 key"))?;
        let parsed = Self::new(name, role, key)?;
        if hex::encode(&parsed.id()) != id {
            return Err(bad("the key id is not that of the key"));
        }
        Ok(parsed)
    }

    /// The key text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let key = [&[self.role.byte()], &self.key.as_bytes()[..]].concat();
        format!("{}+{}+{}", self.name, hex::encode(&self.id()), base64::encode(&key))
    }

    /// The key id.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let named = [self.name.as_bytes(), b"\n", &[self.role.byte()], self.key.as_bytes()].concat();
        let [a, b, c, d, ..] = sha256(&named);
        [a, b, c, d]
    }
}

/// A note key that can sign.
pub struct NoteKey {
    seed: Seed,
    public: VerifierKey,
}

impl NoteKey {
    /// Names a seed.
    ///
    /// # Errors
    /// As [`VerifierKey::new`].
    pub fn new(name: &str, role: Role, seed: Seed) -> Result<Self> {
        let public = VerifierKey::new(name, role, seed.public_key())?;
        Ok(Self { seed, public })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &VerifierKey {
        &self.public
    }

    /// Writes the key file.
    pub(super) fn create_file(&self, path: &std::path::Path) -> Result<()> {
        self.seed.create_file(path)
    }

    /// The signature line of a log over the text of a tree head.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        self.line(&self.seed.sign(text.as_bytes()))
    }

    /// The signature line of a witness over the text of a tree head, at a time in POSIX seconds.
    #[must_use]
    pub fn cosign(&self, text: &str, seconds: u64) -> String {
        let signature = self.seed.sign(format!("cosignature/v1\ntime {seconds}\n{text}").as_bytes());
        self.line(&[&seconds.to_be_bytes()[..], &signature].concat())
    }

    fn line(&self, signature: &[u8]) -> String {
        let bytes = [&self.public.id()[..], signature].concat();
        format!("\u{2014} {} {}\n", self.public.name, base64::encode(&bytes))
    }
}

impl std::fmt::Debug for NoteKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.public.fmt(formatter)
    }
}

/// What a log signs about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Name of the log.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

impl Head {
    /// The signed text.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, base64::encode(&self.root))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let head = Self {
            origin: origin.to_owned(),
            size: size.parse().ok()?,
            root: base64::decode(root)?.try_into().ok()?,
        };
        // one spelling, no extension lines: what our logs write
        (!origin.is_empty() && head.to_text() == text).then_some(head)
    }
}

/// A tree head and its signature lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// What is signed.
    pub head: Head,
    lines: Vec<String>,
}

impl SignedHead {
    /// A head with the signature of its log.
    #[must_use]
    pub fn sign(head: Head, key: &NoteKey) -> Self {
        let line = key.sign(&head.to_text());
        Self { head, lines: vec![line] }
    }

    /// Reads a note. Nothing is verified.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is not a note over a tree head.
    pub fn parse(note: &str) -> Result<Self> {
        let bad =
            |what: &str| Error::refused("log.note_malformed", format!("not a signed tree head: {what}"));
        if note.len() > NOTE {
            return Err(bad("too long"));
        }
        let (text, signatures) = note.rsplit_once("\n\n").ok_or_else(|| bad("no empty line"))?;
        let head =
            Head::parse(&format!("{text}\n")).ok_or_else(|| bad("its text is not origin, size and root"))?;
        if signatures.is_empty() || !signatures.ends_with('\n') {
            return Err(bad("no signature line"));
        }
        let lines: Vec<String> = signatures.split_inclusive('\n').map(str::to_owned).collect();
        if lines.iter().any(|line| signature(line).is_none()) {
            return Err(bad("a line behind the empty one is not a signature"));
        }
        Ok(Self { head, lines })
    }

    /// The note.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}", self.head.to_text(), self.lines.concat())
    }

    /// Adds the lines of witnesses; a line of the same key is replaced.
    ///
    /// # Errors
    /// [`Error::Refused`] when one of them is not a cosignature line.
    pub fn add(&mut self, cosignatures: &str) -> Result<()> {
        for line in cosignatures.split_inclusive('\n') {
            match signature(line) {
                Some((name, id, bytes)) if bytes.len() == 72 => {
                    self.lines.retain(|known| {
                        signature(known).is_none_or(|(other, other_id, _)| (other, other_id) != (name, id))
                    });
                    self.lines.push(line.to_owned());
                }
                _ => {
                    return Err(Error::refused(
                        "log.cosignature_malformed",
                        format!("{:?} is not the line of a witness", line.trim_end()),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Whether `key` signed this head as its log.
    #[must_use]
    pub fn is_signed_by(&self, key: &VerifierKey) -> bool {
        self.signatures(key).any(|bytes| verifies(key, &self.head.to_text(), &bytes))
    }

    /// When `key` cosigned this head, in POSIX seconds.
    #[must_use]
    pub fn cosigned_by(&self, key: &VerifierKey) -> Option<u64> {
        self.signatures(key).find_map(|bytes| {
            let (seconds, signed) = bytes.split_first_chunk()?;
            let seconds = u64::from_be_bytes(*seconds);
            let message = format!("cosignature/v1\ntime {seconds}\n{}", self.head.to_text());
            verifies(key, &message, signed).then_some(seconds)
        })
    }

    /// The names on the lines behind the log's own. Nothing is verified.
    #[must_use]
    pub fn cosigners(&self) -> Vec<&str> {
        let named = |line| signature(line).filter(|(.., bytes)| bytes.len() == 72).map(|(name, ..)| name);
        self.lines.iter().filter_map(|line| named(line)).collect()
    }

    fn signatures(&self, key: &VerifierKey) -> impl Iterator<Item = Vec<u8>> {
        let id = key.id();
        self.lines
            .iter()
            .filter_map(|line| signature(line))
            .filter(move |(name, line_id, _)| *name == key.name && *line_id == id)
            .map(|(.., bytes)| bytes)
    }
}

/// Name, key id and signature of a line.
fn signature(line: &str) -> Option<(&str, [u8; 4], Vec<u8>)> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.strip_suffix('\n')?.split_once(' ')?;
    let bytes = base64::decode(encoded)?;
    let (id, bytes) = bytes.split_first_chunk()?;
    (!name.is_empty()).then(|| (name, *id, bytes.to_vec()))
}

fn verifies(key: &VerifierKey, message: &str, signature: &[u8]) -> bool {
    SignatureText::parse(&base64::encode(signature))
        .is_ok_and(|signature| verify(&key.key, message.as_bytes(), &signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: &str = "keel-evidence.example/log/1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\
        — keel-evidence.example/log/1 pMCLzBpHH93nbCv/N7nnjG1KMUZHftdF/fw2R+aiJ9CKQ3ZeLfEF3It2l1LyCyELy6+L/WD6/9cYT7Z77kJg85LvhQg=\n\
        — witness.example/w1 g91bqgAAAABqsTuA2Q/8IRwrpWA2+hnlQKWP+56C9/uHsOquCUGBTyPxgROhWFJy/lWv9rv4TIOPihKmCEKk9INH8doTlzCNdkt+AA==\n";

    fn key(name: &str, role: Role, seed: &str) -> NoteKey {
        NoteKey::new(name, role, Seed::from_text(seed).unwrap()).unwrap()
    }

    fn keys() -> (NoteKey, NoteKey) {
        (
            key(
                "keel-evidence.example/log/1",
                Role::Log,
                "5a967e2f12afded408785b95e8cb4baefe8f888d975cf4b8629ba448e923118f",
            ),
            key(
                "witness.example/w1",
                Role::Witness,
                "d120a8c4db7a5fb0eb2f233d4e7d0228be256eb402c7508cbdb5dcf8bb6bc8f7",
            ),
        )
    }

    /// Spec 16 sections 16.3.3 and 16.4.1.
    #[test]
    fn published_note() {
        let (log, witness) = keys();
        let log_key = "keel-evidence.example/log/1+a4c08bcc+ATsdfxX9v0j6EaLWCzD9vvgjNEFjNUjeq3NlIUeQbIJC";
        let witness_key = "witness.example/w1+83dd5baa+BHQ48hqB6Pn28rJceXNR3oVjMVueo/Rb/b2L5jtgUFcg";
        assert_eq!(log.public().to_text(), log_key);
        assert_eq!(witness.public().to_text(), witness_key);
        assert_eq!(VerifierKey::parse(log_key).unwrap(), *log.public());
        assert_eq!(VerifierKey::parse(witness_key).unwrap(), *witness.public());
        let root = hex::decode(b"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328").unwrap();
        let head = Head { origin: log.public().name.clone(), size: 8, root };
        let mut note = SignedHead::sign(head, &log);
        for _ in 0..2 {
            let line = witness.cosign(&note.head.to_text(), 1_790_000_000);
            note.add(&line).unwrap();
        }
        assert_eq!(note.to_text(), NOTE);
        assert_eq!(SignedHead::parse(NOTE).unwrap(), note);
        assert!(note.is_signed_by(log.public()));
        assert_eq!(note.cosigned_by(witness.public()), Some(1_790_000_000));
        assert_eq!(note.cosigned_by(log.public()), None);
    }

    #[test]
    fn what_is_not_a_note_or_a_key_is_refused() {
        for (from, to) in [
            ("\n8\n", "\n08\n"),
            ("\n8\n", "\n8 \n"),
            ("\n8\n", "\n18446744073709551616\n"),
            ("Qyg=\n", "Qyg=\nextension\n"),
            ("\n\n", "\n"),
            ("keel-evidence.example/log/1\n8", "\n8"),
            ("— witness", "- witness"),
            ("AA==\n", "AA==\n\n"),
            ("AA==\n", "AA=="),
        ] {
            let changed = NOTE.replacen(from, to, 1);
            assert_ne!(changed, NOTE);
            assert!(SignedHead::parse(&changed).is_err(), "{from:?} {to:?}");
        }
        for end in 0..NOTE.len() - "— witness.example/w1 ".len() - 105 {
            let whole = NOTE.get(..end).is_some_and(|start| start.ends_with("hQg=\n"));
            assert_eq!(NOTE.get(..end).is_some_and(|start| SignedHead::parse(start).is_ok()), whole, "{end}");
        }
        let (log, _) = keys();
        let text = log.public().to_text();
        for changed in [text.replace("a4", "a5"), text.replace("log/1", "log/2"), text.replace("+AT", "+Aj")]
        {
            assert!(VerifierKey::parse(&changed).is_err(), "{changed}");
        }
        for name in ["", "a b", "a+b", "a\n", "ä"] {
            assert!(VerifierKey::new(name, Role::Log, log.public().key).is_err());
        }
        let mut note = SignedHead::parse(NOTE).unwrap();
        assert!(note.add(&log.sign("x\n")).is_err(), "a log does not cosign");
        note.head.size = 9;
        assert!(!note.is_signed_by(log.public()));
    }
}
