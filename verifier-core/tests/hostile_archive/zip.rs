//! Zip attacks and their honest twins.

use std::io::{Cursor, Read, Write};

use proptest::prelude::*;
use verifier_core::archive::{Archive, Container, NoteKind, OpenError, ReadError, Refusal};
use verifier_core::bytes::{LimitExceeded, Limits, Resource};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::build::{Side, ZipEnd, ZipMember, crc32, zip as build, zip_with};
use super::{content, deflate, kinds, list, listed, names, refused};

fn one(member: ZipMember) -> Archive {
    listed(&build(&[ZipMember::stored("first", b"1"), member, ZipMember::stored("last", b"9")]))
}

/// The member is listed but not readable, with this note beside it; its neighbours are.
fn only_noted(member: ZipMember, kind: NoteKind, refusal: Refusal) {
    let archive = one(member);
    assert_eq!(kinds(&archive), [kind]);
    assert_eq!(names(&archive), ["first", "last", "middle"]);
    let entry = archive.find("middle").unwrap();
    assert!(matches!(entry.read(1 << 20), Err(ReadError::Refused(found)) if found == refusal));
    assert!(matches!(entry.open().map(drop), Err(ReadError::Refused(found)) if found == refusal));
    assert_eq!(content(&archive, "last"), b"9");
}

fn middle() -> ZipMember {
    ZipMember::deflated("middle", &b"content ".repeat(20))
}

#[test]
fn honest_archives_of_a_common_writer_are_read() {
    let options = SimpleFileOptions::default();
    let stored = options.compression_method(CompressionMethod::Stored);
    let members = [
        ("b/deflated.json", options, b"{\"a\":1}".repeat(100)),
        ("a/stored.bin", stored, vec![7; 3000]),
        ("large-fields", options.large_file(true), b"zip64".to_vec()),
        ("empty", stored, Vec::new()),
        ("größe", options, b"utf-8".to_vec()),
    ];
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut stream = ZipWriter::new_stream(Vec::new());
    for (name, options, data) in &members {
        writer.start_file(*name, *options).unwrap();
        writer.write_all(data).unwrap();
        stream.start_file(*name, *options).unwrap();
        stream.write_all(data).unwrap();
    }
    writer.add_directory("folder", options).unwrap();
    let written = writer.finish().unwrap().into_inner();
    let streamed = stream.finish().unwrap().into_inner();
    for bytes in [&written, &streamed] {
        let archive = listed(bytes);
        assert_eq!(archive.container(), Container::Zip);
        assert_eq!(archive.entries().len(), members.len());
        for (name, _, data) in &members {
            assert_eq!(content(&archive, name), *data, "{name}");
        }
        assert!(archive.notes().iter().all(|note| note.kind.is_ordinary()), "{:?}", archive.notes());
    }
    assert_eq!(kinds(&listed(&written)), [NoteKind::Directory]);
    assert_eq!(names(&listed(&build(&[]))), Vec::<&str>::new());
}

#[test]
fn one_name_twice_is_readable_neither_way() {
    let bytes = build(&[ZipMember::stored("a", b"shown"), ZipMember::stored("a", b"hidden")]);
    let archive = listed(&bytes);
    assert_eq!(kinds(&archive), [NoteKind::DuplicateName]);
    let error = archive.find("a").unwrap().read(10).unwrap_err();
    assert!(matches!(error, ReadError::Refused(Refusal::DuplicateName)));
    let archive = listed(&build(&[ZipMember::stored("A.json", b"1"), ZipMember::stored("a.json", b"2")]));
    assert_eq!(kinds(&archive), [NoteKind::CaseCollision]);
    let archive = listed(&build(&[ZipMember::stored("a", b"1"), ZipMember::stored("a/b", b"2")]));
    assert_eq!(kinds(&archive), [NoteKind::FileAndFolder]);
}

