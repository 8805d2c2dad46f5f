//! What the verification of a set looked at, so that a later run can tell whether it is the same.
//!
//! A set's own small files, and every neighbour that a document names, are read once into memory: their digest is that of
//! the bytes that are then verified. The payload of an export is streamed; its digest is compared with the report's.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::archive::{Entry, Siblings, UnsafeName};
use crate::bytes::hex;
use crate::crypto::sha256;
use crate::evidence::{Evidence, ExportSet, Part};

/// Bytes of a checkpoint beside an export that are held; there may be many.
const HELD_ANCHOR: u64 = 1 << 20;

/// What was looked at: the name of the place, and the digest of what stood there; `-` for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seen(pub(super) BTreeMap<String, String>);

/// Stands for a file that is not there.
const ABSENT: &str = "-";
/// Stands for a file that could not be digested; a set that saw one is verified every time.
const UNKNOWN: &str = "?";

impl Seen {
    pub(super) fn is_exact(&self) -> bool {
        self.0.values().all(|digest| digest != UNKNOWN)
    }
}

/// A set whose look-ups are recorded.
pub(super) struct Traced {
    pub(super) evidence: Evidence,
    /// Digests of the set's own files.
    pub(super) own: Seen,
    log: Arc<Mutex<BTreeMap<String, String>>>,
    /// What a file may have to be digested whole.
    document_bytes: u64,
}

impl Traced {
    /// The digest of the file that the set is about.
    pub(super) fn main(&self) -> String {
        let main = parts(&self.evidence).first().and_then(|part| {
            let roles = self.own.0.iter().find(|(name, _)| {
                name.split_once(' ')
                    .is_some_and(|(role, label)| !role.starts_with("anchor") && label == part.label)
            });
            roles.map(|(_, digest)| digest.clone())
        });
        main.unwrap_or_else(|| UNKNOWN.to_owned())
    }

    /// Everything that was looked at.
    pub(super) fn seen(self) -> Seen {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.own.0;
        all.extend(log.iter().map(|(name, digest)| (name.clone(), digest.clone())));
        Seen(all)
    }
}

/// Prepares a set.
pub(super) fn traced(evidence: &Evidence, document_bytes: u64) -> Traced {
    let mut own = BTreeMap::new();
    let log = Arc::new(Mutex::new(BTreeMap::new()));
    let mut tracer = Tracer { count: 0, own: &mut own, log: &log, document_bytes };
    let evidence = match evidence {
        Evidence::Export(set) => Evidence::Export(ExportSet {
            payload: tracer.streamed("payload", &set.payload),
            manifest: set.manifest.as_ref().map(|part| tracer.held("manifest", part, document_bytes)),
            key_manifest: set
                .key_manifest
                .as_ref()
                .map(|part| tracer.held("key_manifest", part, document_bytes)),
            sidecar: set.sidecar.as_ref().map(|part| tracer.held("sidecar", part, document_bytes)),
            checkpoint: set.checkpoint.as_ref().map(|part| tracer.held("checkpoint", part, document_bytes)),
            anchors: set
                .anchors
                .iter()
                .enumerate()
                .map(|(at, part)| tracer.held(&format!("anchor {at}"), part, HELD_ANCHOR))
                .collect(),
        }),
        Evidence::Bundle(part) => Evidence::Bundle(tracer.held("bundle", part, document_bytes)),
        Evidence::Checkpoint(part) => Evidence::Checkpoint(tracer.held("checkpoint", part, document_bytes)),
        Evidence::Voice(part) => Evidence::Voice(tracer.held("voice", part, document_bytes)),
        Evidence::Consistency(part) => {
            Evidence::Consistency(tracer.held("consistency", part, document_bytes))
        }
        Evidence::Excerpt(part) => Evidence::Excerpt(tracer.streamed("excerpt", part)),
        Evidence::KeyManifest(part) => {
            Evidence::KeyManifest(tracer.held("key_manifest", part, document_bytes))
        }
        Evidence::Unsupported { kind, part } => {
            Evidence::Unsupported { kind, part: tracer.streamed(kind, part) }
        }
    };
    Traced { evidence, own: Seen(own), log, document_bytes }
}

struct Tracer<'t> {
    count: usize,
    own: &'t mut BTreeMap<String, String>,
    log: &'t Arc<Mutex<BTreeMap<String, String>>>,
    document_bytes: u64,
}

