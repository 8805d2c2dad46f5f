use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::parse::{BROKEN_TEXT, ESCAPED, Index, Node, Tag, index, kind_of, node_range};
use super::text::decode_string;

/// What a value is. Integers and floats are told apart by their token, because the legacy canonical
/// form writes `1` and `1.0` differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool,
    /// A number token without `.`, `e` or `E`.
    Int,
    /// Any other number token.
    Float,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A cursor into a parsed document. Copying it is cheap.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    text: &'a str,
    index: &'a Index,
    node: u32,
}

impl<'a> Value<'a> {
    pub(super) fn new(text: &'a str, index: &'a Index, node: u32) -> Self {
        Self { text, index, node }
    }

    #[inline]
    fn entry(self) -> Node {
        self.index.nodes.get(index(self.node)).copied().unwrap_or(Node {
            start: 0,
            end: 0,
            next: 0,
            tag: Tag::Null,
            flags: 0,
        })
    }

    fn at(self, node: u32) -> Self {
        Self { node, ..self }
    }

    /// What the value is.
    #[must_use]
    pub fn kind(self) -> Kind {
        kind_of(self.entry().tag)
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.kind() == Kind::Object
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.kind() == Kind::Array
    }

    /// The value itself when it is an object.
    #[must_use]
    pub fn as_object(self) -> Option<Self> {
        self.is_object().then_some(self)
    }

    /// The value itself when it is an array.
    #[must_use]
    pub fn as_array(self) -> Option<Self> {
        self.is_array().then_some(self)
    }

