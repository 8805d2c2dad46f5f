//! Texts that occur in many rows, each kept once.

use std::collections::HashMap;
use std::sync::Arc;

/// A text of a [`Names`]; equal names of one table are equal texts. Numbers are given in order of first appearance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(u32);

impl Name {
    /// Nothing is stated, or an empty text.
    pub const NONE: Self = Self(0);

    /// Whether nothing is stated.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// The table.
#[derive(Clone, Debug)]
pub struct Names {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    /// The last name in each place of a small table: the texts of a record mostly stood in it or the one before.
    recent: Vec<u32>,
}

/// Places of the small table, a power of two.
const RECENT: usize = 1 << 10;

/// The place of a text there. Texts that share one cost a look into the large table, no more.
fn recent_place(text: &str) -> usize {
    let bytes = text.as_bytes();
    let last = bytes.last_chunk::<8>().map_or(0, |last| u64::from_le_bytes(*last));
    let first = bytes.first_chunk::<4>().map_or(0, |first| u64::from(u32::from_le_bytes(*first)));
    let length = u64::try_from(bytes.len()).unwrap_or(0);
    let mixed = (last ^ first.rotate_left(17) ^ length).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> 54).unwrap_or(0) % RECENT
}

impl Default for Names {
    fn default() -> Self {
        Self { texts: vec![Arc::from("")], numbers: HashMap::new(), recent: vec![0; RECENT] }
    }
}

impl Names {
    /// The name of a text, new or known. After 2^32 texts everything new is [`Name::NONE`]; the limits of a reading
    /// end long before.
    pub fn intern(&mut self, text: &str) -> Name {
        if text.is_empty() {
            return Name::NONE;
        }
        let place = recent_place(text);
        let recent = Name(self.recent.get(place).copied().unwrap_or(0));
        if !recent.is_none() && self.text(recent) == text {
            return recent;
        }
        let name = self.intern_in_full(text);
        if let Some(slot) = self.recent.get_mut(place) {
            *slot = name.0;
        }
        name
    }

    fn intern_in_full(&mut self, text: &str) -> Name {
        if let Some(number) = self.numbers.get(text) {
            return Name(*number);
        }
        let Ok(number) = u32::try_from(self.texts.len()) else { return Name::NONE };
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        Name(number)
    }

    /// The text; empty for [`Name::NONE`].
    #[must_use]
    pub fn text(&self, name: Name) -> &str {
        let number = usize::try_from(name.0).unwrap_or(usize::MAX);
        self.texts.get(number).map_or("", |text| text)
    }

    /// The name of a text that occurs.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Name> {
        if text.is_empty() { Some(Name::NONE) } else { self.numbers.get(text).map(|number| Name(*number)) }
    }

    /// How many texts there are, the empty one included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether no text was interned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.len() <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_one_name() {
        let mut names = Names::default();
        let (a, b) = (names.intern("openai"), names.intern("anthropic"));
        assert_eq!((names.intern("openai"), names.text(a), names.text(b)), (a, "openai", "anthropic"));
        assert_eq!((names.intern(""), names.text(Name::NONE)), (Name::NONE, ""));
        assert_eq!((names.find("anthropic"), names.find("xai")), (Some(b), None));
        assert_eq!(names.len(), 3);
    }

    /// Short texts and long ones with the same ends share places of the small table.
    #[test]
    fn texts_that_share_a_place_stay_apart() {
        let mut names = Names::default();
        let texts: Vec<String> = (0..5_000)
            .map(|number| match number % 3 {
                0 => format!("{number}"),
                1 => format!("head-{number}-the-same-tail"),
                _ => format!("{number:05}"),
            })
            .collect();
        let first: Vec<Name> = texts.iter().map(|text| names.intern(text)).collect();
        for (text, name) in texts.iter().zip(&first).rev() {
            assert_eq!(
                (names.intern(text), names.text(*name), names.find(text)),
                (*name, text.as_str(), Some(*name))
            );
        }
        assert_eq!(names.len(), texts.iter().collect::<std::collections::BTreeSet<_>>().len() + 1);
    }
}
