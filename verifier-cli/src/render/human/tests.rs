//! Snapshots of the report for people, from reports made by hand: clean, tampered, incomplete, self-attested, unsigned,
//! hostile. `tests/snapshots/<name>.txt` holds the text.

use std::collections::BTreeSet;

use verifier_core::bytes::hex;
use verifier_core::finding::catalog::{export, input, trust, walk};
use verifier_core::finding::{Effect, Finding, Location, Verdict};
use verifier_core::report::{FileSummary, Report, ReportBuilder, Requested, SignerSummary, Subject};
use verifier_core::time::Timestamp;
use verifier_core::trust::Basis;

use crate::args::output::ColorChoice;
use crate::environment::Environment;
use crate::render::style::Page;
use crate::render::{human, raw};

fn as_of() -> Timestamp {
    Timestamp::parse("2026-11-26T00:00:00Z").unwrap()
}

fn signer(basis: Basis, source: &str) -> SignerSummary {
    SignerSummary {
        signed: "export content hash".to_owned(),
        public_key: "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=".to_owned(),
        key_id: Some("sha256:34750f98bd59fcfc946da45aaabe933b".to_owned()),
        basis,
        source: source.to_owned(),
        signed_at: Some("2026-05-07T12:00:00Z".to_owned()),
    }
}

fn base(required: &[&str]) -> ReportBuilder {
    let required: BTreeSet<String> = required.iter().map(|name| (*name).to_owned()).collect();
    let mut out = ReportBuilder::new(3, required);
    out.artifact.kind = "export".to_owned();
    let digest = format!("sha256:{}", hex::encode(&[0xab; 32]));
    for (role, path, bytes) in [("payload", "export.json", 52_800_123), ("manifest", "manifest.json", 812)] {
        let sha256 = Some(digest.clone());
        out.artifact.files.push(FileSummary { role, path: path.to_owned(), sha256, bytes: Some(bytes) });
    }
    out.not_proven = vec!["That a stated time is the true time.".to_owned()];
    out
}

fn integrity(out: &mut ReportBuilder) {
    out.claim(INTEGRITY, Requested::Evidence);
    let subject = Subject::new("payload_content_hash", "export.json");
    out.supported(
        INTEGRITY,
        subject,
        &export::CONTENT_HASH_MATCH,
        "the bytes have the digest that was signed",
    );
    let subject = Subject::new("manifest_signature", "manifest.json");
    out.supported(INTEGRITY, subject, &export::EXPORT_INTEGRITY_SUPPORTED, "digest and signature verified");
    out.ran("integrity", "Content hash and manifest signature", &[("bytes", 52_800_123)]);
}

const INTEGRITY: &str = "export.integrity.v1";
const WALK: &str = "governance_chain.local_continuity.v1";

fn clean() -> Report {
    let mut out = base(&[]);
    out.signers.push(signer(Basis::Root, "bundled Keel production trust root (trust_root.json)"));
    integrity(&mut out);
    out.claim(WALK, Requested::Operator);
    let subject = Subject::new("governance_chain", "chain_entries");
    out.supported(WALK, subject, &walk::WALK_EVENTS_SUPPORTED, "one chain of 100,000 entries without a gap");
    out.ran("walk", "Chain walk", &[("chains", 1), ("entries", 100_000)]);
    out.skipped("closures", "Closure verification", "the export carries no closures");
    out.finish(&as_of())
}

fn tampered() -> Report {
    let mut out = base(&[]);
    out.claim(INTEGRITY, Requested::Evidence);
    let finding =
        Finding::disproves(&export::CONTENT_HASH_MISMATCH, "the file is not the one that was signed")
            .at(Location::file("export.json"))
            .fact("expected", "sha256:0558")
            .fact("computed", "sha256:4413");
    out.unsupported(INTEGRITY, Subject::new("payload_content_hash", "export.json"), finding);
    out.claim(WALK, Requested::Automatic);
    for index in 0..5 {
        let location = Location {
            file: "export.json".to_owned(),
            pointer: Some(format!("/records/{index}/previous_record_hash")),
            bytes: Some(1_000..1_064),
        };
        let finding = Finding::disproves(
            &walk::WALK_PREV_HASH_DISCONTINUITY,
            "the entry does not follow the one before it",
        );
        out.finding(finding.on(WALK).at(location).fact("expected", "aa").fact("computed", "bb"));
    }
    out.finish(&as_of())
}

fn incomplete() -> Report {
    let mut out = base(&["export.scope_faithfulness.v1"]);
    out.signers.push(signer(Basis::Manifest, "key manifest (keys.json) key_id=k status=active"));
    integrity(&mut out);
    out.finding(Finding::notes(&trust::KEY_MANIFEST_UNSIGNED, "nobody vouches for keys.json but you"));
    let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
    out.claim(WALK, Requested::Optional);
    out.finding(Finding::new(&trust::SIGNING_TIME_MISSING, effect, "no signing time is stated").on(WALK));
    out.finish(&as_of())
}

