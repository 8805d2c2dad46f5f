//! The body of a state file.

use serde::{Deserialize, Serialize};

use super::super::record::{Failure, FileFact, SetRecord, SignatureFact, Standing};
use super::super::trace::Seen;
use super::{Earlier, EarlierHead, State};
use crate::bytes::{base64, hex};
use crate::chain::{Kept, ScopeStretches, Stretch};
use crate::finding::{Effect, Verdict, catalog};
use crate::report::{ChainHead, Outcome};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
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
    pub(super) fn of(state: &State) -> Self {
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

    pub(super) fn state(self) -> Option<State> {
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
