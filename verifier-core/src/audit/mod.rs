//! Many archives at once: each verified, then laid over each other (spec 04, spec 10).
//!
//! [`examine`] verifies sets of evidence and keeps of each a [`SetRecord`]; [`conclude`] is a pure function of those
//! records and of what the caller expects. A chain's population is complete only when every number in it is held by an
//! archive that verified, all archives agree, and both ends are bound by something outside the records; see
//! [`ScopeAudit`]. An archive that did not verify never makes a range complete.
//!
//! A signed [`state`] file lets a later run take over records of sets whose bytes, trust material and options are the
//! same. It changes how long a run takes, and never what it says, with one exception: evidence that an earlier run
//! saw and this one does not is reported.
//!
//! What this does not prove: that an event was recorded at all; that a chain nobody mentions did not exist. A chain or
//! file that was left out whole is noticed only when an expectation, a checkpoint or an earlier run names it.

mod binding;
pub mod card;
mod document;
mod histories;
mod judge;
mod keys;
mod population;
mod ranges;
mod record;
mod result;
mod run;
pub mod state;
mod trace;
mod union;
mod window;

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::catalog::audit as code;
use crate::finding::{Effect, Finding, Location, Verdict};
use crate::report::Outcome;
use crate::time::Timestamp;

pub use binding::binding;
pub use keys::KeyUse;
pub use population::{Completeness, Edge, HeldRange, OverlapRow, ScopeAudit, SourceRow};
pub use record::{Failure, FileFact, SetRecord, SignatureFact, Standing};
pub use run::{Member, Plan, examine, plan};

use judge::{Judge, OutsideHead};
use state::Earlier;

/// The claim of an audit.
pub const CLAIM: &str = "audit.population_completeness.v1";

/// What the caller knows about the population.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// The period begins here; records before it do not count.
    pub from: Option<Timestamp>,
    /// The period ends before this instant.
    pub to: Option<Timestamp>,
    /// Only these chains are judged; all when empty.
    pub scopes: BTreeSet<String>,
    /// These chains must have records.
    pub expected: BTreeSet<String>,
}

/// What an audit comes to.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The most serious of all sets and chains.
    pub outcome: Outcome,
    /// The verdict of [`CLAIM`] over all chains.
    pub verdict: Verdict,
    /// What the population was expected to be.
    pub expectation: Expectation,
    /// The chains, by name.
    pub scopes: Vec<ScopeAudit>,
    /// Chains that were held and, by the caller's choice, not judged.
    pub not_judged: Vec<String>,
    /// Keys by first use.
    pub keys: Vec<KeyUse>,
    /// The sets in order of input.
    pub sets: Vec<SetRecord>,
    /// Findings, most serious first.
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub findings_dropped: u64,
    /// What the result does not prove.
    pub not_proven: Vec<&'static str>,
}

/// Judges populations over verified sets. `beside` is what was noticed while gathering; `earlier` what a state file says
/// about evidence that is no longer given. Of one code, `kept` findings are listed.
#[must_use]
pub fn conclude(
    sets: Vec<SetRecord>,
    beside: Vec<Finding>,
    earlier: &[Earlier],
    expectation: Expectation,
    kept: u32,
) -> Audit {
    let mut findings = beside;
    let mut outcome = Outcome::Verified;
    for set in &sets {
        outcome = outcome.worst(set.outcome);
        findings.extend(set_finding(set));
    }
    for gone in earlier {
        let message = format!(
            "{}: an earlier run of this audit saw this evidence, and it is not given now",
            gone.label
        );
        findings.push(Finding::lacks(&code::AUDIT_INPUT_GONE, message).at(Location::file(&gone.label)));
    }
    let heads = heads(&sets, earlier);
    let held = sets.iter().flat_map(|set| &set.chains).map(|chain| chain.scope.as_str());
    let known: BTreeSet<&str> = held
        .chain(heads.keys().map(String::as_str))
        .chain(expectation.scopes.iter().chain(&expectation.expected).map(String::as_str))
        .collect();
    let chosen = |scope: &str| {
        expectation.scopes.is_empty()
            || expectation.scopes.contains(scope)
            || expectation.expected.contains(scope)
    };
    let (judged, not_judged): (Vec<&str>, Vec<&str>) = known.into_iter().partition(|scope| chosen(scope));
    let mut scopes = Vec::new();
    for scope in &judged {
        let own = heads.get(*scope).map_or(&[][..], Vec::as_slice);
        let mut judge = Judge::new(scope, &sets, &expectation, own);
        scopes.push(judge.judge());
        findings.append(&mut judge.findings);
    }
    if scopes.is_empty() {
        let message = "no archive holds chain entries, and no chain is expected";
        findings.push(Finding::lacks(&code::AUDIT_NOTHING_TO_JUDGE, message));
    }
    let verdict = Verdict::aggregate(scopes.iter().map(|scope| scope.completeness.verdict()));
    for finding in &mut findings {
        if finding.code.id.starts_with("AUDIT_") && finding.claim.is_none() {
            finding.claim = Some(CLAIM);
        }
        outcome = outcome.worst(outcome_of(finding.effect));
    }
    findings.sort_by_key(|finding| rank(finding.effect));
    let mut counts = BTreeMap::<&str, u32>::new();
    let total = findings.len();
    findings.retain(|finding| {
        let count = counts.entry(finding.code.id).or_default();
        *count = count.saturating_add(1);
        *count <= kept
    });
    let findings_dropped = u64::try_from(total.saturating_sub(findings.len())).unwrap_or(u64::MAX);
    let not_judged = not_judged.into_iter().map(str::to_owned).collect();
    let not_proven = not_proven(&sets, &expectation);
    let keys = keys::uses(&sets);
    Audit {
        outcome,
        verdict,
        scopes,
        not_judged,
        keys,
        findings,
        findings_dropped,
        not_proven,
        expectation,
        sets,
    }
}

