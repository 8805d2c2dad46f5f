//! `checkpoint [CHECKPOINT_FILE]`.

use std::ffi::OsString;

use clap::Args;

use super::export::chosen;
use super::limits::LimitArgs;
use super::output::OutputArgs;
use super::timestamps::TimestampArgs;
use super::trust::{self, RequireArgs, Switches, TrustArgs};
use crate::environment::Environment;
use verifier_core::trust::TrustPolicy;

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
    /// A JSON file with the public key that must have signed; only file: URLs, since no connection is ever opened
    #[arg(long, value_name = "URL")]
    public_key_url: Option<String>,
    #[command(flatten)]
    timestamps: TimestampArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    require: RequireArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

impl CheckpointArgs {
    /// The checkpoint file; the option wins, an empty name is none.
    pub(crate) fn file(&self) -> Option<&OsString> {
        chosen(&self.checkpoint_file, &self.checkpoint)
    }

    /// The exclusions between key sources.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        self.trust.check()?;
        self.timestamps.check()?;
        let url = self.public_key_url.as_ref().is_some_and(|url| !url.is_empty());
        let others = TrustArgs { self_attested: true, ..self.trust.clone() };
        if url && (self.trust.self_attested || others.check().is_err()) {
            return Err("--public-key-url excludes the other key options");
        }
        Ok(())
    }

    /// The policy that the options state.
    ///
    /// # Errors
    /// See [`trust::policy`].
    pub(crate) fn policy(&self, environment: &Environment) -> Result<TrustPolicy, &'static str> {
        let mut policy =
            trust::policy(&self.trust, &self.require, &self.limits, Switches::default(), environment)?;
        if let Some(url) = self.public_key_url.as_ref().filter(|url| !url.is_empty()) {
            trust::set_keys(trust::key_of_url(url, &self.limits), &mut policy);
        }
        self.timestamps.apply(&self.limits, &mut policy);
        Ok(policy)
    }
}
