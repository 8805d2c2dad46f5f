//! Faults in the manifest and in the keys behind it.

use serde_json::{Value, json};

use super::super::pack::set;
use super::{DISPROVED, Fault, INSUFFICIENT, Outcome, claim};
use crate::keys::{Purpose, Seed, Signer};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "byte-changed",
        title: "one byte of the export was changed",
        apply: |pack| {
            if let Some(bytes) = &mut pack.raw_export {
                let text =
                    String::from_utf8_lossy(bytes).replacen("rate_limit.exceeded", "rate_limit_exceeded", 1);
                *bytes = text.into_bytes();
            }
            Ok(())
        },
        outcome: Outcome::Disproved,
        claim: Some((claim::INTEGRITY, DISPROVED, "CONTENT_HASH_MISMATCH")),
        code: "CONTENT_HASH_MISMATCH",
        is_accepted_by_reference: false,
        notes: "the manifest signs the digest of all bytes",
    },
    Fault {
        name: "signature-corrupted",
        title: "the signature in the manifest is that of something else",
        apply: |pack| {
            let signature = pack.keys.signer(Purpose::ExportSigning)?.sign_text("something else");
            set(&mut pack.manifest, "signature", json!(signature));
            Ok(())
        },
        outcome: Outcome::Disproved,
        claim: Some((claim::INTEGRITY, DISPROVED, "SIGNATURE_VERIFICATION_FAILED")),
        code: "SIGNATURE_VERIFICATION_FAILED",
        is_accepted_by_reference: false,
        notes: "a genuine signature by the genuine key, of another text",
    },
    Fault {
        name: "signature-missing",
        title: "the manifest is not signed",
        apply: |pack| {
            if let Some(members) = pack.manifest.as_object_mut() {
                members.remove("signature");
            }
            Ok(())
        },
        outcome: Outcome::NotEstablished,
        claim: Some((claim::INTEGRITY, INSUFFICIENT, "MANIFEST_SIGNATURE_MISSING")),
        code: "MANIFEST_SIGNATURE_MISSING",
        is_accepted_by_reference: false,
        notes: "nothing contradicts, nothing proves",
    },
    Fault {
        name: "embedded-key-differs",
        title: "the manifest shows another public key than the trusted one with its id",
        apply: |pack| {
            let stranger = Seed::public_fixture("stranger")?;
            set(&mut pack.manifest, "public_key", json!(stranger.public_key().to_text()));
            Ok(())
        },
        outcome: Outcome::Disproved,
        claim: Some((claim::INTEGRITY, DISPROVED, "MANIFEST_PUBLIC_KEY_MISMATCH")),
        code: "MANIFEST_PUBLIC_KEY_MISMATCH",
        is_accepted_by_reference: false,
        notes: "a key id names one key",
    },
    Fault {
        name: "signer-not-listed",
        title: "export and manifest are signed by a stranger and fit each other",
        apply: |pack| {
            let stranger = Seed::public_fixture("stranger")?;
            let hash =
                pack.manifest.get("content_hash").and_then(Value::as_str).unwrap_or_default().to_owned();
            set(&mut pack.manifest, "signature", json!(stranger.sign_text(&hash)));
            set(&mut pack.manifest, "public_key", json!(stranger.public_key().to_text()));
            set(&mut pack.manifest, "key_id", json!(stranger.public_key().fingerprint()));
            Ok(())
        },
        outcome: Outcome::NotEstablished,
        claim: Some((claim::INTEGRITY, INSUFFICIENT, "TRUST_ROOT_UNRESOLVABLE")),
        code: "TRUST_ROOT_UNRESOLVABLE",
        is_accepted_by_reference: false,
        notes: "a valid signature by a key that nobody vouches for",
    },
    Fault {
        name: "key-manifest-changed",
        title: "a key was exchanged in the signed key manifest",
        apply: |pack| {
            let stranger = Seed::public_fixture("stranger")?;
            let text = stranger.public_key().to_text();
            set(pack.key_entry(Purpose::PermitBindingSigning)?, "public_key", json!(text));
            Ok(())
        },
        outcome: Outcome::NotEstablished,
        claim: Some((claim::INTEGRITY, INSUFFICIENT, "TRUST_ROOT_UNRESOLVABLE")),
        code: "TRUST_ROOT_UNRESOLVABLE",
        is_accepted_by_reference: false,
        notes: "a key manifest that does not verify is no source of trust",
    },
    Fault {
        name: "export-key-revoked",
        title: "the export key was revoked before it signed",
        apply: |pack| {
            // the key manifest is signed by the same key, so only an unsigned one can say this
            let entry = pack.key_entry(Purpose::ExportSigning)?;
            set(entry, "status", json!("revoked"));
            set(entry, "revoked_at", json!("2026-08-03T07:59:00Z"));
            if let Some(members) = pack.key_manifest.as_object_mut() {
                members.remove("manifest_signature");
                members.remove("manifest_version");
            }
            Ok(())
        },
        outcome: Outcome::NotEstablished,
        claim: None,
        code: "SIGNING_KEY_REVOKED",
        is_accepted_by_reference: true,
        notes: "a revoked key proves nothing; the reference does not look at the status of a key that is named by id",
    },
    Fault {
        name: "record-count-differs",
        title: "the manifest states one record more than the export holds",
        apply: |pack| {
            let count = pack.export.get("record_count").and_then(Value::as_i64).unwrap_or(0);
            set(&mut pack.manifest, "record_count", json!(count + 1));
            Ok(())
        },
        outcome: Outcome::Disproved,
        claim: Some(("export.scope_identity.v1", DISPROVED, "EXPORT_SCOPE_RECORD_COUNT_MISMATCH")),
        code: "EXPORT_SCOPE_RECORD_COUNT_MISMATCH",
        is_accepted_by_reference: true,
        notes: "the reference reports the claim as disproved and exits 0",
    },
];
