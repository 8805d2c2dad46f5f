//! The offline cases of sigstore-conformance, each with the artifact and with its SHA-256, and attacks of our own.
//!
//! `testvectors/sigstore/results.json` records what came of every case; `UPDATE=1` rewrites it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use verifier_core::bytes::{base64, hex};
use verifier_core::report::{Outcome, Report};
use verifier_core::sigstore::artifact::ArtifactDigest;
use verifier_core::sigstore::identity::{Expected, Name};
use verifier_core::time::Timestamp;
use verifier_core::trust::{NamedBlob, TrustPolicy};
use verifier_core::verify::{SignerInput, SigstoreInput, verify_sigstore};

fn folder() -> PathBuf {
    testvectors::root().join("sigstore")
}

fn asset(name: &str) -> Vec<u8> {
    fs::read(folder().join("conformance").join(name)).unwrap()
}

/// A case of the suite, as `cases.json` lists it.
#[derive(Clone)]
struct Case {
    name: String,
    accept: bool,
    input: SigstoreInput,
}

fn cases() -> Vec<Case> {
    let text = fs::read(folder().join("cases.json")).unwrap();
    let list: Vec<Value> = serde_json::from_slice(&text).unwrap();
    list.iter().map(case).collect()
}

fn case(stated: &Value) -> Case {
    let text = |member: &str| stated[member].as_str().unwrap().to_owned();
    let file = |member: &str| {
        let name = stated.get(member)?.as_str()?;
        Some(NamedBlob::new(member, asset(name)))
    };
    let name = text("case");
    let artifact = asset(&text("artifact"));
    let signer = match file("key") {
        Some(key) => SignerInput::Key(key),
        None => {
            SignerInput::Identity(Expected { name: Name::Exact(text("identity")), issuer: text("issuer") })
        }
    };
    let input = SigstoreInput {
        bundle: NamedBlob::new("bundle.json", asset(&format!("{name}.json"))),
        artifact_name: "artifact".to_owned(),
        artifact: ArtifactDigest::of(&artifact),
        signer,
        trusted_root: file("trusted_root"),
    };
    Case { accept: text("expect") == "accept", name, input }
}

fn named(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap()
}

fn run(input: &SigstoreInput) -> Report {
    verify_sigstore(input, &TrustPolicy::new(Timestamp::parse("2026-11-26T00:00:00Z").unwrap()))
}

fn codes(report: &Report) -> Vec<&'static str> {
    let failing =
        report.findings.iter().filter(|finding| finding.effect != verifier_core::finding::Effect::Notes);
    let mut codes: Vec<_> = failing.map(|finding| finding.code.id).collect();
    codes.dedup();
    codes
}

#[test]
fn every_case_of_the_suite_gives_the_required_answer() {
    let mut results = Vec::new();
    let mut wrong = Vec::new();
    for case in cases() {
        let whole = run(&case.input);
        let mut by_digest = case.input.clone();
        by_digest.artifact = ArtifactDigest::from_sha256(case.input.artifact.sha256);
        let digest = run(&by_digest);
        for (way, report) in [("artifact", &whole), ("digest", &digest)] {
            if (report.outcome == Outcome::Verified) != case.accept {
                let findings: Vec<_> = report
                    .findings
                    .iter()
                    .map(|finding| format!("{}: {}", finding.code.id, finding.message))
                    .collect();
                wrong.push(format!("{} ({way}): {:?} {findings:#?}", case.name, report.outcome));
            }
        }
        results.push(json!({
            "case": case.name,
            "required": if case.accept { "accept" } else { "refuse" },
            "with_artifact": {"outcome": whole.outcome, "codes": codes(&whole)},
            "with_digest": {"outcome": digest.outcome, "codes": codes(&digest)},
        }));
    }
    assert!(results.len() == 70, "{} cases", results.len());
    let lines: Vec<String> = results.iter().map(Value::to_string).collect();
    let table = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = folder().join("results.json");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &table).unwrap();
    }
    assert!(wrong.is_empty(), "{} answers differ\n{}", wrong.len(), wrong.join("\n"));
    assert!(fs::read_to_string(&path).unwrap() == table, "results.json differs; UPDATE=1 rewrites it");
}

/// Bundles of every shape that is accepted.
const HONEST: [&str; 6] = [
    "happy-path-v0.1",
    "happy-path-intoto-in-dsse-v3",
    "intoto-with-custom-trust-root",
    "managed-key-happy-path",
    "rekor2-timestamp-without-embedded-cert",
    "rekor2-dsse-happy-path",
];

