//! `key.status.completeness.v1`: what was the status of a key at an instant, and is nothing of it left out (spec 25
//! section 5)?
//!
//! Three signed documents answer. The key-status manifest lists keys and refers to the chain events that revoked
//! or compromised them; the scope-state sidecar counts the events of that type up to the head of a chain and
//! commits to them; the checkpoint signs that head.
//!
//! The reference compares the references of the manifest with the commitment by number only, so a manifest that
//! leaves one event out and names another passes there. Here the Merkle root is built from the references and must
//! be the committed one. A key that is listed twice, and a status that its own events contradict, are refused.
//!
//! The signer of the manifest comes from the trust source of the operator. Its status is judged at the time that
//! the manifest states.

use std::collections::HashSet;

use super::scope::membership::{self, Member};
use super::scope::signature::{self, Reading};
use super::scope::state::anomalies;
use super::scope::{Loaded, StateFacts, judge_state};
use crate::bytes::{Blob, Limits, hex};
use crate::claim::export::refusal_finding;
use crate::claim::name;
use crate::crypto::{prefixed, sha256};
use crate::finding::catalog::{input, key_status as code};
use crate::finding::{Code, Effect, Finding, Location};
use crate::format::binding::uuid_text;
use crate::format::key_status::{EventRef, KEY_SCOPES, KeyStatus, KeyStatusManifest};
use crate::json::{Document, ParserLimits, Value};
use crate::report::{FileSummary, ReportBuilder, Requested, SignerSummary, Subject as ReportSubject};
use crate::time::Timestamp;
use crate::trust::{KeyRequest, KeyRing, NamedBlob, PERMIT_BINDING_SIGNING, ResolvedKey, TrustPolicy};

const CLAIM: &str = name::KEY_STATUS;
const EVIDENCE: &[&str] = &["key_status_manifest", "checkpoint_scope_state"];
const STEP: &str = "key_status";
const TITLE: &str = "status of a key against the signed scope state";

/// What a supported verdict leaves open.
const NOT_PROVEN: [&str; 2] = [
    "changes of the key's status after the head of the checkpoint, or in another chain",
    "that the operator wrote every revocation into the chain",
];

/// What is asked: the status of one key at one instant.
#[derive(Clone, Debug)]
pub struct KeyQuestion {
    /// The account, a UUID.
    pub account_id: String,
    /// Whose key it is: one of [`KEY_SCOPES`].
    pub key_scope: String,
    /// Full fingerprint of the key, 64 hexadecimal digits.
    pub key_id: String,
    /// The instant; it must come from signed bytes, which only the asker can know.
    pub instant: String,
    /// What the key is expected to be.
    pub expected: Expected,
}

/// What a key is expected to be at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// Revoked at or before it.
    #[default]
    Revoked,
    /// Neither revoked nor compromised at or before it.
    NotRevoked,
}

/// The question and the documents that answer it.
#[derive(Clone, Debug)]
pub struct KeyStatusInput {
    /// The question.
    pub question: KeyQuestion,
    /// The key-status manifest.
    pub manifest: Option<NamedBlob>,
    /// The scope-state sidecar.
    pub sidecar: Option<NamedBlob>,
    /// The checkpoint.
    pub checkpoint: Option<NamedBlob>,
}

