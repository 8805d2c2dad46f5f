//! Public witnesses of a checkpoint log: a real entry of the public-good log, and a folder without it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use verifier_core::crypto::{prefixed, sha256};
use verifier_core::merkle::rfc6962;

fn asset(name: &str) -> Vec<u8> {
    fs::read(testvectors::root().join("sigstore/conformance").join(name)).unwrap()
}

fn run(folder: &Path, words: &[&str]) -> (i32, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_keel-verify")).args(words).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), text)
}

#[test]
fn an_entry_is_witnessed_by_the_logs_bundle_only() {
    let folder = tempfile::tempdir().unwrap();
    let bundle: Value = serde_json::from_slice(&asset("happy-path-v0.3.json")).unwrap();
    let index = bundle.pointer("/verificationMaterial/tlogEntries/0/logIndex").unwrap().as_str().unwrap();
    let leaf = sha256(&asset("shared/a0cfc71271d6"));
    let root = prefixed(&rfc6962::root([leaf]));
    let leaf = prefixed(&leaf);
    let head = json!({"version": "keel.checkpoint_log.v1", "tree_size": 1, "root_hash": root});
    let surface = json!({"surface_version": "keel.checkpoint_consistency_surface.v1", "tree_head": head,
        "requested_tree_head": head,
        "entries": [{"checkpoint_id": "c", "leaf_hash": leaf, "transparency": {"witness_type": "rekor",
            "status": "included", "rekor_uuid": "x", "log_index": index.parse::<i64>().unwrap()}}],
        "proof": {"proof_type": "keel.checkpoint_log.full_prefix_merkle.v1", "from_size": 1, "to_size": 1,
            "from_root_hash": root, "to_root_hash": root, "leaf_hashes": [leaf]}});
    fs::write(folder.path().join("surface.json"), surface.to_string()).unwrap();
    for name in ["with", "without"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("with/entry.sigstore.json"), bundle.to_string()).unwrap();
    let look = |words: &[&str]| {
        let all =
            [&["monitor", "--surface", "surface.json", "--require-rekor", "--as-of", "2026-11-01"], words];
        run(folder.path(), &all.concat())
    };
    let (status, text) = look(&["--rekor-bundles", "with"]);
    assert_eq!(status, 0, "{text}");
    for words in [&["--rekor-bundles", "without"][..], &[]] {
        let (status, text) = look(words);
        assert_eq!(status, 3, "{text}");
        assert!(text.contains("MONITOR_REKOR_MISSING"), "{text}");
    }
    assert_eq!(look(&["--rekor-bundles", "nowhere"]).0, 4);
}
