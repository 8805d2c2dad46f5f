//! `redteam PATH`.

use std::ffi::OsString;

use clap::Args;

use super::audit::PlainForm;
use super::front::ADDED;
use super::output::ColorChoice;
use super::policy::PolicyArgs;

/// Options of `redteam`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RedteamArgs {
    /// Evidence that verifies; it is changed in memory only
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<OsString>,
    /// How many changes to try
    #[arg(long, value_name = "N", default_value = "10000", help_heading = ADDED)]
    pub(crate) n: u64,
    /// Text that the changes follow from: the same text, the same changes
    #[arg(long, value_name = "TEXT", default_value = "1", help_heading = ADDED)]
    pub(crate) seed: String,
    /// Form of the result
    #[arg(long, value_name = "FORM", default_value = "human", help_heading = ADDED)]
    pub(crate) format: PlainForm,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = ADDED)]
    pub(crate) color: ColorChoice,
    /// No progress line
    #[arg(long, help_heading = ADDED)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) verification: PolicyArgs,
}
