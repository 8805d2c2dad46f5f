//! `trust pack` and `trust show`: one file with all trust material, for a machine without a network.

use std::ffi::OsString;

use clap::{Args, Subcommand};
use verifier_core::time::Timestamp;

use super::limits::LimitArgs;
use super::output::ColorChoice;
use super::trust::parse_date;

/// Options of `trust`.
#[derive(Clone, Debug, Args)]
pub(crate) struct TrustKitArgs {
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What to do with a kit.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Action {
    /// Collect trust material into a new kit
    Pack(PackArgs),
    /// Show what a kit holds and what of it counts at a date; exit status 3 when an item does not
    Show(ShowArgs),
}

/// Options of `trust pack`.
#[derive(Clone, Debug, Args)]
pub(crate) struct PackArgs {
    /// Files and folders with key manifests, certificates and revocation lists of timestamp authorities (PEM or
    /// DER), log keys, a witness policy, a Sigstore trusted root; recognised by their content
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<OsString>,
    /// The kit; a file that exists is not replaced
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) out: OsString,
    /// Key manifest that takes the place of the compiled-in trust root; you vouch for its keys
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_root: Option<OsString>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Options of `trust show`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ShowArgs {
    /// The kit
    #[arg(value_name = "KIT", required = true)]
    pub(crate) kit: OsString,
    /// Judge validity as of this date instead of now (a date alone is its first moment, UTC)
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(crate) as_of: Option<Timestamp>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}
