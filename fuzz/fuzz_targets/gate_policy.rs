//! Any bytes as a pipeline's policy: the same answer each time, faults that name a line of the text, and a policy that
//! never passes without evidence.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::gate::{Facts, Policy};
use verifier_core::report::Outcome;
use verifier_core::time::Timestamp;

fuzz_target!(|bytes: &[u8]| {
    let parsed = Policy::parse(bytes);
    assert_eq!(parsed, Policy::parse(bytes));
    match parsed {
        Err(faults) => {
            assert!(!faults.is_empty() && faults.len() <= 20);
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
            assert!(faults.iter().all(|fault| (1..=lines).contains(&fault.line)));
        }
        Ok(policy) => {
            let as_of = Timestamp::parse("2026-11-26T00:00:00Z").unwrap();
            let gate = policy.judge(&Facts {
                name: "keel-policy.toml",
                sha256: String::new(),
                paths: &[],
                reports: &[],
                trust_root: None,
                money: None,
                as_of: &as_of,
            });
            assert_ne!(gate.outcome, Outcome::Verified);
        }
    }
});