/// Judges the status of a key.
pub(crate) fn verify(input: &KeyStatusInput, policy: &TrustPolicy, out: &mut ReportBuilder) {
    "key_status".clone_into(&mut out.artifact.kind);
    out.claim(CLAIM, Requested::Operator);
    out.evidence(CLAIM, EVIDENCE);
    out.not_proven.extend(NOT_PROVEN.map(str::to_owned));
    let keys = KeyRing::load(policy).for_bindings(policy);
    let mut load = |file: &Option<NamedBlob>, role| {
        let file = file.as_ref()?;
        read(file, role, &policy.limits, out)
    };
    let manifest = load(&input.manifest, "key_status_manifest");
    let sidecar = load(&input.sidecar, "scope_state");
    let checkpoint = load(&input.checkpoint, "checkpoint");
    let KeyQuestion { account_id, key_scope, key_id, .. } = &input.question;
    let subject =
        ReportSubject::new("key_status", format!("{account_id}:{key_scope}:{key_id}")).evidence(EVIDENCE);
    let evidence =
        Evidence { manifest: manifest.as_ref(), sidecar: sidecar.as_ref(), checkpoint: checkpoint.as_ref() };
    let mut judge = Judge { keys: &keys, further: Vec::new(), signers: Vec::new() };
    let result = judge.run(&input.question, &evidence);
    let Judge { further, signers, .. } = judge;
    out.signers.extend(signers);
    let counted = result.as_ref().map_or(0, |counted| *counted);
    let (fails, notes): (Vec<_>, Vec<_>) =
        further.into_iter().partition(|finding| finding.effect.verdict().is_some());
    let mut fails = fails.into_iter();
    match result.err().or_else(|| fails.next().map(Box::new)) {
        Some(finding) => out.unsupported(CLAIM, subject, *finding),
        None => {
            let message = "the key has the expected status, and the references are all that the scope counts";
            out.supported(CLAIM, subject, &code::KEY_STATUS_COMPLETENESS_SUPPORTED, message);
        }
    }
    fails.chain(notes).for_each(|finding| out.finding(finding.on(CLAIM)));
    out.ran(STEP, TITLE, &[("key-status events", counted)]);
}

struct Evidence<'a> {
    manifest: Option<&'a Loaded>,
    sidecar: Option<&'a Loaded>,
    checkpoint: Option<&'a Loaded>,
}

/// A file as a document; one that is none is a finding.
fn read(file: &NamedBlob, role: &'static str, limits: &Limits, out: &mut ReportBuilder) -> Option<Loaded> {
    let unreadable = |code: &'static Code, message: String| {
        Finding::new(code, Effect::Unreadable, message).at(Location::file(&file.name))
    };
    let blob: &Blob = match &file.content {
        Ok(blob) => blob,
        Err(why) => {
            out.finding(unreadable(&input::INPUT_UNREADABLE, why.to_string()));
            return None;
        }
    };
    out.artifact.files.push(FileSummary {
        role,
        path: file.name.clone(),
        sha256: Some(prefixed(&blob.sha256())),
        bytes: u64::try_from(blob.as_slice().len()).ok(),
    });
    match Document::parse(blob.clone(), ParserLimits::from(limits)) {
        Ok(document) => Some(Loaded { name: file.name.clone(), document }),
        Err(error) => {
            out.finding(unreadable(&input::JSON_SYNTAX_INVALID, error.to_string()));
            None
        }
    }
}

type Check<T> = Result<T, Box<Finding>>;

fn disproved<T>(code: &'static Code, message: impl Into<String>) -> Check<T> {
    Err(Box::new(Finding::disproves(code, message)))
}

fn lacks<T>(code: &'static Code, message: impl Into<String>) -> Check<T> {
    Err(Box::new(Finding::lacks(code, message)))
}

struct Judge<'k> {
    keys: &'k KeyRing,
    further: Vec<Finding>,
    signers: Vec<SignerSummary>,
}

/// The question, read.
struct Asked<'q> {
    account_id: String,
    key_scope: &'q str,
    key_id: &'q str,
    instant: Timestamp,
    expected: Expected,
}

