use std::collections::BTreeMap;

use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::{CertificateRevocationList, RevokedCertificate};

use super::certificate::{extension_outline, name_outline};
use super::{Certificate, CertificateError};
use crate::bytes::der::{self, DerError, Element, Reader};
use crate::crypto::pki::{PkiError, Scheme};
use crate::time::UnixNanos;

/// Largest revocation list that is read, in bytes.
const CRL_BYTES: usize = 16 << 20;

const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 0x1c];
const DELTA_CRL_INDICATOR: &[u8] = &[0x55, 0x1d, 0x1b];

/// A revoked certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Revoked {
    /// The earlier of revocation date and invalidity date, in Unix seconds.
    from: i64,
    /// reasonCode, when stated.
    reason: Option<u8>,
}

impl Revoked {
    /// Two entries for one certificate: the earlier date counts, and a reason only where both state it.
    fn and(self, other: Self) -> Self {
        let reason = self.reason.filter(|_| self.reason == other.reason);
        Self { from: self.from.min(other.from), reason }
    }
}

/// A revocation list (RFC 5280 section 5), read and not yet believed.
#[derive(Clone, Debug)]
pub struct Crl {
    tbs: Vec<u8>,
    scheme: Result<Scheme, PkiError>,
    signature: Vec<u8>,
    issuer: Vec<u8>,
    issuer_text: String,
    this_update: i64,
    next_update: Option<i64>,
    revoked: BTreeMap<Vec<u8>, Revoked>,
    /// Why the list says nothing about certificates in general.
    scoped: Option<&'static str>,
}

impl Crl {
    /// Reads the DER of one list.
    ///
    /// # Errors
    /// [`CertificateError`] when it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > CRL_BYTES {
            return Err(CertificateError::TooLarge);
        }
        let mut outer = Reader::single(bytes, der::SEQUENCE)?.inside();
        let tbs = outer.expect(der::SEQUENCE)?;
        let mut algorithm_at = outer;
        let algorithm = algorithm_at.expect(der::SEQUENCE)?;
        let scheme = Scheme::of(&outer.algorithm()?);
        let signature = match outer.expect(der::BIT_STRING)?.value {
            [0, signature @ ..] => signature.to_vec(),
            _ => return Err(DerError::Value.into()),
        };
        outer.end()?;
        outline(tbs, algorithm)?;
        let (rest, parsed) = CertificateRevocationList::from_der(bytes)
            .map_err(|error| CertificateError::Structure(error.to_string()))?;
        if !rest.is_empty() {
            return Err(DerError::Trailing.into());
        }
        let mut scoped = scope(&parsed);
        let mut revoked = BTreeMap::new();
        for entry in parsed.iter_revoked_certificates() {
            if entry.extensions().iter().any(|extension| extension.critical && !is_known_entry(extension)) {
                scoped.get_or_insert("an entry has a critical extension that is not supported");
            }
            let new = revoked_entry(entry);
            let slot = revoked.entry(entry.raw_serial().to_vec()).or_insert(new);
            *slot = slot.and(new);
        }
        Ok(Self {
            tbs: tbs.raw.to_vec(),
            scheme,
            signature,
            issuer: parsed.issuer().as_raw().to_vec(),
            issuer_text: parsed.issuer().to_string(),
            this_update: parsed.last_update().timestamp(),
            next_update: parsed.next_update().map(|time| time.timestamp()),
            revoked,
            scoped,
        })
    }

    /// DER of the issuer's name.
    #[must_use]
    pub fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    /// The issuer's name for messages.
    #[must_use]
    pub fn issuer_text(&self) -> &str {
        &self.issuer_text
    }

    /// thisUpdate in Unix seconds.
    #[must_use]
    pub fn this_update(&self) -> i64 {
        self.this_update
    }

    /// nextUpdate in Unix seconds.
    #[must_use]
    pub fn next_update(&self) -> Option<i64> {
        self.next_update
    }

    /// Number of certificates that it lists.
    #[must_use]
    pub fn revoked_count(&self) -> usize {
        self.revoked.len()
    }

    /// Why the list cannot be used for certificates in general, when it cannot.
    #[must_use]
    pub fn unusable(&self) -> Option<&'static str> {
        self.scoped
    }

    /// Checks that `issuer` signed the list and may do so.
    ///
    /// # Errors
    /// [`PkiError`] when not; [`PkiError::Mismatch`] for another name or a key that may not sign lists.
    pub fn verify(&self, issuer: &Certificate) -> Result<(), PkiError> {
        if self.issuer != issuer.subject() || !issuer.may_sign_crls() {
            return Err(PkiError::Mismatch);
        }
        let scheme = self.scheme.clone()?;
        issuer.key()?.verify(scheme, &self.tbs, &self.signature)
    }
}

