use serde_json::{Value as Json, json};

use crate::bytes::{Limits, base64};
use crate::crypto::{prefixed, sha256};
use crate::evidence::{Evidence, gather_bytes};
use crate::report::{Outcome, Report};
use crate::time::Timestamp;
use crate::trust::{KeySource, NamedBlob, TrustPolicy};
use crate::verify::{NoProgress, verify};
use ed25519_dalek::{Signer, SigningKey};

/// Spec 10 section 10.10.
const CHECKPOINT: &str = r#"{"checkpoint_id":"5b2f6c1e-0000-4000-8000-000000000001","computed_at":"2026-06-15T12:00:00Z",
 "chain_heads":{"project:00000000-0000-0000-0000-0000000000aa":{"sequence_number":42,"last_record_hash":"bb71a98d2685bb5e69eec2711f78d91b68bdcf194192f4d41873ac73e7476022"},
                "admin:global":{"sequence_number":7,"last_record_hash":"1268d916bfefa28f636f4ad7967697fbfc8adc1f700c7d183ed310e9206a01b0"}},
 "composite_hash":"sha256:b17b44c79564d18fc5e00e3d579f634f57184f10cb423da48039c708d68564e5",
 "signature":"ed25519:R88uN4EWTEYSIp3zWivDKcfKH7usX3B/00jIaAwoHu9B44L1BLRkkxLRXsV3/c1rb91dJyWkjOn+E6f5u+wmDA==",
 "public_key":"ed25519:oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU=",
 "key_id":"sha256:57216d6ca1e8f4b78b90ee6dcf1cf7e3","keel_version":"vector"}"#;
const KEY: &str = "ed25519:oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU=";

/// The key of spec 10 section 10.10.
fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&sha256(b"keel-evidence vector: checkpoint key"))
}

fn checkpoint() -> Json {
    serde_json::from_str(CHECKPOINT).unwrap()
}

fn entry() -> Json {
    json!({"key_id": "sha256:57216d6ca1e8f4b78b90ee6dcf1cf7e3", "public_key": KEY,
        "purpose": "integrity_checkpoint", "status": "active", "valid_from": "2026-01-01T00:00:00Z", "valid_to": null})
}

fn manifest(entries: &[Json]) -> KeySource {
    KeySource::Manifest(NamedBlob::new("keys.json", json!({ "keys": entries }).to_string().into_bytes()))
}

fn run_bytes(bytes: Vec<u8>, keys: KeySource, as_checkpoint: bool) -> Report {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
    policy.keys = keys;
    let mut batch = gather_bytes("checkpoint.json", bytes, &Limits::default());
    let evidence = match batch.sets.pop() {
        Some(Evidence::Bundle(part)) if as_checkpoint => Evidence::Checkpoint(part),
        Some(Evidence::Unsupported { part, .. }) if as_checkpoint => Evidence::Checkpoint(part),
        Some(evidence) => evidence,
        None => panic!("nothing to verify"),
    };
    verify(&evidence, &policy, &NoProgress)
}

fn run(value: &Json, keys: KeySource) -> Report {
    run_bytes(value.to_string().into_bytes(), keys, true)
}

/// Signs whatever heads stand in `value`, as an issuer without rules would.
fn signed(mut value: Json, preimage: &str) -> Json {
    let hash = prefixed(&sha256(preimage.as_bytes()));
    let signature = signing_key().sign(hash.as_bytes());
    value["signature"] = format!("ed25519:{}", base64::encode(&signature.to_bytes())).into();
    value["composite_hash"] = hash.into();
    value
}

fn with(name: &str, new: Json) -> Json {
    let mut value = checkpoint();
    value[name] = new;
    value
}

fn without(name: &str) -> Json {
    let mut value = checkpoint();
    value.as_object_mut().unwrap().remove(name);
    value
}

#[track_caller]
fn assert_comes_to(report: &Report, outcome: Outcome, code: &str) {
    assert_eq!(report.outcome, outcome, "{:?}", report.counts);
    assert!(report.has_code(code), "{code}: {:?}", report.counts);
}

