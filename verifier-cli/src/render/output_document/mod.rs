//! `verifier_output.v3.0`: a finished result that another verifier wrote (spec 15 section 5).
//!
//! A printer, not a verifier: nothing in the document is checked except its version and, for the tree, that the
//! edges form one. Every text is escaped for its medium.

mod graph;
mod json;
mod tree;

use verifier_core::json::Value;

use crate::render::escape;

pub(crate) use graph::{write_graph, write_html};
pub(crate) use json::write_json;
pub(crate) use tree::{Circle, Tree, write_tree};

/// A document of the known version.
#[derive(Clone, Copy)]
pub(crate) struct OutputDocument<'a> {
    root: Value<'a>,
}

/// Why a document cannot be printed.
pub(crate) enum Unprintable {
    /// It is no object.
    Shape,
    /// It has another version, given as JSON text.
    Version(String),
}

impl<'a> OutputDocument<'a> {
    pub(crate) fn of(root: Value<'a>) -> Result<Self, Unprintable> {
        if !root.is_object() {
            return Err(Unprintable::Shape);
        }
        match root.member("schema_version") {
            Some(version) if version.is_text("verifier_output.v3.0") => Ok(Self { root }),
            Some(version) => Err(Unprintable::Version(String::from_utf8_lossy(version.raw()).into_owned())),
            None => Err(Unprintable::Version("absent".to_owned())),
        }
    }

    fn list(self, name: &str) -> impl Iterator<Item = Value<'a>> {
        let list = self.root.path(&["evidence_graph", name]).and_then(Value::as_array);
        list.into_iter().flat_map(Value::items).filter(|item| item.is_object())
    }

    fn nodes(self) -> impl Iterator<Item = Value<'a>> {
        self.list("nodes")
    }

    fn edges(self) -> impl Iterator<Item = Value<'a>> {
        self.list("edges")
    }
}

/// A member as the reference prints it: `True`, `False`, `None`, text, or the JSON text of anything else.
fn shown(value: Option<Value<'_>>) -> String {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return "None".to_owned();
    };
    match (value.as_bool(), value.text()) {
        (Some(true), _) => "True".to_owned(),
        (Some(false), _) => "False".to_owned(),
        (None, Some(text)) => text.into_owned(),
        (None, None) => String::from_utf8_lossy(value.raw()).into_owned(),
    }
}

/// [`shown`] for the terminal.
fn escaped(value: Option<Value<'_>>) -> String {
    escape::text(&shown(value))
}
