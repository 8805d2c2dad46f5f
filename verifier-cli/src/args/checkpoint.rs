//! `checkpoint [CHECKPOINT_FILE]`.

use std::ffi::OsString;

use clap::Args;

use super::export::chosen;
use super::limits::LimitArgs;
use super::output::OutputArgs;
use super::trust::{RequireArgs, TrustArgs};

/// Options of `checkpoint` (spec 10 section 9).
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckpointArgs {
    /// The checkpoint
    #[arg(value_name = "CHECKPOINT_FILE")]
    checkpoint: Option<OsString>,
    /// Same as CHECKPOINT_FILE, and wins over it
    #[arg(long, value_name = "FILE")]
    checkpoint_file: Option<OsString>,
    /// Text for people (the default)
    #[arg(long)]
    report: bool,
    /// Accepted for old scripts; no connection is ever opened
    #[arg(long, value_name = "URL")]
    public_key_url: Option<String>,
    /// Further time-stamping authorities, as PEM certificates
    #[arg(long, value_name = "FILE")]
    tsa_ca_bundle: Option<OsString>,
    /// Require a validated certificate chain of the timestamp
    #[arg(long)]
    require_tsa_chain: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    require: RequireArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

impl CheckpointArgs {
    /// The checkpoint file; the option wins, an empty name is none.
    pub(crate) fn file(&self) -> Option<&OsString> {
        chosen(&self.checkpoint_file, &self.checkpoint)
    }

    /// The exclusions between key sources.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        self.trust.check()?;
        let url = self.public_key_url.as_ref().is_some_and(|url| !url.is_empty());
        let others = TrustArgs { self_attested: true, ..self.trust.clone() };
        if url && (self.trust.self_attested || others.check().is_err()) {
            return Err("--public-key-url excludes the other key options");
        }
        Ok(())
    }
}
