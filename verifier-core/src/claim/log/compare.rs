//! Heads beside each other: of one history, of two, or nothing to tell by (spec 16.9).

use super::{CONSISTENCY, begin, head_in, signed, text, trust_kit};
use crate::claim::tlog::TrustedHead;
use crate::finding::catalog::tlog as code;
use crate::finding::{Finding, Location};
use crate::merkle::rfc6962::Hash;
use crate::report::{Report, ReportBuilder, Requested, Subject};
use crate::tlog::growth::{self, Relation, relate, whole_path};
use crate::tlog::tiles::Files;
use crate::tlog::{Checkpoint, ConsistencyProof, Note, SplitView};
use crate::trust::{NamedBlob, TrustPolicy};

/// What may lead from one head to another.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The files of the log.
    pub files: Option<&'a dyn Files>,
    /// A consistency proof.
    pub proof: Option<&'a NamedBlob>,
}

/// What a comparison came to.
#[derive(Debug)]
pub struct Compared {
    /// The report.
    pub report: Report,
    /// The first split view that was found, as a file that proves it.
    pub split: Option<String>,
}

/// Compares heads that were signed by trusted logs: those of one log must be of one history. Heads of a log are compared in
/// the order of their sizes, each with the next, which settles all pairs.
#[must_use]
pub fn compare(heads: &[NamedBlob], beside: &Beside<'_>, policy: &TrustPolicy) -> Compared {
    let mut out = begin("tree_heads", policy);
    out.claim(CONSISTENCY, Requested::Evidence);
    let mut trusted = Vec::new();
    for file in heads {
        let head =
            text(file, "tree_head", &mut out).and_then(|text| signed(head_in(text), file, policy, &mut out));
        trusted.extend(head.map(|head| (head, file)));
    }
    trusted.sort_by(|(one, _), (other, _)| {
        (one.head.origin, one.head.size).cmp(&(other.head.origin, other.head.size))
    });
    let mut split = None;
    for group in trusted.chunk_by(|(one, _), (other, _)| one.head.origin == other.head.origin) {
        if let [(only, file)] = group {
            let message =
                format!("there is one head of {} only, and nothing to compare it with", only.head.origin);
            let finding = Finding::lacks(&code::TLOG_ORIGIN_MISMATCH, message).at(Location::file(&file.name));
            out.unsupported(CONSISTENCY, Subject::new("log", only.head.origin), finding);
        }
        for two in group.windows(2) {
            if let [(one, one_file), (other, other_file)] = two {
                let found = pair((one, one_file), (other, other_file), beside, &mut out);
                split = split.or(found);
            }
        }
    }
    Compared { report: trust_kit::end(out, policy), split }
}

