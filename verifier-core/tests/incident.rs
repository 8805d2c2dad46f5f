//! Incident bundles (spec 06 section 8).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at a surprise"
)]

mod workflow_evidence;

use serde_json::{Value, json};
use verifier_core::bytes::{Limits, hex};
use verifier_core::claim::incident::BUNDLE_MANIFEST;
use verifier_core::claim::workflow::{DECLARATION_SIGNATURE, PERMIT_SNAPSHOT};
use verifier_core::crypto::sha256;
use verifier_core::finding::Verdict::{Disproved, InsufficientEvidence, Supported};
use verifier_core::report::{Outcome, Report};
use workflow_evidence::*;

fn run(members: &[(&str, Vec<u8>)], manifest: &Value) -> Report {
    check_incident(zip(members), manifest, &Limits::default())
}

/// The honest files with one replaced; empty content removes it.
fn replaced(name: &str, content: Option<&[u8]>) -> Vec<(&'static str, Vec<u8>)> {
    incident_files()
        .into_iter()
        .filter_map(|(own, data)| match content {
            Some(content) if own == name => Some((own, content.to_vec())),
            None if own == name => None,
            _ => Some((own, data)),
        })
        .collect()
}

#[track_caller]
fn refused(report: &Report, verdict: verifier_core::finding::Verdict, code: &str) {
    assert!(report.has_code(code), "{code} missing: {:#?}", report.findings);
    assert_eq!(report.verdict(BUNDLE_MANIFEST), Some(verdict), "{:#?}", report.findings);
    assert_ne!(report.outcome, Outcome::Verified);
}

#[test]
fn an_honest_bundle_is_supported_wherever_its_manifest_lies() {
    let outer = incident_manifest();
    let stated = json!({"export_type": "incident_evidence"});
    let mut with_inner = incident_files();
    with_inner.push(("manifest.json", outer.to_string().into_bytes()));
    let mut with_second_name = incident_files();
    with_second_name.push(("bundle_manifest.json", outer.to_string().into_bytes()));
    for (members, manifest) in [
        (incident_files(), outer.clone()),
        (with_inner.clone(), outer.clone()),
        (with_inner, stated.clone()),
        (with_second_name, stated),
        (incident_files(), with(&outer, json!({"manifest_version": 2.0}))),
    ] {
        let report = run(&members, &manifest);
        assert_eq!(report.outcome, Outcome::Verified, "{:#?}", report.findings);
        assert!(report.claims.iter().all(|claim| claim.verdict == Supported));
        assert_eq!(report.claims.len(), 5);
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        let skipped: Vec<&str> =
            report.coverage.iter().filter(|step| step.skipped.is_some()).map(|step| step.step).collect();
        assert_eq!(
            skipped,
            ["incident_admin_actions", "incident_governance_events", "incident_bracket_checkpoints"]
        );
    }
}

#[test]
fn the_list_of_files_is_compared_with_the_zip() {
    let invalid = "INCIDENT_MANIFEST_SCHEMA_INVALID";
    let manifest = incident_manifest();
    for (name, _) in incident_files() {
        refused(&run(&replaced(name, None), &manifest), Disproved, invalid);
    }
    for files in
        [json!({}), json!(["x"]), json!([{"schema": "x"}]), json!([{"name": "x", "schema": 5}]), json!([])]
    {
        refused(&run(&incident_files(), &with(&manifest, json!({"files": files}))), Disproved, invalid);
    }
    let mut extra = incident_files();
    extra.push(("extra.txt", b"x".to_vec()));
    refused(&run(&extra, &manifest), Disproved, "INCIDENT_MEMBER_UNLISTED");
    let mut twice = incident_files();
    twice.push(("permits.jsonl", b"".to_vec()));
    refused(&run(&twice, &manifest), Disproved, "INCIDENT_MEMBER_DUPLICATED");
    let mut outside = incident_files();
    outside.push(("../outside.json", b"{}".to_vec()));
    refused(&run(&outside, &manifest), InsufficientEvidence, "INCIDENT_MEMBER_UNSAFE");
    let listed = |row: Value| {
        let mut manifest = manifest.clone();
        manifest["files"].as_array_mut().unwrap().push(row);
        manifest
    };
    let absent = listed(json!({"name": "absent.txt", "schema": null}));
    refused(&run(&incident_files(), &absent), Disproved, "INCIDENT_MEMBER_MISSING");
    let again = listed(json!({"name": "permits.jsonl", "schema": "keel.permits/v1"}));
    refused(&run(&incident_files(), &again), Disproved, "INCIDENT_MEMBER_DUPLICATED");
    let known = listed(json!({"name": "extra.txt", "schema": null}));
    assert_eq!(run(&extra, &known).outcome, Outcome::Verified);
}

