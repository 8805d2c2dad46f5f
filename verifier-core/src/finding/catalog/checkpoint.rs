//! Checkpoints, on their own and as the body of a bundle.

crate::codes! {
    CHECKPOINT_COMPOSITE_HASH_MISSING {
        "Checkpoint has no composite hash",
        "composite_hash is absent, no string, or does not start with sha256:.",
        "Obtain the checkpoint as it was published." }
    CHECKPOINT_CHAIN_HEADS_INVALID {
        "Chain heads have not the shape of a checkpoint",
        "chain_heads is no object, or a head lacks an integer sequence_number or a text last_record_hash.",
        "Obtain the checkpoint as it was published." }
    CHECKPOINT_COMPOSITE_HASH_RECOMPUTE_FAILED {
        "Composite hash cannot be computed",
        "The chain heads hold something that has no form as text, so nothing can be hashed.",
        "Obtain the checkpoint as it was published." }
    CHECKPOINT_EMPTY {
        "Checkpoint without chain heads",
        "The checkpoint names no chain, so it fixes no record, whoever signed it.",
        "Ask for a checkpoint that covers the chains in question." }
    CHECKPOINT_PUBLIC_KEY_INVALID {
        "Expected key is not a key",
        "The key that must have signed does not start with ed25519:, or is not the base64 text of 32 bytes.",
        "Give the key as ed25519: and 44 characters of base64." }
    CHECKPOINT_SIGNED_HASH_NOT_ESTABLISHED {
        "Signature covers a hash that is not established",
        "The signature verifies over the stated composite hash, but that hash was not shown to be the one of the chain heads, so the signature says nothing about them.",
        "See the finding about the composite hash." }
    KEY_SHARED_ACROSS_PURPOSES {
        "One key for several purposes",
        "The trust source lists the key of the checkpoint for signing exports too. The two kinds of signature cover texts of the same form, so only the rules for chain heads tell them apart.",
        "Ask the issuer to sign checkpoints with a key of their own." }
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
