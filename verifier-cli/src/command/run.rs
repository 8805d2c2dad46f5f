//! From paths to reports: open, assemble, verify.

use std::ffi::OsString;
use std::path::Path;

use verifier_core::archive::{self, OpenError, Source};
use verifier_core::finding::catalog::command::NOT_IMPLEMENTED_YET;
use verifier_core::finding::catalog::input::INPUT_UNREADABLE;
use verifier_core::finding::{Effect, Finding, Location};
use verifier_core::report::{FileSummary, Report, ReportBuilder};
use verifier_core::trust::TrustPolicy;

use crate::input;

/// Verifies everything under the paths, in the order given.
pub(super) fn paths(paths: &[OsString], policy: &TrustPolicy) -> Vec<Report> {
    paths.iter().map(|path| one_path(path, policy)).collect()
}

fn one_path(path: &OsString, policy: &TrustPolicy) -> Report {
    let name = path.to_string_lossy();
    let finding = match archive::open(Source::Path(Path::new(path)), &policy.limits) {
        Ok(_) => Finding::lacks(&NOT_IMPLEMENTED_YET, "not implemented in this release: verification"),
        Err(error) => unreadable(&error),
    };
    input_report(finding.at(Location::file(name)), policy)
}

fn unreadable(error: &OpenError) -> Finding {
    let why = match error {
        OpenError::Io(error) => input::reason(error),
        other => other.to_string(),
    };
    Finding::new(&INPUT_UNREADABLE, Effect::Unreadable, format!("cannot be read: {why}"))
}

/// A report about an input that no check looked at.
pub(super) fn input_report(finding: Finding, policy: &TrustPolicy) -> Report {
    let mut out = ReportBuilder::new(policy.limits.findings_per_code, policy.require.clone());
    out.artifact.kind = "input".to_owned();
    let path = finding.location.file.clone();
    out.artifact.files.push(FileSummary { role: "input", path, sha256: None, bytes: None });
    out.finding(finding);
    out.finish(&policy.as_of)
}