#[test]
fn the_worked_example_is_supported() {
    for keys in [manifest(&[entry()]), KeySource::Expected(KEY.to_owned()), KeySource::SelfAttested] {
        let report = run_bytes(CHECKPOINT.as_bytes().to_vec(), keys, false);
        assert_eq!(report.outcome, Outcome::Verified, "{:?}", report.counts);
        assert_eq!(report.claims.len(), 2);
    }
    let report = run_bytes(CHECKPOINT.as_bytes().to_vec(), KeySource::TrustRoot, false);
    assert_comes_to(&report, Outcome::NotEstablished, "TRUST_ROOT_UNRESOLVABLE");
}

#[test]
fn every_member_counts_or_is_known_to_be_unsigned() {
    let unsigned = ["checkpoint_id", "keel_version"];
    for name in checkpoint().as_object().unwrap().keys() {
        for new in [json!(null), json!(""), json!("x"), json!(0), json!([]), json!({}), json!({"a": {}})] {
            let report = run(&with(name, new.clone()), manifest(&[entry()]));
            let stays = unsigned.contains(&name.as_str())
                || (name == "computed_at" && new.is_null())
                // a member that is no text counts as absent, and both only help to find the key
                || (["key_id", "public_key"].contains(&name.as_str()) && !new.is_string());
            assert_eq!(report.outcome == Outcome::Verified, stays, "{name} {new} {:?}", report.counts);
        }
    }
}

#[test]
fn every_part_of_every_head_is_signed() {
    for (scope, head) in checkpoint()["chain_heads"].as_object().unwrap() {
        let mut gone = checkpoint();
        gone["chain_heads"].as_object_mut().unwrap().remove(scope);
        assert_comes_to(
            &run(&gone, manifest(&[entry()])),
            Outcome::Disproved,
            "CHECKPOINT_COMPOSITE_HASH_MISMATCH",
        );
        gone["chain_heads"]["project:other"] = head.clone();
        assert_comes_to(
            &run(&gone, manifest(&[entry()])),
            Outcome::Disproved,
            "CHECKPOINT_COMPOSITE_HASH_MISMATCH",
        );
        for (member, new) in [("sequence_number", json!(43)), ("last_record_hash", json!("0".repeat(64)))] {
            let mut changed = checkpoint();
            changed["chain_heads"][scope][member] = new;
            assert_comes_to(
                &run(&changed, manifest(&[entry()])),
                Outcome::Disproved,
                "CHECKPOINT_COMPOSITE_HASH_MISMATCH",
            );
        }
    }
}

/// Spec 10 section 10.2.1: signed, and accepted by the reference.
#[test]
fn heads_that_another_text_could_stand_for_are_refused() {
    let hash = "0".repeat(64);
    let cases = [
        ("a:b", json!(true), json!(hash), format!("a:b:True:{hash}"), "CHECKPOINT_SEQUENCE_INVALID"),
        ("a:b", json!(-1), json!(hash), format!("a:b:-1:{hash}"), "CHECKPOINT_SEQUENCE_INVALID"),
        ("a", json!(1), json!(hash), format!("a:1:{hash}"), "CHECKPOINT_SCOPE_KEY_INVALID"),
        ("a:b", json!(1), json!(""), "a:b:1:".to_owned(), "CHECKPOINT_RECORD_HASH_INVALID"),
        (
            "{\"generated_at\":\"2026-06-01T09",
            json!(41),
            json!("27Z\",\"records\":[]}"),
            "{\"generated_at\":\"2026-06-01T09:41:27Z\",\"records\":[]}".to_owned(),
            "CHECKPOINT_SCOPE_KEY_INVALID",
        ),
    ];
    for (scope, sequence, record, preimage, code) in cases {
        let heads = json!({ scope: {"sequence_number": sequence, "last_record_hash": record} });
        let report = run(&signed(with("chain_heads", heads), &preimage), manifest(&[entry()]));
        assert_comes_to(&report, Outcome::Disproved, code);
        assert!(!report.has_code("CHECKPOINT_COMPOSITE_HASH_MISMATCH"), "{scope}");
    }
    for empty in [json!({}), json!(null), json!([]), json!(0), json!(false)] {
        let report = run(&signed(with("chain_heads", empty), ""), manifest(&[entry()]));
        assert_comes_to(&report, Outcome::Disproved, "CHECKPOINT_EMPTY");
    }
}

