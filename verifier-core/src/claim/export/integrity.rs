//! `export.integrity.v1`: content hash, key, signature (spec 02 section 2.4, rows 4 to 12).
//!
//! ```text
//! content_hash = "sha256:" + hex SHA-256(all bytes of the file as stored)
//! signature    = Ed25519 over the UTF-8 text of content_hash
//! ```

use super::Export;
use super::manifest::{Manifest, file_name};
use crate::claim::name;
use crate::crypto::{SignatureText, TextError, prefixed};
use crate::evidence::{ExportSet, Fields};
use crate::finding::{Code, Effect, Finding, Location, Verdict, catalog};
use crate::json::Value;
use crate::report::{ReportBuilder, SignerSummary, Subject};
use crate::trust::{Basis, EXPORT_SIGNING, KeyRequest, Refusal, ResolvedKey, TrustPolicy};

const CLAIM: &str = name::EXPORT_INTEGRITY;

/// Checks everything about the manifest signature.
pub(crate) fn check(export: &Export<'_>, out: &mut ReportBuilder) {
    artifact_ref(export, out);
    let Some(manifest) = export.manifest else { return };
    out.evidence(CLAIM, &["manifest.content_hash", "manifest.signature", export.payload_label()]);
    let actual = prefixed(&export.streamed.sha256);
    let matches = content_hash(export.payload_label(), &actual, manifest, out);
    signature(export, manifest, matches, out);
    out.ran("export.integrity", "content hash and manifest signature", &[]);
}

/// Says in advance, where the bytes lie in memory, that they are not the ones of the manifest, for callers that ask for no
/// more than a failure.
pub(super) fn other_bytes(
    set: &ExportSet,
    policy: &TrustPolicy,
    manifest: &Manifest,
    out: &mut ReportBuilder,
) {
    let Some(bytes) = set.payload.entry.in_memory(policy.limits.file_bytes) else { return };
    let actual = prefixed(&bytes.sha256());
    if !states(manifest, &actual) {
        content_hash(&set.payload.label, &actual, manifest, out);
    }
}

/// Whether the manifest states this content hash.
fn states(manifest: &Manifest, actual: &str) -> bool {
    manifest.root().member("content_hash").is_some_and(|stated| stated.is_text(actual))
}

fn content_hash(payload: &str, actual: &str, manifest: &Manifest, out: &mut ReportBuilder) -> bool {
    let subject = Subject::new("payload_content_hash", file_name(payload))
        .evidence(&["manifest.content_hash", payload]);
    let stated = manifest.root().member("content_hash");
    if states(manifest, actual) {
        out.supported(
            CLAIM,
            subject,
            &catalog::export::CONTENT_HASH_MATCH,
            "export bytes match manifest content_hash",
        );
        return true;
    }
    let expected = stated.map_or("None".into(), |value| {
        value.text().unwrap_or_else(|| String::from_utf8_lossy(value.raw()).into_owned().into())
    });
    let message = format!("content hash mismatch: expected={expected} actual={actual}");
    out.unsupported(
        CLAIM,
        subject,
        Finding::disproves(&catalog::export::CONTENT_HASH_MISMATCH, message)
            .at(Location::file(payload))
            .fact("expected", expected)
            .fact("computed", actual),
    );
    false
}