#[test]
fn stated_digests_and_sizes_are_compared() {
    let mut manifest = incident_manifest();
    let files = incident_files();
    for row in manifest["files"].as_array_mut().unwrap() {
        let (_, data) = files.iter().find(|(name, _)| row["name"] == *name).unwrap();
        *row = with(row, json!({"sha256": hex::encode(&sha256(data)), "size": data.len()}));
    }
    assert_eq!(run(&files, &manifest).outcome, Outcome::Verified);
    for (member, value) in
        [("sha256", json!("00".repeat(32))), ("sha256", json!(5)), ("size", json!(1)), ("size", json!("0"))]
    {
        let mut changed = manifest.clone();
        changed["files"][0][member] = value;
        refused(&run(&files, &changed), Disproved, "INCIDENT_MEMBER_HASH_MISMATCH");
    }
}

#[test]
fn content_is_judged() {
    let manifest = incident_manifest();
    let invalid = "INCIDENT_MANIFEST_SCHEMA_INVALID";
    for (name, content) in [
        ("incident_metadata.json", "{}"),
        ("incident_metadata.json", "[]"),
        ("incident_metadata.json", "{"),
        ("permits.jsonl", "{"),
        ("permits.jsonl", "{}\n[]\n"),
        ("workflow_declarations.jsonl", "[]"),
        ("workflow_amendments.jsonl", "null"),
        ("mcp_tool_decisions.jsonl", "[]"),
    ] {
        let report = run(&replaced(name, Some(content.as_bytes())), &manifest);
        refused(&report, Disproved, invalid);
    }
    let forged = lines(&[with(&declaration(), json!({"workflow_id": "wf_other"}))]);
    let report = run(&replaced("workflow_declarations.jsonl", Some(&forged)), &manifest);
    assert!(report.has_code("WORKFLOW_SIGNATURE_INVALID"));
    assert_eq!(report.verdict(DECLARATION_SIGNATURE), Some(Disproved));
    let over = lines(&[json!({}), permit(with(&state(), json!({"actual_calls_at_decision": 8})))]);
    let report = run(&replaced("permits.jsonl", Some(&over)), &manifest);
    assert!(report.has_code("WORKFLOW_CALL_LIMIT_EXCEEDED"));
    assert_eq!(report.verdict(PERMIT_SNAPSHOT), Some(Disproved));
    let place = &report.findings[0].location;
    assert_eq!((place.file.as_str(), place.bytes.clone().unwrap().start), ("incident.zip/permits.jsonl", 3));
    let twice = b"{\"a\":1,\"a\":2}\n";
    assert!(run(&replaced("permits.jsonl", Some(twice)), &manifest).has_code("DUPLICATE_JSON_KEY"));
    let empty: Vec<_> = incident_files()
        .into_iter()
        .map(|(name, data)| {
            (name, if name.starts_with("workflow") || name == "permits.jsonl" { Vec::new() } else { data })
        })
        .collect();
    let report = run(&empty, &manifest);
    assert_eq!(report.outcome, Outcome::Verified);
    assert_eq!(report.claims.len(), 1);
}

