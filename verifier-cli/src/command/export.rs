//! `export [EXPORT_FILE] [MANIFEST]`.

use super::later::after_reading;
use super::{Console, Ended};
use crate::args::export::ExportArgs;
use crate::args::output::Format;

pub(super) fn run(args: &ExportArgs, console: &mut Console<'_>) -> Ended {
    if let Err(message) = args.trust.check() {
        return console.misused("export", message);
    }
    let Some(export) = args.export() else {
        return console.misused("export", "give EXPORT_FILE or --export-file");
    };
    let json = args.output.format() != Format::Human;
    after_reading(export, args.limits.document_bytes(), "verification", json, console)
}
