//! Evidence: what the files are, and how their content reaches the checks.

mod fields;
pub mod stream;

pub use fields::Fields;
