use std::fmt;

use serde::Serialize;

use crate::bytes::Blob;
use crate::json::{Document, ParserLimits};
use crate::sigstore::trusted_root::{TrustedRoot, Window};
use crate::time::Timestamp;
use crate::tlog::{NoteKey, Policy, Role};
use crate::trust::manifest::{Bound, KeyEntry, KeyManifest};
use crate::x509::{Certificate, Crl, read_pem};

/// What an item is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The key manifest that takes the place of the compiled-in trust root.
    TrustRoot,
    /// A key manifest; a signed one must be signed by a key of the trust root.
    KeyManifest,
    /// The certificate of a timestamp authority that names itself as its issuer.
    TsaAnchor,
    /// A certificate between an anchor and the signer of timestamps.
    TsaIntermediate,
    /// A revocation list.
    TsaCrl,
    /// The key of a transparency log.
    LogKey,
    /// Trusted logs and witnesses.
    WitnessPolicy,
    /// Sigstore's trusted root.
    SigstoreTrustedRoot,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::TrustRoot,
        Self::KeyManifest,
        Self::TsaAnchor,
        Self::TsaIntermediate,
        Self::TsaCrl,
        Self::LogKey,
        Self::WitnessPolicy,
        Self::SigstoreTrustedRoot,
    ];

    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TrustRoot => "trust_root",
            Self::KeyManifest => "key_manifest",
            Self::TsaAnchor => "tsa_anchor",
            Self::TsaIntermediate => "tsa_intermediate",
            Self::TsaCrl => "tsa_crl",
            Self::LogKey => "log_key",
            Self::WitnessPolicy => "witness_policy",
            Self::SigstoreTrustedRoot => "sigstore_trusted_root",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A bound of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// No bound.
    Open,
    /// Up to and including this instant (for a start: from it on).
    At(Timestamp),
    /// Up to, and not including, this instant.
    Before(Timestamp),
    /// Stated, and not readable.
    Unreadable,
}

/// Something within an item that has a time for which it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name, where the item has several.
    pub name: Option<String>,
    /// Start, inclusive.
    pub from: Limit,
    /// End.
    pub until: Limit,
    /// When it is revoked by the item itself; `Unreadable` when that is so without a usable date. `Open`: it is not.
    pub revoked: Limit,
}

/// A part as a kit states it.
#[derive(Serialize)]
pub(super) struct WrittenPart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<String>,
}

impl Limit {
    fn of(bound: &Bound) -> Self {
        match bound {
            Bound::Open => Self::Open,
            Bound::At(at) => Self::At(at.clone()),
            Bound::Unreadable => Self::Unreadable,
        }
    }

    fn of_seconds(seconds: i64) -> Self {
        seconds
            .checked_mul(1_000_000)
            .and_then(Timestamp::from_unix_micros)
            .map_or(Self::Unreadable, Self::At)
    }

    /// The instant, `None` where there is no bound, else words.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Open => None,
            Self::At(at) | Self::Before(at) => Some(at.to_rfc3339()),
            Self::Unreadable => Some("unreadable".to_owned()),
        }
    }
}

impl Part {
    pub(super) fn written(&self) -> WrittenPart<'_> {
        WrittenPart {
            name: self.name.as_deref(),
            from: self.from.text(),
            until: self.until.text(),
            revoked: self.revoked.text(),
        }
    }

    fn of_key(entry: &KeyEntry) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let unusable = entry.status_malformed
            || !matches!(entry.key, Some(Ok(_)))
            || !matches!(
                entry.status.as_deref(),
                None | Some("active" | "retired" | "revoked" | "compromised")
            );
        // A compromise leaves nothing believable, whatever date it states.
        let revoked = match (entry.status.as_deref(), &entry.revoked_at, &entry.compromised_at) {
            (Some("compromised"), _, _) => Limit::Unreadable,
            (_, _, compromised) if *compromised != Bound::Open => Limit::Unreadable,
            (Some("revoked"), Bound::Open, _) => Limit::Unreadable,
            (_, revoked, _) => Limit::of(revoked),
        };
        Self {
            name: Some(format!("{} {}", text(&entry.purpose), text(&entry.key_id))),
            from: if unusable { Limit::Unreadable } else { Limit::of(&entry.valid_from) },
            until: Limit::of(&entry.valid_to),
            revoked,
        }
    }

    fn of_window(name: String, window: &Window) -> Self {
        Self {
            name: Some(name),
            from: Limit::At(window.start.clone()),
            until: window.end.clone().map_or(Limit::Open, Limit::At),
            revoked: Limit::Open,
        }
    }
}

