//! `permit-issuer`: see `--help`.

use std::process::ExitCode;

use clap::Parser as _;
use permit_issuer::args::Args;
use permit_issuer::command;

fn main() -> ExitCode {
    let args = Args::parse();
    match command::run(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            command::complain(&error);
            ExitCode::from(1)
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
