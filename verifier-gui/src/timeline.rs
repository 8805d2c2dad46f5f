//! What happened when, on one axis: computed once on the worker, drawn by the view.
//!
//! Times are those that the evidence states; the ones that somebody outside vouches for are a lane of their own.

use std::collections::BTreeMap;

use verifier_core::finding::{Effect, Finding};
use verifier_core::ledger::Ledger;
use verifier_core::report::Report;
use verifier_core::time::Timestamp;
use verifier_core::trust::{Bound, KeyEntry};

/// Steps into which a lane is divided; what falls into one step is one point.
pub const STEPS: i64 = 2_000;

/// A lane of the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// What it shows.
    pub title: String,
    /// The filter that shows its permits in the table; empty for lanes of other things.
    pub filter: String,
    /// Points in order: the earliest instant of a step in microseconds since 1970, how many fall into the step, and what the
    /// first one is.
    pub points: Vec<(i64, u64, String)>,
    /// How many things it shows.
    pub count: u64,
}

/// All lanes.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// First and last instant.
    pub span: Option<(i64, i64)>,
    /// The lanes, from top to bottom.
    pub lanes: Vec<Lane>,
    /// Permits without a readable time.
    pub without_time: u64,
    /// What is wrong with chains: gaps, broken links, rewritten records.
    pub breaks: Vec<Finding>,
}

impl Timeline {
    /// The lanes of rows and reports.
    #[must_use]
    pub fn new(ledger: &Ledger, reports: &[Report], keys: &[KeyEntry]) -> Self {
        let mut lanes: BTreeMap<(u8, String, String), Vec<(i64, String)>> = BTreeMap::new();
        let mut put = |order: u8, title: String, filter: String, at: i64, what: &str| {
            lanes.entry((order, title, filter)).or_default().push((at, what.to_owned()));
        };
        let mut without_time = 0_u64;
        for row in &ledger.permits {
            let Some(at) = row.created_micros.get() else {
                without_time = without_time.saturating_add(1);
                continue;
            };
            let (project, decision) = (ledger.text(row.project), ledger.text(row.decision));
            let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
            let filter =
                format!("project == \"{}\" && decision == \"{}\"", quoted(project), quoted(decision));
            put(0, format!("{decision} in {project}"), filter, at, ledger.text(row.permit));
            if ledger.text(row.status) == "revoked" {
                let filter = format!("project == \"{}\" && status == revoked", quoted(project));
                put(1, format!("revoked in {project} (decided at)"), filter, at, ledger.text(row.permit));
            }
        }
        for report in reports {
            for signer in &report.signers {
                let at = signer.signed_at.as_deref().and_then(Timestamp::parse);
                if let Some(at) = at {
                    put(2, "signed (stated)".to_owned(), String::new(), at.unix_micros(), &signer.signed);
                }
            }
            for interval in report.decisions.iter().flat_map(|decisions| &decisions.intervals) {
                for bound in [&interval.decided_no_later_than, &interval.dispatched_no_earlier_than] {
                    let at = bound.as_ref().and_then(|bound| Timestamp::parse(&bound.time));
                    if let (Some(at), Some(bound)) = (at, bound) {
                        let lane = "time from outside".to_owned();
                        put(3, lane, String::new(), at.unix_micros(), &bound.source);
                    }
                }
            }
        }
        for checkpoint in reports.iter().flat_map(|report| &report.checkpoints) {
            if let Some(at) = Timestamp::parse(&checkpoint.time) {
                let source = serde_json::to_value(checkpoint.source).unwrap_or_default();
                let source = source.as_str().unwrap_or_default().replace('_', " ");
                put(2, "checkpoint".to_owned(), String::new(), at.unix_micros(), &source);
            }
        }
        for key in keys {
            let purpose = key.purpose.as_deref().unwrap_or_default().replace('_', " ");
            let id = key.key_id.as_deref().unwrap_or_default();
            for (what, bound) in [
                ("begins", &key.valid_from),
                ("ends", &key.valid_to),
                ("revoked", &key.revoked_at),
                ("compromised", &key.compromised_at),
            ] {
                if let Bound::At(at) = bound {
                    let title = format!("key {what}: {purpose}");
                    put(4, title, String::new(), at.unix_micros(), id);
                }
            }
        }
        let instants = || lanes.values().flatten().map(|(at, _)| *at);
        let span = instants().min().zip(instants().max());
        let step = span.map_or(1, |(first, last)| last.saturating_sub(first).div_euclid(STEPS).max(1));
        let lanes = lanes
            .into_iter()
            .map(|((_, title, filter), mut things)| {
                things.sort();
                let mut points: Vec<(i64, u64, String)> = Vec::new();
                for (at, what) in &things {
                    match points.last_mut() {
                        Some((first, count, _)) if at.saturating_sub(*first) < step => {
                            *count = count.saturating_add(1);
                        }
                        _ => points.push((*at, 1, what.clone())),
                    }
                }
                let count = u64::try_from(things.len()).unwrap_or(u64::MAX);
                Lane { title, filter, points, count }
            })
            .collect();
        let breaks = reports.iter().flat_map(|report| &report.findings).filter(|finding| is_break(finding));
        Self { span, lanes, without_time, breaks: breaks.cloned().collect() }
    }
}

/// Whether a finding is about the order or the links of a chain.
fn is_break(finding: &Finding) -> bool {
    let id = finding.code.id;
    finding.effect != Effect::Notes
        && (id.starts_with("WALK_")
            || id.starts_with("TLOG_")
            || id.contains("SEQUENCE")
            || id.contains("CHAIN"))
}

#[cfg(test)]
mod tests {
    use verifier_core::ledger::{Figure, PermitRow};

    use super::*;

    #[test]
    fn a_lane_keeps_every_thing_in_bounded_points() {
        let mut ledger = Ledger::default();
        let [allow, deny, project] = ["allow", "deny", "a \"b\""].map(|text| ledger.names.intern(text));
        for number in 0..20_000_i64 {
            ledger.permits.push(PermitRow {
                created_micros: if number == 7 { Figure::ABSENT } else { Figure::of(number * 1_000_000) },
                decision: if number % 100 == 0 { deny } else { allow },
                project,
                ..PermitRow::default()
            });
        }
        let timeline = Timeline::new(&ledger, &[], &[]);
        assert_eq!(timeline.span, Some((0, 19_999_000_000)));
        assert_eq!(timeline.without_time, 1);
        let counts: Vec<_> = timeline.lanes.iter().map(|lane| (lane.title.as_str(), lane.count)).collect();
        assert_eq!(counts, [("allow in a \"b\"", 19_799), ("deny in a \"b\"", 200)]);
        for lane in &timeline.lanes {
            assert!(lane.points.len() <= 2_002, "{}", lane.points.len());
            assert_eq!(lane.points.iter().map(|(_, count, _)| count).sum::<u64>(), lane.count);
            assert!(crate::filter::parse(&lane.filter).is_ok(), "{}", lane.filter);
        }
        assert!(Timeline::new(&Ledger::default(), &[], &[]).lanes.is_empty());
    }
}
