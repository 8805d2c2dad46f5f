//! Checkpoints on their own.

crate::codes! {
    CHECKPOINT_COMPOSITE_HASH_SUPPORTED {
        "Composite hash agrees",
        "The hash of the chain heads equals the stated composite hash.",
        "Nothing to do." }
    CHECKPOINT_COMPOSITE_HASH_MISMATCH {
        "Composite hash differs",
        "The hash of the chain heads differs from the stated composite hash, or the heads have no text form.",
        "The heads were altered; obtain the original checkpoint." }
    CHECKPOINT_SIGNATURE_SUPPORTED {
        "Checkpoint signed",
        "The signature over the composite hash verifies under the trusted checkpoint key.",
        "Nothing to do." }
    CHECKPOINT_SIGNATURE_MISSING {
        "Checkpoint carries no signature",
        "The signature member is absent, empty or no string.",
        "Ask for a signed checkpoint." }
    CHECKPOINT_PUBLIC_KEY_MISMATCH {
        "Checkpoint names another key than the trusted one",
        "The key embedded in the checkpoint differs from the key that the trust source gives.",
        "Find out which key signed; do not trust the embedded one." }
}
