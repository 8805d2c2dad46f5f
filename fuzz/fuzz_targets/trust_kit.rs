//! Any bytes as a trust kit and as a file that goes into one: what is read is the text that its contents give, every date
//! has an answer, and with a kit that cannot be used nothing is verified.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::bytes::{Blob, Limits};
use verifier_core::evidence::gather_bytes;
use verifier_core::json::ParserLimits;
use verifier_core::report::Outcome;
use verifier_core::time::Timestamp;
use verifier_core::trust::kit::{Item, TrustKit};
use verifier_core::trust::{NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify_batch};

const BUNDLE: &[u8] = include_bytes!("../../testvectors/generated/shared/bundle-82d8df7e2a42.json");
const DATES: [&str; 4] = ["0001-01-01", "2026-06-20", "2026-08-09", "9999-12-31"];

fuzz_target!(|bytes: &[u8]| {
    let limits = ParserLimits::default();
    let blob = Blob::new(bytes.to_vec());
    let kit = TrustKit::parse(&blob, limits);
    if let Ok(kit) = &kit {
        assert_eq!(kit.write().as_bytes(), bytes);
        standings(kit);
    }
    if let Ok(items) = Item::identify("given", &blob, limits)
        && let Ok(packed) = TrustKit::of(items)
    {
        let text = packed.write();
        let again = TrustKit::parse(&Blob::new(text.clone().into_bytes()), limits).unwrap();
        assert_eq!(again.write(), text);
        standings(&packed);
    }
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-09").unwrap());
    policy.adopt_kit(NamedBlob::new("kit.json", bytes.to_vec()));
    let batch = gather_bytes("evidence.json", BUNDLE.to_vec(), &Limits::default());
    let once = || verify_batch(&batch, &policy, &NoProgress);
    let reports = once();
    assert_eq!(serde_json::to_string(&reports).unwrap(), serde_json::to_string(&once()).unwrap());
    assert!(kit.is_ok() || reports.iter().all(|report| report.outcome != Outcome::Verified));
});

fn standings(kit: &TrustKit) {
    for date in DATES {
        let standings = kit.standings(&Timestamp::parse(date).unwrap());
        assert_eq!(standings.len(), kit.items().len());
    }
}
