//! Commands of later releases: they read their input, and say honestly that nothing was established.

use std::ffi::OsStr;

use verifier_core::finding::catalog::command::NOT_IMPLEMENTED_YET;
use verifier_core::finding::catalog::input::JSON_SYNTAX_INVALID;
use verifier_core::json::{Document, ParserLimits};
use verifier_core::render::ascii;

use super::{Console, Ended};
use crate::args::later::{AuthorityProofArgs, SelfCheckArgs, WorkChainArgs};
use crate::exit::Exit;

/// Ends a command whose work is not part of this release.
pub(super) fn not_implemented(what: &str, json: bool, console: &mut Console<'_>) -> Ended {
    let message = format!("not implemented in this release: {what}; nothing was established");
    if json {
        let text = serde_json::json!({
            "ok": false,
            "exit_code": Exit::NOT_ESTABLISHED.status(),
            "reason_code": NOT_IMPLEMENTED_YET.id,
            "status": "insufficient_evidence",
            "message": message,
        });
        return console.print(Exit::NOT_ESTABLISHED, |out| ascii::write(&text, out));
    }
    console.failed(Exit::NOT_ESTABLISHED, &NOT_IMPLEMENTED_YET, &message)
}

/// Reads the input, so that a wrong path is told apart from a missing feature.
pub(super) fn after_reading(
    file: &OsStr,
    limit: u64,
    what: &str,
    json: bool,
    console: &mut Console<'_>,
) -> Ended {
    match console.read(file, limit) {
        Ok(_) => not_implemented(what, json, console),
        Err(ended) => ended,
    }
}

pub(super) fn authority_proof(args: &AuthorityProofArgs, console: &mut Console<'_>) -> Ended {
    match args.file() {
        None => console.misused("authority-proof", "give EXPORT_FILE or --export-file"),
        Some(file) => after_reading(
            file,
            args.limits.document_bytes(),
            "verification of authority proofs",
            args.json,
            console,
        ),
    }
}

/// A file that is no work-chain pack is a mistake in the command line, as in the reference.
pub(super) fn work_chain(args: &WorkChainArgs, console: &mut Console<'_>) -> Ended {
    let limits = args.limits.limits();
    let blob = match console.read(&args.pack, limits.document_bytes) {
        Ok(blob) => blob,
        Err(ended) => return ended,
    };
    let document = match Document::parse(blob, ParserLimits::from(&limits)) {
        Ok(document) => document,
        Err(error) => {
            let message = format!("{} is not JSON: {error}", args.pack.to_string_lossy());
            return console.failed(Exit::UNREADABLE, &JSON_SYNTAX_INVALID, &message);
        }
    };
    let is =
        |name: &str, text: String| document.root().member(name).is_some_and(|value| value.is_text(&text));
    let known = ["v1", "v2"].iter().any(|version| {
        is("version", format!("keel.work_chain_pack.{version}"))
            && is("profile", format!("work-chain.{version}"))
    });
    if !known {
        return console.misused("work-chain", "the file is not a work-chain pack of version 1 or 2");
    }
    not_implemented("verification of work-chain packs", args.json, console)
}

pub(super) fn refresh_keys(console: &mut Console<'_>) -> Ended {
    let what = "fetching a trust root (this program opens no connection; fetch the file and name it with --trust-root)";
    not_implemented(what, false, console)
}

pub(super) fn self_check(args: &SelfCheckArgs, console: &mut Console<'_>) -> Ended {
    not_implemented("the check of this program against a signed release manifest", args.json, console)
}