impl Tracer<'_> {
    /// Notes a file of the set and gives its position among them.
    fn note(&mut self, role: &str, part: &Part, digest: String) -> usize {
        self.own.insert(format!("{role} {}", part.label), digest);
        self.count += 1;
        self.count - 1
    }

    fn held(&mut self, role: &str, part: &Part, limit: u64) -> Part {
        let (entry, digest) = hold(&part.entry, limit);
        let at = self.note(role, part, digest);
        Part { entry, ..self.watched(at, part) }
    }

    fn streamed(&mut self, role: &str, part: &Part) -> Part {
        let digest = stream_digest(&part.entry).unwrap_or_else(|| UNKNOWN.to_owned());
        let at = self.note(role, part, digest);
        self.watched(at, part)
    }

    fn watched(&self, at: usize, part: &Part) -> Part {
        let watch =
            |place: &str, inner: &Arc<dyn Siblings + Send + Sync>| -> Arc<dyn Siblings + Send + Sync> {
                Arc::new(Watched {
                    inner: Arc::clone(inner),
                    place: format!("{place} {at}"),
                    log: Arc::clone(self.log),
                    document_bytes: self.document_bytes,
                })
            };
        Part {
            label: part.label.clone(),
            entry: part.entry.clone(),
            siblings: watch("beside", &part.siblings),
            above: part.above.as_ref().map(|above| watch("above", above)),
        }
    }
}

/// Neighbours whose look-ups are recorded.
struct Watched {
    inner: Arc<dyn Siblings + Send + Sync>,
    place: String,
    log: Arc<Mutex<BTreeMap<String, String>>>,
    document_bytes: u64,
}

impl Siblings for Watched {
    fn find(&self, relative: &str) -> Result<Option<Entry>, UnsafeName> {
        let found = self.inner.find(relative)?;
        let (entry, digest) = match found {
            None => (None, ABSENT.to_owned()),
            Some(entry) => {
                let (entry, digest) = hold(&entry, self.document_bytes);
                (Some(entry), digest)
            }
        };
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{}: {relative}", self.place);
        // Two look-ups that give different bytes make the set one that is verified every time.
        match log.get(&name) {
            Some(known) if *known != digest => drop(log.insert(name, UNKNOWN.to_owned())),
            _ => drop(log.insert(name, digest)),
        }
        Ok(entry)
    }
}

/// The entry with its bytes in memory, and their digest. A larger one stays where it is.
fn hold(entry: &Entry, document_bytes: u64) -> (Entry, String) {
    match entry.read(document_bytes) {
        Ok(blob) => {
            let digest = hex::encode(&sha256(blob.as_slice()));
            (Entry::from_bytes(entry.name(), blob.as_slice().to_vec()), digest)
        }
        Err(_) => (entry.clone(), UNKNOWN.to_owned()),
    }
}

fn stream_digest(entry: &Entry) -> Option<String> {
    let mut reader = entry.open().ok()?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer).ok()? {
            0 => return Some(hex::encode(hash.finalize().as_slice())),
            count => hash.update(buffer.get(..count)?),
        }
    }
}

/// Whether the set's own files and its neighbours are those that were seen.
pub(super) fn is_unchanged(traced: &Traced, seen: &Seen) -> bool {
    let mut count = 0_usize;
    for (name, digest) in &traced.own.0 {
        if digest == UNKNOWN || seen.0.get(name) != Some(digest) {
            return false;
        }
        count += 1;
    }
    let parts = parts(&traced.evidence);
    let bytes = traced.document_bytes;
    for (name, digest) in &seen.0 {
        if traced.own.0.contains_key(name) {
            continue;
        }
        let Some(found) = look_up(&parts, name, bytes) else { return false };
        if found != *digest || digest == UNKNOWN {
            return false;
        }
        count += 1;
    }
    count == seen.0.len()
}

/// Repeats one recorded look-up.
fn look_up(parts: &[&Part], name: &str, document_bytes: u64) -> Option<String> {
    for (at, part) in parts.iter().enumerate() {
        let places = [("beside", Some(&part.siblings)), ("above", part.above.as_ref())];
        for (place, siblings) in places {
            let prefix = format!("{place} {at}: ");
            let (Some(relative), Some(siblings)) = (name.strip_prefix(&prefix), siblings) else { continue };
            return match siblings.find(relative).ok()? {
                None => Some(ABSENT.to_owned()),
                Some(entry) => Some(hex::encode(&sha256(entry.read(document_bytes).ok()?.as_slice()))),
            };
        }
    }
    None
}

fn parts(evidence: &Evidence) -> Vec<&Part> {
    match evidence {
        Evidence::Export(set) => {
            let optional = [&set.manifest, &set.key_manifest, &set.sidecar, &set.checkpoint];
            let mut parts = vec![&set.payload];
            parts.extend(optional.into_iter().flatten());
            parts.extend(&set.anchors);
            parts
        }
        Evidence::Bundle(part)
        | Evidence::Checkpoint(part)
        | Evidence::Voice(part)
        | Evidence::Consistency(part)
        | Evidence::Excerpt(part)
        | Evidence::KeyManifest(part)
        | Evidence::Unsupported { part, .. } => vec![part],
    }
}
