//! `permit.decision.v1`: one binding, judged (spec 21 section 6, whose step numbers are named here).
//!
//! The order of the steps is part of the contract: the first that fails gives the verdict and its code. Our
//! own rules (section 9) come last, so that they only refuse what the reference would support:
//!
//! | rule | code |
//! | --- | --- |
//! | the key must be usable at the signing time | `SIGNING_KEY_REVOKED`, `SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME`, … |
//! | key and signature have one spelling | `SIGNATURE_SECOND_SPELLING` |
//! | no member name twice anywhere in the artifact | `DUPLICATE_JSON_KEY` |
//! | `binding_issued_at` not before the signed `issued_at` | `PERMIT_DECISION_SIGNED_BEFORE_ISSUED` |
//!
//! The signing time is `binding_issued_at`, the reference's hint, which nothing signs. It may be later than
//! `issued_at`, as after a second signature with a new key, but never earlier, so that a decision dated
//! after the key's end cannot be moved back into its validity.

use std::borrow::Cow;

use super::row::{ARTIFACT, DecisionRow, PAYLOAD, Statement, Stop, TRUSTED};
use super::signer::{SECOND_SPELLING, Signer, Unsigned, refusal_code};
use crate::bytes::Blob;
use crate::canon::{self, CanonError, CanonErrorKind, Profile};
use crate::finding::{Code, Verdict, catalog::input, catalog::permit as codes};
use crate::format::binding::{
    ARTIFACT_TYPE, ARTIFACT_VERSION, Payload, REQUEST_CANONICAL_V5, Version, subhash, uuid_text, wire_body,
};
use crate::json::{AnomalyKind, Document, Kind, ParserLimits, Value};
use crate::time::Timestamp;
use crate::trust::{KeyRing, KeyTable, Refusal};

/// Judges one decision binding.
#[must_use]
pub fn judge(artifact: Value<'_>, keys: &KeyRing, repeated: &KeyTable) -> DecisionRow {
    let mut row = DecisionRow::new(artifact);
    if let Err(stop) = steps(artifact, keys, repeated, &mut row) {
        row.verdict = stop.verdict;
        row.code = stop.code;
        row.message = stop.message;
        row.evidence = stop.evidence;
        row.facts = stop.facts;
    }
    row
}

fn steps(
    artifact: Value<'_>,
    keys: &KeyRing,
    repeated: &KeyTable,
    row: &mut DecisionRow,
) -> Result<(), Stop> {
    let payload = check_shape(artifact, row)?;
    let hash = check_hash(artifact, &payload)?;
    let mut second_texts = Vec::new();
    check_wire_body(artifact, &payload, row, &mut second_texts)?;
    check_attributes(artifact, &payload, &mut second_texts)?;
    check_envelope(artifact, &payload, row)?;
    check_signature(artifact, &payload, &hash, keys, repeated, row)?;
    check_names(artifact, &second_texts)?;
    check_times(artifact, &payload, row)
}