    /// The boolean, when it is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.entry().tag {
            Tag::True => Some(true),
            Tag::False => Some(false),
            _ => None,
        }
    }

    /// The number's spelling, when it is a number.
    #[must_use]
    pub fn number(self) -> Option<&'a str> {
        matches!(self.kind(), Kind::Int | Kind::Float).then(|| self.raw_text())
    }

    /// The integer, when it is an integer token that fits.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        (self.kind() == Kind::Int).then(|| self.raw_text().parse().ok()).flatten()
    }

    /// The text, when it is a string without an unpaired surrogate.
    #[must_use]
    #[inline]
    pub fn text(self) -> Option<Cow<'a, str>> {
        let node = self.entry();
        if node.tag != Tag::String || node.flags & BROKEN_TEXT != 0 {
            return None;
        }
        let inner = self.inner_of(node);
        if node.flags & ESCAPED == 0 { Some(Cow::Borrowed(inner)) } else { decode_string(inner) }
    }

    /// The text, when it is a string that is not empty.
    #[must_use]
    #[inline]
    pub fn non_empty_text(self) -> Option<Cow<'a, str>> {
        self.text().filter(|text| !text.is_empty())
    }

    /// The text, when it is a string that is more than blanks.
    #[must_use]
    pub fn non_blank_text(self) -> Option<Cow<'a, str>> {
        self.text().filter(|text| !text.trim().is_empty())
    }

    /// Whether it is a string equal to `text`.
    #[must_use]
    pub fn is_text(self, text: &str) -> bool {
        self.text().is_some_and(|own| own == text)
    }

    /// Whether the string holds half of a surrogate pair.
    #[must_use]
    pub fn is_broken_text(self) -> bool {
        self.entry().flags & BROKEN_TEXT != 0
    }

    #[inline]
    fn inner(self) -> &'a str {
        self.inner_of(self.entry())
    }

    #[inline]
    fn inner_of(self, node: Node) -> &'a str {
        let Range { start, end } = node_range(node);
        self.text.get(start + 1..end.saturating_sub(1)).unwrap_or_default()
    }

    /// The bytes of the value as received, quotes and brackets included.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.raw_text().as_bytes()
    }

    fn raw_text(self) -> &'a str {
        self.text.get(node_range(self.entry())).unwrap_or_default()
    }

    /// Byte range in the file (or decompressed stream).
    #[must_use]
    pub fn span(self) -> Range<u64> {
        let node = self.entry();
        self.index.base + u64::from(node.start)..self.index.base + u64::from(node.end)
    }

    /// The member called `name`; the last one where the name is repeated.
    #[must_use]
    pub fn member(self, name: &str) -> Option<Value<'a>> {
        let mut found = None;
        for member in self.members() {
            if member.is(name) {
                found = Some(member.value);
            }
        }
        found
    }

    /// The members of these names, found in one pass, or without one when the parser of this top-level object was
    /// [`marking`](super::Parser::marking) the same list.
    #[must_use]
    pub fn named<const N: usize>(self, names: &'static [&'static str; N]) -> Named<'a, N> {
        let mut nodes = [0; N];
        let marked = self.index.marked.get(1..).and_then(<[u32]>::as_array::<N>);
        match marked.filter(|_| self.node == 0 && std::ptr::eq(self.index.names, names.as_slice())) {
            Some(marked) => nodes = *marked,
            None => {
                for member in self.members() {
                    let name = member.name();
                    let place = nodes.iter_mut().zip(names).find(|(_, known)| **known == name);
                    if let Some((place, _)) = place {
                        *place = member.value.node;
                    }
                }
            }
        }
        Named { object: self, nodes }
    }

    /// The member called `name`, unless it is `null`.
    #[must_use]
    pub fn present(self, name: &str) -> Option<Value<'a>> {
        self.member(name).filter(|value| !value.is_null())
    }

    /// The value reached through nested members.
    #[must_use]
    pub fn path(self, names: &[&str]) -> Option<Value<'a>> {
        names.iter().try_fold(self, |value, name| value.member(name))
    }

    /// The string member called `name`.
    #[must_use]
    pub fn member_text(self, name: &str) -> Option<Cow<'a, str>> {
        self.member(name)?.text()
    }

    /// Members in order, repeated names included; empty unless it is an object.
    #[must_use]
    pub fn members(self) -> Members<'a> {
        let node = self.entry();
        let end = if node.tag == Tag::Object { node.next } else { self.node + 1 };
        Members { value: self, at: self.node + 1, end }
    }

    /// Items in order; empty unless it is an array.
    #[must_use]
    pub fn items(self) -> Items<'a> {
        let node = self.entry();
        let end = if node.tag == Tag::Array { node.next } else { self.node + 1 };
        Items { value: self, at: self.node + 1, end }
    }

    /// The item at `position`.
    #[must_use]
    pub fn item(self, position: usize) -> Option<Value<'a>> {
        self.items().nth(position)
    }

    /// Number of items or members.
    #[must_use]
    pub fn len(self) -> usize {
        if self.is_array() { self.items().count() } else { self.members().count() }
    }

    /// Whether it has no items and no members.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Python's truth value, which some checks of the reference rest on: false for `null`, `false`,
    /// zero, and the empty string, array and object.
    #[must_use]
    pub fn is_truthy(self) -> bool {
        match self.kind() {
            Kind::Null => false,
            Kind::Bool => self.as_bool() == Some(true),
            Kind::Int | Kind::Float => !self.raw_text().parse::<f64>().is_ok_and(|number| number == 0.0),
            Kind::String => self.inner() != "",
            Kind::Array | Kind::Object => !self.is_empty(),
        }
    }

    /// Equality of JSON values: objects by name regardless of order, integers by value, floats by
    /// value, an integer never equal to a float, strings by text.
    #[must_use]
    pub fn same(self, other: Value<'_>) -> bool {
        if self.kind() != other.kind() {
            return false;
        }
        match self.kind() {
            Kind::Null => true,
            Kind::Bool => self.as_bool() == other.as_bool(),
            Kind::Int => normal_integer(self.raw_text()) == normal_integer(other.raw_text()),
            Kind::Float => self.raw_text().parse::<f64>().ok() == other.raw_text().parse::<f64>().ok(),
            Kind::String => self.text().is_some() && self.text() == other.text(),
            Kind::Array => {
                self.len() == other.len()
                    && self.items().zip(other.items()).all(|(left, right)| left.same(right))
            }
            Kind::Object => {
                let covered = |from: Value<'_>, by: Value<'_>| {
                    from.members().all(|member| {
                        let name = member.name();
                        match (from.member(&name), by.member(&name)) {
                            (Some(left), Some(right)) => left.same(right),
                            _ => false,
                        }
                    })
                };
                covered(self, other) && other.members().all(|member| self.member(&member.name()).is_some())
            }
        }
    }

    /// RFC 6901 pointer from the top of the document.
    #[must_use]
    pub fn pointer(self) -> String {
        let mut out = String::new();
        let mut current = self.at(0);
        while current.node != self.node {
            let mut step = None;
            if current.is_object() {
                for member in current.members() {
                    if member.name_node == self.node || member.value.contains(self.node) {
                        step = Some((
                            escape_pointer(&member.name()),
                            member.value,
                            member.name_node == self.node,
                        ));
                    }
                }
            } else {
                for (position, item) in current.items().enumerate() {
                    if item.contains(self.node) {
                        step = Some((position.to_string(), item, false));
                        break;
                    }
                }
            }
            let Some((token, value, is_name)) = step else { break };
            out.push('/');
            out.push_str(&token);
            if is_name {
                break;
            }
            current = value;
        }
        out
    }

    fn contains(self, node: u32) -> bool {
        (self.node..self.entry().next).contains(&node)
    }
}

