use std::fmt;

use crate::bytes::der::DerError;
use crate::crypto::pki::PkiError;
use crate::x509::{PathError, PathProblem};

/// Why a receipt is no timestamp (spec 11.7, right column).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The bytes are not a token, or not one that RFC 3161 allows.
    Malformed(String),
    /// The response says that no token was granted, with its status.
    NotGranted(u64),
    /// The imprint's algorithm is not SHA-256, with its object identifier.
    ImprintAlgorithm(String),
    /// The imprint is of other bytes.
    Imprint,
    /// The signed attributes are missing, unsorted, repeated, or say something else than the token.
    SignedAttributes(&'static str),
    /// MD5, SHA-1 or a short RSA key.
    Weak(PkiError),
    /// The signature does not verify.
    Signature(PkiError),
    /// The certificate identifiers do not name the signer, or name a certificate outside its path.
    CertificateIdentifier(&'static str),
    /// The token names another authority than its signer.
    Name,
    /// The signer's certificate is not one for timestamps only.
    Purpose(&'static str),
    /// No path from the signer to an anchor holds at the stated time.
    Path(PathError),
    /// A certificate of the path was revoked by then: its subject and the Unix second.
    Revoked(String, i64),
    /// A certificate of the path was revoked later, for a reason that leaves no token believable.
    Compromised(String, i64),
}

impl Problem {
    /// Stable code of the finding (spec 17.4).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::NotGranted(_) => "TSA_TOKEN_MALFORMED",
            Self::ImprintAlgorithm(_) => "TSA_IMPRINT_ALGORITHM",
            Self::Imprint => "TSA_IMPRINT_MISMATCH",
            Self::SignedAttributes(_) => "TSA_SIGNED_ATTRS",
            Self::Weak(_) => "TSA_WEAK_ALGORITHM",
            Self::Signature(_) => "TSA_SIGNATURE_INVALID",
            Self::CertificateIdentifier(_) => "TSA_ESS_MISMATCH",
            Self::Name => "TSA_NAME_MISMATCH",
            Self::Purpose(_) => "TSA_EKU_INVALID",
            Self::Path(error) if matches!(&error.problem, PathProblem::Signature(error) if error.is_weakness()) => {
                "TSA_WEAK_ALGORITHM"
            }
            Self::Path(_) => "TSA_CHAIN_INVALID",
            Self::Revoked(..) => "TSA_CERTIFICATE_REVOKED_AT_GENTIME",
            Self::Compromised(..) => "TSA_CERTIFICATE_KEY_COMPROMISED",
        }
    }

    /// The reason code that the reference verifier gives for this or the nearest problem that it knows (spec 11.4).
    #[must_use]
    pub fn reference_reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::NotGranted(_) => "tsa_token_chain_parse_failed",
            Self::Imprint => "tsa_imprint_mismatch",
            Self::Purpose(_) => "tsa_timestamping_eku_invalid",
            Self::Revoked(..) => "tsa_certificate_revoked_at_gentime",
            Self::Path(error) if matches!(error.problem, PathProblem::Expired | PathProblem::NotYetValid) => {
                "tsa_certificate_time_invalid_at_gentime"
            }
            _ => "tsa_chain_validation_failed",
        }
    }
}

impl From<DerError> for Problem {
    fn from(error: DerError) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<PkiError> for Problem {
    fn from(error: PkiError) -> Self {
        if error.is_weakness() { Self::Weak(error) } else { Self::Signature(error) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(reason) => write!(formatter, "the receipt is no timestamp token: {reason}"),
            Self::NotGranted(status) => {
                write!(formatter, "the authority granted no timestamp (status {status})")
            }
            Self::ImprintAlgorithm(oid) => {
                write!(formatter, "the imprint is made with {oid}, not with SHA-256")
            }
            Self::Imprint => formatter.write_str("the timestamp is of another digest"),
            Self::SignedAttributes(reason) => write!(formatter, "the signed attributes are wrong: {reason}"),
            Self::Weak(error) => write!(formatter, "{error}"),
            Self::Signature(error) => write!(formatter, "the authority's signature: {error}"),
            Self::CertificateIdentifier(reason) => {
                write!(formatter, "the certificate identifiers are wrong: {reason}")
            }
            Self::Name => formatter.write_str("the token names another authority than its signer"),
            Self::Purpose(reason) => {
                write!(formatter, "the signer's certificate is not for timestamps: {reason}")
            }
            Self::Path(error) => write!(formatter, "{error}"),
            Self::Revoked(subject, _) => write!(formatter, "{subject}: revoked at the stated time"),
            Self::Compromised(subject, _) => {
                write!(
                    formatter,
                    "{subject}: revoked later for a reason that takes its earlier tokens with it"
                )
            }
        }
    }
}

/// Why it stays open whether a receipt is a timestamp: nothing is wrong, something is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotValidated {
    /// The authority is none of the accepted ones.
    UnknownAuthority,
    /// No revocation list of an issuer on the path.
    RevocationMissing,
    /// The revocation lists end before the stated time.
    RevocationStale,
    /// Anchors were given without revocation lists.
    RevocationNotSupplied,
}

impl NotValidated {
    /// The reason code (spec 11.4, 17.4).
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::UnknownAuthority => "not_validated_release_pinned_trust_unavailable",
            Self::RevocationMissing => "not_validated_revocation_snapshot_missing",
            Self::RevocationStale => "not_validated_revocation_snapshot_stale",
            Self::RevocationNotSupplied => "not_validated_release_pinned_revocation_unavailable",
        }
    }
}

impl fmt::Display for NotValidated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UnknownAuthority => "the authority is none of the accepted ones",
            Self::RevocationMissing => "there is no revocation list for a certificate of its path",
            Self::RevocationStale => "the revocation lists end before the stated time",
            Self::RevocationNotSupplied => {
                "the path ends at the supplied anchors, but no revocation list was supplied with them"
            }
        })
    }
}
