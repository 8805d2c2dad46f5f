//! The comparisons behind the rule table.

use std::collections::{BTreeMap, HashMap};

use super::rule::{Id, RULES, RuleResult, Violation};
use crate::finding::Code;
use crate::finding::catalog::ledger as code;
use crate::ledger::{
    Account, BreachKind, EnvelopeAccount, FaultKind, Figure, Key, Ledger, Name, PermitRow, Place, Replay,
    Snapshot, Usage, totals,
};

/// Applies every rule. `kept` violations of a rule are listed, the others counted. With `is_end` the replay went to the
/// last booking, so that final balances and leaks can be judged.
pub(super) fn judge(ledger: &Ledger, replay: &Replay, is_end: bool, kept: usize) -> Vec<RuleResult> {
    let results = RULES
        .iter()
        .map(|rule| RuleResult { rule, checked: 0, missing: 0, violated: 0, violations: Vec::new() })
        .collect();
    let mut sheet = Sheet { ledger, replay, kept, results };
    for (row, account) in ledger.permits.iter().zip(&ledger.accounts) {
        sheet.record(row, account);
    }
    sheet.amounts();
    sheet.double_bookings();
    sheet.workflows();
    sheet.snapshot_order();
    sheet.budgets();
    sheet.caps();
    if is_end {
        sheet.leaks();
        sheet.balances();
    }
    sheet.results
}

struct Sheet<'a> {
    ledger: &'a Ledger,
    replay: &'a Replay,
    kept: usize,
    results: Vec<RuleResult>,
}

