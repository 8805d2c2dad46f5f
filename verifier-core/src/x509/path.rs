use std::fmt;

use super::Certificate;
use crate::bytes::der;
use crate::crypto::pki::PkiError;
use crate::time::UnixNanos;

/// Certificates of a path, anchor included.
const PATH_LENGTH: usize = 8;
/// Signatures that one search may check: crafted certificates of one name otherwise make it exponential.
const SIGNATURE_CHECKS: usize = 64;

/// What keeps certificates from being a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathProblem {
    /// No candidate has the issuer's name and key identifier.
    NoIssuer,
    /// It begins to be valid later.
    NotYetValid,
    /// It ended to be valid earlier.
    Expired,
    /// The issuer may not issue certificates.
    NotAnIssuer,
    /// More intermediate certificates follow than the issuer allows.
    PathLength,
    /// A critical extension that is not taken into account, as dotted object identifier.
    UnknownCriticalExtension(String),
    /// The issuer's purposes do not include the one that is wanted.
    Purpose,
    /// The signature, or the key or algorithm it rests on.
    Signature(PkiError),
    /// The path gets longer than is followed.
    TooLong,
    /// More signatures would have to be checked than one search may check.
    Budget,
}

impl fmt::Display for PathProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoIssuer => formatter.write_str("its issuer is not among the known certificates"),
            Self::NotYetValid => formatter.write_str("it is not valid yet at that time"),
            Self::Expired => formatter.write_str("it has expired at that time"),
            Self::NotAnIssuer => formatter.write_str("it may not issue certificates"),
            Self::PathLength => formatter.write_str("it allows fewer certificates below it"),
            Self::UnknownCriticalExtension(oid) => {
                write!(formatter, "its critical extension {oid} is not supported")
            }
            Self::Purpose => formatter.write_str("it is not for this purpose"),
            Self::Signature(error) => write!(formatter, "{error}"),
            Self::TooLong => write!(formatter, "the path has more than {PATH_LENGTH} certificates"),
            Self::Budget => write!(formatter, "more than {SIGNATURE_CHECKS} signatures to check"),
        }
    }
}

/// Why there is no path: the problem that was met furthest from the end-entity certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// The problem.
    pub problem: PathProblem,
    /// Subject of the certificate that has it.
    pub subject: String,
}

impl fmt::Display for PathError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.subject, self.problem)
    }
}

impl std::error::Error for PathError {}

/// Finds a path from `leaf` to one of `anchors` that holds at `at` (RFC 5280 section 6, RFC 4158 for the search).
///
/// Every certificate must be valid at `at`, every issuer must be allowed to issue and, where it states purposes,
/// state `purpose`; names must match byte for byte. Signatures are asked of `verify` (child, issuer), which may
/// remember them; an anchor's own signature is not looked at. What the leaf itself may do is the caller's to check.
/// Policies and name constraints are not evaluated: a critical name constraint is refused like any unknown extension.
///
/// # Errors
/// [`PathError`] when there is no path within the search's limits.
pub fn find_path<'c>(
    leaf: &'c Certificate,
    candidates: &[&'c Certificate],
    anchors: &[&'c Certificate],
    at: UnixNanos,
    purpose: &[u8],
    verify: &dyn Fn(&Certificate, &Certificate) -> Result<(), PkiError>,
) -> Result<Vec<&'c Certificate>, PathError> {
    let mut search =
        Search { candidates, anchors, at, purpose, verify, checks: 0, furthest: None, path: vec![leaf] };
    if let Err(problem) = usable_at(leaf, at) {
        search.note(problem, leaf);
    } else if search.extend() {
        return Ok(search.path);
    }
    let at_leaf = |problem| PathError { problem, subject: leaf.subject_text().to_owned() };
    // Whatever else was met, a search that was broken off does not know that there is no path.
    if search.checks > SIGNATURE_CHECKS {
        return Err(at_leaf(PathProblem::Budget));
    }
    Err(search.furthest.map_or_else(|| at_leaf(PathProblem::NoIssuer), |(_, error)| error))
}

