//! One file per command: arguments to core values, a call of core, a renderer.

mod audit;
mod card;
mod checkpoint;
mod ci;
mod claim;
mod diff;
mod doctor;
mod excerpt;
mod explain;
mod export;
pub(crate) mod help;
mod keys;
mod later;
mod ledger;
mod log;
mod monitor;
mod reconcile;
mod redteam;
mod render;
mod reperform;
mod run;
mod sample;
mod show;
mod sigstore;
mod trust_kit;
mod verify;
mod workpaper;

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use verifier_core::bytes::Blob;
use verifier_core::finding::Code;
use verifier_core::finding::catalog::input::INPUT_UNREADABLE;

use crate::args::Command;
use crate::args::front::Usage;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::input;
use crate::render::escape;

/// Streams and surroundings of one run.
pub(crate) struct Console<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) out: &'a mut dyn Write,
    pub(crate) err: &'a mut dyn Write,
}

/// The output ended early. The exit is what the run came to nevertheless.
pub(crate) struct Stopped {
    pub(crate) exit: Exit,
    pub(crate) error: io::Error,
}

/// How a command ends.
pub(crate) type Ended = Result<Exit, Stopped>;

/// Carries a command out.
pub(crate) fn dispatch(command: Command, console: &mut Console<'_>) -> Ended {
    match command {
        Command::Verify(args) => verify::run(&args, console),
        Command::Export(args) => export::run(&args, console),
        Command::Claim(args) => claim::run(&args.claim, console),
        Command::Ci(args) => ci::run(&args, console),
        Command::Keys(args) => keys::run(&args, console),
        Command::Trust(args) => trust_kit::run(&args, console),
        Command::Schema(args) => show::schema(args.document, console),
        Command::Explain(args) => explain::run(&args, console),
        Command::Render(args) => render::run(&args, console),
        Command::Doctor(args) => doctor::run(&args, console),
        Command::Checkpoint(args) => checkpoint::run(&args, console),
        Command::Log(args) => log::run(&args, console),
        Command::CompareHeads(args) => log::compare(&args, console),
        Command::Audit(args) => audit::run(&args, console),
        Command::Diff(args) => diff::run(&args, console),
        Command::Card(args) => card::run(&args, console),
        Command::Ledger(args) => ledger::run(&args, console),
        Command::Reconcile(args) => reconcile::run(&args, console),
        Command::Sample(args) => sample::run(&args, console),
        Command::Workpaper(args) => workpaper::run(&args, console),
        Command::Excerpt(args) => excerpt::run(&args, console),
        Command::Reperform(args) => reperform::run(&args, console),
        Command::Redteam(args) => redteam::run(&args, console),
        Command::Sigstore(args) => sigstore::run(&args, console),
        Command::AuthorityProof(args) => later::authority_proof(&args, console),
        Command::WorkChain(args) => later::work_chain(&args, console),
        Command::Monitor(args) => monitor::run(&args, console),
        Command::RefreshKeys(_) => later::refresh_keys(console),
        Command::SelfCheck(args) => later::self_check(&args, console),
        Command::Completions(args) => help::completions(&args, console),
        Command::Man(args) => help::manual(&args, console),
    }
}

impl Console<'_> {
    /// Writes to standard output; `exit` stands whatever becomes of the writing.
    pub(crate) fn print(
        &mut self,
        exit: Exit,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Ended {
        match write(self.out) {
            Ok(()) => Ok(exit),
            Err(error) => Err(Stopped { exit, error }),
        }
    }

    /// Says on standard error why the command line cannot be understood.
    pub(crate) fn usage(&mut self, usage: &Usage) -> Ended {
        let command = std::iter::once("keel-verify")
            .chain(usage.path.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" ");
        let message = escape::lines(&usage.message);
        let text = format!("{command}: {message}\nTry `{command} --help`.\n");
        self.err.write_all(text.as_bytes()).map_err(|error| Stopped { exit: Exit::USAGE, error })?;
        Ok(Exit::USAGE)
    }

    /// [`Self::usage`] of a command named by one word.
    pub(crate) fn misused(&mut self, command: &str, message: &str) -> Ended {
        self.usage(&Usage::new(&[command.to_owned()], message))
    }

    /// `FAILED: CODE: message` on standard error.
    pub(crate) fn failed(&mut self, exit: Exit, code: &Code, message: &str) -> Ended {
        let text = format!("FAILED: {}: {}\n", code.id, escape::text(message));
        self.err.write_all(text.as_bytes()).map_err(|error| Stopped { exit, error })?;
        Ok(exit)
    }

    /// Reads a file that the command cannot do without.
    pub(crate) fn read(&mut self, file: &OsStr, limit: u64) -> Result<Blob, Ended> {
        input::read(Path::new(file), limit).map_err(|why| {
            let message = format!("{} cannot be read: {why}", file.to_string_lossy());
            self.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, &message)
        })
    }
}
