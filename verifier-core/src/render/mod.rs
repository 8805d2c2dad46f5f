//! Documents made from a report: pure functions of it, so every frontend shows the same facts.
//!
//! A renderer never verifies anything, so it cannot widen what the report says. All output is deterministic.

pub mod answers;
mod ascii;
mod escape;
pub mod explain;
pub mod headline;
pub mod json;
pub mod verdicts_v0;

pub use escape::escape;

#[cfg(test)]
mod samples;
