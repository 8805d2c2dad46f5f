//! `diff A B`: verifies both, then compares them record by record.

use std::ffi::OsString;
use std::path::Path;

use verifier_core::bytes::Limits;
use verifier_core::diff;
use verifier_core::evidence::{self, Evidence};
use verifier_core::finding::catalog::audit::{DIFF_NOT_READABLE, DIFF_SET_NOT_COMPARED};
use verifier_core::finding::catalog::input::INPUT_UNREADABLE;
use verifier_core::finding::{Finding, Location};
use verifier_core::render::ascii;
use verifier_core::report::Outcome;
use verifier_core::verify::verify;

use super::{Console, Ended};
use crate::args::audit::PlainForm;
use crate::args::diff::DiffArgs;
use crate::exit::Exit;
use crate::render::diff as render;
use crate::render::progress::ProgressLine;
use crate::render::style::Page;

pub(super) fn run(args: &DiffArgs, console: &mut Console<'_>) -> Ended {
    let policy = match args.verification.policy(None, console.environment) {
        Ok(policy) => policy,
        Err(message) => return console.misused("diff", message),
    };
    let [first, second] = args.paths.as_slice() else {
        return console.misused("diff", "give two exports");
    };
    let mut beside = Vec::new();
    let mut side = |path: &OsString| one(path, &policy.limits, &mut beside);
    let (first, second) = match (side(first), side(second)) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(message), _) | (_, Err(message)) => {
            return console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, &message);
        }
    };
    let progress = ProgressLine::new(console.environment.err_is_terminal && !args.quiet);
    let reports = [&first, &second].map(|set| verify(set, &policy, &progress));
    let found = diff::compare(&first, &second, &policy.limits, policy.workers, &progress);
    progress.clear();
    let found = match found {
        Ok(found) if found.is_of(&reports) => found,
        Ok(_) => {
            let message = "a file changed between its verification and the comparison";
            return console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, message);
        }
        Err(error) => {
            return console.failed(Exit::UNREADABLE, &DIFF_NOT_READABLE, &error.to_string());
        }
    };
    let (mut outcome, findings) = found.judge(&reports, args.strict);
    for finding in &beside {
        if finding.effect.verdict().is_some() {
            outcome = outcome.worst(Outcome::NotEstablished);
        }
    }
    let findings: Vec<Finding> = findings.into_iter().chain(beside).collect();
    let shown = render::Shown { diff: &found, findings: &findings, outcome, reports: &reports };
    let environment = console.environment;
    console.print(Exit::from(outcome), |out| match args.format {
        PlainForm::Human => render::human(&shown, &mut Page::new(out, args.color, environment)),
        PlainForm::Json => ascii::write(&render::document(&shown), out),
    })
}

/// The export under a path; where there is none, the only evidence bundle.
fn one(path: &OsString, limits: &Limits, beside: &mut Vec<Finding>) -> Result<Evidence, String> {
    let label = path.to_string_lossy();
    let mut sets = Vec::new();
    for batch in evidence::gather(&[Path::new(path)], limits) {
        sets.extend(batch.sets);
        beside.extend(batch.findings);
    }
    if sets.is_empty() {
        let why = beside.last().map_or("nothing here is evidence", |finding| &finding.message);
        return Err(format!("{label}: {why}"));
    }
    let of = |wanted: fn(&Evidence) -> bool| sets.iter().filter(|set| wanted(set)).collect::<Vec<_>>();
    let exports = of(|set| matches!(set, Evidence::Export(_)));
    let bundles = of(|set| matches!(set, Evidence::Bundle(_)));
    match (exports.as_slice(), bundles.as_slice()) {
        ([only], _) | ([], [only]) => {
            for other in sets.iter().filter(|set| set.label() != only.label()) {
                let message = format!("{} was neither verified nor compared", other.label());
                let finding = Finding::notes(&DIFF_SET_NOT_COMPARED, message);
                beside.push(finding.at(Location::file(other.label())));
            }
            Ok((*only).clone())
        }
        ([], _) => Err(format!("{label} holds no export")),
        (several, _) => Err(format!("{label} holds {} exports; name one of them", several.len())),
    }
}