fn bundle_of(case: &Case) -> Value {
    serde_json::from_slice(case.input.bundle.content.as_ref().unwrap().as_slice()).unwrap()
}

fn with_bundle(case: &Case, bundle: &Value) -> SigstoreInput {
    let bundle = NamedBlob::new("bundle.json", serde_json::to_vec(bundle).unwrap());
    SigstoreInput { bundle, ..case.input.clone() }
}

/// Pointers to all texts, numbers and arrays.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), out));
        }
        Value::Array(items) => {
            out.push(at.to_owned());
            items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), out));
        }
        _ => out.push(at.to_owned()),
    }
}

/// Other values in place of one: bits of what base64 stands for, the next number, another text, one item fewer or
/// more.
fn others(value: &Value) -> Vec<Value> {
    let Value::String(text) = value else {
        let items = value.as_array().unwrap();
        let mut fewer = items.clone();
        fewer.pop();
        let mut more = items.clone();
        more.extend(items.first().cloned());
        return [fewer, more].into_iter().filter(|other| other != items).map(Value::Array).collect();
    };
    if let Ok(number) = text.parse::<u64>() {
        return [number + 1, number.saturating_sub(1), 0]
            .iter()
            .map(|number| json!(number.to_string()))
            .collect();
    }
    let mut others = vec![json!(format!("{text}x")), json!("")];
    if let Some(bytes) = verifier_core::bytes::base64::decode(text).filter(|bytes| !bytes.is_empty()) {
        for at in [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            others.push(json!(verifier_core::bytes::base64::encode(&flipped)));
        }
        others.push(json!(verifier_core::bytes::base64::encode(&bytes[..bytes.len() - 1])));
    }
    others
}

/// No signature covers these, and nothing is concluded from them.
fn is_open(place: &str, other: &Value) -> bool {
    // certificates beside the leaf are not used
    let others = place.ends_with("/x509CertificateChain/certificates")
        && other.as_array().is_some_and(|all| all.len() > 1);
    let hint = place.ends_with("/publicKey/hint") || place.ends_with("/keyid");
    // without its digest or timestamps a bundle says less, and what is left may suffice
    let digest = place.ends_with("/messageDigest/digest") && other == "";
    others || hint || digest || (place.ends_with("/rfc3161Timestamps") && other.as_array().is_some())
}

#[test]
fn no_field_of_an_honest_bundle_can_be_changed() {
    let mut accepted = Vec::new();
    for name in HONEST {
        let case = named(name);
        let bundle = bundle_of(&case);
        assert_eq!(run(&case.input).outcome, Outcome::Verified, "{name}");
        let mut all = Vec::new();
        places(&bundle, "", &mut all);
        for place in all {
            let original = bundle.pointer(&place).unwrap();
            for other in others(original) {
                let mut changed = bundle.clone();
                *changed.pointer_mut(&place).unwrap() = other.clone();
                if changed == bundle || is_open(&place, &other) {
                    continue;
                }
                if run(&with_bundle(&case, &changed)).outcome == Outcome::Verified {
                    accepted.push(format!("{name} {place} {other:.120}"));
                }
            }
        }
    }
    assert!(accepted.is_empty(), "{accepted:#?}");
}

#[test]
fn no_member_of_an_honest_bundle_can_be_added_or_repeated() {
    for name in HONEST {
        let case = named(name);
        let text = serde_json::to_string(&bundle_of(&case)).unwrap();
        for (at, _) in text.match_indices('{') {
            let (head, tail) = text.split_at(at + 1);
            let added = format!("{head}\"unknown\":1,{tail}");
            let bundle = NamedBlob::new("bundle.json", added.into_bytes());
            let report = run(&SigstoreInput { bundle, ..case.input.clone() });
            // braces inside texts are not objects: there the text differs instead
            assert_ne!(report.outcome, Outcome::Verified, "{name} at {at}");
        }
    }
}

fn refused(case: &Case, change: impl Fn(&mut Value), code: &str) {
    let mut bundle = bundle_of(case);
    change(&mut bundle);
    let report = run(&with_bundle(case, &bundle));
    assert_ne!(report.outcome, Outcome::Verified, "{} {code}", case.name);
    assert!(report.has_code(code), "{} {code}: {:?}", case.name, codes(&report));
}

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

