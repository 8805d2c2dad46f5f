//! `checkpoint FILE`.

use super::later::after_reading;
use super::{Console, Ended};
use crate::args::CheckpointArgs;
use crate::args::output::Format;

pub(super) fn run(args: &CheckpointArgs, console: &mut Console<'_>) -> Ended {
    if let Err(message) = args.check() {
        return console.misused("checkpoint", message);
    }
    let Some(file) = args.file() else {
        return console.misused("checkpoint", "give CHECKPOINT_FILE or --checkpoint-file");
    };
    let json = args.output.format() != Format::Human;
    after_reading(file, args.limits.document_bytes(), "verification of checkpoints", json, console)
}
