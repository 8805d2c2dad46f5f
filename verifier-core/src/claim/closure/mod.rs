//! Closures: what was recorded when a permitted call ended (spec 05).
//!
//! Three claims: the closure payload is signed by the permit-binding key (`closure.signature.v1`), its response
//! digests are those of the recorded response events (`closure.digest_consistency.v1`), and the request that
//! was dispatched is the one the permit approved (`closure.dispatch_binding.v1`). All closures are checked
//! and every failure is reported.
//!
//! Not established: that a response was delivered or read, that usage figures are right, or that a permit
//! without a closure was not executed.

mod authority_end;
mod judge;
mod row;
mod signature;

pub(crate) use judge::check;
pub(crate) use row::{ClosureRows, EntryFacts, entry_permit, named_permit};
pub(crate) use signature::ClosureKeys;
