use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value as Json, json};

use super::absence;
use super::event::{Context, Revocation, judge};
use crate::bytes::{Blob, base64, hex};
use crate::claim::scope::{CheckpointFacts, CommitmentFacts, ScopeFacts, SegmentFacts};
use crate::crypto::sha256;
use crate::finding::Verdict;
use crate::finding::catalog::{revocation, scope};
use crate::format::scope::PermitWindow;
use crate::json::{Document, ParserLimits};
use crate::time::Timestamp;
use crate::trust::{KeyRing, KeySource, NamedBlob, TrustPolicy};

const PROJECT: &str = "00000000-0000-4000-8000-0000000000a1";
const PERMIT: &str = "20000000-0000-4000-8000-0000000000b1";
const AT: &str = "2026-05-21T10:05:00Z";

fn unsigned() -> Json {
    json!({"permit_id": PERMIT, "project_id": PROJECT, "actor_id": "30000000-0000-4000-8000-0000000000c1",
        "actor_kind": "user", "reason_code": "operator.requested", "revoked_at": AT, "effective_at": AT})
}

/// serde_json sorts members and writes no blanks, which is the canonical form of these texts.
fn signed(mut event: Json) -> Json {
    event.as_object_mut().unwrap().remove("signature");
    let hash = hex::encode(&sha256(event.to_string().as_bytes()));
    let signature = SigningKey::from_bytes(&[7; 32]).sign(hash.as_bytes());
    event["signature"] = base64::encode(&signature.to_bytes()).into();
    event
}

fn with(name: &str, new: Json) -> Json {
    let mut event = unsigned();
    event[name] = new;
    signed(event)
}

fn entry() -> Json {
    let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
    json!({"key_id": "k", "public_key": format!("ed25519:{}", base64::encode(key.as_bytes())),
        "purpose": "permit_binding_signing", "status": "active", "valid_from": "2026-01-01T00:00:00Z",
        "valid_to": null})
}

fn ring(entries: &[Json]) -> KeyRing {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
    let text = json!({ "keys": entries }).to_string();
    policy.keys = KeySource::Manifest(NamedBlob::new("keys.json", text.into_bytes()));
    KeyRing::load(&policy)
}

fn comes_to(event: &Json, context: &Context, keys: &KeyRing) -> (Verdict, &'static str) {
    let text = Blob::new(event.to_string().into_bytes());
    let document = Document::parse(text, ParserLimits::default()).unwrap();
    match judge(document.root(), context, keys) {
        Ok(_) => (Verdict::Supported, "PERMIT_REVOKED_SUPPORTED"),
        Err(stop) => (stop.verdict, stop.code.id),
    }
}

#[test]
fn a_signed_event_revokes_and_every_member_counts() {
    let keys = ring(&[entry()]);
    let none = Context::default();
    let good = signed(unsigned());
    assert_eq!(comes_to(&good, &none, &keys).0, Verdict::Supported);
    for name in good.as_object().unwrap().keys() {
        let mut gone = good.clone();
        gone.as_object_mut().unwrap().remove(name);
        let missing = (Verdict::InsufficientEvidence, "PERMIT_REVOKED_EVIDENCE_MISSING");
        assert_eq!(comes_to(&gone, &none, &keys), missing, "{name}");
        for new in [json!(null), json!(1), json!([]), json!({}), json!(""), json!("x"), json!("é")] {
            let mut changed = good.clone();
            changed[name] = new.clone();
            assert_ne!(comes_to(&changed, &none, &keys).0, Verdict::Supported, "{name} {new}");
        }
    }
    for (name, new) in [
        ("permit_id", "20000000-0000-4000-8000-0000000000b2"),
        ("actor_kind", "system"),
        ("reason_code", "operator.other"),
    ] {
        let mut changed = good.clone();
        changed[name] = new.into();
        let forged = (Verdict::Disproved, "PERMIT_REVOKED_SIGNATURE_INVALID");
        assert_eq!(comes_to(&changed, &none, &keys), forged, "{name}");
    }
}

