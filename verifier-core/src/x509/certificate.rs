use std::fmt;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Version;

use crate::bytes::der::{self, DerError, Element, Reader};
use crate::crypto::pki::{PkiError, Scheme, SubjectKey};
use crate::crypto::sha256;

/// Largest certificate that is read, in bytes.
const CERTIFICATE_BYTES: usize = 64 << 10;
/// Extensions of one certificate.
const EXTENSIONS: usize = 64;

/// Object identifiers of extensions and key purposes, as content octets.
pub mod oid {
    /// subjectKeyIdentifier
    pub const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 0x0e];
    /// keyUsage
    pub const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
    /// subjectAltName
    pub const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
    /// nameConstraints
    pub const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];
    /// basicConstraints
    pub const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
    /// certificatePolicies
    pub const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 0x20];
    /// authorityKeyIdentifier
    pub const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 0x23];
    /// extKeyUsage
    pub const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
    /// id-kp-timeStamping
    pub const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];
    /// id-kp-codeSigning
    pub const CODE_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 3];
}

/// Critical extensions that path validation takes into account.
const KNOWN: &[&[u8]] = &[
    oid::KEY_USAGE,
    oid::SUBJECT_ALT_NAME,
    oid::BASIC_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
    oid::EXTENDED_KEY_USAGE,
];

/// Why bytes are not a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// The structure is not DER.
    Der(DerError),
    /// More bytes than a certificate may have.
    TooLarge,
    /// The structure is no X.509 certificate, with the reader's words.
    Structure(String),
    /// The algorithm inside and outside the signed part differ.
    Algorithms,
    /// An extension occurs twice.
    RepeatedExtension(String),
    /// More extensions than are read.
    TooManyExtensions,
    /// Extensions in a certificate of version 1 or 2, which have none.
    Version,
    /// An extension that decides is malformed.
    Extension(String),
}

impl From<DerError> for CertificateError {
    fn from(error: DerError) -> Self {
        Self::Der(error)
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Der(error) => write!(formatter, "{error}"),
            Self::TooLarge => formatter.write_str("the certificate is too large"),
            Self::Structure(reason) => write!(formatter, "no X.509 certificate: {reason}"),
            Self::Algorithms => formatter.write_str("the certificate names two signature algorithms"),
            Self::RepeatedExtension(oid) => write!(formatter, "the extension {oid} occurs twice"),
            Self::TooManyExtensions => formatter.write_str("the certificate has too many extensions"),
            Self::Version => formatter.write_str("the certificate has extensions that its version has not"),
            Self::Extension(oid) => write!(formatter, "the extension {oid} is malformed"),
        }
    }
}

impl std::error::Error for CertificateError {}

/// An extension as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The content octets of its object identifier.
    pub oid: Vec<u8>,
    /// Whether a reader that does not know it must refuse the certificate.
    pub critical: bool,
    /// Its DER value.
    pub value: Vec<u8>,
}

/// A certificate, read and not yet believed.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: Vec<u8>,
    fingerprint: [u8; 32],
    tbs: Vec<u8>,
    scheme: Result<Scheme, PkiError>,
    signature: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    issuer_text: String,
    subject: Vec<u8>,
    subject_text: String,
    not_before: i64,
    not_after: i64,
    spki: Vec<u8>,
    key: Result<SubjectKey, PkiError>,
    extensions: Vec<Extension>,
    is_ca: bool,
    path_length: Option<u32>,
    key_usage: Option<u16>,
    key_purposes: Option<Vec<Vec<u8>>>,
    subject_key_id: Option<Vec<u8>>,
    authority_key_id: Option<Vec<u8>>,
}

/// Bit of a `KeyUsage` flag, numbered as in RFC 5280 section 4.2.1.3.
const KEY_CERT_SIGN: u16 = 1 << 5;
const CRL_SIGN: u16 = 1 << 6;
const DIGITAL_SIGNATURE: u16 = 1;
const CONTENT_COMMITMENT: u16 = 1 << 1;

