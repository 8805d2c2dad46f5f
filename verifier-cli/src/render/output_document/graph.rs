//! The evidence graph in the DOT language and as a fragment of HTML.

use std::io::{self, Write};

use super::{OutputDocument, escaped};

/// Writes a DOT graph.
pub(crate) fn write_graph(document: &OutputDocument<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph keel_verifier_evidence {{")?;
    for node in document.nodes() {
        let lines =
            ["label", "trust_domain", "verification_outcome"].map(|name| label(&escaped(node.member(name))));
        writeln!(out, "  \"{}\" [label=\"{}\"];", dot(&escaped(node.member("id"))), lines.join("\\n"))?;
    }
    for edge in document.edges() {
        let [from, to] = ["from_id", "to_id"].map(|name| dot(&escaped(edge.member(name))));
        let lines = ["binding_type", "binding_hash"].map(|name| label(&escaped(edge.member(name))));
        writeln!(out, "  \"{from}\" -> \"{to}\" [label=\"{}\"];", lines.join("\\n"))?;
    }
    writeln!(out, "}}")
}

/// Writes a `<section>`.
pub(crate) fn write_html(document: &OutputDocument<'_>, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<section class=\"keel-verifier-output\" data-schema-version=\"verifier_output.v3.0\"><h2>Verifier outcome: {}</h2><ul>",
        html(&escaped(document.root.member("overall_outcome")))
    )?;
    for node in document.nodes() {
        let [name, outcome, domain] =
            ["label", "verification_outcome", "trust_domain"].map(|name| html(&escaped(node.member(name))));
        write!(out, "<li><strong>{name}</strong> <span>{outcome}</span> <code>{domain}</code></li>")?;
    }
    writeln!(out, "</ul></section>")
}

/// For a quoted DOT string.
fn dot(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A line of a DOT label, which may be shown as HTML.
fn label(text: &str) -> String {
    dot(&html(text))
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_quotes() {
        assert_eq!(dot(r#"a"b\"#), r#"a\"b\\"#);
        assert_eq!(label("<b>\"'\\"), "&lt;b&gt;&quot;&#x27;\\\\");
    }
}
