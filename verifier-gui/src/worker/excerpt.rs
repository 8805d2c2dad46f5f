//! The bytes of a place, read again from the evidence.

use std::io::{self, Read};

use verifier_core::evidence::{Batch, Evidence, Part};
use verifier_core::finding::Location;

use crate::state::Excerpt;

/// Bytes shown before and behind a place.
const AROUND: u64 = 600;
/// Bytes of a place that are shown.
const WITHIN: u64 = 32 << 10;

pub(super) fn read(batches: &[Batch], location: Location) -> Excerpt {
    let read = match (part_of(batches, &location.file), &location.bytes) {
        (None, _) => Err("this file is not part of the evidence that is open".to_owned()),
        (Some(_), None) => Err("the finding is about the file as a whole".to_owned()),
        (Some(part), Some(bytes)) => around(part, bytes.start, bytes.end),
    };
    match read {
        Ok((text, is_cut)) => Excerpt { location, text: Ok(text), is_cut },
        Err(why) => Excerpt { location, text: Err(why), is_cut: (false, false) },
    }
}

/// The part of the evidence that reports call by this name.
pub(super) fn part_of<'a>(batches: &'a [Batch], name: &str) -> Option<&'a Part> {
    let sets = batches.iter().flat_map(|batch| &batch.sets);
    sets.flat_map(parts).find(|part| part.label == name)
}

type Around = ([String; 3], (bool, bool));

fn around(part: &Part, start: u64, end: u64) -> Result<Around, String> {
    let fault = |error: io::Error| error.to_string();
    let mut source = part.entry.open().map_err(|error| error.to_string())?;
    let mut magic = [0; 2];
    let first = source.read(&mut magic).map_err(fault)?;
    if magic == [0x1f, 0x8b] {
        return Err("the file is compressed; its places are those of the text inside".to_owned());
    }
    let mut source = magic.get(..first).unwrap_or_default().chain(source);
    let from = start.saturating_sub(AROUND);
    io::copy(&mut (&mut source).take(from), &mut io::sink()).map_err(fault)?;
    let mut take = |length: u64| -> Result<String, String> {
        let mut bytes = Vec::new();
        (&mut source).take(length).read_to_end(&mut bytes).map_err(fault)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let before = take(start.saturating_sub(from))?;
    let length = end.saturating_sub(start);
    let within = take(length.min(WITHIN))?;
    let behind = if length > WITHIN { String::new() } else { take(AROUND)? };
    let is_cut = (from > 0, length > WITHIN || part.entry.size() > end.saturating_add(AROUND));
    Ok(([before, within, behind], is_cut))
}

fn parts(evidence: &Evidence) -> Vec<&Part> {
    match evidence {
        Evidence::Export(set) => {
            let named = [&set.manifest, &set.key_manifest, &set.sidecar, &set.checkpoint];
            let named = named.into_iter().flatten().chain(&set.anchors);
            std::iter::once(&set.payload).chain(named).collect()
        }
        Evidence::Bundle(part)
        | Evidence::Checkpoint(part)
        | Evidence::Voice(part)
        | Evidence::Consistency(part)
        | Evidence::Excerpt(part)
        | Evidence::KeyManifest(part)
        | Evidence::Unsupported { part, .. } => vec![part],
        _ => Vec::new(),
    }
}
