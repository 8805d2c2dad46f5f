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
}

impl Default for Names {
    fn default() -> Self {
        Self { texts: vec![Arc::from("")], numbers: HashMap::new() }
    }
}

impl Names {
    /// The name of a text, new or known. After 2^32 texts everything new is [`Name::NONE`]; the limits of a reading
    /// end long before.
    pub fn intern(&mut self, text: &str) -> Name {
        if text.is_empty() {
            return Name::NONE;
        }
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
}
