//! `checkpoint.signature.v1`: did a trusted checkpoint key sign the composite hash (spec 10 sections 3 and 4)?
//!
//! The time at which the key must have been valid is `computed_at`, which nobody signed: whoever holds a retired
//! key can choose it. Only a genuine timestamp bounds it, and then the key must not have been revoked by that time
//! either. The claim's state says which of the two it rests on.

use super::Examined;
use crate::claim::export::refused_by_status;
use crate::claim::name;
use crate::claim::scope::signature::{Reading, read, second_spelling, weak_key};
use crate::crypto::PublicKey;
use crate::finding::{Finding, catalog};
use crate::report::{ReportBuilder, Requested, SignerSummary, Subject};
use crate::time::{Timestamp, UnixNanos};
use crate::trust::{
    Basis, EXPORT_SIGNING, INTEGRITY_CHECKPOINT, KeyRequest, KeyRing, KeySource, Refusal, ResolvedKey,
};

use catalog::checkpoint as code;

const CLAIM: &str = name::CHECKPOINT_SIGNATURE;

/// Checks the signature. `composite` is the recomputed hash; without it there is nothing that the signature could
/// be trusted to cover.
pub(super) fn check(
    examined: &Examined<'_>,
    composite: Option<&str>,
    not_later_than: Option<UnixNanos>,
    out: &mut ReportBuilder,
) {
    out.claim(CLAIM, Requested::Evidence);
    let checkpoint = &examined.checkpoint;
    let Some(stated) = checkpoint.text("signature") else {
        let finding = Finding::lacks(&code::CHECKPOINT_SIGNATURE_MISSING, "the checkpoint is not signed");
        return out.unsupported(CLAIM, subject(examined, None), finding.at(examined.at("signature")));
    };
    let keys = KeyRing::load(examined.policy);
    let Some(key) = key(examined, &keys, not_later_than, out) else { return };
    let fail = |finding: Finding, out: &mut ReportBuilder| {
        out.unsupported(CLAIM, subject(examined, Some(&key)), finding.at(examined.at("signature")));
    };
    if let Some(embedded) = checkpoint.text("public_key")
        && PublicKey::from_text(&embedded) != key.key
    {
        let message = "the embedded key is not the trusted one";
        let finding = Finding::disproves(&code::CHECKPOINT_PUBLIC_KEY_MISMATCH, message)
            .fact("trusted", key.text.clone())
            .fact("in file", embedded);
        return fail(finding, out);
    }
    if let Some(finding) = weak_key(&key.text) {
        fail(finding, out);
    }
    let message = checkpoint.text("composite_hash").unwrap_or_default();
    match read(&key.text, message.as_bytes(), &stated) {
        Reading::Verified if stated.starts_with("ed25519:") => {}
        Reading::Verified | Reading::SecondSpelling => {
            return fail(second_spelling("checkpoint", &stated), out);
        }
        Reading::Invalid => {
            let message = "the checkpoint signature does not verify under the trusted key";
            let finding = Finding::disproves(&catalog::export::SIGNATURE_VERIFICATION_FAILED, message);
            return fail(finding.fact("public key", key.text.clone()), out);
        }
    }
    if composite.is_none() {
        let message = "the signature verifies, but over a hash that is not that of the chain heads";
        return fail(Finding::lacks(&code::CHECKPOINT_SIGNED_HASH_NOT_ESTABLISHED, message), out);
    }
    accept(examined, &keys, key, out);
    let assurance = if not_later_than.is_some() { "tsa_validated" } else { "unsigned_claim" };
    out.epistemic(CLAIM, "signing_time_assurance", assurance);
}

