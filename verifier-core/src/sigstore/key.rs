//! Which signature scheme goes with a key: in Sigstore the key alone decides it, never the signature.

use super::artifact::ArtifactDigest;
use super::bundle::Content;
use super::check::Problem;
use super::trusted_root::LogKey;
use crate::crypto::pki::{Hash, PkiError, Scheme, SubjectKey};

/// Why a log's signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogSignatureError {
    /// The key's kind is not verified here.
    Unsupported,
    /// The signature is not the key's.
    Wrong,
}

/// Verifies a signature of a log, with the scheme that the trusted root names for its key.
pub(super) fn verify_log_signature(
    log: &LogKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), LogSignatureError> {
    let scheme = match &*log.key_details {
        "PKIX_ECDSA_P256_SHA_256" => Scheme::Ecdsa(Hash::Sha256),
        "PKIX_ECDSA_P384_SHA_384" => Scheme::Ecdsa(Hash::Sha384),
        "PKIX_ED25519" => Scheme::Ed25519,
        "PKIX_RSA_PKCS1V15_2048_SHA256"
        | "PKIX_RSA_PKCS1V15_3072_SHA256"
        | "PKIX_RSA_PKCS1V15_4096_SHA256" => Scheme::Rsa(Some(Hash::Sha256)),
        _ => return Err(LogSignatureError::Unsupported),
    };
    let key = SubjectKey::from_spki(&log.public_key).map_err(|_| LogSignatureError::Unsupported)?;
    match key.verify(scheme, message, signature) {
        Ok(()) => Ok(()),
        Err(PkiError::Mismatch) => Err(LogSignatureError::Unsupported),
        Err(_) => Err(LogSignatureError::Wrong),
    }
}

/// Verifies a bundle's signature under the signer's key.
pub(super) fn verify_content(
    key: &SubjectKey,
    content: &Content,
    artifact: &ArtifactDigest,
) -> Result<(), Problem> {
    let scheme = key.usual_scheme();
    let verified = match content {
        Content::Dsse(envelope) => key.verify(scheme, &envelope.signed_bytes(), &envelope.signature),
        Content::Message { signature, .. } => {
            let digest: Option<(Hash, &[u8])> = match scheme.hash() {
                Some(Hash::Sha256) => Some((Hash::Sha256, &artifact.sha256)),
                Some(Hash::Sha384) => artifact.sha384.as_ref().map(|digest| (Hash::Sha384, &digest[..])),
                Some(Hash::Sha512) => artifact.sha512.as_ref().map(|digest| (Hash::Sha512, &digest[..])),
                None => None,
            };
            let Some((hash, digest)) = digest else {
                let what = format!("a signature of {} is not over the digest that is known", key.algorithm());
                return Err(Problem::Algorithm(what));
            };
            key.verify_digest(scheme, hash, digest, signature)
        }
    };
    verified.map_err(|_| Problem::Signature)
}
