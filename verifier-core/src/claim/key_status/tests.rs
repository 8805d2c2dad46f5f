//! Answers over a manifest, a sidecar and a checkpoint that are made, signed and altered here.

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value as Json, json};

use super::*;
use crate::bytes::base64;
use crate::crypto::PublicKey;
use crate::finding::Verdict;
use crate::merkle::rfc6962;
use crate::report::{Outcome, Report};
use crate::trust::KeySource;
use crate::verify::verify_key_status;

const ACCOUNT: &str = "11111111-1111-4111-8111-111111111111";
const SCOPE: &str = "project:00000000-0000-4000-8000-0000000000a1";

fn canonical(value: &Json) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn digest(value: &Json) -> String {
    hex::encode(&sha256(&canonical(value)))
}

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn sign(message: &[u8]) -> String {
    base64::encode(&signer().sign(message).to_bytes())
}

fn public_key() -> PublicKey {
    PublicKey::from_bytes(signer().verifying_key().as_bytes()).unwrap()
}

fn reference(sequence: i64, status: &str) -> Json {
    json!({"event_type": "key.status.v1", "event_id": format!("evt_{sequence}"),
        "record_hash": format!("{sequence:064x}"), "sequence_number": sequence, "status": status})
}

fn entry(key_id: &str, status: &str, at: Option<&str>, references: &[Json]) -> Json {
    let mut entry = json!({"account_id": ACCOUNT, "key_scope": "operator", "key_id": key_id, "algorithm": "ed25519",
        "public_key": public_key().to_text(), "status": status, "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": null, "revoked_at": null, "compromised_at": null, "metadata": {}, "principal": {},
        "event_refs": references});
    if let Some(at) = at {
        entry[format!("{status}_at")] = at.into();
    }
    entry
}

fn predicate(head: i64) -> Json {
    json!({"equals": {"event_type": "key.status.v1"}, "operator": "and",
        "ranges": {"sequence_number": {"gte": 0, "lte": head}}, "version": "keel.scope_predicate.v1"})
}

/// A pack of two keys: `bb…` was revoked by the event at 4, `cc…` compromised by that at 9.
struct Pack {
    manifest: Json,
    sidecar: Json,
    checkpoint: Json,
    keys: Json,
    question: KeyQuestion,
}

impl Pack {
    fn new() -> Self {
        let revoked =
            entry(&"bb".repeat(32), "revoked", Some("2026-05-01T00:00:00Z"), &[reference(4, "revoked")]);
        let compromised = entry(
            &"cc".repeat(32),
            "compromised",
            Some("2026-05-02T00:00:00Z"),
            &[reference(9, "compromised")],
        );
        let active = entry(&"aa".repeat(32), "active", None, &[]);
        let id = public_key().fingerprint();
        let members = [reference(4, ""), reference(9, "")];
        let key = |purpose: &str| {
            json!({"algorithm": "ed25519", "key_id": id, "public_key": public_key().to_text(), "purpose": purpose,
                "status": "active", "valid_from": "2026-01-01T00:00:00Z", "valid_to": null})
        };
        let scope_hash = digest(&json!({"chain_scope": SCOPE}));
        let mut pack = Self {
            manifest: json!({"manifest_type": "permit_v2.key_status_manifest.v1",
                "canonicalization_profile": "keel.canonical_json.payload.v1", "computed_at": "2026-05-07T13:00:00Z",
                "account_id": ACCOUNT, "key_scopes": ["operator", "buyer_principal", "mcp_server", "provider_principal"],
                "keys": [active, revoked, compromised],
                "signer": {"purpose": "permit_binding_signing", "key_id": id, "algorithm": "ed25519"}}),
            sidecar: json!({"artifact_type": "checkpoint_scope_state", "version": "checkpoint_scope_state.v1",
                "scope_state_id": format!("keel.scope_state.v1:{scope_hash}:cp1"), "checkpoint_id": "cp1",
                "chain_scope": SCOPE, "predicate_grammar_version": "keel.scope_predicate.v1",
                "predicate_basis": {"canonicalization_profile": "keel.canonical_json.payload.v1",
                    "supported_predicate_kinds": ["event_type", "sequence_number"], "reserved_namespaces": []},
                "commitment_profile": "keel.scope_state.merkle.v1", "scope_commitments": [],
                "tree_size": 12, "signed_at": "2026-05-07T12:30:00Z", "signature": {"algorithm": "Ed25519", "key_id": id},
                "trust_root_reference": {"manifest_version": "keel.public_key_manifest.v1",
                    "purpose": "scope_state", "key_id": id}}),
            checkpoint: json!({"checkpoint_id": "cp1", "computed_at": "2026-05-07T12:30:00Z", "key_id": id,
                "public_key": public_key().to_text(),
                "chain_heads": {SCOPE: {"sequence_number": 12, "last_record_hash": "0".repeat(64)}}}),
            keys: json!({"keys": [key("permit_binding_signing"), key("integrity_checkpoint"), key("scope_state")]}),
            question: KeyQuestion {
                account_id: ACCOUNT.to_owned(),
                key_scope: "operator".to_owned(),
                key_id: "aa".repeat(32),
                instant: "2026-05-06T00:00:00Z".to_owned(),
                expected: Expected::NotRevoked,
            },
        };
        pack.commit(&members);
        pack.sign();
        pack
    }

