//! What a comparison of permit, gateway line and invoice line can come to.

use crate::finding::Code;
use crate::finding::catalog::ledger as code;

/// A class of result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// All sides that are there agree to the micro-USD.
    Matched,
    /// A difference that the decimal places of a line explain.
    Rounding,
    /// A gateway line of a call that no permit of the export is for.
    CallWithoutPermit,
    /// An invoice line of a call that no permit of the export is for.
    BillWithoutPermit,
    /// A permit whose call left and that no gateway line is of.
    PermitWithoutCall,
    /// A permit with a cost that no invoice line is of.
    PermitWithoutBill,
    /// A gateway or invoice line of a call that was denied.
    DeniedButDispatched,
    /// A line costs another amount than the permit states.
    PriceDrift,
    /// A line costs something, and the permit states no cost.
    CostNotReported,
    /// A second line of one call.
    Duplicate,
    /// A line in another currency; it is not converted and in no total.
    Currency,
    /// A line names one permit, and by its other ids belongs to another one.
    IdentityConflict,
    /// Invoice lines of a period agree with the sum of its calls.
    SumMatched,
    /// They do not.
    SumDiffers,
    /// A call of the period is without permit, without gateway line, without price or without time.
    SumIncomplete,
    /// Lines whose periods overlap, or of several accounts or resources: which calls each of them bills is open.
    SumAmbiguous,
    /// A call that is in the sum.
    SumMember,
    /// A further invoice line of the sum.
    SumPart,
}

impl Class {
    /// All classes, in the order of summaries.
    pub const ALL: [Self; 18] = [
        Self::Matched,
        Self::Rounding,
        Self::CallWithoutPermit,
        Self::BillWithoutPermit,
        Self::PermitWithoutCall,
        Self::PermitWithoutBill,
        Self::DeniedButDispatched,
        Self::PriceDrift,
        Self::CostNotReported,
        Self::Duplicate,
        Self::Currency,
        Self::IdentityConflict,
        Self::SumMatched,
        Self::SumDiffers,
        Self::SumIncomplete,
        Self::SumAmbiguous,
        Self::SumMember,
        Self::SumPart,
    ];

    /// The word in tables and machine formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Rounding => "rounding",
            Self::CallWithoutPermit => "call_without_permit",
            Self::BillWithoutPermit => "bill_without_permit",
            Self::PermitWithoutCall => "permit_without_call",
            Self::PermitWithoutBill => "permit_without_bill",
            Self::DeniedButDispatched => "denied_but_dispatched",
            Self::PriceDrift => "price_drift",
            Self::CostNotReported => "cost_not_reported",
            Self::Duplicate => "duplicate",
            Self::Currency => "currency",
            Self::IdentityConflict => "identity_conflict",
            Self::SumMatched => "sum_matched",
            Self::SumDiffers => "sum_differs",
            Self::SumIncomplete => "sum_incomplete",
            Self::SumAmbiguous => "sum_ambiguous",
            Self::SumMember => "sum_member",
            Self::SumPart => "sum_part",
        }
    }

    /// Whether it is an exception that someone must explain.
    #[must_use]
    pub fn is_exception(self) -> bool {
        self.code().is_some()
    }

    /// Whether it is about lines that bill many calls.
    #[must_use]
    pub fn is_of_sums(self) -> bool {
        use Class::{SumAmbiguous, SumDiffers, SumIncomplete, SumMatched, SumMember, SumPart};
        matches!(self, SumMatched | SumDiffers | SumIncomplete | SumAmbiguous | SumMember | SumPart)
    }

    /// Its code; `None` where nothing is wrong.
    #[must_use]
    pub fn code(self) -> Option<&'static Code> {
        Some(match self {
            Self::Matched | Self::Rounding | Self::SumMatched | Self::SumMember | Self::SumPart => {
                return None;
            }
            Self::CallWithoutPermit => &code::RECONCILE_CALL_WITHOUT_PERMIT,
            Self::BillWithoutPermit => &code::RECONCILE_BILL_WITHOUT_PERMIT,
            Self::PermitWithoutCall => &code::RECONCILE_PERMIT_WITHOUT_CALL,
            Self::PermitWithoutBill => &code::RECONCILE_PERMIT_WITHOUT_BILL,
            Self::DeniedButDispatched => &code::RECONCILE_DENIED_BUT_DISPATCHED,
            Self::PriceDrift => &code::RECONCILE_PRICE_DRIFT,
            Self::CostNotReported => &code::RECONCILE_COST_NOT_REPORTED,
            Self::Duplicate => &code::RECONCILE_DUPLICATE,
            Self::Currency => &code::RECONCILE_CURRENCY,
            Self::IdentityConflict => &code::RECONCILE_IDENTITY_CONFLICT,
            Self::SumDiffers => &code::RECONCILE_SUM_DIFFERS,
            Self::SumIncomplete => &code::RECONCILE_SUM_INCOMPLETE,
            Self::SumAmbiguous => &code::RECONCILE_SUM_AMBIGUOUS,
        })
    }

    pub(super) fn position(self) -> usize {
        Self::ALL.iter().position(|class| *class == self).unwrap_or(0)
    }
}
