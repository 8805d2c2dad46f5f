//! The hash chain of governance events.

crate::codes! {
    WALK_EVENTS_SUPPORTED {
        "Chain continuous",
        "Every record hash recomputes, every entry links to its predecessor, and sequence numbers ascend.",
        "Nothing to do." }
    WALK_RECORD_HASH_MISMATCH {
        "Record hash differs",
        "The hash recomputed from the nine hashed fields of the entry differs from the stated record hash, or a field cannot be hashed.",
        "The entry was altered; compare it with another copy." }
    WALK_PREV_HASH_DISCONTINUITY {
        "Chain link broken",
        "The entry's prev_hash differs from the record hash of the entry before it.",
        "An entry was removed, inserted or altered here; ask for the missing stretch." }
    WALK_SEQUENCE_INVERSION {
        "Sequence number out of order",
        "Sequence numbers of one chain must be integers that ascend without repetition.",
        "Ask for the original order; two entries with one number are two histories." }
    WALK_UNKNOWN_CHAIN_FORMAT {
        "Unknown chain format",
        "The entry names a chain format that this release does not implement or that the pack did not pin.",
        "Use a release that knows the format." }
    WALK_NO_CHAIN_ENTRIES {
        "No chain entries in this export",
        "An audit export bundle of schema version 1 carries no chain entries.",
        "Ask for an export with include_chain_entries=true." }
    WALK_NO_EVALUABLE_SUBJECTS {
        "Nothing to walk",
        "The export discloses no chain entry.",
        "Ask for an export that contains the events." }
    VERIFICATION_FAILED {
        "The export's structure does not fit the check",
        "A member that the check needs is missing or of another type.",
        "Ask for an export in the documented shape." }
    CHAIN_SEQUENCE_GAP {
        "Sequence numbers skip",
        "Two entries link by hash although numbers between them are missing; an honest chain counts without gaps.",
        "Ask the issuer to explain the missing numbers." }
    CHAIN_SEQUENCE_INVALID {
        "Sequence number below one",
        "A chain starts at sequence number 1; zero and negative numbers do not occur.",
        "Treat the entry as forged." }
    CHAIN_GENESIS_NOT_ANCHORED {
        "Chain does not start at the published genesis",
        "The entry with sequence number 1 has another prev_hash than the genesis constant.",
        "Ask whether the chain belongs to a test system; nothing ties its beginning to the published start." }
    CHAIN_WINDOW_EDGE {
        "What lies before the first entry is not shown",
        "The export starts inside a chain; continuity before its first entry cannot be checked from it.",
        "Compare with the preceding export or with a checkpoint." }
    CHAIN_FIELD_SEPARATOR {
        "A hashed field contains the separator",
        "The record hash joins its fields with '|' without escaping, so a field that contains it can be shifted without changing the hash.",
        "Treat the entry's fields as not proven." }
    CHAIN_FIELD_CONTROL_CHARACTER {
        "A hashed field contains a control character",
        "Control characters in identifiers can forge lines of a report.",
        "Treat the entry as malformed." }
    CHAIN_TIMESTAMP_OFFSET_DROPPED {
        "Time zone of the event is not covered by its hash",
        "The record hash drops the offset of created_at; a time that is not UTC can be moved by changing only the offset.",
        "Do not rely on the event's time." }
    CHAIN_SCOPE_INVALID {
        "Chain scope is not a string",
        "chain_scope groups entries into chains and must be a string or absent.",
        "Treat the entry as malformed." }
    CHAIN_ENTRY_FOREIGN {
        "Entry stands under another permit's record",
        "A chain entry inside a record names another permit than the record.",
        "Ask the issuer why the record carries it." }
    CHAIN_EVENT_ID_REPEATED {
        "Event id occurs twice",
        "Two chain entries carry the same event id.",
        "Treat one of them as a duplicate or a forgery." }
    PAYLOAD_DIGEST_MISMATCH {
        "Event payload differs from its integrity digest",
        "An audit.integrity_digest event states another digest for this event than its content gives.",
        "The payload was altered after the digest was written." }
    PAYLOAD_NOT_COVERED {
        "Event payloads are not covered by the chain",
        "The record hash v1 does not cover payload_json; only an integrity digest event or the export signature does.",
        "Rely on payloads only as far as the export signature reaches." }
}
