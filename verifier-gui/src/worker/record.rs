//! The members of one record, read again from the evidence.

use std::io::{self, Read};

use verifier_core::bytes::Blob;
use verifier_core::evidence::Batch;
use verifier_core::finding::Location;
use verifier_core::json::{Document, Kind, ParserLimits, Value};

use super::excerpt::part_of;
use crate::state::{Member, Record};

/// Bytes of a record that are read.
const BYTES: u64 = 4 << 20;
/// Members that are listed.
const MEMBERS: usize = 5_000;
/// Characters of a value that are shown.
const SHOWN: usize = 200;

pub(super) fn read(batches: &[Batch], row: u32, location: &Location) -> Record {
    Record { row, members: members(batches, location) }
}

fn members(batches: &[Batch], location: &Location) -> Result<Vec<Member>, String> {
    let part = part_of(batches, &location.file).ok_or("the file of the record is not open")?;
    let span = location.bytes.clone().ok_or("the record has no place")?;
    let length = span.end.saturating_sub(span.start);
    if length > BYTES {
        return Err("the record is too large to be listed; its bytes can be shown".to_owned());
    }
    let fault = |error: io::Error| error.to_string();
    let mut source = part.entry.open().map_err(|error| error.to_string())?;
    io::copy(&mut (&mut source).take(span.start), &mut io::sink()).map_err(fault)?;
    let mut bytes = Vec::new();
    source.take(length).read_to_end(&mut bytes).map_err(fault)?;
    let document = Document::parse(Blob::new(bytes), ParserLimits::default())
        .map_err(|error| format!("the record cannot be listed: {error}"))?;
    let prefix = location.pointer.clone().unwrap_or_default();
    let mut members = Vec::new();
    leaves(document.root(), &prefix, &mut members);
    Ok(members)
}

fn leaves(value: Value<'_>, at: &str, out: &mut Vec<Member>) {
    if out.len() >= MEMBERS {
        return;
    }
    match value.kind() {
        Kind::Object if !value.is_empty() => {
            for member in value.members() {
                let name = member.name().replace('~', "~0").replace('/', "~1");
                leaves(member.value, &format!("{at}/{name}"), out);
            }
        }
        Kind::Array if !value.is_empty() => {
            for (index, item) in value.items().enumerate() {
                leaves(item, &format!("{at}/{index}"), out);
            }
        }
        _ => {
            let text = String::from_utf8_lossy(value.raw());
            let cut = text.chars().count() > SHOWN;
            let mut shown: String = text.chars().take(SHOWN).collect();
            if cut {
                shown.push('…');
            }
            out.push(Member { pointer: at.to_owned(), value: shown });
        }
    }
}
