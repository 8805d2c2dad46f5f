//! The unsigned Permit object beside its signed decision (spec 21 section 9 item 3, 20 section 12).
//!
//! The reference never compares the two, so an export can show an `allow` that was signed as `deny`. Members
//! are compared under the issuer's normalisation (spec 21 section 4.3), which is how the payload was made
//! from the object; an absent or null member says nothing.

use super::DECISION;
use super::row::{DecisionRow, Statement};
use crate::finding::{Finding, Location, catalog::permit as codes};
use crate::format::binding::{trim, uuid_text};
use crate::json::Value;
use crate::time::Timestamp;

/// The compared members of a Permit object, small enough to keep for a whole export.
#[derive(Clone, Debug, Default)]
pub struct PermitBody {
    members: [Option<Box<str>>; COMPARED.len()],
    /// Where; the caller completes it.
    pub location: Location,
}

#[derive(Clone, Copy)]
enum Rule {
    Uuid,
    Lower,
    Text,
    /// As [`Self::Text`]; versions of the payload that lack the member, or have it null, say nothing.
    TextWhereSigned,
    Time,
}

type Field = fn(&Statement) -> Option<&str>;

/// Member of the object, its counterpart, and how both are normalised.
const COMPARED: [(&str, &str, Rule, Field); 11] = [
    ("id", "permit_id", Rule::Uuid, |signed| signed.permit_id.as_deref()),
    ("project_id", "project_id", Rule::Uuid, |signed| signed.project_id.as_deref()),
    ("decision", "decision", Rule::Lower, |signed| signed.decision.as_deref()),
    ("reason", "reason", Rule::Text, |signed| signed.reason.as_deref()),
    ("expires_at", "expires_at", Rule::Time, |signed| signed.expires_at.as_deref()),
    ("resource_provider", "provider", Rule::Lower, |signed| signed.provider.as_deref()),
    ("resource_model", "model", Rule::Text, |signed| signed.model.as_deref()),
    ("action_name", "action_name", Rule::Text, |signed| signed.action_name.as_deref()),
    ("policy_id", "policy_id", Rule::TextWhereSigned, |signed| signed.policy_id.as_deref()),
    ("policy_version", "policy_version", Rule::TextWhereSigned, |signed| signed.policy_version.as_deref()),
    ("subject_id", "subject_id", Rule::TextWhereSigned, |signed| signed.subject_id.as_deref()),
];

impl Rule {
    fn apply(self, text: &str) -> String {
        match self {
            Self::Uuid => uuid_text(text).unwrap_or_else(|| trim(text).to_owned()),
            Self::Lower => trim(text).to_lowercase(),
            Self::Text | Self::TextWhereSigned => trim(text).to_owned(),
            Self::Time => {
                Timestamp::parse(text).map_or_else(|| trim(text).to_owned(), |time| time.to_offset_form())
            }
        }
    }
}

impl PermitBody {
    /// Reads a Permit object; `None` unless it has an id and a decision.
    #[must_use]
    pub fn read(permit: Value<'_>) -> Option<Self> {
        permit.member("id")?.non_empty_text()?;
        permit.member("decision")?.text()?;
        let text = |(name, _, rule, _): (&str, &str, Rule, Field)| {
            let value = permit.present(name)?;
            // A value of another type can equal no signed text; its own spelling keeps it different.
            let text = value
                .text()
                .map_or_else(|| String::from_utf8_lossy(value.raw()).into_owned(), |text| rule.apply(&text));
            Some(text.into_boxed_str())
        };
        let location = Location { file: String::new(), pointer: None, bytes: Some(permit.span()) };
        Some(Self { members: COMPARED.map(text), location })
    }

    /// The permit that it describes, normalised as [`Self::is_of`] compares it.
    #[must_use]
    pub fn permit_id(&self) -> &str {
        self.members.first().and_then(Option::as_deref).unwrap_or_default()
    }

    /// Whether the row is the decision of the same permit.
    #[must_use]
    pub fn is_of(&self, row: &DecisionRow) -> bool {
        row.permit_id().is_some_and(|id| Rule::Uuid.apply(id) == self.permit_id())
    }

    /// Contradictions to the signed payload; empty when nothing trusted signed it.
    #[must_use]
    pub fn compare(&self, row: &DecisionRow) -> Vec<Finding> {
        let Some(signed) = row.signed() else { return Vec::new() };
        let mut findings = Vec::new();
        for ((name, counterpart, rule, field), own) in COMPARED.iter().zip(&self.members) {
            let Some(own) = own else { continue };
            let text = field(signed).map(|text| rule.apply(text));
            // An unsigned expiry where none is signed, or the reverse, is a contradiction as well.
            let is_silent = text.is_none() && (own.is_empty() || matches!(rule, Rule::TextWhereSigned));
            if text.as_deref() == Some(&**own) || is_silent {
                continue;
            }
            let message = format!("permit member {name} differs from the signed {counterpart}");
            findings.push(
                Finding::disproves(&codes::PERMIT_BODY_CONTRADICTS_DECISION, message)
                    .on(DECISION)
                    .at(self.location.clone())
                    .fact("permit", &**own)
                    .fact("signed", text.unwrap_or_else(|| "null".to_owned())),
            );
        }
        findings
    }
}

/// Compares an unsigned Permit object with the signed payload of `row`.
#[must_use]
pub fn compare_body(permit: Value<'_>, row: &DecisionRow) -> Vec<Finding> {
    PermitBody::read(permit).map(|body| body.compare(row)).unwrap_or_default()
}

/// Inconsistencies of a Permit object with itself (spec 20 section 12), as notes.
#[must_use]
pub fn check_body(permit: Value<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let place = || Location { file: String::new(), pointer: None, bytes: Some(permit.span()) };
    let decision = permit.member_text("decision");
    let time = |name: &str| permit.member_text(name).and_then(|text| Timestamp::parse(&text));
    if let (Some(created), Some(expires)) = (time("created_at"), time("expires_at"))
        && expires < created
    {
        let message = format!("expires_at {expires} is earlier than created_at {created}");
        findings.push(Finding::notes(&codes::PERMIT_EXPIRES_BEFORE_ISSUED, message).at(place()));
    }
    if matches!(decision.as_deref(), Some("deny" | "challenge"))
        && permit.present("binding_request_hash").is_some()
    {
        let message = format!(
            "the decision is {}, and binding_request_hash is set",
            decision.as_deref().unwrap_or_default()
        );
        findings.push(Finding::notes(&codes::PERMIT_REQUEST_HASH_WITHOUT_ALLOW, message).at(place()));
    }
    let detail = permit.member("decision_details").and_then(|details| details.present("decision"));
    if let (Some(decision), Some(detail)) = (&decision, detail)
        && !detail.is_text(decision)
    {
        let message = "decision_details.decision differs from decision";
        findings.push(
            Finding::notes(&codes::PERMIT_DECISION_DETAILS_MISMATCH, message)
                .at(place())
                .fact("decision", decision.as_ref())
                .fact("decision_details.decision", detail.text().unwrap_or_default()),
        );
    }
    findings
}
