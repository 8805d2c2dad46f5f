//! Keys of signed notes, and what their signatures say (C2SP signed-note and tlog-cosignature; spec 16.3, 16.4).
//!
//! ```text
//! key text       = <name>+<8 hex digits of the key id>+<base64( type | public key )>
//! key id         = first 4 bytes of SHA-256( name | 0x0A | type | public key )
//! type 0x01      Ed25519 over the text of the note: the log itself
//! type 0x04      u64 big-endian seconds | Ed25519 over "cosignature/v1\ntime <seconds>\n" and the text: a witness
//! type 0x06      u64 big-endian seconds | ML-DSA-44: a witness; recognised, and never evaluated
//! ```
//!
//! Revision of the C2SP texts: July 2026.

use std::fmt;

use super::note::{Note, NoteSignature};
use crate::bytes::{base64, hex};
use crate::crypto::{PublicKey, SignatureText, sha256, verify};

/// Who a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A log, which signs its own tree heads.
    Log,
    /// A witness, which says that it saw a head that extends all it saw before, and when.
    Witness,
}

/// Why a text is no key of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// Not `<name>+<key id>+<base64>`, or a name with blanks or `+`.
    Form,
    /// The key id is not that of name and key.
    KeyId,
    /// A type of key that is not supported.
    Type(u8),
    /// No public key of the stated type.
    Key,
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => formatter.write_str("the key is not of the form name+id+base64"),
            Self::KeyId => formatter.write_str("the key id is not that of this name and key"),
            Self::Type(kind) => write!(formatter, "keys of type 0x{kind:02x} are not supported"),
            Self::Key => formatter.write_str("the key is no public key of its type"),
        }
    }
}

impl std::error::Error for KeyError {}

/// A key that the verifier trusts for its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    /// Name; for a log its origin.
    pub name: String,
    /// Who it belongs to.
    pub role: Role,
    id: [u8; 4],
    key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Ed25519(PublicKey),
    /// ML-DSA-44: there is no code that could say whether a signature is right.
    MlDsa(Vec<u8>),
}

/// Bytes of an ML-DSA-44 public key (FIPS 204).
const ML_DSA_KEY: usize = 1312;

/// What a note says under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// Nothing: there is no signature under the key.
    No,
    /// It is signed; a witness says when, in Unix seconds.
    Yes(Option<u64>),
    /// There is a signature under the key's name and id that does not verify.
    Wrong,
    /// There is a signature of a type that is not supported, so nothing is known about it.
    NotEvaluated,
}

