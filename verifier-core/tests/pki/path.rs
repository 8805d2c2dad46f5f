//! Certificates that must not be read, and paths that must not be found, after the cases of x509-limbo.

use std::cell::Cell;

use verifier_core::crypto::pki::PkiError;
use verifier_core::time::{Timestamp, UnixNanos};
use verifier_core::x509::{Certificate, CertificateError, PathError, PathProblem, find_path, oid};

use crate::authority::*;
use crate::der::*;

fn at(text: &str) -> UnixNanos {
    UnixNanos::of(&Timestamp::parse(text).unwrap())
}

fn find(leaf: &[u8], candidates: &[Vec<u8>], anchors: &[Vec<u8>]) -> (Result<usize, PathError>, usize) {
    let leaf = read(leaf);
    let candidates: Vec<Certificate> = candidates.iter().map(|der| read(der)).collect();
    let anchors: Vec<Certificate> = anchors.iter().map(|der| read(der)).collect();
    let checks = Cell::new(0);
    let verify = |child: &Certificate, issuer: &Certificate| {
        checks.set(checks.get() + 1);
        child.verify_issued_by(issuer)
    };
    let found = find_path(
        &leaf,
        &candidates.iter().collect::<Vec<_>>(),
        &anchors.iter().collect::<Vec<_>>(),
        at("2026-06-15T12:00:00Z"),
        oid::TIME_STAMPING,
        &verify,
    );
    (found.map(|path| path.len()), checks.get())
}

fn problem(leaf: &[u8], candidates: &[Vec<u8>], anchors: &[Vec<u8>]) -> PathProblem {
    find(leaf, candidates, anchors).0.unwrap_err().problem
}

fn root() -> Draft {
    Draft::authority("Root", 1)
}

fn leaf_of(issuer: &str, key: u8) -> Vec<u8> {
    Draft::signer("Leaf", 99).issued_by(issuer, key)
}

/// `length` authorities below the root, each issued by the one before.
fn chain(length: u8, draft: impl Fn(u8, Draft) -> Draft) -> Vec<Vec<u8>> {
    let named = |number: u8| if number == 0 { "Root".to_owned() } else { format!("CA {number}") };
    (1..=length)
        .map(|number| {
            let authority = Draft::authority(&named(number), number + 1);
            draft(number, authority).issued_by(&named(number - 1), number)
        })
        .collect()
}

#[test]
fn length_is_limited_by_constraint_and_by_reader() {
    let roots = [root().self_signed()];
    let plain = |_, draft| draft;
    assert_eq!(find(&leaf_of("Root", 1), &[], &roots).0, Ok(2));
    assert_eq!(find(&leaf_of("CA 6", 7), &chain(6, plain), &roots).0, Ok(8));
    assert_eq!(problem(&leaf_of("CA 7", 8), &chain(7, plain), &roots), PathProblem::TooLong);
    let limited = [root().with(BASIC_CONSTRAINTS, true, ca(Some(0))).self_signed()];
    assert_eq!(find(&leaf_of("Root", 1), &[], &limited).0, Ok(2));
    assert_eq!(problem(&leaf_of("CA 1", 2), &chain(1, plain), &limited), PathProblem::PathLength);
    let limited = |number, draft: Draft| match number {
        1 => draft.with(BASIC_CONSTRAINTS, true, ca(Some(1))),
        _ => draft,
    };
    assert_eq!(find(&leaf_of("CA 2", 3), &chain(2, limited), &roots).0, Ok(4));
    assert_eq!(problem(&leaf_of("CA 3", 4), &chain(3, limited), &roots), PathProblem::PathLength);
    // A key that an authority certifies for itself is no further step (RFC 5280 section 4.2.1.9).
    let renewed = Draft::authority("CA 1", 50).issued_by("CA 1", 2);
    let first = Draft::authority("CA 1", 2).with(BASIC_CONSTRAINTS, true, ca(Some(0))).issued_by("Root", 1);
    assert_eq!(find(&leaf_of("CA 1", 50), &[first, renewed], &roots).0, Ok(4));
}

#[test]
fn an_issuer_must_be_one() {
    let roots = [root().self_signed()];
    let middle = |draft: Draft| vec![draft.issued_by("Root", 1)];
    let base = || Draft::authority("CA", 2);
    let leaf = leaf_of("CA", 2);
    let not_an_issuer = PathProblem::NotAnIssuer;
    for (name, draft, expected) in [
        ("no constraints", base().without(BASIC_CONSTRAINTS), not_an_issuer.clone()),
        ("constraints say no", base().with(BASIC_CONSTRAINTS, true, sequence(&[])), not_an_issuer.clone()),
        ("signs lists only", base().with(KEY_USAGE, true, key_usage(&[6])), not_an_issuer.clone()),
        ("a signer", Draft::signer("CA", 2), not_an_issuer.clone()),
        ("version 1", Draft { version: None, extensions: Vec::new(), ..base() }, not_an_issuer),
        ("not yet valid", Draft { not_before: "20270101000000Z", ..base() }, PathProblem::NotYetValid),
        ("another name", Draft { subject: "ca".to_owned(), ..base() }, PathProblem::NoIssuer),
        (
            "unsupported signature",
            Draft { algorithm: ["1.2.840.10045.4.3.1"; 2], ..base() },
            PathProblem::Signature(PkiError::Unsupported("1.2.840.10045.4.3.1".to_owned())),
        ),
    ] {
        assert_eq!(problem(&leaf, &middle(draft), &roots), expected, "{name}");
    }
    assert_eq!(find(&leaf, &middle(base().without(KEY_USAGE)), &roots).0, Ok(3));
    let identified = |id: u8| {
        let value = sequence(&[&element(0x80, &[id; 20])]);
        Draft::signer("Leaf", 99).with(AUTHORITY_KEY_ID, false, value).issued_by("CA", 2)
    };
    assert_eq!(find(&identified(2), &middle(base()), &roots).0, Ok(3));
    assert_eq!(problem(&identified(3), &middle(base()), &roots), PathProblem::NoIssuer);
    // An anchor must hold too.
    let old = [Draft { not_after: "20260101000000Z", ..root() }.self_signed()];
    assert_eq!(problem(&leaf_of("Root", 1), &[], &old), PathProblem::Expired);
    let other = [root().with(EXTENDED_KEY_USAGE, false, purposes(&[CODE_SIGNING])).self_signed()];
    assert_eq!(problem(&leaf_of("Root", 1), &[], &other), PathProblem::Purpose);
    // An anchor is one by its key, not by its name.
    assert!(matches!(problem(&leaf_of("Root", 5), &[], &roots), PathProblem::Signature(_)));
}

