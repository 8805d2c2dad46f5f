//! Puts lines to permits and compares the three sides.
//!
//! A line belongs to the permit that it names, else to the one whose response id, request id or idempotency key it
//! carries. Lines stream through; what is kept is one small state for each permit of the export and the sorted ids, so
//! memory grows with the export and not with the logs. Amounts are compared in micro-USD, each line rounded half to even.
//!
//! One gateway line is one call: a second one of a permit is a duplicate. Invoices may bill one call in several lines
//! (input and output tokens); only a line that repeats another one's id, model and cost is a duplicate, the others are
//! summed. Invoice lines that bill many calls at once wait for the end, see [`super::sum`].

use std::num::NonZeroU64;

use super::class::Class;
use super::line::Line;
use super::sum::{Bill, Cover, Facts, Sums, Together};
use crate::crypto::sha256;
use crate::ledger::{Figure, Key, Ledger, Name, PermitRow, key};

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A gateway's request log.
    Gateway,
    /// A provider's invoice.
    Invoice,
}

/// What counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// A gateway log was given, so that permits must occur in it.
    pub has_gateway: bool,
    /// An invoice was given.
    pub has_invoice: bool,
    /// Exceptions of a smaller amount are listed and do not fail the run; micro-USD.
    pub materiality: i64,
}

/// A line of one of the files of a side. Eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineRef(NonZeroU64);

/// Bits of a line number; the file stands above them.
const LINE_BITS: u32 = 44;

impl LineRef {
    /// Line `line` of file number `file`. `None` for line 0 and beyond 2^44 lines.
    #[must_use]
    pub fn new(file: u16, line: u64) -> Option<Self> {
        (line > 0 && line >> LINE_BITS == 0)
            .then(|| NonZeroU64::new(u64::from(file) << LINE_BITS | line).map(Self))
            .flatten()
    }

    /// The file's number.
    #[must_use]
    pub fn file(self) -> usize {
        usize::try_from(self.0.get() >> LINE_BITS).unwrap_or(usize::MAX)
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(self) -> u64 {
        self.0.get() & ((1 << LINE_BITS) - 1)
    }
}

/// One result. Amounts are micro-USD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it is.
    pub class: Class,
    /// Whether it is an exception of at least the material amount.
    pub is_material: bool,
    /// The permit, as a position in [`Ledger::permits`].
    pub permit: Option<usize>,
    /// The first or only gateway line.
    pub gateway_line: Option<LineRef>,
    /// What the gateway says.
    pub gateway: Option<i64>,
    /// The first or only invoice line.
    pub invoice_line: Option<LineRef>,
    /// What the invoice says, all lines of the call together.
    pub invoice: Option<i64>,
    /// What the permit says.
    pub expected: Option<i64>,
    /// The amount in question: line minus permit, or the amount that stands on one side only.
    pub difference: i64,
    /// The id that the line carries, where it belongs to no permit; of a sum, what its lines have in common.
    pub id: String,
    /// Calls in a sum.
    pub members: u64,
}

/// Count and sum of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassTotal {
    /// Results.
    pub count: u64,
    /// Material ones.
    pub material: u64,
    /// Σ difference.
    pub difference: i128,
}

/// All sums. Amounts are micro-USD.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// By class, in the order of [`Class::ALL`].
    pub classes: [ClassTotal; 18],
    /// Σ cost that permits state.
    pub permits: i128,
    /// Σ of gateway lines in USD.
    pub gateway: i128,
    /// Σ of invoice lines of calls, in USD.
    pub invoice: i128,
    /// Σ of credits, corrections, taxes and purchases, in USD; they belong to no call.
    pub other_charges: i128,
    /// How many of these there are.
    pub other_lines: u64,
}

impl Totals {
    /// The total of a class.
    #[must_use]
    pub fn of(&self, class: Class) -> ClassTotal {
        self.classes.get(class.position()).copied().unwrap_or_default()
    }

    /// Material exceptions.
    #[must_use]
    pub fn material(&self) -> u64 {
        self.classes.iter().map(|total| total.material).sum()
    }
}

