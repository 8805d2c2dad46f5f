//! One budget envelope.
//!
//! Invariant after every operation, success or not: `reserved ≥ 0`, `spent ≥ 0`, `reserved + spent ≤ total`. So an envelope
//! is never over-committed. Conservation: what leaves a reservation is either spent or back in what remains.

use super::row::{Movement, Transition};

/// Capacity and state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// UUID text.
    pub id: String,
    /// Capacity.
    pub total: i64,
    /// Held for permits that are not settled.
    pub reserved: i64,
    /// Committed.
    pub spent: i64,
}

/// Why an operation was not booked; the envelope is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    /// An amount below zero.
    #[error("amount {0} is negative")]
    Negative(i64),
    /// Not enough left.
    #[error("{wanted} exceeds the {remaining} that remain")]
    Exhausted {
        /// Wanted.
        wanted: i64,
        /// Left.
        remaining: i64,
    },
    /// More than is held.
    #[error("{wanted} exceeds the {reserved} that are reserved")]
    NotReserved {
        /// Wanted.
        wanted: i64,
        /// Held.
        reserved: i64,
    },
    /// A capacity below what is already held and spent.
    #[error("capacity {wanted} is below the {committed} already reserved and spent")]
    BelowCommitted {
        /// Wanted.
        wanted: i64,
        /// Reserved and spent.
        committed: i64,
    },
}

/// How a reservation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Booked as spent.
    pub spent: i64,
    /// Given back.
    pub released: i64,
    /// Part of the actual cost that the envelope could not hold; never booked.
    pub overrun: i64,
    /// The bookings in order.
    pub movements: Vec<Movement>,
}

impl Envelope {
    /// A fresh envelope.
    #[must_use]
    pub fn new(id: impl Into<String>, total: i64) -> Self {
        Self { id: id.into(), total, reserved: 0, spent: 0 }
    }

    /// What can still be reserved.
    #[must_use]
    pub fn remaining(&self) -> i64 {
        self.total.saturating_sub(self.reserved).saturating_sub(self.spent)
    }

    /// Changes the capacity.
    ///
    /// # Errors
    /// [`BudgetError`] when the new capacity is negative or below what is committed.
    pub fn resize(&mut self, total: i64) -> Result<(), BudgetError> {
        let committed = self.reserved.saturating_add(self.spent);
        if total < 0 {
            return Err(BudgetError::Negative(total));
        }
        if total < committed {
            return Err(BudgetError::BelowCommitted { wanted: total, committed });
        }
        self.total = total;
        Ok(())
    }

    /// Holds `amount` for a permit.
    ///
    /// # Errors
    /// [`BudgetError`] when it does not fit.
    pub fn reserve(&mut self, amount: i64) -> Result<Movement, BudgetError> {
        self.hold(amount)?;
        Ok(Movement { transition: Transition::Reserve, amount })
    }

    /// Changes what is held for a permit by `delta`, of which `held` is held now.
    ///
    /// # Errors
    /// [`BudgetError`] when the change does not fit.
    pub fn adjust(&mut self, held: i64, delta: i64) -> Result<Movement, BudgetError> {
        if delta >= 0 {
            self.hold(delta)?;
        } else {
            self.unhold(held, delta.saturating_neg())?;
        }
        Ok(Movement { transition: Transition::ReserveAdjust, amount: delta })
    }

    /// Gives back all that is held for a permit.
    ///
    /// # Errors
    /// [`BudgetError`] when less is reserved.
    pub fn release(&mut self, held: i64) -> Result<Movement, BudgetError> {
        self.unhold(held, held)?;
        Ok(Movement { transition: Transition::Release, amount: held })
    }

    /// Ends a reservation of `held` with the actual cost: spends what it covers, gives the rest back. A cost above the
    /// reservation first raises it by what the envelope still has; the part beyond is reported, not booked.
    ///
    /// # Errors
    /// [`BudgetError`] when less is reserved or `actual` is negative.
    pub fn settle(&mut self, held: i64, actual: i64) -> Result<Settlement, BudgetError> {
        if actual < 0 {
            return Err(BudgetError::Negative(actual));
        }
        if held < 0 || held > self.reserved {
            return Err(BudgetError::NotReserved { wanted: held, reserved: self.reserved });
        }
        let mut movements = Vec::new();
        let mut held = held;
        let shortfall = actual.saturating_sub(held).clamp(0, self.remaining());
        if shortfall > 0 {
            movements.push(self.adjust(held, shortfall)?);
            held = held.saturating_add(shortfall);
        }
        let spent = actual.min(held);
        let released = held - spent;
        self.unhold(held, held)?;
        self.spent = self.spent.saturating_add(spent);
        movements.push(Movement { transition: Transition::CommitReleased, amount: spent });
        movements.push(Movement { transition: Transition::CommitSpent, amount: spent });
        if released > 0 {
            movements.push(Movement { transition: Transition::Release, amount: released });
        }
        Ok(Settlement { spent, released, overrun: actual - spent, movements })
    }

    fn hold(&mut self, amount: i64) -> Result<(), BudgetError> {
        if amount < 0 {
            return Err(BudgetError::Negative(amount));
        }
        let remaining = self.remaining();
        if amount > remaining {
            return Err(BudgetError::Exhausted { wanted: amount, remaining });
        }
        self.reserved = self.reserved.saturating_add(amount);
        Ok(())
    }

    fn unhold(&mut self, held: i64, amount: i64) -> Result<(), BudgetError> {
        if amount < 0 || held < 0 {
            return Err(BudgetError::Negative(amount.min(held)));
        }
        let most = held.min(self.reserved);
        if amount > most {
            return Err(BudgetError::NotReserved { wanted: amount, reserved: most });
        }
        self.reserved -= amount;
        Ok(())
    }
}
