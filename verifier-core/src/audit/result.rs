//! The judgement of one chain in words and figures.

use std::collections::BTreeMap;

use super::judge::Judge;
use super::population::{Completeness, Edge, HeldRange, OverlapRow, ScopeAudit, SourceRow};
use super::ranges::{Range, ranges_text, time_text};
use super::record::SetRecord;
use super::union::{Overlap, Union};

const MICROS_PER_DAY: i64 = 86_400_000_000;

impl Judge<'_> {
    pub(super) fn result(
        &mut self,
        union: &Union,
        population: Option<Range>,
        head_bound: Option<String>,
        tail_bound: Option<String>,
    ) -> ScopeAudit {
        let completeness = if self.contradicted {
            Completeness::Contradicted
        } else if self.incomplete {
            Completeness::Incomplete
        } else if self.open.is_empty() {
            Completeness::Complete
        } else {
            Completeness::NotEstablished
        };
        let edge = |sequence: i64| {
            let time = union.get(sequence).map_or_else(String::new, |slot| time_text(slot.kept.time));
            Edge { sequence, time }
        };
        let range = |first: i64, last: i64| HeldRange { first: edge(first), last: edge(last) };
        let inside =
            |sequence: i64| population.is_some_and(|(first, last)| (first..=last).contains(&sequence));
        let mut by_month = BTreeMap::<String, u64>::new();
        let mut known: Option<(i64, String)> = None;
        let mut records = 0_u64;
        for (sequence, slot) in union.numbered().filter(|(_, slot)| !slot.kept.bridge) {
            if !inside(sequence) {
                continue;
            }
            records += 1;
            let day = slot.kept.time.div_euclid(MICROS_PER_DAY);
            let month = match &known {
                Some((own, month)) if *own == day => month.clone(),
                _ => time_text(slot.kept.time).chars().take(7).collect(),
            };
            *by_month.entry(month.clone()).or_default() += 1;
            known = Some((day, month));
        }
        let statement = self.statement(completeness, population.map(|(first, last)| range(first, last)));
        ScopeAudit {
            scope: self.scope.to_owned(),
            completeness,
            statement,
            population: population.map(|(first, last)| range(first, last)),
            held: union.segments.iter().map(|segment| range(segment.first, segment.last())).collect(),
            missing: std::mem::take(&mut self.missing),
            head_bound,
            tail_bound,
            records,
            months: by_month.into_iter().collect(),
            sources: self.sources(),
            overlaps: union.overlaps.iter().map(|overlap| self.overlap(overlap)).collect(),
        }
    }

    fn statement(&self, completeness: Completeness, population: Option<HeldRange>) -> String {
        let what = match &population {
            Some(range) => format!(
                "the population of {} from record {} ({}) to record {} ({})",
                self.scope, range.first.sequence, range.first.time, range.last.sequence, range.last.time
            ),
            None => format!("the population of {}", self.scope),
        };
        match completeness {
            Completeness::Complete if population.is_none() => {
                format!("no record of {} lies in the period", self.scope)
            }
            Completeness::Complete => format!("{what} is complete"),
            Completeness::Incomplete => {
                format!("{what} is incomplete: records {} are missing", ranges_text(&self.missing))
            }
            Completeness::Contradicted => format!("{what} is contradicted: the evidence shows two histories"),
            Completeness::NotEstablished => {
                format!("whether {what} is complete is not established: {}", self.open.join("; "))
            }
        }
    }

    fn sources(&self) -> Vec<SourceRow> {
        let of = |set: &SetRecord| {
            let own: Vec<_> = set.chains.iter().filter(|chain| chain.scope == self.scope).collect();
            let row = SourceRow {
                set: set.label.clone(),
                standing: set.standing,
                ranges: own
                    .iter()
                    .flat_map(|chain| chain.stretches.iter().map(|stretch| (stretch.first, stretch.last())))
                    .collect(),
                unusable: own.iter().map(|chain| chain.unusable).sum(),
            };
            (!own.is_empty()).then_some(row)
        };
        self.sets.iter().filter_map(of).collect()
    }

    fn overlap(&self, overlap: &Overlap) -> OverlapRow {
        OverlapRow {
            first: overlap.first,
            last: overlap.last,
            sets: [overlap.held, overlap.other].map(|set| self.label(set).to_owned()),
            conflict: overlap.conflict.as_ref().map(|conflict| (conflict.first, conflict.last)),
        }
    }
}
