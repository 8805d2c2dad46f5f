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

use std::collections::BTreeSet;

use ed25519_dalek::{Signer, SigningKey};
use serde::{Deserialize, Serialize};

use super::record::{Failure, FileFact, SetRecord, SignatureFact, Standing};
use super::run::Member;
use super::trace::Seen;
use crate::bytes::{base64, hex};
use crate::chain::{Kept, ScopeStretches, Stretch};
use crate::crypto::{self, PublicKey, SignatureText};
use crate::finding::{Effect, Verdict, catalog};
use crate::report::{ChainHead, Outcome};
use crate::x509::read_pem;

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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    binding: String,
    sets: Vec<SetRow>,
    earlier: Vec<Earlier>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetRow {
    label: String,
    main: String,
    kind: String,
    outcome: Outcome,
    standing: Standing,
    without_trust: bool,
    seen: Seen,
    files: Vec<FileFact>,
    signatures: Vec<SignatureFact>,
    failures: Vec<FailureRow>,
    more_failures: u64,
    chains: Vec<ChainRow>,
    heads: Vec<HeadRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureRow {
    code: String,
    effect: String,
    message: String,
    file: String,
    pointer: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChainRow {
    scope: String,
    unusable: u64,
    stretches: Vec<StretchRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StretchRow {
    first: i64,
    first_prev: Option<String>,
    entries: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadRow {
    scope: String,
    sequence: i64,
    hash: String,
    existed_by: Option<i64>,
}

impl Serialize for EarlierHead {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.scope, self.sequence, hex::encode(&self.hash)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EarlierHead {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (scope, sequence, hash) = <(String, i64, String)>::deserialize(deserializer)?;
        let hash = digest(&hash)
            .ok_or_else(|| serde::de::Error::custom("a record hash is 64 hexadecimal digits"))?;
        Ok(Self { scope, sequence, hash })
    }
}

fn digest(text: &str) -> Option<[u8; 32]> {
    hex::decode(text.as_bytes())
}

impl Body {
    fn of(state: &State) -> Self {
        let sets = state.sets.iter().zip(&state.mains).map(|((seen, record), main)| SetRow {
            label: record.label.clone(),
            main: main.clone(),
            kind: record.kind.clone(),
            outcome: record.outcome,
            standing: record.standing,
            without_trust: record.without_trust,
            seen: seen.clone(),
            files: record.files.clone(),
            signatures: record.signatures.clone(),
            failures: record.failures.iter().map(FailureRow::of).collect(),
            more_failures: record.more_failures,
            chains: record.chains.iter().map(ChainRow::of).collect(),
            heads: record
                .heads
                .iter()
                .map(|head| HeadRow {
                    scope: head.scope.clone(),
                    sequence: head.sequence,
                    hash: hex::encode(&head.hash),
                    existed_by: head.existed_by,
                })
                .collect(),
        });
        Self {
            binding: hex::encode(&state.binding),
            sets: sets.collect(),
            earlier: state.earlier.iter().cloned().collect(),
        }
    }

    fn state(self) -> Option<State> {
        let mut state = State {
            binding: digest(&self.binding)?,
            earlier: self.earlier.into_iter().collect(),
            ..State::default()
        };
        for row in self.sets {
            let (main, seen) = (row.main.clone(), row.seen.clone());
            state.sets.push((seen, row.record()?));
            state.mains.push(main);
        }
        Some(state)
    }
}

impl SetRow {
    fn record(self) -> Option<SetRecord> {
        let head = |row: HeadRow| {
            let hash = digest(&row.hash)?;
            Some(ChainHead { scope: row.scope, sequence: row.sequence, hash, existed_by: row.existed_by })
        };
        Some(SetRecord {
            label: self.label,
            kind: self.kind,
            outcome: self.outcome,
            standing: self.standing,
            without_trust: self.without_trust,
            files: self.files,
            signatures: self.signatures,
            failures: self.failures.into_iter().map(FailureRow::failure).collect::<Option<_>>()?,
            more_failures: self.more_failures,
            chains: self.chains.into_iter().map(ChainRow::chain).collect::<Option<_>>()?,
            heads: self.heads.into_iter().map(head).collect::<Option<_>>()?,
        })
    }
}

impl FailureRow {
    fn of(failure: &Failure) -> Self {
        let effect = match failure.effect {
            Effect::Fails { verdict } | Effect::Limits { verdict } => verdict.as_str(),
            Effect::Unreadable => UNREADABLE,
            Effect::Notes => NOTES,
        };
        Self {
            code: failure.code.id.to_owned(),
            effect: effect.to_owned(),
            message: failure.message.clone(),
            file: failure.file.clone(),
            pointer: failure.pointer.clone(),
        }
    }

    fn failure(self) -> Option<Failure> {
        let fails = [Verdict::Disproved, Verdict::InsufficientEvidence, Verdict::UnverifiableScope];
        let effect = match self.effect.as_str() {
            UNREADABLE => Effect::Unreadable,
            NOTES => Effect::Notes,
            text => Effect::Fails { verdict: fails.into_iter().find(|verdict| verdict.as_str() == text)? },
        };
        let code = catalog::find(&self.code)?;
        Some(Failure { code, effect, message: self.message, file: self.file, pointer: self.pointer })
    }
}

const UNREADABLE: &str = "unreadable";
const NOTES: &str = "notes";

/// Bytes of one packed entry.
const PACKED: usize = 41;

impl ChainRow {
    fn of(chain: &ScopeStretches) -> Self {
        let row = |stretch: &Stretch| StretchRow {
            first: stretch.first,
            first_prev: stretch.first_prev.as_ref().map(|prev| hex::encode(prev)),
            entries: base64::encode(&stretch.entries.iter().flat_map(pack).collect::<Vec<u8>>()),
        };
        Self {
            scope: chain.scope.clone(),
            unusable: chain.unusable,
            stretches: chain.stretches.iter().map(row).collect(),
        }
    }

    fn chain(self) -> Option<ScopeStretches> {
        let stretch = |row: StretchRow| {
            let packed = base64::decode(&row.entries)?;
            let (chunks, rest) = packed.as_chunks::<PACKED>();
            let entries: Vec<Kept> = chunks.iter().map(unpack).collect::<Option<_>>()?;
            let first_prev = match row.first_prev {
                Some(text) => Some(digest(&text)?),
                None => None,
            };
            (rest.is_empty() && !entries.is_empty()).then_some(Stretch {
                first: row.first,
                first_prev,
                entries,
            })
        };
        let stretches = self.stretches.into_iter().map(stretch).collect::<Option<_>>()?;
        Some(ScopeStretches { scope: self.scope, stretches, unusable: self.unusable })
    }
}

fn pack(entry: &Kept) -> [u8; PACKED] {
    let mut packed = [0; PACKED];
    let time = entry.time.to_be_bytes();
    let bytes = entry.hash.iter().chain(&time).copied().chain([u8::from(entry.bridge)]);
    packed.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = byte);
    packed
}

fn unpack(packed: &[u8; PACKED]) -> Option<Kept> {
    let (hash, rest) = packed.split_first_chunk::<32>()?;
    let (time, rest) = rest.split_first_chunk::<8>()?;
    let bridge = match rest {
        [0] => false,
        [1] => true,
        _ => return None,
    };
    Some(Kept { hash: *hash, time: i64::from_be_bytes(*time), bridge })
}
