//! The report: one value that every frontend shows and no frontend can widen.
//!
//! A [`ReportBuilder`] collects claim subjects, findings and the record of what ran; [`ReportBuilder::finish`]
//! merges verdicts and derives the [`Outcome`]. Same evidence and policy, same report.

mod builder;
mod claim;
mod fields;
mod fields_beside;
mod fields_table;
mod gate;
mod head;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::chain::ScopeStretches;
use crate::finding::{Effect, Finding, Severity, Verdict};

pub use builder::{ReportBuilder, Subject};
pub use claim::{ClaimOutcome, Requested, SemanticsRef, SubjectOutcome};
pub use fields::{Extent, FieldCoverage, Proof, extent_of, row_of};
pub use fields_table::{ARTIFACTS, Artifact, Row};
pub use gate::{Acceptance, Gate, GateRule, RuleState};
pub use head::HeadStanding;

/// The name and version that reports carry.
pub const TOOL: &str = "keel-verify";

/// The role of a trust kit among the files of a report.
pub const TRUST_KIT: &str = "trust_kit";

/// What the run comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that was required is established and nothing contradicts it.
    Verified,
    /// The evidence contradicts itself or its signatures.
    Disproved,
    /// Something required is missing, untrusted or out of scope.
    NotEstablished,
    /// The input cannot be read.
    Unreadable,
}

impl Outcome {
    /// The process exit status.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Disproved => 1,
            Self::NotEstablished => 3,
            Self::Unreadable => 4,
        }
    }

    /// The more serious of two outcomes.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if self.rank() >= other.rank() { self } else { other }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::NotEstablished => 1,
            Self::Unreadable => 2,
            Self::Disproved => 3,
        }
    }
}

/// What was verified.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ArtifactSummary {
    /// The kind of evidence, for people and machines: `export`, `evidence_bundle`, ….
    pub kind: String,
    /// Files by role (`payload`, `manifest`, `key_manifest`, …) with their digests.
    pub files: Vec<FileSummary>,
    /// Facts about the artifact that a signature covers, in display order.
    pub signed: Vec<(String, String)>,
    /// Facts about the artifact that no signature covers.
    pub unsigned: Vec<(String, String)>,
    /// Wire members that the reference's report shape shows, as JSON.
    #[serde(skip)]
    pub wire: BTreeMap<&'static str, serde_json::Value>,
    /// Wire members that the reference's report shape shows beside its claims, as JSON.
    #[serde(skip)]
    pub beside: BTreeMap<&'static str, serde_json::Value>,
}

/// One input file.
#[derive(Clone, Debug, Serialize)]
pub struct FileSummary {
    /// What the file is used as.
    pub role: &'static str,
    /// The path or archive member as given.
    pub path: String,
    /// SHA-256 of the bytes as stored, with its prefix, when they were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Bytes as stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// Who signed, and why the key is trusted.
#[derive(Clone, Debug, Serialize)]
pub struct SignerSummary {
    /// What was signed.
    pub signed: String,
    /// The key.
    pub public_key: String,
    /// The key id used to find it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// Why it is trusted.
    pub basis: crate::trust::Basis,
    /// The basis in words, with the source's name.
    pub source: String,
    /// The stated signing time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_at: Option<String>,
}

/// One step of the plan: it ran, or it did not and why.
#[derive(Clone, Debug, Serialize)]
pub struct StepRecord {
    /// Stable name of the step.
    pub step: &'static str,
    /// What it checks.
    pub title: &'static str,
    /// `None` when it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// What was counted, in display order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<(&'static str, u64)>,
}

/// How many findings of one code there were.
#[derive(Clone, Debug, Serialize)]
pub struct FindingCount {
    /// The code.
    pub code: &'static str,
    /// All occurrences, listed or not.
    pub count: u64,
    /// The most serious of those that are not listed; a lack of what was demanded is an error.
    #[serde(skip)]
    pub unlisted: Option<Severity>,
}

/// The semantics under which claims were judged (spec 02 section 5).
#[derive(Clone, Debug, Default, Serialize)]
pub struct SemanticsSummary {
    /// `legacy_unpinned` or `pinned`.
    pub mode: String,
    /// The profile, if one applies.
    pub profile_id: Option<String>,
    /// Its digest.
    pub profile_hash: Option<String>,
    /// Set in legacy mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// The resolved pins in order; `None` when the run ended before they were resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pins: Option<Vec<PinSummary>>,
}

/// One resolved reference to a semantic artifact.
#[derive(Clone, Debug, Serialize)]
pub struct PinSummary {
    /// Semantic id.
    pub id: String,
    /// Declared digest.
    pub hash: String,
    /// Where the reference stands.
    pub source: String,
    /// `allowlisted`, `hash_mismatch` or `unresolved`.
    pub status: String,
}

/// When the permits of an export were decided, against when they were used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DecisionSummary {
    /// Permits with a decision or a use in the evidence.
    pub permits: u64,
    /// Of these, dispatched.
    pub dispatched: u64,
    /// Dispatched after their decision, as hash links prove.
    pub in_order: u64,
    /// Dispatched against, before or without a decision that counts, or with times that cannot be true.
    pub contradicted: u64,
    /// Permits whose decision existed by a known time.
    pub bounded_above: u64,
    /// Dispatched no earlier than a known time.
    pub bounded_below: u64,
    /// Permit by permit, in chain order; the first 10,000.
    pub intervals: Vec<DecisionInterval>,
}

