//! The evidence graph as an indented list.
//!
//! A node with two parents is printed under both, as the reference does. Circles, nodes that no root
//! reaches, and graphs whose list would exceed [`MOST_ROWS`] are refused before anything is printed.

use std::collections::BTreeMap;
use std::io::{self, Write};

use verifier_core::json::Value;

use super::{OutputDocument, escaped};

/// Rows of the longest list.
pub(crate) const MOST_ROWS: usize = 100_000;

/// The graph in the order of its list.
pub(crate) struct Tree<'a> {
    document: OutputDocument<'a>,
    rows: Vec<(usize, Value<'a>)>,
}

/// Why a graph has no list form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Circle {
    /// This node stands on a circle, or only behind one.
    At(String),
    /// Shared nodes multiply beyond the limit.
    TooLong,
}

impl<'a> Tree<'a> {
    pub(crate) fn of(document: OutputDocument<'a>) -> Result<Self, Circle> {
        let nodes: Vec<Value<'a>> = document.nodes().collect();
        let id = |value: Option<Value<'a>>| value.and_then(Value::text).map(std::borrow::Cow::into_owned);
        let ids: Vec<Option<String>> = nodes.iter().map(|node| id(node.member("id"))).collect();
        let mut position: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, id) in ids.iter().enumerate() {
            if let Some(id) = id {
                position.entry(id).or_insert(index);
            }
        }
        let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut is_child = vec![false; nodes.len()];
        for edge in document.edges() {
            let end = |name| id(edge.member(name)).and_then(|id| position.get(id.as_str()).copied());
            let Some(to) = end("to_id") else { continue };
            if let Some(slot) = is_child.get_mut(to) {
                *slot = true;
            }
            if let Some(from) = end("from_id") {
                children.entry(from).or_default().push(to);
            }
        }
        let mut walk = Walk { children: &children, path: Vec::new(), rows: Vec::new() };
        for (index, is_child) in is_child.iter().enumerate() {
            if !is_child {
                walk.list(index).map_err(|at| name_circle(at, &ids))?;
            }
        }
        let mut reached = vec![false; nodes.len()];
        for (_, index) in &walk.rows {
            if let Some(slot) = reached.get_mut(*index) {
                *slot = true;
            }
        }
        if let Some(lost) = reached.iter().position(|reached| !reached) {
            return Err(name_circle(Some(lost), &ids));
        }
        let rows =
            walk.rows.iter().filter_map(|(depth, index)| Some((*depth, *nodes.get(*index)?))).collect();
        Ok(Self { document, rows })
    }
}

fn name_circle(at: Option<usize>, ids: &[Option<String>]) -> Circle {
    match at {
        Some(index) => Circle::At(ids.get(index).cloned().flatten().unwrap_or_default()),
        None => Circle::TooLong,
    }
}

struct Walk<'c> {
    children: &'c BTreeMap<usize, Vec<usize>>,
    path: Vec<(usize, std::slice::Iter<'c, usize>)>,
    rows: Vec<(usize, usize)>,
}

impl Walk<'_> {
    /// Lists everything below a root. The error names a node on a circle, or none when the list is too long.
    fn list(&mut self, root: usize) -> Result<(), Option<usize>> {
        self.enter(root)?;
        while let Some((_, rest)) = self.path.last_mut() {
            match rest.next().copied() {
                Some(child) => self.enter(child)?,
                None => drop(self.path.pop()),
            }
        }
        Ok(())
    }

    fn enter(&mut self, node: usize) -> Result<(), Option<usize>> {
        if self.path.iter().any(|(above, _)| *above == node) {
            return Err(Some(node));
        }
        if self.rows.len() >= MOST_ROWS {
            return Err(None);
        }
        self.rows.push((self.path.len(), node));
        let below = self.children.get(&node).map(Vec::as_slice).unwrap_or_default();
        self.path.push((node, below.iter()));
        Ok(())
    }
}