/// One piece of trust material.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is used as.
    pub kind: Kind,
    /// Name of the file that it came from.
    pub file: String,
    /// SHA-256 of the content; of a certificate its fingerprint.
    pub sha256: [u8; 32],
    /// When the content says that it was made (key manifests; not covered by their signature).
    pub made: Option<Timestamp>,
    /// What has a time for which it counts; empty where nothing states one.
    pub parts: Vec<Part>,
    /// The bytes.
    pub content: Blob,
    /// What it is of, in words.
    pub subject: String,
    pub(super) certificate: Option<Certificate>,
    pub(super) list: Option<Crl>,
}

/// Why a file is no trust material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotMaterial {
    /// It is meant to be some, and cannot be used.
    pub damaged: bool,
    /// The reason, as a sentence without the final stop.
    pub why: String,
}

impl Item {
    /// Recognises a file by its content: one item, or one for each certificate and revocation list of a PEM text.
    ///
    /// A key manifest becomes [`Kind::KeyManifest`]; [`Item::trust_root`] is for the one that the caller vouches for.
    ///
    /// # Errors
    /// [`NotMaterial`] for anything else.
    pub fn identify(file: &str, content: &Blob, limits: ParserLimits) -> Result<Vec<Self>, NotMaterial> {
        // A certificate or a list has more than 127 bytes, so that its second byte is that of no text.
        if matches!(content.as_slice(), [0x30, 0x80..=0xff, ..]) {
            return Self::of_der(file, content.clone(), limits).map(|item| vec![item]).map_err(damaged);
        }
        let text = content.as_str().ok_or_else(|| other("neither text nor DER".to_owned()))?;
        if text.lines().any(|line| line.starts_with("-----BEGIN ")) {
            let blocks =
                read_pem(text, &["CERTIFICATE", "X509 CRL"]).map_err(|error| damaged(error.to_string()))?;
            let items = blocks.into_iter().map(|(_, der)| Self::of_der(file, Blob::new(der), limits));
            return items.collect::<Result<_, _>>().map_err(damaged);
        }
        let kind = if text.trim_start().starts_with('{') {
            kind_of_json(content, limits)?
        } else if NoteKey::parse(text.trim_end()).is_ok() {
            Kind::LogKey
        } else {
            Kind::WitnessPolicy
        };
        Self::read(kind, file, content.clone(), limits).map(|item| vec![item]).map_err(|why| match kind {
            Kind::WitnessPolicy => other(format!("no trust material (as a witness policy: {why})")),
            _ => damaged(why),
        })
    }

    /// A key manifest that takes the place of the compiled-in trust root.
    ///
    /// # Errors
    /// Why it is none, as a sentence without the final stop.
    pub fn trust_root(file: &str, content: &Blob, limits: ParserLimits) -> Result<Self, String> {
        Self::read(Kind::TrustRoot, file, content.clone(), limits)
    }

    fn of_der(file: &str, content: Blob, limits: ParserLimits) -> Result<Self, String> {
        let kind = match Certificate::read(content.as_slice()) {
            Ok(certificate) => kind_of_certificate(&certificate),
            Err(_) if Crl::read(content.as_slice()).is_ok() => Kind::TsaCrl,
            Err(error) => return Err(format!("no certificate and no revocation list: {error}")),
        };
        Self::read(kind, file, content, limits)
    }

    /// Reads the content as what it is said to be.
    pub(super) fn read(kind: Kind, file: &str, content: Blob, limits: ParserLimits) -> Result<Self, String> {
        let mut item = Self {
            kind,
            file: file.to_owned(),
            sha256: content.sha256(),
            made: None,
            parts: Vec::new(),
            content,
            subject: String::new(),
            certificate: None,
            list: None,
        };
        match kind {
            Kind::TrustRoot | Kind::KeyManifest => item.read_keys(limits)?,
            Kind::TsaAnchor | Kind::TsaIntermediate => item.read_certificate()?,
            Kind::TsaCrl => item.read_list()?,
            Kind::LogKey => {
                let text = item.content.as_str().ok_or("no text")?;
                let key = NoteKey::parse(text.trim_end()).map_err(|error| error.to_string())?;
                if key.role != Role::Log {
                    return Err("the key of a witness, which counts by a witness policy only".to_owned());
                }
                item.subject = key.name;
            }
            Kind::WitnessPolicy => {
                let text = item.content.as_str().ok_or("no text")?;
                let policy = Policy::parse(text).map_err(|error| error.to_string())?;
                item.subject = format!("{} witnesses", policy.witness_count());
            }
            Kind::SigstoreTrustedRoot => item.read_sigstore(limits)?,
        }
        Ok(item)
    }