impl<'q> Asked<'q> {
    fn read(question: &'q KeyQuestion) -> Result<Self, &'static str> {
        let account_id = uuid_text(&question.account_id).ok_or("the account is no UUID")?;
        let key_scope = &*question.key_scope;
        if !KEY_SCOPES.contains(&key_scope) {
            return Err("the scope of keys is not known");
        }
        if !hex::is_lower_hex(&question.key_id, 64) {
            return Err("the key is not named by 64 lower-case hexadecimal digits");
        }
        let instant = Timestamp::parse(&question.instant).ok_or("the instant is no time")?;
        Ok(Self { account_id, key_scope, key_id: &question.key_id, instant, expected: question.expected })
    }

    /// Passkeys are named with a prefix, and asked for without it.
    fn is(&self, key: &KeyStatus<'_>) -> bool {
        key.account_id == self.account_id
            && key.key_scope == self.key_scope
            && key.key_id.strip_prefix("sha256:").unwrap_or(&key.key_id) == self.key_id
    }
}

impl Judge<'_> {
    /// The steps of spec 25 section 5, in its order; gives the number of events.
    fn run(&mut self, question: &KeyQuestion, evidence: &Evidence<'_>) -> Check<u64> {
        let asked = Asked::read(question)
            .or_else(|why| lacks(&code::KEY_STATUS_COMPLETENESS_SUBJECT_MISSING, why))?;
        let Some(loaded) = evidence.manifest else {
            let message = "there is no key-status manifest to read";
            return lacks(&code::KEY_STATUS_COMPLETENESS_MANIFEST_MISSING, message);
        };
        anomalies(loaded, &mut self.further);
        let manifest = KeyStatusManifest::parse(loaded.document.root()).map_err(|error| {
            let finding = Finding::disproves(&code::KEY_STATUS_COMPLETENESS_MANIFEST_INVALID, error.message);
            Box::new(finding.at(Location::value(&*loaded.name, error.value)))
        })?;
        self.signature(loaded, &manifest)?;
        if manifest.computed <= asked.instant {
            let finding = Finding::lacks(
                &code::KEY_STATUS_COMPLETENESS_STALE_MANIFEST,
                "the status was not computed after the instant in question",
            );
            let finding =
                finding.fact("computed at", &*manifest.computed_at).fact("instant", asked.instant.text());
            return Err(Box::new(finding.at(at(loaded, manifest.value, "computed_at"))));
        }
        if let Some(account) = manifest.account_id.as_ref().filter(|account| **account != asked.account_id) {
            let finding = Finding::disproves(
                &code::KEY_STATUS_COMPLETENESS_SUBJECT_MISMATCH,
                "the manifest is about another account",
            );
            let finding = finding.fact("expected", &asked.account_id).fact("found", account);
            return Err(Box::new(finding.at(at(loaded, manifest.value, "account_id"))));
        }
        let counted = self.scope(evidence, loaded, &manifest)?;
        status(&asked, loaded, &manifest)?;
        Ok(counted)
    }

    /// Hash, signer and signature of the manifest.
    fn signature(&mut self, loaded: &Loaded, manifest: &KeyStatusManifest<'_>) -> Check<()> {
        const CODE: &Code = &code::KEY_STATUS_COMPLETENESS_MANIFEST_SIGNATURE_INVALID;
        let place = |name: &str| at(loaded, manifest.value, name);
        let computed = manifest.compute_hash().unwrap_or_default();
        if computed != manifest.manifest_hash {
            let finding = Finding::disproves(CODE, "manifest_hash is not the hash of the manifest")
                .fact("stated", &*manifest.manifest_hash)
                .fact("computed", computed);
            return Err(Box::new(finding.at(place("manifest_hash"))));
        }
        let request = KeyRequest {
            purpose: PERMIT_BINDING_SIGNING,
            key_id: Some(&manifest.signer_key_id),
            signed_at: Some(&manifest.computed),
            embedded: None,
        };
        let key: ResolvedKey = self.keys.resolve(&request).map_err(|refusal| {
            let cause = refusal_finding(&refusal);
            let message = format!("no trusted key signed the manifest: {}", cause.message);
            Box::new(Finding::disproves(CODE, message).at(place("signer")))
        })?;
        match signature::read(&key.text, manifest.manifest_hash.as_bytes(), &manifest.signature) {
            Reading::Verified => {}
            Reading::SecondSpelling => {
                let finding = signature::second_spelling("key-status manifest", &manifest.signature);
                self.further.push(finding.at(place("signature")));
            }
            Reading::Invalid => {
                self.further.extend(signature::weak_key(&key.text));
                let message = "the manifest's signature does not verify under the trusted key";
                let finding = Finding::disproves(CODE, message).fact("public key", key.text);
                return Err(Box::new(finding.at(place("signature"))));
            }
        }
        self.signers.push(SignerSummary {
            signed: "key-status manifest".to_owned(),
            public_key: key.text,
            key_id: key.key_id,
            basis: key.basis,
            source: key.source,
            signed_at: Some(manifest.computed_at.clone().into_owned()),
        });
        Ok(())
    }

