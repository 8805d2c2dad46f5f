//! What a Rekor log states about its entries: inclusion under a signed tree head, and, by version 1 logs, a signed
//! entry timestamp (spec 16 section 16.7.3, checks 3 and 5 to 7).
//!
//! ```text
//! leaf = SHA-256(0x00 || body)
//! SET  = signature of the log over  {"body":"<base64>","integratedTime":<int>,"logID":"<hex>","logIndex":<int>}
//! ```
//!
//! A version 1 log numbers entries over all its shards, and leaves within one: the signed entry timestamp speaks
//! of the former (`logIndex` of the entry), the tree of the latter (`logIndex` of the proof). Its tree heads have
//! the origin `<host> - <tree id>`, those of version 2 the key's name.

use super::bundle::{InclusionProof, LogEntry};
use super::check::{Outcome, Problem};
use super::key::{LogSignatureError, verify_log_signature};
use super::trusted_root::LogKey;
use super::verify::VerifiedTime;
use crate::bytes::{base64, hex};
use crate::merkle::rfc6962;
use crate::time::UnixNanos;
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::note::Note;

/// Whether the body is a leaf of the proof's tree.
pub(super) fn check_inclusion(entry: &LogEntry) -> Outcome {
    let Some(proof) = &entry.proof else { return Problem::NoInclusionProof.into() };
    if entry.is_of_version_2() && entry.log_index != proof.leaf_index {
        return Problem::OtherIndex.into();
    }
    let leaf = rfc6962::leaf_hash(&entry.body);
    rfc6962::verify_inclusion(proof.leaf_index, proof.tree_size, &leaf, &proof.hashes, &proof.root_hash)
        .map_err(Problem::Inclusion)
        .into()
}

/// Whether the log's key counted at each of the times of the entry.
pub(super) fn check_window(log: &LogKey, times: &[VerifiedTime]) -> Outcome {
    if times.is_empty() {
        return Outcome::Skipped("no time of the entry is verified");
    }
    let outside = times.iter().filter(|time| !log.window.contains(time.at));
    outside
        .map(|time| Problem::LogTime { at: time.at.to_string(), window: log.window.to_string() })
        .collect::<Vec<_>>()
        .into()
}

/// Whether the signed entry timestamp verifies, and the time that it states then.
pub(super) fn check_promise(entry: &LogEntry, log: &LogKey) -> (Outcome, Option<VerifiedTime>) {
    let Some(promise) = &entry.promise else {
        return (Outcome::NotApplicable("the entry has no signed entry timestamp"), None);
    };
    let Some(seconds) = entry.integrated_time else { return (Problem::Promise.into(), None) };
    let signed = format!(
        r#"{{"body":"{}","integratedTime":{seconds},"logID":"{}","logIndex":{}}}"#,
        base64::encode(&entry.body),
        hex::encode(&entry.log_id),
        entry.log_index
    );
    if let Err(error) = verify_log_signature(log, signed.as_bytes(), promise) {
        return (unsigned(error, log, Problem::Promise).into(), None);
    }
    let at = UnixNanos::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
    (Outcome::Passed, Some(VerifiedTime { source: "entered the log at", at }))
}

/// Whether the checkpoint is a tree head that the log signed, and is of the proof's tree; and how many signature
/// lines are of others.
pub(super) fn check_checkpoint(proof: &InclusionProof, log: &LogKey) -> (Outcome, usize) {
    let Some(checkpoint) = &proof.checkpoint else { return (Problem::NoCheckpoint.into(), 0) };
    match signed_head(checkpoint, log) {
        Err(problem) => (problem.into(), 0),
        Ok((head, others)) if head.size == proof.tree_size && head.root == proof.root_hash => {
            (Outcome::Passed, others)
        }
        Ok((head, others)) => {
            let show = |size: u64, root: &[u8]| format!("size {size}, root {}", hex::encode(root));
            let problem = Problem::OtherTree {
                signed: show(head.size, &head.root),
                proof: show(proof.tree_size, &proof.root_hash),
            };
            (problem.into(), others)
        }
    }
}

/// Every line of the log's key must verify, and there must be one; lines of other keys are counted.
fn signed_head<'a>(checkpoint: &'a str, log: &LogKey) -> Result<(Checkpoint<'a>, usize), Problem> {
    let note = Note::parse(checkpoint).map_err(|error| Problem::Checkpoint(error.to_string()))?;
    let head = Checkpoint::parse(note.text).map_err(|error| Problem::Checkpoint(error.to_string()))?;
    let (own, others): (Vec<_>, Vec<_>) =
        note.signatures.iter().partition(|line| line.name == log.name && log.id.starts_with(&line.key_id));
    for line in &own {
        verify_log_signature(log, note.text.as_bytes(), &line.signature).map_err(|error| {
            let wrong = "the log's signature of the checkpoint does not verify".to_owned();
            unsigned(error, log, Problem::Checkpoint(wrong))
        })?;
    }
    if own.is_empty() {
        return Err(Problem::Checkpoint(format!("no signature of the checkpoint is by {}", log.name)));
    }
    if !is_origin_of(log, head.origin) {
        let message = format!("the checkpoint's origin {:?} is not that of {}", head.origin, log.name);
        return Err(Problem::Checkpoint(message));
    }
    Ok((head, others.len()))
}

/// The key's name, or the name and the number of a version 1 log's shard.
fn is_origin_of(log: &LogKey, origin: &str) -> bool {
    match origin.strip_prefix(&log.name) {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix(" - ")
            .is_some_and(|shard| !shard.is_empty() && shard.bytes().all(|byte| byte.is_ascii_digit())),
        None => false,
    }
}

/// What a log's signature that is not accepted means.
fn unsigned(error: LogSignatureError, log: &LogKey, wrong: Problem) -> Problem {
    match error {
        LogSignatureError::Unsupported => {
            Problem::Algorithm(format!("the log's key is of the kind {}, not verified here", log.key_details))
        }
        LogSignatureError::Wrong => wrong,
    }
}
