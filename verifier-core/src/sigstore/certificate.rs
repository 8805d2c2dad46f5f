//! The signer's certificate: who it names, and that a certificate authority of the trusted root issued it at the
//! signing time (spec 16 section 16.7.3, checks 10 and 12).
//!
//! Fulcio issues certificates for minutes, to whom an identity provider vouched for. They name the identity as
//! subject alternative name (e-mail address, URI, or the other name 1.3.6.1.4.1.57264.1.7), and the provider in
//! the extension 1.3.6.1.4.1.57264.1.8 (a DER UTF8String) or, in old ones, 1.3.6.1.4.1.57264.1.1 (plain text).
//!
//! The path is built from the authority's chain alone. Certificates that a bundle carries beside the leaf
//! are not used; a root among them is refused, because a verifier that trusted it would believe anybody.

use super::check::{Outcome, Problem};
use super::trusted_root::Authority;
use super::verify::VerifiedTime;
use crate::bytes::der::{self, DerError, Reader};
use crate::time::UnixNanos;
use crate::x509::{Certificate, find_path, oid};

/// otherName of an identity that is neither address nor URI.
const OTHER_NAME: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01, 0x07];
/// Issuer of the identity, DER UTF8String.
const ISSUER_V2: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01, 0x08];
/// Issuer of the identity, plain text.
const ISSUER_V1: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01, 0x01];
const UTF8_STRING: u8 = 0x0c;

/// The identities that a certificate names.
pub(super) fn names(certificate: &Certificate) -> Result<Vec<String>, DerError> {
    const RFC822_NAME: u8 = 0x81;
    const URI: u8 = 0x86;
    let Some(extension) = certificate.extension(oid::SUBJECT_ALT_NAME) else { return Ok(Vec::new()) };
    let mut list = Reader::single(&extension.value, der::SEQUENCE)?.inside();
    let mut names = Vec::new();
    while !list.is_empty() {
        let name = list.read()?;
        match name.tag {
            RFC822_NAME | URI => names.push(text(name.value)?),
            tag if tag == der::context(0) => {
                let mut inside = name.inside();
                let kind = inside.expect(der::OID)?.value;
                let value = inside.expect(der::context(0))?.value;
                inside.end()?;
                if kind == OTHER_NAME {
                    names.push(text(Reader::single(value, UTF8_STRING)?.value)?);
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

/// The provider that vouched for the identity; `None` when none is named, or two different ones.
pub(super) fn issuer(certificate: &Certificate) -> Option<String> {
    let new = certificate.extension(ISSUER_V2).map(|extension| {
        Reader::single(&extension.value, UTF8_STRING).and_then(|element| text(element.value))
    });
    let old = certificate.extension(ISSUER_V1).map(|extension| text(&extension.value));
    match (new, old) {
        (Some(Ok(new)), None) => Some(new),
        (None, Some(Ok(old))) => Some(old),
        (Some(Ok(new)), Some(Ok(old))) if new == old => Some(new),
        _ => None,
    }
}

fn text(bytes: &[u8]) -> Result<String, DerError> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| DerError::Value)
}

/// Whether the certificate may sign at all.
fn check_leaf(leaf: &Certificate) -> Result<(), &'static str> {
    let code_signing = leaf.key_purposes().is_some_and(|all| all.iter().any(|one| one == oid::CODE_SIGNING));
    if leaf.is_ca() {
        return Err("it is an authority's certificate");
    }
    if leaf.extension(oid::KEY_USAGE).is_none() || !leaf.may_sign(false) {
        return Err("its key is not meant for signatures");
    }
    if !code_signing {
        return Err("its key is not meant for signing artifacts");
    }
    Ok(())
}

/// What came of following a certificate to the authorities of the trusted root.
pub(super) struct Issued {
    /// Whether one of them issued it.
    pub(super) chain: Outcome,
    /// Whether everything on the way counted at every verified time.
    pub(super) time: Outcome,
    /// The issuing key, once the certificate is known to be issued with it.
    pub(super) issuer_spki: Option<Vec<u8>>,
}

impl Issued {
    fn refused(reason: impl Into<String>) -> Self {
        Self {
            chain: Problem::CertificateChain(reason.into()).into(),
            time: Outcome::Skipped("the certificate was not issued by a trusted authority"),
            issuer_spki: None,
        }
    }
}

/// Follows the certificate to the authorities, of which one must hold at all times together.
pub(super) fn check_issued(
    leaf: &Certificate,
    others: &[Vec<u8>],
    authorities: &[Authority],
    times: &[VerifiedTime],
) -> Issued {
    if let Err(reason) = check_leaf(leaf) {
        return Issued::refused(reason);
    }
    for other in others {
        match Certificate::read(other) {
            Err(error) => return Issued::refused(format!("a further certificate of the bundle: {error}")),
            Ok(other) if other.subject() == other.issuer() => {
                return Issued::refused("the bundle carries a root certificate");
            }
            Ok(_) => {}
        }
    }
    let mut best: Option<Issued> = None;
    for authority in authorities {
        let issued = issued_by(leaf, authority, times);
        let better = match &best {
            None => true,
            Some(best) => rank(&issued) > rank(best),
        };
        if better {
            best = Some(issued);
        }
    }
    best.unwrap_or_else(|| Issued::refused("the trusted root has no certificate authority"))
}

fn rank(issued: &Issued) -> u8 {
    u8::from(issued.chain.holds()) + u8::from(issued.time.holds())
}

fn issued_by(leaf: &Certificate, authority: &Authority, times: &[VerifiedTime]) -> Issued {
    let chain: Result<Vec<Certificate>, _> =
        authority.chain.iter().map(|der| Certificate::read(der)).collect();
    let chain = match chain {
        Ok(chain) => chain,
        Err(error) => return Issued::refused(format!("the authority's chain: {error}")),
    };
    let Some((anchor, candidates)) = chain.split_last() else {
        return Issued::refused("the authority has no certificate");
    };
    let candidates: Vec<&Certificate> = candidates.iter().collect();
    let path_at = |at| {
        let verify = |child: &Certificate, issuer: &Certificate| child.verify_issued_by(issuer);
        find_path(leaf, &candidates, &[anchor], at, oid::CODE_SIGNING, &verify)
    };
    // Who issued it is asked at a time at which it counts by its own account; whether that is the time of the
    // signature is asked below.
    let path = match path_at(UnixNanos::from_seconds(leaf.not_before())) {
        Ok(path) => path,
        Err(error) => return Issued::refused(error.to_string()),
    };
    let issuer_spki = path.get(1).map(|issuer| issuer.spki().to_vec());
    if times.is_empty() {
        return Issued {
            chain: Outcome::Passed,
            time: Outcome::Skipped("no signing time is verified"),
            issuer_spki,
        };
    }
    let mut problems = Vec::new();
    for time in times {
        let problem = |holder: &str, window: String| Problem::CertificateTime {
            holder: holder.to_owned(),
            at: time.at.to_string(),
            window,
        };
        if !authority.window.contains(time.at) {
            problems.push(problem("the certificate authority", authority.window.to_string()));
        }
        if let Err(error) = path_at(time.at) {
            let of = |seconds| UnixNanos::from_seconds(seconds).to_string();
            let window = match error.subject == leaf.subject_text() {
                true => format!("from {} to {}", of(leaf.not_before()), of(leaf.not_after())),
                false => error.to_string(),
            };
            problems.push(problem("the certificate", window));
        }
    }
    Issued { chain: Outcome::Passed, time: problems.into(), issuer_spki }
}
