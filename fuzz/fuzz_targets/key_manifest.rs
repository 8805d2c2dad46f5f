//! Any bytes as the key manifest, as the trust root, and as evidence: a report comes out, the same each time, and
//! keys of a manifest that the trust root did not sign are never used.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::bytes::Limits;
use verifier_core::evidence::gather_bytes;
use verifier_core::report::Outcome;
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeySource, NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify_batch};

const KEYS: &[u8] = include_bytes!("../seeds/key_manifest/small.json");
const BUNDLE: &[u8] = include_bytes!("../../testvectors/generated/shared/bundle-82d8df7e2a42.json");
const STRANGER: &[u8] =
    include_bytes!("../../testvectors/generated/evidence-bundle/signed-by-a-stranger/bundle.json");

fuzz_target!(|bytes: &[u8]| {
    let given = || NamedBlob::new("given.json", bytes.to_vec());
    let own = || NamedBlob::new("own.json", KEYS.to_vec());
    let policy = |keys: KeySource, root: NamedBlob| {
        let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
        policy.keys = keys;
        policy.trust_root = Some(root);
        policy
    };
    let sources = [
        policy(KeySource::Manifest(given()), own()),
        policy(KeySource::Manifest(own()), given()),
        policy(KeySource::TrustRoot, given()),
        policy(KeySource::Manifest(given()), given()),
    ];
    for policy in &sources {
        run(BUNDLE, policy);
    }
    run(bytes, &policy(KeySource::TrustRoot, own()));
    // one that claims a signature: without it, a manifest is trusted because the operator named it
    let is_signed = serde_json::from_slice::<serde_json::Value>(bytes)
        .is_ok_and(|manifest| manifest.get("manifest_signature").is_some_and(serde_json::Value::is_object));
    if is_signed {
        assert_ne!(run(STRANGER, &sources[0]), Outcome::Verified);
    }
});

fn run(evidence: &[u8], policy: &TrustPolicy) -> Outcome {
    let batch = gather_bytes("evidence.json", evidence.to_vec(), &Limits::default());
    let once = || verify_batch(&batch, policy, &NoProgress);
    let reports = once();
    assert_eq!(serde_json::to_string(&reports).unwrap(), serde_json::to_string(&once()).unwrap());
    reports.iter().map(|report| report.outcome).reduce(Outcome::worst).unwrap()
}
