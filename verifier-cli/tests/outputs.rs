//! Where reports go and what they carry, over copies of the demo: nothing that is there is destroyed, and no character
//! of a name acts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testvectors/demo")
}

/// Runs the program in a folder; the trust root is that of the demo.
fn run(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keel-verify"));
    command
        .current_dir(folder)
        .env_clear()
        .args(words)
        .arg("--trust-root")
        .arg(demo().join("trust-root.json"));
    command.output().unwrap()
}

/// The files of the second demo in a new folder of this name.
fn copied(within: &Path, name: &str) -> PathBuf {
    let folder = within.join(name);
    fs::create_dir(&folder).unwrap();
    for entry in fs::read_dir(demo().join("borealis-research")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    folder
}

fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn a_report_takes_the_place_of_no_input() {
    let temporary = tempfile::tempdir().unwrap();
    let top = temporary.path();
    let folder = copied(top, "evidence");
    fs::write(top.join("policy.toml"), "version = 1\n").unwrap();
    let before = (content(top), content(&folder));
    for words in [
        &["verify", "evidence", "--format", "html", "--out", "evidence/export.json"][..],
        &["verify", "evidence", "--also", "csv=evidence/../evidence/manifest.json"],
        &["verify", "evidence/export.json", "--out", "evidence/export.json"],
        &["verify", "evidence/export.json", "--out", "evidence/manifest.json"],
        &["verify", "evidence/export.json", "--out", "evidence/key-manifest.json"],
        &["ci", "--policy", "policy.toml", "evidence", "--out", "policy.toml"],
        &["ci", "--policy", "policy.toml", "evidence", "--also", "json=policy.toml"],
        &["verify", "evidence", "--also", "json=x", "--also", "csv=x"],
        &["verify", "evidence", "--also", "json=x", "--out", "./x"],
        &["reconcile", "evidence", "--gateway", "policy.toml", "--csv", "policy.toml"],
    ] {
        let output = run(top, words);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {message}");
        assert!(message.contains("one of the inputs") || message.contains("two outputs"), "{message}");
        assert!(output.stdout.is_empty(), "{words:?}: nothing was looked at");
    }
    assert_eq!((content(top), content(&folder)), before);

    let output = run(top, &["verify", "evidence", "--out", "x", "--also", "json=y"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(top.join("x").is_file() && top.join("y").is_file());
    let output = run(top, &["verify", "evidence", "--out", "x"]);
    assert_eq!(output.status.code(), Some(0), "an earlier report is replaced");
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_stays() {
    use std::os::unix::fs::FileTypeExt;

    let temporary = tempfile::tempdir().unwrap();
    let top = temporary.path();
    copied(top, "evidence");
    let socket = std::os::unix::net::UnixListener::bind(top.join("socket")).unwrap();
    std::os::unix::fs::symlink("kept", top.join("link")).unwrap();
    for name in ["socket", "link"] {
        let output = run(top, &["verify", "evidence", "--out", name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
    assert!(fs::symlink_metadata(top.join("socket")).unwrap().file_type().is_socket());
    assert!(fs::symlink_metadata(top.join("link")).unwrap().is_symlink());
    drop(socket);
}

/// Direction marks, C1 controls and line separators in the name of the evidence, in every JSON document.
#[cfg(unix)]
#[test]
fn json_is_plain_ascii() {
    let temporary = tempfile::tempdir().unwrap();
    let name = "a\u{9b}1m\u{202e}b\u{2028}c\u{7f}";
    let folder = copied(temporary.path(), name);
    copied(temporary.path(), "other");
    let export = folder.join("export.json");
    let text = fs::read_to_string(&export).unwrap();
    fs::write(&export, text.replacen("\"allow\"", "\"deny\"", 1)).unwrap();
    for words in [
        &["verify", name, "--format", "json"][..],
        &["audit", name, "--format", "json"],
        &["diff", name, "other", "--format", "json"],
        &["ledger", name, "--format", "json"],
    ] {
        let output = run(temporary.path(), words);
        assert!(output.stdout.len() > 100, "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let acts = |byte: &u8| *byte >= 0x7f || (*byte < 0x20 && *byte != b'\n');
        assert!(!output.stdout.iter().any(acts), "{words:?}");
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(document.to_string().contains('\u{202e}'), "{words:?}: the name is not there at all");
    }
}

/// The lines before a table are one cell each, whatever the evidence is called.
#[cfg(unix)]
#[test]
fn no_name_becomes_a_cell_of_its_own() {
    let temporary = tempfile::tempdir().unwrap();
    let name = "x,=1+1,\"y;=2\"";
    copied(temporary.path(), name);
    let output = run(temporary.path(), &["ledger", name, "--format", "csv", "--table", "balances"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let head: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
    assert!(!head.is_empty() && head.iter().any(|line| line.contains("=1+1")), "{text}");
    assert!(head.iter().all(|line| !line.contains([',', ';', '"'])), "{head:?}");
}
