//! What receipts do to the report of the evidence that carries them.

use serde_json::{Value, json};
use verifier_core::bytes::{Blob, Limits, base64, hex};
use verifier_core::canon::{self, Profile};
use verifier_core::crypto::{PublicKey, prefixed, sha256};
use verifier_core::evidence::gather_bytes;
use verifier_core::finding::Verdict;
use verifier_core::json::{Document, ParserLimits};
use verifier_core::report::{Outcome, Report};
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeySource, NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify_batch};

use crate::authority::*;
use crate::der::*;
use crate::token::*;

const IMPRINT: &str = "checkpoint.tsa_imprint.v1";
const CHAIN: &str = "checkpoint.tsa_chain.v1";

/// Spec 10 section 10.10.
fn checkpoint() -> Value {
    json!({
        "checkpoint_id": "5b2f6c1e-0000-4000-8000-000000000001",
        "computed_at": "2026-06-15T12:00:00Z",
        "chain_heads": {
            "project:00000000-0000-0000-0000-0000000000aa": {"sequence_number": 42,
                "last_record_hash": "bb71a98d2685bb5e69eec2711f78d91b68bdcf194192f4d41873ac73e7476022"},
            "admin:global": {"sequence_number": 7,
                "last_record_hash": "1268d916bfefa28f636f4ad7967697fbfc8adc1f700c7d183ed310e9206a01b0"}},
        "composite_hash": "sha256:b17b44c79564d18fc5e00e3d579f634f57184f10cb423da48039c708d68564e5",
        "signature": "ed25519:R88uN4EWTEYSIp3zWivDKcfKH7usX3B/00jIaAwoHu9B44L1BLRkkxLRXsV3/c1rb91dJyWkjOn+E6f5u+wmDA==",
        "public_key": "ed25519:oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU=",
        "key_id": "sha256:57216d6ca1e8f4b78b90ee6dcf1cf7e3"})
}

fn honest() -> Draft3161 {
    let imprint: [u8; 32] =
        hex::decode(b"b17b44c79564d18fc5e00e3d579f634f57184f10cb423da48039c708d68564e5").unwrap();
    Draft3161 { imprint: imprint.to_vec(), ..Draft3161::default() }
}

fn receipt(token: &[u8]) -> Value {
    json!({"provider": "example", "receipt_b64": base64::encode(token), "receipt_hash": prefixed(&sha256(token))})
}

/// The root is accepted, and both issuers' lists are known.
fn policy() -> TrustPolicy {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
    policy.keys = KeySource::Expected("ed25519:oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU=".to_owned());
    policy.timestamps.anchors = Some(NamedBlob::new("root.pem", pem("CERTIFICATE", &root()).into_bytes()));
    policy.timestamps.lists =
        lists().iter().map(|list| NamedBlob::new("crl.pem", pem("X509 CRL", list).into_bytes())).collect();
    policy
}

fn run(evidence: &Value, policy: &TrustPolicy) -> Report {
    let batch = gather_bytes("evidence.json", evidence.to_string().into_bytes(), &Limits::default());
    verify_batch(&batch, policy, &NoProgress).remove(0)
}

fn with_receipts(receipts: &[Value], policy: &TrustPolicy) -> Report {
    let mut evidence = checkpoint();
    evidence["tsa_receipts"] = json!(receipts);
    run(&evidence, policy)
}

#[track_caller]
fn assert_comes_to(report: &Report, outcome: Outcome, chain: Verdict, code: &str) {
    assert_eq!(report.outcome, outcome, "{:?}", report.counts);
    assert_eq!(report.verdict(CHAIN), Some(chain), "{:?}", report.counts);
    assert!(report.has_code(code), "{code}: {:?}", report.counts);
}

#[test]
fn a_genuine_receipt_is_a_time() {
    let token = honest().build();
    let response = sequence(&[&sequence(&[&integer(0)]), &token]);
    for receipt_bytes in [&token, &response] {
        let report = with_receipts(&[receipt(receipt_bytes)], &policy());
        assert_comes_to(&report, Outcome::Verified, Verdict::Supported, "CHECKPOINT_TSA_CHAIN_VALIDATED");
        assert_eq!(report.verdict(IMPRINT), Some(Verdict::Supported));
    }
    // The single receipt of older checkpoints.
    let mut evidence = checkpoint();
    evidence["tsa"] = receipt(&token);
    assert_eq!(run(&evidence, &policy()).verdict(CHAIN), Some(Verdict::Supported));
    let mut demanding = policy();
    demanding.require.insert(CHAIN.to_owned());
    assert_eq!(with_receipts(&[receipt(&token)], &demanding).outcome, Outcome::Verified);
    assert_eq!(run(&checkpoint(), &demanding).outcome, Outcome::NotEstablished);
    demanding.timestamps.skip = true;
    assert_eq!(with_receipts(&[receipt(&token)], &demanding).outcome, Outcome::NotEstablished);
}

