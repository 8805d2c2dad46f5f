//! Sigstore bundles, format versions 0.1 to 0.3 (spec 16 section 16.7.1).
//!
//! A bundle carries a signature and what is needed to check it without a network: the certificate or the hint of
//! a key, one entry of a transparency log with its proof, and timestamps. Parsing decides nothing but the form.
//!
//! | version | certificate |
//! | --- | --- |
//! | 0.1, 0.2 | chain, leaf first, without a root |
//! | 0.3 | the leaf alone |
//!
//! A log entry, its proof and the proof's checkpoint may be absent, in every version: that they are needed is for
//! whoever judges the bundle. Limits: one log entry, one signature, 16 certificates, 64 proof hashes, 16
//! timestamps.

use std::fmt;

use super::dsse::Envelope;
use super::protobuf::{self, Malformed, Message};
use crate::json::{ParserLimits, Value};

const CERTIFICATES: usize = 16;
const PROOF_HASHES: usize = 64;
const TIMESTAMPS: usize = 16;

/// A format version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 0.1
    V01,
    /// 0.2
    V02,
    /// 0.3
    V03,
}

/// Why bytes are no bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BundleError {
    /// The media type names no version that is read here.
    MediaType(String),
    /// The form is wrong.
    Malformed(Malformed),
}

impl fmt::Display for BundleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MediaType(name) => write!(formatter, "media type {name:?} is not supported"),
            Self::Malformed(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for BundleError {}

impl From<Malformed> for BundleError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

/// A bundle, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The format version.
    pub version: Version,
    /// What identifies the signer.
    pub signer: Signer,
    /// The log entry, if there is one.
    pub entry: Option<LogEntry>,
    /// RFC 3161 responses, DER.
    pub timestamps: Vec<Vec<u8>>,
    /// What was signed.
    pub content: Content,
}

/// What identifies the signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// A certificate, DER.
    Certificate {
        /// The signer's own.
        leaf: Vec<u8>,
        /// Further ones of versions 0.1 and 0.2, nearest first. Nothing is trusted because it stands here.
        others: Vec<Vec<u8>>,
    },
    /// A key that the verifier has from elsewhere.
    PublicKey {
        /// What the signer says about which key; never evidence.
        hint: String,
    },
}

/// An entry of a transparency log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Position in the whole log (over all shards); only the signed entry timestamp covers it.
    pub log_index: u64,
    /// Identifier of the log's key.
    pub log_id: [u8; 32],
    /// Kind of the body.
    pub kind: String,
    /// Version of the body's schema.
    pub version: String,
    /// Seconds since 1970 at which the log says it took the entry; a claim until the promise is verified.
    pub integrated_time: Option<u64>,
    /// The signed entry timestamp.
    pub promise: Option<Vec<u8>>,
    /// The inclusion proof.
    pub proof: Option<InclusionProof>,
    /// The body: what the log's leaf covers.
    pub body: Vec<u8>,
}

impl LogEntry {
    /// Whether only version 2 logs have entries of this kind.
    #[must_use]
    pub fn is_of_version_2(&self) -> bool {
        matches!((&*self.kind, &*self.version), ("hashedrekord" | "dsse", "0.0.2"))
    }
}

/// A proof that the body is a leaf below a signed tree head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// Position of the leaf in the tree of the proof.
    pub leaf_index: u64,
    /// The root that the proof leads to.
    pub root_hash: [u8; 32],
    /// Leaves of the tree.
    pub tree_size: u64,
    /// From the leaf upwards.
    pub hashes: Vec<[u8; 32]>,
    /// The signed note of the tree head, if there is one.
    pub checkpoint: Option<String>,
}

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The artifact itself.
    Message {
        /// The artifact's SHA-256 as the signer states it, when stated; no signature covers it.
        digest: Option<[u8; 32]>,
        /// The signature.
        signature: Vec<u8>,
    },
    /// A statement in a DSSE envelope.
    Dsse(Envelope),
}

impl Content {
    /// The signature, which timestamps are made over.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        match self {
            Self::Message { signature, .. } => signature,
            Self::Dsse(envelope) => &envelope.signature,
        }
    }
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// [`BundleError`] names the place.
    pub fn parse(bytes: &[u8], limits: ParserLimits) -> Result<Self, BundleError> {
        let document = protobuf::document(bytes, limits)?;
        let root = document.root();
        let media_type = root
            .as_object()
            .and_then(|object| object.member("mediaType"))
            .and_then(Value::non_empty_text)
            .ok_or_else(|| Malformed::at(root, "not an object with a mediaType"))?;
        let version = match &*media_type {
            "application/vnd.dev.sigstore.bundle+json;version=0.1" => Version::V01,
            "application/vnd.dev.sigstore.bundle+json;version=0.2" => Version::V02,
            "application/vnd.dev.sigstore.bundle+json;version=0.3"
            | "application/vnd.dev.sigstore.bundle.v0.3+json" => Version::V03,
            other => return Err(BundleError::MediaType(other.to_owned())),
        };
        let message =
            Message::new(root, &["mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"])?;
        let material = Message::new(
            message.required("verificationMaterial")?,
            &["certificate", "x509CertificateChain", "publicKey", "tlogEntries", "timestampVerificationData"],
        )?;
        Ok(Self {
            version,
            signer: signer(material, version)?,
            entry: entry(material)?,
            timestamps: timestamps(material)?,
            content: content(message)?,
        })
    }
}

