//! Invoice lines that bill many calls at once: one line for a day, a model and a provider.
//!
//! A line is such a sum when it names no permit, its response id (if it has one) is that of no permit and is no more than
//! its resource, and it states provider, model, and a charge period of some length. What bills what is told by the **key**:
//! provider and model (letters of either case are equal) and the charge period, whose end is not in it. The calls of a key
//! are the permits of its provider and model that were made in the period, were not denied, and have no invoice line of their
//! own. Lines of one key, one account and one resource are added before they are compared; of two that also charge the same
//! thing and amount, the second is a duplicate.
//!
//! | result | when |
//! | --- | --- |
//! | ambiguous | periods of the provider and model overlap without being the same, or accounts or resources differ |
//! | incomplete | a call of the period has no permit, no gateway line, no cost or a negative one; a call or gateway line without time, provider or model may belong to it; a line is in another currency or too large |
//! | matched | both sums are the same micro-USD |
//! | rounding | the written decimal places explain the difference, and it is smaller than each call of the sum, so that it can hide none |
//! | differs | anything else |
//!
//! A permit states neither account nor resource, so that calls cannot be shared out among several of them; each call is in one
//! sum at most. Nothing here proves that a provider billed those calls: it is agreement of sums.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::class::Class;
use super::line::Line;
use super::matcher::LineRef;
use crate::crypto::sha256;
use crate::ledger::{Ledger, Name};

/// Lines of sums, and gateway lines without permit, that are kept. Beyond them nothing is called matched.
const KEPT: usize = 1_000_000;

/// How a sum stands to a permit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cover {
    /// It is in no sum.
    #[default]
    None,
    /// In a sum that agrees.
    Settled,
    /// In one that does not.
    Open,
}

/// What a permit adds to a sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// Its cost in micro-USD; `None` when none is stated, or none that may be.
    pub(super) cost: Option<i64>,
    /// A gateway log was given and has no line of it.
    pub(super) is_missing: bool,
}

/// A line that bills many calls. Amounts are micro-USD.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bill {
    pub(super) place: Option<LineRef>,
    /// `None` in another currency, or when it is too large.
    pub(super) micros: Option<i64>,
    pair: u32,
    start: i64,
    end: i64,
    slack: i64,
    /// 64 bits of the SHA-256 of account and resource.
    payer: u64,
    /// The same of account, resource, charge and cost.
    own: u64,
}

/// Lines that are compared with one sum of calls.
#[derive(Clone, Debug)]
pub(super) struct Together {
    /// What it comes to.
    pub(super) class: Class,
    /// Lines that are added, in the order of their periods.
    pub(super) lines: Vec<Bill>,
    /// Lines that repeat one of them.
    pub(super) repeated: Vec<Bill>,
    /// Permits as positions in the ledger, with their cost.
    pub(super) members: Vec<(u32, Option<i64>)>,
    /// Σ lines; `None` when one of them has no amount.
    pub(super) billed: Option<i64>,
    /// Σ members whose cost is known.
    pub(super) expected: i64,
    /// Σ lines − Σ members.
    pub(super) difference: i64,
    /// Provider, model and period.
    pub(super) name: String,
}

/// Lines that wait for the last one.
#[derive(Debug, Default)]
pub(super) struct Sums {
    bills: Vec<Bill>,
    /// Provider and model in small letters, with a number of their own.
    pairs: BTreeMap<String, u32>,
    /// Gateway lines without permit: pair and time.
    strays: Vec<(Option<u32>, Option<i64>)>,
    /// More of them than are kept.
    has_more_strays: bool,
}

/// Calls that may belong to a sum, though nothing says to which.
#[derive(Default)]
struct Loose {
    anywhere: bool,
    of_pair: BTreeSet<u32>,
    at: Vec<i64>,
    of_pair_at: Vec<(u32, i64)>,
}

/// A call of a known pair and time.
struct Call {
    pair: u32,
    time: i64,
    permit: u32,
    facts: Facts,
}

