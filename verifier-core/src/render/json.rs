//! The program's own machine format, `keel-verify.report/v1`.
//!
//! One JSON object: schema, tool, exit status, then every field of the [`Report`], in a fixed order and ASCII
//! only. [`SCHEMA`] describes it as JSON Schema (draft 2020-12) with closed objects; a member is added only
//! together with a row there. Digests, times and amounts are text as received; numbers are counts and byte
//! offsets. Strings carry evidence unescaped except for what JSON needs: a consumer that prints them applies
//! [`escape`](super::escape).

use std::io;

use serde::Serialize;

use super::ascii;
use crate::report::{Gate, Report, TOOL};

/// The identifier that the document carries.
pub const SCHEMA_ID: &str = "keel-verify.report/v1";

/// The JSON Schema of the document.
pub const SCHEMA: &str = include_str!("../../schemas/report-v1.schema.json");

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: Tool,
    exit_status: u8,
    #[serde(flatten)]
    report: &'a Report,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// The identifier of the document of a policy gate.
pub const GATE_SCHEMA_ID: &str = "keel-verify.gate/v1";

/// The JSON Schema of the document of a policy gate.
pub const GATE_SCHEMA: &str = include_str!("../../schemas/gate-v1.schema.json");

#[derive(Serialize)]
struct GateDocument<'a> {
    schema: &'static str,
    tool: Tool,
    exit_status: u8,
    gate: &'a Gate,
    reports: Vec<Document<'a>>,
}

/// Writes what a policy comes to, with the reports that it was applied to, and a line end.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write_gate(gate: &Gate, reports: &[Report], out: &mut dyn io::Write) -> io::Result<()> {
    let document = GateDocument {
        schema: GATE_SCHEMA_ID,
        tool: TOOL_OF_THIS_RELEASE,
        exit_status: gate.outcome.exit_status(),
        gate,
        reports: reports.iter().map(document).collect(),
    };
    ascii::write(&document, out)
}

const TOOL_OF_THIS_RELEASE: Tool = Tool { name: TOOL, version: env!("CARGO_PKG_VERSION") };

fn document(report: &Report) -> Document<'_> {
    Document {
        schema: SCHEMA_ID,
        tool: TOOL_OF_THIS_RELEASE,
        exit_status: report.outcome.exit_status(),
        report,
    }
}

/// Writes the report and a line end.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    ascii::write(&document(report), out)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn rendered(report: &Report) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn real_reports_follow_the_published_schema() {
        let schema = serde_json::from_str(SCHEMA).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        for (name, report) in samples::all() {
            let text = rendered(&report);
            assert!(text.is_ascii() && !text.contains('\u{7f}'), "{name}");
            assert_eq!(text, rendered(&report), "{name}: same report, same bytes");
            let document = serde_json::from_str(&text).unwrap();
            let problems: Vec<String> = validator
                .iter_errors(&document)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(problems.is_empty(), "{name}: {problems:?}");
        }
    }

    /// A schema that accepts anything would make the test above empty.
    #[test]
    fn the_schema_refuses_surplus_and_missing_members_everywhere() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let original: serde_json::Value = serde_json::from_str(&rendered(&samples::refused())).unwrap();
        let mut objects = vec![String::new()];
        let mut at = 0;
        while let Some(pointer) = objects.get(at).cloned() {
            at += 1;
            let children: Vec<String> = match original.pointer(&pointer).unwrap() {
                serde_json::Value::Object(members) => {
                    members.keys().map(|key| format!("{pointer}/{key}")).collect()
                }
                serde_json::Value::Array(items) => {
                    (0..items.len()).map(|index| format!("{pointer}/{index}")).collect()
                }
                _ => continue,
            };
            objects.extend(children);
        }
        let mut tried = 0;
        for pointer in objects {
            let mut surplus = original.clone();
            if let Some(serde_json::Value::Object(members)) = surplus.pointer_mut(&pointer) {
                members.insert("surplus".to_owned(), serde_json::Value::Null);
                assert!(!validator.is_valid(&surplus), "surplus member accepted in {pointer:?}");
                tried += 1;
            }
        }
        assert!(tried > 20, "{tried}");
        for member in ["schema", "outcome", "claims", "findings", "not_proven", "accepted_without_trust"] {
            let mut missing = original.clone();
            missing.as_object_mut().unwrap().remove(member);
            assert!(!validator.is_valid(&missing), "{member} may be missing");
        }
    }
}
