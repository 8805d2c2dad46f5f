use super::bounds::{Bounds, Fixed, Taken};
use super::chain::{Chains, Place};
use super::fold::{Event, Permit, Permits};
use super::judge::{Judge, State};
use super::rows::{Decision, Moment, Step};
use super::*;
use crate::claim::export::EntryPlace;
use crate::claim::tlog::Witnessed;
use crate::time::UnixNanos;
use crate::tlog::QuorumTime;

const SECOND: i64 = 1_000_000;
const NOON: i64 = 1_785_744_000 * SECOND;

/// Entries 1 to 20 of one chain, a second apart; those in `gaps` are not disclosed.
fn chains(gaps: &[i64]) -> Chains {
    let mut chains = Chains::default();
    let scope = chains.scope("project:p");
    for sequence in (1..=20).rev().filter(|sequence| !gaps.contains(sequence)) {
        chains.add(Place { scope, sequence }, Some(NOON + sequence * SECOND));
    }
    chains.settle();
    chains
}

fn at(sequence: i64) -> Place {
    Place { scope: 0, sequence }
}

struct Life(Permits);

impl Life {
    fn new() -> Self {
        Self(Permits::default())
    }

    fn event(mut self, step: Step, sequence: i64, stated: i64, decision: Decision) -> Self {
        let moment = Moment { step, permit: "p".into(), event_id: "e".into(), decision };
        let event = Event {
            at: at(sequence),
            stated: Some(NOON + stated * SECOND),
            index: None,
            place: EntryPlace::Record(0),
            span: (0, 1),
        };
        self.0.take(moment, event);
        self
    }

    fn decided(self, sequence: i64, stated: i64, value: &str) -> Self {
        let decision =
            Decision { value: Some(value.into()), issued: None, expires: Some(NOON + 600 * SECOND) };
        self.event(Step::Decided, sequence, stated, decision)
    }

    fn then(self, step: Step, sequence: i64, stated: i64) -> Self {
        self.event(step, sequence, stated, Decision::default())
    }

    fn permit(self) -> Permit {
        self.0.into_ordered().remove(0).1
    }
}

fn judged(life: Life, chains: &Chains, bounds: &Bounds<'_>) -> (State, Vec<&'static str>) {
    let judge = Judge { chains, bounds, order: &Order { is_linked: true } };
    let (state, faults) = judge.faults(&life.permit());
    (state, faults.iter().map(|fault| fault.code.id).collect())
}

fn plain(life: Life) -> (State, Vec<&'static str>) {
    judged(life, &chains(&[]), &Bounds::default())
}

#[test]
fn the_order_of_decision_and_dispatch() {
    use Step::{Answered, Dispatched, Reviewed};
    let allow = || Life::new().decided(3, 3, "allow");
    assert_eq!(plain(allow()), (State::NotDispatched, vec![]));
    assert_eq!(plain(allow().then(Dispatched, 4, 4)), (State::Proven, vec![]));
    assert_eq!(plain(allow().then(Answered, 5, 5)), (State::Open, vec!["DISPATCH_NOT_SHOWN"]));
    assert_eq!(plain(Life::new().then(Dispatched, 4, 4)), (State::Open, vec!["DECISION_NOT_SHOWN"]));
    let late = |step| Life::new().decided(5, 5, "allow").then(step, 4, 4);
    assert_eq!(plain(late(Dispatched)), (State::Contradicted, vec!["DECISION_AFTER_DISPATCH"]));
    assert_eq!(plain(late(Answered)), (State::Contradicted, vec!["DECISION_AFTER_DISPATCH"]));
    // The first dispatch counts, whichever way round the entries come.
    let twice = allow().then(Dispatched, 6, 6).then(Dispatched, 2, 2);
    assert_eq!(plain(twice).1, ["DECISION_AFTER_DISPATCH"]);
    // Clocks that state the two events may differ by a second.
    assert_eq!(plain(Life::new().decided(3, 5, "allow").then(Dispatched, 4, 4)).0, State::Proven);
    assert_eq!(
        plain(Life::new().decided(3, 6, "allow").then(Dispatched, 4, 4)).1,
        ["DECISION_AFTER_DISPATCH"]
    );

    let held = || Life::new().decided(3, 3, "challenge");
    assert_eq!(plain(held().then(Dispatched, 5, 5)).1, ["DISPATCH_NOT_ALLOWED"]);
    assert_eq!(plain(held().then(Reviewed, 4, 4).then(Dispatched, 5, 5)).0, State::Proven);
    assert_eq!(plain(held().then(Reviewed, 6, 6).then(Dispatched, 5, 5)).1, ["DECISION_AFTER_DISPATCH"]);
    assert_eq!(plain(held().decided(4, 4, "allow").then(Dispatched, 5, 5)).0, State::Proven);
    assert_eq!(plain(Life::new().decided(3, 3, "deny").then(Dispatched, 5, 5)).1, ["DISPATCH_NOT_ALLOWED"]);
    assert_eq!(plain(Life::new().decided(3, 3, "deny").then(Answered, 5, 5)).1, ["DISPATCH_NOT_ALLOWED"]);
    // An allow that came after the dispatch does not heal the deny before it.
    let healed = Life::new().decided(3, 3, "deny").then(Dispatched, 5, 5).decided(6, 6, "allow");
    assert_eq!(plain(healed).1, ["DECISION_AFTER_DISPATCH"]);

    assert_eq!(plain(allow().then(Dispatched, 4, 600)).0, State::Proven);
    assert_eq!(plain(allow().then(Dispatched, 4, 602)).1, ["DISPATCH_AFTER_EXPIRY"]);
}