/// Genuine parts of other bundles, which the log and the authorities really signed.
#[test]
fn parts_of_other_bundles_do_not_fit() {
    let one = named("rekor2-happy-path");
    let other = bundle_of(&named("rekor2-timestamp-with-embedded-cert"));
    let take = |place: String| {
        let value = other.pointer(&place).unwrap().clone();
        move |bundle: &mut Value| *bundle.pointer_mut(&place).unwrap() = value.clone()
    };
    refused(&one, take(format!("{ENTRY}/inclusionProof")), "REKOR_INCLUSION_INVALID");
    refused(&one, take(format!("{ENTRY}/inclusionProof/checkpoint")), "REKOR_CHECKPOINT_MISMATCH");
    refused(
        &one,
        take("/verificationMaterial/timestampVerificationData".to_owned()),
        "SIGSTORE_TIMESTAMP_INVALID",
    );
    refused(&one, take(ENTRY.to_owned()), "REKOR_ENTRY_MISMATCH");
    refused(&one, take("/verificationMaterial/certificate".to_owned()), "SIGSTORE_SIGNATURE_INVALID");
    refused(&one, take("/messageSignature".to_owned()), "SIGSTORE_SIGNATURE_INVALID");

    let one = named("happy-path-v0.3");
    let other = bundle_of(&named("wrong-hashedrekord-artifact_fail"));
    let take = |place: String| {
        let value = other.pointer(&place).unwrap().clone();
        move |bundle: &mut Value| *bundle.pointer_mut(&place).unwrap() = value.clone()
    };
    refused(&one, take(format!("{ENTRY}/inclusionPromise")), "REKOR_SET_INVALID");
    refused(&one, take(format!("{ENTRY}/inclusionProof/checkpoint")), "REKOR_CHECKPOINT_MISMATCH");
    refused(&one, take(ENTRY.to_owned()), "REKOR_ENTRY_MISMATCH");
}

#[test]
fn what_is_absent_is_insufficient_and_not_disproved() {
    let without = |name: &str, place: &str, code: &str| {
        let case = named(name);
        let mut bundle = bundle_of(&case);
        let (holder, member) = place.rsplit_once('/').unwrap();
        bundle.pointer_mut(holder).unwrap().as_object_mut().unwrap().remove(member).unwrap();
        let report = run(&with_bundle(&case, &bundle));
        assert_eq!(report.outcome, Outcome::NotEstablished, "{name} {place}: {:?}", codes(&report));
        assert!(report.has_code(code), "{name} {place}: {:?}", codes(&report));
    };
    without("happy-path-v0.1", &format!("{ENTRY}/inclusionProof"), "REKOR_INCLUSION_MISSING");
    without("rekor2-happy-path", &format!("{ENTRY}/inclusionProof"), "REKOR_INCLUSION_MISSING");
    without("rekor2-happy-path", &format!("{ENTRY}/inclusionProof/checkpoint"), "REKOR_INCLUSION_MISSING");
    without("rekor2-happy-path", "/verificationMaterial/tlogEntries", "REKOR_ENTRY_MISSING");
    without(
        "rekor2-happy-path",
        "/verificationMaterial/timestampVerificationData",
        "SIGSTORE_NO_VERIFIED_TIME",
    );
    without("happy-path-v0.3", &format!("{ENTRY}/inclusionPromise"), "SIGSTORE_NO_VERIFIED_TIME");
}

/// The expectation is never weaker than stated.
#[test]
fn identity_and_issuer_are_both_compared() {
    let case = named("happy-path-v0.3");
    let SignerInput::Identity(Expected { name: Name::Exact(name), issuer }) = &case.input.signer else {
        panic!("a case with an identity")
    };
    let ask = |name: Name, issuer: &str| {
        let signer = SignerInput::Identity(Expected { name, issuer: issuer.to_owned() });
        run(&SigstoreInput { signer, ..case.input.clone() })
    };
    let glob = name.replace("extremely-dangerous-oidc-beacon.yml", "*.yml");
    assert_eq!(ask(Name::Glob(glob), issuer).outcome, Outcome::Verified);
    assert!(ask(Name::Exact(name.to_uppercase()), issuer).has_code("SIGSTORE_IDENTITY_MISMATCH"));
    assert!(ask(Name::Glob("*".to_owned()), issuer).has_code("SIGSTORE_IDENTITY_MISMATCH"));
    assert!(ask(Name::Exact(String::new()), issuer).has_code("SIGSTORE_IDENTITY_MISMATCH"));
    for other in ["", "https://token.actions.githubusercontent.com/", "https://accounts.google.com"] {
        let report = ask(Name::Exact(name.clone()), other);
        assert!(
            report.has_code("SIGSTORE_ISSUER_MISMATCH") && report.outcome == Outcome::Disproved,
            "{other}"
        );
    }
}

