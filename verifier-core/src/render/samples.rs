//! Reports for the tests of renderers: accepted, refused with every kind of detail, unreadable.

use std::collections::BTreeSet;

use crate::finding::catalog::{export, input, walk};
use crate::finding::{Effect, Finding, Location, Verdict};
use crate::report::{FileSummary, Report, ReportBuilder, Requested, SemanticsRef, SignerSummary, Subject};
use crate::time::Timestamp;
use crate::trust::Basis;

pub(super) const INTEGRITY: &str = "export.integrity.v1";
pub(super) const WALK: &str = "governance_chain.local_continuity.v1";
pub(super) const CLOSURE: &str = "closure.signature.v1";
pub(super) const IDENTITY: &str = "export.scope_identity.v1";

fn as_of() -> Timestamp {
    Timestamp::parse("2026-01-01T00:00:00Z").unwrap()
}

fn started() -> ReportBuilder {
    started_with(2)
}

fn started_with(findings_per_code: u32) -> ReportBuilder {
    let mut out = ReportBuilder::new(findings_per_code, BTreeSet::new());
    out.has_fields_of("audit export bundle");
    out.artifact.kind = "export".to_owned();
    out.artifact.files.push(FileSummary {
        role: "payload",
        path: "größe/export.json".to_owned(),
        sha256: Some("sha256:00".to_owned()),
        bytes: Some(70),
    });
    out.artifact.files.push(FileSummary {
        role: "manifest",
        path: "manifest.json".to_owned(),
        sha256: None,
        bytes: None,
    });
    out.artifact.wire.insert("trust_source", "key manifest (keys.json)".into());
    out.artifact.signed.push(("project".to_owned(), "p\u{202e}1".to_owned()));
    out.artifact.unsigned.push(("signed_at".to_owned(), "2026-01-01T00:00:00Z".to_owned()));
    out.semantics = crate::registry::resolve(
        crate::json::Document::parse(
            crate::bytes::Blob::new(b"{}".to_vec()),
            crate::json::ParserLimits::default(),
        )
        .as_ref()
        .map(crate::json::Document::root)
        .ok(),
        &crate::archive::NoSiblings,
        &crate::bytes::Limits::default(),
    )
    .summary;
    out
}

fn integrity(out: &mut ReportBuilder) {
    out.claim(INTEGRITY, Requested::Evidence);
    out.set_semantics(
        INTEGRITY,
        vec![SemanticsRef { id: "keel.export_manifest.integrity.v1".to_owned(), hash: None }],
    );
    out.evidence(INTEGRITY, &["manifest.content_hash"]);
    out.supported(
        INTEGRITY,
        Subject::new("payload_content_hash", "export.json"),
        &export::CONTENT_HASH_MATCH,
        "bytes match",
    );
    out.supported(
        INTEGRITY,
        Subject::new("manifest_signature", "manifest.json").evidence(&["manifest.signature"]),
        &export::EXPORT_INTEGRITY_SUPPORTED,
        "content hash and signature verify",
    );
}

/// Accepted, with an unrequested claim that lacks evidence and an optional one that does.
pub(super) fn accepted() -> Report {
    let mut out = started();
    integrity(&mut out);
    out.signers.push(SignerSummary {
        signed: "manifest".to_owned(),
        public_key: "ed25519:AAAA".to_owned(),
        key_id: Some("k".to_owned()),
        basis: Basis::SelfAttested,
        source: "self-attested".to_owned(),
        signed_at: None,
    });
    out.claim(CLOSURE, Requested::Automatic);
    let lack = Effect::Limits { verdict: Verdict::InsufficientEvidence };
    out.unsupported(
        CLOSURE,
        Subject::unnamed("closure"),
        Finding::new(&export::PAYLOAD_NOT_EXAMINED, lack, "no closure to judge"),
    );
    out.claim(IDENTITY, Requested::Optional);
    out.unsupported(
        IDENTITY,
        Subject::new("manifest_identity", "manifest.json"),
        Finding::new(&export::EXPORT_SCOPE_IDENTITY_INCOMPLETE, lack, "members missing"),
    );
    out.finding(Finding::notes(&export::MANIFEST_FIELD_UNSIGNED, "signed_at is not covered"));
    out.ran("integrity", "Hash and signature", &[("bytes", 70)]);
    out.skipped("closure", "Closures", "the export carries none");
    out.not_proven.push("that the export is complete".to_owned());
    out.finish(&as_of())
}

