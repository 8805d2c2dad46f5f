//! Findings: what was noticed, with a stable code, the place, and the values on both sides.
//!
//! A [`Code`] is a row of the [`catalog`]; it is never made from text. The same code can carry different
//! verdicts (spec 09), so a [`Finding`] states its own [`Effect`].

pub mod catalog;
mod code;
mod location;
mod verdict;

pub use code::{Code, codes};
pub use location::{Fact, Location};
pub use verdict::{Effect, Severity, Verdict};

use serde::Serialize;

/// One thing that an auditor should know.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What kind of thing.
    #[serde(serialize_with = "code::serialize_id")]
    pub code: &'static Code,
    /// What it does to the outcome.
    #[serde(flatten)]
    pub effect: Effect,
    /// The claim it belongs to; `None` for the input as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<&'static str>,
    /// One sentence with the particulars.
    pub message: String,
    /// Where.
    pub location: Location,
    /// Labelled values: what was expected, what was computed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

impl Finding {
    /// A finding without claim, place or facts.
    #[must_use]
    pub fn new(code: &'static Code, effect: Effect, message: impl Into<String>) -> Self {
        Self {
            code,
            effect,
            claim: None,
            message: message.into(),
            location: Location::default(),
            facts: Vec::new(),
        }
    }

    /// Evidence contradicts what is claimed.
    #[must_use]
    pub fn disproves(code: &'static Code, message: impl Into<String>) -> Self {
        Self::new(code, Effect::Fails { verdict: Verdict::Disproved }, message)
    }

    /// Something needed is absent, unreadable or untrusted, and the run fails for it.
    #[must_use]
    pub fn lacks(code: &'static Code, message: impl Into<String>) -> Self {
        Self::new(code, Effect::Fails { verdict: Verdict::InsufficientEvidence }, message)
    }

    /// Worth knowing; changes nothing.
    #[must_use]
    pub fn notes(code: &'static Code, message: impl Into<String>) -> Self {
        Self::new(code, Effect::Notes, message)
    }

    /// Attaches the finding to a claim.
    #[must_use]
    pub fn on(mut self, claim: &'static str) -> Self {
        self.claim = Some(claim);
        self
    }

    /// States the place.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = location;
        self
    }

    /// Adds a labelled value.
    #[must_use]
    pub fn fact(mut self, label: &'static str, value: impl Into<String>) -> Self {
        self.facts.push(Fact { label, value: value.into() });
        self
    }
}
