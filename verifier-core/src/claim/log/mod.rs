//! A log by itself: its signed head, all of its files, proofs, and heads beside each other (spec 16.3 to 16.6, 16.9).

mod compare;
mod files;
mod proof;

pub use compare::{Beside, Compared, compare};
pub use files::{ArchivedLog, verify};
pub use proof::verify_file;

use super::tlog::{self, TrustedHead};
use super::trust_kit;
use crate::bytes::Blob;
use crate::finding::catalog::tlog as code;
use crate::finding::{Effect, Finding, Location, catalog};
use crate::report::{FileSummary, ReportBuilder, Requested, Subject};
use crate::tlog::proof::{MANY, SINGLE};
use crate::tlog::{ConsistencyProof, ManyProofs, SingleProof};
use crate::trust::{NamedBlob, TrustPolicy};

/// A trusted log signed this head.
pub const HEAD: &str = "transparency_log.head.v1";
/// The log's files are what the head commits to.
pub const FILES: &str = "transparency_log.files.v1";
/// Heads are of one history.
pub const CONSISTENCY: &str = "transparency_log.consistency.v1";

fn begin(kind: &str, policy: &TrustPolicy) -> ReportBuilder {
    let mut out = trust_kit::begin(policy);
    out.artifact.kind = kind.to_owned();
    out
}

/// Reads a file as text; that it cannot be read is reported.
fn text<'a>(file: &'a NamedBlob, role: &'static str, out: &mut ReportBuilder) -> Option<&'a str> {
    match content(file, role, out)?.as_str() {
        Some(text) => Some(text),
        None => {
            let finding = Finding::disproves(&code::TLOG_NOTE_MALFORMED, "it is no UTF-8 text");
            out.finding(finding.at(Location::file(&file.name)));
            None
        }
    }
}

/// The bytes of a file; that it cannot be read is reported.
fn content<'a>(file: &'a NamedBlob, role: &'static str, out: &mut ReportBuilder) -> Option<&'a Blob> {
    let blob = file.content.as_ref();
    out.artifact.files.push(FileSummary {
        role,
        path: file.name.clone(),
        sha256: blob.ok().map(|blob| crate::crypto::prefixed(&blob.sha256())),
        bytes: blob.ok().and_then(|blob| u64::try_from(blob.as_slice().len()).ok()),
    });
    match blob {
        Ok(blob) => Some(blob),
        Err(why) => {
            let finding = Finding::new(&catalog::input::INPUT_UNREADABLE, Effect::Unreadable, why);
            out.finding(finding.at(Location::file(&file.name)));
            None
        }
    }
}

/// Judges a signed head, which is a claim of its own.
fn signed<'a>(
    text: &'a str,
    file: &NamedBlob,
    policy: &TrustPolicy,
    out: &mut ReportBuilder,
) -> Option<TrustedHead<'a>> {
    out.claim(HEAD, Requested::Evidence);
    let place = Location::file(&file.name);
    let trusted = tlog::head(text, &policy.logs, &policy.as_of, HEAD, &place, out)?;
    let head = &trusted.head;
    let message = format!("{} signed this head of {} entries", head.origin, head.size);
    out.supported(HEAD, Subject::new("tree_head", head.origin), &code::TLOG_HEAD_SUPPORTED, message);
    for (label, value) in [
        ("Log", head.origin.to_owned()),
        ("Entries", head.size.to_string()),
        ("Root", crate::bytes::hex::encode(&head.root)),
    ] {
        out.artifact.signed.push((label.to_owned(), value));
    }
    Some(trusted)
}

/// The signed head in a file of any form that has one; a file of another form is taken for a head itself.
fn head_in(text: &str) -> &str {
    let inside = if text.starts_with(SINGLE) {
        SingleProof::parse(text).map(|proof| proof.head)
    } else if text.starts_with(MANY) {
        ManyProofs::parse(text).map(|proofs| proofs.head)
    } else {
        ConsistencyProof::parse(text).map(|proof| proof.head)
    };
    inside.unwrap_or(text)
}
