use super::*;

/// A tar with these members, in order; a link has a target instead of bytes.
fn tar(members: &[(&str, Member<'_>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, member) in members {
        let (kind, target, bytes) = match member {
            Member::File(bytes) => (b'0', "", *bytes),
            Member::Link(target) => (b'2', *target, &[][..]),
        };
        let mut header = [0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        header[136..148].copy_from_slice(b"00000000000\0");
        header[148..156].fill(b' ');
        header[156] = kind;
        header[157..157 + target.len()].copy_from_slice(target.as_bytes());
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

enum Member<'a> {
    File(&'a [u8]),
    Link(&'a str),
}
use Member::{File, Link};

const EXPORT: &[u8] = br#"{"bundle_type":"audit_export_bundle","schema_version":2,"records":[]}"#;
const MANIFEST: &[u8] =
    br#"{"content_hash":"sha256:00","signature":"ed25519:AA==","public_key":"k","key_id":"k"}"#;

fn codes(batch: &Batch) -> Vec<(&'static str, String)> {
    batch.findings.iter().map(|finding| (finding.code.id, finding.location.file.clone())).collect()
}

fn gathered(bytes: Vec<u8>) -> Batch {
    gather_bytes("in", bytes, &Limits::default())
}

#[test]
fn a_pair_is_found_and_the_rest_is_listed() {
    let batch = gathered(tar(&[
        ("notes.txt", File(b"hello")),
        ("a/export.json", File(EXPORT)),
        ("a/manifest.json", File(MANIFEST)),
    ]));
    let [Evidence::Export(set)] = batch.sets.as_slice() else { panic!("{batch:?}") };
    assert_eq!(set.payload.label, "in/a/export.json");
    assert_eq!(set.manifest.as_ref().map(|part| part.label.as_str()), Some("in/a/manifest.json"));
    assert_eq!(codes(&batch), [("INPUT_LEFTOVER", "in/notes.txt".to_owned())]);
    assert!(!batch.fails());
}

#[test]
fn containers_inside_containers_are_opened_up_to_a_depth() {
    let mut bytes = tar(&[("export.json", File(EXPORT)), ("manifest.json", File(MANIFEST))]);
    for level in 1..=DEPTH {
        let name = format!("level{level}.tar");
        bytes = tar(&[(&name, File(&bytes))]);
        let batch = gathered(bytes.clone());
        let found = !batch.sets.is_empty();
        assert_eq!(found, level < DEPTH, "level {level}: {batch:?}");
        assert_eq!(batch.fails(), !found);
    }
}

#[test]
fn what_two_readers_could_see_differently_fails() {
    let evidence = [("export.json", File(EXPORT)), ("manifest.json", File(MANIFEST))];
    for (surplus, code) in [
        (("export.json", File(b"{}")), "INPUT_AMBIGUOUS"),
        (("link", Link("export.json")), "INPUT_AMBIGUOUS"),
        (("../up.json", File(b"{}")), "INPUT_PATH_UNSAFE"),
    ] {
        let mut members: Vec<_> = evidence.iter().map(|(name, member)| (*name, member.again())).collect();
        members.push(surplus);
        let batch = gathered(tar(&members));
        assert!(batch.fails(), "{code}");
        assert!(codes(&batch).iter().any(|(own, _)| *own == code), "{code}: {:?}", codes(&batch));
    }
}

impl Member<'_> {
    fn again(&self) -> Self {
        match self {
            Self::File(bytes) => Self::File(bytes),
            Self::Link(target) => Self::Link(target),
        }
    }
}

#[test]
fn no_evidence_is_not_success() {
    for bytes in [&b""[..], b"text", b"{}", b"[1,2]"] {
        let batch = gathered(bytes.to_vec());
        assert!(batch.sets.is_empty() && batch.fails(), "{batch:?}");
        assert!(codes(&batch).iter().any(|(code, _)| *code == "KIND_NOT_VERIFIED"));
    }
    let empty = gathered(tar(&[("notes.txt", File(b"hello"))]));
    assert!(empty.fails());
    let [missing] = gather(&[Path::new("/no/such/file")], &Limits::default()).try_into().unwrap();
    assert_eq!(codes(&missing), [("INPUT_UNREADABLE", "/no/such/file".to_owned())]);
}

#[test]
fn a_file_above_the_limit_is_said_to_be() {
    let limits = Limits { file_bytes: 10, ..Limits::default() };
    let batch = gather_bytes("in", EXPORT.to_vec(), &limits);
    assert!(batch.sets.is_empty() && batch.fails());
    assert_eq!(codes(&batch)[0].0, "INPUT_LIMIT_EXCEEDED");
}