/// What is known about the lines of one permit.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    gateway: i64,
    invoice: i64,
    gateway_line: Option<LineRef>,
    invoice_line: Option<LineRef>,
    /// 64 bits of the SHA-256 of the first two invoice lines' id, model and cost.
    invoice_keys: [u64; 2],
    gateway_slack: i32,
    invoice_slack: i32,
    /// A gateway line of a call that went through; attempts that failed at no cost may stand before it.
    has_gateway_call: bool,
    /// A line in another currency, so that the side's amount says nothing.
    is_foreign: [bool; 2],
    /// A gateway line of a call that went through although it was denied.
    has_run_denied: bool,
    cover: Cover,
}

/// The comparison while lines stream through.
pub struct Reconciler<'a> {
    ledger: &'a Ledger,
    rules: Rules,
    states: Vec<State>,
    permits: Vec<(Name, u32)>,
    keys: Vec<(Key, u32)>,
    totals: Totals,
    sums: Sums,
}

/// An id that two permits share points to none.
const AMBIGUOUS: u32 = u32::MAX;

impl<'a> Reconciler<'a> {
    /// Prepares the ids of a ledger.
    #[must_use]
    pub fn new(ledger: &'a Ledger, rules: Rules) -> Self {
        let mut permits: Vec<(Name, u32)> = Vec::with_capacity(ledger.permits.len());
        let mut keys: Vec<(Key, u32)> = Vec::new();
        let rows = ledger.permits.iter().zip(&ledger.accounts).zip(0u32..);
        for ((row, account), position) in rows {
            permits.push((row.permit, position));
            let own = [account.response, account.idempotency, account.usage_idempotency];
            let usages = [&account.ledger, &account.log].into_iter().flatten();
            let all = own.into_iter().chain(usages.flat_map(|usage| [usage.request, usage.response]));
            keys.extend(all.filter(|key| *key != Key::default()).map(|key| (key, position)));
        }
        permits.retain(|(name, _)| !name.is_none());
        permits.sort_unstable();
        permits.dedup_by(|later, first| {
            let same = later.0 == first.0;
            if same {
                first.1 = AMBIGUOUS;
            }
            same
        });
        keys.sort_unstable();
        keys.dedup();
        keys.dedup_by(|later, first| {
            let same = later.0 == first.0;
            if same {
                first.1 = AMBIGUOUS;
            }
            same
        });
        keys.shrink_to_fit();
        let states = vec![State::default(); ledger.permits.len()];
        Self { ledger, rules, states, permits, keys, totals: Totals::default(), sums: Sums::default() }
    }

    /// The permit of a line: that it names, and that its ids belong to.
    fn find(&self, line: &Line) -> (Option<usize>, Option<usize>) {
        let named = self.ledger.names.find(&line.permit).filter(|name| !name.is_none());
        let named = named.and_then(|name| lookup(&self.permits, &name));
        let ids = [&line.response, &line.request].into_iter().filter(|id| !id.is_empty());
        let by_id = ids.into_iter().find_map(|id| lookup(&self.keys, &key(id)));
        (named, by_id)
    }

