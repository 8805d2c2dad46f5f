//! The workflow evidence document (spec 06 section 2).
//!
//! ```text
//! { "schema": "keel.workflow_evidence/v1",
//!   "declarations": […], "declaration_count": n, "amendments": […], "amendment_count": m }
//! ```
//!
//! The document itself carries no signature; each record does. Whether records were left out shows only in
//! the versions of what remains.

use super::{EFFECTIVE_INTENT_HASH, Failures, History, RecordCheck, unnamed};
use crate::finding::catalog::input::INPUT_STRUCTURE_INVALID;
use crate::finding::catalog::workflow::{WORKFLOW_EVIDENCE_SCHEMA_INVALID, WORKFLOW_LEGACY_SCHEMA_NAME};
use crate::finding::{Finding, Location};
use crate::format::workflow::{LEGACY_SCHEMA, is_schema};
use crate::json::{Kind, Value};
use crate::report::ReportBuilder;
use crate::trust::KeyRing;

/// Verifies a workflow evidence document; `label` begins messages about it, `file` is where it lies.
///
/// Gives the history back for [`super::check_snapshots`], unless a record could not be read.
pub fn check_document(
    document: Value<'_>,
    label: &str,
    file: &str,
    keys: &KeyRing,
    out: &mut ReportBuilder,
) -> Option<History> {
    let mut failures = Failures::default();
    let mut malformed = |out: &mut ReportBuilder, text: String, place: Value<'_>| {
        let finding = Finding::lacks(&WORKFLOW_EVIDENCE_SCHEMA_INVALID, format!("{label} {text}"))
            .at(Location::value(file, place));
        failures.push(out, EFFECTIVE_INTENT_HASH, unnamed(), finding);
    };
    let mut records = RecordCheck::new(keys, true);
    let schema = document.member("schema");
    if !schema.is_some_and(is_schema) {
        records.mark_incomplete();
        malformed(out, "schema must be 'keel.workflow_evidence/v1'".to_owned(), schema.unwrap_or(document));
    } else if schema.is_some_and(|schema| schema.is_text(LEGACY_SCHEMA)) {
        let text = format!("{label} uses the schema name {LEGACY_SCHEMA}");
        out.finding(Finding::notes(&WORKFLOW_LEGACY_SCHEMA_NAME, text).at(Location::file(file)));
    }
    let lists = ["declarations", "amendments"].map(|name| {
        let list = document.member(name).and_then(Value::as_array);
        if list.is_none() {
            malformed(out, format!("{name} must be a list"), document.member(name).unwrap_or(document));
        }
        list
    });
    let [Some(declarations), Some(amendments)] = lists else {
        out.skipped("workflow_records", "Workflow records", "the lists of records are missing");
        return None;
    };
    for (count_name, list_name, list) in
        [("declaration_count", "declarations", declarations), ("amendment_count", "amendments", amendments)]
    {
        let stated = document.member(count_name);
        let length = list.len();
        if stated.is_some_and(|stated| stated.kind() == Kind::Bool) {
            let text = format!("{label} {count_name} must be a number");
            let finding = Finding::lacks(&INPUT_STRUCTURE_INVALID, text)
                .at(Location::value(file, stated.unwrap_or(document)));
            out.finding(finding);
        } else if !stated.is_some_and(|stated| equals_count(stated, length)) {
            records.mark_incomplete();
            let stated_text = stated.map_or_else(
                || "None".to_owned(),
                |stated| String::from_utf8_lossy(stated.raw()).chars().take(80).collect(),
            );
            let text = format!("{count_name}={stated_text} does not match {list_name} length={length}");
            malformed(out, text, stated.unwrap_or(document));
        }
    }
    for record in declarations.items() {
        records.declaration(record, &Location::value(file, record), out);
    }
    for record in amendments.items() {
        records.amendment(record, &Location::value(file, record), out);
    }
    records.finish(out)
}

/// Whether a number token has the value `count`; `2.0` equals 2.
pub(crate) fn equals_count(value: Value<'_>, count: usize) -> bool {
    let Some(token) = value.number() else { return false };
    let digits = count.to_string();
    token == digits
        || (value.kind() == Kind::Float
            && token.parse::<f64>().is_ok_and(|number| digits.parse::<f64>() == Ok(number)))
}
