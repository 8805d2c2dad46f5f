use sha1::Digest as _;

use super::Problem;
use super::token::TST_INFO;
use crate::bytes::der::{self, Algorithm, Element, Reader};
use crate::crypto::pki::{Hash, PkiError, Scheme};
use crate::time::{Timestamp, UnixNanos};
use crate::x509::Certificate;

const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
const SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 5];
/// RFC 6211.
const ALGORITHM_PROTECTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 52];
/// RFC 2634: certificates named by SHA-1.
const SIGNING_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 12];
/// RFC 5035: certificates named by a stated digest.
const SIGNING_CERTIFICATE_V2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47];

/// Attributes of one signer.
const ATTRIBUTES: usize = 32;
/// Certificates that one attribute may name.
const IDENTIFIERS: usize = 16;

/// `SignerInfo` (RFC 5652 section 5.3).
#[derive(Clone, Debug)]
pub(super) struct SignerInfo<'a> {
    id: SignerId<'a>,
    digest: Algorithm<'a>,
    signature_algorithm: Algorithm<'a>,
    signature: &'a [u8],
    /// The attributes, with the tag that they have in the token.
    attributes: Option<Element<'a>>,
}

#[derive(Clone, Copy, Debug)]
enum SignerId<'a> {
    IssuerAndSerial { issuer: &'a [u8], serial: &'a [u8] },
    KeyId(&'a [u8]),
}

impl<'a> SignerInfo<'a> {
    pub(super) fn read(element: Element<'a>) -> Result<Self, Problem> {
        let mut inside = element.inside();
        let version = inside.small()?;
        let id = match inside.peek() {
            Some(der::SEQUENCE) if version == 1 => {
                let mut name = inside.read()?.inside();
                let (issuer, serial) = (name.expect(der::SEQUENCE)?.raw, name.expect(der::INTEGER)?.value);
                name.end()?;
                SignerId::IssuerAndSerial { issuer, serial }
            }
            Some(0x80) if version == 3 => SignerId::KeyId(inside.read()?.value),
            _ => return Err(Problem::Malformed("version and name of the signer do not fit".to_owned())),
        };
        let digest = inside.algorithm()?;
        let attributes = inside.optional(der::context(0))?;
        let signature_algorithm = inside.algorithm()?;
        let signature = inside.expect(der::OCTET_STRING)?.value;
        inside.optional(der::context(1))?;
        inside.end()?;
        Ok(Self { id, digest, signature_algorithm, signature, attributes })
    }

    /// The signer's certificate among the embedded ones.
    pub(super) fn certificate<'c>(&self, embedded: &'c [Certificate]) -> Result<&'c Certificate, Problem> {
        let found = embedded.iter().find(|certificate| match self.id {
            SignerId::IssuerAndSerial { issuer, serial } => {
                certificate.issuer() == issuer && certificate.serial() == serial
            }
            SignerId::KeyId(id) => certificate.subject_key_id() == Some(id),
        });
        found.ok_or_else(|| Problem::Malformed("the signer's certificate is not in the token".to_owned()))
    }

    /// Checks the signed attributes against the content, and the signature over them.
    pub(super) fn verify(
        &self,
        content: &[u8],
        announced: &[Option<Hash>],
        certificate: &Certificate,
    ) -> Result<Attributes<'a>, Problem> {
        let hash = Hash::of(&self.digest)?;
        let element = self.attributes.ok_or(Problem::SignedAttributes("there are none"))?;
        if !announced.contains(&Some(hash)) {
            return Err(Problem::SignedAttributes("the digest algorithm is not announced"));
        }
        let attributes = Attributes::read(element)?;
        if attributes.content_type != Some(TST_INFO) {
            return Err(Problem::SignedAttributes("the content type is not that of a timestamp"));
        }
        if let Some((digest, signature)) = attributes.algorithms
            && (digest.oid != self.digest.oid
                || signature.is_some_and(|signature| signature.oid != self.signature_algorithm.oid))
        {
            return Err(Problem::SignedAttributes("the protected algorithms are not those used"));
        }
        if attributes.message_digest != Some(hash.digest(content).as_slice()) {
            return Err(Problem::Signature(PkiError::Signature));
        }
        // The signature is over the attributes as a SET (RFC 5652 section 5.4).
        let mut signed = element.raw.to_vec();
        if let Some(tag) = signed.first_mut() {
            *tag = der::SET;
        }
        let scheme = Scheme::of(&self.signature_algorithm)?;
        certificate.key()?.verify_digest(scheme, hash, &hash.digest(&signed), self.signature)?;
        Ok(attributes)
    }
}

