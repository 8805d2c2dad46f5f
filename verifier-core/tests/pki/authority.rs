//! Certificates and revocation lists, right unless told otherwise.

use p256::ecdsa::SigningKey;
use verifier_core::bytes::base64;
use verifier_core::x509::Certificate;

use crate::der::*;

/// A certificate to be issued.
#[derive(Clone)]
pub struct Draft {
    pub serial: u64,
    pub subject: String,
    pub key: u8,
    pub not_before: &'static str,
    pub not_after: &'static str,
    pub version: Option<u64>,
    /// Object identifier, criticality, value.
    pub extensions: Vec<(&'static str, bool, Vec<u8>)>,
    /// Algorithm that the certificate names, inside and outside.
    pub algorithm: [&'static str; 2],
}

pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub const KEY_USAGE: &str = "2.5.29.15";
pub const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
pub const SUBJECT_KEY_ID: &str = "2.5.29.14";
pub const AUTHORITY_KEY_ID: &str = "2.5.29.35";
pub const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
pub const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";

pub fn ca(path_length: Option<u64>) -> Vec<u8> {
    match path_length {
        Some(length) => sequence(&[&boolean(true), &integer(length)]),
        None => sequence(&[&boolean(true)]),
    }
}

/// The named bits, 0 first.
pub fn key_usage(bits: &[u8]) -> Vec<u8> {
    let byte = bits.iter().fold(0u8, |byte, bit| byte | 0x80 >> bit);
    element(3, &[u8::try_from(byte.trailing_zeros()).unwrap(), byte])
}

pub fn purposes(list: &[&str]) -> Vec<u8> {
    let oids: Vec<Vec<u8>> = list.iter().map(|purpose| oid(purpose)).collect();
    element(0x30, &oids.concat())
}

impl Draft {
    /// A certification authority.
    pub fn authority(subject: &str, key: u8) -> Self {
        Self {
            serial: u64::from(key),
            subject: subject.to_owned(),
            key,
            not_before: "20200101000000Z",
            not_after: "20400101000000Z",
            version: Some(2),
            extensions: vec![
                (BASIC_CONSTRAINTS, true, ca(None)),
                (KEY_USAGE, true, key_usage(&[5, 6])),
                (SUBJECT_KEY_ID, false, octets(&[key; 20])),
            ],
            algorithm: [ECDSA_SHA256; 2],
        }
    }

    /// The certificate of a timestamp authority.
    pub fn signer(subject: &str, key: u8) -> Self {
        Self {
            extensions: vec![
                (KEY_USAGE, true, key_usage(&[0])),
                (EXTENDED_KEY_USAGE, true, purposes(&[TIME_STAMPING])),
                (SUBJECT_KEY_ID, false, octets(&[key; 20])),
            ],
            ..Self::authority(subject, key)
        }
    }

    /// With an extension in place of the one of that identifier.
    pub fn with(mut self, id: &'static str, critical: bool, value: Vec<u8>) -> Self {
        self = self.without(id);
        self.extensions.push((id, critical, value));
        self
    }

    pub fn without(mut self, id: &str) -> Self {
        self.extensions.retain(|(own, _, _)| *own != id);
        self
    }

    /// Issued by whoever holds `key` under that name.
    pub fn issued_by(&self, issuer: &str, key: u8) -> Vec<u8> {
        let extensions: Vec<Vec<u8>> = self
            .extensions
            .iter()
            .map(|(id, critical, value)| {
                let critical = if *critical { boolean(true) } else { Vec::new() };
                sequence(&[&oid(id), &critical, &octets(value)])
            })
            .collect();
        let extensions = tagged(3, &element(0x30, &extensions.concat()));
        let version = self.version.map(|version| tagged(0, &integer(version))).unwrap_or_default();
        let tbs = sequence(&[
            &version,
            &integer(self.serial),
            &algorithm(self.algorithm[0]),
            &name(issuer),
            &sequence(&[&general_time(self.not_before), &general_time(self.not_after)]),
            &name(&self.subject),
            &spki(&crate::der::key(self.key)),
            if self.extensions.is_empty() { &[] } else { &extensions },
        ]);
        signed(&tbs, self.algorithm[1], &crate::der::key(key))
    }

    pub fn self_signed(&self) -> Vec<u8> {
        self.issued_by(&self.subject, self.key)
    }
}

pub fn read(der: &[u8]) -> Certificate {
    Certificate::read(der).unwrap()
}

/// An entry of a revocation list.
#[derive(Clone)]
pub struct Entry {
    pub serial: u64,
    pub date: &'static str,
    pub reason: Option<u8>,
    pub invalid_since: Option<&'static str>,
}

impl Entry {
    pub fn new(serial: u64, date: &'static str, reason: Option<u8>) -> Self {
        Self { serial, date, reason, invalid_since: None }
    }
}

/// A revocation list.
#[derive(Clone)]
pub struct List {
    pub this_update: &'static str,
    pub next_update: Option<&'static str>,
    pub entries: Vec<Entry>,
    pub extensions: Vec<(&'static str, bool, Vec<u8>)>,
}

impl List {
    pub fn new(this_update: &'static str, next_update: &'static str) -> Self {
        Self { this_update, next_update: Some(next_update), entries: Vec::new(), extensions: Vec::new() }
    }

    pub fn listing(mut self, entry: Entry) -> Self {
        self.entries.push(entry);
        self
    }

    pub fn signed_by(&self, issuer: &str, key: &SigningKey) -> Vec<u8> {
        let extension = |id: &str, critical: bool, value: &[u8]| {
            let critical = if critical { boolean(true) } else { Vec::new() };
            sequence(&[&oid(id), &critical, &octets(value)])
        };
        let entries: Vec<Vec<u8>> = self
            .entries
            .iter()
            .map(|entry| {
                let mut parts = Vec::new();
                if let Some(reason) = entry.reason {
                    parts.extend(extension("2.5.29.21", false, &element(10, &[reason])));
                }
                if let Some(since) = entry.invalid_since {
                    parts.extend(extension("2.5.29.24", false, &general_time(since)));
                }
                let parts = if parts.is_empty() { parts } else { element(0x30, &parts) };
                sequence(&[&integer(entry.serial), &general_time(entry.date), &parts])
            })
            .collect();
        let entries = if entries.is_empty() { Vec::new() } else { element(0x30, &entries.concat()) };
        let extensions: Vec<Vec<u8>> =
            self.extensions.iter().map(|(id, critical, value)| extension(id, *critical, value)).collect();
        let extensions =
            if extensions.is_empty() { Vec::new() } else { tagged(0, &element(0x30, &extensions.concat())) };
        let next = self.next_update.map(general_time).unwrap_or_default();
        let tbs = sequence(&[
            &integer(1),
            &algorithm(ECDSA_SHA256),
            &name(issuer),
            &general_time(self.this_update),
            &next,
            &entries,
            &extensions,
        ]);
        signed(&tbs, ECDSA_SHA256, key)
    }
}

pub fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", base64::encode(der))
}
