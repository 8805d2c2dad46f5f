//! Claim registries and pinned semantics (spec 02 section 5, spec 26).
//!
//! A pack may say which claims it wants judged and pin, by digest, the published documents ("semantic
//! artifacts") that define the rules. The documents are descriptions; the rules themselves are code here,
//! chosen by the pair of id and digest. So what decides is small, and only that is compiled in: which pairs
//! are implemented, which claims each registry version defines, and which artifacts each claim needs. The
//! tables are read lazily, once, from `data/registry`.
//!
//! Pins are not covered by the manifest's signature. Here they can only ask for more: they never switch a
//! check off, and never weaken what the operator requires.

mod artifact;
mod claims;
mod pins;
mod reference;
mod semantics;

pub use artifact::{Artifact, Found, artifacts};
pub(crate) use claims::short_names;
pub use claims::{ClaimInfo, Reach, claim, claim_name, claims};
pub use pins::resolve;
pub use semantics::{Mode, PinFailure, RequestedClaim, Semantics};

/// The rules for evidence that cannot carry pins, without the list of components.
#[must_use]
pub fn unpinned() -> crate::report::SemanticsSummary {
    Semantics::legacy(false).summary
}

/// The rows of a table: lines without `#`, cells between tabulators.
fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = [""; N];
        let mut found = line.split('\t');
        for cell in &mut cells {
            *cell = found.next()?;
        }
        found.next().is_none().then_some(cells)
    })
}

/// A cell, where `-` stands for nothing.
fn optional(cell: &'static str) -> Option<&'static str> {
    (cell != "-").then_some(cell)
}

#[cfg(test)]
mod tests;
