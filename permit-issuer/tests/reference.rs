//! What the issuer emits, seen by the reference verifier (`keel-verifier` 3.28.1 from PyPI, in a virtual environment
//! under the target directory).
//!
//! Without Python or without the package the tests are skipped with a printed reason; with
//! `KEEL_REQUIRE_REFERENCE=1` a skip is a failure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops at the first surprise"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use common::{init, path, read, run};
use serde_json::{Value, json};

const PACKAGE: &str = "keel-verifier==3.28.1";

/// The reference verifier, or why there is none.
fn reference() -> Option<&'static Path> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOUND.get_or_init(install) {
        Ok(program) => Some(program),
        Err(reason) => {
            assert!(
                std::env::var_os("KEEL_REQUIRE_REFERENCE").is_none_or(|value| value != "1"),
                "the reference verifier is required and not there: {reason}"
            );
            println!("SKIPPED: no reference verifier: {reason}");
            None
        }
    }
}

fn install() -> Result<PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("keel-verifier-3.28.1");
    let program = home.join("bin").join("keel-verify");
    let done = home.join("installed");
    if done.is_file() {
        return Ok(program);
    }
    let step = |what: &str, command: &mut Command| match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("{what}: {error}")),
    };
    step("python3 -m venv", Command::new("python3").args(["-m", "venv"]).arg(&home))?;
    step("pip install", Command::new(home.join("bin").join("pip")).args(["install", "--quiet", PACKAGE]))?;
    fs::write(done, PACKAGE).map_err(|error| error.to_string())?;
    Ok(program)
}

fn verify(program: &Path, folder: &Path, args: &[&str]) -> (Output, Value) {
    let home = tempfile::tempdir().unwrap();
    // no trust root that somebody cached, nothing but the given files
    let output =
        Command::new(program).args(args).current_dir(folder).env("HOME", home.path()).output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output, report)
}

fn verdicts(report: &Value) -> BTreeMap<String, String> {
    report["claims"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|claim| {
            (claim["name"].as_str().unwrap().to_owned(), claim["verdict"].as_str().unwrap().to_owned())
        })
        .collect()
}

const CLAIMS: [&str; 7] = [
    "closure.digest_consistency.v1",
    "closure.dispatch_binding.v1",
    "closure.signature.v1",
    "export.integrity.v1",
    "export.scope_identity.v1",
    "governance_chain.local_continuity.v1",
    "permit.decision.v1",
];

fn assert_export(program: &Path, export: &Path, trust_root: &Path) {
    let (output, report) = verify(
        program,
        export,
        &[
            "export",
            "--export-file",
            "export.json",
            "--manifest",
            "manifest.json",
            "--key-manifest",
            "key-manifest.json",
            "--trust-root",
            path(trust_root),
            "--walk-events",
            "--verify-closure",
            "--json",
        ],
    );
    assert!(output.status.success(), "{report:#}");
    let verdicts = verdicts(&report);
    assert_eq!(verdicts.keys().map(String::as_str).collect::<Vec<_>>(), CLAIMS);
    assert!(verdicts.values().all(|verdict| verdict == "supported"), "{verdicts:?}");
}

fn assert_ledger(program: &Path, folder: &Path, name: &str) {
    let (output, report) = verify(program, folder, &["export", name, "--json"]);
    assert!(output.status.success(), "{report:#}");
    let verdicts = verdicts(&report);
    assert_eq!(
        verdicts.keys().map(String::as_str).collect::<Vec<_>>(),
        ["budget.partition_ledger.v1", "evidence_bundle.self_attesting.v1", "quota.reservation_linkage.v1"]
    );
    assert!(verdicts.values().all(|verdict| verdict == "supported"), "{verdicts:?}");
}

