//! Transparency logs (C2SP): signed notes and tree heads, keys of logs and witnesses, policies, inclusion proofs, and
//! the files of a log.
//!
//! Reading believes nothing. A head counts under a key that the caller trusts ([`key::NoteKey`], [`policy::Policy`]),
//! an entry under a path to such a head, a folder of tiles when the root that its entries give is the head's.

pub mod checkpoint;
pub mod growth;
pub mod key;
pub mod note;
pub mod policy;
pub mod proof;
pub mod split;
pub mod tiles;
pub mod whole;

pub use checkpoint::Checkpoint;
pub use key::{NoteKey, Role, Signed};
pub use note::Note;
pub use policy::{Policy, Quorum, QuorumTime, Standing};
pub use proof::{ConsistencyProof, ManyProofs, ProofStream, SingleProof};
pub use split::SplitView;