    fn read_keys(&mut self, limits: ParserLimits) -> Result<(), String> {
        let manifest = KeyManifest::list(&self.content, limits).map_err(|error| error.to_string())?;
        if manifest.entries.is_empty() {
            return Err("key manifest lists no key".to_owned());
        }
        self.parts = manifest.entries.iter().map(Part::of_key).collect();
        self.made = manifest.generated_at;
        self.subject = format!(
            "{} keys, {}",
            manifest.entries.len(),
            if manifest.signed { "signed" } else { "not signed" }
        );
        Ok(())
    }

    fn read_certificate(&mut self) -> Result<(), String> {
        let certificate = Certificate::read(self.content.as_slice()).map_err(|error| error.to_string())?;
        let kind = kind_of_certificate(&certificate);
        if kind != self.kind {
            return Err(format!("the certificate is a {kind}"));
        }
        self.subject = certificate.subject_text().to_owned();
        self.parts.push(Part {
            name: None,
            from: Limit::of_seconds(certificate.not_before()),
            until: Limit::of_seconds(certificate.not_after()),
            revoked: Limit::Open,
        });
        self.certificate = Some(certificate);
        Ok(())
    }

    fn read_list(&mut self) -> Result<(), String> {
        let list = Crl::read(self.content.as_slice()).map_err(|error| error.to_string())?;
        if let Some(why) = list.unusable() {
            return Err(format!("the revocation list cannot be used: {why}"));
        }
        self.subject = list.issuer_text().to_owned();
        self.parts.push(Part {
            name: None,
            from: Limit::of_seconds(list.this_update()),
            until: match list.next_update().map(Limit::of_seconds) {
                None => Limit::Open,
                Some(Limit::At(at)) => Limit::Before(at),
                Some(other) => other,
            },
            revoked: Limit::Open,
        });
        self.list = Some(list);
        Ok(())
    }

    fn read_sigstore(&mut self, limits: ParserLimits) -> Result<(), String> {
        let root = TrustedRoot::parse(self.content.as_slice(), limits).map_err(|error| error.to_string())?;
        for (list, logs) in [("tlogs", &root.logs), ("ctlogs", &root.certificate_logs)] {
            self.parts
                .extend(logs.iter().map(|log| Part::of_window(format!("{list} {}", log.name), &log.window)));
        }
        for (list, authorities) in [
            ("certificateAuthorities", &root.certificate_authorities),
            ("timestampAuthorities", &root.timestamp_authorities),
        ] {
            let numbered = authorities.iter().enumerate();
            self.parts.extend(numbered.map(|(at, own)| Part::of_window(format!("{list} {at}"), &own.window)));
        }
        self.subject =
            format!("{} logs, {} authorities", root.logs.len(), root.certificate_authorities.len());
        Ok(())
    }

    pub(super) fn order(&self) -> (Kind, [u8; 32], &str) {
        (self.kind, self.sha256, &self.file)
    }
}

fn kind_of_certificate(certificate: &Certificate) -> Kind {
    if certificate.subject() == certificate.issuer() { Kind::TsaAnchor } else { Kind::TsaIntermediate }
}

fn damaged(why: String) -> NotMaterial {
    NotMaterial { damaged: true, why }
}

fn other(why: String) -> NotMaterial {
    NotMaterial { damaged: false, why }
}

fn kind_of_json(content: &Blob, limits: ParserLimits) -> Result<Kind, NotMaterial> {
    let document =
        Document::parse(content.clone(), limits).map_err(|error| damaged(format!("not JSON: {error}")))?;
    let root = document.root();
    let sigstore = "application/vnd.dev.sigstore.trustedroot";
    if root.member_text("mediaType").is_some_and(|text| text.starts_with(sigstore)) {
        Ok(Kind::SigstoreTrustedRoot)
    } else if root.member("keys").is_some_and(|keys| keys.is_array()) {
        Ok(Kind::KeyManifest)
    } else if root.member_text("format").is_some_and(|text| *text == *super::FORMAT) {
        Err(other("it is a trust kit itself".to_owned()))
    } else {
        Err(other("JSON of no known kind of trust material".to_owned()))
    }
}