/// Steps 2a to 2l.
fn check_shape<'a>(artifact: Value<'a>, row: &mut DecisionRow) -> Result<Payload<'a>, Stop> {
    let invalid = |message: Cow<'static, str>| {
        Err(Stop::disproved(&codes::PERMIT_DECISION_SCHEMA_INVALID, message, ARTIFACT))
    };
    let missing = |message: String| {
        Err(Stop::insufficient(&codes::PERMIT_DECISION_EVIDENCE_MISSING, message, ARTIFACT))
    };
    for (name, value) in [("artifact_type", ARTIFACT_TYPE), ("artifact_version", ARTIFACT_VERSION)] {
        if !artifact.member(name).is_some_and(|own| own.is_text(value)) {
            return invalid(format!("{name} must be {value}").into());
        }
    }
    let Some(object) = artifact.member("canonical_payload").and_then(Value::as_object) else {
        return invalid("canonical_payload must be an object".into());
    };
    let Some(payload) = Payload::read(object) else {
        return Err(Stop::new(
            Verdict::UnverifiableScope,
            &codes::PERMIT_DECISION_UNSUPPORTED_BINDING_VERSION,
            format!("binding_version must be one of {}", Version::ALL.map(Version::as_str).join(", ")),
            ARTIFACT,
        ));
    };
    row.binding_version = Some(payload.version);
    row.statement = Err(Statement::read(&payload));
    let absent: Vec<&str> = payload.missing().collect();
    // v6 and v7 without their attributes hash are reported by step 4c.
    if absent == ["resource_attributes_canonical_hash"] && payload.unknown().is_empty() {
        return Ok(payload);
    }
    if !absent.is_empty() {
        return missing(format!("canonical_payload missing signed field(s): {}", absent.join(", ")));
    }
    if !payload.unknown().is_empty() {
        let names = payload.unknown().join(", ");
        return invalid(format!("canonical_payload has unsupported signed field(s): {names}").into());
    }
    if !matches!(payload.text("decision").as_deref(), Some("allow" | "deny" | "challenge")) {
        return invalid("decision must be allow, deny, or challenge".into());
    }
    let identity: &[&str] = match payload.version {
        Version::V7 => &["permit_id", "project_id", "issued_at", "binding_key_id", "subject_id"],
        _ => &["permit_id", "project_id", "issued_at", "binding_key_id"],
    };
    for name in identity {
        if payload.member(name).and_then(Value::non_empty_text).is_none() {
            return missing(format!("canonical_payload.{name} must be a non-empty string"));
        }
    }
    if payload.version == Version::V7 {
        let kind = payload.text("subject_type");
        if !matches!(kind.as_deref(), Some("agent" | "user" | "service_principal" | "system")) {
            return invalid("subject_type must be agent, user, service_principal, or system".into());
        }
        for name in ["account_id", "org_id"] {
            let present = payload.present(name);
            if present.is_some_and(|value| value.text().and_then(|text| uuid_text(&text)).is_none()) {
                return invalid(format!("canonical_payload.{name} must be a UUID or null").into());
            }
        }
    }
    if artifact.member("binding_canonical_hash").and_then(Value::non_empty_text).is_none() {
        return missing("binding_canonical_hash must be a non-empty string".to_owned());
    }
    if !artifact.member_text("binding_signature").is_some_and(|text| text.starts_with("ed25519:")) {
        return invalid("binding_signature must be an ed25519: signature".into());
    }
    if artifact.member("binding_issued_at").and_then(Value::non_empty_text).is_none() {
        return missing("binding_issued_at must be a non-empty string".to_owned());
    }
    Ok(payload)
}

/// Step 3. Gives the text that is signed.
fn check_hash(artifact: Value<'_>, payload: &Payload<'_>) -> Result<String, Stop> {
    let profile = payload.version.profile();
    let computed = canon::hex_digest(profile, payload.value)
        .map_err(|error| no_form(profile, "canonical_payload", &error))?;
    let stated = artifact.member_text("binding_canonical_hash");
    if stated.as_deref() != Some(&computed) {
        let message = "binding_canonical_hash does not match the canonical payload";
        return Err(Stop::disproved(&codes::PERMIT_DECISION_CANONICAL_HASH_MISMATCH, message, PAYLOAD)
            .fact("expected", stated.unwrap_or_default())
            .fact("computed", computed));
    }
    Ok(computed)
}

/// Data that has no canonical form is malformed. The reference ends with an exception there, except that it
/// prints the number words in the legacy form.
fn no_form(profile: Profile, what: &str, error: &CanonError) -> Stop {
    let code = match (profile, error.kind) {
        (Profile::Legacy | Profile::LegacyAscii, CanonErrorKind::NonFinite) => &input::JSON_NON_FINITE_NUMBER,
        _ => &codes::PERMIT_DECISION_SCHEMA_INVALID,
    };
    Stop::disproved(code, format!("{what} has no canonical form: {error}"), PAYLOAD)
}

/// An object in the envelope, given as such or as its text.
enum Carried<'a> {
    Inline(Value<'a>),
    Text(Document),
}

