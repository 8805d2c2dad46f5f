use std::borrow::Cow;

/// Decodes the inside of a JSON string that the parser has accepted.
///
/// `None` when it contains half of a surrogate pair, which no text can hold.
#[must_use]
pub fn decode_string(inner: &str) -> Option<Cow<'_, str>> {
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at)?);
        let escape = *rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        match escape {
            b'b' => out.push('\u{8}'),
            b't' => out.push('\t'),
            b'n' => out.push('\n'),
            b'f' => out.push('\u{c}'),
            b'r' => out.push('\r'),
            b'u' => {
                let (unit, tail) = code_unit(rest)?;
                rest = tail;
                let scalar = match unit {
                    0xd800..=0xdbff => {
                        let (low, tail) = code_unit(rest.strip_prefix("\\u")?)?;
                        if !(0xdc00..=0xdfff).contains(&low) {
                            return None;
                        }
                        rest = tail;
                        0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
                    }
                    other => other,
                };
                out.push(char::from_u32(scalar)?);
            }
            other => out.push(char::from(other)),
        }
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}

fn code_unit(text: &str) -> Option<(u32, &str)> {
    Some((u32::from_str_radix(text.get(..4)?, 16).ok()?, text.get(4..)?))
}
