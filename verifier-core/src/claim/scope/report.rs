use super::faithfulness::{self, Judged, Shared};
use super::state::StateSummary;
use super::{FAITHFULNESS, STATE};
use crate::finding::catalog::scope as code;
use crate::finding::{Code, Finding};
use crate::json::Value;
use crate::report::{ReportBuilder, SignerSummary, Subject};

/// Writes one segment's subjects and findings; says whether both claims stand.
pub(super) fn segment(judged: Judged<'_>, shared: &Shared<'_>, out: &mut ReportBuilder) -> bool {
    let Judged { value, state, result, further, sidecar_missing, .. } = judged;
    let id = value.member("segment_id").and_then(Value::non_empty_text);
    let subject = match id {
        Some(id) => Subject::new("scope_faithfulness_segment", id),
        None => Subject::unnamed("scope_faithfulness_segment"),
    };
    let subject = subject.evidence(&["export.scope_faithfulness", "checkpoint_scope_state"]);
    let parity = result.is_ok();
    if sidecar_missing {
        let subject = Subject::unnamed("checkpoint_scope_state").evidence(&["checkpoint_scope_state"]);
        out.unsupported(STATE, subject, faithfulness::missing(shared));
    }
    let mut reason = None;
    if let Some(state) = state {
        let StateSummary { id, result, further } = state;
        let subject = match id {
            Some(id) => Subject::new("checkpoint_scope_state", id),
            None => Subject::unnamed("checkpoint_scope_state"),
        };
        let subject = subject.evidence(&["checkpoint_scope_state"]);
        let own = result.map(|found| signers(found, out)).map_err(|failure| *failure);
        reason = close(STATE, subject, own, further, parity, &SUPPORTED_STATE, out);
    }
    let own = result.map(|_| ()).map_err(|failure| *failure);
    // a sidecar that our rules refuse cannot carry the segment
    let own = match (own, reason) {
        (Ok(()), Some(finding)) => Err(finding),
        (own, _) => own,
    };
    close(FAITHFULNESS, subject, own, further, parity, &SUPPORTED_SEGMENT, out).is_none()
}

/// The code and words of a supported subject.
struct Supported {
    code: &'static Code,
    message: &'static str,
}

static SUPPORTED_STATE: Supported = Supported {
    code: &code::CHECKPOINT_SCOPE_STATE_SUPPORTED,
    message: "the sidecar is signed, belongs to an authentic checkpoint, and its commitments are well-formed",
};
static SUPPORTED_SEGMENT: Supported = Supported {
    code: &code::EXPORT_SCOPE_FAITHFULNESS_SUPPORTED,
    message: "the segment discloses exactly the population that the sidecar commits to",
};

/// Gives a subject its verdict: its own failure, else the first of our rules that fails it, else supported.
/// What is left over attaches to the claim only where the reference passes the whole segment. Gives back the
/// reason why the subject is not supported.
fn close(
    claim: &'static str,
    subject: Subject,
    own: Result<(), Finding>,
    further: Vec<Finding>,
    parity: bool,
    supported: &Supported,
    out: &mut ReportBuilder,
) -> Option<Finding> {
    let (fails, notes): (Vec<_>, Vec<_>) =
        further.into_iter().partition(|finding| finding.effect.verdict().is_some());
    let mut fails = fails.into_iter();
    let reason = match own {
        Err(failure) => Some(failure),
        Ok(()) if parity => fails.next(),
        Ok(()) => None,
    };
    match &reason {
        Some(finding) => out.unsupported(claim, subject, finding.clone()),
        None => out.supported(claim, subject, supported.code, supported.message),
    }
    for finding in fails {
        out.finding(if parity { finding.on(claim) } else { finding });
    }
    for finding in notes {
        out.finding(finding.on(claim));
    }
    reason
}

/// Lists who signed; a sidecar that several segments refer to is listed once.
fn signers(found: Vec<SignerSummary>, out: &mut ReportBuilder) {
    for signer in found {
        let known = out.signers.iter().any(|other| {
            other.signed == signer.signed
                && other.public_key == signer.public_key
                && other.signed_at == signer.signed_at
        });
        if !known {
            out.signers.push(signer);
        }
    }
}