#[test]
fn an_open_question_fails_only_where_it_is_asked() {
    let token = receipt(&honest().build());
    let open = |policy: &TrustPolicy, code: &str| {
        let report = with_receipts(std::slice::from_ref(&token), policy);
        assert_comes_to(&report, Outcome::Verified, Verdict::InsufficientEvidence, code);
        let mut policy = policy.clone();
        policy.require.insert(CHAIN.to_owned());
        let report = with_receipts(std::slice::from_ref(&token), &policy);
        assert_comes_to(&report, Outcome::NotEstablished, Verdict::InsufficientEvidence, code);
    };
    let mut unknown = policy();
    unknown.timestamps.anchors = None;
    unknown.timestamps.lists.clear();
    open(&unknown, "NOT_VALIDATED_RELEASE_PINNED_TRUST_UNAVAILABLE");
    let mut without_lists = policy();
    without_lists.timestamps.lists.clear();
    open(&without_lists, "NOT_VALIDATED_RELEASE_PINNED_REVOCATION_UNAVAILABLE");
    let mut one_list = policy();
    one_list.timestamps.lists.pop();
    open(&one_list, "NOT_VALIDATED_REVOCATION_SNAPSHOT_MISSING");
    let mut unreadable = policy();
    unreadable.timestamps.anchors =
        Some(NamedBlob { name: "gone.pem".to_owned(), content: Err("gone.pem cannot be read".to_owned()) });
    open(&unreadable, "NOT_VALIDATED_RELEASE_PINNED_TRUST_UNAVAILABLE");
}

#[test]
fn a_wrong_receipt_fails_the_run() {
    let forged = Draft3161 { key: 9, ..honest() }.build();
    let unsigned = Draft3161 { signers: 0, ..honest() }.build();
    let weak = Draft3161 { signature_algorithm: algorithm("1.2.840.10045.4.1"), ..honest() }.build();
    let other_hash = Draft3161 { imprint_algorithm: algorithm("1.3.14.3.2.26"), ..honest() }.build();
    for (token, code) in [
        (&forged, "TSA_SIGNATURE_INVALID"),
        (&unsigned, "TSA_TOKEN_MALFORMED"),
        (&weak, "TSA_WEAK_ALGORITHM"),
        (&other_hash, "TSA_IMPRINT_ALGORITHM"),
        (&Draft3161::default().build(), "TSA_IMPRINT_MISMATCH"),
    ] {
        let report = with_receipts(&[receipt(token)], &policy());
        assert_comes_to(&report, Outcome::Disproved, Verdict::Disproved, code);
        // A genuine one beside it does not make it good.
        let report = with_receipts(&[receipt(&honest().build()), receipt(token)], &policy());
        assert_comes_to(&report, Outcome::Disproved, Verdict::Disproved, code);
    }
    // With unknown authorities as with known ones: nobody has to be trusted to see that nobody signed.
    let mut unknown = policy();
    unknown.timestamps = verifier_core::trust::TimestampTrust::default();
    let report = with_receipts(&[receipt(&unsigned)], &unknown);
    assert_comes_to(&report, Outcome::Disproved, Verdict::Disproved, "TSA_TOKEN_MALFORMED");
    let mut damaged = policy();
    damaged.timestamps.anchors = Some(NamedBlob::new("root.pem", b"no certificate".to_vec()));
    let report = with_receipts(&[receipt(&honest().build())], &damaged);
    assert_comes_to(&report, Outcome::Disproved, Verdict::Disproved, "TSA_TRUST_BUNDLE_INVALID");
}

