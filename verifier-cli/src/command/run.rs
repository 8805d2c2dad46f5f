//! From paths to reports: open, assemble, verify.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use verifier_core::evidence::{self, Batch};
use verifier_core::report::Report;
use verifier_core::trust::TrustPolicy;
use verifier_core::verify;

use super::Console;
use crate::render::progress::ProgressLine;

/// Verifies everything under the paths.
pub(super) fn paths(
    paths: &[OsString],
    policy: &TrustPolicy,
    quiet: bool,
    console: &Console<'_>,
) -> Vec<Report> {
    let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
    batches(&evidence::gather(&paths, &policy.limits), policy, quiet, console)
}

/// Verifies an export against the manifest named for it.
pub(super) fn pair(
    export: &OsStr,
    manifest: &OsStr,
    policy: &TrustPolicy,
    quiet: bool,
    console: &Console<'_>,
) -> Vec<Report> {
    let batch = evidence::pair(Path::new(export), Path::new(manifest), &policy.limits);
    batches(&[batch], policy, quiet, console)
}

/// Verifies what was gathered, with progress on a terminal.
pub(super) fn batches(
    batches: &[Batch],
    policy: &TrustPolicy,
    quiet: bool,
    console: &Console<'_>,
) -> Vec<Report> {
    let progress = ProgressLine::new(console.environment.err_is_terminal && !quiet);
    let reports = batches.iter().flat_map(|batch| verify::verify_batch(batch, policy, &progress)).collect();
    progress.clear();
    reports
}
