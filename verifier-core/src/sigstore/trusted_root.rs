//! Sigstore's trusted root: keys of logs, and certificates of certificate and timestamp authorities, each with the
//! time for which it counts (spec 16 section 16.7.2).
//!
//! The file is trust material: the caller vouches for it. Its windows are closed intervals, and one without a
//! start makes the whole file unusable, because a missing bound must not read as "always".
//!
//! Limits: 64 items of each kind, 16 certificates in a chain.

use std::fmt;

use super::protobuf::{self, Malformed, Message};
use crate::json::{ParserLimits, Value};
use crate::time::{Timestamp, UnixNanos};

/// The root of the public-good instance as shipped with this release: what the Python `sigstore` 4.5.0 package
/// carries, 6787 bytes, SHA-256 `6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66`.
pub const EMBEDDED: &[u8] = include_bytes!("../../data/sigstore_trusted_root.json");

const ITEMS: usize = 64;
const CERTIFICATES: usize = 16;

/// A trusted root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedRoot {
    /// Transparency logs of signatures.
    pub logs: Vec<LogKey>,
    /// Certificate transparency logs.
    pub certificate_logs: Vec<LogKey>,
    /// Issuers of signers' certificates.
    pub certificate_authorities: Vec<Authority>,
    /// Issuers of timestamps.
    pub timestamp_authorities: Vec<Authority>,
}

/// The key of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    /// Host and port of the log's address: the name under which it signs checkpoints.
    pub name: String,
    /// The identifier by which entries and certificate timestamps name the key.
    pub id: [u8; 32],
    /// Protobuf name of the key's type.
    pub key_details: String,
    /// The key: SubjectPublicKeyInfo, DER, unless [`LogKey::key_details`] says otherwise.
    pub public_key: Vec<u8>,
    /// When the key counts.
    pub window: Window,
}

/// A certificate or timestamp authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Certificates, DER, from the issuing one (for timestamps: the signing one) to the root.
    pub chain: Vec<Vec<u8>>,
    /// When the authority counts.
    pub window: Window,
}

/// A closed interval of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub start: Timestamp,
    /// Last instant; `None`: no end is set.
    pub end: Option<Timestamp>,
}

impl Window {
    /// Whether the instant is inside.
    #[must_use]
    pub fn contains(&self, at: UnixNanos) -> bool {
        UnixNanos::of(&self.start) <= at && self.end.as_ref().is_none_or(|end| at <= UnixNanos::of(end))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.end {
            Some(end) => write!(formatter, "{} to {}", self.start.to_rfc3339(), end.to_rfc3339()),
            None => write!(formatter, "from {} on", self.start.to_rfc3339()),
        }
    }
}

impl TrustedRoot {
    /// Reads a trusted root.
    ///
    /// # Errors
    /// [`Malformed`] names the place.
    pub fn parse(bytes: &[u8], limits: ParserLimits) -> Result<Self, Malformed> {
        let document = protobuf::document(bytes, limits)?;
        let root = Message::new(
            document.root(),
            &["mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"],
        )?;
        let media_type = root.text("mediaType")?;
        let known = [
            "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "application/vnd.dev.sigstore.trustedroot.v0.2+json",
        ];
        if !known.contains(&&*media_type) {
            return Err(Malformed::at(root.value(), format!("media type {media_type:?} is not supported")));
        }
        Ok(Self {
            logs: log_keys(root, "tlogs")?,
            certificate_logs: log_keys(root, "ctlogs")?,
            certificate_authorities: authorities(root, "certificateAuthorities")?,
            timestamp_authorities: authorities(root, "timestampAuthorities")?,
        })
    }
}

/// Keys of logs, each identifier once, so that an identifier names one key.
fn log_keys(root: Message<'_>, name: &str) -> Result<Vec<LogKey>, Malformed> {
    let mut keys: Vec<LogKey> = Vec::new();
    for value in root.items(name, ITEMS)? {
        let key = log_key(value)?;
        if keys.iter().any(|other| other.id == key.id) {
            return Err(Malformed::at(value, "a second log with this identifier"));
        }
        keys.push(key);
    }
    Ok(keys)
}

fn authorities(root: Message<'_>, name: &str) -> Result<Vec<Authority>, Malformed> {
    root.items(name, ITEMS)?.into_iter().map(authority).collect()
}