/// The key that must have signed.
fn key(
    examined: &Examined<'_>,
    keys: &KeyRing,
    not_later_than: Option<UnixNanos>,
    out: &mut ReportBuilder,
) -> Option<ResolvedKey> {
    let checkpoint = &examined.checkpoint;
    let mut fail = |finding: Finding, member: &str| {
        out.unsupported(CLAIM, subject(examined, None), finding.at(examined.at(member)));
    };
    if let KeySource::Expected(text) = &examined.policy.keys
        && (!text.starts_with("ed25519:") || PublicKey::from_text(text).is_err())
    {
        let message = "the expected key is not ed25519: and the base64 text of 32 bytes";
        fail(
            Finding::lacks(&code::CHECKPOINT_PUBLIC_KEY_INVALID, message).fact("given", text.clone()),
            "signature",
        );
        return None;
    }
    let stated_time = checkpoint.value.present("computed_at");
    let computed_at = checkpoint.text("computed_at").and_then(|text| Timestamp::parse(&text));
    if keys.manifest().is_some() && stated_time.is_some() && computed_at.is_none() {
        let message = "computed_at cannot be read as a time, so the key's validity cannot be judged";
        fail(Finding::lacks(&catalog::trust::SIGNING_TIME_MISSING, message), "computed_at");
        return None;
    }
    let (key_id, embedded) = (checkpoint.text("key_id"), checkpoint.text("public_key"));
    let request = KeyRequest {
        purpose: INTEGRITY_CHECKPOINT,
        key_id: key_id.as_deref(),
        signed_at: computed_at.as_ref(),
        embedded: embedded.as_deref(),
    };
    // A stolen key can state any time, but cannot have it stamped after the fact.
    let stamped = not_later_than.and_then(|time| Timestamp::from_unix_micros(time.seconds() * 1_000_000));
    let later = stamped.filter(|stamped| computed_at.as_ref().is_some_and(|computed| computed < stamped));
    if let Some(later) = &later
        && let Err(refusal @ Refusal::Revoked(_)) =
            keys.resolve(&KeyRequest { signed_at: Some(later), ..request })
    {
        fail(refused_by_status(&refusal), "signature");
        return None;
    }
    match keys.resolve(&request) {
        Ok(key) => Some(key),
        Err(refusal) => {
            fail(refused_by_status(&refusal), "signature");
            None
        }
    }
}

fn accept(examined: &Examined<'_>, keys: &KeyRing, key: ResolvedKey, out: &mut ReportBuilder) {
    if key.revoked_later {
        let message =
            "the signing key was revoked after the time that the checkpoint states, which nobody signed";
        out.finding(Finding::notes(&catalog::trust::SIGNING_KEY_REVOKED, message).at(examined.at("key_id")));
    }
    if keys.keys_for(EXPORT_SIGNING).any(|other| Ok(other) == key.key) {
        let message = "the trust source lists the checkpoint key for signing exports too";
        out.finding(Finding::notes(&code::KEY_SHARED_ACROSS_PURPOSES, message).at(examined.at("key_id")));
    }
    if keys.is_unsigned_manifest() {
        let message = "the key manifest is trusted because it was named, not because it is signed";
        out.finding(Finding::notes(&catalog::trust::KEY_MANIFEST_UNSIGNED, message));
    }
    if key.basis == Basis::SelfAttested {
        let message = "the signature was checked with the key that the checkpoint itself carries";
        out.finding(Finding::notes(&catalog::trust::SELF_ATTESTED, message).at(examined.at("public_key")));
    }
    let message = "checkpoint signature verified";
    out.supported(CLAIM, subject(examined, Some(&key)), &code::CHECKPOINT_SIGNATURE_SUPPORTED, message);
    out.accepted_without_trust |= key.basis == Basis::SelfAttested;
    out.signers.push(SignerSummary {
        signed: "checkpoint".to_owned(),
        key_id: key.key_id.or_else(|| Some(key.key.ok()?.fingerprint())),
        public_key: key.text,
        basis: key.basis,
        source: key.source,
        signed_at: examined.checkpoint.text("computed_at").map(std::borrow::Cow::into_owned),
    });
}

/// The signature, by the key that it names, else by the one it was checked with.
fn subject(examined: &Examined<'_>, key: Option<&ResolvedKey>) -> Subject {
    let named = examined.checkpoint.text("key_id").is_some_and(|id| !id.is_empty());
    let fingerprint = key.filter(|_| !named).and_then(|key| Some(key.key.ok()?.fingerprint()));
    let subject = match fingerprint {
        Some(id) => Subject::new("checkpoint_signature", id),
        None => examined.subject("checkpoint_signature", "key_id"),
    };
    subject.evidence(&["composite_hash", "signature"])
}
