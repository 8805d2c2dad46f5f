//! `render FILE`.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::limits::LimitArgs;

/// The form of a printed document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentForm {
    /// JSON with sorted keys and the table of outcomes
    Json,
    /// An indented list
    Tree,
    /// A graph in the DOT language
    Graph,
    /// A fragment of HTML
    Html,
}

/// Options of `render` (spec 15 section 5).
#[derive(Clone, Debug, Args)]
pub(crate) struct RenderArgs {
    /// A verifier_output.v3.0 document
    #[arg(value_name = "FILE", required = true)]
    pub(crate) file: OsString,
    /// What to print
    #[arg(long, value_name = "FORM", default_value = "json")]
    pub(crate) format: DocumentForm,
    /// Draw the tree with plain characters
    #[arg(long)]
    pub(crate) plain: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}