#[test]
fn every_member_of_a_receipt_counts() {
    let token = honest().build();
    let changed = |name: &str, value: Value| {
        let mut receipt = receipt(&token);
        receipt[name] = value;
        with_receipts(&[receipt], &policy())
    };
    let spaced = format!(" {}", base64::encode(&token));
    for (name, value, code) in [
        ("receipt_hash", json!(prefixed(&sha256(b"other"))), "TSA_RECEIPT_HASH_MISMATCH"),
        ("receipt_b64", json!(spaced), "TSA_TOKEN_MALFORMED"),
        ("receipt_b64", json!(""), "TSA_IMPRINT_MISMATCH"),
        ("receipt_b64", json!(7), "TSA_RECEIPT_MISSING"),
    ] {
        let report = changed(name, value);
        assert_comes_to(&report, Outcome::Disproved, Verdict::Disproved, code);
        assert_eq!(report.verdict(IMPRINT), Some(Verdict::Disproved), "{name}");
    }
    // What nobody vouches for changes nothing: the authority is known by its key, not by its label.
    assert_eq!(changed("provider", json!("digicert")).outcome, Outcome::Verified);
    let report = with_receipts(&[receipt(&token), json!("text")], &policy());
    assert_eq!(report.outcome, Outcome::Disproved);
}

#[test]
fn policies_can_be_named() {
    let mut named = policy();
    named.timestamps.policies = vec!["1.3.6.1.4.1.99999.1".to_owned()];
    let token = receipt(&honest().build());
    assert_eq!(with_receipts(std::slice::from_ref(&token), &named).outcome, Outcome::Verified);
    named.timestamps.policies = vec!["1.3.6.1.4.1.99999.2".to_owned()];
    let report = with_receipts(&[token], &named);
    assert_comes_to(&report, Outcome::Disproved, Verdict::Disproved, "TSA_POLICY_NOT_ACCEPTED");
}

#[test]
fn more_receipts_than_are_judged_are_not_passed_over() {
    let token = receipt(&honest().build());
    assert_eq!(with_receipts(&vec![token.clone(); 64], &policy()).outcome, Outcome::Verified);
    let report = with_receipts(&vec![token; 65], &policy());
    assert_comes_to(&report, Outcome::NotEstablished, Verdict::Supported, "INPUT_LIMIT_EXCEEDED");
}

#[test]
fn a_time_long_before_the_checkpoint_is_noted() {
    let early = Draft3161 { gen_time: "20260614115959Z", ..honest() }.build();
    let report = with_receipts(&[receipt(&early)], &policy());
    assert_comes_to(&report, Outcome::Verified, Verdict::Supported, "TSA_TIME_BEFORE_CHECKPOINT");
    let report = with_receipts(&[receipt(&honest().build())], &policy());
    assert!(!report.has_code("TSA_TIME_BEFORE_CHECKPOINT"));
}

/// A bundle whose anchor is the checkpoint.
fn bundle(receipts: &[Value]) -> (Value, TrustPolicy) {
    let digest = |value: &Value, except: &[&str]| {
        let document = Document::parse(Blob::new(value.to_string().into_bytes()), ParserLimits::default());
        prefixed(&canon::digest_except(Profile::Legacy, document.unwrap().root(), except).unwrap())
    };
    let mut body = json!({"note": "stamped",
        "anchor": {"kind": "published_checkpoint", "checkpoint_id": "c",
            "composite_hash": checkpoint()["composite_hash"], "published_at": "2026-06-15T12:00:00Z"}});
    let own = digest(&body, &["artifact_ref", "anchor"]);
    body["artifact_ref"] = json!({"schema_version": "artifact_ref.v1", "type": "decision_evidence", "id": "e1",
        "urn": "urn:x-keel:artifact:decision_evidence:e1", "region": "eu", "path": "/e1",
        "canonical_url": "https://example.org/e1", "digest": own});
    let content = digest(&body, &[]);
    let signer = ed25519_dalek::SigningKey::from_bytes(&[3; 32]);
    let key = PublicKey::from_bytes(signer.verifying_key().as_bytes()).unwrap();
    let signature = ed25519_dalek::Signer::sign(&signer, content.as_bytes()).to_bytes();
    let bundle = json!({"schema_version": "keel.evidence_bundle/v1", "body": body,
        "signature_envelope": {"content_hash": content, "public_key": key.to_text(),
            "public_key_id": key.fingerprint(), "signed_at": "2026-06-15T12:00:00Z",
            "signature": format!("ed25519:{}", base64::encode(&signature)), "tsa_receipts": receipts}});
    let mut policy = policy();
    policy.keys = KeySource::Expected(key.to_text());
    (bundle, policy)
}

