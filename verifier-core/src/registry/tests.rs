use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::archive::{GivenSiblings, NoSiblings, Siblings};
use crate::bytes::{Blob, Limits, base64, hex};
use crate::crypto::{prefixed, sha256};
use crate::finding::Verdict;
use crate::json::Document;
use crate::report::{Report, ReportBuilder, Requested};
use crate::time::Timestamp;

const V0: &str = r#"{"id":"keel.verifier_claim_registry.v0","hash":"sha256:1ce5c3d46e81c989a7a32e1deb1f9c4c216891302699b4050e2f7edff50d7c15","path":"claim_registry/v0.json"}"#;
const INTEGRITY: &str = r#"{"id":"keel.export_manifest.integrity.v1","hash":"sha256:d1d67dca7eb9a662d26463c3dec841f47f8791df2fafb21e911dd26a83dabb76","path":"semantics/export_manifest/integrity_v1.json"}"#;
const SIGNATURE: &str = r#"{"id":"keel.checkpoint.signature.v1","hash":"sha256:af16c66e8a0b295cd2e5e436169bf0e3d628c1fc4901b6eba6596e86e3ad256b","path":"semantics/checkpoint/signature_v1.json"}"#;
const PROFILE: &str = r#"{"id":"keel.pre_pinning_default.v0","hash":"sha256:9cd7320deba97ecfcccd44ae25ad31290dc904883d19945c5a02f0054357b34d","path":"semantics/profiles/pre_pinning_default_v0.json"}"#;
const WANTS_INTEGRITY: &str = r#"{"name":"export.integrity.v1","required":true}"#;

fn manifest(registry: &str, claims: &str, pins: &str) -> String {
    format!(
        r#"{{"claim_set":{{"version":"verifier-claims.v0","registry":{registry},"claims":[{claims}]}},
            "semantics_pins":{{"version":"keel-semantics-pins.v0","mode":"pinned",{pins}}}}}"#
    )
}

