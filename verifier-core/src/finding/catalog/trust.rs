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
    SELF_ATTESTED {
        "Signed with the key inside the evidence",
        "The signature was checked with the key that the evidence itself carries. This shows consistency, not origin.",
        "Verify again with a key from another source." }
    BUNDLE_SIGNER_UNTRUSTED {
        "Bundle signer is not trusted",
        "The bundle is consistent with the key it carries, but that key is not in the trust source.",
        "Give the key manifest or the expected key, or accept self-attestation with --self-attested." }
}
