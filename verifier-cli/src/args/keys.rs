//! `keys`, `explain`, `completions` and `man`.

use std::ffi::OsString;

use clap::Args;
use clap_complete::Shell;
use verifier_core::time::Timestamp;

use super::limits::LimitArgs;
use super::output::ColorChoice;
use super::trust::parse_date;

/// Options of `keys`.
#[derive(Clone, Debug, Args)]
pub(crate) struct KeysArgs {
    /// A key manifest, or the word `default` for the compiled-in trust root
    #[arg(value_name = "FILE|default", required = true)]
    pub(crate) file: OsString,
    /// Trust root that must have signed it
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_root: Option<OsString>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// Judge validity as of this date instead of now
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(crate) as_of: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Options of `explain`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A code, such as WALK_LINK_MISMATCH; without one, all codes are listed
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

/// Options of `completions`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", required = true)]
    pub(crate) shell: Shell,
}

/// Options of `man`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ManArgs {
    /// A command; without one, the page of the whole program
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}