fn self_attested() -> Report {
    let mut out = base(&[]);
    out.accepted_without_trust = true;
    out.signers.push(signer(Basis::SelfAttested, "self-attested (embedded public_key)"));
    integrity(&mut out);
    out.finish(&as_of())
}

fn unsigned() -> Report {
    let mut out = base(&[]);
    out.accepted_without_trust = true;
    out.claim(INTEGRITY, Requested::Automatic);
    let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
    let finding =
        Finding::new(&export::MANIFEST_SIGNATURE_MISSING, effect, "the manifest carries no signature");
    out.unsupported(INTEGRITY, Subject::new("manifest_signature", "manifest.json"), finding);
    out.finish(&as_of())
}

fn hostile() -> Report {
    let evil = "\u{1b}[2J\u{202e}VERIFIED\r\n\u{7}\u{2028}ok\u{200b}";
    let mut out = base(&[]);
    out.artifact.kind = evil.to_owned();
    out.artifact.files[0].path = evil.to_owned();
    out.artifact.signed.push((evil.to_owned(), evil.to_owned()));
    out.artifact.unsigned.push(("subject".to_owned(), evil.to_owned()));
    out.signers.push(SignerSummary {
        signed: evil.to_owned(),
        public_key: evil.to_owned(),
        key_id: Some(evil.to_owned()),
        basis: Basis::Pinned,
        source: evil.to_owned(),
        signed_at: Some(evil.to_owned()),
    });
    out.claim(INTEGRITY, Requested::Evidence);
    let finding = Finding::lacks(&input::INPUT_STRUCTURE_INVALID, evil).fact("value", evil).at(Location {
        file: evil.to_owned(),
        pointer: Some(evil.to_owned()),
        bytes: None,
    });
    out.unsupported(INTEGRITY, Subject::new("payload_content_hash", evil), finding);
    out.skipped("walk", "Chain walk", evil);
    out.not_proven.push(evil.to_owned());
    out.finish(&as_of())
}

fn text(report: &Report) -> String {
    let environment = Environment::fixed(as_of());
    let mut bytes = Vec::new();
    human::write(report, false, &mut Page::new(&mut bytes, ColorChoice::Auto, &environment)).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn plain(report: &Report) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    raw::write(report, &mut out, &mut err).unwrap();
    (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn check(name: &str, report: &Report, expected: &str) {
    let found = text(report);
    assert_eq!(found, expected, "the text of {name} differs; it is now:\n{found}");
    let (out, err) = plain(report);
    for character in (found + &out + &err).chars() {
        assert!(!character.is_control() || character == '\n', "{character:?} in {name}");
        assert!(!matches!(character, '\u{200b}' | '\u{2028}' | '\u{202e}'), "{character:?} in {name}");
    }
}

#[test]
fn reports_read_as_recorded() {
    check("clean", &clean(), include_str!("../../../tests/snapshots/clean.txt"));
    check("tampered", &tampered(), include_str!("../../../tests/snapshots/tampered.txt"));
    check("incomplete", &incomplete(), include_str!("../../../tests/snapshots/incomplete.txt"));
    check("self_attested", &self_attested(), include_str!("../../../tests/snapshots/self_attested.txt"));
    check("unsigned", &unsigned(), include_str!("../../../tests/snapshots/unsigned.txt"));
    check("hostile", &hostile(), include_str!("../../../tests/snapshots/hostile.txt"));
}

#[test]
fn the_first_line_is_never_wider_than_the_evidence() {
    let first = |report: &Report| text(report).lines().next().unwrap().to_owned();
    assert!(first(&clean()).starts_with("VERIFIED: "));
    for report in [tampered(), incomplete(), self_attested(), unsigned(), hostile()] {
        assert!(!first(&report).starts_with("VERIFIED"), "{}", first(&report));
    }
    assert!(first(&tampered()).contains("CONTENT_HASH_MISMATCH"));
}

#[test]
fn raw_text_says_verified_only_for_trusted_evidence() {
    assert!(plain(&clean()).0.starts_with("VERIFIED\n"));
    for report in [tampered(), incomplete(), hostile()] {
        let (out, err) = plain(&report);
        assert_eq!(out, "");
        assert!(err.starts_with("FAILED: "), "{err}");
    }
    assert!(plain(&self_attested()).0.starts_with("CONSISTENT, SELF-ATTESTED ONLY\n"));
    assert!(plain(&unsigned()).0.starts_with("ACCEPTED UNSIGNED\n"));
}

#[test]
fn colour_changes_no_word() {
    let environment = Environment::fixed(as_of());
    let mut bytes = Vec::new();
    human::write(&tampered(), false, &mut Page::new(&mut bytes, ColorChoice::Always, &environment)).unwrap();
    let coloured = String::from_utf8(bytes).unwrap();
    assert!(coloured.contains("\u{1b}[31;1mDISPROVED\u{1b}[0m"));
    let mut plain = String::new();
    for (index, part) in coloured.split('\u{1b}').enumerate() {
        plain.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(plain, text(&tampered()));
}
