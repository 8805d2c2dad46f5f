//! Revoked permits, and dispatches after a revocation.

crate::codes! {
    PERMIT_REVOKED_SUPPORTED {
        "Permit revoked",
        "The revocation event has the published form, belongs to the export, and is signed by a trusted key that was valid at that time.",
        "Nothing to do." }
    PERMIT_REVOKED_EVIDENCE_MISSING {
        "No revocation event",
        "The export holds no revocation event, or one that lacks a member.",
        "Ask for the export with the signed revocation event." }
    PERMIT_REVOKED_SCHEMA_INVALID {
        "Revocation event has not the published form",
        "The event must have its eight members and no others, UUIDs, a reason code, RFC 3339 times and a signature of 64 bytes in base64.",
        "Obtain the event as it was signed." }
    PERMIT_REVOKED_ACTOR_PII_DETECTED {
        "Revocation event names a person",
        "actor_id contains white space or @, so it is no opaque id.",
        "Ask the issuer for an event with an opaque actor id." }
    PERMIT_REVOKED_ACTOR_KIND_UNSUPPORTED {
        "Kind of actor not known",
        "actor_kind is none of user, service_account, system and api_key.",
        "Use a release that knows this kind of actor." }
    PERMIT_REVOKED_PROJECT_ID_MISMATCH {
        "Revocation of another project",
        "project_id of the event differs from the export's, or its manifest's.",
        "Ask for the event of this project." }
    PERMIT_REVOKED_PERMIT_ID_MISMATCH {
        "Revocation of another permit",
        "permit_id of the event differs from the export's, or from that of the decision beside it.",
        "Ask for the event of this permit." }
    PERMIT_REVOKED_EFFECTIVE_AT_MISMATCH {
        "Revocation effective at another time",
        "effective_at and revoked_at must be the same text.",
        "Treat the event as malformed or altered." }
    PERMIT_REVOKED_SIGNATURE_INVALID {
        "Revocation event not signed by a trusted key",
        "The stated hash is not that of the event, or no permit-binding key valid at revoked_at verifies the signature.",
        "Treat the event as forged or altered." }
    PERMIT_REVOKED_TRUST_ROOT_UNRESOLVABLE {
        "No key for the revocation event",
        "The trust source cannot be used, or lists no permit-binding key valid at revoked_at.",
        "Give the key manifest of the issuer." }
    PERMIT_DISPATCH_ABSENCE_AFTER_REVOCATION_SUPPORTED {
        "No dispatch after the revocation",
        "The signed scope state counts no dispatch of the permit from the revocation to the checkpoint.",
        "Nothing to do; what did not pass the control plane is not covered." }
    EXPORT_SCOPE_PREDICATE_OUT_OF_GRAMMAR {
        "Declared scope is not about dispatches of one permit",
        "Absence is judged over segments whose predicate names project, permit and event type and a range of occurred_at, and nothing else.",
        "Ask for an export that declares this scope." }
    EXPORT_SCOPE_POST_REVOCATION_DISPATCH_PRESENT {
        "Dispatch after the revocation",
        "The declared scope discloses, or its commitment counts, a dispatch at or after the time of the revocation.",
        "Treat the permit as used after it was revoked." }
    EXPORT_SCOPE_BRIDGE_RECORD_MATCHES_PREDICATE {
        "Dispatch after the revocation among the bridge records",
        "A record that is shown only to link the chain matches the declared scope.",
        "Treat the permit as used after it was revoked." }
    DISPATCH_ABSENCE_CHAIN_OF_OTHER_PROJECT {
        "Absence is shown in the chain of another project",
        "The segment's chain is that of a project which is not the revocation's, so it does not show what this project did.",
        "Ask for a scope over the chain of the permit's project." }
}
