//! `audit PATH…`.

use std::ffi::OsString;

use clap::{Args, ValueEnum};
use verifier_core::time::Timestamp;

use super::front::ADDED;
use super::output::ColorChoice;
use super::policy::PolicyArgs;
use super::trust::parse_date;

/// The form of the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlainForm {
    /// Text for people
    #[default]
    Human,
    /// One JSON document
    Json,
}

/// Options of `audit`.
#[derive(Clone, Debug, Args)]
pub(crate) struct AuditArgs {
    /// Exports, bundles, checkpoints, folders or archives of a period
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<OsString>,
    /// The period begins here (UTC); without it, at the first record of each chain
    #[arg(long, value_name = "TIME", value_parser = parse_date, help_heading = ADDED)]
    pub(crate) from: Option<Timestamp>,
    /// The period ends before this instant (UTC); without it, at the last record that a checkpoint names
    #[arg(long, value_name = "TIME", value_parser = parse_date, help_heading = ADDED)]
    pub(crate) to: Option<Timestamp>,
    /// Judge only this chain; it must have records. May be repeated
    #[arg(long, value_name = "SCOPE", help_heading = ADDED)]
    pub(crate) scope: Vec<String>,
    /// A chain that must have records. May be repeated
    #[arg(long, value_name = "SCOPE", help_heading = ADDED)]
    pub(crate) expect_scope: Vec<String>,
    /// Keep a signed state here: the next run verifies only what is new or changed, and reports what is gone. Needs
    /// --state-key and --as-of
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) state: Option<OsString>,
    /// Your Ed25519 private key for the state (PEM, as `openssl genpkey -algorithm ed25519` makes it)
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) state_key: Option<OsString>,
    /// Form of the result
    #[arg(long, value_name = "FORM", default_value = "human", help_heading = ADDED)]
    pub(crate) format: PlainForm,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = ADDED)]
    pub(crate) color: ColorChoice,
    /// No progress line, and no line about the state
    #[arg(long, help_heading = ADDED)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) verification: PolicyArgs,
}

impl AuditArgs {
    /// Options that go together or not at all.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if let (Some(from), Some(to)) = (&self.from, &self.to)
            && from >= to
        {
            return Err("--from must be before --to");
        }
        match (&self.state, &self.state_key) {
            (Some(_), None) => return Err("--state needs --state-key, the key that signs the state"),
            (None, Some(_)) => return Err("--state-key goes with --state"),
            (Some(_), Some(_)) if self.verification.require.as_of.is_none() => {
                return Err("--state needs --as-of, so that all records are stated for one date");
            }
            _ => {}
        }
        Ok(())
    }
}
