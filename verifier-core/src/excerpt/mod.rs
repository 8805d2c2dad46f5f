//! Makes excerpts of an export ([`crate::format::excerpt`]): the records of some permits, tied to a signed tree head.
//!
//! What is made holds nothing that the verified export did not hold, byte for byte, besides proofs; who receives it
//! verifies it with [`crate::verify`] and believes nothing of what was said here. Two kinds of tree can tie it:
//!
//! - the transparency log that has the export, from the inclusion proofs beside it;
//! - a tree over all records of the export, whose head the maker signs together with the export's digest.

mod cut;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use cut::{Cut, CutVisitor};

use crate::bytes::{Limits, base64};
use crate::claim::export::{STREAMED, file_name};
use crate::claim::tlog::SUFFIX;
use crate::crypto::prefixed;
use crate::evidence::ExportSet;
use crate::evidence::stream::{self, Decoded, Origin, Settings};
use crate::format::excerpt::{Of, Source};
use crate::merkle::multiproof;
use crate::merkle::rfc6962::{Hash, root};
use crate::tlog::proof::Path;
use crate::tlog::{Checkpoint, Note, ProofStream};
use crate::workpaper::SigningKey;

/// What is cut out, and who signs for it.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// Ids of the permits whose records are wanted.
    pub permits: &'a BTreeSet<String>,
    /// SHA-256 of the export as it was verified, `sha256:…`.
    pub verified: &'a str,
    /// Signs a head over all records of the export.
    pub maker: Option<Maker<'a>>,
    /// Bounds of what is read and made.
    pub limits: &'a Limits,
    /// Threads.
    pub workers: NonZeroUsize,
}

/// Who signs for an excerpt.
#[derive(Clone, Copy)]
pub struct Maker<'a> {
    /// The name of the key, as in a log's key: visible ASCII without `+`, such as `auditor.example/2026`.
    pub name: &'a str,
    /// The key.
    pub key: &'a SigningKey,
}

/// An excerpt.
#[derive(Debug)]
pub struct Made {
    /// The file.
    pub bytes: Vec<u8>,
    /// Records in it.
    pub records: usize,
    /// Chain entries in it.
    pub entries: usize,
    /// Hashes of all proofs in it.
    pub hashes: usize,
    /// The key text by which readers trust the maker's head.
    pub maker_key: Option<String>,
    /// The entries one by one, by their index in the log.
    pub proofs: BTreeMap<u64, EntryProof>,
}

/// One entry for verifiers that know nothing of excerpts.
#[derive(Clone, Debug)]
pub struct EntryProof {
    /// What the log has: the canonical form of the entry.
    pub entry: Vec<u8>,
    /// The proof in the form of C2SP tlog-proof.
    pub proof: String,
}

/// Why there is no excerpt.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExcerptError {
    /// The export, its proofs or its key manifest cannot be read.
    Read(String),
    /// The export's form has no records of permits with their chain entries.
    Form(&'static str),
    /// It is not the export that was verified.
    Changed,
    /// These permits have no record.
    Missing(Vec<String>),
    /// More bytes than one document may have.
    TooLarge(u64),
    /// Neither inclusion proofs nor a maker.
    NotTied,
    /// An entry has no inclusion proof, or one that does not fit.
    Proof(String),
    /// The maker's name cannot stand in a signature line.
    Name,
}

impl std::fmt::Display for ExcerptError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read(why) | Self::Proof(why) => formatter.write_str(why),
            Self::Form(why) => formatter.write_str(why),
            Self::Changed => formatter.write_str("the export changed after it was verified"),
            Self::Missing(permits) => {
                let first = permits.first().map(String::as_str).unwrap_or_default();
                write!(formatter, "{} of the permits have no record, such as {first}", permits.len())
            }
            Self::TooLarge(limit) => write!(formatter, "the excerpt would be larger than {limit} bytes"),
            Self::NotTied => formatter.write_str(
                "no inclusion proofs are beside the export, and nobody signs for the excerpt (--key-file, --name)",
            ),
            Self::Name => formatter.write_str("the name of the key is not visible ASCII without \"+\""),
        }
    }
}

