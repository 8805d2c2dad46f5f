//! The hash chain of governance events, entry by entry and joined (spec 04 sections 1 to 4).
//!
//! [`EntryRow`] is what remains of an entry after its record hash was recomputed on a worker;
//! [`Walk`] joins rows of all scopes without keeping them: neighbours are linked as soon as both are known and only
//! the ends of each unbroken run stay, plus 16 bytes for each entry to recognise a repeated one.
//!
//! The record hash v1 covers nine fields. It does **not** cover `payload_json`, `chain_scope`,
//! `chain_format_version`, or the UTC offset of `created_at`.

mod problem;
mod row;
mod run;
mod stretch;
mod walk;

pub use problem::{Problem, ProblemKind};
pub use row::{Computed, EntryFields, EntryRow, HashFault, HashText, Sequence, Source, StructureFault};
pub use stretch::{Kept, ScopeStretches, Stretch};
pub use walk::{Walk, WalkTotals};

/// `prev_hash` of the entry with sequence number 1: SHA-256 of `keel-audit-chain-genesis-v1`.
pub const GENESIS_PREV_HASH: &str = "b4f9ddb0e1cfb80310d7203a4bad5bc1ff29e931b21918c2fc4b01b26035d7c6";
