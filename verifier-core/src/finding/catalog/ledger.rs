//! Money: rows, budgets and the rules of spec 07 section 6.

crate::codes! {
    LEDGER_ROW_UNREADABLE {
        "A member of a record cannot be read",
        "An amount, count, number or time of the record is not of the required form; amounts are JSON integers of micro-USD.",
        "Ask the issuer for the record; the figure was left out, not guessed." }
    LEDGER_NO_ROWS {
        "No permit records and no budget events",
        "The evidence was searched for permit records and budget events, and holds none.",
        "Give an audit export, or an evidence bundle with a budget ledger." }
    LEDGER_ENVELOPE_SUM {
        "Remaining budget does not add up",
        "An envelope's remaining budget was compared with total minus reserved minus spent.",
        "Ask which of the four figures is wrong." }
    LEDGER_ENVELOPE_OVERCOMMITTED {
        "Envelope over-committed",
        "Reserved and spent must not be negative, and together not exceed the total.",
        "Treat the budget control as not effective at this moment." }
    LEDGER_CORRECTION_DIFFERS {
        "Correction is not the difference between actual and estimate",
        "The correction was compared with the actual cost minus the amount locked for the permit.",
        "Ask how the correction was booked." }
    LEDGER_COST_DIFFERS {
        "Two records of one cost differ",
        "The permit's actual cost was compared with the cost in its usage ledger row and usage log, to one micro-USD.",
        "Reconcile with the provider's invoice; one of the figures is wrong." }
    LEDGER_TOKENS_DIFFER {
        "Two records of one token count differ",
        "Token counts of permit, usage ledger and usage log were compared, and the total with input plus output.",
        "Reconcile with the provider's usage report." }
    LEDGER_IDENTITY_DIFFERS {
        "A usage row belongs to something else",
        "Permit, project, provider, model and envelope of the usage row were compared with the permit's.",
        "Ask why the row stands under this permit; its cost may belong elsewhere." }
    LEDGER_COST_UNVERIFIED {
        "Cost without verified provider evidence",
        "The permit states an actual cost, and its usage verification status is neither verified nor reconciled.",
        "Count the amount as unverified spend, and reconcile it with the invoice." }
    LEDGER_DENIED_WITH_USAGE {
        "Cost or usage on a permit that was not allowed",
        "The permit's decision is not allow, and it states an actual cost or token count.",
        "Find out how the call could run; the control did not stop it." }
    LEDGER_CLOSURE_MISSING {
        "Allowed call without closure, or closure without allowed call",
        "A permit with decision allow was looked up among the closures of its record, and the other way round.",
        "Ask for the closure; the cost of the call is not settled." }
    LEDGER_USAGE_TIME {
        "Usage was reported at an impossible or foreign time",
        "The time of the usage report was compared with the completion of the call and the period of the export.",
        "Check which period the spend belongs to." }
    LEDGER_DOUBLE_BOOKING {
        "One identifier under two permits",
        "Idempotency keys, provider response ids and request ids were compared across permits.",
        "Find out whether one call was booked twice." }
    LEDGER_AMOUNT_INVALID {
        "Amount is negative, fractional or in another currency",
        "Amounts are non-negative integers of micro-USD, and the currency of a usage row is USD.",
        "Ask for the correct amount; foreign amounts were not converted." }
    LEDGER_CACHE_OR_FINAL {
        "Cost of a cached answer, or an estimate booked over a measurement",
        "A row served from cache states a cost, or an estimate is marked final although a provider figure exists.",
        "Ask which figure was charged." }
    LEDGER_CONSERVATION {
        "Bookings of a reservation do not balance",
        "Released and committed amounts were subtracted from what was reserved; the balance must not become negative.",
        "Ask for the missing or wrong booking." }
    RESERVATION_LINKAGE_CONFLICT {
        "One reservation, two permits",
        "All bookings of one reservation must name the same permit.",
        "Treat the reservation as contradicted." }
    LEDGER_SEQ_DUPLICATE {
        "Two bookings with one number",
        "Two different bookings of one envelope carry the same sequence number.",
        "Treat the ledger as rewritten or forked; compare with another copy." }
    LEDGER_SEQ_GAP {
        "Booking numbers are missing",
        "The numbers of an envelope's bookings must count from 1 without gaps for the balance to be replayed.",
        "Ask for the complete ledger; balances of this envelope were not judged." }
    SPENT_EXCEEDS_RESERVED {
        "More spent than was reserved for it",
        "A commit's spent amount was compared with what it took from the reservation.",
        "Ask why the commit was not limited to the reservation." }
    PARTITION_LEDGER_OVERCOMMIT {
        "Caps exceed the envelope",
        "The sum of active caps of an envelope was compared with its total budget.",
        "Treat the allocation of the budget as contradicted." }
    CAP_LIFECYCLE_ORDER {
        "Caps out of order",
        "A cap was allocated while active, or changed before it was allocated.",
        "Ask for the missing bookings." }
    LEDGER_RESERVATION_DIFFERS {
        "Signed reservation differs from the ledger's",
        "The reservation id in the permit's decision binding was compared with the reservation id of its bookings.",
        "Treat the booking as belonging to another decision." }
    LEDGER_SPEND_SCOPE_EXCEEDED {
        "Cost above the spend scope",
        "The actual cost was compared with the largest amount of the spend scope, in the most generous unit.",
        "Treat the call as outside what was approved." }
    LEDGER_WORKFLOW_EXCEEDED {
        "More calls than the workflow declared",
        "Allowed calls of a workflow declaration were counted and compared with its largest number of calls.",
        "Ask for an amendment that raised the number." }
    LEDGER_SNAPSHOT_REGRESSES {
        "Spent budget decreases between two permits",
        "Snapshots of one envelope were compared in order of the permits' times.",
        "Check the order; a booking may have been undone." }
    LEDGER_ALLOWED_OVER_BUDGET {
        "Allowed although the budget did not suffice",
        "Each reservation was judged again: what was reserved and spent before it, plus the amount, must fit the active caps.",
        "Treat the allow as a breach of the budget control." }
    LEDGER_DENIED_WITHIN_BUDGET {
        "Denied for its budget although the budget sufficed",
        "The estimate of the denied call was compared with what the envelope had left by its own snapshot.",
        "Ask why the call was refused." }
    LEDGER_SNAPSHOT_DIFFERS {
        "Snapshot differs from the replayed ledger",
        "The envelope in the permit was compared with the replayed balance before and after its reservation.",
        "One of both was altered or computed at another moment." }
    RESERVATION_OPEN {
        "Leaked reservation",
        "The permit has ended, and part of its reservation was neither committed nor released.",
        "Ask for the release; until then the budget is smaller than it looks." }
    LEDGER_OVERSPEND {
        "Reserved and spent above the caps",
        "After each booking reserved plus spent was compared with the active caps.",
        "Treat the budget as exceeded from the first to the last booking named." }
    LEDGER_CAP_EDIT_RETROACTIVE {
        "Cap changed against what was already committed",
        "Each change of a cap was compared with reserved plus spent at that moment: it was lowered below, or raised only after they exceeded it.",
        "Ask who approved the change, and when." }
    LEDGER_BALANCE_DIFFERS {
        "Stated balance differs from the replayed one",
        "Reserved, spent and total of the envelope list were compared with the balances after the last booking.",
        "Ask for the missing bookings, or the reason for the difference." }
    RECONCILE_INPUT_INVALID {
        "A line of a log or invoice cannot be used",
        "The line was read by the column map; its form, an amount, a time or its number of fields is wrong. Nothing after it was read.",
        "Correct the file or the column map; no output file was written." }
    RECONCILE_CALL_WITHOUT_PERMIT {
        "Call without a permit",
        "The gateway line's permit id, response id and request id were looked up among the permits of the export.",
        "Find out who made the call, and why no permit was asked for." }
    RECONCILE_BILL_WITHOUT_PERMIT {
        "Billed call without a permit",
        "The invoice line's permit id and response id were looked up among the permits of the export.",
        "Ask the provider what was billed; the call may have gone around the gateway." }
    RECONCILE_PERMIT_WITHOUT_CALL {
        "Permit without a gateway line",
        "The permit's call left or cost something, and no gateway line is of it.",
        "Check whether the log covers the period." }
    RECONCILE_PERMIT_WITHOUT_BILL {
        "Permit without a bill",
        "The permit states a cost, and no invoice line is of it.",
        "Check whether the invoice covers the period; the cost may be overstated." }
    RECONCILE_DENIED_BUT_DISPATCHED {
        "Denied, and dispatched all the same",
        "A gateway or invoice line is of a call whose permit was denied.",
        "Treat the control as not effective for this call." }
    RECONCILE_PRICE_DRIFT {
        "Another price than the permit's",
        "The cost of the line was compared with the cost that the evidence states, beyond what its decimal places explain.",
        "Compare the price tables of gateway and provider." }
    RECONCILE_COST_NOT_REPORTED {
        "Cost that the evidence does not state",
        "The line costs something, and the permit and its usage rows state no cost.",
        "Ask why the usage was not reported." }
    RECONCILE_DUPLICATE {
        "Second line of one call",
        "A gateway line of a call that has one already, or an invoice line that repeats another one.",
        "Find out whether the call was made or billed twice." }
    RECONCILE_CURRENCY {
        "Line in another currency",
        "The line's currency is not USD; amounts are not converted.",
        "Convert the line at the agreed rate, or ask for an invoice in USD." }
    RECONCILE_IDENTITY_CONFLICT {
        "Line belongs to two permits",
        "The line names one permit, and its response or request id is another one's.",
        "Treat the line as contradicted." }
    RECONCILE_SUM_DIFFERS {
        "Invoice lines of a period differ from its calls",
        "The lines of one provider, model and charge period were added and compared with the cost of the permits in it, beyond what their decimal places explain.",
        "List the calls of the period; ask the provider for the calls it billed." }
    RECONCILE_SUM_INCOMPLETE {
        "Not all calls of an invoice line are known",
        "A call in the period of the line has no permit, no gateway line, no stated cost or no time, so that no sum can show that the line is right.",
        "Clear up the calls without permit and the permits without cost of the period first." }
    RECONCILE_SUM_AMBIGUOUS {
        "Invoice lines whose calls cannot be told apart",
        "The lines are of one provider and model, and their periods overlap or their accounts or resources differ; no call states which of them bills it.",
        "Ask the provider for lines of disjoint periods, or for one line per call." }
}
