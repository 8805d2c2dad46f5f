//! `checkpoint.scope_state.v1`: is a scope-state sidecar authentic, does it belong to an authentic checkpoint, and
//! are its commitments well-formed (spec 04 section 6, spec 12 section 12.5)?
//!
//! The checks run in the reference's order and end at its first failure. Beside them stand findings of our own
//! about what the reference accepts: key status, ambiguous checkpoint heads, second spellings of signatures, and
//! sidecars that contradict themselves.
//!
//! A supported verdict does not establish that the signer counted right, that the checkpoint id (which no
//! signature covers) is the checkpoint's, or that the head's record is one of the evidence.

use std::borrow::Cow;

use super::locate::Loaded;
use super::signature::{self, Reading};
use crate::bytes::hex;
use crate::crypto::prefixed;
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::format::checkpoint::{Checkpoint, HeadFault};
use crate::format::scope::{COMMITMENT_PROFILE, Commitment, GRAMMAR, PredicateError, Sidecar};
use crate::json::{AnomalyKind, Value};
use crate::merkle::rfc6962::EMPTY_ROOT;
use crate::time::Timestamp;
use crate::trust::{INTEGRITY_CHECKPOINT, KeyEntry, KeyRequest, KeyRing, Refusal, ResolvedKey};

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
    judge.anomalies(sidecar);
    if let Some(checkpoint) = checkpoint {
        judge.anomalies(checkpoint);
    }
    let result = judge.run(value, checkpoint, checkpoint_missing);
    let id = value.member("scope_state_id").and_then(Value::non_empty_text);
    StateJudgement { id, result, further: judge.further }
}

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

    /// Repeated names and texts that are not text: two readers may see two sidecars.
    fn anomalies(&mut self, loaded: &Loaded) {
        for (kind, value) in loaded.document.anomalies() {
            let code = match kind {
                AnomalyKind::RepeatedMember => &catalog::input::DUPLICATE_JSON_KEY,
                AnomalyKind::NonFinite => &catalog::input::JSON_NON_FINITE_NUMBER,
                AnomalyKind::UnpairedSurrogate => &catalog::input::JSON_UNPAIRED_SURROGATE,
                AnomalyKind::UnsafeInteger => continue,
            };
            let finding = Finding::disproves(code, format!("{} holds {}", loaded.name, code.title));
            self.further.push(finding.at(Location::value(&*loaded.name, value)));
        }
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

    /// The checkpoint's id, composite hash and signature.
    fn checkpoint<'a>(&mut self, loaded: &'a Loaded, sidecar: &Sidecar<'_>) -> Check<Authentic<'a>> {
        let value = loaded.document.root();
        let mismatch = |text: &str| {
            Box::new(
                Finding::disproves(&code::CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISMATCH, text)
                    .at(Location::value(&*loaded.name, value)),
            )
        };
        let Some(parsed) = Checkpoint::parse(value) else {
            return Err(mismatch("the checkpoint is no object"));
        };
        if parsed.text("checkpoint_id").as_deref() != Some(&*sidecar.checkpoint_id) {
            let id = parsed.text("checkpoint_id").unwrap_or_default().into_owned();
            return Err(Box::new(
                mismatch("the checkpoint has another id than the sidecar names")
                    .fact("expected", &*sidecar.checkpoint_id)
                    .fact("found", id),
            ));
        }
        let Some(heads) = &parsed.heads else { return Err(mismatch("chain_heads is no object")) };
        for head in heads {
            for fault in head.faults() {
                let (code, what) = match fault {
                    HeadFault::Scope => (&code::CHECKPOINT_SCOPE_KEY_INVALID, "scope key"),
                    HeadFault::Sequence => (&code::CHECKPOINT_SEQUENCE_INVALID, "sequence number"),
                    HeadFault::RecordHash => (&code::CHECKPOINT_RECORD_HASH_INVALID, "record hash"),
                };
                let finding = Finding::disproves(
                    code,
                    format!("the {what} of head {:?} leaves the signed hash ambiguous", head.scope),
                );
                self.further.push(finding.at(Location::value(&*loaded.name, head.value)));
            }
        }
        let stated = parsed.text("composite_hash").filter(|text| text.starts_with("sha256:"));
        let Some(stated) = stated else {
            return Err(mismatch("the checkpoint has no composite hash"));
        };
        let computed = parsed.compute_composite();
        if computed.as_deref() != Some(&*stated) {
            return Err(Box::new(
                mismatch("the composite hash does not fit the chain heads")
                    .fact("stated", &*stated)
                    .fact("computed", computed.unwrap_or_else(|| "(none)".to_owned())),
            ));
        }
        let Some(text) = parsed.text("signature") else {
            return Err(mismatch("the checkpoint is not signed"));
        };
        let (key_text, signer) = self.checkpoint_key(loaded, &parsed).map_err(|text| mismatch(&text))?;
        if parsed.text("public_key").is_some_and(|embedded| embedded != key_text) {
            return Err(mismatch("the checkpoint names another key than the trusted one"));
        }
        match signature::read(&key_text, stated.as_bytes(), &text) {
            Reading::Verified if text.starts_with("ed25519:") => {}
            Reading::Verified | Reading::SecondSpelling => {
                let finding = signature::second_spelling("checkpoint", &text);
                self.further.push(finding.at(Location::value(&*loaded.name, value)));
            }
            Reading::Invalid => {
                self.further.extend(signature::weak_key(&key_text));
                return Err(mismatch("the checkpoint's signature does not verify under the trusted key"));
            }
        }
        Ok(Authentic { parsed, signer })
    }

    /// The key's text, and the key unless its status was refused. A key that the reference's rules do not
    /// find is an error; one that they find although its status forbids it is a finding.
    fn checkpoint_key(
        &mut self,
        loaded: &Loaded,
        checkpoint: &Checkpoint<'_>,
    ) -> Result<(String, Option<ResolvedKey>), String> {
        let key_id = checkpoint.text("key_id");
        let computed_at = checkpoint.text("computed_at").and_then(|text| Timestamp::parse(&text));
        let embedded = checkpoint.text("public_key");
        let request = KeyRequest {
            purpose: INTEGRITY_CHECKPOINT,
            key_id: key_id.as_deref(),
            signed_at: computed_at.as_ref(),
            embedded: embedded.as_deref(),
        };
        let entries = self.keys.entries();
        let listed = if entries.is_empty() {
            None
        } else {
            let mut fitting = entries.iter().filter(|entry| {
                entry.purpose.as_deref() == Some(INTEGRITY_CHECKPOINT)
                    && match (&key_id, &computed_at) {
                        (Some(id), _) => entry.key_id.as_deref() == Some(id),
                        (None, Some(at)) => entry.window_contains(at),
                        (None, None) => true,
                    }
            });
            let first = fitting.next().ok_or("no trusted key fits the checkpoint")?;
            if key_id.is_none() && fitting.next().is_some() {
                return Err("several trusted keys fit the checkpoint, which names none".to_owned());
            }
            Some(first.public_key.clone().ok_or("the trusted entry has no public key")?)
        };
        match (self.keys.resolve(&request), listed) {
            (Ok(resolved), listed) => Ok((listed.unwrap_or_else(|| resolved.text.clone()), Some(resolved))),
            (Err(refusal), Some(text)) => {
                let finding = refusal_finding("checkpoint", &refusal);
                self.further.push(finding.at(Location::value(&*loaded.name, checkpoint.value)));
                Ok((text, None))
            }
            (Err(refusal), None) => Err(refusal.to_string()),
        }
    }

    fn reach(&self, commitment: &Commitment<'_>, head: i128) -> Check<()> {
        let fits = if commitment.count == 0 {
            commitment.first.is_none() && commitment.last.is_none()
        } else {
            commitment.last.is_some_and(|last| last <= head)
        };
        if fits {
            return Ok(());
        }
        let finding = Finding::disproves(
            &code::CHECKPOINT_SCOPE_STATE_LAST_SEQUENCE_AFTER_CHECKPOINT,
            "the range of a commitment does not end at or before the checkpoint's head",
        );
        let last = commitment.last.map_or_else(|| "null".to_owned(), |last| last.to_string());
        Err(self.at(
            commitment.value,
            finding.fact("last matching sequence", last).fact("head", head.to_string()),
        ))
    }

    fn grammar(&self, sidecar: &Sidecar<'_>) -> Check<()> {
        let unverifiable = |code, text: String| {
            Finding::new(code, Effect::Fails { verdict: Verdict::UnverifiableScope }, text)
        };
        if sidecar.grammar_version != GRAMMAR {
            let text = format!("the sidecar uses grammar {:?}", sidecar.grammar_version);
            let finding = unverifiable(&code::CHECKPOINT_SCOPE_STATE_GRAMMAR_UNSUPPORTED, text);
            return Err(self.at(sidecar.value, finding));
        }
        for commitment in &sidecar.commitments {
            if let Err(PredicateError::Unsupported(text) | PredicateError::Malformed(text)) =
                &commitment.predicate
            {
                let finding = unverifiable(&code::CHECKPOINT_SCOPE_STATE_GRAMMAR_UNSUPPORTED, text.clone());
                return Err(self.at(commitment.predicate_value, finding));
            }
        }
        if sidecar.commitment_profile != COMMITMENT_PROFILE {
            let text = format!("the sidecar uses commitment profile {:?}", sidecar.commitment_profile);
            let finding = unverifiable(&code::CHECKPOINT_SCOPE_STATE_COMMITMENT_PROFILE_UNKNOWN, text);
            return Err(self.at(sidecar.value, finding));
        }
        Ok(())
    }

    fn predicate_hashes(&self, sidecar: &Sidecar<'_>) -> Check<()> {
        let mut seen: Vec<&str> = Vec::new();
        for commitment in &sidecar.commitments {
            let computed = commitment.predicate.as_ref().ok().and_then(|value| value.value_hash().ok());
            if computed.as_deref() != Some(&*commitment.predicate_hash) {
                let finding = Finding::disproves(
                    &code::CHECKPOINT_SCOPE_STATE_PREDICATE_HASH_MISMATCH,
                    "a commitment's predicate does not hash to its predicate_value_hash",
                );
                let finding = finding
                    .fact("stated", &*commitment.predicate_hash)
                    .fact("computed", computed.unwrap_or_else(|| "(none)".to_owned()));
                return Err(self.at(commitment.value, finding));
            }
            if seen.contains(&&*commitment.predicate_hash) {
                let finding = Finding::disproves(
                    &code::CHECKPOINT_SCOPE_STATE_COMMITMENT_PREDICATE_DUPLICATE,
                    "two commitments are about one predicate",
                );
                return Err(self.at(commitment.value, finding));
            }
            seen.push(&commitment.predicate_hash);
        }
        Ok(())
    }

    /// What a signed sidecar may say and cannot mean (spec 12 section 12.5, measured gaps).
    fn consistency(&mut self, sidecar: &Sidecar<'_>) {
        let mut odd = |value: Value<'_>, text: String| {
            let finding = Finding::disproves(&code::CHECKPOINT_SCOPE_STATE_INCONSISTENT, text);
            self.further.push(finding.at(Location::value(self.file, value)));
        };
        if sidecar.reference_key_id != sidecar.key_id {
            odd(sidecar.value, "trust_root_reference names another key than the signature".to_owned());
        }
        if Timestamp::parse(&sidecar.signed_at).is_none() {
            odd(sidecar.value, format!("signed_at {:?} is no time", sidecar.signed_at));
        }
        for commitment in &sidecar.commitments {
            if let Some(text) = contradiction(commitment) {
                odd(commitment.value, text);
            }
            for kind in commitment.predicate.iter().flat_map(|predicate| predicate.kinds()) {
                if !sidecar.supported_kinds.iter().any(|name| name == kind.name) {
                    let text =
                        format!("a predicate uses {:?}, which predicate_basis does not list", kind.name);
                    odd(commitment.predicate_value, text);
                }
            }
        }
        let derived = sidecar.derived_id();
        if sidecar.scope_state_id != derived {
            let finding = Finding::notes(
                &code::CHECKPOINT_SCOPE_STATE_ID_NOT_DERIVED,
                "scope_state_id is not the id that chain and checkpoint give",
            );
            let finding = finding.fact("stated", &*sidecar.scope_state_id).fact("derived", derived);
            self.further.push(finding.at(Location::value(self.file, sidecar.value)));
        }
    }
}

