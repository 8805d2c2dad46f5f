use std::collections::{BTreeMap, BTreeSet};

use super::claim::{ClaimOutcome, Requested, SemanticsRef, SubjectOutcome};
use super::fields;
use super::{
    ArtifactSummary, ChainHead, CheckpointTime, DecisionSummary, FindingCount, Outcome, Report,
    SemanticsSummary, SignerSummary, StepRecord,
};
use crate::chain::ScopeStretches;
use crate::finding::{Code, Effect, Finding, Severity, Verdict, catalog};
use crate::time::Timestamp;
use crate::trust::Basis;

/// Names a subject of a claim.
#[derive(Clone, Debug)]
pub struct Subject {
    kind: &'static str,
    id: Option<String>,
    required: bool,
    evidence: Vec<String>,
}

impl Subject {
    /// A required subject.
    #[must_use]
    pub fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Self { kind, id: Some(id.into()), required: true, evidence: Vec::new() }
    }

    /// A required subject without an id.
    #[must_use]
    pub fn unnamed(kind: &'static str) -> Self {
        Self { kind, id: None, required: true, evidence: Vec::new() }
    }

    /// Does not count for the claim's verdict.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// Labels of the places looked at.
    #[must_use]
    pub fn evidence(mut self, labels: &[&str]) -> Self {
        self.evidence = labels.iter().map(|label| (*label).to_owned()).collect();
        self
    }
}

#[derive(Debug)]
struct ClaimDraft {
    requested: Requested,
    required: bool,
    subjects: Vec<SubjectOutcome>,
    attached: Vec<Verdict>,
    evidence: Vec<String>,
    semantics: Vec<SemanticsRef>,
    does_not_establish: Vec<String>,
    epistemic_state: BTreeMap<String, String>,
}

/// The findings of one code.
#[derive(Debug)]
struct Counted {
    code: &'static str,
    count: u64,
    /// The most serious of those that are not listed.
    unlisted: Option<Severity>,
    /// Claims that those limit: where one of them is demanded, the limit is an error.
    limits: Vec<&'static str>,
}

impl Counted {
    fn add_unlisted(&mut self, severity: Severity) {
        self.unlisted = self.unlisted.max(Some(severity));
    }

    fn finish(self, claims: &[ClaimOutcome]) -> FindingCount {
        let fails = |claim: &&ClaimOutcome| match claim.verdict {
            Verdict::Supported => false,
            Verdict::Disproved => true,
            Verdict::InsufficientEvidence | Verdict::UnverifiableScope => claim.required,
        };
        let demanded = claims.iter().filter(fails).any(|claim| self.limits.contains(&claim.name));
        let unlisted = if demanded { self.unlisted.max(Some(Severity::Error)) } else { self.unlisted };
        FindingCount { code: self.code, count: self.count, unlisted }
    }
}

/// Collects what the steps find.
#[derive(Debug)]
pub struct ReportBuilder {
    findings_per_code: u32,
    /// What was verified; steps fill it in.
    pub artifact: ArtifactSummary,
    /// The semantics in force.
    pub semantics: SemanticsSummary,
    /// Who signed.
    pub signers: Vec<SignerSummary>,
    /// Decision before execution.
    pub decisions: Option<DecisionSummary>,
    /// Times of a verified checkpoint.
    pub checkpoints: Vec<CheckpointTime>,
    /// Chain entries that were walked.
    pub chains: Vec<ScopeStretches>,
    /// Heads of a checkpoint that is established.
    pub heads: Vec<ChainHead>,
    /// What a green result does not prove.
    pub not_proven: Vec<String>,
    /// Set when an unsigned or self-attested artifact is accepted on request.
    pub accepted_without_trust: bool,
    order: Vec<&'static str>,
    claims: BTreeMap<&'static str, ClaimDraft>,
    findings: Vec<Finding>,
    counts: Vec<Counted>,
    coverage: Vec<StepRecord>,
    artifacts: Vec<&'static str>,
    required: BTreeSet<String>,
    /// Claims (second) that answer a demand for another one (first).
    stand_ins: Vec<(String, &'static str)>,
    /// Over all findings, also those that are only counted.
    worst: Outcome,
    /// The code of the first finding that failed the run.
    failed: Option<&'static Code>,
    /// Whether the caller asks for nothing but whether the run is verified.
    stops: bool,
}

impl ReportBuilder {
    /// An empty report. `required` are claims that the operator demands.
    #[must_use]
    pub fn new(findings_per_code: u32, required: BTreeSet<String>) -> Self {
        Self {
            findings_per_code,
            artifact: ArtifactSummary::default(),
            semantics: SemanticsSummary::default(),
            signers: Vec::new(),
            decisions: None,
            checkpoints: Vec::new(),
            chains: Vec::new(),
            heads: Vec::new(),
            not_proven: Vec::new(),
            accepted_without_trust: false,
            order: Vec::new(),
            claims: BTreeMap::new(),
            findings: Vec::new(),
            counts: Vec::new(),
            coverage: Vec::new(),
            artifacts: Vec::new(),
            required,
            stand_ins: Vec::new(),
            worst: Outcome::Verified,
            failed: None,
            stops: false,
        }
    }

