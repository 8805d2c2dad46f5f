//! `keel-verify`: the process around [`verifier_cli::run`].
//!
//! Standard streams, the environment and the exit status; nothing is decided here.

use std::io::{self, BufWriter, Write};
use std::panic;
use std::process::ExitCode;

use verifier_cli::{Environment, Exit};

fn main() -> ExitCode {
    panic::set_hook(Box::new(|place| {
        let at = place.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
        let text = format!(
            "keel-verify: INTERNAL_ERROR: the program failed{}; nothing was established by this run\n",
            at.unwrap_or_default()
        );
        io::stderr().write_all(text.as_bytes()).ok();
    }));
    let exit = panic::catch_unwind(|| {
        let environment = Environment::of_process();
        let mut out = BufWriter::new(io::stdout().lock());
        let mut err = io::stderr();
        let exit = verifier_cli::run(std::env::args_os(), &environment, &mut out, &mut err);
        match out.flush() {
            Err(error) => verifier_cli::output_failed(exit, &error, &mut err),
            Ok(()) => exit,
        }
    });
    ExitCode::from(exit.unwrap_or(Exit::NOT_ESTABLISHED).status())
}
