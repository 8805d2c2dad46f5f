//! Budgets run again: what each envelope holds after every booking (spec 07 section 4, spec 27 sections 2.5 and 3.3).
//!
//! Events of one envelope are ordered by `seq`. The same event from two files counts once. Invariants are judged only
//! where the events are complete, that is `seq` counts from 1 without gaps within the envelope (or, as another issuer
//! may count, within each allocation): with events missing, a negative balance proves nothing.
//!
//! A limit is the sum of active caps. Sums are 128 bits wide, so that no number of 64-bit amounts overflows them.

use std::collections::{BTreeMap, HashMap};

use super::event::{BudgetEvent, Movement};
use super::names::Name;
use super::read::Ledger;

/// Breaches kept of one kind in one envelope; further ones are counted.
const BREACHES_KEPT: usize = 100;

/// What is wrong with the bookings of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum BreachKind {
    /// `seq` or `amount` is absent or unreadable, so that the event was left out.
    Unusable,
    /// Two different events carry one number.
    SeqDuplicate,
    /// Numbers are missing, or do not start at 1.
    SeqGap,
    /// An amount below zero that must not be.
    NegativeAmount,
    /// More is released or committed than is reserved.
    ReservedNegative,
    /// Bookings of one reservation name two permits.
    TwoPermits,
    /// More is spent than the commit took from the reservation.
    SpentExceedsReserved,
    /// A cap is allocated twice, or changed before it was allocated.
    CapOrder,
    /// A reservation was booked although it did not fit.
    AllowedOverLimit,
    /// A cap was set below what was already reserved and spent.
    CapBelowCommitted,
    /// A cap was raised while reserved and spent were above it, so that an overspend became regular afterwards.
    CapRaisedAfterOverspend,
}

/// One breach, with the two figures that contradict each other.
#[derive(Clone, Debug)]
pub struct Breach {
    /// What kind.
    pub kind: BreachKind,
    /// The booking that shows it, as a position in [`Ledger::events`].
    pub event: usize,
    /// What is stated or booked.
    pub stated: i128,
    /// What would be right, or the limit.
    pub limit: i128,
}

/// A stretch of bookings during which reserved and spent were above the limit.
#[derive(Clone, Debug)]
pub struct Window {
    /// The booking that began it.
    pub first: usize,
    /// The last booking at which it lasted.
    pub last: usize,
    /// The largest excess in micro-USD.
    pub worst: i128,
    /// Whether it ended before the last event.
    pub is_over: bool,
}

/// The account of one envelope. Amounts are micro-USD.
#[derive(Clone, Debug, Default)]
pub struct EnvelopeAccount {
    /// `project_id`.
    pub project: Name,
    /// `envelope_id`.
    pub envelope: Name,
    /// Bookings that count.
    pub events: u64,
    /// Bookings that a second file repeated.
    pub repeated: u64,
    /// The first number.
    pub first_seq: i64,
    /// The last number.
    pub last_seq: i64,
    /// Whether all bookings since the first are there.
    pub is_complete: bool,
    /// Σ reserve + Σ adjust − Σ release − Σ commit released.
    pub reserved: i128,
    /// Σ commit spent.
    pub spent: i128,
    /// Σ of active caps; `None` without a cap event.
    pub cap: Option<i128>,
    /// The largest Σ of active caps, and the booking that made it.
    pub cap_peak: Option<(i128, usize)>,
    /// Σ reserve.
    pub reserve_sum: i128,
    /// Σ adjust.
    pub adjust_sum: i128,
    /// Σ release.
    pub release_sum: i128,
    /// Σ commit released.
    pub committed_sum: i128,
    /// Reservations that were judged against a limit, and adjustments upwards.
    pub judged: u64,
    /// Reservations without a limit to judge by.
    pub not_judged: u64,
    /// What is wrong.
    pub breaches: Vec<Breach>,
    /// Breaches beyond those kept.
    pub breaches_dropped: u64,
    /// Overspend windows in order.
    pub windows: Vec<Window>,
    /// How often a cap was set or changed.
    pub cap_events: u64,
}

impl EnvelopeAccount {
    /// What can still be reserved.
    #[must_use]
    pub fn remaining(&self) -> Option<i128> {
        self.cap.map(|cap| cap - self.reserved - self.spent)
    }

    /// The first number that is not there, and the one found instead.
    #[must_use]
    pub fn gap(&self) -> Option<(i128, i128)> {
        let gap = self.breaches.iter().find(|breach| breach.kind == BreachKind::SeqGap);
        gap.map(|breach| (breach.limit, breach.stated))
    }

    fn breach(&mut self, kind: BreachKind, event: usize, stated: i128, limit: i128) {
        let same = self.breaches.iter().filter(|breach| breach.kind == kind).count();
        if same < BREACHES_KEPT {
            self.breaches.push(Breach { kind, event, stated, limit });
        } else {
            self.breaches_dropped += 1;
        }
    }

