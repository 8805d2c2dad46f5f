//! Field coverage: for each field of the evidence, which proof notices its change, or none.
//!
//! Two questions are told apart. *Signature*: the field's bytes are under a signature of the artifact, so nobody without
//! that key can change it. *Proofs*: what notices the change even when the holder of that key signs the changed
//! artifact again. A field without proofs is what its signer says, and no more.
//!
//! The rows are one table, [`fields_table`](super::fields_table); the tamper test holds it to what the verifier in fact notices.

use serde::Serialize;

use super::Report;
use super::fields_table::{ARTIFACTS, Artifact, INCIDENT_EVENTS, KEY_MANIFEST, PAYLOAD_DIGESTS, Row};
use crate::finding::catalog::walk::PAYLOAD_DIGEST_MISMATCH;
use crate::finding::{Finding, Verdict};
use crate::trust::Basis;

/// How far the proofs notice a change of a field by the holder of the signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// No proof.
    None,
    /// Some changes; others, such as leaving the field out, go unnoticed.
    Part,
    /// Every change and the removal.
    Whole,
}

impl Extent {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Part => "part",
            Self::Whole => "whole",
        }
    }
}

/// A proof of the table, with what became of it in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// What it is.
    pub name: &'static str,
    /// The claim that states it.
    pub claim: &'static str,
    /// The claim's verdict in this run; `None` when it was not evaluated.
    pub verdict: Option<Verdict>,
}

/// One field, or all fields below one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldCoverage {
    /// The artifact that the field stands in.
    pub artifact: &'static str,
    /// JSON pointer; `*` stands for every position or name, `**` at the end for everything below.
    pub field: &'static str,
    /// The signature over the bytes, if there is one.
    pub signature: Option<Proof>,
    /// How far the proofs reach.
    pub extent: Extent,
    /// What notices a change although the artifact is signed again.
    pub proofs: Vec<Proof>,
}

impl FieldCoverage {
    /// Whether anything in this run covers the field: a supported signature or proof, and none that is contradicted.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        let has =
            |verdict| self.signature.iter().chain(&self.proofs).any(|proof| proof.verdict == Some(verdict));
        has(Verdict::Supported) && !has(Verdict::Disproved)
    }

    /// Coverage in this run, in words.
    #[must_use]
    pub fn words(&self) -> &'static str {
        let supported = |proof: &Proof| proof.verdict == Some(Verdict::Supported);
        if self.signature.iter().chain(&self.proofs).any(|proof| proof.verdict == Some(Verdict::Disproved)) {
            return "a proof of it is contradicted in this run";
        }
        match (self.signature.as_ref().is_some_and(supported), self.proofs.iter().any(supported), self.extent)
        {
            (_, true, Extent::Whole) => "proven",
            (true, true, _) => "signed, partly proven",
            (false, true, _) => "partly proven",
            (true, false, Extent::None) => "signed only: what its signer says",
            (true, false, _) => "signed only: its proof was not established in this run",
            (false, false, _) if self.signature.is_none() && self.proofs.is_empty() => "covered by nothing",
            (false, false, _) => "covered by nothing in this run",
        }
    }
}

/// The rows of the artifacts with these names, with the verdicts of a report.
pub(super) fn of(report: &Report, artifacts: &[&str]) -> Vec<FieldCoverage> {
    ARTIFACTS
        .iter()
        .filter(|artifact| artifacts.contains(&artifact.name))
        .flat_map(|artifact| artifact.rows.iter().map(move |row| coverage(report, artifact, row)))
        .collect()
}

fn coverage(report: &Report, artifact: &Artifact, row: &Row) -> FieldCoverage {
    let proof =
        |(name, claim): &(&'static str, &'static str)| Proof { name, claim, verdict: verdict(report, claim) };
    FieldCoverage {
        artifact: artifact.name,
        field: row.field,
        signature: artifact.signature.as_ref().filter(|_| !row.is_unsigned).map(proof),
        extent: row.extent,
        proofs: row.proofs.iter().map(proof).collect(),
    }
}

/// Three proofs have no claim of their own: what a trust-root key signed is the basis of a signer, payloads are compared
/// with integrity digests in a step, and so are the events of an incident walked.
fn verdict(report: &Report, claim: &str) -> Option<Verdict> {
    match claim {
        KEY_MANIFEST => {
            let vouched = report.signers.iter().any(|signer| signer.basis == Basis::SignedManifest);
            vouched.then_some(Verdict::Supported)
        }
        PAYLOAD_DIGESTS if report.has_code(PAYLOAD_DIGEST_MISMATCH.id) => Some(Verdict::Disproved),
        INCIDENT_EVENTS if report.findings.iter().any(is_of_incident_events) => Some(Verdict::Disproved),
        PAYLOAD_DIGESTS | INCIDENT_EVENTS => {
            let step = report.coverage.iter().find(|step| step.step == claim)?;
            Some(if step.skipped.is_none() { Verdict::Supported } else { Verdict::InsufficientEvidence })
        }
        claim => report.verdict(claim),
    }
}

/// A contradiction in the events of an incident bundle.
fn is_of_incident_events(finding: &Finding) -> bool {
    let name = finding.location.file.rsplit('/').next();
    name == Some("governance_events.jsonl") && finding.effect.verdict() == Some(Verdict::Disproved)
}

/// How far the table says that the proofs reach at a place of an artifact.
#[must_use]
pub fn extent_of(artifact: &str, place: &str) -> Option<Extent> {
    row_of(artifact, place).map(|row| row.extent)
}

/// The row that speaks for a place of an artifact: the longest pattern that fits, an exact one before `**`.
#[must_use]
pub fn row_of(artifact: &str, place: &str) -> Option<&'static Row> {
    let rows = ARTIFACTS.iter().find(|own| own.name == artifact)?.rows;
    rows.iter().filter(|row| fits(row.field, place)).max_by_key(|row| rank(row.field))
}

fn rank(field: &str) -> (usize, bool) {
    (field.split('/').count(), !field.ends_with("/**"))
}

fn fits(field: &str, place: &str) -> bool {
    let mut places = place.split('/');
    for part in field.split('/') {
        if part == "**" {
            return places.next().is_some();
        }
        match places.next() {
            Some(own) if part == "*" || part == own => {}
            _ => return false,
        }
    }
    places.next().is_none()
}
