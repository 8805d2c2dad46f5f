//! Claim sets, claim registries and pinned semantic artifacts.

crate::codes! {
    CLAIM_REGISTRY_UNRESOLVED {
        "Claim set unusable",
        "The manifest's claim set, or the claim registry that it names, is missing, malformed or does not define a listed claim.",
        "Ask the issuer for a manifest whose claim set follows a published registry." }
    SEMANTIC_PIN_MISSING {
        "A needed rule is not pinned",
        "The pack lists a claim, but pins no semantic artifact for one of the rules that define it, or has no pins at all.",
        "Ask the issuer to pin every rule that its claim set needs." }
    SEMANTIC_PIN_UNRESOLVED {
        "A pinned rule cannot be found or read",
        "A reference lacks its id, digest or bytes, or the bytes are not the artifact that the reference names.",
        "Ask for the artifact's bytes, inside the pack or as content_b64." }
    SEMANTIC_PIN_HASH_MISMATCH {
        "A pinned rule has other bytes",
        "The SHA-256 of the artifact's bytes differs from the digest that the reference declares.",
        "Find out which artifact was meant; do not judge the pack by the other one." }
    SEMANTIC_PIN_NOT_ALLOWLISTED {
        "A pinned rule is not known to this verifier",
        "The pair of id and digest is not on the list of rules that this release implements.",
        "Use a release that implements the rule, or ask why the issuer pinned an unpublished one." }
    SEMANTIC_PROFILE_UNRESOLVED {
        "The pinned profile is unusable",
        "The profile that the pack pins yields no list of components.",
        "Ask the issuer for a pack with a published profile." }
    SEMANTIC_PIN_SECOND_SPELLING {
        "content_b64 is not canonical base64",
        "The text can be decoded, but is not the one base64 spelling of its bytes.",
        "Ask the issuer for canonical base64." }
    REQUIRED_CLAIM_NOT_ADJUDICATED {
        "A claim that the pack requires was not evaluated",
        "The claim set marks this claim as required, and nothing in the evidence lets a check evaluate it.",
        "Supply the evidence that the claim needs, or verify it with the command that evaluates it." }
    REQUIRED_CLAIM_UNVERIFIABLE_SCOPE {
        "A claim that the pack requires is unknown",
        "The claim set marks this claim as required, and this release has no rule for it.",
        "Use a release that implements the claim." }
    CLAIM_SET_DECIDES {
        "The pack's own claim set is not met",
        "The unsigned claim set of the manifest asks for claims, and not all of them are established. It is held to in every output form.",
        "Read the verdicts of the listed claims; state your own requirements with --require." }
}