#[test]
fn decoys_do_not_hide_the_path() {
    let anchors = [Draft::authority("Root", 40).self_signed(), root().self_signed()];
    let right = Draft::authority("CA", 2).issued_by("Root", 1);
    let mut candidates: Vec<Vec<u8>> = (10..20)
        .map(|key| Draft { serial: u64::from(key), ..Draft::authority("CA", key) }.issued_by("Root", 1))
        .collect();
    candidates.push(Draft { serial: 5, ..Draft::authority("CA", 2) }.issued_by("Nobody", 3));
    candidates.push(right);
    assert_eq!(find(&leaf_of("CA", 2), &candidates, &anchors).0, Ok(3));
}

/// Certificates that all issue each other have more paths than anybody can walk.
#[test]
fn hostile_meshes_and_cycles_end_soon() {
    let roots = [Draft::authority("Far away", 90).self_signed()];
    let cycle = [Draft::authority("A", 2).issued_by("B", 3), Draft::authority("B", 3).issued_by("A", 2)];
    assert_eq!(problem(&leaf_of("A", 2), &cycle, &roots), PathProblem::NoIssuer);
    let mesh: Vec<Vec<u8>> = (0..60)
        .map(|serial| Draft { serial, ..Draft::authority("A", 2) }.without(SUBJECT_KEY_ID).issued_by("A", 2))
        .collect();
    let (found, checks) = find(&leaf_of("A", 2), &mesh, &roots);
    assert_eq!(found.unwrap_err().problem, PathProblem::Budget);
    assert!(checks <= 64, "{checks}");
    // The same names with keys that fail cost as little.
    let failing: Vec<Vec<u8>> = (3..80)
        .map(|key| Draft { serial: u64::from(key), ..Draft::authority("A", key) }.issued_by("A", 2))
        .collect();
    let (found, checks) = find(&leaf_of("A", 2), &failing, &roots);
    assert_eq!(found.unwrap_err().problem, PathProblem::Budget);
    assert!(checks <= 64, "{checks}");
}

#[test]
fn certificates_with_two_meanings_are_not_read() {
    let read = |draft: &Draft| Certificate::read(&draft.self_signed()).map(|_| ());
    assert_eq!(read(&root()), Ok(()));
    let mut twice = root();
    twice.extensions.push((BASIC_CONSTRAINTS, true, sequence(&[])));
    assert_eq!(read(&twice), Err(CertificateError::RepeatedExtension("2.5.29.19".to_owned())));
    let algorithms = Draft { algorithm: [ECDSA_SHA256, "1.2.840.10045.4.3.3"], ..root() };
    assert_eq!(read(&algorithms), Err(CertificateError::Algorithms));
    for version in [None, Some(1)] {
        assert_eq!(read(&Draft { version, ..root() }), Err(CertificateError::Version), "{version:?}");
    }
    for (id, value) in [
        (BASIC_CONSTRAINTS, vec![5, 0]),
        (BASIC_CONSTRAINTS, Vec::new()),
        (KEY_USAGE, octets(&[1])),
        (EXTENDED_KEY_USAGE, sequence(&[&integer(1)])),
        (EXTENDED_KEY_USAGE, [purposes(&[TIME_STAMPING]), vec![0]].concat()),
    ] {
        assert!(read(&root().with(id, true, value.clone())).is_err(), "{id} {value:02x?}");
    }
    let mut many = root();
    many.extensions.extend((0..65).map(|_| ("1.2.3.4", false, vec![5, 0])));
    assert_eq!(read(&many), Err(CertificateError::TooManyExtensions));
    let mut huge = root().self_signed();
    huge.resize(70_000, 0);
    assert!(matches!(Certificate::read(&huge), Err(CertificateError::TooLarge)));
}

#[test]
fn truncated_and_changed_certificates_never_verify() {
    let issuer = crate::authority::read(&root().self_signed());
    let der = Draft::authority("CA", 2).issued_by("Root", 1);
    crate::authority::read(&der).verify_issued_by(&issuer).unwrap();
    for length in 0..der.len() {
        assert!(Certificate::read(&der[..length]).is_err(), "{length}");
    }
    for position in 0..der.len() {
        for bit in 0..8 {
            let mut damaged = der.clone();
            damaged[position] ^= 1 << bit;
            if let Ok(read) = Certificate::read(&damaged) {
                assert!(read.verify_issued_by(&issuer).is_err(), "{position} {bit}");
            }
        }
    }
}
