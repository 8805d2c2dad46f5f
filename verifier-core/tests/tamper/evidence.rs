//! The committed honest cases in memory, and the vendor's hand on them: whatever was changed is signed again with
//! the export key, whose seed is a public fixture of `permit-issuer`.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use testvectors::{Case, Origin};
use verifier_core::archive::{Entry, GivenSiblings, NoSiblings};
use verifier_core::bytes::{Blob, Limits, base64};
use verifier_core::canon::{Profile, digest, digest_except};
use verifier_core::crypto::{prefixed, sha256};
use verifier_core::evidence::{Evidence, ExportSet, Part, gather_bytes};
use verifier_core::excerpt::{Made, Maker, Order, make};
use verifier_core::json::{Document, ParserLimits};
use verifier_core::report::Report;
use verifier_core::time::Timestamp;
use verifier_core::trust::{Check, KeySource, NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify, verify_batch};
use verifier_core::workpaper::SigningKey as ReviewerKey;

/// How a payload is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Document,
    Lines,
    Bundle,
}

/// An honest case, as documents.
#[derive(Clone)]
pub(crate) struct Honest {
    pub(crate) payload: Value,
    pub(crate) payload_bytes: Vec<u8>,
    pub(crate) manifest: Value,
    pub(crate) key_manifest: Value,
    pub(crate) trust_root: Vec<u8>,
    pub(crate) form: Form,
    pub(crate) checks_closures: bool,
}

/// The case with this id.
pub(crate) fn generated(id: &str) -> Case {
    Case::of(Origin::Generated).unwrap().into_iter().find(|case| case.id == id).unwrap()
}

impl Honest {
    pub(crate) fn load(id: &str, form: Form) -> Self {
        let case = generated(id);
        let read = |name: &str| -> Value { serde_json::from_slice(&case.read(name).unwrap()).unwrap() };
        let payload_bytes =
            case.read(if form == Form::Bundle { "bundle.json" } else { "export.json" }).unwrap();
        let payload = match form {
            Form::Lines => serde_json::Deserializer::from_slice(&payload_bytes)
                .into_iter::<Value>()
                .collect::<Result<Vec<_>, _>>()
                .unwrap()
                .into(),
            Form::Document | Form::Bundle => serde_json::from_slice(&payload_bytes).unwrap(),
        };
        Self {
            payload,
            payload_bytes,
            manifest: if form == Form::Bundle { Value::Null } else { read("manifest.json") },
            key_manifest: read("key-manifest.json"),
            trust_root: case.read("trust-root.json").unwrap(),
            form,
            checks_closures: case.args.iter().any(|word| word == "--verify-closure"),
        }
    }

    pub(crate) fn is_verified(&self, bytes: &[u8], manifest: &Value) -> bool {
        self.report(bytes, manifest).outcome.exit_status() == 0
    }

    pub(crate) fn report(&self, bytes: &[u8], manifest: &Value) -> Report {
        let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
        policy.keys = KeySource::Manifest(NamedBlob::new("key-manifest.json", bytes_of(&self.key_manifest)));
        policy.trust_root = Some(NamedBlob::new("trust-root.json", self.trust_root.clone()));
        policy.walk = Check::Required;
        policy.closures = if self.checks_closures { Check::Required } else { Check::Automatic };
        if self.form == Form::Bundle {
            let batch = gather_bytes("bundle.json", bytes.to_vec(), &policy.limits);
            return verify_batch(&batch, &policy, &NoProgress).remove(0);
        }
        let payload = part("export.json", bytes.to_vec());
        let manifest = part("manifest.json", bytes_of(manifest));
        verify(&Evidence::Export(ExportSet::new(payload, Some(manifest))), &policy, &NoProgress)
    }

    /// The payload as bytes.
    pub(crate) fn write(&self, payload: &Value) -> Vec<u8> {
        match (self.form, payload) {
            (Form::Lines, Value::Array(lines)) => {
                lines.iter().flat_map(|line| [bytes_of(line), b"\n".to_vec()].concat()).collect()
            }
            _ => bytes_of(payload),
        }
    }

    /// The payload as the vendor would publish it: bytes, and the manifest that signs them.
    pub(crate) fn publish(&self, payload: &Value) -> (Vec<u8>, Value) {
        if self.form == Form::Bundle {
            return (bytes_of(&sign_bundle(payload.clone())), Value::Null);
        }
        let bytes = self.write(payload);
        let manifest = sign_manifest(self.manifest.clone(), &bytes);
        (bytes, manifest)
    }
}

