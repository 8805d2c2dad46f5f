use std::fmt;
use std::sync::Arc;

use crate::archive::{Entry, ReadError, Siblings};

/// One file of the evidence.
#[derive(Clone)]
pub struct Part {
    /// The path as given, or the name inside the archive.
    pub label: String,
    /// The bytes.
    pub entry: Entry,
    /// Where files that this one names are looked up.
    pub siblings: Arc<dyn Siblings + Send + Sync>,
    /// The folder above it, where a pack's sidecars and checkpoint may lie; nothing in the evidence chooses it.
    pub above: Option<Arc<dyn Siblings + Send + Sync>>,
}

impl fmt::Debug for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Part({:?})", self.label)
    }
}

/// A payload with the manifest that signs its digest.
#[derive(Clone)]
pub struct ExportSet {
    /// The payload.
    pub payload: Part,
    /// Its manifest.
    pub manifest: Option<Part>,
    /// A key manifest found beside them. It is evidence, not trust: it counts only when the trust root signed it.
    pub key_manifest: Option<Part>,
    /// The scope-state sidecar that the operator named; it is used instead of the one that the payload names.
    pub sidecar: Option<Part>,
    /// The checkpoint that the operator named.
    pub checkpoint: Option<Part>,
    /// Checkpoints beside it, which may fix its entries in time.
    pub anchors: Vec<Part>,
}

impl ExportSet {
    /// A payload with its manifest and nothing else.
    #[must_use]
    pub fn new(payload: Part, manifest: Option<Part>) -> Self {
        Self { payload, manifest, key_manifest: None, sidecar: None, checkpoint: None, anchors: Vec::new() }
    }
}

impl fmt::Debug for ExportSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ExportSet({:?}, {:?})", self.payload, self.manifest)
    }
}

/// Files that are verified together.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "a run holds a few sets, most of them exports")]
pub enum Evidence {
    /// A payload and its manifest.
    Export(ExportSet),
    /// A single-file evidence bundle.
    Bundle(Part),
    /// A checkpoint on its own.
    Checkpoint(Part),
    /// A voice-session attestation.
    Voice(Part),
    /// A checkpoint-consistency document.
    Consistency(Part),
    /// An excerpt of an export.
    Excerpt(Part),
    /// A key manifest on its own.
    KeyManifest(Part),
    /// Recognised, but not verified by this release.
    Unsupported {
        /// What it is.
        kind: &'static str,
        /// The file.
        part: Part,
    },
}

impl Evidence {
    /// The file that names the set.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Export(set) => &set.payload.label,
            Self::Bundle(part)
            | Self::Checkpoint(part)
            | Self::Voice(part)
            | Self::Consistency(part)
            | Self::Excerpt(part)
            | Self::KeyManifest(part)
            | Self::Unsupported { part, .. } => &part.label,
        }
    }
}

/// A file that belongs to no set, and why.
#[derive(Clone, Debug)]
pub struct Leftover {
    /// The file.
    pub part: Part,
    /// What it looks like.
    pub kind: &'static str,
}

/// All evidence of a run.
#[derive(Debug, Default)]
pub struct Assembly {
    /// What is verified together.
    pub sets: Vec<Evidence>,
    /// What belongs to no set.
    pub leftovers: Vec<Leftover>,
    /// Files that could not be looked at, with the reason.
    pub unreadable: Vec<(String, ReadError)>,
}