/// Compares two heads of one log, the smaller one first; gives the proof of a split view.
pub(super) fn pair(
    (smaller, file): (&TrustedHead<'_>, &NamedBlob),
    (larger, other): (&TrustedHead<'_>, &NamedBlob),
    beside: &Beside<'_>,
    out: &mut ReportBuilder,
) -> Option<String> {
    let (one, two) = (&smaller.head, &larger.head);
    let subject = || Subject::new("log", two.origin);
    let place = Location::file(&file.name);
    let unsupported = |finding: Finding, out: &mut ReportBuilder| {
        let finding = with_roots(finding, one, two).fact("other head", other.name.clone());
        out.unsupported(CONSISTENCY, subject(), finding.at(place.clone()));
    };
    if one.origin != two.origin {
        let message = format!("the heads are of two logs, {} and {}", one.origin, two.origin);
        unsupported(Finding::lacks(&code::TLOG_ORIGIN_MISMATCH, message), out);
        return None;
    }
    let path = match path(one, two, beside, out) {
        Ok(path) => path,
        Err(finding) => {
            unsupported(*finding, out);
            return None;
        }
    };
    match relate(one, two, &path) {
        Relation::Consistent => {
            let message = if one.size == two.size {
                format!("both heads are of {} entries and one root", one.size)
            } else {
                format!("the head of {} entries extends the one of {}", two.size, one.size)
            };
            out.supported(CONSISTENCY, subject(), &code::TLOG_CONSISTENCY_SUPPORTED, message);
            None
        }
        Relation::Split => {
            unsupported(split_view(one, two), out);
            forked_witnesses(smaller, larger, &place, out);
            Some(SplitView { path, smaller: smaller.text, larger: larger.text }.to_text())
        }
        Relation::Unrelated(error) => {
            unsupported(
                if beside.proof.is_some() {
                    Finding::disproves(&code::TLOG_CONSISTENCY_INVALID, error.to_string())
                } else {
                    let message = format!("the log's tiles do not lead to the larger head: {error}");
                    Finding::lacks(&code::TLOG_CONSISTENCY_MISSING, message)
                },
                out,
            );
            None
        }
    }
}

/// The whole path from the smaller to the larger head.
fn path(
    one: &Checkpoint<'_>,
    two: &Checkpoint<'_>,
    beside: &Beside<'_>,
    out: &mut ReportBuilder,
) -> Result<Vec<Hash>, Box<Finding>> {
    if one.size == two.size || one.size == 0 {
        return Ok(Vec::new());
    }
    if let Some(file) = beside.proof {
        let wrong = |message: String| {
            let finding = Finding::disproves(&code::TLOG_CONSISTENCY_INVALID, message);
            Box::new(finding.fact("proof", file.name.clone()))
        };
        let Some(text) = text(file, "consistency_proof", out) else {
            let message = "the consistency proof cannot be read";
            return Err(Box::new(Finding::lacks(&code::TLOG_CONSISTENCY_MISSING, message)));
        };
        let proof = ConsistencyProof::parse(text).map_err(|error| {
            let finding = Finding::disproves(&code::TLOG_PROOF_MALFORMED, error.to_string());
            Box::new(finding.fact("proof", file.name.clone()))
        })?;
        let head = Note::parse(proof.head).ok();
        let head = head.and_then(|note| Checkpoint::parse(note.text).ok());
        if head != Some(*two) || proof.old != one.size {
            return Err(wrong("the proof is for other heads".to_owned()));
        }
        return whole_path(one, two.size, &proof.hashes)
            .ok_or_else(|| wrong("the proof has not as many hashes as the sizes want".to_owned()));
    }
    let lacks = |message: String| Box::new(Finding::lacks(&code::TLOG_CONSISTENCY_MISSING, message));
    match beside.files {
        Some(files) => growth::path(files, one.size, two.size)
            .map_err(|problem| lacks(format!("the log's tiles do not give the path: {problem}"))),
        None => Err(lacks("nothing was given that leads from one head to the other".to_owned())),
    }
}

/// The finding of a split view.
pub(super) fn split_view(one: &Checkpoint<'_>, two: &Checkpoint<'_>) -> Finding {
    let message = if one.size == two.size {
        format!("{} signed two roots for {} entries", one.origin, one.size)
    } else {
        format!(
            "{} signed a head of {} entries that its head of {} does not extend",
            one.origin, one.size, two.size
        )
    };
    Finding::disproves(&code::TLOG_SPLIT_VIEW, message)
}

/// Names the witnesses that cosigned both heads of a split view.
pub(super) fn forked_witnesses(
    one: &TrustedHead<'_>,
    two: &TrustedHead<'_>,
    place: &Location,
    out: &mut ReportBuilder,
) {
    let both = one.standing.witnesses.iter().map(|(name, _)| name);
    let both = both.filter(|name| two.standing.witnesses.iter().any(|(other, _)| other == *name));
    for name in both {
        let finding = Finding::disproves(&code::TLOG_WITNESS_FORKED, format!("{name} cosigned both heads"));
        out.finding(finding.on(CONSISTENCY).at(place.clone()));
    }
}

pub(super) fn with_roots(finding: Finding, one: &Checkpoint<'_>, two: &Checkpoint<'_>) -> Finding {
    let root = |head: &Checkpoint<'_>| crate::bytes::hex::encode(&head.root);
    finding
        .fact("size", one.size.to_string())
        .fact("root", root(one))
        .fact("other size", two.size.to_string())
        .fact("other root", root(two))
}
