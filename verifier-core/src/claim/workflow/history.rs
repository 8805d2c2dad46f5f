//! Amendments over time and the effective intent (spec 06 section 5, our rule 3).
//!
//! ```text
//! effective intent hash = hex SHA-256( canonical(intent) ‖ canonical(delta 1) ‖ canonical(delta 2) … )
//! ```
//!
//! Legacy canonical form without `null` members, no separators, amendments by time and id; before a cut-off,
//! only those made strictly earlier count. Amendment number n changes version n, and what it calls the
//! previous limits must be the limits in force before it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{DECLARATION_SIGNATURE, EFFECTIVE_INTENT_HASH, Failures};
use crate::bytes::hex;
use crate::finding::catalog::workflow::{
    WORKFLOW_AMENDMENT_ORDER_INVALID, WORKFLOW_AMENDMENT_PREVIOUS_MISMATCH,
    WORKFLOW_EFFECTIVE_INTENT_HASH_MISMATCH, WORKFLOW_EFFECTIVE_INTENT_HASH_SUPPORTED,
    WORKFLOW_SIGNED_PAYLOAD_DIVERGES,
};
use crate::finding::{Code, Finding, Location};
use crate::format::workflow::Terms;
use crate::report::{ReportBuilder, Requested, Subject};
use crate::time::Timestamp;

/// Expected and greatest number of calls, where stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// How many calls are expected.
    pub expected: Option<u128>,
    /// How many calls are allowed.
    pub max: Option<u128>,
}

impl Calls {
    pub(super) fn of(terms: &Terms<'_>, expected: &str, max: &str) -> Self {
        Self { expected: terms.count(expected), max: terms.count(max) }
    }

    fn amended(self, by: Self) -> Self {
        Self { expected: by.expected.or(self.expected), max: by.max.or(self.max) }
    }
}

/// What a declaration contributes.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub(super) location: Location,
    pub(super) version: u128,
    pub(super) intent: Vec<u8>,
    /// The intent that the record shows, where it differs from the signed one.
    pub(super) shown_intent: Option<Vec<u8>>,
    pub(super) calls: Calls,
    /// Call counts shown beside the intent that differ from it.
    pub(super) shown: Vec<(&'static str, String)>,
    pub(super) effective_intent_hash: Option<String>,
}

/// What an amendment contributes.
#[derive(Clone, Debug)]
pub(super) struct Amended {
    pub(super) location: Location,
    pub(super) declaration_id: String,
    pub(super) id: String,
    pub(super) created_at: Timestamp,
    pub(super) applied_against_version: u128,
    pub(super) delta: Vec<u8>,
    /// The delta that the record shows, where it differs from the signed one.
    pub(super) shown_delta: Option<Vec<u8>>,
    pub(super) previous: Calls,
    pub(super) new: Calls,
}

/// Every declaration with its terms over time.
#[derive(Clone, Debug, Default)]
pub struct History {
    declared: BTreeMap<String, Timeline>,
}

#[derive(Clone, Debug)]
struct Timeline {
    /// Times of the amendments, ascending.
    amended_at: Vec<Timestamp>,
    /// The terms before the first amendment, after it, and so on: one more than amendments.
    terms: Vec<EffectiveIntent>,
}

/// The terms of a declaration at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EffectiveIntent {
    /// Over the signed terms, lower-case hexadecimal.
    pub hash: String,
    /// Over the terms that the records show, where those differ.
    pub shown_hash: Option<String>,
    /// One for the declaration itself, one more for each amendment.
    pub version: u64,
    /// Limits in force.
    pub calls: Calls,
}

impl History {
    /// The terms of a declaration: all amendments, or those made strictly before the cut-off. `None` for
    /// an unknown declaration.
    #[must_use]
    pub fn effective(&self, declaration_id: &str, before: Option<&Timestamp>) -> Option<&EffectiveIntent> {
        let timeline = self.declared.get(declaration_id)?;
        match before {
            None => timeline.terms.last(),
            Some(cut_off) => timeline.terms.get(timeline.amended_at.partition_point(|at| at < cut_off)),
        }
    }

    /// Number of declarations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.declared.len()
    }

    /// Whether there is no declaration.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.declared.is_empty()
    }

    /// Judges order and effective intent of each declaration and keeps the terms.
    pub(super) fn judge(
        declared: BTreeMap<String, Declared>,
        amended: Vec<Amended>,
        out: &mut ReportBuilder,
    ) -> Self {
        let mut groups: BTreeMap<String, Vec<Amended>> =
            declared.keys().map(|id| (id.clone(), Vec::new())).collect();
        for amendment in amended {
            groups.entry(amendment.declaration_id.clone()).or_default().push(amendment);
        }
        let mut history = Self::default();
        let mut verdict = Judgement { out, failures: Failures::default(), id: String::new() };
        for (id, mut amendments) in groups {
            verdict.id.clone_from(&id);
            let Some(declaration) = declared.get(&id) else {
                let location = amendments.first().map(|first| first.location.clone()).unwrap_or_default();
                verdict.fails(&WORKFLOW_AMENDMENT_ORDER_INVALID, "has no declaration record", &location);
                continue;
            };
            verdict.order(declaration, &amendments);
            amendments.sort_by(|left, right| {
                left.created_at.cmp(&right.created_at).then_with(|| left.id.cmp(&right.id))
            });
            let timeline = verdict.timeline(declaration, &amendments);
            verdict.effective_hash(declaration, &timeline);
            history.declared.insert(id, timeline);
        }
        let failures = verdict.failures;
        if failures.none() && !history.is_empty() {
            out.claim(EFFECTIVE_INTENT_HASH, Requested::Evidence);
            let evidence = ["workflow_evidence.declarations", "workflow_evidence.amendments"];
            out.supported(
                EFFECTIVE_INTENT_HASH,
                Subject::new("workflow_declarations", "declarations").evidence(&evidence),
                &WORKFLOW_EFFECTIVE_INTENT_HASH_SUPPORTED,
                "workflow effective intent hash checks verified",
            );
        }
        history
    }
}

