//! Signed certificate timestamps inside certificates (RFC 6962 sections 3.2 and 3.3; spec 16 section 16.7.4).
//!
//! A certificate log signs the certificate as it was before its own promise went in:
//!
//! ```text
//! signed = 00 (v1)  00 (certificate_timestamp)  u64 milliseconds  0001 (precert_entry)
//!          SHA-256 of the issuer's SubjectPublicKeyInfo
//!          u24 length, TBSCertificate without the extension 1.3.6.1.4.1.11129.2.4.2
//!          u16 length, extensions of the timestamp
//! ```
//!
//! The TBSCertificate is cut from the received bytes: only the lengths around the removed extension are written
//! anew. Every timestamp of a known log must verify, and there must be one; those of other logs are passed over.
//! A timestamp is a promise to publish, not a proof that it was kept.

use std::fmt;

use super::key::{LogSignatureError, verify_log_signature};
use super::trusted_root::LogKey;
use crate::bytes::der::{self, DerError, Reader};
use crate::crypto::sha256;
use crate::time::UnixNanos;

/// Why a certificate is not shown to be promised to a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SctError {
    /// The certificate has no timestamp.
    Missing,
    /// The certificate or the list of timestamps is malformed.
    Malformed,
    /// None is of a log that the trusted root has.
    LogUnknown,
    /// The log's key did not count at the time of the timestamp.
    LogTime {
        /// The timestamp's time.
        at: String,
        /// When the key counts.
        window: String,
    },
    /// The signature does not verify under the log's key.
    Signature,
    /// The log's key is of a kind that is not verified here.
    Algorithm(String),
}

impl fmt::Display for SctError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("the certificate has no signed certificate timestamp"),
            Self::Malformed => formatter.write_str("the signed certificate timestamps are malformed"),
            Self::LogUnknown => {
                formatter.write_str("no certificate timestamp is of a certificate log of the trusted root")
            }
            Self::LogTime { at, window } => {
                write!(formatter, "the certificate log's key counts {window}, and its timestamp is of {at}")
            }
            Self::Signature => {
                formatter.write_str("a certificate timestamp does not verify under its log's key")
            }
            Self::Algorithm(what) => {
                write!(formatter, "the certificate log's key is of the kind {what}, not verified here")
            }
        }
    }
}

impl std::error::Error for SctError {}

/// Whether a log of `logs` promised to publish the certificate (DER), which the holder of `issuer_spki` issued.
///
/// # Errors
/// [`SctError`] says what is missing or wrong.
pub fn verify(certificate: &[u8], issuer_spki: &[u8], logs: &[LogKey]) -> Result<(), SctError> {
    let (tbs, list) = precertificate(certificate).map_err(|_| SctError::Malformed)?;
    let list = list.ok_or(SctError::Missing)?;
    let timestamps = parse_list(list).ok_or(SctError::Malformed)?;
    let mut known = false;
    for timestamp in timestamps {
        for log in logs.iter().filter(|log| log.id == *timestamp.log_id) {
            check(&timestamp, &tbs, issuer_spki, log)?;
            known = true;
        }
    }
    if known { Ok(()) } else { Err(SctError::LogUnknown) }
}

fn check(timestamp: &Sct<'_>, tbs: &[u8], issuer_spki: &[u8], log: &LogKey) -> Result<(), SctError> {
    let seconds = i64::try_from(timestamp.milliseconds / 1000).map_err(|_| SctError::Malformed)?;
    let at = UnixNanos::from_seconds(seconds).plus(timestamp.milliseconds % 1000 * 1_000_000);
    if !log.window.contains(at) {
        return Err(SctError::LogTime { at: at.to_string(), window: log.window.to_string() });
    }
    let message = signed_bytes(timestamp, tbs, issuer_spki).ok_or(SctError::Malformed)?;
    verify_log_signature(log, &message, timestamp.signature).map_err(|error| match error {
        LogSignatureError::Unsupported => SctError::Algorithm(log.key_details.clone()),
        LogSignatureError::Wrong => SctError::Signature,
    })
}

