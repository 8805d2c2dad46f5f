//! `diff A B` and `card PATH`.

use std::ffi::OsString;

use clap::Args;

use super::audit::PlainForm;
use super::front::ADDED;
use super::output::ColorChoice;
use super::policy::PolicyArgs;

/// Options of `diff`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DiffArgs {
    /// Two exports of one window, or folders or archives with one export each
    #[arg(value_name = "PATH", num_args = 2, required = true)]
    pub(crate) paths: Vec<OsString>,
    /// Members outside the records count, too
    #[arg(long, help_heading = ADDED)]
    pub(crate) strict: bool,
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

/// Options of `card`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CardArgs {
    /// Exports, checkpoints, folders or archives
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<OsString>,
    /// Compare the evidence with this card instead of printing one
    #[arg(long, value_name = "CARD", help_heading = ADDED)]
    pub(crate) compare: Option<OsString>,
    /// Form of the comparison
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