    /// Whether a kind occurs.
    #[must_use]
    pub fn has(&self, kind: BreachKind) -> bool {
        self.breaches.iter().any(|breach| breach.kind == kind)
    }
}

/// One reservation over its life. Amounts are micro-USD.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reservation {
    /// `permit_id` of its first booking that names one.
    pub permit: Name,
    /// Position of its account in [`Replay::accounts`].
    pub account: usize,
    /// Its first booking.
    pub event: usize,
    /// Reserved and adjusted.
    pub reserved: i128,
    /// Released.
    pub released: i128,
    /// Taken from the reservation by commits.
    pub committed: i128,
    /// Spent by commits.
    pub spent: i128,
}

impl Reservation {
    /// What is still held.
    #[must_use]
    pub fn open(&self) -> i128 {
        self.reserved - self.released - self.committed
    }
}

/// All budgets of a ledger.
#[derive(Debug, Default)]
pub struct Replay {
    /// One account for each envelope, in order of first appearance in the evidence.
    pub accounts: Vec<EnvelopeAccount>,
    /// Reservations by `reservation_id`.
    pub reservations: BTreeMap<Name, Reservation>,
    /// State of each envelope right before and after each reservation was made, as (reserved, spent): what a
    /// snapshot at decision time can have seen. By position of the reservation's first booking.
    pub around: HashMap<usize, [(i128, i128); 2]>,
}

/// Runs the budgets, up to and including number `at` of each envelope where it is given.
#[must_use]
pub fn replay(ledger: &Ledger, at: Option<i64>) -> Replay {
    let mut order: Vec<usize> = (0..ledger.events.len()).collect();
    let sort_key = |position: &usize| {
        ledger
            .events
            .get(*position)
            .map(|event| (event.project, event.envelope, event.seq.get().unwrap_or(i64::MAX), *position))
    };
    order.sort_unstable_by_key(sort_key);
    let mut replay = Replay::default();
    let same_account = |left: &usize, right: &usize| {
        let pair = ledger.events.get(*left).zip(ledger.events.get(*right));
        pair.is_some_and(|(left, right)| (left.project, left.envelope) == (right.project, right.envelope))
    };
    for positions in order.chunk_by(same_account) {
        let run = Run::new(ledger, replay.accounts.len(), &mut replay);
        let account = run.all(positions, at);
        replay.accounts.push(account);
    }
    replay
}

/// An envelope after a booking. Amounts are micro-USD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The booking, as a position in [`Ledger::events`].
    pub event: usize,
    /// Its number.
    pub seq: i64,
    /// Held.
    pub reserved: i128,
    /// Spent.
    pub spent: i128,
    /// The limit; `None` before a cap was booked.
    pub cap: Option<i128>,
}

impl Balance {
    /// Whether more is held and spent than the limit allows.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.cap.is_some_and(|cap| self.reserved + self.spent > cap)
    }
}

/// How the balance of an envelope went, in at most about twice `points` steps: of each stretch of bookings the last
/// balance, and the one furthest above the limit where there is one.
#[must_use]
pub fn balances(ledger: &Ledger, project: Name, envelope: Name, points: usize) -> Vec<Balance> {
    let own = |event: &BudgetEvent| (event.project, event.envelope) == (project, envelope);
    let mut positions: Vec<usize> =
        (0..).zip(&ledger.events).filter(|(_, event)| own(event)).map(|row| row.0).collect();
    positions.sort_by_key(|position| {
        ledger.events.get(*position).map(|event| (event.seq.get().unwrap_or(i64::MAX), *position))
    });
    let stretch = positions.len().div_ceil(points.max(1)).max(1);
    let mut replay = Replay::default();
    let mut run = Run::new(ledger, 0, &mut replay);
    let usable = run.usable(&positions, None);
    run.number_check(&usable, &positions);
    let mut kept: Vec<Balance> = Vec::new();
    let mut worst: Option<Balance> = None;
    let last = usable.len().saturating_sub(1);
    for (index, position) in usable.into_iter().enumerate() {
        run.book(position);
        let seq = run.event(position).and_then(|event| event.seq.get()).unwrap_or(0);
        let (reserved, spent, cap) = (run.account.reserved, run.account.spent, run.account.cap);
        let now = Balance { event: position, seq, reserved, spent, cap };
        // Between the halves of a commit the sum is short, never above the limit.
        let excess = |balance: &Balance| balance.cap.map(|cap| balance.reserved + balance.spent - cap);
        if now.is_over() && worst.is_none_or(|worst| excess(&now) > excess(&worst)) {
            worst = Some(now);
        }
        if (index + 1).is_multiple_of(stretch) || index == last {
            kept.extend(worst.take().filter(|worst| worst.event != now.event));
            kept.push(now);
        }
    }
    kept
}

