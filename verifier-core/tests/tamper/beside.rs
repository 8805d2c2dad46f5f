//! Every field of the artifacts beside plain exports, held against the table of field coverage and `uncovered.txt` like
//! those of exports: workflow evidence, incident bundles, voice attestations, Sigstore bundles.

use serde_json::{Value, json};
use verifier_core::bytes::{base64, hex};
use verifier_core::canon::{Profile, to_bytes};
use verifier_core::crypto::{prefixed, sha256};
use verifier_core::evidence::{Evidence, ExportSet, gather_bytes};
use verifier_core::report::{FieldCoverage, Outcome, Report};
use verifier_core::sigstore::artifact::ArtifactDigest;
use verifier_core::sigstore::identity::{Expected, Name};
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeySource, NamedBlob, TimestampTrust, TrustPolicy};
use verifier_core::verify::{NoProgress, SignerInput, SigstoreInput, verify, verify_batch, verify_sigstore};

use crate::edit::Edit;
use crate::evidence::{bytes_of, document, generated, part};
use crate::list::{Tally, run};
use crate::workflow_evidence as records;

/// Compares what was noticed with the table and the list.
fn hold(artifact: &str, edits: &[Edit], again: &[Option<bool>], as_is: &[Option<bool>]) {
    let tally = Tally::of(edits, again);
    let mut differences = tally.differences(&format!("{artifact}, signed again"));
    differences += &tally.against_table(artifact);
    let as_is = Tally::of(edits, as_is);
    differences += &as_is.differences(&format!("{artifact}, signature as it was"));
    differences += &as_is.against_signature(artifact);
    assert!(differences.is_empty(), "{artifact}:\n{differences}");
    assert_eq!(
        tally.idle_rows(artifact),
        Vec::<&str>::new(),
        "{artifact}: rows of the table without a place"
    );
}

fn is_verified(report: &Report) -> bool {
    report.outcome == Outcome::Verified
}

/// The report lists the fields of the artifact.
fn lists(report: &Report, artifact: &str) {
    assert!(is_verified(report), "{:#?}", report.findings);
    assert!(report.fields.iter().any(|field| field.artifact == artifact), "{artifact} is not in the report");
}

/// An export manifest of the issuer over these bytes.
fn manifest(export_type: &str, bytes: &[u8]) -> Value {
    let content_hash = prefixed(&sha256(bytes));
    json!({
        "export_id": "e1", "export_type": export_type, "project_id": records::PROJECT,
        "signature": format!("ed25519:{}", records::sign(records::EXPORT_SEED, &content_hash)),
        "content_hash": content_hash, "signed_at": "2026-05-07T12:10:00Z",
        "public_key": records::public(records::EXPORT_SEED).to_text(),
        "key_id": records::public(records::EXPORT_SEED).fingerprint(),
    })
}

fn export(name: &str, bytes: Vec<u8>, manifest: &Value) -> Report {
    let policy = records::policy(json!({}));
    let manifest = part("manifest.json", bytes_of(manifest));
    verify(&Evidence::Export(ExportSet::new(part(name, bytes), Some(manifest))), &policy, &NoProgress)
}

/// The export key signs whatever it likes; the records are signed by the key for permit bindings.
#[test]
fn workflow_evidence() {
    let artifact = "workflow evidence";
    let honest = records::honest();
    let verdict = |document: &Value, over: &Value| {
        export("workflow.json", bytes_of(document), &manifest("workflow_evidence", &bytes_of(over)))
    };
    lists(&verdict(&honest, &honest), artifact);
    let edits = Edit::sample(&honest);
    let again = run(&edits, |edit| {
        let changed = edit.apply(&honest);
        Some(is_verified(&verdict(&changed, &changed)))
    });
    let as_is = run(&edits, |edit| Some(is_verified(&verdict(&edit.apply(&honest), &honest))));
    hold(artifact, &edits, &again, &as_is);
}

/// The same document as a file that the manifest names.
#[test]
fn workflow_evidence_beside_an_export() {
    let artifact = "workflow evidence beside an export";
    let honest = records::honest();
    let verdict = |document: &Value, over: &Value| {
        let mention = records::mention(&bytes_of(over));
        records::check_sibling(&mention, &[("workflow_evidence.json", &bytes_of(document))])
    };
    lists(&verdict(&honest, &honest), artifact);
    let edits = Edit::sample(&honest);
    let again = run(&edits, |edit| {
        let changed = edit.apply(&honest);
        Some(is_verified(&verdict(&changed, &changed)))
    });
    let as_is = run(&edits, |edit| Some(is_verified(&verdict(&edit.apply(&honest), &honest))));
    hold(artifact, &edits, &again, &as_is);
}

