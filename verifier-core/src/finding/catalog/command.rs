//! Codes of commands that verify nothing themselves: printing documents, and what this release leaves out.

crate::codes! {
    NOT_IMPLEMENTED_YET {
        "Not part of this release",
        "The command or check that was asked for exists in the specification, but not in this release; nothing was compared.",
        "Use a later release, and do not count this run as a result." }
    RENDER_INPUT_INVALID {
        "Not a document that can be printed",
        "The file is not a JSON object of the form that verifier_output.v3.0 describes.",
        "Give the output file of a verifier that produces verifier_output.v3.0." }
    RENDER_SCHEMA_UNSUPPORTED {
        "Unknown document version",
        "The document's schema_version is not verifier_output.v3.0.",
        "Use a release that knows the version named in the message." }
    RENDER_GRAPH_CYCLE {
        "The evidence graph runs in a circle",
        "Following the edges from a node leads back to it, or to nodes that no root reaches, so the graph has no tree form.",
        "Treat the document as malformed; print it with --format json to inspect it." }
}
