//! Attacks on heads, proofs and logs byte by byte, on vectors that were made apart from this code.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise and says why"
)]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use proptest::prelude::*;
use testvectors::{Case, Origin};
use verifier_core::claim::log::{self, Beside};
use verifier_core::report::{Outcome, Report};
use verifier_core::time::Timestamp;
use verifier_core::tlog::tiles::{File, Files};
use verifier_core::tlog::{ConsistencyProof, ManyProofs, Note, NoteKey, Policy, SingleProof, SplitView};
use verifier_core::trust::{LogTrust, NamedBlob, TrustPolicy};

fn case(id: &str) -> Case {
    Case::of(Origin::Hostile).unwrap().into_iter().find(|case| case.id == id).unwrap()
}

fn policy(case: &Case) -> TrustPolicy {
    let mut policy = TrustPolicy::new(Timestamp::parse(case.as_of.as_deref().unwrap()).unwrap());
    let read = |name: &str| case.read(name).ok().map(|bytes| NamedBlob::new(name, bytes));
    let key = case.read("files/log.vkey").map(|bytes| String::from_utf8(bytes).unwrap().trim().to_owned());
    policy.logs = LogTrust { keys: key.into_iter().collect(), policy: read("files/policy"), witnesses: None };
    policy
}

fn named(bytes: &[u8]) -> NamedBlob {
    NamedBlob::new("file", bytes.to_vec())
}

/// Calls `judge` with every text that differs from `good` in one byte, lacks one, or is cut.
fn every_change(good: &[u8], mut judge: impl FnMut(&[u8], &str)) {
    for place in 0..good.len() {
        for bit in [1, 0x20, 0x80] {
            let mut changed = good.to_vec();
            changed[place] ^= bit;
            judge(&changed, &format!("bit {bit:x} of byte {place}"));
        }
        let mut changed = good.to_vec();
        changed.remove(place);
        judge(&changed, &format!("without byte {place}"));
        judge(&good[..place], &format!("cut at {place}"));
        let mut changed = good.to_vec();
        changed.insert(place, good[place]);
        judge(&changed, &format!("byte {place} twice"));
    }
}

/// No byte of a proof file can be other than it is: form, index, path, head and the log's signature all count.
#[test]
fn every_byte_of_an_inclusion_proof_counts() {
    let case = case("tlog-proof-too-long-honest");
    let policy = policy(&case);
    let entry = named(&case.read("files/entry").unwrap());
    let judge = |bytes: &[u8]| log::verify_file(&named(bytes), Some(&entry), &[], &policy).outcome;
    let good = case.read("files/head").unwrap();
    assert_eq!(judge(&good), Outcome::Verified);
    every_change(&good, |bytes, what| assert!(bytes == good || judge(bytes) != Outcome::Verified, "{what}"));
}

/// A file that proves a split view accuses a log. No change of it may still do so.
#[test]
fn every_byte_of_a_split_view_counts() {
    let case = case("tlog-split-view-file");
    let policy = policy(&case);
    let accuses =
        |bytes: &[u8]| log::verify_file(&named(bytes), None, &[], &policy).has_code("TLOG_SPLIT_VIEW");
    let good = case.read("files/head").unwrap();
    assert!(accuses(&good));
    every_change(&good, |bytes, what| assert!(bytes == good || !accuses(bytes), "{what}"));
}

