//! Which numbers of a chain belong to a period.

use super::Expectation;
use super::union::Union;
use crate::time::Timestamp;

/// The numbers of a period.
pub(super) struct Window {
    /// First record at or after `from`; above [`Self::last`] when the period has none.
    pub(super) first: i64,
    /// Last record before `to`.
    pub(super) last: i64,
    /// The verified record right before the period.
    pub(super) before: Option<i64>,
    /// The verified record right after the period.
    pub(super) after: Option<i64>,
    /// No record that is held lies in the period.
    pub(super) is_empty: bool,
}

impl Window {
    pub(super) fn of(union: &Union, expectation: &Expectation) -> Self {
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

    pub(super) fn lowest(&self) -> i64 {
        self.before.unwrap_or(self.first).min(self.first)
    }

    pub(super) fn highest(&self) -> i64 {
        self.after.unwrap_or(self.last).max(self.last)
    }

    /// The population, up to `end`.
    pub(super) fn span(&self, union: &Union, end: Option<i64>) -> Option<(i64, i64)> {
        let end = end?.min(self.last);
        let held = union.get(self.first).is_some() && union.get(end).is_some();
        (!self.is_empty && held && self.first <= end).then_some((self.first, end))
    }
}
