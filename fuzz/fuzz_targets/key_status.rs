#![no_main]
//! Any bytes as a key-status manifest: the same report each time, and nothing that a stranger wrote is supported.

use libfuzzer_sys::fuzz_target;
use verifier_core::report::Outcome;
use verifier_core::time::Timestamp;
use verifier_core::trust::{NamedBlob, TrustPolicy};
use verifier_core::verify::{ExpectedStatus, KeyQuestion, KeyStatusInput, verify_key_status};

fuzz_target!(|bytes: &[u8]| {
    let policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    let input = KeyStatusInput {
        question: KeyQuestion {
            account_id: "11111111-1111-4111-8111-111111111111".to_owned(),
            key_scope: "operator".to_owned(),
            key_id: "b62e867fa2f33afe62d5d6b1642e1621d543307846b2a57b897e710919b76709".to_owned(),
            instant: "2026-05-07T12:00:00Z".to_owned(),
            expected: ExpectedStatus::NotRevoked,
        },
        manifest: Some(NamedBlob::new("key-status.json", bytes.to_vec())),
        sidecar: None,
        checkpoint: None,
    };
    let once = || verify_key_status(&input, &policy);
    let report = once();
    assert_eq!(serde_json::to_string(&report).unwrap(), serde_json::to_string(&once()).unwrap());
    assert_ne!(report.outcome, Outcome::Verified);
});
