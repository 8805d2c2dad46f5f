//! Every committed vector, through the command.
//!
//! A case runs in a folder of its own. Recorded runs of the reference verifier are judged by their exit class,
//! their codes and their claim verdicts; our own cases by what they state. Being stricter than the reference
//! needs a code of `testvectors/divergences.json`, any other difference needs the case itself there.
//! `CASE=part` runs only the cases whose id contains `part`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops at the first surprise and says why"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;
use testvectors::{Case, Origin};

/// What one run said.
struct Run {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
    report: Option<Value>,
    /// Every code of the report, or every code-like word where there is no report.
    codes: BTreeSet<String>,
    /// Claim name to verdict; the last one of a name counts.
    claims: BTreeMap<String, String>,
}

struct Divergences {
    stricter: BTreeSet<String>,
    cases: BTreeSet<String>,
}

/// Cases whose expectation is right and not met yet: id to reason.
fn known_gaps() -> BTreeMap<String, String> {
    let path = testvectors::root().join("gaps.json");
    if path.is_file() {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    } else {
        BTreeMap::new()
    }
}

fn divergences_file() -> Value {
    serde_json::from_slice(&std::fs::read(testvectors::root().join("divergences.json")).unwrap()).unwrap()
}

fn divergences() -> Divergences {
    let file = divergences_file();
    let names = |member: &str| file[member].as_object().unwrap().keys().cloned().collect();
    Divergences { stricter: names("stricter_codes"), cases: names("cases") }
}

fn run(case: &Case) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path();
    case.write_files(base).unwrap();
    let place = base.to_str().unwrap();
    let mut home = base.join("files/home");
    if !home.is_dir() {
        home = base.join("home");
        std::fs::create_dir_all(&home).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_keel-verify"));
    command.env_clear().envs([
        ("PATH", "/usr/bin:/bin"),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
        ("NO_COLOR", "1"),
    ]);
    command.env("HOME", home);
    for (name, value) in &case.env {
        match value {
            Some(value) => command.env(name, value.replace("<CASE>", place)),
            None => command.env_remove(name),
        };
    }
    command.args(case.args.iter().map(|argument| argument.replace("<CASE>", place)));
    if let Some(date) = &case.as_of {
        command.args(["--as-of", date]);
    }
    let output = command.current_dir(base).stdin(Stdio::null()).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = Some(stdout.trim())
        .filter(|text| text.starts_with(['{', '[']))
        .and_then(|text| serde_json::from_str(text).ok());
    let mut codes = BTreeSet::new();
    let mut claims = BTreeMap::new();
    if let Some(report) = &report {
        collect(report, &mut codes, &mut claims);
        codes.extend(failure_lines(&stderr));
    } else {
        codes.extend(tokens(&stdout).chain(tokens(&stderr)));
    }
    Run { exit: output.status.code(), stdout, stderr, report, codes, claims }
}

fn collect(value: &Value, codes: &mut BTreeSet<String>, claims: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for name in ["reason_code", "failure_code", "error_code", "alarm_code", "code"] {
                codes.extend(members.get(name).and_then(Value::as_str).map(str::to_owned));
            }
            for claim in members.get("claims").and_then(Value::as_array).into_iter().flatten() {
                let name = claim["name"].as_str().or_else(|| claim["claim"].as_str());
                let verdict = claim["verdict"].as_str().or_else(|| claim["aggregate_verdict"].as_str());
                if let (Some(name), Some(verdict)) = (name, verdict) {
                    claims.insert(name.to_owned(), verdict.to_owned());
                }
            }
            members.values().for_each(|value| collect(value, codes, claims));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, codes, claims)),
        _ => {}
    }
}

/// Words that look like codes: letters and digits with an inner `_` or `.`.
fn tokens(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '.'))
        .map(|word| word.trim_matches('.'))
        .filter(|word| word.contains(['_', '.']))
        .map(str::to_owned)
}

/// The codes of lines such as `FAILED: CODE: text`.
fn failure_lines(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().filter_map(|line| {
        let rest =
            ["FAILED:", "ERROR:", "ALARM:"].iter().find_map(|word| line.trim_start().strip_prefix(word))?;
        let (code, _) = rest.trim_start().split_once(':')?;
        tokens(code).next().filter(|word| word == code)
    })
}

fn class(exit: i32) -> &'static str {
    match exit {
        0 => "accepted",
        1 | 3 | 4 => "refused",
        2 => "usage",
        _ => "broken",
    }
}

/// What is wrong with a run, in words; nothing when the expectation is met.
fn judge(case: &Case, run: &Run, divergences: &Divergences) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(exit) = run.exit else { return vec!["ended by a signal".to_owned()] };
    for text in [&run.stdout, &run.stderr] {
        if text.contains("panicked at") {
            wrong.push(format!("panic: {text}"));
        }
        // Bytes of the evidence must not steer the terminal.
        if let Some(raw) = text.chars().find(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
            wrong.push(format!("a raw {raw:?} in the output"));
        }
    }
    if case.origin == Origin::Reference {
        wrong.extend(compare(case, exit, run, divergences));
    } else {
        if !case.expect.exit.contains(&exit) {
            wrong.push(format!("exit {exit}, expected {:?}", case.expect.exit));
        }
        wrong.extend(expected_facts(case, run));
        wrong.extend(beside_reference(case, exit, run, divergences));
    }
    wrong
}

