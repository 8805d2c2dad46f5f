//! Tar attacks and their honest twins.

use std::io::Write;

use proptest::prelude::*;
use verifier_core::archive::{
    Archive, ArchiveFolder, Container, NoteKind, OpenError, ReadError, Refusal, Siblings,
};
use verifier_core::bytes::{Limits, Resource};

use super::build::{padded, pax, seal, tar as build, tar_file, tar_header, tar_link, tar_member};
use super::{content, gzip, kinds, list, listed, names, refused, zstd};

type Pack = fn(&[u8]) -> Vec<u8>;
const PACKINGS: [(Container, Pack); 3] =
    [(Container::Tar, |bytes| bytes.to_vec()), (Container::TarGzip, gzip), (Container::TarZstd, zstd)];

fn written(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, data) in members {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(u64::try_from(data.len()).unwrap());
        header.set_mode(0o644);
        builder.append_data(&mut header, name, data.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn honest_archives_of_a_common_writer_are_read() {
    let long = format!("{}/{}.json", "folder".repeat(20), "name".repeat(40));
    let members = [
        ("z.json".to_owned(), b"{}".to_vec()),
        ("a/b.json".to_owned(), vec![7; 5000]),
        ("empty".to_owned(), Vec::new()),
        (long, b"long".to_vec()),
    ];
    let bytes = written(&members);
    for (container, pack) in PACKINGS {
        let archive = listed(&pack(&bytes));
        assert_eq!(archive.container(), container);
        assert!(kinds(&archive).is_empty(), "{:?}", archive.notes());
        for (name, data) in &members {
            assert_eq!(content(&archive, name), *data);
        }
        let beside = ArchiveFolder::beside(&archive, "a/x");
        assert_eq!(beside.find("b.json").unwrap().unwrap().size(), 5000);
        assert!(beside.find("../z.json").is_err());
    }
}

#[test]
fn pax_names_and_a_leading_dot_are_read() {
    let bytes = build(&[
        tar_member("./", b'5', b""),
        tar_file("./dotted.json", b"1"),
        pax(b'x', &[("mtime", "1.5"), ("path", "größe/lang.json")]),
        tar_file("gr", b"2"),
        tar_member("folder/", b'5', b""),
        tar_member("old-folder/", 0, b""),
        tar_member("old", 0, b"3"),
        tar_member("contiguous", b'7', b"4"),
    ]);
    let archive = listed(&bytes);
    assert_eq!(names(&archive), ["contiguous", "dotted.json", "größe/lang.json", "old"]);
    assert_eq!(kinds(&archive), [NoteKind::Directory; 3]);
    assert_eq!(content(&archive, "größe/lang.json"), b"2");
    let mut prefixed = tar_header(b"name", b'0', 1);
    prefixed[345..351].copy_from_slice(b"prefix");
    seal(&mut prefixed);
    let archive = listed(&build(&[prefixed, padded(b"x")]));
    assert_eq!(names(&archive), ["prefix/name"]);
}

#[test]
fn links_devices_and_unsafe_names_are_not_entries() {
    for (kind, note) in [
        (b'1', NoteKind::HardLink),
        (b'2', NoteKind::SymbolicLink),
        (b'3', NoteKind::SpecialFile),
        (b'4', NoteKind::SpecialFile),
        (b'6', NoteKind::SpecialFile),
        (b'V', NoteKind::SpecialFile),
    ] {
        let bytes = build(&[tar_link("link", kind, "../../etc/passwd\x1b"), tar_file("link/passwd", b"x")]);
        let archive = listed(&bytes);
        assert_eq!((names(&archive), kinds(&archive)), (vec!["link/passwd"], vec![note]));
        assert!(!archive.notes()[0].to_string().chars().any(char::is_control));
    }
    for name in ["/abs", "../up", "a/../../up", "a\\b", "a//b", "a/./b", "././a", "C:x", "a\x1b", "a/", "./"]
    {
        let bytes = build(&[tar_member(name, b'7', b"x"), tar_file("last", b"9")]);
        let archive = listed(&bytes);
        assert_eq!((names(&archive), kinds(&archive)), (vec!["last"], vec![NoteKind::UnsafeName]), "{name}");
        let bytes =
            build(&[pax(b'x', &[("path", name)]), tar_member("fine", b'7', b"x"), tar_file("last", b"9")]);
        assert_eq!(kinds(&listed(&bytes)), [NoteKind::UnsafeName], "{name}");
    }
    let long = "a".repeat(5000);
    let bytes = build(&[tar_member("././@LongLink", b'L', long.as_bytes()), tar_file("a", b"x")]);
    assert_eq!(kinds(&listed(&bytes)), [NoteKind::UnsafeName]);
    let sparse = build(&[pax(b'x', &[("GNU.sparse.major", "1")]), tar_file("a", b"x")]);
    assert_eq!(kinds(&listed(&sparse)), [NoteKind::SpecialFile]);
    let comment = build(&[pax(b'g', &[("comment", "0123abcd")]), tar_file("a", b"x")]);
    assert_eq!(
        (names(&listed(&comment)), kinds(&listed(&comment))),
        (vec!["a"], vec![NoteKind::GlobalHeader])
    );
}

#[test]
fn one_name_twice_is_readable_neither_way() {
    for second in ["a.json", "./a.json"] {
        for (_, pack) in PACKINGS {
            let archive = listed(&pack(&build(&[tar_file("a.json", b"shown"), tar_file(second, b"hidden")])));
            assert_eq!((names(&archive), kinds(&archive)), (vec!["a.json"], vec![NoteKind::DuplicateName]));
            let error = archive.entries()[0].read(100).unwrap_err();
            assert!(matches!(error, ReadError::Refused(Refusal::DuplicateName)));
        }
    }
}

/// Each of these is two different archives to two common readers.
#[test]
fn ambiguous_archives_are_refused() {
    let file = || tar_file("a", b"x");
    let hidden = build(&[file()]);
    let long = |name: &str| tar_member("././@LongLink", b'L', name.as_bytes());
    let mut bad_sum = tar_file("b", b"x");
    bad_sum[0] ^= 1;
    let mut bad_size = tar_header(b"b", b'0', 1);
    bad_size[124..136].copy_from_slice(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    seal(&mut bad_size);
    for (why, members) in [
        (
            "pax size hides members",
            vec![file(), pax(b'x', &[("size", "1024")]), tar_file("b", b""), hidden.clone()],
        ),
        ("pax size shows members", vec![file(), pax(b'x', &[("size", "0")]), tar_file("b", &hidden)]),
        ("link with content", vec![file(), tar_member("b", b'2', &hidden)]),
        ("hard link with content", vec![file(), tar_member("b", b'1', &hidden)]),
        ("directory with content", vec![file(), tar_member("b/", b'5', &hidden)]),
        ("old directory with content", vec![file(), tar_member("b/", b'0', &hidden)]),
        ("two long names", vec![file(), long("one"), long("two"), tar_file("b", b"x")]),
        (
            "long name and pax name",
            vec![file(), long("one"), pax(b'x', &[("path", "two")]), tar_file("b", b"x")],
        ),
        ("two pax headers", vec![file(), pax(b'x', &[("path", "one")]), pax(b'x', &[]), tar_file("b", b"x")]),
        (
            "repeated pax key",
            vec![file(), pax(b'x', &[("path", "one"), ("path", "two")]), tar_file("b", b"x")],
        ),
        ("empty pax path", vec![file(), pax(b'x', &[("path", "")]), tar_file("b", b"x")]),
        ("global path", vec![file(), pax(b'g', &[("path", "one")]), tar_file("b", b"x")]),
        ("global size", vec![file(), pax(b'g', &[("size", "0")]), tar_file("b", b"x")]),
        ("damaged pax", vec![file(), tar_member("pax", b'x', b"99 path=one\n"), tar_file("b", b"x")]),
        ("name for nobody", vec![file(), long("one")]),
        ("global between name and member", vec![file(), long("one"), pax(b'g', &[]), tar_file("b", b"x")]),
        ("zero block in the middle", vec![file(), vec![0; 512], tar_file("b", b"x")]),
        ("wrong checksum", vec![file(), bad_sum]),
        ("negative size", vec![file(), bad_size, padded(b"x")]),
        ("huge name", vec![file(), tar_header(b"x", b'L', 1 << 40)]),
        ("huge pax", vec![file(), tar_header(b"x", b'x', 1 << 62)]),
        ("huge file", vec![file(), tar_header(b"x", b'0', 1 << 62)]),
        ("largest file", vec![file(), tar_header(b"x", b'0', u64::MAX)]),
        ("huge unknown type", vec![file(), tar_header(b"x", b'Q', u64::MAX)]),
    ] {
        for (_, pack) in PACKINGS {
            let error = refused(&pack(&build(&members)));
            assert!(!error.is_empty(), "{why}");
        }
    }
}

#[test]
fn what_follows_the_end_is_noticed() {
    let one = build(&[tar_file("a", b"x")]);
    for (_, pack) in PACKINGS {
        let blocked = [one.clone(), vec![0; 8192]].concat();
        assert!(kinds(&listed(&pack(&blocked))).is_empty());
        let joined = [one.clone(), build(&[tar_file("a", b"other")])].concat();
        assert_eq!(kinds(&listed(&pack(&joined))), [NoteKind::UnclaimedBytes]);
        let endless = tar_file("a", b"x");
        assert_eq!(kinds(&listed(&pack(&endless))), [NoteKind::MissingEnd]);
        let half = [endless, vec![0; 512]].concat();
        assert_eq!(kinds(&listed(&pack(&half))), [NoteKind::MissingEnd]);
    }
    refused(&[gzip(&one).as_slice(), b"more"].concat());
    refused(&[zstd(&one).as_slice(), b"more"].concat());
    let mut wrong_sum = gzip(&one);
    let at = wrong_sum.len() - 8;
    wrong_sum[at] ^= 1;
    refused(&wrong_sum);
    let as_zip = super::build::zip(&[super::build::ZipMember::stored("a", b"x")]);
    let file = listed(&[b"text\n", as_zip.as_slice()].concat());
    assert_eq!(kinds(&file), [NoteKind::SecondReading]);
}

#[test]
fn the_name_never_decides_what_the_content_is() {
    let bytes = build(&[tar_file("a", b"x")]);
    for name in ["export.json", "export.zip", "export.gz", ""] {
        let source = verifier_core::archive::Source::Bytes { name, bytes: bytes.clone() };
        let archive = verifier_core::archive::open(source, &Limits::default()).unwrap();
        assert_eq!((archive.container(), archive.origin()), (Container::Tar, name));
    }
    for bytes in
        [gzip(b"{\"a\":1}"), zstd(b"{\"a\":1}"), b"{}".to_vec(), Vec::new(), vec![0; 2048], gzip(b"")]
    {
        let archive = listed(&bytes);
        assert_eq!((archive.container(), names(&archive)), (Container::File, vec!["given"]));
        assert_eq!(content(&archive, "given"), bytes, "stored bytes, not expanded ones");
    }
}

#[test]
fn large_members_of_compressed_archives_are_streamed_again() {
    let small = Limits { document_bytes: 1000, expanded_bytes: 100_000, ..Limits::default() };
    let large: Vec<u8> = (0..20_000u32).flat_map(u32::to_le_bytes).take(20_000).collect();
    let bytes = build(&[tar_file("before", b"1"), tar_file("large", &large), tar_file("after", b"2")]);
    for (_, pack) in PACKINGS {
        let archive = list(&pack(&bytes), &small).unwrap();
        for _ in 0..3 {
            assert_eq!(content(&archive, "large"), large);
        }
        assert_eq!(content(&archive, "after"), b"2");
    }
    // every reader of a distant member costs a pass; the passes are limited together
    let archive = list(&gzip(&bytes), &small).unwrap();
    let mut last = Ok(());
    for _ in 0..40 {
        last = archive.find("large").unwrap().open().map(drop);
    }
    assert!(matches!(last, Err(ReadError::Limit(limit)) if limit.resource == Resource::ExpandedBytes));
    assert_eq!(content(&archive, "after"), b"2");
    // many small members do not add up to unlimited memory: the rest is streamed
    let many: Vec<Vec<u8>> = (0..20).map(|index| tar_file(&format!("{index:02}"), &[index; 900])).collect();
    let archive = list(&gzip(&build(&many)), &small).unwrap();
    assert_eq!(content(&archive, "19"), [19; 900]);
}

#[test]
fn bombs_stop_at_the_limits() {
    let zeros = vec![0; 16 << 20];
    let bytes = build(&[tar_file("a", b"x"), tar_file("bomb", &zeros)]);
    for pack in [gzip, zstd] {
        let packed = pack(&bytes);
        let limits = Limits { ratio: 100, ..Limits::default() };
        assert!(
            matches!(list(&packed, &limits), Err(OpenError::Limit(limit)) if limit.resource == Resource::Ratio)
        );
        let limits = Limits { expanded_bytes: 1 << 20, ratio: u32::MAX, ..Limits::default() };
        let error = list(&packed, &limits).unwrap_err();
        assert!(matches!(error, OpenError::Limit(limit) if limit.resource == Resource::ExpandedBytes));
    }
    let many: Vec<Vec<u8>> = (0..9).map(|index| tar_link(&index.to_string(), b'2', "x")).collect();
    let limits = Limits { entries: 8, ..Limits::default() };
    let error = list(&build(&many), &limits).unwrap_err();
    assert!(matches!(error, OpenError::Limit(limit) if limit.resource == Resource::Entries));
}

/// A frame header can ask for a window of gigabytes.
#[test]
fn a_huge_zstd_window_is_not_allocated() {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(&build(&[tar_file("a", b"x")])).unwrap();
    let bytes = encoder.finish().unwrap();
    let archive = listed(&bytes);
    assert_eq!(archive.container(), Container::File);
    let wide = Limits { document_bytes: 128 << 20, ..Limits::default() };
    assert_eq!(list(&bytes, &wide).unwrap().container(), Container::TarZstd);
}

#[test]
fn containers_in_containers_open_one_level_at_a_time() {
    let mut bytes = build(&[tar_file("evidence.json", b"{}")]);
    for level in 0..6 {
        bytes = if level % 2 == 0 { gzip(&bytes) } else { build(&[tar_file("inner", &bytes)]) };
    }
    let mut archive = listed(&bytes);
    for _ in 0..2 {
        assert_eq!(names(&archive), ["inner"]);
        archive = Archive::from_entry(&archive.entries()[0], &Limits::default()).unwrap();
    }
    assert_eq!(archive.container(), Container::TarGzip);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_written_is_read(
        members in prop::collection::btree_map("[a-c]{1,3}(/[a-c]{1,120})?\\.json",
            prop::collection::vec(any::<u8>(), 0..1200), 1..8),
        packing in 0..3usize,
        document_bytes in 0u64..2000,
    ) {
        let members: Vec<_> = members.into_iter().collect();
        let limits = Limits { document_bytes, ..Limits::default() };
        let archive = list(&PACKINGS[packing].1(&written(&members)), &limits).unwrap();
        prop_assert!(archive.notes().is_empty());
        prop_assert_eq!(archive.entries().len(), members.len());
        for (name, data) in &members {
            prop_assert_eq!(&content(&archive, name), data);
        }
    }
}
