//! Stories: made-up calls at fixed times with keys that everybody can compute, so that the evidence has the same bytes every
//! time. Used by `demo` and by the generated test vectors.

mod chance;
mod demo;
pub mod mutate;
mod pack;
mod story;

pub use demo::{demo_projects, write_demo};
pub(crate) use pack::Links;
pub use pack::Pack;
pub use story::{Call, Fate, Story};