#[test]
fn local_and_central_header_must_agree() {
    type Change = fn(&mut Side);
    let changes: [Change; 9] = [
        |side| side.name = b"muddle".to_vec(),
        |side| side.name = b"middle2".to_vec(),
        |side| side.method = 0,
        |side| side.crc32 ^= 1,
        |side| side.expanded += 1,
        |side| side.flags ^= 1,
        |side| side.flags ^= 1 << 3,
        |side| side.flags ^= 1 << 11,
        |side| side.extra = [&[0x75, 0x70, 10, 0, 1, 0, 0, 0, 0], &b"other"[..]].concat(),
    ];
    for change in changes {
        only_noted(middle().local(change), NoteKind::Contradiction, Refusal::Contradiction);
    }
    let longer = middle().local(|side| side.compressed += 1);
    only_noted(longer, NoteKind::Contradiction, Refusal::Contradiction);
    let two_sizes = ZipMember::stored("middle", b"abc").both(|side| side.expanded = 2);
    only_noted(two_sizes, NoteKind::Contradiction, Refusal::Contradiction);
    let damaged = middle().both(|side| side.extra = vec![9, 9, 200, 0]);
    only_noted(damaged, NoteKind::Contradiction, Refusal::Contradiction);
    let aligned = middle().both(|side| side.extra = vec![0, 0, 0]);
    assert_eq!(kinds(&one(aligned)), []);
}

#[test]
fn a_data_descriptor_must_say_what_the_directory_says() {
    let honest = |signature: bool, wide: bool| {
        middle()
            .both(|side| side.flags |= 1 << 3)
            .local(|side| (side.crc32, side.compressed, side.expanded) = (0, 0, 0))
            .with(|member| {
                let central = &member.central;
                if signature {
                    member.after.extend(b"PK\x07\x08");
                }
                member.after.extend(central.crc32.to_le_bytes());
                for size in [central.compressed, central.expanded] {
                    member.after.extend(size.to_le_bytes());
                    member.after.extend(&[0; 4][..if wide { 4 } else { 0 }]);
                }
            })
    };
    for (signature, wide) in [(false, false), (true, false), (false, true), (true, true)] {
        let archive = one(honest(signature, wide));
        assert_eq!(kinds(&archive), []);
        assert_eq!(content(&archive, "middle"), b"content ".repeat(20));
        for position in 0..honest(signature, wide).after.len() {
            let flipped = honest(signature, wide).with(|member| member.after[position] ^= 4);
            only_noted(flipped, NoteKind::Contradiction, Refusal::Contradiction);
        }
    }
    only_noted(
        honest(true, false).with(|member| member.after.clear()),
        NoteKind::Contradiction,
        Refusal::Contradiction,
    );
}

#[test]
fn encrypted_and_unknown_methods_are_refused_by_name() {
    for flags in [1, 1 << 6, 1 << 13] {
        only_noted(middle().both(|side| side.flags = flags), NoteKind::Encrypted, Refusal::Encrypted);
    }
    // said to be encrypted by one header only: both facts are reported
    let archive = one(middle().central(|side| side.flags = 1));
    assert_eq!(kinds(&archive), [NoteKind::Contradiction, NoteKind::Encrypted]);
    let error = archive.find("middle").unwrap().read(1 << 20).unwrap_err();
    assert!(matches!(error, ReadError::Refused(Refusal::Encrypted)));
    only_noted(middle().both(|side| side.method = 99), NoteKind::Encrypted, Refusal::Encrypted);
    for method in [1, 9, 12, 14, 93, 95, 0xffff] {
        only_noted(
            middle().both(|side| side.method = method),
            NoteKind::UnsupportedMethod,
            Refusal::Method(method),
        );
    }
}

