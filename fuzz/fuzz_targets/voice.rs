//! Any bytes as a voice-session attestation: a report comes out, the same each time, and nothing that a stranger wrote
//! is verified.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::bytes::Limits;
use verifier_core::evidence::gather_bytes;
use verifier_core::report::Outcome;
use verifier_core::time::Timestamp;
use verifier_core::trust::TrustPolicy;
use verifier_core::verify::{NoProgress, verify_batch};

fuzz_target!(|bytes: &[u8]| {
    let policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    let batch = gather_bytes("voice.json", bytes.to_vec(), &Limits::default());
    let once = || verify_batch(&batch, &policy, &NoProgress);
    let reports = once();
    assert_eq!(serde_json::to_string(&reports).unwrap(), serde_json::to_string(&once()).unwrap());
    for report in reports.iter().filter(|report| report.artifact.kind == "voice_session_attestation") {
        assert_ne!(report.outcome, Outcome::Verified);
    }
});
