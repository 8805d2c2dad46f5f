//! The transparency log of an issuer: what it writes, what it never signs, and what a kill leaves behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{init, path, run};
use permit_issuer::keys::Seed;
use permit_issuer::scenario::{Call, Fate, Story};
use permit_issuer::tlog::{Log, NoteKey, Role};
use serde_json::{Value, json};
use verifier_core::bytes::base64;
use verifier_core::canon::Profile;
use verifier_core::merkle::rfc6962::{leaf_hash, verify_inclusion};

const START: i64 = 1_785_744_000_000_000;
const ORIGIN: &str = "example.com/keel/1";

fn story() -> Story {
    let mut story = Story::new("log", START).unwrap();
    for (number, project) in ["one", "two"].into_iter().enumerate() {
        let id = format!("00000000-0000-4000-8000-00000000000{number}");
        story.issuer().add_project(project, Some(id), common::POLICY).unwrap();
    }
    story
}

/// Decides `count` calls from `first` on; every other one is closed: about five entries a call.
fn play(story: &mut Story, first: i64, count: i64) {
    for number in first..first + count {
        let project = if number % 3 == 0 { "two" } else { "one" };
        story.call(Call {
            at: START + number * 1_000_000,
            request: json!({"project": project, "idempotency_key": format!("call-{number}"),
                "subject": {"type": "agent", "id": "a"}, "action": "chat.completion", "provider": "openai",
                "model": "m", "estimated_input_tokens": 1, "max_output_tokens": 1}),
            body: json!({"model": "m", "max_tokens": 1}),
            is_bound_early: true,
            fate: if number % 2 == 0 { Fate::Complete } else { Fate::Abandoned },
            approval: None,
            takes: 1_000,
            used: (1, 1),
        });
    }
    story.play().unwrap();
}

