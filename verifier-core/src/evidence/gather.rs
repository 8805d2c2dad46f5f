//! From the paths that a person names to sets of evidence, with a finding for everything that is not part of one.
//!
//! Files named one by one are looked at together, so that an export and its manifest find each other. A folder or
//! container is looked at by itself; a container inside a container too, up to three levels. A container that
//! holds no evidence of its own may itself be the payload of an export (an incident bundle), and stays one file.
//!
//! Anything in a container that two readers could take differently (a name twice, a link, bytes between the
//! members) makes the run fail, whether or not it concerns the evidence: what one auditor verifies must be what
//! the other one sees.

use std::io;
use std::path::Path;

use super::assemble::{assemble, file, parts};
use super::identify::{Kind, identify};
use super::set::{Assembly, Evidence, ExportSet, Part};
use crate::archive::{self, Archive, Container, Note, NoteKind, OpenError, Source};
use crate::bytes::Limits;
use crate::finding::catalog::input;
use crate::finding::{Effect, Finding, Location};

/// Containers inside containers.
const DEPTH: u32 = 3;

/// Evidence that lay together, and what was noticed beside it.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The path, when there is only one.
    pub label: String,
    /// What is verified together.
    pub sets: Vec<Evidence>,
    /// What belongs to no set, cannot be read, or makes the container ambiguous.
    pub findings: Vec<Finding>,
}

/// Opens everything under the paths. The first batch holds the files that were named one by one, if any.
#[must_use]
pub fn gather(paths: &[&Path], limits: &Limits) -> Vec<Batch> {
    let mut files = Batch::default();
    let mut named = Vec::new();
    let mut containers = Vec::new();
    for path in paths {
        let label = path.to_string_lossy().into_owned();
        if paths.len() == 1 {
            files.label.clone_from(&label);
        }
        match archive::open(Source::Path(path), limits) {
            Ok(archive) if archive.container() == Container::Directory => {
                let mut batch = Batch { label: label.clone(), ..Batch::default() };
                batch.add_container(&archive, &label, limits, DEPTH);
                containers.push(batch);
            }
            Ok(archive) => match file(path, limits) {
                Ok(part) => named.push((part, archive)),
                Err(error) => files.findings.push(unopened(&label, &error)),
            },
            Err(error) => files.findings.push(unopened(&label, &error)),
        }
    }
    let assembly = assemble(named.iter().map(|(part, _)| part.clone()).collect(), limits);
    let open = |part: &Part| {
        named
            .iter()
            .find(|(own, _)| own.label == part.label)
            .map(|(_, archive)| archive.clone())
            .filter(|archive| archive.container() != Container::File)
    };
    files.add_assembly(assembly, &open, limits, DEPTH);
    for (part, archive) in named.iter().filter(|(_, archive)| archive.container() == Container::File) {
        files.add_notes(archive, &part.label);
    }
    let has_files = !named.is_empty() || !files.findings.is_empty();
    let mut batches: Vec<Batch> = has_files.then_some(files).into_iter().chain(containers).collect();
    for batch in &mut batches {
        batch.require_something();
    }
    batches
}

/// Bytes that came without a file, such as standard input.
#[must_use]
pub fn gather_bytes(name: &str, bytes: Vec<u8>, limits: &Limits) -> Batch {
    let mut batch = Batch { label: name.to_owned(), ..Batch::default() };
    match archive::open(Source::Bytes { name, bytes }, limits) {
        Ok(archive) if archive.container() == Container::File => {
            batch.add_notes(&archive, name);
            let parts = parts(&archive).into_iter().map(|part| Part { label: name.to_owned(), ..part });
            batch.add_assembly(assemble(parts.collect(), limits), &|_| None, limits, 0);
        }
        Ok(archive) => batch.add_container(&archive, name, limits, DEPTH),
        Err(error) => batch.findings.push(unopened(name, &error)),
    }
    batch.require_something();
    batch
}

impl Batch {
    fn add_container(&mut self, archive: &Archive, label: &str, limits: &Limits, depth: u32) {
        self.add_notes(archive, label);
        let parts = parts(archive).into_iter().map(|mut part| {
            part.label = format!("{}/{}", label.trim_end_matches('/'), part.label);
            part
        });
        let open = |part: &Part| {
            Archive::from_entry(&part.entry, limits)
                .ok()
                .filter(|archive| archive.container() != Container::File)
        };
        self.add_assembly(assemble(parts.collect(), limits), &open, limits, depth.saturating_sub(1));
    }

    /// Takes over what was assembled; a file alone is first looked at as a container.
    fn add_assembly(
        &mut self,
        assembly: Assembly,
        open: &dyn Fn(&Part) -> Option<Archive>,
        limits: &Limits,
        depth: u32,
    ) {
        let inside = |part: &Part, batch: &mut Self| {
            let mut inner = Self::default();
            if let Some(archive) = open(part).filter(|_| depth > 0) {
                inner.add_container(&archive, &part.label, limits, depth);
            }
            // What is wrong with a container is said even where it holds no evidence.
            let found = !inner.sets.is_empty() || inner.fails();
            if found {
                batch.sets.append(&mut inner.sets);
                batch.findings.append(&mut inner.findings);
            }
            found
        };
        for set in assembly.sets {
            let alone = match &set {
                Evidence::Export(export) if export.manifest.is_none() => Some(&export.payload),
                _ => None,
            };
            if !alone.is_some_and(|part| inside(part, self)) {
                self.sets.push(set);
            }
        }
        for leftover in assembly.leftovers {
            if inside(&leftover.part, self) {
                continue;
            }
            let message = format!("{}: no check looked at it", leftover.kind);
            let finding = Finding::notes(&input::INPUT_LEFTOVER, message);
            self.findings.push(finding.at(Location::file(&leftover.part.label)));
        }
        for (label, error) in assembly.unreadable {
            let code = match error {
                archive::ReadError::Limit(_) => &input::INPUT_LIMIT_EXCEEDED,
                _ => &input::INPUT_UNREADABLE,
            };
            let finding = Finding::new(code, Effect::Unreadable, format!("cannot be read: {error}"));
            self.findings.push(finding.at(Location::file(label)));
        }
    }

