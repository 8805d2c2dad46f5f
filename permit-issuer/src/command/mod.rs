//! What each command does: arguments in, library calls, JSON out.

mod export;
mod log;
mod setup;
mod stream;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::args::{Args, Command, State};
use crate::clock::{Clock, Fixed, System};
use crate::issuer::Issuer;
use crate::{bench, document, quarter, scenario, vectors};

/// Runs a command; `false` when something was refused.
///
/// # Errors
/// When the command could not be carried out.
pub fn run(args: Args) -> Result<bool> {
    match args.command {
        Command::Init(args) => setup::init(&args)?,
        Command::AddProject(args) => setup::add_project(&args)?,
        Command::SetPolicy(args) => setup::set_policy(&args)?,
        Command::CheckPolicy { policy } => setup::check_policy(&policy)?,
        Command::RotateKey(args) => setup::rotate_key(&args)?,
        Command::Decide(args) => return stream::run(&args, Some("decide")),
        Command::Dispatch(args) => return stream::run(&args, Some("dispatch")),
        Command::Close(args) => return stream::run(&args, Some("close")),
        Command::Review(args) => return stream::run(&args, Some("review")),
        Command::Revoke(args) => return stream::run(&args, Some("revoke")),
        Command::Sidecar(args) => return stream::run(&args, None),
        Command::Expire(args) => {
            let count = open(&args)?.expire()?;
            show(&serde_json::json!({"expired": count}))?;
        }
        Command::Checkpoint(args) => show(&open(&args)?.checkpoint()?)?,
        Command::Status(args) => show(&setup::status(&args)?)?,
        Command::Log(args) => log::run(&args)?,
        Command::Witness(args) => return log::witness(&args),
        Command::Export(args) => export::run(&args)?,
        Command::Demo { directory, with_log } => show(&scenario::write_demo(&directory, with_log)?)?,
        Command::Vectors(args) => match (&args.out, &args.check) {
            (Some(directory), _) => show(&vectors::write(directory)?)?,
            (None, Some(directory)) => {
                let report = vectors::check(directory)?;
                show(&report.to_json())?;
                return Ok(report.is_clean());
            }
            (None, None) => {}
        },
        Command::BenchLog(args) => show(&crate::tlog::write_sample(&args.out, args.entries)?)?,
        Command::BenchQuarter(args) => show(&quarter::write(&args.out, args.calls, args.each)?)?,
        Command::BenchExport(args) => show(&bench::write(&args.out, args.events, args.closures)?)?,
    }
    Ok(true)
}

/// Prints an error once.
pub fn complain(error: &anyhow::Error) {
    let text = format!("error: {error:#}");
    let safe: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    writeln!(std::io::stderr().lock(), "{safe}").ok();
}

fn show(value: &Value) -> Result<()> {
    std::io::stdout().lock().write_all(&document::pretty(value)?)?;
    Ok(())
}

fn open(state: &State) -> Result<Issuer> {
    Ok(Issuer::open(&state.state, clock(state.now.as_deref())?)?)
}

fn clock(now: Option<&str>) -> Result<Rc<dyn Clock>> {
    Ok(match now {
        None => Rc::new(System),
        Some(text) => Rc::new(Fixed::parse(text).with_context(|| format!("--now {text:?} is not a time"))?),
    })
}

fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}
