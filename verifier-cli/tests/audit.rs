//! `audit`, `diff` and `card` as processes: exit status, the state file, and a run that is killed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_keel-verify");
/// RFC 8410 section 10.3.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testvectors/demo")
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    let root = demo().join("trust-root.json");
    command.args(words).arg("--trust-root").arg(root).args(["--as-of", "2026-09-01"]);
    command
}

fn run(words: &[&str]) -> Output {
    command(words).output().unwrap()
}

fn status(words: &[&str]) -> i32 {
    run(words).status.code().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Copies of the demo archive, as many sets as wanted.
fn copies(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..count {
        let own = folder.path().join(format!("{number:03}"));
        fs::create_dir(&own).unwrap();
        for name in ["export.json", "manifest.json", "key-manifest.json"] {
            fs::copy(demo().join("borealis-research").join(name), own.join(name)).unwrap();
        }
    }
    folder
}

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("key.pem"), KEY).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        text(&self.folder.path().join(name)).to_owned()
    }
}

/// The run dies by SIGKILL while it works; the next one goes on from the state and ends in the same bytes.
#[test]
fn a_killed_run_resumes_with_the_same_bytes() {
    let (archives, files) = (copies(30), Files::new());
    let state = |name: &str| files.path(name);
    let words = |state: &str| -> Vec<String> {
        let words = ["audit", text(archives.path()), "--format", "json", "--workers", "1", "--state", state];
        words
            .iter()
            .map(|word| (*word).to_owned())
            .chain(["--state-key".to_owned(), files.path("key.pem")])
            .collect()
    };
    let all = |state: &str| {
        let words = words(state);
        run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let whole = all(&state("whole"));
    assert_eq!(whole.status.code(), Some(3), "{}", String::from_utf8_lossy(&whole.stderr));

    let killed = words(&state("killed"));
    let mut child = command(&killed.iter().map(String::as_str).collect::<Vec<_>>())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    while !Path::new(&state("killed")).exists() {
        assert!(Instant::now() < deadline, "no state was written");
        assert!(child.try_wait().unwrap().is_none(), "the run ended before it could be killed");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "the run ended before it was killed");
    let partial = fs::read(state("killed")).unwrap();
    assert!(partial.len() < fs::read(state("whole")).unwrap().len());

    let resumed = all(&state("killed"));
    let notes = String::from_utf8_lossy(&resumed.stderr).into_owned();
    assert!(!notes.contains(" 0 taken over"), "{notes}");
    assert_eq!(resumed.stdout, whole.stdout);
    assert_eq!(fs::read(state("killed")).unwrap(), fs::read(state("whole")).unwrap());
    assert_eq!(resumed.status.code(), whole.status.code());
}

#[test]
fn a_state_that_is_not_the_auditors_is_refused_and_kept() {
    let (archives, files) = (copies(1), Files::new());
    let (state, key) = (files.path("state"), files.path("key.pem"));
    let words = ["audit", text(archives.path()), "--state", &state, "--state-key", &key];
    assert_eq!(status(&words), 3);
    let other = files.path("other.pem");
    fs::write(&other, KEY.replace("dVhC", "dVhD")).unwrap();
    let before = fs::read(&state).unwrap();
    let refused = run(&["audit", text(archives.path()), "--state", &state, "--state-key", &other]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("AUDIT_STATE_REFUSED"));
    assert_eq!(fs::read(&state).unwrap(), before);
    let mut changed = before.clone();
    let at = changed.len() - 9;
    changed[at] ^= 1;
    fs::write(&state, &changed).unwrap();
    assert_eq!(status(&words), 4);
    assert_eq!(fs::read(&state).unwrap(), changed);
}

#[test]
fn options_that_do_not_fit_are_usage_errors() {
    let (archives, files) = (copies(1), Files::new());
    let path = text(archives.path());
    let (state, key) = (files.path("state"), files.path("key.pem"));
    assert_eq!(status(&["audit", path, "--state", &state]), 2);
    assert_eq!(status(&["audit", path, "--state-key", &key]), 2);
    assert_eq!(status(&["audit", path, "--from", "2026-02-01", "--to", "2026-01-01"]), 2);
    let inside = text(&archives.path().join("state")).to_owned();
    assert_eq!(status(&["audit", path, "--state", &inside, "--state-key", &key]), 2);
    let without_date =
        Command::new(PROGRAM).args(["audit", path, "--state", &state, "--state-key", &key]).output().unwrap();
    assert_eq!(without_date.status.code(), Some(2));
    assert!(!Path::new(&state).exists());
    assert_eq!(status(&["diff", path]), 2);
}

#[test]
fn unreadable_and_unknown_inputs_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = run(&["audit", text(folder.path())]);
    assert_eq!(empty.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&empty.stdout).contains("nothing here is evidence"));
    let absent = run(&["audit", text(&demo()), text(&folder.path().join("absent.zip"))]);
    assert_eq!(absent.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&absent.stdout).contains("absent.zip"));
    fs::write(folder.path().join("what.bin"), [0, 159, 146, 150]).unwrap();
    assert!(String::from_utf8_lossy(&run(&["audit", text(folder.path())]).stdout).contains("what.bin"));
}

