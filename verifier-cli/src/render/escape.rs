//! Evidence on a terminal: no character of it may act or hide.

use verifier_core::render::escape;

/// The text, safe to print.
pub(crate) fn text(text: &str) -> String {
    escape(text).into_owned()
}

/// The same for text with line breaks that are meant.
pub(crate) fn lines(text: &str) -> String {
    text.split('\n').map(self::text).collect::<Vec<_>>().join("\n")
}