/// Refused, with every optional member of the report present somewhere.
pub(super) fn refused() -> Report {
    let mut out = started();
    integrity(&mut out);
    for basis in [Basis::Pinned, Basis::Root, Basis::SignedManifest, Basis::Manifest, Basis::SelfAttested] {
        out.signers.push(SignerSummary {
            signed: "manifest".to_owned(),
            public_key: "ed25519:AAAA".to_owned(),
            key_id: None,
            basis,
            source: "given".to_owned(),
            signed_at: Some("2026-01-01T00:00:00Z".to_owned()),
        });
    }
    out.claim(WALK, Requested::Operator);
    out.epistemic(WALK, "order", "verified");
    out.set_does_not_establish(WALK, vec!["completeness".to_owned()]);
    let place = Location {
        file: "export.json".to_owned(),
        pointer: Some("/records/1".to_owned()),
        bytes: Some(10..20),
    };
    out.unsupported(
        WALK,
        Subject::new("governance_chain", "chain_entries").optional(),
        Finding::disproves(&walk::WALK_RECORD_HASH_MISMATCH, "record 1 differs\u{1b}[2J")
            .at(place)
            .fact("expected", "sha256:aa")
            .fact("computed", "sha256:bb"),
    );
    for _ in 0..4 {
        out.finding(Finding::disproves(&walk::WALK_SEQUENCE_INVERSION, "sequence 5 follows 6").on(WALK));
    }
    out.finding(
        Finding::lacks(&input::INPUT_LIMIT_EXCEEDED, "more than 5 bytes").at(Location::file("other.json")),
    );
    out.finding(Finding::notes(&input::INPUT_LEFTOVER, "readme.txt"));
    out.skipped("walk", "Chain", "damaged");
    out.ran("integrity", "Hash and signature", &[]);
    out.finish(&as_of())
}

/// Nothing could be read.
pub(super) fn unreadable() -> Report {
    let mut out = ReportBuilder::new(2, BTreeSet::new());
    out.finding(
        Finding::new(&input::INPUT_UNREADABLE, Effect::Unreadable, "permission denied")
            .at(Location::file("x")),
    );
    out.finish(&as_of())
}

/// Text that tries to act in every format.
pub(super) fn hostile() -> Report {
    let mut out = started_with(20);
    integrity(&mut out);
    for text in HOSTILE {
        out.artifact.files.push(FileSummary {
            role: "sibling",
            path: text.to_owned(),
            sha256: None,
            bytes: None,
        });
        out.artifact.signed.push((text.to_owned(), text.to_owned()));
        let place = Location { file: text.to_owned(), pointer: Some(format!("/{text}")), bytes: Some(0..1) };
        out.finding(
            Finding::disproves(&walk::WALK_RECORD_HASH_MISMATCH, text)
                .on(WALK)
                .at(place)
                .fact("computed", text),
        );
        out.finding(Finding::lacks(&input::INPUT_STRUCTURE_INVALID, text).at(Location::file(text)));
        out.skipped("s", "Step", text);
        out.not_proven.push(text.to_owned());
    }
    out.claim(WALK, Requested::Operator);
    out.finish(&as_of())
}

pub(super) const HOSTILE: [&str; 8] = [
    "</td><script>alert(1)</script><img src=x onerror=alert(1)>",
    "]]></failure></testsuite>\" onload=\"x",
    "line\n::error file=x::forged\r\n::set-output name=a::b%0A::stop-commands::x",
    "=HYPERLINK(\"http://evil.example\",\"x\"),=1+1;@SUM(1)",
    "| a | [link](http://evil.example) `code` **bold** @user #1 <b> www.evil.example ![i](x)",
    "\u{1b}[2J\u{202e}\u{0}\u{7f}\u{feff}\u{fffe}\u{85}",
    "javascript:alert(1)//..\\..\\x?y#z%41 {0} {{1}} ${{ secrets.T }}",
    "-2+3,cmd|' /C calc'!A0",
];

pub(super) fn all() -> [(&'static str, Report); 4] {
    [("accepted", accepted()), ("refused", refused()), ("unreadable", unreadable()), ("hostile", hostile())]
}