#[test]
fn shapes_have_the_references_codes() {
    let keys = || manifest(&[entry()]);
    for (value, code) in [
        (without("composite_hash"), "CHECKPOINT_COMPOSITE_HASH_MISSING"),
        (with("composite_hash", json!("b17b")), "CHECKPOINT_COMPOSITE_HASH_MISSING"),
        (with("chain_heads", json!([1])), "CHECKPOINT_CHAIN_HEADS_INVALID"),
        (with("chain_heads", json!({"a:b": 1})), "CHECKPOINT_CHAIN_HEADS_INVALID"),
        (
            with("chain_heads", json!({"a:b": {"sequence_number": 1.0, "last_record_hash": ""}})),
            "CHECKPOINT_CHAIN_HEADS_INVALID",
        ),
        (
            with("chain_heads", json!({"a:b": {"sequence_number": 1, "last_record_hash": null}})),
            "CHECKPOINT_CHAIN_HEADS_INVALID",
        ),
        (without("signature"), "CHECKPOINT_SIGNATURE_MISSING"),
        (with("key_id", json!("other")), "TRUST_ROOT_UNRESOLVABLE"),
        (with("computed_at", json!("yesterday")), "SIGNING_TIME_MISSING"),
        (with("artifact_ref", json!({})), "ARTIFACT_REF_INVALID"),
        (with("semantics_pins", json!({})), "CLAIM_REGISTRY_UNRESOLVED"),
        (with("claim_set", json!({})), "SEMANTIC_PIN_MISSING"),
    ] {
        assert!(run(&value, keys()).has_code(code), "{code}");
        assert_ne!(run(&value, keys()).outcome, Outcome::Verified, "{code}");
    }
    for key in ["", "x", "oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU=", "ed25519:AA=="] {
        let report = run(&checkpoint(), KeySource::Expected(key.to_owned()));
        assert_comes_to(&report, Outcome::NotEstablished, "CHECKPOINT_PUBLIC_KEY_INVALID");
    }
}

#[test]
fn keys_and_spellings_are_read_strictly() {
    let other = "ed25519:3Q1q4PSVcceZe76dsjxcqTHOpvpP/KN/zhSH4QdtE7o=";
    let report = run(&checkpoint(), KeySource::Expected(other.to_owned()));
    assert_comes_to(&report, Outcome::Disproved, "CHECKPOINT_PUBLIC_KEY_MISMATCH");
    let report = run(&without("public_key"), KeySource::Expected(other.to_owned()));
    assert_comes_to(&report, Outcome::Disproved, "SIGNATURE_VERIFICATION_FAILED");
    let text = checkpoint()["signature"].as_str().unwrap().to_owned();
    for spelling in
        [text.replace("R88u", "R8\n8u"), text.replace("ed25519:", ""), text.replace("DA==", "DB==")]
    {
        let report = run(&with("signature", json!(spelling)), manifest(&[entry()]));
        assert_comes_to(&report, Outcome::Disproved, "SIGNATURE_SECOND_SPELLING");
    }
    let mut neutral = [0; 64];
    neutral[0] = 1;
    let mut value = with("signature", json!(format!("ed25519:{}", base64::encode(&neutral))));
    value["public_key"] = format!("ed25519:{}", base64::encode(&neutral[..32])).into();
    assert_comes_to(&run(&value, KeySource::SelfAttested), Outcome::Disproved, "CHECKPOINT_WEAK_KEY");
}

