//! Workflow records, siblings and incident zips put together and signed with the test keys of spec 03, and
//! the checks run over them.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::collections::BTreeSet;

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use verifier_core::archive::{Entry, GivenSiblings};
use verifier_core::bytes::{Blob, Limits, base64, hex};
use verifier_core::canon::{self, Profile};
use verifier_core::claim::{incident, workflow};
use verifier_core::crypto::{PublicKey, prefixed, sha256};
use verifier_core::json::{Document, ParserLimits};
use verifier_core::report::{Report, ReportBuilder};
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeyRing, KeySource, NamedBlob, TrustPolicy};

pub(crate) const DECLARATION: &str = "10000000-0000-0000-0000-000000000001";
pub(crate) const AMENDMENT: &str = "30000000-0000-0000-0000-000000000001";
pub(crate) const PROJECT: &str = "00000000-0000-0000-0000-000000000001";
pub(crate) const API_KEY: &str = "20000000-0000-0000-0000-000000000001";
pub(crate) const AMENDED_HASH: &str = "dc61fcb656e857562d5b2a30eccb598335d19bc63de8408688c4454ccff2c884";
pub(crate) const DECLARED_HASH: &str = "5ad5f98988c105cb2ebe8ee2ff9f42d56dff70609037aee1613acae2ee8ed3ed";

pub(crate) const EXPORT_SEED: u8 = 1;
pub(crate) const BINDING_SEED: u8 = 2;

pub(crate) fn public(seed: u8) -> PublicKey {
    PublicKey::from_bytes(SigningKey::from_bytes(&[seed; 32]).verifying_key().as_bytes()).unwrap()
}

pub(crate) fn sign(seed: u8, text: &str) -> String {
    base64::encode(&SigningKey::from_bytes(&[seed; 32]).sign(text.as_bytes()).to_bytes())
}

pub(crate) fn parse(value: &Value) -> Document {
    Document::parse(Blob::new(value.to_string().into_bytes()), ParserLimits::default()).unwrap()
}

pub(crate) fn canonical_hash(value: &Value) -> String {
    hex::encode(&canon::digest(Profile::Legacy, parse(value).root()).unwrap())
}

/// A copy with members replaced; `null` of the patch stays `null`.
pub(crate) fn with(value: &Value, patch: Value) -> Value {
    let mut value = value.clone();
    let Value::Object(patch) = patch else { panic!("a patch is an object") };
    value.as_object_mut().unwrap().extend(patch);
    value
}

pub(crate) fn without(value: &Value, name: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(name).unwrap();
    value
}

pub(crate) fn intent() -> Value {
    json!({"expected_calls": 2, "expected_input_tokens_per_call": 100, "expected_model": "gpt-4o-mini",
        "expected_output_tokens_per_call": 50, "max_calls": 5, "max_duration_seconds": 3600})
}

pub(crate) fn delta() -> Value {
    json!({"applied_against_version": 1, "new_expected_calls": 4, "new_max_calls": 7,
        "previous_expected_calls": 2, "previous_max_calls": 5, "reason_provided": "raise cap during incident run"})
}

fn methodology() -> Value {
    json!({"basis": "caller_declared_workflow_x_point_pricing", "expected_calls": 2,
        "provenance": "caller_declared_workflow"})
}

pub(crate) fn declaration_payload() -> Value {
    json!({"binding_version": "workflow_declaration.v1", "project_id": PROJECT, "workflow_id": "wf_123",
        "intent": intent(), "budget_envelope_id": null, "declared_by": {"api_key_id": API_KEY},
        "projected_cost": {"amount_micros": 1234, "currency": "USD", "methodology": methodology()},
        "status": "active", "issued_at": "2026-05-07T12:00:00+00:00",
        "binding_key_id": public(BINDING_SEED).binding_id()})
}

pub(crate) fn amendment_payload() -> Value {
    json!({"binding_version": "workflow_amendment.v1", "project_id": PROJECT,
        "workflow_declaration_id": DECLARATION, "amended_by": {"api_key_id": API_KEY},
        "issued_at": "2026-05-07T12:05:00+00:00", "binding_key_id": public(BINDING_SEED).binding_id(),
        "delta": delta()})
}

