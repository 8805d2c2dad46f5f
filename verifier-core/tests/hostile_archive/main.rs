//! Containers made to be read in two ways, to be read for ever, or to be read from somewhere else.
//!
//! Archives are built here byte by byte, because writers refuse to make them. What an honest writer makes is
//! checked beside each attack, so that a test cannot pass by refusing everything.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod build;
mod cut;
mod tar;
mod zip;

use std::io::{Read, Write};

use verifier_core::archive::{Archive, Entry, NoteKind, OpenError, Source, open};
use verifier_core::bytes::Limits;

fn list(bytes: &[u8], limits: &Limits) -> Result<Archive, OpenError> {
    open(Source::Bytes { name: "given", bytes: bytes.to_vec() }, limits)
}

fn listed(bytes: &[u8]) -> Archive {
    list(bytes, &Limits::default()).unwrap()
}

fn refused(bytes: &[u8]) -> String {
    match list(bytes, &Limits::default()) {
        Err(error @ OpenError::Malformed { .. }) => error.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}

fn kinds(archive: &Archive) -> Vec<NoteKind> {
    archive.notes().iter().map(|note| note.kind).collect()
}

fn names(archive: &Archive) -> Vec<&str> {
    archive.entries().iter().map(Entry::name).collect()
}

fn content(archive: &Archive, name: &str) -> Vec<u8> {
    let entry = archive.find(name).unwrap();
    let whole = entry.read(u64::MAX).unwrap().as_slice().to_vec();
    let mut streamed = Vec::new();
    entry.open().unwrap().read_to_end(&mut streamed).unwrap();
    assert_eq!(whole, streamed, "{name}");
    whole
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(bytes, 3).unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
