//! `permit.review_transition.v1`: a human approves a challenged permit (spec 21 section 8).
//!
//! ```text
//! hash    = lower-case hex of SHA-256(legacy form of signed_event without its signature)
//! message = those 64 ASCII bytes
//! key     = the permit_binding_signing key under the decision payload's binding_key_id
//! ```
//!
//! The reference does not compare the event with the decision, so the approval of one permit passes for
//! another. Here permit, project and the step from `challenge` to `allow` are compared, last, with a
//! code of our own. What the claim does not prove: that the decision itself is signed, which is
//! [`super::judge`]'s to say, and who the actor was.

use std::borrow::Cow;

use super::REVIEW_TRANSITION;
use super::row::Stop;
use super::signer::{SECOND_SPELLING, Signer, Unsigned, refusal_code};
use crate::bytes::hex;
use crate::canon::{self, Profile};
use crate::finding::{Code, Effect, Fact, Finding, Location, Verdict, catalog::permit as codes};
use crate::json::Value;
use crate::report::{ReportBuilder, Requested, Subject};
use crate::time::Timestamp;
use crate::trust::{KeyRing, KeyTable};

/// What a review transition comes to.
#[derive(Clone, Debug)]
pub struct ReviewRow {
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub code: &'static Code,
    /// The particulars.
    pub message: Cow<'static, str>,
    /// Labels of the places looked at.
    pub evidence: &'static [&'static str],
    /// Labelled values.
    pub facts: Vec<Fact>,
    /// The permit that the event names.
    pub permit_id: Option<String>,
    /// Where; [`judge_review`] gives the byte range, the caller adds file and pointer.
    pub location: Location,
}

const MEMBERS: [&str; 11] = [
    "actor_id",
    "actor_kind",
    "decision_at",
    "event_type",
    "from_decision",
    "from_status",
    "permit_id",
    "project_id",
    "signature",
    "to_decision",
    "to_status",
];

const EVENT: &[&str] = &["export.review_transition"];
const SIGNATURE: &[&str] = &["export.review_transition", "signature"];
const TRUSTED: &[&str] = &["export.review_transition", "trust_root"];

/// Judges the export's `review_transition` against the `canonical_payload` of its `permit_decision`.
#[must_use]
pub fn judge_review(
    transition: Option<Value<'_>>,
    decision_payload: Option<Value<'_>>,
    keys: &KeyRing,
    repeated: &KeyTable,
) -> ReviewRow {
    let event = transition.and_then(|transition| transition.member("signed_event"));
    let permit_id = event.and_then(|event| event.member("permit_id")).and_then(Value::non_empty_text);
    let mut row = ReviewRow {
        verdict: Verdict::Supported,
        code: &codes::PERMIT_REVIEW_TRANSITION_SUPPORTED,
        message: Cow::Borrowed("human-review approval transition signature is supported"),
        evidence: TRUSTED,
        facts: Vec::new(),
        permit_id: permit_id.map(Cow::into_owned),
        location: Location { bytes: transition.map(Value::span), ..Location::default() },
    };
    if let Err(stop) = steps(transition, decision_payload, keys, repeated) {
        row.verdict = stop.verdict;
        row.code = stop.code;
        row.message = stop.message;
        row.evidence = stop.evidence;
        row.facts = stop.facts;
    }
    row
}

fn steps(
    transition: Option<Value<'_>>,
    payload: Option<Value<'_>>,
    keys: &KeyRing,
    repeated: &KeyTable,
) -> Result<(), Stop> {
    let missing =
        |message: &'static str| Stop::insufficient(&codes::PERMIT_REVIEW_TRANSITION_MISSING, message, EVENT);
    let transition = transition
        .and_then(Value::as_object)
        .filter(|value| value.member("status").is_some_and(|status| status.is_text("present")))
        .ok_or_else(|| missing("the export carries no review transition"))?;
    let event = transition.member("signed_event").and_then(Value::as_object);
    let event = event.ok_or_else(|| missing("the review transition has no signed_event"))?;
    let stated = transition.member("canonical_hash").and_then(Value::non_empty_text);
    let stated = stated.ok_or_else(|| missing("the review transition has no canonical_hash"))?;
    let payload = payload
        .and_then(Value::as_object)
        .ok_or_else(|| missing("the export carries no decision payload for the review transition"))?;

    let invalid =
        |message: String| Stop::disproved(&codes::PERMIT_REVIEW_TRANSITION_SCHEMA_INVALID, message, EVENT);
    let mut names: Vec<Cow<'_, str>> = event.members().map(|member| member.name()).collect();
    names.sort_unstable();
    if !names.iter().map(AsRef::as_ref).eq(MEMBERS) {
        return Err(invalid("signed_event does not have exactly the members of the format".to_owned()));
    }
    let digest = canon::digest_except(Profile::Legacy, event, &["signature"])
        .map_err(|error| invalid(format!("signed_event has no canonical form: {error}")))?;
    let hash = hex::encode(&digest);
    if *stated != hash {
        let message = "canonical_hash does not match signed_event";
        return Err(Stop::disproved(&codes::PERMIT_REVIEW_TRANSITION_HASH_MISMATCH, message, EVENT)
            .fact("expected", stated)
            .fact("computed", hash));
    }
    check_signature(event, payload, &hash, keys, repeated)?;
    check_linkage(event, payload)
}