fn signer(material: Message<'_>, version: Version) -> Result<Signer, Malformed> {
    let given = ["certificate", "x509CertificateChain", "publicKey"].map(|name| material.optional(name));
    match given {
        [Some(certificate), None, None] if version == Version::V03 => {
            Ok(Signer::Certificate { leaf: raw_bytes(certificate)?, others: Vec::new() })
        }
        [None, Some(chain), None] if version < Version::V03 => {
            let certificates = Message::new(chain, &["certificates"])?
                .items("certificates", CERTIFICATES)?
                .into_iter()
                .map(raw_bytes)
                .collect::<Result<Vec<_>, _>>()?;
            match certificates.split_first() {
                Some((leaf, others)) => {
                    Ok(Signer::Certificate { leaf: leaf.clone(), others: others.to_vec() })
                }
                None => Err(Malformed::at(chain, "no certificate")),
            }
        }
        [None, None, Some(key)] => {
            let message = Message::new(key, &["hint"])?;
            let hint = match message.optional("hint") {
                Some(hint) => hint.text().ok_or_else(|| Malformed::at(hint, "not a text"))?,
                None => "".into(),
            };
            Ok(Signer::PublicKey { hint: hint.into_owned() })
        }
        _ => Err(Malformed::at(
            material.value(),
            "must hold publicKey, or certificate (version 0.3) or x509CertificateChain (before), and one of them",
        )),
    }
}

fn raw_bytes(value: Value<'_>) -> Result<Vec<u8>, Malformed> {
    Message::new(value, &["rawBytes"])?.bytes("rawBytes")
}

fn entry(material: Message<'_>) -> Result<Option<LogEntry>, Malformed> {
    let entries = material.items("tlogEntries", 1)?;
    let Some(value) = entries.first() else { return Ok(None) };
    let entry = Message::new(
        *value,
        &[
            "logIndex",
            "logId",
            "kindVersion",
            "integratedTime",
            "inclusionPromise",
            "inclusionProof",
            "canonicalizedBody",
        ],
    )?;
    let kind_version = Message::new(entry.required("kindVersion")?, &["kind", "version"])?;
    let promise = entry
        .optional("inclusionPromise")
        .map(|promise| Message::new(promise, &["signedEntryTimestamp"])?.bytes("signedEntryTimestamp"))
        .transpose()?;
    let proof = entry.optional("inclusionProof").map(inclusion_proof).transpose()?;
    Ok(Some(LogEntry {
        log_index: entry.integer("logIndex")?,
        log_id: Message::new(entry.required("logId")?, &["keyId"])?.bytes32("keyId")?,
        kind: kind_version.text("kind")?.into_owned(),
        version: kind_version.text("version")?.into_owned(),
        integrated_time: Some(entry.integer("integratedTime")?).filter(|time| *time > 0),
        promise,
        proof,
        body: entry.bytes("canonicalizedBody")?,
    }))
}

fn inclusion_proof(value: Value<'_>) -> Result<InclusionProof, Malformed> {
    let proof = Message::new(value, &["logIndex", "rootHash", "treeSize", "hashes", "checkpoint"])?;
    let hashes = proof.items("hashes", PROOF_HASHES)?;
    Ok(InclusionProof {
        leaf_index: proof.integer("logIndex")?,
        root_hash: proof.bytes32("rootHash")?,
        tree_size: proof.integer("treeSize")?,
        hashes: hashes.into_iter().map(protobuf::decode_bytes32).collect::<Result<_, _>>()?,
        checkpoint: proof.optional("checkpoint").map(envelope).transpose()?,
    })
}

fn envelope(checkpoint: Value<'_>) -> Result<String, Malformed> {
    Ok(Message::new(checkpoint, &["envelope"])?.text("envelope")?.into_owned())
}

fn timestamps(material: Message<'_>) -> Result<Vec<Vec<u8>>, Malformed> {
    let Some(data) = material.optional("timestampVerificationData") else { return Ok(Vec::new()) };
    Message::new(data, &["rfc3161Timestamps"])?
        .items("rfc3161Timestamps", TIMESTAMPS)?
        .into_iter()
        .map(|stamp| Message::new(stamp, &["signedTimestamp"])?.bytes("signedTimestamp"))
        .collect()
}

fn content(bundle: Message<'_>) -> Result<Content, Malformed> {
    match (bundle.optional("messageSignature"), bundle.optional("dsseEnvelope")) {
        (Some(value), None) => {
            let message = Message::new(value, &["messageDigest", "signature"])?;
            let digest = message.optional("messageDigest").map(message_digest).transpose()?;
            Ok(Content::Message { digest, signature: message.bytes("signature")? })
        }
        (None, Some(value)) => Envelope::parse(value).map(Content::Dsse),
        _ => {
            Err(Malformed::at(bundle.value(), "must hold messageSignature or dsseEnvelope, and one of them"))
        }
    }
}

fn message_digest(value: Value<'_>) -> Result<[u8; 32], Malformed> {
    let digest = Message::new(value, &["algorithm", "digest"])?;
    match &*digest.text("algorithm")? {
        "SHA2_256" => digest.bytes32("digest"),
        _ => Err(Malformed::at(value, "messageDigest must be of SHA2_256")),
    }
}
