//! JSON with two spaces of indentation and nothing outside printable ASCII, so that a document can be shown on
//! any terminal as it is.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};

/// Writes a value and a line end.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let formatter = Ascii { pretty: PrettyFormatter::with_indent(b"  ") };
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, formatter))?;
    out.write_all(b"\n")
}

struct Ascii {
    pretty: PrettyFormatter<'static>,
}

impl Formatter for Ascii {
    /// A fragment has no quotes, backslashes or controls below U+0020 any more.
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        for (position, character) in fragment.char_indices() {
            if character.is_ascii() && character != '\u{7f}' {
                continue;
            }
            writer.write_all(fragment.get(plain..position).unwrap_or_default().as_bytes())?;
            plain = position + character.len_utf8();
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        writer.write_all(fragment.get(plain..).unwrap_or_default().as_bytes())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn layout_and_escapes_are_those_of_the_reference() {
        let mut out = Vec::new();
        let value = json!({"a": [], "b": {}, "c": ["é\u{7f}\u{1f}\"\\😀", null, true, 3]});
        super::write(&value, &mut out).unwrap();
        let expected = "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    \"\\u00e9\\u007f\\u001f\\\"\\\\\\ud83d\\ude00\",\n    \
                        null,\n    true,\n    3\n  ]\n}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