/// Spec 10 section 10.4.5: the reference looks at none of this once the checkpoint names its key.
#[test]
fn the_status_of_the_key_counts() {
    for (member, new, code) in [
        ("valid_to", json!("2026-06-15T11:59:59Z"), "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME"),
        ("valid_from", json!("2026-06-15T12:00:01Z"), "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME"),
        ("status", json!("revoked"), "SIGNING_KEY_REVOKED"),
        ("status", json!("compromised"), "SIGNING_KEY_REVOKED"),
        ("compromised_at", json!("2026-09-01T00:00:00Z"), "SIGNING_KEY_REVOKED"),
        ("revoked_at", json!("2026-06-15T12:00:00Z"), "SIGNING_KEY_REVOKED"),
        ("purpose", json!("export_signing"), "TRUST_ROOT_UNRESOLVABLE"),
    ] {
        let mut entry = entry();
        entry[member] = new;
        let unlisted = code == "TRUST_ROOT_UNRESOLVABLE";
        let outcome = if unlisted { Outcome::NotEstablished } else { Outcome::Disproved };
        assert_comes_to(&run(&checkpoint(), manifest(&[entry])), outcome, code);
    }
    let mut export = entry();
    export["purpose"] = "export_signing".into();
    let report = run(&checkpoint(), manifest(&[entry(), export]));
    assert_comes_to(&report, Outcome::Verified, "KEY_SHARED_ACROSS_PURPOSES");
    let mut other = entry();
    other["public_key"] = "ed25519:3Q1q4PSVcceZe76dsjxcqTHOpvpP/KN/zhSH4QdtE7o=".into();
    let report = run(&checkpoint(), manifest(&[entry(), other]));
    assert_comes_to(&report, Outcome::NotEstablished, "SIGNING_KEY_AMBIGUOUS");
}

#[test]
fn receipts_without_a_genuine_token_keep_the_checkpoint_from_being_verified() {
    let report = run(&with("tsa_receipts", json!([{}])), manifest(&[entry()]));
    assert_ne!(report.outcome, Outcome::Verified, "{:?}", report.counts);
    // what holds no receipt is not passed over in silence
    let report = run(&with("tsa", json!({"token": "x"})), manifest(&[entry()]));
    assert!(report.coverage.iter().any(|step| step.skipped.is_some()));
}

/// A bundle of the key of spec 13 section 13.8 around a body.
fn bundle(version: &str, body: &Json) -> Json {
    let key = SigningKey::from_bytes(&sha256(b"keel-evidence vector: bundle key"));
    let mut body = body.clone();
    // serde_json's compact output of these ASCII bodies is the canonical form: sorted, no blanks, no floats
    let digest = prefixed(&sha256(body.to_string().as_bytes()));
    body["artifact_ref"] = json!({"type": "checkpoint_envelope", "id": "c", "region": "local", "path": "/c",
        "urn": "urn:x-keel:artifact:checkpoint_envelope:c", "canonical_url": "https://c.invalid/c", "digest": digest});
    let content = prefixed(&sha256(body.to_string().as_bytes()));
    let signature = key.sign(content.as_bytes());
    json!({"schema_version": version, "body": body, "signature_envelope": {
        "content_hash": content, "public_key": "ed25519:35qck30KjkE1FWJ3vV2LMP0LgymwM7WHBEKHBlY8+SI=",
        "public_key_id": "sha256:8dc2edc9abfcbac1470adbb352d4037e",
        "signature": format!("ed25519:{}", base64::encode(&signature.to_bytes())), "tsa_receipts": []}})
}

/// Makes content hash and signature those of a body that was changed outside what its reference covers.
fn reseal(mut bundle: Json) -> Json {
    let key = SigningKey::from_bytes(&sha256(b"keel-evidence vector: bundle key"));
    let content = prefixed(&sha256(bundle["body"].to_string().as_bytes()));
    let signature = key.sign(content.as_bytes());
    let envelope = &mut bundle["signature_envelope"];
    envelope["signature"] = format!("ed25519:{}", base64::encode(&signature.to_bytes())).into();
    envelope["content_hash"] = content.into();
    bundle
}

fn bundle_entry() -> Json {
    let mut entry = entry();
    entry["key_id"] = "sha256:8dc2edc9abfcbac1470adbb352d4037e".into();
    entry["public_key"] = "ed25519:35qck30KjkE1FWJ3vV2LMP0LgymwM7WHBEKHBlY8+SI=".into();
    entry["purpose"] = "export_signing".into();
    entry
}