/// The files of a bundle as members of one object, JSON lines as lists.
fn incident() -> Value {
    let mut files: Value = records::incident_files()
        .into_iter()
        .map(|(name, bytes)| {
            let value = match name.strip_suffix(".jsonl") {
                Some(_) => serde_json::Deserializer::from_slice(&bytes)
                    .into_iter::<Value>()
                    .collect::<Result<Value, _>>(),
                None => serde_json::from_slice(&bytes),
            };
            (name.to_owned(), value.unwrap())
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    let events = generated("generated-governance-events-lines").read("export.json").unwrap();
    let events = serde_json::Deserializer::from_slice(&events).into_iter::<Value>().take(4);
    let mut events = events.collect::<Result<Vec<_>, _>>().unwrap();
    // No record hash covers the payload, so a short one serves.
    events.iter_mut().for_each(|event| event["payload"] = json!({"note": "x"}));
    files["governance_events.jsonl"] = events.into();
    files["admin_actions.jsonl"] = json!([{"action": "pause", "actor": "admin"}]);
    let mut manifest = records::incident_manifest();
    for row in manifest["files"].as_array_mut().unwrap() {
        let bytes = written(row["name"].as_str().unwrap(), &files[row["name"].as_str().unwrap()]);
        *row = records::with(row, json!({"sha256": hex::encode(&sha256(&bytes)), "size": bytes.len()}));
    }
    files["manifest.json"] = manifest;
    files
}

fn written(name: &str, value: &Value) -> Vec<u8> {
    match value.as_array().filter(|_| name.ends_with(".jsonl")) {
        Some(lines) => records::lines(lines),
        None => bytes_of(value),
    }
}

fn zipped(files: &Value) -> Vec<u8> {
    let files: Vec<(&str, Vec<u8>)> = files
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), written(name, value)))
        .collect();
    records::zip(&files)
}

/// The zip is under the manifest's signature; signed again, the digests of its own list follow the change too.
#[test]
fn incident_bundle() {
    let artifact = "incident bundle";
    let honest = incident();
    let verdict = |files: &Value, over: &Value| {
        export("incident.zip", zipped(files), &manifest("incident_evidence", &zipped(over)))
    };
    lists(&verdict(&honest, &honest), artifact);
    let edits = Edit::sample(&honest);
    let again = run(&edits, |edit| {
        let mut changed = edit.apply(&honest);
        if edit.member() != "manifest.json" {
            let files = changed.clone();
            for row in changed["manifest.json"]["files"].as_array_mut().unwrap() {
                let name = row["name"].as_str().unwrap().to_owned();
                let Some(file) = files.get(&name) else { continue };
                let bytes = written(&name, file);
                row["sha256"] = hex::encode(&sha256(&bytes)).into();
                row["size"] = bytes.len().into();
            }
        }
        Some(is_verified(&verdict(&changed, &changed)))
    });
    let as_is = run(&edits, |edit| Some(is_verified(&verdict(&edit.apply(&honest), &honest))));
    hold(artifact, &edits, &again, &as_is);

    let mut broken = honest.clone();
    broken["governance_events.jsonl"][1]["severity"] = "other".into();
    let words = |report: &Report| {
        let own = |field: &&FieldCoverage| field.field == "/governance_events.jsonl/*/severity";
        report.fields.iter().find(own).map(FieldCoverage::words)
    };
    assert_eq!(words(&verdict(&honest, &honest)), Some("proven"));
    assert_eq!(words(&verdict(&broken, &broken)), Some("a proof of it is contradicted in this run"));
}

/// Spec 14.8, with the genuine token of spec 11.9 over the same digest.
const VOICE: &str = include_str!("../data/voice/v1_message.json");
const VOICE_SEED: &str = "b46e09d6c6c830485dcb5e0f8d8e20566d347e91a70d7e13c060432d33f5f412";
const VOICE_KEY: &str = "ed25519:cizzK9PPKMJqB2TOAM3kWh1OZornLs9VPKsjReBTSM8=";
const VOICE_KEY_ID: &str = "sha256:1ed05e334169d105398556b5c729797d";

fn voice_policy() -> TrustPolicy {
    let pem = |text: &str| NamedBlob::new("pem", text.as_bytes().to_vec());
    let keys = json!({"keys": [{"key_id": VOICE_KEY_ID, "public_key": VOICE_KEY, "purpose": "export_signing",
        "status": "active", "valid_from": "2026-01-01T00:00:00Z", "valid_to": null}]});
    TrustPolicy {
        keys: KeySource::Manifest(NamedBlob::new("keys.json", bytes_of(&keys))),
        timestamps: TimestampTrust {
            anchors: Some(pem(include_str!("../data/timestamp/example_root.pem"))),
            lists: vec![pem(include_str!("../data/timestamp/example_crl.pem"))],
            ..TimestampTrust::default()
        },
        ..TrustPolicy::new(Timestamp::parse("2026-07-01").unwrap())
    }
}