#[test]
fn unsafe_names_links_and_devices_are_not_entries() {
    for name in [
        &b"/abs"[..],
        b"../up",
        b"a/../../up",
        b"C:\\x",
        b"C:x",
        b"a\\..\\..\\b",
        b"a//b",
        b"./a",
        b"a\0b",
        b"a\x1b[2J",
        b"",
        b"/",
        b"..",
        b"../",
        b"caf\xe9",
        "größe".as_bytes(),
    ] {
        let archive = one(ZipMember::new(name, 0, b"x", b"x".to_vec()));
        assert_eq!(kinds(&archive), [NoteKind::UnsafeName], "{name:?}");
        assert_eq!(names(&archive), ["first", "last"]);
        assert!(!archive.notes()[0].to_string().chars().any(char::is_control));
    }
    let archive =
        one(ZipMember::new("größe".as_bytes(), 0, b"x", b"x".to_vec()).both(|side| side.flags = 1 << 11));
    assert_eq!(names(&archive), ["first", "größe", "last"]);
    for (mode, kind) in [(0o120_777u32, NoteKind::SymbolicLink), (0o020_644, NoteKind::SpecialFile)] {
        let archive =
            one(ZipMember::stored("x", b"/etc/passwd").with(|member| member.attributes = mode << 16));
        assert_eq!(kinds(&archive), [kind]);
        assert_eq!(names(&archive), ["first", "last"]);
    }
    assert_eq!(kinds(&one(ZipMember::stored("folder/", b""))), [NoteKind::Directory]);
    assert_eq!(kinds(&one(ZipMember::stored("folder/", b"x"))), [NoteKind::DirectoryContent]);
    let comment = ZipMember::stored("x", b"").with(|member| member.comment = b"hello".to_vec());
    assert_eq!(kinds(&one(comment)), [NoteKind::Comment]);
}

#[test]
fn bytes_around_and_between_members_are_noticed() {
    let members = [ZipMember::stored("a", b"1"), ZipMember::stored("b", b"2")];
    let plain = build(&members);
    assert!(kinds(&listed(&plain)).is_empty());
    assert_eq!(kinds(&listed(&[plain.as_slice(), b"more"].concat())), [NoteKind::UnclaimedBytes]);
    let other = build(&[ZipMember::stored("a", b"other")]);
    assert!(refused(&[plain.as_slice(), other.as_slice()].concat()).contains("joined"));
    let hidden = [members[0].clone().with(|member| member.after = plain[..32].to_vec()), members[1].clone()];
    assert_eq!(kinds(&listed(&build(&hidden))), [NoteKind::UnclaimedBytes]);
    let comment = ZipEnd { comment: b"hello".to_vec(), ..ZipEnd::default() };
    assert_eq!(kinds(&listed(&zip_with(&members, &comment))), [NoteKind::Comment]);
    let second_end = ZipEnd { comment: build(&[]), ..ZipEnd::default() };
    assert!(refused(&zip_with(&members, &second_end)).contains("two end records"));
    for comment in [&b"PK\x05\x06"[..], b"....PK\x05\x06....", &build(&[])[..21]] {
        let end = ZipEnd { comment: comment.to_vec(), ..ZipEnd::default() };
        assert!(refused(&zip_with(&members, &end)).contains("two end records"));
    }
    // a program or document in front: not a zip by its first bytes, but a zip to readers that start at the end
    let prefixed = listed(&[b"{\"json\": true}      ", plain.as_slice()].concat());
    assert_eq!((prefixed.container(), kinds(&prefixed)), (Container::File, vec![NoteKind::SecondReading]));
    assert!(refused(&[b"PK\x03\x04", plain.as_slice()].concat()).contains("joined"));
    // a zip stored inside a zip is ordinary
    let nested = listed(&build(&[ZipMember::stored("inner.zip", &plain)]));
    assert!(kinds(&nested).is_empty());
    let inner = Archive::from_entry(nested.find("inner.zip").unwrap(), &Limits::default()).unwrap();
    assert_eq!((names(&inner), content(&inner, "b")), (vec!["a", "b"], b"2".to_vec()));
}

