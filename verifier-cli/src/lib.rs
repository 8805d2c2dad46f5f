//! The `keel-verify` command, testable without a process.
//!
//! [`run`] takes the arguments, the facts about the surroundings ([`Environment`]) and two streams. What it
//! decides is only which files to hand to `verifier-core` under which policy and how to show the answer; no
//! verdict is made or changed here. No socket is ever opened: what lies behind a URL has to be fetched by
//! somebody else and given as a file.

mod args;
mod command;
mod environment;
mod exit;
mod input;
mod output_file;
mod render;
mod signing_key;
mod target;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::FromArgMatches;

use args::front::{self, Front};
pub use environment::Environment;
pub use exit::Exit;

/// Runs one command line; the first argument is the program's name.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Exit {
    let mut console = command::Console { environment, out, err };
    let words: Vec<OsString> = arguments.into_iter().skip(1).collect();
    let result = match front::arrange(&args::definition(), words) {
        Ok(Front::Help(path)) => command::help::print(&path, &mut console),
        Ok(Front::Version) => command::help::version(&mut console),
        Ok(Front::Run { path, arguments }) => parse_and_dispatch(&path, arguments, &mut console),
        Err(usage) => console.usage(&usage),
    };
    match result {
        Ok(exit) => exit,
        Err(stopped) => output_failed(stopped.exit, &stopped.error, console.err),
    }
}

/// The exit after the report could not be written: a reader that went away is fine, a full disk is not.
pub fn output_failed(exit: Exit, error: &io::Error, err: &mut dyn Write) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return exit;
    }
    writeln!(err, "keel-verify: the report cannot be written: {error}").ok();
    if exit == Exit::VERIFIED { Exit::UNREADABLE } else { exit }
}

fn parse_and_dispatch(
    path: &[String],
    arguments: Vec<OsString>,
    console: &mut command::Console<'_>,
) -> Result<Exit, command::Stopped> {
    let mut definition = args::definition();
    let parsed = definition
        .try_get_matches_from_mut(arguments)
        .and_then(|matches| Ok((args::Arguments::from_arg_matches(&matches)?, matches)));
    let (arguments, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return console.usage(&front::Usage::from_clap(path, &error)),
    };
    match target::check(&definition, &matches) {
        Ok(()) => command::dispatch(arguments.command, console),
        Err(message) => console.usage(&front::Usage::new(path, message)),
    }
}
