//! `verify PATH…`, also without the word `verify`.

use super::{Console, Ended, run, show};
use crate::args::trust;
use crate::args::verify::VerifyArgs;

pub(super) fn run(args: &VerifyArgs, console: &mut Console<'_>) -> Ended {
    if let Err(message) = args.check() {
        return console.misused("verify", message);
    }
    let switches = args.checks.switches();
    let policy = match trust::policy(&args.trust, &args.require, &args.limits, switches, console.environment)
    {
        Ok(policy) => policy,
        Err(message) => return console.misused("verify", message),
    };
    let reports = run::paths(&args.paths, &policy);
    show::reports(&reports, &args.output, args.raw, console)
}