    /// Lets the steps end with the first finding that fails the run, for callers that ask for nothing but whether it is
    /// verified.
    pub fn stop_when_failed(&mut self) {
        self.stops = true;
    }

    /// Whether the steps may end early.
    #[must_use]
    pub fn stops_when_failed(&self) -> bool {
        self.stops
    }

    /// Whether further steps are of no use: what failed once is never taken back, so the report cannot be
    /// [`Outcome::Verified`] any more, and nobody asks for more.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.stops && self.worst != Outcome::Verified
    }

    /// The code of the first finding, in the order of the steps, that failed the run.
    #[must_use]
    pub fn first_failure(&self) -> Option<&'static Code> {
        self.failed
    }

    /// Opens a claim, or strengthens who asked for it. Claims keep the order of first appearance.
    pub fn claim(&mut self, name: &'static str, requested: Requested) {
        let by_operator = self.required.contains(name);
        let draft = self.draft(name);
        draft.requested = match (draft.requested, requested) {
            _ if by_operator => Requested::Operator,
            (Requested::Operator, _) => Requested::Operator,
            (Requested::Evidence, Requested::Automatic | Requested::Optional) => Requested::Evidence,
            (_, requested) => requested,
        };
        draft.required = matches!(draft.requested, Requested::Evidence | Requested::Operator);
    }

    /// Opens a claim that answers for this kind of evidence what `asked` answers for another: where the operator
    /// demands that one, this one is demanded.
    pub fn claim_in_place_of(&mut self, asked: &str, name: &'static str, requested: Requested) {
        if asked != name && self.required.contains(asked) {
            self.required.insert(name.to_owned());
            self.stand_ins.push((asked.to_owned(), name));
        }
        self.claim(name, requested);
    }

    /// Overrides whether a claim is required, as a manifest's claim set does; the operator's wish stays.
    pub fn set_required(&mut self, name: &'static str, required: bool) {
        let draft = self.draft(name);
        if draft.requested != Requested::Operator {
            draft.required = required;
        }
    }

    /// Adds labels of the places that the claim's check looks at.
    pub fn evidence(&mut self, name: &'static str, labels: &[&str]) {
        let draft = self.draft(name);
        draft.evidence.extend(labels.iter().map(|label| (*label).to_owned()));
    }

    /// States the rules that the claim is judged by.
    pub fn set_semantics(&mut self, name: &'static str, semantics: Vec<SemanticsRef>) {
        self.draft(name).semantics = semantics;
    }

    /// States what the claim does not establish.
    pub fn set_does_not_establish(&mut self, name: &'static str, texts: Vec<String>) {
        self.draft(name).does_not_establish = texts;
    }

    /// Adds a further state to the claim.
    pub fn epistemic(&mut self, name: &'static str, key: &str, value: &str) {
        self.draft(name).epistemic_state.insert(key.to_owned(), value.to_owned());
    }

    /// A subject that is established.
    pub fn supported(
        &mut self,
        claim: &'static str,
        subject: Subject,
        code: &'static Code,
        message: impl Into<String>,
    ) {
        self.push_subject(claim, subject, Verdict::Supported, code, message.into());
    }

    /// A subject that is not established: the finding says why and becomes the subject's reason.
    ///
    /// A finding that only notes something leaves the subject insufficient.
    pub fn unsupported(&mut self, claim: &'static str, subject: Subject, finding: Finding) {
        let verdict = finding.effect.verdict().unwrap_or(Verdict::InsufficientEvidence);
        self.push_subject(claim, subject, verdict, finding.code, finding.message.clone());
        self.record(Finding { claim: Some(claim), ..finding });
    }

    /// A finding of its own. Attached to a claim, it lowers the claim's verdict to its own.
    pub fn finding(&mut self, finding: Finding) {
        if let (Some(claim), Some(verdict)) = (finding.claim, finding.effect.verdict()) {
            self.draft(claim).attached.push(verdict);
        }
        self.record(finding);
    }

    /// An empty report for a check whose claims cannot be adjudicated; see [`Self::take_aside`].
    #[must_use]
    pub fn aside(&self) -> Self {
        Self { stops: self.stops, ..Self::new(self.findings_per_code, BTreeSet::new()) }
    }

    /// Adds what a check that was run aside found. It supports no claim, and a contradiction keeps the run from
    /// being verified; it proves no more than that, because what the check rests on was not established.
    pub fn take_aside(&mut self, aside: Self) {
        self.coverage.extend(aside.coverage);
        self.worst = self.worst.worst(match aside.worst {
            Outcome::Disproved => Outcome::NotEstablished,
            other => other,
        });
        for counted in aside.counts {
            let listed = aside.findings.iter().filter(|finding| finding.code.id == counted.code).count();
            let more = counted.count.saturating_sub(u64::try_from(listed).unwrap_or(u64::MAX));
            if let (Some(severity), Some(own)) = (counted.unlisted, self.counted(counted.code)) {
                own.count += more;
                own.add_unlisted(severity);
            }
        }
        for finding in aside.findings {
            let effect = match finding.effect {
                Effect::Fails { .. } => Effect::Fails { verdict: Verdict::InsufficientEvidence },
                other => other,
            };
            self.record(Finding { effect, claim: None, ..finding });
        }
    }

    /// Records that a step ran, with what it counted.
    pub fn ran(&mut self, step: &'static str, title: &'static str, counts: &[(&'static str, u64)]) {
        self.coverage.push(StepRecord { step, title, skipped: None, counts: counts.to_vec() });
    }

    /// Records that a step did not run.
    pub fn skipped(&mut self, step: &'static str, title: &'static str, reason: impl Into<String>) {
        self.coverage.push(StepRecord { step, title, skipped: Some(reason.into()), counts: Vec::new() });
    }

    /// Lists the fields of an artifact of [`super::ARTIFACTS`] in the report.
    pub fn has_fields_of(&mut self, artifact: &'static str) {
        if !self.artifacts.contains(&artifact) {
            self.artifacts.push(artifact);
        }
    }

    /// The verdict that a claim has so far; `None` when it was not opened.
    #[must_use]
    pub fn verdict(&self, name: &str) -> Option<Verdict> {
        self.claims.get(name).map(ClaimDraft::verdict)
    }

    /// How many findings of one code are kept.
    #[must_use]
    pub fn findings_per_code(&self) -> u32 {
        self.findings_per_code
    }

    /// The first code for which a claim is not supported, so far.
    #[must_use]
    pub fn failure(&self, claim: &str) -> Option<&'static Code> {
        let of_claim = |finding: &&Finding| finding.claim == Some(claim);
        let fails = |finding: &&Finding| matches!(finding.effect, Effect::Fails { .. });
        self.findings.iter().filter(of_claim).find(fails).map(|finding| finding.code)
    }

    /// Claims opened so far, in order.
    #[must_use]
    pub fn claim_names(&self) -> &[&'static str] {
        &self.order
    }

    fn draft(&mut self, name: &'static str) -> &mut ClaimDraft {
        if !self.claims.contains_key(name) {
            self.order.push(name);
        }
        self.claims.entry(name).or_insert_with(|| ClaimDraft {
            requested: Requested::Automatic,
            required: false,
            subjects: Vec::new(),
            attached: Vec::new(),
            evidence: Vec::new(),
            semantics: Vec::new(),
            does_not_establish: Vec::new(),
            epistemic_state: BTreeMap::new(),
        })
    }

    fn push_subject(
        &mut self,
        claim: &'static str,
        subject: Subject,
        verdict: Verdict,
        code: &'static Code,
        message: String,
    ) {
        let Subject { kind, id, required, evidence } = subject;
        self.draft(claim).subjects.push(SubjectOutcome {
            kind,
            id,
            verdict,
            required,
            code,
            message,
            evidence,
        });
    }

    fn record(&mut self, finding: Finding) {
        self.worst = self.worst.worst(match finding.effect {
            Effect::Fails { verdict: Verdict::Disproved } => Outcome::Disproved,
            Effect::Fails { .. } => Outcome::NotEstablished,
            Effect::Unreadable => Outcome::Unreadable,
            Effect::Limits { .. } | Effect::Notes => Outcome::Verified,
        });
        if self.failed.is_none() && matches!(finding.effect, Effect::Fails { .. } | Effect::Unreadable) {
            self.failed = Some(finding.code);
        }
        let kept = u64::from(self.findings_per_code);
        let Some(counted) = self.counted(finding.code.id) else { return };
        counted.count += 1;
        if counted.count <= kept {
            return self.findings.push(finding);
        }
        counted.add_unlisted(finding.effect.severity());
        if let (Effect::Limits { .. }, Some(claim)) = (finding.effect, finding.claim)
            && !counted.limits.contains(&claim)
        {
            counted.limits.push(claim);
        }
    }

    /// The count of a code, begun where there is none.
    fn counted(&mut self, code: &'static str) -> Option<&mut Counted> {
        let known = self.counts.iter().position(|counted| counted.code == code);
        if known.is_none() {
            self.counts.push(Counted { code, count: 0, unlisted: None, limits: Vec::new() });
        }
        match known {
            Some(at) => self.counts.get_mut(at),
            None => self.counts.last_mut(),
        }
    }

    /// Merges everything into the report.
    #[must_use]
    pub fn finish(mut self, as_of: &Timestamp) -> Report {
        for name in std::mem::take(&mut self.required) {
            let answered =
                self.stand_ins.iter().any(|(asked, own)| *asked == name && self.verdict(own).is_some());
            if self.verdict(&name).is_none() && !answered {
                let message = format!("claim {name} is required, and nothing in this evidence evaluates it");
                self.record(Finding::lacks(&catalog::export::REQUESTED_CHECK_NOT_RUN, message));
            }
        }
        let mut outcome = self.worst;
        let claims: Vec<ClaimOutcome> = std::mem::take(&mut self.order)
            .into_iter()
            .filter_map(|name| self.claims.remove(name).map(|draft| draft.finish(name)))
            .collect();
        for claim in &claims {
            outcome = outcome.worst(match claim.verdict {
                Verdict::Disproved => Outcome::Disproved,
                Verdict::InsufficientEvidence | Verdict::UnverifiableScope if claim.required => {
                    Outcome::NotEstablished
                }
                _ => Outcome::Verified,
            });
        }
        self.findings.sort_by_key(|finding| match finding.effect {
            Effect::Fails { verdict: Verdict::Disproved } => 0,
            Effect::Unreadable => 1,
            Effect::Fails { .. } => 2,
            Effect::Limits { .. } => 3,
            Effect::Notes => 4,
        });
        let by_manifest =
            |signer: &SignerSummary| matches!(signer.basis, Basis::SignedManifest | Basis::Manifest);
        if self.signers.iter().any(by_manifest) {
            self.has_fields_of("key manifest");
        }
        let artifacts = std::mem::take(&mut self.artifacts);
        let counts = self.counts.into_iter().map(|counted| counted.finish(&claims)).collect();
        let mut report = Report {
            outcome,
            as_of: as_of.to_rfc3339(),
            artifact: self.artifact,
            signers: self.signers,
            semantics: self.semantics,
            decisions: self.decisions,
            checkpoints: self.checkpoints,
            claims,
            chains: self.chains,
            heads: self.heads,
            findings: self.findings,
            counts,
            coverage: self.coverage,
            fields: Vec::new(),
            not_proven: self.not_proven,
            accepted_without_trust: self.accepted_without_trust,
        };
        report.fields = fields::of(&report, &artifacts);
        report
    }
}

