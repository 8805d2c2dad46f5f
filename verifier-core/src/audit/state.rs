//! The signed state of an audit: what a later run may take over.
//!
//! ```text
//! keel-verify audit state v1
//! key ed25519:BASE64
//! signature ed25519:BASE64        (Ed25519 over the first line, its newline, and the body)
//! BODY                            (one line of JSON)
//! ```
//!
//! Nothing of the body is read before the signature was verified under the auditor's own key; a state says no more than
//! that this auditor's program found these records before. Records count only under the same [`super::binding`] and
//! for the same bytes. Chain entries are packed as base64: record hash, time (microseconds since 1970, big-endian) and
//! one byte that is 1 for an entry that is known by hash only.

mod body;

use std::collections::BTreeSet;

use ed25519_dalek::{Signer, SigningKey};
use serde::{Deserialize, Serialize};

use super::record::{SetRecord, Standing};
use super::run::Member;
use super::trace::Seen;
use crate::bytes::base64;
use crate::chain::Stretch;
use crate::crypto::{self, PublicKey, SignatureText};
use crate::x509::read_pem;
use body::Body;

const TITLE: &str = "keel-verify audit state v1\n";

/// The auditor's key.
pub struct StateKey(SigningKey);

impl StateKey {
    /// Reads an Ed25519 private key in PEM (PKCS #8), as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// Why it is none.
    pub fn from_pem(text: &str) -> Result<Self, String> {
        let blocks = read_pem(text, &["PRIVATE KEY"]).map_err(|error| error.to_string())?;
        let [(_, der)] = blocks.as_slice() else { return Err("it must hold one private key".to_owned()) };
        // PKCS #8 of an Ed25519 key without attributes (RFC 8410) has one encoding.
        let seed = der.strip_prefix(&PKCS8_ED25519).and_then(|seed| <&[u8; 32]>::try_from(seed).ok());
        let seed = seed.ok_or("it is not an Ed25519 private key in PKCS #8")?;
        Ok(Self(SigningKey::from_bytes(seed)))
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> Option<PublicKey> {
        PublicKey::from_bytes(self.0.verifying_key().as_bytes())
    }
}

const PKCS8_ED25519: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Evidence that an earlier run saw.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// The file that named the set.
    pub label: String,
    /// SHA-256 of that file, hexadecimal.
    pub main: String,
    /// The last record of each stretch, where the set verified.
    pub heads: Vec<EarlierHead>,
}

/// A record that an earlier run saw.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EarlierHead {
    /// The chain.
    pub scope: String,
    /// Sequence number.
    pub sequence: i64,
    /// Record hash.
    pub hash: [u8; 32],
}

/// What earlier runs found.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// [`super::binding`] of the run.
    pub binding: [u8; 32],
    /// Records that count under that binding, with the digest of the main file.
    pub(super) sets: Vec<(Seen, SetRecord)>,
    mains: Vec<String>,
    /// Evidence seen before that has no record here.
    earlier: BTreeSet<Earlier>,
}

