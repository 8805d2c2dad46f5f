use std::fs;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::bytes::LimitExceeded;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gunzip(stored: &[u8], limits: &Limits) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    gzip::decompress(Box::new(stored), limits).read_to_end(&mut out).map(|_| out)
}

fn names(archive: &Archive) -> Vec<&str> {
    archive.entries().iter().map(Entry::name).collect()
}

fn kinds(archive: &Archive) -> Vec<NoteKind> {
    archive.notes().iter().map(|note| note.kind).collect()
}

#[test]
fn a_directory_is_listed_recursively_and_sorted() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("b/c")).unwrap();
    fs::create_dir_all(folder.path().join("empty")).unwrap();
    fs::write(folder.path().join("z.json"), "z").unwrap();
    fs::write(folder.path().join("b/c/x.json"), "xx").unwrap();
    fs::write(folder.path().join("a.json"), "a").unwrap();
    let archive = open(Source::Path(folder.path()), &Limits::default()).unwrap();
    assert_eq!(archive.container(), Container::Directory);
    assert_eq!(names(&archive), ["a.json", "b/c/x.json", "z.json"]);
    assert_eq!(kinds(&archive), [NoteKind::Directory]);
    let entry = archive.find("b/c/x.json").unwrap();
    assert_eq!(entry.size(), 2);
    assert_eq!(entry.read(2).unwrap().as_slice(), b"xx");
    assert!(matches!(entry.read(1), Err(ReadError::Limit(_))));
    assert!(archive.find("b/c").is_none() && archive.find("x.json").is_none());
}

#[cfg(unix)]
#[test]
fn links_and_odd_names_of_a_directory_are_notes() {
    use std::os::unix::ffi::OsStrExt;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "s").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("dir-link")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), folder.path().join("file-link")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    fs::write(folder.path().join("back\\slash"), "").unwrap();
    fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"latin\xe9")), "").unwrap();
    fs::write(folder.path().join("escape\u{1b}[2J"), "").unwrap();
    fs::write(folder.path().join("Same"), "").unwrap();
    fs::write(folder.path().join("same"), "").unwrap();
    let archive = open(Source::Path(folder.path()), &Limits::default()).unwrap();
    assert_eq!(names(&archive), ["Same", "same"]);
    let count = |kind| kinds(&archive).iter().filter(|found| **found == kind).count();
    assert_eq!(count(NoteKind::SymbolicLink), 3);
    assert_eq!(count(NoteKind::SpecialFile), 1);
    assert_eq!(count(NoteKind::UnsafeName), 3);
    assert_eq!(count(NoteKind::CaseCollision), 1);
    assert!(archive.notes().iter().all(|note| !note.name.chars().any(char::is_control)));
    assert!(archive.notes().iter().any(|note| note.name == "latin\\xe9"));
}

#[test]
fn a_directory_with_too_many_entries_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..4 {
        fs::write(folder.path().join(index.to_string()), "").unwrap();
    }
    let limits = Limits { entries: 3, ..Limits::default() };
    let error = open(Source::Path(folder.path()), &limits).unwrap_err();
    let expected = LimitExceeded { resource: Resource::Entries, limit: 3 };
    assert!(matches!(error, OpenError::Limit(limit) if limit == expected));
}

#[test]
fn a_file_that_changes_after_listing_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "before").unwrap();
    let entry = Entry::from_path("a", &path, &Limits::default()).unwrap();
    assert_eq!(entry.read(100).unwrap().as_slice(), b"before");
    fs::remove_file(&path).unwrap();
    fs::write(&path, "longer after").unwrap();
    assert!(matches!(entry.read(100), Err(ReadError::Changed)));
    assert!(matches!(entry.open().map(drop), Err(ReadError::Changed)));
}

#[test]
fn paths_that_are_not_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits::default();
    assert!(matches!(open(Source::Path(&folder.path().join("none")), &limits), Err(OpenError::Io(_))));
    assert!(matches!(Entry::from_path("x", folder.path(), &limits), Err(OpenError::NotRegular)));
    let path = folder.path().join("four");
    fs::write(&path, "four").unwrap();
    let tight = Limits { file_bytes: 3, ..Limits::default() };
    assert!(matches!(Entry::from_path("four", &path, &tight), Err(OpenError::Limit(_))));
    assert!(matches!(open(Source::Path(&path), &tight), Err(OpenError::Limit(_))));
    let listed = open(Source::Path(folder.path()), &tight).unwrap();
    assert!(matches!(listed.find("four").unwrap().read(100), Err(ReadError::Limit(_))));
}

