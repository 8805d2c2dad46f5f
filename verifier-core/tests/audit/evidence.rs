//! Chains, windows of them as signed exports, and checkpoints, all made here with one key.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use verifier_core::audit::{self, Audit, Expectation, Member, state::State};
use verifier_core::bytes::{base64, hex};
use verifier_core::chain::GENESIS_PREV_HASH;
use verifier_core::crypto::{PublicKey, prefixed, sha256};
use verifier_core::evidence;
use verifier_core::finding::Finding;
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeySource, TrustPolicy};
use verifier_core::verify::NoProgress;

pub(crate) const PROJECT: &str = "00000000-0000-4000-8000-000000000041";
pub(crate) const SCOPE: &str = "project:00000000-0000-4000-8000-000000000041";
pub(crate) const OTHER: &str = "00000000-0000-4000-8000-000000000042";

fn signer(name: &str) -> SigningKey {
    SigningKey::from_bytes(&sha256(format!("audit test key {name}").as_bytes()))
}

pub(crate) fn public() -> PublicKey {
    PublicKey::from_bytes(signer("issuer").verifying_key().as_bytes()).unwrap()
}

fn sign(text: &str) -> String {
    format!("ed25519:{}", base64::encode(&signer("issuer").sign(text.as_bytes()).to_bytes()))
}

/// Record N is made on day N of the year 2026.
pub(crate) fn day(number: usize) -> String {
    let micros = Timestamp::parse("2026-01-01T12:00:00Z").unwrap().unix_micros();
    let number = i64::try_from(number).unwrap() - 1;
    Timestamp::from_unix_micros(micros + number * 86_400_000_000).unwrap().to_rfc3339()
}

/// A chain of `count` records. From record `from` on it tells another story.
pub(crate) fn chain(project: &str, count: usize, other_from: Option<usize>) -> Vec<Value> {
    let mut previous = GENESIS_PREV_HASH.to_owned();
    let numbered = (1..=count).map(|number| {
        let outcome = if other_from.is_some_and(|from| number >= from) { "deny" } else { "allow" };
        record(project, number, number, outcome, &mut previous)
    });
    numbered.collect()
}

/// A record with any number, made on day `made`.
pub(crate) fn record(
    project: &str,
    number: usize,
    made: usize,
    outcome: &str,
    previous: &mut String,
) -> Value {
    let at = day(made);
    let form = Timestamp::parse(&at).unwrap().record_hash_form();
    let id = format!("ev_{project}_{number}_{outcome}");
    let text = format!("{id}|audit.note|||{outcome}|info|{form}|{previous}|{number}");
    let hash = hex::encode(&sha256(text.as_bytes()));
    let record = json!({
        "event_id": id, "event_type": "audit.note", "outcome": outcome, "severity": "info",
        "created_at": at, "occurred_at": at, "prev_hash": previous, "record_hash": hash,
        "sequence_number": number, "chain_format_version": "v1", "chain_scope": format!("project:{project}"),
        "project_id": project, "payload": { "note": number },
    });
    *previous = hash;
    record
}

/// An export of these records and its manifest.
pub(crate) fn export(project: &str, records: &[Value]) -> (Vec<u8>, Vec<u8>) {
    let payload = json!({
        "schema": "keel.governance_events/v1", "project_id": project, "export_id": "e-1",
        "record_count": records.len(), "records": records,
    });
    let bytes = serde_json::to_vec(&payload).unwrap();
    let content_hash = prefixed(&sha256(&bytes));
    let manifest = json!({
        "compressed": false, "signature": sign(&content_hash), "content_hash": content_hash,
        "export_id": "e-1", "export_type": "governance_events", "format": "json", "project_id": project,
        "public_key": public().to_text(), "key_id": public().fingerprint(), "record_count": records.len(),
        "keel_version": "test", "signed_at": "2026-12-01T00:00:00.000000Z",
    });
    (bytes, serde_json::to_vec(&manifest).unwrap())
}

/// A checkpoint over the last record of each list.
pub(crate) fn checkpoint(last: &[&Value]) -> Vec<u8> {
    let heads: BTreeMap<String, Value> = last
        .iter()
        .map(|record| {
            let head = json!({
                "sequence_number": record["sequence_number"],
                "last_record_hash": record["record_hash"],
            });
            (record["chain_scope"].as_str().unwrap().to_owned(), head)
        })
        .collect();
    let line = |(scope, head): (&String, &Value)| {
        format!("{scope}:{}:{}", head["sequence_number"], head["last_record_hash"].as_str().unwrap())
    };
    let preimage = heads.iter().map(line).collect::<Vec<_>>().join("\n");
    let composite = prefixed(&sha256(preimage.as_bytes()));
    let value = json!({
        "checkpoint_id": "c-1", "chain_heads": heads, "composite_hash": composite,
        "computed_at": "2026-12-01T00:00:00Z", "keel_version": "test", "key_id": public().fingerprint(),
        "public_key": public().to_text(), "signature": sign(&composite),
    });
    serde_json::to_vec(&value).unwrap()
}

/// A folder of archives.
pub(crate) struct Archives {
    pub(crate) folder: tempfile::TempDir,
}

impl Archives {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Adds an export as a folder of its own.
    pub(crate) fn add(&self, name: &str, project: &str, records: &[Value]) -> &Self {
        let folder = self.folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let (payload, manifest) = export(project, records);
        std::fs::write(folder.join("export.json"), payload).unwrap();
        std::fs::write(folder.join("manifest.json"), manifest).unwrap();
        self
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> &Self {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
        self
    }

    pub(crate) fn remove(&self, name: &str) -> &Self {
        let path = self.folder.path().join(name);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
        self
    }

    pub(crate) fn members(&self, policy: &TrustPolicy, state: Option<&State>) -> (Vec<Member>, Vec<Finding>) {
        let mut paths: Vec<_> =
            std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
        let plan = audit::plan(evidence::gather(&paths, &policy.limits));
        let members = audit::examine(&plan.sets, policy, state, &NoProgress, &mut |_| Ok::<(), ()>(()));
        (members.unwrap(), plan.beside)
    }

    pub(crate) fn audit(&self, expectation: Expectation) -> Audit {
        let (members, beside) = self.members(&policy(), None);
        let records = members.into_iter().map(|member| member.record).collect();
        audit::conclude(records, beside, &[], expectation, 100)
    }

    pub(crate) fn plain(&self) -> Audit {
        self.audit(Expectation::default())
    }
}

pub(crate) fn policy() -> TrustPolicy {
    let mut policy = TrustPolicy::new(Timestamp::parse("2027-01-01T00:00:00Z").unwrap());
    policy.keys = KeySource::Expected(public().to_text());
    policy.workers = NonZeroUsize::new(2).unwrap();
    policy
}

pub(crate) fn codes(audit: &Audit) -> Vec<&'static str> {
    let mut codes: Vec<_> = audit.findings.iter().map(|finding| finding.code.id).collect();
    codes.dedup();
    codes
}

/// The period from the beginning of day `from` to the beginning of day `to`.
pub(crate) fn period(from: usize, to: usize) -> Expectation {
    let at = |number: usize| Timestamp::parse(day(number).split('T').next().unwrap());
    Expectation { from: at(from), to: at(to), ..Expectation::default() }
}
