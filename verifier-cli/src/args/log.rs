//! `log` and `compare-heads`, and which logs and witnesses count.

use std::ffi::OsString;

use clap::Args;
use verifier_core::trust::{LogTrust, TrustPolicy};

use super::front::ADDED;
use super::limits::LimitArgs;
use super::output::OutputArgs;
use super::trust::RequireArgs;
use crate::input;

/// Trusted transparency logs and witnesses.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct LogTrustArgs {
    /// Key of a trusted transparency log (name+id+base64), or a file with it; may be repeated
    #[arg(long, value_name = "KEY", help_heading = ADDED)]
    log_key: Vec<OsString>,
    /// Policy with trusted logs, and the witnesses that must have cosigned
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    witness_policy: Option<OsString>,
}

impl LogTrustArgs {
    /// Reads keys and policy; what cannot be read is reported by the check that needs it.
    pub(crate) fn apply(&self, limits: &LimitArgs, policy: &mut TrustPolicy) {
        let bytes = limits.document_bytes();
        let key = |text: &OsString| {
            let spelled = text.to_string_lossy().into_owned();
            let file = input::named_file(text, bytes).content.ok();
            let read = file.and_then(|blob| blob.as_str().map(|text| text.trim_end().to_owned()));
            read.unwrap_or(spelled)
        };
        policy.logs = LogTrust {
            keys: self.log_key.iter().map(key).collect(),
            policy: self.witness_policy.as_ref().map(|file| input::named_file(file, bytes)),
            witnesses: policy.logs.witnesses,
        };
    }
}

/// Options of `log`.
#[derive(Clone, Debug, Args)]
pub(crate) struct LogArgs {
    /// The folder of a log (with checkpoint and tile), or a file with a signed tree head
    #[arg(value_name = "PATH", required = true)]
    pub(crate) path: OsString,
    #[command(flatten)]
    pub(crate) logs: LogTrustArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) require: RequireArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Options of `compare-heads`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CompareHeadsArgs {
    /// A file with a signed tree head
    #[arg(value_name = "HEAD", required = true)]
    pub(crate) first: OsString,
    /// Another one of the same log
    #[arg(value_name = "OTHER", required = true)]
    pub(crate) second: OsString,
    /// Folder of the log, which shows whether one head extends the other
    #[arg(long, value_name = "FOLDER", help_heading = ADDED)]
    pub(crate) log: Option<OsString>,
    #[command(flatten)]
    pub(crate) logs: LogTrustArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) require: RequireArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}
