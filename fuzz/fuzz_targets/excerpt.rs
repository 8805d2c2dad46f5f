//! Any bytes as an excerpt: a report comes out, the same each time, and nothing is verified without trust in a head.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::bytes::Limits;
use verifier_core::evidence::gather_bytes;
use verifier_core::report::Outcome;
use verifier_core::time::Timestamp;
use verifier_core::trust::TrustPolicy;
use verifier_core::verify::{NoProgress, verify_batch};

fuzz_target!(|bytes: &[u8]| {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    // The maker of the seeds is trusted, so that the proofs are reached.
    policy.logs.keys = vec![include_str!("../seeds/excerpt.vkey").trim().to_owned()];
    let batch = gather_bytes("excerpt.json", bytes.to_vec(), &Limits::default());
    let once = || verify_batch(&batch, &policy, &NoProgress);
    let reports = once();
    assert_eq!(serde_json::to_string(&reports).unwrap(), serde_json::to_string(&once()).unwrap());
    for report in reports.iter().filter(|report| report.artifact.kind == "excerpt") {
        let tied = report.claims.iter().any(|claim| {
            ["transparency_log.inclusion.v1", "excerpt.records.v1"].contains(&claim.name)
                && claim.verdict == verifier_core::finding::Verdict::Supported
        });
        assert!(report.outcome != Outcome::Verified || tied);
    }
});
