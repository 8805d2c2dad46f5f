//! The values of a JSON file with their places, so that one of them can be changed in the bytes.

use std::ops::Range;

use crate::canon::write_string;
use crate::json::{Document, Kind, Value};

/// A value of the file.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// JSON pointer.
    pub(super) pointer: String,
    /// Its bytes.
    pub(super) span: Range<usize>,
    /// What it is.
    pub(super) kind: Kind,
    /// Its name in an object.
    pub(super) name: Option<String>,
    /// Nodes directly in it.
    pub(super) children: Vec<usize>,
}

/// Every value of a document, holders before what they hold; at most `limit`.
pub(super) fn of(document: &Document, limit: usize) -> Vec<Node> {
    let mut nodes = Vec::new();
    add(document.root(), String::new(), None, None, limit, &mut nodes);
    nodes
}

fn add(
    value: Value<'_>,
    pointer: String,
    holder: Option<usize>,
    name: Option<String>,
    limit: usize,
    nodes: &mut Vec<Node>,
) {
    if nodes.len() >= limit {
        return;
    }
    let at = nodes.len();
    let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
    let span = value.span();
    let span = place(span.start)..place(span.end);
    nodes.push(Node { pointer: pointer.clone(), span, kind: value.kind(), name, children: Vec::new() });
    if let Some(holder) = holder.and_then(|holder| nodes.get_mut(holder)) {
        holder.children.push(at);
    }
    match value.kind() {
        Kind::Object => {
            for member in value.members() {
                let name = member.name().into_owned();
                let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                add(member.value, below, Some(at), Some(name), limit, nodes);
            }
        }
        Kind::Array => {
            for (index, item) in value.items().enumerate() {
                add(item, format!("{pointer}/{index}"), Some(at), None, limit, nodes);
            }
        }
        _ => {}
    }
}

/// One member as it is written: `"name":value`.
pub(super) fn member(name: &str, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_string(name, &mut out);
    out.push(b':');
    out.extend_from_slice(value);
    out
}

/// An object or array of parts that are written already.
pub(super) fn joined(kind: Kind, parts: &[Vec<u8>]) -> Vec<u8> {
    let (open, close) = if kind == Kind::Object { (b'{', b'}') } else { (b'[', b']') };
    let mut out = vec![open];
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(part);
    }
    out.push(close);
    out
}