impl<'a> Carried<'a> {
    fn read(value: Value<'a>) -> Option<Self> {
        if value.is_object() {
            return Some(Self::Inline(value));
        }
        let text = value.text()?.into_owned();
        let document = Document::parse(Blob::new(text.into_bytes()), ParserLimits::default()).ok()?;
        document.root().is_object().then_some(Self::Text(document))
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Inline(value) => *value,
            Self::Text(document) => document.root(),
        }
    }

    fn into_text(self) -> Option<Document> {
        match self {
            Self::Inline(_) => None,
            Self::Text(document) => Some(document),
        }
    }
}

/// Envelope members that may hold the request body, in order.
const WIRE_BODIES: [&str; 6] = [
    "binding_request_body",
    "binding_request_body_json",
    "provider_wire_body",
    "provider_request_body",
    "provider_request_json",
    "dispatch_request_body",
];

const WIRE_BODY: &[&str] =
    &["export.permit_decision", "canonical_payload.final_request_hash", "binding_request_body"];

/// Steps 4a to 4b.
fn check_wire_body(
    artifact: Value<'_>,
    payload: &Payload<'_>,
    row: &mut DecisionRow,
    texts: &mut Vec<Document>,
) -> Result<(), Stop> {
    let version = payload.version;
    let body = WIRE_BODIES.iter().find_map(|name| artifact.present(name));
    let bound = match body {
        None => None,
        Some(value) => {
            let Some(body) = Carried::read(value) else {
                let message = "the provider wire body must be a JSON object";
                return Err(Stop::insufficient(&codes::WIRE_BODY_JSON_INVALID, message, WIRE_BODY));
            };
            let signed = payload.text("final_request_hash").and_then(|text| wire_body::signed_digest(&text));
            let Some(signed) = signed else {
                let message = "a wire body needs a signed canonical_payload.final_request_hash";
                return Err(Stop::insufficient(&codes::WIRE_BODY_HASH_MISSING, message, WIRE_BODY));
            };
            Some((body, signed))
        }
    };
    let form = artifact.present("binding_request_canonical_version");
    if version == Version::V7 && form.is_some_and(|form| !form.is_text(REQUEST_CANONICAL_V5)) {
        let message = "binding_request_canonical_version must be v5 for a v7 binding";
        return Err(Stop::disproved(&codes::REQUEST_CANONICAL_VERSION_MISMATCH, message, WIRE_BODY));
    }
    let Some((body, signed)) = bound else { return Ok(()) };
    let profile = version.profile();
    let computed = wire_body::hex_digest(profile, body.value())
        .map_err(|error| no_form(profile, "the provider wire body", &error))?;
    if computed != signed {
        let message = "canonical_payload.final_request_hash does not match the provider wire body";
        return Err(Stop::disproved(wire_body_code(version), message, WIRE_BODY)
            .fact("expected", signed)
            .fact("computed", computed));
    }
    row.stripped = wire_body::stripped(body.value());
    if !row.stripped.is_empty() {
        let names = row.stripped.join(", ");
        let message =
            format!("the signed request hash does not cover these members of the request body: {names}");
        row.note(&codes::PERMIT_WIRE_BODY_MEMBERS_NOT_COVERED, message);
    }
    texts.extend(body.into_text());
    Ok(())
}

const ATTRIBUTES: &[&str] = &["resource_attributes"];

