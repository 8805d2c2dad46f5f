//! `keel.rekor_witness.v1` beside an entry (spec 15 section 1.5).
//!
//! The material says that a public log holds the entry. It names no signed tree head, no key and no entry body, so
//! nothing in it can show that, online or offline: what the reference accepts is the bare statement. Its form is
//! checked, and no entry is established by it; `--require-rekor` therefore never succeeds here. A bundle of the log
//! itself proves inclusion and is verified on its own (`sigstore`).

use crate::finding::{Finding, catalog};
use crate::json::Value;

use catalog::monitor as code;

/// What is wrong with, or missing from, the witness material of the entry at `position`.
pub(super) fn check(position: usize, entry: Value<'_>) -> Vec<Finding> {
    let lacks =
        |text: &str| vec![Finding::lacks(&code::MONITOR_REKOR_MISSING, format!("entry {position}: {text}"))];
    let Some(witness) = entry.member("transparency").and_then(Value::as_object) else {
        return lacks("missing Rekor witness");
    };
    let is = |name: &str, text: &str| witness.member(name).is_some_and(|value| value.is_text(text));
    let faults = [
        (!is("witness_type", "rekor"), "witness_type is not rekor"),
        (!is("status", "included"), "Rekor witness is not included"),
        (
            witness.member("rekor_uuid").and_then(Value::non_empty_text).is_none(),
            "Rekor witness missing uuid",
        ),
        (witness.member("log_index").and_then(Value::as_i64).is_none(), "Rekor witness missing log_index"),
    ];
    let found: Vec<Finding> = faults
        .into_iter()
        .filter(|(present, _)| *present)
        .map(|(_, text)| {
            Finding::disproves(&code::MONITOR_REKOR_INVALID, format!("entry {position}: {text}"))
        })
        .collect();
    if found.is_empty() {
        return lacks(
            "the witness material only states that the public log has the entry: it carries no signed tree head to show it",
        );
    }
    found
}
