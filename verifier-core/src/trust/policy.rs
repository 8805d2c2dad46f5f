use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use super::kit::{KitInUse, TrustKit};
use crate::bytes::{Blob, Limits};
use crate::time::Timestamp;

/// A file that the operator named, read by the frontend.
#[derive(Clone, Debug)]
pub struct NamedBlob {
    /// The path as given.
    pub name: String,
    /// The bytes, or why they cannot be read.
    pub content: Result<Blob, String>,
}

impl NamedBlob {
    /// Bytes with a name.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), content: Ok(Blob::new(bytes)) }
    }
}

/// Where trusted keys come from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// The trust root of the policy: the one given, else the one compiled in.
    TrustRoot,
    /// A key manifest; a signed one must be signed by a key of the trust root.
    Manifest(NamedBlob),
    /// One public key as text, used whatever the evidence says.
    Expected(String),
    /// The key inside the evidence: consistency only.
    SelfAttested,
}

/// How a check is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Runs where the evidence carries the material; only a contradiction fails.
    Automatic,
    /// Must be established.
    Required,
}

/// Whose timestamps count, and what is known about revocation. The default is the published set that is built in.
#[derive(Clone, Debug, Default)]
pub struct TimestampTrust {
    /// PEM certificates that replace the published anchors.
    pub anchors: Option<NamedBlob>,
    /// A published set that replaces the one built in: files by path, the manifest among them, or why it cannot be read.
    pub directory: Option<Result<BTreeMap<String, Blob>, String>>,
    /// A trust kit, whose revocation lists count in any case.
    pub kit: Option<Arc<TrustKit>>,
    /// Whether the kit's certificates replace the published anchors.
    pub kit_authorities: bool,
    /// Further revocation lists as PEM.
    pub lists: Vec<NamedBlob>,
    /// Policies of authorities (dotted object identifiers) that are accepted; none stands for all.
    pub policies: Vec<String>,
    /// Receipts are left out on request; nothing is then said about them.
    pub skip: bool,
}

/// Which transparency logs and witnesses count. By default none does.
#[derive(Clone, Debug, Default)]
pub struct LogTrust {
    /// Keys of logs, as text.
    pub keys: Vec<String>,
    /// A policy of logs and witnesses.
    pub policy: Option<NamedBlob>,
    /// How many of how many witnesses must have cosigned a head, whatever the policy's quorum.
    pub witnesses: Option<(usize, usize)>,
}

/// Everything that decides a verdict besides the evidence.
#[derive(Clone, Debug)]
pub struct TrustPolicy {
    /// Where trusted keys come from.
    pub keys: KeySource,
    /// A trust root that replaces the one compiled in.
    pub trust_root: Option<NamedBlob>,
    /// Accept a manifest without a signature; every other check still runs.
    pub allow_unsigned: bool,
    /// The chain walk.
    pub walk: Check,
    /// Closure verification.
    pub closures: Check,
    /// Whose timestamps count.
    pub timestamps: TimestampTrust,
    /// Which transparency logs and witnesses count.
    pub logs: LogTrust,
    /// A trusted root of Sigstore that replaces the one compiled in.
    pub sigstore_root: Option<NamedBlob>,
    /// The trust kit that material was taken from: [`TrustPolicy::adopt_kit`].
    pub kit: Option<KitInUse>,
    /// A checkpoint that anchors of bundles are compared with, and that declared scopes end at.
    pub checkpoint: Option<NamedBlob>,
    /// Claims that must be supported.
    pub require: BTreeSet<String>,
    /// The date that verdicts are stated for.
    pub as_of: Timestamp,
    /// What hostile input may cost.
    pub limits: Limits,
    /// Threads.
    pub workers: NonZeroUsize,
    /// Whether the report keeps the chain entries that were walked, for checks across sets. It changes no verdict.
    pub keep_chains: bool,
}

impl TrustPolicy {
    /// The strict default as of a date: compiled-in trust root, everything the evidence carries is checked,
    /// one thread.
    #[must_use]
    pub fn new(as_of: Timestamp) -> Self {
        Self {
            keys: KeySource::TrustRoot,
            trust_root: None,
            allow_unsigned: false,
            walk: Check::Automatic,
            closures: Check::Automatic,
            timestamps: TimestampTrust::default(),
            logs: LogTrust::default(),
            sigstore_root: None,
            kit: None,
            checkpoint: None,
            require: BTreeSet::new(),
            as_of,
            limits: Limits::default(),
            workers: NonZeroUsize::MIN,
            keep_chains: false,
        }
    }
}