#[test]
fn versions_and_manifests_decide_nothing_that_the_zip_contradicts() {
    let manifest = incident_manifest();
    let version = |value: Value| with(&manifest, json!({"manifest_version": value}));
    for value in [json!(3), json!(null), json!("2"), json!([2])] {
        let report = run(&incident_files(), &version(value));
        refused(&report, Disproved, "INCIDENT_UNKNOWN_MANIFEST_VERSION");
    }
    // Version 1 is accepted and reported, and a version 2 bundle relabelled as 1 is examined all the same.
    let old = run(&[("notes.txt", b"x".to_vec())], &version(json!(1)));
    assert_eq!(old.outcome, Outcome::Verified);
    assert!(old.has_code("INCIDENT_CONTENT_NOT_EXAMINED") && old.claims.is_empty());
    let relabelled = run(&incident_files(), &version(json!(1)));
    assert_eq!(relabelled.outcome, Outcome::Verified, "{:#?}", relabelled.findings);
    assert!(relabelled.has_code("INCIDENT_CONTENT_NOT_EXAMINED"));
    let forged = lines(&[with(&declaration(), json!({"workflow_id": "wf_other"}))]);
    let report = run(&replaced("workflow_declarations.jsonl", Some(&forged)), &version(json!(1)));
    assert_eq!(report.outcome, Outcome::Disproved);
    let report = run(&incident_files(), &version(json!(true)));
    assert!(report.has_code("INPUT_STRUCTURE_INVALID") && report.outcome != Outcome::Verified);
    // A stripped manifest does not make the bundle an ordinary zip.
    for stripped in [json!({"export_type": "incident_evidence"}), json!({"export_type": "access_review"})] {
        let report = run(&incident_files(), &stripped);
        refused(&report, InsufficientEvidence, "INCIDENT_MANIFEST_MISSING");
    }
    let ordinary = run(&[("users.csv", b"a,b\n".to_vec())], &json!({"export_type": "access_review"}));
    assert!(ordinary.outcome == Outcome::Verified && ordinary.claims.is_empty());
    // The unsigned manifest must not describe another bundle than the signed zip.
    let mut inner = incident_files();
    inner.push(("manifest.json", manifest.to_string().into_bytes()));
    refused(&run(&inner, &version(json!(1))), Disproved, "INCIDENT_MANIFEST_CONTRADICTION");
    let broken = vec![("manifest.json", b"{".to_vec())];
    let report = run(&broken, &json!({"export_type": "incident_evidence"}));
    refused(&report, Disproved, "INCIDENT_MANIFEST_SCHEMA_INVALID");
}

#[test]
fn what_is_not_a_zip_is_refused_only_where_a_zip_is_due() {
    let limits = Limits::default();
    let report = check_incident(b"{}".to_vec(), &incident_manifest(), &limits);
    refused(&report, Disproved, "INCIDENT_MANIFEST_SCHEMA_INVALID");
    let report = check_incident(b"{}".to_vec(), &json!({"export_type": "usage"}), &limits);
    assert_eq!(report.outcome, Outcome::Verified);
    let mut hidden = b"{} ".to_vec();
    hidden.extend(zip(&incident_files()));
    let report = check_incident(hidden, &json!({"export_type": "usage"}), &limits);
    assert!(report.has_code("INCIDENT_MEMBER_UNSAFE") && report.outcome != Outcome::Verified);
}

#[test]
fn limits_hold_and_damaged_zips_never_panic() {
    let honest = zip(&incident_files());
    let small = Limits { document_bytes: 64, ..Limits::default() };
    assert_ne!(check_incident(honest.clone(), &incident_manifest(), &small).outcome, Outcome::Verified);
    let total = Limits { expanded_bytes: 100, ..Limits::default() };
    let report = check_incident(honest.clone(), &incident_manifest(), &total);
    assert!(report.has_code("INPUT_LIMIT_EXCEEDED"));
    for length in (0..honest.len()).step_by(7) {
        let report = check_incident(honest[..length].to_vec(), &incident_manifest(), &Limits::default());
        assert_ne!(report.outcome, Outcome::Verified, "{length}");
    }
    for position in (0..honest.len()).step_by(11) {
        let mut damaged = honest.clone();
        damaged[position] ^= 0x41;
        check_incident(damaged, &incident_manifest(), &Limits::default());
    }
}
