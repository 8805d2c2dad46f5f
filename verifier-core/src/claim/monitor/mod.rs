//! Checkpoint-consistency documents: does a checkpoint log only grow (spec 15 section 1)?
//!
//! ```text
//! surface = { surface_version, tree_head, requested_tree_head, proof, entries }
//! proof   = all leaf hashes of the log, and the roots at from_size and to_size
//! ```
//!
//! The leaf hashes are the leaves of the tree of RFC 6962; how they follow from checkpoints is not published.
//! Nothing in the document is signed: it shows that two heads are consistent with each other and with heads that
//! were noted before, never that the log's operator stands by them.

mod reference;
mod surface;
mod witness;

pub use reference::{Reference, ReferenceError};
pub use witness::RekorMaterial;

use crate::evidence::Part;
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::json::{Document, ParserLimits};
use crate::report::{FileSummary, Outcome, ReportBuilder};
use crate::trust::TrustPolicy;

use catalog::monitor as code;

/// What one look at a log came to.
#[derive(Clone, Debug)]
pub struct Observation {
    /// What is wrong, and notes.
    pub findings: Vec<Finding>,
    /// First size of the proof's window; 0 when the window is not usable.
    pub from_size: u64,
    /// Second size of the window.
    pub to_size: u64,
    /// Recomputed roots at the two sizes, when the leaf hashes allow it.
    pub roots: Option<(String, String)>,
    /// The document has a proof at all; without one there is no window.
    pub has_proof: bool,
    /// The head that the leaf hashes prove; only when nothing is wrong.
    pub proved: Option<Reference>,
}

impl Observation {
    /// How the look ends: verified means consistent with itself and every reference, although nobody signed it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.findings.iter().fold(Outcome::Verified, |outcome, finding| {
            outcome.worst(match finding.effect {
                Effect::Fails { verdict: Verdict::Disproved } => Outcome::Disproved,
                Effect::Fails { .. } => Outcome::NotEstablished,
                Effect::Unreadable => Outcome::Unreadable,
                Effect::Limits { .. } | Effect::Notes => Outcome::Verified,
            })
        })
    }

    fn failed(finding: Finding) -> Self {
        Self {
            findings: vec![finding],
            from_size: 0,
            to_size: 0,
            roots: None,
            has_proof: false,
            proved: None,
        }
    }
}

/// What the operator asks of a look.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// Heads that were accepted before; the log must extend each of them.
    pub references: Vec<Reference>,
    /// Every entry must be witnessed by a public transparency log.
    pub require_rekor: bool,
    /// What shows that it is; without it no entry is established as witnessed.
    pub rekor: Option<RekorMaterial>,
}

/// Judges a document. `file` names it in findings.
#[must_use]
pub fn observe(
    file: &str,
    content: Result<crate::bytes::Blob, String>,
    expectation: &Expectation,
    limits: ParserLimits,
) -> Observation {
    let unreadable = |code, why: String| {
        Observation::failed(Finding::new(code, Effect::Unreadable, why).at(Location::file(file)))
    };
    let blob = match content {
        Ok(blob) => blob,
        Err(why) => return unreadable(&code::MONITOR_FETCH_FAILED, why),
    };
    let document = match Document::parse(blob, limits) {
        Ok(document) => document,
        Err(error) if error.kind.is_limit() => {
            return unreadable(&catalog::input::INPUT_LIMIT_EXCEEDED, error.to_string());
        }
        Err(error) => return unreadable(&catalog::input::JSON_SYNTAX_INVALID, error.to_string()),
    };
    surface::judge(file, &document, expectation, limits)
}

/// Verifies a consistency document as evidence. Without an earlier head it can contradict itself, but it cannot
/// establish anything, because nobody signed it.
pub(crate) fn verify(part: &Part, policy: &TrustPolicy, out: &mut ReportBuilder) {
    out.artifact.kind = "checkpoint_consistency".to_owned();
    let content = part.entry.read(policy.limits.document_bytes).map_err(|error| error.to_string());
    let summary = content.as_ref().ok().map(|blob| crate::crypto::prefixed(&blob.sha256()));
    out.artifact.files.push(FileSummary {
        role: "consistency",
        path: part.label.clone(),
        sha256: summary,
        bytes: Some(part.entry.size()),
    });
    let limits = ParserLimits::from(&policy.limits);
    let observation = observe(&part.label, content, &Expectation::default(), limits);
    if observation.has_proof {
        out.ran(
            "monitor.consistency",
            "roots of the checkpoint log at both sizes",
            &[("leaves", observation.to_size)],
        );
    }
    for (title, root) in observation.roots.iter().flat_map(|(from, to)| [("Root before", from), ("Root", to)])
    {
        out.artifact.unsigned.push((title.to_owned(), root.clone()));
    }
    if observation.outcome() == Outcome::Verified {
        let message =
            "the document is consistent with itself, but nobody signed it, and no earlier head was given";
        out.finding(Finding::lacks(&code::MONITOR_NOT_ANCHORED, message).at(Location::file(&part.label)));
    }
    observation.findings.into_iter().for_each(|finding| out.finding(finding));
    out.not_proven.push("that the log's operator stands by these heads: they are not signed".to_owned());
}

#[cfg(test)]
mod tests;