#[test]
fn signed_events_outside_the_published_form_are_refused() {
    let keys = ring(&[entry()]);
    for (name, new, verdict, code) in [
        ("note", json!("x"), Verdict::Disproved, "PERMIT_REVOKED_SCHEMA_INVALID"),
        ("permit_id", json!("other"), Verdict::Disproved, "PERMIT_REVOKED_SCHEMA_INVALID"),
        ("actor_id", json!("a@b"), Verdict::Disproved, "PERMIT_REVOKED_ACTOR_PII_DETECTED"),
        ("actor_id", json!("a b"), Verdict::Disproved, "PERMIT_REVOKED_ACTOR_PII_DETECTED"),
        ("actor_kind", json!("robot"), Verdict::UnverifiableScope, "PERMIT_REVOKED_ACTOR_KIND_UNSUPPORTED"),
        ("actor_kind", json!(["user"]), Verdict::UnverifiableScope, "PERMIT_REVOKED_ACTOR_KIND_UNSUPPORTED"),
        ("reason_code", json!("Operator"), Verdict::Disproved, "PERMIT_REVOKED_SCHEMA_INVALID"),
        ("reason_code", json!("a..b"), Verdict::Disproved, "PERMIT_REVOKED_SCHEMA_INVALID"),
        ("revoked_at", json!("yesterday"), Verdict::Disproved, "PERMIT_REVOKED_SCHEMA_INVALID"),
        (
            "effective_at",
            json!("2026-05-21T10:05:00.0Z"),
            Verdict::Disproved,
            "PERMIT_REVOKED_EFFECTIVE_AT_MISMATCH",
        ),
    ] {
        assert_eq!(
            comes_to(&with(name, new.clone()), &Context::default(), &keys),
            (verdict, code),
            "{name} {new}"
        );
    }
    let some = |text: &str| Some(text.to_owned());
    for (context, code) in [
        (Context { project_id: some("p"), ..Context::default() }, "PERMIT_REVOKED_PROJECT_ID_MISMATCH"),
        (Context { permit_id: some("p"), ..Context::default() }, "PERMIT_REVOKED_PERMIT_ID_MISMATCH"),
        (Context { decided_permit: some("p"), ..Context::default() }, "PERMIT_REVOKED_PERMIT_ID_MISMATCH"),
        (Context { stated_hash: some("00"), ..Context::default() }, "PERMIT_REVOKED_SIGNATURE_INVALID"),
    ] {
        assert_eq!(comes_to(&signed(unsigned()), &context, &keys), (Verdict::Disproved, code));
    }
}

#[test]
fn the_key_must_be_listed_valid_and_not_revoked() {
    let good = signed(unsigned());
    for (member, new, code) in [
        ("purpose", json!("export_signing"), "PERMIT_REVOKED_TRUST_ROOT_UNRESOLVABLE"),
        ("valid_to", json!("2026-05-21T10:04:59Z"), "PERMIT_REVOKED_TRUST_ROOT_UNRESOLVABLE"),
        ("status", json!("revoked"), "SIGNING_KEY_REVOKED"),
        ("compromised_at", json!("2026-09-01T00:00:00Z"), "SIGNING_KEY_REVOKED"),
        ("status", json!("paused"), "SIGNING_KEY_STATUS_UNKNOWN"),
    ] {
        let mut entry = entry();
        entry[member] = new;
        let expected = (Verdict::InsufficientEvidence, code);
        assert_eq!(comes_to(&good, &Context::default(), &ring(&[entry])), expected, "{member}");
    }
    let mut other = entry();
    other["public_key"] = "ed25519:3Q1q4PSVcceZe76dsjxcqTHOpvpP/KN/zhSH4QdtE7o=".into();
    let invalid = (Verdict::Disproved, "PERMIT_REVOKED_SIGNATURE_INVALID");
    assert_eq!(comes_to(&good, &Context::default(), &ring(&[other.clone()])), invalid);
    assert_eq!(comes_to(&good, &Context::default(), &ring(&[other, entry()])).0, Verdict::Supported);
}

fn revoked() -> Revocation {
    Revocation { permit_id: PERMIT.into(), project_id: PROJECT.into(), effective_at: AT.into() }
}