/// The finding for a set that did not verify, with its own first reason.
fn set_finding(set: &SetRecord) -> Option<Finding> {
    if set.outcome == Outcome::Verified {
        return None;
    }
    let effect = match set.outcome {
        Outcome::Disproved => Effect::Fails { verdict: Verdict::Disproved },
        Outcome::Unreadable => Effect::Unreadable,
        Outcome::Verified | Outcome::NotEstablished => {
            Effect::Fails { verdict: Verdict::InsufficientEvidence }
        }
    };
    let more = u64::try_from(set.failures.len()).unwrap_or(u64::MAX).saturating_sub(1) + set.more_failures;
    let reason = match set.failures.first() {
        Some(failure) if more > 0 => {
            format!("{}: {} (and {more} further findings)", failure.code.id, failure.message)
        }
        Some(failure) => format!("{}: {}", failure.code.id, failure.message),
        None => "a required claim is not established".to_owned(),
    };
    let message = format!("{} did not verify: {reason}", set.label);
    let place = set.failures.first().map_or_else(
        || Location::file(&set.label),
        |failure| Location {
            file: if failure.file.is_empty() { set.label.clone() } else { failure.file.clone() },
            pointer: failure.pointer.clone(),
            bytes: None,
        },
    );
    Some(Finding::new(&code::AUDIT_SET_NOT_VERIFIED, effect, message).at(place))
}

/// What checkpoints and earlier runs say about each chain, by number.
fn heads(sets: &[SetRecord], earlier: &[Earlier]) -> BTreeMap<String, Vec<OutsideHead>> {
    let mut heads = BTreeMap::<String, Vec<OutsideHead>>::new();
    let stated = sets.iter().flat_map(|set| set.heads.iter().map(move |head| (set, head)));
    for (set, head) in stated {
        heads.entry(head.scope.clone()).or_default().push(OutsideHead {
            sequence: head.sequence,
            hash: head.hash,
            existed_by: head.existed_by,
            source: format!("checkpoint {}", set.label),
        });
    }
    for gone in earlier {
        for head in &gone.heads {
            heads.entry(head.scope.clone()).or_default().push(OutsideHead {
                sequence: head.sequence,
                hash: head.hash,
                existed_by: None,
                source: format!("{} of an earlier run", gone.label),
            });
        }
    }
    for own in heads.values_mut() {
        own.sort_by(|a, b| (a.sequence, a.hash, &a.source).cmp(&(b.sequence, b.hash, &b.source)));
    }
    heads
}

fn outcome_of(effect: Effect) -> Outcome {
    match effect {
        Effect::Fails { verdict: Verdict::Disproved } => Outcome::Disproved,
        Effect::Fails { .. } => Outcome::NotEstablished,
        Effect::Unreadable => Outcome::Unreadable,
        Effect::Limits { .. } | Effect::Notes => Outcome::Verified,
    }
}

fn rank(effect: Effect) -> u8 {
    match effect {
        Effect::Fails { verdict: Verdict::Disproved } => 0,
        Effect::Unreadable => 1,
        Effect::Fails { .. } => 2,
        Effect::Limits { .. } => 3,
        Effect::Notes => 4,
    }
}

fn not_proven(sets: &[SetRecord], expectation: &Expectation) -> Vec<&'static str> {
    let mut texts = vec!["that every event was recorded, or that a recorded event happened as described"];
    if expectation.scopes.is_empty() && expectation.expected.is_empty() {
        texts.push(
            "that no further chain exists: no chain was named as expected (--scope, --expect-scope), and only checkpoints and earlier runs name others",
        );
    }
    if expectation.from.is_some() || expectation.to.is_some() {
        texts.push("that the stated times of records are true; the period is judged by them");
    }
    if expectation.to.is_none() {
        texts.push("that a chain did not go on after the last record that a checkpoint names");
    }
    if sets.len() > 1 {
        texts.push(
            "that archives agree in what record hashes do not cover (payloads, permit objects, usage): keel-verify diff compares it",
        );
    }
    if sets.iter().any(|set| set.without_trust) {
        texts.push(
            "where the evidence comes from: an archive was accepted without an established signer, as asked",
        );
    }
    texts
}