#[test]
fn wrong_counts_and_offsets_are_refused() {
    let members = [ZipMember::stored("a", b"1"), ZipMember::stored("b", b"2")];
    for end in [
        ZipEnd { count: Some(1), ..ZipEnd::default() },
        ZipEnd { count: Some(3), ..ZipEnd::default() },
        ZipEnd { count: Some(0xffff), ..ZipEnd::default() },
        ZipEnd { size: Some(47), ..ZipEnd::default() },
        ZipEnd { size: Some(u32::MAX), ..ZipEnd::default() },
        ZipEnd { offset: Some(0), ..ZipEnd::default() },
        ZipEnd { offset: Some(u32::MAX), ..ZipEnd::default() },
        ZipEnd { offset: Some(31), size: Some(u32::MAX - 31), ..ZipEnd::default() },
    ] {
        assert!(list(&zip_with(&members, &end), &Limits::default()).is_err());
    }
    for offset in [0, 1, 31, 33, 60, u32::MAX, u32::MAX - 1] {
        let moved = members[1].clone().with(|member| member.offset = Some(offset));
        refused(&build(&[members[0].clone(), moved]));
    }
    let outside = ZipMember::stored("b", b"2").both(|side| (side.compressed, side.expanded) = (500, 500));
    refused(&build(&[members[0].clone(), outside]));
}

/// One block of zeros inside many overlapping members: the sum of all members is quadratic in the file.
#[test]
fn overlapping_members_are_refused() {
    let kernel = ZipMember::deflated("kernel", &vec![0; 1 << 20]);
    let mut members = vec![kernel.clone()];
    for index in 0..200 {
        let alias = kernel.clone().central(|side| side.name = format!("alias-{index}").into_bytes());
        members.push(alias.with(|member| (member.offset, member.central_only) = (Some(0), true)));
    }
    assert!(refused(&build(&members)).contains("overlap"));
    let quoted = ZipMember::stored("outer", &build(&[ZipMember::stored("inner", b"x")]));
    let inside = ZipMember::stored("inner", b"x").with(|member| {
        member.offset = Some(30 + 5);
        member.central_only = true;
    });
    assert!(refused(&build(&[quoted, inside])).contains("overlap"));
}

#[test]
fn bombs_stop_at_the_limits() {
    let zeros = vec![0; 16 << 20];
    let bytes = build(&[ZipMember::deflated("bomb", &zeros)]);
    assert_eq!(content(&list(&bytes, &Limits { ratio: 2_000, ..Limits::default() }).unwrap(), "bomb"), zeros);
    let tight = Limits { ratio: 100, ..Limits::default() };
    let error = list(&bytes, &tight).unwrap().find("bomb").unwrap().read(1 << 30).unwrap_err();
    assert!(matches!(error, ReadError::Limit(LimitExceeded { resource: Resource::Ratio, limit: 100 })));
    let total = Limits { expanded_bytes: (16 << 20) - 1, ..Limits::default() };
    assert!(
        matches!(list(&bytes, &total), Err(OpenError::Limit(limit)) if limit.resource == Resource::ExpandedBytes)
    );
    let entries = Limits { entries: 0, ..Limits::default() };
    assert!(
        matches!(list(&bytes, &entries), Err(OpenError::Limit(limit)) if limit.resource == Resource::Entries)
    );
    let error = listed(&bytes).find("bomb").unwrap().read((16 << 20) - 1).unwrap_err();
    assert!(matches!(error, ReadError::Limit(limit) if limit.resource == Resource::DocumentBytes));
    // more than declared comes out of the stream: it stops at the first byte too many
    let liar = ZipMember::deflated("liar", &zeros).both(|side| side.expanded = 10);
    let archive = listed(&build(&[liar]));
    let mut seen = 0u64;
    let mut reader = archive.entries()[0].open().unwrap();
    let mut buffer = [0; 4096];
    let error = loop {
        match reader.read(&mut buffer) {
            Ok(0) => panic!("a wrong size was accepted"),
            Ok(count) => seen += u64::try_from(count).unwrap(),
            Err(error) => break error,
        }
    };
    assert!(seen <= 4096, "{error}");
}

