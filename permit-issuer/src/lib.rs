//! Decides AI calls under policy and budget, before they run, and produces Keel evidence of it.

pub mod args;
pub mod bench;
pub mod budget;
pub mod chain;
pub mod clock;
pub mod closure;
pub mod command;
pub mod document;
pub mod error;
pub mod export;
pub mod ident;
pub mod issuer;
pub mod keys;
pub mod permit;
pub mod policy;
pub mod quarter;
pub mod request;
pub mod scenario;
pub mod store;
pub mod tlog;
pub mod vectors;
pub mod wire_body;

pub use error::{Error, Result};
pub use issuer::Issuer;
