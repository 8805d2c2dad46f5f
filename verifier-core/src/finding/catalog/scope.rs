//! Scope faithfulness, scope-state sidecars and the checkpoints that they rest on.

crate::codes! {
    EXPORT_SCOPE_FAITHFULNESS_SUPPORTED {
        "Export discloses exactly the declared population",
        "The disclosed records are those that the signed sidecar commits to, between the declared boundaries of one chain.",
        "Nothing to do." }
    EXPORT_SCOPE_DECLARATION_MISSING {
        "No scope declaration",
        "The claim was asked for, and the payload has no scope_faithfulness object.",
        "Ask for an export with a scope declaration." }
    EXPORT_SCOPE_DECLARATION_SCHEMA_INVALID {
        "Scope declaration malformed",
        "The scope_faithfulness block, one of its segments or an evidence record breaks the shape of version 1.",
        "Ask the issuer for an export with a valid declaration." }
    EXPORT_SCOPE_DECLARATION_VERSION_UNKNOWN {
        "Scope declaration of an unknown version",
        "The payload has a scope_faithfulness block whose version this release does not implement, so it was not examined.",
        "Use a release that knows the version; nothing follows about completeness." }
    EXPORT_SCOPE_PREDICATE_UNSUPPORTED {
        "Predicate of an unknown grammar or kind",
        "The declared predicate names another grammar or operator, or a kind that keel.scope_predicate.v1 reserves or does not know.",
        "Use a release that knows the grammar." }
    EXPORT_SCOPE_PREDICATE_MALFORMED {
        "Predicate malformed",
        "The declared predicate breaks the grammar keel.scope_predicate.v1.",
        "Ask the issuer for an export with a valid predicate." }
    EXPORT_BOUNDARY_START_AFTER_END {
        "Declared start lies after the declared end",
        "The first sequence number of the segment is greater than the last.",
        "Treat the declaration as wrong." }
    EXPORT_RAW_FILTERS_HASH_MISMATCH {
        "Filters differ from their hash",
        "The SHA-256 of the canonical raw_filters differs from filters_hash.",
        "Do not rely on the stated filters." }
    EXPORT_SCOPE_STATE_REFERENCE_MISMATCH {
        "Another sidecar than the referenced one",
        "The sidecar's bytes or its identifying members differ from the export's scope_state_reference.",
        "Obtain the sidecar that the export refers to." }
    EXPORT_SCOPE_CHAIN_SCOPE_MISMATCH {
        "More than one chain in a segment",
        "Declaration, boundaries, reference, sidecar and evidence records of a segment must name one chain_scope.",
        "Ask for one segment for each chain." }
    EXPORT_BOUNDARY_END_NOT_CHECKPOINT {
        "Declared end is no head of the checkpoint",
        "The checkpoint has no head for the segment's chain.",
        "Obtain the checkpoint that the export refers to." }
    EXPORT_BOUNDARY_CHECKPOINT_MISMATCH {
        "Declared end differs from the checkpoint",
        "Checkpoint id, sequence number or record hash of declared_end differ from the sidecar's checkpoint head.",
        "Treat the declared end as wrong." }
    EXPORT_BOUNDARY_END_MISMATCH {
        "Evidence does not end at the declared end",
        "The last evidence record is not the record that declared_end names.",
        "Treat the evidence as another slice than the declared one." }
    EXPORT_BOUNDARY_FRESHNESS_EVIDENCE_MISSING {
        "Nothing shows that the checkpoint was the latest",
        "The end is said to be the latest checkpoint at export time, and the signed payload lists neither the checkpoints observed nor later ones.",
        "Ask for the list of checkpoints at export time, inside the signed payload." }
    EXPORT_BOUNDARY_STALE_CHECKPOINT {
        "A later checkpoint was known",
        "The freshness evidence names a checkpoint of this chain that is later than the declared end.",
        "Ask for an export up to the later checkpoint." }
    EXPORT_BOUNDARY_START_MISMATCH {
        "Evidence does not start at the declared start",
        "Sequence number or prev_hash of the first evidence record do not follow from declared_start.",
        "Ask for the missing records at the start." }
    EXPORT_CHAIN_PROOF_DISCONTINUITY {
        "Evidence records do not form one unbroken chain",
        "In order of sequence number the records must count without repetition or gap, and each prev_hash must be the record hash before it.",
        "Ask for the missing records; what stands between is unknown." }
    EXPORT_SCOPE_PREDICATE_VIOLATED {
        "A disclosed record is outside the declared scope",
        "A disclosure record does not satisfy the declared predicate.",
        "Treat the disclosure as another population than the declared one." }
    EXPORT_PROOF_BRIDGE_MISCLASSIFIED {
        "A record of the population is hidden as a bridge",
        "A proof bridge record satisfies the declared predicate and should have been disclosed.",
        "Ask why the record was not disclosed." }
    EXPORT_SCOPE_COMMITMENT_MISSING {
        "Sidecar says nothing about this predicate",
        "No commitment of the sidecar has the hash of the declared predicate.",
        "Ask for a sidecar that commits to the predicate." }
    EXPORT_SCOPE_CARDINALITY_MISMATCH {
        "Number of disclosed records differs",
        "The sidecar commits to another number of matching records than the export discloses.",
        "Ask for the missing records." }
    EXPORT_SCOPE_MEMBERSHIP_ROOT_MISMATCH {
        "Disclosed records differ from the commitment",
        "The Merkle root over the disclosed records differs from the root that the sidecar commits to.",
        "Treat the disclosure as altered or incomplete." }
    EXPORT_SCOPE_RANGE_MISMATCH {
        "First or last disclosed record differs",
        "The sidecar's first or last matching sequence number differs from the disclosed records.",
        "Ask for the missing records." }
    SCOPE_RECORDS_NOT_TIED {
        "Records shown are not the records proven",
        "The export's top-level records and the disclosure records of its segments must be the same records; only the latter are covered by the completeness statement.",
        "Rely only on the disclosure records, and ask for a consistent export." }
    SCOPE_TAIL_MISSING {
        "Evidence stops before the declared end",
        "The last evidence record has a lower sequence number than declared_end.",
        "Ask for the records up to the declared end." }
    SCOPE_RECORD_HASH_NOT_RECOMPUTED {
        "Record hashes were taken as stated",
        "The evidence records lack the severity that the record hash covers, so their hashes cannot be recomputed.",
        "Ask for complete evidence records; their links rest on the export signature alone." }
    CHECKPOINT_SCOPE_STATE_SUPPORTED {
        "Scope-state sidecar authentic",
        "The sidecar is signed by a trusted key, belongs to an authentic checkpoint and its commitments are well-formed.",
        "Nothing to do." }
    CHECKPOINT_SCOPE_STATE_MISSING {
        "Scope-state sidecar missing",
        "The export refers to a sidecar that is not beside it.",
        "Put checkpoint-scope-state-v1.json beside the manifest, or name it with --sidecar." }
    CHECKPOINT_SCOPE_STATE_SCHEMA_INVALID {
        "Scope-state sidecar malformed",
        "The sidecar breaks the shape of checkpoint_scope_state.v1.",
        "Ask the issuer for a valid sidecar." }
    CHECKPOINT_SCOPE_STATE_SIGNATURE_MISSING {
        "Scope-state sidecar unsigned",
        "The sidecar has no signature, or an empty one.",
        "Ask for a signed sidecar." }
    CHECKPOINT_SCOPE_STATE_KEY_UNRESOLVED {
        "No trusted key for the scope-state sidecar",
        "The trust source has not exactly one usable key for the sidecar's key id and purpose.",
        "Give the right key manifest." }
    CHECKPOINT_SCOPE_STATE_KEY_NOT_ACTIVE {
        "Sidecar key not valid at the signing time",
        "The sidecar's signed_at lies outside the validity of every trusted entry of its key.",
        "Ask for the key history, or for a sidecar signed within the validity." }
    CHECKPOINT_SCOPE_STATE_SIGNATURE_INVALID {
        "Sidecar signature invalid",
        "The Ed25519 signature over the canonical sidecar does not verify under the trusted key.",
        "Treat the sidecar as altered." }
    CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISSING {
        "Checkpoint missing",
        "The sidecar refers to a checkpoint that is not beside the export.",
        "Put checkpoint.json beside the manifest, or name it with --checkpoint." }
    CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISMATCH {
        "Checkpoint not authentic or not the sidecar's",
        "The checkpoint has another id, its composite hash does not recompute, or its signature does not verify under a trusted key.",
        "Obtain the checkpoint that the sidecar refers to." }
    CHECKPOINT_SCOPE_STATE_CHAIN_SCOPE_NOT_IN_CHECKPOINT {
        "Checkpoint does not cover the chain",
        "The sidecar's chain_scope is no head of the checkpoint.",
        "Obtain a checkpoint that covers the chain." }
    CHECKPOINT_SCOPE_STATE_LAST_SEQUENCE_AFTER_CHECKPOINT {
        "Commitment reaches beyond the checkpoint",
        "A commitment's last matching sequence number is greater than the checkpoint's head, or is absent where records match.",
        "Treat the sidecar as wrong." }
    CHECKPOINT_SCOPE_STATE_GRAMMAR_UNSUPPORTED {
        "Sidecar uses an unknown predicate grammar",
        "The sidecar names another grammar than keel.scope_predicate.v1, or a commitment uses a kind that this grammar does not know.",
        "Use a release that knows the grammar." }
    CHECKPOINT_SCOPE_STATE_COMMITMENT_PROFILE_UNKNOWN {
        "Sidecar uses an unknown commitment profile",
        "The sidecar names another profile than keel.scope_state.merkle.v1.",
        "Use a release that knows the profile." }
    CHECKPOINT_SCOPE_STATE_PREDICATE_HASH_MISMATCH {
        "Predicate hash of a commitment differs",
        "The hash of a commitment's canonical predicate differs from its predicate_value_hash.",
        "Treat the sidecar as wrong." }
    CHECKPOINT_SCOPE_STATE_COMMITMENT_PREDICATE_DUPLICATE {
        "Two commitments for one predicate",
        "Two commitments of the sidecar have the same predicate_value_hash, so they can contradict each other.",
        "Treat the sidecar as wrong." }
    CHECKPOINT_SCOPE_STATE_INCONSISTENT {
        "Sidecar contradicts itself",
        "A signed sidecar states values that cannot all be true: counts, ranges and roots of a commitment, key ids, signing time, or kinds outside its predicate basis.",
        "Treat the sidecar as wrong, whoever signed it." }
    CHECKPOINT_SCOPE_STATE_ID_NOT_DERIVED {
        "Sidecar id is not derived from chain and checkpoint",
        "The format derives scope_state_id from the chain scope and the checkpoint id; this sidecar carries another id.",
        "Do not take the id for a statement about chain or checkpoint." }
    CHECKPOINT_SCOPE_KEY_INVALID {
        "Scope key of a checkpoint head outside its alphabet",
        "The composite hash joins heads without escaping, so a key with other characters lets one signature stand for several sets of heads.",
        "Treat the checkpoint as forged." }
    CHECKPOINT_SEQUENCE_INVALID {
        "Sequence number of a checkpoint head invalid",
        "The sequence number of a head is no integer from 0 to 2^63 − 1.",
        "Treat the checkpoint as forged." }
    CHECKPOINT_RECORD_HASH_INVALID {
        "Record hash of a checkpoint head invalid",
        "The record hash of a head is not 64 lower-case hexadecimal digits, so text can be smuggled into the signed preimage.",
        "Treat the checkpoint as forged." }
    CHECKPOINT_WEAK_KEY {
        "Signing key of small order",
        "Under this public key one constant signature verifies every message.",
        "Remove the key from the trust source; it proves nothing." }
}
