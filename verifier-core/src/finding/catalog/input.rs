//! Reading the input: containers, limits and JSON.

crate::codes! {
    INPUT_UNREADABLE {
        "Input cannot be read",
        "The operating system or the container format refused to give the bytes.",
        "Check the path and the permissions, or ask for the file again." }
    INPUT_LIMIT_EXCEEDED {
        "A limit was reached",
        "The input is larger, deeper or more compressed than the limit named in the message; nothing beyond the limit was read.",
        "If the size is genuine, raise the named limit and run again." }
    INPUT_STRUCTURE_INVALID {
        "A value has a type that the format does not allow",
        "A member that decides how the evidence is read holds a value of another type than the format defines.",
        "Treat the evidence as malformed and ask the issuer for a correct export." }
    INPUT_LEFTOVER {
        "A file belongs to no evidence that was recognised",
        "The archive or folder contains a file that no check looked at.",
        "Decide whether the file matters; name it explicitly if it is evidence." }
    INPUT_AMBIGUOUS {
        "Readers of the container can see different evidence",
        "The container holds a name twice, a link, bytes outside its members, or otherwise has two readings, so that what was verified here may not be what another reader unpacks.",
        "Ask for the evidence in a plain folder or in a container written anew." }
    INPUT_PATH_UNSAFE {
        "A path points outside the evidence",
        "A file named by the evidence is absolute, climbs to a parent folder or leaves the folder through a link; it was not opened.",
        "Ask the issuer for evidence whose files lie beside it." }
    JSON_SYNTAX_INVALID {
        "Not a JSON document",
        "The bytes violate RFC 8259 at the stated offset.",
        "Ask for the file again; if it stays malformed, it cannot be evidence." }
    DUPLICATE_JSON_KEY {
        "A member name occurs twice in one object",
        "JSON readers disagree about which of two equal member names counts, so what a person is shown may differ from what was hashed.",
        "Ask the issuer for an export without repeated names." }
    JSON_NON_FINITE_NUMBER {
        "A number without a finite value",
        "NaN, Infinity and numbers beyond the range of a double have no agreed meaning in JSON.",
        "Ask the issuer for an export without such numbers." }
    JSON_UNPAIRED_SURROGATE {
        "A string holds half of a surrogate pair",
        "The escape names a code unit that is not a character, so the string has no UTF-8 form and cannot be hashed.",
        "Ask the issuer for an export with valid strings." }
    JSON_UNSAFE_INTEGER {
        "An integer that a double cannot hold",
        "The integer is beyond 2^53 − 1; readers that use doubles see another value. Its digits were used as written.",
        "Compare the figure with a reader that keeps integers exact." }
    KIND_NOT_VERIFIED {
        "Evidence of this kind is not verified on its own",
        "The file was recognised by its content, but no check of this release evaluates it by itself.",
        "Verify it together with the export it belongs to, or use a release that supports it." }
    INTERNAL_ERROR {
        "The verifier failed",
        "A check stopped for a reason inside this program; its result is unknown.",
        "Report the problem with the input, and do not rely on this run." }
}
