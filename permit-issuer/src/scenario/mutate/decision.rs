//! Faults in decision bindings. The chain, its integrity digests and the export signature fit what is shown.

use serde_json::{Value, json};
use verifier_core::canon::Profile;

use super::super::pack::set;
use super::{DISPROVED, Fault, INSUFFICIENT, OUT_OF_SCOPE, Outcome, claim};
use crate::document;
use crate::error::{Error, Result};
use crate::keys::{Purpose, Seed, Signer};
use crate::scenario::Pack;

fn issuer_key() -> Result<Seed> {
    let label = crate::vectors::LABEL;
    Seed::public_fixture(&format!("{label} {}", Purpose::PermitBindingSigning.name()))
}

/// Changes a member of the payload.
fn change(pack: &mut Pack, name: &str, value: Value) -> Result<()> {
    let payload = payload(pack)?;
    set(payload, name, value);
    Ok(())
}

fn payload(pack: &mut Pack) -> Result<&mut Value> {
    pack.decision("allow")?
        .get_mut("canonical_payload")
        .ok_or_else(|| Error::Damaged("no payload".to_owned()))
}

/// Recomputes the hash, and signs it when a signer is given.
fn rehash(pack: &mut Pack, signer: Option<&dyn Signer>) -> Result<()> {
    let hash = document::digest(Profile::Jcs, payload(pack)?)?;
    let artifact = pack.decision("allow")?;
    if let Some(signer) = signer {
        set(artifact, "binding_signature", json!(signer.sign_text(&hash)));
    }
    set(artifact, "binding_canonical_hash", json!(hash));
    Ok(())
}

fn finish(pack: &mut Pack) -> Result<()> {
    pack.rechain()?;
    pack.sign()
}

const fn fault(
    name: &'static str,
    title: &'static str,
    apply: fn(&mut Pack) -> Result<()>,
    verdict: &'static str,
    code: &'static str,
    notes: &'static str,
) -> Fault {
    let outcome = match verdict.as_bytes() {
        b"disproved" => Outcome::Disproved,
        _ => Outcome::NotEstablished,
    };
    Fault {
        name,
        title,
        apply,
        outcome,
        claim: Some((claim::DECISION, verdict, code)),
        code,
        is_accepted_by_reference: false,
        notes,
    }
}

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "reason-changed",
        "the reason was changed after signing",
        |pack| {
            change(pack, "reason", json!("policy.allowed: Permitted by a better rule."))?;
            finish(pack)
        },
        DISPROVED,
        "PERMIT_DECISION_CANONICAL_HASH_MISMATCH",
        "the hash is that of the payload that was signed",
    ),
    fault(
        "constraint-raised-and-rehashed",
        "the output limit was raised and the hash recomputed",
        |pack| {
            let mut constraints = payload(pack)?.get("constraints").cloned().unwrap_or_default();
            set(&mut constraints, "max_output_tokens", json!(1_000_000));
            change(pack, "constraints", constraints)?;
            rehash(pack, None)?;
            finish(pack)
        },
        DISPROVED,
        "PERMIT_DECISION_SIGNATURE_INVALID",
        "whoever changes the payload can recompute the hash, not the signature",
    ),
    fault(
        "signed-by-another-key",
        "the decision is signed by a key that the issuer does not have",
        |pack| {
            let stranger = Seed::public_fixture("stranger")?;
            rehash(pack, Some(&stranger))?;
            finish(pack)
        },
        DISPROVED,
        "PERMIT_DECISION_SIGNATURE_INVALID",
        "it still names the issuer's key",
    ),
    fault(
        "names-an-unlisted-key",
        "the decision is signed by, and names, a key that no manifest lists",
        |pack| {
            let stranger = Seed::public_fixture("stranger")?;
            let id = stranger.public_key().binding_id();
            change(pack, "binding_key_id", json!(id))?;
            set(pack.decision("allow")?, "binding_key_id", json!(id));
            rehash(pack, Some(&stranger))?;
            finish(pack)
        },
        INSUFFICIENT,
        "PERMIT_DECISION_UNTRUSTED_KEY",
        "an unknown key proves nothing, neither for nor against",
    ),
    fault(
        "throttle-as-decision",
        "the genuinely signed decision is a word outside the vocabulary",
        |pack| {
            change(pack, "decision", json!("throttle"))?;
            set(pack.decision("allow")?, "expected_decision", json!("throttle"));
            rehash(pack, Some(&issuer_key()?))?;
            finish(pack)
        },
        DISPROVED,
        "PERMIT_DECISION_SCHEMA_INVALID",
        "a throttle is a deny with a rate-limit code",
    ),
    fault(
        "unknown-member",
        "the genuinely signed payload has a member too many",
        |pack| {
            change(pack, "waiver", json!(true))?;
            rehash(pack, Some(&issuer_key()?))?;
            finish(pack)
        },
        DISPROVED,
        "PERMIT_DECISION_SCHEMA_INVALID",
        "the payload is closed for every version",
    ),
    fault(
        "member-missing",
        "the genuinely signed payload lacks a member",
        |pack| {
            if let Some(members) = payload(pack)?.as_object_mut() {
                members.remove("policy_version");
            }
            rehash(pack, Some(&issuer_key()?))?;
            finish(pack)
        },
        INSUFFICIENT,
        "PERMIT_DECISION_EVIDENCE_MISSING",
        "36 members make a v7 payload",
    ),
    fault(
        "version-unknown",
        "the binding claims a version that does not exist",
        |pack| {
            change(pack, "binding_version", json!("v99"))?;
            set(pack.decision("allow")?, "binding_version", json!("v99"));
            rehash(pack, Some(&issuer_key()?))?;
            finish(pack)
        },
        OUT_OF_SCOPE,
        "PERMIT_DECISION_UNSUPPORTED_BINDING_VERSION",
        "an unknown version is refused by name",
    ),
    fault(
        "expected-decision-differs",
        "the envelope expects another decision than was signed",
        |pack| {
            set(pack.decision("allow")?, "expected_decision", json!("deny"));
            finish(pack)
        },
        DISPROVED,
        "PERMIT_DECISION_CANONICAL_PAYLOAD_MISMATCH",
        "unsigned copies must agree with what is signed",
    ),
    fault(
        "attributes-changed",
        "an attribute that the decision rested on was changed",
        |pack| {
            set(pack.decision("allow")?, "resource_attributes_json", json!({"data_class": "public"}));
            finish(pack)
        },
        DISPROVED,
        "permit.binding.v7.resource_attributes_canonical_hash_mismatch",
        "attributes are bound through their digest",
    ),
    fault(
        "request-body-changed",
        "the shown provider request is not the one that was permitted",
        |pack| {
            set(
                pack.decision("allow")?,
                "binding_request_body",
                json!({"model": "gpt-4o-mini", "messages": []}),
            );
            finish(pack)
        },
        DISPROVED,
        "permit.binding.v7.wire_body_hash_mismatch",
        "the provider request is bound through final_request_hash",
    ),
];
