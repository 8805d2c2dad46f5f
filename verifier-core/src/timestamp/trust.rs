use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use crate::bytes::{Blob, hex};
use crate::crypto::pki::PkiError;
use crate::crypto::{prefixed, sha256};
use crate::json::{Document, ParserLimits};
use crate::x509::{Certificate, Crl, read_pem};

/// Certificates and lists of one set; each pair of certificates may be compared.
const FILES: usize = 256;

/// Whose anchors they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustScope {
    /// The published set that is built into this program.
    Release,
    /// A published set in a directory.
    Directory,
    /// Certificates that the user named.
    UserSupplied,
    /// Certificates and lists of a trust kit.
    Kit,
}

/// Name and digest of a published set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustSetName {
    /// `id` of its manifest.
    pub id: String,
    /// `sha256:` of its manifest.
    pub hash: String,
    /// `generated_at` of its manifest.
    pub generated_at: String,
    /// Providers, sorted.
    pub providers: Vec<String>,
}

/// Why material is no trust set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustSetError(pub String);

impl fmt::Display for TrustSetError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for TrustSetError {}

/// Anchors, intermediate certificates and revocation lists of timestamp authorities.
///
/// Signatures among them are checked when the set is made, once, and remembered.
#[derive(Debug)]
pub struct TrustSet {
    pub(super) scope: TrustScope,
    pub(super) anchors: Vec<Certificate>,
    pub(super) intermediates: Vec<Certificate>,
    pub(super) lists: Vec<Crl>,
    name: Option<TrustSetName>,
    /// (child, issuer) fingerprints whose signature was checked.
    checked: BTreeSet<([u8; 32], [u8; 32])>,
    /// (list number, issuer fingerprint) whose signature was checked.
    checked_lists: BTreeSet<(usize, [u8; 32])>,
}

macro_rules! published {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../data/tsa_trust/", $path)))),*]
    };
}

/// The files of the published set, as its manifest names them.
const PUBLISHED: &[(&str, &[u8])] = published![
    "digicert/assured_id_root_ca.pem",
    "digicert/trusted_root_g4_cross_signed.pem",
    "digicert/trusted_g4_timestamping_rsa4096_sha256_2025_ca1.pem",
    "digicert/assured_id_root_ca.crl.pem",
    "digicert/trusted_root_g4.crl.pem",
    "digicert/trusted_g4_timestamping_rsa4096_sha256_2025_ca1.crl.pem",
    "globalsign/root_r6.pem",
    "globalsign/timestamping_root_r45.pem",
    "globalsign/offline_r45_timestamping_ca_2025.pem",
    "globalsign/root_r6.crl.pem",
    "globalsign/timestamping_root_r45.crl.pem",
    "globalsign/offline_r45_timestamping_ca_2025.crl.pem",
];
const PUBLISHED_MANIFEST: &[u8] = include_bytes!("../../data/tsa_trust/tsa_trust_bundle_v1.json");

/// Parts of a set that is being put together.
#[derive(Default)]
struct Parts {
    anchors: Vec<Certificate>,
    intermediates: Vec<Certificate>,
    lists: Vec<Crl>,
}

