//! Workflow evidence and incident bundles.

crate::codes! {
    WORKFLOW_SIBLING_INTEGRITY_SUPPORTED {
        "Workflow evidence file unchanged and signed",
        "The SHA-256 of the file equals the manifest's content hash, and the signature over that hash verifies under the trusted export key.",
        "Nothing to do." }
    WORKFLOW_DECLARATION_SIGNATURE_SUPPORTED {
        "Workflow declarations signed",
        "The canonical payload of every declaration has the stated hash, and the hash is signed by the trusted permit-binding key.",
        "Nothing to do." }
    WORKFLOW_AMENDMENT_SIGNATURE_SUPPORTED {
        "Workflow amendments signed",
        "The canonical payload of every amendment has the stated hash, and the hash is signed by the trusted permit-binding key.",
        "Nothing to do." }
    WORKFLOW_EFFECTIVE_INTENT_HASH_SUPPORTED {
        "Effective intents recomputed",
        "Amendments follow their declaration without gap, and intent and amendments together give the stated effective intent hash.",
        "Nothing to do." }
    WORKFLOW_PERMIT_SNAPSHOT_SUPPORTED {
        "Permits were decided against the declared workflow",
        "The workflow state in every permit is the declaration with the amendments that were in force when the permit was decided.",
        "Nothing to do." }
    WORKFLOW_EVIDENCE_SCHEMA_INVALID {
        "Workflow evidence malformed",
        "The document, its place beside the manifest, or one of its records breaks a rule of the format.",
        "Ask the issuer for well-formed workflow evidence." }
    WORKFLOW_SIGNATURE_INVALID {
        "Workflow signature invalid",
        "The record or file is unsigned, its key is not trusted, its hash is not that of its payload, or the Ed25519 signature does not verify.",
        "Do not rely on the record." }
    WORKFLOW_AMENDMENT_ORDER_INVALID {
        "Amendments do not follow each other",
        "The amendments of a declaration are out of order, leave a version out, or belong to no declaration.",
        "Ask for the complete history; an amendment may be missing or repeated." }
    WORKFLOW_EFFECTIVE_INTENT_HASH_MISMATCH {
        "Effective intent differs",
        "The hash over intent and amendments differs from the one that the declaration or the permit states.",
        "The permit or declaration refers to other terms than the signed ones; compare them." }
    WORKFLOW_SIGNED_PAYLOAD_DIVERGES {
        "The record shows something else than what is signed",
        "A member that a person reads differs from the signed payload, or the payload lacks it or is of another kind.",
        "Use the signed values only, and ask the issuer why the record shows others." }
    WORKFLOW_AMENDMENT_PREVIOUS_MISMATCH {
        "Amendment starts from another state",
        "The previous limits that the amendment names are not the limits in force before it.",
        "Ask for the amendment that is missing, or for the reason of the difference." }
    WORKFLOW_CALL_LIMIT_EXCEEDED {
        "More calls than the workflow allows",
        "A permit was granted although the calls counted at its decision exceed the limit in force.",
        "Treat the permit as outside the declared workflow." }
    WORKFLOW_CALL_LIMIT_MISSTATED {
        "Permit states another call limit",
        "The call limit recorded in the permit's workflow state is not the limit in force at its decision.",
        "Compare the permit with the declaration and its amendments." }
    WORKFLOW_SIBLING_UNNAMED {
        "Workflow evidence beside the export, but not named by the manifest",
        "A workflow evidence file lies beside the export, and the manifest does not mention it; the mention is not covered by a signature and can be removed.",
        "Ask the issuer for the complete manifest." }
    WORKFLOW_HISTORY_MISSING {
        "Workflow state without workflow evidence",
        "Permits record a workflow state, and no workflow evidence was verified that it can be compared with.",
        "Ask for the workflow evidence of this export." }
    WORKFLOW_LEGACY_SCHEMA_NAME {
        "Older schema name",
        "The document uses a schema name with the prefix keel.vanta, which the issuer has replaced.",
        "Nothing now; ask for a current export before the old name is dropped." }
    INCIDENT_BUNDLE_MANIFEST_SUPPORTED {
        "Incident bundle complete",
        "Every required file is listed with its schema, present and readable.",
        "Nothing to do." }
    INCIDENT_MANIFEST_SCHEMA_INVALID {
        "Incident bundle malformed",
        "The export is not a zip, its manifest breaks the format, a required file is missing, or one cannot be read.",
        "Ask the issuer for a complete bundle." }
    INCIDENT_UNKNOWN_MANIFEST_VERSION {
        "Unknown incident manifest version",
        "The bundle manifest names a version that this release does not implement.",
        "Use a release that knows the version, or ask the issuer." }
    INCIDENT_CONTENT_NOT_EXAMINED {
        "Incident bundle content not examined",
        "Version 1 bundles define no content that could be checked; only the hash of the whole file was verified.",
        "Do not draw conclusions about the content; ask for a version 2 bundle." }
    INCIDENT_MANIFEST_MISSING {
        "Incident bundle without a manifest",
        "The zip holds incident metadata, and neither the export manifest nor the zip says which version and files the bundle has; the export manifest's statement is not signed and can be removed.",
        "Ask the issuer for the complete manifest." }
    INCIDENT_MANIFEST_CONTRADICTION {
        "Two incident manifests disagree",
        "The unsigned export manifest describes another bundle than the zip itself; the content was examined in any case.",
        "Ask the issuer which description is right." }
    INCIDENT_MEMBER_UNLISTED {
        "A file is not listed",
        "The zip contains a file that the bundle manifest does not list.",
        "Ask the issuer what the file is; no check looked at it." }
    INCIDENT_MEMBER_DUPLICATED {
        "A file occurs twice",
        "The zip contains, or the manifest lists, one name several times, so that readers may see different files.",
        "Ask the issuer for a bundle in which every name occurs once." }
    INCIDENT_MEMBER_MISSING {
        "A listed file is missing",
        "The bundle manifest lists a file that the zip does not contain.",
        "Ask for the missing file." }
    INCIDENT_MEMBER_HASH_MISMATCH {
        "A file differs from its listing",
        "The digest or size that the bundle manifest states for a file is not that of the file.",
        "Obtain the original bundle." }
    INCIDENT_MEMBER_UNSAFE {
        "A member of the zip cannot be used safely",
        "The zip contains a link, an unsafe or ambiguous name, or bytes that belong to no member.",
        "Ask the issuer for a plain zip." }
}
