//! `export.json.tlog-proofs`: an inclusion proof for every chain entry of an export, under one signed head.
//!
//! ```text
//! tlog-proofs@v1\n
//! <index> <base64 hash> <base64 hash> …\n      one line for each entry, in the order of their chain; the path from leaf to root
//! \n
//! <signed tree head, cosignatures included>
//! ```
//!
//! The entries are those of `export.json`; nothing else says what they are, so a proof holds for these bytes or for none.

use verifier_core::bytes::base64;

use super::{Log, SignedHead, WitnessFolder};
use crate::error::{Error, Result};
use crate::issuer::Issuer;

/// Proves what an export holds.
#[derive(Clone, Copy, Debug)]
pub struct Prover<'a> {
    /// The log.
    pub log: &'a Log,
    /// Witnesses at hand, who cosign a new head for the export. Without any, the newest head must be new enough: signing another
    /// one would leave the cosignatures behind that it has gathered.
    pub witnesses: &'a [WitnessFolder],
}

impl Prover<'_> {
    /// Appends, signs, and has every witness cosign the head.
    ///
    /// # Errors
    /// As [`Log::checkpoint`] and [`Log::submit`].
    pub fn checkpoint(&self, issuer: &mut Issuer) -> Result<SignedHead> {
        let seconds = u64::try_from(issuer.now() / 1_000_000).unwrap_or_default();
        let mut head = self.log.checkpoint(issuer.store())?;
        for witness in self.witnesses {
            head = self.log.submit(issuer.store(), |request| witness.add_checkpoint(request, seconds))?;
        }
        Ok(head)
    }

    /// The proofs for the first `length` entries of the chain of a project.
    ///
    /// # Errors
    /// [`Error::Refused`] when the newest head does not have all of them.
    pub fn prove(&self, issuer: &mut Issuer, project: &str, length: usize) -> Result<Vec<u8>> {
        if !self.witnesses.is_empty() {
            self.checkpoint(issuer)?;
        }
        let (head, tree) = self.log.tree(issuer.store())?;
        let positions = issuer.store().read(|rows| rows.log_positions(project, length))?;
        let mut text = "tlog-proofs@v1\n".to_owned();
        let mut proven = 0;
        for position in positions {
            let index = u64::try_from(position).unwrap_or(u64::MAX);
            if index >= head.head.size {
                break;
            }
            text.push_str(&index.to_string());
            for hash in tree.inclusion(usize::try_from(position).unwrap_or_default()) {
                text.push(' ');
                text.push_str(&base64::encode(&hash));
            }
            text.push('\n');
            proven += 1;
        }
        if proven < length {
            return Err(Error::refused(
                "log.behind",
                format!(
                    "the newest head has {proven} of {length} chain entries; run log checkpoint, or name a --witness"
                ),
            ));
        }
        text.push('\n');
        text.push_str(&head.to_text());
        Ok(text.into_bytes())
    }
}