impl TrustSet {
    /// The published set that is built in (spec 11.5).
    ///
    /// # Errors
    /// [`TrustSetError`] when what is built in is damaged, which a test rules out.
    pub fn release() -> Result<&'static Self, TrustSetError> {
        static SET: OnceLock<Result<TrustSet, TrustSetError>> = OnceLock::new();
        let read =
            |path: &str| PUBLISHED.iter().find(|(name, _)| *name == path).map(|(_, bytes)| bytes.to_vec());
        SET.get_or_init(|| Self::read(PUBLISHED_MANIFEST, &read, TrustScope::Release))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// A set in the published form: a manifest, and files beside it that `read` delivers.
    ///
    /// # Errors
    /// [`TrustSetError`] when a file is missing, has another digest than the manifest states, is malformed, or is a
    /// revocation list that its issuer did not sign.
    pub fn read(
        manifest: &[u8],
        read: &dyn Fn(&str) -> Option<Vec<u8>>,
        scope: TrustScope,
    ) -> Result<Self, TrustSetError> {
        let error = |reason: &str| TrustSetError(format!("timestamp trust bundle: {reason}"));
        let document = Document::parse(Blob::new(manifest.to_vec()), ParserLimits::default())
            .map_err(|reason| error(&format!("manifest: {reason}")))?;
        let root = document.root();
        let text = |name: &str| root.member_text(name).map(|text| text.into_owned()).unwrap_or_default();
        if text("id") != "keel.tsa_trust_bundle.v1" || text("version") != "v1" {
            return Err(error("unknown id or version"));
        }
        let files = root.member("files").and_then(|files| files.as_array());
        let files = files.ok_or_else(|| error("the manifest has no list of files"))?;
        if files.len() > FILES {
            return Err(error("too many files"));
        }
        let mut parts = Parts::default();
        let mut providers = BTreeSet::new();
        for file in files.items() {
            let member = |name: &str| file.member_text(name).map(|text| text.into_owned());
            let (Some(kind), Some(path), Some(hash)) = (member("kind"), member("path"), member("sha256"))
            else {
                return Err(error("an entry has no kind, path or digest"));
            };
            let bytes = read(&path).ok_or_else(|| error(&format!("{path} cannot be read")))?;
            if prefixed(&sha256(&bytes)) != hash {
                return Err(error(&format!("{path} has another digest than the manifest states")));
            }
            let text = String::from_utf8(bytes).map_err(|_| error(&format!("{path} is no text")))?;
            parts.add(&kind, &text).map_err(|reason| error(&format!("{path}: {reason}")))?;
            providers.extend(member("provider"));
        }
        let name = TrustSetName {
            id: text("id"),
            hash: prefixed(&sha256(manifest)),
            generated_at: text("generated_at"),
            providers: providers.into_iter().collect(),
        };
        Self::assemble(parts, scope, Some(name))
    }

    /// A set of the user's own anchors (PEM certificates) and revocation lists (PEM).
    ///
    /// # Errors
    /// [`TrustSetError`] when a text is malformed, or a list is not signed by an anchor of its issuer's name.
    pub fn user(anchors: &str, lists: &[String]) -> Result<Self, TrustSetError> {
        let mut parts = Parts::default();
        parts.add("root", anchors).map_err(|reason| TrustSetError(format!("anchors: {reason}")))?;
        for list in lists {
            parts.add("crl", list).map_err(|reason| TrustSetError(format!("revocation lists: {reason}")))?;
        }
        Self::assemble(parts, TrustScope::UserSupplied, None)
    }

    /// A set of certificates and revocation lists that were read before.
    ///
    /// # Errors
    /// [`TrustSetError`] when a list is not signed by the certificate of its issuer in this set.
    pub fn of(
        anchors: Vec<Certificate>,
        intermediates: Vec<Certificate>,
        lists: Vec<Crl>,
        scope: TrustScope,
    ) -> Result<Self, TrustSetError> {
        Self::assemble(Parts { anchors, intermediates, lists }, scope, None)
    }

    /// This set with the revocation lists of another one.
    ///
    /// # Errors
    /// [`TrustSetError`] when a list is not signed by its issuer in this set.
    pub fn with_lists_of(&self, other: &Self) -> Result<Self, TrustSetError> {
        let lists = self.lists.iter().chain(&other.lists).cloned().collect();
        let parts = Parts { anchors: self.anchors.clone(), intermediates: self.intermediates.clone(), lists };
        Self::assemble(parts, self.scope, self.name.clone())
    }

    /// This set with further revocation lists (PEM).
    ///
    /// # Errors
    /// [`TrustSetError`] when a text is malformed or a list is not signed by its issuer in this set.
    pub fn with_lists(&self, lists: &[String]) -> Result<Self, TrustSetError> {
        let mut parts = Parts {
            anchors: self.anchors.clone(),
            intermediates: self.intermediates.clone(),
            lists: self.lists.clone(),
        };
        for list in lists {
            parts.add("crl", list).map_err(|reason| TrustSetError(format!("revocation lists: {reason}")))?;
        }
        Self::assemble(parts, self.scope, self.name.clone())
    }

