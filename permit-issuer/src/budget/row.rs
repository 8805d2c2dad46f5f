//! Rows of the exported ledger, `budget_allocation_events` (spec 07 section 4).

use serde_json::{Value, json};

use crate::ident;

/// One booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// What happened.
    pub transition: Transition,
    /// Micro-USD; signed only for [`Transition::ReserveAdjust`].
    pub amount: i64,
}

/// The kinds of booking, each with its transition and metric on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// A capacity was set.
    CapAllocate,
    /// A capacity was changed.
    CapUpdate,
    /// An amount is held.
    Reserve,
    /// What is held changed.
    ReserveAdjust,
    /// What was held is free again.
    Release,
    /// What was held is spent: the held side.
    CommitReleased,
    /// What was held is spent: the spent side.
    CommitSpent,
}

impl Transition {
    /// `transition` on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CapAllocate => "cap_allocate",
            Self::CapUpdate => "cap_update",
            Self::Reserve => "reserve",
            Self::ReserveAdjust => "reserve_adjust",
            Self::Release => "release",
            Self::CommitReleased | Self::CommitSpent => "commit",
        }
    }

    /// `metric` on the wire.
    #[must_use]
    pub fn metric(self) -> &'static str {
        match self {
            Self::CapAllocate | Self::CapUpdate => "cap_usd_micros",
            Self::Reserve | Self::ReserveAdjust | Self::Release => "reserved_usd_micros",
            Self::CommitReleased => "reserved_released_usd_micros",
            Self::CommitSpent => "spent_added_usd_micros",
        }
    }
}

/// What a row belongs to.
#[derive(Clone, Copy, Debug)]
pub struct RowContext<'a> {
    /// Project UUID.
    pub project_id: &'a str,
    /// Envelope UUID.
    pub envelope_id: &'a str,
    /// Permit UUID; capacities have none.
    pub permit_id: Option<&'a str>,
    /// Reservation UUID; capacities have none.
    pub reservation_id: Option<&'a str>,
}

/// The row for the booking number `seq` of an envelope.
#[must_use]
pub fn row(context: RowContext<'_>, seq: i64, movement: Movement) -> Value {
    json!({
        "id": ident::derived_uuid("ledger-row", &[context.project_id, context.envelope_id, &seq.to_string()]),
        "project_id": context.project_id,
        "envelope_id": context.envelope_id,
        "allocation_id": ident::derived_uuid("allocation", &[context.project_id, context.envelope_id]),
        "permit_id": context.permit_id,
        "reservation_id": context.reservation_id,
        "seq": seq,
        "transition": movement.transition.name(),
        "metric": movement.transition.metric(),
        "amount": movement.amount,
        "unit": "usd_micros",
        "is_active": true,
    })
}
