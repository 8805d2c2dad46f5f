//! RFC 3161 timestamps.

crate::codes! {
    CHECKPOINT_TSA_IMPRINT_SUPPORTED {
        "Timestamp is of this checkpoint",
        "The digest in the receipt is the composite hash. Whether an accepted authority made the receipt is another claim.",
        "Nothing to do." }
    CHECKPOINT_TSA_IMPRINT_MISMATCH {
        "Timestamp is of something else",
        "A receipt of the checkpoint cannot be read, or is of another digest than the composite hash.",
        "Obtain the checkpoint with its own receipts." }
    CHECKPOINT_TSA_CHAIN_VALIDATED {
        "Timestamps validated",
        "Every receipt was signed by an accepted timestamp authority whose certificates held at the stated time.",
        "Nothing to do." }
    CHECKPOINT_TSA_CHAIN_INVALID {
        "A timestamp is not genuine",
        "A receipt of the checkpoint is not a timestamp of an accepted authority: its form, signature, certificate path or revocation is wrong.",
        "Obtain a genuine receipt; do not rely on the time that this one states." }
    CHECKPOINT_TSA_CHAIN_NOT_VALIDATED {
        "Timestamps not validated",
        "Whether the receipts are genuine stays open: their authority is not among the accepted ones, or revocation is not known.",
        "Name the authority's certificates with --tsa-ca-bundle and its revocation lists with --tsa-crl." }
    BUNDLE_TSA_IMPRINT_MISMATCH {
        "Timestamp is of something else",
        "A receipt of the bundle cannot be read, or is of another digest than the anchored one.",
        "Obtain the bundle with its own receipts." }
    BUNDLE_TSA_CHAIN_VALIDATED {
        "Timestamps validated",
        "Every receipt of the bundle was signed by an accepted timestamp authority whose certificates held at the stated time.",
        "Nothing to do." }
    BUNDLE_TSA_CHAIN_INVALID {
        "A timestamp is not genuine",
        "A receipt of the bundle is not a timestamp of an accepted authority: its form, signature, certificate path or revocation is wrong.",
        "Obtain a genuine receipt; do not rely on the time that this one states." }
    BUNDLE_TSA_CHAIN_NOT_VALIDATED {
        "Timestamps not validated",
        "Whether the receipts of the bundle are genuine stays open: their authority is not among the accepted ones, or revocation is not known.",
        "Name the authority's certificates with --tsa-ca-bundle and its revocation lists with --tsa-crl." }
    TSA_TIME_AFTER_AS_OF {
        "Timestamp not yet known",
        "The receipt states a time later than the date that the verdict is stated for, so nothing rests on it at that date.",
        "State a later date, or check the clock of this computer." }
    TSA_LIST_AFTER_AS_OF {
        "Revocation judged with later lists",
        "Revocation lists that were made after the date that the verdict is stated for are among those that it rests on.",
        "Nothing to do: a later list knows more. Where only what was known then shall count, name the lists of that time." }
    TSA_TRUST_BUNDLE_INVALID {
        "Timestamp anchors cannot be used",
        "The set of accepted authorities is damaged, or a revocation list in it is not signed by its issuer.",
        "Use the set that is built in, or obtain the set again." }
    TSA_COMPOSITE_HASH_UNAVAILABLE {
        "Nothing to compare the timestamp with",
        "The checkpoint states no composite hash that a receipt could be of.",
        "Obtain the original checkpoint." }
    TSA_RECEIPT_MISSING {
        "Receipt without content",
        "A receipt is listed without its token.",
        "Obtain the checkpoint with its receipts." }
    TSA_IMPRINT_MISMATCH {
        "Timestamp is of something else",
        "The receipt cannot be read as a token, or its digest is another one.",
        "Obtain the receipt that belongs to this evidence." }
    TSA_TOKEN_CHAIN_PARSE_FAILED {
        "Token without a usable signature",
        "The token's signature part is missing or malformed: no signer, several signers, or no certificate of the signer.",
        "Obtain a genuine token; an unsigned one proves no time." }
    TSA_CHAIN_VALIDATION_FAILED {
        "Token not genuine",
        "Signature, certificate identifiers or certificate path of the token are wrong; a further code says which.",
        "Obtain a genuine token." }
    TSA_TIMESTAMPING_EKU_INVALID {
        "Signer is no timestamp authority",
        "The signer's certificate is not for timestamps, or not for timestamps alone.",
        "Obtain a token of a timestamp authority." }
    TSA_CERTIFICATE_TIME_INVALID_AT_GENTIME {
        "Certificate not valid at the stated time",
        "A certificate of the signer's path had expired, or was not valid yet, at the time that the token states.",
        "Obtain a genuine token." }
    TSA_CERTIFICATE_REVOKED_AT_GENTIME {
        "Certificate revoked at the stated time",
        "A certificate of the signer's path was revoked at or before the time that the token states.",
        "Do not rely on the token." }
    NOT_VALIDATED_RELEASE_PINNED_TRUST_UNAVAILABLE {
        "Unknown timestamp authority",
        "The token's authority is none of the accepted ones; nothing was found wrong with the token itself.",
        "Name the authority's certificates with --tsa-ca-bundle, if you trust it." }
    NOT_VALIDATED_RELEASE_PINNED_REVOCATION_UNAVAILABLE {
        "No revocation lists for the named authority",
        "The token's path ends at the certificates that were named, and no revocation list was named with them.",
        "Name the revocation lists with --tsa-crl." }
    NOT_VALIDATED_REVOCATION_SNAPSHOT_MISSING {
        "Revocation list missing",
        "There is no revocation list for a certificate of the signer's path.",
        "Name the list with --tsa-crl." }
    NOT_VALIDATED_REVOCATION_SNAPSHOT_STALE {
        "Revocation list too old",
        "The revocation lists for a certificate of the signer's path end before the time that the token states.",
        "Name a newer list with --tsa-crl." }
    TSA_TOKEN_MALFORMED {
        "Not a timestamp token",
        "The receipt is not the DER of a signed RFC 3161 token or response, or grants none.",
        "Obtain a genuine receipt." }
    TSA_RECEIPT_HASH_MISMATCH {
        "Receipt differs from its digest",
        "receipt_hash is not the SHA-256 of the receipt's bytes.",
        "Obtain the original receipt." }
    TSA_IMPRINT_ALGORITHM {
        "Timestamp over another digest algorithm",
        "The token says that its digest was made with another algorithm than SHA-256.",
        "Obtain a token over the SHA-256 digest." }
    TSA_SIGNED_ATTRS {
        "Signed attributes wrong",
        "The token's signed attributes are missing, unsorted or repeated, or say something else than the token.",
        "Obtain a genuine token." }
    TSA_SIGNATURE_INVALID {
        "Token signature does not verify",
        "The signature is not the authority's over this token.",
        "Obtain a genuine token." }
    TSA_ESS_MISMATCH {
        "Token names another signer",
        "The certificate identifiers in the token are missing or do not name the signer and its path.",
        "Obtain a genuine token." }
    TSA_ESS_SHA1_ONLY {
        "Signer named by SHA-1 only",
        "The token identifies its signer's certificate by SHA-1 and by nothing stronger. The signature does not rest on it.",
        "Prefer an authority that uses SigningCertificateV2." }
    TSA_NAME_MISMATCH {
        "Token names another authority",
        "The token states an authority that is not its signer.",
        "Obtain a genuine token." }
    TSA_EKU_INVALID {
        "Signer's purpose wrong",
        "The signer's certificate does not state timestamping as its one, critical purpose.",
        "Obtain a token of a timestamp authority." }
    TSA_CHAIN_INVALID {
        "No path to an accepted authority",
        "No certificate path from the signer to an accepted authority holds at the stated time.",
        "Obtain a genuine token, or name the right certificates with --tsa-ca-bundle." }
    TSA_WEAK_ALGORITHM {
        "Weak algorithm",
        "A signature rests on MD5, SHA-1 or a short RSA key; such signatures can be transferred to other content.",
        "Obtain a token with a current algorithm." }
    TSA_CERTIFICATE_KEY_COMPROMISED {
        "Authority's key compromised later",
        "A certificate of the path was revoked later, for a reason (or none) that makes its earlier tokens worthless too (RFC 3161 section 4).",
        "Do not rely on the token." }
    TSA_POLICY_NOT_ACCEPTED {
        "Timestamp under another policy",
        "The token is genuine, and its authority made it under a policy that is none of those that were named.",
        "Name the policy with --tsa-policy, if you accept it." }
    TSA_TIME_BEFORE_CHECKPOINT {
        "Timestamp long before the checkpoint",
        "The token states a time more than a day before the checkpoint says it was computed.",
        "Ask the issuer; a digest cannot be stamped before it exists." }
    TSA_SIGNING_TIME_DIFFERS {
        "Two times in one token",
        "The signing time among the attributes is more than five minutes from the time that the token states.",
        "Nothing to do; only the token's own time counts." }
}
