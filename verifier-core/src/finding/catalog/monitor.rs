//! Checkpoint-consistency documents.

crate::codes! {
    MONITOR_FETCH_FAILED {
        "Consistency document cannot be read",
        "The document was not named, is not a file, or cannot be read; no connection is ever opened.",
        "Fetch the document and name it with --consistency-url file:///PATH." }
    MONITOR_SURFACE_INVALID {
        "Consistency document of another kind or version",
        "The document, one of its heads or its proof states another version or type than the one that is checked here.",
        "Obtain the document again; if the log's format changed, use a release that knows it." }
    MONITOR_PROOF_INVALID {
        "Consistency proof unusable",
        "The proof is missing, its sizes are no window, or its leaf hashes are not as many as it says or are no hashes.",
        "Treat the log as not shown to be consistent, and ask its operator for a proof." }
    MONITOR_ROOT_MISMATCH {
        "Root differs from the leaves",
        "The root recomputed from the leaf hashes differs from the one that the proof states.",
        "Keep the document: it contradicts itself." }
    MONITOR_HEAD_MISMATCH {
        "Stated head differs from the proved one",
        "A head beside the proof is missing, has no size and root, or contradicts what the leaf hashes give.",
        "Keep the document: a head that differs from its proof can hide a fork." }
    MONITOR_ENTRY_MISMATCH {
        "Entry differs from its leaf",
        "The entries are not as many as the leaves, or one has another leaf hash than the proof at its place.",
        "Do not rely on the entries; they are not those of the proved log." }
    MONITOR_ROLLBACK {
        "Checkpoint log shrank",
        "The log has fewer leaves than a head that was noted before.",
        "Keep both documents: a log that only grows cannot shrink." }
    MONITOR_FORK {
        "Checkpoint log was rewritten",
        "At the size of a head that was noted before, the leaves give another root.",
        "Keep both documents: together they prove that the log's history was changed." }
    MONITOR_REKOR_MISSING {
        "No evidence of a public witness",
        "Witnesses were required, and an entry has none, or nothing that was given shows that the public log has it.",
        "Give the log's bundle of each entry with --rekor-bundles, or do without --require-rekor." }
    MONITOR_REKOR_INVALID {
        "Public witness wrong",
        "The witness material of an entry lacks what it must state or states something else, or the log's bundle for it does not verify.",
        "Ask for the witness and the bundle of the entry again; treat the entry as not witnessed." }
    MONITOR_STATE_INVALID {
        "Pin or state file unusable",
        "The file is there, but states no root and size; it is never taken for an absent one.",
        "Restore the file from a copy, or remove it if the log is to be seen for the first time." }
    MONITOR_STATE_NOT_WRITTEN {
        "State file could not be written",
        "The look succeeded, and its head could not be noted, so the next look has nothing to compare with.",
        "Name a file in a folder that can be written." }
    MONITOR_HEAD_UNSIGNED {
        "Log head is not signed",
        "The document carries no signature: whoever serves it, or sits in between, chose leaves and roots. It shows a change against noted heads and nothing about origin.",
        "Compare the head with one that somebody else saw." }
    MONITOR_NOT_ANCHORED {
        "Nothing to compare the log with",
        "The document is consistent with itself, but it is not signed, and no head noted before was given.",
        "Run keel-verify monitor with --pin-file or --state-file." }
}
