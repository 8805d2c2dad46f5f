//! A timestamp of a public authority with its path and revocation lists: `cargo bench -p verifier-core --bench timestamp`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use verifier_core::bytes::{base64, hex};
use verifier_core::timestamp::{Outcome, Token, TrustSet, verify};

/// RSA 4096 signer below two intermediate certificates, and RSA 3072 below two.
const TOKENS: [(&str, &str, &str); 2] = [
    (
        "digicert",
        include_str!("../tests/data/timestamp/digicert.b64"),
        "9dbcfcbbe0f9f2ae7bd72b6f36a7a4e3b226226d3d3d949878816d798d09aa2c",
    ),
    (
        "globalsign",
        include_str!("../tests/data/timestamp/globalsign.b64"),
        "6c272d15bbe101ee48a9be6f9dd1502a1d6564f96eb6434918357a96789589a1",
    ),
];

fn main() {
    divan::main();
}

/// Everything but base64: reading, attributes, signatures, path, revocation.
#[divan::bench(args = ["digicert", "globalsign"])]
fn verify_token(bencher: divan::Bencher<'_, '_>, name: &str) {
    let (_, text, digest) = TOKENS.iter().find(|(own, _, _)| *own == name).unwrap();
    let (bytes, digest) = (base64::decode(text.trim()).unwrap(), hex::decode(digest.as_bytes()).unwrap());
    let trust = TrustSet::release().unwrap();
    bencher.bench(|| {
        let token = Token::read(divan::black_box(&bytes)).unwrap();
        let (outcome, _) = verify(&token, &digest, trust);
        assert!(matches!(outcome, Outcome::Validated(_)));
    });
}

/// Reading the published anchors and lists and checking what they sign, once per run.
#[divan::bench]
fn read_published_anchors() -> TrustSet {
    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/tsa_trust/");
    let read = |path: &str| std::fs::read(format!("{ROOT}{path}")).ok();
    let manifest = read("tsa_trust_bundle_v1.json").unwrap();
    TrustSet::read(&manifest, &read, verifier_core::timestamp::TrustScope::Directory).unwrap()
}
