//! `ci --policy FILE PATH…`.

use std::ffi::OsString;

use clap::Args;
use verifier_core::time::Timestamp;

use super::front::ADDED;
use super::output::OutputArgs;
use super::policy::PolicyArgs;
use super::trust::parse_date;

/// Options of `ci`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CiArgs {
    /// Files, folders or archives; every one of them must exist and hold evidence
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<OsString>,
    /// The policy, keel-policy.toml
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) policy: OsString,
    /// Apply the policy (ages, expiry dates) and state verdicts as of this date or time instead of now
    #[arg(long, value_name = "DATE", value_parser = parse_date, help_heading = ADDED)]
    pub(crate) now: Option<Timestamp>,
    /// Manifest of the export given as PATH
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<OsString>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) verification: PolicyArgs,
}
