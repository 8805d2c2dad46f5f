use serde::Serialize;

use crate::finding::{Code, Verdict};

/// Who asked for a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Requested {
    /// The evidence carries it, nobody asked; a contradiction fails the run, a lack does not.
    Automatic,
    /// The reference adjudicates it without being asked, and not as a requirement.
    Optional,
    /// It belongs to every run on this kind of evidence, or the manifest's claim set lists it.
    Evidence,
    /// The person or pipeline that runs the verifier asked for it.
    Operator,
}

/// A claim and its verdict.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimOutcome {
    /// Registered name.
    pub name: &'static str,
    /// The verdict over all required subjects.
    pub verdict: Verdict,
    /// Whether the run fails unless it is supported.
    pub required: bool,
    /// Who asked for it.
    pub requested: Requested,
    /// What was judged.
    pub subjects: Vec<SubjectOutcome>,
    /// The rules it was judged by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub semantics: Vec<SemanticsRef>,
    /// Labels of the places looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// What a supported verdict does not establish.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub does_not_establish: Vec<String>,
    /// Further states, name and value, in order of name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub epistemic_state: Vec<(String, String)>,
}

impl ClaimOutcome {
    /// The subject that gives the claim its verdict.
    #[must_use]
    pub fn deciding_subject(&self) -> Option<&SubjectOutcome> {
        self.subjects
            .iter()
            .find(|subject| subject.required && subject.verdict == self.verdict)
            .or(self.subjects.first())
    }
}

/// One thing a claim is about.
#[derive(Clone, Debug, Serialize)]
pub struct SubjectOutcome {
    /// What kind of thing, as on the wire.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Which one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its verdict.
    pub verdict: Verdict,
    /// Whether it counts for the claim.
    pub required: bool,
    /// Why.
    #[serde(serialize_with = "serialize_code")]
    pub code: &'static Code,
    /// The particulars.
    pub message: String,
    /// Labels of the places looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

fn serialize_code<S: serde::Serializer>(code: &&'static Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.id)
}

/// A semantic artifact: what defines the claim's rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SemanticsRef {
    /// Semantic id.
    pub id: String,
    /// Its digest, when the evidence pinned it or the default profile names it.
    pub hash: Option<String>,
}