fn normal_integer(token: &str) -> &str {
    if token == "-0" { "0" } else { token }
}

/// A member name as a token of an RFC 6901 pointer.
#[must_use]
pub fn escape_pointer(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {}", self.kind(), self.raw_text())
    }
}

/// One member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    name_node: u32,
    /// The member's value.
    pub value: Value<'a>,
}

impl<'a> Member<'a> {
    fn name_value(self) -> Value<'a> {
        self.value.at(self.name_node)
    }

    /// The decoded name. Half of a surrogate pair leaves the raw spelling, which no other name equals.
    #[must_use]
    #[inline]
    pub fn name(self) -> Cow<'a, str> {
        let name = self.name_value();
        let node = name.entry();
        if node.flags & (ESCAPED | BROKEN_TEXT) == 0 {
            return Cow::Borrowed(name.inner_of(node));
        }
        name.text().unwrap_or(Cow::Borrowed(name.inner()))
    }

    /// Whether the name is `name`.
    #[must_use]
    pub fn is(self, name: &str) -> bool {
        let own = self.name_value();
        if own.entry().flags & ESCAPED == 0 { own.inner() == name } else { own.name_equals(name) }
    }

    /// Whether the name holds half of a surrogate pair.
    #[must_use]
    pub fn has_broken_name(self) -> bool {
        self.name_value().is_broken_text()
    }
}

impl Value<'_> {
    fn name_equals(self, name: &str) -> bool {
        self.text().is_some_and(|text| text == name)
    }
}

/// The members of an object that have certain names; of a repeated name the last one.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a, const N: usize> {
    object: Value<'a>,
    /// 0 for none, because the first node is the document's own.
    nodes: [u32; N],
}

impl<'a, const N: usize> Named<'a, N> {
    /// The member of the name at this position in the list.
    #[must_use]
    #[inline]
    pub fn get(&self, position: usize) -> Option<Value<'a>> {
        let node = self.nodes.get(position).copied().filter(|node| *node != 0)?;
        Some(self.object.at(node))
    }

    /// Whether there is a member of the name at this position in the list.
    #[must_use]
    #[inline]
    pub fn has(&self, position: usize) -> bool {
        self.get(position).is_some()
    }
}

/// Iterator over members.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    value: Value<'a>,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let name_node = self.at;
        let value = self.value.at(name_node + 1);
        self.at = value.entry().next.max(name_node + 2);
        Some(Member { name_node, value })
    }
}

/// Iterator over items.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    value: Value<'a>,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let item = self.value.at(self.at);
        self.at = item.entry().next.max(self.at + 1);
        Some(item)
    }
}
