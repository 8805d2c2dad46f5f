//! Every single change of a JSON document: each scalar to another of its kind, each member and item removed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Number, Value};

/// One step from a value to a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
}

/// What is done to one place.
#[derive(Clone, Debug)]
enum Change {
    Replace(Value),
    Remove,
}

/// One change of one place.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    path: Vec<Step>,
    /// The kind of the innermost event around the place.
    event: String,
    change: Change,
}

impl Edit {
    /// All edits of `document`, in document order.
    pub(crate) fn all(document: &Value) -> Vec<Self> {
        let mut edits = Vec::new();
        collect(document, "", &mut Vec::new(), &mut edits);
        edits
    }

    /// Those at the first, the middle and the last position of each place in each kind of event, because the checks
    /// of equal events differ at most at the ends of a list.
    pub(crate) fn sample(document: &Value) -> Vec<Self> {
        let mut classes: BTreeMap<(String, String), Vec<Vec<Self>>> = BTreeMap::new();
        for edit in Self::all(document) {
            let class = classes.entry((edit.place(), edit.event.clone())).or_default();
            match class.last_mut() {
                Some(last) if last[0].path == edit.path => last.push(edit),
                _ => class.push(vec![edit]),
            }
        }
        let chosen = |class: Vec<Vec<Self>>| {
            let ends = BTreeSet::from([0, class.len() / 2, class.len() - 1]);
            class
                .into_iter()
                .enumerate()
                .filter(move |(at, _)| ends.contains(at))
                .flat_map(|(_, edits)| edits)
        };
        classes.into_values().flat_map(chosen).collect()
    }

    /// Those at the first position of each place.
    pub(crate) fn first_of_each(mut edits: Vec<Self>) -> Vec<Self> {
        let mut first: BTreeMap<String, Vec<Step>> = BTreeMap::new();
        edits.retain(|edit| *first.entry(edit.place()).or_insert_with(|| edit.path.clone()) == edit.path);
        edits
    }

    pub(crate) fn is_removal(&self) -> bool {
        matches!(self.change, Change::Remove)
    }

    /// The place, with `*` for every position in an array.
    pub(crate) fn place(&self) -> String {
        let step = |step: &Step| match step {
            Step::Member(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
            Step::Item(_) => "/*".to_owned(),
        };
        self.path.iter().map(step).collect()
    }

    /// The exact place, for messages.
    pub(crate) fn exact(&self) -> String {
        let step = |step: &Step| match step {
            Step::Member(name) => format!("/{name}"),
            Step::Item(at) => format!("/{at}"),
        };
        let place: String = self.path.iter().map(step).collect();
        match &self.change {
            Change::Remove => format!("{place} removed"),
            Change::Replace(value) => format!("{place} = {value}"),
        }
    }

    /// The name of the top-level member that the edit lies in.
    pub(crate) fn member(&self) -> &str {
        match self.path.first() {
            Some(Step::Member(name)) => name,
            _ => "",
        }
    }

    /// The edit that puts this text in the same place.
    pub(crate) fn replacing(&self, text: &str) -> Self {
        Self { change: Change::Replace(text.into()), ..self.clone() }
    }

    /// The document with this change.
    pub(crate) fn apply(&self, document: &Value) -> Value {
        let mut document = document.clone();
        let (last, parents) = self.path.split_last().unwrap();
        let parent = parents.iter().fold(&mut document, |value, step| match step {
            Step::Member(name) => &mut value[name.as_str()],
            Step::Item(at) => &mut value[*at],
        });
        match (last, &self.change) {
            (Step::Member(name), Change::Replace(value)) => parent[name.as_str()] = value.clone(),
            (Step::Item(at), Change::Replace(value)) => parent[*at] = value.clone(),
            (Step::Member(name), Change::Remove) => drop(parent.as_object_mut().unwrap().remove(name)),
            (Step::Item(at), Change::Remove) => drop(parent.as_array_mut().unwrap().remove(*at)),
        }
        document
    }
}

fn collect(value: &Value, event: &str, path: &mut Vec<Step>, edits: &mut Vec<Edit>) {
    let event = value.get("event_type").and_then(Value::as_str).unwrap_or(event);
    if !path.is_empty() {
        let changes = others(value).into_iter().map(Change::Replace).chain([Change::Remove]);
        edits.extend(changes.map(|change| Edit { path: path.clone(), event: event.to_owned(), change }));
    }
    let mut inside = |step, value| {
        path.push(step);
        collect(value, event, path, edits);
        path.pop();
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| inside(Step::Member(name.clone()), value));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| inside(Step::Item(at), value));
        }
        _ => {}
    }
}

/// Other values that a reader could take for the real one.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![Value::from("x")],
        Value::Bool(is_set) => vec![Value::from(!is_set)],
        Value::Number(number) => vec![Value::Number(more(number))],
        Value::String(text) => {
            let mut others = vec![Value::from(similar(text))];
            others.extend(opposite(text).map(Value::from));
            others
        }
        Value::Array(_) | Value::Object(_) => Vec::new(),
    }
}

fn more(number: &Number) -> Number {
    match number.as_i64() {
        Some(whole) => Number::from(whole + 1),
        None => Number::from_f64(number.as_f64().unwrap() + 1.0).unwrap(),
    }
}

/// The text with one character in its middle replaced by a neighbour of the same class, so that dates stay dates
/// and digests stay digests.
fn similar(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let middle = characters.len() / 2;
    let found = (middle..characters.len())
        .chain((0..middle).rev())
        .find(|at| characters[*at].is_ascii_alphanumeric());
    let Some(at) = found else { return format!("{text}x") };
    let neighbour = match characters[at] {
        '9' => '8',
        'f' => 'e',
        'z' => 'y',
        'Z' => 'Y',
        other => char::from_u32(u32::from(other) + 1).unwrap(),
    };
    characters
        .iter()
        .enumerate()
        .map(|(position, own)| if position == at { neighbour } else { *own })
        .collect()
}

/// Words that mean something else and are just as valid.
fn opposite(text: &str) -> Option<&'static str> {
    let pairs = [
        ("allow", "deny"),
        ("deny", "allow"),
        ("throttle", "allow"),
        ("success", "failure"),
        ("closed", "dispatched"),
        ("dispatched", "closed"),
        ("issued", "closed"),
        ("expired", "closed"),
        ("timeout", "closed"),
        ("active", "retired"),
        ("committed", "reserved"),
        ("reserved", "committed"),
        ("reserve", "commit"),
        ("commit", "reserve"),
        ("unverified", "verified"),
        ("info", "critical"),
        ("v1", "v2"),
        ("v7", "v6"),
        ("v5", "v4"),
        ("closure_v2", "closure_v1"),
        ("json", "jsonl"),
        ("jsonl", "json"),
        ("pinned", "legacy_unpinned"),
        ("export_signing", "permit_binding_signing"),
        ("permit_binding_signing", "export_signing"),
    ];
    pairs.iter().find(|(word, _)| *word == text).map(|(_, other)| *other)
}
