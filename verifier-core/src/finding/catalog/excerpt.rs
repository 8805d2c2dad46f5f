//! Excerpts of an export (names are ours).

crate::codes! {
    EXCERPT_ENTRIES_SUPPORTED {
        "Chain entries agree with their hashes",
        "Each chain entry of the excerpt has the record hash that it states, and those with neighbouring numbers are linked.",
        "Nothing to do." }
    EXCERPT_RECORDS_SUPPORTED {
        "Records are those of the export",
        "Each whole record, permit object and usage included, is under a tree head that the maker of the excerpt signed together with the digest of the export.",
        "Nothing to do; whose key it is you must know." }
    EXCERPT_MALFORMED {
        "Excerpt cannot be read",
        "The file names the format keel.excerpt/v1 and does not have its members.",
        "Obtain the excerpt again; keel-verify excerpt makes one." }
    EXCERPT_NOT_TIED {
        "Excerpt without a signed tree head",
        "Nothing in the file ties its records to anything that was signed over the export.",
        "Ask for an excerpt of an export with inclusion proofs, or for one whose maker signed it." }
    EXCERPT_PROOF_INVALID {
        "Excerpt is not under its tree head",
        "The records or entries of the excerpt and the hashes of its proof do not lead to the root that was signed. One proof covers all of them, so it cannot tell which one was changed.",
        "Obtain the excerpt again; ask for the single inclusion proofs (--proofs) to find the entry." }
    EXCERPT_TREE_MISMATCH {
        "Tree head of another kind of tree",
        "The head of a tree of records must name the export in its extension line, and the head of a log must not be one of a tree of records.",
        "Obtain the excerpt again." }
    EXCERPT_DECISION_NOT_ESTABLISHED {
        "Decision in the excerpt is of no trusted issuer",
        "A log takes entries of anybody who may write to it. A decision whose signature is not of a trusted key can be anybody's, although the log has it.",
        "Name the issuer's trust root or key manifest." }
    EXCERPT_SOURCE_NOT_VERIFIED {
        "Evidence of the excerpt not verified",
        "An excerpt is cut out of evidence that verifies as a whole, and this does not.",
        "Run keel-verify on the evidence with the same options; its report says what is wrong." }
    EXCERPT_NOT_MADE {
        "No excerpt",
        "The permits, their proofs or the form of the export do not allow an excerpt; no file was written.",
        "Name permits of one audit export bundle that has inclusion proofs beside it, or sign the excerpt with --key-file and --name." }
    EXCERPT_CHANGED_WHILE_READ {
        "Excerpt changed while it was read",
        "Two passes over the file saw different bytes.",
        "Verify a copy that nobody writes to." }
}