/// What is proven about one permit's decision and dispatch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionInterval {
    /// The permit.
    pub permit_id: String,
    /// Sequence number of its decision.
    pub decided_at_sequence: Option<i64>,
    /// Sequence number of its first dispatch.
    pub dispatched_at_sequence: Option<i64>,
    /// `proven`, `contradicted`, `not_established` or `not_dispatched`.
    pub order: &'static str,
    /// The decision existed by then.
    pub decided_no_later_than: Option<Bound>,
    /// The dispatch was recorded no earlier than this.
    pub dispatched_no_earlier_than: Option<Bound>,
}

/// Who says when a checkpoint was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeSource {
    /// A genuine timestamp of an accepted authority: it existed by then.
    Timestamp,
    /// The issuer, without a signature over it.
    Stated,
}

impl TimeSource {
    /// Whether somebody outside vouches for it.
    #[must_use]
    pub fn is_proven(self) -> bool {
        self == Self::Timestamp
    }

    /// The source in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp of an accepted authority",
            Self::Stated => "stated by the issuer, not signed",
        }
    }
}

/// When a verified checkpoint was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckpointTime {
    /// RFC 3339.
    pub time: String,
    /// Who says so.
    pub source: TimeSource,
}

/// A time from outside the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// RFC 3339, UTC.
    pub time: String,
    /// Who vouches for it.
    pub source: String,
}

/// The newest record of a chain, as a signed checkpoint names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The chain.
    pub scope: String,
    /// Sequence number of the record.
    pub sequence: i64,
    /// Its record hash.
    pub hash: [u8; 32],
    /// A genuine timestamp shows that it existed by then; microseconds since 1970, rounded up to a second.
    pub existed_by: Option<i64>,
}

/// Everything a run found out.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What the run comes to.
    pub outcome: Outcome,
    /// The date that the verdicts are stated for.
    pub as_of: String,
    /// What was verified.
    pub artifact: ArtifactSummary,
    /// Who signed.
    pub signers: Vec<SignerSummary>,
    /// The semantics in force.
    pub semantics: SemanticsSummary,
    /// Decision before execution, where the evidence carries decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decisions: Option<DecisionSummary>,
    /// Times of a verified checkpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checkpoints: Vec<CheckpointTime>,
    /// Claims in order of first appearance.
    pub claims: Vec<ClaimOutcome>,
    /// The chain entries that were walked, by scope; only where the policy asks for them.
    #[serde(skip)]
    pub chains: Vec<ScopeStretches>,
    /// The heads of a checkpoint whose composite hash and signature are established.
    #[serde(skip)]
    pub heads: Vec<ChainHead>,
    /// Findings, most serious first, then in order of discovery.
    pub findings: Vec<Finding>,
    /// Findings counted by code, in order of first appearance.
    pub counts: Vec<FindingCount>,
    /// What ran and what did not.
    pub coverage: Vec<StepRecord>,
    /// For the fields of the evidence what notices a change, or nothing.
    pub fields: Vec<FieldCoverage>,
    /// What a green result does not prove.
    pub not_proven: Vec<String>,
    /// Whether the run accepted an unsigned or self-attested artifact because it was told to.
    pub accepted_without_trust: bool,
}

impl Report {
    /// The claim with this name.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&ClaimOutcome> {
        self.claims.iter().find(|claim| claim.name == name)
    }

    /// The verdict of a claim, if it was evaluated.
    #[must_use]
    pub fn verdict(&self, name: &str) -> Option<Verdict> {
        self.claim(name).map(|claim| claim.verdict)
    }

    /// Whether a finding with this code was made.
    #[must_use]
    pub fn has_code(&self, code: &str) -> bool {
        self.counts.iter().any(|count| count.code == code)
    }

    /// Adds what is found out only beside other reports; of one code, `kept` findings are listed.
    pub fn add(&mut self, finding: Finding, kept: u32) {
        self.outcome = self.outcome.worst(match finding.effect {
            Effect::Fails { verdict: Verdict::Disproved } => Outcome::Disproved,
            Effect::Fails { .. } => Outcome::NotEstablished,
            Effect::Unreadable => Outcome::Unreadable,
            Effect::Limits { .. } | Effect::Notes => Outcome::Verified,
        });
        let code = finding.code.id;
        let at = self.counts.iter().position(|count| count.code == code).unwrap_or(self.counts.len());
        if at == self.counts.len() {
            self.counts.push(FindingCount { code, count: 0, unlisted: None });
        }
        let Some(count) = self.counts.get_mut(at) else { return };
        count.count = count.count.saturating_add(1);
        let listed = self.findings.iter().filter(|own| own.code.id == code).count();
        if u32::try_from(listed).is_ok_and(|listed| listed < kept) {
            let serious = |own: &Finding| own.effect.severity() >= finding.effect.severity();
            let place = self.findings.iter().take_while(|own| serious(own)).count();
            self.findings.insert(place, finding);
        } else {
            count.unlisted = count.unlisted.max(Some(finding.effect.severity()));
        }
    }
}