/// Steps 4c to 4g.
fn check_attributes(
    artifact: Value<'_>,
    payload: &Payload<'_>,
    texts: &mut Vec<Document>,
) -> Result<(), Stop> {
    let version = payload.version;
    let own_hash = payload.present("resource_attributes_canonical_hash");
    if version >= Version::V6 && own_hash.is_none() {
        let message = "canonical_payload.resource_attributes_canonical_hash is required";
        return Err(Stop::disproved(attributes_missing_code(version), message, PAYLOAD));
    }
    let spend = payload.present("spend_scope_hash");
    let delegation = payload.present("delegation_policy_hash");
    if own_hash.is_none() && spend.is_none() && delegation.is_none() {
        return Ok(());
    }
    let carried = artifact.present("resource_attributes_json").or(artifact.present("resource_attributes"));
    let Some(value) = carried else {
        let message = "resource_attributes_json is required to recompute binding sub-hashes";
        return Err(Stop::insufficient(&codes::RESOURCE_ATTRIBUTES_MISSING, message, ATTRIBUTES));
    };
    let Some(attributes) = Carried::read(value) else {
        let message = "resource_attributes_json must be a JSON object";
        return Err(Stop::insufficient(&codes::RESOURCE_ATTRIBUTES_INVALID, message, ATTRIBUTES));
    };
    if let Some(signed) = own_hash {
        let computed = subhash::resource_attributes(attributes.value())
            .map_err(|error| no_form(Profile::Jcs, "resource_attributes_json", &error))?;
        let message =
            "canonical_payload.resource_attributes_canonical_hash does not match resource_attributes_json";
        compare(
            signed,
            Some(computed),
            attributes_code(version),
            message,
            &[
                "export.permit_decision",
                "canonical_payload.resource_attributes_canonical_hash",
                "resource_attributes_json",
            ],
        )?;
    }
    if let Some(signed) = spend {
        let computed = attributes.value().member("spend_scope").and_then(subhash::spend_scope);
        let message =
            "canonical_payload.spend_scope_hash does not match resource_attributes_json.spend_scope";
        compare(
            signed,
            computed,
            spend_scope_code(version),
            message,
            &[
                "export.permit_decision",
                "canonical_payload.spend_scope_hash",
                "resource_attributes_json.spend_scope",
            ],
        )?;
    }
    if let Some(signed) = delegation {
        let computed = attributes.value().member("delegation_policy").and_then(subhash::delegation_policy);
        let message = "canonical_payload.delegation_policy_hash does not match resource_attributes_json.delegation_policy";
        compare(
            signed,
            computed,
            delegation_policy_code(version),
            message,
            &[
                "export.permit_decision",
                "canonical_payload.delegation_policy_hash",
                "resource_attributes_json.delegation_policy",
            ],
        )?;
    }
    texts.extend(attributes.into_text());
    Ok(())
}

fn compare(
    signed: Value<'_>,
    computed: Option<String>,
    code: &'static Code,
    message: &'static str,
    evidence: &'static [&'static str],
) -> Result<(), Stop> {
    if computed.as_deref().is_some_and(|computed| signed.is_text(computed)) {
        return Ok(());
    }
    let computed = computed.unwrap_or_else(|| "(cannot be computed)".to_owned());
    Err(Stop::disproved(code, message, evidence)
        .fact("expected", signed.text().unwrap_or_default())
        .fact("computed", computed))
}

/// Steps 5 and 6.
fn check_envelope(artifact: Value<'_>, payload: &Payload<'_>, row: &mut DecisionRow) -> Result<(), Stop> {
    const VERSION: &[&str] = &["export.permit_decision", "canonical_payload.binding_version"];
    const KEY_ID: &[&str] = &["export.permit_decision", "canonical_payload.binding_key_id"];
    const DECISION: &[&str] = &["export.permit_decision", "canonical_payload.decision"];
    let code = &codes::PERMIT_DECISION_CANONICAL_PAYLOAD_MISMATCH;
    for (name, evidence) in [("binding_version", VERSION), ("binding_key_id", KEY_ID)] {
        let signed = payload.text(name).unwrap_or_default();
        if artifact.present(name).is_some_and(|copy| !copy.is_text(&signed)) {
            row.envelope_contradicts = true;
            let message = format!("unsigned envelope {name} does not match signed canonical_payload.{name}");
            return Err(Stop::disproved(code, message, evidence).fact("signed", signed));
        }
    }
    let signed = payload.text("decision").unwrap_or_default();
    if artifact.member_text("expected_decision").is_some_and(|expected| expected != signed) {
        let message = "canonical_payload.decision does not match the requested decision evidence";
        return Err(Stop::disproved(code, message, DECISION).fact("signed", signed));
    }
    Ok(())
}