    /// The manifest's references against the commitment of the scope state; gives their number.
    fn scope(
        &mut self,
        evidence: &Evidence<'_>,
        loaded: &Loaded,
        manifest: &KeyStatusManifest<'_>,
    ) -> Check<u64> {
        use crate::finding::catalog::scope::CHECKPOINT_SCOPE_STATE_MISSING;
        let Some(sidecar) = evidence.sidecar else {
            return lacks(&CHECKPOINT_SCOPE_STATE_MISSING, "there is no scope-state sidecar to read");
        };
        let judged = judge_state(sidecar, evidence.checkpoint, "", self.keys);
        self.further.extend(judged.further);
        let facts = judged.result?;
        self.signers.extend(facts.signers());
        let head = facts.head_sequence;
        if head < 0 {
            let message = "the checkpoint's head has a negative sequence number";
            return disproved(&code::KEY_STATUS_COMPLETENESS_SCOPE_BOUNDARY_INVALID, message);
        }
        let predicate_hash = predicate_hash(head);
        let commitment = commitment(&facts, &predicate_hash, sidecar)?;
        let references: Vec<&EventRef<'_>> = manifest.event_refs().collect();
        let mut seen = HashSet::new();
        for reference in &references {
            let place = || Location::value(&*loaded.name, reference.value);
            if reference.sequence > head {
                let finding = Finding::disproves(
                    &code::KEY_STATUS_COMPLETENESS_EVENT_REF_OUT_OF_SCOPE,
                    "an event reference lies beyond the head of the checkpoint",
                );
                let finding = finding
                    .fact("sequence number", reference.sequence.to_string())
                    .fact("head", head.to_string());
                return Err(Box::new(finding.at(place())));
            }
            if !seen.insert((&*reference.event_id, &*reference.record_hash)) {
                let finding = Finding::disproves(
                    &code::KEY_STATUS_COMPLETENESS_EVENT_REF_DUPLICATE,
                    "two references name the same event",
                );
                return Err(Box::new(finding.fact("event id", &*reference.event_id).at(place())));
            }
        }
        let count = i128::try_from(references.len()).unwrap_or(i128::MAX);
        let place = || at(loaded, manifest.value, "keys");
        if commitment.0 != count {
            let finding = Finding::disproves(
                &code::KEY_STATUS_COMPLETENESS_EVENT_REF_COUNT_MISMATCH,
                "the scope state counts another number of key-status events than the manifest refers to",
            );
            let finding =
                finding.fact("counted", commitment.0.to_string()).fact("referred", count.to_string());
            return Err(Box::new(finding.at(place())));
        }
        let mut members = references;
        members.sort_by(|left, right| left.order().cmp(&right.order()));
        let computed = membership::root(&predicate_hash, &members).unwrap_or_default();
        if commitment.1 != computed {
            let finding = Finding::disproves(
                &code::KEY_STATUS_COMPLETENESS_EVENT_REF_ROOT_MISMATCH,
                "the manifest refers to other key-status events than the scope state commits to",
            );
            let finding = finding.fact("committed", commitment.1).fact("computed", computed);
            return Err(Box::new(finding.at(place())));
        }
        Ok(u64::try_from(members.len()).unwrap_or(u64::MAX))
    }
}

/// Count and root that the sidecar commits to for all key-status events up to the head.
fn commitment(facts: &StateFacts<'_>, predicate_hash: &str, sidecar: &Loaded) -> Check<(i128, String)> {
    let found = facts.sidecar.commitments.iter().find(|row| row.predicate_hash == predicate_hash);
    match found {
        Some(row) => Ok((row.count, row.root.clone().into_owned())),
        None => {
            let finding = Finding::lacks(
                &code::KEY_STATUS_COMPLETENESS_SCOPE_COMMITMENT_MISSING,
                "the scope state has no commitment for key-status events up to its head",
            );
            let finding = finding.fact("predicate hash", predicate_hash);
            Err(Box::new(finding.at(Location::file(&*sidecar.name))))
        }
    }
}