    fn of(key: &str, expected: Expected, instant: &str) -> Self {
        let mut pack = Self::new();
        pack.question.key_id = key.repeat(32);
        pack.question.expected = expected;
        instant.clone_into(&mut pack.question.instant);
        pack
    }

    fn commit(&mut self, members: &[Json]) {
        let hash = format!("sha256:{}", digest(&predicate(12)));
        let leaf = |row: &Json| {
            rfc6962::leaf_hash(&canonical(
                &json!({"canonical_predicate_value_hash": hash, "event_id": row["event_id"],
                "record_hash": row["record_hash"], "sequence_number": row["sequence_number"]}),
            ))
        };
        self.sidecar["scope_commitments"] = json!([{"predicate_value": predicate(12), "predicate_value_hash": hash,
            "matching_count": members.len(), "membership_root_hash": prefixed(&rfc6962::root(members.iter().map(leaf))),
            "first_matching_sequence": members.first().map(|row| row["sequence_number"].clone()),
            "last_matching_sequence": members.last().map(|row| row["sequence_number"].clone())}]);
    }

    fn sign(&mut self) {
        let composite = prefixed(&sha256(format!("{SCOPE}:12:{}", "0".repeat(64)).as_bytes()));
        self.checkpoint["signature"] = format!("ed25519:{}", sign(composite.as_bytes())).into();
        self.checkpoint["composite_hash"] = composite.into();
        self.sidecar["signature"].as_object_mut().unwrap().remove("signature");
        self.sidecar["signature"]["signature"] =
            format!("ed25519:{}", sign(&canonical(&self.sidecar))).into();
        for name in ["manifest_hash", "signature"] {
            self.manifest.as_object_mut().unwrap().remove(name);
        }
        let hash = digest(&self.manifest);
        self.manifest["signature"] = sign(hash.as_bytes()).into();
        self.manifest["manifest_hash"] = hash.into();
    }

    fn input(&self) -> KeyStatusInput {
        let blob = |name: &str, value: &Json| Some(NamedBlob::new(name, canonical(value)));
        KeyStatusInput {
            question: self.question.clone(),
            manifest: blob("m.json", &self.manifest),
            sidecar: blob("s.json", &self.sidecar),
            checkpoint: blob("c.json", &self.checkpoint),
        }
    }

    fn run(&self) -> Report {
        run(&self.input(), &self.keys)
    }

    /// Verdict and the suffix of its code.
    fn answer(&self) -> (Verdict, String) {
        answer(&self.run())
    }
}

fn run(input: &KeyStatusInput, keys: &Json) -> Report {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
    policy.keys = KeySource::Manifest(NamedBlob::new("keys.json", canonical(keys)));
    verify_key_status(input, &policy)
}

fn answer(report: &Report) -> (Verdict, String) {
    let claim = report.claim(CLAIM).unwrap();
    let code = claim.deciding_subject().unwrap().code.id;
    (claim.verdict, code.strip_prefix("KEY_STATUS_COMPLETENESS_").unwrap_or(code).to_owned())
}

fn supported() -> (Verdict, String) {
    (Verdict::Supported, "SUPPORTED".to_owned())
}

fn is(verdict: Verdict, code: &str) -> (Verdict, String) {
    (verdict, code.to_owned())
}

use Verdict::{Disproved, InsufficientEvidence as Insufficient};

#[test]
fn honest_packs_are_supported() {
    let report = Pack::new().run();
    assert_eq!(answer(&report), supported());
    assert_eq!(report.outcome, Outcome::Verified);
    assert_eq!(report.signers.len(), 3);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    // Revoked at 1 May: before that in force, from then on revoked.
    assert_eq!(Pack::of("bb", Expected::Revoked, "2026-05-01T00:00:00Z").answer(), supported());
    assert_eq!(Pack::of("bb", Expected::NotRevoked, "2026-04-30T23:59:59.999999Z").answer(), supported());
    assert_eq!(Pack::of("cc", Expected::NotRevoked, "2026-05-01T23:59:59Z").answer(), supported());
}