struct Search<'s, 'c> {
    candidates: &'s [&'c Certificate],
    anchors: &'s [&'c Certificate],
    at: UnixNanos,
    purpose: &'s [u8],
    verify: &'s dyn Fn(&Certificate, &Certificate) -> Result<(), PkiError>,
    checks: usize,
    /// The problem met at the greatest depth.
    furthest: Option<(usize, PathError)>,
    path: Vec<&'c Certificate>,
}

impl<'c> Search<'_, 'c> {
    /// Extends the path until it ends at an anchor. Recursion is as deep as a path is long.
    fn extend(&mut self) -> bool {
        let Some(child) = self.path.last().copied() else { return false };
        if self.path.len() >= PATH_LENGTH {
            self.note(PathProblem::TooLong, child);
            return false;
        }
        let (anchors, candidates) = (self.anchors, self.candidates);
        let mut found = false;
        for (issuer, is_anchor) in
            anchors.iter().map(|anchor| (*anchor, true)).chain(candidates.iter().map(|other| (*other, false)))
        {
            let on_path = self.path.iter().any(|other| other.fingerprint() == issuer.fingerprint());
            if on_path || !child.names_issuer(issuer) {
                continue;
            }
            found = true;
            match self.check(child, issuer) {
                Err((problem, subject)) => self.note(problem, subject),
                Ok(()) => {
                    self.path.push(issuer);
                    if is_anchor || self.extend() {
                        return true;
                    }
                    self.path.pop();
                }
            }
            if self.checks > SIGNATURE_CHECKS {
                return false;
            }
        }
        if !found {
            self.note(PathProblem::NoIssuer, child);
        }
        false
    }

    fn check<'x>(
        &mut self,
        child: &'x Certificate,
        issuer: &'x Certificate,
    ) -> Result<(), (PathProblem, &'x Certificate)> {
        let of_issuer = |problem| (problem, issuer);
        usable_at(issuer, self.at).map_err(of_issuer)?;
        if !issuer.is_issuer() {
            return Err(of_issuer(PathProblem::NotAnIssuer));
        }
        // Self-issued certificates are not counted (RFC 5280 section 4.2.1.9).
        let below = self.path.iter().skip(1).filter(|other| other.subject() != other.issuer()).count();
        if issuer.path_length().is_some_and(|allowed| u32::try_from(below).is_ok_and(|below| below > allowed))
        {
            return Err(of_issuer(PathProblem::PathLength));
        }
        let fits = |purposes: &[Vec<u8>]| purposes.iter().any(|own| own == self.purpose);
        if issuer.key_purposes().is_some_and(|purposes| !fits(purposes)) {
            return Err(of_issuer(PathProblem::Purpose));
        }
        self.checks += 1;
        if self.checks > SIGNATURE_CHECKS {
            return Err((PathProblem::Budget, child));
        }
        (self.verify)(child, issuer).map_err(|error| (PathProblem::Signature(error), child))
    }

    fn note(&mut self, problem: PathProblem, certificate: &Certificate) {
        let depth = self.path.len();
        if self.furthest.as_ref().is_none_or(|(other, _)| depth > *other) {
            let subject = certificate.subject_text().to_owned();
            self.furthest = Some((depth, PathError { problem, subject }));
        }
    }
}

/// Whether a certificate holds at a time and has nothing critical that is not taken into account.
fn usable_at(certificate: &Certificate, at: UnixNanos) -> Result<(), PathProblem> {
    if at < UnixNanos::from_seconds(certificate.not_before()) {
        return Err(PathProblem::NotYetValid);
    }
    if at > UnixNanos::from_seconds(certificate.not_after()) {
        return Err(PathProblem::Expired);
    }
    match certificate.unknown_critical() {
        None => Ok(()),
        Some(extension) => Err(PathProblem::UnknownCriticalExtension(der::dotted(&extension.oid))),
    }
}
