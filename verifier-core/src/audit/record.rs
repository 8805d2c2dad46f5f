//! What an audit keeps of one verified set: everything that the judgement across sets rests on.

use serde::{Deserialize, Serialize};

use crate::chain::ScopeStretches;
use crate::claim::name;
use crate::finding::{Code, Effect, Finding, Verdict};
use crate::report::{ChainHead, Outcome, Report, TRUST_KIT};

/// Failing findings of one set that are kept; the rest are counted.
const FAILURES_KEPT: usize = 20;

/// How far the chain entries of a set can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing about its entries is established.
    Unproven,
    /// The issuer signed it, but something else about it failed.
    Signed,
    /// The set verified as a whole.
    Verified,
}

/// One file of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileFact {
    /// `payload`, `manifest`, `checkpoint`, ….
    pub role: String,
    /// As named.
    pub path: String,
    /// SHA-256 with its prefix, of the bytes that were verified.
    pub sha256: Option<String>,
}

/// An accepted signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureFact {
    /// What was signed.
    pub signed: String,
    /// The key as text.
    pub public_key: String,
    /// The key id that found it.
    pub key_id: Option<String>,
    /// Why the key counts.
    pub basis: String,
    /// The stated signing time.
    pub signed_at: Option<String>,
}

/// A finding for which a set did not verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its code.
    pub code: &'static Code,
    /// What it does to the set's outcome.
    pub effect: Effect,
    /// The particulars.
    pub message: String,
    /// The file.
    pub file: String,
    /// The place in it.
    pub pointer: Option<String>,
}

/// What is kept of one set.
#[derive(Clone, Debug)]
pub struct SetRecord {
    /// The file that names the set.
    pub label: String,
    /// The kind of evidence.
    pub kind: String,
    /// What its verification came to.
    pub outcome: Outcome,
    /// How far its entries count.
    pub standing: Standing,
    /// Its origin was not established, because the run was told to accept that.
    pub without_trust: bool,
    /// Its files.
    pub files: Vec<FileFact>,
    /// Signatures that were accepted.
    pub signatures: Vec<SignatureFact>,
    /// Why it did not verify.
    pub failures: Vec<Failure>,
    /// Failing findings beyond those kept.
    pub more_failures: u64,
    /// Its chain entries.
    pub chains: Vec<ScopeStretches>,
    /// Heads that it states, where it is a checkpoint that verified.
    pub heads: Vec<ChainHead>,
}

impl SetRecord {
    /// Takes over a report.
    #[must_use]
    pub fn new(label: &str, report: Report) -> Self {
        let failing =
            |finding: &&Finding| matches!(finding.effect, Effect::Fails { .. } | Effect::Unreadable);
        let total = report.counts.iter().map(|count| count.count).sum::<u64>();
        let listed = u64::try_from(report.findings.len()).unwrap_or(u64::MAX);
        let failing_listed = report.findings.iter().filter(failing).count();
        let failures: Vec<Failure> = report
            .findings
            .iter()
            .filter(failing)
            .take(FAILURES_KEPT)
            .map(|finding| Failure {
                code: finding.code,
                effect: finding.effect,
                message: finding.message.clone(),
                file: finding.location.file.clone(),
                pointer: finding.location.pointer.clone(),
            })
            .collect();
        let dropped = u64::try_from(failing_listed.saturating_sub(failures.len())).unwrap_or(u64::MAX);
        let unlisted = if failing_listed > 0 { total.saturating_sub(listed) } else { 0 };
        let signed = report.verdict(name::EXPORT_INTEGRITY) == Some(Verdict::Supported);
        let standing = match report.outcome {
            Outcome::Verified => Standing::Verified,
            _ if signed && !report.accepted_without_trust => Standing::Signed,
            _ => Standing::Unproven,
        };
        let files = report.artifact.files.into_iter().filter(|file| file.role != TRUST_KIT);
        Self {
            label: label.to_owned(),
            kind: report.artifact.kind,
            outcome: report.outcome,
            standing,
            without_trust: report.accepted_without_trust,
            files: files
                .map(|file| FileFact { role: file.role.to_owned(), path: file.path, sha256: file.sha256 })
                .collect(),
            signatures: report
                .signers
                .into_iter()
                .map(|signer| SignatureFact {
                    signed: signer.signed,
                    public_key: signer.public_key,
                    key_id: signer.key_id,
                    basis: signer.basis.as_str().to_owned(),
                    signed_at: signer.signed_at,
                })
                .collect(),
            failures,
            more_failures: dropped.saturating_add(unlisted),
            chains: report.chains,
            // A head counts only where the whole checkpoint verified.
            heads: report.heads.into_iter().filter(|_| standing == Standing::Verified).collect(),
        }
    }
}
