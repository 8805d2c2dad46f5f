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
use super::population::ScopeAudit;
use super::ranges::{ranges, ranges_text, span_text, split};
use super::record::{SetRecord, Standing};
use super::union::{Piece, Slot, Union};
use super::window::Window;
use crate::finding::catalog::audit as code;
use crate::finding::{Effect, Finding, Verdict};
use crate::time::Timestamp;

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
    pub(super) contradicted: bool,
    pub(super) incomplete: bool,
    pub(super) open: Vec<String>,
    pub(super) missing: Vec<(i64, i64)>,
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

    pub(super) fn label(&self, set: usize) -> &'a str {
        self.sets.get(set).map_or("", |set| &set.label)
    }

    fn note(&mut self, finding: Finding) {
        let scope = self.scope.to_owned();
        self.findings.push(Finding { facts: Vec::new(), ..finding.clone() }.fact("scope", scope));
        if let Some(last) = self.findings.last_mut() {
            last.facts.extend(finding.facts);
        }
    }

    pub(super) fn contradicts(&mut self, finding: Finding) {
        self.contradicted = true;
        self.note(finding);
    }

    pub(super) fn lacks(&mut self, short: String, finding: Finding) {
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
        if window.is_empty {
            let message = format!(
                "{}: every record that is held precedes the period, and nothing shows that none belongs to it",
                self.scope
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
        let numbers = |wanted: &dyn Fn(&Slot) -> bool| {
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
}