/// A labelled side of a comparison.
type Side<T> = (&'static str, T);

impl Sheet<'_> {
    fn result(&mut self, id: Id) -> Option<&mut RuleResult> {
        self.results.get_mut(id.position())
    }

    fn checked(&mut self, id: Id, count: u64) {
        if let Some(result) = self.result(id) {
            result.checked += count;
        }
    }

    fn missing(&mut self, id: Id, count: u64) {
        if let Some(result) = self.result(id) {
            result.missing += count;
        }
    }

    /// Counts a failed comparison that was counted as checked before.
    fn violated(&mut self, id: Id, violation: impl FnOnce() -> Violation) {
        let kept = self.kept;
        if let Some(result) = self.result(id) {
            result.violated += 1;
            if result.violations.len() < kept {
                result.violations.push(violation());
            }
        }
    }

    fn text(&self, name: Name) -> String {
        self.ledger.text(name).to_owned()
    }

    fn rule_code(id: Id) -> &'static Code {
        RULES.get(id.position()).map_or(&code::LEDGER_ROW_UNREADABLE, |rule| rule.code)
    }

    /// Two amounts that must satisfy `holds`.
    fn amounts_hold(
        &mut self,
        id: Id,
        (subject, place): (Name, Place),
        stated: Side<Option<i128>>,
        expected: Side<Option<i128>>,
        holds: impl FnOnce(i128, i128) -> bool,
    ) {
        let (Some(left), Some(right)) = (stated.1, expected.1) else { return self.missing(id, 1) };
        self.checked(id, 1);
        if !holds(left, right) {
            let subject = self.text(subject);
            self.violated(id, || Violation {
                code: Self::rule_code(id),
                subject,
                stated: (stated.0, left.to_string()),
                expected: (expected.0, right.to_string()),
                difference: Some(left - right),
                place,
            });
        }
    }

    /// Two texts that must be equal; nothing is compared where a side is not stated.
    fn texts_equal(&mut self, id: Id, at: (Name, Place), stated: Side<Name>, expected: Side<Name>) {
        if stated.1.is_none() || expected.1.is_none() {
            return;
        }
        self.checked(id, 1);
        if stated.1 != expected.1 {
            let (left, right) = (self.text(stated.1), self.text(expected.1));
            self.fact(id, at, (stated.0, left), (expected.0, right));
        }
    }

    /// A failed comparison of texts.
    fn fact(
        &mut self,
        id: Id,
        (subject, place): (Name, Place),
        stated: Side<String>,
        expected: Side<String>,
    ) {
        let subject = self.text(subject);
        let code = Self::rule_code(id);
        self.violated(id, || Violation { code, subject, stated, expected, difference: None, place });
    }

    fn record(&mut self, row: &PermitRow, account: &Account) {
        let at = (row.permit, row.place);
        if let Some(envelope) = &account.envelope {
            self.snapshot(at, envelope, row.actual_cost);
        }
        self.usage(row, account);
        let decision = self.ledger.text(row.decision).to_owned();
        self.unverified(row, account);
        self.decision(&decision, row, account);
        self.times(row, account);
        self.reservation(row, account);
        self.spend_scope(row, account);
        if decision == "deny" {
            self.deny(row, account);
        }
    }

    fn snapshot(&mut self, at: (Name, Place), envelope: &Snapshot, actual: Figure) {
        let sum = wide(envelope.total)
            .zip(wide(envelope.reserved).zip(wide(envelope.spent)))
            .map(|(total, (reserved, spent))| total - reserved - spent);
        let remaining = ("remaining", wide(envelope.remaining));
        self.amounts_hold(Id::F1, at, remaining, ("total - reserved - spent", sum), |left, right| {
            left == right
        });
        for (label, figure) in [("reserved", envelope.reserved), ("spent", envelope.spent)] {
            if figure.get().is_some_and(|amount| amount < 0) {
                self.amounts_hold(Id::F2, at, (label, wide(figure)), ("at least", Some(0)), |left, right| {
                    left >= right
                });
            }
        }
        let used =
            wide(envelope.reserved).zip(wide(envelope.spent)).map(|(reserved, spent)| reserved + spent);
        self.amounts_hold(
            Id::F2,
            at,
            ("reserved + spent", used),
            ("total", wide(envelope.total)),
            |left, right| left <= right,
        );
        if !envelope.correction.is_absent() {
            let difference = wide(actual).zip(wide(envelope.estimated)).map(|(actual, held)| actual - held);
            let stated = ("correction", wide(envelope.correction));
            self.amounts_hold(Id::F3, at, stated, ("actual - estimate", difference), |left, right| {
                left == right
            });
        }
    }

    /// F4, F5, F6, F13.
    fn usage(&mut self, row: &PermitRow, account: &Account) {
        let at = (row.permit, row.place);
        let log = account.log.as_deref();
        let ledger = account.ledger.as_deref();
        let near = |left: i128, right: i128| (left - right).abs() <= 1;
        let equal = |left: i128, right: i128| left == right;
        let cost = ("permit actual cost", wide(row.actual_cost));
        let tokens = [
            ("permit input tokens", row.actual_input, "input tokens"),
            ("permit output tokens", row.actual_output, "output tokens"),
        ];
        for (usage, label) in [(ledger, "usage ledger cost"), (log, "usage log cost")] {
            let Some(usage) = usage else { continue };
            self.amounts_hold(Id::F4, at, cost, (label, wide(usage.cost)), near);
            for ((label, own, other), theirs) in tokens.into_iter().zip([usage.input, usage.output]) {
                self.amounts_hold(Id::F5, at, (label, wide(own)), (other, wide(theirs)), equal);
            }
            self.identity(row, account, usage);
        }
        if let (Some(ledger), Some(log)) = (ledger, log) {
            let stated = ("usage ledger cost", wide(ledger.cost));
            self.amounts_hold(Id::F4, at, stated, ("usage log cost", wide(log.cost)), near);
        }
        if !row.actual_total.is_absent() {
            let sum =
                wide(row.actual_input).zip(wide(row.actual_output)).map(|(input, output)| input + output);
            let total = ("permit total tokens", wide(row.actual_total));
            self.amounts_hold(Id::F5, at, total, ("input + output", sum), equal);
        }
        let Some(usage) = ledger else { return };
        let costs = usage.cost.get().is_some_and(|cost| cost != 0);
        self.checked(Id::F13, 1);
        let provider_figure = log.is_some_and(|log| log.cost.get().is_some())
            || matches!(self.ledger.text(account.verification_status), "verified" | "reconciled")
                && matches!(
                    self.ledger.text(account.verification_method),
                    "provider_receipt" | "signed_callback"
                );
        if usage.from_cache && costs {
            let cost = format!("{:?}", usage.cost);
            self.fact(Id::F13, at, ("cost of a cached row", cost), ("expected", "0".to_owned()));
        } else if usage.estimated_final && provider_figure {
            let stated = ("estimated_final", "true".to_owned());
            self.fact(Id::F13, at, stated, ("provider figure", "present".to_owned()));
        }
    }

    fn identity(&mut self, row: &PermitRow, account: &Account, usage: &Usage) {
        let at = (row.permit, row.place);
        let envelope = account.envelope.as_ref().map_or(Name::NONE, |envelope| envelope.envelope);
        for (label, theirs, own) in [
            ("usage permit_id", usage.permit, row.permit),
            ("usage project_id", usage.project, row.project),
            ("usage provider", usage.provider, row.provider),
            ("usage model", usage.model, row.model),
            ("usage budget_envelope_id", usage.envelope, envelope),
        ] {
            self.texts_equal(Id::F6, at, (label, theirs), ("permit", own));
        }
    }

    fn unverified(&mut self, row: &PermitRow, account: &Account) {
        let Some(cost) = row.actual_cost.get() else { return };
        self.checked(Id::F7, 1);
        let status = self.text(account.verification_status);
        if !matches!(status.as_str(), "verified" | "reconciled") {
            let at = (row.permit, row.place);
            let stated = ("unverified cost", cost.to_string());
            self.fact(Id::F7, at, stated, ("verification status", status));
        }
    }

    /// F8, F9.
    fn decision(&mut self, decision: &str, row: &PermitRow, account: &Account) {
        let at = (row.permit, row.place);
        let closed = !row.closure.is_none();
        match decision {
            "deny" => {
                self.checked(Id::F8, 1);
                let booked = account.ledger.as_ref().map_or(Figure::ABSENT, |usage| usage.cost);
                let figures = [row.actual_cost, row.actual_input, row.actual_output, booked];
                if let Some(figure) =
                    figures.iter().filter_map(|figure| figure.get()).find(|count| *count != 0)
                {
                    let stated = ("cost or tokens of a deny", figure.to_string());
                    self.fact(Id::F8, at, stated, ("expected", "0".to_owned()));
                }
                self.checked(Id::F9, 1);
                if closed {
                    let closure = self.text(row.closure);
                    self.fact(Id::F9, at, ("closure of a deny", closure), ("expected", "none".to_owned()));
                }
            }
            "allow" if row.is_dispatched && !account.has_entries => self.missing(Id::F9, 1),
            "allow" if row.is_dispatched => {
                self.checked(Id::F9, 1);
                if !closed {
                    let stated = ("closure", "none".to_owned());
                    self.fact(Id::F9, at, stated, ("expected", "a closure".to_owned()));
                }
            }
            // A challenge may be dispatched after a review, which is judged elsewhere.
            _ => {}
        }
    }

    fn times(&mut self, row: &PermitRow, account: &Account) {
        let Some(reported) = account.usage_reported.get() else { return };
        let at = (row.permit, row.place);
        let source = self.ledger.sources.get(usize::from(row.place.source));
        let (from, to) = source.map_or((Figure::ABSENT, Figure::ABSENT), |source| (source.from, source.to));
        let bounds = [
            ("completed at", account.completed, true),
            ("period starts", from, true),
            ("period ends", to, false),
        ];
        for (label, bound, is_lower) in bounds {
            let Some(bound) = bound.get() else {
                self.missing(Id::F10, 1);
                continue;
            };
            self.checked(Id::F10, 1);
            if (is_lower && reported < bound) || (!is_lower && reported > bound) {
                let (reported, bound) = (time(reported), time(bound));
                self.fact(Id::F10, at, ("usage reported at", reported), (label, bound));
            }
        }
    }

    fn reservation(&mut self, row: &PermitRow, account: &Account) {
        if account.reservation.is_none() {
            return;
        }
        let at = (row.permit, row.place);
        match self.replay.reservations.get(&account.reservation) {
            Some(booked) if !booked.permit.is_none() => {
                self.texts_equal(
                    Id::F16,
                    at,
                    ("signed for permit", row.permit),
                    ("booked for permit", booked.permit),
                );
            }
            _ => self.missing(Id::F16, 1),
        }
        // B6
        let Some(envelope) = &account.envelope else { return };
        let booked = self.replay.reservations.get(&account.reservation);
        let around = booked.and_then(|booked| self.replay.around.get(&booked.event).zip(Some(booked)));
        let known = around.filter(|(_, booked)| {
            let own = self.replay.accounts.get(booked.account);
            own.is_some_and(|own| own.is_complete && own.envelope == envelope.envelope)
        });
        let stated = wide(envelope.reserved).zip(wide(envelope.spent));
        let (Some((around, _)), Some(stated)) = (known, stated) else { return self.missing(Id::B6, 1) };
        self.checked(Id::B6, 1);
        if !around.contains(&stated) {
            let [before, after] = *around;
            let pair = |(reserved, spent): (i128, i128)| format!("{reserved} reserved, {spent} spent");
            self.fact(
                Id::B6,
                at,
                ("snapshot", pair(stated)),
                ("replayed", format!("{} or {}", pair(before), pair(after))),
            );
        }
    }

    /// The unit of `amount_max` is not published: a cost is above it only if it is in every unit it may have.
    fn spend_scope(&mut self, row: &PermitRow, account: &Account) {
        if account.spend_limit.is_absent() {
            return;
        }
        let class = self.ledger.text(account.spend_class).trim().to_ascii_uppercase();
        let figures = wide(row.actual_cost).zip(wide(account.spend_limit));
        let Some((actual, limit)) = figures.filter(|_| class.starts_with("USD")) else {
            return self.missing(Id::F17, 1);
        };
        let most = limit * 1_000_000;
        if actual > limit && actual <= most {
            return self.missing(Id::F17, 1);
        }
        let at = (row.permit, row.place);
        let expected = ("amount_max as whole USD", Some(most));
        self.amounts_hold(Id::F17, at, ("actual cost", Some(actual)), expected, |left, right| left <= right);
    }

    fn deny(&mut self, row: &PermitRow, account: &Account) {
        let reason = self.ledger.text(row.reason_code);
        if !reason.starts_with("budget.") {
            return;
        }
        let about_envelope = ["exhausted", "insufficient"].iter().any(|word| reason.contains(word));
        let Some(envelope) = account.envelope.as_ref().filter(|_| about_envelope) else {
            return self.missing(Id::B2, 1);
        };
        let at = (row.permit, row.place);
        let stated = ("estimate", wide(envelope.estimated));
        let expected = ("remaining", wide(envelope.remaining));
        self.amounts_hold(Id::B2, at, stated, expected, |left, right| left > right);
    }

    fn amounts(&mut self) {
        let ledger = self.ledger;
        self.checked(Id::F12, u64::try_from(ledger.permits.len()).unwrap_or(u64::MAX));
        for (row, account) in ledger.permits.iter().zip(&ledger.accounts) {
            let at = (row.permit, row.place);
            for (label, figure) in [
                ("actual cost", row.actual_cost),
                ("estimated cost", row.estimated_cost),
                ("usage ledger cost", account.ledger.as_ref().map_or(Figure::ABSENT, |usage| usage.cost)),
                ("usage log cost", account.log.as_ref().map_or(Figure::ABSENT, |usage| usage.cost)),
            ] {
                if figure.get().is_some_and(|amount| amount < 0) {
                    self.amounts_hold(
                        Id::F12,
                        at,
                        (label, wide(figure)),
                        ("at least", Some(0)),
                        |left, right| left >= right,
                    );
                }
            }
            for usage in [&account.ledger, &account.log].into_iter().flatten() {
                if !usage.currency.is_none() && ledger.text(usage.currency) != "USD" {
                    let currency = self.text(usage.currency);
                    self.fact(Id::F12, at, ("currency", currency), ("expected", "USD".to_owned()));
                }
            }
        }
        for fault in &ledger.faults {
            let is_money =
                ["usd_micros", "cost_usd", "amount"].iter().any(|part| fault.member.contains(part));
            if is_money && matches!(fault.kind, FaultKind::Number(_)) {
                let stated = (fault.member, fault.stated.clone());
                let subject = (Name::NONE, fault.place);
                self.fact(Id::F12, subject, stated, ("expected", "an integer of micro-USD".to_owned()));
            }
        }
    }

    fn double_bookings(&mut self) {
        let ledger = self.ledger;
        let mut keys: Vec<(u8, Name, Key, usize)> = Vec::new();
        let mut permits: HashMap<Name, usize> = HashMap::new();
        for (position, (row, account)) in ledger.permits.iter().zip(&ledger.accounts).enumerate() {
            if !row.permit.is_none()
                && let Some(first) = permits.insert(row.permit, position)
            {
                let other =
                    ledger.permits.get(first).map_or(String::new(), |other| ledger.pointer(&other.place));
                let at = (row.permit, row.place);
                self.fact(Id::F11, at, ("permit id", self.text(row.permit)), ("also in", other));
            }
            let spends = row.is_dispatched || row.actual_cost.get().is_some();
            let usage = [&account.ledger, &account.log].into_iter().flatten();
            let mut own = vec![(3u8, Name::NONE, account.response)];
            if spends {
                own.push((1, row.project, account.idempotency));
            }
            own.push((2, row.project, account.usage_idempotency));
            for usage in usage {
                own.push((2, row.project, usage.idempotency));
                own.push((3, Name::NONE, usage.response));
                own.push((4, Name::NONE, usage.request));
            }
            let stated = own.into_iter().filter(|(_, _, key)| *key != Key::default());
            keys.extend(stated.map(|(kind, scope, key)| (kind, scope, key, position)));
        }
        self.checked(Id::F11, u64::try_from(keys.len()).unwrap_or(u64::MAX));
        keys.sort_unstable();
        for group in keys.chunk_by(|left, right| (left.0, left.1, left.2) == (right.0, right.1, right.2)) {
            let Some((kind, _, _, first)) = group.first().copied() else { continue };
            let Some(original) = ledger.permits.get(first) else { continue };
            for (_, _, _, position) in group.iter().skip(1).copied() {
                let Some(row) = ledger.permits.get(position).filter(|row| row.permit != original.permit)
                else {
                    continue;
                };
                let label = match kind {
                    1 => "same idempotency_key as",
                    2 => "same usage idempotency key as",
                    3 => "same provider_response_id as",
                    _ => "same request_id as",
                };
                let other = self.text(original.permit);
                let at = (row.permit, row.place);
                self.fact(Id::F11, at, (label, other), ("expected", "one permit".to_owned()));
            }
        }
    }

    fn workflows(&mut self) {
        let mut calls: BTreeMap<Name, (u64, i64, Place)> = BTreeMap::new();
        for (row, account) in self.ledger.permits.iter().zip(&self.ledger.accounts) {
            if account.workflow.is_none() {
                continue;
            }
            let own = calls.entry(account.workflow).or_insert((0, -1, row.place));
            own.0 += u64::from(row.is_dispatched);
            own.1 = own.1.max(account.max_calls.get().unwrap_or(-1));
        }
        for (workflow, (count, most, place)) in calls {
            let most = u64::try_from(most).ok().map(i128::from);
            let at = (workflow, place);
            let stated = ("dispatched calls", Some(i128::from(count)));
            self.amounts_hold(Id::F18, at, stated, ("largest number of calls", most), |left, right| {
                left <= right
            });
        }
    }

    fn snapshot_order(&mut self) {
        let ledger = self.ledger;
        let mut order: Vec<(Name, i64, usize)> = Vec::new();
        for (position, (row, account)) in ledger.permits.iter().zip(&ledger.accounts).enumerate() {
            let Some(envelope) = &account.envelope else { continue };
            match (row.created_micros.get(), envelope.spent.get()) {
                (Some(time), Some(_)) => order.push((envelope.envelope, time, position)),
                _ => self.missing(Id::F19, 1),
            }
        }
        order.sort_unstable();
        // Permits of one instant have no order among themselves, so only an earlier instant counts.
        for group in order.chunk_by(|left, right| left.0 == right.0) {
            let (mut before, mut now, mut instant) = (i64::MIN, i64::MIN, i64::MIN);
            for (_, time, position) in group.iter().copied() {
                let envelope = ledger.accounts.get(position).and_then(|account| account.envelope.as_ref());
                let spent = envelope.and_then(|envelope| envelope.spent.get());
                let (Some(row), Some(spent)) = (ledger.permits.get(position), spent) else { continue };
                if time > instant {
                    before = before.max(now);
                    instant = time;
                }
                now = now.max(spent);
                let earlier = (before > i64::MIN).then_some(i128::from(before));
                if let Some(earlier) = earlier {
                    let at = (row.permit, row.place);
                    let expected = ("spent of an earlier permit", Some(earlier));
                    self.amounts_hold(
                        Id::F19,
                        at,
                        ("spent", Some(i128::from(spent))),
                        expected,
                        |left, right| left >= right,
                    );
                }
            }
        }
    }

    /// F14, F15 (order of caps), B1, B4, B5: what the replay noticed.
    fn budgets(&mut self) {
        let replay = self.replay;
        for account in &replay.accounts {
            if account.is_complete {
                self.checked(Id::F14, account.events);
                self.checked(Id::B1, account.judged);
                if account.cap.is_some() {
                    self.checked(Id::B4, account.events);
                    self.checked(Id::B5, account.cap_events);
                }
            } else {
                self.missing(Id::F14, account.events);
                self.missing(Id::B4, 1);
                self.missing(Id::B5, account.cap_events);
            }
            self.missing(Id::B1, account.not_judged);
            self.breaches(account);
            for window in &account.windows {
                let until = match window.is_over {
                    true => format!("to seq {}", self.seq(window.last)),
                    false => format!("to the last booking, seq {}", self.seq(window.last)),
                };
                let from =
                    format!("from seq {} {until}: {} above the caps", self.seq(window.first), window.worst);
                let place = self.event_place(window.first);
                let expected = ("largest excess allowed", "0".to_owned());
                self.fact(Id::B4, (account.envelope, place), ("excess", from), expected);
            }
        }
    }

    fn breaches(&mut self, account: &EnvelopeAccount) {
        for breach in &account.breaches {
            let (id, code, stated, expected) = match breach.kind {
                BreachKind::Unusable => continue,
                BreachKind::SeqGap => continue,
                BreachKind::SeqDuplicate => {
                    (Id::F14, &code::LEDGER_SEQ_DUPLICATE, "seq of two bookings", "seq")
                }
                BreachKind::NegativeAmount => (Id::F12, &code::LEDGER_AMOUNT_INVALID, "amount", "at least"),
                BreachKind::ReservedNegative => {
                    (Id::F14, &code::LEDGER_CONSERVATION, "reserved after the booking", "at least")
                }
                BreachKind::TwoPermits => {
                    (Id::F14, &code::RESERVATION_LINKAGE_CONFLICT, "permits of the reservation", "permits")
                }
                BreachKind::SpentExceedsReserved => {
                    (Id::F14, &code::SPENT_EXCEEDS_RESERVED, "spent", "committed from the reservation")
                }
                BreachKind::CapOrder => {
                    (Id::F15, &code::CAP_LIFECYCLE_ORDER, "cap", "out of order; at least")
                }
                BreachKind::AllowedOverLimit => {
                    (Id::B1, &code::LEDGER_ALLOWED_OVER_BUDGET, "reserved + spent + amount", "active caps")
                }
                BreachKind::CapBelowCommitted => {
                    (Id::B5, &code::LEDGER_CAP_EDIT_RETROACTIVE, "new cap", "reserved + spent")
                }
                BreachKind::CapRaisedAfterOverspend => (
                    Id::B5,
                    &code::LEDGER_CAP_EDIT_RETROACTIVE,
                    "reserved + spent before the rise",
                    "old cap",
                ),
            };
            let event = self.ledger.events.get(breach.event);
            let subject = event.map_or(account.envelope, |event| {
                if event.reservation.is_none() { event.envelope } else { event.reservation }
            });
            let (subject, place) = (self.text(subject), self.event_place(breach.event));
            self.violated(id, || Violation {
                code,
                subject,
                stated: (stated, breach.stated.to_string()),
                expected: (expected, breach.limit.to_string()),
                difference: Some(breach.stated - breach.limit),
                place,
            });
        }
        if account.breaches_dropped > 0
            && let Some(result) = self.result(Id::F14)
        {
            result.violated += account.breaches_dropped;
        }
    }

    /// F15: active caps against every total that the evidence states for the envelope.
    fn caps(&mut self) {
        let mut totals: HashMap<Name, i128> = HashMap::new();
        let mut state = |envelope: Name, total: Figure| {
            if let Some(total) = wide(total) {
                let own = totals.entry(envelope).or_insert(total);
                *own = (*own).max(total);
            }
        };
        for envelope in &self.ledger.envelopes {
            state(envelope.envelope, envelope.total);
        }
        for snapshot in self.ledger.accounts.iter().filter_map(|account| account.envelope.as_ref()) {
            state(snapshot.envelope, snapshot.total);
        }
        for account in &self.replay.accounts {
            let Some((peak, event)) = account.cap_peak else { continue };
            let at = (account.envelope, self.event_place(event));
            let total = totals.get(&account.envelope).copied();
            let expected = ("largest total stated", total);
            self.amounts_hold(Id::F15, at, ("sum of active caps", Some(peak)), expected, |left, right| {
                left <= right
            });
        }
    }

    fn leaks(&mut self) {
        let ledger = self.ledger;
        let mut rows: HashMap<Name, usize> = HashMap::new();
        for (position, row) in ledger.permits.iter().enumerate() {
            rows.insert(row.permit, position);
        }
        for (reservation, own) in &self.replay.reservations {
            let complete = self.replay.accounts.get(own.account).is_some_and(|account| account.is_complete);
            if !complete {
                self.missing(Id::B3, 1);
                continue;
            }
            // A negative balance is F14's.
            if own.open() <= 0 {
                self.checked(Id::B3, 1);
                continue;
            }
            let position = rows.get(&own.permit).copied();
            let ended = position.and_then(|position| {
                let (row, account) = ledger.permits.get(position).zip(ledger.accounts.get(position))?;
                let status = ledger.text(row.status);
                let source = ledger.sources.get(usize::from(row.place.source));
                let end = source.and_then(|source| source.to.get());
                let expired = account.expires.get().zip(end).is_some_and(|(expires, end)| expires < end);
                let is_over = matches!(status, "closed" | "expired" | "revoked" | "completed");
                Some(is_over || !row.closure.is_none() || (expired && !row.is_dispatched))
            });
            match ended {
                None => self.missing(Id::B3, 1),
                // Still under way: held, not leaked.
                Some(false) => self.checked(Id::B3, 1),
                Some(true) => {
                    let at = (*reservation, self.event_place(own.event));
                    let open = ("held after the permit ended", Some(own.open()));
                    self.amounts_hold(Id::B3, at, open, ("expected", Some(0)), |left, right| left == right);
                }
            }
        }
    }

    fn balances(&mut self) {
        let replay = self.replay;
        for stated in &self.ledger.envelopes {
            let at = (stated.envelope, stated.place);
            let account = replay.accounts.iter().find(|account| account.envelope == stated.envelope);
            let Some(account) = account.filter(|account| account.is_complete) else {
                self.missing(Id::B7, 1);
                continue;
            };
            for (label, figure, replayed) in [
                ("stated reserved", stated.reserved, Some(account.reserved)),
                ("stated spent", stated.spent, Some(account.spent)),
                ("stated total", stated.total, account.cap),
                ("stated remaining", stated.remaining, account.remaining()),
            ] {
                self.amounts_hold(
                    Id::B7,
                    at,
                    (label, wide(figure)),
                    ("replayed", replayed),
                    |left, right| left == right,
                );
            }
        }
        let (_, groups) = totals(self.ledger);
        self.checked(Id::F20, u64::try_from(groups.len()).unwrap_or(u64::MAX));
    }

    fn event_place(&self, position: usize) -> Place {
        self.ledger.events.get(position).map(|event| event.place).unwrap_or_default()
    }

    fn seq(&self, position: usize) -> i64 {
        self.ledger.events.get(position).and_then(|event| event.seq.get()).unwrap_or(0)
    }
}

fn wide(figure: Figure) -> Option<i128> {
    figure.get().map(i128::from)
}

fn time(micros: i64) -> String {
    crate::time::Timestamp::from_unix_micros(micros)
        .map_or_else(|| micros.to_string(), |time| time.to_rfc3339())
}
