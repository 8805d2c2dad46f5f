//! Permits: the signed decision, the human review of it, and what the rest of the evidence says about it.
//!
//! Each artifact is judged alone into a small row ([`judge`], [`judge_review`]), on whatever thread parsed
//! it; [`report`] and [`report_review`] turn rows into subjects and findings.
//!
//! What a supported decision does not prove: that the request was sent, that nothing else was sent, that the
//! stated times are true, or anything about members of the envelope that no hash covers.

mod body;
mod decision;
mod find;
mod report;
mod review;
mod row;
mod signer;

pub use body::{PermitBody, check_body, compare_body};
pub use decision::judge;
pub use find::{Found, entries, in_entry, in_export};
pub use report::{missing, report};
pub use review::{ReviewRow, judge_review, report_review};
pub use row::{DecisionRow, Note, Statement};

/// Claim over decision bindings.
pub const DECISION: &str = "permit.decision.v1";
/// Claim over review transitions.
pub const REVIEW_TRANSITION: &str = "permit.review_transition.v1";
