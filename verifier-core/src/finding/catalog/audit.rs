//! Populations across archives, differences between two exports, and checkpoint cards.

crate::codes! {
    AUDIT_POPULATION_COMPLETE {
        "Population complete",
        "Every number of the chain within the audited population is held by an archive that verified, all archives agree on every record, and something outside the records binds both ends.",
        "Nothing to do; the audit states which ends it means and what binds them." }
    AUDIT_SET_NOT_VERIFIED {
        "An archive did not verify",
        "The chain entries of an archive that did not verify do not count towards a population.",
        "Look at the archive's own findings with keel-verify verify." }
    AUDIT_RANGE_NOT_VERIFIED {
        "Records only in an archive that did not verify",
        "Numbers of the population occur only in archives that did not verify, so that it is open whether these are the records.",
        "Repair what is wrong with the archive, or ask for another copy of the stretch." }
    AUDIT_RECORDS_MISSING {
        "Numbers of the chain are missing",
        "A chain counts without gaps. The archives before and after the gap hold the chain's numbers, and no archive holds those between.",
        "Ask for the missing stretch; an archive or some of its records were left out." }
    AUDIT_HEAD_NOT_SHOWN {
        "The beginning of the population is open",
        "The first record held is not the first of the chain, and nothing shows that the records before it precede the audited period.",
        "Give the preceding archive, an earlier timestamped checkpoint, or state with --from where the period begins." }
    AUDIT_TAIL_MISSING {
        "Records at the end are missing",
        "A signed checkpoint, or an earlier run of this audit, names a record of the chain with a higher number than any record held.",
        "Ask for the records up to that number." }
    AUDIT_TAIL_UNBOUND {
        "The end of the population is open",
        "Nothing outside the records says how far the chain went, so records at the end can have been left out unnoticed.",
        "Give a signed checkpoint of the chain, or an archive that reaches beyond the period stated with --to." }
    AUDIT_BEYOND_LAST_BOUND {
        "Records after the last bound",
        "Records are held beyond the last number that a checkpoint names; the population is judged up to that number.",
        "Give a later checkpoint if the records after it are to count." }
    AUDIT_SCOPE_MISSING {
        "No record of a chain",
        "An expected chain, or one that a signed checkpoint names, has no record in any archive.",
        "Ask for the archives of that chain." }
    AUDIT_INPUT_GONE {
        "An archive of an earlier run is missing",
        "The state of an earlier run lists evidence that is not among the inputs of this run.",
        "Give all archives of the period again, or start with a new state file if it was left out on purpose." }
    AUDIT_CHAIN_FORK {
        "The chain forks",
        "Two different records name the same predecessor. A hash chain has one successor for each record.",
        "Two histories exist; ask the issuer which one is true and why the other was signed." }
    AUDIT_CHAIN_REWRITTEN {
        "A stretch of the chain exists in two versions",
        "Two signed archives hold different records under the same numbers, with different predecessors.",
        "One of the two histories was written afterwards; compare both with checkpoints from their time." }
    AUDIT_LINK_BROKEN {
        "Archives do not join",
        "The first record of an archive names another predecessor than the record that another archive holds under the number before.",
        "One of the two archives is of another history; compare both with a checkpoint." }
    AUDIT_CHECKPOINT_CONFLICT {
        "A checkpoint knows another record",
        "A signed checkpoint, or an earlier run of this audit, names another record hash for a number that an archive holds.",
        "The records up to that number were rewritten, or the checkpoint is of another history." }
    AUDIT_CHECKPOINTS_DISAGREE {
        "Two checkpoints disagree",
        "Two signed checkpoints name different record hashes for one number of one chain.",
        "Two histories were shown; both checkpoints together prove it." }
    AUDIT_ARCHIVE_CONFLICT {
        "An archive that did not verify holds other records",
        "An archive that did not verify holds other records than a verified one under the same numbers. It proves nothing about them.",
        "Find out where the archive comes from." }
    AUDIT_RECORDS_WITHHELD {
        "Records are known by hash only",
        "The archives account for these numbers by entries that stand for what an export left out; the records themselves are not disclosed.",
        "Ask for an export without the filter, or audit the declared scope of the export." }
    AUDIT_ENTRY_UNUSABLE {
        "Entries that cannot be placed",
        "Entries of an archive have record hashes that do not recompute, so they count for no number.",
        "Look at the archive's own findings." }
    AUDIT_NOTHING_TO_JUDGE {
        "No chain to judge",
        "No archive holds chain entries, no checkpoint names a chain, and no chain is expected.",
        "Give exports with their chain entries." }
    AUDIT_INPUT_CHANGED {
        "A file changed during the audit",
        "The bytes that were verified are not those whose digest was taken before.",
        "Run the audit again on files that nothing writes to." }
    AUDIT_STATE_REFUSED {
        "State file refused",
        "The state file is not of the documented form, or its signature is not that of the key given.",
        "Use the key that the state was written with, or begin a new state file; nothing of it was used." }
    AUDIT_STATE_KEY_INVALID {
        "State key unreadable",
        "The key for the state file must be an Ed25519 private key in PEM (PKCS #8).",
        "Make one with openssl genpkey -algorithm ed25519 and keep it with you." }
    AUDIT_STATE_UNWRITABLE {
        "State file cannot be written",
        "The state could not be written beside its place and moved there.",
        "Name a file in a folder that can be written; what stood there before was kept." }
    DIFF_EQUAL {
        "No difference",
        "Both exports verified and hold the same records and members.",
        "Nothing to do." }
    DIFF_CONTENT_DIFFERS {
        "The exports differ",
        "Records or members of the two exports are not the same.",
        "Look at the first differing entry, and ask which export is true." }
    DIFF_NOT_VERIFIED {
        "An export did not verify",
        "Only exports that verify can be said to be equal; differences are listed as claimed.",
        "Look at the export's own findings with keel-verify verify." }
    DIFF_NOT_READABLE {
        "An export cannot be compared",
        "The payload could not be read to its end as JSON, or holds more records than are compared.",
        "Give the export as JSON, or ask for it in smaller parts." }
    DIFF_SET_NOT_COMPARED {
        "Evidence beside the export was not compared",
        "A folder or archive holds further evidence besides the export; a comparison is of the two exports only.",
        "Verify the whole folder with keel-verify; compare further exports one by one." }
    CARD_INVALID {
        "Not a checkpoint card",
        "A card has a fixed form with a checksum; this text departs from it.",
        "Ask for the card again, as a file; nothing of it was used." }
    CARD_SAME {
        "Same heads",
        "Both show the same last record of every chain.",
        "Nothing to do." }
    CARD_CONSISTENT {
        "One history extends the other",
        "For every chain that both show, the earlier head is a record of the later history.",
        "Nothing to do." }
    CARD_SPLIT_VIEW {
        "Two histories",
        "The card and the evidence state different records for one number of one chain.",
        "Keep both: together they show that different histories were presented." }
    CARD_NOT_COMPARABLE {
        "Heads cannot be compared",
        "The evidence does not hold the record that the card names, shares no chain with it, or contradicts itself.",
        "Compare with an archive that reaches as far as the card." }
    CARD_CONTRADICTS_ITSELF {
        "Card contradicts the records that it names",
        "The last record is the same, and the hash of it covers its number and time; the card states another beginning or other times of the same records.",
        "Ask for the card again; whoever made it did not make it with this program from these records." }
    CARD_CHAIN_NOT_NAMED {
        "Chain is not on the card",
        "The evidence holds a chain that the card does not name, so nothing is known about what its maker was shown of it.",
        "Ask whether the maker of the card was given this chain, or compare the chains that the card is about only." }
    CARD_KEYS_DIFFER {
        "Other signing keys than on the card",
        "The keys that signed the evidence are not those that the card names. One history can be signed by several keys.",
        "Ask which keys signed the other archive if it matters." }
}