struct Run<'a> {
    ledger: &'a Ledger,
    number: usize,
    replay: &'a mut Replay,
    account: EnvelopeAccount,
    /// The active cap of each allocation; `None` once it was deactivated.
    caps: BTreeMap<Name, Option<i128>>,
    window: Option<Window>,
}

impl<'a> Run<'a> {
    fn new(ledger: &'a Ledger, number: usize, replay: &'a mut Replay) -> Self {
        Self {
            ledger,
            number,
            replay,
            account: EnvelopeAccount::default(),
            caps: BTreeMap::new(),
            window: None,
        }
    }

    fn all(mut self, positions: &[usize], at: Option<i64>) -> EnvelopeAccount {
        let usable = self.usable(positions, at);
        self.number_check(&usable, positions);
        for position in usable {
            self.book(position);
        }
        if let Some(window) = self.window.take() {
            self.account.windows.push(Window { is_over: false, ..window });
        }
        self.account
    }

    fn event(&self, position: usize) -> Option<&'a BudgetEvent> {
        self.ledger.events.get(position)
    }

    /// The events that count, in order: readable, not beyond `at`, each once.
    fn usable(&mut self, positions: &[usize], at: Option<i64>) -> Vec<usize> {
        let mut usable: Vec<usize> = Vec::with_capacity(positions.len());
        for position in positions.iter().copied() {
            let Some(event) = self.event(position) else { continue };
            (self.account.project, self.account.envelope) = (event.project, event.envelope);
            let (Some(seq), Some(_)) = (event.seq.get(), event.amount.get()) else {
                self.account.breach(BreachKind::Unusable, position, 0, 0);
                continue;
            };
            if at.is_some_and(|at| seq > at) {
                continue;
            }
            let twins = usable.iter().rev().filter_map(|known| self.event(*known));
            let mut twins = twins.take_while(|known| known.seq == event.seq).peekable();
            if twins.peek().is_none() {
                usable.push(position);
                continue;
            }
            let (mut repeats, mut clashes) = (false, false);
            for twin in twins {
                repeats |= twin.same(event);
                clashes |= twin.allocation == event.allocation || event.allocation.is_none();
            }
            match (repeats, clashes) {
                (true, _) => self.account.repeated += 1,
                (false, clash) => {
                    if clash {
                        self.account.breach(
                            BreachKind::SeqDuplicate,
                            position,
                            i128::from(seq),
                            i128::from(seq),
                        );
                    }
                    usable.push(position);
                }
            }
        }
        usable
    }

    fn number_check(&mut self, usable: &[usize], positions: &[usize]) {
        let mut gap = None;
        let mut expected = 1;
        let mut allocations: BTreeMap<Name, (i64, i64, i64)> = BTreeMap::new();
        for position in usable {
            let Some((event, seq)) = self.event(*position).and_then(|event| Some((event, event.seq.get()?)))
            else {
                continue;
            };
            if seq > expected && gap.is_none() {
                gap = Some((*position, seq, expected));
            }
            expected = expected.max(seq.saturating_add(1));
            let own = allocations.entry(event.allocation).or_insert((seq, seq, 0));
            *own = (own.0.min(seq), own.1.max(seq), own.2 + 1);
        }
        let first =
            usable.first().and_then(|position| self.event(*position)).and_then(|event| event.seq.get());
        let last = usable.last().and_then(|position| self.event(*position)).and_then(|event| event.seq.get());
        self.account.first_seq = first.unwrap_or(0);
        self.account.last_seq = last.unwrap_or(0);
        let by_allocation = !allocations.contains_key(&Name::NONE)
            && allocations.values().all(|(low, high, count)| *low == 1 && *high == *count);
        let starts_at_one = first.is_none_or(|first| first == 1);
        let unusable = usable.is_empty() && !positions.is_empty() || self.account.has(BreachKind::Unusable);
        self.account.is_complete = !unusable && starts_at_one && (gap.is_none() || by_allocation);
        if let Some((position, seq, expected)) = gap.filter(|_| !by_allocation) {
            self.account.breach(BreachKind::SeqGap, position, i128::from(seq), i128::from(expected));
        }
    }

    fn book(&mut self, position: usize) {
        let Some(event) = self.event(position) else { return };
        let amount = i128::from(event.amount.get().unwrap_or(0));
        self.account.events += 1;
        if amount < 0 && event.movement != Movement::Adjust {
            self.account.breach(BreachKind::NegativeAmount, position, amount, 0);
        }
        let before = (self.account.reserved, self.account.spent);
        let rises = match event.movement {
            Movement::Reserve => {
                self.account.reserve_sum += amount;
                true
            }
            Movement::Adjust => {
                self.account.adjust_sum += amount;
                amount > 0
            }
            Movement::Release => {
                self.account.release_sum += amount;
                false
            }
            Movement::CommitReleased => {
                self.account.committed_sum += amount;
                false
            }
            Movement::CommitSpent => {
                self.account.spent += amount;
                false
            }
            Movement::CapAllocate | Movement::CapUpdate | Movement::CapDeactivate => {
                self.cap(position, event, amount);
                false
            }
        };
        let account = &mut self.account;
        account.reserved =
            account.reserve_sum + account.adjust_sum - account.release_sum - account.committed_sum;
        if rises {
            match (account.cap, account.is_complete) {
                (Some(cap), true) => {
                    account.judged += 1;
                    let wanted = account.reserved + account.spent;
                    if wanted > cap {
                        account.breach(BreachKind::AllowedOverLimit, position, wanted, cap);
                    }
                }
                _ => account.not_judged += 1,
            }
        }
        if account.is_complete && account.reserved < 0 && before.0 >= 0 {
            let reserved = account.reserved;
            account.breach(BreachKind::ReservedNegative, position, reserved, 0);
        }
        let after = (account.reserved, account.spent);
        if !event.movement.is_cap() {
            self.reservation(position, event, amount, before, after);
        }
        // Both halves of a commit carry one moment: between them the sum is short by what was spent.
        if event.movement != Movement::CommitReleased {
            self.watch(position);
        }
    }

    fn reservation(
        &mut self,
        position: usize,
        event: &BudgetEvent,
        amount: i128,
        before: (i128, i128),
        after: (i128, i128),
    ) {
        if event.reservation.is_none() {
            return;
        }
        let fresh = Reservation {
            permit: event.permit,
            account: self.number,
            event: position,
            ..Reservation::default()
        };
        let own = self.replay.reservations.entry(event.reservation).or_insert(fresh);
        if own.event == position && event.movement == Movement::Reserve {
            self.replay.around.insert(position, [before, after]);
        }
        if own.permit.is_none() {
            own.permit = event.permit;
        }
        let two = !event.permit.is_none() && own.permit != event.permit;
        match event.movement {
            Movement::Reserve | Movement::Adjust => own.reserved += amount,
            Movement::Release => own.released += amount,
            Movement::CommitReleased => own.committed += amount,
            Movement::CommitSpent => own.spent += amount,
            Movement::CapAllocate | Movement::CapUpdate | Movement::CapDeactivate => {}
        }
        let (open, spent, committed) = (own.open(), own.spent, own.committed);
        if two {
            self.account.breach(BreachKind::TwoPermits, position, 2, 1);
        }
        if !self.account.is_complete {
            return;
        }
        if open < 0 && matches!(event.movement, Movement::Release | Movement::CommitReleased) {
            self.account.breach(BreachKind::ReservedNegative, position, open, 0);
        }
        if event.movement == Movement::CommitSpent && spent > committed {
            self.account.breach(BreachKind::SpentExceedsReserved, position, spent, committed);
        }
    }

    fn cap(&mut self, position: usize, event: &BudgetEvent, amount: i128) {
        self.account.cap_events += 1;
        let known = self.caps.get(&event.allocation).copied();
        let in_order = match event.movement {
            Movement::CapAllocate => known.flatten().is_none(),
            _ => known.is_some(),
        };
        if !in_order && self.account.is_complete {
            self.account.breach(BreachKind::CapOrder, position, amount, 0);
        }
        let active = event.is_active && event.movement != Movement::CapDeactivate;
        self.caps.insert(event.allocation, active.then_some(amount));
        let total: i128 = self.caps.values().flatten().sum();
        let previous = self.account.cap.replace(total);
        if self.account.cap_peak.is_none_or(|(peak, _)| total > peak) {
            self.account.cap_peak = Some((total, position));
        }
        let committed = self.account.reserved + self.account.spent;
        if let Some(previous) = previous.filter(|_| self.account.is_complete) {
            if total < committed && total < previous {
                self.account.breach(BreachKind::CapBelowCommitted, position, total, committed);
            }
            if committed > previous && total > previous {
                self.account.breach(BreachKind::CapRaisedAfterOverspend, position, committed, previous);
            }
        }
    }

    /// Follows the stretches in which more is reserved and spent than the caps allow.
    fn watch(&mut self, position: usize) {
        let account = &mut self.account;
        let Some(cap) = account.cap.filter(|_| account.is_complete) else { return };
        let excess = account.reserved + account.spent - cap;
        if excess > 0 {
            let window = self.window.get_or_insert(Window {
                first: position,
                last: position,
                worst: excess,
                is_over: true,
            });
            window.last = position;
            window.worst = window.worst.max(excess);
        } else if let Some(window) = self.window.take() {
            account.windows.push(window);
        }
    }
}
