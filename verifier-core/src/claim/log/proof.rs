//! Files that hold a head and something about it: an inclusion proof, the proofs of an export, a split view.

use super::compare::{forked_witnesses, split_view, with_roots};
use super::{CONSISTENCY, begin, files, signed, text, trust_kit};
use crate::claim::tlog::{INCLUSION, TrustedHead};
use crate::finding::catalog::tlog as code;
use crate::finding::{Code, Finding, Location};
use crate::merkle::rfc6962::{ProofError, inclusion_length, leaf_hash, verify_inclusion};
use crate::report::{Report, ReportBuilder, Requested, Subject};
use crate::tlog::growth::{Relation, relate};
use crate::tlog::proof::{MANY, Path, ProofFileError, SINGLE};
use crate::tlog::split::SPLIT;
use crate::tlog::{ManyProofs, SingleProof, SplitView};
use crate::trust::{NamedBlob, TrustPolicy};

/// Verifies a file by its first line: a proof, a split view, or else a tree head. `entry` is what an inclusion proof is
/// of, byte for byte as the log has it; `known` are heads that the log must have grown from.
#[must_use]
pub fn verify_file(
    file: &NamedBlob,
    entry: Option<&NamedBlob>,
    known: &[NamedBlob],
    policy: &TrustPolicy,
) -> Report {
    let starts = |header: &str| {
        let first = file.content.as_ref().ok().and_then(|blob| blob.as_slice().get(..header.len()));
        first == Some(header.as_bytes())
    };
    let (kind, check): (_, Check) = if starts(SINGLE) {
        ("inclusion_proof", single)
    } else if starts(MANY) {
        ("inclusion_proofs", many)
    } else if starts(SPLIT) {
        ("split_view", split)
    } else {
        return files::verify(file, None, known, policy);
    };
    let mut out = begin(kind, policy);
    if let Some(text) = text(file, kind, &mut out) {
        check(text, file, entry, policy, &mut out);
    }
    trust_kit::end(out, policy)
}

type Check = fn(&str, &NamedBlob, Option<&NamedBlob>, &TrustPolicy, &mut ReportBuilder);

fn malformed(error: ProofFileError, file: &NamedBlob) -> Finding {
    Finding::disproves(&code::TLOG_PROOF_MALFORMED, error.to_string()).at(Location::file(&file.name))
}

/// The code of a path that does not fit its index and head.
fn code_of(error: ProofError) -> &'static Code {
    match error {
        ProofError::IndexOutOfRange => &code::TLOG_INDEX_OUT_OF_RANGE,
        ProofError::WrongLength { .. } => &code::TLOG_PROOF_LENGTH,
        _ => &code::TLOG_INCLUSION_INVALID,
    }
}

/// What can be said about a path without the entry: that it has the length that index and size want.
fn fits(path: &Path, size: u64) -> Result<(), ProofError> {
    let expected = inclusion_length(path.index, size).ok_or(ProofError::IndexOutOfRange)?;
    if u32::try_from(path.hashes.len()) == Ok(expected) {
        Ok(())
    } else {
        Err(ProofError::WrongLength { expected })
    }
}

fn single(
    text: &str,
    file: &NamedBlob,
    entry: Option<&NamedBlob>,
    policy: &TrustPolicy,
    out: &mut ReportBuilder,
) {
    out.claim(INCLUSION, Requested::Evidence);
    let unsupported = |finding: Finding, out: &mut ReportBuilder| {
        let finding = finding.at(Location::file(&file.name));
        out.unsupported(INCLUSION, Subject::new("log_entry", &file.name), finding);
    };
    let proof = match SingleProof::parse(text) {
        Ok(proof) => proof,
        Err(error) => return unsupported(malformed(error, file), out),
    };
    let Some(trusted) = signed(proof.head, file, policy, out) else { return };
    let (head, path) = (&trusted.head, &proof.path);
    let leaf = match entry {
        Some(entry) => super::content(entry, "log_entry", out).map(|blob| leaf_hash(blob.as_slice())),
        None => None,
    };
    let judged = match leaf {
        Some(leaf) => verify_inclusion(path.index, head.size, &leaf, &path.hashes, &head.root),
        None => fits(path, head.size),
    };
    match (judged, leaf) {
        (Err(error), _) => unsupported(Finding::disproves(code_of(error), error.to_string()), out),
        (Ok(()), None) => {
            let message = "the proof has the right form; name the entry that it is of";
            unsupported(Finding::lacks(&code::TLOG_INCLUSION_MISSING, message), out);
        }
        (Ok(()), Some(_)) => {
            let message = format!("entry {} of {} at size {}", path.index, head.origin, head.size);
            let subject = Subject::new("log_entry", &file.name);
            out.supported(INCLUSION, subject, &code::TLOG_INCLUSION_SUPPORTED, message);
        }
    }
}

