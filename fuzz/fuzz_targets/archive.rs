//! Any bytes as a container: an answer within the limits, the same each time, with safe names, contents of the
//! declared length, and printable notes.

#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use verifier_core::archive::{Archive, Container, Source, check_name, gzip, open};
use verifier_core::bytes::Limits;

const WHOLE: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits {
        file_bytes: WHOLE,
        document_bytes: 4 << 10,
        expanded_bytes: WHOLE,
        entries: 200,
        ..Limits::default()
    };
    let mut expanded = Vec::new();
    let _ = gzip::decompress(Box::new(bytes), &limits).read_to_end(&mut expanded);
    assert!(expanded.len() <= bytes.len().saturating_mul(1_100).min(2 << 20));

    let first = open(Source::Bytes { name: "input", bytes: bytes.to_vec() }, &limits);
    let second = open(Source::Bytes { name: "input", bytes: bytes.to_vec() }, &limits);
    let (Ok(first), Ok(second)) = (&first, &second) else {
        assert_eq!(first.is_err(), second.is_err());
        return;
    };
    assert_eq!(first.notes(), second.notes());
    assert_eq!(first.entries().len(), second.entries().len());
    assert!(first.entries().len() <= 200);
    assert!(first.entries().windows(2).all(|pair| pair[0].name() < pair[1].name()));
    for note in first.notes() {
        assert!(!note.to_string().chars().any(char::is_control));
    }
    check_contents(first, &limits);
});

fn check_contents(archive: &Archive, limits: &Limits) {
    for entry in archive.entries() {
        assert_eq!(check_name(entry.name()), Ok(()));
        assert!(archive.find(entry.name()).is_some());
        let whole = entry.read(WHOLE);
        let mut streamed = Vec::new();
        let ended = entry.open().map(|mut reader| reader.read_to_end(&mut streamed).is_ok());
        match whole {
            Ok(blob) => {
                assert_eq!(u64::try_from(blob.as_slice().len()), Ok(entry.size()));
                // a member that is not held may have used up the passes
                if matches!(ended, Ok(true)) {
                    assert_eq!(blob.as_slice(), streamed);
                }
            }
            Err(_) => assert!(!matches!(ended, Ok(true)) || entry.size() > WHOLE),
        }
        if archive.container() != Container::File
            && let Ok(inner) = Archive::from_entry(entry, limits)
        {
            for entry in inner.entries() {
                let _ = entry.read(WHOLE);
            }
        }
    }
}
