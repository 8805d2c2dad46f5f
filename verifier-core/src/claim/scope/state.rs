//! `checkpoint.scope_state.v1`: is a scope-state sidecar authentic, does it belong to an authentic checkpoint, and
//! are its commitments well-formed (spec 04 section 6, spec 12 section 12.5)?
//!
//! The checks run in the reference's order and end at its first failure. Beside them stand findings of our own
//! about what the reference accepts: key status, ambiguous checkpoint heads, second spellings of signatures, and
//! sidecars that contradict themselves.
//!
//! A supported verdict does not establish that the signer counted right, that the checkpoint id (which no
//! signature covers) is the checkpoint's, or that the head's record is one of the evidence.

mod checkpoint;
mod commitment;

use std::borrow::Cow;

use super::locate::Loaded;
use super::signature::{self, Reading};
use crate::bytes::hex;
use crate::claim::export::refused_by_status;
use crate::finding::{Finding, Location, catalog};
use crate::format::scope::Sidecar;
use crate::json::{AnomalyKind, Value};
use crate::report::SignerSummary;
use crate::time::Timestamp;
use crate::trust::{KeyEntry, KeyRequest, KeyRing, Refusal, ResolvedKey};

use catalog::scope as code;

/// What a sidecar came to.
#[derive(Debug)]
pub struct StateJudgement<'a> {
    /// The sidecar's id, when it has one.
    pub id: Option<Cow<'a, str>>,
    /// The facts, or the reference's first failure.
    pub result: Result<StateFacts<'a>, Box<Finding>>,
    /// What the reference does not check.
    pub further: Vec<Finding>,
}

/// What an accepted sidecar says.
#[derive(Debug)]
pub struct StateFacts<'a> {
    /// The sidecar.
    pub sidecar: Sidecar<'a>,
    /// Sequence number of the chain's head in the checkpoint.
    pub head_sequence: i128,
    /// Record hash of that head, when it is a text.
    pub head_hash: Option<Cow<'a, str>>,
    /// Who signed the sidecar; `None` when the key was refused for its status.
    pub sidecar_signer: Option<ResolvedKey>,
    /// Who signed the checkpoint.
    pub checkpoint_signer: Option<ResolvedKey>,
    /// Stated time of the checkpoint.
    pub computed_at: Option<Cow<'a, str>>,
}

/// A judgement that keeps nothing of the sidecar's bytes.
pub(super) struct StateSummary {
    pub(super) id: Option<String>,
    pub(super) result: Check<Vec<SignerSummary>>,
    pub(super) further: Vec<Finding>,
}

impl StateJudgement<'_> {
    pub(super) fn summary(self) -> StateSummary {
        let id = self.id.map(Cow::into_owned);
        StateSummary { id, result: self.result.map(|facts| facts.signers()), further: self.further }
    }
}

impl StateFacts<'_> {
    /// Who signed the sidecar and the checkpoint.
    pub(crate) fn signers(&self) -> Vec<SignerSummary> {
        let sidecar = &self.sidecar;
        let state = format!("scope state {}", sidecar.scope_state_id);
        let checkpoint = format!("checkpoint {}", sidecar.checkpoint_id);
        let signed = [
            (state, &self.sidecar_signer, Some(&*sidecar.signed_at)),
            (checkpoint, &self.checkpoint_signer, self.computed_at.as_deref()),
        ];
        let summary = |(signed, key, at): (String, &Option<ResolvedKey>, Option<&str>)| {
            let key = key.as_ref()?;
            Some(SignerSummary {
                signed,
                public_key: key.text.clone(),
                key_id: key.key_id.clone(),
                basis: key.basis,
                source: key.source.clone(),
                signed_at: at.map(str::to_owned),
            })
        };
        signed.into_iter().filter_map(summary).collect()
    }
}

type Check<T> = Result<T, Box<Finding>>;

