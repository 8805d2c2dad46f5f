//! `doctor`.

use clap::Args;

use super::limits::LimitArgs;

/// Options of `doctor` (spec 15 section 4).
#[derive(Clone, Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Accepted for old scripts; no connection is ever opened
    #[arg(long)]
    pub(crate) check_network: bool,
    /// Exit with 1 when there is a problem
    #[arg(long)]
    pub(crate) fail_on_problem: bool,
    /// Exit with 1 when there is a warning or a problem
    #[arg(long)]
    pub(crate) fail_on_warning: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}
