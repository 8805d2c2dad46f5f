//! Checkpoints against the chain entries of the exports beside them, and how old the newest one is.
//!
//! A checkpoint vouches for the evidence only where the evidence holds what it names. One that names another record shows
//! a second history, and one that names a later record shows that records were kept back; neither may pass, whatever else
//! the policy says, and none of them counts for the age of the newest checkpoint.

use super::judge::{Answer, few};
use super::{Facts, Policy, WITNESS};
use crate::claim::checkpoint::{HeadConflict, HeadFault, Held, conflicts};
use crate::claim::tlog::INCLUSION;
use crate::finding::Verdict;
use crate::render::headline;
use crate::report::{Report, RuleState};
use crate::time::Timestamp;

/// No checkpoint contradicts the evidence or another checkpoint, and none names a later record than the last one held.
/// `None` without a checkpoint that names a record.
pub(super) fn heads(facts: &Facts<'_>) -> Option<Answer> {
    let count: usize = facts.reports.iter().map(|report| report.heads.len()).sum();
    if count == 0 {
        return None;
    }
    let name = |position: usize| facts.reports.get(position).map(headline::subject).unwrap_or_default();
    let (mut forked, mut beyond) = (Vec::new(), Vec::new());
    for HeadConflict { report, head, fault } in conflicts(facts.reports) {
        let (source, number, scope) = (name(report), head.sequence, &head.scope);
        match fault {
            HeadFault::Contradicted { .. } => {
                forked.push(format!("{source} names another record {number} of {scope} than is held"));
            }
            HeadFault::Split { other, .. } => {
                let other = name(other);
                forked.push(format!("{other} and {source} name different records {number} of {scope}"));
            }
            HeadFault::Beyond { last } => {
                beyond.push(format!(
                    "{source} names record {number} of {scope}, and the last one held is {last}"
                ));
            }
        }
    }
    let state = match (forked.is_empty(), beyond.is_empty()) {
        (false, _) => RuleState::Failed,
        (true, false) => RuleState::NotEstablished,
        (true, true) => {
            let message = format!(
                "no checkpoint contradicts the evidence or names a later record; {count} heads compared"
            );
            return Some((RuleState::Met, message));
        }
    };
    forked.append(&mut beyond);
    Some((state, few(&forked)))
}

impl Policy {
    pub(super) fn checkpoint_age(&self, most: i64, facts: &Facts<'_>) -> Answer {
        let mut newest: Option<(i64, String)> = None;
        let (mut stated, mut foreign) = (0_usize, 0_usize);
        for (time, source, is_proven, is_held) in times(facts.reports) {
            if !is_held {
                foreign = foreign.saturating_add(1);
                continue;
            }
            stated = stated.saturating_add(usize::from(!is_proven));
            let counts = is_proven || self.allow_stated_time;
            if counts && newest.as_ref().is_none_or(|(other, _)| time.unix_micros() > *other) {
                newest = Some((time.unix_micros(), format!("{time} ({source})")));
            }
        }
        let limit = age(most);
        let Some((micros, text)) = newest else {
            let why = match (stated, foreign) {
                (0, 0) => "the evidence holds no verified checkpoint and no witnessed tree head",
                (0, _) => {
                    "no export holds what the checkpoints and tree heads name, so that they say nothing about it"
                }
                _ => "checkpoints state a time, and no timestamp or witness confirms it",
            };
            return (RuleState::NotEstablished, format!("at most {limit}; {why}"));
        };
        let old = facts.as_of.unix_micros().saturating_sub(micros);
        if old < 0 {
            let message =
                format!("at most {limit}; the newest checkpoint is of {text}, after {}", facts.as_of);
            return (RuleState::NotEstablished, message);
        }
        let state = if old <= most { RuleState::Met } else { RuleState::Failed };
        (state, format!("at most {limit}; the newest checkpoint is of {text}, {} old", age(old)))
    }
}

/// Times of verified checkpoints and of witnessed tree heads: time, source, whether somebody outside vouches for it, and
/// whether the evidence holds what was there at that time. Proofs of inclusion tie a tree head to its export.
fn times(reports: &[Report]) -> Vec<(Timestamp, String, bool, bool)> {
    let mut times = Vec::new();
    let held = Held::of(reports);
    for report in reports {
        let is_held = !report.checkpoints.is_empty() && held.has(report);
        for own in &report.checkpoints {
            if let Some(time) = Timestamp::parse(&own.time) {
                times.push((time, own.source.words().to_owned(), own.source.is_proven(), is_held));
            }
        }
        let witnessed = report.claim(WITNESS).filter(|claim| claim.verdict == Verdict::Supported);
        let states = witnessed.map(|claim| claim.epistemic_state.as_slice()).unwrap_or_default();
        let stated = states.iter().find(|(name, _)| name == "quorum_time");
        if let Some(time) = stated.and_then(|(_, text)| Timestamp::parse(text)) {
            let is_held = report.verdict(INCLUSION) == Some(Verdict::Supported);
            times.push((time, "tree head, cosigned by enough witnesses".to_owned(), true, is_held));
        }
    }
    times
}

/// Whole days, hours and minutes.
fn age(micros: i64) -> String {
    let minutes = micros.div_euclid(60_000_000);
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "m")];
    let text: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if text.is_empty() { "0m".to_owned() } else { text.join(" ") }
}
