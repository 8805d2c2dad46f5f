use super::verify::{check_name, check_purpose};
use super::{Problem, Token};
use crate::crypto::pki::{Hash, PkiError};
use crate::time::UnixNanos;
use crate::x509::{Certificate, PathError, PathProblem, find_path, oid};

/// Decides whether `token` is a timestamp of `message` by one authority, of which the caller has the certificates.
///
/// `chain` runs from the signing or issuing certificate to the anchor. The signer's certificate may be in the chain or
/// in the token; either way the path must end at the anchor at the stated time, through certificates of the chain
/// alone. Revocation is not asked for: the caller says by other means when the authority counts, and has to compare
/// the stated time with that. Gives the stated time.
///
/// # Errors
/// [`Problem`] when it is not.
pub fn verify_by_authority(
    token: &Token<'_>,
    message: &[u8],
    chain: &[Certificate],
) -> Result<UnixNanos, Problem> {
    let info = &token.info;
    let hash = Hash::of(&info.imprint_algorithm);
    let hash = hash.map_err(|_| Problem::ImprintAlgorithm(token.imprint_algorithm()))?;
    if info.imprint != hash.digest(message) {
        return Err(Problem::Imprint);
    }
    let signer_info = token.signer.as_ref().map_err(Clone::clone)?;
    let signer = signer_info.certificate(chain).or_else(|_| signer_info.certificate(&token.certificates));
    let signer = signer.map_err(|_| {
        Problem::Path(PathError { problem: PathProblem::NoIssuer, subject: "the signer".to_owned() })
    })?;
    let attributes = signer_info.verify(token.content, &token.digests, signer)?;
    attributes.check_signer(signer)?;
    check_name(token, signer)?;
    check_purpose(signer)?;
    let candidates: Vec<&Certificate> = chain.iter().collect();
    let anchors: Vec<&Certificate> = chain.last().into_iter().collect();
    let verify = |child: &Certificate, issuer: &Certificate| -> Result<(), PkiError> {
        child.verify_issued_by(issuer)
    };
    let path = find_path(signer, &candidates, &anchors, info.gen_time, oid::TIME_STAMPING, &verify);
    attributes.check_path(&path.map_err(Problem::Path)?)?;
    Ok(info.gen_time)
}
