//! The committed vectors through the library: the same verdicts as the command, and the same bytes with any
//! number of threads.
//!
//! Only `export`, `verify` and bare-path command lines are read here; all others are the command's own business.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops at the first surprise and says why"
)]

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testvectors::{Case, Origin};
use verifier_core::evidence::{self, Batch, NamedFiles};
use verifier_core::report::{Outcome, Report};
use verifier_core::time::Timestamp;
use verifier_core::trust::{Check, KeySource, NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify_batch};

fn json_file(name: &str) -> Value {
    let path = testvectors::root().join(name);
    if path.is_file() { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() } else { Value::Null }
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default()
}

/// The policy and the paths of a command line, when it is one that this test reads.
fn read_arguments(case: &Case, folder: &Path) -> Option<(TrustPolicy, Vec<PathBuf>)> {
    let as_of = case.as_of.as_deref().unwrap_or("2026-11-26T00:00:00Z");
    let mut policy = TrustPolicy::new(Timestamp::parse(as_of)?);
    let mut paths = Vec::new();
    let mut arguments = case.args.iter().peekable();
    let given = |name: &str| {
        // The name as given: a key manifest that is its own trust root is recognised by it.
        fs::read(folder.join(name)).ok().map(|bytes| NamedBlob::new(name, bytes))
    };
    if arguments.peek().is_some_and(|word| ["export", "verify"].contains(&word.as_str())) {
        arguments.next();
    }
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" | "--raw" | "--offline" => {}
            "--walk-events" => policy.walk = Check::Required,
            "--verify-closure" => policy.closures = Check::Required,
            "--allow-unsigned" => policy.allow_unsigned = true,
            "--self-attested" => policy.keys = KeySource::SelfAttested,
            "--key-manifest" => policy.keys = KeySource::Manifest(given(arguments.next()?)?),
            "--trust-root" => policy.trust_root = Some(given(arguments.next()?)?),
            "--expected-public-key" | "--public-key" => {
                policy.keys = KeySource::Expected(arguments.next()?.clone());
            }
            other if other.starts_with('-') => return None,
            path => paths.push(folder.join(path)),
        }
    }
    let exist = !paths.is_empty() && paths.iter().all(|path| path.exists());
    exist.then_some((policy, paths))
}

fn reports(case: &Case, policy: &TrustPolicy, paths: &[PathBuf]) -> Vec<Report> {
    let batches: Vec<Batch> = match paths {
        [export, manifest] if case.args[0] == "export" => {
            let files = NamedFiles { export, manifest, sidecar: None, checkpoint: None };
            vec![evidence::named(files, &policy.limits)]
        }
        _ => {
            let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
            evidence::gather(&paths, &policy.limits)
        }
    };
    batches.iter().flat_map(|batch| verify_batch(batch, policy, &NoProgress)).collect()
}

fn is_refused(exit: i32) -> bool {
    exit != 0
}

#[test]
fn same_verdicts_as_the_command() {
    let gaps = names(&json_file("gaps.json"));
    let divergences = json_file("divergences.json");
    let (stricter, listed) = (names(&divergences["stricter_codes"]), names(&divergences["cases"]));
    let mut wrong = Vec::new();
    let (mut ran, mut skipped) = (0, 0);
    for case in Case::all().unwrap() {
        if gaps.contains(&case.id) || case.expect.exit == [2] {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        case.write_files(folder.path()).unwrap();
        let Some((mut policy, paths)) = read_arguments(&case, folder.path()) else {
            skipped += 1;
            continue;
        };
        ran += 1;
        let found = reports(&case, &policy, &paths);
        policy.workers = NonZeroUsize::new(4).unwrap();
        let again = reports(&case, &policy, &paths);
        if serde_json::to_vec(&found).unwrap() != serde_json::to_vec(&again).unwrap() {
            wrong.push(format!("{}: one thread and four threads differ", case.id));
        }
        let outcome = found.iter().map(|report| report.outcome).reduce(Outcome::worst).unwrap();
        let exit = i32::from(outcome.exit_status());
        let has = |code: &String| found.iter().any(|report| report.has_code(code));
        if case.origin == Origin::Reference {
            let expected = is_refused(case.expect.exit[0]);
            let excused = listed.contains(&case.id) || (!expected && stricter.iter().any(has));
            if expected != is_refused(exit) && !excused {
                wrong.push(format!("{}: exit {exit}, the reference {}", case.id, case.expect.exit[0]));
            }
            continue;
        }
        if !case.expect.exit.contains(&exit) {
            wrong.push(format!("{}: exit {exit}, expected {:?}", case.id, case.expect.exit));
        }
        for code in case.expect.codes.iter().filter(|code| !has(code)) {
            wrong.push(format!("{}: lacks {code}", case.id));
        }
        for (name, claim) in &case.expect.claims {
            let verdict =
                found.iter().find_map(|report| report.verdict(name)).map(|verdict| verdict.as_str());
            if verdict != Some(&claim.verdict) {
                wrong.push(format!("{}: {name} is {verdict:?}, expected {}", case.id, claim.verdict));
            }
        }
    }
    println!("{ran} cases through the library, {skipped} only through the command");
    assert!(ran > 300, "only {ran} cases");
    assert!(wrong.is_empty(), "{} of {ran}:\n{}", wrong.len(), wrong.join("\n"));
}
