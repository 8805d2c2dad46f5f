//! Any bytes as the payload of an export whose manifest is genuine, so that no check is skipped: a report comes
//! out, and it is the same with one thread and with three.
//!
//! The first byte chooses what is asked for; the rest is the payload.

#![no_main]

use std::num::NonZeroUsize;
use std::sync::Arc;

use ed25519_dalek::{Signer, SigningKey};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use verifier_core::archive::{Entry, NoSiblings};
use verifier_core::bytes::{Limits, base64};
use verifier_core::crypto::{prefixed, sha256};
use verifier_core::evidence::{Evidence, ExportSet, Part};
use verifier_core::time::Timestamp;
use verifier_core::trust::{Check, KeySource, NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify};

const MANIFEST: &[u8] = include_bytes!("../../testvectors/generated/export/signature-missing/manifest.json");
const KEYS: &[u8] = include_bytes!("../seeds/key_manifest/small.json");
/// A public fixture of `permit-issuer`.
const SEED: &[u8] = b"permit-issuer public fixture key, not a secret: vectors export_signing";

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, payload)) = bytes.split_first() else { return };
    let is_set = |bit: u8| choice & (1 << bit) != 0;
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    policy.keys = KeySource::Manifest(NamedBlob::new("keys.json", KEYS.to_vec()));
    policy.trust_root = Some(NamedBlob::new("root.json", KEYS.to_vec()));
    policy.walk = if is_set(0) { Check::Required } else { Check::Automatic };
    policy.closures = if is_set(1) { Check::Required } else { Check::Automatic };
    policy.limits = Limits { json_nodes: 100_000, findings_per_code: 20, ..Limits::default() };

    let manifest = is_set(2).then(|| part("manifest.json", manifest(payload, is_set(3))));
    let evidence = Evidence::Export(ExportSet::new(part("export.json", payload.to_vec()), manifest));
    let report =
        |policy: &TrustPolicy| serde_json::to_string(&verify(&evidence, policy, &NoProgress)).unwrap();
    let one = report(&policy);
    policy.workers = NonZeroUsize::new(3).unwrap();
    assert_eq!(one, report(&policy));
});

/// A manifest with this content hash and its signature, with or without claims that must be established.
fn manifest(payload: &[u8], has_claims: bool) -> Vec<u8> {
    let mut manifest: Value = serde_json::from_slice(MANIFEST).unwrap();
    let content_hash = prefixed(&sha256(payload));
    let signature = SigningKey::from_bytes(&sha256(SEED)).sign(content_hash.as_bytes());
    manifest["signature"] = format!("ed25519:{}", base64::encode(&signature.to_bytes())).into();
    manifest["content_hash"] = content_hash.into();
    if !has_claims {
        let members = manifest.as_object_mut().unwrap();
        members.remove("claim_set");
        members.remove("semantics_pins");
    }
    serde_json::to_vec(&manifest).unwrap()
}

fn part(label: &str, bytes: Vec<u8>) -> Part {
    Part {
        label: label.to_owned(),
        entry: Entry::from_bytes(label, bytes),
        siblings: Arc::new(NoSiblings),
        above: None,
    }
}
