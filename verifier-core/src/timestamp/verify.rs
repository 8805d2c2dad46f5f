use super::signer::Attributes;
use super::trust::fingerprint;
use super::{NotValidated, Problem, Token, TrustScope, TrustSet};
use crate::bytes::der::{self, Reader};
use crate::crypto::pki::Hash;
use crate::time::UnixNanos;
use crate::x509::{Basis, Certificate, PathProblem, Revocation, find_path, oid, revocation};

/// Seconds that the stated signing time may differ from the stated time.
const SIGNING_TIME_SECONDS: u64 = 300;

/// What was established on the way, for reports; `None` where the check was not reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// The imprint is the digest that was expected.
    pub imprint: bool,
    /// Attributes and signature of the token.
    pub signature: Option<bool>,
    /// The signer's certificate is one for timestamps only.
    pub purpose: Option<bool>,
    /// A path to an anchor holds at the stated time.
    pub path: Option<bool>,
    /// No certificate of the path was revoked.
    pub revocation: Option<bool>,
    /// Subject of the signer's certificate.
    pub signer: Option<String>,
    /// What is worth knowing and changes nothing.
    pub remarks: Vec<Remark>,
}

/// What is worth knowing about a token and changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// Certificates are named by SHA-1 only (`TSA_ESS_SHA1_ONLY`).
    NamedBySha1Only,
    /// The signing time in the attributes is more than five minutes from the stated time.
    SigningTimeDiffers,
}

impl Remark {
    /// Stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NamedBySha1Only => "TSA_ESS_SHA1_ONLY",
            Self::SigningTimeDiffers => "TSA_SIGNING_TIME_DIFFERS",
        }
    }
}

/// A timestamp that an accepted authority made. Nothing else makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The digest existed before this instant: the stated time, or its latest bound where an accuracy is stated.
    pub not_later_than: UnixNanos,
    /// The token was made no earlier than this instant.
    pub not_earlier_than: UnixNanos,
    /// SHA-256 of the certificates of the path, signer first.
    pub path: Vec<String>,
    /// The weakest basis of the revocation answers.
    pub revocation_basis: Basis,
}

/// Whether a receipt is a timestamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is.
    Validated(Verified),
    /// Nothing is wrong, something is missing.
    NotValidated(NotValidated),
    /// It is not.
    Invalid(Problem),
}

/// Decides whether `token` is a timestamp of the SHA-256 digest `expected` (spec 11.8.3 to 11.8.6).
#[must_use]
pub fn verify(token: &Token<'_>, expected: &[u8; 32], trust: &TrustSet) -> (Outcome, Checks) {
    let mut checks = Checks::default();
    let outcome = match decide(token, expected, trust, &mut checks) {
        Ok(outcome) => outcome,
        Err(problem) => Outcome::Invalid(problem),
    };
    (outcome, checks)
}

fn decide(
    token: &Token<'_>,
    expected: &[u8; 32],
    trust: &TrustSet,
    checks: &mut Checks,
) -> Result<Outcome, Problem> {
    let info = &token.info;
    checks.imprint = info.imprint == expected;
    match Hash::of(&info.imprint_algorithm) {
        Ok(Hash::Sha256) => {}
        _ => return Err(Problem::ImprintAlgorithm(token.imprint_algorithm())),
    }
    if !checks.imprint {
        return Err(Problem::Imprint);
    }
    let signer_info = token.signer.as_ref().map_err(Clone::clone)?;
    let signer = signer_info.certificate(&token.certificates)?;
    checks.signer = Some(signer.subject_text().to_owned());
    checks.signature = Some(false);
    let attributes = signer_info.verify(token.content, &token.digests, signer)?;
    attributes.check_signer(signer)?;
    check_name(token, signer)?;
    checks.signature = Some(true);
    note_remarks(&attributes, info.gen_time, checks);
    checks.purpose = Some(false);
    check_purpose(signer)?;
    checks.purpose = Some(true);
    let path = match path(token, signer, trust)? {
        Ok(path) => path,
        Err(missing) => return Ok(Outcome::NotValidated(missing)),
    };
    checks.path = Some(false);
    attributes.check_path(&path)?;
    checks.path = Some(true);
    let basis = match check_revocation(&path, trust, info.gen_time) {
        Ok(basis) => basis,
        Err(Ok(missing)) => return Ok(Outcome::NotValidated(missing)),
        Err(Err(problem)) => {
            checks.revocation = Some(false);
            return Err(problem);
        }
    };
    checks.revocation = Some(true);
    let (not_earlier_than, not_later_than) = info.interval();
    Ok(Outcome::Validated(Verified {
        not_later_than,
        not_earlier_than,
        path: path.iter().map(|certificate| fingerprint(certificate)).collect(),
        revocation_basis: basis,
    }))
}

