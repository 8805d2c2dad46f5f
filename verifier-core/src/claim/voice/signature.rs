use serde_json::json;

use super::Checked;
use crate::canon::{self, Profile};
use crate::claim::export::refusal_finding;
use crate::crypto::{PublicKey, SignatureText, prefixed, sha256, verify};
use crate::evidence::Part;
use crate::finding::catalog::voice as code;
use crate::finding::{Finding, Location, catalog};
use crate::json::Value;
use crate::report::{ReportBuilder, SignerSummary};
use crate::time::Timestamp;
use crate::trust::{Basis, EXPORT_SIGNING, KeyRequest, KeyRing, TrustPolicy};

const NAME: &str = "issuer_signature";
/// Signatures of one attestation; further ones change no verdict.
const SIGNATURES: usize = 16;

/// Whether a trusted key signed the attestation without its signatures (spec 14.3).
pub(super) fn check(root: Value<'_>, part: &Part, policy: &TrustPolicy, out: &mut ReportBuilder) -> Checked {
    let place = || Location::file(&part.label).pointing("/signatures");
    let list = root.member("signatures").and_then(Value::as_array).filter(|list| !list.is_empty());
    let Some(list) = list else {
        let finding = Finding::lacks(&code::VOICE_SIGNATURE_MISSING, "missing signatures");
        return Checked::failed(NAME, finding.at(place()));
    };
    let mut message = Vec::new();
    let invalid = || {
        let message = "no valid Ed25519 signature over canonical artifact bytes";
        Checked::failed(NAME, Finding::disproves(&code::VOICE_SIGNATURE_INVALID, message).at(place()))
    };
    if canon::write_except(Profile::Legacy, root, &["signatures"], &mut message).is_err() {
        return invalid();
    }
    let content = prefixed(&sha256(&message));
    let entries = list.items().take(SIGNATURES).filter(|entry| is_candidate(*entry, &content));
    let mut verified = Vec::new();
    let mut broken = Vec::new();
    for entry in entries {
        if is_signed(entry, &message) { verified.push(entry) } else { broken.push(entry) }
    }
    if verified.is_empty() {
        return invalid();
    }
    let keys = KeyRing::load(policy);
    let issued_at = root.member_text("issued_at").and_then(|text| Timestamp::parse(&text));
    let mut refused = None;
    let mut accepted = None;
    for entry in verified {
        match trusted(entry, &keys, issued_at.as_ref(), part) {
            Ok(signer) => {
                accepted.get_or_insert((entry, signer));
            }
            Err(finding) => {
                refused.get_or_insert(finding);
            }
        }
    }
    // A signature that does not verify may be of a key that nobody trusts; one of a trusted key may not be wrong.
    let wrong = broken.into_iter().any(|entry| trusted(entry, &keys, issued_at.as_ref(), part).is_ok());
    if wrong && !keys.is_self_attested() {
        let message = "a signature of a trusted key does not verify";
        return Checked::failed(
            NAME,
            Finding::disproves(&code::VOICE_SIGNATURE_INVALID, message).at(place()),
        );
    }
    match (accepted, refused) {
        (Some((entry, signer)), _) => {
            out.accepted_without_trust |= signer.basis == Basis::SelfAttested;
            out.artifact.beside.insert("trust_source", json!(signer.source));
            out.signers.push(signer);
            let text = |name: &str| json!(entry.member_text(name).map(|text| text.into_owned()));
            Checked::passed(
                NAME,
                vec![
                    ("content_hash", json!(content)),
                    ("key_id", text("key_id")),
                    ("key_purpose", text("key_purpose")),
                ],
            )
        }
        (None, Some(finding)) => Checked::failed(NAME, *finding),
        (None, None) => invalid(),
    }
}

/// Whether an entry is a signature that the format counts.
fn is_candidate(entry: Value<'_>, content: &str) -> bool {
    let text = |name: &str| entry.member_text(name);
    let stated = entry.member("content_hash").filter(|stated| !stated.is_null());
    text("algorithm").is_some_and(|algorithm| algorithm.eq_ignore_ascii_case("ed25519"))
        && stated.is_none_or(|stated| stated.is_text(content))
        && text("public_key").is_some()
        && text("signature").is_some()
}

fn is_signed(entry: Value<'_>, message: &[u8]) -> bool {
    let key = entry.member_text("public_key").and_then(|text| PublicKey::from_text(&text).ok());
    let signature = entry.member_text("signature").and_then(|text| SignatureText::parse(&text).ok());
    key.zip(signature).is_some_and(|(key, signature)| verify(&key, message, &signature))
}

/// The signer, when the trust source gives the embedded key.
fn trusted(
    entry: Value<'_>,
    keys: &KeyRing,
    signed_at: Option<&Timestamp>,
    part: &Part,
) -> Result<SignerSummary, Box<Finding>> {
    let place = || Location::value(&part.label, entry);
    let embedded = entry.member_text("public_key").unwrap_or_default();
    let key_id = entry.member_text("key_id");
    let request = KeyRequest {
        purpose: EXPORT_SIGNING,
        key_id: key_id.as_deref(),
        signed_at,
        embedded: Some(&embedded),
    };
    let resolved = keys.resolve(&request).map_err(|refusal| {
        let status = refusal_finding(&refusal);
        let finding = if status.code.id == catalog::trust::TRUST_ROOT_UNRESOLVABLE.id {
            let message = format!("the attestation is signed, but its signer is not trusted: {refusal}");
            Finding::lacks(&code::VOICE_SIGNER_UNPINNED, message)
        } else {
            status
        };
        Box::new(finding.at(place()))
    })?;
    if PublicKey::from_text(&embedded) != resolved.key {
        let message = "the attestation is signed by another key than the trusted one";
        let finding = Finding::disproves(&code::VOICE_SIGNER_NOT_TRUSTED, message);
        let finding = finding.fact("trusted", resolved.text).fact("in file", embedded);
        return Err(Box::new(finding.at(place())));
    }
    Ok(SignerSummary {
        signed: "voice attestation".to_owned(),
        public_key: embedded.into_owned(),
        key_id: resolved.key_id,
        basis: resolved.basis,
        source: resolved.source,
        signed_at: signed_at.map(|time| time.text().to_owned()),
    })
}
