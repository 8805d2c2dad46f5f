use super::DECISION;
use super::row::DecisionRow;
use crate::finding::{Effect, Finding, Verdict, catalog::permit as codes};
use crate::report::{ReportBuilder, Requested, Subject};

/// Turns rows, in the order of [`super::in_export`] and then of the entries, into subjects of the claim.
///
/// The reference judges only the first binding, so that one gives the claim its verdict. The others are
/// subjects too; a disproved one disproves the claim, while one that merely lacks something is listed and
/// does not count. Where nobody asked for the claim, only a disproved decision fails the run.
pub fn report(rows: &[DecisionRow], requested: Requested, out: &mut ReportBuilder) {
    let asked = matches!(requested, Requested::Evidence | Requested::Operator);
    let judged: Vec<&DecisionRow> = rows
        .iter()
        .enumerate()
        .filter(|(position, row)| row.recognised || (asked && *position == 0))
        .map(|(_, row)| row)
        .collect();
    let Some(first) = judged.first() else {
        if asked {
            missing("no permit decision binding was found in the export", requested, out);
        }
        return;
    };
    out.claim(DECISION, requested);
    out.evidence(DECISION, first.evidence);
    if first.envelope_contradicts {
        out.epistemic(DECISION, "envelope_payload_agreement", "contradicted");
    }
    let mut supported = 0u64;
    for (position, row) in judged.iter().enumerate() {
        let subject = match row.permit_id() {
            Some(id) => Subject::new("permit_decision", id),
            None => Subject::unnamed("permit_decision"),
        }
        .evidence(row.evidence);
        match row.verdict {
            Verdict::Supported => {
                supported += 1;
                out.supported(DECISION, subject, row.code, row.message.as_ref());
            }
            verdict => {
                let counts = verdict == Verdict::Disproved || position == 0;
                let fails = verdict == Verdict::Disproved || (position == 0 && asked);
                let effect = if fails { Effect::Fails { verdict } } else { Effect::Limits { verdict } };
                let mut finding =
                    Finding::new(row.code, effect, row.message.as_ref()).at(row.location.clone());
                finding.facts.clone_from(&row.facts);
                out.unsupported(DECISION, if counts { subject } else { subject.optional() }, finding);
            }
        }
        for note in &row.notes {
            let finding = Finding::notes(note.code, note.message.as_str()).on(DECISION);
            out.finding(finding.at(row.location.clone()));
        }
    }
    let total = u64::try_from(judged.len()).unwrap_or(u64::MAX);
    out.ran("permit_decision", "Permit decision bindings", &[("decisions", total), ("supported", supported)]);
}

/// The claim was asked for, and there is nothing to judge. The message says why.
pub fn missing(message: &str, requested: Requested, out: &mut ReportBuilder) {
    const EVIDENCE: &[&str] = &["export"];
    out.claim(DECISION, requested);
    out.evidence(DECISION, EVIDENCE);
    let finding = Finding::lacks(&codes::PERMIT_DECISION_EVIDENCE_MISSING, message);
    out.unsupported(DECISION, Subject::unnamed("permit_decision").evidence(EVIDENCE), finding);
}
