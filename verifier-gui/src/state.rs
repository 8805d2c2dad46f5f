//! Everything that is shown.

use std::path::PathBuf;
use std::sync::Arc;

use verifier_core::report::Report;

/// The application's state; views only read it.
#[derive(Debug, Default)]
pub struct State {
    /// The path field.
    pub path: String,
    /// The field of the key manifest; empty for the keys of the trust root.
    pub key_manifest: String,
    /// The field of the trust root; empty for the compiled-in one.
    pub trust_root: String,
    /// What is being verified.
    pub running: Option<Running>,
    /// What was verified last.
    pub session: Option<Session>,
    /// Number of the last job.
    pub last_job: u64,
}

/// A verification that has not ended.
#[derive(Debug)]
pub struct Running {
    /// Its number; events of other jobs are late and ignored.
    pub job: u64,
    /// What was opened.
    pub paths: Vec<PathBuf>,
    /// Bytes read.
    pub done: u64,
    /// Bytes to read, about.
    pub of: u64,
    /// Whether a person asked to stop.
    pub cancelled: bool,
}

/// A verification that has ended.
#[derive(Debug)]
pub struct Session {
    /// What was opened.
    pub paths: Vec<PathBuf>,
    /// One report for each set of evidence.
    pub reports: Vec<Arc<Report>>,
    /// Which one is shown.
    pub selected: usize,
    /// Whether it was stopped, so that the reports are incomplete.
    pub cancelled: bool,
}

impl Session {
    /// The report that is shown.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        self.reports.get(self.selected).map(AsRef::as_ref)
    }
}
