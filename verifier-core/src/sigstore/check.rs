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

/// Why a check does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The bundle states another digest than the artifact has.
    OtherArtifact {
        /// As the bundle states it.
        stated: [u8; 32],
        /// The artifact's.
        computed: [u8; 32],
    },
    /// The signed statement does not speak about the artifact.
    Statement(StatementError),
    /// The bundle has a certificate and a key was given, or the other way round.
    OtherKindOfSigner,
    /// The signature does not verify.
    Signature,
    /// A key or signature of a kind that is not verified here.
    Algorithm(String),
    /// No authority of the trusted root issued the certificate.
    CertificateChain(String),
    /// A certificate or the authority did not count at a verified time.
    CertificateTime {
        /// Whose window it is.
        holder: String,
        /// The verified time.
        at: String,
        /// When it counts.
        window: String,
    },
    /// No certificate log promised to publish the certificate.
    CertificateLog(super::sct::SctError),
    /// The certificate names somebody else.
    Identity {
        /// Who was expected.
        expected: String,
        /// Whom it names.
        names: Vec<String>,
    },
    /// The certificate names another identity provider.
    Issuer {
        /// Which one was expected.
        expected: String,
        /// Which one it names; `None` when none, or two different ones.
        stated: Option<String>,
    },
    /// The bundle has no log entry.
    NoEntry,
    /// The trusted root has no log with the entry's log identifier.
    LogUnknown,
    /// The log's key did not count at the time of the entry.
    LogTime {
        /// The time of the entry.
        at: String,
        /// When the key counts.
        window: String,
    },
    /// The body is not understood.
    Body(BodyError),
    /// The entry has no inclusion proof.
    NoInclusionProof,
    /// The inclusion proof has no checkpoint.
    NoCheckpoint,
    /// The proof does not lead from the body to its root.
    Inclusion(ProofError),
    /// A version 2 log numbers entries and leaves alike, and here the two differ.
    OtherIndex,
    /// The checkpoint is no tree head that the log signed.
    Checkpoint(String),
    /// The signed tree head is of another tree than the proof.
    OtherTree {
        /// Size and root of the signed head.
        signed: String,
        /// Size and root in the proof.
        proof: String,
    },
    /// The signed entry timestamp does not verify.
    Promise,
    /// The body says something else than the bundle.
    Entry(Difference),
    /// A timestamp does not verify.
    Timestamp {
        /// Its place in the bundle.
        position: usize,
        /// Why not.
        reason: String,
    },
    /// A timestamp of an authority that the trusted root does not have, or not for that time.
    TimestampAuthority {
        /// Its place in the bundle.
        position: usize,
        /// What was looked for.
        reason: String,
    },
    /// Nothing says when the signature existed.
    NoTime,
    /// A verified time lies after the date that the verdict is for.
    TimeAfterAsOf {
        /// The verified time.
        at: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherArtifact { .. } => formatter.write_str("the bundle states another digest than the artifact has"),
            Self::Statement(error) => error.fmt(formatter),
            Self::OtherKindOfSigner => formatter.write_str(
                "a certificate needs an expected identity and issuer, and a key hint needs the key; the other was given",
            ),
            Self::Signature => formatter.write_str("the signature does not verify under the signer's key"),
            Self::Algorithm(what) => write!(formatter, "{what}"),
            Self::CertificateChain(why) => write!(formatter, "no authority of the trusted root issued the certificate: {why}"),
            Self::CertificateTime { holder, at, window } => {
                write!(formatter, "{holder} counts {window}; the signature was made at {at}")
            }
            Self::CertificateLog(error) => error.fmt(formatter),
            Self::Identity { .. } => formatter.write_str("the certificate does not name the expected identity"),
            Self::Issuer { stated: Some(_), .. } => {
                formatter.write_str("the certificate names another issuer of the identity")
            }
            Self::Issuer { stated: None, .. } => {
                formatter.write_str("the certificate names no issuer of the identity, or two different ones")
            }
            Self::NoEntry => formatter.write_str("the bundle has no log entry"),
            Self::NoCheckpoint => formatter.write_str("the inclusion proof has no checkpoint"),
            Self::LogUnknown => formatter.write_str("the trusted root has no log with this identifier"),
            Self::LogTime { at, window } => {
                write!(formatter, "the log's key counts {window}, and the entry was made at {at}")
            }
            Self::Body(error) => error.fmt(formatter),
            Self::NoInclusionProof => formatter.write_str("the entry has no inclusion proof"),
            Self::Inclusion(error) => error.fmt(formatter),
            Self::OtherIndex => formatter.write_str("the entry states another index than its proof"),
            Self::Checkpoint(why) => formatter.write_str(why),
            Self::OtherTree { .. } => formatter.write_str("the signed tree head is of another tree than the proof"),
            Self::Promise => formatter.write_str("the signed entry timestamp does not verify under the log's key"),
            Self::Entry(difference) => difference.fmt(formatter),
            Self::Timestamp { reason, .. } | Self::TimestampAuthority { reason, .. } => formatter.write_str(reason),
            Self::NoTime => formatter.write_str("no verified timestamp and no verified signed entry timestamp"),
            Self::TimeAfterAsOf { at } => write!(formatter, "the signature was made at {at}, after the date of this verdict"),
        }
    }
}

impl std::error::Error for Problem {}