/// Spec 03 section 9.1.
#[test]
fn the_published_vector() {
    let text = r#"{"account_id":"11111111-1111-4111-8111-111111111111","canonicalization_profile":"keel.canonical_json.payload.v1","computed_at":"2026-05-07T13:00:00Z","key_scopes":["operator","buyer_principal","mcp_server","provider_principal"],"keys":[{"account_id":"11111111-1111-4111-8111-111111111111","algorithm":"ed25519","compromised_at":null,"event_refs":[],"key_id":"b62e867fa2f33afe62d5d6b1642e1621d543307846b2a57b897e710919b76709","key_scope":"operator","metadata":{},"principal":{},"public_key":"ed25519:7UkoxijRwsbq6QM4kFmVYSlZJzpcY/k2NsFGFKyHN9E=","revoked_at":null,"status":"active","valid_from":"2026-01-01T00:00:00Z","valid_until":null}],"manifest_hash":"64dbb9e50ae2b7161105c747fa6d468c8ba38572ecad89ee60747411266f6c9b","manifest_type":"permit_v2.key_status_manifest.v1","signature":"kxEes//rpvIB8V/PTWvCs7cEXJLsn0hr/e5qW/7EvbKUCh0ZFWjLxAVDPkZ3UvWmHwMlUhhdWrw2qKNU4++dBg==","signer":{"algorithm":"ed25519","key_id":"6a3803d5f059902a","purpose":"permit_binding_signing"}}"#;
    let document = Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default()).unwrap();
    let manifest = KeyStatusManifest::parse(document.root()).unwrap();
    assert_eq!(manifest.compute_hash().unwrap(), *manifest.manifest_hash);
    assert_eq!(predicate_hash(5), "sha256:2c6e3a5c3415ac84b62fd7415fb6502bba7835b6120c16a968d5daab469834b0");
}

#[test]
fn the_question_and_its_documents_must_be_there() {
    let missing = is(Insufficient, "SUBJECT_MISSING");
    let changes: [fn(&mut KeyQuestion); 4] = [
        |question| question.account_id = "account".to_owned(),
        |question| question.key_scope = "owner".to_owned(),
        |question| question.key_id = "AA".repeat(32),
        |question| question.instant = "yesterday".to_owned(),
    ];
    for change in changes {
        let mut pack = Pack::new();
        change(&mut pack.question);
        assert_eq!(pack.answer(), missing);
    }
    let pack = Pack::new();
    let without = |change: fn(&mut KeyStatusInput)| {
        let mut input = pack.input();
        change(&mut input);
        answer(&run(&input, &pack.keys))
    };
    assert_eq!(without(|input| input.manifest = None), is(Insufficient, "MANIFEST_MISSING"));
    assert_eq!(without(|input| input.sidecar = None), is(Insufficient, "CHECKPOINT_SCOPE_STATE_MISSING"));
    assert_eq!(
        without(|input| input.checkpoint = None),
        is(Insufficient, "CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISSING")
    );
}

#[test]
fn times_accounts_and_statuses() {
    for (pack, expected) in [
        (Pack::of("aa", Expected::NotRevoked, "2026-05-07T13:00:00Z"), is(Insufficient, "STALE_MANIFEST")),
        (Pack::of("aa", Expected::Revoked, "2026-05-06T00:00:00Z"), is(Disproved, "STATUS_NOT_REVOKED")),
        (Pack::of("cc", Expected::Revoked, "2026-05-06T00:00:00Z"), is(Disproved, "STATUS_NOT_REVOKED")),
        (
            Pack::of("bb", Expected::Revoked, "2026-04-30T00:00:00Z"),
            is(Disproved, "REVOKED_AFTER_COMPARISON"),
        ),
        (
            Pack::of("bb", Expected::NotRevoked, "2026-05-01T00:00:00Z"),
            is(Disproved, "TERMINAL_STATUS_AT_COMPARISON"),
        ),
        (
            Pack::of("cc", Expected::NotRevoked, "2026-05-02T00:00:00Z"),
            is(Disproved, "TERMINAL_STATUS_AT_COMPARISON"),
        ),
        (Pack::of("dd", Expected::NotRevoked, "2026-05-06T00:00:00Z"), is(Insufficient, "KEY_MISSING")),
    ] {
        assert_eq!(pack.answer(), expected);
    }
    let mut pack = Pack::new();
    pack.question.account_id = "22222222-2222-4222-8222-222222222222".to_owned();
    assert_eq!(pack.answer(), is(Disproved, "SUBJECT_MISMATCH"));
    pack.manifest["account_id"] = Json::Null;
    pack.sign();
    assert_eq!(pack.answer(), is(Insufficient, "KEY_MISSING"));
}

