//! Voice-session attestations.

crate::codes! {
    VOICE_ATTESTATION_SUPPORTED {
        "Voice session attested",
        "The check of the attestation that is named in the message passed.",
        "Nothing to do." }
    VOICE_SCHEMA_UNSUPPORTED {
        "Unknown kind of voice attestation",
        "schema, schema_version, artifact_version or canonicalization_profile is none that this program knows.",
        "Use a verifier that knows this version." }
    VOICE_SIGNATURE_MISSING {
        "Voice attestation not signed",
        "The attestation has no list of signatures.",
        "Ask for a signed attestation." }
    VOICE_SIGNATURE_INVALID {
        "Voice attestation's signature does not verify",
        "No signature, or not every signature of a trusted key, is one of the canonical bytes of the attestation.",
        "The attestation was altered; obtain the original." }
    VOICE_SIGNER_UNPINNED {
        "Signer of the voice attestation unknown",
        "The attestation is signed, but the trust source has no key for it: anybody could have signed it.",
        "Name the issuer's keys with --key-manifest." }
    VOICE_SIGNER_NOT_TRUSTED {
        "Voice attestation signed by another key",
        "The key in the attestation is not the one that the trust source gives for its key id.",
        "Find out who signed; do not trust the embedded key." }
    VOICE_CHAIN_MALFORMED {
        "Event chain malformed",
        "The chain of events, an event in it, or its head has not the form that the format wants.",
        "Obtain the original attestation." }
    VOICE_CHAIN_PAYLOAD_EMBEDDED {
        "Payload where only its hash belongs",
        "An event of schema version 3 carries its payload.",
        "Obtain the attestation as it was issued." }
    VOICE_CHAIN_MATERIALIZATION {
        "Payload materialization is not hash_only",
        "An event of schema version 3 does not say that only the payload's hash is kept.",
        "Obtain the attestation as it was issued." }
    VOICE_CHAIN_PAYLOAD_HASH {
        "Payload hash malformed or wrong",
        "The hash of an event's payload is no SHA-256, or not that of the payload beside it.",
        "The event was altered; obtain the original attestation." }
    VOICE_CHAIN_PREVIOUS_MISMATCH {
        "Event does not follow the one before",
        "An event's previous_content_hash is not the hash of the event before it.",
        "Events are missing, added or reordered; obtain the original attestation." }
    VOICE_CHAIN_SEQUENCE {
        "Event numbers not ascending",
        "artifact_sequence does not grow from event to event.",
        "Events are missing, added or reordered; obtain the original attestation." }
    VOICE_CHAIN_CONTENT_MISMATCH {
        "Event altered",
        "An event's content_hash is not the hash of the event.",
        "Obtain the original attestation." }
    VOICE_CHAIN_HEAD_MISMATCH {
        "Head of the event chain differs",
        "chain_head names another last event, or another number of events, than the chain has.",
        "Events are missing or added; obtain the original attestation." }
    VOICE_CHAIN_INCONSISTENT {
        "Events contradict each other",
        "Event numbers have gaps, the head's sequence is not that of the last event, there is no event, or events name different sessions.",
        "Ask the issuer for the complete session." }
    VOICE_POLICY_SNAPSHOT_MISSING {
        "No policy snapshot",
        "session_metadata or policy_snapshot is missing.",
        "Obtain the original attestation." }
    VOICE_POLICY_SNAPSHOT_MISMATCH {
        "Policy snapshot differs",
        "The hash of the embedded policy snapshot is not the one that the session's metadata or the snapshot states.",
        "The policy was altered; obtain the original attestation." }
    VOICE_TSA_RECEIPT_MISSING {
        "No usable timestamp receipt",
        "The attestation has no receipt, or one without request_hash or response.",
        "Obtain the attestation with its receipts." }
    VOICE_TSA_BINDING_MISMATCH {
        "Receipt is of another head",
        "A receipt's request_hash or covers_chain_head_hash is not the project's chain head, or there is no such head.",
        "Obtain the attestation with its own receipts." }
    VOICE_TSA_IMPRINT_MISMATCH {
        "Timestamp is of something else",
        "A receipt cannot be read, or is of another digest than the project's chain head.",
        "Obtain the attestation with its own receipts." }
    VOICE_TSA_CHAIN_VALIDATED {
        "Timestamps validated",
        "Every receipt was signed by an accepted timestamp authority whose certificates held at the stated time.",
        "Nothing to do." }
    VOICE_TSA_CHAIN_INVALID {
        "A timestamp is not genuine",
        "A receipt is not a timestamp of an accepted authority: its form, signature, certificate path or revocation is wrong.",
        "Obtain a genuine receipt; do not rely on the time that this one states." }
    VOICE_TSA_CHAIN_NOT_VALIDATED {
        "Timestamps not validated",
        "Whether the receipts are genuine stays open: their authority is not among the accepted ones, or revocation is not known.",
        "Name the authority's certificates with --tsa-ca-bundle and its revocation lists with --tsa-crl." }
}