fn segment() -> SegmentFacts {
    SegmentFacts {
        segment_id: "s".into(),
        chain_scope: format!("project:{PROJECT}"),
        checkpoint_id: "c".into(),
        first_sequence: 1,
        last_sequence: 9,
        disclosed: 0,
        window: Some(PermitWindow {
            project_id: PROJECT.into(),
            permit_id: PERMIT.into(),
            event_type: "dispatch.egress_bound".into(),
            from: AT.into(),
            until: "2026-06-01T00:00:00Z".into(),
        }),
        result: Ok(CommitmentFacts { predicate_hash: "sha256:".into(), count: 0 }),
    }
}

fn facts(segments: Vec<SegmentFacts>) -> ScopeFacts {
    ScopeFacts {
        established: segments.iter().all(|segment| segment.result.is_ok()),
        checkpoint: Some(CheckpointFacts { computed_at: Some("2026-06-01T00:00:00Z".into()) }),
        declared: segments.len(),
        segments,
    }
}

/// Spec 25 section 7, row by row.
#[test]
fn absence_needs_the_exact_scope_and_no_dispatch_in_it() {
    let permit = revoked();
    let bridged = &scope::EXPORT_PROOF_BRIDGE_MISCLASSIFIED;
    let code = |facts: &ScopeFacts, failure| match absence::judge(Ok(&permit), facts, failure) {
        Ok(_) => "SUPPORTED",
        Err((_, stop)) => stop.code.id,
    };
    assert_eq!(code(&facts(vec![segment()]), None), "SUPPORTED");
    let changed = |change: fn(&mut SegmentFacts)| {
        let mut one = segment();
        change(&mut one);
        code(&facts(vec![one]), None)
    };
    type Change = fn(&mut SegmentFacts);
    let cases: [(Change, &str); 9] = [
        (|s| s.window = None, "EXPORT_SCOPE_PREDICATE_OUT_OF_GRAMMAR"),
        (|s| s.window.as_mut().unwrap().permit_id.push('x'), "EXPORT_SCOPE_COMMITMENT_MISSING"),
        (|s| s.window.as_mut().unwrap().project_id.push('x'), "EXPORT_SCOPE_COMMITMENT_MISSING"),
        (|s| s.window.as_mut().unwrap().event_type.push('x'), "EXPORT_SCOPE_COMMITMENT_MISSING"),
        (
            |s| s.window.as_mut().unwrap().from = "2026-05-21T10:05:00.0Z".into(),
            "EXPORT_SCOPE_COMMITMENT_MISSING",
        ),
        (
            |s| s.window.as_mut().unwrap().until = "2026-05-31T00:00:00Z".into(),
            "EXPORT_SCOPE_COMMITMENT_MISSING",
        ),
        (|s| s.disclosed = 1, "EXPORT_SCOPE_POST_REVOCATION_DISPATCH_PRESENT"),
        (
            |s| s.result = Ok(CommitmentFacts { predicate_hash: String::new(), count: 1 }),
            "EXPORT_SCOPE_POST_REVOCATION_DISPATCH_PRESENT",
        ),
        (|s| s.chain_scope = "project:other".into(), "DISPATCH_ABSENCE_CHAIN_OF_OTHER_PROJECT"),
    ];
    for (change, expected) in cases {
        assert_eq!(changed(change), expected);
    }
    let mut bridge = segment();
    bridge.result = Err(bridged.id);
    let disproved = revocation::EXPORT_SCOPE_BRIDGE_RECORD_MATCHES_PREDICATE.id;
    assert_eq!(code(&facts(vec![bridge.clone()]), Some(bridged)), disproved);
    // a good segment before one that fails does not make the scope good
    bridge.window.as_mut().unwrap().permit_id = "other".into();
    assert_eq!(code(&facts(vec![segment(), bridge]), Some(bridged)), bridged.id);
    let lost = ScopeFacts { checkpoint: None, ..facts(vec![segment()]) };
    assert_eq!(code(&lost, None), "CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISSING");
    assert_eq!(code(&facts(Vec::new()), None), "EXPORT_SCOPE_DECLARATION_MISSING");
    let missing = &scope::CHECKPOINT_SCOPE_STATE_MISSING;
    assert_eq!(code(&facts(vec![segment()]), Some(missing)), missing.id);
    let unrevoked = &revocation::PERMIT_REVOKED_EVIDENCE_MISSING;
    let result = absence::judge(Err(unrevoked), &facts(vec![segment()]), None);
    assert!(result.is_err_and(|(_, stop)| stop.code.id == unrevoked.id));
}
