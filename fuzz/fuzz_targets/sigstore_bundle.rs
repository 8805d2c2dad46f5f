//! Any bytes as a bundle, as the trusted root, and as the key: a report comes out, the same each time, and only the
//! genuine bundles' own content is ever verified.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::report::Outcome;
use verifier_core::sigstore::artifact::ArtifactDigest;
use verifier_core::sigstore::identity::{Expected, Name};
use verifier_core::time::Timestamp;
use verifier_core::trust::{NamedBlob, TrustPolicy};
use verifier_core::verify::{SignerInput, SigstoreInput, verify_sigstore};

const ROOT: &[u8] = include_bytes!("../../testvectors/sigstore/conformance/shared/ed6a9cf4e7c2");
const GENUINE: &[u8] = include_bytes!("../seeds/sigstore_bundle/rekor2-happy-path.json");
const ARTIFACT: &[u8] = include_bytes!("../../testvectors/sigstore/conformance/shared/a0cfc71271d6");

fuzz_target!(|bytes: &[u8]| {
    let blob = |bytes: &[u8]| NamedBlob::new("given", bytes.to_vec());
    let signer = || {
        SignerInput::Identity(Expected { name: Name::Glob("*".repeat(9)), issuer: "https://issuer".to_owned() })
    };
    let input = |bundle: &[u8], root: Option<&[u8]>, artifact: &[u8], signer: SignerInput| SigstoreInput {
        bundle: blob(bundle),
        artifact_name: "artifact".to_owned(),
        artifact: ArtifactDigest::of(artifact),
        signer,
        trusted_root: root.map(blob),
    };
    let questions = [
        input(bytes, Some(ROOT), ARTIFACT, signer()),
        input(bytes, None, b"nobody signed this", signer()),
        input(GENUINE, Some(bytes), ARTIFACT, signer()),
        input(bytes, None, b"nobody signed this", SignerInput::Key(blob(bytes))),
    ];
    let policy = TrustPolicy::new(Timestamp::parse("2026-11-26T00:00:00Z").unwrap());
    for question in &questions {
        let report = verify_sigstore(question, &policy);
        // nobody has the expected identity, and nobody signed the made-up artifact
        assert_ne!(report.outcome, Outcome::Verified);
        let again = serde_json::to_string(&verify_sigstore(question, &policy)).unwrap();
        assert_eq!(serde_json::to_string(&report).unwrap(), again);
    }
});