/// Steps 7 to 9, and our rules on keys and spellings.
fn check_signature(
    artifact: Value<'_>,
    payload: &Payload<'_>,
    hash: &str,
    keys: &KeyRing,
    repeated: &KeyTable,
    row: &mut DecisionRow,
) -> Result<(), Stop> {
    let key_id = payload.text("binding_key_id").unwrap_or_default();
    let signed_at =
        read_time(artifact.member("binding_issued_at")).or_else(|| read_time(payload.member("issued_at")));
    let signer = Signer::resolve(keys, &key_id, signed_at.as_ref()).map_err(|refusal| {
        let code = match refusal {
            Refusal::Unknown(_) => &codes::PERMIT_DECISION_UNTRUSTED_KEY,
            _ => &codes::PERMIT_DECISION_TRUST_ROOT_UNRESOLVABLE,
        };
        Stop::insufficient(code, refusal.to_string(), TRUSTED)
    })?;
    let Some(own_id) = signer.binding_id() else {
        let message = "the trusted key is not base64";
        return Err(Stop::insufficient(&codes::PERMIT_DECISION_TRUST_ROOT_UNRESOLVABLE, message, TRUSTED));
    };
    if own_id != key_id {
        let message = "the trusted key does not have the key id of canonical_payload.binding_key_id";
        return Err(Stop::disproved(&codes::PERMIT_DECISION_KEY_ID_MISMATCH, message, TRUSTED)
            .fact("expected", key_id)
            .fact("computed", own_id));
    }
    let signature = artifact.member_text("binding_signature").unwrap_or_default();
    let statement = Statement::read(payload);
    match signer.authenticate(repeated, statement, hash.as_bytes(), &signature) {
        Ok(verified) => {
            row.statement = Ok(verified);
            if signer.revoked_later() {
                let message = format!("key {key_id} was revoked after the stated signing time");
                row.note(&codes::PERMIT_DECISION_KEY_REVOKED_LATER, message);
            }
            Ok(())
        }
        Err(Unsigned::Invalid) => {
            let message = "binding_signature does not verify under the trusted key";
            Err(Stop::disproved(&codes::PERMIT_DECISION_SIGNATURE_INVALID, message, TRUSTED))
        }
        Err(Unsigned::SecondSpelling) => {
            let message = "the signature or the trusted key is not in canonical base64";
            Err(Stop::disproved(SECOND_SPELLING, message, TRUSTED))
        }
        Err(Unsigned::Refused(refusal)) => {
            row.key_refusal = Some(refusal.clone());
            Err(Stop::insufficient(refusal_code(&refusal), refusal.to_string(), TRUSTED))
        }
    }
}

/// Our rule: a member name stands once in an object.
fn check_names(artifact: Value<'_>, texts: &[Document]) -> Result<(), Stop> {
    let in_text = |document: &Document| {
        document
            .anomalies()
            .find(|(kind, _)| *kind == AnomalyKind::RepeatedMember)
            .map(|(_, value)| value.pointer())
    };
    let place = repeated_name(artifact).map(Value::pointer).or_else(|| texts.iter().find_map(in_text));
    match place {
        None => Ok(()),
        Some(pointer) => {
            let message = format!("a member name occurs twice at {pointer:?}");
            Err(Stop::disproved(&input::DUPLICATE_JSON_KEY, message, ARTIFACT))
        }
    }
}