    /// Takes a line of file number `file` of a side; what is wrong with it alone goes to `each`. Returns its permit.
    pub fn line<E>(
        &mut self,
        side: Side,
        file: u16,
        line: &Line,
        each: &mut dyn FnMut(Outcome) -> Result<(), E>,
    ) -> Result<Option<usize>, E> {
        let place = LineRef::new(file, line.number);
        let rounded = line.cost.to_micros().map_or(i64::MAX, |rounded| rounded.micros);
        let is_usd = line.currency == "USD";
        if line.is_other_charge {
            self.totals.other_lines += 1;
            if is_usd {
                self.totals.other_charges += i128::from(rounded);
            }
            return Ok(None);
        }
        let (named, by_id) = self.find(line);
        let permit = if line.permit.is_empty() { by_id } else { named };
        let mut outcome = Outcome {
            class: Class::Matched,
            is_material: false,
            permit,
            gateway_line: place.filter(|_| side == Side::Gateway),
            gateway: (side == Side::Gateway && is_usd).then_some(rounded),
            invoice_line: place.filter(|_| side == Side::Invoice),
            invoice: (side == Side::Invoice && is_usd).then_some(rounded),
            expected: permit.and_then(|permit| self.expected(permit)),
            difference: if is_usd { rounded } else { 0 },
            id: String::new(),
            members: 0,
        };
        if !is_usd {
            outcome.id.clone_from(&line.currency);
            self.emit(Class::Currency, outcome, each)?;
            match (permit, side) {
                (None, Side::Gateway) => self.sums.stray(line),
                (None, Side::Invoice) => {
                    self.sums.add(line, place, false);
                }
                (Some(_), _) => {}
            }
            if let Some(state) = permit.and_then(|permit| self.states.get_mut(permit)) {
                state.seen(side, place);
                let [gateway, invoice] = &mut state.is_foreign;
                *(if side == Side::Gateway { gateway } else { invoice }) = true;
            }
            return Ok(permit);
        }
        match side {
            Side::Gateway => self.totals.gateway += i128::from(rounded),
            Side::Invoice => self.totals.invoice += i128::from(rounded),
        }
        if let (Some(named), Some(by_id)) = (named, by_id)
            && named != by_id
        {
            // It counts for neither of the two.
            outcome.id.clone_from(if line.response.is_empty() { &line.request } else { &line.response });
            self.emit(Class::IdentityConflict, outcome, each)?;
            return Ok(None);
        }
        let Some(position) = permit else {
            // A call that failed at no cost needs no permit: the gateway may have refused it.
            if side == Side::Gateway && line.is_failure && rounded == 0 {
                return Ok(None);
            }
            match side {
                Side::Gateway => self.sums.stray(line),
                Side::Invoice if self.sums.add(line, place, true) => return Ok(None),
                Side::Invoice => {}
            }
            let ids = [&line.permit, &line.response, &line.request];
            outcome.id = ids.into_iter().find(|id| !id.is_empty()).cloned().unwrap_or_default();
            let class = match side {
                Side::Gateway => Class::CallWithoutPermit,
                Side::Invoice => Class::BillWithoutPermit,
            };
            self.emit(class, outcome, each)?;
            return Ok(None);
        };
        if side == Side::Gateway && line.is_failure && rounded == 0 {
            if let Some(state) = self.states.get_mut(position) {
                state.seen(side, place);
            }
            return Ok(permit);
        }
        if self.is_denied(position) {
            self.emit(Class::DeniedButDispatched, outcome, each)?;
            if let Some(state) = self.states.get_mut(position) {
                state.seen(side, place);
                state.has_run_denied |= side == Side::Gateway;
            }
            return Ok(permit);
        }
        let Some(state) = self.states.get_mut(position) else { return Ok(permit) };
        if state.add(side, line, place, rounded) {
            return Ok(permit);
        }
        outcome.difference = rounded;
        self.emit(Class::Duplicate, outcome, each)?;
        Ok(permit)
    }

    /// Compares the sides of every permit, after the last line.
    pub fn finish<E>(mut self, each: &mut dyn FnMut(Outcome) -> Result<(), E>) -> Result<Totals, E> {
        let sums = std::mem::take(&mut self.sums);
        for together in sums.settle(self.ledger, |position| self.facts(position)) {
            self.together(&together, each)?;
        }
        for position in 0..self.states.len() {
            self.permit(position, each)?;
        }
        Ok(self.totals)
    }

    /// What a permit means for the invoice lines of its period.
    fn facts(&self, position: usize) -> Option<Facts> {
        let state = self.states.get(position)?;
        let row = self.row(position)?;
        let cost = self.expected(position);
        let has_call = state.gateway_line.is_some();
        if self.is_denied(position) {
            let is_call = state.has_run_denied || cost.is_some_and(|cost| cost != 0);
            return is_call.then_some(Facts { cost: None, is_missing: false });
        }
        // A line of its own bills it.
        if state.invoice_line.is_some() {
            return None;
        }
        let is_missing = self.rules.has_gateway && !has_call;
        match cost {
            Some(0) if !row.is_dispatched && !has_call => None,
            Some(_) => Some(Facts { cost, is_missing }),
            // Without a gateway log nothing says that an allowed call was not made.
            None if is_missing && !row.is_dispatched => None,
            None => Some(Facts { cost, is_missing }),
        }
    }