#[test]
fn a_verdict_is_for_its_date() {
    let case = named("happy-path-v0.3");
    let at = |date: &str| verify_sigstore(&case.input, &TrustPolicy::new(Timestamp::parse(date).unwrap()));
    assert_eq!(at("2024-03-20T00:00:00Z").outcome, Outcome::Verified);
    let before = at("2024-03-19T00:00:00Z");
    assert_eq!(before.outcome, Outcome::NotEstablished);
    assert!(before.has_code("SIGSTORE_TIME_AFTER_AS_OF"));
}

/// A timestamp with any one bit changed proves the same time as before or none: what no signature covers, such as
/// the status of the response, may differ.
#[test]
fn no_bit_of_a_timestamp_changes_the_time() {
    let case = named("rekor2-timestamp-without-embedded-cert");
    let honest = run(&case.input).artifact.signed;
    let place = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";
    let bundle = bundle_of(&case);
    let token = bundle.pointer(place).unwrap().as_str().unwrap();
    let token = verifier_core::bytes::base64::decode(token).unwrap();
    let mut verified = 0;
    for at in 0..token.len() {
        let mut flipped = token.clone();
        flipped[at] ^= 1 << (at % 8);
        let mut changed = bundle.clone();
        *changed.pointer_mut(place).unwrap() = json!(verifier_core::bytes::base64::encode(&flipped));
        let report = run(&with_bundle(&case, &changed));
        if report.outcome == Outcome::Verified {
            assert_eq!(report.artifact.signed, honest, "byte {at}");
            verified += 1;
        }
    }
    assert!(verified < 8, "{verified} changes were accepted");
}

/// The suite's case has line breaks in its base64 and is refused for them; without them, the certificate had expired.
#[test]
fn a_timestamp_after_the_certificate_expired_is_refused() {
    let case = named("rekor2-timestamp-with-incorrect-time_fail");
    let unbroken = |bundle: &mut Value| {
        let place = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";
        let text = bundle.pointer_mut(place).unwrap();
        *text = json!(text.as_str().unwrap().replace('\n', ""));
    };
    refused(&case, unbroken, "SIGSTORE_CERT_NOT_VALID_AT_TIME");
}

/// A genuine key of somebody else.
#[test]
fn another_key_verifies_nothing() {
    let case = named("managed-key-happy-path");
    let root: Value = serde_json::from_slice(verifier_core::sigstore::trusted_root::EMBEDDED).unwrap();
    let spki = root["tlogs"][0]["publicKey"]["rawBytes"].as_str().unwrap();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n");
    let signer = SignerInput::Key(NamedBlob::new("key", pem.into_bytes()));
    let report = run(&SigstoreInput { signer, ..case.input });
    assert_eq!(report.outcome, Outcome::Disproved);
    assert!(report.has_code("SIGSTORE_SIGNATURE_INVALID") && report.has_code("REKOR_ENTRY_MISMATCH"));
    let signer = named("happy-path-v0.3").input.signer;
    let report = run(&SigstoreInput { signer, ..named("managed-key-happy-path").input });
    assert_eq!(report.outcome, Outcome::NotEstablished);
    assert!(report.has_code("SIGSTORE_KEY_REQUIRED"));
}

/// Certificates and timestamps cut at every byte, and the bundle itself: an answer, and never "verified".
#[test]
fn what_is_cut_short_is_refused() {
    let case = named("rekor2-timestamp-without-embedded-cert");
    let bundle = bundle_of(&case);
    let places = [
        "/verificationMaterial/certificate/rawBytes",
        "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp",
        "/messageSignature/signature",
    ];
    for place in places {
        let whole = bundle.pointer(place).unwrap().as_str().unwrap();
        let bytes = verifier_core::bytes::base64::decode(whole).unwrap();
        for length in 0..bytes.len() {
            let mut cut = bundle.clone();
            let text = verifier_core::bytes::base64::encode(&bytes[..length]);
            *cut.pointer_mut(place).unwrap() = json!(text);
            assert_ne!(run(&with_bundle(&case, &cut)).outcome, Outcome::Verified, "{place} {length}");
        }
    }
    let text = serde_json::to_vec(&bundle).unwrap();
    for length in (0..text.len()).step_by(97) {
        let bundle = NamedBlob::new("bundle.json", text[..length].to_vec());
        assert_ne!(
            run(&SigstoreInput { bundle, ..case.input.clone() }).outcome,
            Outcome::Verified,
            "{length}"
        );
    }
}

