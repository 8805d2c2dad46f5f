//! Excerpts through processes: sampled, cut out, handed over, verified by somebody else.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testvectors::{Case, Origin};

/// A folder with an export that is in a witnessed log, and what an auditor trusts.
struct Desk {
    folder: tempfile::TempDir,
}

const TRUST: [&str; 4] = ["--trust-root", "trust-root.json", "--witness-policy", "witness-policy.txt"];

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cases = Case::of(Origin::Generated).unwrap();
        let case = cases.into_iter().find(|case| case.id == "generated-log-witnessed").unwrap();
        fs::create_dir(folder.path().join("evidence")).unwrap();
        for name in [
            "evidence/export.json",
            "evidence/export.json.tlog-proofs",
            "evidence/key-manifest.json",
            "evidence/manifest.json",
            "trust-root.json",
            "witness-policy.txt",
        ] {
            fs::write(folder.path().join(name), case.read(name).unwrap()).unwrap();
        }
        let key = folder.path().join("key");
        fs::write(&key, "05".repeat(32)).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the words and checks the status; gives everything printed.
    fn does(&self, words: &[&str], status: i32) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_keel-verify"))
            .current_dir(self.folder.path())
            .args(words)
            .args(["--as-of", "2026-08-04"])
            .output()
            .unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(status), "{words:?}\n{text}");
        text
    }

    fn trusted(&self, words: &[&str], status: i32) -> String {
        self.does(&[words, &TRUST].concat(), status)
    }

    fn permits(&self) -> Vec<String> {
        let export: Value =
            serde_json::from_slice(&fs::read(self.path("evidence/export.json")).unwrap()).unwrap();
        let records = export["records"].as_array().unwrap().iter();
        records.map(|record| record["permit"]["id"].as_str().unwrap().to_owned()).collect()
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn log_key(folder: &Path) -> String {
    let policy = fs::read_to_string(folder.join("witness-policy.txt")).unwrap();
    let line = policy.lines().find_map(|line| line.strip_prefix("log ")).unwrap();
    line.split(' ').next().unwrap().to_owned()
}

#[test]
fn sampled_permits_are_handed_over() {
    let desk = Desk::new();
    let sample =
        ["sample", "evidence", "--method", "random", "--size", "2", "--engagement", "x", "--out", "p.json"];
    desk.trusted(&sample, 0);
    let made = desk.trusted(
        &["excerpt", "evidence", "--paper", "p.json", "--out", "excerpt.json", "--proofs", "proofs"],
        0,
    );
    assert!(made.contains("holds      2 records"), "{made}");

    // Somebody else has the file, the trust root and the log's key, and nothing of the export.
    fs::remove_dir_all(desk.path("evidence")).unwrap();
    let report = desk.trusted(&["excerpt.json"], 0);
    assert!(report.contains("excerpt.entries.v1: supported"), "{report}");
    assert!(report.contains("the maker's word of 5"), "{report}");
    desk.trusted(&["excerpt.json", "--require", "inclusion,witness:2of3"], 0);
    desk.trusted(&["excerpt.json", "--require", "excerpt.records.v1"], 3);
    desk.does(&["excerpt.json", "--trust-root", "trust-root.json"], 3);

    let key = log_key(desk.folder.path());
    let mut proofs = 0;
    for entry in fs::read_dir(desk.path("proofs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let proof = path.with_extension("tlog-proof");
            let words = [proof.to_str().unwrap(), "--entry", path.to_str().unwrap(), "--log-key", &key];
            desk.does(&[&["log"], words.as_slice()].concat(), 0);
            proofs += 1;
        }
    }
    assert!(made.contains(&format!("{proofs} chain entries")), "{made}");

    let text = fs::read_to_string(desk.path("excerpt.json")).unwrap();
    let changed = text.replacen("\"outcome\":\"allow\"", "\"outcome\":\"deny\"", 1);
    assert_ne!(text, changed);
    fs::write(desk.path("excerpt.json"), changed).unwrap();
    desk.trusted(&["excerpt.json"], 1);
}

#[test]
fn a_maker_signs_for_whole_records() {
    let desk = Desk::new();
    fs::remove_file(desk.path("evidence/export.json.tlog-proofs")).unwrap();
    let permits = desk.permits();
    let cut = ["excerpt", "evidence", "--permit", &permits[0], "--out", "excerpt.json"];
    let refused = desk.trusted(&cut, 3);
    assert!(refused.starts_with("FAILED: EXCERPT_NOT_MADE: no inclusion proofs"), "{refused}");
    let signed = [&cut[..], &["--key-file", "key", "--name", "auditor.example/2026"]].concat();
    let made = desk.trusted(&signed, 0);
    let (_, key) = made.rsplit_once("--log-key ").unwrap();
    desk.trusted(&["excerpt.json"], 3);
    let report = desk.does(
        &["excerpt.json", "--trust-root", "trust-root.json", "--log-key", key.trim_end(), "--format", "json"],
        0,
    );
    let report: Value = serde_json::from_str(&report).unwrap();
    let claims = report["reports"][0]["claims"].as_array().or(report["claims"].as_array()).unwrap();
    let records = claims.iter().find(|claim| claim["name"] == "excerpt.records.v1").unwrap();
    assert_eq!(records["verdict"], "supported");
    assert_eq!(records["requested"], "evidence");
}

#[test]
fn what_cannot_be_handed_over_leaves_no_file() {
    let desk = Desk::new();
    let permits = desk.permits();
    let before = desk.names();
    let cut = |words: &[&str], status: i32| {
        let text = desk.trusted(&[&["excerpt", "evidence", "--out", "e.json"], words].concat(), status);
        assert_eq!(desk.names(), before, "{text}");
        text
    };
    cut(&[], 2);
    cut(&["--permit", "nobody"], 3);
    cut(&["--permit", &permits[0], "--key-file", "key"], 2);
    cut(&["--permit", &permits[0], "--key-file", "none", "--name", "a"], 4);
    cut(&["--permit", &permits[0], "--key-file", "key", "--name", "a b"], 3);
    cut(&["--permit", &permits[0], "--proofs", "evidence"], 4);
    cut(&["--paper", "trust-root.json"], 4);

    // What nobody established is not handed on.
    let words = ["excerpt", "evidence", "--out", "e.json", "--permit", &permits[0], "--self-attested"];
    let refused = desk.does(&[&words[..], &["--key-file", "key", "--name", "a"]].concat(), 3);
    assert!(refused.contains("EXCERPT_SOURCE_NOT_VERIFIED"), "{refused}");
    assert_eq!(desk.names(), before);

    // Evidence that is wrong, and nothing of it in the permits that are wanted.
    let path = desk.path("evidence/export.json");
    let text = fs::read_to_string(&path).unwrap();
    let last = permits.last().unwrap();
    fs::write(&path, text.replacen(last, &last.to_uppercase(), 1)).unwrap();
    let refused = cut(&["--permit", &permits[0]], 1);
    assert!(refused.starts_with("FAILED: EXCERPT_SOURCE_NOT_VERIFIED"), "{refused}");
}