fn note_remarks(attributes: &Attributes<'_>, gen_time: UnixNanos, checks: &mut Checks) {
    if attributes.names_by_sha1_only() {
        checks.remarks.push(Remark::NamedBySha1Only);
    }
    let width = SIGNING_TIME_SECONDS * 1_000_000_000;
    if let Some(time) = attributes.signing_time
        && (time < gen_time.minus(width) || time > gen_time.plus(width))
    {
        checks.remarks.push(Remark::SigningTimeDiffers);
    }
}

/// `TSTInfo.tsa`, when stated, is the signer's subject or one of its alternative names.
pub(super) fn check_name(token: &Token<'_>, signer: &Certificate) -> Result<(), Problem> {
    let Some(name) = token.info.tsa else { return Ok(()) };
    if name.tag == der::context(4) && name.value == signer.subject() {
        return Ok(());
    }
    let names = signer.extension(oid::SUBJECT_ALT_NAME).map(|extension| extension.value.as_slice());
    let mut list = match names.map(|value| Reader::single(value, der::SEQUENCE)) {
        Some(Ok(sequence)) => sequence.inside(),
        _ => return Err(Problem::Name),
    };
    while !list.is_empty() {
        if list.read()?.raw == name.raw {
            return Ok(());
        }
    }
    Err(Problem::Name)
}

/// RFC 3161 section 2.3: the certificate is for timestamps and for nothing else, and says so critically.
pub(super) fn check_purpose(signer: &Certificate) -> Result<(), Problem> {
    if signer.is_ca() {
        return Err(Problem::Purpose("it is a certification authority"));
    }
    if !signer.may_sign(true) {
        return Err(Problem::Purpose("its key usage is another"));
    }
    let critical = signer.extension(oid::EXTENDED_KEY_USAGE).is_some_and(|extension| extension.critical);
    match signer.key_purposes() {
        None => Err(Problem::Purpose("it states no purpose")),
        Some([purpose]) if purpose == oid::TIME_STAMPING && critical => Ok(()),
        Some([purpose]) if purpose == oid::TIME_STAMPING => {
            Err(Problem::Purpose("its purpose is not critical"))
        }
        Some(_) => Err(Problem::Purpose("it has another purpose")),
    }
}

/// The path to an anchor. An authority that names none of the accepted issuers is unknown, not wrong; what it is
/// called by whoever wrote the receipt down does not matter.
fn path<'c>(
    token: &'c Token<'_>,
    signer: &'c Certificate,
    trust: &'c TrustSet,
) -> Result<Result<Vec<&'c Certificate>, NotValidated>, Problem> {
    let candidates: Vec<&Certificate> = trust.intermediates.iter().chain(&token.certificates).collect();
    let anchors: Vec<&Certificate> = trust.anchors.iter().collect();
    let verify = |child: &Certificate, issuer: &Certificate| trust.verify(child, issuer);
    let found = find_path(signer, &candidates, &anchors, token.info.gen_time, oid::TIME_STAMPING, &verify);
    match found {
        Ok(path) => Ok(Ok(path)),
        Err(error) if error.problem == PathProblem::NoIssuer && trust.scope != TrustScope::UserSupplied => {
            let claims_one = token.certificates.iter().chain([signer]).any(|own| trust.names_issuer_of(own));
            if claims_one { Err(Problem::Path(error)) } else { Ok(Err(NotValidated::UnknownAuthority)) }
        }
        Err(error) => Err(Problem::Path(error)),
    }
}

/// Every certificate but the anchor; what is revoked comes before what is not known.
fn check_revocation(
    path: &[&Certificate],
    trust: &TrustSet,
    at: UnixNanos,
) -> Result<Basis, Result<NotValidated, Problem>> {
    let mut weakest = Basis::Later;
    let mut missing = None;
    for pair in path.windows(2) {
        let [certificate, issuer] = pair else { continue };
        let subject = || certificate.subject_text().to_owned();
        match revocation(certificate, trust.lists_of(issuer), at) {
            Revocation::Good(basis) => weakest = weakest.min(basis),
            Revocation::Revoked(since) => return Err(Err(Problem::Revoked(subject(), since))),
            Revocation::Compromised(since) => return Err(Err(Problem::Compromised(subject(), since))),
            Revocation::Stale => missing = missing.or(Some(NotValidated::RevocationStale)),
            Revocation::Missing => missing = missing.or(Some(NotValidated::RevocationMissing)),
        }
    }
    match missing {
        Some(_) if !trust.has_lists() => Err(Ok(NotValidated::RevocationNotSupplied)),
        Some(missing) => Err(Ok(missing)),
        None => Ok(weakest),
    }
}
