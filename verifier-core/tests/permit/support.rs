//! Artifacts as JSON trees, a signer with a fixed seed, and rings made from manifests.

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value as Json, json};
use verifier_core::bytes::{Blob, base64};
use verifier_core::canon;
use verifier_core::claim::permit::{DecisionRow, judge};
use verifier_core::crypto::PublicKey;
use verifier_core::format::binding::Version;
use verifier_core::json::{Document, ParserLimits};
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeyRing, KeySource, KeyTable, NamedBlob, PERMIT_BINDING_SIGNING, TrustPolicy};

pub(crate) fn document(text: impl Into<Vec<u8>>) -> Document {
    Document::parse(Blob::new(text.into()), ParserLimits::default()).unwrap()
}

pub(crate) fn tree(value: &Json) -> Document {
    document(serde_json::to_vec(value).unwrap())
}

pub(crate) fn ring(manifest: Option<&Json>) -> KeyRing {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
    let content = manifest.map(|keys| Blob::new(serde_json::to_vec(keys).unwrap()));
    policy.keys = KeySource::Manifest(NamedBlob {
        name: "keys.json".to_owned(),
        content: content.ok_or_else(|| "no such file".to_owned()),
    });
    KeyRing::load(&policy)
}

/// Each text is listed under the id that its bytes have.
pub(crate) fn listed(keys: &[&str]) -> Json {
    let entries: Vec<Json> = keys
        .iter()
        .map(|text| {
            let id = PublicKey::from_text(text).unwrap().binding_id();
            json!({"key_id": id, "purpose": PERMIT_BINDING_SIGNING, "public_key": text})
        })
        .collect();
    json!({ "keys": entries })
}

pub(crate) fn judge_text(text: &str, keys: &KeyRing) -> DecisionRow {
    let table = KeyTable::for_purpose(keys, PERMIT_BINDING_SIGNING);
    judge(document(text).root(), keys, &table)
}

pub(crate) fn judge_tree(artifact: &Json, keys: &KeyRing) -> DecisionRow {
    judge_text(&artifact.to_string(), keys)
}

pub(crate) fn outcome(row: &DecisionRow) -> (&'static str, &'static str) {
    (row.verdict.as_str(), row.code.id)
}

/// Hash of a payload under the profile of its version.
pub(crate) fn payload_hash(payload: &Json) -> String {
    let version = payload["binding_version"].as_str().and_then(Version::parse).unwrap();
    canon::hex_digest(version.profile(), tree(payload).root()).unwrap()
}

pub(crate) fn rehash(artifact: &mut Json) {
    artifact["binding_canonical_hash"] = json!(payload_hash(&artifact["canonical_payload"]));
}

pub(crate) struct Issuer(SigningKey);

impl Issuer {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.verifying_key().as_bytes()).unwrap()
    }

    pub(crate) fn entry(&self) -> Json {
        json!({"key_id": self.public().binding_id(), "purpose": PERMIT_BINDING_SIGNING,
               "public_key": self.public().to_text(), "status": "active",
               "valid_from": "2026-01-01T00:00:00Z", "valid_to": null})
    }

    pub(crate) fn sign(&self, message: &str) -> String {
        format!("ed25519:{}", base64::encode(&self.0.sign(message.as_bytes()).to_bytes()))
    }

    /// A v7 artifact whose payload has `changes` applied before it is signed.
    pub(crate) fn artifact(&self, changes: &Json) -> Json {
        let mut payload = json!({
            "account_id": null, "action_name": "mail.send", "authority_chain_digest": null,
            "authority_delta": null, "binding_project_anchor_hash": null,
            "binding_session_event_hash": null, "binding_session_id": null, "binding_version": "v7",
            "constraints": {"max_output_tokens": 100}, "decision": "allow", "delegation_policy_hash": null,
            "expires_at": "2026-05-07T13:00:00+00:00", "final_request_hash": null, "inherits_from": null,
            "is_dry_run": false, "issued_at": "2026-05-07T12:00:00+00:00", "model": "m", "operation": null,
            "org_id": null, "parent_permit_id": null, "permit_chain_role": "session_root",
            "permit_id": "10000000-0000-4000-8000-000000000001", "policy_id": "p",
            "policy_snapshot_hash": null, "policy_version": "1",
            "project_id": "00000000-0000-4000-8000-000000000002", "provider": "openai",
            "quota_reservation_id": null, "reason": "policy.allow", "request_fingerprint": null,
            "resource_attributes_canonical_hash":
                "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "routing": null, "spend_scope_hash": null, "subject_id": "s", "subject_type": "user"
        });
        payload["binding_key_id"] = json!(self.public().binding_id());
        for (name, value) in changes.as_object().unwrap() {
            payload[name] = value.clone();
        }
        self.seal(&payload)
    }

    pub(crate) fn seal(&self, payload: &Json) -> Json {
        let hash = payload_hash(payload);
        json!({
            "artifact_type": "permit_decision_binding", "artifact_version": "permit.decision.v1",
            "canonical_payload": payload, "binding_signature": self.sign(&hash),
            "binding_canonical_hash": hash, "binding_issued_at": "2026-05-07T12:00:00Z",
            "resource_attributes_json": {}
        })
    }
}
