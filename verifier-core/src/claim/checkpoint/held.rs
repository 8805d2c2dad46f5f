//! Heads of checkpoints against the chain entries of the exports of one run, and against each other.
//!
//! A checkpoint and an export that were handed over apart are verified apart. That both are genuine does not show that they
//! tell one history: this is where it is compared. Reports carry their entries only where the policy keeps them
//! ([`TrustPolicy::keep_chains`](crate::trust::TrustPolicy::keep_chains)).

use std::collections::BTreeMap;

use crate::chain::ScopeStretches;
use crate::claim::name;
use crate::finding::catalog::decided as code;
use crate::finding::{Finding, Location, Verdict};
use crate::report::{ChainHead, HeadStanding, Report};

/// What is wrong with a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFault {
    /// An export holds another record under its number.
    Contradicted {
        /// The record hash there.
        held: [u8; 32],
    },
    /// Another checkpoint names another record under its number.
    Split {
        /// The position of that checkpoint's report.
        other: usize,
        /// The record hash there.
        named: [u8; 32],
    },
    /// The exports end before it.
    Beyond {
        /// The last number held.
        last: i64,
    },
}

/// A head with what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadConflict {
    /// The position of the checkpoint's report.
    pub report: usize,
    /// The head.
    pub head: ChainHead,
    /// What is wrong with it.
    pub fault: HeadFault,
}

/// The chain entries of exports whose bytes a trusted issuer signed, by chain.
#[derive(Debug)]
pub struct Held<'a> {
    chains: BTreeMap<&'a str, Vec<&'a ScopeStretches>>,
}

impl<'a> Held<'a> {
    /// Those of the exports among the reports.
    #[must_use]
    pub fn of(reports: &'a [Report]) -> Self {
        let is_signed = |report: &&Report| {
            report.verdict(name::EXPORT_INTEGRITY) == Some(Verdict::Supported)
                && !report.accepted_without_trust
        };
        let mut chains = BTreeMap::<&str, Vec<&ScopeStretches>>::new();
        for chain in reports.iter().filter(is_signed).flat_map(|report| &report.chains) {
            chains.entry(&chain.scope).or_default().push(chain);
        }
        Self { chains }
    }

    fn standing(&self, head: &ChainHead) -> HeadStanding {
        let own = self.chains.get(head.scope.as_str()).map(Vec::as_slice).unwrap_or_default();
        head.standing(own.iter().copied())
    }

    /// Whether everything that a checkpoint names is held: every head of a chain of which entries are held, and one at
    /// least.
    #[must_use]
    pub fn has(&self, checkpoint: &Report) -> bool {
        let standings: Vec<HeadStanding> = checkpoint.heads.iter().map(|head| self.standing(head)).collect();
        standings.contains(&HeadStanding::Held)
            && standings.iter().all(|own| matches!(own, HeadStanding::Held | HeadStanding::NoChain))
    }
}

/// Every head that another checkpoint or an export contradicts, or that the exports end before; in order of the reports.
#[must_use]
pub fn conflicts(reports: &[Report]) -> Vec<HeadConflict> {
    let mut named: BTreeMap<(&str, i64), (usize, [u8; 32])> = BTreeMap::new();
    let mut conflicts = Vec::new();
    let held = Held::of(reports);
    for (report, own) in reports.iter().enumerate() {
        for head in &own.heads {
            let mut conflict = |fault| conflicts.push(HeadConflict { report, head: head.clone(), fault });
            match held.standing(head) {
                HeadStanding::Contradicted { held } => conflict(HeadFault::Contradicted { held }),
                HeadStanding::Beyond { last } => conflict(HeadFault::Beyond { last }),
                HeadStanding::NoChain | HeadStanding::Held | HeadStanding::NotHeld => {}
            }
            let first = *named.entry((&head.scope, head.sequence)).or_insert((report, head.hash));
            if first.1 != head.hash {
                conflict(HeadFault::Split { other: first.0, named: first.1 });
            }
        }
    }
    conflicts
}

