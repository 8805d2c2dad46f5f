//! Any bytes as a file of proofs, and in place of bytes of genuine ones: the same report each time; nothing is verified but
//! the genuine proof of the genuine entry, and no log is accused but by the genuine split view.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::claim::log::{Beside, compare, verify_file};
use verifier_core::report::{Outcome, Report};
use verifier_core::time::Timestamp;
use verifier_core::tlog::SplitView;
use verifier_core::trust::{NamedBlob, TrustPolicy};

const KEY: &str = include_str!("../seeds/note/key");
const HEAD: &[u8] = include_bytes!("../seeds/note/head");
const SINGLE: &[u8] = include_bytes!("../seeds/tlog_proof/single");
const SPLIT: &str = include_str!("../seeds/tlog_proof/split_view");
const ENTRY: &[u8] = b"entry 41";

fuzz_target!(|bytes: &[u8]| {
    judge(bytes);
    if let Some((at, patch)) = bytes.split_first_chunk::<2>() {
        for good in [SINGLE, SPLIT.as_bytes()] {
            let start = usize::from(u16::from_le_bytes(*at)) % good.len();
            let mut changed = good.to_vec();
            for (byte, new) in changed[start..].iter_mut().zip(patch) {
                *byte = *new;
            }
            judge(&changed);
        }
    }
    // As a consistency proof between the two heads of the split view: whatever it says, they are not of one history.
    let view = SplitView::parse(SPLIT).unwrap();
    let heads = [named(view.smaller.as_bytes()), named(view.larger.as_bytes())];
    let proof = named(bytes);
    let compared = compare(&heads, &Beside { files: None, proof: Some(&proof) }, &policy());
    assert_ne!(compared.report.outcome, Outcome::Verified);
    if let Some(split) = compared.split {
        assert_eq!(split, SPLIT);
    }
});

fn named(bytes: &[u8]) -> NamedBlob {
    NamedBlob::new("file", bytes.to_vec())
}

fn policy() -> TrustPolicy {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-10-01T00:00:00Z").unwrap());
    policy.logs.keys = vec![KEY.to_owned()];
    policy
}

fn judge(bytes: &[u8]) {
    let run = || -> Report { verify_file(&named(bytes), Some(&named(ENTRY)), &[named(HEAD)], &policy()) };
    let report = run();
    assert_eq!(serde_json::to_string(&report).unwrap(), serde_json::to_string(&run()).unwrap());
    let is_proof = bytes.starts_with(b"c2sp.org/") || bytes.starts_with(b"keel-evidence/");
    if is_proof && report.outcome == Outcome::Verified {
        // An optional line that nobody signs may stand between the first line and the index.
        let tail = &SINGLE[b"c2sp.org/tlog-proof@v1\n".len()..];
        assert!(bytes.ends_with(tail));
    }
    if report.has_code("TLOG_SPLIT_VIEW") {
        assert_eq!(bytes, SPLIT.as_bytes());
    }
}