/// Checks that nothing stands in the signed part beside what `x509-parser` reads of it.
fn outline(tbs: Element<'_>, algorithm: Element<'_>) -> Result<(), CertificateError> {
    let is_time = |tag: Option<u8>| matches!(tag, Some(der::UTC_TIME | der::GENERALIZED_TIME));
    let extensions = |list: Element<'_>| {
        let mut list = list.inside();
        while !list.is_empty() {
            extension_outline(list.expect(der::SEQUENCE)?)?;
        }
        Ok::<(), DerError>(())
    };
    let mut inside = tbs.inside();
    inside.optional(der::INTEGER)?;
    if inside.expect(der::SEQUENCE)?.raw != algorithm.raw {
        return Err(CertificateError::Algorithms);
    }
    name_outline(inside.expect(der::SEQUENCE)?)?;
    inside.read()?;
    if is_time(inside.peek()) {
        inside.read()?;
    }
    if let Some(list) = inside.optional(der::SEQUENCE)? {
        let mut list = list.inside();
        while !list.is_empty() {
            let mut entry = list.expect(der::SEQUENCE)?.inside();
            entry.expect(der::INTEGER)?;
            entry.read()?;
            if let Some(list) = entry.optional(der::SEQUENCE)? {
                extensions(list)?;
            }
            entry.end()?;
        }
    }
    if let Some(wrapped) = inside.optional(der::context(0))? {
        let mut wrapped = wrapped.inside();
        extensions(wrapped.expect(der::SEQUENCE)?)?;
        wrapped.end()?;
    }
    inside.end()?;
    Ok(())
}

fn is_known_entry(extension: &x509_parser::extensions::X509Extension<'_>) -> bool {
    matches!(
        extension.parsed_extension(),
        ParsedExtension::ReasonCode(_) | ParsedExtension::InvalidityDate(_)
    )
}

/// Why a list covers only some certificates, or cannot be understood.
fn scope(list: &CertificateRevocationList<'_>) -> Option<&'static str> {
    for extension in list.extensions() {
        if extension.oid.as_bytes() == ISSUING_DISTRIBUTION_POINT {
            let ParsedExtension::IssuingDistributionPoint(point) = extension.parsed_extension() else {
                return Some("its issuing distribution point is malformed");
            };
            if point.only_contains_user_certs
                || point.only_contains_ca_certs
                || point.only_contains_attribute_certs
                || point.indirect_crl
                || point.only_some_reasons.is_some()
            {
                return Some("it covers only some certificates");
            }
        } else if extension.oid.as_bytes() == DELTA_CRL_INDICATOR {
            return Some("it lists only what changed since another list");
        } else if extension.critical {
            return Some("it has a critical extension that is not supported");
        }
    }
    None
}

fn revoked_entry(entry: &RevokedCertificate<'_>) -> Revoked {
    let revoked = entry.revocation_date.timestamp();
    let invalid = entry.invalidity_date().map(|(_, date)| date.timestamp());
    Revoked {
        from: invalid.map_or(revoked, |invalid| invalid.min(revoked)),
        reason: entry.reason_code().map(|(_, reason)| reason.0),
    }
}

/// On which kind of list an answer rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// A list that was current at the time asked about.
    Current,
    /// A list made later, while the certificate would still have been listed: it knows more.
    Later,
}

/// What revocation lists say about a certificate at a time (spec 11.8.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Not revoked.
    Good(Basis),
    /// Revoked at or before that time, since this Unix second.
    Revoked(i64),
    /// Revoked later for a reason (or none) that leaves nothing the key signed believable, since this Unix second.
    Compromised(i64),
    /// There are lists, but they end before that time.
    Stale,
    /// There is no usable list of the issuer.
    Missing,
}

/// Asks `lists`, each of which its issuer is known to have signed, whether `certificate` was revoked at `at`.
#[must_use]
pub fn revocation<'l>(
    certificate: &Certificate,
    lists: impl IntoIterator<Item = &'l Crl>,
    at: UnixNanos,
) -> Revocation {
    const HOLD: u8 = 6;
    const REMOVED: u8 = 8;
    let mut best: Option<Basis> = None;
    let mut stale = false;
    let mut compromised = None;
    let mut revoked: Option<i64> = None;
    for list in lists.into_iter().filter(|list| list.unusable().is_none()) {
        if list.issuer() != certificate.issuer() {
            continue;
        }
        if let Some(entry) = list.revoked.get(certificate.serial())
            && entry.reason != Some(REMOVED)
        {
            if UnixNanos::from_seconds(entry.from) <= at {
                revoked = Some(revoked.map_or(entry.from, |other| other.min(entry.from)));
            } else if matches!(entry.reason, None | Some(1 | 2 | 10)) {
                compromised = Some(entry.from);
            } else if entry.reason == Some(HOLD) || matches!(entry.reason, Some(0 | 3 | 4 | 5)) {
                best = best.max(Some(Basis::Later));
            } else {
                compromised = Some(entry.from);
            }
            continue;
        }
        let begins = UnixNanos::from_seconds(list.this_update());
        if begins >= at && list.this_update() <= certificate.not_after() {
            best = best.max(Some(Basis::Later));
        } else if begins <= at && list.next_update().is_none_or(|next| at < UnixNanos::from_seconds(next)) {
            best = best.max(Some(Basis::Current));
        } else {
            stale = true;
        }
    }
    match (revoked, compromised, best) {
        (Some(since), _, _) => Revocation::Revoked(since),
        (None, Some(since), _) => Revocation::Compromised(since),
        (None, None, Some(basis)) => Revocation::Good(basis),
        (None, None, None) if stale => Revocation::Stale,
        _ => Revocation::Missing,
    }
}