#[test]
fn a_checkpoint_in_a_bundle_is_judged_whatever_the_command() {
    let keys = || manifest(&[entry(), bundle_entry()]);
    let good = bundle("keel.evidence_bundle/v1", &checkpoint());
    for as_checkpoint in [false, true] {
        let report = run_bytes(good.to_string().into_bytes(), keys(), as_checkpoint);
        assert_eq!(report.outcome, Outcome::Verified, "{:?}", report.counts);
        assert_eq!(report.claims.len(), 3);
        let unlisted = run_bytes(good.to_string().into_bytes(), manifest(&[entry()]), as_checkpoint);
        assert_comes_to(&unlisted, Outcome::Disproved, "BUNDLE_SIGNER_UNTRUSTED");
        let unknown = run_bytes(good.to_string().into_bytes(), KeySource::TrustRoot, as_checkpoint);
        assert_comes_to(&unknown, Outcome::NotEstablished, "BUNDLE_SIGNER_UNTRUSTED");
        let altered = with("composite_hash", json!(prefixed(&[0; 32])));
        let altered = bundle("keel.evidence_bundle/v1", &altered).to_string();
        let report = run_bytes(altered.into_bytes(), keys(), as_checkpoint);
        assert_comes_to(&report, Outcome::Disproved, "CHECKPOINT_COMPOSITE_HASH_MISMATCH");
    }
    let second = bundle("keel.evidence_bundle/v2", &checkpoint()).to_string();
    assert_eq!(run_bytes(second.clone().into_bytes(), keys(), true).outcome, Outcome::Verified);
    assert_comes_to(
        &run_bytes(second.into_bytes(), keys(), false),
        Outcome::NotEstablished,
        "EVIDENCE_BUNDLE_V2_PROFILE_UNADJUDICATED",
    );
    let mut own = bundle_entry();
    own["purpose"] = "integrity_checkpoint".into();
    let report = run_bytes(good.to_string().into_bytes(), manifest(&[entry(), own]), false);
    assert_eq!(report.outcome, Outcome::Verified, "{:?}", report.counts);
}

/// Spec 13 section 13.6: the anchor of a bundle is compared with a checkpoint that is verified itself.
#[test]
fn the_checkpoint_given_must_be_the_one_of_the_anchor() {
    let anchored = |id: &str, hash: &str| {
        let body = json!({"note": "x", "schema": "keel.example/v1"});
        let mut bundle = bundle("keel.evidence_bundle/v1", &body);
        let reference = bundle["body"]["artifact_ref"].as_object_mut().unwrap();
        reference.insert("type".to_owned(), "decision_evidence".into());
        reference.insert("urn".to_owned(), "urn:x-keel:artifact:decision_evidence:c".into());
        bundle["body"]["anchor"] = json!({"checkpoint_id": id, "composite_hash": hash,
            "kind": "published_checkpoint", "published_at": "2026-06-15T12:01:00Z"});
        reseal(bundle)
    };
    let (id, hash) = (
        checkpoint()["checkpoint_id"].as_str().unwrap().to_owned(),
        checkpoint()["composite_hash"].as_str().unwrap().to_owned(),
    );
    let judge = |bundle: &Json, given: Option<&[u8]>, keys: KeySource| {
        let batch = gather_bytes("bundle.json", bundle.to_string().into_bytes(), &Limits::default());
        let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
        policy.keys = keys;
        policy.checkpoint = given.map(|bytes| NamedBlob::new("c.json", bytes.to_vec()));
        verify(&batch.sets[0], &policy, &NoProgress)
    };
    let keys = || manifest(&[entry(), bundle_entry()]);
    let good = CHECKPOINT.as_bytes();
    let report = judge(&anchored(&id, &hash), Some(good), keys());
    assert_eq!(report.outcome, Outcome::Verified, "{:?}", report.counts);
    assert_eq!(report.claims.len(), 3);
    let report = judge(&anchored(&id, &hash), None, keys());
    assert!(report.not_proven.iter().any(|text| text.contains("no checkpoint was given")));
    for (id, hash) in [("other", &*hash), (&*id, &*prefixed(&[0; 32])), ("", "")] {
        let report = judge(&anchored(id, hash), Some(good), keys());
        assert_comes_to(&report, Outcome::Disproved, "BUNDLE_ANCHOR_MISMATCH");
    }
    // a checkpoint that is not verified itself proves nothing about the anchor
    let forged = CHECKPOINT.replacen("\"sequence_number\":7", "\"sequence_number\":8", 1);
    for (given, code) in [
        (with("signature", json!("ed25519:AA==")).to_string(), "SIGNATURE_VERIFICATION_FAILED"),
        (without("signature").to_string(), "CHECKPOINT_SIGNATURE_MISSING"),
        ("[]".to_owned(), "INPUT_STRUCTURE_INVALID"),
        ("{".to_owned(), "JSON_SYNTAX_INVALID"),
        (forged, "CHECKPOINT_COMPOSITE_HASH_MISMATCH"),
    ] {
        let report = judge(&anchored(&id, &hash), Some(given.as_bytes()), keys());
        assert_ne!(report.outcome, Outcome::Verified, "{code}");
        assert!(report.has_code(code), "{code} {:?}", report.counts);
    }
    let report = judge(&anchored(&id, &hash), Some(good), manifest(&[bundle_entry()]));
    assert_comes_to(&report, Outcome::NotEstablished, "TRUST_ROOT_UNRESOLVABLE");
    // a checkpoint for a bundle without such an anchor is said to have no part in it
    let mut other = anchored(&id, &hash);
    other["body"]["anchor"]["kind"] = "chain_head_timestamp".into();
    let report = judge(&reseal(other), Some(good), keys());
    assert!(report.coverage.iter().any(|step| step.step == "bundle.anchor" && step.skipped.is_some()));
}

