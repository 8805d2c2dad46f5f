//! `verify PATH…`, and the same without the word `verify`.

use std::ffi::OsString;

use clap::Args;

use super::export::ExportChecks;
use super::front::ADDED;
use super::limits::LimitArgs;
use super::log::LogTrustArgs;
use super::output::OutputArgs;
use super::timestamps::TimestampArgs;
use super::trust::{RequireArgs, TrustArgs};

/// Options of `verify`. What does not apply to the evidence found is a usage error, as in the reference.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Files, folders or archives; - is standard input
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<OsString>,
    /// Manifest of the export given as PATH
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<OsString>,
    /// The checkpoint that a bundle's anchor names, or that a declared scope ends at
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) checkpoint: Option<OsString>,
    #[command(flatten)]
    pub(crate) checks: ExportChecks,
    /// Short plain text: VERIFIED or FAILED lines
    #[arg(long)]
    pub(crate) raw: bool,
    /// Text for people (the default)
    #[arg(long)]
    report: bool,
    /// Checkpoints and voice sessions only: do not look at timestamp receipts
    #[arg(long)]
    pub(crate) no_tsa: bool,
    /// Checkpoints only: a JSON file with the public key that must have signed; only file: URLs can be read
    #[arg(long, value_name = "URL")]
    pub(crate) public_key_url: Option<String>,
    #[command(flatten)]
    pub(crate) timestamps: TimestampArgs,
    #[command(flatten)]
    pub(crate) logs: LogTrustArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) require: RequireArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

impl VerifyArgs {
    /// The exclusions between key sources.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        self.trust.check()?;
        self.timestamps.check()?;
        let named = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let keyed = self.trust.self_attested
            || named(&self.trust.public_key)
            || named(&self.trust.expected_public_key)
            || named(&self.trust.key_manifest_url)
            || self.trust.key_manifest.is_some();
        if named(&self.public_key_url) && keyed {
            return Err("--public-key-url excludes the other key options");
        }
        Ok(())
    }
}
