//! `export [EXPORT_FILE] [MANIFEST]`.

use std::ffi::OsString;

use clap::Args;

use super::front::ADDED;
use super::limits::LimitArgs;
use super::log::LogTrustArgs;
use super::output::OutputArgs;
use super::timestamps::TimestampArgs;
use super::trust::{RequireArgs, Switches, TrustArgs};

/// Options of `export`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExportArgs {
    /// The export, or a keel.evidence_bundle
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
    /// The checkpoint that a bundle's anchor names, or that a declared scope ends at
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) checkpoint: Option<OsString>,
    #[command(flatten)]
    pub(crate) checks: ExportChecks,
    /// Text for people (the default)
    #[arg(long)]
    report: bool,
    /// Short plain text: VERIFIED or FAILED lines
    #[arg(long)]
    pub(crate) raw: bool,
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

/// What an export must show beyond its integrity.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct ExportChecks {
    /// Require the chain walk; without it, the chain is walked where the export carries one
    #[arg(long)]
    pub(crate) walk_events: bool,
    /// Require closure verification; without it, closures are verified where the export carries any
    #[arg(long)]
    pub(crate) verify_closure: bool,
    /// Accept a manifest without signature: integrity without origin; every other check still runs
    #[arg(long)]
    pub(crate) allow_unsigned: bool,
}

impl ExportChecks {
    pub(crate) fn switches(self) -> Switches {
        Switches {
            allow_unsigned: self.allow_unsigned,
            walk: self.walk_events,
            closures: self.verify_closure,
        }
    }
}

impl ExportArgs {
    /// The export file; the option wins, an empty name is none.
    pub(crate) fn export(&self) -> Option<&OsString> {
        chosen(&self.export_file, &self.export)
    }

    /// The manifest file.
    pub(crate) fn manifest(&self) -> Option<&OsString> {
        chosen(&self.manifest, &self.manifest_path)
    }
}

/// The option, else the positional; an empty name counts as not given.
pub(super) fn chosen<'a>(
    option: &'a Option<OsString>,
    positional: &'a Option<OsString>,
) -> Option<&'a OsString> {
    [option, positional].into_iter().flatten().find(|name| !name.is_empty())
}
