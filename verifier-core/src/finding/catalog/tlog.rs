//! Transparency logs (spec 16.11 and 17.9; names that the chapter does not have are ours).

crate::codes! {
    TLOG_INCLUSION_SUPPORTED {
        "Entries are in the log",
        "Every entry, with its payload, is under a tree head that a trusted log signed.",
        "Nothing to do." }
    TLOG_INCLUSION_INVALID {
        "Entry is not the one in the log",
        "The path of an entry does not lead to the root that the log signed: the entry, its payload or the path was altered.",
        "Obtain the export and its proofs again; compare with the log's own files." }
    TLOG_INDEX_OUT_OF_RANGE {
        "Proof for an index that the log does not have",
        "An inclusion proof names an index that is not below the size of the signed tree head.",
        "Obtain the proofs again, with the head that they were made for." }
    TLOG_PROOF_LENGTH {
        "Proof too long or too short",
        "Index and size of the tree say how many hashes a path has; this one has more or fewer.",
        "Obtain the proofs again, with the head that they were made for." }
    TLOG_INCLUSION_MISSING {
        "Entry without inclusion proof",
        "There is no inclusion proof for an entry, so nothing shows that the log has it.",
        "Ask for proofs of the whole export; permit-issuer export --with-proofs makes them." }
    TLOG_PROOF_UNUSED {
        "Proof of an entry that is not here",
        "The proofs name an entry that the export does not have.",
        "Ask what the entry is, and why it was left out." }
    TLOG_PROOF_MALFORMED {
        "Proof file cannot be read",
        "A file of proofs does not have the form that its first line promises.",
        "Obtain the proofs again." }
    TLOG_NOTE_MALFORMED {
        "Signed note cannot be read",
        "A tree head is no signed note: text, an empty line, and at most 64 signature lines in at most 64 KiB.",
        "Obtain the tree head again." }
    TLOG_CHECKPOINT_MALFORMED {
        "Tree head cannot be read",
        "The signed text is no origin, size and root, each in its one spelling.",
        "Obtain the tree head again." }
    TLOG_HEAD_UNSIGNED {
        "Tree head without a signature",
        "Origin, size and root are there, and nobody signed them.",
        "Obtain the signed tree head." }
    TLOG_NOTE_KEY_UNKNOWN {
        "Log not trusted",
        "The tree head is not signed by a log that was named as trusted, so it proves nothing yet.",
        "Name the log's key with --log-key, or a policy with --witness-policy." }
    TLOG_NOTE_SIGNATURE_INVALID {
        "Signature of a tree head does not verify",
        "The tree head carries a signature under the name and key id of a trusted log that is not of this head.",
        "Obtain the head again; if it stays so, tell the log's operator and its witnesses." }
    TLOG_ORIGIN_MISMATCH {
        "Tree head of another log",
        "A trusted log signed the tree head, but its origin names another log; or two heads are of two logs.",
        "Find out which log is meant, and name its key." }
    TLOG_QUORUM_MET {
        "Tree head cosigned by its witnesses",
        "As many witnesses as the policy wants say that they saw this head, and that it extends what they saw before.",
        "Nothing to do." }
    TLOG_QUORUM_NOT_MET {
        "Too few witnesses",
        "Fewer witnesses than the policy or the requirement wants have cosigned the tree head.",
        "Obtain a head with more cosignatures." }
    TLOG_COSIGNATURE_INVALID {
        "Cosignature of a witness does not verify",
        "The tree head carries a line under the name and key id of a trusted witness that is not its cosignature of this head.",
        "Obtain the head again; if it stays so, ask the witness." }
    TLOG_COSIGNATURE_FUTURE {
        "Cosignature from the future",
        "A witness states a time more than five minutes after the date that verdicts are stated for. The cosignature does not count.",
        "State a later date with --as-of, or ask the witness." }
    TLOG_COSIGNATURE_UNSUPPORTED {
        "Cosignature of an unsupported type",
        "A witness of the policy signs with ML-DSA-44, which is not evaluated. The cosignature does not count.",
        "Name witnesses with Ed25519 keys, or check the cosignature with another program." }
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
        "The leaves of the log give the root that its head states, and every stored tile is the computed one.",
        "Nothing to do." }
    TLOG_TILE_INVALID {
        "Log's files contradict its head",
        "An entry or a tile of the log is not what the head commits to, or a file has not the length that its place wants.",
        "Obtain the log again from another source; keep this copy as evidence." }
    TLOG_TILE_MISSING {
        "Log is not complete",
        "A file of the log that the head commits to is not there or cannot be read, so the root cannot be rebuilt.",
        "Obtain the missing files." }
    TLOG_ENTRIES_MISSING {
        "Log without its entries",
        "The hashes of the log give the root of its head, but entries themselves are not there, so what they say was not seen.",
        "Obtain tile/entries, if the log's operator publishes it." }
    TLOG_SPLIT_VIEW {
        "Log shows two histories",
        "Two heads that one log signed cannot both be true: of one size with different roots, or with a path from the larger one to another history.",
        "Keep both heads; they prove the misbehaviour to anybody who has the log's key. --write-proof makes one file of them." }
    TLOG_SPLIT_VIEW_UNPROVEN {
        "Split view not shown",
        "The file does not prove that the log shows two histories: its heads are of one history, or its path does not lead from one to the other.",
        "Do not act on it; ask whoever made the file." }
    TLOG_WITNESS_FORKED {
        "Witness cosigned two histories",
        "A witness cosigned both heads of a split view, although it says that it cosigns only what extends what it saw before.",
        "Take the witness out of the policy." }
    TLOG_ROLLBACK {
        "Log went back",
        "The head is smaller than one that the same log signed before.",
        "Obtain the newest head; keep both as evidence." }
    TLOG_CONSISTENCY_SUPPORTED {
        "Heads of one history",
        "The two heads are of one log, and one extends the other or is the same.",
        "Nothing to do." }
    TLOG_CONSISTENCY_INVALID {
        "Consistency proof is wrong",
        "The hashes do not lead from the smaller head to the larger one. That says nothing about the log.",
        "Obtain the proof again." }
    TLOG_CONSISTENCY_MISSING {
        "Consistency not shown",
        "The heads are of different sizes, and nothing was given that leads from one to the other.",
        "Name the log's folder with --log, or a consistency proof with --proof." }
}
