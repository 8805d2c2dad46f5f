//! `monitor`: looks at a checkpoint-consistency document, again and again if asked to.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use verifier_core::claim::monitor::{Expectation, Observation, Reference, observe};
use verifier_core::finding::catalog::monitor::{
    MONITOR_FETCH_FAILED, MONITOR_STATE_INVALID, MONITOR_STATE_NOT_WRITTEN,
};
use verifier_core::finding::{Effect, Finding};
use verifier_core::json::ParserLimits;
use verifier_core::render::ascii;
use verifier_core::time::Timestamp;
use verifier_core::trust::NamedBlob;

use super::{Console, Ended};
use crate::args::monitor::MonitorArgs;
use crate::exit::Exit;
use crate::input;
use crate::render::escape;

pub(super) fn run(args: &MonitorArgs, console: &mut Console<'_>) -> Ended {
    let cycles = args.cycles();
    let mut cycle = 1;
    loop {
        let observation = match look(args, console.environment.now.as_ref()) {
            Ok(observation) => observation,
            Err(message) => return console.failed(Exit::UNREADABLE, &MONITOR_STATE_INVALID, &message),
        };
        if cycle == cycles || observation.proved.is_none() {
            return show(args, &observation, console);
        }
        cycle += 1;
        std::thread::sleep(args.interval());
    }
}

/// One look. The error is a pin or state file that says nothing usable, or a folder that cannot be read.
fn look(args: &MonitorArgs, now: Option<&Timestamp>) -> Result<Observation, String> {
    let limits = ParserLimits::from(&args.limits.limits());
    let pin = args.pin().map(|file| reference("pin", file, args)).transpose()?.flatten();
    if pin.is_none() && args.pin().is_some() {
        return Err("the pin file does not exist".to_owned());
    }
    let state = args.state().map(|file| reference("state", file, args)).transpose()?.flatten();
    let expectation = Expectation {
        references: pin.into_iter().chain(state.clone()).collect(),
        require_rekor: args.require_rekor,
        rekor: args.rekor(now)?,
    };
    let surface = args.surface().unwrap_or_else(|| NamedBlob {
        name: String::new(),
        content: Err(
            "no document was named; give --surface FILE or --consistency-url file:///PATH".to_owned()
        ),
    });
    let mut observation = observe(&surface.name, surface.content, &expectation, limits);
    if let (Some(proved), Some(file)) = (&observation.proved, args.state())
        && state.is_none_or(|state| state.size < proved.size)
        && let Err(error) = replace(Path::new(file), &proved.to_state())
    {
        let message = format!("{} cannot be written: {}", file.to_string_lossy(), input::reason(&error));
        observation.findings.push(Finding::new(&MONITOR_STATE_NOT_WRITTEN, Effect::Unreadable, message));
        observation.proved = None;
    }
    Ok(observation)
}

/// A head noted before; `None` when there is no such file.
fn reference(what: &str, file: &OsStr, args: &MonitorArgs) -> Result<Option<Reference>, String> {
    if !Path::new(file).try_exists().unwrap_or(true) {
        return Ok(None);
    }
    let limits = ParserLimits::from(&args.limits.limits());
    input::read(Path::new(file), args.limits.document_bytes())
        .and_then(|blob| Reference::parse(what, blob, limits).map_err(|error| error.to_string()))
        .map(Some)
        .map_err(|why| format!("the {what} file {} cannot be used: {why}", file.to_string_lossy()))
}

/// Writes beside the file and renames, so that a crash leaves the old file or the new one.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut stream = fs::File::create(&beside)?;
    stream.write_all(text.as_bytes())?;
    stream.sync_all()?;
    fs::rename(&beside, file)
}

fn show(args: &MonitorArgs, observation: &Observation, console: &mut Console<'_>) -> Ended {
    let exit = Exit::from(observation.outcome());
    if args.json {
        let text = document(observation, exit);
        return console.print(exit, |out| ascii::write(&text, out));
    }
    let (failures, notes): (Vec<_>, Vec<_>) =
        observation.findings.iter().partition(|finding| is_failure(finding));
    let lines = |findings: &[&Finding]| {
        let line =
            |finding: &&Finding| format!("  - {}: {}\n", finding.code.id, escape::text(&finding.message));
        findings.iter().map(line).collect::<String>()
    };
    if failures.is_empty() {
        let size = observation.to_size;
        let text = format!("checkpoint monitor ok: {size} leaves, consistent\n{}", lines(&notes));
        return console.print(exit, |out| out.write_all(text.as_bytes()));
    }
    let word = if failures.iter().all(|finding| finding.code == &MONITOR_FETCH_FAILED) {
        "FAILED: checkpoint monitor could not look"
    } else {
        "ALERT: checkpoint monitor detected divergence"
    };
    let text = format!("{word}\n{}", lines(&failures));
    match console.err.write_all(text.as_bytes()) {
        Ok(()) => Ok(exit),
        Err(error) => Err(super::Stopped { exit, error }),
    }
}

fn is_failure(finding: &Finding) -> bool {
    matches!(finding.effect, Effect::Fails { .. } | Effect::Unreadable)
}

/// The reference's document (spec 15 section 1.6), and beside it what has no room there.
fn document(observation: &Observation, exit: Exit) -> Value {
    let errors: Vec<&str> = observation
        .findings
        .iter()
        .filter(|finding| is_failure(finding))
        .map(|finding| finding.message.as_str())
        .collect();
    let mut document = json!({
        "ok": exit == Exit::VERIFIED,
        "errors": errors,
        "x_keel_rs": {
            "exit_code": exit.status(),
            "outcome": observation.outcome(),
            "findings": observation.findings,
        },
    });
    if let (Value::Object(members), true) = (&mut document, observation.has_proof) {
        let (from, to) = observation.roots.clone().unzip();
        members.insert("from_size".to_owned(), observation.from_size.into());
        members.insert("to_size".to_owned(), observation.to_size.into());
        members.insert("from_root_hash".to_owned(), from.into());
        members.insert("to_root_hash".to_owned(), to.into());
    }
    document
}
