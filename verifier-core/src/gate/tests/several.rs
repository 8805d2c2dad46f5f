//! Rules over several sets of evidence: a good one makes up for nothing that another one lacks.

use super::*;
use crate::chain::{Kept, ScopeStretches, Stretch};
use crate::evidence::{Evidence, ExportSet, Part};
use crate::report::ChainHead;
use crate::trust::{Check, TrustPolicy};

const DAY: &str = "[checkpoint]\nmax_age = \"24h\"";

/// An export with records 1 to `last` of a chain; the hash of record N is N in every byte.
pub(super) fn holding(scope: &str, last: u8) -> Report {
    let mut report = clean();
    let entries = (1..=last).map(|byte| Kept { hash: [byte; 32], time: 0, bridge: false }).collect();
    let stretches = vec![Stretch { first: 1, first_prev: None, entries }];
    report.chains.push(ScopeStretches { scope: scope.to_owned(), stretches, unusable: 0 });
    report
}

/// A checkpoint with heads: chain, number, byte of the hash.
pub(super) fn checkpoint(heads: &[(&str, i64, u8)]) -> Report {
    let mut report = report(|out| {
        out.artifact.kind = "checkpoint".to_owned();
        out.claim("checkpoint.signature.v1", Requested::Evidence);
        out.supported(
            "checkpoint.signature.v1",
            Subject::unnamed("checkpoint"),
            &export::CONTENT_HASH_MATCH,
            "",
        );
    });
    report.claims.retain(|claim| claim.name != INTEGRITY);
    report.heads = heads
        .iter()
        .map(|(scope, sequence, byte)| ChainHead {
            scope: (*scope).to_owned(),
            sequence: *sequence,
            hash: [*byte; 32],
            existed_by: None,
        })
        .collect();
    report
}

fn fresh(heads: &[(&str, i64, u8)]) -> Report {
    let mut report = checkpoint(heads);
    let time = "2026-08-03T12:00:00Z".to_owned();
    report.checkpoints.push(CheckpointTime { time, source: TimeSource::Timestamp });
    report
}

fn walked() -> Report {
    report(|out| {
        out.claim(WALK, Requested::Operator);
        out.supported(WALK, Subject::unnamed("chain"), &export::CONTENT_HASH_MATCH, "linked");
    })
}

fn bundle() -> Report {
    let mut own = report(|out| out.artifact.kind = "evidence_bundle".to_owned());
    own.claims.clear();
    own
}

/// An export that was stripped of its chain must not pass for standing beside one that has it.
#[test]
fn a_required_claim_is_demanded_of_every_set_of_its_kind() {
    let policy = "[require]\nclaims = [\"walk\"]";
    let stripped = clean();
    assert_eq!(stripped.verdict(WALK), None);
    assert_eq!(outcome(policy, &[walked()]), Outcome::Verified);
    assert_eq!(outcome(policy, std::slice::from_ref(&stripped)), Outcome::NotEstablished);
    assert_eq!(outcome(policy, &[stripped.clone(), walked()]), Outcome::NotEstablished);
    let gate = judge(&parse(policy), &[walked(), stripped], "2026-08-04");
    let (state, message) = rule(&gate, "claims");
    assert_eq!(state, RuleState::NotEstablished);
    assert!(message.contains("local_continuity.v1 is not evaluated in export export.json"), "{message}");

    let mut excerpt = clean();
    excerpt.artifact.kind = "excerpt".to_owned();
    assert_eq!(outcome(policy, &[walked(), excerpt]), Outcome::NotEstablished, "it stands for an export");
    let witnesses = "[require]\nwitnesses = \"1of1\"";
    assert_eq!(outcome(witnesses, &[walked()]), Outcome::NotEstablished);
}

/// What cannot carry the claim is not asked for it, and supports nothing.
#[test]
fn a_set_of_another_kind_is_not_asked_for_it() {
    let policy = "[require]\nclaims = [\"walk\"]";
    let rules = |reports: &[Report]| rule(&judge(&parse(policy), reports, "2026-08-04"), "claims");
    assert_eq!(rules(&[walked(), bundle(), checkpoint(&[])]).0, RuleState::Met);
    let (state, message) = rules(&[bundle(), checkpoint(&[])]);
    assert!(state == RuleState::NotEstablished && message.contains("evaluated by nothing"), "{message}");
    let signature = parse("[require]\nclaims = [\"checkpoint.signature.v1\"]");
    let rules = |reports: &[Report]| rule(&judge(&signature, reports, "2026-08-04"), "claims").0;
    assert_eq!(rules(&[walked(), checkpoint(&[])]), RuleState::Met);
    assert_eq!(rules(&[walked()]), RuleState::NotEstablished);
}