    fn add_notes(&mut self, archive: &Archive, label: &str) {
        for note in archive.notes() {
            let in_folder = archive.container() == Container::Directory;
            let in_file = archive.container() == Container::File;
            if let Some(finding) = judge(note, in_folder, in_file) {
                let place = match note.name.as_str() {
                    "" => label.to_owned(),
                    name => format!("{}/{name}", label.trim_end_matches('/')),
                };
                self.findings.push(finding.at(Location::file(place)));
            }
        }
    }

    fn fails(&self) -> bool {
        self.findings.iter().any(|finding| finding.effect.verdict().is_some())
    }

    /// Evidence that is not there must not read as success.
    fn require_something(&mut self) {
        if self.sets.is_empty() && !self.fails() {
            let message = "nothing here is evidence that this release recognises";
            let finding = Finding::lacks(&input::KIND_NOT_VERIFIED, message);
            self.findings.push(finding.at(Location::file(&self.label)));
        }
    }
}

/// What a note of a container means for the run.
fn judge(note: &Note, in_folder: bool, in_file: bool) -> Option<Finding> {
    let text = if note.detail.is_empty() {
        note.kind.to_string()
    } else {
        format!("{}: {}", note.kind, note.detail)
    };
    Some(match note.kind {
        NoteKind::Directory => return None,
        // The check that reads the file says so itself, with the place.
        NoteKind::Unreadable if in_file => return None,
        NoteKind::Unreadable => Finding::new(&input::INPUT_UNREADABLE, Effect::Unreadable, text),
        // Reading the member reports it.
        NoteKind::Encrypted | NoteKind::UnsupportedMethod => return None,
        NoteKind::UnsafeName => Finding::lacks(&input::INPUT_PATH_UNSAFE, text),
        NoteKind::Comment | NoteKind::CaseCollision => Finding::notes(&input::INPUT_LEFTOVER, text),
        NoteKind::SymbolicLink | NoteKind::HardLink | NoteKind::SpecialFile if in_folder => {
            Finding::notes(&input::INPUT_LEFTOVER, text)
        }
        NoteKind::SymbolicLink
        | NoteKind::HardLink
        | NoteKind::SpecialFile
        | NoteKind::DirectoryContent
        | NoteKind::DuplicateName
        | NoteKind::FileAndFolder
        | NoteKind::Contradiction
        | NoteKind::UnclaimedBytes
        | NoteKind::GlobalHeader
        | NoteKind::MissingEnd
        | NoteKind::SecondReading => Finding::lacks(&input::INPUT_AMBIGUOUS, text),
    })
}

/// A file or container that cannot be opened.
#[must_use]
pub fn unopened(label: &str, error: &OpenError) -> Finding {
    let code = match error {
        OpenError::Limit(_) | OpenError::Read(archive::ReadError::Limit(_)) => &input::INPUT_LIMIT_EXCEEDED,
        _ => &input::INPUT_UNREADABLE,
    };
    let why = match error {
        OpenError::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            "no such file or folder".to_owned()
        }
        OpenError::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            "permission denied".to_owned()
        }
        other => other.to_string(),
    };
    Finding::new(code, Effect::Unreadable, format!("cannot be read: {why}")).at(Location::file(label))
}

/// One file that is verified as a checkpoint, whatever it looks like.
#[must_use]
pub fn checkpoint(path: &Path, limits: &Limits) -> Batch {
    let mut batch = Batch { label: path.to_string_lossy().into_owned(), ..Batch::default() };
    match file(path, limits) {
        Ok(part) => batch.sets.push(Evidence::Checkpoint(part)),
        Err(error) => batch.findings.push(unopened(&batch.label, &error)),
    }
    batch
}

/// The files that were named for one export.
#[derive(Clone, Copy, Debug)]
pub struct NamedFiles<'a> {
    /// The payload.
    pub export: &'a Path,
    /// Its manifest.
    pub manifest: &'a Path,
    /// Its scope-state sidecar.
    pub sidecar: Option<&'a Path>,
    /// The checkpoint that the sidecar extends.
    pub checkpoint: Option<&'a Path>,
}

/// One explicit export: nothing is guessed, except that a permit package needs no manifest.
#[must_use]
pub fn named(files: NamedFiles<'_>, limits: &Limits) -> Batch {
    let mut batch = Batch { label: files.export.to_string_lossy().into_owned(), ..Batch::default() };
    let mut open = |path: &Path| match file(path, limits) {
        Ok(part) => Some(part),
        Err(error) => {
            batch.findings.push(unopened(&path.to_string_lossy(), &error));
            None
        }
    };
    let payload = open(files.export);
    let manifest = open(files.manifest);
    let sidecar = files.sidecar.and_then(&mut open);
    let checkpoint = files.checkpoint.and_then(&mut open);
    if let (Some(payload), Some(manifest)) = (payload, manifest) {
        batch.sets.push(match identify(&payload, limits) {
            Ok(kind @ Kind::PermitPackage) => Evidence::Unsupported { kind: kind.title(), part: payload },
            _ => {
                let set = ExportSet::new(payload, Some(manifest));
                Evidence::Export(ExportSet { sidecar, checkpoint, ..set })
            }
        });
    }
    batch
}

#[cfg(test)]
mod tests;