impl std::error::Error for ExcerptError {}

/// Cuts an excerpt out of an export that was verified.
///
/// # Errors
/// [`ExcerptError`] says why there is none.
pub fn make(set: &ExportSet, order: &Order<'_>) -> Result<Made, ExcerptError> {
    let cut = cut(set, order)?;
    let mut trees = Vec::new();
    let mut proofs = BTreeMap::new();
    if let Some((tree, single)) = log_tree(set, &cut)? {
        trees.push(tree);
        proofs = single;
    }
    let mut maker_key = None;
    if let Some(maker) = order.maker {
        let (tree, key) = record_tree(&cut, maker)?;
        trees.push(tree);
        maker_key = Some(key);
    }
    if trees.is_empty() {
        return Err(ExcerptError::NotTied);
    }
    let key_manifest = set.key_manifest.as_ref().map(|part| part.entry.read(order.limits.document_bytes));
    let key_manifest = key_manifest.transpose().map_err(|error| ExcerptError::Read(error.to_string()))?;
    let bytes = write::document(&cut, &trees, key_manifest.as_ref());
    let limit = order.limits.document_bytes;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(ExcerptError::TooLarge(limit));
    }
    Ok(Made {
        bytes,
        records: cut.records.len(),
        entries: cut.entries().count(),
        hashes: trees.iter().map(|tree| tree.hashes.len()).sum(),
        maker_key,
        proofs,
    })
}

/// A tree as it is written.
struct Tree {
    of: Of,
    indexes: Vec<u64>,
    hashes: Vec<Hash>,
    head: String,
}

/// What was cut out of an export.
struct Whole {
    source: Source,
    records: Vec<Cut>,
    /// Top-level entries; `None` where the export has no such array.
    top: Option<Vec<Cut>>,
    /// Leaf hashes of all records, for a maker.
    leaves: Vec<Hash>,
}

impl Whole {
    /// The chain entries in the order of the file that is made.
    fn entries(&self) -> impl Iterator<Item = &cut::Entry> {
        let top = self.top.iter().flatten();
        top.chain(&self.records).flat_map(|cut| &cut.entries)
    }
}

fn cut(set: &ExportSet, order: &Order<'_>) -> Result<Whole, ExcerptError> {
    let settings =
        Settings { limits: order.limits, workers: order.workers, arrays: STREAMED, predict: false };
    let visitor = CutVisitor { permits: order.permits, all_leaves: order.maker.is_some() };
    let (mut records, mut top, mut leaves) = (Vec::new(), Vec::new(), Vec::new());
    let (mut found, mut bytes, mut faulty) = (BTreeSet::new(), 0_u64, false);
    let limit = order.limits.document_bytes;
    let mut one = |origin: Origin, row: cut::Row| {
        if origin == Origin::Array(0) && order.maker.is_some() {
            match row.leaf {
                Some(leaf) => leaves.push(leaf),
                None => faulty = true,
            }
        }
        let Some(cut) = row.cut else { return };
        bytes = bytes.saturating_add(u64::try_from(cut.raw.len()).unwrap_or(u64::MAX));
        // What is too large is not kept; the sum says so in the end.
        if bytes > limit {
            return;
        }
        if origin == Origin::Array(0) {
            found.insert(cut.permit.clone());
            records.push(cut);
        } else {
            top.push(cut);
        }
    };
    let mut collect = |origin: Origin, rows: &mut Vec<cut::Row>| {
        rows.drain(..).for_each(|row| one(origin, row));
    };
    let source = set.payload.entry.open().map_err(|error| ExcerptError::Read(error.to_string()))?;
    let streamed = stream::run(source, settings, &visitor, &mut collect, &|_| true)
        .map_err(|error| ExcerptError::Read(error.to_string()))?;
    let sha256 = prefixed(&streamed.sha256);
    if sha256 != order.verified {
        return Err(ExcerptError::Changed);
    }
    let Decoded::Object(fields) = &streamed.decoded else { return Err(ExcerptError::Form(FORM)) };
    let is_bundle = cut::is_bundle(fields);
    let (Some(count), true) = (fields.count("records"), is_bundle) else {
        return Err(ExcerptError::Form(FORM));
    };
    if bytes > limit {
        return Err(ExcerptError::TooLarge(limit));
    }
    if faulty {
        return Err(ExcerptError::Form("a record of the export has no canonical form"));
    }
    let missing: Vec<String> = order.permits.difference(&found).cloned().collect();
    if !missing.is_empty() || order.permits.is_empty() {
        return Err(ExcerptError::Missing(missing));
    }
    Ok(Whole {
        source: Source {
            name: file_name(&set.payload.label).to_owned(),
            sha256,
            bytes: streamed.stored_bytes,
            records: count,
        },
        records,
        top: fields.count("chain_entries").map(|_| top),
        leaves,
    })
}

