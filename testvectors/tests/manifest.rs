//! `manifest.json` names every stored file; `UPDATE=1` rewrites it.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use sha2::{Digest, Sha256};
use testvectors::{Case, Origin, data_files, root};

fn origin_of(path: &str) -> (&'static str, &'static str) {
    match path.split('/').next() {
        Some("standards") if path.starts_with("standards/permit-spec/") => {
            ("Permit Specification, JSON Schemas, unchanged", "Apache-2.0")
        }
        Some("standards") if path.starts_with("standards/permit_binding/") => {
            ("tests of the reference verifier 3.28.1, unchanged", "MIT")
        }
        Some("standards") if path.starts_with("standards/sarif/") => {
            ("SARIF SDK 5.6.0, schema of SARIF 2.1.0, unchanged", "MIT")
        }
        Some("standards") if path.starts_with("standards/parquet/apache/") => {
            ("apache/parquet-testing, data, unchanged", "Apache-2.0")
        }
        Some("standards") => {
            ("published standards, facts restated; the file names its source", "MIT OR Apache-2.0")
        }
        Some("sigstore") if path.starts_with("sigstore/conformance/") => {
            ("sigstore-conformance, test/assets/bundle-verify, unchanged", "Apache-2.0")
        }
        Some("reference") => ("reference verifier 3.28.1", "MIT"),
        Some("demo") => ("permit-issuer demo", "MIT OR Apache-2.0"),
        Some("generated") => ("permit-issuer vectors", "MIT OR Apache-2.0"),
        Some("hostile") => ("testvectors/make_hostile.py", "MIT OR Apache-2.0"),
        _ => ("this project", "MIT OR Apache-2.0"),
    }
}

fn manifest_of_disk() -> String {
    let mut text = String::from("{\"files\":[\n");
    let names = data_files().unwrap();
    for (index, name) in names.iter().enumerate() {
        let bytes = fs::read(root().join(name)).unwrap();
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let (origin, licence) = origin_of(name);
        let comma = if index + 1 == names.len() { "" } else { "," };
        let path = serde_json::to_string(name).unwrap();
        writeln!(
            text,
            "{{\"path\":{path},\"sha256\":\"{digest}\",\"length\":{},\"origin\":\"{origin}\",\"licence\":\"{licence}\"}}{comma}",
            bytes.len()
        )
        .unwrap();
    }
    text.push_str("]}\n");
    text
}

#[test]
fn manifest_is_exact() {
    let path = root().join("manifest.json");
    let now = manifest_of_disk();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    let lines: BTreeMap<&str, ()> = now.lines().map(|line| (line.trim_end_matches(','), ())).collect();
    let kept: BTreeMap<&str, ()> = stored.lines().map(|line| (line.trim_end_matches(','), ())).collect();
    let missing: Vec<_> = lines.keys().filter(|line| !kept.contains_key(*line)).take(5).collect();
    let surplus: Vec<_> = kept.keys().filter(|line| !lines.contains_key(*line)).take(5).collect();
    assert!(
        stored == now,
        "manifest.json differs from the files; UPDATE=1 rewrites it\non disk only: {missing:#?}\nin the manifest only: {surplus:#?}"
    );
}

#[test]
fn every_file_of_a_case_is_used_and_every_used_file_exists() {
    let cases = Case::all().unwrap();
    assert!(cases.len() > 200, "only {} cases", cases.len());
    let mut used = std::collections::BTreeSet::new();
    let mut ids = std::collections::BTreeSet::new();
    for case in &cases {
        assert!(ids.insert(case.id.clone()), "{} twice", case.id);
        assert!(!case.expect.exit.is_empty(), "{} expects no exit status", case.id);
        used.insert(case.folder.join("case.json"));
        for content in case.files.values() {
            match content {
                testvectors::Content::Stored(path) => {
                    used.insert(path.clone());
                }
                testvectors::Content::Recipe(pieces) => {
                    used.extend(pieces.iter().filter_map(|piece| piece.bytes.clone().err()));
                }
            }
        }
    }
    for path in &used {
        assert!(path.is_file(), "{} is missing", path.display());
    }
    for name in data_files().unwrap() {
        // Standards are read by path in the core's tests; generated folders may hold inventories.
        if name.starts_with(Origin::Reference.folder()) || name.starts_with(Origin::Hostile.folder()) {
            assert!(used.contains(&root().join(&name)), "{name} belongs to no case");
        }
    }
}

#[test]
fn twins_exist_and_are_accepted() {
    let cases = Case::all().unwrap();
    for case in &cases {
        let Some(twin) = &case.twin else { continue };
        let twin = cases.iter().find(|other| &other.id == twin);
        assert!(twin.is_some_and(|twin| twin.expect.exit == [0]), "{} has no accepted twin", case.id);
    }
}
