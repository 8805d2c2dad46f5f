//! Named single faults in evidence, each with what a verifier must say about it. Where the fault lies inside something
//! that is hashed or signed, everything above it is made consistent again, so that nothing else can be noticed.
//!
//! Expectations follow the specification, not a verifier: exit status 1 when the evidence contradicts itself, 3 when
//! something needed is missing, untrusted or of an unknown kind.

mod chain;
mod closure;
mod decided;
mod decision;
mod trust;

use super::Pack;
use crate::error::Result;

/// What a verifier must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit status 0.
    Verified,
    /// Exit status 1.
    Disproved,
    /// Exit status 3.
    NotEstablished,
}

impl Outcome {
    /// The exit status.
    #[must_use]
    pub fn exit(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Disproved => 1,
            Self::NotEstablished => 3,
        }
    }

    /// The word in a case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Disproved => "disproved",
            Self::NotEstablished => "not_established",
        }
    }
}

/// A claim that the fault touches: name, verdict, code.
pub type Claim = (&'static str, &'static str, &'static str);

/// One fault.
#[derive(Clone, Copy)]
pub struct Fault {
    /// Folder name of the case.
    pub name: &'static str,
    /// One line.
    pub title: &'static str,
    /// Makes the fault.
    pub apply: fn(&mut Pack) -> Result<()>,
    /// What must be said.
    pub outcome: Outcome,
    /// The claim, where one is touched.
    pub claim: Option<Claim>,
    /// The code that must be reported.
    pub code: &'static str,
    /// Whether the reference verifier 3.28.1 accepts the files nevertheless.
    pub is_accepted_by_reference: bool,
    /// Why.
    pub notes: &'static str,
}

/// All faults of exports, by artifact.
#[must_use]
pub fn faults() -> Vec<(&'static str, &'static [Fault])> {
    vec![
        ("export", trust::FAULTS),
        ("chain", chain::FAULTS),
        ("closure", closure::FAULTS),
        ("permit-decision", decision::FAULTS),
        ("decided-before-dispatch", decided::FAULTS),
    ]
}

/// The claim names that faults touch.
mod claim {
    pub(super) const INTEGRITY: &str = "export.integrity.v1";
    pub(super) const CHAIN: &str = "governance_chain.local_continuity.v1";
    pub(super) const CLOSURE: &str = "closure.signature.v1";
    pub(super) const DIGESTS: &str = "closure.digest_consistency.v1";
    pub(super) const DISPATCH: &str = "closure.dispatch_binding.v1";
    pub(super) const DECISION: &str = "permit.decision.v1";
    pub(super) const DECIDED: &str = "permit.decided_before_dispatch.v1";
}

const DISPROVED: &str = "disproved";
const INSUFFICIENT: &str = "insufficient_evidence";
const OUT_OF_SCOPE: &str = "unverifiable_scope";
