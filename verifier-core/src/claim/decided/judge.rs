//! What is said about each permit, and about all of them.

use super::bounds::{Bounds, nanos, text};
use super::chain::Chains;
use super::fold::{Event, Permit};
use super::{INTERVAL, ORDER, Order, STEP, TITLE, limits, subject};
use crate::claim::export::Export;
use crate::claim::name;
use crate::finding::catalog::decided as code;
use crate::finding::{Code, Finding, Verdict};
use crate::report::{DecisionInterval, DecisionSummary, ReportBuilder, Requested};

/// Permits that are listed one by one.
const LISTED: usize = 10_000;

/// Microseconds by which clocks of one operator may differ: 5 minutes.
const SKEW: i64 = 300_000_000;

/// Microseconds by which the clocks that state decision and dispatch of one permit may differ: 1 second.
const STEP_SKEW: i64 = 1_000_000;

/// What is wrong with, or missing for, one permit.
pub(super) struct Fault {
    pub(super) code: &'static Code,
    message: String,
    at: Event,
    is_contradiction: bool,
}

/// The state of one permit's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    NotDispatched,
    Proven,
    Contradicted,
    Open,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::NotDispatched => "not_dispatched",
            Self::Proven => "proven",
            Self::Contradicted => "contradicted",
            Self::Open => "not_established",
        }
    }
}

pub(super) struct Judge<'a> {
    pub(super) chains: &'a Chains,
    pub(super) bounds: &'a Bounds<'a>,
    pub(super) order: &'a Order,
}