#[test]
fn receipts_of_a_bundle_are_of_its_anchor() {
    let (genuine, mut policy) = bundle(&[receipt(&honest().build())]);
    let report = run(&genuine, &policy);
    assert_eq!(report.outcome, Outcome::Verified, "{:?}", report.counts);
    assert!(report.has_code("BUNDLE_TSA_CHAIN_VALIDATED"), "{:?}", report.counts);
    let (forged, _) = bundle(&[receipt(&Draft3161 { key: 9, ..honest() }.build())]);
    let report = run(&forged, &policy);
    assert_eq!(report.outcome, Outcome::Disproved);
    assert!(report.has_code("BUNDLE_TSA_CHAIN_INVALID") && report.has_code("TSA_SIGNATURE_INVALID"));
    let (other, _) = bundle(&[receipt(&Draft3161::default().build())]);
    assert!(run(&other, &policy).has_code("BUNDLE_TSA_IMPRINT_MISMATCH"));
    // A demand for validated timestamps is about the ones that this kind of evidence has.
    policy.require.insert(CHAIN.to_owned());
    assert_eq!(run(&genuine, &policy).outcome, Outcome::Verified);
    assert_eq!(run(&bundle(&[]).0, &policy).outcome, Outcome::NotEstablished);
    policy.timestamps.lists.clear();
    assert_eq!(run(&genuine, &policy).outcome, Outcome::NotEstablished);
}

/// A trust kit of the same material, and the date that verdicts are stated for, to the microsecond.
#[test]
fn nothing_is_known_before_its_time() {
    use verifier_core::trust::kit::{Item, TrustKit};
    let token = receipt(&honest().build());
    let certificates = [root(), middle()];
    let list = List::new("20260620000000Z", "20260701000000Z");
    let later = [list.signed_by(ROOT.0, &key(ROOT.1)), list.signed_by(MIDDLE.0, &key(MIDDLE.1))];
    for (lists, date, known, list_is_later) in [
        (lists(), "2026-06-15T11:59:59Z", false, false),
        (lists(), "2026-06-15T11:59:59.999999Z", false, false),
        (lists(), "2026-06-15T12:00:00Z", true, false),
        (lists(), "2026-06-15T12:00:00.000001Z", true, false),
        (lists(), "2026-07-01T00:00:00Z", true, false),
        (lists(), "2026-11-01", true, false),
        (later.to_vec(), "2026-06-15T11:59:59.999999Z", false, false),
        (later.to_vec(), "2026-06-15T12:00:00Z", true, true),
        (later.to_vec(), "2026-06-19T23:59:59.999999Z", true, true),
        (later.to_vec(), "2026-06-20T00:00:00Z", true, false),
    ] {
        let mut named = policy();
        named.as_of = Timestamp::parse(date).unwrap();
        named.timestamps.lists =
            lists.iter().map(|list| NamedBlob::new("crl", pem("X509 CRL", list).into_bytes())).collect();
        let mut kit = policy();
        kit.as_of = named.as_of.clone();
        kit.timestamps = verifier_core::trust::TimestampTrust::default();
        let items = lists
            .iter()
            .chain(&certificates)
            .flat_map(|der| Item::identify("der", &Blob::new(der.clone()), ParserLimits::default()).unwrap());
        let text = TrustKit::of(items.collect()).unwrap().write();
        kit.adopt_kit(NamedBlob::new("kit.json", text.into_bytes()));
        for policy in [named, kit] {
            let report = with_receipts(std::slice::from_ref(&token), &policy);
            let verdict = if known { Verdict::Supported } else { Verdict::InsufficientEvidence };
            assert_eq!(report.verdict(CHAIN), Some(verdict), "{date}: {:?}", report.counts);
            assert_eq!(report.has_code("TSA_TIME_AFTER_AS_OF"), !known, "{date}");
            assert_eq!(report.has_code("TSA_LIST_AFTER_AS_OF"), list_is_later, "{date}");
            assert_eq!(report.has_code("SIGNED_AFTER_AS_OF"), !known, "{date}");
            let mut demanding = policy;
            demanding.require.insert(CHAIN.to_owned());
            let outcome = with_receipts(std::slice::from_ref(&token), &demanding).outcome;
            assert_eq!(outcome == Outcome::Verified, known, "{date}");
        }
    }
    // One that nobody accepted signed is wrong whatever the date; that it states a later time is said as well.
    let mut early = policy();
    early.as_of = Timestamp::parse("2026-06-01").unwrap();
    early.timestamps.anchors = None;
    early.timestamps.lists = Vec::new();
    let report = with_receipts(&[token], &early);
    assert!(
        report.has_code("TSA_TIME_AFTER_AS_OF") && report.outcome == Outcome::Verified,
        "{:?}",
        report.counts
    );
}