fn check_signature(
    event: Value<'_>,
    payload: Value<'_>,
    hash: &str,
    keys: &KeyRing,
    repeated: &KeyTable,
) -> Result<(), Stop> {
    let unresolvable = |message: String| {
        Stop::insufficient(&codes::PERMIT_REVIEW_TRANSITION_TRUST_ROOT_UNRESOLVABLE, message, TRUSTED)
    };
    let key_id = payload.member("binding_key_id").and_then(Value::non_empty_text);
    let key_id = key_id.ok_or_else(|| unresolvable("the decision names no binding_key_id".to_owned()))?;
    let signed_at = event.member_text("decision_at").and_then(|text| Timestamp::parse(&text));
    let signer = Signer::resolve(keys, &key_id, signed_at.as_ref())
        .map_err(|refusal| unresolvable(refusal.to_string()))?;
    match signer.binding_id() {
        Some(own) if own == *key_id => {}
        Some(_) => return Err(unresolvable(format!("the trusted key does not have the key id {key_id}"))),
        None => return Err(unresolvable("the trusted key is not base64".to_owned())),
    }
    let signature = event.member_text("signature").unwrap_or_default();
    match signer.authenticate(repeated, (), hash.as_bytes(), &signature) {
        Ok(_) => Ok(()),
        Err(Unsigned::Invalid) => {
            let message = "human-review transition signature does not verify";
            Err(Stop::disproved(&codes::PERMIT_REVIEW_TRANSITION_SIGNATURE_INVALID, message, SIGNATURE))
        }
        Err(Unsigned::SecondSpelling) => {
            let message = "the signature or the trusted key is not in canonical base64";
            Err(Stop::disproved(SECOND_SPELLING, message, SIGNATURE))
        }
        Err(Unsigned::Refused(refusal)) => {
            Err(Stop::insufficient(refusal_code(&refusal), refusal.to_string(), TRUSTED))
        }
    }
}

/// Our rule: the event is about the signed decision and approves it.
fn check_linkage(event: Value<'_>, payload: Value<'_>) -> Result<(), Stop> {
    let linked = |name: &str, of: &str| match (event.member(name), payload.member(of)) {
        (Some(own), Some(signed)) => own.text().is_some() && own.same(signed),
        _ => false,
    };
    let broken = [("permit_id", "permit_id"), ("project_id", "project_id"), ("from_decision", "decision")]
        .into_iter()
        .find(|(name, of)| !linked(name, of))
        .map(|(name, _)| name)
        .or_else(|| {
            [("from_decision", "challenge"), ("to_decision", "allow")]
                .into_iter()
                .find(|(name, value)| !event.member(name).is_some_and(|own| own.is_text(value)))
                .map(|(name, _)| name)
        });
    match broken {
        None => Ok(()),
        Some(name) => Err(Stop::disproved(
            &codes::PERMIT_REVIEW_TRANSITION_LINKAGE_MISMATCH,
            format!("signed_event.{name} does not belong to an approval of the signed decision"),
            EVENT,
        )
        .fact("event", event.member_text(name).unwrap_or_default())),
    }
}

/// Reports the row as the claim's subject. Where nobody asked for it, only a disproved event fails the run.
pub fn report_review(row: &ReviewRow, requested: Requested, out: &mut ReportBuilder) {
    let asked = matches!(requested, Requested::Evidence | Requested::Operator);
    out.claim(REVIEW_TRANSITION, requested);
    out.evidence(REVIEW_TRANSITION, row.evidence);
    let subject = match &row.permit_id {
        Some(id) => Subject::new("permit_review_transition", id.as_str()),
        None => Subject::unnamed("permit_review_transition"),
    }
    .evidence(row.evidence);
    match row.verdict {
        Verdict::Supported => {
            out.supported(REVIEW_TRANSITION, subject, row.code, row.message.as_ref());
        }
        verdict => {
            let fails = asked || verdict == Verdict::Disproved;
            let effect = if fails { Effect::Fails { verdict } } else { Effect::Limits { verdict } };
            let mut finding = Finding::new(row.code, effect, row.message.as_ref()).at(row.location.clone());
            finding.facts.clone_from(&row.facts);
            out.unsupported(REVIEW_TRANSITION, subject, finding);
        }
    }
}
