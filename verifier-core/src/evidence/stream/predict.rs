//! Where an item probably ends: where the next one begins like this one did.
//!
//! The items of a large array mostly begin with the same member, so the text between two items, from the closing
//! bracket to the first name, is searched instead of reading the item twice. The guess needs no check of its own:
//! an item is an object, and a text that parses as a whole object ends where that object ends. When one of the
//! texts does not parse, the document has to be read again without guesses.

use memchr::memmem::Finder;

use crate::json::split::{blank_length, value_length};

/// Longest text between two items that is searched for.
const BETWEEN_BYTES: usize = 64;

/// How the next item is expected to begin.
#[derive(Debug, Default)]
pub(super) struct Prediction {
    between: Option<Finder<'static>>,
    /// How far to search, so that a wrong expectation costs no more than reading an item.
    window: usize,
}

impl Prediction {
    /// Learns from an item of known length and what is behind it.
    pub(super) fn learn(rest: &[u8], length: usize) -> Self {
        Self::between(rest, length).unwrap_or_default()
    }

    fn between(rest: &[u8], length: usize) -> Option<Self> {
        let start = length.checked_sub(1)?;
        let tail = rest.get(start..)?;
        let mut at = after(tail, 0, b'}')?;
        at = after(tail, at, b',')?;
        at = after(tail, at, b'{')?;
        at += value_length(tail.get(at..)?.strip_prefix(b"\"").map(|_| tail.get(at..))??)?;
        let between = tail.get(..at).filter(|between| between.len() <= BETWEEN_BYTES)?;
        let finder = Finder::new(between).into_owned();
        // Objects inside this item that begin the same way would be taken for items.
        if finder.find(rest.get(..length)?).is_some() {
            return None;
        }
        Some(Self { between: Some(finder), window: length.saturating_mul(2).saturating_add(256) })
    }

    /// The probable length of the item that begins here.
    pub(super) fn length(&self, rest: &[u8]) -> Option<usize> {
        let finder = self.between.as_ref()?;
        let window = rest.get(..self.window.min(rest.len()))?;
        finder.find(window).map(|position| position + 1)
    }
}

/// Behind `byte` and the blanks that follow it.
fn after(tail: &[u8], at: usize, byte: u8) -> Option<usize> {
    let rest = tail.get(at..)?.strip_prefix(&[byte])?;
    Some(at + 1 + blank_length(rest))
}
