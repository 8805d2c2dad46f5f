//! Working papers of a review: what they rest on, and whether it comes out the same again.

crate::codes! {
    WORKPAPER_INVALID {
        "Working paper cannot be read",
        "The file is no working paper of version 1: it is damaged, or has members that this version does not know.",
        "Restore the file from a copy; nothing of it was used." }
    WORKPAPER_UNSIGNED {
        "Working paper not signed",
        "Nobody signed the working paper, so anybody can have changed it.",
        "Ask the preparer to sign it." }
    WORKPAPER_SIGNATURE_INVALID {
        "Signature of the working paper wrong",
        "A signature does not verify over the content, the role and the signatures before it.",
        "Treat the working paper as changed after it was signed, and restore the signed one." }
    WORKPAPER_SIGNER_UNEXPECTED {
        "Working paper signed by somebody else",
        "None of the signatures is of the key that was expected.",
        "Ask whose key it is before relying on the paper." }
    WORKPAPER_EVIDENCE_DIFFERS {
        "Other evidence or trust material than in the working paper",
        "A file that the working paper rests on is missing here, or has other bytes.",
        "Give the very files that the paper names." }
    WORKPAPER_VERDICT_DIFFERS {
        "Verdict differs from the working paper",
        "The same evidence comes to another verdict than the paper states.",
        "Compare tool version, options, trust material and date of both runs." }
    WORKPAPER_SAMPLE_DIFFERS {
        "Sample cannot be drawn again",
        "The stated method and engagement draw other items from this evidence, or none.",
        "Treat the sample as not drawn by the stated rule." }
    WORKPAPER_MARK_WITHOUT_ITEM {
        "Mark on something that is not there",
        "A permit that is marked does not occur in the evidence.",
        "Ask what was marked." }
    WORKPAPER_TOOL_DIFFERS {
        "Another version of the tool",
        "The working paper was made with another program or version than this one.",
        "Reperform it with the stated version; without that, equal results do not show that the paper's own run gave them." }
    WORKPAPER_KEY_NOT_STATED {
        "Nobody said whose signature is expected",
        "The signatures of the working paper verify, but no public key was given to compare their keys with.",
        "Ask the signer for the public key by another way, and give it with --key." }
    WORKPAPER_NOT_COUNTERSIGNED {
        "Working paper without counter-signature",
        "A counter-signature was required, and no reviewer signed the working paper.",
        "Have a second person review and countersign it." }
    WORKPAPER_PROJECTION_DIFFERS {
        "Projection comes out otherwise",
        "The stated marks and sample give other figures than the working paper states, or none.",
        "Do not rely on the projection; make it again from the marks." }
    WORKPAPER_PROJECTION_NOT_POSSIBLE {
        "No projection",
        "Drawn items carry no mark yet, or what was asked for is not offered for the sample.",
        "Mark every drawn item, or choose a projection that fits the method." }
    WORKPAPER_COMMITMENT_DIFFERS {
        "Engagement is not the published one",
        "The SHA-256 of the engagement of a sample is not the commitment that was published before the evidence was handed over.",
        "Treat the sample as one that its maker may have chosen." }
    WORKPAPER_WRITE_REFUSED {
        "Working paper not written",
        "The file exists already, a signature would end, or the change does not fit the paper; the file was left as it was.",
        "Choose another file, or state that signatures may end." }
    SAMPLE_NOT_DRAWN {
        "No sample",
        "The population is empty or has no amount, the size does not fit it, or the engagement is no single line of text.",
        "Change method, size or engagement." }
}
