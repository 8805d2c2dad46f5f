//! Any bytes as an evidence bundle, and any object as the body of one with genuine digests and signature: a report
//! comes out, the same each time, and the signed one is never called altered.

#![no_main]

use ed25519_dalek::{Signer, SigningKey};
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use verifier_core::bytes::{Blob, Limits, base64};
use verifier_core::canon::{Profile, digest, digest_except};
use verifier_core::crypto::{prefixed, sha256};
use verifier_core::evidence::gather_bytes;
use verifier_core::json::{Document, ParserLimits};
use verifier_core::report::{Outcome, Report};
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeySource, NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify_batch};

const KEYS: &[u8] = include_bytes!("../seeds/key_manifest/small.json");
/// A public fixture of `permit-issuer`, and its public half.
const SEED: &[u8] = b"permit-issuer public fixture key, not a secret: vectors export_signing";
const KEY: &str = "ed25519:QZyTKzFjdOpkh0RgFoadLBMoBKAZ2FlHCz2dJqQ3aDg=";

fuzz_target!(|bytes: &[u8]| {
    run(bytes.to_vec());
    let Some(bundle) = signed(bytes) else { return };
    for report in run(bundle) {
        for code in
            ["ARTIFACT_REF_DIGEST_MISMATCH", "BUNDLE_CONTENT_HASH_MISMATCH", "BUNDLE_SIGNATURE_INVALID"]
        {
            assert!(!report.has_code(code) || report.has_code("DUPLICATE_JSON_KEY"), "{code}");
        }
        assert_ne!(report.outcome, Outcome::Unreadable);
    }
});

fn run(bundle: Vec<u8>) -> Vec<Report> {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    policy.keys = KeySource::Manifest(NamedBlob::new("keys.json", KEYS.to_vec()));
    policy.trust_root = Some(NamedBlob::new("root.json", KEYS.to_vec()));
    let batch = gather_bytes("bundle.json", bundle, &Limits::default());
    let once = || verify_batch(&batch, &policy, &NoProgress);
    let reports = once();
    assert_eq!(serde_json::to_string(&reports).unwrap(), serde_json::to_string(&once()).unwrap());
    reports
}

/// A bundle around the members of an object, which has a canonical form and names nothing twice.
fn signed(bytes: &[u8]) -> Option<Vec<u8>> {
    let limits = ParserLimits::from(&Limits::default());
    let given = Document::parse(Blob::new(bytes.to_vec()), limits).ok()?;
    if !given.root().is_object() || given.anomalies().next().is_some() {
        return None;
    }
    let object = |reference: &str| {
        let mut text = format!("{{\"artifact_ref\":{reference}").into_bytes();
        for member in given.root().members().filter(|member| member.name() != "artifact_ref") {
            text.extend(format!(",{}:", serde_json::to_string(&member.name()).unwrap()).bytes());
            text.extend(member.value.raw());
        }
        text.push(b'}');
        Document::parse(Blob::new(text), limits).unwrap()
    };
    let covered = digest_except(Profile::Legacy, object("{}").root(), &["artifact_ref", "anchor"]).ok()?;
    let reference = json!({
        "schema_version": "artifact_ref.v1", "type": "compliance_export", "id": "a", "region": "local",
        "urn": "urn:x-keel:artifact:compliance_export:a", "path": "/a", "canonical_url": "https://a.invalid/a",
        "digest": prefixed(&covered),
    });
    let body = object(&reference.to_string());
    let content_hash = prefixed(&digest(Profile::Legacy, body.root()).ok()?);
    let signature = SigningKey::from_bytes(&sha256(SEED)).sign(content_hash.as_bytes());
    let envelope = json!({
        "content_hash": content_hash, "public_key": KEY, "public_key_id": "sha256:a05e6bcedd9e7143cfa22334795f8248",
        "signature": format!("ed25519:{}", base64::encode(&signature.to_bytes())), "tsa_receipts": [],
    });
    let mut bundle = br#"{"schema_version":"keel.evidence_bundle/v1","body":"#.to_vec();
    bundle.extend(body.root().raw());
    bundle.extend(format!(",\"signature_envelope\":{envelope}}}").bytes());
    Some(bundle)
}
