//! Scope faithfulness on the wire: the declaration inside an export, its predicate, the evidence records, and
//! the signed sidecar that commits to a population (spec 04 sections 4 to 6, spec 12).
//!
//! These types say what was received and whether it has the documented shape. They prove nothing.

mod predicate;
mod record;
mod segment;
pub(in crate::format) mod shape;
mod sidecar;
mod window;

pub use predicate::{Bounds, GRAMMAR, KINDS, Kind, Lookup, Predicate, PredicateError, RangeBounds};
pub use record::{EvidenceRecord, Payload, chain_field, hashed_field};
pub use segment::{
    BLOCK_VERSION, BoundaryPolicy, DeclaredEnd, DeclaredStart, Reference, Segment, StartNumber, segments,
};
pub use shape::{ShapeError, integer, is_prefixed_hash};
pub use sidecar::{COMMITMENT_PROFILE, Commitment, Sidecar};
pub use window::PermitWindow;

#[cfg(test)]
mod tests;
