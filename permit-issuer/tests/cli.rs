//! The command as a process: exit status, JSON lines, files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops at the first surprise"
)]

mod common;

use std::fs;

use common::{init, lines, path, read, run};
use serde_json::{Value, json};

fn chat(key: &str) -> Value {
    json!({"op": "decide", "idempotency_key": key, "subject": {"type": "agent", "id": "a"},
        "action": "chat.completion", "provider": "openai", "model": "m", "estimated_input_tokens": 100,
        "max_output_tokens": 50, "request_body": {"model": "m", "max_tokens": 50, "messages": [key]}})
}

#[test]
fn a_gateway_drives_the_sidecar_and_an_auditor_gets_the_export() {
    let folder = tempfile::tempdir().unwrap();
    let state = init(folder.path());
    let state = path(&state);
    let mut secret = chat("k2");
    secret["attributes"] = json!({"data_class": "secret"});
    let first = run(&["sidecar", "--state", state], &format!("{}\n\n{}\n", chat("k1"), secret));
    assert!(first.status.success(), "a deny is a decision");
    let answers = lines(&first);
    assert_eq!(
        answers.iter().map(|answer| answer["decision"].as_str().unwrap()).collect::<Vec<_>>(),
        ["allow", "deny"]
    );
    assert_eq!(answers.iter().map(|answer| answer["line"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 3]);
    let id = &answers[0]["permit_id"];
    let rest = [
        json!({"op": "dispatch", "permit_id": id, "request_body": {"model": "m", "max_tokens": 50, "messages": ["k1"]}}),
        json!({"op": "close", "permit_id": id, "status": "closed", "status_code": 200,
            "provider_response": {"text": "hi"}, "client_response": {"text": "hi"},
            "usage": {"input_tokens": 90, "output_tokens": 10}}),
    ];
    let input: String = rest.iter().map(|line| format!("{line}\n")).collect();
    let second = run(&["sidecar", "--state", state], &input);
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stdout));
    assert_eq!(lines(&second)[1]["actual_cost_usd_micros"], 130);

    let export = folder.path().join("export");
    assert!(run(&["export", "--state", state, path(&export)], "").status.success());
    let mut names: Vec<String> = fs::read_dir(&export)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["export.json", "key-manifest.json", "ledger.json", "manifest.json"]);
    let bundle = read(&export.join("export.json"));
    assert_eq!(bundle["record_count"], 2);
    assert_eq!(bundle["records"][0]["permit"]["status"], "closed");
    let again = run(&["export", "--state", state, path(&export)], "");
    assert_eq!(again.status.code(), Some(1), "an export is never overwritten");

    let now = ["--now", "2026-08-03T08:00:00Z"];
    let zips: Vec<Vec<u8>> = ["a.zip", "b.zip"]
        .iter()
        .map(|name| {
            let zip = folder.path().join(name);
            let args = [&["export", "--state", state, "--zip", path(&zip)][..], &now[..]].concat();
            assert!(run(&args, "").status.success());
            fs::read(zip).unwrap()
        })
        .collect();
    assert_eq!(zips[0], zips[1], "the same state gives the same zip");
    let single = folder.path().join("bundle.json");
    assert!(run(&["export", "--state", state, "--bundle", path(&single)], "").status.success());
    assert_eq!(read(&single)["schema_version"], "keel.evidence_bundle/v1");
    let status = run(&["status", "--state", state], "");
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["projects"][0]["envelopes"][0]["spent_usd_micros"], 130);
}

#[test]
fn refusals_are_lines_and_exit_status_1() {
    let folder = tempfile::tempdir().unwrap();
    let state = init(folder.path());
    let state = path(&state);
    let input = format!(
        "{}\n{}\n{}\n{}\n{}\n",
        "{\"op\":\"decide\"",
        r#"{"op":"decide","subject":{"type":"agent","id":"a|b"},"action":"x","provider":"p","model":"m"}"#,
        r#"{"op":"decide","op":"close"}"#,
        r#"{"op":"undo"}"#,
        chat("k1"),
    );
    let out = run(&["sidecar", "--state", state], &input);
    assert_eq!(out.status.code(), Some(1));
    let answers = lines(&out);
    let codes: Vec<&str> =
        answers[..4].iter().map(|answer| answer["error"]["code"].as_str().unwrap()).collect();
    assert_eq!(
        codes,
        ["input.json_invalid", "request.field_not_permitted", "input.json_ambiguous", "request.op_unknown"]
    );
    assert_eq!(answers[4]["decision"], "allow", "one bad line does not stop the others");
}