const FORM: &str = "excerpts are cut out of audit export bundles (schema_version 2) that hold the chain entries of their permits";

/// The tree of the log, from the proofs beside the export, and a proof of each entry. `None` without proofs.
#[expect(clippy::type_complexity, reason = "the two results of one pass")]
fn log_tree(set: &ExportSet, cut: &Whole) -> Result<Option<(Tree, BTreeMap<u64, EntryProof>)>, ExcerptError> {
    let name = format!("{}{SUFFIX}", file_name(&set.payload.label));
    let Ok(Some(file)) = set.payload.siblings.find(&name) else { return Ok(None) };
    let unreadable = |error: String| ExcerptError::Read(format!("{name}: {error}"));
    let stream = || {
        let source = file.open().map_err(|error| unreadable(error.to_string()))?;
        ProofStream::begin(source).map_err(|error| unreadable(error.to_string()))
    };
    let head = stream()?.head().map_err(|error| unreadable(error.to_string()))?;
    let size = Note::parse(&head).ok().and_then(|note| Some(Checkpoint::parse(note.text).ok()?.size));
    let size = size.ok_or_else(|| ExcerptError::Proof(format!("{name} has no tree head")))?;
    let wanted: BTreeSet<&str> = cut.entries().map(|entry| entry.event_id.as_str()).collect();
    let mut paths: BTreeMap<String, Path> = BTreeMap::new();
    let mut proofs = stream()?;
    while let Some((event, path)) = proofs.entry().map_err(|error| unreadable(error.to_string()))? {
        if wanted.contains(event) {
            paths.insert(event.to_owned(), path);
        }
    }
    let (mut indexes, mut single) = (Vec::new(), BTreeMap::new());
    for entry in cut.entries() {
        let Some(path) = paths.get(&entry.event_id) else {
            return Err(ExcerptError::Proof(format!("{name} has no proof of event_id={}", entry.event_id)));
        };
        indexes.push(path.index);
        let proof = EntryProof { entry: entry.canonical.clone(), proof: write::single(path, &head) };
        single.insert(path.index, proof);
    }
    let mut named: Vec<(u64, &[Hash])> =
        paths.values().map(|path| (path.index, path.hashes.as_slice())).collect();
    named.sort_unstable_by_key(|(index, _)| *index);
    let hashes = multiproof::from_paths(&named, size)
        .map_err(|error| ExcerptError::Proof(format!("{name}: {error}")))?;
    Ok(Some((Tree { of: Of::Entries, indexes, hashes, head }, single)))
}

/// The tree over all records, whose head the maker signs.
fn record_tree(cut: &Whole, maker: Maker<'_>) -> Result<(Tree, String), ExcerptError> {
    let indexes: Vec<u64> = cut.records.iter().map(|record| record.index).collect();
    let hashes = multiproof::from_tree(&cut.leaves, &indexes)
        .map_err(|error| ExcerptError::Proof(format!("records: {error}")))?;
    let text = format!(
        "{}\n{}\n{}\n{}\n",
        maker.name,
        cut.leaves.len(),
        base64::encode(&root(cut.leaves.iter().copied())),
        cut.source.records_line()
    );
    let (head, key) = maker.key.sign_note(maker.name, &text).ok_or(ExcerptError::Name)?;
    Ok((Tree { of: Of::Records, indexes, hashes, head }, key))
}

#[cfg(test)]
mod tests;