/// The proofs of an export without the export.
fn many(text: &str, file: &NamedBlob, _: Option<&NamedBlob>, policy: &TrustPolicy, out: &mut ReportBuilder) {
    out.claim(INCLUSION, Requested::Evidence);
    let subject = || Subject::new("chain_entries", &file.name);
    let place = Location::file(&file.name);
    let proofs = match ManyProofs::parse(text) {
        Ok(proofs) => proofs,
        Err(error) => return out.unsupported(INCLUSION, subject(), malformed(error, file)),
    };
    let Some(trusted) = signed(proofs.head, file, policy, out) else { return };
    let mut count = 0_u64;
    for entry in proofs.entries() {
        let (event, path) = match entry {
            Ok(entry) => entry,
            Err(error) => return out.unsupported(INCLUSION, subject(), malformed(error, file)),
        };
        count += 1;
        if let Err(error) = fits(&path, trusted.head.size) {
            let finding = Finding::disproves(code_of(error), format!("event_id={event}: {error}"));
            out.unsupported(INCLUSION, subject(), finding.at(place.clone()));
        }
    }
    let message = format!("{count} proofs were read; only the export beside them shows what they are of");
    let finding = Finding::lacks(&code::TLOG_INCLUSION_MISSING, message);
    out.unsupported(INCLUSION, subject(), finding.at(place));
}

fn split(text: &str, file: &NamedBlob, _: Option<&NamedBlob>, policy: &TrustPolicy, out: &mut ReportBuilder) {
    out.claim(CONSISTENCY, Requested::Evidence);
    let place = Location::file(&file.name);
    let view = match SplitView::parse(text) {
        Ok(view) => view,
        Err(error) => {
            let subject = Subject::new("log", &file.name);
            return out.unsupported(CONSISTENCY, subject, malformed(error, file));
        }
    };
    let smaller = signed(view.smaller, file, policy, out);
    let larger = signed(view.larger, file, policy, out);
    let (Some(smaller), Some(larger)) = (smaller, larger) else { return };
    let finding = judge(&view, &smaller, &larger);
    let is_split = finding.code == &code::TLOG_SPLIT_VIEW;
    let finding = with_roots(finding, &smaller.head, &larger.head).at(place.clone());
    out.unsupported(CONSISTENCY, Subject::new("log", smaller.head.origin), finding);
    if is_split {
        forked_witnesses(&smaller, &larger, &place, out);
    }
}

fn judge(view: &SplitView<'_>, smaller: &TrustedHead<'_>, larger: &TrustedHead<'_>) -> Finding {
    let (one, two) = (&smaller.head, &larger.head);
    let unproven = |message: String| Finding::lacks(&code::TLOG_SPLIT_VIEW_UNPROVEN, message);
    if one.origin != two.origin {
        return unproven(format!("the heads are of two logs, {} and {}", one.origin, two.origin));
    }
    if one.size > two.size {
        return unproven("the larger head stands first".to_owned());
    }
    match relate(one, two, &view.path) {
        Relation::Split => split_view(one, two),
        Relation::Consistent => unproven("the heads are of one history".to_owned()),
        Relation::Unrelated(error) => unproven(error.to_string()),
    }
}
