//! `ledger PATH…`.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::front::ADDED;
use super::output::ColorChoice;
use super::policy::PolicyArgs;

/// The form of the statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LedgerForm {
    /// Text for people
    #[default]
    Human,
    /// One JSON document, keel-verify.ledger/v1
    Json,
    /// One table as CSV; its first lines, which begin with #, name evidence and trust
    Csv,
}

/// The tables of a statement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LedgerTable {
    /// Every rule with its result
    #[default]
    Rules,
    /// Every listed violation with place and figures
    Violations,
    /// Each envelope's balance
    Balances,
    /// Each reservation over its life
    Reservations,
    /// Stretches of bookings with more reserved and spent than the caps allow
    Overspend,
    /// Cost by project, provider, model and day
    Totals,
    /// One row for each permit record
    Permits,
}

/// Options of `ledger`.
#[derive(Clone, Debug, Args)]
pub(crate) struct LedgerArgs {
    /// Exports, bundles with a budget ledger, folders or archives; their rows are judged together
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<OsString>,
    /// Manifest of the export given as PATH
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<OsString>,
    /// Replay each envelope up to its booking number N; without it, to the end
    #[arg(long, value_name = "N", help_heading = ADDED)]
    pub(crate) at: Option<i64>,
    /// A rule that must hold (F1 to F20, B1 to B7); without data for it the run is not established. May be repeated
    #[arg(long, value_name = "RULE", help_heading = ADDED)]
    pub(crate) require_rule: Vec<String>,
    /// Form of the statement
    #[arg(long, value_name = "FORM", default_value = "human", help_heading = ADDED)]
    pub(crate) format: LedgerForm,
    /// The table of --format csv
    #[arg(long, value_name = "TABLE", default_value = "rules", help_heading = ADDED)]
    pub(crate) table: LedgerTable,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = ADDED)]
    pub(crate) color: ColorChoice,
    /// No progress line
    #[arg(long, help_heading = ADDED)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) verification: PolicyArgs,
}