    /// Takes the result for invoice lines that belong together.
    fn together<E>(
        &mut self,
        together: &Together,
        each: &mut dyn FnMut(Outcome) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(first) = together.lines.first() else { return Ok(()) };
        let line = |line: &Bill| Outcome {
            class: Class::SumPart,
            is_material: false,
            permit: None,
            gateway_line: None,
            gateway: None,
            invoice_line: line.place,
            invoice: line.micros,
            expected: None,
            difference: 0,
            id: together.name.clone(),
            members: 0,
        };
        let sum = Outcome {
            invoice: together.billed,
            expected: Some(together.expected),
            difference: together.difference,
            members: u64::try_from(together.members.len()).unwrap_or(u64::MAX),
            ..line(first)
        };
        self.emit(together.class, sum, each)?;
        for repeated in &together.repeated {
            let own = Outcome { difference: repeated.micros.unwrap_or(0), ..line(repeated) };
            self.emit(Class::Duplicate, own, each)?;
        }
        for part in together.lines.iter().skip(1) {
            self.emit(Class::SumPart, line(part), each)?;
        }
        for (member, cost) in &together.members {
            let position = usize::try_from(*member).unwrap_or(usize::MAX);
            let Some(state) = self.states.get_mut(position) else { continue };
            state.cover = if together.class.is_exception() { Cover::Open } else { Cover::Settled };
            let gateway_line = state.gateway_line;
            let own = Outcome {
                permit: Some(position),
                gateway_line,
                expected: *cost,
                invoice: None,
                ..line(first)
            };
            self.emit(Class::SumMember, own, each)?;
        }
        Ok(())
    }

    fn permit<E>(
        &mut self,
        position: usize,
        each: &mut dyn FnMut(Outcome) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(state) = self.states.get(position).copied() else { return Ok(()) };
        let expected = self.expected(position);
        self.totals.permits += expected.map_or(0, i128::from);
        if self.is_denied(position) {
            return Ok(());
        }
        let has_call = state.gateway_line.is_some();
        let has_bill = state.invoice_line.is_some();
        let [gateway_foreign, invoice_foreign] = state.is_foreign;
        let base = Outcome {
            class: Class::Matched,
            is_material: false,
            permit: Some(position),
            gateway_line: state.gateway_line,
            gateway: (has_call && !gateway_foreign).then_some(state.gateway),
            invoice_line: state.invoice_line,
            invoice: (has_bill && !invoice_foreign).then_some(state.invoice),
            expected,
            difference: 0,
            id: String::new(),
            members: 0,
        };
        // What is wrong with the sum stands at its line, and no call of it is called matched.
        let is_open = state.cover == Cover::Open;
        let mut exceptions = u32::from(gateway_foreign || invoice_foreign || is_open);
        let mut rounding = None;
        let costs = expected.is_some_and(|cost| cost != 0);
        let dispatched = self.row(position).is_some_and(|row| row.is_dispatched) || costs;
        if self.rules.has_gateway && !has_call && dispatched {
            let difference = expected.map_or(0, i64::wrapping_neg);
            self.emit(Class::PermitWithoutCall, Outcome { difference, ..base.clone() }, each)?;
            exceptions += 1;
        }
        let has_bill = has_bill || state.cover != Cover::None;
        if self.rules.has_invoice && !has_bill && costs {
            let difference = expected.map_or(0, i64::wrapping_neg);
            self.emit(Class::PermitWithoutBill, Outcome { difference, ..base.clone() }, each)?;
            exceptions += 1;
        }
        for (is_there, amount, slack) in [
            (has_call && !gateway_foreign, state.gateway, state.gateway_slack),
            (state.invoice_line.is_some() && !invoice_foreign, state.invoice, state.invoice_slack),
        ] {
            if !is_there {
                continue;
            }
            let difference = amount.saturating_sub(expected.unwrap_or(0));
            if difference == 0 {
                continue;
            }
            if expected.is_none() {
                self.emit(Class::CostNotReported, Outcome { difference, ..base.clone() }, each)?;
                exceptions += 1;
            } else if difference.unsigned_abs() <= u64::from(slack.unsigned_abs()) {
                rounding = Some(difference);
            } else {
                self.emit(Class::PriceDrift, Outcome { difference, ..base.clone() }, each)?;
                exceptions += 1;
            }
        }
        match (exceptions, rounding) {
            (0, Some(difference)) => self.emit(Class::Rounding, Outcome { difference, ..base }, each),
            (0, None) if has_call || has_bill => self.emit(Class::Matched, base, each),
            _ => Ok(()),
        }
    }