fn signed_bytes(timestamp: &Sct<'_>, tbs: &[u8], issuer_spki: &[u8]) -> Option<Vec<u8>> {
    let [0, length @ ..] = u32::try_from(tbs.len()).ok()?.to_be_bytes() else { return None };
    let extensions = u16::try_from(timestamp.extensions.len()).ok()?;
    let mut out = vec![0, 0];
    out.extend_from_slice(&timestamp.milliseconds.to_be_bytes());
    out.extend_from_slice(&[0, 1]);
    out.extend_from_slice(&sha256(issuer_spki));
    out.extend_from_slice(&length);
    out.extend_from_slice(tbs);
    out.extend_from_slice(&extensions.to_be_bytes());
    out.extend_from_slice(timestamp.extensions);
    Some(out)
}

/// A timestamp of version 1 as received.
#[derive(Debug)]
struct Sct<'a> {
    log_id: &'a [u8; 32],
    milliseconds: u64,
    extensions: &'a [u8],
    signature: &'a [u8],
}

/// SignedCertificateTimestampList: every item of version 1 with a SHA-256 signature, nothing left over.
fn parse_list(bytes: &[u8]) -> Option<Vec<Sct<'_>>> {
    let (mut items, []) = vector(bytes)? else { return None };
    let mut out = Vec::new();
    while !items.is_empty() {
        let (item, rest) = vector(items)?;
        items = rest;
        let (version, item) = item.split_first()?;
        let (log_id, item) = item.split_first_chunk::<32>()?;
        let (milliseconds, item) = item.split_first_chunk::<8>()?;
        let (extensions, item) = vector(item)?;
        let ([hash, _], item) = item.split_first_chunk::<2>()?;
        let (signature, []) = vector(item)? else { return None };
        if *version != 0 || *hash != 4 {
            return None;
        }
        out.push(Sct { log_id, milliseconds: u64::from_be_bytes(*milliseconds), extensions, signature });
    }
    Some(out)
}

/// Bytes behind their u16 length, and what follows.
fn vector(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// 1.3.6.1.4.1.11129.2.4.2
const SCT_LIST: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
const EXTENSIONS: u8 = der::context(3);

/// The TBSCertificate without the timestamps, and the timestamps if there are any.
fn precertificate(certificate: &[u8]) -> Result<(Vec<u8>, Option<&[u8]>), DerError> {
    let mut tbs = Reader::single(certificate, der::SEQUENCE)?.inside().expect(der::SEQUENCE)?.inside();
    let mut kept = Vec::new();
    let mut list = None;
    while !tbs.is_empty() {
        let part = tbs.read()?;
        if part.tag != EXTENSIONS {
            kept.extend_from_slice(part.raw);
            continue;
        }
        let mut extensions = Reader::single(part.value, der::SEQUENCE)?.inside();
        let mut others = Vec::new();
        while !extensions.is_empty() {
            let extension = extensions.expect(der::SEQUENCE)?;
            let mut inside = extension.inside();
            if inside.expect(der::OID)?.value != SCT_LIST {
                others.extend_from_slice(extension.raw);
                continue;
            }
            inside.optional(der::BOOLEAN)?;
            let value = inside.expect(der::OCTET_STRING)?.value;
            inside.end()?;
            if list.replace(Reader::single(value, der::OCTET_STRING)?.value).is_some() {
                return Err(DerError::Value);
            }
        }
        kept.extend(encode(EXTENSIONS, &encode(der::SEQUENCE, &others)?)?);
    }
    Ok((encode(der::SEQUENCE, &kept)?, list))
}

/// An element with this content.
fn encode(tag: u8, content: &[u8]) -> Result<Vec<u8>, DerError> {
    let length = u32::try_from(content.len()).map_err(|_| DerError::Length)?;
    let mut out = match length.to_be_bytes() {
        [0, 0, 0, short @ 0..=0x7f] => vec![tag, short],
        [0, 0, 0, a] => vec![tag, 0x81, a],
        [0, 0, a, b] => vec![tag, 0x82, a, b],
        [0, a, b, c] => vec![tag, 0x83, a, b, c],
        [a, b, c, d] => vec![tag, 0x84, a, b, c, d],
    };
    out.extend_from_slice(content);
    Ok(out)
}
