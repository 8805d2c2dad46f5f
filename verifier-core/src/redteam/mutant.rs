//! One change (see [`super`]).

use super::node::{self, Node};
use super::target::{File, Target};
use crate::crypto::sha256;
use crate::json::Kind;
use crate::sample::Stream;
use crate::time::Timestamp;

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A bit of the file is turned.
    Bit,
    /// The file is cut short.
    Cut,
    /// A text, number, flag or null becomes another.
    Value,
    /// A time is moved by a second.
    Time,
    /// A character of a signature, key or digest becomes another.
    Proof,
    /// A member is left out.
    MemberRemoved,
    /// A member gets another name.
    MemberRenamed,
    /// A member is added.
    MemberAdded,
    /// A member is written twice, with another value.
    MemberRepeated,
    /// An item is left out.
    ItemRemoved,
    /// An item is there twice.
    ItemRepeated,
    /// Two neighbouring items change places.
    ItemsSwapped,
}

impl Class {
    /// All classes, in the order of the stream's numbers.
    pub const ALL: [Self; 12] = [
        Self::Bit,
        Self::Cut,
        Self::Value,
        Self::Time,
        Self::Proof,
        Self::MemberRemoved,
        Self::MemberRenamed,
        Self::MemberAdded,
        Self::MemberRepeated,
        Self::ItemRemoved,
        Self::ItemRepeated,
        Self::ItemsSwapped,
    ];

    /// Its name in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bit => "bit",
            Self::Cut => "cut",
            Self::Value => "value",
            Self::Time => "time",
            Self::Proof => "proof",
            Self::MemberRemoved => "member_removed",
            Self::MemberRenamed => "member_renamed",
            Self::MemberAdded => "member_added",
            Self::MemberRepeated => "member_repeated",
            Self::ItemRemoved => "item_removed",
            Self::ItemRepeated => "item_repeated",
            Self::ItemsSwapped => "items_swapped",
        }
    }
}

/// A changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// What was done.
    pub class: Class,
    /// Which file.
    pub file: usize,
    /// JSON pointer of the place; empty for the file as a whole.
    pub pointer: String,
    /// In words.
    pub what: String,
    /// The file's bytes.
    pub bytes: Vec<u8>,
}

/// Files, classes and places that are tried for one mutant; small files have no place for some classes.
const TRIES: usize = 32;

/// Mutant `number`; `None` where nothing fits, such as in evidence of empty files.
#[must_use]
pub(super) fn make(target: &Target, seed: &str, number: u64) -> Option<Mutant> {
    let mut stream = Stream::new(sha256(format!("keel.redteam/v1\n{seed}\n{number}\n").as_bytes()));
    let below = |stream: &mut Stream, count: usize| {
        usize::try_from(stream.below(u64::try_from(count).unwrap_or(u64::MAX))).unwrap_or(0)
    };
    for _ in 0..TRIES {
        let file = below(&mut stream, target.files().len());
        let class = *Class::ALL.get(below(&mut stream, Class::ALL.len()))?;
        let place = stream.word();
        let detail = stream.word();
        let Some(own) = target.files().get(file) else { continue };
        if let Some((pointer, what, bytes)) = apply(own, class, place, detail)
            && bytes != own.bytes
        {
            return Some(Mutant { class, file, pointer, what, bytes });
        }
    }
    None
}

type Changed = (String, String, Vec<u8>);

fn pick(place: u64, count: usize) -> Option<usize> {
    usize::try_from(place.checked_rem(u64::try_from(count).ok()?)?).ok()
}

fn apply(file: &File, class: Class, place: u64, detail: u64) -> Option<Changed> {
    match class {
        Class::Bit => {
            let at = pick(place, file.bytes.len())?;
            let bit = pick(detail, 8)?;
            let mut bytes = file.bytes.clone();
            *bytes.get_mut(at)? ^= 1 << bit;
            // Where a bit of the text lies is said by the innermost value around it.
            let inner =
                file.nodes.iter().filter(|node| node.span.contains(&at)).min_by_key(|node| node.span.len());
            let pointer = inner.map_or(String::new(), |node| node.pointer.clone());
            Some((pointer, format!("bit {bit} of byte {at}"), bytes))
        }
        Class::Cut => {
            let at = pick(place, file.bytes.len())?;
            Some((String::new(), format!("cut after {at} bytes"), file.bytes.get(..at)?.to_vec()))
        }
        Class::Value => leaf(file, place, |_, raw| other_value(raw, detail)),
        Class::Time => leaf(file, place, |_, raw| other_time(raw)),
        Class::Proof => leaf(file, place, |_, raw| other_proof(raw, detail)),
        Class::MemberRemoved | Class::MemberRenamed | Class::MemberAdded | Class::MemberRepeated => {
            object(file, class, place, detail)
        }
        Class::ItemRemoved | Class::ItemRepeated | Class::ItemsSwapped => array(file, class, place, detail),
    }
}

fn replaced(file: &File, node: &Node, with: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = file.bytes.get(..node.span.start)?.to_vec();
    bytes.extend_from_slice(with);
    bytes.extend_from_slice(file.bytes.get(node.span.end..)?);
    Some(bytes)
}