/// A witness of our own: its key as policies spell it, and the line that it adds to a note.
struct TestWitness(ed25519_dalek::SigningKey);

impl TestWitness {
    const NAME: &str = "witness.invalid/w";

    fn key_bytes(&self) -> Vec<u8> {
        [&[4], &self.0.verifying_key().to_bytes()[..]].concat()
    }

    fn id(&self) -> Vec<u8> {
        let named = [Self::NAME.as_bytes(), b"\n", &self.key_bytes()].concat();
        verifier_core::crypto::sha256(&named)[..4].to_vec()
    }

    fn policy(&self) -> Vec<u8> {
        let (id, key) = (hex::encode(&self.id()), base64::encode(&self.key_bytes()));
        format!("witness w {}+{id}+{key}\nquorum w\n", Self::NAME).into_bytes()
    }

    fn line(&self, text: &str, time: u64) -> String {
        use ed25519_dalek::Signer;
        let signature = self.0.sign(format!("cosignature/v1\ntime {time}\n{text}").as_bytes());
        let blob = [self.id(), time.to_be_bytes().to_vec(), signature.to_bytes().to_vec()].concat();
        format!("\u{2014} {} {}\n", Self::NAME, base64::encode(&blob))
    }
}

#[test]
fn witnesses_of_the_head_are_judged_where_a_policy_names_them() {
    let witness = TestWitness(ed25519_dalek::SigningKey::from_bytes(&[7; 32]));
    let case = named("rekor2-checkpoint-cosigned");
    let run = |change: &dyn Fn(&mut String), policy: Option<Vec<u8>>| {
        let mut bundle: Value =
            serde_json::from_slice(case.input.bundle.content.as_ref().unwrap().as_slice()).unwrap();
        let slot = bundle
            .pointer_mut("/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint/envelope")
            .unwrap();
        let mut note = slot.as_str().unwrap().to_owned();
        change(&mut note);
        *slot = note.into();
        let mut input = case.input.clone();
        input.bundle = NamedBlob::new("bundle.json", bundle.to_string().into_bytes());
        let mut trust = TrustPolicy::new(Timestamp::parse("2026-11-26T00:00:00Z").unwrap());
        trust.logs.policy = policy.map(|bytes| NamedBlob::new("policy", bytes));
        verify_sigstore(&input, &trust)
    };
    let cosign = |time: u64| {
        let witness = &witness;
        move |note: &mut String| {
            let text = note.split_once("\n\n").unwrap().0.to_owned() + "\n";
            note.push_str(&witness.line(&text, time));
        }
    };
    let now = 1_790_000_000;
    let claim = "transparency_log.witness.v1";
    let report = run(&cosign(now), Some(witness.policy()));
    assert_eq!(report.outcome, Outcome::Verified, "{:?}", report.counts);
    assert!(report.claim(claim).is_some());
    // as the suite has it: cosigned by one that the policy does not name
    let report = run(&|_| {}, Some(witness.policy()));
    assert_eq!((report.outcome, report.has_code("TLOG_QUORUM_NOT_MET")), (Outcome::NotEstablished, true));
    let report = run(&cosign(4_000_000_000), Some(witness.policy()));
    assert_eq!((report.outcome, report.has_code("TLOG_COSIGNATURE_FUTURE")), (Outcome::NotEstablished, true));
    let forged = |note: &mut String| note.push_str(&witness.line("another text\n", now));
    let report = run(&forged, Some(witness.policy()));
    assert_eq!((report.outcome, report.has_code("TLOG_COSIGNATURE_INVALID")), (Outcome::Disproved, true));
    let report = run(&cosign(now), Some(b"nonsense\n".to_vec()));
    assert_eq!((report.outcome, report.has_code("TLOG_POLICY_INVALID")), (Outcome::NotEstablished, true));
    // without a policy they are not judged, and that is said
    let report = run(&forged, None);
    assert_eq!(report.outcome, Outcome::Verified, "{:?}", report.counts);
    assert!(report.claim(claim).is_none());
    assert!(report.coverage.iter().any(|step| step.step == "rekor.cosignatures" && step.skipped.is_some()));
    assert!(report.not_proven.iter().any(|text| text.contains("no quorum of witnesses")));
}