#[test]
fn links_must_be_unbroken() {
    let life = || Life::new().decided(3, 3, "allow").then(Step::Dispatched, 9, 9);
    let bounds = Bounds::default();
    for (gaps, state) in [(vec![], State::Proven), (vec![6], State::Open), (vec![2, 10], State::Proven)] {
        assert_eq!(judged(life(), &chains(&gaps), &bounds).0, state, "{gaps:?}");
    }
    let unlinked = Judge { chains: &chains(&[]), bounds: &bounds, order: &Order { is_linked: false } };
    assert_eq!(unlinked.faults(&life().permit()).0, State::Open);
}

#[test]
fn a_decision_cannot_be_dated_back() {
    let mut late = Chains::default();
    let scope = late.scope("project:p");
    for (sequence, stated) in [(1, 0), (2, 1_000), (3, 0), (4, 700)] {
        late.add(Place { scope, sequence }, Some(NOON + stated * SECOND));
    }
    late.settle();
    let none = Bounds::default();
    let back = |stated| judged(Life::new().decided(3, stated, "allow"), &late, &none).1;
    assert_eq!(back(0), ["DECISION_BACKDATED"]);
    assert_eq!(back(699), ["DECISION_BACKDATED"]);
    assert!(back(700).is_empty(), "five minutes are within what clocks may differ");
    // The first entry of a chain has nothing before it.
    assert!(judged(Life::new().decided(1, -9_000, "allow"), &late, &none).1.is_empty());

    // A checkpoint says that entry 5 was the newest at a later time than entry 6 states.
    let fixed = |computed: i64| Bounds {
        fixed: vec![Fixed {
            label: "c".to_owned(),
            head: at(5),
            by: Some(UnixNanos::from_seconds(1_785_744_000 + computed)),
            computed: Some(NOON + computed * SECOND),
        }],
        ..Bounds::default()
    };
    let chains = chains(&[]);
    let decided = |sequence| Life::new().decided(sequence, sequence, "allow");
    assert_eq!(judged(decided(6), &chains, &fixed(400)).1, ["DECISION_BACKDATED"]);
    assert!(judged(decided(6), &chains, &fixed(200)).1.is_empty());
    assert!(judged(decided(5), &chains, &fixed(400)).1.is_empty(), "the checkpoint has it");
    // And the other way round: what was timestamped cannot have happened afterwards.
    assert_eq!(judged(decided(4), &chains, &fixed(-400)).1, ["DECISION_TIME_CONTRADICTED"]);
}

#[test]
fn bounds_need_links() {
    let taken = |sequence, since| Taken {
        at: at(sequence),
        head: Witnessed { origin: "log".to_owned(), size: 9, time: QuorumTime { by: since + 5, since } },
    };
    let bounds = Bounds { taken: vec![taken(2, 100), taken(8, 300), taken(15, 900)], ..Bounds::default() };
    let since =
        |sequence, gaps: &[i64]| bounds.since(at(sequence), &chains(gaps)).map(|(time, _)| time.seconds());
    assert_eq!(since(9, &[]), Some(300));
    assert_eq!(since(8, &[]), Some(100), "an entry is not later than what it holds itself");
    assert_eq!(since(9, &[9]), None, "an entry that is not there");
    assert_eq!(since(10, &[9]), None, "no links lead here");
    assert_eq!(since(1, &[]), None);
    let event = |sequence| Event {
        at: at(sequence),
        stated: None,
        index: Some(3),
        place: EntryPlace::Record(0),
        span: (0, 1),
    };
    assert_eq!(bounds.by(event(3), &chains(&[])).map(|(_, bound)| bound.time), None, "no log has the entry");
}
