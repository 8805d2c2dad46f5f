use super::signer::SignerInfo;
use super::{Problem, TstInfo};
use crate::bytes::der::{self, Element, Reader};
use crate::crypto::pki::Hash;
use crate::x509::Certificate;

/// Largest receipt that is read, in bytes.
const TOKEN_BYTES: usize = 64 << 10;
/// Certificates in one token.
const CERTIFICATES: usize = 16;

/// id-signedData
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
/// id-ct-TSTInfo
pub(super) const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4];

/// How a receipt is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A bare token, a CMS `ContentInfo`.
    Token,
    /// A response with status and token.
    Response,
}

/// A receipt, read and not yet believed: what it claims, and who is said to have signed it.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    /// How it is wrapped.
    pub form: Form,
    /// What it claims.
    pub info: TstInfo<'a>,
    /// The octets that are signed, by way of the signed attributes.
    pub(super) content: &'a [u8],
    /// Digest algorithms that the signed data announces.
    pub(super) digests: Vec<Option<Hash>>,
    /// Embedded certificates that can be read.
    pub(super) certificates: Vec<Certificate>,
    /// The one signer.
    pub(super) signer: Result<SignerInfo<'a>, Problem>,
}

impl<'a> Token<'a> {
    /// Reads a receipt in either form.
    ///
    /// A token whose signer part is missing or malformed is still read, because its claim can be compared; [`verify`]
    /// never accepts it.
    ///
    /// # Errors
    /// [`Problem`] when it is no token or grants none.
    ///
    /// [`verify`]: super::verify
    pub fn read(bytes: &'a [u8]) -> Result<Self, Problem> {
        if bytes.len() > TOKEN_BYTES {
            return Err(Problem::Malformed(format!("more than {TOKEN_BYTES} bytes")));
        }
        let outer = Reader::single(bytes, der::SEQUENCE)?;
        let mut inside = outer.inside();
        if inside.peek() == Some(der::SEQUENCE) {
            let status = inside.read()?.inside().small()?;
            if status > 1 {
                return Err(Problem::NotGranted(status));
            }
            let token = inside.expect(der::SEQUENCE)?;
            inside.end()?;
            return Self::content_info(token, Form::Response);
        }
        Self::content_info(outer, Form::Token)
    }

    fn content_info(outer: Element<'a>, form: Form) -> Result<Self, Problem> {
        let mut inside = outer.inside();
        if inside.expect(der::OID)?.value != SIGNED_DATA {
            return Err(Problem::Malformed("the content is not signed data".to_owned()));
        }
        let mut explicit = inside.expect(der::context(0))?.inside();
        inside.end()?;
        let mut data = explicit.expect(der::SEQUENCE)?.inside();
        explicit.end()?;
        if !matches!(data.small()?, 1 | 3 | 4 | 5) {
            return Err(Problem::Malformed("signed data of an unknown version".to_owned()));
        }
        let mut algorithms = data.expect(der::SET)?.inside();
        let mut digests = Vec::new();
        while !algorithms.is_empty() {
            digests.push(Hash::of(&algorithms.algorithm()?).ok());
            if digests.len() > CERTIFICATES {
                return Err(Problem::Malformed("too many digest algorithms".to_owned()));
            }
        }
        let content = encapsulated(data.expect(der::SEQUENCE)?)?;
        let info = TstInfo::read(content)?;
        let (certificates, signer) = match signature_part(data) {
            Ok((certificates, signer)) => (certificates, Ok(signer)),
            Err(problem) => (Vec::new(), Err(problem)),
        };
        Ok(Self { form, info, content, digests, certificates, signer })
    }

    /// Object identifier of the imprint's algorithm.
    #[must_use]
    pub fn imprint_algorithm(&self) -> String {
        der::dotted(self.info.imprint_algorithm.oid)
    }
}

/// `EncapsulatedContentInfo`: the octets of the `TSTInfo`.
fn encapsulated(element: Element<'_>) -> Result<&[u8], Problem> {
    let mut inside = element.inside();
    if inside.expect(der::OID)?.value != TST_INFO {
        return Err(Problem::Malformed("the signed content is no TSTInfo".to_owned()));
    }
    let mut explicit = inside.expect(der::context(0))?.inside();
    inside.end()?;
    let content = explicit.expect(der::OCTET_STRING)?.value;
    explicit.end()?;
    Ok(content)
}

/// Certificates and the signer; revocation lists inside the token are not used, since whoever made the token chose them.
fn signature_part(mut data: Reader<'_>) -> Result<(Vec<Certificate>, SignerInfo<'_>), Problem> {
    let mut certificates = Vec::new();
    if let Some(set) = data.optional(der::context(0))? {
        let mut embedded = set.inside();
        while !embedded.is_empty() {
            let element = embedded.read()?;
            if certificates.len() >= CERTIFICATES {
                return Err(Problem::Malformed(format!("more than {CERTIFICATES} certificates")));
            }
            // What cannot be read cannot be part of a path either.
            certificates.extend(Certificate::read(element.raw).ok());
        }
    }
    data.optional(der::context(1))?;
    let mut signers = data.expect(der::SET)?.inside();
    data.end()?;
    if signers.is_empty() {
        return Err(Problem::Malformed("nobody signed the token".to_owned()));
    }
    let signer = SignerInfo::read(signers.expect(der::SEQUENCE)?)?;
    if !signers.is_empty() {
        return Err(Problem::Malformed("the token has more than one signer".to_owned()));
    }
    Ok((certificates, signer))
}
