//! Decides AI calls under policy and budget, before they run, and produces Keel evidence of it.

pub mod budget;
pub mod clock;
pub mod document;
pub mod error;
pub mod ident;
pub mod policy;
pub mod request;

pub use error::{Error, Result};
