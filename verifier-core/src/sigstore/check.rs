//! The checks of a bundle and what came of each (spec 16 section 16.7.3).

use std::fmt;

use super::dsse::StatementError;
use super::entry::{BodyError, Difference};
use crate::merkle::rfc6962::ProofError;

/// One of the checks; all of them are always answered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The bundle is about the artifact.
    Artifact,
    /// The signature verifies under the signer's key.
    Signature,
    /// The signer's certificate was issued by a certificate authority of the trusted root.
    CertificateChain,
    /// Certificates and authority counted at every verified time.
    CertificateTime,
    /// A certificate log of the trusted root promised to publish the certificate.
    CertificateLog,
    /// The certificate names the expected identity.
    Identity,
    /// The certificate names the expected identity provider.
    Issuer,
    /// The entry's log is one of the trusted root, at the time of the entry.
    Log,
    /// The entry's body is understood.
    EntryBody,
    /// The body is a leaf of the proof's tree.
    Inclusion,
    /// The tree head is signed by the log, and is the proof's.
    Checkpoint,
    /// The signed entry timestamp verifies.
    Promise,
    /// The body says what the bundle says.
    EntryMatch,
    /// Every timestamp verifies.
    Timestamps,
    /// A verified time exists, and none is later than the verdict's date.
    Time,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// The bundle has nothing to which the check applies, and needs nothing of it; the text says why.
    NotApplicable(&'static str),
    /// It could not be made; the text says what is missing.
    Skipped(&'static str),
    /// It does not hold.
    Failed(Vec<Problem>),
}

impl Outcome {
    /// Whether nothing is open or wrong.
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self, Self::Passed | Self::NotApplicable(_))
    }
}

impl From<Problem> for Outcome {
    fn from(problem: Problem) -> Self {
        Self::Failed(vec![problem])
    }
}

impl From<Result<(), Problem>> for Outcome {
    fn from(result: Result<(), Problem>) -> Self {
        result.map_or_else(Self::from, |()| Self::Passed)
    }
}

impl From<Vec<Problem>> for Outcome {
    fn from(problems: Vec<Problem>) -> Self {
        if problems.is_empty() { Self::Passed } else { Self::Failed(problems) }
    }
}
