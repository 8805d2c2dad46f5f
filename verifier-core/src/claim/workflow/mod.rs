//! Workflow evidence: signed declarations and amendments, and permits that were decided against them
//! (spec 06 sections 2 to 7 and 11).
//!
//! | step | judges | claim |
//! | --- | --- | --- |
//! | [`check_sibling`] | the file that the manifest names: hash, signature | [`SIBLING_INTEGRITY`] |
//! | [`check_document`] | shape and signature of each record | [`DECLARATION_SIGNATURE`], [`AMENDMENT_SIGNATURE`] |
//! | [`check_document`] | order of amendments, effective intent | [`EFFECTIVE_INTENT_HASH`] |
//! | [`check_snapshots`] | workflow state recorded in permits | [`PERMIT_SNAPSHOT`] |
//!
//! A claim appears only where there is something to judge. Which claim a failure lands on follows the
//! reference (section 9), and the reason stays with its subject.
//!
//! Not proven: that a call was made, or that a permit without workflow state belongs to no workflow. A
//! declaration's signature does not cover its own id and version.

mod document;
mod history;
mod record;
mod sibling;
mod signature;
mod snapshot;

pub use document::check_document;
pub(crate) use document::equals_count;
pub use history::{EffectiveIntent, History};
pub use record::RecordCheck;
pub(crate) use sibling::unreadable_code;
pub use sibling::{SiblingInput, check_sibling, check_unnamed, names_sibling};
pub use snapshot::{SnapshotPlace, SnapshotRow, check_snapshots, note_missing_history, snapshot_row};

use crate::claim::export::findings_of;
use crate::finding::{Code, Finding};
use crate::json::{AnomalyKind, Value};
use crate::report::{ReportBuilder, Requested, Subject};
use crate::trust::Refusal;

/// The workflow evidence file beside a manifest is the signed one.
pub const SIBLING_INTEGRITY: &str = "workflow_evidence.sibling_integrity.v1";
/// Declarations are signed.
pub const DECLARATION_SIGNATURE: &str = "workflow.declaration_signature.v1";
/// Amendments are signed.
pub const AMENDMENT_SIGNATURE: &str = "workflow.amendment_signature.v1";
/// Intent and amendments give the stated effective intent.
pub const EFFECTIVE_INTENT_HASH: &str = "workflow.effective_intent_hash.v1";
/// Permits record the workflow state that was in force.
pub const PERMIT_SNAPSHOT: &str = "workflow.permit_snapshot.v1";

/// Failing subjects kept for one claim; further failures are findings only.
const SUBJECTS_KEPT: usize = 100;

/// Failures of one step, so that a claim with very many of them stays small.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Failures {
    count: usize,
}

impl Failures {
    pub(crate) fn none(self) -> bool {
        self.count == 0
    }

    /// Records a failure of a claim; `subject` names what failed.
    pub(crate) fn push(
        &mut self,
        out: &mut ReportBuilder,
        claim: &'static str,
        subject: Subject,
        finding: Finding,
    ) {
        out.claim(claim, Requested::Evidence);
        self.count = self.count.saturating_add(1);
        if self.count <= SUBJECTS_KEPT {
            out.unsupported(claim, subject, finding);
        } else {
            out.finding(finding.on(claim));
        }
    }
}

/// Reports where readers disagree about a document that lies in `file`.
pub(crate) fn report_anomalies<'a>(
    anomalies: impl Iterator<Item = (AnomalyKind, Value<'a>)>,
    file: &str,
    out: &mut ReportBuilder,
) {
    let located = out.findings_per_code();
    findings_of(anomalies, file, located).for_each(|finding| out.finding(finding));
}

/// A failure that concerns no record of its own, as the reference names its subject.
pub(crate) fn unnamed() -> Subject {
    Subject::unnamed("workflow_or_incident")
}

/// The code for a key that exists and must not be used; `None` where the reference refuses as well.
pub(crate) fn refusal_code(refusal: &Refusal) -> Option<&'static Code> {
    use crate::finding::catalog::trust;
    match refusal {
        Refusal::Unresolvable(_) | Refusal::Unknown(_) => None,
        Refusal::Revoked(_) => Some(&trust::SIGNING_KEY_REVOKED),
        Refusal::NotActive(_) => Some(&trust::SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME),
        Refusal::StatusUnknown(_) => Some(&trust::SIGNING_KEY_STATUS_UNKNOWN),
        Refusal::TimeMissing(_) => Some(&trust::SIGNING_TIME_MISSING),
        Refusal::Ambiguous(_) => Some(&trust::SIGNING_KEY_AMBIGUOUS),
    }
}
