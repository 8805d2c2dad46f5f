//! Verifying the sets of an audit, several at a time.

use std::num::NonZeroUsize;

use super::record::{Failure, SetRecord, Standing};
use super::state::State;
use super::trace::{self, Seen};
use crate::evidence::{Batch, Evidence, Progress};
use crate::finding::catalog::{audit as code, input};
use crate::finding::{Code, Effect, Finding};
use crate::par;
use crate::report::Outcome;
use crate::trust::TrustPolicy;
use crate::verify::verify;

/// What an audit looks at.
#[derive(Debug, Default)]
pub struct Plan {
    /// The sets in order of input, checkpoints beside an export among them.
    pub sets: Vec<Evidence>,
    /// What was noticed while gathering.
    pub beside: Vec<Finding>,
}

/// Takes the sets out of gathered batches. A checkpoint that an export uses is also a set of its own here.
#[must_use]
pub fn plan(batches: Vec<Batch>) -> Plan {
    let mut plan = Plan::default();
    for batch in batches {
        plan.beside.extend(batch.findings);
        plan.sets.extend(batch.sets);
    }
    let mut seen = std::collections::BTreeSet::new();
    // Two paths that are no text can look alike, so one of them is no repetition of the other.
    let mut first = |label: &str| label.contains('\u{fffd}') || seen.insert(label.to_owned());
    plan.sets.retain(|set| first(set.label()));
    let mut checkpoints = Vec::new();
    for set in &plan.sets {
        let Evidence::Export(export) = set else { continue };
        for part in export.anchors.iter().chain(&export.checkpoint) {
            if first(&part.label) {
                checkpoints.push(Evidence::Checkpoint(part.clone()));
            }
        }
    }
    plan.sets.extend(checkpoints);
    plan
}

/// One verified set.
#[derive(Clone, Debug)]
pub struct Member {
    /// What is kept of it.
    pub record: SetRecord,
    /// The digest of its main file; empty without a state.
    pub main: String,
    /// What was looked at, where a later run may take the record over.
    pub seen: Option<Seen>,
    /// Whether the record is that of an earlier run.
    pub taken_over: bool,
}

/// Verifies the sets; the result is in their order. With a state, sets that are unchanged are taken over from it.
///
/// `done` is told the members so far after each few sets, so that a run that is killed can go on from there.
pub fn examine<E>(
    sets: &[Evidence],
    policy: &TrustPolicy,
    known: Option<&State>,
    progress: &dyn Progress,
    done: &mut dyn FnMut(&[Member]) -> Result<(), E>,
) -> Result<Vec<Member>, E> {
    let at_once = policy.workers.get().min(sets.len().max(1));
    let mut inner = policy.clone();
    inner.keep_chains = true;
    inner.workers = NonZeroUsize::new(policy.workers.get() / at_once).unwrap_or(NonZeroUsize::MIN);
    let workers = NonZeroUsize::new(at_once).unwrap_or(NonZeroUsize::MIN);
    let mut members: Vec<Member> = Vec::with_capacity(sets.len());
    let mut entries = 0_u64;
    for chunk in sets.chunks(at_once.saturating_mul(SETS_PER_WORKER)) {
        for mut member in par::map(workers, chunk, |set| one(set, &inner, known, progress)) {
            let count = |chain: &crate::chain::ScopeStretches| {
                chain.stretches.iter().map(|stretch| stretch.entries.len()).sum::<usize>()
            };
            let own = member.record.chains.iter().map(count).sum::<usize>();
            entries = entries.saturating_add(u64::try_from(own).unwrap_or(u64::MAX));
            if entries > u64::from(policy.limits.audit_entries) {
                let message = format!("more than {} chain entries in one audit", policy.limits.audit_entries);
                refuse(&mut member, &input::INPUT_LIMIT_EXCEEDED, message);
            }
            members.push(member);
        }
        done(&members)?;
    }
    Ok(members)
}

/// Sets that each thread verifies between two reports to the caller.
const SETS_PER_WORKER: usize = 2;

fn one(set: &Evidence, policy: &TrustPolicy, known: Option<&State>, progress: &dyn Progress) -> Member {
    let Some(state) = known else {
        let record = SetRecord::new(set.label(), verify(set, policy, progress));
        return Member { record, main: String::new(), seen: None, taken_over: false };
    };
    let bytes = policy.limits.document_bytes;
    let traced = trace::traced(set, bytes);
    let before = state
        .sets
        .iter()
        .find(|(seen, record)| record.label == set.label() && trace::is_unchanged(&traced, seen));
    let main = traced.main();
    if let Some((seen, record)) = before {
        return Member { record: record.clone(), main, seen: Some(seen.clone()), taken_over: true };
    }
    let report = verify(&traced.evidence, policy, progress);
    let record = SetRecord::new(set.label(), report);
    let mut verified = record.files.iter().filter_map(|file| file.sha256.as_deref());
    let same = verified.any(|digest| digest.strip_prefix("sha256:") == Some(&*main));
    let states_digest = record.files.iter().any(|file| file.sha256.is_some());
    let seen = Some(traced.seen()).filter(|seen| same && seen.is_exact());
    let mut member = Member { record, main, seen, taken_over: false };
    if states_digest && !same {
        let message = "its bytes changed between two readings".to_owned();
        refuse(&mut member, &code::AUDIT_INPUT_CHANGED, message);
    }
    member
}

/// Makes a member count for nothing.
fn refuse(member: &mut Member, code: &'static Code, message: String) {
    let record = &mut member.record;
    record.failures.insert(
        0,
        Failure { code, effect: Effect::Unreadable, message, file: record.label.clone(), pointer: None },
    );
    record.outcome = Outcome::Unreadable;
    record.standing = Standing::Unproven;
    record.chains.clear();
    record.heads.clear();
    member.seen = None;
}
