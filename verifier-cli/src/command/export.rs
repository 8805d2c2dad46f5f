//! `export [EXPORT_FILE] [MANIFEST]`.

use verifier_core::evidence;

use super::{Console, Ended, run, show};
use crate::args::export::ExportArgs;
use crate::args::trust;
use crate::input;

pub(super) fn run(args: &ExportArgs, console: &mut Console<'_>) -> Ended {
    if let Err(message) = args.trust.check().and_then(|()| args.timestamps.check()) {
        return console.misused("export", message);
    }
    let Some(export) = args.export() else {
        return console.misused("export", "give EXPORT_FILE or --export-file");
    };
    let switches = args.checks.switches();
    let mut policy =
        match trust::policy(&args.trust, &args.require, &args.limits, switches, console.environment) {
            Ok(policy) => policy,
            Err(message) => return console.misused("export", message),
        };
    args.timestamps.apply(&args.limits, &mut policy);
    args.logs.apply(&args.limits, &mut policy);
    let checkpoint = args.checkpoint.as_ref().filter(|name| !name.is_empty());
    policy.checkpoint = checkpoint.map(|name| input::named_file(name, args.limits.document_bytes()));
    let batches = match args.manifest() {
        Some(manifest) => vec![run::named(export, manifest, &policy.limits)],
        None => evidence::gather(&[export.as_ref()], &policy.limits),
    };
    let reports = run::batches(&batches, &policy, args.output.quiet, console);
    show::reports(&reports, &args.output, args.raw, console)
}