fn log(folder: &Path) -> Log {
    Log::new(folder, NoteKey::new(ORIGIN, Role::Log, Seed::public_fixture("log").unwrap()).unwrap())
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![String::new()];
    while let Some(under) = waiting.pop() {
        for entry in fs::read_dir(folder.join(&under)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{under}{}", entry.file_name().into_string().unwrap());
            if entry.path().is_dir() {
                waiting.push(name + "/");
            } else {
                found.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

fn put(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn the_same_story_gives_the_same_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut logs = Vec::new();
    for name in ["a", "b"] {
        let mut story = story();
        let log = log(&folder.path().join(name));
        for step in 0..3 {
            play(&mut story, step * 30, 30);
            let before = log.head().unwrap().map(|head| head.head.size);
            let head = log.checkpoint(story.issuer().store()).unwrap();
            assert!(before.is_none_or(|before| before < head.head.size));
            assert_eq!(log.checkpoint(story.issuer().store()).unwrap(), head, "nothing new, nothing signed");
        }
        logs.push(files(&folder.path().join(name)));
    }
    assert!(logs[0] == logs[1]);
    let names: Vec<&str> = logs[0].keys().map(String::as_str).collect();
    assert!(names.contains(&"tile/0/000") && names.contains(&"tile/entries/000"), "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with("tile/0/000.p")), "{names:?}");
}

/// A kill after any number of files: the next append makes the log whole.
#[test]
fn a_kill_in_the_middle_of_an_append_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = story();
    let whole = log(&folder.path().join("whole"));
    play(&mut story, 0, 60);
    whole.checkpoint(story.issuer().store()).unwrap();
    let before = files(&folder.path().join("whole"));
    play(&mut story, 60, 90);
    whole.append(story.issuer().store()).unwrap();
    let after = files(&folder.path().join("whole"));
    let written: Vec<_> = after.iter().filter(|(name, bytes)| before.get(*name) != Some(*bytes)).collect();
    assert!(written.len() > 4, "{written:?}");
    for killed_after in 0..=written.len() {
        let directory = folder.path().join(format!("killed-{killed_after}"));
        put(&directory, &before);
        put(
            &directory,
            &written[..killed_after]
                .iter()
                .map(|(name, bytes)| ((*name).clone(), (*bytes).clone()))
                .collect(),
        );
        // half of a file, which is never in the folder itself
        fs::write(directory.with_extension("new"), b"half").unwrap();
        log(&directory).append(story.issuer().store()).unwrap();
        let repaired = files(&directory);
        assert!(
            after.iter().all(|(name, bytes)| repaired.get(name) == Some(bytes)),
            "killed after {killed_after}"
        );
        assert!(repaired.keys().all(|name| after.contains_key(name) || before.contains_key(name)));
    }
    // a log that lost its tiles, or all of its files, comes back from the database
    let directory = folder.path().join("lost");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("checkpoint"), &before["checkpoint"]).unwrap();
    log(&directory).append(story.issuer().store()).unwrap();
    let rebuilt = files(&directory);
    assert!(rebuilt.iter().all(|(name, bytes)| after.get(name) == Some(bytes)));
    assert!(written.iter().all(|(name, _)| rebuilt.contains_key(*name)));
}

#[test]
fn a_head_that_contradicts_an_older_one_is_never_signed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut first, mut second) = (story(), story());
    play(&mut first, 0, 10);
    play(&mut second, 0, 5);
    let log = log(&folder.path().join("log"));
    log.checkpoint(first.issuer().store()).unwrap();
    let signed = files(&folder.path().join("log"));
    for calls in [0, 30] {
        // an old copy of the state, and one that went on differently
        play(&mut second, 20, calls);
        let error = log.checkpoint(second.issuer().store()).unwrap_err();
        assert_eq!(error.code(), "log.forked");
        assert!(files(&folder.path().join("log")) == signed, "nothing is written");
    }
    fs::write(folder.path().join("log/checkpoint"), signed["checkpoint"].to_ascii_uppercase()).unwrap();
    assert!(log.checkpoint(first.issuer().store()).is_err(), "a damaged head");
}

fn chat(key: &str, project: &str) -> String {
    let request = json!({"op": "decide", "project": project, "idempotency_key": key, "subject": {"type": "agent", "id": "a"},
        "action": "chat.completion", "provider": "openai", "model": "m", "max_output_tokens": 1});
    format!("{request}\n")
}

#[test]
fn log_and_witness_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let state = init(folder.path());
    let on = |args: &[&str], input: &str| run(&[args, &["--state", path(&state)]].concat(), input);
    let code = |output: &std::process::Output| output.status.code();
    assert_eq!(code(&on(&["log", "append"], "")), Some(1), "there is no log yet");
    assert_eq!(code(&on(&["log", "init", "--origin", "a b"], "")), Some(1));
    assert!(on(&["log", "init", "--origin", ORIGIN], "").status.success());
    assert_eq!(
        code(&on(&["log", "init", "--origin", ORIGIN], "")),
        Some(1),
        "a log key is never overwritten"
    );
    assert_eq!(code(&on(&["log", "checkpoint"], "")), Some(1), "nothing to sign");
    assert!(on(&["sidecar"], &chat("k1", "acme")).status.success());
    let vkey = fs::read_to_string(state.join("log.vkey")).unwrap();
    let witness = folder.path().join("witness");
    let made = run(&["witness", "init", path(&witness), "--name", "example.com/w", "--log", vkey.trim()], "");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    let head = on(&["log", "checkpoint", "--witness", path(&witness)], "");
    assert!(head.status.success(), "{}", String::from_utf8_lossy(&head.stderr));
    let head: Value = serde_json::from_slice(&head.stdout).unwrap();
    assert_eq!((&head["size"], &head["cosigned_by"]), (&json!(2), &json!(["example.com/w"])));

    // a witness elsewhere: text out, text in
    assert!(on(&["sidecar"], &chat("k2", "acme")).status.success());
    assert!(on(&["log", "checkpoint"], "").status.success());
    let ask = |old: &str| {
        let request = on(&["log", "request", "--old", old], "");
        run(&["witness", "cosign", path(&witness)], &String::from_utf8(request.stdout).unwrap())
    };
    let refused = ask("0");
    assert_eq!(code(&refused), Some(1));
    assert_eq!(String::from_utf8_lossy(&refused.stderr), "not cosigned: 409 2\n");
    let line = String::from_utf8(ask("2").stdout).unwrap();
    let head = on(&["log", "add-cosignatures"], &line);
    let head: Value = serde_json::from_slice(&head.stdout).unwrap();
    assert_eq!((&head["size"], &head["cosigned_by"]), (&json!(4), &json!(["example.com/w"])));
    assert_eq!(code(&on(&["log", "add-cosignatures"], "nonsense")), Some(1));
    let shown: Value = serde_json::from_slice(&on(&["log", "show"], "").stdout).unwrap();
    assert_eq!(shown, head);
    assert_eq!(
        fs::read_to_string(state.join("log/checkpoint")).unwrap(),
        head["checkpoint"].as_str().unwrap()
    );
}