/// Judges a sidecar against its checkpoint.
#[must_use]
pub fn judge<'a>(
    sidecar: &'a Loaded,
    checkpoint: Option<&'a Loaded>,
    checkpoint_missing: &str,
    keys: &KeyRing,
) -> StateJudgement<'a> {
    let value = sidecar.document.root();
    let mut judge = Judge { file: &sidecar.name, keys, further: Vec::new() };
    anomalies(sidecar, &mut judge.further);
    if let Some(checkpoint) = checkpoint {
        anomalies(checkpoint, &mut judge.further);
    }
    let result = judge.run(value, checkpoint, checkpoint_missing);
    let id = value.member("scope_state_id").and_then(Value::non_empty_text);
    StateJudgement { id, result, further: judge.further }
}

/// Places of anomalies that are named.
const LOCATED: u32 = 100;

struct Judge<'k> {
    file: &'k str,
    keys: &'k KeyRing,
    further: Vec<Finding>,
}

impl<'k> Judge<'k> {
    fn run<'a>(
        &mut self,
        value: Value<'a>,
        checkpoint: Option<&'a Loaded>,
        checkpoint_missing: &str,
    ) -> Check<StateFacts<'a>> {
        if Sidecar::signature_text(value).is_none() {
            return Err(self.at(
                value,
                Finding::lacks(
                    &code::CHECKPOINT_SCOPE_STATE_SIGNATURE_MISSING,
                    "the scope-state sidecar is not signed",
                ),
            ));
        }
        let sidecar = Sidecar::parse(value).map_err(|error| {
            self.at(
                error.value,
                Finding::disproves(&code::CHECKPOINT_SCOPE_STATE_SCHEMA_INVALID, error.message),
            )
        })?;
        let signer = self.sidecar_signature(&sidecar)?;
        let Some(loaded) = checkpoint else {
            return Err(Box::new(
                Finding::lacks(
                    &code::CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISSING,
                    format!("the referenced checkpoint is absent{checkpoint_missing}"),
                )
                .at(Location::file(self.file)),
            ));
        };
        let checkpoint = self.checkpoint(loaded, &sidecar)?;
        let parsed = checkpoint.parsed;
        let Some(head) = parsed.head(&sidecar.chain_scope) else {
            return Err(self.at(
                sidecar.value,
                Finding::disproves(
                    &code::CHECKPOINT_SCOPE_STATE_CHAIN_SCOPE_NOT_IN_CHECKPOINT,
                    format!("the checkpoint has no head for {:?}", sidecar.chain_scope),
                ),
            ));
        };
        let Some(head_sequence) = head.sequence() else {
            return Err(Box::new(
                Finding::disproves(
                    &code::CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISMATCH,
                    "the sequence number of the checkpoint head is no integer",
                )
                .at(Location::value(&*loaded.name, head.value)),
            ));
        };
        for commitment in &sidecar.commitments {
            self.reach(commitment, head_sequence)?;
        }
        self.grammar(&sidecar)?;
        self.predicate_hashes(&sidecar)?;
        self.consistency(&sidecar);
        Ok(StateFacts {
            head_sequence,
            head_hash: head.record_hash(),
            sidecar,
            sidecar_signer: signer,
            checkpoint_signer: checkpoint.signer,
            computed_at: parsed.text("computed_at"),
        })
    }

    fn at(&self, value: Value<'_>, finding: Finding) -> Box<Finding> {
        Box::new(finding.at(Location::value(self.file, value)))
    }

    /// Spec 03 section 7 and the signature; gives the signer unless its status was refused.
    fn sidecar_signature(&mut self, sidecar: &Sidecar<'_>) -> Check<Option<ResolvedKey>> {
        let signed_at = Timestamp::parse(&sidecar.signed_at);
        let request = KeyRequest {
            purpose: &sidecar.purpose,
            key_id: Some(&sidecar.key_id),
            signed_at: signed_at.as_ref(),
            embedded: None,
        };
        let lacks = |text: String| {
            let finding = Finding::lacks(&code::CHECKPOINT_SCOPE_STATE_KEY_UNRESOLVED, text);
            self.at(
                sidecar.value,
                finding.fact("key id", &*sidecar.key_id).fact("purpose", &*sidecar.purpose),
            )
        };
        let entries = self.keys.entries();
        let listed = if entries.is_empty() {
            None
        } else {
            let mut fitting: Vec<&KeyEntry> = entries
                .iter()
                .filter(|entry| {
                    entry.purpose.as_deref() == Some(&sidecar.purpose)
                        && entry.key_id.as_deref() == Some(&sidecar.key_id)
                })
                .collect();
            if fitting.is_empty() {
                return Err(lacks("the trust source does not list the sidecar's key".to_owned()));
            }
            if let Some(at) = &signed_at {
                fitting.retain(|entry| entry.window_contains(at));
                if fitting.is_empty() {
                    let finding = Finding::disproves(
                        &code::CHECKPOINT_SCOPE_STATE_KEY_NOT_ACTIVE,
                        "the sidecar's signing time is outside the validity of its key",
                    );
                    return Err(self.at(sidecar.value, finding.fact("signed at", &*sidecar.signed_at)));
                }
            }
            match fitting.as_slice() {
                [KeyEntry { public_key: Some(text), .. }] => Some(text.clone()),
                [_] => return Err(lacks("the trusted entry has no public key".to_owned())),
                several => {
                    let count = several.len();
                    return Err(lacks(format!("{count} entries of the trust source fit the sidecar's key")));
                }
            }
        };
        let resolved = match (self.keys.resolve(&request), &listed) {
            (Ok(resolved), _) => Some(resolved),
            (Err(refusal), Some(_)) => {
                let finding = refusal_finding("scope-state sidecar", &refusal);
                self.further.push(finding.at(Location::value(self.file, sidecar.value)));
                None
            }
            (Err(refusal), None) => return Err(lacks(refusal.to_string())),
        };
        let key_text = listed.or_else(|| resolved.as_ref().map(|key| key.text.clone())).unwrap_or_default();
        let message = sidecar.signed_bytes().ok();
        let reading = match &message {
            Some(message) => signature::read(&key_text, message, &sidecar.signature),
            None => Reading::Invalid,
        };
        match reading {
            Reading::Verified => {}
            Reading::SecondSpelling => {
                let finding = signature::second_spelling("sidecar", &sidecar.signature);
                self.further.push(finding.at(Location::value(self.file, sidecar.value)));
            }
            Reading::Invalid => {
                self.further.extend(signature::weak_key(&key_text));
                let finding = Finding::disproves(
                    &code::CHECKPOINT_SCOPE_STATE_SIGNATURE_INVALID,
                    "the sidecar's signature does not verify under the trusted key",
                );
                return Err(self.at(sidecar.value, finding.fact("public key", key_text)));
            }
        }
        Ok(resolved)
    }
}

