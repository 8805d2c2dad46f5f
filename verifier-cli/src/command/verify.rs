//! `verify PATH…`, also without the word `verify`.

use std::ffi::OsString;
use std::path::Path;

use verifier_core::bytes::Limits;
use verifier_core::evidence::{self, Batch, Evidence};
use verifier_core::finding::catalog::input::INPUT_UNREADABLE;

use super::{Console, Ended, run, show};
use crate::args::trust;
use crate::args::verify::VerifyArgs;
use crate::exit::Exit;
use crate::input;

pub(super) fn run(args: &VerifyArgs, console: &mut Console<'_>) -> Ended {
    if let Err(message) = args.check() {
        return console.misused("verify", message);
    }
    let switches = args.checks.switches();
    let policy = trust::policy(&args.trust, &args.require, &args.limits, switches, console.environment);
    let mut policy = match policy {
        Ok(policy) => policy,
        Err(message) => return console.misused("verify", message),
    };
    args.timestamps.apply(&args.limits, &mut policy);
    args.logs.apply(&args.limits, &mut policy);
    let checkpoint = args.checkpoint.as_ref().filter(|name| !name.is_empty());
    policy.checkpoint = checkpoint.map(|name| input::named_file(name, args.limits.document_bytes()));
    policy.timestamps.skip = args.no_tsa;
    if let Some(url) = args.public_key_url.as_ref().filter(|url| !url.is_empty()) {
        trust::set_keys(trust::key_of_url(url, &args.limits), &mut policy);
    }
    let manifest = args.manifest.as_ref().filter(|manifest| !manifest.is_empty());
    let batches = match (args.paths.as_slice(), manifest) {
        ([export], Some(manifest)) => {
            vec![run::named(export, manifest, &policy.limits)]
        }
        (_, Some(_)) => return console.misused("verify", "--manifest goes with one PATH, the export"),
        (paths, None) => match gather(paths, &policy.limits) {
            Ok(batches) => batches,
            Err(message) => return console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, &message),
        },
    };
    if let Err(message) = applicable(args, &batches) {
        return console.misused("verify", message);
    }
    let reports = run::batches(&batches, &policy, args.output.quiet, console);
    show::reports(&reports, &args.output, args.raw, console)
}

/// Everything under the paths; `-` is standard input.
fn gather(paths: &[OsString], limits: &Limits) -> Result<Vec<Batch>, String> {
    let (streams, files): (Vec<&OsString>, Vec<&OsString>) = paths.iter().partition(|path| *path == "-");
    let files: Vec<&Path> = files.into_iter().map(Path::new).collect();
    let mut batches = if files.is_empty() { Vec::new() } else { evidence::gather(&files, limits) };
    if !streams.is_empty() {
        let bytes = input::read_stdin(limits.document_bytes)
            .map_err(|why| format!("standard input cannot be read: {why}"))?;
        batches.push(evidence::gather_bytes("standard input", bytes, limits));
    }
    Ok(batches)
}

/// An option that has no meaning for any evidence given is a mistake, as in the reference.
fn applicable(args: &VerifyArgs, batches: &[Batch]) -> Result<(), &'static str> {
    let sets: Vec<&Evidence> = batches.iter().flat_map(|batch| &batch.sets).collect();
    let is_export = |set: &&Evidence| matches!(set, Evidence::Export(_) | Evidence::Bundle(_));
    let url = args.public_key_url.as_ref().is_some_and(|url| !url.is_empty());
    let checkpoint_options = args.no_tsa || url;
    if checkpoint_options && !sets.is_empty() && sets.iter().all(is_export) {
        return Err("--no-tsa and --public-key-url have no meaning for exports and bundles");
    }
    Ok(())
}
