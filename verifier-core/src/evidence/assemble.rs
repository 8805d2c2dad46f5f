//! From files to sets that are verified together.
//!
//! A manifest belongs to the file in its folder whose SHA-256 it states. Where no digest fits, it belongs to the
//! only payload of its folder, so that an altered payload is reported as altered and not as a stranger. Files that
//! a set looks up by itself (workflow siblings, sidecars, checkpoints) stay with it.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::identify::{Kind, identify};
use super::set::{Assembly, Evidence, ExportSet, Leftover, Part};
use crate::archive::{Archive, ArchiveFolder, Entry, Folder, OpenError, Siblings};
use crate::bytes::Limits;
use crate::crypto::prefixed;
use crate::json::{Document, ParserLimits};

/// Checkpoints beside an export that are looked at for times.
const ANCHORS: usize = 256;

/// The files of an archive or folder, each with its neighbours.
#[must_use]
pub fn parts(archive: &Archive) -> Vec<Part> {
    let part = |entry: &Entry| Part {
        label: entry.name().to_owned(),
        entry: entry.clone(),
        siblings: Arc::new(ArchiveFolder::beside(archive, entry.name())),
        above: folder_of(entry.name()).strip_suffix('/').map(|folder| -> Arc<dyn Siblings + Send + Sync> {
            Arc::new(ArchiveFolder::beside(archive, folder))
        }),
    };
    archive.entries().iter().map(part).collect()
}