/// The manifest over other bytes.
pub(crate) fn sign_manifest(mut manifest: Value, bytes: &[u8]) -> Value {
    let content_hash = prefixed(&sha256(bytes));
    manifest["signature"] = sign(&content_hash).into();
    manifest["content_hash"] = content_hash.into();
    manifest
}

/// The key manifest over other keys.
pub(crate) fn sign_key_manifest(mut manifest: Value) -> Value {
    let mut signed = json!({});
    for name in ["canonicalization_profile", "keys", "manifest_version"] {
        if let Some(value) = manifest.get(name) {
            signed[name] = value.clone();
        }
    }
    let content_hash = prefixed(&digest(Profile::Legacy, document(&signed).root()).unwrap());
    if let Some(signature) = manifest.get_mut("manifest_signature").and_then(Value::as_object_mut) {
        signature.insert("signature".to_owned(), sign(&content_hash).into());
        signature.insert("content_hash".to_owned(), content_hash.into());
    }
    manifest
}

fn sign_bundle(mut bundle: Value) -> Value {
    let Some(body) = bundle.get("body").cloned() else { return bundle };
    let reference =
        digest_except(Profile::Legacy, document(&body).root(), &["artifact_ref", "anchor"]).unwrap();
    if let Some(own) = bundle.pointer_mut("/body/artifact_ref").and_then(Value::as_object_mut) {
        own.insert("digest".to_owned(), prefixed(&reference).into());
    }
    let content_hash = prefixed(&digest(Profile::Legacy, document(&bundle["body"]).root()).unwrap());
    if let Some(envelope) = bundle.get_mut("signature_envelope").and_then(Value::as_object_mut) {
        envelope.insert("signature".to_owned(), sign(&content_hash).into());
        envelope.insert("content_hash".to_owned(), content_hash.into());
    }
    bundle
}

fn sign(text: &str) -> String {
    let seed = sha256(b"permit-issuer public fixture key, not a secret: vectors export_signing");
    let signature = SigningKey::from_bytes(&seed).sign(text.as_bytes());
    format!("ed25519:{}", base64::encode(&signature.to_bytes()))
}

pub(crate) fn bytes_of(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

pub(crate) fn document(value: &Value) -> Document {
    Document::parse(Blob::new(bytes_of(value)), ParserLimits::from(&Limits::default())).unwrap()
}

pub(crate) fn part(label: &str, bytes: Vec<u8>) -> Part {
    Part {
        label: label.to_owned(),
        entry: Entry::from_bytes(label, bytes),
        siblings: Arc::new(NoSiblings),
        above: None,
    }
}

/// An excerpt of two permits of an export in a log, and the trust in the log; with the maker's head, in the maker too.
pub(crate) fn excerpt(signs: bool) -> (Made, TrustPolicy) {
    let case = generated("generated-log-witnessed");
    let read = |name: &str| case.read(name).unwrap();
    let proofs = read("evidence/export.json.tlog-proofs");
    let siblings = GivenSiblings::default().with_bytes("export.json.tlog-proofs", proofs);
    let bytes = read("evidence/export.json");
    let export: Value = serde_json::from_slice(&bytes).unwrap();
    let permits = export["records"].as_array().unwrap().iter().take(2);
    let permits = permits.map(|record| record["permit"]["id"].as_str().unwrap().to_owned()).collect();
    let verified = prefixed(&sha256(&bytes));
    let payload = Part { siblings: Arc::new(siblings), ..part("export.json", bytes) };
    let limits = Limits::default();
    let key = ReviewerKey::from_text(&"07".repeat(32)).unwrap();
    let order = Order {
        permits: &permits,
        verified: &verified,
        maker: signs.then_some(Maker { name: "auditor.example/2026", key: &key }),
        limits: &limits,
        workers: NonZeroUsize::MIN,
    };
    let made = make(&ExportSet::new(payload, None), &order).unwrap();
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    let named = |name: &str| NamedBlob::new(name, read(name));
    policy.keys = KeySource::Manifest(named("evidence/key-manifest.json"));
    policy.trust_root = Some(named("trust-root.json"));
    policy.logs.keys = made.maker_key.clone().into_iter().collect();
    policy.logs.policy = Some(named("witness-policy.txt"));
    (made, policy)
}