#[test]
fn usage_and_setup_errors() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(&["export"], "").status.code(), Some(2));
    assert_eq!(run(&["vectors"], "").status.code(), Some(2));
    let state = init(folder.path());
    let policy = folder.path().join("policy.toml");
    let again = run(&["init", "--state", path(&state), "--project", "x", "--policy", path(&policy)], "");
    assert_eq!(again.status.code(), Some(1));
    fs::write(&policy, common::POLICY.replace("effect = \"allow\"", "efect = \"allow\"")).unwrap();
    let bad = run(&["check-policy", path(&policy)], "");
    assert_eq!(bad.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&bad.stderr).contains("did you mean \"effect\"?"));
    let missing = run(&["status", "--state", path(&folder.path().join("none"))], "");
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn keys_rotate_and_old_decisions_stay_exportable() {
    let folder = tempfile::tempdir().unwrap();
    let state = init(folder.path());
    let state = path(&state);
    run(&["sidecar", "--state", state], &format!("{}\n", chat("k1")));
    assert!(run(&["rotate-key", "--state", state, "permit_binding_signing"], "").status.success());
    run(&["sidecar", "--state", state], &format!("{}\n", chat("k2")));
    let export = folder.path().join("export");
    assert!(run(&["export", "--state", state, path(&export)], "").status.success());
    assert_eq!(read(&export.join("key-manifest.json"))["keys"].as_array().unwrap().len(), 5);
    let records = read(&export.join("export.json"))["records"].clone();
    let key_id = |record: usize| {
        records[record]["chain_entries"][0]["payload_json"]["permit_decision"]["binding_key_id"].clone()
    };
    assert_ne!(key_id(0), key_id(1));
}

#[test]
fn the_demo_has_the_same_bytes_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let demos = ["a", "b"].map(|name| {
        let directory = folder.path().join(name);
        assert!(run(&["demo", path(&directory)], "").status.success());
        directory
    });
    for name in [
        "aurora-support/export.json",
        "borealis-research/manifest.json",
        "cirrus-payments/ledger.json",
        "aurora-support.zip",
        "cirrus-payments.bundle.json",
        "trust-root.json",
        "checkpoint.json",
    ] {
        assert!(
            fs::read(demos[0].join(name)).unwrap() == fs::read(demos[1].join(name)).unwrap(),
            "{name} differs"
        );
    }
    let committed = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testvectors/demo");
    for name in [
        "aurora-support.zip",
        "borealis-research/export.json",
        "borealis-research/key-manifest.json",
        "borealis-research/ledger.json",
        "borealis-research/manifest.json",
        "trust-root.json",
    ] {
        assert!(
            fs::read(demos[0].join(name)).unwrap() == fs::read(committed.join(name)).unwrap(),
            "the committed {name} is not what `demo` writes"
        );
    }
}

#[test]
fn the_committed_vectors_are_what_would_be_written() {
    let generated = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testvectors/generated");
    let out = run(&["vectors", "--check", path(&generated)], "");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    let folder = tempfile::tempdir().unwrap();
    let out = run(&["vectors", "--check", path(folder.path())], "");
    assert_eq!(out.status.code(), Some(1), "missing files are noticed");
}

#[test]
fn the_gateway_example_runs() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let policy = examples.join("policy.toml");
    let made = run(&["init", "--state", path(&state), "--project", "acme", "--policy", path(&policy)], "");
    assert!(made.status.success());
    let log = fs::File::open(examples.join("gateway-log.jsonl")).unwrap();
    let replay = std::process::Command::new("python3")
        .arg(examples.join("gateway_replay.py"))
        .arg(&state)
        .env("PERMIT_ISSUER", env!("CARGO_BIN_EXE_permit-issuer"))
        .stdin(log)
        .output();
    let Ok(replay) = replay else {
        println!("SKIPPED: no python3");
        return;
    };
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
    assert_eq!(
        String::from_utf8_lossy(&replay.stdout).lines().collect::<Vec<_>>(),
        [
            "chatcmpl-7c1e allow policy.allowed",
            "chatcmpl-7c1f cap policy.capped",
            "chatcmpl-7c20 deny policy.no_matching_rule",
            "chatcmpl-7c21 allow policy.allowed",
            "chatcmpl-7c22 allow policy.allowed",
            "chatcmpl-7c23 throttle rate_limit.exceeded",
        ]
    );
}

#[test]
fn a_running_sidecar_follows_a_key_rotation() {
    use std::io::{BufRead as _, Write as _};
    let folder = tempfile::tempdir().unwrap();
    let state = init(folder.path());
    let mut child = common::issuer()
        .args(["sidecar", "--state", path(&state)])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut ask = |key: &str| {
        writeln!(input, "{}", chat(key)).unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        answer["permit_decision"]["binding_key_id"].as_str().unwrap().to_owned()
    };
    let before = ask("k1");
    let rotated = run(&["rotate-key", "--state", path(&state), "permit_binding_signing"], "");
    let rotated: Value = serde_json::from_slice(&rotated.stdout).unwrap();
    let after = ask("k2");
    assert_ne!(before, after);
    assert_eq!(rotated["key_id"], after);
    drop(input);
    assert!(child.wait().unwrap().success());
}