fn log_key(value: Value<'_>) -> Result<LogKey, Malformed> {
    let log = Message::new(
        value,
        &["baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator"],
    )?;
    if log.text("hashAlgorithm")? != "SHA2_256" {
        return Err(Malformed::at(value, "hashAlgorithm must be SHA2_256"));
    }
    let base_url = log.text("baseUrl")?;
    let name = base_url
        .split_once("://")
        .and_then(|(_, rest)| rest.split('/').next())
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Malformed::at(value, "baseUrl names no host"))?;
    let key = Message::new(log.required("publicKey")?, &["rawBytes", "keyDetails", "validFor"])?;
    Ok(LogKey {
        name: name.to_owned(),
        id: Message::new(log.required("logId")?, &["keyId"])?.bytes32("keyId")?,
        key_details: key.text("keyDetails")?.into_owned(),
        public_key: key.bytes("rawBytes")?,
        window: window(key)?,
    })
}

fn authority(value: Value<'_>) -> Result<Authority, Malformed> {
    let authority = Message::new(value, &["subject", "uri", "certChain", "validFor", "operator"])?;
    let chain = Message::new(authority.required("certChain")?, &["certificates"])?
        .items("certificates", CERTIFICATES)?
        .into_iter()
        .map(|certificate| Message::new(certificate, &["rawBytes"])?.bytes("rawBytes"))
        .collect::<Result<Vec<_>, _>>()?;
    if chain.is_empty() {
        return Err(Malformed::at(value, "no certificate"));
    }
    Ok(Authority { chain, window: window(authority)? })
}

fn window(holder: Message<'_>) -> Result<Window, Malformed> {
    let window = Message::new(holder.required("validFor")?, &["start", "end"])?;
    let instant = |value: Value<'_>| {
        value
            .text()
            .filter(|text| text.ends_with('Z') && text.contains('T'))
            .and_then(|text| Timestamp::parse(&text))
            .ok_or_else(|| Malformed::at(value, "not a time in UTC"))
    };
    let start = instant(window.required("start")?)?;
    let end = window.optional("end").map(instant).transpose()?;
    if end.as_ref().is_some_and(|end| *end < start) {
        return Err(Malformed::at(window.value(), "ends before it starts"));
    }
    Ok(Window { start, end })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::hex;

    /// Spec 16 section 16.7.2.
    #[test]
    fn the_embedded_root_is_the_known_one() {
        assert_eq!(
            hex::encode(&crate::crypto::sha256(EMBEDDED)),
            "6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66"
        );
        let root = TrustedRoot::parse(EMBEDDED, ParserLimits::default()).unwrap();
        let logs: Vec<(&str, String)> =
            root.logs.iter().map(|log| (log.name.as_str(), hex::encode(&log.id))).collect();
        assert_eq!(
            logs,
            [
                (
                    "rekor.sigstore.dev",
                    "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d".to_owned()
                ),
                (
                    "log2025-1.rekor.sigstore.dev",
                    "cf1199155bddd051268d1f16ac5c0c75c009f6fb5a63f4177f8e18d7051e3fa0".to_owned()
                ),
            ]
        );
        assert_eq!((root.certificate_authorities.len(), root.timestamp_authorities.len()), (2, 1));
    }

    #[test]
    fn a_window_is_closed_and_has_a_start() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let window = Window { start: at("2024-01-01T00:00:00Z"), end: Some(at("2025-01-01T00:00:00Z")) };
        let contains = |text: &str| window.contains(UnixNanos::of(&at(text)));
        assert!(contains("2024-01-01T00:00:00Z") && contains("2025-01-01T00:00:00Z"));
        assert!(!contains("2025-01-01T00:00:00.000001Z") && !contains("2023-12-31T23:59:59Z"));
        assert!(!window.contains(UnixNanos::of(&at("2025-01-01T00:00:00Z")).plus(1)));
        let text = std::str::from_utf8(EMBEDDED).unwrap();
        let start = "\"start\": \"2021-01-12T11:53:27Z\"";
        let without = text.replace(start, "");
        assert_ne!(without, text);
        let error = TrustedRoot::parse(without.as_bytes(), ParserLimits::default()).unwrap_err();
        assert_eq!(error.pointer, "/tlogs/0/publicKey/validFor");
    }
}
