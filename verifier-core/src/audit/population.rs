//! Is the population of one chain complete?
//!
//! A chain counts from 1 without gaps, so a missing interior is plain. The ends are not: that the first record held is
//! the first of the period, and the last the last, must be shown by something else. What counts:
//!
//! | end | bound by |
//! | --- | --- |
//! | beginning | record 1; a verified record before `from`; a checkpoint that names the record before the first one held and is timestamped before `from` |
//! | end, with `to` | a verified record at or after `to` |
//! | end, without `to` | a checkpoint, which names a record that is held: the population is judged up to that record |
//!
//! Times of records are the issuer's statements; the record hash covers them.

use super::Expectation;
use super::record::{SetRecord, Standing};
use super::union::{Overlap, Piece, Union};
use crate::bytes::hex;
use crate::finding::catalog::audit as code;
use crate::finding::{Effect, Finding, Location, Verdict};
use crate::time::Timestamp;

/// What is said about a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Every record is there, as far as the statement says.
    Complete,
    /// Records are missing.
    Incomplete,
    /// The archives contradict each other.
    Contradicted,
    /// It cannot be said.
    NotEstablished,
}

impl Completeness {
    /// The name in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Contradicted => "contradicted",
            Self::NotEstablished => "not_established",
        }
    }

    /// The verdict of the claim.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Complete => Verdict::Supported,
            Self::Incomplete | Self::Contradicted => Verdict::Disproved,
            Self::NotEstablished => Verdict::InsufficientEvidence,
        }
    }
}

/// A record by number and stated time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Sequence number.
    pub sequence: i64,
    /// Stated time, RFC 3339.
    pub time: String,
}

/// Consecutive records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRange {
    /// The first record.
    pub first: Edge,
    /// The last record.
    pub last: Edge,
}

/// What one set holds of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// The set.
    pub set: String,
    /// How far its entries count.
    pub standing: Standing,
    /// First and last number of each unbroken stretch.
    pub ranges: Vec<(i64, i64)>,
    /// Entries that count for no number.
    pub unusable: u64,
}

/// Numbers that two sets hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlapRow {
    /// First number.
    pub first: i64,
    /// Last number.
    pub last: i64,
    /// The sets.
    pub sets: [String; 2],
    /// The numbers of the records that differ, if any do.
    pub conflict: Option<(i64, i64)>,
}

/// One chain of an audit.
#[derive(Clone, Debug)]
pub struct ScopeAudit {
    /// The chain.
    pub scope: String,
    /// What is said about its population.
    pub completeness: Completeness,
    /// The same as a sentence.
    pub statement: String,
    /// The population that was judged; `None` where no record of it is held.
    pub population: Option<HeldRange>,
    /// All ranges held in archives that the issuer signed.
    pub held: Vec<HeldRange>,
    /// Missing numbers, first and last of each range.
    pub missing: Vec<(i64, i64)>,
    /// What binds the beginning; `None` when nothing does.
    pub head_bound: Option<String>,
    /// What binds the end; `None` when nothing does.
    pub tail_bound: Option<String>,
    /// Records of the population.
    pub records: u64,
    /// Records of the population by month of their stated time, `YYYY-MM`.
    pub months: Vec<(String, u64)>,
    /// What each set holds.
    pub sources: Vec<SourceRow>,
    /// Where sets overlap.
    pub overlaps: Vec<OverlapRow>,
}

/// A bound of the chain from outside its records.
#[derive(Clone, Debug)]
pub(super) struct OutsideHead {
    pub(super) sequence: i64,
    pub(super) hash: [u8; 32],
    pub(super) existed_by: Option<i64>,
    /// In words, such as `checkpoint a.json`.
    pub(super) source: String,
}