fn honest() -> String {
    manifest(V0, WANTS_INTEGRITY, &format!(r#""artifacts":[{INTEGRITY}]"#))
}

fn with_artifact(artifact: &str) -> String {
    manifest(V0, WANTS_INTEGRITY, &format!(r#""artifacts":[{artifact}]"#))
}

fn resolve_among(text: &str, siblings: &dyn Siblings) -> Semantics {
    let document = Document::parse(Blob::new(text.as_bytes().to_vec()), (&Limits::default()).into()).unwrap();
    resolve(Some(document.root()), siblings, &Limits::default())
}

fn resolved(text: &str) -> Semantics {
    resolve_among(text, &NoSiblings)
}

/// Code, verdict and claims of the failure.
fn outcome(semantics: &Semantics) -> Option<(&'static str, Verdict, Vec<&'static str>)> {
    semantics.failure.as_ref().map(|failure| (failure.code.id, failure.verdict, failure.claims.clone()))
}

fn fails(text: &str, code: &str) {
    fails_as(text, code, Verdict::InsufficientEvidence, &["export.integrity.v1"]);
}

fn fails_as(text: &str, code: &str, verdict: Verdict, claims: &[&str]) {
    let semantics = resolved(text);
    let (got_code, got_verdict, got_claims) =
        outcome(&semantics).unwrap_or_else(|| panic!("no {code}: {text}"));
    assert_eq!((got_code, got_verdict, got_claims.as_slice()), (code, verdict, claims), "{text}");
}

fn report(text: &str, before: impl FnOnce(&mut ReportBuilder)) -> Report {
    let semantics = resolved(text);
    let mut out = ReportBuilder::new(100, BTreeSet::new());
    before(&mut out);
    semantics.report_failure(&mut out, "manifest.json");
    semantics.enforce(&mut out, "manifest.json");
    semantics.annotate(&mut out);
    out.finish(&Timestamp::parse("2026-01-01T00:00:00Z").unwrap())
}

#[test]
fn tables_are_the_committed_ones_and_complete() {
    let sums = include_str!("../../data/registry/SHA256SUMS");
    let tables = [
        ("artifacts.tsv", include_bytes!("../../data/registry/artifacts.tsv").as_slice()),
        ("claims.tsv", include_bytes!("../../data/registry/claims.tsv")),
        ("legacy_profile.tsv", include_bytes!("../../data/registry/legacy_profile.tsv")),
        ("registries.tsv", include_bytes!("../../data/registry/registries.tsv")),
    ];
    let expected: Vec<String> =
        tables.iter().map(|(name, bytes)| format!("{}  {name}", hex::encode(&sha256(bytes)))).collect();
    assert_eq!(sums.lines().collect::<Vec<_>>(), expected);
    for (name, bytes) in tables {
        let text = std::str::from_utf8(bytes).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#')).count();
        let parsed = match name {
            "artifacts.tsv" => artifacts().len(),
            "claims.tsv" => claims().len(),
            "legacy_profile.tsv" => artifact::legacy_components().count(),
            _ => continue,
        };
        assert_eq!(parsed, lines, "{name}: every row is read");
    }
    assert_eq!(artifacts().iter().filter(|artifact| artifact.allowed).count(), 79);
    assert_eq!(claims().len(), 79);
    assert_eq!(claims().iter().filter(|claim| claim.is_pinnable()).count(), 64);
    assert_eq!(artifact::legacy_components().count(), 16);
    let digests: BTreeSet<_> = artifacts().iter().map(|artifact| artifact.sha256).collect();
    assert_eq!(digests.len(), artifacts().len(), "digests are unique");
    for claim in claims() {
        assert!(
            !claim.reach.is_empty() && !claim.says.is_empty() && !claim.needs.is_empty(),
            "{}",
            claim.name
        );
        for id in &claim.semantics {
            assert!(artifacts().iter().any(|artifact| artifact.allowed && artifact.id == *id), "{id}");
        }
    }
}

/// Spec 26 section 2: how many claims each pinnable registry defines.
#[test]
fn registries_define_as_many_claims_as_published() {
    let mut sizes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for registry in artifacts().iter().filter(|artifact| artifact::is_registry(artifact)) {
        let count = claims().iter().filter(|claim| artifact::registry_defines(registry, claim.row)).count();
        sizes.entry(registry.version.unwrap()).or_default().push(count);
    }
    for counts in sizes.values_mut() {
        counts.sort_unstable();
    }
    assert_eq!(
        sizes["verifier-claims.v0"],
        [15, 16, 18, 21, 24, 27, 28, 30, 31, 34, 36, 37, 38, 39, 40, 41, 41, 42, 42, 46, 47]
    );
    assert_eq!(sizes["verifier-claims.v1"], [50]);
    assert_eq!(sizes["verifier-claims.v2"], [64], "14 of its own and the 50 of its base");
    assert_eq!(sizes.len(), 3);
}

#[test]
fn without_pins_the_permanent_profile_applies() {
    let semantics = resolved(r#"{"claim_set":null}"#);
    assert!(!semantics.is_pinned() && semantics.failure.is_none() && semantics.has("anything"));
    let listing = semantics.summary.pins.as_deref().unwrap();
    assert_eq!(listing.len(), 17);
    assert_eq!(listing[0].source, "legacy profile keel.pre_pinning_default.v0");
    assert_eq!(listing[0].hash, "sha256:9cd7320deba97ecfcccd44ae25ad31290dc904883d19945c5a02f0054357b34d");
    assert_eq!(
        (listing[1].id.as_str(), listing[1].source.as_str()),
        ("keel.verifier_claim_registry.v0", "legacy profile components[0]")
    );
    assert_eq!(
        (listing[16].id.as_str(), listing[16].source.as_str()),
        ("authority-envelope.v0", "legacy profile components[15]")
    );
    assert!(listing.iter().all(|pin| pin.status == "allowlisted"));
    assert!(semantics.summary.warning.is_some());
    let refs = semantics.refs_for("permit.decision.v1");
    assert_eq!((refs[0].id.as_str(), refs[0].hash.as_deref()), ("keel.permit.decision.v1", None));
    assert!(semantics.refs_for("export.integrity.v1")[0].hash.is_some());
    let bundle = resolve(None, &NoSiblings, &Limits::default());
    assert!(bundle.summary.pins.is_none() && !bundle.is_pinned());
}

#[test]
fn honest_pins_resolve_and_limit_the_rules() {
    let semantics = resolved(&honest());
    assert!(outcome(&semantics).is_none() && semantics.is_pinned());
    let listing = semantics.summary.pins.as_deref().unwrap();
    let sources: Vec<_> = listing.iter().map(|pin| (pin.source.as_str(), pin.status.as_str())).collect();
    assert_eq!(
        sources,
        [("claim_set.registry", "allowlisted"), ("semantics_pins.artifacts[0]", "allowlisted")]
    );
    assert!(semantics.has("keel.export_manifest.integrity.v1"));
    assert!(!semantics.has("keel.governance_chain.record_hash.v1"), "only what the listed claims need");
    assert_eq!(semantics.requested.len(), 1);
    assert!(semantics.request("export.integrity.v1").unwrap().required);
    let refs = semantics.refs_for("governance_chain.local_continuity.v1");
    assert_eq!(refs[0].hash, None);

    let profile = manifest(V0, WANTS_INTEGRITY, &format!(r#""profile":{PROFILE}"#));
    let semantics = resolved(&profile);
    assert!(outcome(&semantics).is_none());
    assert_eq!(semantics.summary.profile_id.as_deref(), Some("keel.pre_pinning_default.v0"));
    assert_eq!(semantics.summary.pins.unwrap()[2].source, "profile components[1]");
}

#[test]
fn artifacts_override_the_profile_and_the_last_one_counts() {
    let bad = INTEGRITY.replace("d1d6", "0000");
    fails(
        &manifest(V0, WANTS_INTEGRITY, &format!(r#""profile":{PROFILE},"artifacts":[{bad}]"#)),
        "SEMANTIC_PIN_HASH_MISMATCH",
    );
    fails(&with_artifact(&format!("{INTEGRITY},{bad}")), "SEMANTIC_PIN_HASH_MISMATCH");
    assert!(outcome(&resolved(&with_artifact(&format!("5,null,{{\"id\":5}},{bad},{INTEGRITY}")))).is_none());
}

#[test]
fn order_and_codes_of_spec_02_section_5_3() {
    let pins = r#""semantics_pins":{"version":"keel-semantics-pins.v0","mode":"pinned"}"#;
    for set in ["null", "[]", "false", "5"] {
        fails(&format!(r#"{{"claim_set":{set},{pins}}}"#), "CLAIM_REGISTRY_UNRESOLVED");
    }
    let two =
        r#"{"claims":[{"name":"closure.signature.v1"},{"name":"nope"},7,{"name":"permit.decision.v1"}]}"#;
    fails_as(
        &format!(r#"{{"claim_set":{two},"semantics_pins":[]}}"#),
        "SEMANTIC_PIN_MISSING",
        Verdict::InsufficientEvidence,
        &["closure.signature.v1", "permit.decision.v1"],
    );
    fails(r#"{"claim_set":{}}"#, "SEMANTIC_PIN_MISSING");
    fails(&format!(r#"{{"claim_set":{{"registry":"v0"}},{pins}}}"#), "CLAIM_REGISTRY_UNRESOLVED");
    let artifacts = format!(r#""artifacts":[{INTEGRITY}]"#);
    // the registry itself
    for (registry, code) in [
        (V0.replace("1ce5", "0000"), "SEMANTIC_PIN_HASH_MISMATCH"),
        (V0.replace("\"path\"", "\"p\""), "SEMANTIC_PIN_UNRESOLVED"),
        (V0.replace("\"hash\"", "\"h\""), "SEMANTIC_PIN_UNRESOLVED"),
        (INTEGRITY.to_owned(), "CLAIM_REGISTRY_UNRESOLVED"),
    ] {
        fails(&manifest(&registry, WANTS_INTEGRITY, &artifacts), code);
    }
    let unpinnable = r#"{"id":"keel.verifier_claim_registry.v3","hash":"sha256:56d41c9245df3ddef6033be9ef192cfdda01cdaa380c38ea427321f8139ea922","path":"claim_registry/v3.json"}"#;
    fails_as(
        &manifest(unpinnable, WANTS_INTEGRITY, &artifacts),
        "SEMANTIC_PIN_NOT_ALLOWLISTED",
        Verdict::UnverifiableScope,
        &["export.integrity.v1"],
    );
    // an honest digest under another id
    let swapped = V0
        .replace(
            "1ce5c3d46e81c989a7a32e1deb1f9c4c216891302699b4050e2f7edff50d7c15",
            "ff3fee0993fefb4456e97380f44e23ccf43fc175c8f12c78645cb6b39b2250b2",
        )
        .replace("v0.json", "v1.json");
    fails(&manifest(&swapped, WANTS_INTEGRITY, &artifacts), "SEMANTIC_PIN_UNRESOLVED");
    // the claim list
    for claims in [
        "",
        "5",
        r#"{"required":true}"#,
        r#"{"name":"","required":true}"#,
        r#"{"name":"export.integrity.v1"}"#,
        r#"{"name":"export.integrity.v1","required":1}"#,
        r#"{"name":"export.integrity.v1","required":true,"minimum_trust_grade":5}"#,
        r#"{"name":"permit.co_signature.v2","required":true}"#,
        r#"{"name":"mcp.review_journey.v1","required":true}"#,
    ] {
        fails(&manifest(V0, claims, &artifacts), "CLAIM_REGISTRY_UNRESOLVED");
    }
    fails(&honest().replace("verifier-claims.v0", "verifier-claims.v1"), "CLAIM_REGISTRY_UNRESOLVED");
    // the pins
    fails(&honest().replace("keel-semantics-pins.v0", "v0"), "SEMANTIC_PIN_UNRESOLVED");
    fails(&honest().replace("\"pinned\"", "\"legacy_unpinned\""), "SEMANTIC_PIN_UNRESOLVED");
    fails(&manifest(V0, WANTS_INTEGRITY, r#""artifacts":{}"#), "SEMANTIC_PIN_MISSING");
    let second = format!(r#"{WANTS_INTEGRITY},{{"name":"checkpoint.signature.v1","required":false}}"#);
    fails_as(
        &manifest(V0, &second, &artifacts),
        "SEMANTIC_PIN_MISSING",
        Verdict::InsufficientEvidence,
        &["checkpoint.signature.v1"],
    );
}

#[test]
fn earlier_registries_resolve_by_digest_and_define_less() {
    let early = V0.replace(
        "1ce5c3d46e81c989a7a32e1deb1f9c4c216891302699b4050e2f7edff50d7c15",
        "b315ef722a8e4fafe3d3807bc7c8ccaafd601cab0e7d7985230da8248124337b",
    );
    let artifacts = format!(r#""artifacts":[{INTEGRITY}]"#);
    assert!(outcome(&resolved(&manifest(&early, WANTS_INTEGRITY, &artifacts))).is_none());
    let decision = r#"{"name":"permit.decision.v1","required":false}"#;
    fails(&manifest(&early, decision, &artifacts), "CLAIM_REGISTRY_UNRESOLVED");
}

#[test]
fn a_path_is_followed_only_inside_the_pack() {
    for path in ["/etc/passwd", "../x.json", "a/../../x.json", "C:/x", "a\\u0000b"] {
        let artifact = INTEGRITY.replace("semantics/export_manifest/integrity_v1.json", path);
        let semantics = resolved(&with_artifact(&artifact));
        let failure = semantics.failure.unwrap();
        assert_eq!(failure.code.id, "SEMANTIC_PIN_UNRESOLVED", "{path}");
        assert_eq!(failure.also.unwrap().0.id, "INPUT_PATH_UNSAFE", "{path}");
    }
    for path in ["SEMANTICS/EXPORT_MANIFEST/INTEGRITY_V1.JSON", "integrity_v1.json", "semantics"] {
        let artifact = INTEGRITY.replace("semantics/export_manifest/integrity_v1.json", path);
        fails(&with_artifact(&artifact), "SEMANTIC_PIN_UNRESOLVED");
    }
    let dotted = INTEGRITY.replace("semantics/export", "./semantics//export");
    assert!(outcome(&resolved(&with_artifact(&dotted))).is_none());
}

#[test]
fn a_file_of_the_pack_counts_before_the_published_one() {
    let file = "semantics/export_manifest/integrity_v1.json";
    let forged = GivenSiblings::default().with_bytes(file, b"{}".to_vec());
    let semantics = resolve_among(&honest(), &forged);
    assert_eq!(outcome(&semantics).unwrap().0, "SEMANTIC_PIN_HASH_MISMATCH");
    let computed = prefixed(&sha256(b"{}"));
    assert!(semantics.failure.unwrap().message.contains(&computed), "the computed digest is shown");
    // registries of all times share one path, so another file there does not hide the right one
    let other = GivenSiblings::default().with_bytes("claim_registry/v0.json", b"{}".to_vec());
    assert!(outcome(&resolve_among(&honest(), &other)).is_none());
    let unknown = honest().replace("1ce5", "0000");
    assert_eq!(outcome(&resolve_among(&unknown, &other)).unwrap().0, "SEMANTIC_PIN_HASH_MISMATCH");
}

#[test]
fn inline_bytes_are_hashed_parsed_and_looked_up() {
    let artifact = |bytes: &[u8]| {
        format!(
            r#"{{"id":"keel.export_manifest.integrity.v1","hash":"{}","content_b64":"{}"}}"#,
            prefixed(&sha256(bytes)),
            base64::encode(bytes)
        )
    };
    for (bytes, code) in [
        (b"\xff".as_slice(), "SEMANTIC_PIN_UNRESOLVED"),
        (b"[1]", "SEMANTIC_PIN_UNRESOLVED"),
        (br#"{"id":"other"}"#, "SEMANTIC_PIN_UNRESOLVED"),
    ] {
        fails(&with_artifact(&artifact(bytes)), code);
    }
    for bytes in [b"{}".as_slice(), br#"{"id":"keel.export_manifest.integrity.v1"}"#] {
        let text = with_artifact(&artifact(bytes));
        fails_as(&text, "SEMANTIC_PIN_NOT_ALLOWLISTED", Verdict::UnverifiableScope, &["export.integrity.v1"]);
    }
    let inline = |content: &str| {
        with_artifact(&INTEGRITY.replace("\"path\"", &format!("\"content_b64\":\"{content}\",\"path\"")))
    };
    fails(&inline("e30="), "SEMANTIC_PIN_HASH_MISMATCH");
    fails(&inline(""), "SEMANTIC_PIN_HASH_MISMATCH");
    for second_spelling in ["e3 0=", "e31="] {
        let failure = resolved(&inline(second_spelling)).failure.unwrap();
        assert_eq!(failure.code.id, "SEMANTIC_PIN_UNRESOLVED");
        assert_eq!(failure.also.unwrap().0.id, "SEMANTIC_PIN_SECOND_SPELLING");
    }
}

/// A published digest that the reference verifier allows without having its bytes.
#[test]
fn an_allowed_digest_resolves_at_the_path_of_its_id() {
    let ids = &claim("checkpoint.scope_state.v1").unwrap().semantics;
    let mut references: Vec<String> = Vec::new();
    for id in ids {
        let artifact = artifacts().iter().rfind(|artifact| artifact.allowed && artifact.id == *id).unwrap();
        references.push(format!(
            r#"{{"id":"{id}","hash":"{}","path":"{}"}}"#,
            prefixed(&artifact.sha256),
            artifact.path.unwrap()
        ));
    }
    assert!(references.iter().any(|reference| reference.contains("7fc40790")));
    let wants = r#"{"name":"checkpoint.scope_state.v1","required":false}"#;
    let text = manifest(V0, wants, &format!(r#""artifacts":[{}]"#, references.join(",")));
    assert!(outcome(&resolved(&text)).is_none());
    let elsewhere = text.replace("semantics/scope_state/merkle_v1.json", "merkle.json");
    assert_eq!(outcome(&resolved(&elsewhere)).unwrap().0, "SEMANTIC_PIN_UNRESOLVED");
}

#[test]
fn failures_and_required_claims_reach_the_report() {
    let missing = manifest(
        V0,
        &format!(r#"{{"name":"checkpoint.signature.v1","required":false}},{WANTS_INTEGRITY}"#),
        &format!(r#""artifacts":[{INTEGRITY}]"#),
    );
    let failed = report(&missing, |_| ());
    assert_eq!(failed.verdict("checkpoint.signature.v1"), Some(Verdict::InsufficientEvidence));
    assert!(!failed.claim("checkpoint.signature.v1").unwrap().required);
    assert!(failed.has_code("SEMANTIC_PIN_MISSING") && failed.has_code("REQUIRED_CLAIM_NOT_ADJUDICATED"));
    assert_eq!(failed.outcome.exit_status(), 3);
    assert!(failed.has_code("CLAIM_SET_DECIDES"));
    assert_eq!(failed.findings[0].location.pointer.as_deref(), Some("/semantics_pins"));

    let both = manifest(
        V0,
        &format!(r#"{WANTS_INTEGRITY},{{"name":"checkpoint.signature.v1","required":true}}"#),
        &format!(r#""artifacts":[{INTEGRITY},{SIGNATURE}]"#),
    );
    let unadjudicated = report(&both, |out| {
        out.claim("export.integrity.v1", Requested::Evidence);
        out.supported(
            "export.integrity.v1",
            crate::report::Subject::unnamed("manifest_signature"),
            &crate::finding::catalog::export::EXPORT_INTEGRITY_SUPPORTED,
            "verified",
        );
    });
    assert_eq!(unadjudicated.verdict("export.integrity.v1"), Some(Verdict::Supported));
    assert_eq!(unadjudicated.verdict("checkpoint.signature.v1"), Some(Verdict::InsufficientEvidence));
    assert_eq!(unadjudicated.outcome.exit_status(), 3);
    assert!(unadjudicated.has_code("CLAIM_SET_DECIDES"));
    assert!(unadjudicated.claim("export.integrity.v1").unwrap().semantics[0].hash.is_some());
}

#[test]
fn a_claim_set_that_is_met_leaves_no_trace() {
    let met = report(&honest(), |out| {
        out.claim("export.integrity.v1", Requested::Evidence);
        let code = &crate::finding::catalog::export::EXPORT_INTEGRITY_SUPPORTED;
        out.supported(
            "export.integrity.v1",
            crate::report::Subject::unnamed("manifest_signature"),
            code,
            "verified",
        );
    });
    assert_eq!(met.outcome.exit_status(), 0);
    assert!(met.findings.is_empty());
}

#[test]
fn the_unsigned_claim_set_cannot_make_integrity_optional() {
    let text = honest().replace("true", "false");
    let integrity = report(&text, |out| out.claim("export.integrity.v1", Requested::Evidence));
    assert!(integrity.claim("export.integrity.v1").unwrap().required);
    assert_eq!(integrity.outcome.exit_status(), 3);
}

#[test]
fn the_stricter_of_two_entries_counts() {
    let optional = r#"{"name":"export.integrity.v1","required":false}"#;
    for claims in [format!("{optional},{WANTS_INTEGRITY}"), format!("{WANTS_INTEGRITY},{optional}")] {
        let semantics = resolved(&manifest(V0, &claims, &format!(r#""artifacts":[{INTEGRITY}]"#)));
        assert_eq!(semantics.requested.len(), 1);
        assert!(semantics.requested[0].required);
    }
}

/// Every truncation of an honest manifest, and every byte changed, is judged without a panic.
#[test]
fn hostile_manifests_are_judged() {
    let text = honest();
    for end in 0..text.len() {
        let mut bytes = text.as_bytes().to_vec();
        bytes[end] = b'9';
        if let Ok(document) = Document::parse(Blob::new(bytes), (&Limits::default()).into()) {
            let semantics = resolve(Some(document.root()), &NoSiblings, &Limits::default());
            let mut out = ReportBuilder::new(1, BTreeSet::new());
            semantics.report_failure(&mut out, "m");
            semantics.enforce(&mut out, "m");
        }
    }
}
