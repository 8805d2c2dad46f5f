//! `export [EXPORT_FILE] [MANIFEST]`.

use super::{Console, Ended, run, show};
use crate::args::export::ExportArgs;
use crate::args::trust;

pub(super) fn run(args: &ExportArgs, console: &mut Console<'_>) -> Ended {
    if let Err(message) = args.trust.check() {
        return console.misused("export", message);
    }
    let Some(export) = args.export() else {
        return console.misused("export", "give EXPORT_FILE or --export-file");
    };
    let switches = args.checks.switches();
    let policy = match trust::policy(&args.trust, &args.require, &args.limits, switches, console.environment)
    {
        Ok(policy) => policy,
        Err(message) => return console.misused("export", message),
    };
    let quiet = args.output.quiet;
    let reports = match args.manifest() {
        Some(manifest) => run::pair(export, manifest, &policy, quiet, console),
        None => run::paths(std::slice::from_ref(export), &policy, quiet, console),
    };
    show::reports(&reports, &args.output, args.raw, console)
}