    fn assemble(parts: Parts, scope: TrustScope, name: Option<TrustSetName>) -> Result<Self, TrustSetError> {
        let Parts { anchors, intermediates, lists } = parts;
        let mut set = Self {
            scope,
            anchors,
            intermediates,
            lists,
            name,
            checked: BTreeSet::new(),
            checked_lists: BTreeSet::new(),
        };
        let all = || set.anchors.iter().chain(&set.intermediates);
        let mut checked = BTreeSet::new();
        for child in &set.intermediates {
            for issuer in all().filter(|issuer| child.names_issuer(issuer)) {
                if child.verify_issued_by(issuer).is_ok() {
                    checked.insert((*child.fingerprint(), *issuer.fingerprint()));
                }
            }
        }
        let mut checked_lists = BTreeSet::new();
        for (number, list) in set.lists.iter().enumerate() {
            let mut named = all().filter(|issuer| issuer.subject() == list.issuer()).peekable();
            let has_issuer = named.peek().is_some();
            let signers: Vec<_> = named.filter(|issuer| list.verify(issuer).is_ok()).collect();
            // A list without an issuer here may be of one that a token brings along; it is checked then.
            if has_issuer && signers.is_empty() {
                let reason = format!("the revocation list of {} is not signed by it", list.issuer_text());
                return Err(TrustSetError(reason));
            }
            checked_lists.extend(signers.iter().map(|issuer| (number, *issuer.fingerprint())));
        }
        set.checked = checked;
        set.checked_lists = checked_lists;
        Ok(set)
    }

    /// Whose anchors they are.
    #[must_use]
    pub fn scope(&self) -> TrustScope {
        self.scope
    }

    /// Name and digest, for a published set.
    #[must_use]
    pub fn name(&self) -> Option<&TrustSetName> {
        self.name.as_ref()
    }

    /// Whether it has any revocation list.
    #[must_use]
    pub fn has_lists(&self) -> bool {
        !self.lists.is_empty()
    }

    /// Anchors and intermediate certificates.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.anchors.iter().chain(&self.intermediates)
    }

    /// Revocation lists.
    #[must_use]
    pub fn lists(&self) -> &[Crl] {
        &self.lists
    }

    /// Whether a certificate says that one of this set issued it, rightly or not.
    pub(super) fn names_issuer_of(&self, certificate: &Certificate) -> bool {
        self.certificates().any(|own| {
            own.subject() == certificate.issuer()
                || (own.subject_key_id().is_some() && own.subject_key_id() == certificate.authority_key_id())
        })
    }

    /// The signature of `child` under `issuer`, remembered where both are of this set.
    pub(super) fn verify(&self, child: &Certificate, issuer: &Certificate) -> Result<(), PkiError> {
        if self.checked.contains(&(*child.fingerprint(), *issuer.fingerprint())) {
            return Ok(());
        }
        child.verify_issued_by(issuer)
    }

    /// The revocation lists that `issuer` signed.
    pub(super) fn lists_of<'s>(&'s self, issuer: &'s Certificate) -> impl Iterator<Item = &'s Crl> {
        self.lists.iter().enumerate().filter_map(|(number, list)| {
            let known = self.checked_lists.contains(&(number, *issuer.fingerprint()));
            (known || list.verify(issuer).is_ok()).then_some(list)
        })
    }
}

impl Parts {
    fn add(&mut self, kind: &str, text: &str) -> Result<(), String> {
        let label = match kind {
            "root" | "intermediate" => "CERTIFICATE",
            "crl" => "X509 CRL",
            other => return Err(format!("unknown kind {other:?}")),
        };
        let blocks = read_pem(text, &[label]).map_err(|error| error.to_string())?;
        if blocks.is_empty() {
            return Err(format!("no {label}"));
        }
        if blocks.len() > FILES {
            return Err("too many blocks".to_owned());
        }
        for (_, der) in blocks {
            match kind {
                "crl" => self.lists.push(Crl::read(&der).map_err(|error| error.to_string())?),
                "root" => self.anchors.push(Certificate::read(&der).map_err(|error| error.to_string())?),
                _ => self.intermediates.push(Certificate::read(&der).map_err(|error| error.to_string())?),
            }
        }
        Ok(())
    }
}

impl fmt::Display for TrustSetName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.id, self.hash)
    }
}

/// Fingerprint for messages.
pub(super) fn fingerprint(certificate: &Certificate) -> String {
    hex::encode(certificate.fingerprint())
}
