//! Honest evidence in memory.

use std::fmt;

use super::node::{self, Node};
use crate::archive::Entry;
use crate::bytes::Blob;
use crate::canon::{self, Profile};
use crate::evidence::{Evidence, ExportSet, NoProgress, Part};
use crate::json::{Document, ParserLimits};
use crate::report::{Extent, Outcome, Report, row_of};
use crate::trust::TrustPolicy;
use crate::verify::verify;

/// Values of a file that are changed; larger files are attacked in their first ones and in all their bytes.
const NODES: usize = 200_000;

/// Lists of the formats that are sets: their items are found by name.
const UNORDERED: [&str; 2] = ["/semantics_pins/artifacts", "/claim_set/claims"];

/// Bytes of the evidence that are held.
const BYTES: u64 = 64 << 20;

/// Evidence that verifies, and its files in memory.
#[derive(Debug)]
pub struct Target {
    evidence: Evidence,
    files: Vec<File>,
}

/// One of its files.
#[derive(Debug)]
pub(super) struct File {
    pub(super) label: String,
    pub(super) bytes: Vec<u8>,
    /// The values, when the file is one JSON document.
    pub(super) nodes: Vec<Node>,
    /// The canonical form of its value.
    meaning: Option<Vec<u8>>,
    /// Names of the artifacts of the report that may be in it.
    artifacts: Vec<&'static str>,
    /// The evidence verifies without it, so its verdict does not rest on it.
    is_dispensable: bool,
}

/// Why evidence cannot be attacked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetError {
    /// It does not verify as it is, so that nothing that happens to it shows anything.
    NotVerified(Outcome),
    /// A kind of evidence that is not attacked yet.
    Kind,
    /// It is larger than is held in memory.
    TooLarge,
    /// A file cannot be read.
    Read(String),
}

impl fmt::Display for TargetError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotVerified(_) => formatter.write_str(
                "the evidence does not verify as it is, so a change that goes unnoticed would show nothing",
            ),
            Self::Kind => formatter
                .write_str("only exports, evidence bundles, checkpoints and voice attestations are attacked"),
            Self::TooLarge => write!(formatter, "the evidence is larger than {BYTES} bytes"),
            Self::Read(why) => formatter.write_str(why),
        }
    }
}

impl std::error::Error for TargetError {}

impl Target {
    /// Reads evidence that verifies under `policy`.
    ///
    /// # Errors
    /// [`TargetError`] says why it cannot be attacked.
    pub fn new(evidence: &Evidence, policy: &TrustPolicy) -> Result<Self, TargetError> {
        let report = verify(evidence, policy, &NoProgress);
        if report.outcome != Outcome::Verified {
            return Err(TargetError::NotVerified(report.outcome));
        }
        let parts = parts(evidence).ok_or(TargetError::Kind)?;
        let mut files = Vec::new();
        let mut left = BYTES;
        for (role, part) in parts {
            let blob = part.entry.read(left).map_err(|error| TargetError::Read(error.to_string()))?;
            let bytes = blob.as_slice().to_vec();
            left =
                left.checked_sub(bytes.len().try_into().unwrap_or(u64::MAX)).ok_or(TargetError::TooLarge)?;
            files.push(File::new(part, role, bytes, &report));
        }
        let mut target = Self { evidence: evidence.clone(), files };
        // From memory from here on.
        for index in 0..target.files.len() {
            let bytes = target.files.get(index).map(|file| file.bytes.clone()).unwrap_or_default();
            target.evidence = target.with(index, bytes);
        }
        for index in 0..target.files.len() {
            let without = verify(&target.with(index, b"{}".to_vec()), policy, &NoProgress);
            if let Some(file) = target.files.get_mut(index) {
                file.is_dispensable = without.outcome == Outcome::Verified;
            }
        }
        Ok(target)
    }

    pub(super) fn files(&self) -> &[File] {
        &self.files
    }

    /// The name of a file.
    #[must_use]
    pub fn label(&self, file: usize) -> &str {
        self.files.get(file).map_or("", |file| &file.label)
    }

    /// The evidence with other bytes in one file.
    pub(super) fn with(&self, file: usize, bytes: Vec<u8>) -> Evidence {
        let mut evidence = self.evidence.clone();
        if let Some(part) = parts_mut(&mut evidence).into_iter().nth(file) {
            part.entry = Entry::from_bytes(&part.label, bytes);
        }
        evidence
    }