/// Changes the first value from a place on that `change` takes.
fn leaf(
    file: &File,
    place: u64,
    change: impl Fn(&Node, &str) -> Option<(String, &'static str)>,
) -> Option<Changed> {
    let count = file.nodes.len();
    let from = pick(place, count)?;
    let order = file.nodes.get(from..)?.iter().chain(file.nodes.get(..from)?);
    for node in order.filter(|node| !matches!(node.kind, Kind::Object | Kind::Array)).take(256) {
        let raw = std::str::from_utf8(file.bytes.get(node.span.clone())?).ok()?;
        if let Some((with, what)) = change(node, raw) {
            return Some((node.pointer.clone(), what.to_owned(), replaced(file, node, with.as_bytes())?));
        }
    }
    None
}

fn text(raw: &str) -> Option<&str> {
    raw.strip_prefix('"')?.strip_suffix('"')
}

fn other_value(raw: &str, detail: u64) -> Option<(String, &'static str)> {
    Some(match (text(raw), raw) {
        (Some(text), _) => match detail % 3 {
            0 => (format!("\"{text}x\""), "a text is longer"),
            1 => ("\"\"".to_owned(), "a text is empty"),
            _ => ("null".to_owned(), "a text is null"),
        },
        (None, "true") => ("false".to_owned(), "a flag is turned"),
        (None, "false") => ("true".to_owned(), "a flag is turned"),
        (None, "null") => ("0".to_owned(), "a null is a number"),
        (None, number) if number.contains(['.', 'e', 'E']) => (format!("{number}1"), "a number is another"),
        (None, number) => {
            let number: i128 = number.parse().ok()?;
            let by = if detail.is_multiple_of(2) { 1 } else { -1 };
            ((number + by).to_string(), "a number is another")
        }
    })
}

fn other_time(raw: &str) -> Option<(String, &'static str)> {
    let time = Timestamp::parse(text(raw)?)?;
    let moved = Timestamp::from_unix_micros(time.unix_micros().checked_add(1_000_000)?)?;
    Some((format!("\"{}\"", moved.text()), "a time is a second later"))
}

fn other_proof(raw: &str, detail: u64) -> Option<(String, &'static str)> {
    let text = text(raw)?;
    let is_hex = |text: &str| text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let body = text.rsplit(':').next()?;
    let is_base64 =
        body.len() >= 40 && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    if !is_hex(body) && !is_base64 {
        return None;
    }
    let start = text.len().checked_sub(body.len())?;
    let at = start + pick(detail, body.trim_end_matches('=').len())?;
    let old = *text.as_bytes().get(at)?;
    let new = match old {
        b'0' => '1',
        b'a' => 'b',
        _ if is_hex(body) => '0',
        _ => 'A',
    };
    let new = if u32::from(new) == u32::from(old) { 'B' } else { new };
    Some((
        format!("\"{}{new}{}\"", text.get(..at)?, text.get(at + 1..)?),
        "a character of a proof is another",
    ))
}

/// The nodes of a kind that hold at least `least` others.
fn holders(file: &File, kind: Kind, least: usize) -> Vec<&Node> {
    file.nodes.iter().filter(|node| node.kind == kind && node.children.len() >= least).collect()
}

fn object(file: &File, class: Class, place: u64, detail: u64) -> Option<Changed> {
    let holders = holders(file, Kind::Object, 1);
    let holder = *holders.get(pick(place, holders.len())?)?;
    let chosen = pick(detail, holder.children.len())?;
    let mut parts = Vec::new();
    let mut named = String::new();
    for (index, child) in holder.children.iter().enumerate() {
        let child = file.nodes.get(*child)?;
        let (name, value) = (child.name.as_deref()?, file.bytes.get(child.span.clone())?);
        if index != chosen {
            parts.push(node::member(name, value));
            continue;
        }
        named.clone_from(&child.pointer);
        match class {
            Class::MemberRemoved => {}
            Class::MemberRenamed => parts.push(node::member(&format!("{name}_"), value)),
            Class::MemberRepeated => {
                parts.push(node::member(name, b"0"));
                parts.push(node::member(name, value));
            }
            _ => parts.push(node::member(name, value)),
        }
    }
    if class == Class::MemberAdded {
        named = format!("{}/added_by_redteam", holder.pointer);
        parts.push(node::member("added_by_redteam", b"1"));
    }
    let what = match class {
        Class::MemberRemoved => "a member is left out",
        Class::MemberRenamed => "a member has another name",
        Class::MemberRepeated => "a member is there twice",
        _ => "a member is added",
    };
    Some((named, what.to_owned(), replaced(file, holder, &node::joined(Kind::Object, &parts))?))
}

fn array(file: &File, class: Class, place: u64, detail: u64) -> Option<Changed> {
    let least = if class == Class::ItemsSwapped { 2 } else { 1 };
    let holders = holders(file, Kind::Array, least);
    let holder = *holders.get(pick(place, holders.len())?)?;
    let raw = |child: &usize| file.bytes.get(file.nodes.get(*child)?.span.clone()).map(<[u8]>::to_vec);
    let mut parts: Vec<Vec<u8>> = holder.children.iter().filter_map(raw).collect();
    let chosen = pick(detail, parts.len().checked_sub(least)? + 1)?;
    let what = match class {
        Class::ItemRemoved => {
            parts.remove(chosen);
            "an item is left out"
        }
        Class::ItemRepeated => {
            parts.insert(chosen, parts.get(chosen)?.clone());
            "an item is there twice"
        }
        _ => {
            parts.swap(chosen, chosen + 1);
            "two items changed places"
        }
    };
    let pointer = format!("{}/{chosen}", holder.pointer);
    Some((pointer, what.to_owned(), replaced(file, holder, &node::joined(Kind::Array, &parts))?))
}
