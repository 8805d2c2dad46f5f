//! Faults in closures. The chain, its integrity digests and the export signature fit what is shown.

use serde_json::{Value, json};

use super::{DISPROVED, Fault, INSUFFICIENT, OUT_OF_SCOPE, Outcome, claim};
use crate::error::Result;
use crate::keys::{Purpose, Seed};
use crate::scenario::Pack;

const OTHER: &str = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";

/// Changes a member without signing the closure again.
fn change(pack: &mut Pack, name: &str, value: Value) -> Result<()> {
    pack.payload("allow", "permit.closed")?.insert(name.to_owned(), value);
    pack.rechain()?;
    pack.sign()
}

/// Changes a member and signs the closure again with the issuer's key.
fn change_signed(pack: &mut Pack, key: &str, name: &str, value: Value) -> Result<()> {
    let label = crate::vectors::LABEL;
    let seed = Seed::public_fixture(&format!("{label} {}", Purpose::PermitBindingSigning.name()))?;
    pack.change_closure(key, name, value, &seed)?;
    pack.rechain()?;
    pack.sign()
}

const fn fault(
    name: &'static str,
    title: &'static str,
    apply: fn(&mut Pack) -> Result<()>,
    claim: super::Claim,
    notes: &'static str,
) -> Fault {
    let outcome = match claim.1.as_bytes() {
        b"disproved" => Outcome::Disproved,
        _ => Outcome::NotEstablished,
    };
    let code = claim.2;
    Fault { name, title, apply, outcome, claim: Some(claim), code, is_accepted_by_reference: false, notes }
}

pub(super) const FAULTS: &[Fault] = &[
    fault(
        "status-changed",
        "a timeout is shown as a complete answer",
        |pack| {
            pack.payload("timeout", "permit.closed")?.insert("closure_status".to_owned(), json!("closed"));
            pack.rechain()?;
            pack.sign()
        },
        (claim::CLOSURE, DISPROVED, "WALK_CLOSURE_SIGNATURE_INVALID"),
        "the status is a signed field",
    ),
    fault(
        "response-digest-changed",
        "the provider response digest was changed after signing",
        |pack| change(pack, "provider_response_digest_v1", json!(OTHER)),
        (claim::CLOSURE, DISPROVED, "WALK_CLOSURE_SIGNATURE_INVALID"),
        "the digest is a signed field",
    ),
    fault(
        "signed-by-another-key",
        "the closure is signed by a key that the issuer does not have",
        |pack| {
            let stranger = Seed::public_fixture("stranger")?;
            pack.change_closure("allow", "status_code", json!(200), &stranger)?;
            pack.rechain()?;
            pack.sign()
        },
        (claim::CLOSURE, DISPROVED, "WALK_CLOSURE_SIGNATURE_INVALID"),
        "hash and fields agree, the signature is not the binding key's",
    ),
    fault(
        "field-missing",
        "a signed field is missing",
        |pack| {
            pack.payload("allow", "permit.closed")?.remove("completed_at");
            pack.rechain()?;
            pack.sign()
        },
        (claim::CLOSURE, DISPROVED, "WALK_CLOSURE_SIGNATURE_INVALID"),
        "absent and null are different under a signature",
    ),
    fault(
        "other-request-dispatched",
        "the closure, genuinely signed, names another request than the permit",
        |pack| change_signed(pack, "allow", "dispatch_request_digest_v1", json!(OTHER)),
        (claim::DISPATCH, DISPROVED, "WALK_CLOSURE_DISPATCH_DIGEST_MISMATCH"),
        "what was dispatched is not what was approved",
    ),
    fault(
        "response-differs-from-event",
        "the closure, genuinely signed, names another response than the recorded event",
        |pack| change_signed(pack, "allow", "provider_response_digest_v1", json!(OTHER)),
        (claim::DIGESTS, DISPROVED, "WALK_CLOSURE_DIGEST_MISMATCH"),
        "the response event and the closure contradict each other",
    ),
    fault(
        "client-digest-missing",
        "a complete answer without the digest of the delivered bytes",
        |pack| change_signed(pack, "allow", "client_response_digest_v1", Value::Null),
        (claim::DIGESTS, INSUFFICIENT, "WALK_CLOSURE_DIGEST_MISSING"),
        "status closed requires all three digests",
    ),
    fault(
        "dispatch-digest-missing",
        "a complete answer without the digest of the dispatched request",
        |pack| change_signed(pack, "allow", "dispatch_request_digest_v1", Value::Null),
        (claim::DISPATCH, INSUFFICIENT, "WALK_CLOSURE_DIGEST_MISSING"),
        "status closed requires all three digests",
    ),
    fault(
        "semantics-unknown",
        "the closure gives its dispatch digest another meaning",
        |pack| {
            change_signed(
                pack,
                "allow",
                "dispatch_request_digest_semantics",
                json!("approved_request_summary"),
            )
        },
        (claim::DIGESTS, DISPROVED, "WALK_CLOSURE_DIGEST_MISMATCH"),
        "the label is part of what was agreed",
    ),
    fault(
        "version-unknown",
        "the closure claims a version that does not exist",
        |pack| change_signed(pack, "allow", "binding_version", json!("closure_v9")),
        (claim::CLOSURE, OUT_OF_SCOPE, "WALK_UNKNOWN_CLOSURE_FORMAT"),
        "an unknown version is refused by name",
    ),
    Fault {
        name: "status-outside-the-set",
        title: "the closure, genuinely signed, has a status that does not exist",
        apply: |pack| change_signed(pack, "timeout", "closure_status", json!("mostly_closed")),
        outcome: Outcome::Disproved,
        claim: None,
        code: "CLOSURE_STATUS_UNKNOWN",
        is_accepted_by_reference: true,
        notes: "the status decides which digests must be present; the reference treats unknown ones as abnormal",
    },
    Fault {
        name: "binding-key-revoked",
        title: "the binding key was revoked before the closure was signed",
        apply: |pack| {
            let entry = pack.key_entry(Purpose::PermitBindingSigning)?;
            super::super::pack::set(entry, "status", json!("revoked"));
            super::super::pack::set(entry, "revoked_at", json!("2026-08-03T07:59:00Z"));
            pack.sign_keys()
        },
        outcome: Outcome::NotEstablished,
        claim: None,
        code: "SIGNING_KEY_REVOKED",
        is_accepted_by_reference: true,
        notes: "a revoked key proves nothing; the reference selects binding keys by window alone",
    },
];