fn expected_facts(case: &Case, run: &Run) -> Vec<String> {
    let mut wrong = Vec::new();
    for code in case.expect.codes.iter().filter(|code| !run.codes.contains(*code)) {
        wrong.push(format!("lacks {code}, has {}", brief(&run.codes)));
    }
    for (name, claim) in &case.expect.claims {
        let verdict = run.claims.get(name);
        if verdict != Some(&claim.verdict) {
            wrong.push(format!("claim {name} {verdict:?}, expected {}", claim.verdict));
        }
        if let Some(code) = claim.code.as_ref().filter(|code| !run.codes.contains(*code)) {
            wrong.push(format!("claim {name} without {code}"));
        }
    }
    for (name, expected) in &case.expect.members {
        let value = run.report.as_ref().map(|report| match &report[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        if value.as_ref() != Some(expected) {
            wrong.push(format!("member {name} {value:?}, expected {expected}"));
        }
    }
    wrong
}

/// A recorded run: the classes agree, or the difference is listed.
fn compare(case: &Case, exit: i32, run: &Run, divergences: &Divergences) -> Vec<String> {
    let expected = class(case.expect.exit[0]);
    let mut wrong = Vec::new();
    if expected != class(exit) {
        let listed = divergences.cases.contains(&case.id)
            || (expected == "accepted" && !run.codes.is_disjoint(&divergences.stricter));
        if class(exit) == "broken" || [expected, class(exit)].contains(&"usage") || !listed {
            wrong.push(format!("{}, the reference {expected}: {}", class(exit), brief(&run.codes)));
        }
        return wrong;
    }
    if case.has_flag("reference_crash") || divergences.cases.contains(&case.id) {
        return wrong;
    }
    wrong.extend(expected_facts(case, run));
    if expected == "accepted" && case.has_flag("keel_json") {
        for (name, verdict) in &run.claims {
            if !case.expect.claims.contains_key(name) && verdict != "supported" {
                wrong.push(format!("claim {name} {verdict} beside an accepted run"));
            }
        }
    }
    wrong
}

/// Our own cases were also shown to the reference: its refusals are ours, and being stricter has a listed name.
fn beside_reference(case: &Case, exit: i32, run: &Run, divergences: &Divergences) -> Vec<String> {
    let Some(recorded) = &case.reference else { return Vec::new() };
    let listed = divergences.cases.contains(&case.id);
    match (class(recorded.exit), class(exit)) {
        ("accepted", "refused") if run.codes.is_disjoint(&divergences.stricter) && !listed => {
            vec![format!("stricter without a listed code: {}", brief(&run.codes))]
        }
        ("refused", "accepted") if !listed => {
            vec!["the reference refuses, and the case is not listed".to_owned()]
        }
        ("refused", "refused") if !recorded.crash && !listed => recorded
            .codes
            .iter()
            .filter(|code| !run.codes.contains(*code))
            .map(|code| format!("the reference says {code}"))
            .collect(),
        _ => Vec::new(),
    }
}

fn brief(codes: &BTreeSet<String>) -> String {
    let telling: Vec<_> =
        codes.iter().filter(|code| code.contains('_') && !code.ends_with("_SUPPORTED")).collect();
    format!("{telling:?}")
}

/// Runs the cases on all processors; results come back in the order of the cases.
fn run_all(cases: &[Case]) -> Vec<Vec<String>> {
    let divergences = divergences();
    let results = Mutex::new(vec![Vec::new(); cases.len()]);
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(2, |count| count.get().min(8));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { break };
                    let wrong = judge(case, &run(case), &divergences);
                    results.lock().unwrap()[index] = wrong;
                }
            });
        }
    });
    results.into_inner().unwrap()
}

fn all_of(origin: Origin) {
    let only = std::env::var("CASE").ok();
    let mut cases = Case::of(origin).unwrap();
    cases.retain(|case| only.as_ref().is_none_or(|part| case.id.contains(part.as_str())));
    let gaps = known_gaps();
    let mut failed = Vec::new();
    let mut open = 0;
    for (case, wrong) in cases.iter().zip(run_all(&cases)) {
        match (wrong.is_empty(), gaps.contains_key(&case.id)) {
            (true, false) => {}
            (true, true) => println!("met, remove from gaps.json: {}", case.id),
            (false, true) => {
                open += 1;
                println!("gap: {}: {}", case.id, wrong.join("; "));
            }
            (false, false) => failed.push(format!("{} [{}]: {}", case.id, case.title, wrong.join("; "))),
        }
    }
    println!("{}: {} cases, {open} known gaps", origin.folder(), cases.len());
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

#[test]
fn recorded_runs_of_the_reference() {
    all_of(Origin::Reference);
}

#[test]
fn attacks_and_honest_twins() {
    all_of(Origin::Hostile);
}

#[test]
fn generated_artifacts() {
    all_of(Origin::Generated);
}

/// A code that is listed as stricter exists, and a vector shows it where the reference accepts.
#[test]
fn divergences_are_real() {
    let file = divergences_file();
    let cases = Case::all().unwrap();
    let codes: BTreeSet<&str> = verifier_core::finding::catalog::all().map(|code| code.id).collect();
    let explains = |entry: &Value, member: &str| entry[member].as_str().is_some_and(|text| text.len() > 10);
    for (code, entry) in file["stricter_codes"].as_object().unwrap() {
        assert!(
            codes.contains(code.as_str()) || explains(entry, "pending"),
            "{code} is not in the catalogue"
        );
        assert!(explains(entry, "reason"), "{code} without a reason");
        let reached = cases
            .iter()
            .filter(|case| case.expect.exit[0] != 0 && case.expect.codes.contains(code))
            .any(|case| case.reference.as_ref().is_none_or(|recorded| recorded.exit == 0));
        let excused = explains(entry, "no_vector");
        assert!(reached != excused, "{code}: a vector reaches it: {reached}; an excuse is given: {excused}");
    }
    for (id, entry) in file["cases"].as_object().unwrap() {
        assert!(explains(entry, "reason"), "{id} without a reason");
    }
}
