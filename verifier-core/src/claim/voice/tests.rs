use ed25519_dalek::{Signer as _, SigningKey};

use crate::bytes::{Blob, Limits, base64, hex};
use crate::canon::{self, Profile};
use crate::crypto::prefixed;
use crate::evidence::{NoProgress, gather_bytes};
use crate::json::{Document, ParserLimits};
use crate::report::{Outcome, Report};
use crate::time::Timestamp;
use crate::trust::{KeySource, NamedBlob, TimestampTrust, TrustPolicy};
use crate::verify::verify_batch;

/// Spec 14.8.
const MESSAGE: &str = include_str!("../../../tests/data/voice/v1_message.json");
const SIGNATURE: &str =
    "ed25519:/4ffBKX6mQWhS+KYwQjXSmxebTJj8DEsMKoGrpBX7D/X3damAqF67iiUsr7PjQ5Axbpn9tPhCRPs+UdXkzATDg==";
const SEED: &str = "b46e09d6c6c830485dcb5e0f8d8e20566d347e91a70d7e13c060432d33f5f412";
const KEY: &str = "ed25519:cizzK9PPKMJqB2TOAM3kWh1OZornLs9VPKsjReBTSM8=";
const KEY_ID: &str = "sha256:1ed05e334169d105398556b5c729797d";

fn signed(message: &str, signature: &str) -> String {
    let entry = format!(
        r#"{{"algorithm":"Ed25519","key_id":"{KEY_ID}","key_purpose":"export_signing","public_key":"{KEY}","signature":"{signature}"}}"#
    );
    format!("{},\"signatures\":[{entry}]}}", message.strip_suffix('}').unwrap())
}

/// Signed anew, as the issuer would.
fn sign(message: &str) -> String {
    let document = Document::parse(Blob::new(message.as_bytes().to_vec()), ParserLimits::default()).unwrap();
    let bytes = canon::to_bytes(Profile::Legacy, document.root()).unwrap();
    let key = SigningKey::from_bytes(&hex::decode(SEED.as_bytes()).unwrap());
    signed(message, &format!("ed25519:{}", base64::encode(&key.sign(&bytes).to_bytes())))
}

/// The example with the genuine token of spec 11.9, which is of the same digest.
fn stamped() -> String {
    let token = include_str!("../../../tests/data/timestamp/example_token.b64").trim();
    let start = MESSAGE.find("MIGRB").unwrap();
    let end = start + MESSAGE[start..].find('"').unwrap();
    format!("{}{token}{}", &MESSAGE[..start], &MESSAGE[end..])
}

fn policy(keys: KeySource) -> TrustPolicy {
    let pem = |text: &str| NamedBlob::new("pem", text.as_bytes().to_vec());
    TrustPolicy {
        keys,
        timestamps: TimestampTrust {
            anchors: Some(pem(include_str!("../../../tests/data/timestamp/example_root.pem"))),
            lists: vec![pem(include_str!("../../../tests/data/timestamp/example_crl.pem"))],
            ..TimestampTrust::default()
        },
        ..TrustPolicy::new(Timestamp::parse("2026-07-01").unwrap())
    }
}

fn issuer() -> KeySource {
    let manifest = format!(
        r#"{{"keys":[{{"key_id":"{KEY_ID}","public_key":"{KEY}","purpose":"export_signing","status":"active","valid_from":"2026-01-01T00:00:00Z","valid_to":null}}]}}"#
    );
    KeySource::Manifest(NamedBlob::new("keys.json", manifest.into_bytes()))
}

fn judge(text: &str, policy: &TrustPolicy) -> Report {
    let batch = gather_bytes("voice.json", text.as_bytes().to_vec(), &Limits::default());
    verify_batch(&batch, policy, &NoProgress).remove(0)
}

#[test]
fn the_published_signature_is_of_the_published_message() {
    assert_eq!(
        prefixed(&crate::crypto::sha256(MESSAGE.as_bytes())),
        "sha256:2c97c1793589f84ef16b8a49e3c609542c59b3180c077a7d47aeaa136c6457df"
    );
    let report = judge(&signed(MESSAGE, SIGNATURE), &policy(issuer()));
    // The example's receipt is a token that nobody signed.
    assert_eq!(report.outcome, Outcome::Disproved);
    assert!(report.has_code("VOICE_TSA_CHAIN_INVALID") && !report.has_code("VOICE_SIGNATURE_INVALID"));
    let checks = &report.artifact.wire["checks"];
    assert!(checks.as_array().unwrap().iter().all(|check| check["result"] == "pass"), "{checks}");
}

