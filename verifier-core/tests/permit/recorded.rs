//! The recorded `permit-binding` runs of the reference verifier, decision by decision.

use std::fs;

use testvectors::{Case, Content, Origin};
use verifier_core::bytes::Blob;
use verifier_core::claim::permit::{in_entry, in_export, judge};
use verifier_core::json::{Document, ParserLimits};
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeyRing, KeySource, KeyTable, NamedBlob, PERMIT_BINDING_SIGNING, TrustPolicy};

#[test]
fn recorded_decisions_agree() {
    let cases = Case::of(Origin::Reference).unwrap();
    let mut agreed = 0;
    let mut without = Vec::new();
    for case in cases.iter().filter(|case| case.artifact == "permit-binding") {
        let read = |name: &str| match &case.files[name] {
            Content::Stored(path) => fs::read(path).unwrap(),
            Content::Recipe(_) => panic!("{}: a recipe", case.id),
        };
        let Some(expected) = case.expect.claims.get("permit.decision.v1") else {
            without.push(case.id.as_str());
            continue;
        };
        if case.expect.codes.iter().any(|code| code == "REQUIRED_CLAIM_NOT_ADJUDICATED") {
            without.push(case.id.as_str());
            continue;
        }
        let at = case.args.iter().position(|argument| argument == "--key-manifest").unwrap();
        let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
        policy.keys = KeySource::Manifest(NamedBlob::new("keys.json", read(&case.args[at + 1])));
        let keys = KeyRing::load(&policy);
        let table = KeyTable::for_purpose(&keys, PERMIT_BINDING_SIGNING);
        let row = Document::parse(Blob::new(read("files/export.json")), ParserLimits::default())
            .ok()
            .and_then(|export| {
                let root = export.root().as_object()?;
                let found = in_export(|name| root.member(name)).chain(in_entry(root)).next()?;
                Some(judge(found.value, &keys, &table))
            });
        let (verdict, code) = match &row {
            Some(row) => (row.verdict.as_str(), row.code.id),
            None => ("insufficient_evidence", "PERMIT_DECISION_EVIDENCE_MISSING"),
        };
        assert_eq!(verdict, expected.verdict, "{}: {row:?}", case.id);
        if verdict != "supported" {
            assert!(case.expect.codes.iter().any(|expected| expected == code), "{}: {row:?}", case.id);
        }
        agreed += 1;
    }
    assert_eq!((agreed, without.len()), (40, 7), "{without:?}");
}
