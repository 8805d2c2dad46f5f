//! Governance-events exports, `keel.governance_events/v1` (spec 04 section 4), as one document and as JSON lines.

use serde_json::{Map, Value, json};

use super::{Case, EXPORT_CLAIMS, SUPPORTED, story};
use crate::document;
use crate::error::{Error, Result};
use crate::scenario::mutate::{Claim, Outcome};
use crate::scenario::{Links, Pack};

const ARGS: [&str; 9] = [
    "export",
    "export.json",
    "manifest.json",
    "--key-manifest",
    "key-manifest.json",
    "--trust-root",
    "trust-root.json",
    "--walk-events",
    "--json",
];

const CHAIN: &str = "governance_chain.local_continuity.v1";

pub(super) fn cases() -> Result<Vec<Case>> {
    Ok(vec![
        case("document", "the events of the small story as one document", |_| {}, false, None)?,
        case("lines", "the events of the small story, one a line", |_| {}, true, None)?,
        case(
            "event-type-changed",
            "an event was given another type",
            |records| {
                if let Some(record) = records.get_mut(4) {
                    record.insert("event_type".to_owned(), json!("permit.created"));
                }
            },
            false,
            Some((CHAIN, "disproved", "WALK_RECORD_HASH_MISMATCH")),
        )?,
        case(
            "event-removed",
            "an event is missing from the middle",
            |records| {
                records.remove(6);
            },
            true,
            Some((CHAIN, "disproved", "WALK_PREV_HASH_DISCONTINUITY")),
        )?,
    ])
}

fn case(
    name: &str,
    title: &str,
    change: fn(&mut Vec<Map<String, Value>>),
    is_lines: bool,
    fault: Option<Claim>,
) -> Result<Case> {
    let mut pack = story::small()?;
    let mut records = records(&mut pack)?;
    let count = records.len();
    change(&mut records);
    let project = pack.export.get("project_id").cloned().unwrap_or_default();
    pack.raw_export = Some(if is_lines {
        let lines: Vec<Vec<u8>> = records
            .iter()
            .map(|record| document::line(&Value::Object(record.clone())))
            .collect::<Result<_>>()?;
        lines.concat()
    } else {
        document::line(&json!({
            "schema": "keel.governance_events/v1",
            "export_id": "30000000-0000-4000-8000-000000000001",
            "project_id": project,
            "record_count": records.len(),
            "records": records,
        }))?
    });
    let identity = json!({
        "export_type": "governance_events",
        "format": if is_lines { "jsonl" } else { "json" },
        "record_count": records.len(),
    });
    let members =
        pack.manifest.as_object_mut().ok_or_else(|| Error::Damaged("manifest is no object".to_owned()))?;
    members.remove("claim_set");
    members.remove("semantics_pins");
    members.remove("chain_integrity");
    members.extend(identity.as_object().cloned().unwrap_or_default());
    pack.sign()?;
    let is_clean = fault.is_none() && count == records.len();
    Ok(Case {
        artifact: "governance-events",
        name: name.to_owned(),
        title: title.to_owned(),
        files: pack.files()?,
        args: ARGS.to_vec(),
        outcome: if is_clean { Outcome::Verified } else { Outcome::Disproved },
        claims: match fault {
            Some(claim) => vec![claim],
            None => EXPORT_CLAIMS
                .into_iter()
                .filter(|(name, ..)| name.starts_with("export.") || *name == CHAIN)
                .map(|(name, _, code)| (name, SUPPORTED, code))
                .collect(),
        },
        codes: fault.iter().map(|(_, _, code)| *code).collect(),
        twin: fault.map(|_| {
            if is_lines {
                "generated-governance-events-lines"
            } else {
                "generated-governance-events-document"
            }
        }),
        is_accepted_by_reference: is_clean,
        notes: "the export signature is genuine".to_owned(),
    })
}

/// The entries of all records in the order of the chain, in the shape of governance events.
fn records(pack: &mut Pack) -> Result<Vec<Map<String, Value>>> {
    let mut events: Vec<Map<String, Value>> = Vec::new();
    let project = pack.export.get("project_id").cloned().unwrap_or_default();
    for record in pack.records()? {
        let permit = record.pointer("/permit/id").cloned().unwrap_or_default();
        for entry in record.get("chain_entries").and_then(Value::as_array).into_iter().flatten() {
            let Some(mut event) = entry.as_object().cloned() else { continue };
            event.remove("chain_scope");
            let payload = event.remove("payload_json").unwrap_or_default();
            event.insert("payload".to_owned(), payload);
            event.insert("project_id".to_owned(), project.clone());
            event.insert("permit_id".to_owned(), permit.clone());
            let created = event.get("created_at").cloned().unwrap_or_default();
            event.insert("occurred_at".to_owned(), created);
            events.push(event);
        }
    }
    events.sort_by_key(|event| event.get("sequence_number").and_then(Value::as_i64));
    // these events have more members than those of the bundle form, and the digests cover them
    let mut links = Links::default();
    events
        .into_iter()
        .map(|event| {
            let mut event = Value::Object(event);
            links.add(&mut event)?;
            Ok(event.as_object().cloned().unwrap_or_default())
        })
        .collect()
}
