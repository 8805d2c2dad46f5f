//! A checkpoint with receipts: the worked examples of spec 10.10 and 11.9 together, and what must be refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use verifier_core::bytes::Limits;
use verifier_core::evidence::{NoProgress, gather_bytes};
use verifier_core::report::{Outcome, Report};
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeySource, NamedBlob, TimestampTrust, TrustPolicy};
use verifier_core::verify::verify_batch;

const TOKEN: &str = include_str!("data/timestamp/example_token.b64");
const UNSIGNED: &str = include_str!("data/timestamp/example_unsigned.b64");
const TOKEN_HASH: &str = "sha256:a6e94233012063c87e83f0b84c57732c2d69905a5484459beecf0049f1e4c84b";
const KEY_ID: &str = "sha256:57216d6ca1e8f4b78b90ee6dcf1cf7e3";

fn checkpoint(members: &str) -> String {
    format!(
        r#"{{"checkpoint_id":"5b2f6c1e-0000-4000-8000-000000000001","computed_at":"2026-06-15T12:00:00Z",
"chain_heads":{{"project:00000000-0000-0000-0000-0000000000aa":{{"sequence_number":42,"last_record_hash":"bb71a98d2685bb5e69eec2711f78d91b68bdcf194192f4d41873ac73e7476022"}},
"admin:global":{{"sequence_number":7,"last_record_hash":"1268d916bfefa28f636f4ad7967697fbfc8adc1f700c7d183ed310e9206a01b0"}}}},
"composite_hash":"sha256:b17b44c79564d18fc5e00e3d579f634f57184f10cb423da48039c708d68564e5",
"signature":"ed25519:R88uN4EWTEYSIp3zWivDKcfKH7usX3B/00jIaAwoHu9B44L1BLRkkxLRXsV3/c1rb91dJyWkjOn+E6f5u+wmDA==",
"public_key":"ed25519:oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU=","key_id":"{KEY_ID}"{members}}}"#
    )
}

