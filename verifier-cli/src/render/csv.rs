//! CSV (RFC 4180) that a spreadsheet opens as text and figures, never as formulas.

use std::io::{self, Write};

use verifier_core::render::csv;

/// A cell.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// Text of the evidence: characters that act are spelled out, and what a spreadsheet would compute is quoted.
    Text(String),
    /// An amount, date or word of this program, written as it is.
    Plain(String),
    /// A number of things, or a position.
    Count(i128),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn plain(value: impl ToString) -> Self {
        Self::Plain(value.to_string())
    }

    pub(crate) fn count(count: impl Into<i128>) -> Self {
        Self::Count(count.into())
    }

    /// As a value of JSON. Amounts stay text, because many readers of JSON round large numbers.
    pub(crate) fn into_json(self) -> serde_json::Value {
        match self {
            Self::Text(text) | Self::Plain(text) => text.into(),
            Self::Count(count) => i64::try_from(count).map_or_else(|_| count.to_string().into(), Into::into),
            Self::Flag(flag) => flag.into(),
        }
    }

    /// What is written, before quotation marks.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Text(text) => csv::text(text),
        }
    }
}

/// Writes a line; lines end with a line feed.
pub(crate) fn line(cells: &[Cell], out: &mut dyn Write) -> io::Result<()> {
    csv::row(&cells.iter().map(Cell::shown).collect::<Vec<_>>(), out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_computed_and_everything_is_one_cell() {
        let mut out = Vec::new();
        let cells = [
            Cell::text("=HYPERLINK(\"x\")"),
            Cell::text("a,b"),
            Cell::text("@x"),
            Cell::plain(-5),
            Cell::text("two\nlines\u{1b}"),
        ];
        line(&cells, &mut out).unwrap();
        let expected = "\"'=HYPERLINK(\"\"x\"\")\",\"a,b\",'@x,-5,two\\u{a}lines\\u{1b}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
