//! `permit.dispatch_absence_after_revocation.v1`: from the revocation to the checkpoint the signed scope counts no
//! dispatch of the permit (spec 25 section 7).
//!
//! It rests on a supported revocation and on a supported scope. Ids and times are compared as texts. Events that
//! follow a dispatch (`execution.completed` and the like) say nothing here: a dispatch before the revocation may
//! end after it.

use super::event::{Revocation, Stop, insufficient};
use crate::claim::scope::ScopeFacts;
use crate::finding::catalog::{revocation as code, scope as scope_code};
use crate::finding::{Code, Verdict};

const DISPATCH: &str = "dispatch.egress_bound";

/// Judges the absence; `scope_failure` is why a scope claim is not supported. The text of success or failure is of
/// the segment whose id is given with it.
pub(super) fn judge(
    revocation: Result<&Revocation, &'static Code>,
    scope: &ScopeFacts,
    scope_failure: Option<&'static Code>,
) -> Result<String, (Option<String>, Stop)> {
    let revocation = revocation.map_err(|code| {
        let message = "absence is judged only after a revocation that is supported";
        (None, insufficient(code, message))
    })?;
    let Some(checkpoint) = &scope.checkpoint else {
        let message = "there is no checkpoint up to which absence could be shown";
        return Err((None, insufficient(&scope_code::CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISSING, message)));
    };
    let bridged = scope_code::EXPORT_PROOF_BRIDGE_MISCLASSIFIED.id;
    if let Some(failure) = scope_failure.filter(|failure| failure.id != bridged) {
        return Err((None, insufficient(failure, "the declared scope is not established")));
    }
    if scope.segments.is_empty() {
        let message = "the export declares no scope";
        return Err((None, insufficient(&scope_code::EXPORT_SCOPE_DECLARATION_MISSING, message)));
    }
    for segment in &scope.segments {
        let of = |stop| (Some(segment.segment_id.clone()), stop);
        let disproved = |code: &'static Code, message: &str| {
            of(Stop { verdict: Verdict::Disproved, code, message: message.to_owned() })
        };
        let Some(window) = &segment.window else {
            let message = "the predicate of the segment is not about events of one permit within a time";
            return Err(of(Stop {
                verdict: Verdict::UnverifiableScope,
                code: &code::EXPORT_SCOPE_PREDICATE_OUT_OF_GRAMMAR,
                message: message.to_owned(),
            }));
        };
        let matches = window.project_id == revocation.project_id
            && window.permit_id == revocation.permit_id
            && window.event_type == DISPATCH
            && window.from == revocation.effective_at
            && Some(&window.until) == checkpoint.computed_at.as_ref();
        if !matches {
            continue;
        }
        if segment.disclosed > 0 {
            let message = "a disclosed record is a dispatch at or after the revocation";
            return Err(disproved(&code::EXPORT_SCOPE_POST_REVOCATION_DISPATCH_PRESENT, message));
        }
        let count = match &segment.result {
            Ok(commitment) => commitment.count,
            Err(failed) if *failed == bridged => {
                let message = "a record that only links the chain is a dispatch at or after the revocation";
                return Err(disproved(&code::EXPORT_SCOPE_BRIDGE_RECORD_MATCHES_PREDICATE, message));
            }
            Err(_) => {
                let message = "the sidecar has no commitment for the segment";
                return Err(of(insufficient(&scope_code::EXPORT_SCOPE_COMMITMENT_MISSING, message)));
            }
        };
        if count != 0 {
            let message = "the commitment counts dispatches at or after the revocation";
            return Err(disproved(&code::EXPORT_SCOPE_POST_REVOCATION_DISPATCH_PRESENT, message));
        }
        if let Some(project) = segment.chain_scope.strip_prefix("project:")
            && project != revocation.project_id
        {
            let message = "the segment is of the chain of another project than the revocation";
            return Err(of(insufficient(&code::DISPATCH_ABSENCE_CHAIN_OF_OTHER_PROJECT, message)));
        }
        if !scope.established {
            let message = "another segment of the declared scope is not established";
            return Err(of(insufficient(&scope_code::EXPORT_PROOF_BRIDGE_MISCLASSIFIED, message)));
        }
        return Ok(segment.segment_id.clone());
    }
    let message =
        "no segment is about dispatches of the revoked permit from the revocation to the checkpoint";
    Err((None, insufficient(&scope_code::EXPORT_SCOPE_COMMITMENT_MISSING, message)))
}
