use std::collections::BTreeMap;

use super::ScopeInput;
use super::faithfulness::Judged;
use crate::crypto::sha256;
use crate::evidence::Fields;
use crate::finding::catalog::scope as code;
use crate::finding::{Finding, Location};

const SCHEMA: &str = "keel.governance_events/v1";

/// Are the records that a reader sees the records that the evidence proves (spec 04 section 10, rule 2)?
///
/// In a governance-events export every record must be a disclosure and every disclosure a record. In other
/// payloads this holds for records that are events.
pub(super) fn check(
    input: &ScopeInput<'_>,
    export: &dyn Fields,
    judged: &[Judged<'_>],
) -> Result<(), Box<Finding>> {
    let Some(rows) = input.records else { return Ok(()) };
    let events = export.member("schema").is_some_and(|schema| schema.is_text(SCHEMA));
    let project = export.text("project_id").map(|id| format!("project:{id}"));
    let mut shown: BTreeMap<[u8; 32], (bool, &str)> = BTreeMap::new();
    for segment in judged.iter().filter_map(|one| one.segment.as_ref()) {
        for record in &segment.disclosures {
            let key =
                identity(&record.chain_scope, record.sequence_number, &record.event_id, &record.record_hash);
            shown.insert(key, (false, &record.event_id));
        }
    }
    let (mut strangers, mut example, mut any) = (0u64, None, events);
    rows.for_each(&mut |row| {
        let scope = row.chain_scope.or(project.as_deref());
        let (Some(event_id), Some(record_hash)) = (row.event_id, row.record_hash) else {
            if events {
                strangers += 1;
                example.get_or_insert_with(|| row.event_id.unwrap_or("(no event id)").to_owned());
            }
            return;
        };
        any = true;
        let sequence = row.sequence_number.map_or(0, i128::from);
        match shown.get_mut(&identity(scope.unwrap_or_default(), sequence, event_id, record_hash)) {
            Some((seen, _)) => *seen = true,
            None => {
                strangers += 1;
                example.get_or_insert_with(|| event_id.to_owned());
            }
        }
    });
    let hidden = shown.values().filter(|(seen, _)| any && !seen).count();
    if strangers == 0 && hidden == 0 {
        return Ok(());
    }
    let text = format!(
        "{strangers} top-level records are no disclosures of any segment, and {hidden} disclosures are no top-level records"
    );
    let finding = Finding::disproves(&code::SCOPE_RECORDS_NOT_TIED, text);
    let first = shown.values().find(|(seen, _)| !seen).map(|(_, id)| (*id).to_owned());
    let finding = match (example, first) {
        (Some(id), _) => finding.fact("first record without evidence", id),
        (None, Some(id)) => finding.fact("first disclosure not shown", id),
        (None, None) => finding,
    };
    Err(Box::new(finding.at(Location::file(input.file).pointing("/records"))))
}

/// One value for what makes two records the same; the lengths keep texts apart.
fn identity(scope: &str, sequence: i128, event_id: &str, record_hash: &str) -> [u8; 32] {
    let mut text = format!("{sequence}");
    for part in [scope, event_id, record_hash] {
        text.push_str(&format!("|{}|{part}", part.len()));
    }
    sha256(text.as_bytes())
}