#[test]
fn a_genuine_attestation_is_verified_under_its_issuers_key_only() {
    let text = sign(&stamped());
    let report = judge(&text, &policy(issuer()));
    assert_eq!(report.outcome, Outcome::Verified, "{:#?}", report.findings);
    let self_attested = judge(&text, &policy(KeySource::SelfAttested));
    assert!(self_attested.accepted_without_trust);
    let stranger = judge(&text, &policy(KeySource::TrustRoot));
    assert_eq!(stranger.outcome, Outcome::NotEstablished);
    assert!(stranger.has_code("VOICE_SIGNER_UNPINNED"), "{:#?}", stranger.findings);
    let other =
        policy(KeySource::Expected("ed25519:3Q1q4PSVcceZe76dsjxcqTHOpvpP/KN/zhSH4QdtE7o=".to_owned()));
    assert!(judge(&text, &other).has_code("VOICE_SIGNER_NOT_TRUSTED"));
}

/// Every leaf of the signed part counts, whether the attestation is signed anew or not.
#[test]
fn every_signed_byte_counts() {
    let message = stamped();
    let policy = policy(issuer());
    let text = sign(&message);
    let end = text.find(",\"signatures\"").unwrap();
    for position in (0..end).step_by(3) {
        let mut damaged = text.clone().into_bytes();
        damaged[position] = if damaged[position] == b'x' { b'y' } else { b'x' };
        let Ok(damaged) = String::from_utf8(damaged) else { continue };
        assert_ne!(judge(&damaged, &policy).outcome, Outcome::Verified, "{position}");
    }
}

/// What the issuer itself may not sign.
#[test]
fn inconsistent_attestations_are_refused_though_signed() {
    for (from, to, code) in [
        (r#""schema_version":1"#, r#""schema_version":2"#, "VOICE_SCHEMA_UNSUPPORTED"),
        (r#""schema_version":1"#, r#""schema_version":true"#, "VOICE_SCHEMA_UNSUPPORTED"),
        (r#""artifact_sequence":2"#, r#""artifact_sequence":1"#, "VOICE_CHAIN_SEQUENCE"),
        (r#""artifact_sequence":2"#, r#""artifact_sequence":3"#, "VOICE_CHAIN_CONTENT_MISMATCH"),
        (r#"{"n":2}"#, r#"{"n":3}"#, "VOICE_CHAIN_PAYLOAD_HASH"),
        (r#""event_count":2"#, r#""event_count":3"#, "VOICE_CHAIN_HEAD_MISMATCH"),
        (r#""event_count":2,"sequence":2"#, r#""event_count":2,"sequence":9"#, ""),
        (r#""policies":[]"#, r#""policies":[1]"#, "VOICE_POLICY_SNAPSHOT_MISMATCH"),
        (r#""snapshot_hash":"sha256:3b"#, r#""snapshot_hash":"sha256:4b"#, "VOICE_POLICY_SNAPSHOT_MISMATCH"),
        (r#""policy_snapshot":"#, r#""policy_snapshot_":"#, "VOICE_POLICY_SNAPSHOT_MISSING"),
        (r#""project_chain_head":"#, r#""project_head":"#, "VOICE_TSA_BINDING_MISMATCH"),
        (r#""request_hash":"sha256:b1"#, r#""request_hash":"sha256:c1"#, "VOICE_TSA_BINDING_MISMATCH"),
        (
            r#""covers_chain_head_hash":"sha256:b1"#,
            r#""covers_chain_head_hash":"sha256:c1"#,
            "VOICE_TSA_BINDING_MISMATCH",
        ),
        (r#""rfc3161_timestamp_receipt":"#, r#""receipt":"#, "VOICE_TSA_RECEIPT_MISSING"),
        (
            r#""previous_content_hash":"sha256:83"#,
            r#""previous_content_hash":"sha256:93"#,
            "VOICE_CHAIN_PREVIOUS_MISMATCH",
        ),
        (r#""chain_head":"#, r#""chain_top":"#, "VOICE_CHAIN_MALFORMED"),
        (r#""chain":["#, r#""chain":[7,"#, "VOICE_CHAIN_MALFORMED"),
    ] {
        let message = stamped();
        assert!(message.contains(from), "{from}");
        let report = judge(&sign(&message.replacen(from, to, 1)), &policy(issuer()));
        match code {
            // Events that state no sequence of their own are not contradicted by the head's.
            "" => assert_eq!(report.outcome, Outcome::Verified, "{:#?}", report.findings),
            _ => {
                assert_ne!(report.outcome, Outcome::Verified, "{from} -> {to}");
                assert!(report.has_code(code), "{code}: {:#?}", report.counts);
            }
        }
    }
}

#[test]
fn receipts_can_be_left_out_on_request_and_the_report_says_so() {
    let mut policy = policy(issuer());
    policy.timestamps.skip = true;
    let report = judge(&signed(MESSAGE, SIGNATURE), &policy);
    assert_eq!(report.outcome, Outcome::Verified, "{:#?}", report.findings);
    assert!(report.coverage.iter().any(|step| step.step == "voice.timestamps" && step.skipped.is_some()));
}
