//! `log` and `compare-heads`, and which logs and witnesses count.

use std::ffi::OsString;

use clap::Args;
use verifier_core::trust::kit::Category;
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
        if self.log_key.is_empty() && self.witness_policy.is_none() {
            return;
        }
        policy.set_aside(Category::Logs);
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
    /// The folder of a log (with checkpoint and tile) or an archive of it, a signed tree head, a proof (.tlog-proof,
    /// .tlog-proofs), or a file that proves a split view
    #[arg(value_name = "PATH", required = true)]
    pub(crate) path: OsString,
    /// The entry that an inclusion proof is of, byte for byte as the log has it
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) entry: Option<OsString>,
    /// A head of the log that was seen before: the log must have grown from it; may be repeated
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) known_head: Vec<OsString>,
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
    /// Files with signed tree heads, or with proofs that end with one; two or more
    #[arg(value_name = "HEAD", required = true, num_args = 2..)]
    pub(crate) heads: Vec<OsString>,
    /// Folder of the log, whose tiles lead from one head to the other
    #[arg(long, value_name = "FOLDER", conflicts_with = "proof", help_heading = ADDED)]
    pub(crate) log: Option<OsString>,
    /// Consistency proof, in the form of a request to a witness (old SIZE, hashes, the larger head)
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) proof: Option<OsString>,
    /// Write a split view to a new file that proves it to anybody who has the log's key
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) write_proof: Option<OsString>,
    #[command(flatten)]
    pub(crate) logs: LogTrustArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) require: RequireArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}
