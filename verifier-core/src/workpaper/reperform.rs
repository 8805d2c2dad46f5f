//! Making a working paper's content again, and what differs.

use std::collections::BTreeSet;

use serde_json::Value;

use super::content::{Content, MarkKind};
use crate::finding::catalog::workpaper as code;
use crate::finding::{Finding, Location};
use crate::ledger::Ledger;
use crate::report::Report;

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

/// Differences that are kept; the paper may be another one altogether.
const MAX_DIFFERENCES: usize = 100;

/// Makes the content of `paper` again from reports and rows, and gives a finding for every difference. The executable's
/// digest is not compared: the same version may be built elsewhere.
#[must_use]
pub fn reperform(paper: &Content, reports: &[Report], ledger: Option<&Ledger>, file: &str) -> Vec<Finding> {
    let mut again = Content::of(&paper.title, paper.options.clone(), reports, paper.tool.sha256.clone());
    let mut findings = Vec::new();
    let place = |pointer: &str| Location::file(file).pointing(pointer);
    if again.tool != paper.tool {
        let finding =
            Finding::notes(&code::WORKPAPER_TOOL_DIFFERS, "the paper was made with another version")
                .fact("stated", &paper.tool.version)
                .fact("here", &again.tool.version);
        findings.push(finding.at(place("/content/tool/version")));
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
    let value = |content: &Content| serde_json::to_value(content).unwrap_or_default();
    let mut differences = Vec::new();
    compare(&value(paper), &value(&again), "/content", &mut differences);
    findings.extend(differences.into_iter().map(|difference| {
        let pointer = &difference.pointer;
        let code = if pointer.starts_with("/content/files") {
            &code::WORKPAPER_EVIDENCE_DIFFERS
        } else if pointer.starts_with("/content/samples") {
            &code::WORKPAPER_SAMPLE_DIFFERS
        } else {
            &code::WORKPAPER_VERDICT_DIFFERS
        };
        Finding::disproves(code, "the paper states something else than comes out here")
            .fact("stated", difference.stated.unwrap_or_else(|| "(nothing)".to_owned()))
            .fact("found", difference.found.unwrap_or_else(|| "(nothing)".to_owned()))
            .at(place(pointer))
    }));
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