    /// Whether other bytes of a file are the same JSON value.
    pub(super) fn means_the_same(&self, file: usize, bytes: &[u8]) -> bool {
        let meaning = self.files.get(file).and_then(|file| file.meaning.as_ref());
        meaning.is_some_and(|meaning| canonical(bytes).is_some_and(|(_, own)| own == *meaning))
    }

    /// Files that the verdict does not rest on: the evidence verifies without them.
    pub(super) fn dispensable(&self) -> Vec<String> {
        self.files.iter().filter(|file| file.is_dispensable).map(|file| file.label.clone()).collect()
    }

    /// Whether the order of the items means nothing, and the same item twice is one.
    pub(super) fn is_unordered(pointer: &str) -> bool {
        let list = pointer.rsplit_once('/').map_or(pointer, |(list, _)| list);
        UNORDERED.contains(&list)
    }

    /// Whether the report lists a place as one that no signature and no whole proof covers, or the verdict does not rest
    /// on the file.
    pub(super) fn is_uncovered(&self, file: usize, pointer: &str) -> bool {
        let Some(file) = self.files.get(file) else { return false };
        if file.is_dispensable {
            return true;
        }
        let place = if pointer.is_empty() { "/" } else { pointer };
        file.artifacts.iter().any(|artifact| {
            let row = row_of(artifact, place);
            let is_signed = |name: &str| {
                let own = crate::report::ARTIFACTS.iter().find(|own| own.name == name);
                own.is_some_and(|own| own.signature.is_some())
            };
            row.is_some_and(|row| (row.is_unsigned || !is_signed(artifact)) && row.extent != Extent::Whole)
        })
    }
}

impl File {
    fn new(part: &Part, role: &'static str, bytes: Vec<u8>, report: &Report) -> Self {
        let (nodes, meaning) = match canonical(&bytes) {
            Some((document, meaning)) => (node::of(&document, NODES), Some(meaning)),
            None => (Vec::new(), None),
        };
        let mut artifacts: Vec<&'static str> = Vec::new();
        for field in &report.fields {
            let fits = match role {
                "manifest" => field.artifact == "export manifest",
                "key_manifest" => field.artifact == "key manifest",
                "checkpoint" => field.artifact == "checkpoint",
                _ => !["export manifest", "key manifest", "checkpoint"].contains(&field.artifact),
            };
            if fits && !artifacts.contains(&field.artifact) {
                artifacts.push(field.artifact);
            }
        }
        Self { label: part.label.clone(), bytes, nodes, meaning, artifacts, is_dispensable: false }
    }
}

fn canonical(bytes: &[u8]) -> Option<(Document, Vec<u8>)> {
    let document = Document::parse(Blob::new(bytes.to_vec()), ParserLimits::default()).ok()?;
    if document.anomalies().next().is_some() {
        return None;
    }
    let meaning = canon::to_bytes(Profile::Legacy, document.root()).ok()?;
    Some((document, meaning))
}

fn parts(evidence: &Evidence) -> Option<Vec<(&'static str, &Part)>> {
    match evidence {
        Evidence::Export(ExportSet { payload, manifest, key_manifest, sidecar, checkpoint, anchors }) => {
            let mut parts = vec![("payload", payload)];
            parts.extend(manifest.iter().map(|part| ("manifest", part)));
            parts.extend(key_manifest.iter().map(|part| ("key_manifest", part)));
            parts.extend(sidecar.iter().map(|part| ("sidecar", part)));
            parts.extend(checkpoint.iter().map(|part| ("checkpoint", part)));
            parts.extend(anchors.iter().map(|part| ("checkpoint", part)));
            Some(parts)
        }
        Evidence::Bundle(part) => Some(vec![("payload", part)]),
        Evidence::Checkpoint(part) => Some(vec![("checkpoint", part)]),
        Evidence::Voice(part) => Some(vec![("payload", part)]),
        _ => None,
    }
}

/// The same parts in the same order.
fn parts_mut(evidence: &mut Evidence) -> Vec<&mut Part> {
    match evidence {
        Evidence::Export(ExportSet { payload, manifest, key_manifest, sidecar, checkpoint, anchors }) => {
            let named = [manifest, key_manifest, sidecar, checkpoint].into_iter().flatten();
            std::iter::once(payload).chain(named).chain(anchors).collect()
        }
        Evidence::Bundle(part) | Evidence::Checkpoint(part) | Evidence::Voice(part) => vec![part],
        _ => Vec::new(),
    }
}
