//! Making a working paper's content again, and what differs.

use std::collections::BTreeSet;

use serde_json::Value;

use super::content::{Content, MarkKind, ToolRecord};
use crate::finding::catalog::workpaper as code;
use crate::finding::{Effect, Finding, Location, Verdict};
use crate::ledger::Ledger;
use crate::report::Report;
use crate::trust::TrustPolicy;

/// A value of the paper that comes out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// JSON pointer below the paper.
    pub pointer: String,
    /// As the paper states it; `None` when it does not.
    pub stated: Option<String>,
    /// As it comes out here; `None` when it does not.
    pub found: Option<String>,
}

/// What a run rests on. Where it differs, other results follow from that and contradict nothing.
const PREMISES: [&str; 4] = ["/content/files", "/content/trust", "/content/options", "/content/as_of"];

/// Differences that are kept; the paper may be another one altogether.
const MAX_DIFFERENCES: usize = 100;

/// Makes the content of `paper` again from the policy, reports and rows, and gives a finding for every difference. The executable's
/// digest is not compared: the same version may be built elsewhere. A difference disproves the paper only where files,
/// options, date and version are the same; otherwise it leaves the question open.
#[must_use]
pub fn reperform(
    paper: &Content,
    policy: &TrustPolicy,
    reports: &[Report],
    ledger: Option<&Ledger>,
    file: &str,
) -> Vec<Finding> {
    let mut again = Content::under(&paper.title, policy, reports, paper.tool.sha256.clone());
    let mut findings = Vec::new();
    let place = |pointer: &str| Location::file(file).pointing(pointer);
    if again.tool != paper.tool {
        let named = |tool: &ToolRecord| format!("{} {}", tool.name, tool.version);
        let finding = Finding::lacks(
            &code::WORKPAPER_TOOL_DIFFERS,
            "the paper was made with another program or version",
        )
        .fact("stated", named(&paper.tool))
        .fact("here", named(&again.tool));
        let at =
            if again.tool.name == paper.tool.name { "/content/tool/version" } else { "/content/tool/name" };
        findings.push(finding.at(place(at)));
        again.tool.clone_from(&paper.tool);
    }
    for (index, sample) in paper.samples.iter().enumerate() {
        let drawn = match ledger {
            Some(ledger) => sample.redraw(ledger),
            None => Err("the rows of the evidence cannot be read".to_owned()),
        };
        match drawn {
            Ok(drawn) => again.samples.push(drawn),
            Err(why) => {
                let finding = Finding::disproves(&code::WORKPAPER_SAMPLE_DIFFERS, why);
                findings.push(finding.at(place(&format!("/content/samples/{index}"))));
                again.samples.push(sample.clone());
            }
        }
    }
    again.marks.clone_from(&paper.marks);
    if let Some(ledger) = ledger {
        let permits: BTreeSet<_> = ledger.permits.iter().map(|row| row.permit).collect();
        for (index, mark) in paper.marks.iter().enumerate() {
            let known = || ledger.names.find(&mark.id).is_some_and(|name| permits.contains(&name));
            if mark.kind == MarkKind::Permit && !known() {
                let message = "the evidence holds no permit of this id";
                let finding = Finding::disproves(&code::WORKPAPER_MARK_WITHOUT_ITEM, message);
                findings.push(finding.fact("id", &mark.id).at(place(&format!("/content/marks/{index}/id"))));
            }
        }
    }
    for (index, projection) in paper.projections.iter().enumerate() {
        // From the samples as they come out here. Without a mark on each of their items there is no projection.
        match projection.again(&again) {
            Ok(projection) => again.projections.push(projection),
            Err(why) => {
                let finding = Finding::disproves(&code::WORKPAPER_PROJECTION_DIFFERS, why.to_string());
                findings.push(finding.at(place(&format!("/content/projections/{index}"))));
                again.projections.push(projection.clone());
            }
        }
    }
    let value = |content: &Content| serde_json::to_value(content).unwrap_or_default();
    let mut differences = Vec::new();
    compare(&value(paper), &value(&again), "/content", &mut differences);
    let of_premises = |difference: &Difference| PREMISES.iter().any(|at| difference.pointer.starts_with(at));
    let is_comparable =
        paper.tool.version == env!("CARGO_PKG_VERSION") && !differences.iter().any(of_premises);
    if differences.len() >= MAX_DIFFERENCES {
        let message = format!("only the first {MAX_DIFFERENCES} differences are listed");
        findings.push(Finding::notes(&code::WORKPAPER_VERDICT_DIFFERS, message));
    }
    findings.extend(differences.into_iter().map(|difference| {
        let pointer = &difference.pointer;
        let code = if pointer.starts_with("/content/files") || pointer.starts_with("/content/trust") {
            &code::WORKPAPER_EVIDENCE_DIFFERS
        } else if pointer.starts_with("/content/samples") {
            &code::WORKPAPER_SAMPLE_DIFFERS
        } else if pointer.starts_with("/content/projections") {
            &code::WORKPAPER_PROJECTION_DIFFERS
        } else {
            &code::WORKPAPER_VERDICT_DIFFERS
        };
        Finding::disproves(code, "the paper states something else than comes out here")
            .fact("stated", difference.stated.unwrap_or_else(|| "(nothing)".to_owned()))
            .fact("found", difference.found.unwrap_or_else(|| "(nothing)".to_owned()))
            .at(place(pointer))
    }));
    if !is_comparable {
        for finding in &mut findings {
            if finding.effect == (Effect::Fails { verdict: Verdict::Disproved }) {
                finding.effect = Effect::Fails { verdict: Verdict::InsufficientEvidence };
            }
        }
    }
    findings
}

fn compare(stated: &Value, found: &Value, at: &str, out: &mut Vec<Difference>) {
    if out.len() >= MAX_DIFFERENCES || stated == found {
        return;
    }
    let nothing = Value::Null;
    match (stated, found) {
        (Value::Object(left), Value::Object(right)) => {
            let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let (left, right) = (left.get(name).unwrap_or(&nothing), right.get(name).unwrap_or(&nothing));
                let name = name.replace('~', "~0").replace('/', "~1");
                compare(left, right, &format!("{at}/{name}"), out);
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            for index in 0..left.len().max(right.len()) {
                let (left, right) =
                    (left.get(index).unwrap_or(&nothing), right.get(index).unwrap_or(&nothing));
                compare(left, right, &format!("{at}/{index}"), out);
            }
        }
        _ => {
            let show = |value: &Value| (!value.is_null()).then(|| value.to_string());
            out.push(Difference { pointer: at.to_owned(), stated: show(stated), found: show(found) });
        }
    }
}