/// A declaration signed over `payload`, showing the members of the honest one.
pub(crate) fn declaration_over(payload: &Value) -> Value {
    let hash = canonical_hash(payload);
    json!({"workflow_declaration_id": DECLARATION, "workflow_id": "wf_123", "project_id": PROJECT,
        "status": "active", "intent_json": intent(), "version": 2, "cached_actual_calls": 0,
        "projection_amount_micros": 1234, "projection_currency": "USD", "projection_methodology": methodology(),
        "declared_by": {"type": "api_key", "id": API_KEY}, "budget_envelope_id": null,
        "declaration_signature_b64": sign(BINDING_SEED, &hash), "declaration_canonical_hash": hash,
        "declaration_signed_at": "2026-05-07T12:00:00+00:00", "declared_at": "2026-05-07T12:00:00+00:00",
        "effective_intent_hash": AMENDED_HASH})
}

pub(crate) fn declaration() -> Value {
    declaration_over(&declaration_payload())
}

pub(crate) fn amendment_over(payload: &Value) -> Value {
    let hash = canonical_hash(payload);
    with(
        &delta(),
        json!({"workflow_amendment_id": AMENDMENT, "workflow_declaration_id": DECLARATION,
            "project_id": PROJECT, "amended_by": {"type": "api_key", "id": API_KEY},
            "created_at": "2026-05-07T12:05:00+00:00",
            "amendment_signature_b64": sign(BINDING_SEED, &hash), "amendment_canonical_hash": hash}),
    )
}

pub(crate) fn amendment() -> Value {
    amendment_over(&amendment_payload())
}

pub(crate) fn document(declarations: &[Value], amendments: &[Value]) -> Value {
    json!({"schema": "keel.workflow_evidence/v1", "declarations": declarations, "amendments": amendments,
        "declaration_count": declarations.len(), "amendment_count": amendments.len()})
}

pub(crate) fn honest() -> Value {
    document(&[declaration()], &[amendment()])
}

pub(crate) fn state() -> Value {
    json!({"workflow_declaration_id": DECLARATION, "effective_intent_hash": AMENDED_HASH,
        "declaration_version_at_decision": 2, "actual_calls_at_decision": 1})
}

pub(crate) fn permit(state: Value) -> Value {
    json!({"permit_id": "permit_1", "decision": "allow", "timestamp": "2026-05-07T12:06:00+00:00",
        "workflow_state_json": state})
}

pub(crate) fn policy(binding: Value) -> TrustPolicy {
    let entry = |seed, id: String, purpose| {
        json!({"algorithm": "ed25519", "key_id": id, "public_key": public(seed).to_text(), "purpose": purpose,
            "status": "active", "valid_from": "2026-01-01T00:00:00Z", "valid_to": null})
    };
    let keys = json!({"keys": [
        entry(EXPORT_SEED, public(EXPORT_SEED).fingerprint(), "export_signing"),
        with(&entry(BINDING_SEED, public(BINDING_SEED).binding_id(), "permit_binding_signing"), binding),
    ]});
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
    policy.keys = KeySource::Manifest(NamedBlob::new("keys.json", keys.to_string().into_bytes()));
    policy
}

pub(crate) fn report_with(policy: &TrustPolicy, step: impl FnOnce(&KeyRing, &mut ReportBuilder)) -> Report {
    let mut out = ReportBuilder::new(policy.limits.findings_per_code, BTreeSet::new());
    step(&KeyRing::load(policy), &mut out);
    out.finish(&policy.as_of)
}

pub(crate) fn check_with(binding: Value, document: &Value) -> Report {
    report_with(&policy(binding), |keys, out| {
        workflow::check_document(parse(document).root(), "WORKFLOW-EVIDENCE", "w.json", keys, out);
    })
}

pub(crate) fn check(document: &Value) -> Report {
    check_with(json!({}), document)
}

/// The document is verified and its history compared with the permits.
pub(crate) fn check_permits(document: &Value, permits: &[Value]) -> Report {
    report_with(&policy(json!({})), |keys, out| {
        let parsed = parse(document);
        let history = workflow::check_document(parsed.root(), "WORKFLOW-EVIDENCE", "w.json", keys, out);
        let rows = permits
            .iter()
            .zip(0..)
            .filter_map(|(permit, index)| workflow::snapshot_row(parse(permit).root(), index));
        let place = workflow::SnapshotPlace {
            label: "WORKFLOW-EVIDENCE",
            file: "export.json",
            pointer: Some("/records"),
        };
        workflow::check_snapshots(rows, &history.unwrap(), &place, out);
    })
}

