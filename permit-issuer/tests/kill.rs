//! Several processes work on one state and are killed in the middle, again and again; afterwards nothing is lost and
//! nothing is doubled.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops at the first surprise"
)]
#![cfg(unix)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{init, issuer, path, read, run};
use serde_json::{Value, json};

const WORKERS: usize = 3;
const CALLS: usize = 40;

/// A sidecar that is started again when it dies, and what it has acknowledged.
struct Worker {
    state: PathBuf,
    child: Arc<Mutex<Option<Child>>>,
    pipes: Option<(ChildStdin, BufReader<ChildStdout>)>,
    starts: usize,
}

impl Worker {
    fn ask(&mut self, request: &Value) -> Value {
        loop {
            if self.pipes.is_none() {
                self.start();
            }
            let (input, output) = self.pipes.as_mut().unwrap();
            let mut answer = String::new();
            let sent = writeln!(input, "{request}").and_then(|()| input.flush());
            let received = sent.and_then(|()| output.read_line(&mut answer));
            match received {
                Ok(count) if count > 0 && answer.ends_with('\n') => {
                    return serde_json::from_str(&answer).unwrap();
                }
                _ => self.pipes = None,
            }
        }
    }

    fn start(&mut self) {
        let mut child = issuer()
            .args(["sidecar", "--state", path(&self.state)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.pipes = Some((child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap())));
        self.starts += 1;
        if let Some(mut old) = self.child.lock().unwrap().replace(child) {
            old.wait().unwrap();
        }
    }
}

/// What a worker was told.
#[derive(Default)]
struct Acknowledged {
    decisions: BTreeMap<String, (String, String)>,
    closures: BTreeMap<String, Value>,
}

fn work(worker: &mut Worker, number: usize) -> Acknowledged {
    let mut told = Acknowledged::default();
    for call in 0..CALLS {
        let key = format!("worker-{number}-call-{call}");
        let body = json!({"model": "m", "max_tokens": 50, "messages": [key]});
        let permit = worker.ask(&json!({"op": "decide", "idempotency_key": key,
            "subject": {"type": "agent", "id": format!("agent-{number}")}, "action": "chat.completion",
            "provider": "openai", "model": "m", "estimated_input_tokens": 1_000,
            "max_output_tokens": 50, "request_body": body}));
        let id = permit["permit_id"].as_str().unwrap_or_else(|| panic!("{permit}")).to_owned();
        let decision = permit["decision"].as_str().unwrap().to_owned();
        told.decisions.insert(key, (id.clone(), decision.clone()));
        if decision != "allow" || call % 7 == 6 {
            continue;
        }
        let sent = worker.ask(&json!({"op": "dispatch", "permit_id": id, "request_body": body}));
        assert_eq!(sent["status"], "dispatched", "{sent}");
        let closed = worker.ask(&json!({"op": "close", "permit_id": id, "status": "closed",
            "provider_response": {"text": "x"}, "client_response": {"text": "x"},
            "usage": {"input_tokens": 1_000, "output_tokens": call % 60}}));
        assert_eq!(closed["status"], "closed", "{closed}");
        told.closures.insert(id, closed["closure"].clone());
    }
    told
}

#[test]
fn nothing_is_lost_and_nothing_is_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let state = init(folder.path());
    // tight enough that the last calls are denied for lack of budget
    let policy = folder.path().join("tight.toml");
    std::fs::write(&policy, common::POLICY.replace("1_000_000\n\n[[prices]]", "100_000\n\n[[prices]]"))
        .unwrap();
    assert!(run(&["set-policy", "--state", path(&state), path(&policy)], "").status.success());

    let children: Vec<Arc<Mutex<Option<Child>>>> = (0..WORKERS).map(|_| Arc::default()).collect();
    let finished = AtomicUsize::new(0);
    let (told, kills) = std::thread::scope(|scope| {
        let handles: Vec<_> = children
            .iter()
            .enumerate()
            .map(|(number, child)| {
                let (state, finished) = (state.clone(), &finished);
                scope.spawn(move || {
                    let mut worker = Worker { state, child: child.clone(), pipes: None, starts: 0 };
                    let told = work(&mut worker, number);
                    finished.fetch_add(1, Ordering::SeqCst);
                    worker.pipes = None;
                    (told, worker.starts)
                })
            })
            .collect();
        let mut kills = 0;
        while finished.load(Ordering::SeqCst) < WORKERS {
            for (number, child) in children.iter().enumerate() {
                std::thread::sleep(Duration::from_millis(29 + 17 * u64::try_from(number).unwrap()));
                if let Some(child) = child.lock().unwrap().as_mut() {
                    // SIGKILL, wherever it is
                    kills += usize::from(child.try_wait().unwrap().is_none() && child.kill().is_ok());
                }
            }
        }
        let told: Vec<_> = handles.into_iter().map(|handle| handle.join().unwrap()).collect();
        (told, kills)
    });
    for child in &children {
        if let Some(child) = child.lock().unwrap().as_mut() {
            child.wait().unwrap();
        }
    }
    let starts: usize = told.iter().map(|(_, starts)| starts).sum();
    println!("{kills} kills, {starts} starts");
    assert!(kills >= 10, "only {kills} kills: the run was not busy enough to mean anything");

