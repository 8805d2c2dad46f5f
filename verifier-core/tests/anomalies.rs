//! Documents that are full of places where JSON readers disagree. A place is found by walking from the start of its
//! document, so naming every place would take hours here.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use verifier_core::archive::Entry;
use verifier_core::bytes::Limits;
use verifier_core::evidence::{Evidence, ExportSet, gather_bytes};
use verifier_core::report::{Outcome, Report};
use verifier_core::time::Timestamp;
use verifier_core::trust::TrustPolicy;
use verifier_core::verify::{NoProgress, verify};

const COUNT: usize = 150_000;

fn judge(evidence: &Evidence) -> Report {
    verify(evidence, &TrustPolicy::new(Timestamp::parse("2026-11-26T00:00:00Z").unwrap()), &NoProgress)
}

fn assert_counted(report: &Report) {
    assert_ne!(report.outcome, Outcome::Verified);
    assert!(report.has_code("DUPLICATE_JSON_KEY"), "{:?}", report.counts);
    let kept = report.findings.iter().filter(|finding| finding.code.id == "DUPLICATE_JSON_KEY").count();
    assert!(kept <= usize::try_from(Limits::default().findings_per_code).unwrap());
    assert!(report.findings.iter().any(|finding| finding.location.pointer.is_some()));
}

#[test]
fn a_manifest_full_of_repeated_members_is_judged_in_bounded_time() {
    let members = "\"a\":0,".repeat(COUNT);
    let manifest = format!("{{{members}\"content_hash\":\"sha256:00\"}}");
    let payload = gather_bytes("export.json", b"{\"records\":[]}".to_vec(), &Limits::default());
    let Some(Evidence::Export(set)) = payload.sets.first().cloned() else { unreachable!() };
    let mut part = set.payload.clone();
    part.label = "manifest.json".to_owned();
    part.entry = Entry::from_bytes("manifest.json", manifest.into_bytes());
    assert_counted(&judge(&Evidence::Export(ExportSet::new(set.payload, Some(part)))));
}

#[test]
fn a_voice_session_full_of_repeated_members_is_judged_in_bounded_time() {
    let members = "\"a\":0,".repeat(COUNT);
    let text = format!("{{{members}\"schema_version\":\"x\"}}");
    let batch = gather_bytes("export.json", b"{\"records\":[]}".to_vec(), &Limits::default());
    let Some(Evidence::Export(set)) = batch.sets.first().cloned() else { unreachable!() };
    let mut part = set.payload;
    part.entry = Entry::from_bytes("voice.json", text.into_bytes());
    assert_counted(&judge(&Evidence::Voice(part)));
}