#[test]
fn content_that_is_not_what_was_declared_is_an_error() {
    let plain = b"content ".repeat(20);
    let packed = deflate(&plain);
    let longer = [packed.as_slice(), b"hidden"].concat();
    let size = u32::try_from(longer.len()).unwrap();
    for member in [
        middle().both(|side| side.crc32 ^= 1),
        middle().both(|side| side.expanded += 1),
        middle().both(|side| side.expanded -= 1),
        middle().both(|side| side.expanded = u32::MAX - 1),
        ZipMember::new(b"middle", 8, &plain, longer).both(|side| side.compressed = size),
        ZipMember::new(b"middle", 8, &plain, packed[..packed.len() - 3].to_vec()),
        ZipMember::new(b"middle", 8, b"", b"\xff\xff\xff".to_vec()),
        ZipMember::stored("middle", b"abc").both(|side| side.crc32 = crc32(b"abd")),
    ] {
        let archive = one(member);
        let error = archive.find("middle").unwrap().read(u64::MAX).unwrap_err();
        assert!(matches!(error, ReadError::Damaged(_)), "{error}");
    }
}

#[test]
fn declared_sizes_are_never_allocated() {
    let wide = |expanded: u64, compressed: u64| {
        let fields = [expanded.to_le_bytes(), compressed.to_le_bytes()].concat();
        let extra = [&[1, 0, 16, 0][..], &fields].concat();
        middle().both(|side| {
            (side.expanded, side.compressed) = (u32::MAX, u32::MAX);
            side.extra = extra.clone();
        })
    };
    let packed = u64::try_from(middle().data.len()).unwrap();
    let honest = listed(&build(&[wide(160, packed)]));
    assert_eq!(content(&honest, "middle"), b"content ".repeat(20));
    for (expanded, compressed) in [(u64::MAX, packed), (160, u64::MAX), (1 << 60, 1 << 60), (160, 1 << 40)] {
        assert!(list(&build(&[wide(expanded, compressed)]), &Limits::default()).is_err());
    }
    let archive = listed(&build(&[wide(12 << 30, packed)]));
    assert!(archive.find("middle").unwrap().read(u64::MAX).is_err());
    let missing = middle().both(|side| side.expanded = u32::MAX);
    only_noted(missing, NoteKind::Contradiction, Refusal::Contradiction);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What we read is what another reader reads, for every archive that an honest writer makes.
    #[test]
    fn honest_archives_agree_with_another_reader(
        members in prop::collection::btree_map("[a-c]{1,3}(/[a-c]{1,3})?\\.json",
            (prop::collection::vec(any::<u8>(), 0..400), any::<bool>(), any::<bool>()), 0..8),
        streamed in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        let mut seekable = ZipWriter::new(Cursor::new(Vec::new()));
        let mut stream = ZipWriter::new_stream(&mut bytes);
        for (name, (data, store, large)) in &members {
            let method = if *store { CompressionMethod::Stored } else { CompressionMethod::Deflated };
            let options = SimpleFileOptions::default().compression_method(method).large_file(*large);
            seekable.start_file(name, options).unwrap();
            seekable.write_all(data).unwrap();
            stream.start_file(name, options).unwrap();
            stream.write_all(data).unwrap();
        }
        stream.finish().unwrap();
        let bytes = if streamed { bytes } else { seekable.finish().unwrap().into_inner() };
        let archive = listed(&bytes);
        prop_assert!(archive.notes().is_empty(), "{:?}", archive.notes());
        let mut other = ZipArchive::new(Cursor::new(&bytes)).unwrap();
        prop_assert_eq!(other.len(), archive.entries().len());
        for (name, (data, ..)) in &members {
            let mut theirs = Vec::new();
            other.by_name(name).unwrap().read_to_end(&mut theirs).unwrap();
            prop_assert_eq!(&content(&archive, name), &theirs);
            prop_assert_eq!(&theirs, data);
        }
    }
}
