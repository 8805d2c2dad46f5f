//! Bodies of log entries: what the log's leaf says was signed, by whom, with which signature (spec 16 section
//! 16.7.5).
//!
//! | kind | version | says |
//! | --- | --- | --- |
//! | `hashedrekord` | 0.0.1, 0.0.2 | digest, signature, verifier |
//! | `dsse` | 0.0.1, 0.0.2 | digest of the payload, signature, verifier |
//! | `intoto` | 0.0.2 | digest of the payload, signature, verifier |
//!
//! A body is compared with the bundle by decoded bytes, never by text. What the body does not record, such as a
//! DSSE payload's type, is covered by the signature, which is equal and verifies. `intoto` 0.0.1 records no
//! signature and is not supported.

use super::artifact::ArtifactDigest;
use super::bundle::{Content, LogEntry};
use super::protobuf::{self, Malformed, Message};
use crate::bytes::{base64, hex};
use crate::crypto::sha256;
use crate::json::{ParserLimits, Value};
use crate::x509::read_pem;

/// Why a body is no statement that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyError {
    /// Kind and version are not known here.
    Unsupported {
        /// The kind, as the bundle states it.
        kind: String,
        /// The version, as the bundle states it.
        version: String,
    },
    /// The body says that it is of another kind or version than the bundle says.
    OtherKind {
        /// Kind and version, as the body states them.
        stated: String,
    },
    /// The form is wrong.
    Malformed(Malformed),
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unsupported { kind, version } => {
                write!(formatter, "entries of kind {kind:?} and version {version:?} are not supported")
            }
            Self::OtherKind { stated } => write!(formatter, "the body says that it is {stated}"),
            Self::Malformed(error) => write!(formatter, "canonicalizedBody: {error}"),
        }
    }
}

impl std::error::Error for BodyError {}

impl From<Malformed> for BodyError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

/// What a leaf of the log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// What the digest is of.
    pub subject: Subject,
    /// SHA-256 of it.
    pub digest: [u8; 32],
    /// The signature.
    pub signature: Vec<u8>,
    /// The signer.
    pub verifier: Verifier,
}

/// What an entry's digest is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The bytes that the signature is over: the artifact, or a DSSE envelope's pre-authentication encoding.
    SignedBytes,
    /// A DSSE envelope's payload.
    Payload,
}

/// Who signed, as the log records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verifier {
    /// A certificate, DER.
    Certificate(Vec<u8>),
    /// A key, SubjectPublicKeyInfo, DER.
    PublicKey(Vec<u8>),
}

/// A part of the body that differs from the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The digest is of something else.
    Digest,
    /// Another signature.
    Signature,
    /// Another certificate or key.
    Verifier,
    /// The entry is about an envelope and the bundle has none.
    Kind,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Digest => "the log entry is about other content",
            Self::Signature => "the log entry records another signature",
            Self::Verifier => "the log entry records another certificate or key",
            Self::Kind => "the log entry is about an envelope, and the bundle has none",
        })
    }
}

impl Body {
    /// Reads the body of an entry.
    ///
    /// # Errors
    /// [`BodyError`] when kind or form are not the expected ones.
    pub fn parse(entry: &LogEntry, limits: ParserLimits) -> Result<Self, BodyError> {
        let read: fn(Value<'_>) -> Result<Self, Malformed> = match (&*entry.kind, &*entry.version) {
            ("hashedrekord", "0.0.1") => hashedrekord_v1,
            ("hashedrekord", "0.0.2") => hashedrekord_v2,
            ("dsse", "0.0.1") => dsse_v1,
            ("dsse", "0.0.2") => dsse_v2,
            ("intoto", "0.0.2") => intoto,
            (kind, version) => {
                return Err(BodyError::Unsupported { kind: kind.to_owned(), version: version.to_owned() });
            }
        };
        let document = protobuf::document(&entry.body, limits)?;
        let body = Message::new(document.root(), &["apiVersion", "kind", "spec"])?;
        let (kind, version) = (body.text("kind")?, body.text("apiVersion")?);
        if *kind != *entry.kind || *version != *entry.version {
            return Err(BodyError::OtherKind { stated: format!("{kind:?} version {version:?}") });
        }
        read(body.required("spec")?).map_err(BodyError::from)
    }

    /// What differs from a bundle's content and signer.
    #[must_use]
    pub fn differences(
        &self,
        content: &Content,
        artifact: &ArtifactDigest,
        verifier: &Verifier,
    ) -> Vec<Difference> {
        let digest = match (self.subject, content) {
            (Subject::SignedBytes, Content::Message { .. }) => Ok(artifact.sha256),
            (Subject::SignedBytes, Content::Dsse(envelope)) => Ok(sha256(&envelope.signed_bytes())),
            (Subject::Payload, Content::Dsse(envelope)) => Ok(sha256(&envelope.payload)),
            (Subject::Payload, Content::Message { .. }) => Err(Difference::Kind),
        };
        let differences = [
            digest.map_or_else(Some, |digest| (digest != self.digest).then_some(Difference::Digest)),
            (content.signature() != self.signature).then_some(Difference::Signature),
            (*verifier != self.verifier).then_some(Difference::Verifier),
        ];
        differences.into_iter().flatten().collect()
    }
}

fn hashedrekord_v1(spec: Value<'_>) -> Result<Body, Malformed> {
    let spec = Message::new(spec, &["data", "signature"])?;
    let data = Message::new(spec.required("data")?, &["hash"])?;
    let signature = Message::new(spec.required("signature")?, &["content", "publicKey"])?;
    let key = Message::new(signature.required("publicKey")?, &["content"])?;
    Ok(Body {
        subject: Subject::SignedBytes,
        digest: hex_hash(data.required("hash")?)?,
        signature: signature.bytes("content")?,
        verifier: pem_verifier(key.required("content")?)?,
    })
}

