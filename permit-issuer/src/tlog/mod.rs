//! A transparency log of all chain entries, and witnesses of it (spec 16).
//!
//! An export's signature says what the issuer says now. A log says what it said before: an entry that is in the log cannot be
//! changed or taken out later without a second head that contradicts the first, and witnesses that sign only heads which
//! continue the one before turn that contradiction into something that outsiders see.
//!
//! ```text
//! entry n   the bytes of a chain entry as it stands in export.json: its canonical JSON, payload included
//! leaf n    SHA-256( 0x00 | entry n )
//! ```
//!
//! One log holds the chains of all projects of a state, in the order in which `log append` met them. Leaves and heads tell
//! nobody what an entry says; entry bundles do, so whoever publishes the folder decides whether `tile/entries` goes with it.
//!
//! What makes a log worth something does not travel with the evidence: the log's key and the witnesses that count are written
//! to a policy file for the auditor, who has to receive it by another way.

mod bundle;
mod log;
mod note;
mod proof;
mod sample;
mod tiles;
mod tree;
mod witness;

pub use bundle::write_bundle;
pub use log::{Appended, Log};
pub use note::{Head, NoteKey, Role, SignedHead, VerifierKey};
pub use proof::Prover;
pub(crate) use proof::write_proofs;
pub use sample::write_sample;
pub use tree::Hash;
pub(crate) use tree::{leaf_hash, root};
pub use witness::{Answer, Witness, WitnessFolder, policy, request};
