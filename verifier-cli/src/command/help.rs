//! Help, version, completions and manual pages.

use clap::Command;
use clap_mangen::Man;

use super::{Console, Ended};
use crate::args;
use crate::args::keys::{CompletionsArgs, ManArgs};
use crate::exit::Exit;

/// Prints the help of the command with this path.
pub(crate) fn print(path: &[String], console: &mut Console<'_>) -> Ended {
    let help = find(path).map(|mut command| command.render_help().to_string()).unwrap_or_default();
    console.print(Exit::VERIFIED, |out| writeln!(out, "{}", help.trim_end()))
}

/// Prints the version.
pub(crate) fn version(console: &mut Console<'_>) -> Ended {
    console.print(Exit::VERIFIED, |out| writeln!(out, "keel-verify {}", env!("CARGO_PKG_VERSION")))
}

/// Prints a completion script.
pub(super) fn completions(args: &CompletionsArgs, console: &mut Console<'_>) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::definition(), "keel-verify", &mut script);
    console.print(Exit::VERIFIED, |out| out.write_all(&script))
}

/// Prints a manual page.
pub(super) fn manual(args: &ManArgs, console: &mut Console<'_>) -> Ended {
    let path: Vec<String> = args.command.iter().cloned().collect();
    let Some(command) = find(&path) else {
        let message = format!("there is no command {:?}", args.command.clone().unwrap_or_default());
        return console.misused("man", &message);
    };
    let mut page = Vec::new();
    let page = Man::new(command).render(&mut page).map(|()| page);
    console.print(Exit::VERIFIED, |out| out.write_all(&page?))
}

/// The command with its full name, so that its usage line can be copied.
fn find(path: &[String]) -> Option<Command> {
    let mut command = args::definition();
    command.build();
    for name in path {
        let inner = command.find_subcommand(name)?.clone();
        command = inner;
    }
    Some(command)
}