impl Judge<'_> {
    pub(super) fn faults(&self, permit: &Permit) -> (State, Vec<Fault>) {
        let mut faults = Vec::new();
        let mut contradicts = |code, at: Event, message: String| {
            faults.push(Fault { code, message, at, is_contradiction: true });
        };
        if let Some(decided) = permit.decided {
            self.back_dated(permit, decided, &mut contradicts);
        }
        for event in [permit.decided, permit.dispatched].into_iter().flatten() {
            self.after_its_proof(event, &mut contradicts);
        }
        let Some(used) = permit.dispatched.or(permit.answered) else {
            let state = if faults.is_empty() { State::NotDispatched } else { State::Contradicted };
            return (state, faults);
        };
        if let Some(value) = permit.refusal() {
            contradicts(&code::DISPATCH_NOT_ALLOWED, used, format!("the decision is {value}"));
        }
        if let Some(authority) = permit.authority() {
            before_use(permit, authority, used, &mut contradicts);
        }
        if !faults.is_empty() {
            return (State::Contradicted, faults);
        }
        let missing = match (permit.authority(), permit.dispatched) {
            (None, _) => Some((&code::DECISION_NOT_SHOWN, "no event decides it")),
            (_, None) => {
                Some((&code::DISPATCH_NOT_SHOWN, "an answer came, and no event says when it was asked for"))
            }
            (Some(authority), Some(dispatched)) => {
                let linked = self.order.is_linked && self.chains.linked(authority.at, dispatched.at);
                let why = "no unbroken run of links leads from its decision to its dispatch";
                (!linked).then_some((&code::DECISION_ORDER_UNPROVEN, why))
            }
        };
        match missing {
            None => (State::Proven, faults),
            Some((code, why)) => {
                let fault = Fault { code, message: why.to_owned(), at: used, is_contradiction: false };
                (State::Open, vec![fault])
            }
        }
    }

    /// The chain had gone past the time that the decision states.
    fn back_dated(
        &self,
        permit: &Permit,
        decided: Event,
        contradicts: &mut impl FnMut(&'static Code, Event, String),
    ) {
        let stated = [decided.stated, permit.decision.issued].into_iter().flatten().min();
        let Some(stated) = stated else { return };
        if let Some(latest) = self.chains.latest_before(decided.at)
            && latest.saturating_sub(stated) > SKEW
        {
            let message = format!("it states {}, behind an entry of {}", text(stated), text(latest));
            contradicts(&code::DECISION_BACKDATED, decided, message);
            return;
        }
        let passed = self.bounds.fixed.iter().find(|fixed| {
            fixed.head.scope == decided.at.scope
                && fixed.head.sequence < decided.at.sequence
                && fixed.computed.is_some_and(|computed| computed.saturating_sub(stated) > SKEW)
        });
        if let Some(fixed) = passed {
            let message = format!(
                "it states {}, and checkpoint {} of {} does not have it yet",
                text(stated),
                fixed.label,
                fixed.computed.map(text).unwrap_or_default()
            );
            contradicts(&code::DECISION_BACKDATED, decided, message);
        }
    }

    /// An outside time has the entry before the time that it states.
    fn after_its_proof(&self, event: Event, contradicts: &mut impl FnMut(&'static Code, Event, String)) {
        let Some(stated) = event.stated else { return };
        if let Some((time, bound)) = self.bounds.by(event, self.chains)
            && nanos(stated.saturating_sub(SKEW)) > time
        {
            let message =
                format!("it states {}, and was there by {} ({})", text(stated), bound.time, bound.source);
            contradicts(&code::DECISION_TIME_CONTRADICTED, event, message);
        }
    }
}

/// Decision and use, by every order that there is.
fn before_use(
    permit: &Permit,
    authority: Event,
    used: Event,
    contradicts: &mut impl FnMut(&'static Code, Event, String),
) {
    if authority.at.scope == used.at.scope && authority.at.sequence > used.at.sequence {
        let message = format!(
            "its decision is entry {}, and the request had left by entry {}",
            authority.at.sequence, used.at.sequence
        );
        return contradicts(&code::DECISION_AFTER_DISPATCH, used, message);
    }
    if let (Some(decided), Some(dispatched)) = (authority.index, used.index)
        && decided > dispatched
    {
        let message = format!("its decision is index {decided} of the log, its dispatch index {dispatched}");
        return contradicts(&code::DECISION_AFTER_DISPATCH, used, message);
    }
    let Some(left) = used.stated else { return };
    let stated = [authority.stated, permit.decision.issued].into_iter().flatten().max();
    if let Some(stated) = stated.filter(|stated| stated.saturating_sub(left) > STEP_SKEW) {
        let message = format!("its decision states {}, its dispatch {}", text(stated), text(left));
        contradicts(&code::DECISION_AFTER_DISPATCH, used, message);
    }
    if let Some(expires) = permit.decision.expires.filter(|expires| left.saturating_sub(*expires) > STEP_SKEW)
        && permit.dispatched.is_some()
    {
        let message = format!("it expired at {}, its dispatch states {}", text(expires), text(left));
        contradicts(&code::DISPATCH_AFTER_EXPIRY, used, message);
    }
}

/// Reports both claims.
pub(super) fn report(
    export: &Export<'_>,
    chains: &Chains,
    permits: Vec<(Box<str>, Permit)>,
    bounds: &Bounds<'_>,
    order: &Order,
    out: &mut ReportBuilder,
) {
    let judge = Judge { chains, bounds, order };
    out.claim(ORDER, Requested::Automatic);
    let mut summary = DecisionSummary::default();
    let mut open: Vec<(&'static Code, u64, Finding)> = Vec::new();
    let mut no_upper: Option<(Event, u64)> = None;
    let mut no_lower: Option<(Event, u64)> = None;
    for (id, permit) in permits {
        let (state, faults) = judge.faults(&permit);
        let used = permit.dispatched.or(permit.answered);
        let by = permit.authority().and_then(|event| bounds.by(event, chains)).map(|(_, bound)| bound);
        let since =
            permit.dispatched.and_then(|event| bounds.since(event.at, chains)).map(|(_, bound)| bound);
        summary.permits += 1;
        summary.dispatched += u64::from(used.is_some());
        summary.in_order += u64::from(state == State::Proven);
        summary.contradicted += u64::from(state == State::Contradicted);
        summary.bounded_above += u64::from(by.is_some());
        summary.bounded_below += u64::from(since.is_some());
        if let Some(event) = permit.authority().or(used).filter(|_| by.is_none()) {
            no_upper.get_or_insert((event, 0)).1 += 1;
        }
        if let Some(event) = used.filter(|_| since.is_none()) {
            no_lower.get_or_insert((event, 0)).1 += 1;
        }
        for fault in faults {
            let place = export.place(Some(fault.at.place.pointer()), fault.at.span);
            let message = format!("permit_id={id}: {}", fault.message);
            if fault.is_contradiction {
                let finding = Finding::disproves(fault.code, message).at(place);
                out.unsupported(ORDER, super::Subject::new("permit", &*id), finding);
            } else if let Some((_, count, _)) = open.iter_mut().find(|(code, ..)| *code == fault.code) {
                *count += 1;
            } else {
                open.push((fault.code, 1, limits(fault.code, message).at(place)));
            }
        }
        if summary.intervals.len() < LISTED {
            summary.intervals.push(DecisionInterval {
                permit_id: id.into(),
                decided_at_sequence: permit.authority().map(|event| event.at.sequence),
                dispatched_at_sequence: used.map(|event| event.at.sequence),
                order: state.word(),
                decided_no_later_than: by,
                dispatched_no_earlier_than: since,
            });
        }
    }
    for (_, count, mut finding) in open {
        if count > 1 {
            finding.message = format!("{} permits, such as {}", count, finding.message);
        }
        out.unsupported(ORDER, subject(export), finding);
    }
    if summary.permits == 0 {
        let finding = limits(&code::DECISION_NOT_SHOWN, "the evidence has no event that decides a permit");
        out.unsupported(ORDER, subject(export), finding.at(export.place(None, (0, 0))));
    } else if summary.in_order == summary.dispatched && summary.contradicted == 0 {
        let message = match summary.dispatched {
            0 => format!("none of {} permits was dispatched", summary.permits),
            count => format!("all {count} dispatched permits of {} were decided before", summary.permits),
        };
        out.supported(ORDER, subject(export), &code::DECISION_PRECEDES_DISPATCH, message);
    }
    out.set_does_not_establish(ORDER, does_not_establish(out));
    interval(export, bounds, &summary, (no_upper, no_lower), out);
    out.ran(
        STEP,
        TITLE,
        &[
            ("permits", summary.permits),
            ("dispatched", summary.dispatched),
            ("in order", summary.in_order),
            ("with a latest time of the decision", summary.bounded_above),
            ("with an earliest time of the dispatch", summary.bounded_below),
        ],
    );
    out.decisions = Some(summary);
}

fn does_not_establish(out: &ReportBuilder) -> Vec<String> {
    let mut texts = vec![
        "that nothing was sent before the recorded dispatch".to_owned(),
        "that no call was made without a permit".to_owned(),
    ];
    if out.verdict(name::PERMIT_DECISION) != Some(Verdict::Supported) {
        texts.push("what was decided: no signature over the decisions is established".to_owned());
    }
    texts
}

type Missing = Option<(Event, u64)>;

fn interval(
    export: &Export<'_>,
    bounds: &Bounds<'_>,
    summary: &DecisionSummary,
    (no_upper, no_lower): (Missing, Missing),
    out: &mut ReportBuilder,
) {
    if bounds.is_empty() && !export.policy.require.contains(INTERVAL) {
        let reason = "no timestamp and no witnessed tree head fixes the entries in time";
        out.skipped("permit.decision_interval", "times of decisions and dispatches", reason);
        out.not_proven.push(format!("when permits were decided and dispatched: {reason}"));
        return;
    }
    out.claim(INTERVAL, Requested::Automatic);
    for (missing, code, what) in [
        (no_upper, &code::DECISION_UPPER_BOUND_MISSING, "decisions have no latest time from outside"),
        (no_lower, &code::DISPATCH_LOWER_BOUND_MISSING, "dispatches have no earliest time from outside"),
    ] {
        if let Some((event, count)) = missing {
            let finding = limits(code, format!("{count} {what}"));
            let place = export.place(Some(event.place.pointer()), event.span);
            out.unsupported(INTERVAL, subject(export), finding.at(place));
        }
    }
    if no_upper.is_none() && no_lower.is_none() && summary.permits > 0 {
        let message = format!(
            "{} decisions have a latest and {} dispatches an earliest time from outside the operator",
            summary.bounded_above, summary.bounded_below
        );
        out.supported(INTERVAL, subject(export), &code::DECISION_INTERVAL_SUPPORTED, message);
    }
}
