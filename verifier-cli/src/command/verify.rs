//! `verify PATH…`, also without the word `verify`.

use super::later::after_reading;
use super::{Console, Ended};
use crate::args::output::Format;
use crate::args::verify::VerifyArgs;

pub(super) fn run(args: &VerifyArgs, console: &mut Console<'_>) -> Ended {
    if let Err(message) = args.check() {
        return console.misused("verify", message);
    }
    let json = args.output.format() != Format::Human;
    for path in &args.paths {
        return after_reading(path, args.limits.document_bytes(), "verification", json, console);
    }
    console.misused("verify", "give a PATH")
}