/// Makes each conflict a finding of the checkpoint's report, at most `kept` of a code. A contradiction disproves the
/// checkpoint or the export, and the run with them; that exports end early is said, because a period may end early.
pub(crate) fn report_conflicts(reports: &mut [Report], kept: u32) {
    let file =
        |report: &Report| report.artifact.files.first().map(|file| file.path.clone()).unwrap_or_default();
    let files: Vec<String> = reports.iter().map(file).collect();
    for HeadConflict { report: position, head, fault } in conflicts(reports) {
        let Some(own) = reports.get_mut(position) else { continue };
        let name = files.get(position).map_or("", String::as_str);
        let (scope, number) = (&head.scope, head.sequence);
        let (message, there) = match fault {
            HeadFault::Contradicted { held } => (
                format!("checkpoint {name} has another entry {number} of {scope} than an export of this run"),
                held,
            ),
            HeadFault::Split { other, named } => {
                let other = files.get(other).map_or("", String::as_str);
                (format!("checkpoints {name} and {other} have different entries {number} of {scope}"), named)
            }
            HeadFault::Beyond { last } => {
                own.not_proven.push(format!(
                    "where the entries {} to {number} of {scope} are: the checkpoint names the last of them, and the exports of this run end before",
                    last.saturating_add(1)
                ));
                continue;
            }
        };
        let finding = Finding::disproves(&code::CHAIN_HEAD_CONTRADICTED, message)
            .at(Location::file(name))
            .fact("in the checkpoint", crate::bytes::hex::encode(&head.hash))
            .fact("there", crate::bytes::hex::encode(&there));
        own.add(finding, kept);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::chain::{Kept, Stretch};
    use crate::finding::catalog::export as export_code;
    use crate::report::{Outcome, ReportBuilder, Requested, Subject};
    use crate::time::Timestamp;

    const CHAIN: &str = "project:a";

    fn finished(out: ReportBuilder) -> Report {
        out.finish(&Timestamp::parse("2026-08-04").unwrap())
    }

    fn export(last: u8) -> Report {
        let mut out = ReportBuilder::new(1, BTreeSet::new());
        out.claim(name::EXPORT_INTEGRITY, Requested::Evidence);
        let subject = Subject::unnamed("payload");
        out.supported(name::EXPORT_INTEGRITY, subject, &export_code::CONTENT_HASH_MATCH, "same bytes");
        let entries = (1..=last).map(|byte| Kept { hash: [byte; 32], time: 0, bridge: false }).collect();
        let stretches = vec![Stretch { first: 1, first_prev: None, entries }];
        out.chains.push(ScopeStretches { scope: CHAIN.to_owned(), stretches, unusable: 0 });
        finished(out)
    }

    fn checkpoint(heads: &[(i64, u8)]) -> Report {
        let mut out = ReportBuilder::new(1, BTreeSet::new());
        let head = |(sequence, byte): &(i64, u8)| ChainHead {
            scope: CHAIN.to_owned(),
            sequence: *sequence,
            hash: [*byte; 32],
            existed_by: None,
        };
        out.heads = heads.iter().map(head).collect();
        finished(out)
    }

    #[test]
    fn a_contradiction_disproves_and_an_early_end_is_said() {
        let mut reports = [export(3), checkpoint(&[(3, 3)]), checkpoint(&[(2, 7)]), checkpoint(&[(9, 9)])];
        report_conflicts(&mut reports, 5);
        let outcomes = reports.each_ref().map(|report| report.outcome);
        let (good, bad) = (Outcome::Verified, Outcome::Disproved);
        assert_eq!(outcomes, [good, good, bad, good]);
        assert!(reports[2].has_code("CHAIN_HEAD_CONTRADICTED"));
        assert!(reports[3].not_proven.iter().any(|text| text.contains("entries 4 to 9")));
        let held = Held::of(&reports);
        assert!(held.has(&reports[1]) && !held.has(&reports[3]));
    }

    #[test]
    fn two_checkpoints_cannot_name_different_records() {
        let mut reports = [checkpoint(&[(3, 3)]), checkpoint(&[(3, 4)])];
        report_conflicts(&mut reports, 5);
        assert_eq!(reports[1].outcome, Outcome::Disproved);
        let mut unlisted = [export(3), checkpoint(&[(1, 7), (2, 7), (3, 7)])];
        report_conflicts(&mut unlisted, 1);
        let [count] = unlisted[1].counts.as_slice() else { panic!("{:?}", unlisted[1].counts) };
        assert_eq!((count.count, unlisted[1].findings.len()), (3, 1));
        assert_eq!(count.unlisted, Some(crate::finding::Severity::Error));
    }
}
