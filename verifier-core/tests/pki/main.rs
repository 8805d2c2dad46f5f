//! Certificates, revocation lists and timestamp tokens that break one rule each.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod authority;
mod claim;
mod der;
mod openssl;
mod path;
mod rules;
mod token;