/// Signed by the issuer over everything but the signatures.
fn sign_voice(mut attestation: Value) -> Value {
    use ed25519_dalek::{Signer, SigningKey};
    let mut message = attestation.clone();
    message.as_object_mut().unwrap().remove("signatures");
    let bytes = to_bytes(Profile::Legacy, document(&message).root()).unwrap();
    let key = SigningKey::from_bytes(&hex::decode(VOICE_SEED.as_bytes()).unwrap());
    let signature = format!("ed25519:{}", base64::encode(&key.sign(&bytes).to_bytes()));
    if let Some(entry) = attestation.pointer_mut("/signatures/0").and_then(Value::as_object_mut) {
        entry.insert("signature".to_owned(), signature.into());
        entry.insert("content_hash".to_owned(), prefixed(&sha256(&bytes)).into());
    }
    attestation
}

#[test]
fn voice_attestation() {
    let artifact = "voice attestation";
    let mut honest: Value = serde_json::from_str(VOICE).unwrap();
    let token = include_str!("../data/timestamp/example_token.b64").trim();
    honest["rfc3161_timestamp_receipt"]["tsa_response_base64"] = token.into();
    honest["signatures"] = json!([{"algorithm": "Ed25519", "key_id": VOICE_KEY_ID,
        "key_purpose": "export_signing", "public_key": VOICE_KEY, "signature": ""}]);
    let honest = sign_voice(honest);
    let policy = voice_policy();
    let verdict = |attestation: &Value| {
        let batch = gather_bytes("voice.json", bytes_of(attestation), &policy.limits);
        verify_batch(&batch, &policy, &NoProgress).remove(0)
    };
    lists(&verdict(&honest), artifact);
    let edits = Edit::sample(&honest);
    let again = run(&edits, |edit| {
        let changed = sign_voice(edit.apply(&honest));
        // what signing writes comes out as it was
        (changed != honest).then(|| is_verified(&verdict(&changed)))
    });
    let as_is = run(&edits, |edit| Some(is_verified(&verdict(&edit.apply(&honest)))));
    hold(artifact, &edits, &again, &as_is);
}

/// Bundles of every shape that is accepted. Nobody here holds the keys, so there is no signing again: a field is covered
/// when its change is noticed.
#[test]
fn sigstore_bundle() {
    let artifact = "Sigstore bundle";
    let folder = testvectors::root().join("sigstore");
    let asset = |name: &str| std::fs::read(folder.join("conformance").join(name)).unwrap();
    let cases: Vec<Value> =
        serde_json::from_slice(&std::fs::read(folder.join("cases.json")).unwrap()).unwrap();
    let policy = TrustPolicy::new(Timestamp::parse("2026-11-26T00:00:00Z").unwrap());
    let (mut edits, mut green) = (Vec::new(), Vec::new());
    for name in [
        "happy-path-v0.1",
        "happy-path-intoto-in-dsse-v3",
        "intoto-with-custom-trust-root",
        "managed-key-happy-path",
        "rekor2-timestamp-without-embedded-cert",
        "rekor2-dsse-happy-path",
    ] {
        let case = cases.iter().find(|case| case["case"] == name).unwrap();
        let text = |member: &str| case[member].as_str().unwrap().to_owned();
        let file = |member: &str| Some(NamedBlob::new(member, asset(case.get(member)?.as_str()?)));
        let identity = || {
            SignerInput::Identity(Expected { name: Name::Exact(text("identity")), issuer: text("issuer") })
        };
        let input = |bundle: &Value| SigstoreInput {
            bundle: NamedBlob::new("bundle.json", bytes_of(bundle)),
            artifact_name: "artifact".to_owned(),
            artifact: ArtifactDigest::of(&asset(&text("artifact"))),
            signer: file("key").map_or_else(identity, SignerInput::Key),
            trusted_root: file("trusted_root"),
        };
        let honest: Value = serde_json::from_slice(&asset(&format!("{name}.json"))).unwrap();
        lists(&verify_sigstore(&input(&honest), &policy), artifact);
        let own = Edit::sample(&honest);
        green.extend(run(&own, |edit| {
            Some(is_verified(&verify_sigstore(&input(&edit.apply(&honest)), &policy)))
        }));
        edits.extend(own);
    }
    let tally = Tally::of(&edits, &green);
    let mut differences = tally.differences(artifact);
    differences += &tally.against_table(artifact);
    assert!(differences.is_empty(), "{artifact}:\n{differences}");
    assert_eq!(
        tally.idle_rows(artifact),
        Vec::<&str>::new(),
        "{artifact}: rows of the table without a place"
    );
}
