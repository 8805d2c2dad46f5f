//! `permit.revoked.v1`: a signed event revokes a permit (spec 25 section 2).
//!
//! ```text
//! hash    = lower-case hex of SHA-256(legacy form of the event without its signature)
//! message = those 64 ASCII bytes
//! key     = any permit_binding_signing key whose validity contains revoked_at
//! ```
//!
//! The reference ignores the status of the key and does not compare the event with the decision beside it. Here a
//! key that was revoked or compromised does not count, and another permit's decision disproves the claim.

use crate::bytes::{base64, hex};
use crate::canon::{self, Profile};
use crate::claim::export::refusal_finding;
use crate::crypto::SignatureText;
use crate::finding::catalog::revocation as code;
use crate::finding::{Code, Verdict};
use crate::format::binding::uuid_text;
use crate::json::Value;
use crate::time::Timestamp;
use crate::trust::{KeyRing, PERMIT_BINDING_SIGNING};

const MEMBERS: [&str; 8] = [
    "permit_id",
    "project_id",
    "actor_id",
    "actor_kind",
    "reason_code",
    "revoked_at",
    "effective_at",
    "signature",
];
const IDS: [&str; 3] = ["permit_id", "project_id", "actor_id"];
const ACTORS: [&str; 4] = ["user", "service_account", "system", "api_key"];

/// What an event must agree with.
#[derive(Default)]
pub(super) struct Context {
    /// The export's project, else its manifest's.
    pub(super) project_id: Option<String>,
    /// The export's permit.
    pub(super) permit_id: Option<String>,
    /// The permit of the decision beside the event.
    pub(super) decided_permit: Option<String>,
    /// The hash stated beside the event.
    pub(super) stated_hash: Option<String>,
}

/// A revocation that a trusted key signed, as spelled.
pub(super) struct Revocation {
    pub(super) permit_id: String,
    pub(super) project_id: String,
    pub(super) effective_at: String,
}

/// Why an event establishes nothing.
pub(super) struct Stop {
    pub(super) verdict: Verdict,
    pub(super) code: &'static Code,
    pub(super) message: String,
}

fn disproved(code: &'static Code, message: impl Into<String>) -> Stop {
    Stop { verdict: Verdict::Disproved, code, message: message.into() }
}

pub(super) fn insufficient(code: &'static Code, message: impl Into<String>) -> Stop {
    Stop { verdict: Verdict::InsufficientEvidence, code, message: message.into() }
}

/// Judges an event in the order of spec 25 section 2.2.
pub(super) fn judge(event: Value<'_>, context: &Context, keys: &KeyRing) -> Result<Revocation, Stop> {
    let text = |name: &str| event.member_text(name).unwrap_or_default().into_owned();
    shape(event)?;
    let [permit_id, project_id] = [text("permit_id"), text("project_id")];
    let differs = |own: &str, other: &Option<String>| other.as_deref().is_some_and(|other| other != own);
    if differs(&project_id, &context.project_id) {
        let message = "the event is of another project than the export";
        return Err(disproved(&code::PERMIT_REVOKED_PROJECT_ID_MISMATCH, message));
    }
    if differs(&permit_id, &context.permit_id) {
        let message = "the event is of another permit than the export";
        return Err(disproved(&code::PERMIT_REVOKED_PERMIT_ID_MISMATCH, message));
    }
    if text("effective_at") != text("revoked_at") {
        let message = "effective_at differs from revoked_at";
        return Err(disproved(&code::PERMIT_REVOKED_EFFECTIVE_AT_MISMATCH, message));
    }
    signature(event, context, keys)?;
    if differs(&permit_id, &context.decided_permit) {
        let message = "the event is of another permit than the decision beside it";
        return Err(disproved(&code::PERMIT_REVOKED_PERMIT_ID_MISMATCH, message));
    }
    Ok(Revocation { permit_id, project_id, effective_at: text("effective_at") })
}

