//! Every code, in one table per subject.
//!
//! `explain`, the rules of machine formats and the help of the desktop program all come from these rows. A
//! row is never reused for another meaning.

pub mod audit;
pub mod checkpoint;
pub mod closure;
pub mod command;
pub mod decided;
pub mod excerpt;
pub mod export;
pub mod input;
pub mod key_status;
pub mod ledger;
pub mod monitor;
pub mod permit;
pub mod pins;
pub mod revocation;
pub mod scope;
pub mod sigstore;
pub mod timestamp;
pub mod tlog;
pub mod trust;
pub mod voice;
pub mod walk;
pub mod workflow;
pub mod workpaper;

use super::Code;

/// All tables.
#[rustfmt::skip]
static TABLES: &[&[&Code]] = &[
    input::ALL,
    audit::ALL,
    ledger::ALL,
    export::ALL,
    excerpt::ALL,
    pins::ALL,
    trust::ALL,
    walk::ALL,
    closure::ALL,
    decided::ALL,
    checkpoint::ALL,
    key_status::ALL,
    monitor::ALL,
    permit::ALL,
    revocation::ALL,
    scope::ALL,
    timestamp::ALL,
    tlog::ALL,
    voice::ALL,
    command::ALL,
    workflow::ALL,
    workpaper::ALL,
    sigstore::ALL,
];

/// Every code, by table.
pub fn all() -> impl Iterator<Item = &'static Code> {
    TABLES.iter().flat_map(|table| table.iter().copied())
}

/// The code with this spelling.
#[must_use]
pub fn find(id: &str) -> Option<&'static Code> {
    all().find(|code| code.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_and_documented() {
        let mut seen = BTreeSet::new();
        for code in super::all() {
            assert!(seen.insert(code.id), "{} twice", code.id);
            assert!(!code.title.is_empty() && !code.title.ends_with('.'), "{}", code.id);
            assert!(code.explanation.ends_with('.') && code.remedy.ends_with('.'), "{}", code.id);
        }
    }
}
