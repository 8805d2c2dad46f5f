//! Working papers: what a review rested on, what it sampled, what it marked, and who stands by it.
//!
//! One JSON file, `keel.workpaper/v1`:
//!
//! ```text
//! { "format": "keel.workpaper/v1", "content": { … }, "signatures": [ … ] }
//! ```
//!
//! The content names the evidence and the trust material by digest, the tool, the options, the date of the verdicts,
//! the verdicts, the samples and the marks. A signature is Ed25519 over
//!
//! ```text
//! "keel.workpaper.signature/v1\n" role "\n" signed_at "\n" public_key "\n" content "\n" before "\n"
//! content = hex of SHA-256(legacy canonical JSON of the content, spec 01 section 2)
//! before  = hex of SHA-256(the signatures before this one, each with "\n"), or "-" for the first
//! ```
//!
//! so a counter-signature covers the signatures before it, and none can be taken out. Whose key it is the reader must
//! know: the paper proves that it was not changed since that key signed, not who holds the key. A key signs once, so
//! that a counter-signature is somebody else's. The file has one spelling for one paper; any other is refused.
//!
//! [`reperform`] makes the content again from the evidence and says what differs.

mod content;
mod judge;
mod load;
pub mod options;
mod project;
mod reperform;
mod sign;

pub use content::{
    ClaimRecord, Content, DrawnRecord, FileRecord, Mark, MarkKind, MarkStatus, SampleRecord, StratumRecord,
    ToolRecord, Verdicts,
};
pub use judge::{Expected, Judgement, judge, outcome};
pub use load::LoadError;
pub use project::{AS_RANDOM, ProjectError, ProjectionKind, ProjectionRecord};
pub use reperform::{Difference, reperform};
pub use sign::{Role, Signature, SignatureFault, Signed, SigningKey};

use serde::{Deserialize, Serialize};

/// The format's name.
pub const FORMAT: &str = "keel.workpaper/v1";

/// A working paper as read or made; nothing of its signatures is checked yet (see [`Workpaper::check`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workpaper {
    /// [`FORMAT`].
    pub format: String,
    /// What is signed.
    pub content: Content,
    /// Who signed, in order.
    pub signatures: Vec<Signature>,
}

impl Workpaper {
    /// An unsigned paper.
    #[must_use]
    pub fn new(content: Content) -> Self {
        Self { format: FORMAT.to_owned(), content, signatures: Vec::new() }
    }

    /// Changes the content. Signatures over the earlier content end.
    pub fn change(&mut self, change: impl FnOnce(&mut Content)) {
        let before = self.content.clone();
        change(&mut self.content);
        if self.content != before {
            self.signatures.clear();
        }
    }
}

#[cfg(test)]
mod tests;
