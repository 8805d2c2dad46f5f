//! Output for the terminal; document formats live in `verifier_core::render`.

pub(crate) mod audit;
pub(crate) mod csv;
pub(crate) mod diff;
pub(crate) mod escape;
pub(crate) mod excerpt;
pub(crate) mod human;
pub(crate) mod ledger;
pub(crate) mod output_document;
pub(crate) mod progress;
pub(crate) mod raw;
pub(crate) mod reconciliation;
pub(crate) mod redteam;
pub(crate) mod style;
pub(crate) mod workbook;
pub(crate) mod workpaper;
