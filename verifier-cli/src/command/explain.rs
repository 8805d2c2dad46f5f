//! `explain CODE`: the catalogue row of a code.

use verifier_core::finding::catalog;
use verifier_core::render::explain;

use super::{Console, Ended};
use crate::args::keys::ExplainArgs;
use crate::exit::Exit;

pub(super) fn run(args: &ExplainArgs, console: &mut Console<'_>) -> Ended {
    let Some(spelling) = &args.code else {
        return console.print(Exit::VERIFIED, |out| {
            catalog::all().try_for_each(|code| writeln!(out, "{:<44} {}", code.id, code.title))
        });
    };
    match explain::find(spelling) {
        Some(code) => console.print(Exit::VERIFIED, |out| out.write_all(explain::text(code).as_bytes())),
        None => {
            let near: Vec<&str> = explain::nearest(spelling).iter().map(|code| code.id).collect();
            let hint =
                if near.is_empty() { String::new() } else { format!("; similar: {}", near.join(", ")) };
            console.misused("explain", &format!("{spelling:?} is not a code of this release{hint}"))
        }
    }
}