/// The archive's proofs, checked with the verifier's tree, which shares nothing with the issuer's.
fn assert_proofs(export: &Path, proofs: &str) -> u64 {
    let (list, note) = proofs.split_once("\n\n").unwrap();
    let head: Vec<&str> = note.lines().collect();
    let size: u64 = head[1].parse().unwrap();
    let root: [u8; 32] = base64::decode(head[2]).unwrap().try_into().unwrap();
    let export: Value = common::read(export);
    let entries: BTreeMap<&str, &Value> = export["records"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|record| record["chain_entries"].as_array().unwrap())
        .map(|entry| (entry["event_id"].as_str().unwrap(), entry))
        .collect();
    let mut lines = list.lines();
    assert_eq!(lines.next(), Some("keel-evidence/tlog-proofs@v1"));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), entries.len());
    for line in lines {
        let mut words = line.split(' ');
        let entry = entries[words.next().unwrap()];
        let index: u64 = words.next().unwrap().parse().unwrap();
        let path: Vec<[u8; 32]> =
            words.map(|hash| base64::decode(hash).unwrap().try_into().unwrap()).collect();
        let leaf = leaf_hash(&permit_issuer::document::canonical(Profile::Legacy, entry).unwrap());
        verify_inclusion(index, size, &leaf, &path, &root).unwrap();
    }
    size
}

#[test]
fn one_command_makes_an_archive_whose_every_entry_is_proven() {
    let folder = tempfile::tempdir().unwrap();
    let state = init(folder.path());
    let now = ["--now", "2099-01-01T00:00:00Z"];
    let on = |args: &[&str], input: &str| run(&[args, &["--state", path(&state)], &now].concat(), input);
    let policy = folder.path().join("policy.toml");
    assert!(on(&["add-project", "--project", "other", "--policy", path(&policy)], "").status.success());
    assert!(on(&["log", "init", "--origin", ORIGIN], "").status.success());
    let vkey = fs::read_to_string(state.join("log.vkey")).unwrap();
    let witnesses: Vec<String> = (1..=3)
        .map(|number| {
            let directory = folder.path().join(format!("w{number}"));
            let name = format!("example.com/w{number}");
            let args = ["witness", "init", path(&directory), "--name", &name, "--log", vkey.trim()];
            assert!(run(&args, "").status.success());
            path(&directory).to_owned()
        })
        .collect();
    let witnesses: Vec<&str> = witnesses.iter().flat_map(|directory| ["--witness", directory]).collect();
    let export = |name: &str, more: &[&str]| {
        let directory = folder.path().join(name);
        let args = ["export", "--project", "acme", "--with-proofs", path(&directory)];
        (on(&[&args[..], more].concat(), ""), directory)
    };

    on(&["sidecar"], &(chat("k1", "acme") + &chat("k2", "other") + &chat("k3", "acme")));
    let (made, first) = export("first", &witnesses);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let proofs = fs::read_to_string(first.join("export.json.tlog-proofs")).unwrap();
    assert_eq!(assert_proofs(&first.join("export.json"), &proofs), 6);
    assert_eq!(proofs.matches("\u{2014} example.com/w").count(), 3);
    let policy = fs::read_to_string(state.join("witness-policy.txt")).unwrap();
    assert!(policy.contains("\ngroup witnesses 2 w1 w2 w3\n"), "{policy}");
    assert!(!first.join("witness-policy.txt").exists(), "trust does not travel with the evidence");

    // without a witness at hand the newest head has to do, as long as it is new enough
    assert!(export("same", &[]).0.status.success());
    assert!(fs::read_to_string(folder.path().join("same/export.json.tlog-proofs")).unwrap() == proofs);
    on(&["sidecar"], &chat("k4", "acme"));
    let (behind, directory) = export("behind", &[]);
    assert_eq!(behind.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&behind.stderr).contains("the newest head has 4 of 6 chain entries"));
    assert!(!directory.exists(), "nothing is half exported");

    let (made, second) = export("second", &[&witnesses[..], &["--quorum", "3"]].concat());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let proofs = fs::read_to_string(second.join("export.json.tlog-proofs")).unwrap();
    assert_eq!(assert_proofs(&second.join("export.json"), &proofs), 8);
    let vkey = |number: u8| fs::read_to_string(folder.path().join(format!("w{number}/vkey"))).unwrap();
    let (w1, w2, w3) = (vkey(1), vkey(2), vkey(3));
    let printed = on(&["log", "policy", "--witness", &w1, "--witness", &w2, "--witness", &w3], "");
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), policy, "witnesses elsewhere get the same policy");
    assert_eq!(export("quorum", &[&witnesses[..], &["--quorum", "4"]].concat()).0.status.code(), Some(1));

    let zips = ["a.zip", "b.zip"].map(|name| {
        let zip = folder.path().join(name);
        assert!(
            on(&["export", "--project", "acme", "--with-proofs", "--zip", path(&zip)], "").status.success()
        );
        fs::read(zip).unwrap()
    });
    assert!(zips[0] == zips[1], "the same state gives the same zip");
}

