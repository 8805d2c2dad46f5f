//! Closure records.

crate::codes! {
    CLOSURE_SIGNATURE_SUPPORTED {
        "Closure signatures valid",
        "Every closure payload verifies under the permit-binding key.",
        "Nothing to do." }
    CLOSURE_DIGEST_CONSISTENCY_SUPPORTED {
        "Response digests agree",
        "The response digests of the closures are those of the recorded response events.",
        "Nothing to do." }
    CLOSURE_DISPATCH_BINDING_SUPPORTED {
        "Dispatch matches the permit",
        "The dispatch digest of the closures equals the permit's binding request hash.",
        "Nothing to do." }
    WALK_CLOSURE_SIGNATURE_INVALID {
        "Closure signature invalid",
        "The closure payload, its hash, its key or its signature does not verify.",
        "Do not rely on the closure." }
    WALK_CLOSURE_DIGEST_MISMATCH {
        "Response digest differs",
        "A digest of the closure is not among those of the recorded response events, or a label is not the defined one.",
        "The response that was recorded is not the one that was closed." }
    WALK_CLOSURE_DISPATCH_DIGEST_MISMATCH {
        "Another request was dispatched",
        "The dispatch digest of the closure differs from the request that the permit approved.",
        "Treat the execution as not covered by the permit." }
    WALK_CLOSURE_DIGEST_MISSING {
        "A required digest is missing",
        "The closure or the evidence beside it lacks a digest that its status requires.",
        "Ask for the missing event." }
    WALK_UNKNOWN_CLOSURE_FORMAT {
        "Unknown closure format",
        "The closure names a version that this release does not implement, or its fields contradict the format.",
        "Use a release that knows the format, or ask the issuer." }
    CLOSURE_NO_EVALUABLE_SUBJECTS {
        "No closure to verify",
        "The export contains no closure record.",
        "Ask for an export that contains the closures." }
    CLOSURE_NO_CHAIN_ENTRIES {
        "No chain entries in this export",
        "Closures are chain entries, and an audit export bundle of schema version 1 carries none.",
        "Ask for an export with include_chain_entries=true." }
    CLOSURE_ORPHAN {
        "Closure without a permit",
        "The closure names a permit that the export does not contain.",
        "Ask for the permit, or for the reason it is missing." }
    CLOSURE_MISSING_FOR_PERMIT {
        "Dispatched permit without a closure",
        "The export shows a permit that was dispatched, and no closure for it.",
        "Ask what happened to the call." }
    CLOSURE_DUPLICATE {
        "Several closures for one permit",
        "A permit is closed once; the export contains more than one closure record for it.",
        "Ask which closure is valid." }
    CLOSURE_STATUS_UNKNOWN {
        "Closure status not in the published set",
        "closure_status must be one of the published values, which decide which digests are required.",
        "Treat the closure as malformed." }
    CLOSURE_PERMIT_MISMATCH {
        "Closure stands under another permit",
        "The closure names another permit than the record or the chain entry that carries it.",
        "Compare with the permit that the closure names." }
    CLOSURE_DISPATCH_NOT_SIGNED_BINDING {
        "Dispatch differs from the signed permit",
        "The dispatch digest differs from the final_request_hash that the permit's signed binding states.",
        "Treat the execution as not covered by the permit." }
    CLOSURE_RESPONSE_CONTRADICTION {
        "Response events contradict each other",
        "Several events of one permit carry different digests for the same response.",
        "Ask which event is right." }
    CLOSURE_DIGEST_WARNING {
        "Abnormal closure without a dispatch digest",
        "A closure whose status is not 'closed' should carry the dispatch digest when a dispatch occurred.",
        "Ask whether the call was dispatched." }
    CLOSURE_KEY_UNAVAILABLE {
        "Permit-binding key not available",
        "No permit-binding key for this closure is in the trust source, so its signature was not checked.",
        "Give the key manifest to verify closures." }
}
