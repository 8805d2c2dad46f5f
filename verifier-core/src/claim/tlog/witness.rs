//! Witnesses of a tree head: whether enough of them cosigned it, and since when.

use super::{TrustedHead, WITNESS};
use crate::finding::catalog::tlog as code;
use crate::finding::{Finding, Location};
use crate::report::{ReportBuilder, Requested, Subject};
use crate::time::UnixNanos;
use crate::tlog::{Policy, Quorum, QuorumTime, Standing};
use crate::trust::LogTrust;

pub(super) fn check(
    trusted: &TrustedHead<'_>,
    policy: &Policy,
    trust: &LogTrust,
    place: &Location,
    out: &mut ReportBuilder,
) -> Option<QuorumTime> {
    let standing = &trusted.standing;
    if standing.quorum == Quorum::NotRequired && trust.witnesses.is_none() {
        let text = "that the log shows everybody the same history: no witness was required";
        out.not_proven.push(text.to_owned());
        return None;
    }
    let requested = if trust.witnesses.is_some() { Requested::Operator } else { Requested::Automatic };
    out.claim(WITNESS, requested);
    for (name, time) in &standing.later {
        let message = format!("the cosignature of {name} is of {}", text(*time));
        out.finding(Finding::notes(&code::TLOG_COSIGNATURE_FUTURE, message).on(WITNESS).at(place.clone()));
    }
    for name in &standing.unevaluated {
        let message = format!("the cosignature of {name} was not evaluated");
        let finding = Finding::notes(&code::TLOG_COSIGNATURE_UNSUPPORTED, message);
        out.finding(finding.on(WITNESS).at(place.clone()));
    }
    let subject = Subject::new("tree_head", trusted.head.origin);
    let names: Vec<&str> = standing.witnesses.iter().map(|(name, _)| name.as_str()).collect();
    match reached(standing, policy, trust) {
        Ok(time) => {
            let message =
                format!("cosigned by {}; enough of them had by {}", names.join(", "), text(time.by));
            out.supported(WITNESS, subject, &code::TLOG_QUORUM_MET, message);
            out.epistemic(WITNESS, "quorum_time", &text(time.by));
            Some(time)
        }
        Err(message) => {
            let finding = Finding::lacks(&code::TLOG_QUORUM_NOT_MET, message);
            out.unsupported(WITNESS, subject, finding.at(place.clone()));
            None
        }
    }
}

/// When both the policy and the operator's K of N were satisfied, or why they are not.
pub(super) fn reached(standing: &Standing, policy: &Policy, trust: &LogTrust) -> Result<QuorumTime, String> {
    let named = policy.witness_count();
    let few = || format!("cosigned by {} of {named} witnesses", standing.witnesses.len());
    let by_policy = match standing.quorum {
        Quorum::NotRequired => None,
        Quorum::Missing => return Err(few()),
        Quorum::Reached(time) => Some(time),
    };
    let Some((needed, of)) = trust.witnesses else { return by_policy.ok_or_else(few) };
    if named != of {
        return Err(format!("{needed} of {of} witnesses are required, and the policy names {named}"));
    }
    let times: Vec<u64> = standing.witnesses.iter().map(|(_, time)| *time).collect();
    let by_count = QuorumTime::of(needed, &times).ok_or_else(few)?;
    Ok(by_policy.map_or(by_count, |time| time.and(by_count)))
}

pub(super) fn text(seconds: u64) -> String {
    UnixNanos::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)).to_string()
}