fn receipts(token: &str, more: &str) -> String {
    format!(r#","tsa_receipts":[{{"provider":"vector","receipt_b64":"{}"{more}}}]"#, token.trim())
}

fn keys(more: &str) -> KeySource {
    let manifest = format!(
        r#"{{"keys":[{{"key_id":"{KEY_ID}","public_key":"ed25519:oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU=","purpose":"integrity_checkpoint","valid_from":"2026-01-01T00:00:00Z","valid_to":null{more}}}]}}"#
    );
    KeySource::Manifest(NamedBlob::new("keys.json", manifest.into_bytes()))
}

fn named(text: &str) -> NamedBlob {
    NamedBlob::new("named.pem", text.as_bytes().to_vec())
}

fn own_authority() -> TimestampTrust {
    TimestampTrust {
        anchors: Some(named(include_str!("data/timestamp/example_root.pem"))),
        lists: vec![named(include_str!("data/timestamp/example_crl.pem"))],
        ..TimestampTrust::default()
    }
}

fn judge(text: &str, keys: KeySource, timestamps: TimestampTrust, require: &[&str]) -> Report {
    let policy = TrustPolicy {
        keys,
        timestamps,
        require: require.iter().map(|name| (*name).to_owned()).collect(),
        ..TrustPolicy::new(Timestamp::parse("2026-07-01").unwrap())
    };
    let batch = gather_bytes("checkpoint.json", text.as_bytes().to_vec(), &Limits::default());
    verify_batch(&batch, &policy, &NoProgress).remove(0)
}

const ACTIVE: &str = r#","status":"active""#;

#[test]
fn a_genuine_receipt_bounds_the_time() {
    let text = checkpoint(&receipts(TOKEN, &format!(r#","receipt_hash":"{TOKEN_HASH}""#)));
    let report = judge(&text, keys(ACTIVE), own_authority(), &["checkpoint.tsa_chain.v1"]);
    assert_eq!(report.outcome, Outcome::Verified, "{:#?}", report.findings);
    let signature = report.claim("checkpoint.signature.v1").unwrap();
    assert_eq!(
        signature.epistemic_state,
        [("signing_time_assurance".to_owned(), "tsa_validated".to_owned())]
    );
    assert_eq!(report.artifact.beside["tsa_chain_validation"], "validated");
    assert!(!report.not_proven.iter().any(|text| text.contains("when the checkpoint was made")));
}

/// Nothing is wrong, but nothing is known: accepted without the requirement, refused with it.
#[test]
fn an_unknown_authority_leaves_the_claim_open() {
    let text = checkpoint(&receipts(TOKEN, ""));
    let open = judge(&text, keys(ACTIVE), TimestampTrust::default(), &[]);
    assert_eq!(open.outcome, Outcome::Verified, "{:#?}", open.findings);
    assert!(open.has_code("NOT_VALIDATED_RELEASE_PINNED_TRUST_UNAVAILABLE"));
    assert!(open.not_proven.iter().any(|text| text.contains("when the checkpoint was made")));
    let required = judge(&text, keys(ACTIVE), TimestampTrust::default(), &["checkpoint.tsa_chain.v1"]);
    assert_eq!(required.outcome, Outcome::NotEstablished);
    let without = judge(&checkpoint(""), keys(ACTIVE), own_authority(), &["checkpoint.tsa_chain.v1"]);
    assert_eq!(without.outcome, Outcome::NotEstablished);
}

#[test]
fn what_is_no_genuine_receipt_fails_the_run() {
    let other = TOKEN.trim().replace("MIIDNAYJ", "MIIDNAYK");
    let spaced = TOKEN.trim().replacen("MIID", "MI ID", 1);
    for (members, code) in [
        (receipts(UNSIGNED, ""), "TSA_TOKEN_MALFORMED"),
        (receipts(&other, ""), "TSA_TOKEN_MALFORMED"),
        (receipts(&spaced, ""), "CHECKPOINT_TSA_IMPRINT_MISMATCH"),
        (receipts(TOKEN, r#","receipt_hash":"sha256:00""#), "TSA_RECEIPT_HASH_MISMATCH"),
        (r#","tsa_receipts":[7]"#.to_owned(), "TSA_RECEIPT_MISSING"),
        (r#","tsa_receipts":[{"provider":"x"}]"#.to_owned(), "TSA_RECEIPT_MISSING"),
        (format!(r#","tsa":{{"receipt_b64":"{}"}}"#, UNSIGNED.trim()), "CHECKPOINT_TSA_CHAIN_INVALID"),
    ] {
        for trust in [own_authority(), TimestampTrust::default()] {
            let report = judge(&checkpoint(&members), keys(ACTIVE), trust, &[]);
            assert_eq!(report.outcome, Outcome::Disproved, "{code}: {:#?}", report.findings);
            assert!(report.has_code(code), "{code}: {:?}", report.counts);
        }
    }
}

/// A receipt of a trusted authority after the key was revoked: the stated time lies before it.
#[test]
fn a_key_must_not_be_revoked_by_the_stamped_time() {
    let text = checkpoint(&receipts(TOKEN, ""));
    let revoked = r#","status":"revoked","revoked_at":"2026-06-15T12:00:03Z""#;
    let bounded = judge(&text, keys(revoked), own_authority(), &[]);
    assert_ne!(bounded.outcome, Outcome::Verified);
    assert!(bounded.has_code("SIGNING_KEY_REVOKED"), "{:?}", bounded.counts);
    let later = r#","status":"revoked","revoked_at":"2026-06-15T12:01:00Z""#;
    assert_eq!(judge(&text, keys(later), own_authority(), &[]).outcome, Outcome::Verified);
}

/// Material that cannot be used is said to be so, and never passes for none.
#[test]
fn unusable_authorities_are_named() {
    let text = checkpoint(&receipts(TOKEN, ""));
    let trust = |anchors: &str| TimestampTrust { anchors: Some(named(anchors)), ..TimestampTrust::default() };
    let damaged = judge(&text, keys(ACTIVE), trust("-----BEGIN X-----\n"), &[]);
    assert!(damaged.has_code("TSA_TRUST_BUNDLE_INVALID"), "{:?}", damaged.counts);
    assert_eq!(damaged.outcome, Outcome::Disproved);
    let alone = judge(&text, keys(ACTIVE), trust(include_str!("data/timestamp/example_root.pem")), &[]);
    assert!(alone.has_code("NOT_VALIDATED_RELEASE_PINNED_REVOCATION_UNAVAILABLE"), "{:?}", alone.counts);
    let missing = NamedBlob { name: "gone.pem".to_owned(), content: Err("no such file".to_owned()) };
    let gone = TimestampTrust { anchors: Some(missing), ..TimestampTrust::default() };
    let report = judge(&text, keys(ACTIVE), gone, &["checkpoint.tsa_chain.v1"]);
    assert_eq!(report.outcome, Outcome::NotEstablished);
}