/// `log checkpoint --witness` is killed wherever it is, again and again, while calls are decided. The witness would refuse
/// a head that does not continue the one before, and at the end every entry is in the log.
#[cfg(unix)]
#[test]
fn killed_checkpoints_never_contradict_each_other() {
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let state = init(folder.path());
    let on = |args: &[&str], input: &str| run(&[args, &["--state", path(&state)]].concat(), input);
    assert!(on(&["log", "init", "--origin", ORIGIN], "").status.success());
    let vkey = fs::read_to_string(state.join("log.vkey")).unwrap();
    let witness = folder.path().join("w");
    assert!(
        run(&["witness", "init", path(&witness), "--name", "w", "--log", vkey.trim()], "").status.success()
    );
    let checkpoint = ["log", "checkpoint", "--witness", path(&witness)];
    let mut killed = 0;
    for round in 0..40 {
        let calls: String = (0..8).map(|call| chat(&format!("{round}-{call}"), "acme")).collect();
        assert!(on(&["sidecar"], &calls).status.success());
        let mut child = common::issuer()
            .args(checkpoint)
            .args(["--state", path(&state)])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_micros(2_000 + 700 * round));
        killed += usize::from(child.try_wait().unwrap().is_none() && child.kill().is_ok());
        let output = child.wait_with_output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let head = on(&checkpoint, "");
    assert!(head.status.success(), "{}", String::from_utf8_lossy(&head.stderr));
    let head: Value = serde_json::from_slice(&head.stdout).unwrap();
    assert_eq!((&head["size"], &head["cosigned_by"]), (&json!(640), &json!(["w"])));
    assert!(killed > 0, "{killed} of 40 were killed");
    for (name, bytes) in files(&state.join("log")) {
        assert!(!bytes.is_empty(), "{name}");
    }
}

#[test]
fn the_demo_with_a_log_has_the_same_bytes_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let demos = ["a", "b"].map(|name| {
        let directory = folder.path().join(name);
        assert!(run(&["demo", "--with-log", path(&directory)], "").status.success());
        directory
    });
    let (first, second) = (files(&demos[0]), files(&demos[1]));
    assert!(first == second);
    let read = |name: &str| String::from_utf8(first[name].clone()).unwrap();
    for project in permit_issuer::scenario::demo_projects() {
        let proofs = read(&format!("{project}/export.json.tlog-proofs"));
        let size = assert_proofs(&demos[0].join(project).join("export.json"), &proofs);
        // Ten heads are taken into three chains, each with its integrity digest.
        assert_eq!(size, 1_505 + 10 * 3 * 2, "one log over all projects");
        assert_eq!(proofs.split_once("\n\n").unwrap().1, read("log/checkpoint"));
    }
    assert_eq!(read("witness-policy.txt").matches("witness w").count(), 3);
}
