//! The ordered checks of a bundle over an artifact (spec 16 section 16.7.3).
//!
//! Every check is made whose premises hold, so that the answer shows everything that is wrong at once. What no
//! check has established stays open: [`Verification::checks`] has an answer for each [`Check`], and only
//! [`Outcome::holds`] counts as established.
//!
//! Times come first, because they decide which certificates and keys count: the log's signed entry timestamp and
//! the RFC 3161 timestamps over the signature. One that is present and wrong fails its check even where another
//! would do. Nothing is taken from the bundle on trust; all keys and certificates are those of the trusted root,
//! or the one given.

use super::artifact::ArtifactDigest;
use super::bundle::{Bundle, Content, LogEntry, Signer};
use super::certificate;
use super::check::{Check, Outcome, Problem};
use super::entry::{Body, BodyError, Verifier};
use super::identity::Expected;
use super::key;
use super::rekor;
use super::sct;
use super::timestamp;
use super::trusted_root::{LogKey, TrustedRoot};
use crate::bytes::base64;
use crate::crypto::pki::{PkiError, SubjectKey};
use crate::json::ParserLimits;
use crate::time::{Timestamp, UnixNanos};
use crate::x509::Certificate;

/// What is to be verified, against what.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The bundle.
    pub bundle: &'a Bundle,
    /// The artifact that it shall be about.
    pub artifact: &'a ArtifactDigest,
    /// Who shall have signed.
    pub signer: ExpectedSigner<'a>,
    /// Whom to trust.
    pub root: &'a TrustedRoot,
    /// The date that the verdict is for.
    pub as_of: &'a Timestamp,
    /// Limits of the documents inside the bundle.
    pub limits: ParserLimits,
}

/// Who shall have signed.
#[derive(Clone, Copy, Debug)]
pub enum ExpectedSigner<'a> {
    /// The holder of an identity, by certificate.
    Identity(&'a Expected),
    /// The holder of a key: SubjectPublicKeyInfo, DER.
    Key(&'a [u8]),
}

/// What came of the checks.
#[derive(Clone, Debug)]
pub struct Verification {
    /// Every check once, with its outcome.
    pub checks: Vec<(Check, Outcome)>,
    /// Verified times at which the signature existed.
    pub times: Vec<VerifiedTime>,
    /// Identities in the certificate; meaningful when the checks of the certificate hold.
    pub names: Vec<String>,
    /// The key under which the signature was verified, base64 of its SubjectPublicKeyInfo.
    pub public_key: Option<String>,
    /// Name of the log, when the trusted root has it.
    pub log_name: Option<String>,
    /// Signature lines of others in the checkpoint, which are not verified here.
    pub cosignatures: usize,
}

impl Verification {
    /// Whether a check holds.
    #[must_use]
    pub fn holds(&self, check: Check) -> bool {
        self.checks.iter().any(|(own, outcome)| *own == check && outcome.holds())
    }
}

/// A time that somebody in the trusted root stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedTime {
    /// Who stated it, in words.
    pub source: &'static str,
    /// The time.
    pub at: UnixNanos,
}

/// Makes all checks.
#[must_use]
pub fn verify(question: &Question<'_>) -> Verification {
    let Question { bundle, root, .. } = *question;
    let log = bundle.entry.as_ref().and_then(|entry| root.logs.iter().find(|log| log.id == entry.log_id));
    let (promise, integrated) = match (&bundle.entry, log) {
        (None, _) => (Outcome::Skipped(NO_ENTRY), None),
        (_, None) => (Outcome::Skipped(NO_LOG), None),
        (Some(entry), Some(log)) => rekor::check_promise(entry, log),
    };
    let (timestamps, stamped) = timestamp::check(bundle, &root.timestamp_authorities);
    let times: Vec<VerifiedTime> = integrated.iter().cloned().chain(stamped).collect();
    let signer = SignerChecks::of(question, &times);
    let log_checks =
        LogChecks::of(question, log, &signer, integrated.as_ref().map_or(&times, std::slice::from_ref));
    Verification {
        checks: vec![
            (Check::Artifact, check_artifact(question)),
            (Check::Signature, signer.signature),
            (Check::CertificateChain, signer.chain),
            (Check::CertificateTime, signer.time),
            (Check::CertificateLog, signer.log),
            (Check::Identity, signer.identity),
            (Check::Issuer, signer.issuer),
            (Check::Log, log_checks.log),
            (Check::EntryBody, log_checks.body),
            (Check::Inclusion, log_checks.inclusion),
            (Check::Checkpoint, log_checks.checkpoint),
            (Check::Promise, promise),
            (Check::EntryMatch, log_checks.entry_match),
            (Check::Timestamps, timestamps),
            (Check::Time, check_time(&times, question.as_of)),
        ],
        times,
        names: signer.names,
        public_key: signer.public_key,
        log_name: log.map(|log| log.name.clone()),
        cosignatures: log_checks.cosignatures,
    }
}