/// Why a state file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl std::fmt::Display for Refused {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl State {
    /// Reads a state file.
    ///
    /// # Errors
    /// [`Refused`] unless the text is exactly what [`State::write`] gives under this key.
    pub fn read(text: &str, key: &StateKey) -> Result<Self, Refused> {
        let refused = |why: &str| Refused(why.to_owned());
        let rest =
            text.strip_prefix(TITLE).ok_or_else(|| refused("its first line is not that of a state file"))?;
        let (stated, rest) = line(rest, "key ").ok_or_else(|| refused("it names no key"))?;
        let (signature, body) = line(rest, "signature ").ok_or_else(|| refused("it has no signature"))?;
        let public = key.public().ok_or_else(|| refused("the key given has no public key"))?;
        if stated != public.to_text() {
            return Err(refused("it was written with another key than the one given"));
        }
        let signature =
            SignatureText::parse(signature).map_err(|error| Refused(format!("its signature is {error}")))?;
        if !crypto::verify(&public, &[TITLE.as_bytes(), body.as_bytes()].concat(), &signature) {
            return Err(refused("its signature does not verify"));
        }
        let body: Body = serde_json::from_str(body).map_err(|error| Refused(format!("its body: {error}")))?;
        body.state().ok_or_else(|| refused("its body holds a value that this release does not know"))
    }

    /// The state file.
    ///
    /// # Errors
    /// When the body has no JSON form.
    pub fn write(&self, key: &StateKey) -> Result<String, serde_json::Error> {
        let body = serde_json::to_string(&Body::of(self))? + "\n";
        let signature = key.0.sign(&[TITLE.as_bytes(), body.as_bytes()].concat());
        let public = key.public().map_or_else(String::new, |public| public.to_text());
        Ok(format!(
            "{TITLE}key {public}\nsignature ed25519:{}\n{body}",
            base64::encode(&signature.to_bytes())
        ))
    }

    /// The state as it counts under `binding`: under another one all records only say what was seen.
    #[must_use]
    pub fn under(mut self, binding: [u8; 32]) -> Self {
        if self.binding != binding {
            self.earlier.extend(self.seen());
            self.sets.clear();
            self.mains.clear();
            self.binding = binding;
        }
        self
    }

    /// The state after these members, with what it had about others.
    #[must_use]
    pub fn with(&self, members: &[Member]) -> Self {
        let mut next = Self { binding: self.binding, earlier: self.earlier.clone(), ..Self::default() };
        for member in members {
            next.push(member);
        }
        let labels: BTreeSet<&str> = members.iter().map(|member| member.record.label.as_str()).collect();
        for ((seen, record), main) in self.sets.iter().zip(&self.mains) {
            if !labels.contains(record.label.as_str()) {
                next.sets.push((seen.clone(), record.clone()));
                next.mains.push(main.clone());
            }
        }
        // Evidence that changed under its old name was seen before, too.
        next.earlier.extend(self.seen().into_iter().filter(|earlier| !next.mains.contains(&earlier.main)));
        next
    }

    /// The state after all members: what else was seen before is evidence that is not given now.
    #[must_use]
    pub fn after(&self, members: &[Member]) -> Self {
        let mut next = Self { binding: self.binding, ..Self::default() };
        for member in members {
            next.push(member);
        }
        next.earlier = self.gone(members).into_iter().collect();
        next
    }

    /// Evidence seen before that is not among the members, in a fixed order.
    #[must_use]
    pub fn gone(&self, members: &[Member]) -> Vec<Earlier> {
        let given: BTreeSet<&str> = members.iter().map(|member| member.main.as_str()).collect();
        let all: BTreeSet<Earlier> = self.earlier.iter().cloned().chain(self.seen()).collect();
        all.into_iter().filter(|earlier| !given.contains(earlier.main.as_str())).collect()
    }

    /// Whether a record may be taken over for this many sets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Whether no record may be taken over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    fn push(&mut self, member: &Member) {
        if let Some(seen) = &member.seen {
            self.sets.push((seen.clone(), member.record.clone()));
            self.mains.push(member.main.clone());
        }
    }

    /// What the records say was seen.
    fn seen(&self) -> Vec<Earlier> {
        let of = |((_, record), main): (&(Seen, SetRecord), &String)| Earlier {
            label: record.label.clone(),
            main: main.clone(),
            heads: heads(record),
        };
        self.sets.iter().zip(&self.mains).map(of).collect()
    }
}

fn heads(record: &SetRecord) -> Vec<EarlierHead> {
    if record.standing != Standing::Verified {
        return Vec::new();
    }
    let ends = record.chains.iter().flat_map(|chain| {
        let end = |stretch: &Stretch| Some((stretch.last(), stretch.entries.last()?.hash));
        chain.stretches.iter().filter_map(end).map(|(sequence, hash)| EarlierHead {
            scope: chain.scope.clone(),
            sequence,
            hash,
        })
    });
    let stated = record.heads.iter().map(|head| EarlierHead {
        scope: head.scope.clone(),
        sequence: head.sequence,
        hash: head.hash,
    });
    ends.chain(stated).collect()
}

fn line<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    text.strip_prefix(name)?.split_once('\n')
}
