//! The transparency log and its witnesses.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::{Value, json};
use verifier_core::bytes::hex;

use super::{clock, open, show};
use crate::args::{Log as LogCommand, Witness as WitnessCommand};
use crate::keys::Seed;
use crate::tlog::{Log, Prover, SignedHead, VerifierKey, WitnessFolder, policy, write_bundle};

/// Bytes of what a witness or a log is sent.
const INPUT: u64 = 1 << 20;

pub(super) fn run(command: &LogCommand) -> Result<()> {
    match command {
        LogCommand::Init { state, origin } => {
            let log = Log::init(&state.state, origin, Seed::random()?)?;
            show(&json!({
                "origin": origin,
                "vkey": log.public().to_text(),
                "vkey_file": state.state.join("log.vkey").display().to_string(),
            }))
        }
        LogCommand::Append(state) => {
            let appended = Log::open(&state.state)?.append(open(state)?.store())?;
            show(&json!({
                "size": appended.size,
                "appended": appended.new,
                "omitted_entry_bundles": appended.omitted_bundles,
            }))
        }
        LogCommand::Checkpoint { state, witnesses } => {
            let mut issuer = open(state)?;
            let log = Log::open(&state.state)?;
            let witnesses = open_witnesses(witnesses)?;
            let head = Prover { log: &log, witnesses: &witnesses }.checkpoint(&mut issuer)?;
            show(&describe(&log, &head))
        }
        LogCommand::Observe(state) => {
            let Some(head) = Log::open(&state.state)?.head()? else {
                bail!("no head is signed; run log checkpoint")
            };
            show(&open(state)?.observe(&head)?)
        }
        LogCommand::Show(state) => {
            let log = Log::open(&state.state)?;
            let Some(head) = log.head()? else { bail!("no head is signed; run log checkpoint") };
            show(&describe(&log, &head))
        }
        LogCommand::Policy { state, witnesses, quorum } => {
            let keys: Vec<_> =
                witnesses.iter().map(|text| VerifierKey::parse(text)).collect::<crate::Result<_>>()?;
            let text = policy(Log::open(&state.state)?.public(), &keys.iter().collect::<Vec<_>>(), *quorum)?;
            io::stdout().lock().write_all(text.as_bytes())?;
            Ok(())
        }
        LogCommand::SignBundle { state, key, directory } => {
            let Some(head) = Log::open(&state.state)?.head()? else {
                bail!("no head is signed; run log checkpoint")
            };
            show(&write_bundle(&head, key, directory)?)
        }
        LogCommand::Request { state, old } => {
            let request = Log::open(&state.state)?.request(open(state)?.store(), *old)?;
            io::stdout().lock().write_all(request.as_bytes())?;
            Ok(())
        }
        LogCommand::AddCosignatures(state) => {
            let log = Log::open(&state.state)?;
            let head = log.add_cosignatures(&input()?)?;
            show(&describe(&log, &head))
        }
    }
}

pub(super) fn witness(command: &WitnessCommand) -> Result<bool> {
    match command {
        WitnessCommand::Init { directory, name, logs } => {
            let logs = logs.iter().map(|text| VerifierKey::parse(text)).collect::<crate::Result<_>>()?;
            let folder = WitnessFolder::init(directory, name, Seed::random()?, logs)?;
            show(&json!({"name": name, "vkey": folder.witness().public().to_text()}))?;
            Ok(true)
        }
        WitnessCommand::Cosign { directory, now } => {
            let folder = WitnessFolder::open(directory)?;
            let seconds = u64::try_from(clock(now.as_deref())?.now_micros() / 1_000_000)?;
            let answer = folder.add_checkpoint(&input()?, seconds)?;
            if answer.status == 200 {
                io::stdout().lock().write_all(answer.body.as_bytes())?;
                return Ok(true);
            }
            write!(io::stderr().lock(), "not cosigned: {} {}", answer.status, answer.body)?;
            Ok(false)
        }
    }
}

pub(super) fn open_witnesses(directories: &[PathBuf]) -> Result<Vec<WitnessFolder>> {
    Ok(directories.iter().map(|directory| WitnessFolder::open(directory)).collect::<crate::Result<_>>()?)
}

fn describe(log: &Log, head: &SignedHead) -> Value {
    json!({
        "origin": head.head.origin,
        "vkey": log.public().to_text(),
        "size": head.head.size,
        "root_hash": format!("sha256:{}", hex::encode(&head.head.root)),
        "cosigned_by": head.cosigners(),
        "checkpoint": head.to_text(),
    })
}

fn input() -> Result<String> {
    let mut text = String::new();
    io::stdin().lock().take(INPUT).read_to_string(&mut text)?;
    Ok(text)
}
