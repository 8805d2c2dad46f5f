//! Every cut and every changed bit: an answer within the limits, and never other bytes than were stored.

use std::io::Write;

use proptest::prelude::*;
use verifier_core::archive::{Archive, NoteKind};
use verifier_core::bytes::Limits;

use super::build::{ZipMember, pax, tar, tar_file, tar_link, tar_member, zip};
use super::{gzip, kinds, list, zstd};

const CONTENTS: [&[u8]; 3] = [b"first content", b"second content, which is longer", b""];

fn zip_archive() -> Vec<u8> {
    zip(&[
        ZipMember::stored("a.json", CONTENTS[0]),
        ZipMember::deflated("folder/b.json", CONTENTS[1]),
        ZipMember::stored("empty", CONTENTS[2]),
    ])
}

fn tar_archive() -> Vec<u8> {
    tar(&[
        tar_file("a.json", CONTENTS[0]),
        tar_member("././@LongLink", b'L', "long".repeat(40).as_bytes()),
        tar_file("long", CONTENTS[1]),
        pax(b'x', &[("path", "from-pax.json")]),
        tar_file("empty", CONTENTS[2]),
        tar_link("link", b'2', "a.json"),
    ])
}

fn limits() -> Limits {
    Limits { expanded_bytes: 1 << 20, entries: 100, ..Limits::default() }
}

/// With the checksum that the format leaves optional.
fn checked_zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Reads everything; whole contents come back.
fn read_all(archive: &Archive) -> Vec<Vec<u8>> {
    let entries = archive.entries().iter();
    entries.filter_map(|entry| entry.read(1 << 20).ok()).map(|blob| blob.as_slice().to_vec()).collect()
}

#[test]
fn a_cut_zip_is_refused_at_every_byte() {
    let whole = zip_archive();
    assert_eq!(read_all(&list(&whole, &limits()).unwrap()).len(), 3);
    for length in 4..whole.len() {
        assert!(list(&whole[..length], &limits()).is_err(), "cut at {length}");
    }
}

#[test]
fn a_cut_tar_is_refused_or_says_that_its_end_is_missing() {
    let whole = tar_archive();
    for length in 512..whole.len() {
        if let Ok(archive) = list(&whole[..length], &limits()) {
            assert!(kinds(&archive).contains(&NoteKind::MissingEnd), "cut at {length}");
            assert!(read_all(&archive).iter().all(|content| CONTENTS.contains(&content.as_slice())));
        }
    }
    for pack in [gzip, zstd] {
        let packed = pack(&whole);
        for length in 0..packed.len() {
            // too short to show a tar header: a file like any other
            if let Ok(archive) = list(&packed[..length], &limits()) {
                assert_eq!(read_all(&archive), [&packed[..length]], "cut at {length}");
            }
        }
    }
}

#[test]
fn a_changed_bit_never_yields_other_content() {
    for whole in [zip_archive(), gzip(&tar_archive()), checked_zstd(&tar_archive())] {
        for position in 4..whole.len() {
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[position] ^= 1 << bit;
                let Ok(archive) = list(&flipped, &limits()) else { continue };
                for content in read_all(&archive) {
                    let known = CONTENTS.contains(&content.as_slice()) || content == flipped;
                    assert!(known, "byte {position} bit {bit}: {content:?}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_changes_never_panic(
        kind in 0..4usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        doubled in any::<bool>(),
    ) {
        let mut bytes = match kind {
            0 => zip_archive(),
            1 => tar_archive(),
            2 => gzip(&tar_archive()),
            _ => zstd(&tar_archive()),
        };
        if doubled {
            bytes.extend(bytes.clone());
        }
        for (position, value) in changes {
            let at = position.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(bytes.len() - cut.index(bytes.len()) / 8);
        if let Ok(archive) = list(&bytes, &limits()) {
            read_all(&archive);
            for note in archive.notes() {
                prop_assert!(!note.to_string().chars().any(char::is_control));
            }
        }
    }
}
