use std::borrow::Cow;

use crate::crypto::sha256;
use crate::finding::{Code, Fact, Location, Verdict, catalog::permit as codes};
use crate::format::binding::{ARTIFACT_TYPE, Payload, Version, wire_body};
use crate::json::Value;
use crate::trust::{Refusal, Verified};

/// What one decision binding comes to.
#[derive(Clone, Debug)]
pub struct DecisionRow {
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
    /// Where. [`super::judge`] gives the byte range; the caller adds file and pointer.
    pub location: Location,
    /// Whether the object shows any sign of being a binding. One that does not is evidence only where a
    /// binding was asked for.
    pub recognised: bool,
    /// The version of the payload.
    pub binding_version: Option<Version>,
    /// What the payload states; verified when a trusted key signed it.
    pub statement: Result<Verified<Statement>, Statement>,
    /// Members of the request body that the signed hash leaves out, as pointers.
    pub stripped: Vec<String>,
    /// Why the signing key may not be used.
    pub key_refusal: Option<Refusal>,
    /// Whether an envelope copy contradicts the payload.
    pub envelope_contradicts: bool,
    /// What an auditor should know besides the verdict.
    pub notes: Vec<Note>,
}

/// Something worth knowing that changes no verdict.
#[derive(Clone, Debug)]
pub struct Note {
    /// What kind of thing.
    pub code: &'static Code,
    /// The particulars.
    pub message: String,
}

/// Payload members that reports and other claims need, as the payload spells them.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each is the payload member of the same name")]
pub struct Statement {
    pub permit_id: Option<Box<str>>,
    pub project_id: Option<Box<str>>,
    pub decision: Option<Box<str>>,
    pub reason: Option<Box<str>>,
    pub provider: Option<Box<str>>,
    pub model: Option<Box<str>>,
    pub action_name: Option<Box<str>>,
    pub policy_id: Option<Box<str>>,
    pub policy_version: Option<Box<str>>,
    pub issued_at: Option<Box<str>>,
    pub expires_at: Option<Box<str>>,
    pub subject_id: Option<Box<str>>,
    pub subject_type: Option<Box<str>>,
    pub account_id: Option<Box<str>>,
    pub binding_key_id: Option<Box<str>>,
    pub final_request_hash: Option<Box<str>>,
    pub quota_reservation_id: Option<Box<str>>,
}

impl Statement {
    /// The digest of `final_request_hash`: 64 lower-case digits without a prefix; `None` when it is absent or
    /// malformed.
    #[must_use]
    pub fn request_digest(&self) -> Option<String> {
        self.final_request_hash.as_deref().and_then(wire_body::signed_digest)
    }

    pub(super) fn read(payload: &Payload<'_>) -> Self {
        let text = |name: &str| payload.text(name).map(Box::from);
        Self {
            permit_id: text("permit_id"),
            project_id: text("project_id"),
            decision: text("decision"),
            reason: text("reason"),
            provider: text("provider"),
            model: text("model"),
            action_name: text("action_name"),
            policy_id: text("policy_id"),
            policy_version: text("policy_version"),
            issued_at: text("issued_at"),
            expires_at: text("expires_at"),
            subject_id: text("subject_id"),
            subject_type: text("subject_type"),
            account_id: text("account_id"),
            binding_key_id: text("binding_key_id"),
            final_request_hash: text("final_request_hash"),
            quota_reservation_id: text("quota_reservation_id"),
        }
    }
}

impl DecisionRow {
    pub(super) fn new(artifact: Value<'_>) -> Self {
        let recognised = artifact.member("artifact_type").is_some_and(|kind| kind.is_text(ARTIFACT_TYPE))
            || ["canonical_payload", "binding_canonical_hash", "binding_signature"]
                .iter()
                .any(|name| artifact.member(name).is_some());
        Self {
            verdict: Verdict::Supported,
            code: &codes::PERMIT_DECISION_SUPPORTED,
            message: Cow::Borrowed("permit decision canonical hash and signature are supported"),
            evidence: TRUSTED,
            facts: Vec::new(),
            location: Location { file: String::new(), pointer: None, bytes: Some(artifact.span()) },
            recognised,
            binding_version: None,
            statement: Err(Statement::default()),
            stripped: Vec::new(),
            key_refusal: None,
            envelope_contradicts: false,
            notes: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, code: &'static Code, message: impl Into<String>) {
        self.notes.push(Note { code, message: message.into() });
    }

    /// What the payload states, only if a trusted key signed it.
    #[must_use]
    pub fn signed(&self) -> Option<&Statement> {
        self.statement.as_deref().ok()
    }

    /// What the payload states, signed or not.
    #[must_use]
    pub fn stated(&self) -> &Statement {
        match &self.statement {
            Ok(statement) => statement,
            Err(statement) => statement,
        }
    }

    /// The permit that the payload names.
    #[must_use]
    pub fn permit_id(&self) -> Option<&str> {
        self.stated().permit_id.as_deref().filter(|id| !id.is_empty())
    }
}

/// Evidence labels of the reference's report.
pub(super) const ARTIFACT: &[&str] = &["export.permit_decision"];
pub(super) const PAYLOAD: &[&str] = &["export.permit_decision", "canonical_payload"];
pub(super) const TRUSTED: &[&str] = &["export.permit_decision", "trust_root"];

/// Where a check ends.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) verdict: Verdict,
    pub(super) code: &'static Code,
    pub(super) message: Cow<'static, str>,
    pub(super) evidence: &'static [&'static str],
    pub(super) facts: Vec<Fact>,
}

impl Stop {
    pub(super) fn new(
        verdict: Verdict,
        code: &'static Code,
        message: impl Into<Cow<'static, str>>,
        evidence: &'static [&'static str],
    ) -> Self {
        Self { verdict, code, message: message.into(), evidence, facts: Vec::new() }
    }

    pub(super) fn disproved(
        code: &'static Code,
        message: impl Into<Cow<'static, str>>,
        evidence: &'static [&'static str],
    ) -> Self {
        Self::new(Verdict::Disproved, code, message, evidence)
    }

    pub(super) fn insufficient(
        code: &'static Code,
        message: impl Into<Cow<'static, str>>,
        evidence: &'static [&'static str],
    ) -> Self {
        Self::new(Verdict::InsufficientEvidence, code, message, evidence)
    }

    pub(super) fn fact(mut self, label: &'static str, value: impl Into<String>) -> Self {
        self.facts.push(Fact { label, value: value.into() });
        self
    }
}

/// The key id of a permit-binding key whose bytes may be no key at all.
pub(super) fn binding_id(bytes: &[u8]) -> String {
    crate::bytes::hex::encode(sha256(bytes).get(..8).unwrap_or_default())
}
