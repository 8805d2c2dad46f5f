//! `checkpoint FILE`.

use verifier_core::evidence;

use super::{Console, Ended, run, show};
use crate::args::CheckpointArgs;

pub(super) fn run(args: &CheckpointArgs, console: &mut Console<'_>) -> Ended {
    if let Err(message) = args.check() {
        return console.misused("checkpoint", message);
    }
    let Some(file) = args.file() else {
        return console.misused("checkpoint", "give CHECKPOINT_FILE or --checkpoint-file");
    };
    let policy = match args.policy(console.environment) {
        Ok(policy) => policy,
        Err(message) => return console.misused("checkpoint", message),
    };
    let batches = [evidence::checkpoint(file.as_ref(), &policy.limits)];
    let reports = run::batches(&batches, &policy, args.output.quiet, console);
    show::reports(&reports, &args.output, false, console)
}