#[test]
fn results_do_not_depend_on_threads() {
    let archives = copies(7);
    let with =
        |workers| run(&["audit", text(archives.path()), "--format", "json", "--workers", workers]).stdout;
    assert_eq!(with("1"), with("5"));
    let whole: serde_json::Value = serde_json::from_slice(&with("1")).unwrap();
    assert_eq!(whole["scopes"][0]["overlaps"].as_array().unwrap().len(), 6);
    assert_eq!(whole["exit_status"], 3);
}

#[test]
fn diff_ends_in_a_verdict() {
    let archives = copies(2);
    let (one, two) = (archives.path().join("000"), archives.path().join("001"));
    let (one, two) = (text(&one), text(&two));
    assert_eq!(status(&["diff", one, two]), 0);
    let zip = demo().join("aurora-support.zip");
    let other = run(&["diff", one, text(&zip), "--format", "json"]);
    assert_eq!(other.status.code(), Some(1));
    let document: serde_json::Value = serde_json::from_slice(&other.stdout).unwrap();
    assert_eq!(document["counts"]["missing"], 435);
    assert_eq!(document["first_difference"]["sequence"], 1);
    let payload = archives.path().join("001/export.json");
    let changed =
        fs::read_to_string(&payload).unwrap().replacen("\"severity\":\"info\"", "\"severity\":\"warn\"", 1);
    fs::write(&payload, changed).unwrap();
    let tampered = run(&["diff", one, two]);
    assert_eq!(tampered.status.code(), Some(1), "the second contradicts its signature");
    assert!(String::from_utf8_lossy(&tampered.stdout).contains("DIFF_NOT_VERIFIED"));
    let untrusted = Command::new(PROGRAM).args(["diff", one, one]).output().unwrap();
    assert_eq!(untrusted.status.code(), Some(3), "nothing that did not verify is equal");
    assert_eq!(status(&["diff", one, text(&archives.path().join("absent"))]), 4);
}

#[test]
fn cards_are_printed_and_compared() {
    let (archives, files) = (copies(1), Files::new());
    let printed = run(&["card", text(archives.path())]);
    assert_eq!(printed.status.code(), Some(0), "{}", String::from_utf8_lossy(&printed.stderr));
    let card = String::from_utf8(printed.stdout).unwrap();
    assert!(card.starts_with("keel card v1\nkey sha256:") && card.contains("\nrecords 1 384\n"), "{card}");
    let path = files.path("card.txt");
    fs::write(&path, &card).unwrap();
    let same = run(&["card", text(archives.path()), "--compare", &path]);
    assert_eq!(same.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&same.stdout).starts_with("SAME"));
    let zip = demo().join("aurora-support.zip");
    assert_eq!(status(&["card", text(&zip), "--compare", &path]), 3);
    fs::write(&path, card.replace("records 1 384", "records 1 385")).unwrap();
    let broken = run(&["card", text(archives.path()), "--compare", &path]);
    assert_eq!(broken.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&broken.stderr).contains("CARD_INVALID"));
    let untrusted = Command::new(PROGRAM).args(["card", text(archives.path())]).output().unwrap();
    assert_eq!((untrusted.status.code(), untrusted.stdout.len()), (Some(3), 0));
}