impl ClaimDraft {
    fn verdict(&self) -> Verdict {
        let subjects = self.subjects.iter().filter(|subject| subject.required).map(|subject| subject.verdict);
        Verdict::aggregate(subjects.chain(self.attached.iter().copied()))
    }

    fn finish(self, name: &'static str) -> ClaimOutcome {
        ClaimOutcome {
            name,
            verdict: self.verdict(),
            required: self.required,
            requested: self.requested,
            subjects: self.subjects,
            semantics: self.semantics,
            evidence: self.evidence,
            does_not_establish: self.does_not_establish,
            epistemic_state: self.epistemic_state.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod aside_tests {
    use super::*;

    /// A broken chain must fail the run also where its claim cannot be adjudicated.
    #[test]
    fn a_contradiction_found_aside_fails_the_run_and_supports_nothing() {
        let mut report = ReportBuilder::new(10, BTreeSet::new());
        let mut aside = report.aside();
        aside.claim("governance_chain.local_continuity.v1", Requested::Evidence);
        let broken = Finding::disproves(&catalog::walk::WALK_PREV_HASH_DISCONTINUITY, "broken");
        let subject = Subject::unnamed("governance_chain");
        aside.unsupported("governance_chain.local_continuity.v1", subject, broken);
        report.take_aside(aside);
        assert!(report.claim_names().is_empty());
        assert_eq!(report.worst, Outcome::NotEstablished);
        assert!(report.findings.iter().all(|finding| finding.claim.is_none()));
    }
}
