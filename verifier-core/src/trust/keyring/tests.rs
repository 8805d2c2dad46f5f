use super::*;

const EXPORT_KEY: &str = "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=";
const OTHER_KEY: &str = "ed25519:7UkoxijRwsbq6QM4kFmVYSlZJzpcY/k2NsFGFKyHN9E=";

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn ring(keys: &str) -> KeyRing {
    let manifest = format!("{{\"keys\":[{keys}]}}");
    let mut policy = TrustPolicy::new(time("2026-11-01T00:00:00Z"));
    policy.keys = KeySource::Manifest(NamedBlob::new("keys.json", manifest.into_bytes()));
    KeyRing::load(&policy)
}

fn entry(extra: &str) -> String {
    format!("{{\"key_id\":\"k\",\"purpose\":\"export_signing\",\"public_key\":\"{EXPORT_KEY}\"{extra}}}")
}

fn resolve(ring: &KeyRing, signed_at: Option<&str>) -> Result<ResolvedKey, Refusal> {
    let at = signed_at.map(time);
    ring.resolve(&KeyRequest {
        purpose: "export_signing",
        key_id: Some("k"),
        signed_at: at.as_ref(),
        embedded: None,
    })
}

#[test]
fn bundled_root_verifies_itself() {
    let policy = TrustPolicy::new(time("2026-11-01T00:00:00Z"));
    let ring = KeyRing::load(&policy);
    assert_eq!(ring.entries().len(), 4);
    assert_eq!(
        crate::bytes::hex::encode(&crate::crypto::sha256(BUNDLED_TRUST_ROOT)),
        super::super::BUNDLED_TRUST_ROOT_SHA256
    );
    let at = time("2026-05-08T00:00:00Z");
    let found = ring
        .resolve(&KeyRequest {
            purpose: "export_signing",
            key_id: Some("sha256:341fe2190d167abc491db6d041da0677"),
            signed_at: Some(&at),
            embedded: None,
        })
        .unwrap();
    assert_eq!(found.basis, Basis::Root);
    assert_eq!(found.key.unwrap().fingerprint(), "sha256:341fe2190d167abc491db6d041da0677");
}

#[test]
fn window_status_and_revocation_count_even_when_the_key_id_is_named() {
    let at = Some("2026-05-07T12:00:00Z");
    assert!(resolve(&ring(&entry("")), at).is_ok());
    assert!(
        resolve(&ring(&entry(",\"status\":\"retired\",\"valid_to\":\"2026-05-07T12:00:00Z\"")), at).is_ok()
    );
    let refused = |extra: &str, at| resolve(&ring(&entry(extra)), at).unwrap_err();
    assert!(matches!(refused(",\"valid_to\":\"2026-05-07T11:59:59Z\"", at), Refusal::NotActive(_)));
    assert!(matches!(refused(",\"valid_from\":\"2026-05-07T12:00:01Z\"", at), Refusal::NotActive(_)));
    assert!(matches!(refused(",\"valid_from\":\"soon\"", at), Refusal::StatusUnknown(_)));
    assert!(matches!(refused(",\"status\":\"revoked\"", at), Refusal::Revoked(_)));
    assert!(matches!(
        refused(",\"status\":\"active\",\"revoked_at\":\"2026-05-07T12:00:00Z\"", at),
        Refusal::Revoked(_)
    ));
    assert!(matches!(refused(",\"compromised_at\":\"2027-01-01T00:00:00Z\"", at), Refusal::Revoked(_)));
    assert!(matches!(refused(",\"status\":\"\"", at), Refusal::StatusUnknown(_)));
    assert!(matches!(refused(",\"status\":[\"active\"]", at), Refusal::StatusUnknown(_)));
    assert!(matches!(refused(",\"algorithm\":\"rsa\"", at), Refusal::StatusUnknown(_)));
    assert!(matches!(refused(",\"valid_to\":\"2026-05-08T00:00:00Z\"", None), Refusal::TimeMissing(_)));
    let later = resolve(&ring(&entry(",\"status\":\"revoked\",\"revoked_at\":\"2026-06-01T00:00:00Z\"")), at)
        .unwrap();
    assert!(later.revoked_later);
}

#[test]
fn every_entry_of_a_key_id_is_tried_and_only_one_key_may_remain() {
    let at = Some("2026-05-07T12:00:00Z");
    let both = format!("{},{}", entry(",\"status\":\"revoked\""), entry(",\"status\":\"active\""));
    assert!(
        matches!(resolve(&ring(&both), at), Err(Refusal::Revoked(_))),
        "one entry revokes the key for all"
    );
    let other = entry(",\"status\":\"revoked\"").replace(EXPORT_KEY, OTHER_KEY);
    assert!(
        resolve(&ring(&format!("{other},{}", entry(""))), at).is_ok(),
        "another key under the id is revoked"
    );
    let two = format!("{},{}", entry(""), entry("").replace(EXPORT_KEY, OTHER_KEY));
    assert!(matches!(resolve(&ring(&two), at), Err(Refusal::Ambiguous(_))));
    assert!(matches!(resolve(&ring(&entry("").replace("\"k\"", "\"x\"")), at), Err(Refusal::Unknown(_))));
}

/// Spec 03 section 4, worked example.
#[test]
fn signed_manifest_needs_a_pinned_signer() {
    let signed = r#"{"manifest_version":"keel.public_key_manifest.v1","canonicalization_profile":"keel.canonical_json.payload.v1","keys":[{"algorithm":"ed25519","key_id":"sha256:34750f98bd59fcfc946da45aaabe933b","public_key":"ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=","purpose":"export_signing","status":"active","valid_from":"2026-01-01T00:00:00Z","valid_to":null}],"manifest_signature":{"signature_type":"ed25519.content_hash.v1","purpose":"export_signing","key_id":"sha256:34750f98bd59fcfc946da45aaabe933b","content_hash":"sha256:01a795b0945a7f377d886fd5642ad6b29e8429f1706ef3a38537f2e235ab0573","signature":"ed25519:qPPnxhlgoYDNCjMr6gPW2Y6bSkck9rQ8JhY5I2MS5FzxIGzkeJhrqAw+fhuak++qd3Z4geujXLWWyZyp465QCg=="}}"#;
    let mut policy = TrustPolicy::new(time("2026-11-01T00:00:00Z"));
    policy.keys = KeySource::Manifest(NamedBlob::new("keys.json", signed.as_bytes().to_vec()));
    let request = KeyRequest {
        purpose: "export_signing",
        key_id: Some("sha256:34750f98bd59fcfc946da45aaabe933b"),
        signed_at: None,
        embedded: None,
    };
    let refusal = KeyRing::load(&policy).resolve(&request).unwrap_err();
    assert!(refusal.to_string().contains("no unique active pinned trust key"), "{refusal}");
    policy.trust_root = Some(NamedBlob::new("root.json", signed.as_bytes().to_vec()));
    assert_eq!(KeyRing::load(&policy).resolve(&request).unwrap().basis, Basis::SignedManifest);
    for (from, to) in [("active", "Active"), ("qPPn", "qPPo"), ("2026-01-01T00", "2026-01-01T01")] {
        policy.keys = KeySource::Manifest(NamedBlob::new("keys.json", signed.replace(from, to).into_bytes()));
        assert!(KeyRing::load(&policy).resolve(&request).is_err(), "{from}");
    }
}
