//! Documents made from a report: pure functions of it, so every frontend shows the same facts.
//!
//! A renderer never verifies anything, so it cannot widen what the report says. All output is deterministic.

pub mod answers;
pub mod ascii;
pub mod csv;
mod document;
mod escape;
pub mod explain;
pub mod github;
pub mod gitlab;
pub mod headline;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod schema;
pub mod verdicts_v0;

pub use document::{Document, Exception};
pub use escape::escape;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