/// One explicit file, with the files of its folder as neighbours.
///
/// # Errors
/// When the file cannot be opened.
pub fn file(path: &Path, limits: &Limits) -> Result<Part, OpenError> {
    let label = path.to_string_lossy().into_owned();
    let entry = Entry::from_path(&label, path, limits)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let above = match parent.parent() {
        _ if parent == Path::new(".") => Path::new(".."),
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    Ok(Part {
        label,
        entry,
        siblings: Arc::new(Folder::with_limits(parent, limits)),
        above: Some(Arc::new(Folder::with_limits(above, limits))),
    })
}

/// Groups files into sets.
#[must_use]
pub fn assemble(parts: Vec<Part>, limits: &Limits) -> Assembly {
    let mut assembly = Assembly::default();
    let mut known = Vec::with_capacity(parts.len());
    for part in parts {
        match identify(&part, limits) {
            Ok(kind) => known.push((kind, part)),
            Err(error) => assembly.unreadable.push((part.label, error)),
        }
    }
    let mut used = BTreeSet::new();
    for (position, (kind, manifest)) in known.iter().enumerate() {
        if *kind != Kind::ExportManifest {
            continue;
        }
        used.insert(position);
        let Some(payload) = payload_of(manifest, &known, &used, limits) else {
            assembly
                .leftovers
                .push(Leftover { part: manifest.clone(), kind: "export manifest without its export" });
            continue;
        };
        used.insert(payload);
        let proofs = payload_part(&known, payload).map(|part| format!("{}.tlog-proofs", part.label));
        let proofs = known
            .iter()
            .position(|(kind, part)| *kind == Kind::LogProofs && proofs.as_ref() == Some(&part.label));
        used.extend(proofs);
        let folder = folder_of(&manifest.label);
        let key_manifest = known
            .iter()
            .position(|(kind, part)| *kind == Kind::KeyManifest && folder_of(&part.label) == folder)
            .inspect(|at| {
                used.insert(*at);
            })
            .and_then(|at| known.get(at))
            .map(|(_, part)| part.clone());
        for (at, (kind, part)) in known.iter().enumerate() {
            let attached = matches!(kind, Kind::ScopeState | Kind::Checkpoint | Kind::WorkflowEvidence);
            if attached
                && part.label.starts_with(folder)
                && names(manifest, payload_part(&known, payload), part, *kind, limits)
            {
                used.insert(at);
            }
        }
        let beside =
            known.iter().filter(|(kind, part)| *kind == Kind::Checkpoint && part.label.starts_with(folder));
        let anchors = beside.map(|(_, part)| part.clone()).take(ANCHORS).collect();
        if let Some((_, payload)) = known.get(payload) {
            let set = ExportSet::new(payload.clone(), Some(manifest.clone()));
            assembly.sets.push(Evidence::Export(ExportSet { key_manifest, anchors, ..set }));
        }
    }
    for (position, (kind, part)) in known.into_iter().enumerate() {
        if used.contains(&position) {
            continue;
        }
        match kind {
            Kind::EvidenceBundle => assembly.sets.push(Evidence::Bundle(part)),
            Kind::Checkpoint => assembly.sets.push(Evidence::Checkpoint(part)),
            Kind::VoiceAttestation => assembly.sets.push(Evidence::Voice(part)),
            Kind::Consistency => assembly.sets.push(Evidence::Consistency(part)),
            Kind::Excerpt => assembly.sets.push(Evidence::Excerpt(part)),
            Kind::ExportPayload | Kind::WorkflowEvidence | Kind::Zip => {
                assembly.sets.push(Evidence::Export(ExportSet::new(part, None)))
            }
            Kind::WorkChain | Kind::KeyStatusManifest | Kind::PermitPackage | Kind::ScopeState => {
                assembly.sets.push(Evidence::Unsupported { kind: kind.title(), part });
            }
            Kind::KeyManifest if assembly.sets.is_empty() => assembly.sets.push(Evidence::KeyManifest(part)),
            Kind::KeyManifest | Kind::ExportManifest | Kind::LogProofs | Kind::OtherJson | Kind::Other => {
                assembly.leftovers.push(Leftover { kind: kind.title(), part });
            }
        }
    }
    assembly
}

fn payload_part(known: &[(Kind, Part)], at: usize) -> Option<&Part> {
    known.get(at).map(|(_, part)| part)
}

fn folder_of(label: &str) -> &str {
    label.rfind('/').and_then(|at| label.get(..=at)).unwrap_or("")
}

fn payload_of(
    manifest: &Part,
    known: &[(Kind, Part)],
    used: &BTreeSet<usize>,
    limits: &Limits,
) -> Option<usize> {
    let folder = folder_of(&manifest.label);
    let candidates: Vec<usize> = known
        .iter()
        .enumerate()
        .filter(|(at, (kind, part))| {
            !used.contains(at)
                && folder_of(&part.label) == folder
                && !matches!(
                    kind,
                    Kind::ExportManifest | Kind::KeyManifest | Kind::ScopeState | Kind::KeyStatusManifest
                )
        })
        .map(|(at, _)| at)
        .collect();
    if let [only] = candidates.as_slice() {
        return Some(*only);
    }
    let stated = content_hash(manifest, limits)?;
    let by_digest = candidates
        .iter()
        .copied()
        .find(|at| payload_part(known, *at).and_then(digest).is_some_and(|digest| digest == stated));
    by_digest.or_else(|| {
        let mut payloads = candidates.iter().copied().filter(|at| {
            known.get(*at).is_some_and(|(kind, _)| matches!(kind, Kind::ExportPayload | Kind::Zip))
        });
        match (payloads.next(), payloads.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    })
}

fn content_hash(manifest: &Part, limits: &Limits) -> Option<String> {
    let blob = manifest.entry.read(limits.document_bytes).ok()?;
    let document = Document::parse(blob, ParserLimits::from(limits)).ok()?;
    document.root().member_text("content_hash").map(std::borrow::Cow::into_owned)
}

fn digest(part: &Part) -> Option<String> {
    let mut reader = part.entry.open().ok()?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer).ok()? {
            0 => return Some(prefixed(&hash.finalize().into())),
            count => hash.update(buffer.get(..count)?),
        }
    }
}

/// Whether the set looks this file up by itself: a workflow document that the manifest names, or the
/// sidecar and checkpoint of an export that declares its scope.
fn names(manifest: &Part, payload: Option<&Part>, part: &Part, kind: Kind, limits: &Limits) -> bool {
    let mentions = |holder: Option<&Part>, needle: &str| {
        holder
            .and_then(|holder| {
                let mut head = Vec::new();
                holder.entry.open().ok()?.take(limits.document_bytes).read_to_end(&mut head).ok()?;
                Some(head.windows(needle.len()).any(|window| window == needle.as_bytes()))
            })
            .unwrap_or(false)
    };
    match kind {
        Kind::WorkflowEvidence => {
            let name = part.label.rsplit('/').next().unwrap_or(&part.label);
            mentions(Some(manifest), name)
        }
        _ => mentions(payload, "\"scope_faithfulness\""),
    }
}