/// Judges one chain.
pub(super) struct Judge<'a> {
    pub(super) scope: &'a str,
    pub(super) sets: &'a [SetRecord],
    pub(super) expectation: &'a Expectation,
    pub(super) heads: &'a [OutsideHead],
    pub(super) findings: Vec<Finding>,
    contradicted: bool,
    incomplete: bool,
    open: Vec<String>,
    missing: Vec<(i64, i64)>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        scope: &'a str,
        sets: &'a [SetRecord],
        expectation: &'a Expectation,
        heads: &'a [OutsideHead],
    ) -> Self {
        Self {
            scope,
            sets,
            expectation,
            heads,
            findings: Vec::new(),
            contradicted: false,
            incomplete: false,
            open: Vec::new(),
            missing: Vec::new(),
        }
    }

    fn label(&self, set: usize) -> &'a str {
        self.sets.get(set).map_or("", |set| &set.label)
    }

    fn note(&mut self, finding: Finding) {
        let scope = self.scope.to_owned();
        self.findings.push(Finding { facts: Vec::new(), ..finding.clone() }.fact("scope", scope));
        if let Some(last) = self.findings.last_mut() {
            last.facts.extend(finding.facts);
        }
    }

    fn contradicts(&mut self, finding: Finding) {
        self.contradicted = true;
        self.note(finding);
    }

    fn lacks(&mut self, short: String, finding: Finding) {
        self.open.push(short);
        self.note(finding);
    }

    /// The judgement, with its findings in [`Self::findings`].
    pub(super) fn judge(&mut self) -> ScopeAudit {
        let pieces: Vec<Piece<'_>> = self
            .sets
            .iter()
            .enumerate()
            .flat_map(|(at, set)| {
                let own = set.chains.iter().filter(|chain| chain.scope == self.scope);
                own.flat_map(move |chain| {
                    chain.stretches.iter().map(move |stretch| Piece {
                        set: at,
                        standing: set.standing,
                        stretch,
                    })
                })
            })
            .collect();
        let (unproven, signed): (Vec<_>, Vec<_>) =
            pieces.into_iter().partition(|piece| piece.standing == Standing::Unproven);
        let union = Union::of(signed);
        self.unusable();
        self.histories(&union);
        self.unproven_conflicts(&union, &unproven);
        self.outside_heads(&union);
        let unproven = ranges(unproven.iter().map(|piece| (piece.stretch.first, piece.stretch.last())));
        let window = Window::of(&union, self.expectation);
        self.gaps(&union, &window, &unproven);
        let head_bound = self.beginning(&union, &window);
        let (end, tail_bound) = self.end(&union, &window, &unproven);
        let population = window.span(&union, end);
        self.standing_of(&union, population);
        self.result(&union, population, head_bound, tail_bound)
    }

    fn unusable(&mut self) {
        for set in self.sets {
            let count: u64 =
                set.chains.iter().filter(|chain| chain.scope == self.scope).map(|chain| chain.unusable).sum();
            if count > 0 {
                let message = format!(
                    "{}: {count} entries of {} have record hashes that do not recompute",
                    set.label, self.scope
                );
                let finding =
                    Finding::lacks(&code::AUDIT_ENTRY_UNUSABLE, message).at(Location::file(&set.label));
                self.lacks(format!("{count} entries of {} cannot be placed", set.label), finding);
            }
        }
    }

    /// Forks, rewritten stretches and broken joins.
    fn histories(&mut self, union: &Union) {
        for overlap in &union.overlaps {
            let Some(conflict) = &overlap.conflict else { continue };
            let (held, other) = (self.label(overlap.held), self.label(overlap.other));
            let (first, last) = (conflict.first, conflict.last);
            let (code, what) = if conflict.same_predecessor {
                (&code::AUDIT_CHAIN_FORK, "from one predecessor on, two histories exist")
            } else {
                (&code::AUDIT_CHAIN_REWRITTEN, "the stretch exists in two versions")
            };
            let message = format!(
                "{}: {what}: records {} of {held} and {other} differ",
                self.scope,
                span_text(first, last)
            );
            let finding = Finding::disproves(code, message)
                .at(Location::file(other))
                .fact("first differing sequence number", first.to_string())
                .fact("last differing sequence number", last.to_string())
                .fact("record hash there", hex::encode(&conflict.held_hash))
                .fact("record hash here", hex::encode(&conflict.other_hash));
            self.contradicts(finding);
        }
        for broken in &union.broken {
            let (before, after) = (self.label(broken.before), self.label(broken.after));
            let message = format!(
                "{}: record {} of {after} does not follow record {} of {before}",
                self.scope,
                broken.sequence,
                broken.sequence.saturating_sub(1)
            );
            let stated = broken.stated.map_or_else(|| "(none)".to_owned(), |hash| hex::encode(&hash));
            let finding = Finding::disproves(&code::AUDIT_LINK_BROKEN, message)
                .at(Location::file(after))
                .fact("expected", hex::encode(&broken.expected))
                .fact("stated", stated);
            self.contradicts(finding);
        }
        for skip in &union.skips {
            let after = self.label(skip.set);
            let (predecessor, sequence) = (skip.predecessor, skip.sequence);
            let message = match skip.successor {
                Some(successor) => format!(
                    "{}: record {sequence} of {after} and record {} of {} both name record {predecessor} as their predecessor",
                    self.scope,
                    predecessor.saturating_add(1),
                    self.label(successor)
                ),
                None => format!(
                    "{}: record {sequence} of {after} names record {predecessor} as its predecessor, although a chain counts without gaps",
                    self.scope
                ),
            };
            let finding = Finding::disproves(&code::AUDIT_CHAIN_FORK, message)
                .at(Location::file(after))
                .fact("predecessor", predecessor.to_string())
                .fact("sequence number", sequence.to_string());
            self.contradicts(finding);
        }
    }

    /// What is not even signed contradicts nothing, but an auditor wants to know.
    fn unproven_conflicts(&mut self, union: &Union, unproven: &[Piece<'_>]) {
        for piece in unproven {
            let numbers = (piece.stretch.first..=piece.stretch.last()).zip(&piece.stretch.entries);
            let differs = |(sequence, kept): &(i64, &crate::chain::Kept)| {
                union.get(*sequence).is_some_and(|slot| slot.kept.hash != kept.hash)
            };
            if let Some((sequence, _)) = numbers.into_iter().find(differs) {
                let label = self.label(piece.set);
                let message = format!(
                    "{}: {label}, which did not verify, holds another record {sequence} than the verified archives",
                    self.scope
                );
                let finding =
                    Finding::lacks(&code::AUDIT_ARCHIVE_CONFLICT, message).at(Location::file(label));
                self.lacks(format!("{label} holds another record {sequence}"), finding);
            }
        }
    }

    fn outside_heads(&mut self, union: &Union) {
        let start = union.start();
        for (at, head) in self.heads.iter().enumerate() {
            let held = match union.get(head.sequence) {
                Some(slot) => Some((slot.kept.hash, self.label(slot.set))),
                None => start.filter(|(first, _)| head.sequence.checked_add(1) == Some(*first)).and_then(
                    |(_, prev)| Some((prev?, union.get(start?.0).map_or("", |slot| self.label(slot.set)))),
                ),
            };
            if let Some((hash, label)) = held.filter(|(hash, _)| *hash != head.hash) {
                let message = format!(
                    "{}: {} names another record {} than {label}",
                    self.scope, head.source, head.sequence
                );
                let finding = Finding::disproves(&code::AUDIT_CHECKPOINT_CONFLICT, message)
                    .at(Location::file(label))
                    .fact("sequence number", head.sequence.to_string())
                    .fact("record hash there", hex::encode(&head.hash))
                    .fact("record hash here", hex::encode(&hash));
                self.contradicts(finding);
            }
            // They are sorted, so that heads of one number stand together.
            let twin = at
                .checked_sub(1)
                .and_then(|before| self.heads.get(before))
                .filter(|other| other.sequence == head.sequence && other.hash != head.hash);
            if let Some(twin) = twin {
                let message = format!(
                    "{}: {} and {} name different records {}",
                    self.scope, twin.source, head.source, head.sequence
                );
                let finding = Finding::disproves(&code::AUDIT_CHECKPOINTS_DISAGREE, message)
                    .fact("sequence number", head.sequence.to_string())
                    .fact("one record hash", hex::encode(&twin.hash))
                    .fact("other record hash", hex::encode(&head.hash));
                self.contradicts(finding);
            }
        }
    }

    /// Numbers that nobody holds are missing; those of unproven archives are open.
    fn absent(&mut self, numbers: (i64, i64), unproven: &[(i64, i64)], sure: bool, why: &str, tail: bool) {
        let (covered, missing) = split(numbers, unproven);
        for (first, last) in missing {
            self.missing.push((first, last));
            let text = span_text(first, last);
            let code = if tail { &code::AUDIT_TAIL_MISSING } else { &code::AUDIT_RECORDS_MISSING };
            let message = format!("{}: records {text} are missing: {why}", self.scope);
            let effect = if sure { Verdict::Disproved } else { Verdict::InsufficientEvidence };
            let finding = Finding::new(code, Effect::Fails { verdict: effect }, message)
                .fact("first missing sequence number", first.to_string())
                .fact("last missing sequence number", last.to_string());
            if sure {
                self.incomplete = true;
                self.note(finding);
            } else {
                self.lacks(format!("records {text} are not given and may belong to the period"), finding);
            }
        }
        for (first, last) in covered {
            let text = span_text(first, last);
            let message = format!("{}: records {text} are only in archives that did not verify", self.scope);
            let finding = Finding::lacks(&code::AUDIT_RANGE_NOT_VERIFIED, message);
            self.lacks(format!("records {text} are only in archives that did not verify"), finding);
        }
    }

    fn gaps(&mut self, union: &Union, window: &Window, unproven: &[(i64, i64)]) {
        let gaps: Vec<_> = union.gaps().collect();
        for (first, last) in gaps {
            let (before, after) = (first.saturating_sub(1), last.saturating_add(1));
            if after < window.lowest() || before > window.highest() {
                continue;
            }
            let sure = before >= window.first && after <= window.last;
            let label = |sequence: i64| union.get(sequence).map_or("", |slot| self.label(slot.set));
            let why = format!("{} ends at {before}, {} goes on at {after}", label(before), label(after));
            self.absent((first, last), unproven, sure, &why, false);
        }
    }

    /// What binds the beginning.
    fn beginning(&mut self, union: &Union, window: &Window) -> Option<String> {
        let (first, prev) = union.start()?;
        if let Some(before) = window.before {
            return Some(format!("record {before} precedes the period"));
        }
        if first == 1 {
            return Some("record 1 is the first of the chain".to_owned());
        }
        let from = self.expectation.from.as_ref().map(Timestamp::unix_micros);
        let head = self.heads.iter().find(|head| {
            head.sequence.checked_add(1) == Some(first)
                && prev == Some(head.hash)
                && matches!((head.existed_by, from), (Some(by), Some(from)) if by <= from)
        });
        if let Some(head) = head {
            return Some(format!("{} shows that record {} precedes the period", head.source, head.sequence));
        }
        let text = span_text(1, first.saturating_sub(1));
        let message = match &self.expectation.from {
            Some(from) => format!(
                "{}: records {text} are not given, and nothing shows that they precede {}",
                self.scope,
                from.to_rfc3339()
            ),
            None => format!(
                "{}: records {text} are not given, and no beginning of the period is stated",
                self.scope
            ),
        };
        self.lacks(
            format!("whether records {text} belong to the period"),
            Finding::lacks(&code::AUDIT_HEAD_NOT_SHOWN, message),
        );
        None
    }

    /// Up to which number the population is judged, and what binds that end.
    fn end(
        &mut self,
        union: &Union,
        window: &Window,
        unproven: &[(i64, i64)],
    ) -> (Option<i64>, Option<String>) {
        let top = self.heads.iter().max_by_key(|head| head.sequence);
        let Some(last) = union.end() else {
            self.nothing_held(top, unproven);
            return (None, None);
        };
        let to = self.expectation.to.as_ref().map(Timestamp::unix_micros);
        if let Some(after) = window.after {
            return (Some(window.last), Some(format!("record {after} follows the period")));
        }
        if let Some(head) = top.filter(|head| head.sequence > last) {
            let sure = to.is_none_or(|to| head.existed_by.is_some_and(|by| by <= to));
            let why = format!("{} names record {}", head.source, head.sequence);
            self.absent((last.saturating_add(1), head.sequence), unproven, sure, &why, true);
            return (Some(window.last), None);
        }
        let matching = self
            .heads
            .iter()
            .filter(|head| union.get(head.sequence).is_some_and(|slot| slot.kept.hash == head.hash))
            .max_by_key(|head| head.sequence);
        if let Some(to) = self.expectation.to.as_ref() {
            let message = format!(
                "{}: no record at or after {} is held, so records after {last} can be missing{}",
                self.scope,
                to.to_rfc3339(),
                if matching.is_some() {
                    "; when a checkpoint was made is not proven to be later"
                } else {
                    ""
                }
            );
            let finding = Finding::lacks(&code::AUDIT_TAIL_UNBOUND, message);
            self.lacks(format!("whether records follow {last} within the period"), finding);
            return (Some(window.last), None);
        }
        let Some(head) = matching.filter(|head| head.sequence >= window.first) else {
            let message =
                format!("{}: nothing outside the records names record {last} or a later one", self.scope);
            let finding = Finding::lacks(&code::AUDIT_TAIL_UNBOUND, message);
            self.lacks(format!("whether records follow {last}"), finding);
            return (Some(window.last), None);
        };
        if head.sequence < last {
            let message = format!(
                "{}: records {} are held beyond what {} names",
                self.scope,
                span_text(head.sequence.saturating_add(1), last),
                head.source
            );
            self.note(Finding::notes(&code::AUDIT_BEYOND_LAST_BOUND, message));
        }
        (Some(head.sequence), Some(format!("{} names record {}", head.source, head.sequence)))
    }

    fn nothing_held(&mut self, top: Option<&OutsideHead>, unproven: &[(i64, i64)]) {
        let scope = self.scope;
        let timed = self.expectation.from.is_some() || self.expectation.to.is_some();
        if let Some(head) = top.filter(|head| head.sequence >= 1) {
            let numbers = (1, head.sequence);
            let why = format!(
                "{} names record {}, and no archive that the issuer signed holds the chain",
                head.source, head.sequence
            );
            let effect = if timed { Verdict::InsufficientEvidence } else { Verdict::Disproved };
            if split(numbers, unproven).1.is_empty() {
                return self.absent(numbers, unproven, false, &why, false);
            }
            self.missing.push(numbers);
            let finding = Finding::new(
                &code::AUDIT_SCOPE_MISSING,
                Effect::Fails { verdict: effect },
                format!("{scope}: {why}; name the audited chains with --scope if it is not one of them"),
            );
            if timed {
                self.lacks("no record of the chain is given".to_owned(), finding);
            } else {
                self.incomplete = true;
                self.note(finding);
            }
        } else {
            let message = format!(
                "{scope}: the chain is expected, and no archive that the issuer signed holds a record of it"
            );
            self.lacks(
                "no record of the chain is given".to_owned(),
                Finding::lacks(&code::AUDIT_SCOPE_MISSING, message),
            );
        }
    }

    /// Records of the population that no verified archive holds, or that are known by hash only.
    fn standing_of(&mut self, union: &Union, population: Option<(i64, i64)>) {
        let Some((first, last)) = population else { return };
        let inside = |sequence: &i64| (first..=last).contains(sequence);
        let numbers = |wanted: &dyn Fn(&super::union::Slot) -> bool| {
            ranges(
                union
                    .numbered()
                    .filter(|(sequence, slot)| inside(sequence) && wanted(slot))
                    .map(|(sequence, _)| (sequence, sequence)),
            )
        };
        let unverified = numbers(&|slot| !slot.verified);
        let withheld = numbers(&|slot| slot.kept.bridge);
        if !unverified.is_empty() {
            let text = ranges_text(&unverified);
            let message = format!("{}: records {text} are only in archives that did not verify", self.scope);
            let finding = Finding::lacks(&code::AUDIT_RANGE_NOT_VERIFIED, message);
            self.lacks(format!("records {text} are only in archives that did not verify"), finding);
        }
        if !withheld.is_empty() {
            let text = ranges_text(&withheld);
            let message = format!("{}: records {text} are accounted for, but not disclosed", self.scope);
            self.lacks(
                format!("records {text} are not disclosed"),
                Finding::lacks(&code::AUDIT_RECORDS_WITHHELD, message),
            );
        }
    }

    fn result(
        &mut self,
        union: &Union,
        population: Option<(i64, i64)>,
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
        let mut by_month = std::collections::BTreeMap::<String, u64>::new();
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

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The numbers of a period.
struct Window {
    /// First record at or after `from`; above [`Self::last`] when the period has none.
    first: i64,
    /// Last record before `to`.
    last: i64,
    /// The verified record right before the period.
    before: Option<i64>,
    /// The verified record right after the period.
    after: Option<i64>,
    is_empty: bool,
}

impl Window {
    fn of(union: &Union, expectation: &Expectation) -> Self {
        let from = expectation.from.as_ref().map_or(i64::MIN, Timestamp::unix_micros);
        let to = expectation.to.as_ref().map(Timestamp::unix_micros);
        let (mut first, mut last) = (None, None);
        let (mut before, mut after) = (None, None);
        for (sequence, slot) in union.numbered() {
            if first.is_none() && slot.kept.time < from {
                before = Some((sequence, slot.verified));
                continue;
            }
            if to.is_none_or(|to| slot.kept.time < to) {
                first = first.or(Some(sequence));
                last = Some(sequence);
                after = None;
            } else if after.is_none() {
                after = Some((sequence, slot.verified));
            }
        }
        let verified = |edge: Option<(i64, bool)>| edge.filter(|(_, verified)| *verified).map(|(at, _)| at);
        let edge = |edge: Option<(i64, bool)>| edge.map(|(at, _)| at);
        let low = edge(before).or(union.start().map(|(first, _)| first)).unwrap_or(0);
        let high = edge(after).or(union.end()).unwrap_or(0);
        Self {
            first: first.unwrap_or(high),
            last: last.unwrap_or(low),
            before: verified(before),
            after: verified(after),
            is_empty: first.is_none(),
        }
    }

    fn lowest(&self) -> i64 {
        self.before.unwrap_or(self.first).min(self.first)
    }

    fn highest(&self) -> i64 {
        self.after.unwrap_or(self.last).max(self.last)
    }

    /// The population, up to `end`.
    fn span(&self, union: &Union, end: Option<i64>) -> Option<(i64, i64)> {
        let end = end?.min(self.last);
        let held = union.get(self.first).is_some() && union.get(end).is_some();
        (!self.is_empty && held && self.first <= end).then_some((self.first, end))
    }
}

/// Merges ranges into ascending ones that do not touch.
fn ranges(of: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut all: Vec<(i64, i64)> = Vec::new();
    let mut sorted: Vec<(i64, i64)> = Vec::new();
    for (first, last) in of {
        match sorted.last_mut() {
            Some(own) if own.1.checked_add(1) == Some(first) => own.1 = last,
            _ => sorted.push((first, last)),
        }
    }
    sorted.sort_unstable();
    for (first, last) in sorted {
        match all.last_mut() {
            Some(own) if own.1.saturating_add(1) >= first => own.1 = own.1.max(last),
            _ => all.push((first, last)),
        }
    }
    all
}

/// The parts of `numbers` inside and outside of the ranges.
fn split(numbers: (i64, i64), of: &[(i64, i64)]) -> (Vec<(i64, i64)>, Vec<(i64, i64)>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    let (mut at, end) = numbers;
    for (first, last) in of.iter().filter(|(first, last)| *last >= numbers.0 && *first <= numbers.1) {
        if *first > at {
            outside.push((at, first.saturating_sub(1)));
        }
        inside.push(((*first).max(at), (*last).min(end)));
        at = last.saturating_add(1);
    }
    if at <= end {
        outside.push((at, end));
    }
    (inside, outside)
}

/// `7` or `7 to 9`.
fn span_text(first: i64, last: i64) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

/// Ranges named in one message; the rest are counted.
const NAMED: usize = 8;

fn ranges_text(ranges: &[(i64, i64)]) -> String {
    let mut text: Vec<String> =
        ranges.iter().take(NAMED).map(|(first, last)| span_text(*first, *last)).collect();
    let more = ranges.len().saturating_sub(NAMED);
    if more > 0 {
        text.push(format!("{more} further ranges"));
    }
    text.join(", ")
}

fn time_text(micros: i64) -> String {
    Timestamp::from_unix_micros(micros).map_or_else(|| micros.to_string(), |time| time.to_rfc3339())
}