/// What the log says about the entry of a bundle, whoever signed it: the checks of the log, and what the entry is of.
#[derive(Clone, Debug)]
pub struct LoggedEntry {
    /// Every check of the log once, with its outcome.
    pub checks: Vec<(Check, Outcome)>,
    /// SHA-256 of what was signed, as the entry's body states it.
    pub digest: Option<[u8; 32]>,
    /// The entry's number in the log.
    pub log_index: Option<u64>,
}

/// Makes the checks of the log entry alone. The signer and the signature are not judged: the log's key and tree
/// show that the log holds an entry about [`LoggedEntry::digest`].
#[must_use]
pub fn verify_entry(
    bundle: &Bundle,
    root: &TrustedRoot,
    as_of: &Timestamp,
    limits: ParserLimits,
) -> LoggedEntry {
    let Some(entry) = &bundle.entry else {
        let checks = vec![(Check::Log, Problem::NoEntry.into())];
        return LoggedEntry { checks, digest: None, log_index: None };
    };
    let log = root.logs.iter().find(|log| log.id == entry.log_id);
    let (promise, integrated) = match log {
        None => (Outcome::Skipped(NO_LOG), None),
        Some(log) => rekor::check_promise(entry, log),
    };
    let (timestamps, stamped) = timestamp::check(bundle, &root.timestamp_authorities);
    let times: Vec<VerifiedTime> = integrated.iter().cloned().chain(stamped).collect();
    let of_entry = integrated.as_ref().map_or(&*times, std::slice::from_ref);
    let EntryChecks { log, body, inclusion, checkpoint, .. } = EntryChecks::of(entry, log, of_entry, limits);
    LoggedEntry {
        digest: body.as_ref().ok().map(|body| body.digest),
        log_index: Some(entry.log_index),
        checks: vec![
            (Check::Log, log),
            (Check::EntryBody, body.map(drop).map_err(Problem::Body).into()),
            (Check::Inclusion, inclusion),
            (Check::Checkpoint, checkpoint),
            (Check::Promise, promise),
            (Check::Timestamps, timestamps),
            (Check::Time, check_time(&times, as_of)),
        ],
    }
}

const NO_ENTRY: &str = "the bundle has no log entry";
const NO_LOG: &str = "the trusted root does not have the log";
const NO_PROOF: &str = "there is no inclusion proof";
const NO_SIGNER: &str = "the signer is not of the kind that was expected";
const NO_CHAIN: &str = "the certificate was not issued by a trusted authority";
const NO_CERTIFICATE: &str = "the signer's certificate cannot be read";
const BY_KEY: &str = "the bundle is signed with a key, not a certificate";

fn check_artifact(question: &Question<'_>) -> Outcome {
    let artifact = question.artifact;
    match &question.bundle.content {
        Content::Message { digest: None, .. } => Outcome::NotApplicable(
            "the bundle states no digest; signature and log entry are over the artifact's",
        ),
        Content::Message { digest: Some(stated), .. } if *stated == artifact.sha256 => Outcome::Passed,
        Content::Message { digest: Some(stated), .. } => {
            Problem::OtherArtifact { stated: *stated, computed: artifact.sha256 }.into()
        }
        Content::Dsse(envelope) => {
            envelope.check_subject(artifact, question.limits).map_err(Problem::Statement).into()
        }
    }
}

fn check_time(times: &[VerifiedTime], as_of: &Timestamp) -> Outcome {
    if times.is_empty() {
        return Problem::NoTime.into();
    }
    let late = times.iter().filter(|time| time.at > UnixNanos::of(as_of));
    late.map(|time| Problem::TimeAfterAsOf { at: time.at.to_string() }).collect::<Vec<_>>().into()
}

/// What depends on the kind of signer.
struct SignerChecks {
    signature: Outcome,
    chain: Outcome,
    time: Outcome,
    log: Outcome,
    identity: Outcome,
    issuer: Outcome,
    verifier: Option<Verifier>,
    names: Vec<String>,
    public_key: Option<String>,
}

impl SignerChecks {
    fn of(question: &Question<'_>, times: &[VerifiedTime]) -> Self {
        let bundle = question.bundle;
        match (&bundle.signer, question.signer) {
            (Signer::PublicKey { .. }, ExpectedSigner::Key(spki)) => {
                let not_applicable = || Outcome::NotApplicable(BY_KEY);
                Self {
                    signature: check_signature(&SubjectKey::from_spki(spki), question),
                    chain: not_applicable(),
                    time: not_applicable(),
                    log: not_applicable(),
                    identity: not_applicable(),
                    issuer: not_applicable(),
                    verifier: Some(Verifier::PublicKey(spki.to_vec())),
                    names: Vec::new(),
                    public_key: Some(base64::encode(spki)),
                }
            }
            (Signer::Certificate { leaf, others }, ExpectedSigner::Identity(expected)) => {
                Self::by_certificate(leaf, others, expected, question, times)
            }
            _ => Self::unknown(Problem::OtherKindOfSigner, NO_SIGNER, None),
        }
    }

