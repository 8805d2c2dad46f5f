//! Finding the sidecar and the checkpoint beside an export (spec 04 section 5.5).
//!
//! | artifact | places, in order |
//! | --- | --- |
//! | sidecar | named by the operator; `storage_uri` in the manifest's folder, then in its parent; `sidecars/checkpoint-scope-state-v1.json` in both; that name in the manifest's folder |
//! | checkpoint | named by the operator; `checkpoint.json` in the manifest's folder, then in its parent; `pack/checkpoint.json` in the parent |
//!
//! The first that is a JSON object counts. A `storage_uri` is part of the evidence, so it may only name a file
//! below the folder: absolute paths and paths through a parent are never opened. A URI with a scheme is where
//! the issuer keeps the sidecar, not a file here.

use std::cell::RefCell;

use crate::archive::{Entry, ReadError, Siblings, UnsafeName};
use crate::bytes::{Blob, Limits};
use crate::finding::{Finding, Location, catalog};
use crate::json::{Document, ParserLimits};

const SIDECAR: &str = "checkpoint-scope-state-v1.json";
const CHECKPOINT: &str = "checkpoint.json";

/// A JSON object with the name of its file.
#[derive(Debug)]
pub struct Loaded {
    /// The file's name for reports.
    pub name: String,
    /// The parsed file.
    pub document: Document,
}

/// A file that the operator named.
#[derive(Clone, Copy, Debug)]
pub struct Explicit<'a> {
    /// The path as given.
    pub name: &'a str,
    /// The bytes.
    pub blob: &'a Blob,
}

/// Where to look.
pub(super) struct Places<'a> {
    pub(super) folder: &'a dyn Siblings,
    pub(super) parent: Option<&'a dyn Siblings>,
    pub(super) limits: &'a Limits,
    /// Files that were found and could not be used, in words.
    pub(super) unusable: RefCell<Vec<String>>,
    /// Limits that were reached.
    pub(super) limit_findings: RefCell<Vec<Finding>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(
        folder: &'a dyn Siblings,
        parent: Option<&'a dyn Siblings>,
        limits: &'a Limits,
    ) -> Self {
        Self { folder, parent, limits, unusable: RefCell::default(), limit_findings: RefCell::default() }
    }

    /// The sidecar that a segment refers to; the error is an unsafe `storage_uri`, which ends nothing.
    pub(super) fn sidecar(
        &self,
        explicit: Option<Explicit<'_>>,
        storage_uri: Option<&str>,
    ) -> (Option<Loaded>, Option<UnsafeName>) {
        let mut unsafe_name = None;
        if let Some(loaded) = explicit.and_then(|explicit| self.explicit(explicit)) {
            return (Some(loaded), storage_uri.and_then(refused));
        }
        if let Some(uri) = storage_uri.filter(|uri| !uri.contains("://")) {
            let relative = uri.trim_start_matches("./");
            for folder in self.folders() {
                match folder.find(relative) {
                    Ok(found) => {
                        if let Some(loaded) = found.and_then(|entry| self.load(&entry)) {
                            return (Some(loaded), None);
                        }
                    }
                    Err(reason) if is_escape(reason) => unsafe_name = Some(reason),
                    Err(_) => {}
                }
            }
        }
        let below = format!("sidecars/{SIDECAR}");
        let found = self
            .folders()
            .find_map(|folder| self.known(folder, &below))
            .or_else(|| self.known(self.folder, SIDECAR));
        (found, unsafe_name)
    }

    /// The checkpoint beside the manifest.
    pub(super) fn checkpoint(&self, explicit: Option<Explicit<'_>>) -> Option<Loaded> {
        explicit
            .and_then(|explicit| self.explicit(explicit))
            .or_else(|| self.folders().find_map(|folder| self.known(folder, CHECKPOINT)))
            .or_else(|| self.known(self.parent?, &format!("pack/{CHECKPOINT}")))
    }

    fn folders(&self) -> impl Iterator<Item = &'a dyn Siblings> + use<'a> {
        [Some(self.folder), self.parent].into_iter().flatten()
    }

    fn known(&self, folder: &dyn Siblings, name: &str) -> Option<Loaded> {
        self.load(&folder.find(name).ok()??)
    }

    fn explicit(&self, explicit: Explicit<'_>) -> Option<Loaded> {
        self.parse(explicit.name, explicit.blob.clone())
    }

    fn load(&self, entry: &Entry) -> Option<Loaded> {
        match entry.read(self.limits.document_bytes) {
            Ok(blob) => self.parse(entry.name(), blob),
            Err(error) => {
                if let ReadError::Limit(limit) = &error {
                    self.note_limit(entry.name(), &limit.to_string());
                }
                self.unusable.borrow_mut().push(format!("{}: {error}", entry.name()));
                None
            }
        }
    }

    fn parse(&self, name: &str, blob: Blob) -> Option<Loaded> {
        let reason = match Document::parse(blob, ParserLimits::from(self.limits)) {
            Ok(document) if document.root().is_object() => {
                return Some(Loaded { name: name.to_owned(), document });
            }
            Ok(_) => "not a JSON object".to_owned(),
            Err(error) => {
                if error.kind.is_limit() {
                    self.note_limit(name, &error.to_string());
                }
                error.to_string()
            }
        };
        self.unusable.borrow_mut().push(format!("{name}: {reason}"));
        None
    }

    fn note_limit(&self, name: &str, limit: &str) {
        self.limit_findings.borrow_mut().push(
            Finding::lacks(&catalog::input::INPUT_LIMIT_EXCEEDED, format!("{name}: {limit}"))
                .at(Location::file(name)),
        );
    }

    /// ` (…)` with the files that were passed over, or nothing.
    pub(super) fn passed_over(&self) -> String {
        let unusable = self.unusable.borrow();
        if unusable.is_empty() { String::new() } else { format!(" ({})", unusable.join("; ")) }
    }
}

fn refused(uri: &str) -> Option<UnsafeName> {
    if uri.contains("://") {
        return None;
    }
    crate::archive::check_name(uri.trim_start_matches("./")).err().filter(|reason| is_escape(*reason))
}

/// Whether the name would leave the folder, as opposed to being merely odd.
fn is_escape(reason: UnsafeName) -> bool {
    matches!(
        reason,
        UnsafeName::Absolute
            | UnsafeName::DriveLetter
            | UnsafeName::Parent
            | UnsafeName::Backslash
            | UnsafeName::Control
            | UnsafeName::LeavesFolder
    )
}
