//! Evidence: what the files are, which belong together, and how their content reaches the checks.

mod assemble;
mod fields;
mod gather;
mod identify;
mod progress;
mod set;
pub mod stream;

pub use assemble::{assemble, file, parts};
pub use fields::Fields;
pub use gather::{Batch, NamedFiles, checkpoint, gather, gather_bytes, named, unopened};
pub use identify::{Kind, identify};
pub use progress::{Layer, NoProgress, Progress};
pub use set::{Assembly, Evidence, ExportSet, Leftover, Part};