    let export = folder.path().join("export");
    assert!(
        run(&["export", "--with-checkpoint", "--state", path(&state), path(&export)], "").status.success()
    );
    let told: Vec<Acknowledged> = told.into_iter().map(|(told, _)| told).collect();
    check_permits(&export, &told);
    check_chain(&export);
    check_ledger(&export);
}

fn check_permits(export: &Path, told: &[Acknowledged]) {
    let bundle = read(&export.join("export.json"));
    let mut shown: BTreeMap<String, &Value> = BTreeMap::new();
    for record in bundle["records"].as_array().unwrap() {
        let key = record["permit"]["idempotency_key"].as_str().unwrap();
        assert!(shown.insert(key.to_owned(), record).is_none(), "{key} twice");
    }
    assert_eq!(shown.len(), WORKERS * CALLS);
    let mut outcomes = BTreeSet::new();
    for told in told {
        for (key, (id, decision)) in &told.decisions {
            let record = shown[key];
            assert_eq!(record["permit"]["id"], json!(id));
            assert_eq!(record["permit"]["decision"], json!(decision));
            outcomes.insert(decision.clone());
            let events = |kind: &str| {
                record["chain_entries"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|entry| entry["event_type"] == kind)
                    .collect::<Vec<_>>()
            };
            assert_eq!(events("permit.evaluated").len(), 1);
            let closures = events("permit.closed");
            match told.closures.get(id) {
                Some(closure) => {
                    assert_eq!(closures.len(), 1);
                    assert_eq!(closures[0]["payload_json"], *closure);
                    assert_eq!(events("dispatch.egress_bound").len(), 1);
                }
                None => assert!(closures.is_empty()),
            }
        }
    }
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), ["allow", "deny"]);
}

fn check_chain(export: &Path) {
    let bundle = read(&export.join("export.json"));
    let mut entries: Vec<&Value> = bundle["records"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|record| record["chain_entries"].as_array().unwrap())
        .collect();
    entries.sort_by_key(|entry| entry["sequence_number"].as_i64());
    let mut previous = json!(permit_issuer::chain::GENESIS);
    for (expected, entry) in (1i64..).zip(&entries) {
        assert_eq!(entry["sequence_number"], expected);
        assert_eq!(entry["prev_hash"], previous);
        assert_eq!(entry["record_hash"], json!(permit_issuer::chain::record_hash(entry)));
        previous = entry["record_hash"].clone();
    }
    let checkpoint = read(&export.join("checkpoint.json"));
    let heads: Vec<&Value> = checkpoint["chain_heads"].as_object().unwrap().values().collect();
    assert_eq!(heads[0]["last_record_hash"], previous);
}

fn check_ledger(export: &Path) {
    let ledger = read(&export.join("ledger.json"))["body"].clone();
    let envelope = &ledger["budget_envelopes"][0];
    let (mut reserved, mut spent) = (0, 0);
    let mut open: BTreeMap<String, i64> = BTreeMap::new();
    for (expected, row) in (1i64..).zip(ledger["budget_allocation_events"].as_array().unwrap()) {
        assert_eq!(row["seq"], expected);
        let amount = row["amount"].as_i64().unwrap();
        let change = match (row["transition"].as_str().unwrap(), row["metric"].as_str().unwrap()) {
            ("reserve" | "reserve_adjust", _) => amount,
            ("release", _) | ("commit", "reserved_released_usd_micros") => -amount,
            ("commit", _) => {
                spent += amount;
                0
            }
            (transition, _) => {
                assert!(transition.starts_with("cap_"));
                continue;
            }
        };
        reserved += change;
        *open.entry(row["reservation_id"].as_str().unwrap().to_owned()).or_default() += change;
        assert!(reserved >= 0 && reserved + spent <= 1_000_000);
    }
    assert!(open.values().all(|balance| *balance >= 0));
    assert_eq!(envelope["reserved_budget_usd_micros"], reserved);
    assert_eq!(envelope["spent_budget_usd_micros"], spent);
    assert!(spent > 0 && reserved > 0);
}
