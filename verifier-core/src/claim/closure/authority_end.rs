//! The end of a work authority: a `permit.closed` event that closes no execution (spec 05 section 6).
//!
//! It does not assert that the business job was completed; `asserts_business_job_completed` must be `false`.

use super::signature::ClosureKeys;
use crate::bytes::hex;
use crate::canon::{self, Profile};
use crate::crypto::SignatureText;
use crate::json::{Kind, Value};
use crate::time::Timestamp;
use crate::trust::{KeyRequest, PERMIT_BINDING_SIGNING};

const MEMBERS: [&str; 13] = [
    "actor_id",
    "actor_kind",
    "asserts_business_job_completed",
    "binding_key_id",
    "canonical_hash",
    "close_request_hash",
    "ended_at",
    "project_id",
    "reason_code",
    "released_reservation_count",
    "root_permit_id",
    "signature",
    "version",
];

/// One authority end.
#[derive(Clone, Debug)]
pub(crate) struct AuthorityEnd {
    pub(super) fault: Option<&'static str>,
    pub(super) span: (u64, u64),
}

pub(super) fn check(
    entry: Value<'_>,
    payload: Option<Value<'_>>,
    permit: Option<&str>,
    keys: &ClosureKeys<'_>,
) -> AuthorityEnd {
    let span = entry.span();
    let event =
        payload.and_then(|payload| payload.member("work_authority_ended_event")).and_then(Value::as_object);
    let fault = match event {
        None => Some("Work authority-end signed fields missing or unknown"),
        Some(event) => fault(entry, event, permit, keys),
    };
    AuthorityEnd { fault, span: (span.start, span.end) }
}

fn fault(
    entry: Value<'_>,
    event: Value<'_>,
    permit: Option<&str>,
    keys: &ClosureKeys<'_>,
) -> Option<&'static str> {
    let exact = event.len() == MEMBERS.len() && MEMBERS.iter().all(|name| event.member(name).is_some());
    if !exact {
        return Some("Work authority-end signed fields missing or unknown");
    }
    let text = |name: &str| event.member_text(name).unwrap_or_default();
    if !identity_fits(entry, event, permit) {
        return Some("Work authority-end identity or lifecycle fields conflict");
    }
    if !["project_id", "root_permit_id", "actor_id"].iter().all(|name| is_uuid(&text(name))) {
        return Some("Work authority-end identifiers are malformed");
    }
    let recorded = ["occurred_at", "created_at"]
        .iter()
        .find_map(|name| entry.member(name).filter(|value| value.is_truthy()));
    let recorded = recorded.and_then(Value::text).and_then(|text| Timestamp::parse(&text));
    let ended = Timestamp::parse(&text("ended_at"));
    if !matches!((&ended, &recorded), (Some(ended), Some(recorded)) if ended <= recorded) {
        return Some("Work authority-end time conflicts with its governance event");
    }
    let hash = canon::digest_except(Profile::Legacy, event, &["canonical_hash", "signature"])
        .map(|digest| hex::encode(&digest));
    let Ok(hash) = hash else { return Some("Work authority-end canonical hash mismatch") };
    if text("canonical_hash") != hash {
        return Some("Work authority-end canonical hash mismatch");
    }
    let key_id = text("binding_key_id");
    let request = KeyRequest {
        purpose: PERMIT_BINDING_SIGNING,
        key_id: Some(&key_id),
        signed_at: ended.as_ref(),
        embedded: None,
    };
    let key = match keys.ring().resolve(&request) {
        Ok(key) if key.key.is_ok_and(|key| key.binding_id() == key_id) => key,
        _ => return Some("Work authority-end trusted signing key unavailable"),
    };
    match SignatureText::parse(&text("signature")) {
        Ok(signature) if keys.table().authenticate(&key, (), hash.as_bytes(), &signature).is_ok() => None,
        _ => Some("Work authority-end signature invalid"),
    }
}

fn identity_fits(entry: Value<'_>, event: Value<'_>, permit: Option<&str>) -> bool {
    let text = |name: &str| event.member_text(name).unwrap_or_default();
    let agrees = |entry_name: &str, event_name: &str| {
        entry.present(entry_name).is_none_or(|value| value.is_text(&text(event_name)))
    };
    let count = event.member("released_reservation_count");
    let close_hash = text("close_request_hash");
    event.member("version").is_some_and(|version| version.is_text("keel.work_authority_ended.v1"))
        && event.member("asserts_business_job_completed").and_then(Value::as_bool) == Some(false)
        && !text("root_permit_id").is_empty()
        && permit == Some(&*text("root_permit_id"))
        && entry
            .member("chain_scope")
            .is_some_and(|scope| scope.is_text(&format!("project:{}", text("project_id"))))
        && agrees("project_id", "project_id")
        && agrees("actor_id", "actor_id")
        && agrees("actor_type", "actor_kind")
        && ["user", "api_key", "service_account", "system"].contains(&&*text("actor_kind"))
        && ["customer_requested", "job_no_longer_authorized", "replaced"].contains(&&*text("reason_code"))
        && close_hash.strip_prefix("sha256:").is_some_and(|digits| hex::is_lower_hex(digits, 64))
        && count
            .is_some_and(|count| count.kind() == Kind::Int && count.as_i64().is_some_and(|count| count >= 0))
}

/// The hyphenated form, either case.
fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
