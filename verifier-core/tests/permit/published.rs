//! The golden and hostile vectors of the reference verifier's own tests.

use std::fs;
use std::sync::OnceLock;

use serde_json::{Value as Json, json};
use verifier_core::bytes::base64;
use verifier_core::format::binding::subhash;

use crate::support::{judge_tree, listed, outcome, payload_hash, rehash, ring, tree};

fn load(name: &str) -> Json {
    let path = testvectors::root().join("standards/permit_binding").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

pub(crate) fn golden() -> &'static Json {
    static GOLDEN: OnceLock<Json> = OnceLock::new();
    GOLDEN.get_or_init(|| load("permit_decision_binding_golden_vectors_v1_v7.json"))
}

pub(crate) fn all_keys(golden: &Json) -> Json {
    let mut keys = vec![golden["binding_public_key"].as_str().unwrap()];
    keys.extend(golden["additional_binding_public_keys"].as_array().unwrap().iter().filter_map(Json::as_str));
    listed(&keys)
}

#[test]
fn golden_vectors_are_supported() {
    let golden = golden();
    let keys = ring(Some(&all_keys(golden)));
    let vectors = golden["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 13);
    for vector in vectors {
        let row = judge_tree(&vector["artifact"], &keys);
        let expected =
            (vector["expected_verdict"].as_str().unwrap(), vector["expected_reason_code"].as_str().unwrap());
        assert_eq!(outcome(&row), expected, "{}: {}", vector["id"], row.message);
        assert!(row.notes.is_empty() && row.key_refusal.is_none(), "{}: {:?}", vector["id"], row.notes);
        let signed = row.signed().unwrap();
        let payload = &vector["artifact"]["canonical_payload"];
        for (name, field) in [
            ("permit_id", &signed.permit_id),
            ("decision", &signed.decision),
            ("expires_at", &signed.expires_at),
            ("account_id", &signed.account_id),
            ("final_request_hash", &signed.final_request_hash),
        ] {
            assert_eq!(field.as_deref(), payload.get(name).and_then(Json::as_str), "{name}");
        }
    }
}

#[test]
fn hostile_vectors_are_judged_as_published() {
    let golden = golden();
    let hostile = load("permit_decision_binding_hostile_vectors_v1.json");
    let first = |version: &str| {
        golden["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .find(|vector| vector["binding_version"] == version)
            .unwrap()["artifact"]
            .clone()
    };
    let records = hostile["records"].as_array().unwrap();
    assert_eq!(records.len(), 21);
    for record in records {
        let mut artifact = first(record["base_binding_version"].as_str().unwrap());
        for mutation in record["mutations"].as_array().unwrap() {
            let path = mutation["path"].as_str().unwrap_or_default();
            match mutation["op"].as_str().unwrap() {
                "set" => *place(&mut artifact, path) = mutation["value"].clone(),
                "delete" => {
                    artifact.as_object_mut().unwrap().remove(path).unwrap();
                }
                "recompute_binding_hash" => rehash(&mut artifact),
                "copy_field_from_vector" => {
                    let mut other = first(mutation["from_binding_version"].as_str().unwrap());
                    *place(&mut artifact, path) = place(&mut other, path).take();
                }
                "flip_signature_byte" => {
                    let index: usize = mutation["index"].as_u64().unwrap().try_into().unwrap();
                    let text = artifact["binding_signature"].as_str().unwrap();
                    let mut bytes = base64::decode(text.strip_prefix("ed25519:").unwrap()).unwrap();
                    bytes[index] ^= 0xff;
                    artifact["binding_signature"] = json!(format!("ed25519:{}", base64::encode(&bytes)));
                }
                other => panic!("unknown operation {other}"),
            }
        }
        let keys = match record["trust_root"].as_str().unwrap() {
            "all_published_keys" => Some(all_keys(golden)),
            "primary_key_only" => Some(listed(&[golden["binding_public_key"].as_str().unwrap()])),
            "empty" => Some(json!({"keys": []})),
            "absent" => None,
            other => panic!("unknown trust root {other}"),
        };
        let row = judge_tree(&artifact, &ring(keys.as_ref()));
        let expected =
            (record["expected_verdict"].as_str().unwrap(), record["expected_code"].as_str().unwrap());
        assert_eq!(outcome(&row), expected, "{}: {}", record["id"], row.message);
    }
}

fn place<'j>(artifact: &'j mut Json, path: &str) -> &'j mut Json {
    path.split('.').fold(artifact, |value, name| &mut value[name])
}

#[test]
fn resource_attribute_vectors() {
    let vectors = load("substrate_v6_resource_attributes_hash_vectors.json");
    let mut checked = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let digest = subhash::resource_attributes(tree(&vector["resource_attributes"]).root()).unwrap();
        assert_eq!(
            digest,
            vector["resource_attributes_canonical_hash"].as_str().unwrap(),
            "{}",
            vector["label"]
        );
        assert_eq!(
            payload_hash(&vector["canonical_payload"]),
            vector["binding_canonical_hash"].as_str().unwrap(),
            "{}",
            vector["label"]
        );
        let scope = vector["resource_attributes"].get("spend_scope");
        let signed = vector["canonical_payload"]["spend_scope_hash"].as_str();
        if let (Some(scope), Some(signed)) = (scope, signed) {
            assert_eq!(
                subhash::spend_scope(tree(scope).root()).as_deref(),
                Some(signed),
                "{}",
                vector["label"]
            );
        }
        checked += 1;
    }
    assert_eq!(checked, 3);
}
