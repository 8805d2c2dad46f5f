//! Commands that this release parses, but does not carry out: their options have the reference's usage rules, so
//! that a script learns about a mistake in its command line before it learns about the release.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::export::chosen;
use super::limits::LimitArgs;
use super::trust::TrustArgs;

/// Options of `authority-proof`.
#[derive(Clone, Debug, Args)]
pub(crate) struct AuthorityProofArgs {
    /// The export
    #[arg(value_name = "EXPORT_FILE")]
    export: Option<OsString>,
    /// Its manifest
    #[arg(value_name = "MANIFEST")]
    manifest_path: Option<OsString>,
    /// Same as EXPORT_FILE, and wins over it
    #[arg(long, value_name = "FILE")]
    export_file: Option<OsString>,
    /// Same as MANIFEST, and wins over it
    #[arg(long, value_name = "FILE")]
    manifest: Option<OsString>,
    /// Only the permit with this id
    #[arg(long, value_name = "ID")]
    permit_id: Option<String>,
    /// Action classes
    #[arg(long, value_name = "FILE")]
    action_class_map: Option<OsString>,
    /// Keys of the delegating parties
    #[arg(long, value_name = "FILE")]
    authority_keys: Option<OsString>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

impl AuthorityProofArgs {
    /// The export file; the option wins, an empty name is none.
    pub(crate) fn file(&self) -> Option<&OsString> {
        chosen(&self.export_file, &self.export)
    }
}

/// Options of `work-chain`.
#[derive(Clone, Debug, Args)]
pub(crate) struct WorkChainArgs {
    /// The pack
    #[arg(value_name = "WORK_CHAIN_PACK", required = true)]
    pub(crate) pack: OsString,
    /// Trust root
    #[arg(long, value_name = "FILE", alias = "key-manifest")]
    trust_root: Option<OsString>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Options of `refresh-keys`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RefreshKeysArgs {
    /// Where the reference would fetch from; this program fetches nothing
    #[arg(long, value_name = "SOURCE", default_value = "auto")]
    source: KeyServer,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KeyServer {
    Auto,
    Api,
    Github,
}

/// Options of `self-check`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SelfCheckArgs {
    /// What is installed
    #[arg(long, value_name = "FORM", default_value = "auto")]
    form: InstalledForm,
    /// Accepted for old scripts; this program is always offline
    #[arg(long)]
    offline: bool,
    /// Accepted for old scripts; nothing is cached
    #[arg(long)]
    no_cache: bool,
    /// Check the published package of the reference
    #[arg(long, value_name = "VERSION", num_args = 0..=1)]
    published_wheel: Option<Option<String>>,
    /// Accepted for old scripts; nothing is cached
    #[arg(long, value_name = "FOLDER")]
    cache_dir: Option<OsString>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum InstalledForm {
    Auto,
    Wheel,
}
