//! Budget events: rows of `budget_allocation_events` (spec 07 section 4, spec 27 section 1).

use super::draft::{Draft, FaultKind};
use super::money::Figure;
use super::names::{Name, Names};
use super::row::{Intern, Place};
use crate::bytes::ShortText;
use crate::json::Value;

/// What an event moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Movement {
    /// `reserve`: adds to what is reserved.
    Reserve,
    /// `reserve_adjust`: changes what is reserved by a signed amount.
    Adjust,
    /// `release`: takes from what is reserved.
    Release,
    /// `commit` of `reserved_released_usd_micros`: takes from what is reserved, because it was spent.
    CommitReleased,
    /// `commit` of `spent_added_usd_micros`: adds to what is spent.
    CommitSpent,
    /// `cap_allocate`: a new cap of an allocation.
    CapAllocate,
    /// `cap_update`: another cap.
    CapUpdate,
    /// `cap_deactivate`: the allocation no longer counts.
    CapDeactivate,
}

impl Movement {
    /// From `transition` and `metric`. Only a commit needs the metric to be told apart; elsewhere it may be absent, but
    /// it must not contradict the transition.
    fn of(transition: &str, metric: &str) -> Option<Self> {
        let reserved = matches!(metric, "" | "reserved" | "reserved_usd_micros");
        let cap = matches!(metric, "" | "cap" | "cap_usd_micros" | "agent_allocation_cap");
        Some(match (transition, metric) {
            ("reserve", _) if reserved => Self::Reserve,
            ("reserve_adjust", _) if reserved => Self::Adjust,
            ("release", _) if reserved => Self::Release,
            ("commit", "reserved_released_usd_micros") => Self::CommitReleased,
            ("commit", "spent_added_usd_micros") => Self::CommitSpent,
            ("cap_allocate", _) if cap => Self::CapAllocate,
            ("cap_update", _) if cap => Self::CapUpdate,
            ("cap_deactivate", _) if cap => Self::CapDeactivate,
            _ => return None,
        })
    }

    /// Words for tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Adjust => "reserve_adjust",
            Self::Release => "release",
            Self::CommitReleased => "commit_released",
            Self::CommitSpent => "commit_spent",
            Self::CapAllocate => "cap_allocate",
            Self::CapUpdate => "cap_update",
            Self::CapDeactivate => "cap_deactivate",
        }
    }

    /// Whether it changes a cap.
    #[must_use]
    pub fn is_cap(self) -> bool {
        matches!(self, Self::CapAllocate | Self::CapUpdate | Self::CapDeactivate)
    }
}

/// One booking. Amounts are micro-USD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetEvent<T = Name> {
    /// Where the event stands: its record, and its own bytes.
    pub place: Place,
    /// `id`.
    pub id: T,
    /// `project_id`.
    pub project: T,
    /// `envelope_id`.
    pub envelope: T,
    /// `allocation_id`.
    pub allocation: T,
    /// `permit_id`.
    pub permit: T,
    /// `reservation_id`.
    pub reservation: T,
    /// `seq`.
    pub seq: Figure,
    /// `transition` and `metric`.
    pub movement: Movement,
    /// `amount`.
    pub amount: Figure,
    /// `is_active`; an absent one counts as active, except where the cap is deactivated.
    pub is_active: bool,
}

impl BudgetEvent {
    /// Whether both say the same, wherever they stand.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Self { place: other.place, ..self.clone() } == *other
    }
}

impl Intern for BudgetEvent<ShortText> {
    type Interned = BudgetEvent;
    fn intern(self, names: &mut Names) -> BudgetEvent {
        BudgetEvent {
            place: self.place,
            id: names.intern(&self.id),
            project: names.intern(&self.project),
            envelope: names.intern(&self.envelope),
            allocation: names.intern(&self.allocation),
            permit: names.intern(&self.permit),
            reservation: names.intern(&self.reservation),
            seq: self.seq,
            movement: self.movement,
            amount: self.amount,
            is_active: self.is_active,
        }
    }
}

/// Reads one event; `None` when it is none, which is then a fault.
pub(super) fn read(value: Value<'_>, draft: &mut Draft<'_>) -> Option<BudgetEvent<ShortText>> {
    if !value.is_object() {
        draft.fault_of_kind(value, "budget_allocation_events", FaultKind::NotAnObject);
        return None;
    }
    let (mut transition, mut metric) = (ShortText::default(), ShortText::default());
    let mut event = BudgetEvent {
        place: draft.place(value),
        id: ShortText::default(),
        project: ShortText::default(),
        envelope: ShortText::default(),
        allocation: ShortText::default(),
        permit: ShortText::default(),
        reservation: ShortText::default(),
        seq: Figure::ABSENT,
        movement: Movement::Reserve,
        amount: Figure::ABSENT,
        is_active: true,
    };
    for member in value.members() {
        let value = member.value;
        match &*member.name() {
            "id" => event.id = draft.text(value, "id"),
            "project_id" => event.project = draft.text(value, "project_id"),
            "envelope_id" => event.envelope = draft.text(value, "envelope_id"),
            "allocation_id" => event.allocation = draft.text(value, "allocation_id"),
            "permit_id" => event.permit = draft.text(value, "permit_id"),
            "reservation_id" => event.reservation = draft.text(value, "reservation_id"),
            "seq" => event.seq = draft.integer(value, "seq"),
            "amount" => event.amount = draft.integer(value, "amount"),
            "transition" => transition = draft.text(value, "transition"),
            "metric" => metric = draft.text(value, "metric"),
            "is_active" => event.is_active = value.as_bool() != Some(false),
            _ => {}
        }
    }
    match Movement::of(&transition, &metric) {
        Some(movement) => Some(BudgetEvent { movement, ..event }),
        None => {
            draft.fault_of_kind(value, "transition", FaultKind::UnknownTransition);
            None
        }
    }
}
