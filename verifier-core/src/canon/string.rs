use super::Sink;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes a JSON string literal: only what RFC 8785 section 3.2.2.2 requires is escaped.
pub fn write_string(text: &str, out: &mut impl Sink) {
    out.put(b"\"");
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.put(bytes.get(from..at).unwrap_or_default());
        put_escape(*byte, out);
        from = at + 1;
    }
    out.put(bytes.get(from..).unwrap_or_default());
    out.put(b"\"");
}

/// Writes a JSON string literal in ASCII: everything beyond U+007E is `\uXXXX`, astral characters as a
/// surrogate pair (spec 01 section 2.1).
pub fn write_ascii_string(text: &str, out: &mut impl Sink) {
    out.put(b"\"");
    for character in text.chars() {
        match u8::try_from(character) {
            Ok(byte @ (0..0x20 | b'"' | b'\\')) => put_escape(byte, out),
            Ok(byte @ 0x20..0x7f) => out.put(&[byte]),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    put_unit(*unit, out);
                }
            }
        }
    }
    out.put(b"\"");
}

fn put_escape(byte: u8, out: &mut impl Sink) {
    match byte {
        b'"' => out.put(b"\\\""),
        b'\\' => out.put(b"\\\\"),
        0x08 => out.put(b"\\b"),
        0x09 => out.put(b"\\t"),
        0x0a => out.put(b"\\n"),
        0x0c => out.put(b"\\f"),
        0x0d => out.put(b"\\r"),
        other => put_unit(u16::from(other), out),
    }
}

fn put_unit(unit: u16, out: &mut impl Sink) {
    out.put(b"\\u");
    for shift in [12, 8, 4, 0] {
        let digit = HEX.get(usize::from((unit >> shift) & 15)).copied().unwrap_or(b'?');
        out.put(&[digit]);
    }
}
