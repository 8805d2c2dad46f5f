//! Transparency logs.

crate::codes! {
    TLOG_INCLUSION_SUPPORTED {
        "Entries are in the log",
        "Every chain entry of the export, with its payload, is under a tree head that a trusted log signed.",
        "Nothing to do." }
    TLOG_INCLUSION_INVALID {
        "Entry is not the one in the log",
        "The path of an entry does not lead to the root that the log signed: the entry, its payload or the path was altered.",
        "Obtain the export and its proofs again; compare with the log's own files." }
    TLOG_INCLUSION_MISSING {
        "Entry without inclusion proof",
        "The proofs beside the export have none for some of its chain entries.",
        "Ask for proofs of the whole export." }
    TLOG_PROOFS_MALFORMED {
        "Inclusion proofs cannot be read",
        "The file of inclusion proofs, or the tree head in it, does not have the form that its format wants.",
        "Obtain the proofs again." }
    TLOG_LOG_NOT_TRUSTED {
        "Log not trusted",
        "The tree head is not signed by a log that was named as trusted, so the proofs prove nothing yet.",
        "Name the log's key with --log-key, or a policy with --witness-policy." }
    TLOG_SIGNATURE_INVALID {
        "Signature of a tree head does not verify",
        "The tree head carries a signature under the name of a trusted log or witness that is not of this head.",
        "Obtain the head again; if it stays so, tell the log's operator and its witnesses." }
    TLOG_WITNESSED {
        "Tree head cosigned by its witnesses",
        "As many witnesses as the policy wants say that they saw this head, and that it extends what they saw before.",
        "Nothing to do." }
    TLOG_QUORUM_MISSING {
        "Too few witnesses",
        "Fewer witnesses than the policy or the requirement wants have cosigned the tree head.",
        "Obtain a head with more cosignatures." }
    TLOG_COSIGNATURE_FUTURE {
        "Cosignature from the future",
        "A witness states a time more than five minutes after the date that verdicts are stated for.",
        "State a later date with --as-of, or ask the witness." }
    TLOG_POLICY_INVALID {
        "Log key or witness policy unusable",
        "A key or the policy that was named cannot be read.",
        "Correct the key or the policy." }
    TLOG_HEAD_SUPPORTED {
        "Head signed by a trusted log",
        "A log that was named as trusted signed this tree head.",
        "Nothing to do." }
    TLOG_ROOT_SUPPORTED {
        "Whole log agrees with its head",
        "Hashing every entry of the log gives the root that its head states, and every stored tile is the computed one.",
        "Nothing to do." }
    TLOG_FILES_INVALID {
        "Log's files contradict its head",
        "An entry, a tile or a file of the log is missing or is not what the head commits to.",
        "Obtain the log again from another source; keep this copy as evidence." }
    TLOG_SPLIT_VIEW {
        "Log shows two histories",
        "Two heads that one log signed cannot both be true: of one size with different roots, or without a consistent path between them.",
        "Keep both heads; they prove the misbehaviour to anybody who has the log's key." }
    TLOG_HEADS_CONSISTENT {
        "Heads of one history",
        "The two heads are of one log, and one extends the other or is the same.",
        "Nothing to do." }
    TLOG_CONSISTENCY_OPEN {
        "Consistency not shown",
        "The heads are of different sizes, and nothing was given that leads from one to the other.",
        "Name the log's folder with --log." }
}