fn signature(export: &Export<'_>, manifest: &Manifest, hash_matches: bool, out: &mut ReportBuilder) {
    let subject = || {
        Subject::new("manifest_signature", file_name(manifest.label())).evidence(&[
            "manifest.signature",
            "manifest.public_key",
            "manifest.key_id",
        ])
    };
    let place = || Location::file(manifest.label()).pointing("/signature");
    let Some(stated) = manifest.root().member("signature").filter(|value| value.is_truthy()) else {
        let message = "Export manifest is unsigned (no signature in manifest).";
        let effect = if export.policy.allow_unsigned {
            out.set_required(CLAIM, false);
            out.accepted_without_trust = true;
            Effect::Limits { verdict: Verdict::InsufficientEvidence }
        } else {
            Effect::Fails { verdict: Verdict::InsufficientEvidence }
        };
        let finding = Finding::new(&catalog::export::MANIFEST_SIGNATURE_MISSING, effect, message).at(place());
        out.unsupported(CLAIM, subject(), finding);
        return;
    };
    let signed_at = manifest.signed_at();
    let embedded = manifest.text("public_key");
    let key_id = manifest.text("key_id");
    let request = KeyRequest {
        purpose: EXPORT_SIGNING,
        key_id: key_id.as_deref(),
        signed_at: signed_at.as_ref(),
        embedded: embedded.as_deref(),
    };
    let (key, refusal) = match export.keys.resolve(&request) {
        Ok(key) => (key, None),
        Err(refusal @ (Refusal::Unresolvable(_) | Refusal::Unknown(_))) => {
            out.unsupported(CLAIM, subject(), refused(&refusal).at(place()));
            return;
        }
        // A key that does not count is tried all the same, so that "altered" is never reported as "revoked".
        Err(refusal) => match export.keys.untrusted(&request) {
            Some(key) => (key, Some(refusal)),
            None => return out.unsupported(CLAIM, subject(), refused(&refusal).at(place())),
        },
    };
    if refusal.is_none() {
        describe_signer(export, &key, manifest, out);
    }
    if let Some(embedded) = &embedded
        && !same_key(&key, embedded)
    {
        let message = "Manifest public_key does not match trusted key.";
        let finding = Finding::disproves(&catalog::export::MANIFEST_PUBLIC_KEY_MISMATCH, message)
            .at(Location::file(manifest.label()).pointing("/public_key"))
            .fact("trusted", key.text.clone())
            .fact("in file", embedded.clone());
        out.unsupported(CLAIM, subject(), finding);
        return;
    }
    let parsed = stated.text().map_or(Err(TextError::Undecodable), |text| SignatureText::parse(&text));
    let hash = manifest.root().member("content_hash").and_then(Value::text).unwrap_or_default();
    let verified = parsed.ok().and_then(|signature| key.authenticate((), hash.as_bytes(), &signature).ok());
    if let (Some(refusal), Some(_)) = (&refusal, &verified) {
        out.unsupported(CLAIM, subject(), refused(refusal).at(place()));
        return;
    }
    match verified {
        Some(_) if hash_matches => out.supported(
            CLAIM,
            subject(),
            &catalog::export::EXPORT_INTEGRITY_SUPPORTED,
            "export content hash and manifest signature verified",
        ),
        Some(_) => out.supported(
            CLAIM,
            subject(),
            &catalog::export::EXPORT_INTEGRITY_SUPPORTED,
            "manifest signature verified, but over the digest of another file",
        ),
        None => {
            let second = [parsed.err(), key.key.err()].contains(&Some(TextError::SecondSpelling));
            let (code, message) = if second {
                (&catalog::export::SIGNATURE_SECOND_SPELLING, "signature or key text is not canonical base64")
            } else {
                (&catalog::export::SIGNATURE_VERIFICATION_FAILED, "Signature verification failed.")
            };
            let finding =
                if second { Finding::lacks(code, message) } else { Finding::disproves(code, message) };
            out.unsupported(CLAIM, subject(), finding.at(place()).fact("key", key.text.clone()));
        }
    }
}

/// Keys are compared as bytes; texts only where one of them is no key.
fn same_key(key: &ResolvedKey, embedded: &str) -> bool {
    match (&key.key, crate::crypto::PublicKey::from_text(embedded)) {
        (Ok(trusted), Ok(embedded)) => *trusted == embedded,
        _ => key.text == embedded,
    }
}

fn describe_signer(export: &Export<'_>, key: &ResolvedKey, manifest: &Manifest, out: &mut ReportBuilder) {
    out.artifact.wire.insert("trust_source", key.source.clone().into());
    out.signers.push(SignerSummary {
        signed: "export manifest".to_owned(),
        public_key: key.text.clone(),
        key_id: key.key_id.clone().or_else(|| key.key.ok().map(|key| key.fingerprint())),
        basis: key.basis,
        source: key.source.clone(),
        signed_at: manifest.text("signed_at").map(std::borrow::Cow::into_owned),
    });
    if key.basis == Basis::SelfAttested {
        out.accepted_without_trust = true;
        let message =
            "the signature is checked with the key inside the manifest; this shows consistency, not origin";
        out.finding(
            Finding::notes(&catalog::trust::SELF_ATTESTED, message)
                .at(Location::file(export.payload_label())),
        );
    }
    if key.revoked_later {
        let message =
            "the signing key was revoked after the stated signing time, which the signature does not cover";
        out.finding(Finding::notes(&catalog::trust::SIGNING_KEY_REVOKED, message));
    }
}