#[test]
fn references_are_those_that_the_scope_state_counts() {
    let changed = |change: fn(&mut Pack)| {
        let mut pack = Pack::new();
        change(&mut pack);
        pack.sign();
        pack.answer()
    };
    fn refs(pack: &mut Pack, rows: &[Json]) {
        pack.manifest["keys"][2]["event_refs"] = rows.into();
    }
    type Change = fn(&mut Pack);
    let cases: [(Change, &str); 5] = [
        (|pack| refs(pack, &[reference(13, "compromised")]), "EVENT_REF_OUT_OF_SCOPE"),
        (|pack| refs(pack, &[reference(4, "compromised")]), "EVENT_REF_DUPLICATE"),
        (|pack| refs(pack, &[]), "EVENT_REF_COUNT_MISMATCH"),
        // As many as counted, and another event: the reference accepts it.
        (|pack| refs(pack, &[reference(8, "compromised")]), "EVENT_REF_ROOT_MISMATCH"),
        (
            |pack| pack.manifest["keys"][2]["event_refs"][0]["record_hash"] = "ab".repeat(32).into(),
            "EVENT_REF_ROOT_MISMATCH",
        ),
    ];
    for (change, code) in cases {
        assert_eq!(changed(change), is(Disproved, code));
    }
    assert_eq!(
        changed(|pack| pack.sidecar["scope_commitments"][0] = {
            let mut other = Pack::new();
            let hash = format!("sha256:{}", digest(&predicate(11)));
            other.sidecar["scope_commitments"][0]["predicate_value"] = predicate(11);
            other.sidecar["scope_commitments"][0]["predicate_value_hash"] = hash.into();
            other.sidecar["scope_commitments"][0].clone()
        }),
        is(Insufficient, "SCOPE_COMMITMENT_MISSING")
    );
    let mut pack = Pack::of("bb", Expected::Revoked, "2026-05-06T00:00:00Z");
    pack.manifest["keys"][1]["event_refs"] = json!([]);
    pack.manifest["keys"][2]["event_refs"] =
        json!([reference(4, "compromised"), reference(9, "compromised")]);
    pack.sign();
    assert_eq!(pack.answer(), is(Insufficient, "EVENT_REF_MISSING"));
}

#[test]
fn a_key_has_one_status() {
    let mut pack = Pack::new();
    let twice = pack.manifest["keys"][0].clone();
    pack.manifest["keys"].as_array_mut().unwrap().push(twice);
    pack.sign();
    assert_eq!(pack.answer(), is(Disproved, "KEY_AMBIGUOUS"));
    // An event revoked the key, and the entry calls it active.
    let mut pack = Pack::new();
    pack.manifest["keys"][0]["event_refs"] = pack.manifest["keys"][1]["event_refs"].take();
    pack.manifest["keys"][1]["event_refs"] = json!([]);
    pack.sign();
    assert_eq!(pack.answer(), is(Disproved, "STATUS_CONTRADICTORY"));
}

#[test]
fn signatures_and_keys() {
    let mut pack = Pack::new();
    pack.manifest["manifest_hash"] = "00".repeat(32).into();
    assert_eq!(pack.answer(), is(Disproved, "MANIFEST_SIGNATURE_INVALID"));
    let mut pack = Pack::new();
    pack.manifest["signature"] = sign(b"something else").into();
    assert_eq!(pack.answer(), is(Disproved, "MANIFEST_SIGNATURE_INVALID"));
    let changes: [fn(&mut Json); 4] = [
        |key| key["purpose"] = "export_signing".into(),
        |key| key["key_id"] = "sha256:00".into(),
        |key| key["valid_to"] = "2026-05-01T00:00:00Z".into(),
        |key| {
            key["status"] = "revoked".into();
            key["revoked_at"] = "2026-05-07T13:00:00Z".into();
        },
    ];
    for change in changes {
        let mut pack = Pack::new();
        change(&mut pack.keys["keys"][0]);
        assert_eq!(pack.answer(), is(Disproved, "MANIFEST_SIGNATURE_INVALID"));
    }
    let mut pack = Pack::new();
    pack.sidecar["tree_size"] = 13.into();
    assert_eq!(pack.answer(), is(Disproved, "CHECKPOINT_SCOPE_STATE_SIGNATURE_INVALID"));
    let mut pack = Pack::new();
    pack.checkpoint["chain_heads"][SCOPE]["sequence_number"] = 13.into();
    assert_eq!(pack.answer(), is(Disproved, "CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISMATCH"));
}