impl NoteKey {
    /// Reads the text of a key.
    ///
    /// # Errors
    /// [`KeyError`] when it is none.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, rest) = text.trim_end_matches('\n').split_once('+').ok_or(KeyError::Form)?;
        let (id, encoded) = rest.split_once('+').ok_or(KeyError::Form)?;
        if name.is_empty() || name.chars().any(char::is_whitespace) {
            return Err(KeyError::Form);
        }
        let id: [u8; 4] = hex::decode(id.as_bytes()).ok_or(KeyError::Form)?;
        let bytes = base64::decode(encoded).ok_or(KeyError::Form)?;
        let (kind, key) = bytes.split_first().ok_or(KeyError::Form)?;
        let mut hashed = name.as_bytes().to_vec();
        hashed.push(b'\n');
        hashed.extend_from_slice(&bytes);
        if sha256(&hashed).first_chunk::<4>() != Some(&id) {
            return Err(KeyError::KeyId);
        }
        let ed25519 = || {
            let key: &[u8; 32] = key.try_into().map_err(|_| KeyError::Key)?;
            PublicKey::from_bytes(key).filter(|key| !key.is_weak()).map(Key::Ed25519).ok_or(KeyError::Key)
        };
        let (role, key) = match kind {
            0x01 => (Role::Log, ed25519()?),
            0x04 => (Role::Witness, ed25519()?),
            0x06 if key.len() == ML_DSA_KEY => (Role::Witness, Key::MlDsa(key.to_vec())),
            0x06 => return Err(KeyError::Key),
            other => return Err(KeyError::Type(*other)),
        };
        Ok(Self { name: name.to_owned(), role, id, key })
    }

    /// The key of one who signs tree heads. `None` when the name cannot stand in a signature line: it must be visible
    /// ASCII without `+`, at most 255 bytes.
    #[must_use]
    pub fn of_log(name: &str, key: PublicKey) -> Option<Self> {
        let is_name = !name.is_empty()
            && name.len() <= 255
            && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+');
        let hashed = [name.as_bytes(), b"\n\x01", key.as_bytes()].concat();
        let id = *sha256(&hashed).first_chunk()?;
        is_name.then(|| Self { name: name.to_owned(), role: Role::Log, id, key: Key::Ed25519(key) })
    }

    /// The key text; of an unsupported type too.
    #[must_use]
    pub fn to_text(&self) -> String {
        let kind = match (&self.key, self.role) {
            (Key::MlDsa(_), _) => 0x06,
            (Key::Ed25519(_), Role::Log) => 0x01,
            (Key::Ed25519(_), Role::Witness) => 0x04,
        };
        let key: &[u8] = match &self.key {
            Key::Ed25519(key) => key.as_bytes(),
            Key::MlDsa(key) => key,
        };
        let encoded = base64::encode(&[&[kind], key].concat());
        format!("{}+{}+{encoded}", self.name, hex::encode(&self.id))
    }

    /// A note with one signature line of this key.
    #[must_use]
    pub fn note(&self, text: &str, signature: &[u8]) -> String {
        let line = base64::encode(&[&self.id, signature].concat());
        format!("{text}\n\u{2014} {} {line}\n", self.name)
    }

    /// The public key; `None` for one of a type that is not supported.
    #[must_use]
    pub fn public_key(&self) -> Option<&PublicKey> {
        match &self.key {
            Key::Ed25519(key) => Some(key),
            Key::MlDsa(_) => None,
        }
    }

    /// Whether two keys are the same key, whatever they are called.
    #[must_use]
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// What the note says under this key. One wrong signature outweighs a right one; several right ones are one.
    #[must_use]
    pub fn signed(&self, note: &Note<'_>) -> Signed {
        let mut signed = Signed::No;
        for line in note.signatures.iter().filter(|line| line.name == self.name && line.key_id == self.id) {
            let Key::Ed25519(key) = &self.key else { return Signed::NotEvaluated };
            let verified = match self.role {
                Role::Log => log_line(key, note.text, line).map(|()| None),
                Role::Witness => cosignature(key, note.text, line).map(Some),
            };
            match verified {
                Some(time) => signed = Signed::Yes(time),
                None => return Signed::Wrong,
            }
        }
        signed
    }
}

fn log_line(key: &PublicKey, text: &str, line: &NoteSignature<'_>) -> Option<()> {
    let signature: [u8; 64] = line.signature.as_slice().try_into().ok()?;
    verify(key, text.as_bytes(), &SignatureText(signature)).then_some(())
}

