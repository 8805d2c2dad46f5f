//! Colour and line breaking.

use std::io::{self, Write};

use verifier_core::finding::Verdict;
use verifier_core::report::Outcome;

use crate::args::output::ColorChoice;
use crate::environment::Environment;

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Established.
    Good,
    /// Contradicted or unreadable.
    Bad,
    /// Not established.
    Open,
    /// A heading.
    Heading,
    /// Less important.
    Dim,
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Supported => Self::Good,
            Verdict::Disproved => Self::Bad,
            Verdict::InsufficientEvidence | Verdict::UnverifiableScope => Self::Open,
        }
    }
}

impl From<Outcome> for Tone {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Verified => Self::Good,
            Outcome::Disproved | Outcome::Unreadable => Self::Bad,
            Outcome::NotEstablished => Self::Open,
        }
    }
}

/// Writes text with colour, if wanted, and broken to a width. Everything it is given is already escaped.
pub(crate) struct Page<'a> {
    out: &'a mut dyn Write,
    color: bool,
    columns: usize,
}

impl<'a> Page<'a> {
    pub(crate) fn new(out: &'a mut dyn Write, choice: ColorChoice, environment: &Environment) -> Self {
        let color = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => environment.out_is_terminal && !environment.no_color,
        };
        Self { out, color, columns: environment.columns }
    }

    /// The text in a colour.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32;1",
            Tone::Bad => "31;1",
            Tone::Open => "33;1",
            Tone::Heading => "1",
            Tone::Dim => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// A blank line and a heading.
    pub(crate) fn heading(&mut self, text: &str) -> io::Result<()> {
        let text = self.paint(Tone::Heading, text);
        writeln!(self.out, "\n{text}")
    }

    /// Plain text, broken at blanks; every line starts with `indent` blanks.
    pub(crate) fn paragraph(&mut self, indent: usize, text: &str) -> io::Result<()> {
        self.labelled(indent, "", text)
    }

    /// A label and text beside it; further lines stand under the text.
    pub(crate) fn labelled(&mut self, indent: usize, label: &str, text: &str) -> io::Result<()> {
        let hanging = indent.saturating_add(label.chars().count());
        let lines = wrap(text, self.columns.saturating_sub(hanging));
        let mut lines = lines.iter();
        let first = lines.next().map_or("", String::as_str);
        writeln!(self.out, "{}", format!("{:indent$}{label}{first}", "").trim_end())?;
        for line in lines {
            writeln!(self.out, "{:hanging$}{line}", "")?;
        }
        Ok(())
    }
}

/// Breaks at single blanks; a word longer than the width stands alone.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0usize;
    for word in text.split(' ') {
        let word_length = word.chars().count();
        if length > 0 && length.saturating_add(1).saturating_add(word_length) > width.max(20) {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length = length.saturating_add(1);
        }
        line.push_str(word);
        length = length.saturating_add(word_length);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_only() {
        assert_eq!(wrap("aaaa bbbb cccc dddd eeee ffff", 20), ["aaaa bbbb cccc dddd", "eeee ffff"]);
        let long = "x".repeat(70);
        assert_eq!(wrap(&format!("a {long} b"), 20), ["a", &long, "b"]);
        assert_eq!(wrap("", 20), [""]);
    }
}