/// Every member of the manifest, at every depth, is covered: changing or removing one ends support.
#[test]
fn every_field_of_the_manifest_is_covered() {
    fn places(value: &Json, at: &str, out: &mut Vec<String>) {
        out.push(at.to_owned());
        match value {
            Json::Object(members) => {
                members.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), out));
            }
            Json::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(index, value)| places(value, &format!("{at}/{index}"), out));
            }
            _ => {}
        }
    }
    let pack = Pack::new();
    let mut all = Vec::new();
    places(&pack.manifest, "", &mut all);
    assert!(all.len() > 60, "{}", all.len());
    for place in &all[1..] {
        let mut changed = Pack::new();
        let value = changed.manifest.pointer_mut(place).unwrap();
        *value = match value {
            Json::String(text) => format!("{text}x").into(),
            Json::Number(number) => (number.as_i64().unwrap() + 1).into(),
            Json::Null => "x".into(),
            Json::Array(_) => json!([]),
            _ => Json::Null,
        };
        if changed.manifest != pack.manifest {
            assert_ne!(changed.answer().0, Verdict::Supported, "{place}");
        }
        let (parent, name) = place.rsplit_once('/').unwrap();
        let mut removed = Pack::new();
        match removed.manifest.pointer_mut(parent).unwrap() {
            Json::Object(members) => drop(members.remove(name)),
            Json::Array(items) => drop(items.remove(name.parse().unwrap())),
            _ => unreachable!(),
        }
        assert_ne!(removed.answer().0, Verdict::Supported, "{place} removed");
    }
}

#[test]
fn shapes_that_version_one_does_not_have() {
    let changes: [fn(&mut Json); 12] = [
        |manifest| manifest["manifest_type"] = "permit_v2.key_status_manifest.v2".into(),
        |manifest| manifest["canonicalization_profile"] = "jcs".into(),
        |manifest| manifest["key_scopes"] = json!(["operator"]),
        |manifest| manifest["extra"] = 1.into(),
        |manifest| manifest["signer"]["algorithm"] = "rsa".into(),
        |manifest| manifest["keys"] = json!({}),
        |manifest| manifest["keys"][0]["key_scope"] = "co_signer".into(),
        |manifest| manifest["keys"][0]["status"] = "lost".into(),
        |manifest| manifest["keys"][1]["revoked_at"] = Json::Null,
        |manifest| manifest["keys"][1]["event_refs"][0]["sequence_number"] = 0.into(),
        |manifest| manifest["keys"][1]["event_refs"][0]["sequence_number"] = json!(4.0),
        |manifest| manifest["keys"][1]["event_refs"][0]["status"] = "active".into(),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut pack = Pack::new();
        change(&mut pack.manifest);
        pack.sign();
        assert_eq!(pack.answer(), is(Disproved, "MANIFEST_INVALID"), "{index}");
    }
    let mut input = Pack::new().input();
    input.manifest = Some(NamedBlob::new("m.json", b"{\"a\":".to_vec()));
    assert_eq!(run(&input, &Pack::new().keys).outcome, Outcome::Unreadable);
}

/// A passkey is listed with its credential, and asked for by its digest alone.
#[test]
fn passkeys_need_the_longer_list_of_scopes() {
    let mut pack = Pack::new();
    let id = "ee".repeat(32);
    let mut passkey = entry(&format!("sha256:{id}"), "active", None, &[]);
    for name in ["algorithm", "public_key"] {
        passkey.as_object_mut().unwrap().remove(name);
    }
    for (name, value) in [
        ("key_scope", json!("co_signer")),
        ("credential_id", json!("c")),
        ("public_key_cose", json!("k")),
        ("cose_alg", json!(-7)),
        ("rp_id", json!("keel.example")),
        ("allowed_origins", json!(["https://keel.example"])),
        ("custody_tier", json!("human_passkey")),
        ("aaguid", Json::Null),
        ("attestation_format", json!("none")),
        ("attestation_statement", Json::Null),
        ("backup_eligible", json!(true)),
        ("backup_state", json!(false)),
    ] {
        passkey[name] = value;
    }
    pack.manifest["keys"].as_array_mut().unwrap().push(passkey);
    pack.question.key_scope = "co_signer".to_owned();
    pack.question.key_id = id;
    pack.sign();
    assert_eq!(pack.answer(), is(Disproved, "MANIFEST_INVALID"));
    pack.manifest["key_scopes"].as_array_mut().unwrap().push("co_signer".into());
    pack.sign();
    assert_eq!(pack.answer(), supported());
}
