//! Keys and trust.

crate::codes! {
    TRUST_ROOT_UNRESOLVABLE {
        "No trusted key",
        "No key for this purpose could be taken from the trust source.",
        "Give the right key manifest or trust root." }
    SIGNING_KEY_REVOKED {
        "Signed with a revoked or compromised key",
        "The trusted entry of the key is revoked at the signing time, or compromised.",
        "Do not rely on the signature; ask for evidence signed with a valid key." }
    SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME {
        "Key not valid at the signing time",
        "The stated signing time lies outside the validity of the trusted entry.",
        "Ask for the key history, or for evidence signed within the validity." }
    SIGNING_KEY_STATUS_UNKNOWN {
        "Key status not understood",
        "The trusted entry has a status or a validity bound that cannot be read.",
        "Obtain a well-formed key manifest." }
    SIGNING_TIME_MISSING {
        "Signing time missing",
        "The trusted key has an end of validity, and the evidence does not say when it was signed.",
        "Ask for evidence that states its signing time." }
    SIGNING_KEY_AMBIGUOUS {
        "Several different keys under one key id",
        "After applying validity and status more than one key remains for this key id and purpose.",
        "Obtain an unambiguous key manifest." }
    KEY_MANIFEST_UNSIGNED {
        "Key manifest is not signed",
        "The key manifest carries no signature; it is trusted because it was named on the command line.",
        "Prefer a signed manifest, or compare its digest with a trusted copy." }
    SIGNED_AFTER_AS_OF {
        "Signed after the date of this verdict",
        "The signature states a time later than the date that the verdict is stated for, so it was not known then.",
        "State a later date, or check the clock of this computer." }
    TRUST_KIT_INVALID {
        "Trust kit cannot be used",
        "The trust kit cannot be read, or is not the text that its own contents give.",
        "Compare its SHA-256 with that of whoever packed it, or pack it again." }
    TRUST_MATERIAL_NOT_RECOGNISED {
        "Not trust material",
        "A file that should go into a trust kit is of no kind that a kit holds, or is damaged.",
        "Leave it out, or obtain an undamaged copy." }
    TRUST_KIT_ITEM_STALE {
        "Trust material is stale",
        "The time for which trust material of the kit counts ended before the date that verdicts are stated for, or newer material of the kit has taken its place.",
        "Obtain current material where something after that end is to be judged." }
    TRUST_KIT_ITEM_NOT_YET_VALID {
        "Trust material not yet known",
        "Trust material of the kit was made, or begins to count, after the date that verdicts are stated for.",
        "State a later date, or use the material that was known then." }
    TRUST_KIT_ITEM_REVOKED {
        "Trust material is revoked",
        "The kit itself says that trust material of it is revoked or compromised.",
        "Do not rely on what it signed after that; obtain the material that replaced it." }
    TRUST_KIT_ITEM_UNREADABLE {
        "Trust material without a readable time",
        "A bound of validity, a status or a key in the kit cannot be read, so it counts for nothing.",
        "Obtain well-formed material." }
    SELF_ATTESTED {
        "Signed with the key inside the evidence",
        "The signature was checked with the key that the evidence itself carries. This shows consistency, not origin.",
        "Verify again with a key from another source." }
    BUNDLE_SIGNER_UNTRUSTED {
        "Bundle signer is not trusted",
        "The bundle is consistent with the key it carries, but that key is not in the trust source.",
        "Give the key manifest or the expected key, or accept self-attestation with --self-attested." }
}
