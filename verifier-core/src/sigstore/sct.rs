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

use super::key::verify_with_log_key;
use super::trusted_root::LogKey;
use crate::crypto::sha256;
use crate::time::Timestamp;

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
            Self::Algorithm(what) => write!(formatter, "the certificate log's key is of the kind {what}, not verified here"),
        }
    }
}

impl std::error::Error for SctError {}

/// Whether a log of `logs` promised to publish the certificate (DER), which the holder of `issuer_spki` issued.
///
/// # Errors
/// [`SctError`] says what is missing or wrong.
pub fn verify(certificate: &[u8], issuer_spki: &[u8], logs: &[LogKey]) -> Result<(), SctError> {
    let (tbs, list) = precertificate(certificate).ok_or(SctError::Malformed)?;
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
    let at = i64::try_from(timestamp.milliseconds)
        .ok()
        .and_then(|milliseconds| milliseconds.checked_mul(1000))
        .and_then(Timestamp::from_unix_micros)
        .ok_or(SctError::Malformed)?;
    if !log.window.contains(&at) {
        return Err(SctError::LogTime { at: at.to_rfc3339(), window: log.window.to_string() });
    }
    let message = signed_bytes(timestamp, tbs, issuer_spki).ok_or(SctError::Malformed)?;
    match verify_with_log_key(log, &message, timestamp.signature) {
        None => Err(SctError::Algorithm(log.key_details.clone())),
        Some(false) => Err(SctError::Signature),
        Some(true) => Ok(()),
    }
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

const SEQUENCE: u8 = 0x30;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const EXTENSIONS: u8 = 0xa3;
/// 1.3.6.1.4.1.11129.2.4.2
const SCT_LIST: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];

/// The TBSCertificate without the timestamps, and the timestamps if there are any.
fn precertificate(certificate: &[u8]) -> Option<(Vec<u8>, Option<&[u8]>)> {
    let (outer, []) = element(certificate)? else { return None };
    let (tbs, _) = element(outer.of(SEQUENCE)?)?;
    let mut kept = Vec::new();
    let mut list = None;
    let mut rest = tbs.of(SEQUENCE)?;
    while !rest.is_empty() {
        let (part, after) = element(rest)?;
        rest = after;
        if part.tag != EXTENSIONS {
            kept.extend_from_slice(part.whole);
            continue;
        }
        let (sequence, []) = element(part.content)? else { return None };
        let mut extensions = sequence.of(SEQUENCE)?;
        let mut others = Vec::new();
        while !extensions.is_empty() {
            let (extension, after) = element(extensions)?;
            extensions = after;
            let (id, value) = element(extension.of(SEQUENCE)?)?;
            if id.of(OBJECT_IDENTIFIER)? != SCT_LIST {
                others.extend_from_slice(extension.whole);
                continue;
            }
            let (value, []) = element(value)? else { return None };
            let (inner, []) = element(value.of(OCTET_STRING)?)? else { return None };
            if list.replace(inner.of(OCTET_STRING)?).is_some() {
                return None;
            }
        }
        kept.extend(encode(EXTENSIONS, &encode(SEQUENCE, &others)?)?);
    }
    Some((encode(SEQUENCE, &kept)?, list))
}

/// One DER element.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Element<'a> {
    fn of(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.content)
    }
}

/// The first element, with a one-byte tag and the shortest form of a length of at most three bytes.
fn element(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (u32::from(*first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(*first & 3))?;
            (digits.iter().fold(0, |length, digit| (length << 8) | u32::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    let whole = bytes.get(..bytes.len().checked_sub(rest.len())?)?;
    let shortest = [header(*tag, content.len())?.as_slice(), content].concat() == whole;
    (tag & 0x1f != 0x1f && shortest).then_some((Element { tag: *tag, content, whole }, rest))
}

fn encode(tag: u8, content: &[u8]) -> Option<Vec<u8>> {
    Some([header(tag, content.len())?.as_slice(), content].concat())
}

fn header(tag: u8, length: usize) -> Option<Vec<u8>> {
    Some(match u32::try_from(length).ok()?.to_be_bytes() {
        [0, 0, 0, short @ 0..=0x7f] => vec![tag, short],
        [0, 0, 0, a] => vec![tag, 0x81, a],
        [0, 0, a, b] => vec![tag, 0x82, a, b],
        [0, a, b, c] => vec![tag, 0x83, a, b, c],
        _ => return None,
    })
}
