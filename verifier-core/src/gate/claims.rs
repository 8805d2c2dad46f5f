//! Which claims a policy demands of which evidence, and whether they are supported.
//!
//! A set of evidence is asked for every required claim that belongs to its kind, however many sets there are: evidence
//! that was handed over without what the claim needs must not pass for standing beside evidence that has it.

use super::judge::{Answer, few, worse};
use super::{Facts, Policy, WITNESS};
use crate::claim::tlog::INCLUSION;
use crate::evidence::Evidence;
use crate::finding::Verdict;
use crate::registry::{self, Reach};
use crate::render::headline;
use crate::report::RuleState;
use crate::trust::{Check, TrustPolicy};

const WALK: &str = "governance_chain.local_continuity.v1";
const CLOSURES: &str = "closure.signature.v1";
const BUNDLE: &str = "evidence_bundle.self_attesting.v1";
const EXCERPT: [&str; 2] = ["excerpt.entries.v1", "excerpt.records.v1"];

/// Whether a claim belongs to a kind of evidence, named as in a report.
///
/// | kind | claims |
/// | --- | --- |
/// | `export` | all that the registry places in a split export; inclusion in a log, and its witnesses |
/// | `excerpt` | the same, because it stands for an export, and its own two |
/// | `evidence_bundle` | its envelope; no body is judged |
/// | `checkpoint` | those of a checkpoint |
/// | `checkpoint_bundle` | both |
/// | others | none |
pub(super) fn belongs(claim: &str, kind: &str) -> bool {
    let within = |places: &[Reach]| {
        registry::claim(claim).is_some_and(|info| info.reach.iter().any(|reach| places.contains(reach)))
    };
    let of_export = || {
        use Reach::{Export, ExportWhenPinned, ExportWithEvidence, Option};
        within(&[Export, ExportWhenPinned, ExportWithEvidence, Option])
            || [INCLUSION, WITNESS].contains(&claim)
    };
    match kind {
        "export" => of_export(),
        "excerpt" => of_export() || EXCERPT.contains(&claim),
        "evidence_bundle" => claim == BUNDLE,
        "checkpoint" => within(&[Reach::Checkpoint]),
        "checkpoint_bundle" => claim == BUNDLE || within(&[Reach::Checkpoint]),
        _ => false,
    }
}

/// The kind that the report of a set will name; of what its content decides, the kind that is asked for least.
fn kind(set: &Evidence) -> &'static str {
    match set {
        Evidence::Export(_) => "export",
        Evidence::Excerpt(_) => "excerpt",
        Evidence::Bundle(_) => "evidence_bundle",
        Evidence::Checkpoint(_) => "checkpoint",
        _ => "",
    }
}

impl Policy {
    /// Demands of the verification of a set what the policy requires of its kind.
    #[must_use]
    pub fn demand(&self, set: &Evidence, trust: &TrustPolicy) -> TrustPolicy {
        let mut trust = trust.clone();
        if self.witnesses.is_some() {
            trust.logs.witnesses = self.witnesses;
        }
        for claim in self.required().filter(|claim| belongs(claim, kind(set))) {
            match claim {
                WALK => trust.walk = Check::Required,
                CLOSURES => trust.closures = Check::Required,
                other => drop(trust.require.insert(other.to_owned())),
            }
        }
        trust
    }

    /// Every claim that the policy requires, that of the witnesses included.
    pub(super) fn required(&self) -> impl Iterator<Item = &str> {
        let witness = self.witnesses.map(|_| WITNESS);
        let extra = witness.filter(|name| !self.claims.iter().any(|claim| claim == name));
        self.claims.iter().map(String::as_str).chain(extra)
    }

    /// Every required claim is supported by each set to whose kind it belongs, by one set at least, and contradicted by
    /// none.
    pub(super) fn claims_supported(&self, facts: &Facts<'_>) -> Answer {
        let mut state = RuleState::Met;
        let mut open = Vec::new();
        for name in self.required() {
            let (before, mut supported) = (open.len(), false);
            for report in facts.reports {
                let verdict = report.verdict(name);
                let (own, word) = match verdict {
                    Some(Verdict::Supported) => {
                        supported = true;
                        continue;
                    }
                    Some(Verdict::Disproved) => (RuleState::Failed, "disproved"),
                    Some(_) => (RuleState::NotEstablished, "not established"),
                    None if belongs(name, &report.artifact.kind) => {
                        (RuleState::NotEstablished, "not evaluated")
                    }
                    None => continue,
                };
                state = worse(state, own);
                open.push(format!("{name} is {word} in {}", headline::subject(report)));
            }
            if !supported && open.len() == before {
                state = worse(state, RuleState::NotEstablished);
                open.push(format!("{name} is evaluated by nothing in the evidence"));
            }
        }
        let all = self.required().count();
        match state {
            RuleState::Met => (state, format!("all {all} required claims are supported")),
            _ => (state, few(&open)),
        }
    }
}