#[test]
fn siblings_stay_inside_their_folder() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("evidence");
    fs::create_dir_all(folder.join("sub")).unwrap();
    fs::write(root.path().join("outside.json"), "o").unwrap();
    fs::write(folder.join("manifest.json"), "m").unwrap();
    fs::write(folder.join("sub/inner.json"), "i").unwrap();
    for siblings in [Folder::of(&folder), Folder::of(&folder.join("manifest.json"))] {
        let found = siblings.find("sub/inner.json").unwrap().unwrap();
        assert_eq!(found.read(10).unwrap().as_slice(), b"i");
        assert_eq!(found.name(), "sub/inner.json");
        assert!(siblings.find("none.json").unwrap().is_none());
        assert!(siblings.find("sub").unwrap().is_none());
        assert!(siblings.find("manifest.json/x").unwrap().is_none());
        assert_eq!(siblings.find("../outside.json").unwrap_err(), UnsafeName::Parent);
        let absolute = root.path().join("outside.json");
        assert!(siblings.find(&absolute.to_string_lossy()).is_err());
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../outside.json", folder.join("out")).unwrap();
        std::os::unix::fs::symlink("..", folder.join("up")).unwrap();
        std::os::unix::fs::symlink("sub/inner.json", folder.join("in")).unwrap();
        let siblings = Folder::of(&folder);
        assert_eq!(siblings.find("out").unwrap_err(), UnsafeName::LeavesFolder);
        assert_eq!(siblings.find("up/outside.json").unwrap_err(), UnsafeName::LeavesFolder);
        assert_eq!(siblings.find("in").unwrap().unwrap().read(9).unwrap().as_slice(), b"i");
    }
    assert!(NoSiblings.find("a").unwrap().is_none());
    assert!(NoSiblings.find("/a").is_err());
    let given = GivenSiblings::default().with_bytes("a.json", b"a".to_vec());
    assert_eq!(given.find("a.json").unwrap().unwrap().size(), 1);
}

#[test]
fn an_archive_folder_looks_up_beside_an_entry() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("set")).unwrap();
    fs::write(folder.path().join("set/manifest.json"), "m").unwrap();
    fs::write(folder.path().join("set/export.json"), "e").unwrap();
    fs::write(folder.path().join("export.json"), "other").unwrap();
    let archive = open(Source::Path(folder.path()), &Limits::default()).unwrap();
    let beside = ArchiveFolder::beside(&archive, "set/manifest.json");
    assert_eq!(beside.find("export.json").unwrap().unwrap().read(9).unwrap().as_slice(), b"e");
    assert_eq!(beside.find("../export.json").unwrap_err(), UnsafeName::Parent);
    let top = ArchiveFolder::new(&archive, "");
    assert_eq!(top.find("export.json").unwrap().unwrap().read(9).unwrap().as_slice(), b"other");
}

#[test]
fn gzip_reads_all_members_and_padding() {
    let limits = Limits::default();
    let mut stored = gzip(b"first ");
    stored.extend(gzip(b""));
    stored.extend([0; 700]);
    stored.extend(gzip(b"second"));
    stored.extend([0; 3]);
    assert_eq!(gunzip(&stored, &limits).unwrap(), b"first second");
    stored.push(b'x');
    assert!(gunzip(&stored, &limits).is_err());
}

#[test]
fn damaged_gzip_is_an_error_at_every_byte() {
    let stored = gzip(&b"some text that is compressed, some text that is compressed".repeat(20));
    for length in 0..stored.len() {
        assert!(gunzip(&stored[..length], &Limits::default()).is_err(), "cut at {length}");
    }
    // header fields that no checksum covers: flags of text, time, extra flags, operating system
    for position in (0..stored.len()).filter(|position| !(3..10).contains(position)) {
        for bit in 0..8 {
            let mut flipped = stored.clone();
            flipped[position] ^= 1 << bit;
            if let Ok(read) = gunzip(&flipped, &Limits::default()) {
                assert_eq!(read, gunzip(&stored, &Limits::default()).unwrap());
            }
        }
    }
}

#[test]
fn gzip_bombs_stop_at_the_limits() {
    let bomb = gzip(&vec![0; 8 << 20]);
    let tight = Limits { expanded_bytes: 1 << 20, ..Limits::default() };
    let error = gunzip(&bomb, &tight).unwrap_err();
    let expected = LimitExceeded { resource: Resource::ExpandedBytes, limit: 1 << 20 };
    assert_eq!(limit_exceeded(&error), Some(expected));
    let ratio = Limits { ratio: 100, ..Limits::default() };
    let error = gunzip(&bomb, &ratio).unwrap_err();
    assert_eq!(limit_exceeded(&error), Some(LimitExceeded { resource: Resource::Ratio, limit: 100 }));
    let mut reader = gzip::decompress(Box::new(bomb.as_slice()), &tight);
    assert!(std::io::copy(&mut reader, &mut std::io::sink()).is_err());
    assert!(reader.read(&mut [0; 8]).is_err(), "a failed stream stays failed");
    assert!(limit_exceeded(&std::io::Error::other("x")).is_none());
}

proptest! {
    #[test]
    fn gzip_round_trips(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..5)) {
        let stored: Vec<u8> = parts.iter().flat_map(|part| gzip(part)).collect();
        prop_assert_eq!(gunzip(&stored, &Limits::default()).unwrap(), parts.concat());
    }

    #[test]
    fn gunzip_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut stored = vec![0x1f, 0x8b, 8];
        stored.extend(bytes);
        prop_assert!(gunzip(&stored, &Limits::default()).is_err());
    }

    #[test]
    fn a_checked_name_never_leaves_its_folder(name in "[a./\\\\:C\u{0}é]{0,12}") {
        if check_name(&name).is_ok() {
            let joined = Path::new("root").join(&name);
            prop_assert!(joined.starts_with("root"));
            prop_assert!(joined.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            prop_assert_eq!(joined.components().count(), 1 + name.split('/').count());
        }
    }
}
