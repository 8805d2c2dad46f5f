//! The fields in which two versions of a record differ.

use super::Difference;
use super::read::{self, DiffError, Place};
use crate::archive::gzip;
use crate::bytes::{Blob, Limits};
use crate::evidence::Evidence;
use crate::json::{Document, ParserLimits, Value, escape_pointer};

/// Fields that are listed.
const LISTED: usize = 200;
/// Characters of a value that are shown.
const SHOWN: usize = 400;

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDifference {
    /// RFC 6901 pointer inside the record.
    pub pointer: String,
    /// The value in the first export as JSON, shortened; `None` where it is absent.
    pub first: Option<String>,
    /// The value in the second export.
    pub second: Option<String>,
}

/// Reads both versions again, and compares them.
pub(super) fn of(
    difference: &Difference,
    first: &Evidence,
    second: &Evidence,
    limits: &Limits,
) -> Result<Vec<FieldDifference>, DiffError> {
    let (Some(one), Some(two)) = (&difference.first, &difference.second) else { return Ok(Vec::new()) };
    let one = record(first, one, limits)?;
    let two = record(second, two, limits)?;
    let mut fields = Vec::new();
    walk(one.root(), two.root(), String::new(), &mut fields);
    Ok(fields)
}

/// The bytes of one record, parsed.
fn record(evidence: &Evidence, place: &Place, limits: &Limits) -> Result<Document, DiffError> {
    use std::io::Read as _;
    let part = read::payload(evidence)?;
    let unfit = |why: String| DiffError::NotJson(part.label.clone(), why);
    let (start, end) = place.bytes;
    let length = end.saturating_sub(start);
    if length > limits.document_bytes {
        return Err(unfit(format!("a record is larger than {} bytes", limits.document_bytes)));
    }
    let mut stored = part.entry.open().map_err(|error| unfit(error.to_string()))?;
    let mut head = Vec::new();
    (&mut stored).take(2).read_to_end(&mut head).map_err(|error| unfit(error.to_string()))?;
    let is_gzip = head == [0x1f, 0x8b];
    let whole = Box::new(std::io::Cursor::new(head).chain(stored));
    let mut text: Box<dyn std::io::Read + '_> =
        if is_gzip { Box::new(gzip::decompress(whole, limits)) } else { whole };
    std::io::copy(&mut (&mut text).take(start), &mut std::io::sink())
        .map_err(|error| unfit(error.to_string()))?;
    let mut bytes = Vec::new();
    text.take(length).read_to_end(&mut bytes).map_err(|error| unfit(error.to_string()))?;
    Document::parse(Blob::new(bytes), ParserLimits::from(limits)).map_err(|error| unfit(error.to_string()))
}

fn walk(one: Value<'_>, two: Value<'_>, pointer: String, fields: &mut Vec<FieldDifference>) {
    if fields.len() >= LISTED || one.same(two) {
        return;
    }
    let differs = |first: Option<Value<'_>>, second: Option<Value<'_>>, pointer: String| FieldDifference {
        pointer,
        first: first.map(shown),
        second: second.map(shown),
    };
    if one.is_object() && two.is_object() {
        let mut names: Vec<String> =
            one.members().chain(two.members()).map(|member| member.name().into_owned()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let pointer = format!("{pointer}/{}", escape_pointer(&name));
            match (one.member(&name), two.member(&name)) {
                (Some(one), Some(two)) => walk(one, two, pointer, fields),
                (first, second) if fields.len() < LISTED => fields.push(differs(first, second, pointer)),
                _ => return,
            }
        }
        return;
    }
    if one.is_array() && two.is_array() {
        let (mut ones, mut twos) = (one.items(), two.items());
        for index in 0u64.. {
            let pointer = format!("{pointer}/{index}");
            match (ones.next(), twos.next()) {
                (None, None) => return,
                (Some(one), Some(two)) => walk(one, two, pointer, fields),
                (first, second) if fields.len() < LISTED => fields.push(differs(first, second, pointer)),
                _ => return,
            }
        }
        return;
    }
    fields.push(differs(Some(one), Some(two), pointer));
}

/// The value as it was written, shortened.
fn shown(value: Value<'_>) -> String {
    let text = String::from_utf8_lossy(value.raw());
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