#[test]
fn a_verification_demands_what_belongs_to_the_kind() {
    let policy = parse(
        "[require]\nclaims = [\"walk\", \"closures\", \"integrity\", \"timestamp\"]\nwitnesses = \"1of2\"",
    );
    let entry = crate::archive::Entry::from_bytes("x", Vec::new());
    let siblings = std::sync::Arc::new(crate::archive::NoSiblings);
    let part = Part { label: "x".to_owned(), entry, siblings, above: None };
    let trust = TrustPolicy::new(at("2026-08-04"));
    let of = |set: Evidence| {
        let own = policy.demand(&set, &trust);
        let require: Vec<String> = own.require.iter().cloned().collect();
        (own.walk, own.closures, require, own.logs.witnesses)
    };
    let (required, automatic, two) = (Check::Required, Check::Automatic, Some((1, 2)));
    let export = vec![INTEGRITY.to_owned(), "transparency_log.witness.v1".to_owned()];
    let (same, stamped) = (export.clone(), vec!["checkpoint.tsa_chain.v1".to_owned()]);
    let set = ExportSet::new(part.clone(), None);
    assert_eq!(of(Evidence::Export(set)), (required, required, export, two));
    assert_eq!(of(Evidence::Excerpt(part.clone())), (required, required, same, two));
    assert_eq!(of(Evidence::Checkpoint(part.clone())), (automatic, automatic, stamped, two));
    assert_eq!(of(Evidence::Bundle(part)), (automatic, automatic, Vec::new(), two));
}

#[test]
fn a_checkpoint_counts_only_where_its_records_are_held() {
    let held = holding("project:a", 3);
    let judged = |reports: &[Report]| {
        let gate = judge(&parse(DAY), reports, "2026-08-04");
        (gate.outcome, rule(&gate, "checkpoint_heads").0, rule(&gate, "checkpoint_age").0)
    };
    let (met, open) = (RuleState::Met, RuleState::NotEstablished);
    assert_eq!(judged(&[held.clone(), fresh(&[("project:a", 3, 3)])]), (Outcome::Verified, met, met));
    let other = [held.clone(), fresh(&[("project:a", 2, 2), ("project:b", 9, 9)])];
    assert_eq!(judged(&other), (Outcome::Verified, met, met), "nothing of the other chain is here");

    let fork = [held.clone(), fresh(&[("project:a", 3, 7)])];
    assert_eq!(judged(&fork), (Outcome::Disproved, RuleState::Failed, open));
    let cut = [held.clone(), fresh(&[("project:a", 4, 4)])];
    assert_eq!(judged(&cut), (Outcome::NotEstablished, open, open));
    let half = [held.clone(), holding("project:b", 3), fresh(&[("project:a", 3, 3), ("project:b", 5, 5)])];
    assert_eq!(judged(&half), (Outcome::NotEstablished, open, open));
    let alone = [clean(), fresh(&[("project:a", 3, 3)])];
    assert_eq!(judged(&alone), (Outcome::NotEstablished, met, open), "no export holds the chain");
    let two = [held.clone(), holding("project:a", 9), fresh(&[("project:a", 9, 9)])];
    assert_eq!(judged(&two), (Outcome::Verified, met, met), "the archives are taken together");

    let unsigned = {
        let mut own = held.clone();
        own.claims.retain(|claim| claim.name != INTEGRITY);
        own
    };
    assert_eq!(judged(&[unsigned, fresh(&[("project:a", 3, 3)])]).2, open);
    let mut accepted = held;
    accepted.accepted_without_trust = true;
    assert_eq!(judged(&[accepted, fresh(&[("project:a", 3, 3)])]).2, open);
}

/// Also where the policy says nothing about checkpoints.
#[test]
fn contradicting_checkpoints_never_pass() {
    let held = holding("project:a", 3);
    assert_eq!(outcome("", &[held.clone(), checkpoint(&[("project:a", 3, 3)])]), Outcome::Verified);
    assert_eq!(outcome("", &[held.clone(), checkpoint(&[("project:a", 3, 7)])]), Outcome::Disproved);
    assert_eq!(outcome("", &[held.clone(), checkpoint(&[("project:a", 4, 4)])]), Outcome::NotEstablished);
    let split = [held, checkpoint(&[("project:b", 9, 1)]), checkpoint(&[("project:b", 9, 2)])];
    assert_eq!(outcome("", &split), Outcome::Disproved, "a split view, whatever is held");
}

/// A witnessed head says something about an export only where its entries are in it.
#[test]
fn a_witnessed_head_counts_only_with_inclusion() {
    const INCLUSION: &str = "transparency_log.inclusion.v1";
    let with = |is_included: bool| {
        [report(|out| {
            out.claim("transparency_log.witness.v1", Requested::Automatic);
            let subject = Subject::unnamed("tree_head");
            out.supported("transparency_log.witness.v1", subject, &export::CONTENT_HASH_MATCH, "cosigned");
            out.epistemic("transparency_log.witness.v1", "quorum_time", "2026-08-03T12:00:00Z");
            if is_included {
                out.claim(INCLUSION, Requested::Automatic);
                let subject = Subject::unnamed("chain_entries");
                out.supported(INCLUSION, subject, &export::CONTENT_HASH_MATCH, "in the log");
            }
        })]
    };
    assert_eq!(outcome(DAY, &with(true)), Outcome::Verified);
    assert_eq!(outcome(DAY, &with(false)), Outcome::NotEstablished);
}
