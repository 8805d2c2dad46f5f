//! What the events of each permit come to.

use std::collections::HashMap;

use super::chain::Place;
use super::rows::{Decision, Moment, Step};
use crate::claim::export::EntryPlace;

/// An event of a permit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) at: Place,
    /// Microseconds.
    pub(super) stated: Option<i64>,
    /// Index in the log that has the whole export.
    pub(super) index: Option<u64>,
    pub(super) place: EntryPlace,
    pub(super) span: (u64, u64),
}

/// A permit, each step with its first event.
#[derive(Clone, Debug, Default)]
pub(super) struct Permit {
    pub(super) decided: Option<Event>,
    /// What the first decision says.
    pub(super) decision: Decision,
    /// The first decision that says allow.
    pub(super) allowed: Option<Event>,
    pub(super) reviewed: Option<Event>,
    pub(super) dispatched: Option<Event>,
    pub(super) answered: Option<Event>,
}

impl Permit {
    /// The event that allowed the request to leave, as far as decisions are shown.
    pub(super) fn authority(&self) -> Option<Event> {
        match self.decision.value.as_deref() {
            Some("challenge") => self.allowed.or(self.reviewed).or(self.decided),
            _ => self.allowed.or(self.decided),
        }
    }

    /// Why the decision does not let the request leave.
    pub(super) fn refusal(&self) -> Option<&str> {
        let value = self.decision.value.as_deref().filter(|value| matches!(*value, "deny" | "challenge"))?;
        let moved_on = self.allowed.is_some() || (value == "challenge" && self.reviewed.is_some());
        (!moved_on).then_some(value)
    }

    /// Where it first appears in the chain.
    pub(super) fn first(&self) -> Option<(u32, i64)> {
        let events = [self.decided, self.reviewed, self.dispatched, self.answered];
        events.into_iter().flatten().map(|event| (event.at.scope, event.at.sequence)).min()
    }
}

/// All permits of an export, by id.
#[derive(Default)]
pub(super) struct Permits {
    all: HashMap<Box<str>, Permit>,
}

impl Permits {
    pub(super) fn take(&mut self, moment: Moment, event: Event) {
        let permit = self.all.entry(moment.permit).or_default();
        let earlier = |known: Option<Event>| match known {
            Some(known) if known.at.sequence <= event.at.sequence => known,
            _ => event,
        };
        match moment.step {
            Step::Decided => {
                if moment.decision.value.as_deref() == Some("allow") {
                    permit.allowed = Some(earlier(permit.allowed));
                }
                if permit.decided.is_none_or(|known| event.at.sequence < known.at.sequence) {
                    permit.decided = Some(event);
                    permit.decision = moment.decision;
                }
            }
            Step::Reviewed => permit.reviewed = Some(earlier(permit.reviewed)),
            Step::Dispatched => permit.dispatched = Some(earlier(permit.dispatched)),
            Step::Answered => permit.answered = Some(earlier(permit.answered)),
        }
    }

    /// In chain order.
    pub(super) fn into_ordered(self) -> Vec<(Box<str>, Permit)> {
        let mut all: Vec<_> = self.all.into_iter().collect();
        all.sort_by(|(one, left), (other, right)| (left.first(), one).cmp(&(right.first(), other)));
        all
    }
}
