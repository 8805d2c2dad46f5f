//! What several tests need.
#![allow(dead_code, reason = "not every test file uses all of it")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) const POLICY: &str = r#"
id = "policy:test"
version = "1"
ttl_seconds = 600

[[envelopes]]
name = "team"
total_usd_micros = 1_000_000

[[prices]]
provider = "openai"
model = "*"
input_usd_micros_per_million_tokens = 1_000_000
output_usd_micros_per_million_tokens = 4_000_000

[[rules]]
id = "no-secrets"
effect = "deny"
when = { attributes = { data_class = ["secret"] } }

[[rules]]
id = "chat"
effect = "allow"
envelope = "team"
when = { action = ["chat.*"] }
"#;

pub(crate) fn issuer() -> Command {
    Command::new(env!("CARGO_BIN_EXE_permit-issuer"))
}

pub(crate) fn run(args: &[&str], input: &str) -> Output {
    let mut child = issuer()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Makes a state directory under `folder` and gives its path.
pub(crate) fn init(folder: &Path) -> std::path::PathBuf {
    let policy = folder.join("policy.toml");
    std::fs::write(&policy, POLICY).unwrap();
    let state = folder.join("state");
    let out = run(&["init", "--state", path(&state), "--project", "acme", "--policy", path(&policy)], "");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    state
}

pub(crate) fn lines(output: &Output) -> Vec<Value> {
    String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
