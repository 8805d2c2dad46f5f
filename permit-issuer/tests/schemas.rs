//! What the issuer emits, against the JSON Schemas of the Permit Specification (copies with their licence in
//! `testvectors/standards/permit-spec/`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops at the first surprise"
)]

use std::path::Path;

use serde_json::{Value, json};

fn validator(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testvectors/standards/permit-spec")
        .join(format!("{name}.schema.json"));
    let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn assert_valid(validator: &jsonschema::Validator, value: &Value, what: &str) {
    let errors: Vec<String> = validator
        .iter_errors(value)
        .take(5)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}");
}

fn demo() -> Vec<(Value, Value)> {
    let folder = tempfile::tempdir().unwrap();
    permit_issuer::scenario::write_demo(folder.path(), false).unwrap();
    permit_issuer::scenario::demo_projects()
        .into_iter()
        .map(|project| {
            let read = |name: &str| {
                let bytes = std::fs::read(folder.path().join(project).join(name)).unwrap();
                serde_json::from_slice(&bytes).unwrap()
            };
            (read("export.json"), read("manifest.json"))
        })
        .collect()
}

#[test]
fn the_demo_conforms() {
    let bundle = validator("audit-export-bundle");
    let manifest = validator("audit-export-manifest");
    let permit = validator("permit-v1");
    let entry = validator("chain-entry");
    let closure = validator("closure-v2");
    let mut closures = 0;
    for (export, signed) in demo() {
        assert_valid(&bundle, &export, "export");
        assert_valid(&manifest, &signed, "manifest");
        for record in export["records"].as_array().unwrap() {
            assert_valid(&permit, &record["permit"], "permit");
            for event in record["chain_entries"].as_array().unwrap() {
                assert_valid(&entry, event, "entry");
                if event["event_type"] == "permit.closed" {
                    assert_valid(&closure, &sealed(&event["payload_json"]), "closure");
                    closures += 1;
                }
            }
        }
    }
    assert!(closures > 100, "only {closures} closures");
}

/// The specification seals a closure; the issuer writes it flat, the only form that the reference verifier reads.
fn sealed(flat: &Value) -> Value {
    let mut payload = flat.as_object().unwrap().clone();
    let hash = payload.remove("closure_canonical_hash").unwrap();
    let signature = payload.remove("closure_signature_b64").unwrap();
    json!({
        "canonical_hash": hash,
        "signature": format!("ed25519:{}", signature.as_str().unwrap()),
        "binding_key_id": payload["binding_key_id"],
        "payload": payload,
    })
}

#[test]
fn the_schemas_can_fail() {
    let (export, manifest) = demo().remove(0);
    let bundle = validator("audit-export-bundle");
    for (pointer, value) in [
        ("/records/0/permit/id", json!("not-a-uuid")),
        ("/records/0/permit/decision", json!("throttle")),
        ("/records/0/chain_entries/0/created_at", json!("yesterday")),
        ("/include_chain_entries", json!(false)),
    ] {
        let mut changed = export.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert!(!bundle.is_valid(&changed), "{pointer}");
    }
    let mut changed = manifest;
    changed["content_hash"] = json!("sha256:00");
    assert!(!validator("audit-export-manifest").is_valid(&changed));
}