fn hashedrekord_v2(spec: Value<'_>) -> Result<Body, Malformed> {
    let spec = Message::new(spec, &["hashedRekordV002"])?;
    let spec = Message::new(spec.required("hashedRekordV002")?, &["data", "signature"])?;
    let (signature, verifier) = signature_v2(spec.required("signature")?)?;
    Ok(Body { subject: Subject::SignedBytes, digest: hash_v2(spec.required("data")?)?, signature, verifier })
}

fn dsse_v1(spec: Value<'_>) -> Result<Body, Malformed> {
    let spec = Message::new(spec, &["envelopeHash", "payloadHash", "signatures"])?;
    let signature = Message::new(only(spec, "signatures")?, &["signature", "verifier"])?;
    Ok(Body {
        subject: Subject::Payload,
        digest: hex_hash(spec.required("payloadHash")?)?,
        signature: signature.bytes("signature")?,
        verifier: pem_verifier(signature.required("verifier")?)?,
    })
}

fn dsse_v2(spec: Value<'_>) -> Result<Body, Malformed> {
    let spec = Message::new(spec, &["dsseV002"])?;
    let spec = Message::new(spec.required("dsseV002")?, &["payloadHash", "signatures"])?;
    let (signature, verifier) = signature_v2(only(spec, "signatures")?)?;
    Ok(Body {
        subject: Subject::Payload,
        digest: hash_v2(spec.required("payloadHash")?)?,
        signature,
        verifier,
    })
}

fn intoto(spec: Value<'_>) -> Result<Body, Malformed> {
    let spec = Message::new(spec, &["content"])?;
    let content = Message::new(spec.required("content")?, &["envelope", "hash", "payloadHash"])?;
    let envelope = Message::new(content.required("envelope")?, &["payload", "payloadType", "signatures"])?;
    let signature = Message::new(only(envelope, "signatures")?, &["publicKey", "sig", "keyid"])?;
    let twice = signature.required("sig")?;
    let bytes = String::from_utf8(protobuf::decode_bytes(twice)?)
        .ok()
        .and_then(|text| base64::decode(&text))
        .ok_or_else(|| Malformed::at(twice, "not base64 of base64"))?;
    Ok(Body {
        subject: Subject::Payload,
        digest: hex_hash(content.required("payloadHash")?)?,
        signature: bytes,
        verifier: pem_verifier(signature.required("publicKey")?)?,
    })
}

fn only<'a>(holder: Message<'a>, name: &str) -> Result<Value<'a>, Malformed> {
    match holder.items(name, 2)?.as_slice() {
        [item] => Ok(*item),
        _ => Err(Malformed::at(holder.value(), format!("must hold exactly one item in {name}"))),
    }
}

/// `{"algorithm":"sha256","value":<hex>}`
fn hex_hash(value: Value<'_>) -> Result<[u8; 32], Malformed> {
    let hash = Message::new(value, &["algorithm", "value"])?;
    let digest = hash.text("value")?;
    (hash.text("algorithm")? == "sha256" && hex::is_lower_hex(&digest, 64))
        .then(|| hex::decode(digest.as_bytes()))
        .flatten()
        .ok_or_else(|| Malformed::at(value, "not a SHA-256 in lower-case hexadecimal"))
}

/// `{"algorithm":"SHA2_256","digest":<base64>}`
fn hash_v2(value: Value<'_>) -> Result<[u8; 32], Malformed> {
    let hash = Message::new(value, &["algorithm", "digest"])?;
    match &*hash.text("algorithm")? {
        "SHA2_256" => hash.bytes32("digest"),
        _ => Err(Malformed::at(value, "not a SHA2_256")),
    }
}

fn signature_v2(value: Value<'_>) -> Result<(Vec<u8>, Verifier), Malformed> {
    let signature = Message::new(value, &["content", "verifier"])?;
    let verifier =
        Message::new(signature.required("verifier")?, &["keyDetails", "x509Certificate", "publicKey"])?;
    let raw = |value: Value<'_>| Message::new(value, &["rawBytes"])?.bytes("rawBytes");
    let verifier = match (verifier.optional("x509Certificate"), verifier.optional("publicKey")) {
        (Some(certificate), None) => Verifier::Certificate(raw(certificate)?),
        (None, Some(key)) => Verifier::PublicKey(raw(key)?),
        _ => return Err(Malformed::at(verifier.value(), "must hold one certificate or one key")),
    };
    Ok((signature.bytes("content")?, verifier))
}

/// Base64 of a PEM text.
fn pem_verifier(value: Value<'_>) -> Result<Verifier, Malformed> {
    String::from_utf8(protobuf::decode_bytes(value)?)
        .ok()
        .and_then(|text| verifier_of_pem(&text))
        .ok_or_else(|| Malformed::at(value, "not base64 of one PEM certificate or public key"))
}

/// A certificate or public key in PEM.
#[must_use]
pub fn verifier_of_pem(text: &str) -> Option<Verifier> {
    match read_pem(text, &["CERTIFICATE", "PUBLIC KEY"]).ok()?.as_slice() {
        [("CERTIFICATE", der)] => Some(Verifier::Certificate(der.clone())),
        [(_, der)] => Some(Verifier::PublicKey(der.clone())),
        _ => None,
    }
}