    fn emit<E>(
        &mut self,
        class: Class,
        outcome: Outcome,
        each: &mut dyn FnMut(Outcome) -> Result<(), E>,
    ) -> Result<(), E> {
        let large = outcome.difference.unsigned_abs() >= self.rules.materiality.unsigned_abs();
        // What ran without permission or under two names is material whatever it cost.
        // So is a sum that shows nothing, because its difference says nothing either.
        let always = matches!(
            class,
            Class::DeniedButDispatched
                | Class::IdentityConflict
                | Class::Currency
                | Class::SumIncomplete
                | Class::SumAmbiguous
        );
        let is_material = class.is_exception() && (large || always);
        if let Some(total) = self.totals.classes.get_mut(class.position()) {
            total.count += 1;
            total.material += u64::from(is_material);
            total.difference += i128::from(outcome.difference);
        }
        each(Outcome { class, is_material, ..outcome })
    }

    fn row(&self, position: usize) -> Option<&PermitRow> {
        self.ledger.permits.get(position)
    }

    fn is_denied(&self, position: usize) -> bool {
        self.row(position).is_some_and(|row| self.ledger.text(row.decision) == "deny")
    }

    /// The cost that the evidence states for a call: the permit's, else that of its usage rows.
    fn expected(&self, position: usize) -> Option<i64> {
        let own = self.row(position).map_or(Figure::ABSENT, |row| row.actual_cost);
        let account = self.ledger.accounts.get(position)?;
        let usage = [&account.ledger, &account.log].into_iter().flatten().map(|usage| usage.cost);
        std::iter::once(own).chain(usage).find_map(Figure::get)
    }
}

impl State {
    fn seen(&mut self, side: Side, place: Option<LineRef>) {
        let slot = match side {
            Side::Gateway => &mut self.gateway_line,
            Side::Invoice => &mut self.invoice_line,
        };
        *slot = slot.or(place);
    }

    /// Adds a line's cost; `false` when it is a duplicate and was not added.
    fn add(&mut self, side: Side, line: &Line, place: Option<LineRef>, micros: i64) -> bool {
        let slack = i32::try_from(line.slack).unwrap_or(i32::MAX);
        match side {
            Side::Gateway => {
                if self.has_gateway_call {
                    return false;
                }
                self.has_gateway_call = true;
                self.seen(side, place);
                self.gateway = micros;
                self.gateway_slack = slack;
            }
            Side::Invoice => {
                let text = format!("{}\0{}\0{}\0{}", line.permit, line.response, line.model, line.cost);
                let digest = sha256(text.as_bytes());
                let own = digest.first_chunk::<8>().map_or(1, |bytes| u64::from_le_bytes(*bytes).max(1));
                if self.invoice_keys.contains(&own) {
                    return false;
                }
                if let Some(free) = self.invoice_keys.iter_mut().find(|slot| **slot == 0) {
                    *free = own;
                }
                self.seen(side, place);
                self.invoice = self.invoice.saturating_add(micros);
                self.invoice_slack = self.invoice_slack.saturating_add(slack);
            }
        }
        true
    }
}

fn lookup<T: Ord>(sorted: &[(T, u32)], wanted: &T) -> Option<usize> {
    let position = sorted.binary_search_by(|(own, _)| own.cmp(wanted)).ok()?;
    let (_, permit) = sorted.get(position)?;
    usize::try_from(*permit).ok().filter(|_| *permit != AMBIGUOUS)
}