/// `sha256:` hash of the predicate for all key-status events up to `head`, in its canonical form.
fn predicate_hash(head: i128) -> String {
    let text = format!(
        r#"{{"equals":{{"event_type":"key.status.v1"}},"operator":"and","ranges":{{"sequence_number":{{"gte":0,"lte":{head}}}}},"version":"keel.scope_predicate.v1"}}"#
    );
    prefixed(&sha256(text.as_bytes()))
}

/// The entry of the key against what is expected of it.
fn status(asked: &Asked<'_>, loaded: &Loaded, manifest: &KeyStatusManifest<'_>) -> Check<()> {
    let mut entries = manifest.keys.iter().filter(|key| asked.is(key));
    let Some(key) = entries.next() else {
        return lacks(&code::KEY_STATUS_COMPLETENESS_KEY_MISSING, "the manifest does not list the key");
    };
    let fail = |code, message: &str, of: &KeyStatus<'_>| {
        let finding = Finding::disproves(code, message).fact("status", &*of.status);
        Err(Box::new(finding.at(Location::value(&*loaded.name, of.value))))
    };
    let had = |at: &Option<Timestamp>| at.as_ref().is_some_and(|at| *at <= asked.instant);
    match asked.expected {
        Expected::Revoked => {
            if key.status != "revoked" {
                let message = "the key is expected to be revoked";
                return fail(&code::KEY_STATUS_COMPLETENESS_STATUS_NOT_REVOKED, message, key);
            }
            if !had(&key.revoked_at) {
                let message = "the key was revoked after the instant in question";
                return fail(&code::KEY_STATUS_COMPLETENESS_REVOKED_AFTER_COMPARISON, message, key);
            }
            if !key.event_refs.iter().any(|reference| reference.status == "revoked") {
                let message = "the entry refers to no event that revoked the key";
                return lacks(&code::KEY_STATUS_COMPLETENESS_EVENT_REF_MISSING, message);
            }
        }
        Expected::NotRevoked => {
            if had(&key.revoked_at) || had(&key.compromised_at) {
                let message = "the key was revoked or compromised at the instant in question";
                return fail(&code::KEY_STATUS_COMPLETENESS_TERMINAL_STATUS_AT_COMPARISON, message, key);
            }
        }
    }
    if let Some(other) = entries.next() {
        let message = "the manifest lists the key twice";
        return fail(&code::KEY_STATUS_COMPLETENESS_KEY_AMBIGUOUS, message, other);
    }
    if contradictory(key, &manifest.computed) {
        let message = "the entry's status does not fit its times and its events";
        return fail(&code::KEY_STATUS_COMPLETENESS_STATUS_CONTRADICTORY, message, key);
    }
    Ok(())
}

/// Whether the entry says of its key what its own events or times deny.
fn contradictory(key: &KeyStatus<'_>, computed: &Timestamp) -> bool {
    let ended = |at: &Option<Timestamp>| at.as_ref().is_some_and(|at| at <= computed);
    let refers = |status: &str| key.event_refs.iter().any(|reference| reference.status == status);
    (refers("revoked") && key.revoked_at.is_none())
        || (refers("compromised") && key.compromised_at.is_none())
        || (key.status == "active" && (ended(&key.revoked_at) || ended(&key.compromised_at)))
}

impl Member for EventRef<'_> {
    fn leaf(&self) -> (&str, &str, Value<'_>) {
        (&self.event_id, &self.record_hash, self.sequence_value)
    }
}

fn at(loaded: &Loaded, object: Value<'_>, name: &str) -> Location {
    Location::value(&*loaded.name, object.member(name).unwrap_or(object))
}

#[cfg(test)]
mod tests;
