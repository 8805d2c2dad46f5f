//! Completeness of the status of keys: the signed manifest, its subject, and the signed scope state behind it.

crate::codes! {
    KEY_STATUS_COMPLETENESS_SUPPORTED {
        "Key status complete",
        "The signed manifest is newer than the instant, lists the key with the expected status, and refers to exactly the events that the signed scope state counts.",
        "Nothing to do; events after the head of the checkpoint are not covered." }
    KEY_STATUS_COMPLETENESS_SUBJECT_MISSING {
        "No key named",
        "The question needs an account, a scope of keys, the full fingerprint of the key, and an instant from signed bytes.",
        "State account, scope, key and instant." }
    KEY_STATUS_COMPLETENESS_MANIFEST_MISSING {
        "No key-status manifest",
        "The status of a key is judged from the signed key-status manifest.",
        "Ask the operator for the key-status manifest." }
    KEY_STATUS_COMPLETENESS_MANIFEST_INVALID {
        "Key-status manifest has not the published form",
        "The manifest, one of its keys or one of its event references breaks a rule of version 1.",
        "Obtain the manifest as it was signed." }
    KEY_STATUS_COMPLETENESS_MANIFEST_SIGNATURE_INVALID {
        "Key-status manifest not signed by a trusted key",
        "The stated hash is not that of the manifest, the signer is no permit-binding key that was valid when the status was computed, or the signature does not verify.",
        "Treat the manifest as forged or altered, or give the trust root that lists its signer." }
    KEY_STATUS_COMPLETENESS_STALE_MANIFEST {
        "Key-status manifest older than the instant",
        "The status was computed at or before the instant that it is asked for.",
        "Ask for a manifest that was computed later." }
    KEY_STATUS_COMPLETENESS_SUBJECT_MISMATCH {
        "Key-status manifest of another account",
        "The manifest is about one account, and not the one in question.",
        "Ask for the manifest of this account." }
    KEY_STATUS_COMPLETENESS_SCOPE_BOUNDARY_INVALID {
        "Checkpoint head without a sequence number",
        "The head of the chain in the checkpoint must be an integer that is not negative.",
        "Obtain the checkpoint as it was signed." }
    KEY_STATUS_COMPLETENESS_SCOPE_COMMITMENT_MISSING {
        "Scope state does not count key-status events",
        "The sidecar has no commitment for events of type key.status.v1 up to the head of the checkpoint.",
        "Ask for a scope state that commits to the key-status events." }
    KEY_STATUS_COMPLETENESS_EVENT_REF_OUT_OF_SCOPE {
        "Key-status event outside the checkpoint",
        "An event reference of the manifest lies beyond the head of the checkpoint.",
        "Ask for a checkpoint that covers the events." }
    KEY_STATUS_COMPLETENESS_EVENT_REF_DUPLICATE {
        "Key-status event listed twice",
        "Two references of the manifest name the same event and record.",
        "Treat the manifest as wrong: its references cannot be counted." }
    KEY_STATUS_COMPLETENESS_EVENT_REF_COUNT_MISMATCH {
        "Number of key-status events differs",
        "The signed scope state counts another number of key-status events than the manifest refers to.",
        "Treat the manifest as incomplete: a revocation may be missing." }
    KEY_STATUS_COMPLETENESS_EVENT_REF_ROOT_MISMATCH {
        "Key-status events are others",
        "The manifest refers to as many events as the signed scope state counts, but their Merkle root is not the committed one.",
        "Treat the manifest as wrong: it refers to other events than the chain holds." }
    KEY_STATUS_COMPLETENESS_KEY_MISSING {
        "Key not in the key-status manifest",
        "The manifest has no entry for this account, scope and key.",
        "Ask for a manifest that lists the key." }
    KEY_STATUS_COMPLETENESS_KEY_AMBIGUOUS {
        "Key listed twice in the key-status manifest",
        "Two entries are about the same account, scope and key, so it has no one status.",
        "Treat the manifest as wrong." }
    KEY_STATUS_COMPLETENESS_STATUS_NOT_REVOKED {
        "Key not revoked",
        "The key is expected to be revoked, and the manifest gives it another status.",
        "Do not rely on the statement that the key was revoked." }
    KEY_STATUS_COMPLETENESS_REVOKED_AFTER_COMPARISON {
        "Key revoked later",
        "The key was revoked after the instant in question.",
        "Do not rely on the statement that the key was revoked by then." }
    KEY_STATUS_COMPLETENESS_EVENT_REF_MISSING {
        "No event behind the revocation",
        "The entry of the revoked key refers to no event that revoked it.",
        "Ask for a manifest that refers to the revocation event." }
    KEY_STATUS_COMPLETENESS_TERMINAL_STATUS_AT_COMPARISON {
        "Key revoked or compromised at the instant",
        "The key is expected to be in force, and was revoked or compromised at or before the instant in question.",
        "Treat what the key signed at that time as not signed." }
    KEY_STATUS_COMPLETENESS_STATUS_CONTRADICTORY {
        "Status and events of a key contradict each other",
        "The entry refers to an event that revoked or compromised the key and states no time for it, or calls a key active after its stated end.",
        "Treat the manifest as wrong." }
}
