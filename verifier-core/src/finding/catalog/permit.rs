//! Permit decision bindings and review transitions.

crate::codes! {
    PERMIT_DECISION_SUPPORTED {
        "Decision signed by a trusted key",
        "The payload hash recomputes, every bound hash that could be compared agrees, and the signature verifies under the trusted key.",
        "Nothing to do." }
    PERMIT_DECISION_EVIDENCE_MISSING {
        "Decision binding absent or incomplete",
        "No decision binding was found, or a member that the check needs is missing or empty.",
        "Ask for an export that carries the complete decision binding." }
    PERMIT_DECISION_SCHEMA_INVALID {
        "Decision binding malformed",
        "A member has a value that the format does not allow, the payload has a member that its version does not define, or hashed data has no canonical form.",
        "Treat the binding as not issued by Keel; ask the issuer for the original." }
    PERMIT_DECISION_UNSUPPORTED_BINDING_VERSION {
        "Binding version not implemented",
        "The payload's binding_version is none of v1 to v7.",
        "Use a release that knows the version." }
    PERMIT_DECISION_CANONICAL_HASH_MISMATCH {
        "Decision payload differs from its hash",
        "The SHA-256 of the canonical payload differs from the stated binding_canonical_hash.",
        "The payload or its hash was altered; compare with another copy." }
    PERMIT_DECISION_CANONICAL_PAYLOAD_MISMATCH {
        "Envelope contradicts the signed payload",
        "An unsigned copy of a signed value, or the expected decision, differs from the signed payload.",
        "Rely on the signed payload only, and find out who changed the envelope." }
    PERMIT_DECISION_TRUST_ROOT_UNRESOLVABLE {
        "No trust source for decision keys",
        "The trust source cannot be read, or its entry for the signing key has no usable key.",
        "Give a key manifest with the permit_binding_signing key." }
    PERMIT_DECISION_UNTRUSTED_KEY {
        "Decision signed by an unknown key",
        "The trust source lists no permit_binding_signing key under the payload's binding_key_id.",
        "Obtain the issuer's key manifest from a trusted place; do not rely on the decision until then." }
    PERMIT_DECISION_KEY_ID_MISMATCH {
        "Key id belongs to another key",
        "The key id computed from the trusted key differs from the payload's binding_key_id.",
        "Obtain a correct key manifest." }
    PERMIT_DECISION_SIGNATURE_INVALID {
        "Decision signature invalid",
        "The Ed25519 signature over the text of the payload hash does not verify under the trusted key.",
        "Treat the decision as forged or altered." }
    WIRE_BODY_JSON_INVALID = "permit.binding.wire_body_json_invalid" {
        "Request body is not a JSON object",
        "The binding carries a provider request body that is neither an object nor the text of one.",
        "Ask for the request body as it was sent." }
    WIRE_BODY_HASH_MISSING = "permit.binding.wire_body_hash_missing" {
        "Request body without a signed hash",
        "The binding carries a provider request body, but the payload signs no readable final_request_hash.",
        "Do not treat the body as bound to the decision." }
    WIRE_BODY_HASH_MISMATCH = "permit.binding.wire_body_hash_mismatch" {
        "Request body differs from the signed hash",
        "The hash of the provider request body differs from final_request_hash of a v1 to v4 payload.",
        "The body shown is not the one that was decided on." }
    WIRE_BODY_HASH_MISMATCH_V5 = "permit.binding.v5.wire_body_hash_mismatch" {
        "Request body differs from the signed hash",
        "The hash of the provider request body differs from final_request_hash of a v5 payload.",
        "The body shown is not the one that was decided on." }
    WIRE_BODY_HASH_MISMATCH_V6 = "permit.binding.v6.wire_body_hash_mismatch" {
        "Request body differs from the signed hash",
        "The hash of the provider request body differs from final_request_hash of a v6 payload.",
        "The body shown is not the one that was decided on." }
    WIRE_BODY_HASH_MISMATCH_V7 = "permit.binding.v7.wire_body_hash_mismatch" {
        "Request body differs from the signed hash",
        "The hash of the provider request body differs from final_request_hash of a v7 payload.",
        "The body shown is not the one that was decided on." }
    REQUEST_CANONICAL_VERSION_MISMATCH = "permit.binding.v7.request_canonical_version_mismatch" {
        "Request form contradicts the binding version",
        "The envelope of a v7 binding names another canonical form for the request than v5.",
        "Ask the issuer which form was hashed." }
    RESOURCE_ATTRIBUTES_MISSING = "permit.binding.resource_attributes_json_missing" {
        "Resource attributes missing",
        "The payload signs a hash over resource attributes, and the envelope does not carry them.",
        "Ask for the binding with its resource attributes." }
    RESOURCE_ATTRIBUTES_INVALID = "permit.binding.resource_attributes_json_invalid" {
        "Resource attributes are not a JSON object",
        "The envelope's resource attributes are neither an object nor the text of one.",
        "Ask for the binding with its resource attributes." }
    RESOURCE_ATTRIBUTES_HASH_MISSING_V6 = "permit.binding.v6.resource_attributes_canonical_hash_missing" {
        "Resource attributes not bound",
        "A v6 payload must sign the hash of its resource attributes, and does not.",
        "Treat the binding as malformed." }
    RESOURCE_ATTRIBUTES_HASH_MISSING_V7 = "permit.binding.v7.resource_attributes_canonical_hash_missing" {
        "Resource attributes not bound",
        "A v7 payload must sign the hash of its resource attributes, and does not.",
        "Treat the binding as malformed." }
    RESOURCE_ATTRIBUTES_HASH_MISMATCH_V6 = "permit.binding.v6.resource_attributes_canonical_hash_mismatch" {
        "Resource attributes differ from the signed hash",
        "The hash of the envelope's resource attributes differs from the one that the v6 payload signs.",
        "The attributes shown are not the ones that were decided on." }
    RESOURCE_ATTRIBUTES_HASH_MISMATCH_V7 = "permit.binding.v7.resource_attributes_canonical_hash_mismatch" {
        "Resource attributes differ from the signed hash",
        "The hash of the envelope's resource attributes differs from the one that the v7 payload signs.",
        "The attributes shown are not the ones that were decided on." }
    SPEND_SCOPE_HASH_MISMATCH_V3 = "permit.binding.v3.spend_scope_hash_mismatch" {
        "Spend scope differs from the signed hash",
        "The hash of the normalised spend_scope attribute differs from the one that the v3 or v4 payload signs.",
        "The spend scope shown is not the one that was decided on." }
    SPEND_SCOPE_HASH_MISMATCH_V5 = "permit.binding.v5.spend_scope_hash_mismatch" {
        "Spend scope differs from the signed hash",
        "The hash of the normalised spend_scope attribute differs from the one that the v5 payload signs.",
        "The spend scope shown is not the one that was decided on." }
    SPEND_SCOPE_HASH_MISMATCH_V6 = "permit.binding.v6.spend_scope_hash_mismatch" {
        "Spend scope differs from the signed hash",
        "The hash of the normalised spend_scope attribute differs from the one that the v6 payload signs.",
        "The spend scope shown is not the one that was decided on." }
    SPEND_SCOPE_HASH_MISMATCH_V7 = "permit.binding.v7.spend_scope_hash_mismatch" {
        "Spend scope differs from the signed hash",
        "The hash of the normalised spend_scope attribute differs from the one that the v7 payload signs.",
        "The spend scope shown is not the one that was decided on." }
    DELEGATION_POLICY_HASH_MISMATCH_V4 = "permit.binding.v4.delegation_policy_hash_mismatch" {
        "Delegation policy differs from the signed hash",
        "The hash of the normalised delegation_policy attribute differs from the one that the v4 payload signs.",
        "The delegation policy shown is not the one that was decided on." }
    DELEGATION_POLICY_HASH_MISMATCH_V5 = "permit.binding.v5.delegation_policy_hash_mismatch" {
        "Delegation policy differs from the signed hash",
        "The hash of the normalised delegation_policy attribute differs from the one that the v5 payload signs.",
        "The delegation policy shown is not the one that was decided on." }
    DELEGATION_POLICY_HASH_MISMATCH_V6 = "permit.binding.v6.delegation_policy_hash_mismatch" {
        "Delegation policy differs from the signed hash",
        "The hash of the normalised delegation_policy attribute differs from the one that the v6 payload signs.",
        "The delegation policy shown is not the one that was decided on." }
    DELEGATION_POLICY_HASH_MISMATCH_V7 = "permit.binding.v7.delegation_policy_hash_mismatch" {
        "Delegation policy differs from the signed hash",
        "The hash of the normalised delegation_policy attribute differs from the one that the v7 payload signs.",
        "The delegation policy shown is not the one that was decided on." }
    PERMIT_DECISION_SIGNED_BEFORE_ISSUED {
        "Signing time earlier than the decision",
        "The unsigned binding_issued_at, by which the key is judged, is earlier than the signed issued_at.",
        "Do not rely on the signing time; it may have been moved into the validity of the key." }
    PERMIT_DECISION_SIGNING_TIME_DIFFERS {
        "Signing time is not the time of the decision",
        "The unsigned binding_issued_at is later than the signed issued_at, or is no readable time.",
        "Rely on issued_at; it is the one that is signed." }
    PERMIT_DECISION_KEY_REVOKED_LATER {
        "The signing key was revoked afterwards",
        "The trusted entry is revoked from a time after the stated signing time, which only the issuer vouches for.",
        "Look for independent evidence of the time, such as a checkpoint with a time stamp." }
    PERMIT_EXPIRES_BEFORE_ISSUED {
        "Permit expires before it was issued",
        "The expiry is earlier than the time of issue, so the permit was never valid.",
        "Ask the issuer; nothing may have been dispatched under this permit." }
    PERMIT_WIRE_BODY_MEMBERS_NOT_COVERED {
        "Request members outside the signed hash",
        "Members whose names normalise to a volatile or credential name are left out of the request hash.",
        "Do not rely on the listed members." }
    PERMIT_BODY_CONTRADICTS_DECISION {
        "Permit contradicts its signed decision",
        "A member of the unsigned permit object differs from the signed payload of the same permit.",
        "Rely on the signed payload only, and find out who changed the permit." }
    PERMIT_REQUEST_HASH_WITHOUT_ALLOW {
        "Request bound to a permit that allows nothing",
        "The permit is denied or challenged, and its binding_request_hash is not null.",
        "Find out whether a request was dispatched in spite of the decision." }
    PERMIT_DECISION_DETAILS_MISMATCH {
        "Decision details name another decision",
        "The decision inside decision_details differs from the decision of the permit.",
        "Ask the issuer which one is right; only the signed payload counts." }
    PERMIT_REVIEW_TRANSITION_SUPPORTED {
        "Review transition signed by a trusted key",
        "The event's hash recomputes, its signature verifies under the key of the decision, and it leads from the signed challenge to an approval of the same permit.",
        "Nothing to do." }
    PERMIT_REVIEW_TRANSITION_MISSING {
        "Review transition absent",
        "The export carries no review transition that is present, or not the decision it belongs to.",
        "Ask for an export with the signed review transition." }
    PERMIT_REVIEW_TRANSITION_SCHEMA_INVALID {
        "Review transition malformed",
        "The signed event does not have exactly the members of the format, or has no canonical form.",
        "Treat the event as not issued by Keel." }
    PERMIT_REVIEW_TRANSITION_HASH_MISMATCH {
        "Review transition differs from its hash",
        "The SHA-256 of the canonical event differs from the stated canonical_hash.",
        "The event was altered; compare with another copy." }
    PERMIT_REVIEW_TRANSITION_TRUST_ROOT_UNRESOLVABLE {
        "No trusted key for the review transition",
        "The trust source has no usable permit_binding_signing key under the decision's binding_key_id.",
        "Give a key manifest with that key." }
    PERMIT_REVIEW_TRANSITION_SIGNATURE_INVALID {
        "Review transition signature invalid",
        "The Ed25519 signature over the text of the event's hash does not verify under the trusted key.",
        "Treat the approval as forged or altered." }
    PERMIT_REVIEW_TRANSITION_LINKAGE_MISMATCH {
        "Review transition belongs to another decision",
        "The event must name the permit and project of the signed decision and lead from its challenge to allow.",
        "The approval does not apply to this permit." }
    PERMIT_OPERATOR_APPROVAL_INVALID {
        "No operator approval to judge",
        "The claim is about the signature slot of a version 2 permit, and the evidence holds no permit with that slot as an object.",
        "Ask for the export that carries the permit with its operator approval." }
    PERMIT_COUNTER_SIGNATURE_INVALID {
        "No counter-signature to judge",
        "The claim is about the signature slot of a version 2 permit, and the evidence holds no permit with that slot as an object.",
        "Ask for the export that carries the permit with its counter-signature." }
    PERMIT_AUDIT_ATTESTATION_INVALID {
        "No audit attestation to judge",
        "The claim is about the signature slot of a version 2 permit, and the evidence holds no permit with that slot as an object.",
        "Ask for the export that carries the permit with its audit attestation." }
    PERMIT_SIGNATURE_NOT_JUDGED {
        "A signature over a permit was not judged",
        "The export carries an approval, counter-signature, attestation or co-signature of a permit, which this release cannot judge. Nothing else about the export is affected, but it is not verified as a whole.",
        "Use a release that judges these signatures, or state which of the other claims you rely on." }
}
