//! Exports, manifests, single-file bundles and claim pins.

crate::codes! {
    EXPORT_INTEGRITY_SUPPORTED {
        "Export unchanged and manifest signature valid",
        "The SHA-256 of the file equals the manifest's content hash, and the manifest signature verifies under the trusted key.",
        "Nothing to do." }
    CONTENT_HASH_MATCH {
        "Content hash equal",
        "The SHA-256 of the file as stored equals the manifest's content hash.",
        "Nothing to do." }
    CONTENT_HASH_MISMATCH {
        "Export differs from its manifest",
        "The SHA-256 of the file as stored differs from the content hash that the manifest states.",
        "Obtain the original file; this one is not what was signed." }
    MANIFEST_SIGNATURE_MISSING {
        "Manifest carries no signature",
        "The manifest's signature member is absent or empty.",
        "Ask for a signed manifest, or accept the file as unsigned with --allow-unsigned." }
    MANIFEST_PUBLIC_KEY_MISMATCH {
        "Manifest names another key than the trusted one",
        "The key embedded in the manifest differs from the key that the trust source gives.",
        "Find out which key signed; do not trust the embedded one." }
    SIGNATURE_VERIFICATION_FAILED {
        "Manifest signature invalid",
        "The Ed25519 signature over the text of the content hash does not verify under the trusted key.",
        "Treat the export as unsigned or altered." }
    MANIFEST_JSON_INVALID {
        "Manifest is not a JSON object",
        "The manifest file is not UTF-8 JSON, or its top level is not an object.",
        "Obtain the manifest again." }
    ARTIFACT_REF_INVALID {
        "Artifact reference malformed",
        "The payload's artifact_ref lacks a member or breaks a rule of its shape.",
        "Ask the issuer for an export with a valid reference." }
    MANIFEST_MISSING {
        "No manifest given",
        "A split-file export is verified against its manifest, and none was given or found.",
        "Give the manifest beside the export." }
    MANIFEST_FIELD_UNSIGNED {
        "Manifest members are not covered by the signature",
        "The manifest signature covers only the content hash; the other members can be changed without breaking it.",
        "Do not rely on the listed members." }
    SIGNATURE_SECOND_SPELLING {
        "Signature or key text is not canonical",
        "The text decodes to usable bytes, but is not their one base64 spelling, so two texts of one value exist.",
        "Ask the issuer for canonical texts." }
    EXPORT_STRUCTURE_INVALID {
        "Export payload is not JSON",
        "The payload starts like a JSON document but cannot be decoded as JSON or JSON lines.",
        "Obtain the export again; what it contains cannot be checked." }
    PAYLOAD_NOT_EXAMINED {
        "Payload content was not examined",
        "The payload is of a kind whose content no check understands; only its hash and signature were verified.",
        "Do not draw conclusions about the content." }
    MANIFEST_PAYLOAD_CONTRADICTION {
        "Manifest describes another payload",
        "A manifest member about the payload's form contradicts the payload.",
        "Ask the issuer which one is right." }
    EXPORT_SCOPE_IDENTITY_SUPPORTED {
        "Manifest identity fits the payload",
        "Record count and project of the manifest agree with the payload.",
        "Nothing to do." }
    EXPORT_SCOPE_IDENTITY_INCOMPLETE {
        "Manifest identity incomplete",
        "Some, but not all, of the identity members are present in the manifest.",
        "Ask the issuer for a complete manifest." }
    EXPORT_SCOPE_IDENTITY_UNVERIFIABLE {
        "Payload has no countable records",
        "The payload does not decode to an object with an array of records.",
        "Nothing follows about the record count." }
    EXPORT_SCOPE_RECORD_COUNT_MISMATCH {
        "Record count differs",
        "The manifest's record_count differs from the number of records in the payload.",
        "Find the missing or surplus records." }
    EXPORT_SCOPE_PROJECT_ID_MISMATCH {
        "Project differs",
        "The manifest names another project than the payload.",
        "Make sure that manifest and payload belong together." }
    EVIDENCE_BUNDLE_SUPPORTED {
        "Bundle unchanged and signed by a trusted key",
        "Both digests recompute, the signature verifies, and the signer's key is in the trust source or self-attestation was accepted.",
        "Nothing to do." }
    BUNDLE_SCHEMA_UNSUPPORTED {
        "Bundle version unknown",
        "schema_version is neither keel.evidence_bundle/v1 nor keel.evidence_bundle/v2.",
        "Use a newer verifier, or ask the issuer what wrote the bundle." }
    BUNDLE_SHAPE_INVALID {
        "Bundle malformed",
        "A bundle consists of an object body and an object signature_envelope.",
        "Obtain the bundle again." }
    ARTIFACT_REF_MISSING {
        "Bundle has no artifact reference",
        "body.artifact_ref.digest is absent or no string.",
        "Ask the issuer for a complete bundle." }
    ARTIFACT_REF_DIGEST_MISMATCH {
        "Bundle body differs from its reference",
        "The digest of the body without artifact_ref and anchor differs from artifact_ref.digest.",
        "The body was altered; obtain the original." }
    BUNDLE_CONTENT_HASH_MISMATCH {
        "Bundle body differs from its content hash",
        "The digest of the canonical body differs from the envelope's content_hash.",
        "The body was altered; obtain the original." }
    BUNDLE_NOT_CANONICALIZABLE {
        "Bundle body cannot be hashed",
        "The body contains a value without a canonical form.",
        "Treat the bundle as malformed." }
    BUNDLE_SIGNATURE_MISSING {
        "Bundle carries no signature",
        "The envelope's public_key or signature is absent or no string.",
        "Ask for a signed bundle." }
    BUNDLE_SIGNATURE_INVALID {
        "Bundle signature invalid",
        "The signature over the content hash does not verify under the key in the envelope.",
        "Treat the bundle as altered." }
    BUNDLE_KEY_ID_MISMATCH {
        "Bundle names another key id than its key has",
        "public_key_id has the form of a fingerprint and is not that of the bundle's key, nor an id under which the trust source lists it.",
        "Find out which key was meant to sign." }
    BUNDLE_ANCHOR_MISMATCH {
        "Bundle is anchored in another checkpoint",
        "Id or composite hash of the bundle's anchor differs from the checkpoint that was given to compare it with.",
        "Find out which checkpoint the bundle belongs to; treat the anchor as wrong until it is found." }
    BUNDLE_TSA_RECEIPT_MISSING {
        "Timestamp receipt without bytes",
        "The envelope lists a timestamp receipt that carries no receipt bytes.",
        "Ask the issuer for the receipt." }
    EVIDENCE_BUNDLE_V2_PROFILE_UNADJUDICATED {
        "Bundle profile not adjudicated",
        "The body follows a profile that this release does not judge, so what it states is not established.",
        "Use a release that supports the profile." }
    REQUESTED_CHECK_NOT_RUN {
        "A required claim was not established",
        "The run was asked to require this claim, and no check could evaluate it.",
        "Supply the evidence that the claim needs." }
    CLAIM_SET_UNSIGNED {
        "The claim set is not covered by the signature",
        "claim_set and semantics_pins of a manifest can be removed or weakened without breaking the signature; they were used only to ask for more.",
        "State the required claims with --require." }
}
