//! From evidence to reports.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use verifier_core::bytes::Limits;
use verifier_core::evidence::{self, Batch, Evidence, NamedFiles};
use verifier_core::report::Report;
use verifier_core::trust::TrustPolicy;
use verifier_core::verify;

use super::Console;
use crate::render::progress::ProgressLine;

/// An export and the manifest named for it.
pub(super) fn named(export: &OsStr, manifest: &OsStr, limits: &Limits) -> Batch {
    let files = NamedFiles {
        export: Path::new(export),
        manifest: Path::new(manifest),
        sidecar: None,
        checkpoint: None,
    };
    evidence::named(files, limits)
}

/// Everything under the paths, or the one export with the manifest named for it.
///
/// # Errors
/// A manifest beside several paths.
pub(super) fn gather(
    paths: &[OsString],
    manifest: Option<&OsStr>,
    limits: &Limits,
) -> Result<Vec<Batch>, &'static str> {
    match (paths, manifest) {
        ([export], Some(manifest)) => Ok(vec![named(export, manifest, limits)]),
        (_, Some(_)) => Err("--manifest goes with one PATH, the export"),
        (paths, None) => {
            let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
            Ok(evidence::gather(&paths, limits))
        }
    }
}

/// Verifies what was gathered, with progress on a terminal.
pub(super) fn batches(
    batches: &[Batch],
    policy: &TrustPolicy,
    quiet: bool,
    console: &Console<'_>,
) -> Vec<Report> {
    batches_each(batches, policy, &|_| Cow::Borrowed(policy), quiet, console)
}

/// [`batches`] with a policy for each set.
pub(super) fn batches_each<'p>(
    batches: &[Batch],
    policy: &TrustPolicy,
    policy_of: &dyn Fn(&Evidence) -> Cow<'p, TrustPolicy>,
    quiet: bool,
    console: &Console<'_>,
) -> Vec<Report> {
    let progress = ProgressLine::new(console.environment.err_is_terminal && !quiet);
    let reports = verify::verify_all(batches, policy, policy_of, &progress);
    progress.clear();
    reports
}