#[test]
fn every_member_of_the_envelope_counts() {
    let good = bundle("keel.evidence_bundle/v1", &checkpoint());
    for name in ["content_hash", "public_key", "public_key_id", "signature"] {
        for new in [json!("x"), json!("")] {
            let mut changed = good.clone();
            changed["signature_envelope"][name] = new;
            let report = run(&changed, manifest(&[entry(), bundle_entry()]));
            assert_ne!(report.outcome, Outcome::Verified, "{name}");
        }
    }
    for name in good["body"].as_object().unwrap().keys() {
        let mut changed = good.clone();
        changed["body"].as_object_mut().unwrap().remove(name);
        let report = run(&changed, manifest(&[entry(), bundle_entry()]));
        assert_ne!(report.outcome, Outcome::Verified, "{name}");
    }
    let mut changed = good.clone();
    changed["signature_envelope"]["public_key_id"] = "sha256:00000000000000000000000000000000".into();
    let key = "ed25519:35qck30KjkE1FWJ3vV2LMP0LgymwM7WHBEKHBlY8+SI=";
    let report = run(&changed, KeySource::Expected(key.to_owned()));
    assert_comes_to(&report, Outcome::Disproved, "BUNDLE_KEY_ID_MISMATCH");
}

#[test]
fn cut_and_hostile_files_end_in_a_finding() {
    for end in 0..CHECKPOINT.len() {
        let bytes = CHECKPOINT.as_bytes()[..end].to_vec();
        let batch = gather_bytes("cut.json", bytes, &Limits::default());
        for part in batch.sets.iter().filter_map(|set| match set {
            Evidence::Checkpoint(part) | Evidence::Unsupported { part, .. } => Some(part),
            _ => None,
        }) {
            let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
            policy.keys = manifest(&[entry()]);
            let report = verify(&Evidence::Checkpoint(part.clone()), &policy, &NoProgress);
            assert_ne!(report.outcome, Outcome::Verified, "cut at {end}");
        }
    }
    let doubled = CHECKPOINT.replacen('{', "{\"chain_heads\":{},", 1);
    let report = run_bytes(doubled.into_bytes(), manifest(&[entry()]), false);
    assert_comes_to(&report, Outcome::NotEstablished, "DUPLICATE_JSON_KEY");
    let hash = "0".repeat(64);
    let heads: serde_json::Map<String, Json> = (0..20_000)
        .map(|number| {
            (format!("project:{number}"), json!({"sequence_number": true, "last_record_hash": hash}))
        })
        .collect();
    let report = run(&with("chain_heads", heads.into()), manifest(&[entry()]));
    assert_comes_to(&report, Outcome::Disproved, "CHECKPOINT_SEQUENCE_INVALID");
    assert!(report.findings.len() < 1000);
    let doubled = CHECKPOINT.replacen("\"keel_version\"", &format!("{}\"x\"", "\"a\":0,".repeat(50_000)), 1);
    let report = run_bytes(doubled.into_bytes(), manifest(&[entry()]), true);
    assert_comes_to(&report, Outcome::NotEstablished, "DUPLICATE_JSON_KEY");
}