/// What the signed attributes say.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes<'a> {
    content_type: Option<&'a [u8]>,
    message_digest: Option<&'a [u8]>,
    pub(super) signing_time: Option<UnixNanos>,
    algorithms: Option<(Algorithm<'a>, Option<Algorithm<'a>>)>,
    v1: Option<Vec<CertificateId<'a>>>,
    v2: Option<Vec<CertificateId<'a>>>,
}

/// A certificate named by digest (RFC 5035 section 4).
#[derive(Clone, Debug)]
struct CertificateId<'a> {
    /// `None` for SHA-1.
    hash: Option<Hash>,
    digest: &'a [u8],
    issuer_serial: Option<Element<'a>>,
}

impl<'a> Attributes<'a> {
    fn read(element: Element<'a>) -> Result<Self, Problem> {
        let mut out = Self::default();
        let mut list = element.inside();
        let mut previous: Option<&[u8]> = None;
        let mut seen: Vec<&[u8]> = Vec::new();
        while !list.is_empty() {
            let attribute = list.expect(der::SEQUENCE)?;
            // DER sorts a SET OF by encoding; another order could be signed in two ways.
            if previous.is_some_and(|previous| previous >= attribute.raw) {
                return Err(Problem::SignedAttributes("they are not sorted"));
            }
            previous = Some(attribute.raw);
            let mut inside = attribute.inside();
            let oid = inside.expect(der::OID)?.value;
            let mut values = inside.expect(der::SET)?.inside();
            inside.end()?;
            if seen.contains(&oid) || seen.len() >= ATTRIBUTES {
                return Err(Problem::SignedAttributes("one occurs twice"));
            }
            seen.push(oid);
            let value = values.read().map_err(|_| Problem::SignedAttributes("one has no value"))?;
            if !values.is_empty() {
                return Err(Problem::SignedAttributes("one has several values"));
            }
            out.keep(oid, value)?;
        }
        Ok(out)
    }

    fn keep(&mut self, oid: &[u8], value: Element<'a>) -> Result<(), Problem> {
        match oid {
            CONTENT_TYPE if value.tag == der::OID => self.content_type = Some(value.value),
            MESSAGE_DIGEST if value.tag == der::OCTET_STRING => self.message_digest = Some(value.value),
            SIGNING_TIME => self.signing_time = Some(signing_time(value)?),
            ALGORITHM_PROTECTION => {
                let mut inside = value.inside();
                let digest = inside.algorithm()?;
                let signature = match inside.optional(der::context(1))? {
                    Some(element) => {
                        let mut parts = element.inside();
                        let oid = parts.expect(der::OID)?.value;
                        Some(Algorithm { oid, parameters: None })
                    }
                    None => None,
                };
                self.algorithms = Some((digest, signature));
            }
            SIGNING_CERTIFICATE => self.v1 = Some(identifiers(value, false)?),
            SIGNING_CERTIFICATE_V2 => self.v2 = Some(identifiers(value, true)?),
            _ => {}
        }
        Ok(())
    }

    /// Whether certificates are named by SHA-1 only.
    pub(super) fn names_by_sha1_only(&self) -> bool {
        self.v1.is_some() && self.v2.is_none()
    }

