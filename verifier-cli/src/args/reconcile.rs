//! `reconcile EXPORT`.

use std::ffi::OsString;

use clap::Args;

use super::front::ADDED;
use super::output::ColorChoice;
use super::policy::PolicyArgs;

/// Options of `reconcile`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReconcileArgs {
    /// Exports, bundles, folders or archives with the permits
    #[arg(value_name = "EXPORT", required = true)]
    pub(crate) paths: Vec<OsString>,
    /// Manifest of the export given as EXPORT
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<OsString>,
    /// Request log of a gateway, JSON lines, CSV or Parquet; may be repeated
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) gateway: Vec<OsString>,
    /// Columns of the request logs: litellm, or a column map in a JSON file
    #[arg(long, value_name = "MAP", default_value = "litellm", help_heading = ADDED)]
    pub(crate) gateway_map: OsString,
    /// Invoice lines of a provider, CSV, Parquet or JSON lines; may be repeated
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) invoice: Vec<OsString>,
    /// Columns of the invoices: focus (FOCUS 1.2 as CSV or Parquet), or a column map in a JSON file
    #[arg(long, value_name = "MAP", default_value = "focus", help_heading = ADDED)]
    pub(crate) invoice_map: OsString,
    /// Exceptions below this amount in USD are listed and do not fail the run
    #[arg(long, value_name = "USD", default_value = "0", help_heading = ADDED)]
    pub(crate) materiality: String,
    /// Write every exception and rounding as CSV
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) csv: Option<OsString>,
    /// Write the same as one JSON document, keel-verify.reconciliation/v1
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) json: Option<OsString>,
    /// Write the same as a workbook, with the sums and what they rest on
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) xlsx: Option<OsString>,
    /// Write the invoice lines again as CSV, with x_KeelPermitId and x_ProofRef; of CSV and Parquet
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) focus: Option<OsString>,
    /// List calls that match too, and the calls of sums that match
    #[arg(long, help_heading = ADDED)]
    pub(crate) all: bool,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = ADDED)]
    pub(crate) color: ColorChoice,
    /// No progress line
    #[arg(long, help_heading = ADDED)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) verification: PolicyArgs,
}