/// The manifest's mention of a sibling with these bytes.
pub(crate) fn mention(bytes: &[u8]) -> Value {
    let hash = prefixed(&sha256(bytes));
    json!({"schema": "keel.workflow_evidence/v1", "workflow_evidence": {
        "file_name": "workflow_evidence.json", "signature": format!("ed25519:{}", sign(EXPORT_SEED, &hash)),
        "content_hash": hash, "public_key": public(EXPORT_SEED).to_text(),
        "key_id": public(EXPORT_SEED).fingerprint(), "signed_at": "2026-05-07T12:10:00Z"}})
}

pub(crate) fn check_sibling(mention: &Value, files: &[(&str, &[u8])]) -> Report {
    let manifest = parse(&json!({"export_id": "e1", "sibling_artifacts": {"workflow_evidence": mention}}));
    let siblings = files
        .iter()
        .fold(GivenSiblings::default(), |all, (name, bytes)| all.with_bytes(name, bytes.to_vec()));
    report_with(&policy(json!({})), |keys, out| {
        let input = workflow::SiblingInput {
            manifest: manifest.root(),
            manifest_file: "manifest.json",
            siblings: &siblings,
            export_keys: keys,
            binding_keys: keys,
            limits: &Limits::default(),
        };
        workflow::check_sibling(&input, out);
    })
}

/// A zip of stored members, in this order and with any names.
pub(crate) fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let u16 = |value: usize| u16::try_from(value).unwrap().to_le_bytes();
    let u32 = |value: usize| u32::try_from(value).unwrap().to_le_bytes();
    for (name, data) in members {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let offset = out.len();
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x5c]);
        common.extend(crc.sum().to_le_bytes());
        common.extend(u32(data.len()));
        common.extend(u32(data.len()));
        common.extend(u16(name.len()));
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(data);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(u32(offset));
        directory.extend(name.as_bytes());
    }
    let start = out.len();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(u16(members.len()));
    out.extend(u16(members.len()));
    out.extend(u32(directory.len()));
    out.extend(u32(start));
    out.extend([0, 0]);
    out
}

pub(crate) fn lines(records: &[Value]) -> Vec<u8> {
    records.iter().flat_map(|record| format!("{record}\n").into_bytes()).collect()
}

/// The eight files of an honest version 2 bundle.
pub(crate) fn incident_files() -> Vec<(&'static str, Vec<u8>)> {
    incident::REQUIRED_FILES
        .iter()
        .map(|(name, _)| {
            let content = match *name {
                "incident_metadata.json" => json!({"schema": "keel.incident_evidence/v1"}).to_string().into(),
                "bracket_checkpoints.json" => b"{}".to_vec(),
                "workflow_declarations.jsonl" => lines(&[without(&declaration(), "effective_intent_hash")]),
                "workflow_amendments.jsonl" => lines(&[amendment()]),
                "permits.jsonl" => lines(&[permit(state())]),
                _ => Vec::new(),
            };
            (*name, content)
        })
        .collect()
}

pub(crate) fn incident_manifest() -> Value {
    let files: Vec<Value> = incident::REQUIRED_FILES
        .iter()
        .map(|(name, schema)| json!({"name": name, "schema": schema}))
        .collect();
    json!({"export_type": "incident_evidence", "manifest_version": 2, "files": files})
}

pub(crate) fn check_incident(bytes: Vec<u8>, manifest: &Value, limits: &Limits) -> Report {
    let manifest = parse(manifest);
    let root = manifest.root();
    let zip = Entry::from_bytes("incident.zip", bytes);
    report_with(&policy(json!({})), |keys, out| {
        let export_type = root.member_text("export_type");
        let input = incident::IncidentInput {
            zip: &zip,
            manifest: Some(root),
            manifest_file: "manifest.json",
            export_type: export_type.as_deref(),
            binding_keys: keys,
            limits,
        };
        if let Some(bundle) = incident::check(&input, out) {
            bundle.record_unverified(out);
        }
    })
}