    fn by_certificate(
        leaf: &[u8],
        others: &[Vec<u8>],
        expected: &Expected,
        question: &Question<'_>,
        times: &[VerifiedTime],
    ) -> Self {
        let verifier = Verifier::Certificate(leaf.to_vec());
        let read = Certificate::read(leaf).map_err(|error| error.to_string());
        let read = read.and_then(|leaf| match certificate::names(&leaf) {
            Ok(names) => Ok((leaf, names)),
            Err(error) => Err(format!("its subject alternative names: {error}")),
        });
        let (leaf, names) = match read {
            Ok(read) => read,
            Err(reason) => {
                return Self::unknown(Problem::CertificateChain(reason), NO_CERTIFICATE, Some(verifier));
            }
        };
        let root = question.root;
        let issued = certificate::check_issued(&leaf, others, &root.certificate_authorities, times);
        let log = match &issued.issuer_spki {
            None => Outcome::Skipped(NO_CHAIN),
            Some(issuer) => sct::verify(leaf.der(), issuer, &root.certificate_logs)
                .map_err(Problem::CertificateLog)
                .into(),
        };
        let identity = match names.iter().any(|name| expected.name.matches(name)) {
            true => Outcome::Passed,
            false => Problem::Identity { expected: expected.name.to_string(), names: names.clone() }.into(),
        };
        let stated = certificate::issuer(&leaf);
        let issuer = match stated.as_ref() == Some(&expected.issuer) {
            true => Outcome::Passed,
            false => Problem::Issuer { expected: expected.issuer.clone(), stated }.into(),
        };
        Self {
            signature: check_signature(&leaf.key().cloned(), question),
            chain: issued.chain,
            time: issued.time,
            log,
            identity,
            issuer,
            verifier: Some(verifier),
            names,
            public_key: Some(base64::encode(leaf.spki())),
        }
    }

    /// Without a key to verify with, nothing about the signer is established.
    fn unknown(problem: Problem, reason: &'static str, verifier: Option<Verifier>) -> Self {
        let skipped = || Outcome::Skipped(reason);
        Self {
            signature: skipped(),
            chain: problem.into(),
            time: skipped(),
            log: skipped(),
            identity: skipped(),
            issuer: skipped(),
            verifier,
            names: Vec::new(),
            public_key: None,
        }
    }
}

fn check_signature(key: &Result<SubjectKey, PkiError>, question: &Question<'_>) -> Outcome {
    match key {
        Ok(key) => key::verify_content(key, &question.bundle.content, question.artifact).into(),
        Err(error) => Problem::Algorithm(format!("the signer's key: {error}")).into(),
    }
}

/// What depends on the log entry.
struct LogChecks {
    log: Outcome,
    body: Outcome,
    inclusion: Outcome,
    checkpoint: Outcome,
    entry_match: Outcome,
    cosignatures: usize,
}

impl LogChecks {
    fn of(
        question: &Question<'_>,
        log: Option<&LogKey>,
        signer: &SignerChecks,
        times: &[VerifiedTime],
    ) -> Self {
        let bundle = question.bundle;
        let Some(entry) = &bundle.entry else {
            let skipped = || Outcome::Skipped(NO_ENTRY);
            return Self {
                log: Problem::NoEntry.into(),
                body: skipped(),
                inclusion: skipped(),
                checkpoint: skipped(),
                entry_match: skipped(),
                cosignatures: 0,
            };
        };
        let EntryChecks { log, body, inclusion, checkpoint, cosignatures } =
            EntryChecks::of(entry, log, times, question.limits);
        let entry_match = match (&body, &signer.verifier) {
            (Err(_), _) => Outcome::Skipped("the log entry is not understood"),
            (_, None) => Outcome::Skipped(NO_SIGNER),
            (Ok(body), Some(verifier)) => {
                let differences = body.differences(&bundle.content, question.artifact, verifier);
                differences.into_iter().map(Problem::Entry).collect::<Vec<_>>().into()
            }
        };
        let body = body.map(drop).map_err(Problem::Body).into();
        Self { log, body, inclusion, checkpoint, entry_match, cosignatures }
    }
}

/// What the log alone says of an entry.
struct EntryChecks {
    log: Outcome,
    body: Result<Body, BodyError>,
    inclusion: Outcome,
    checkpoint: Outcome,
    cosignatures: usize,
}

impl EntryChecks {
    fn of(entry: &LogEntry, log: Option<&LogKey>, times: &[VerifiedTime], limits: ParserLimits) -> Self {
        let (checkpoint, cosignatures) = match (&entry.proof, log) {
            (None, _) => (Outcome::Skipped(NO_PROOF), 0),
            (_, None) => (Outcome::Skipped(NO_LOG), 0),
            (Some(proof), Some(log)) => rekor::check_checkpoint(proof, log),
        };
        Self {
            log: match log {
                None => Problem::LogUnknown.into(),
                Some(log) => rekor::check_window(log, times),
            },
            body: Body::parse(entry, limits),
            inclusion: rekor::check_inclusion(entry),
            checkpoint,
            cosignatures,
        }
    }
}