impl EffectiveIntent {
    /// The hashes that a stated one must equal: over what is signed and over what is shown.
    pub(super) fn hashes(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.hash).chain(&self.shown_hash)
    }
}

/// Running hashes over signed and over shown terms.
struct Hashers {
    signed: Sha256,
    shown: Sha256,
    differ: bool,
}

impl Hashers {
    fn update(&mut self, signed: &[u8], shown: Option<&[u8]>) {
        self.signed.update(signed);
        self.shown.update(shown.unwrap_or(signed));
        self.differ |= shown.is_some();
    }

    fn terms(&self, version: u64, calls: Calls) -> EffectiveIntent {
        let finish = |hasher: &Sha256| hex::encode(&hasher.clone().finalize());
        let shown_hash = self.differ.then(|| finish(&self.shown));
        EffectiveIntent { hash: finish(&self.signed), shown_hash, version, calls }
    }
}

struct Judgement<'o> {
    out: &'o mut ReportBuilder,
    failures: Failures,
    id: String,
}

impl Judgement<'_> {
    /// Amendments in the order of the document.
    fn order(&mut self, declaration: &Declared, amendments: &[Amended]) {
        let mut previous: Option<&Amended> = None;
        let mut version = 1u128;
        for amendment in amendments {
            let id = &amendment.id;
            if previous.is_some_and(|previous| {
                (&amendment.created_at, &amendment.id) < (&previous.created_at, &previous.id)
            }) {
                let text = format!("workflow_amendment_id={id} is out of order");
                self.fails(&WORKFLOW_AMENDMENT_ORDER_INVALID, text, &amendment.location);
            }
            let stated = amendment.applied_against_version;
            if stated != version {
                let text = format!(
                    "workflow_amendment_id={id} expected_applied_against_version={version} actual={stated}"
                );
                self.fails(&WORKFLOW_AMENDMENT_ORDER_INVALID, text, &amendment.location);
            }
            previous = Some(amendment);
            version = version.saturating_add(1);
        }
        if declaration.version != version {
            let text = format!(
                "declaration version={} does not match amendment history version={version}",
                declaration.version
            );
            self.fails(&WORKFLOW_AMENDMENT_ORDER_INVALID, text, &declaration.location);
        }
    }

    /// The terms after each amendment; amendments by time.
    fn timeline(&mut self, declaration: &Declared, amendments: &[Amended]) -> Timeline {
        let mut hashers = Hashers { signed: Sha256::new(), shown: Sha256::new(), differ: false };
        hashers.update(&declaration.intent, declaration.shown_intent.as_deref());
        let mut calls = declaration.calls;
        let mut timeline = Timeline {
            amended_at: Vec::with_capacity(amendments.len()),
            terms: vec![hashers.terms(1, calls)],
        };
        for (amendment, version) in amendments.iter().zip(2u64..) {
            let limits = [
                ("previous_expected_calls", amendment.previous.expected, calls.expected),
                ("previous_max_calls", amendment.previous.max, calls.max),
            ];
            for (name, stated, in_force) in limits {
                let Some(stated) = stated.filter(|stated| Some(*stated) != in_force) else { continue };
                let in_force = in_force.map_or_else(|| "none".to_owned(), |count| count.to_string());
                let text = format!(
                    "workflow_amendment_id={} {name}={stated} but {in_force} was in force",
                    amendment.id
                );
                self.fails(&WORKFLOW_AMENDMENT_PREVIOUS_MISMATCH, text, &amendment.location);
            }
            hashers.update(&amendment.delta, amendment.shown_delta.as_deref());
            calls = calls.amended(amendment.new);
            timeline.amended_at.push(amendment.created_at.clone());
            timeline.terms.push(hashers.terms(version, calls));
        }
        for (name, shown) in &declaration.shown {
            let now = if *name == "max_calls" { calls.max } else { calls.expected };
            if now.map(|count| count.to_string()).as_deref() != Some(shown.as_str()) {
                let text = format!(
                    "workflow_declaration_id={} {name}={shown} is neither the declared nor the amended value",
                    self.id
                );
                let finding = Finding::disproves(&WORKFLOW_SIGNED_PAYLOAD_DIVERGES, text)
                    .at(declaration.location.clone());
                self.out.finding(finding.on(DECLARATION_SIGNATURE));
            }
        }
        timeline
    }

    fn effective_hash(&mut self, declaration: &Declared, timeline: &Timeline) {
        let (Some(stated), Some(terms)) = (&declaration.effective_intent_hash, timeline.terms.last()) else {
            return;
        };
        for hash in terms.hashes().filter(|hash| *hash != stated) {
            let text = format!("expected={hash} actual={stated}");
            self.fails(&WORKFLOW_EFFECTIVE_INTENT_HASH_MISMATCH, text, &declaration.location);
        }
    }

    fn fails(&mut self, code: &'static Code, what: impl std::fmt::Display, location: &Location) {
        let text = format!("workflow_declaration_id={} {what}", self.id);
        let finding = Finding::disproves(code, text).at(location.clone());
        let subject = Subject::new("workflow_declaration", &*self.id);
        self.failures.push(self.out, EFFECTIVE_INTENT_HASH, subject, finding);
    }
}