struct Authentic<'a> {
    parsed: Checkpoint<'a>,
    signer: Option<ResolvedKey>,
}

fn contradiction(commitment: &Commitment<'_>) -> Option<String> {
    let Commitment { count, first, last, root, .. } = commitment;
    if *count == 0 {
        let empty = prefixed(&EMPTY_ROOT);
        return (*root != empty)
            .then(|| "no record matches, and the root is not that of no records".to_owned());
    }
    let (Some(first), Some(last)) = (first, last) else {
        return Some(format!("{count} records match, and the first or the last is null"));
    };
    if first > last {
        return Some(format!("the first match {first} comes after the last {last}"));
    }
    let room = last.saturating_sub(*first).saturating_add(1);
    (*count > room).then(|| format!("{count} records cannot lie in a range of {room}"))
}

/// Our own code for a key that the reference takes in spite of its status.
pub(super) fn refusal_finding(what: &str, refusal: &Refusal) -> Finding {
    use catalog::trust;
    let text = format!("{what}: {refusal}");
    match refusal {
        Refusal::Revoked(_) => Finding::disproves(&trust::SIGNING_KEY_REVOKED, text),
        Refusal::NotActive(_) => Finding::disproves(&trust::SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME, text),
        Refusal::StatusUnknown(_) => Finding::lacks(&trust::SIGNING_KEY_STATUS_UNKNOWN, text),
        Refusal::TimeMissing(_) => Finding::lacks(&trust::SIGNING_TIME_MISSING, text),
        Refusal::Ambiguous(_) => Finding::lacks(&trust::SIGNING_KEY_AMBIGUOUS, text),
        Refusal::Unresolvable(_) | Refusal::Unknown(_) => {
            Finding::lacks(&trust::TRUST_ROOT_UNRESOLVABLE, text)
        }
    }
}

/// The digest of a file as references state it.
pub(super) fn file_digest(loaded: &Loaded) -> String {
    format!("sha256:{}", hex::encode(&loaded.document.blob().sha256()))
}
