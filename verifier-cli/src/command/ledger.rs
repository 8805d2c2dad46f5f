//! `ledger PATH…`: verifies, then states what the money rows come to.

use std::path::Path;

use verifier_core::claim::ledger::{RULES, Statement};
use verifier_core::evidence::{self, Batch, Evidence};
use verifier_core::finding::catalog::input::{INPUT_LIMIT_EXCEEDED, INPUT_UNREADABLE};
use verifier_core::ledger::{self, Ledger, ReadError};
use verifier_core::report::{Outcome, Report};
use verifier_core::trust::TrustPolicy;

use super::{Console, Ended, run};
use crate::args::export::ExportChecks;
use crate::args::ledger::{LedgerArgs, LedgerForm};
use crate::args::limits::LimitArgs;
use crate::args::log::LogTrustArgs;
use crate::args::timestamps::TimestampArgs;
use crate::args::trust::{self, RequireArgs, TrustArgs};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::render::ledger as render;
use crate::render::progress::ProgressLine;
use crate::render::style::Page;

pub(super) fn run(args: &LedgerArgs, console: &mut Console<'_>) -> Ended {
    if let Some(unknown) = args.require_rule.iter().find(|id| !RULES.iter().any(|rule| rule.id == **id)) {
        return console
            .misused("ledger", &format!("{unknown:?} is no rule; they are F1 to F20 and B1 to B7"));
    }
    let policy = match policy(
        (&args.trust, &args.require, &args.limits, &args.timestamps, &args.logs, args.checks),
        console.environment,
    ) {
        Ok(policy) => policy,
        Err(message) => return console.misused("ledger", message),
    };
    let batches = match (args.paths.as_slice(), &args.manifest) {
        ([export], Some(manifest)) => vec![run::named(export, manifest, &policy.limits)],
        (_, Some(_)) => return console.misused("ledger", "--manifest goes with one PATH, the export"),
        (paths, None) => {
            let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
            evidence::gather(&paths, &policy.limits)
        }
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

/// The options that decide how evidence is verified.
type Options<'a> =
    (&'a TrustArgs, &'a RequireArgs, &'a LimitArgs, &'a TimestampArgs, &'a LogTrustArgs, ExportChecks);

/// The policy of a run that verifies before it counts.
pub(super) fn policy(options: Options<'_>, environment: &Environment) -> Result<TrustPolicy, &'static str> {
    let (trust_args, require, limits, timestamps, logs, checks) = options;
    trust_args.check()?;
    timestamps.check()?;
    let mut policy = trust::policy(trust_args, require, limits, checks.switches(), environment)?;
    timestamps.apply(limits, &mut policy);
    logs.apply(limits, &mut policy);
    Ok(policy)
}

/// The rows of everything that was verified, from the very bytes that were verified.
pub(super) fn rows(
    batches: &[Batch],
    reports: &[Report],
    policy: &TrustPolicy,
    quiet: bool,
    console: &mut Console<'_>,
) -> Result<Ledger, Ended> {
    let sets: Vec<&Evidence> = batches.iter().flat_map(|batch| &batch.sets).collect();
    let progress = ProgressLine::new(console.environment.err_is_terminal && !quiet);
    let ledger = ledger::read(&sets, &policy.limits, policy.workers, &progress);
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
