//! The storeys of the library: a module knows only modules of lower floors, and none of its own floor.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Floors from the ground up.
const FLOORS: &[&[&str]] = &[
    &["bytes", "time", "par", "memo"],
    &["json", "crypto", "archive"],
    &["canon", "merkle", "finding", "x509"],
    &["timestamp", "tlog", "projection"],
    &["sigstore"],
    &["trust", "chain", "format"],
    &["report", "evidence"],
    &["registry", "ledger"],
    &["claim", "diff", "reconcile", "render", "sample"],
    &["verify", "gate", "workpaper"],
    &["audit", "excerpt", "redteam"],
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn imports(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            rest.chars()
                .take_while(|character| character.is_ascii_alphanumeric() || *character == '_')
                .collect()
        })
        .collect()
}

#[test]
fn modules_know_only_lower_floors() {
    let floor: BTreeMap<&str, usize> = FLOORS
        .iter()
        .enumerate()
        .flat_map(|(level, names)| names.iter().map(move |name| (*name, level)))
        .collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut seen = std::collections::BTreeSet::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        seen.insert(module.to_owned());
        let own = floor.get(module).unwrap_or_else(|| panic!("{module} stands on no floor"));
        for import in imports(&std::fs::read_to_string(&file).unwrap()) {
            if import == module || import == "codes" || import.is_empty() {
                continue;
            }
            let other = floor
                .get(import.as_str())
                .unwrap_or_else(|| panic!("{}: crate::{import}", relative.display()));
            let is_test = relative.to_string_lossy().contains("tests");
            assert!(
                other < own || is_test,
                "{} (floor {own}) imports {import} (floor {other})",
                relative.display()
            );
        }
    }
    assert_eq!(seen.len(), floor.len(), "a floor names a module that does not exist");
}

/// Only one file of the library may touch the disk.
#[test]
fn one_file_reads_the_disk() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let code: String = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        let is_dir = file.ends_with("archive/dir.rs");
        let is_test = file.to_string_lossy().contains("tests");
        for forbidden in
            ["std::fs", "std::net", "std::env", "std::process", "SystemTime::now", "Instant::now"]
        {
            let allowed = is_test || (is_dir && forbidden == "std::fs");
            assert!(allowed || !code.contains(forbidden), "{} uses {forbidden}", file.display());
        }
    }
}
