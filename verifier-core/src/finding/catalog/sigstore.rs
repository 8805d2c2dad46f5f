//! Sigstore bundles and the Rekor entries in them.

crate::codes! {
    SIGSTORE_SIGNATURE_SUPPORTED {
        "The expected signer signed the artifact",
        "The signature over the artifact verifies under a key that the expected identity held at the signing time, or under the key given.",
        "Nothing to do." }
    REKOR_INCLUSION_SUPPORTED {
        "The signature is in the log",
        "The log entry records this signature and signer, and its inclusion proof leads to a tree head that the log signed.",
        "Nothing to do." }
    SIGSTORE_TIME_SUPPORTED {
        "The signature existed at a proven time",
        "A trusted timestamp authority, or the log's signed entry timestamp, states when the signature existed.",
        "Nothing to do." }
    SIGSTORE_BUNDLE_MALFORMED {
        "Not a well-formed Sigstore bundle",
        "A member is missing, unknown, repeated, in a second spelling, or beyond the limits of the format.",
        "Obtain the bundle again from where it was published." }
    SIGSTORE_MEDIA_TYPE_UNSUPPORTED {
        "Bundle version not supported",
        "The media type names none of the bundle versions 0.1, 0.2 and 0.3.",
        "Use a release that knows this bundle version." }
    SIGSTORE_TRUST_ROOT_INVALID {
        "Trusted root unusable",
        "The trusted-root file cannot be read, has another form, or holds an item without a start of validity.",
        "Obtain the trusted root again through a verified update, and name that file." }
    SIGSTORE_KEY_INVALID {
        "Key file unusable",
        "The file named as the signer's key is not one PEM public key of a supported kind.",
        "Name a file with the signer's public key in PEM." }
    SIGSTORE_KEY_REQUIRED {
        "The bundle needs a key from elsewhere",
        "The bundle is signed with a key that it does not carry, and no key was given; or a key was given and the bundle names a certificate.",
        "Give the signer's key for a bundle with a key hint, and an identity and issuer for one with a certificate." }
    SIGSTORE_DIGEST_MISMATCH {
        "The bundle is about another artifact",
        "The digest that the bundle or its statement states was compared with the artifact's.",
        "Find the bundle that belongs to this artifact; do not use the artifact until then." }
    SIGSTORE_PAYLOAD_UNSUPPORTED {
        "The signed statement does not say which artifact it is about",
        "The envelope's payload is no in-toto statement, so that no artifact can be compared with it.",
        "Use a verifier for this kind of payload." }
    SIGSTORE_ALGORITHM_UNSUPPORTED {
        "Signature algorithm not supported here",
        "The key is of a kind that is not verified, or its signatures need a digest of the artifact that was not computed.",
        "Give the artifact itself instead of its SHA-256, or use a verifier for this kind of key." }
    SIGSTORE_SIGNATURE_INVALID {
        "Signature wrong",
        "The signature over the artifact or envelope was verified under the signer's key.",
        "Treat the artifact as not signed by anybody." }
    SIGSTORE_TIMESTAMP_INVALID {
        "Timestamp wrong",
        "A timestamp must cover the bundle's signature, be signed by a timestamp authority of the trusted root, and that authority must count at the stated time.",
        "Treat the signing time as unproven; obtain the original bundle." }
    SIGSTORE_NO_VERIFIED_TIME {
        "Signing time not proven",
        "Neither a verified timestamp nor a verified signed entry timestamp says when the signature existed.",
        "Ask for a bundle with a timestamp; without one it cannot be told whether the certificate was valid." }
    SIGSTORE_TIME_AFTER_AS_OF {
        "Signed after the date of this verdict",
        "A verified time is later than the date that the verdict is stated for.",
        "State a later date, or check the clock of this computer." }
    SIGSTORE_CERT_CHAIN_INVALID {
        "Signer's certificate not issued by a trusted authority",
        "The certificate was followed to the certificate authorities of the trusted root, with signatures, constraints and uses.",
        "Do not rely on the stated identity; check that the right trusted root is used." }
    SIGSTORE_CERT_NOT_VALID_AT_TIME {
        "Certificate not valid when the signature was made",
        "The validity of the certificate, of its issuers and of the authority in the trusted root was compared with every verified time.",
        "Do not rely on the signature: the key may have been used by somebody else." }
    SIGSTORE_SCT_INVALID {
        "Certificate not shown to be in a certificate log",
        "A signed certificate timestamp of a log in the trusted root must stand in the certificate and verify.",
        "Do not rely on the stated identity: a certificate that was issued in secret looks like this." }
    SIGSTORE_IDENTITY_MISMATCH {
        "Another identity signed",
        "The certificate's subject alternative name was compared with the expected identity.",
        "Find out whose identity it is, and whether it may sign this artifact." }
    SIGSTORE_ISSUER_MISMATCH {
        "The identity was vouched for by another issuer",
        "The certificate's issuer extension was compared with the expected issuer.",
        "Find out which identity provider it is; equal names at different providers are different identities." }
    SIGSTORE_NOT_CHECKED {
        "A check could not be made",
        "What the check rests on was not established, so that it has no result.",
        "Resolve the other findings first." }
    REKOR_ENTRY_MISSING {
        "No log entry",
        "The bundle has no entry of a transparency log.",
        "Ask for a bundle with a log entry, or look the artifact up in the log." }
    REKOR_LOG_UNKNOWN {
        "Log not trusted",
        "No log of the trusted root has the entry's log identifier, or its key did not count at the time of the entry.",
        "Check that the right trusted root is used." }
    REKOR_ENTRY_UNSUPPORTED {
        "Log entry not understood",
        "The kind, version or form of the entry's body is not known here, or differs from what the bundle states.",
        "Use a release that knows this kind of entry." }
    REKOR_INCLUSION_MISSING {
        "No inclusion proof",
        "The entry has no inclusion proof, or the proof no signed tree head; at most the log's promise is there.",
        "Ask for a bundle with an inclusion proof." }
    REKOR_INCLUSION_INVALID {
        "Inclusion proof wrong",
        "The hash of the entry's body and the hashes of the proof must lead to the stated root.",
        "Treat the entry as not in the log." }
    REKOR_CHECKPOINT_INVALID {
        "Tree head not signed by the log",
        "The checkpoint of the inclusion proof must be a signed note of the log that the entry names.",
        "Treat the entry as not in the log." }
    REKOR_CHECKPOINT_MISMATCH {
        "Inclusion proof is for another tree",
        "Root and size of the signed tree head were compared with those of the proof.",
        "Treat the entry as not in the log." }
    REKOR_SET_INVALID {
        "Signed entry timestamp wrong",
        "The log's signature over body, time, log and index of the entry was verified.",
        "Treat the time and index of the entry as unproven; obtain the original bundle." }
    REKOR_ENTRY_MISMATCH {
        "Log entry is about something else",
        "Digest, signature and signer in the log entry were compared with those of the bundle.",
        "The log holds no record of this signature; find the entry that does." }
}