impl Certificate {
    /// Reads the DER of one certificate.
    ///
    /// # Errors
    /// [`CertificateError`] when it is none, or has an extension that decides and cannot be read.
    pub fn read(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > CERTIFICATE_BYTES {
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
        let structure = |error: &dyn fmt::Display| CertificateError::Structure(error.to_string());
        let (rest, parsed) = X509Certificate::from_der(bytes).map_err(|error| structure(&error))?;
        if !rest.is_empty() {
            return Err(DerError::Trailing.into());
        }
        let serial = outline(tbs, algorithm)?.to_vec();
        let spki = parsed.tbs_certificate.subject_pki.raw.to_vec();
        let mut certificate = Self {
            der: bytes.to_vec(),
            fingerprint: sha256(bytes),
            tbs: tbs.raw.to_vec(),
            scheme,
            signature,
            serial,
            issuer: parsed.issuer().as_raw().to_vec(),
            issuer_text: parsed.issuer().to_string(),
            subject: parsed.subject().as_raw().to_vec(),
            subject_text: parsed.subject().to_string(),
            not_before: parsed.validity().not_before.timestamp(),
            not_after: parsed.validity().not_after.timestamp(),
            key: SubjectKey::from_spki(&spki),
            spki,
            extensions: Vec::new(),
            is_ca: false,
            path_length: None,
            key_usage: None,
            key_purposes: None,
            subject_key_id: None,
            authority_key_id: None,
        };
        certificate.read_extensions(&parsed)?;
        Ok(certificate)
    }

    fn read_extensions(&mut self, parsed: &X509Certificate<'_>) -> Result<(), CertificateError> {
        if parsed.extensions().len() > EXTENSIONS {
            return Err(CertificateError::TooManyExtensions);
        }
        if !parsed.extensions().is_empty() && parsed.version() != X509Version::V3 {
            return Err(CertificateError::Version);
        }
        for extension in parsed.extensions() {
            let oid = extension.oid.as_bytes();
            if self.extension(oid).is_some() {
                return Err(CertificateError::RepeatedExtension(der::dotted(oid)));
            }
            self.read_extension(oid, extension.value)
                .map_err(|_| CertificateError::Extension(der::dotted(oid)))?;
            let unread = matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. });
            if unread && (KNOWN.contains(&oid) || extension.critical) {
                return Err(CertificateError::Extension(der::dotted(oid)));
            }
            self.extensions.push(Extension {
                oid: oid.to_vec(),
                critical: extension.critical,
                value: extension.value.to_vec(),
            });
        }
        Ok(())
    }

    /// What decides about paths is read here; `x509-parser` overlooks the class of some tags.
    fn read_extension(&mut self, id: &[u8], value: &[u8]) -> Result<(), DerError> {
        match id {
            oid::BASIC_CONSTRAINTS => {
                let mut inside = Reader::single(value, der::SEQUENCE)?.inside();
                let ca = inside.optional(der::BOOLEAN)?;
                self.is_ca = ca.map(|ca| der::boolean(ca.value)).transpose()?.unwrap_or(false);
                if !inside.is_empty() {
                    // More certificates than can be counted are as many as one likes.
                    self.path_length = Some(u32::try_from(inside.small()?).unwrap_or(u32::MAX));
                }
                inside.end()
            }
            oid::KEY_USAGE => {
                let [unused @ 0..=7, flags @ ..] = Reader::single(value, der::BIT_STRING)?.value else {
                    return Err(DerError::Value);
                };
                let stray = flags.last().is_some_and(|last| last.trailing_zeros() < u32::from(*unused));
                if flags.len() > 2 || stray {
                    return Err(DerError::Value);
                }
                // Bit 0 of the standard is the highest one of the first octet.
                let bytes = flags.iter().zip([0u32, 8]);
                let flags = bytes.map(|(byte, shift)| u16::from(byte.reverse_bits()) << shift);
                self.key_usage = Some(flags.fold(0, |all, flags| all | flags));
                Ok(())
            }
            oid::EXTENDED_KEY_USAGE => {
                let mut inside = Reader::single(value, der::SEQUENCE)?.inside();
                let mut purposes = Vec::new();
                while !inside.is_empty() {
                    purposes.push(inside.expect(der::OID)?.value.to_vec());
                }
                self.key_purposes = Some(purposes);
                Ok(())
            }
            oid::SUBJECT_KEY_ID => {
                self.subject_key_id = Some(Reader::single(value, der::OCTET_STRING)?.value.to_vec());
                Ok(())
            }
            oid::AUTHORITY_KEY_ID => {
                let mut inside = Reader::single(value, der::SEQUENCE)?.inside();
                self.authority_key_id = inside.optional(0x80)?.map(|id| id.value.to_vec());
                inside.optional(der::context(1))?;
                inside.optional(0x82)?;
                inside.end()
            }
            _ => Ok(()),
        }
    }

    /// The bytes as received.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the bytes as received.
    #[must_use]
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The signed part.
    #[must_use]
    pub fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    /// Content octets of the serial number.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
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

    /// DER of the subject's name.
    #[must_use]
    pub fn subject(&self) -> &[u8] {
        &self.subject
    }

    /// The subject's name for messages.
    #[must_use]
    pub fn subject_text(&self) -> &str {
        &self.subject_text
    }

    /// First second of the validity period, in Unix time.
    #[must_use]
    pub fn not_before(&self) -> i64 {
        self.not_before
    }

    /// Last second of the validity period, in Unix time.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// DER of the `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The public key.
    ///
    /// # Errors
    /// [`PkiError`] when the key is weak, malformed or of an unsupported algorithm.
    pub fn key(&self) -> Result<&SubjectKey, PkiError> {
        self.key.as_ref().map_err(Clone::clone)
    }

    /// Extensions as received.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The extension with this object identifier.
    #[must_use]
    pub fn extension(&self, oid: &[u8]) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.oid == oid)
    }

    /// A critical extension that is not taken into account here. Name constraints count as critical whatever they say,
    /// since RFC 5280 section 4.2.1.10 has them be.
    #[must_use]
    pub fn unknown_critical(&self) -> Option<&Extension> {
        self.extensions.iter().find(|extension| {
            let critical = extension.critical || extension.oid == oid::NAME_CONSTRAINTS;
            critical && !KNOWN.contains(&extension.oid.as_slice())
        })
    }

    /// Whether it may issue certificates: CA and, where key usage is stated, keyCertSign.
    #[must_use]
    pub fn is_issuer(&self) -> bool {
        self.is_ca && self.may(KEY_CERT_SIGN)
    }

    /// Whether it is marked as a certification authority.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.is_ca
    }

    /// Whether it may sign revocation lists.
    #[must_use]
    pub fn may_sign_crls(&self) -> bool {
        self.may(CRL_SIGN)
    }

    /// Whether key usage is absent or allows signatures, and nothing else when `only`.
    #[must_use]
    pub fn may_sign(&self, only: bool) -> bool {
        let signing = DIGITAL_SIGNATURE | CONTENT_COMMITMENT;
        self.key_usage.is_none_or(|usage| usage & signing != 0 && (!only || usage & !signing == 0))
    }

    fn may(&self, flag: u16) -> bool {
        self.key_usage.is_none_or(|usage| usage & flag != 0)
    }

    /// How many intermediate certificates may follow.
    #[must_use]
    pub fn path_length(&self) -> Option<u32> {
        self.path_length
    }

    /// Extended key usage: the purposes as content octets; `None` when the extension is absent.
    #[must_use]
    pub fn key_purposes(&self) -> Option<&[Vec<u8>]> {
        self.key_purposes.as_deref()
    }

    /// subjectKeyIdentifier.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.subject_key_id.as_deref()
    }

    /// The key identifier of authorityKeyIdentifier.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.authority_key_id.as_deref()
    }

    /// Whether names and, where both are stated, key identifiers allow `issuer` to have issued this certificate.
    #[must_use]
    pub fn names_issuer(&self, issuer: &Self) -> bool {
        let same_key = match (self.authority_key_id(), issuer.subject_key_id()) {
            (Some(own), Some(other)) => own == other,
            _ => true,
        };
        self.issuer == issuer.subject && same_key
    }

    /// Checks the signature of this certificate under the issuer's key.
    ///
    /// # Errors
    /// [`PkiError`] when it does not verify or is too weak.
    pub fn verify_issued_by(&self, issuer: &Self) -> Result<(), PkiError> {
        let scheme = self.scheme.clone()?;
        issuer.key()?.verify(scheme, &self.tbs, &self.signature)
    }
}

