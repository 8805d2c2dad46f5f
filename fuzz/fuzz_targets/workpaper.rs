//! Any bytes as a working paper, and as the content of a signed one: what is read is spelled as it was read, signatures and
//! projections have the same answer each time, and nothing that a stranger wrote is signed by the expected key.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::bytes::Blob;
use verifier_core::json::ParserLimits;
use verifier_core::projection::Confidence;
use verifier_core::report::Outcome;
use verifier_core::workpaper::{
    Content, Expected, ProjectionKind, Role, SigningKey, Workpaper, judge,
};

const TIME: &str = "2026-11-27T00:00:00Z";

fuzz_target!(|bytes: &[u8]| {
    // a key that no seed was signed with
    let key = SigningKey::from_text(&"5a".repeat(32)).unwrap();
    let expected = Expected { keys: vec![key.public_key()], countersigned: false };
    if let Ok(paper) = Workpaper::load(&Blob::new(bytes.to_vec()), ParserLimits::default()) {
        assert_eq!(paper.to_bytes(), bytes);
        assert_eq!(paper.check(), paper.check());
        assert_ne!(judge(&paper, &expected, "paper").outcome, Outcome::Verified);
        project(&paper.content);
    }
    if let Ok(content) = serde_json::from_slice::<Content>(bytes) {
        project(&content);
        let mut paper = Workpaper::new(content);
        if paper.sign(&key, Role::Preparer, TIME).is_ok() {
            assert_eq!(judge(&paper, &expected, "paper").outcome, Outcome::Verified);
            paper.content.title.push('!');
            assert_eq!(judge(&paper, &expected, "paper").outcome, Outcome::Disproved);
        }
    }
});

fn project(content: &Content) {
    for sample in 0..2 {
        for of in [ProjectionKind::Exceptions, ProjectionKind::Amounts] {
            let (mut one, mut other) = (content.clone(), content.clone());
            let result = one.project(sample, of, Confidence::P95, None);
            assert_eq!(result, other.project(sample, of, Confidence::P95, None));
            assert_eq!(one, other);
            let kept = one.projections.iter().find(|record| (record.sample, record.of) == (sample, of));
            assert!(result.is_err() || kept.is_some_and(|record| record.again(&one).as_ref() == Ok(record)));
        }
    }
}