fn shape(event: Value<'_>) -> Result<(), Stop> {
    let invalid = |message: String| disproved(&code::PERMIT_REVOKED_SCHEMA_INVALID, message);
    if let Some(name) = MEMBERS.iter().find(|name| event.member(name).is_none()) {
        let message = format!("the revocation event has no {name}");
        return Err(insufficient(&code::PERMIT_REVOKED_EVIDENCE_MISSING, message));
    }
    if let Some(extra) = event.members().find(|member| !MEMBERS.iter().any(|name| member.is(name))) {
        return Err(invalid(format!("the revocation event has an unknown member {:?}", extra.name())));
    }
    if let Some(name) = IDS.iter().find(|name| event.member(name).and_then(Value::non_empty_text).is_none()) {
        return Err(invalid(format!("{name} must be a text that is not empty")));
    }
    let text = |name: &str| event.member_text(name).unwrap_or_default();
    if text("actor_id").chars().any(|c| c == '@' || c.is_whitespace()) {
        let message = "actor_id contains white space or @";
        return Err(disproved(&code::PERMIT_REVOKED_ACTOR_PII_DETECTED, message));
    }
    if let Some(name) = IDS.iter().find(|name| uuid_text(&text(name)).is_none()) {
        return Err(invalid(format!("{name} must be a UUID")));
    }
    if !ACTORS.contains(&&*text("actor_kind")) {
        let message = "actor_kind is none that this release knows";
        return Err(Stop {
            verdict: Verdict::UnverifiableScope,
            code: &code::PERMIT_REVOKED_ACTOR_KIND_UNSUPPORTED,
            message: message.to_owned(),
        });
    }
    if !is_reason(&text("reason_code")) {
        return Err(invalid("reason_code has not the form of a reason code".to_owned()));
    }
    if let Some(name) =
        ["revoked_at", "effective_at"].iter().find(|name| Timestamp::parse(&text(name)).is_none())
    {
        return Err(invalid(format!("{name} must be an RFC 3339 time")));
    }
    if base64::decode(&text("signature")).is_none_or(|bytes| bytes.len() != 64) {
        return Err(invalid("signature must be 64 bytes in base64".to_owned()));
    }
    Ok(())
}

/// `^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`
fn is_reason(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
    };
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('.').all(part)
}

fn signature(event: Value<'_>, context: &Context, keys: &KeyRing) -> Result<(), Stop> {
    let invalid = |message: &str| disproved(&code::PERMIT_REVOKED_SIGNATURE_INVALID, message);
    let hash = canon::digest_except(Profile::Legacy, event, &["signature"]).map_err(|error| {
        disproved(&code::PERMIT_REVOKED_SCHEMA_INVALID, format!("no canonical form: {error}"))
    })?;
    let hash = hex::encode(&hash);
    if context.stated_hash.as_deref().is_some_and(|stated| stated != hash) {
        return Err(invalid("the stated hash is not that of the event"));
    }
    let revoked_at = event.member_text("revoked_at").and_then(|text| Timestamp::parse(&text));
    let Some(revoked_at) = revoked_at else { return Err(invalid("revoked_at is no time")) };
    let candidates: Vec<_> = keys
        .entries()
        .iter()
        .filter(|entry| entry.purpose.as_deref() == Some(PERMIT_BINDING_SIGNING))
        .filter(|entry| entry.window_contains(&revoked_at))
        .collect();
    if candidates.is_empty() {
        let message = "the trust source has no permit-binding key that was valid at revoked_at";
        return Err(insufficient(&code::PERMIT_REVOKED_TRUST_ROOT_UNRESOLVABLE, message));
    }
    let Ok(signature) = SignatureText::parse(&event.member_text("signature").unwrap_or_default()) else {
        return Err(invalid("the signature is not in canonical base64"));
    };
    let mut refused = None;
    for entry in candidates {
        let Some(Ok(key)) = &entry.key else { continue };
        if !crate::crypto::verify(key, hash.as_bytes(), &signature) {
            continue;
        }
        match keys.admit(entry, Some(&revoked_at)) {
            Ok(_) => return Ok(()),
            Err(refusal) => refused = refused.or(Some(refusal)),
        }
    }
    Err(match refused {
        Some(refusal) => insufficient(refusal_finding(&refusal).code, refusal.to_string()),
        None => invalid("no trusted key verifies the signature of the revocation event"),
    })
}
