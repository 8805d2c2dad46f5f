//! Decision before execution (names are ours).

crate::codes! {
    DECISION_PRECEDES_DISPATCH {
        "Decided before execution",
        "In the hash chain the decision of every dispatched permit stands before the dispatch, and the links between them hold, so the dispatch was recorded by somebody who had the decision.",
        "Nothing to do." }
    DECISION_AFTER_DISPATCH {
        "Executed before it was decided",
        "By chain order, log order or the times that it states, a request left before the permit that should have allowed it was decided.",
        "Treat the call as unauthorised; ask the operator for the policy decision of that moment." }
    DECISION_BACKDATED {
        "Back-dated decision",
        "A decision states a time at which the chain had already gone past: entries before it state later times, or a signed checkpoint of a later moment does not have it.",
        "Treat the decision as made when it was recorded, not when it says." }
    DECISION_TIME_CONTRADICTED {
        "Stated time is later than the proof",
        "An entry states a time after the one at which an outside timestamp or witness already had it.",
        "Find out which clock was wrong; the outside time counts." }
    DECISION_TIMES_DISORDERED {
        "Stated times run backwards a little",
        "A decision states a time before that of an entry ahead of it, within what clocks may differ.",
        "Look at it when the order of these events matters." }
    DISPATCH_NOT_ALLOWED {
        "Dispatched against the decision",
        "The permit says deny, or challenge without a review before the dispatch, and the request left all the same.",
        "Treat the call as unauthorised." }
    DISPATCH_AFTER_EXPIRY {
        "Dispatched after the permit had expired",
        "The dispatch states a time after the permit's own expiry.",
        "Treat the call as unauthorised." }
    DECISION_NOT_SHOWN {
        "Dispatch without its decision",
        "A request left under a permit whose decision event is not in the evidence.",
        "Ask for an export whose window begins before the decision." }
    DISPATCH_NOT_SHOWN {
        "Answer without its dispatch",
        "An answer was recorded for a permit, and no event says when the request left.",
        "Ask for the dispatch events of the permit." }
    DECISION_ORDER_UNPROVEN {
        "Order of decision and dispatch not proven",
        "No unbroken run of hash links leads from the decision to the dispatch, so their order is only stated.",
        "Ask for the chain entries between them." }
    CHAIN_HEAD_CONTRADICTED {
        "A signed checkpoint knows another entry",
        "A checkpoint that a trusted key signed names another record hash for a place in the chain than the export has there: one of the two histories was rewritten.",
        "Compare both with the other party's copies; keep both files." }
    DECISION_INTERVAL_SUPPORTED {
        "Decisions and dispatches fixed in time",
        "Something outside the operator fixes when each decision existed, and before each dispatch an outside time was bound into the chain.",
        "Nothing to do." }
    DECISION_UPPER_BOUND_MISSING {
        "No latest time of the decision",
        "No genuine timestamp or witnessed tree head covers the decision, so it may have been written at any time up to the signing of the export.",
        "Ask for a timestamped checkpoint or inclusion proofs that cover the entry." }
    DISPATCH_LOWER_BOUND_MISSING {
        "No earliest time of the dispatch",
        "Nothing that only existed from a known time on is bound into the chain before the dispatch, so an earlier dispatch is not excluded.",
        "Ask the operator to record witnessed tree heads in the chain (event anchor.observed)." }
}