/// Repeated names and texts that are not text: two readers may see two documents.
pub(crate) fn anomalies(loaded: &Loaded, further: &mut Vec<Finding>) {
    for ((kind, value), position) in loaded.document.anomalies().zip(0..) {
        let code = match kind {
            AnomalyKind::RepeatedMember => &catalog::input::DUPLICATE_JSON_KEY,
            AnomalyKind::NonFinite => &catalog::input::JSON_NON_FINITE_NUMBER,
            AnomalyKind::UnpairedSurrogate => &catalog::input::JSON_UNPAIRED_SURROGATE,
            AnomalyKind::UnsafeInteger => continue,
        };
        let finding = Finding::disproves(code, format!("{} holds {}", loaded.name, code.title));
        // A place is searched for from the start of the document.
        let place = if position < LOCATED {
            Location::value(&*loaded.name, value)
        } else {
            Location::file(&*loaded.name)
        };
        further.push(finding.at(place));
    }
}

/// Our own code for a key that the reference takes in spite of its status.
pub(crate) fn refusal_finding(what: &str, refusal: &Refusal) -> Finding {
    let finding = refused_by_status(refusal);
    Finding { message: format!("{what}: {}", finding.message), ..finding }
}

/// The digest of a file as references state it.
pub(super) fn file_digest(loaded: &Loaded) -> String {
    format!("sha256:{}", hex::encode(&loaded.document.blob().sha256()))
}
