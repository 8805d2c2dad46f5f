//! `ledger PATH…`: verifies, then states what the money rows come to.

use std::num::NonZeroUsize;

use verifier_core::bytes::Limits;
use verifier_core::claim::ledger::{RULES, Statement};
use verifier_core::evidence::{Batch, Evidence, Progress};
use verifier_core::finding::catalog::input::{INPUT_LIMIT_EXCEEDED, INPUT_UNREADABLE};
use verifier_core::ledger::{self, Ledger, ReadError};
use verifier_core::report::{Outcome, Report};
use verifier_core::trust::TrustPolicy;

use super::{Console, Ended, run};
use crate::args::ledger::{LedgerArgs, LedgerForm};
use crate::exit::Exit;
use crate::render::ledger as render;
use crate::render::progress::ProgressLine;
use crate::render::style::Page;

pub(super) fn run(args: &LedgerArgs, console: &mut Console<'_>) -> Ended {
    if let Some(unknown) = args.require_rule.iter().find(|id| !RULES.iter().any(|rule| rule.id == **id)) {
        return console
            .misused("ledger", &format!("{unknown:?} is no rule; they are F1 to F20 and B1 to B7"));
    }
    let policy = match args.verification.policy(None, console.environment) {
        Ok(policy) => policy,
        Err(message) => return console.misused("ledger", message),
    };
    let batches = match run::gather(&args.paths, args.manifest.as_deref(), &policy.limits) {
        Ok(batches) => batches,
        Err(message) => return console.misused("ledger", message),
    };
    let reports = run::batches(&batches, &policy, args.quiet, console);
    let ledger = match rows(&batches, &reports, &policy, args.quiet, console) {
        Ok(ledger) => ledger,
        Err(ended) => return ended,
    };
    let kept = usize::try_from(policy.limits.findings_per_code).unwrap_or(usize::MAX);
    let statement = Statement::new(&ledger, args.at, kept);
    let required: Vec<&str> = args.require_rule.iter().map(String::as_str).collect();
    let outcome = statement.outcome(&required);
    let outcome = reports.iter().map(|report| report.outcome).fold(outcome, Outcome::worst);
    let exit = Exit::from(outcome);
    let shown = render::Shown { statement: &statement, reports: &reports, outcome };
    let environment = console.environment;
    console.print(exit, |out| match args.format {
        LedgerForm::Human => render::human(&shown, &mut Page::new(out, args.color, environment)),
        LedgerForm::Json => render::json(&shown, out),
        LedgerForm::Csv => render::csv(&shown, args.table, out),
    })
}

/// The rows of everything that was verified, from the very bytes that were verified.
pub(super) fn rows(
    batches: &[Batch],
    reports: &[Report],
    policy: &TrustPolicy,
    quiet: bool,
    console: &mut Console<'_>,
) -> Result<Ledger, Ended> {
    rows_by(ledger::read, batches, reports, policy, quiet, console)
}

/// The same without bookings.
pub(super) fn calls(
    batches: &[Batch],
    reports: &[Report],
    policy: &TrustPolicy,
    quiet: bool,
    console: &mut Console<'_>,
) -> Result<Ledger, Ended> {
    rows_by(ledger::read_calls, batches, reports, policy, quiet, console)
}

type Read = fn(&[&Evidence], &Limits, NonZeroUsize, &dyn Progress) -> Result<Ledger, ReadError>;

fn rows_by(
    read: Read,
    batches: &[Batch],
    reports: &[Report],
    policy: &TrustPolicy,
    quiet: bool,
    console: &mut Console<'_>,
) -> Result<Ledger, Ended> {
    let sets: Vec<&Evidence> = batches.iter().flat_map(|batch| &batch.sets).collect();
    let progress = ProgressLine::new(console.environment.err_is_terminal && !quiet);
    let ledger = read(&sets, &policy.limits, policy.workers, &progress);
    progress.clear();
    match ledger {
        Ok(ledger) if ledger.is_of(reports) => Ok(ledger),
        Ok(_) => {
            let message = "a file changed between its verification and the reading of its rows";
            Err(console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, message))
        }
        Err(error) => {
            let code = match error {
                ReadError::Limit(_) => &INPUT_LIMIT_EXCEEDED,
                _ => &INPUT_UNREADABLE,
            };
            let message = format!("the rows of the evidence cannot be read: {error}");
            Err(console.failed(Exit::UNREADABLE, code, &message))
        }
    }
}
