//! Stories: made-up calls at fixed times with keys that everybody can compute, so that the evidence has the same bytes every
//! time. Used by `demo` and by the generated test vectors.

mod chance;
mod demo;
pub mod mutate;
mod story;

pub use demo::{demo_projects, write_demo};
pub use story::{Call, Fate, Story};