impl Sums {
    /// Keeps an invoice line that no permit is found for; `false` when it is not the sum of calls.
    pub(super) fn add(&mut self, line: &Line, place: Option<LineRef>, is_usd: bool) -> bool {
        let is_of_call = !line.permit.is_empty()
            || !line.request.is_empty()
            || !(line.response.is_empty() || line.response == line.resource);
        let (Some(start), Some(end)) = (line.time.get(), line.period_end.get()) else { return false };
        if is_of_call || start >= end || self.bills.len() >= KEPT {
            return false;
        }
        let Some(pair) = self.pair(&line.provider, &line.model) else { return false };
        let digest = |text: String| {
            sha256(text.as_bytes()).first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
        };
        let payer = format!("{}\0{}", line.account, line.resource);
        let own = format!("{payer}\0{}\0{}\0{}", line.charge, line.currency, line.cost);
        let micros = line.cost.to_micros().ok().map(|rounded| rounded.micros).filter(|_| is_usd);
        let (payer, own) = (digest(payer), digest(own));
        self.bills.push(Bill { place, micros, pair, start, end, slack: line.slack, payer, own });
        true
    }

    /// Notes a call of the gateway log that no permit is for.
    pub(super) fn stray(&mut self, line: &Line) {
        if self.strays.len() >= KEPT {
            self.has_more_strays = true;
            return;
        }
        let pair = self.pair(&line.provider, &line.model);
        self.strays.push((pair, line.time.get()));
    }

    fn pair(&mut self, provider: &str, model: &str) -> Option<u32> {
        let text = pair_text(provider, model)?;
        let next = u32::try_from(self.pairs.len()).ok()?;
        Some(*self.pairs.entry(text).or_insert(next))
    }

    /// Compares all lines with their calls, after the last line. `facts` says what a permit adds.
    pub(super) fn settle(mut self, ledger: &Ledger, facts: impl Fn(usize) -> Option<Facts>) -> Vec<Together> {
        let mut bills = std::mem::take(&mut self.bills);
        if bills.is_empty() {
            return Vec::new();
        }
        // By name, so that the order of the files does not matter.
        let ranks: BTreeMap<u32, usize> =
            self.pairs.values().enumerate().map(|(rank, pair)| (*pair, rank)).collect();
        bills.sort_by_cached_key(|bill| (ranks.get(&bill.pair), bill.start, bill.end, bill.place));
        let (calls, loose) = self.calls(ledger, facts);
        let names: BTreeMap<u32, &str> =
            self.pairs.iter().map(|(text, pair)| (*pair, text.as_str())).collect();
        let mut rest = bills.as_slice();
        let mut all = Vec::new();
        while let Some(first) = rest.first() {
            let mut end = first.end;
            let mut count = 1;
            for bill in rest.iter().skip(1) {
                if bill.pair != first.pair || bill.start >= end {
                    break;
                }
                end = end.max(bill.end);
                count += 1;
            }
            let (own, more) = rest.split_at(count);
            rest = more;
            let name = names.get(&first.pair).copied().unwrap_or_default();
            all.push(together(own, first.start..end, &calls, &loose, name));
        }
        all
    }

    fn calls(&self, ledger: &Ledger, facts: impl Fn(usize) -> Option<Facts>) -> (Vec<Call>, Loose) {
        let mut loose = Loose { anywhere: self.has_more_strays, ..Loose::default() };
        let mut known: BTreeMap<(Name, Name), Option<Option<u32>>> = BTreeMap::new();
        let mut of_permits: BTreeSet<u32> = BTreeSet::new();
        let mut calls = Vec::new();
        for (permit, row) in (0u32..).zip(&ledger.permits) {
            let pair = *known.entry((row.provider, row.model)).or_insert_with(|| {
                let text = pair_text(ledger.text(row.provider), ledger.text(row.model));
                text.map(|text| self.pairs.get(&text).copied())
            });
            if let Some(Some(pair)) = pair {
                of_permits.insert(pair);
            }
            // Of a provider and model that no line and no stray is of.
            if pair == Some(None) {
                continue;
            }
            let Some(facts) = usize::try_from(permit).ok().and_then(&facts) else { continue };
            match (pair.flatten(), row.created_micros.get()) {
                (Some(pair), Some(time)) => calls.push(Call { pair, time, permit, facts }),
                (pair, time) => loose.add(pair, time),
            }
        }
        for (pair, time) in &self.strays {
            // The gateway may spell a model as no permit does; then it may be any.
            loose.add(pair.filter(|pair| of_permits.contains(pair)), *time);
        }
        calls.sort_unstable_by_key(|call| (call.pair, call.time, call.permit));
        loose.at.sort_unstable();
        loose.of_pair_at.sort_unstable();
        (calls, loose)
    }
}

