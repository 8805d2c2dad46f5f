//! Two archives against each other.

use std::path::Path;

use verifier_core::diff;
use verifier_core::evidence::{self, Batch, Evidence};
use verifier_core::verify::{NoProgress, verify};

use super::Job;
use super::verify::policy;
use crate::state::Compared;

/// Compares the export of `batches` with the one that `job` names, under the keys of `job`.
pub(super) fn run(batches: &[Batch], job: &Job) -> Result<Compared, String> {
    let policy = policy(job);
    let first = export(batches, "what is open")?;
    let paths: Vec<&Path> = job.paths.iter().map(AsRef::as_ref).collect();
    let other = evidence::gather(&paths, &policy.limits);
    let second = export(&other, "the other archive")?;
    let reports = [first, second].map(|set| verify(set, &policy, &NoProgress));
    let diff = diff::compare(first, second, &policy.limits, policy.workers, &NoProgress)
        .map_err(|error| error.to_string())?;
    if !diff.is_of(&reports) {
        return Err("a file changed while it was compared; compare again".to_owned());
    }
    let (_, findings) = diff.judge(&reports, false);
    Ok(Compared { diff, findings })
}

/// The only export, or else the only bundle.
fn export<'a>(batches: &'a [Batch], what: &str) -> Result<&'a Evidence, String> {
    type Wanted = fn(&&Evidence) -> bool;
    const WANTED: [Wanted; 2] =
        [|set| matches!(set, Evidence::Export(_)), |set| matches!(set, Evidence::Bundle(_))];
    for wanted in WANTED {
        let mut found = batches.iter().flat_map(|batch| &batch.sets).filter(wanted);
        match (found.next(), found.next()) {
            (Some(only), None) => return Ok(only),
            (Some(_), Some(_)) => return Err(format!("{what} holds several exports; open one of them")),
            (None, _) => {}
        }
    }
    let why = batches.iter().flat_map(|batch| &batch.findings).next();
    Err(match why {
        Some(finding) => format!("{what}: {}", finding.message),
        None => format!("{what} holds no export"),
    })
}
