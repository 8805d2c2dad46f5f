//! `permit.decision.v1` and `permit.review_transition.v1` against published, recorded and altered artifacts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and reads its vectors"
)]

mod body;
mod hostile;
mod own_rules;
mod published;
mod recorded;
mod review;
mod support;
mod tamper;