/// What an accusation says is the same whoever makes it: two heads and the tiles give the file that proves it.
#[test]
fn a_split_view_is_written_and_read() {
    let case = case("tlog-split-two-sizes");
    let policy = policy(&case);
    let heads = ["files/a", "files/b"].map(|name| NamedBlob::new(name, case.read(name).unwrap()));
    let folder = Folder::of(&case);
    let beside = Beside { files: Some(&folder), proof: None };
    let compared = log::compare(&heads, &beside, &policy);
    assert_eq!(compared.report.outcome, Outcome::Disproved);
    let text = compared.split.unwrap();
    let report = log::verify_file(&named(text.as_bytes()), None, &[], &policy);
    assert!(report.has_code("TLOG_SPLIT_VIEW"), "{:?}", report.counts);
    let mut stranger = policy.clone();
    stranger.logs = LogTrust::default();
    let report = log::verify_file(&named(text.as_bytes()), None, &[], &stranger);
    assert!(!report.has_code("TLOG_SPLIT_VIEW"), "without the log's key nothing is shown");
    let [a, b] = heads;
    let swapped = log::compare(&[b, a], &beside, &policy);
    assert_eq!(swapped.split, Some(text), "the order of the heads does not matter");
}

/// The files of a log in memory.
#[derive(Clone)]
struct Folder(BTreeMap<String, Vec<u8>>);

impl Folder {
    fn of(case: &Case) -> Self {
        let names = case.files.keys().filter_map(|name| name.strip_prefix("files/log/"));
        let read = |name: &str| case.read(&format!("files/log/{name}")).unwrap();
        Self(names.map(|name| (name.to_owned(), read(name))).collect())
    }

    fn judge(&self, policy: &TrustPolicy) -> Report {
        log::verify(&named(&self.0["checkpoint"]), Some(self), &[], policy)
    }
}

impl Files for Folder {
    fn read(&self, file: File) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.get(&file.path()).cloned())
    }
}

/// Every byte of every file of a log is under its head, and the answer does not depend on the number of threads.
#[test]
fn every_byte_of_a_log_counts() {
    let case = case("tlog-tile-too-long-honest");
    let mut policy = policy(&case);
    policy.workers = NonZeroUsize::new(2).unwrap();
    let folder = Folder::of(&case);
    let good = folder.judge(&policy);
    assert_eq!(good.outcome, Outcome::Verified, "{:?}", good.findings);
    policy.workers = NonZeroUsize::MIN;
    let again = folder.judge(&policy);
    assert_eq!(serde_json::to_string(&good).unwrap(), serde_json::to_string(&again).unwrap());
    for (name, bytes) in &folder.0 {
        for place in (0..bytes.len()).step_by(if bytes.len() > 1000 { 37 } else { 1 }) {
            let mut changed = folder.clone();
            changed.0.get_mut(name).unwrap()[place] ^= 1;
            let report = changed.judge(&policy);
            assert_ne!(report.outcome, Outcome::Verified, "byte {place} of {name}");
        }
        let mut changed = folder.clone();
        changed.0.remove(name);
        if name != "checkpoint" {
            assert_eq!(changed.judge(&policy).outcome, Outcome::NotEstablished, "without {name}");
        }
    }
}

proptest! {
    /// Whatever the text, an answer comes, and nothing is believed that nobody signed.
    #[test]
    fn any_text_gets_an_answer(text in "\\PC*|[a-z0-9 =+/\u{2014}\n]{0,300}", lines in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = [text, String::from_utf8_lossy(&lines).into_owned()].concat();
        let key = NoteKey::parse("keel-evidence.example/log/1+a4c08bcc+ATsdfxX9v0j6EaLWCzD9vvgjNEFjNUjeq3NlIUeQbIJC");
        if let Ok(note) = Note::parse(&text) {
            let standing = Policy::of_log(key.unwrap()).judge(&note, u64::MAX);
            prop_assert!(standing.logs.is_empty());
        }
        NoteKey::parse(&text).ok();
        Policy::parse(&text).ok();
        for header in ["", "c2sp.org/tlog-proof@v1\n", "keel-evidence/tlog-proofs@v1\n", "keel-evidence/tlog-split-view@v1\n", "old 1\n"] {
            let text = format!("{header}{text}");
            SingleProof::parse(&text).ok();
            SplitView::parse(&text).ok();
            ConsistencyProof::parse(&text).ok();
            if let Ok(proofs) = ManyProofs::parse(&text) {
                proofs.entries().count();
            }
        }
    }
}