impl Loose {
    fn add(&mut self, pair: Option<u32>, time: Option<i64>) {
        match (pair, time) {
            (None, None) => self.anywhere = true,
            (Some(pair), None) => {
                self.of_pair.insert(pair);
            }
            (None, Some(time)) => self.at.push(time),
            (Some(pair), Some(time)) => self.of_pair_at.push((pair, time)),
        }
    }

    fn may_be_in(&self, pair: u32, period: &Range<i64>) -> bool {
        let at = self.at.partition_point(|time| *time < period.start);
        let of_pair = self.of_pair_at.partition_point(|own| *own < (pair, period.start));
        self.anywhere
            || self.of_pair.contains(&pair)
            || self.at.get(at).is_some_and(|time| *time < period.end)
            || self.of_pair_at.get(of_pair).is_some_and(|own| *own < (pair, period.end))
    }
}

fn together(own: &[Bill], period: Range<i64>, calls: &[Call], loose: &Loose, name: &str) -> Together {
    let (mut lines, mut repeated) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for bill in own {
        let is_new = seen.insert((bill.start, bill.end, bill.own));
        if is_new { lines.push(*bill) } else { repeated.push(*bill) }
    }
    let pair = own.first().map_or(0, |bill| bill.pair);
    let from = calls.partition_point(|call| (call.pair, call.time) < (pair, period.start));
    let to = calls.partition_point(|call| (call.pair, call.time) < (pair, period.end));
    let calls = calls.get(from..to).unwrap_or_default();
    let is_known = |call: &Call| call.facts.cost.is_some_and(|cost| cost >= 0) && !call.facts.is_missing;
    let costs = || calls.iter().filter_map(|call| call.facts.cost);
    let expected: i128 = costs().map(i128::from).sum();
    let billed: i128 = lines.iter().filter_map(|bill| bill.micros).map(i128::from).sum();
    let has_amounts = own.iter().all(|bill| bill.micros.is_some());
    let slack: i128 = lines.iter().map(|bill| i128::from(bill.slack)).sum();
    let difference = billed - expected;
    let smallest = costs().filter(|cost| *cost > 0).min().map_or(0, i128::from);
    let is_one = own.windows(2).all(|two| match two {
        [one, other] => (one.start, one.end, one.payer) == (other.start, other.end, other.payer),
        _ => true,
    });
    let class = if !is_one {
        Class::SumAmbiguous
    } else if calls.is_empty() && has_amounts && !loose.may_be_in(pair, &period) {
        Class::BillWithoutPermit
    } else if !has_amounts || !calls.iter().all(is_known) || loose.may_be_in(pair, &period) {
        Class::SumIncomplete
    } else if difference == 0 {
        Class::SumMatched
    } else if difference.abs() <= slack && difference.abs() < smallest {
        Class::Rounding
    } else {
        Class::SumDiffers
    };
    let clamped = |sum: i128| i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN + 1 } else { i64::MAX });
    let (provider, model) = name.split_once('\0').unwrap_or((name, ""));
    Together {
        class,
        members: calls.iter().map(|call| (call.permit, call.facts.cost)).collect(),
        billed: has_amounts.then(|| clamped(billed)),
        expected: clamped(expected),
        difference: clamped(difference),
        name: format!("{provider} {model} {}/{}", moment(period.start), moment(period.end)),
        lines,
        repeated,
    }
}

fn moment(micros: i64) -> String {
    crate::time::Timestamp::from_unix_micros(micros)
        .map_or_else(|| micros.to_string(), |time| time.to_string())
}

/// Provider and model as they are compared; `None` when one is not stated.
fn pair_text(provider: &str, model: &str) -> Option<String> {
    let (provider, model) = (provider.trim(), model.trim());
    let is_stated = !provider.is_empty() && !model.is_empty();
    is_stated.then(|| format!("{provider}\0{model}").to_lowercase())
}
