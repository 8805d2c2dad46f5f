//! Any bytes as a checkpoint, as a consistency document and as a noted head, and any object as chain heads under a
//! genuine signature: a report comes out, the same each time, and the signed one is verified only with heads that
//! have one reading.

#![no_main]

use ed25519_dalek::{Signer, SigningKey};
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use verifier_core::bytes::{Blob, Limits, base64};
use verifier_core::claim::monitor::{Expectation, Reference, observe};
use verifier_core::crypto::sha256;
use verifier_core::evidence::gather_bytes;
use verifier_core::format::checkpoint::Checkpoint;
use verifier_core::json::{Document, ParserLimits};
use verifier_core::report::{Outcome, Report};
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeySource, TrustPolicy};
use verifier_core::verify::{NoProgress, verify_batch};

/// A public fixture, not a secret.
const SEED: &[u8] = b"keel-evidence vector: checkpoint key";
const KEY: &str = "ed25519:oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU=";

fuzz_target!(|bytes: &[u8]| {
    run(bytes.to_vec());
    let limits = ParserLimits::from(&Limits::default());
    let blob = || Blob::new(bytes.to_vec());
    let noted = Reference::parse("pin", blob(), limits).ok();
    let references = noted.into_iter().collect();
    let observation =
        observe("surface.json", Ok(blob()), &Expectation { references, require_rekor: false, rekor: None }, limits);
    assert_eq!(observation.proved.is_some(), observation.outcome() == Outcome::Verified);
    let Some((signed, sound)) = signed(bytes, limits) else { return };
    for report in run(signed) {
        assert!(!report.has_code("SIGNATURE_VERIFICATION_FAILED"));
        assert_eq!(report.outcome == Outcome::Verified, sound);
    }
});

fn run(bytes: Vec<u8>) -> Vec<Report> {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    policy.keys = KeySource::Expected(KEY.to_owned());
    let batch = gather_bytes("checkpoint.json", bytes, &Limits::default());
    let once = || verify_batch(&batch, &policy, &NoProgress);
    let reports = once();
    assert_eq!(serde_json::to_string(&reports).unwrap(), serde_json::to_string(&once()).unwrap());
    reports
}

/// A signed checkpoint with the given object as its heads, and whether they have one reading.
fn signed(bytes: &[u8], limits: ParserLimits) -> Option<(Vec<u8>, bool)> {
    let given = Document::parse(Blob::new(bytes.to_vec()), limits).ok()?;
    if !given.root().is_object() || given.anomalies().next().is_some() || bytes.len() > 100_000 {
        return None;
    }
    let mut text = b"{\"chain_heads\":".to_vec();
    text.extend(given.root().raw());
    let document = Document::parse(Blob::new([text.as_slice(), b"}"].concat()), limits).ok()?;
    let checkpoint = Checkpoint::parse(document.root())?;
    let composite = checkpoint.compute_composite()?;
    let heads = checkpoint.heads.as_ref()?;
    let sound = !heads.is_empty() && heads.iter().all(|head| head.faults().next().is_none());
    let signature = SigningKey::from_bytes(&sha256(SEED)).sign(composite.as_bytes());
    let signature = format!("ed25519:{}", base64::encode(&signature.to_bytes()));
    let rest = json!({ "composite_hash": composite, "signature": signature }).to_string();
    text.push(b',');
    text.extend(&rest.as_bytes()[1..]);
    Some((text, sound))
}
