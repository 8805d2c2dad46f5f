//! Where decision bindings stand in an export (spec 21 section 1.1).
//!
//! The reference judges the first hit in this order and no other: export member `permit_decision`, export
//! member `permit_decision_binding`, the export itself, then entry by entry. Here every hit is given, in
//! that order.

use crate::format::binding::ARTIFACT_TYPE;
use crate::json::Value;

/// A value in a place where a decision binding is expected.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The value, an object.
    pub value: Value<'a>,
    path: [Option<&'static str>; 2],
}

impl<'a> Found<'a> {
    fn at(value: Option<Value<'a>>, path: [Option<&'static str>; 2]) -> Option<Self> {
        value.and_then(Value::as_object).map(|value| Self { value, path })
    }

    /// RFC 6901 pointer from the export or the entry that was searched.
    #[must_use]
    pub fn pointer(&self) -> String {
        self.path.iter().flatten().flat_map(|name| ["/", name]).collect()
    }
}

/// Bindings among the top-level members of an export; `member` looks one up by name.
pub fn in_export<'a>(member: impl Fn(&str) -> Option<Value<'a>>) -> impl Iterator<Item = Found<'a>> {
    ["permit_decision", "permit_decision_binding"]
        .map(|name| Found::at(member(name), [Some(name), None]))
        .into_iter()
        .flatten()
}

/// Bindings in one entry: a chain entry, a record without chain entries, or an export that is itself a
/// binding.
pub fn in_entry(entry: Value<'_>) -> impl Iterator<Item = Found<'_>> {
    let holder = ["payload_json", "payload"]
        .into_iter()
        .find_map(|name| Some((name, entry.member(name).and_then(Value::as_object)?)));
    let inside = |name: &'static str| {
        holder.and_then(|(at, payload)| Found::at(payload.member(name), [Some(at), Some(name)]))
    };
    [
        inside("permit_decision"),
        inside("permit_decision_binding"),
        inside("decision_binding"),
        holder.and_then(|(at, payload)| Found::at(binding(payload), [Some(at), None])),
        Found::at(binding(entry), [None, None]),
    ]
    .into_iter()
    .flatten()
}

/// The entries of one record, with their position: its chain entries where it has an array of them, else
/// the record itself.
pub fn entries(record: Value<'_>) -> impl Iterator<Item = (Option<usize>, Value<'_>)> {
    let list = record.member("chain_entries").and_then(Value::as_array);
    let own = list.is_none().then_some((None, record));
    let listed = list.into_iter().flat_map(Value::items).enumerate();
    listed.map(|(position, entry)| (Some(position), entry)).chain(own).filter(|(_, entry)| entry.is_object())
}

fn binding(value: Value<'_>) -> Option<Value<'_>> {
    value.member("artifact_type").filter(|kind| kind.is_text(ARTIFACT_TYPE)).map(|_| value)
}