/// The finding for a key that the trust source does not give.
pub(crate) fn refused(refusal: &Refusal) -> Finding {
    use catalog::trust;
    let code: &'static Code = match refusal {
        Refusal::Unresolvable(_) | Refusal::Unknown(_) => &trust::TRUST_ROOT_UNRESOLVABLE,
        Refusal::Revoked(_) => &trust::SIGNING_KEY_REVOKED,
        Refusal::NotActive(_) => &trust::SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME,
        Refusal::StatusUnknown(_) => &trust::SIGNING_KEY_STATUS_UNKNOWN,
        Refusal::TimeMissing(_) => &trust::SIGNING_TIME_MISSING,
        Refusal::Ambiguous(_) => &trust::SIGNING_KEY_AMBIGUOUS,
    };
    Finding::lacks(code, refusal.to_string())
}

/// As [`refused`], for signatures that the status of their key disproves (spec 10 section 4.5).
pub(crate) fn refused_by_status(refusal: &Refusal) -> Finding {
    let finding = refused(refusal);
    match refusal {
        Refusal::Revoked(_) | Refusal::NotActive(_) => {
            Finding { effect: Effect::Fails { verdict: Verdict::Disproved }, ..finding }
        }
        _ => finding,
    }
}

/// The shape of `artifact_ref` (spec 02 section 3). Its digest is not defined for split exports.
fn artifact_ref(export: &Export<'_>, out: &mut ReportBuilder) {
    let Some(reference) = export.fields().and_then(|fields| fields.member("artifact_ref")) else { return };
    match artifact_ref_fault(reference) {
        None => {
            let members =
                ["schema_version", "type", "id", "urn", "region", "path", "canonical_url", "digest"];
            let mut shown: serde_json::Map<String, serde_json::Value> = members
                .iter()
                .filter_map(|name| {
                    Some(((*name).to_owned(), reference.member_text(name)?.into_owned().into()))
                })
                .collect();
            shown.entry("schema_version").or_insert_with(|| "artifact_ref.v1".into());
            out.artifact.wire.insert("artifact_ref", shown.into());
        }
        Some(fault) => {
            let finding = Finding::lacks(
                &catalog::export::ARTIFACT_REF_INVALID,
                format!("artifact_ref is invalid: {fault}"),
            )
            .at(Location::within(export.payload_label(), "/artifact_ref", reference));
            out.unsupported(
                CLAIM,
                Subject::new("payload_content_hash", file_name(export.payload_label())),
                finding,
            );
        }
    }
}

/// What is wrong with the shape of an `artifact_ref` (spec 02 section 3).
pub(crate) fn artifact_ref_fault(reference: Value<'_>) -> Option<String> {
    if !reference.is_object() {
        return Some("artifact_ref must be an object".to_owned());
    }
    if let Some(version) = reference.member("schema_version")
        && !version.is_text("artifact_ref.v1")
    {
        return Some("unsupported schema_version".to_owned());
    }
    let mut texts = Vec::new();
    for name in ["type", "id", "urn", "region", "path", "canonical_url", "digest"] {
        match reference.member_text(name) {
            Some(text) => texts.push(text),
            None => return Some(format!("{name} must be a string")),
        }
    }
    let [kind, id, urn, _region, path, url, digest] = texts.as_slice() else {
        return Some("incomplete".to_owned());
    };
    let kinds = [
        "compliance_export",
        "checkpoint_envelope",
        "voice_session_attestation",
        "decision_evidence",
        "rail_evidence",
    ];
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    let faults = [
        (!kinds.contains(&kind.as_ref()), "unknown type"),
        (
            id.is_empty() || id.bytes().any(|byte| byte.is_ascii_uppercase()),
            "id must be lower case and not empty",
        ),
        (id.contains(':'), "id must not contain a colon"),
        (**urn != format!("urn:x-keel:artifact:{kind}:{id}"), "urn does not match type and id"),
        (!path.starts_with('/'), "path must start with /"),
        (!url.starts_with("https://") && !url.starts_with("http://"), "canonical_url must be an http(s) URL"),
        (
            !crate::bytes::hex::is_lower_hex(hex, 64),
            "digest must be sha256: and 64 lower-case hexadecimal digits",
        ),
    ];
    faults.iter().find(|(fault, _)| *fault).map(|(_, text)| (*text).to_owned())
}
