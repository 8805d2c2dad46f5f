//! `ci --policy FILE PATH…`: verifies, then applies a pipeline's policy.

use std::borrow::Cow;
use std::path::Path;

use verifier_core::bytes::hex;
use verifier_core::claim::ledger::Statement;
use verifier_core::crypto::sha256;
use verifier_core::evidence::{Batch, Evidence};
use verifier_core::gate::{Facts, Fault, MAX_BYTES, Policy};
use verifier_core::ledger::{self, Ledger};
use verifier_core::render::Document;
use verifier_core::report::Report;
use verifier_core::trust::{BUNDLED_TRUST_ROOT_SHA256, KeySource, TrustPolicy};
use verifier_core::verify::NoProgress;

use super::{Console, Ended, run, show};
use crate::args::ci::CiArgs;
use crate::args::output::Format;
use crate::input;

pub(super) fn run(args: &CiArgs, console: &mut Console<'_>) -> Ended {
    if let (Some(_), Some(_)) = (&args.now, &args.verification.require.as_of) {
        return console.misused("ci", "--now and --as-of mean the same here; give one of them");
    }
    // A pattern that matched nothing leaves no path, or one that does not exist.
    if args.paths.is_empty() {
        return console.misused("ci", "no PATH is given, so there is nothing to verify");
    }
    let forms = args.output.also.iter().map(|also| also.format).chain([args.output.format()]);
    if forms.into_iter().any(|form| form == Format::KeelJson) {
        return console
            .misused("ci", "keel-json has no place for what the policy comes to; use the form json");
    }
    let name = args.policy.to_string_lossy().into_owned();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let bytes = match input::read(Path::new(&args.policy), limit) {
        Ok(bytes) => bytes,
        Err(why) => return console.misused("ci", &format!("the policy {name} cannot be read: {why}")),
    };
    let policy = match Policy::parse(bytes.as_slice()) {
        Ok(policy) => policy,
        Err(faults) => return console.misused("ci", &listed(&name, &faults)),
    };
    let trust = match args.verification.policy(args.now.as_ref(), console.environment) {
        Ok(trust) => trust,
        Err(message) => return console.misused("ci", message),
    };
    let batches = match run::gather(&args.paths, args.manifest.as_deref(), &trust.limits) {
        Ok(batches) => batches,
        Err(message) => return console.misused("ci", message),
    };
    let paths: Vec<String> = args.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let demanded = |set: &Evidence| Cow::Owned(policy.demand(set, &trust));
    let reports = run::batches_each(&batches, &trust, &demanded, args.output.quiet, console);
    let rows = policy.needs_money().then(|| rows(&batches, &reports, &trust));
    let kept = usize::try_from(trust.limits.findings_per_code).unwrap_or(usize::MAX);
    let money = rows.as_ref().map(|rows| match rows {
        Ok(rows) => Ok(Statement::new(rows, None, kept)),
        Err(why) => Err(why.clone()),
    });
    let gate = policy.judge(&Facts {
        name: &name,
        sha256: format!("sha256:{}", hex::encode(&sha256(bytes.as_slice()))),
        paths: &paths,
        reports: &reports,
        trust_root: trust_root(&trust),
        money,
        as_of: &trust.as_of,
    });
    show::document(&Document { reports: &reports, gate: Some(&gate) }, &args.output, console)
}

fn listed(name: &str, faults: &[Fault]) -> String {
    let lines: Vec<String> = faults.iter().map(|fault| format!("{name}: {fault}")).collect();
    format!("the policy is not one\n{}", lines.join("\n"))
}

/// The money rows of everything that was verified.
fn rows(batches: &[Batch], reports: &[Report], trust: &TrustPolicy) -> Result<Ledger, String> {
    let sets: Vec<&Evidence> = batches.iter().flat_map(|batch| &batch.sets).collect();
    match ledger::read(&sets, &trust.limits, trust.workers, &NoProgress) {
        Ok(rows) if rows.is_of(reports) => Ok(rows),
        Ok(_) => Err("a file changed between its verification and the reading of its rows".to_owned()),
        Err(error) => Err(format!("the money rows cannot be read: {error}")),
    }
}

/// The digest of the trust root that keys were taken from; `None` where keys come from elsewhere or it cannot be read.
fn trust_root(trust: &TrustPolicy) -> Option<String> {
    match (&trust.trust_root, &trust.keys) {
        (_, KeySource::Expected(_) | KeySource::SelfAttested) => None,
        (Some(root), _) => {
            let blob = root.content.as_ref().ok()?;
            Some(format!("sha256:{}", hex::encode(&blob.sha256())))
        }
        (None, _) => Some(format!("sha256:{}", BUNDLED_TRUST_ROOT_SHA256.trim_start_matches("sha256:"))),
    }
}