fn assert_checkpoint(program: &Path, folder: &Path) {
    let key = read(&folder.join("checkpoint.json"))["public_key"].as_str().unwrap().to_owned();
    let (output, _) =
        verify(program, folder, &["checkpoint", "checkpoint.json", "--expected-public-key", &key]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_demo_verifies() {
    let Some(program) = reference() else { return };
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    // inclusion proofs lie beside the export; the reference does not know them and must not mind
    assert!(run(&["demo", "--with-log", path(&demo)], "").status.success());
    for project in permit_issuer::scenario::demo_projects() {
        assert_export(program, &demo.join(project), &demo.join("trust-root.json"));
        assert_ledger(program, &demo.join(project), "ledger.json");
    }
    assert_ledger(program, &demo, "cirrus-payments.bundle.json");
    assert_checkpoint(program, &demo);
}

#[test]
fn what_the_command_makes_with_fresh_keys_verifies() {
    let Some(program) = reference() else { return };
    let folder = tempfile::tempdir().unwrap();
    let state = init(folder.path());
    let decide = |key: &str| {
        json!({"idempotency_key": key, "subject": {"type": "human", "id": "Zoë"}, "action": "chat.completion",
            "provider": "openai", "model": "m", "estimated_input_tokens": 10, "max_output_tokens": 50,
            "attributes": {"😀": 1, "｡": 2.5e-7, "nested": {"timestamp": "kept"}}})
    };
    let out = run(&["decide", "--state", path(&state)], &format!("{}\n{}\n", decide("a"), decide("b")));
    let ids: Vec<Value> = common::lines(&out).iter().map(|line| line["permit_id"].clone()).collect();
    let body = json!({"model": "m", "max_tokens": 50, "n": 1.0, "x": 1e21, "api_key": "secret"});
    let dispatch: String =
        ids.iter().map(|id| format!("{}\n", json!({"permit_id": id, "request_body": body}))).collect();
    let args = ["dispatch", "--state", path(&state), "--keep-request-bodies"];
    assert!(run(&args, &dispatch).status.success());
    let close = json!({"permit_id": ids[0], "status": "closed", "provider_response": {"base64": "AAEC"},
        "client_response": {"sha256": "a".repeat(64)}, "usage": {"cost_usd_micros": 7}});
    let timeout = json!({"permit_id": ids[1], "status": "timeout"});
    assert!(run(&["close", "--state", path(&state)], &format!("{close}\n{timeout}\n")).status.success());
    let export = folder.path().join("export");
    assert!(
        run(&["export", "--with-checkpoint", "--state", path(&state), path(&export)], "").status.success()
    );
    assert!(
        !fs::read_to_string(export.join("export.json")).unwrap().contains("secret"),
        "no API key in evidence"
    );
    assert_export(program, &export, &state.join("trust-root.json"));
    assert_ledger(program, &export, "ledger.json");
    assert_checkpoint(program, &export);
}

/// Every generated vector says what the reference does with it; this is measured, not assumed.
#[test]
fn generated_vectors_state_what_the_reference_does() {
    let Some(program) = reference() else { return };
    let files = permit_issuer::vectors::files().unwrap();
    let cases: Vec<Value> = files
        .iter()
        .filter(|(name, _)| name.ends_with("/case.json"))
        .map(|(_, bytes)| serde_json::from_slice(bytes).unwrap())
        .collect();
    assert!(cases.len() > 40);
    std::thread::scope(|scope| {
        for half in cases.chunks(cases.len().div_ceil(2)) {
            let files = &files;
            scope.spawn(move || half.iter().for_each(|case| assert_case(program, files, case)));
        }
    });
}

fn assert_case(program: &Path, files: &BTreeMap<String, Vec<u8>>, case: &Value) {
    let folder = tempfile::tempdir().unwrap();
    for (name, source) in case["files"].as_object().unwrap() {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &files[source.as_str().unwrap()]).unwrap();
    }
    let args: Vec<&str> = case["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
    let (output, report) = verify(program, folder.path(), &args);
    let id = &case["id"];
    assert_eq!(json!(output.status.code()), case["reference"]["exit"], "{id}: {report:#}");
    if case["reference"]["exit"] == 0 && case["expect"]["exit"] != 0 {
        return;
    }
    if case["reference"]["exit"] == 2 {
        return; // it does not know the option
    }
    for (name, expected) in case["expect"]["claims"].as_object().unwrap() {
        let claim = report["claims"].as_array().unwrap().iter().find(|claim| claim["name"] == json!(name));
        let claim = claim.unwrap_or_else(|| panic!("{id}: no {name}"));
        assert_eq!(claim["verdict"], expected["verdict"], "{id}");
        assert_eq!(claim["reason_code"], expected["code"], "{id}");
    }
}
