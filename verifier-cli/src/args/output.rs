//! How the report is shown.

use clap::{Args, ValueEnum};

use super::front::ADDED;

/// The form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    Human,
    /// This program's own report
    Json,
    /// The reference verifier's report shape, keel.verifier.verdicts/v0
    KeelJson,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// `--json`, `--format`, `--color`, `--quiet`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct OutputArgs {
    /// Same as --format keel-json
    #[arg(long)]
    pub(crate) json: bool,
    /// Form of the report
    #[arg(long, value_name = "FORM", help_heading = ADDED)]
    pub(crate) format: Option<Format>,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = ADDED)]
    pub(crate) color: ColorChoice,
    /// Print only the outcome line (text), no progress and no hints
    #[arg(long, help_heading = ADDED)]
    pub(crate) quiet: bool,
}

impl OutputArgs {
    /// `--format` wins over `--json`.
    pub(crate) fn format(&self) -> Format {
        match (self.format, self.json) {
            (Some(format), _) => format,
            (None, true) => Format::KeelJson,
            (None, false) => Format::Human,
        }
    }
}
