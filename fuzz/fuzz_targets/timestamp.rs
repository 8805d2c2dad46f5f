//! Any bytes as a receipt: an answer within bounded time, the same each time. What the bytes claim without a genuine
//! signature never validates: neither the input itself, nor a genuine token with any part of the input in place of its
//! own bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::timestamp::{Outcome, Token, TrustSet, verify};

const HONEST: &[u8] = include_bytes!("../seeds/timestamp/example_token.der");
const ROOT: &str = include_str!("../../verifier-core/tests/data/timestamp/example_root.pem");
const LISTS: &str = include_str!("../../verifier-core/tests/data/timestamp/example_crl.pem");
/// The digest that the honest token is of.
const DIGEST: [u8; 32] = [
    0xb1, 0x7b, 0x44, 0xc7, 0x95, 0x64, 0xd1, 0x8f, 0xc5, 0xe0, 0x0e, 0x3d, 0x57, 0x9f, 0x63, 0x4f, 0x57, 0x18, 0x4f,
    0x10, 0xcb, 0x42, 0x3d, 0xa4, 0x80, 0x39, 0xc7, 0x08, 0xd6, 0x85, 0x64, 0xe5,
];
/// The octets of the honest token's `TSTInfo`, and of the digest in it.
const SIGNED: std::ops::Range<usize> = 62..158;

thread_local! {
    static TRUST: TrustSet = TrustSet::user(ROOT, &[LISTS.to_owned()]).unwrap();
}

fuzz_target!(|bytes: &[u8]| {
    TRUST.with(|trust| {
        for trust in [trust, TrustSet::release().unwrap()] {
            if let Ok(token) = Token::read(bytes) {
                let once = || verify(&token, &DIGEST, trust);
                let (outcome, checks) = once();
                assert_eq!((&outcome, &checks), (&once().0, &once().1));
                if let Outcome::Validated(verified) = outcome {
                    // Nobody but the fuzzer's seeds holds these keys, so it is the honest token's content.
                    assert_eq!(token.info.gen_time_text, "20260615120005Z");
                    assert!(verified.not_earlier_than <= verified.not_later_than);
                }
            }
        }
        // The honest token with its signed octets overwritten.
        if let Some((at, patch)) = bytes.split_first() {
            let start = SIGNED.start + usize::from(*at) % SIGNED.len();
            let mut changed = HONEST.to_vec();
            for (byte, new) in changed[start..SIGNED.end].iter_mut().zip(patch) {
                *byte = *new;
            }
            let same = changed == HONEST;
            if let Ok(token) = Token::read(&changed) {
                let validated = matches!(verify(&token, &DIGEST, trust).0, Outcome::Validated(_));
                assert_eq!(validated, same);
            }
        }
    });
});