/// The time of a cosignature that verifies.
fn cosignature(key: &PublicKey, text: &str, line: &NoteSignature<'_>) -> Option<u64> {
    let (time, signature) = line.signature.split_first_chunk::<8>()?;
    let signature: [u8; 64] = signature.try_into().ok()?;
    let time = u64::from_be_bytes(*time);
    let message = format!("cosignature/v1\ntime {time}\n{text}");
    let is_good = time >> 63 == 0 && verify(key, message.as_bytes(), &SignatureText(signature));
    is_good.then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spec 16 sections 16.3.3 and 16.4.
    const LOG: &str = "keel-evidence.example/log/1+a4c08bcc+ATsdfxX9v0j6EaLWCzD9vvgjNEFjNUjeq3NlIUeQbIJC";
    const WITNESS: &str = "witness.example/w1+83dd5baa+BHQ48hqB6Pn28rJceXNR3oVjMVueo/Rb/b2L5jtgUFcg";
    const NOTE: &str = "keel-evidence.example/log/1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\
        \u{2014} keel-evidence.example/log/1 pMCLzBpHH93nbCv/N7nnjG1KMUZHftdF/fw2R+aiJ9CKQ3ZeLfEF3It2l1LyCyELy6+L/WD6/9cYT7Z77kJg85LvhQg=\n\
        \u{2014} witness.example/w1 g91bqgAAAABqsTuA2Q/8IRwrpWA2+hnlQKWP+56C9/uHsOquCUGBTyPxgROhWFJy/lWv9rv4TIOPihKmCEKk9INH8doTlzCNdkt+AA==\n";

    #[test]
    fn log_and_witness_sign_the_published_note() {
        let note = Note::parse(NOTE).unwrap();
        let (log, witness) = (NoteKey::parse(LOG).unwrap(), NoteKey::parse(WITNESS).unwrap());
        assert_eq!(log.signed(&note), Signed::Yes(None));
        assert_eq!(witness.signed(&note), Signed::Yes(Some(1_790_000_000)));
        let other = NOTE.replace("\n8\n", "\n9\n");
        let note = Note::parse(&other).unwrap();
        assert_eq!((log.signed(&note), witness.signed(&note)), (Signed::Wrong, Signed::Wrong));
        assert_eq!((log.to_text(), witness.to_text()), (LOG.to_owned(), WITNESS.to_owned()));
        let again = NoteKey::of_log("keel-evidence.example/log/1", *log.public_key().unwrap()).unwrap();
        let (text, _) = NOTE.split_once("\n\n").unwrap();
        let text = format!("{text}\n");
        let written = again.note(&text, &Note::parse(NOTE).unwrap().signatures[0].signature);
        assert_eq!(log.signed(&Note::parse(&written).unwrap()), Signed::Yes(None));
        assert!(NOTE.starts_with(&written));
        assert_eq!(NoteKey::of_log("a+b", *log.public_key().unwrap()), None);
        let unsigned = NOTE.replace("witness.example/w1 g91b", "witness.example/w2 g91b");
        assert_eq!(witness.signed(&Note::parse(&unsigned).unwrap()), Signed::No);
    }

    /// The text of a key with its right id.
    fn text_of(name: &str, key: &[u8]) -> String {
        let id = sha256(&[name.as_bytes(), b"\n", key].concat());
        format!("{name}+{}+{}", hex::encode(&id[..4]), base64::encode(key))
    }

    /// What cannot be evaluated is neither right nor wrong.
    #[test]
    fn a_cosignature_of_an_unsupported_type_is_not_evaluated() {
        let key = NoteKey::parse(&text_of("w", &[6; 1 + ML_DSA_KEY])).unwrap();
        assert_eq!((key.role, key.public_key()), (Role::Witness, None));
        let line = base64::encode(&[&key.id[..], &[0; 2428]].concat());
        let note = format!("{NOTE}\u{2014} w {line}\n");
        assert_eq!(key.signed(&Note::parse(&note).unwrap()), Signed::NotEvaluated);
        assert_eq!(key.signed(&Note::parse(NOTE).unwrap()), Signed::No);
    }

    #[test]
    fn keys_have_one_spelling() {
        for (text, error) in [
            (LOG.replace("a4c08bcc", "a4c08bcd"), KeyError::KeyId),
            (LOG.replace("log/1+", "log/2+"), KeyError::KeyId),
            (LOG.replace('+', " "), KeyError::Form),
            (format!(" {LOG}"), KeyError::Form),
            (text_of("a", &[0xff]), KeyError::Type(0xff)),
            (text_of("a", &[6; 33]), KeyError::Key),
            (text_of("a", &[4; 32]), KeyError::Key),
            (text_of("a", &[&[4][..], &[0; 32]].concat()), KeyError::Key),
        ] {
            assert_eq!(NoteKey::parse(&text), Err(error), "{text}");
        }
    }
}
