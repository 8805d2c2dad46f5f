//! How the report is shown, and where it goes.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::front::ADDED;

/// The form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    Human,
    /// This program's own report; its schema: keel-verify schema
    Json,
    /// The reference verifier's report shape, keel.verifier.verdicts/v0
    #[value(alias = "json-reference")]
    KeelJson,
    /// SARIF 2.1.0
    Sarif,
    /// JUnit XML
    Junit,
    /// Markdown, for a job summary
    Markdown,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// The exceptions as a table
    Csv,
    /// One HTML file, to read and to print
    Html,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A further report: `FORM=FILE`.
#[derive(Clone, Debug)]
pub(crate) struct Also {
    pub(crate) format: Format,
    pub(crate) file: OsString,
}

/// `--json`, `--format`, `--out`, `--also`, `--color`, `--quiet`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct OutputArgs {
    /// Same as --format keel-json
    #[arg(long)]
    pub(crate) json: bool,
    /// Form of the report
    #[arg(long, value_name = "FORM", help_heading = ADDED)]
    pub(crate) format: Option<Format>,
    /// Write the report to this file, whole or not at all, and only the outcome line to the terminal; never over an input
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) out: Option<OsString>,
    /// Write the same run in a further form to a file; may be repeated
    #[arg(long, value_name = "FORM=FILE", value_parser = parse_also, help_heading = ADDED)]
    pub(crate) also: Vec<Also>,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = ADDED)]
    pub(crate) color: ColorChoice,
    /// Show in the text for people for each field of the evidence what notices its change
    #[arg(long, help_heading = ADDED)]
    pub(crate) fields: bool,
    /// Print only the outcome line (text), no progress and no hints
    #[arg(long, help_heading = ADDED)]
    pub(crate) quiet: bool,
}

impl OutputArgs {
    /// `--format` wins over `--json`.
    pub(crate) fn format(&self) -> Format {
        match (self.format, self.json) {
            (Some(format), _) => format,
            (None, true) => Format::KeelJson,
            (None, false) => Format::Human,
        }
    }
}

/// A document with a published schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaName {
    /// A report: keel-verify.report/v1
    #[default]
    Report,
    /// A policy gate with its reports: keel-verify.gate/v1
    Gate,
    /// What `audit --format json` prints: keel-verify.audit/v1
    Audit,
    /// What `card --compare --format json` prints: keel-verify.card-comparison/v1
    Card,
    /// What `diff --format json` prints: keel-verify.diff/v1
    Diff,
    /// What `keys --json` prints: keel-verify.keys/v1
    Keys,
    /// What `ledger --format json` prints: keel-verify.ledger/v1
    Ledger,
    /// What `reconcile --json` writes: keel-verify.reconciliation/v1
    Reconcile,
    /// What `redteam --format json` prints: keel-verify.redteam/v1
    Redteam,
    /// What `trust show --json` prints: keel-verify.trust-kit-status/v1
    TrustKit,
    /// The file of `sample` and `workpaper`: keel.workpaper/v1
    Workpaper,
}

/// Options of `schema`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which document
    #[arg(value_name = "DOCUMENT", default_value = "report")]
    pub(crate) document: SchemaName,
}

fn parse_also(text: &str) -> Result<Also, String> {
    let (format, file) =
        text.split_once('=').ok_or("not of the form FORM=FILE, such as sarif=report.sarif")?;
    let format = Format::from_str(format, false)
        .map_err(|_| "the form before = is none of those of --format".to_owned())?;
    if file.is_empty() {
        return Err("no file is named after =".to_owned());
    }
    Ok(Also { format, file: file.into() })
}
