//! Proof bridges: evidence records that take part in the chain walk (spec 04 section 4).

use crate::chain::{EntryFields, EntryRow, Source};
use crate::format::scope::{Payload, chain_field, hashed_field};
use crate::json::Value;

/// A proof bridge as an entry of the walk.
#[derive(Clone, Debug)]
pub struct BridgeEntry {
    /// RFC 6901 pointer of the record in the payload.
    pub pointer: String,
    /// What the walk needs. An absent scope is derived from the project, an absent format is `v1`.
    pub row: EntryRow,
}

/// The bridges cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructureError {
    /// Which value has which wrong type.
    pub message: String,
    /// RFC 6901 pointer of the value in the payload.
    pub pointer: String,
}

/// The proof bridges of a `scope_faithfulness` block, in order. Its version does not matter, and a block or
/// segment of another shape has none.
///
/// # Errors
/// [`StructureError`] when `proof_bridge_records` is present and is no array of objects.
pub fn bridge_rows(scope_faithfulness: Value<'_>) -> Result<Vec<BridgeEntry>, StructureError> {
    let mut rows = Vec::new();
    let segments = scope_faithfulness.member("segments").and_then(Value::as_array);
    for (index, segment) in segments.map(Value::items).into_iter().flatten().enumerate() {
        let Some(bridges) = segment.path(&["chain_evidence", "proof_bridge_records"]) else { continue };
        let path = format!("scope_faithfulness.segments[{index}].chain_evidence.proof_bridge_records");
        let pointer = format!("/scope_faithfulness/segments/{index}/chain_evidence/proof_bridge_records");
        if !bridges.is_array() {
            return Err(StructureError { message: format!("{path} must be a list"), pointer });
        }
        for (position, record) in bridges.items().enumerate() {
            let pointer = format!("{pointer}/{position}");
            if !record.is_object() {
                let message = format!("{path}[{position}] must be an object");
                return Err(StructureError { message, pointer });
            }
            rows.push(BridgeEntry { pointer, row: entry_row(record) });
        }
    }
    Ok(rows)
}

/// An evidence record as an entry of the walk, with its record hash recomputed.
pub(super) fn entry_row(record: Value<'_>) -> EntryRow {
    let payload = Payload::of(record);
    let field = |name: &str| chain_field(record, name);
    let hashed = |name: &str| hashed_field(record, &payload, name);
    let fields = EntryFields {
        event_id: field("event_id"),
        event_type: field("event_type"),
        resource_type: hashed("resource_type"),
        resource_id: hashed("resource_id"),
        outcome: hashed("outcome"),
        severity: hashed("severity"),
        created_at: field("created_at"),
        occurred_at: None,
        prev_hash: field("prev_hash"),
        record_hash: field("record_hash"),
        sequence_number: field("sequence_number"),
        chain_scope: field("chain_scope"),
        chain_format_version: field("chain_format_version"),
    };
    EntryRow::from_fields(&fields, Source::Record, record.span())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Blob;
    use crate::chain::{Computed, HashText, Sequence};
    use crate::json::{Document, ParserLimits};

    fn rows(block: &str) -> Result<Vec<BridgeEntry>, StructureError> {
        let document =
            Document::parse(Blob::new(block.as_bytes().to_vec()), ParserLimits::default()).unwrap();
        bridge_rows(document.root())
    }

    fn one(record: &str) -> EntryRow {
        let block = format!(r#"{{"segments":[{{"chain_evidence":{{"proof_bridge_records":[{record}]}}}}]}}"#);
        rows(&block).unwrap().remove(0).row
    }

    /// The entry of spec 04 section 2, spread over the places where a bridge may say its members.
    #[test]
    fn members_are_collected_from_every_place() {
        for record in [
            r#"{"event_id":"evt_001","event_type":"permit.created","created_at":"2026-05-07T12:00:01Z","sequence_number":1,
                "prev_hash":"b4f9ddb0e1cfb80310d7203a4bad5bc1ff29e931b21918c2fc4b01b26035d7c6","chain_scope":"project:x",
                "record_hash":"10ee3f27af1fae252069b04146218cd184e5e986d1021ff5ed58c150d882937b",
                "payload_json":{"resource_type":"permit","resource_id":"permit_123","outcome":"success","severity":"info"}}"#,
            r#"{"resource_type":"permit","outcome":"success","event_id":null,"format_version":"v1",
                "chain_entry_ref":{"event_id":"evt_001","event_type":"permit.created","created_at":"2026-05-07T12:00:01Z",
                "sequence_number":1,"previous_record_hash":"b4f9ddb0e1cfb80310d7203a4bad5bc1ff29e931b21918c2fc4b01b26035d7c6",
                "chain_entry_hash":"10ee3f27af1fae252069b04146218cd184e5e986d1021ff5ed58c150d882937b",
                "severity":"info","payload":{"resource_id":"permit_123"}}}"#,
        ] {
            let row = one(record);
            assert!(row.hash_matches(), "{record}");
            assert_eq!((row.sequence, row.id()), (Sequence::Number(1), "evt_001"));
            assert!(row.unknown_format.is_none());
        }
        let row = one(r#"{"severity":null,"payload_json":{"severity":"info"},"chain_scope":""}"#);
        assert!(matches!(row.computed, Computed::Fault(_)) && row.scope_derived);
        assert_eq!(row.record_hash, HashText::Missing);
        assert_eq!(one(r#"{"chain_format_version":5}"#).unknown_format.as_deref(), Some("5"));
    }

    #[test]
    fn only_wrong_lists_are_errors() {
        for block in ["5", "{}", r#"{"segments":{}}"#, r#"{"segments":[5,{},{"chain_evidence":null}]}"#] {
            assert!(rows(block).unwrap().is_empty(), "{block}");
        }
        let wrong = |evidence: &str| {
            rows(&format!(r#"{{"segments":[{{}},{{"chain_evidence":{evidence}}}]}}"#)).unwrap_err().message
        };
        assert_eq!(
            wrong(r#"{"proof_bridge_records":null}"#),
            "scope_faithfulness.segments[1].chain_evidence.proof_bridge_records must be a list"
        );
        assert_eq!(
            wrong(r#"{"proof_bridge_records":[{},5]}"#),
            "scope_faithfulness.segments[1].chain_evidence.proof_bridge_records[1] must be an object"
        );
    }
}