/// Writes the list; `plain` avoids the branch character.
pub(crate) fn write_tree(tree: &Tree<'_>, plain: bool, out: &mut dyn Write) -> io::Result<()> {
    let root = tree.document.root;
    writeln!(out, "Verifier output verifier_output.v3.0 - {}", escaped(root.member("overall_outcome")))?;
    let health = |name: &str| escaped(root.path(&["verifier", name]));
    writeln!(
        out,
        "Health: parse {} · signature {} · binding {} · policy {} · replay_authoritative {}",
        health("parse_valid"),
        health("signature_valid"),
        health("binding_valid"),
        health("policy_satisfied"),
        health("replay_check_authoritative")
    )?;
    let execution = |name: &str| escaped(root.path(&["execution", name]));
    writeln!(
        out,
        "Execution: {} (permit={}, rail={}, settlement={})",
        execution("primary_outcome"),
        execution("permit_outcome"),
        execution("rail_outcome"),
        execution("settlement_status")
    )?;
    let compatibility = root.member("semantics_compatibility").and_then(Value::as_object);
    let differs = |found: &Value<'_>| !found.member("status").is_some_and(|status| status.is_text("current"));
    if let Some(compatibility) = compatibility.filter(differs) {
        writeln!(
            out,
            "[WARN] Semantics version mismatch record={} verifier={}",
            escaped(compatibility.member("record_version")),
            escaped(compatibility.member("verifier_max_supported"))
        )?;
    }
    let branch = if plain { "-" } else { "├─" };
    tree.rows.iter().try_for_each(|(depth, node)| write_node(*node, depth.saturating_mul(2), branch, out))
}

fn write_node(node: Value<'_>, indent: usize, branch: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut line = format!(
        "{:indent$}{branch} {} [{}] trust_domain={}",
        "",
        escaped(node.member("label")),
        escaped(node.member("verification_outcome")),
        escaped(node.member("trust_domain"))
    );
    for (label, name) in
        [("severity", "severity"), ("provider", "provider"), ("rail", "rail_class"), ("signer", "signer_id")]
    {
        if let Some(value) = node.member(name).filter(|value| value.is_truthy()) {
            line.push_str(&format!(" {label}={}", escaped(Some(value))));
        }
    }
    writeln!(out, "{}", line.trim_end())?;
    let Some(details) = node.member("details").and_then(Value::as_object) else { return Ok(()) };
    let indent = indent.saturating_add(2);
    for name in ["replay_class", "key_state_reason", "binding_reason", "timing_reason"] {
        if let Some(value) = details.member(name).filter(|value| value.is_truthy()) {
            writeln!(out, "{:indent$}{name}: {}", "", escaped(Some(value)))?;
        }
    }
    let findings = details.member("rendered_findings").and_then(Value::as_array);
    for finding in findings.into_iter().flat_map(Value::items).filter(|finding| finding.is_object()) {
        let truthy = |name: &str| finding.member(name).filter(|value| value.is_truthy());
        let outcome = finding.member("outcome");
        let badge = match truthy("badge") {
            Some(badge) => escaped(Some(badge)),
            None => format!("[{}]", escaped(outcome)),
        };
        let title = escaped(truthy("title").or(outcome));
        let reason = truthy("reason").map(|reason| format!(" reason={}", escaped(Some(reason))));
        writeln!(out, "{:indent$}finding {badge}: {title}{}", "", reason.unwrap_or_default())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use verifier_core::bytes::{Blob, Limits};
    use verifier_core::json::{Document, ParserLimits};

    use super::*;

    fn circle(nodes: &[&str], edges: &[(&str, &str)]) -> Option<Circle> {
        let nodes: Vec<String> = nodes.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
        let edges: Vec<String> =
            edges.iter().map(|(from, to)| format!(r#"{{"from_id":"{from}","to_id":"{to}"}}"#)).collect();
        let text = format!(
            r#"{{"schema_version":"verifier_output.v3.0","evidence_graph":{{"nodes":[{}],"edges":[{}]}}}}"#,
            nodes.join(","),
            edges.join(",")
        );
        let document =
            Document::parse(Blob::new(text.into_bytes()), ParserLimits::from(&Limits::default())).unwrap();
        Tree::of(OutputDocument::of(document.root()).ok().unwrap()).err()
    }

    #[test]
    fn circles_are_named_and_forests_are_not() {
        assert_eq!(circle(&["a", "b", "c"], &[("a", "b"), ("a", "c"), ("b", "c")]), None);
        assert_eq!(circle(&["a", "b"], &[("a", "b"), ("b", "b")]), Some(Circle::At("b".into())));
        assert_eq!(
            circle(&["r", "a", "b"], &[("r", "a"), ("a", "b"), ("b", "a")]),
            Some(Circle::At("a".into()))
        );
        assert_eq!(circle(&["r", "a", "b"], &[("a", "b"), ("b", "a")]), Some(Circle::At("a".into())));
    }

    #[test]
    fn shared_nodes_cannot_multiply_without_end() {
        let ids: Vec<String> = (0..40).map(|index| format!("n{index}")).collect();
        let nodes: Vec<&str> = ids.iter().map(String::as_str).collect();
        let edges: Vec<(&str, &str)> =
            nodes.windows(2).flat_map(|pair| [(pair[0], pair[1]), (pair[0], pair[1])]).collect();
        assert_eq!(circle(&nodes, &edges), Some(Circle::TooLong));
    }
}