/// An object that repeats a name. Recursion is bounded by the parser's nesting limit.
fn repeated_name(value: Value<'_>) -> Option<Value<'_>> {
    match value.kind() {
        Kind::Object => {
            // Exports are mostly written with sorted names, which one pass shows to be distinct.
            let ascending =
                value.members().map(|member| member.name()).is_sorted_by(|left, right| left < right);
            if !ascending {
                let mut names: Vec<Cow<'_, str>> = value.members().map(|member| member.name()).collect();
                names.sort_unstable();
                if names.windows(2).any(|pair| matches!(pair, [left, right] if left == right)) {
                    return Some(value);
                }
            }
            value.members().find_map(|member| repeated_name(member.value))
        }
        Kind::Array => value.items().find_map(repeated_name),
        Kind::Null | Kind::Bool | Kind::Int | Kind::Float | Kind::String => None,
    }
}

/// Our rules on times.
fn check_times(artifact: Value<'_>, payload: &Payload<'_>, row: &mut DecisionRow) -> Result<(), Stop> {
    const TIMES: &[&str] = &["export.permit_decision", "canonical_payload.issued_at", "binding_issued_at"];
    let issued = read_time(payload.member("issued_at"));
    let signing = read_time(artifact.member("binding_issued_at"));
    let differs = |row: &mut DecisionRow, what: &str| {
        let message = format!("binding_issued_at {what}; nothing signs it");
        row.note(&codes::PERMIT_DECISION_SIGNING_TIME_DIFFERS, message);
    };
    match (&issued, &signing) {
        (Some(issued), Some(signing)) if signing < issued => {
            let message = "binding_issued_at is earlier than the signed issued_at";
            return Err(Stop::disproved(&codes::PERMIT_DECISION_SIGNED_BEFORE_ISSUED, message, TIMES)
                .fact("issued_at", issued.text())
                .fact("binding_issued_at", signing.text()));
        }
        (Some(issued), Some(signing)) if signing > issued => {
            differs(row, &format!("{signing} is later than the signed issued_at {issued}"));
        }
        (_, None) => differs(row, "is not a readable time"),
        _ => {}
    }
    let expires = read_time(payload.member("expires_at"));
    if let (Some(issued), Some(expires)) = (&issued, &expires)
        && expires < issued
    {
        let message = format!("the signed expires_at {expires} is earlier than issued_at {issued}");
        row.note(&codes::PERMIT_EXPIRES_BEFORE_ISSUED, message);
    }
    Ok(())
}

fn read_time(value: Option<Value<'_>>) -> Option<Timestamp> {
    Timestamp::parse(&value?.text()?)
}

fn wire_body_code(version: Version) -> &'static Code {
    match version {
        Version::V1 | Version::V2 | Version::V3 | Version::V4 => &codes::WIRE_BODY_HASH_MISMATCH,
        Version::V5 => &codes::WIRE_BODY_HASH_MISMATCH_V5,
        Version::V6 => &codes::WIRE_BODY_HASH_MISMATCH_V6,
        Version::V7 => &codes::WIRE_BODY_HASH_MISMATCH_V7,
    }
}

fn attributes_missing_code(version: Version) -> &'static Code {
    if version == Version::V7 {
        &codes::RESOURCE_ATTRIBUTES_HASH_MISSING_V7
    } else {
        &codes::RESOURCE_ATTRIBUTES_HASH_MISSING_V6
    }
}

fn attributes_code(version: Version) -> &'static Code {
    if version == Version::V7 {
        &codes::RESOURCE_ATTRIBUTES_HASH_MISMATCH_V7
    } else {
        &codes::RESOURCE_ATTRIBUTES_HASH_MISMATCH_V6
    }
}

fn spend_scope_code(version: Version) -> &'static Code {
    match version {
        Version::V1 | Version::V2 | Version::V3 | Version::V4 => &codes::SPEND_SCOPE_HASH_MISMATCH_V3,
        Version::V5 => &codes::SPEND_SCOPE_HASH_MISMATCH_V5,
        Version::V6 => &codes::SPEND_SCOPE_HASH_MISMATCH_V6,
        Version::V7 => &codes::SPEND_SCOPE_HASH_MISMATCH_V7,
    }
}

fn delegation_policy_code(version: Version) -> &'static Code {
    match version {
        Version::V1 | Version::V2 | Version::V3 | Version::V4 => &codes::DELEGATION_POLICY_HASH_MISMATCH_V4,
        Version::V5 => &codes::DELEGATION_POLICY_HASH_MISMATCH_V5,
        Version::V6 => &codes::DELEGATION_POLICY_HASH_MISMATCH_V6,
        Version::V7 => &codes::DELEGATION_POLICY_HASH_MISMATCH_V7,
    }
}
