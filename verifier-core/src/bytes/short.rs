use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// Bytes that are kept without an allocation; a UUID has 36.
const INLINE: usize = 38;

/// A text that is mostly short, such as an identifier: kept in place instead of on the heap.
#[derive(Clone)]
pub struct ShortText(Inner);

#[derive(Clone)]
enum Inner {
    Inline { length: u8, bytes: [u8; INLINE] },
    Heap(Box<str>),
}

impl From<&str> for ShortText {
    fn from(text: &str) -> Self {
        let mut bytes = [0; INLINE];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(target), Ok(length)) => {
                target.copy_from_slice(text.as_bytes());
                Self(Inner::Inline { length, bytes })
            }
            _ => Self(Inner::Heap(text.into())),
        }
    }
}

impl Hash for ShortText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.as_bytes());
        state.write_u8(0xff);
    }
}

impl ShortText {
    fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Inner::Inline { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Inner::Heap(text) => text.as_bytes(),
        }
    }
}

impl Deref for ShortText {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            // Always a whole text, since it was copied from one.
            Inner::Inline { .. } => std::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Inner::Heap(text) => text,
        }
    }
}

impl std::fmt::Debug for ShortText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(formatter)
    }
}

impl std::fmt::Display for ShortText {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self)
    }
}

impl Default for ShortText {
    fn default() -> Self {
        Self::from("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_comes_back_whole() {
        for length in 0..100 {
            let text: String = "aé€".chars().cycle().take(length).collect();
            assert_eq!(&*ShortText::from(text.as_str()), text);
        }
    }
}