/// Checks that nothing stands in the signed part beside what `x509-parser` reads of it. Gives the serial number.
fn outline<'a>(tbs: Element<'a>, algorithm: Element<'_>) -> Result<&'a [u8], CertificateError> {
    let mut inside = tbs.inside();
    if let Some(version) = inside.optional(der::context(0))? {
        let mut version = version.inside();
        version.small()?;
        version.end()?;
    }
    let serial = inside.expect(der::INTEGER)?.value;
    if inside.expect(der::SEQUENCE)?.raw != algorithm.raw {
        return Err(CertificateError::Algorithms);
    }
    name_outline(inside.expect(der::SEQUENCE)?)?;
    let mut validity = inside.expect(der::SEQUENCE)?.inside();
    validity.read()?;
    validity.read()?;
    validity.end()?;
    name_outline(inside.expect(der::SEQUENCE)?)?;
    inside.expect(der::SEQUENCE)?;
    inside.optional(0x81)?;
    inside.optional(0x82)?;
    if let Some(extensions) = inside.optional(der::context(3))? {
        let mut wrapped = extensions.inside();
        let mut list = wrapped.expect(der::SEQUENCE)?.inside();
        wrapped.end()?;
        while !list.is_empty() {
            extension_outline(list.expect(der::SEQUENCE)?)?;
        }
    }
    inside.end()?;
    Ok(serial)
}

/// `Name` (RFC 5280 section 4.1.2.4): sets of attributes, each with one type and one value.
pub(super) fn name_outline(name: Element<'_>) -> Result<(), DerError> {
    let mut sets = name.inside();
    while !sets.is_empty() {
        let mut attributes = sets.expect(der::SET)?.inside();
        let mut next = attributes.expect(der::SEQUENCE)?;
        loop {
            let mut attribute = next.inside();
            attribute.expect(der::OID)?;
            attribute.read()?;
            attribute.end()?;
            if attributes.is_empty() {
                break;
            }
            next = attributes.expect(der::SEQUENCE)?;
        }
    }
    Ok(())
}

/// `Extension` (RFC 5280 section 4.1): identifier, criticality unless it is the default, value.
pub(super) fn extension_outline(extension: Element<'_>) -> Result<(), DerError> {
    let mut inside = extension.inside();
    inside.expect(der::OID)?;
    if let Some(critical) = inside.optional(der::BOOLEAN)? {
        der::boolean(critical.value)?;
    }
    inside.expect(der::OCTET_STRING)?;
    inside.end()
}