    /// The first certificate named in each attribute must be the signer's.
    pub(super) fn check_signer(&self, signer: &Certificate) -> Result<(), Problem> {
        let mut any = false;
        for ids in [&self.v1, &self.v2].into_iter().flatten() {
            any = true;
            match ids.first() {
                Some(id) if id.names(signer) => {}
                _ => return Err(Problem::CertificateIdentifier("the first one is not the signer")),
            }
        }
        if any { Ok(()) } else { Err(Problem::CertificateIdentifier("there are none")) }
    }

    /// Further certificates must be on the path above the signer.
    pub(super) fn check_path(&self, path: &[&Certificate]) -> Result<(), Problem> {
        let above = path.get(1..).unwrap_or_default();
        let others = [&self.v1, &self.v2].into_iter().flatten().flat_map(|ids| ids.iter().skip(1));
        for id in others {
            if !above.iter().any(|certificate| id.names(certificate)) {
                return Err(Problem::CertificateIdentifier("a further one is not on the signer's path"));
            }
        }
        Ok(())
    }
}

impl CertificateId<'_> {
    fn names(&self, certificate: &Certificate) -> bool {
        let same = match self.hash {
            Some(hash) => hash.digest(certificate.der()) == self.digest,
            None => sha1::Sha1::digest(certificate.der()).as_slice() == self.digest,
        };
        same && self
            .issuer_serial
            .is_none_or(|element| is_issuer_serial(element, certificate).unwrap_or(false))
    }
}

/// `SigningCertificate` or `SigningCertificateV2`.
fn identifiers(value: Element<'_>, v2: bool) -> Result<Vec<CertificateId<'_>>, Problem> {
    let mut outer = Reader::single(value.raw, der::SEQUENCE)?.inside();
    let mut list = outer.expect(der::SEQUENCE)?.inside();
    outer.optional(der::SEQUENCE)?;
    outer.end()?;
    let mut ids = Vec::new();
    while !list.is_empty() {
        let mut id = list.expect(der::SEQUENCE)?.inside();
        let hash = match (v2, id.peek()) {
            (false, _) => None,
            (true, Some(der::SEQUENCE)) => Some(Hash::of(&id.algorithm()?)?),
            (true, _) => Some(Hash::Sha256),
        };
        let digest = id.expect(der::OCTET_STRING)?.value;
        let issuer_serial = id.optional(der::SEQUENCE)?;
        id.end()?;
        if ids.len() >= IDENTIFIERS {
            return Err(Problem::CertificateIdentifier("there are too many"));
        }
        ids.push(CertificateId { hash, digest, issuer_serial });
    }
    Ok(ids)
}

/// `IssuerSerial`: one directory name and a serial number.
fn is_issuer_serial(element: Element<'_>, certificate: &Certificate) -> Result<bool, der::DerError> {
    let mut inside = element.inside();
    let mut names = inside.expect(der::SEQUENCE)?.inside();
    let serial = inside.expect(der::INTEGER)?.value;
    inside.end()?;
    let mut name = names.expect(der::context(4))?.inside();
    names.end()?;
    let issuer = name.expect(der::SEQUENCE)?.raw;
    name.end()?;
    Ok(issuer == certificate.issuer() && serial == certificate.serial())
}

/// `UTCTime` or `GeneralizedTime` in whole seconds.
fn signing_time(value: Element<'_>) -> Result<UnixNanos, Problem> {
    const WRONG: Problem = Problem::SignedAttributes("the signing time is malformed");
    let text = std::str::from_utf8(value.value).ok().and_then(|text| text.strip_suffix('Z')).ok_or(WRONG)?;
    let text = match (value.tag, text.len()) {
        // RFC 5280 section 4.1.2.5.1: 50 to 99 are of the last century.
        (der::UTC_TIME, 12) => format!("{}{text}", if text >= "5" { "19" } else { "20" }),
        (der::GENERALIZED_TIME, 14) => text.to_owned(),
        _ => return Err(WRONG),
    };
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let (date, time) = (part(0, 8), part(8, 14));
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(WRONG);
    }
    Timestamp::parse(&format!("{date}T{time}Z")).map(|time| UnixNanos::of(&time)).ok_or(WRONG)
}
