//! `export.json.tlog-proofs`: an inclusion proof for every chain entry of an export, under one signed head. A project format;
//! C2SP tlog-proof holds one proof and repeats the head.
//!
//! ```text
//! keel-evidence/tlog-proofs@v1\n
//! <event_id> <index> <base64 hash> <base64 hash> …\n     one line for each entry; the path goes from the leaf to the root
//! \n
//! <signed tree head, cosignatures included>
//! ```
//!
//! A line says which entry of `export.json` it is about, and the verifier hashes that entry itself: no leaf hash is taken from
//! here. An entry that was changed since has a line that does not verify; one that was added has none.

use std::fmt::Write as _;

use verifier_core::bytes::base64;

use super::tree::{Hash, Tree};
use super::{Log, SignedHead, WitnessFolder};
use crate::chain;
use crate::error::{Error, Result};
use crate::ident;
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

    /// Refuses what [`Self::prove`] would refuse, before anything is written.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is no witness and the newest head does not have the whole chain.
    pub fn check(&self, issuer: &mut Issuer, project: Option<&str>) -> Result<()> {
        if !self.witnesses.is_empty() {
            return Ok(());
        }
        let size = self.log.head()?.map_or(0, |head| head.head.size);
        let (id, length) = issuer.store().read(|rows| {
            let project = rows.project(project)?;
            let length = rows.head(&project.id)?.sequence;
            Ok((project.id, length))
        })?;
        positions(issuer, &id, usize::try_from(length).unwrap_or(usize::MAX), size).map(|_| ())
    }

    /// The proofs for the first `length` entries of the chain of a project.
    ///
    /// # Errors
    /// [`Error::Refused`] when the newest head does not have all of them.
    pub fn prove(&self, issuer: &mut Issuer, project: &str, length: usize) -> Result<Vec<u8>> {
        if !self.witnesses.is_empty() {
            self.checkpoint(issuer)?;
        }
        let (head, leaves) = self.log.signed(issuer.store())?;
        let scope = chain::scope(project);
        let entries: Vec<(String, usize)> = (1..)
            .zip(positions(issuer, project, length, head.head.size)?)
            .map(|(sequence, position)| (ident::derived_event_id(&scope, sequence), position))
            .collect();
        Ok(write_proofs(&head, &leaves, &entries).into_bytes())
    }
}

/// Positions in the log of the first `length` entries of a chain, all of them under a head of `size` entries.
fn positions(issuer: &mut Issuer, project: &str, length: usize, size: u64) -> Result<Vec<usize>> {
    let all = issuer.store().read(|rows| rows.log_positions(project, length))?;
    let below: Vec<usize> = all
        .into_iter()
        .filter(|position| u64::try_from(*position).is_ok_and(|position| position < size))
        .filter_map(|position| usize::try_from(position).ok())
        .collect();
    if below.len() < length {
        return Err(Error::refused(
            "log.behind",
            format!(
                "the newest head has {} of {length} chain entries; run log checkpoint, or name a --witness",
                below.len()
            ),
        ));
    }
    Ok(below)
}

/// The text of the proofs for `entries`, event identifiers and positions in the log.
pub(crate) fn write_proofs(head: &SignedHead, leaves: &[Hash], entries: &[(String, usize)]) -> String {
    let tree = Tree::new(leaves);
    let mut text = "keel-evidence/tlog-proofs@v1\n".to_owned();
    for (event, position) in entries {
        // writing to a text does not fail
        write!(text, "{event} {position}").ok();
        for hash in tree.inclusion(*position) {
            write!(text, " {}", base64::encode(&hash)).ok();
        }
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&head.to_text());
    text
}
