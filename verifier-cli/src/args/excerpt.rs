//! `excerpt`.

use std::ffi::OsString;

use clap::Args;

use super::workpaper::EvidenceArgs;

/// Options of `excerpt`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExcerptArgs {
    /// Id of a permit to hand over; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) permit: Vec<String>,
    /// Hand over the permits that the samples of this working paper drew; it must be of the same evidence
    #[arg(long, value_name = "FILE")]
    pub(crate) paper: Option<OsString>,
    /// The excerpt to make; a file that exists is not replaced
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) out: OsString,
    /// Write each chain entry and its inclusion proof (C2SP tlog-proof) into this folder, which must not exist
    #[arg(long, value_name = "FOLDER")]
    pub(crate) proofs: Option<OsString>,
    /// Sign a tree over all records of the export with this private key: 64 hexadecimal digits, readable by its owner only
    #[arg(long, value_name = "FILE", requires = "name")]
    pub(crate) key_file: Option<OsString>,
    /// Name of that key, such as auditor.example/2026
    #[arg(long, value_name = "NAME", requires = "key_file")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
}
