//! Record by record: shape, unique id, signature (spec 06 sections 3 and 4).
//!
//! [`RecordCheck`] takes the records of a document or of an incident bundle's lines one at a time and keeps
//! only what the history needs, so the records themselves need not stay in memory.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use super::history::{Amended, Calls, Declared, History};
use super::signature::{self, Outcome};
use super::{AMENDMENT_SIGNATURE, DECLARATION_SIGNATURE, EFFECTIVE_INTENT_HASH, Failures, unnamed};
use crate::finding::catalog::workflow::{
    WORKFLOW_AMENDMENT_SIGNATURE_SUPPORTED, WORKFLOW_DECLARATION_SIGNATURE_SUPPORTED,
    WORKFLOW_EVIDENCE_SCHEMA_INVALID,
};
use crate::finding::{Finding, Location};
use crate::format::workflow::{
    Amendment, Declaration, PayloadSource, Terms, shown_twice, signed_delta, signed_intent,
};
use crate::json::Value;
use crate::report::{ReportBuilder, Requested, SignerSummary, Subject};
use crate::trust::KeyRing;

/// Checks records as they come, declarations before amendments.
#[derive(Debug)]
pub struct RecordCheck<'k> {
    keys: &'k KeyRing,
    effective_hash_required: bool,
    declared: BTreeMap<String, Declared>,
    amended: Vec<Amended>,
    declarations: u64,
    amendments: u64,
    declaration_failures: Failures,
    amendment_failures: Failures,
    duplicates: Failures,
    /// A record that could not be read: nothing can be said about the order of the others.
    incomplete: bool,
    signers: BTreeSet<String>,
}

impl<'k> RecordCheck<'k> {
    /// `effective_hash_required` in workflow documents, not in incident bundles.
    #[must_use]
    pub fn new(keys: &'k KeyRing, effective_hash_required: bool) -> Self {
        Self {
            keys,
            effective_hash_required,
            declared: BTreeMap::new(),
            amended: Vec::new(),
            declarations: 0,
            amendments: 0,
            declaration_failures: Failures::default(),
            amendment_failures: Failures::default(),
            duplicates: Failures::default(),
            incomplete: false,
            signers: BTreeSet::new(),
        }
    }

    /// Something outside the records is wrong, so that their order says nothing.
    pub fn mark_incomplete(&mut self) {
        self.incomplete = true;
    }

    /// Takes the next declaration.
    pub fn declaration(&mut self, record: Value<'_>, location: &Location, out: &mut ReportBuilder) {
        let position = self.declarations;
        self.declarations += 1;
        let declaration = match Declaration::parse(record, self.effective_hash_required) {
            Ok(declaration) => declaration,
            Err(error) => {
                self.incomplete = true;
                let finding = Finding::lacks(
                    &WORKFLOW_EVIDENCE_SCHEMA_INVALID,
                    format!("declarations[{position}] {error}"),
                );
                let finding = finding.at(member_place(record, error.member, location));
                self.declaration_failures.push(out, DECLARATION_SIGNATURE, unnamed(), finding);
                return;
            }
        };
        let Outcome { mut findings, source, key } =
            signature::check_declaration(&declaration, location, self.keys);
        self.signer(key, "workflow declarations and amendments", out);
        let prefix = format!("workflow_declaration_id={} ", declaration.id);
        findings.extend(
            shown_twice(record, &declaration.intent)
                .iter()
                .map(|divergence| signature::diverges(&prefix, divergence, record, location)),
        );
        for finding in findings {
            let subject = Subject::new("workflow_declaration", &*declaration.id);
            self.declaration_failures.push(out, DECLARATION_SIGNATURE, subject, finding);
        }
        let signed = embedded(record, source).and_then(signed_intent);
        let intent = signed.as_ref().unwrap_or(&declaration.intent);
        let declared = Declared {
            location: location.clone(),
            version: declaration.version,
            shown_intent: differing(&declaration.intent, intent),
            intent: intent.canonical().unwrap_or_default(),
            calls: Calls::of(intent, "expected_calls", "max_calls"),
            shown: shown_calls(record, &declaration.intent),
            effective_intent_hash: declaration.effective_intent_hash,
        };
        match self.declared.entry(declaration.id) {
            Entry::Vacant(free) => {
                free.insert(declared);
            }
            Entry::Occupied(taken) => {
                self.incomplete = true;
                let text = format!("duplicate workflow_declaration_id={}", taken.key());
                let finding = Finding::lacks(&WORKFLOW_EVIDENCE_SCHEMA_INVALID, text).at(location.clone());
                let subject = Subject::new("workflow_declaration", &**taken.key());
                self.duplicates.push(out, EFFECTIVE_INTENT_HASH, subject, finding);
            }
        }
    }

    /// Takes the next amendment.
    pub fn amendment(&mut self, record: Value<'_>, location: &Location, out: &mut ReportBuilder) {
        let position = self.amendments;
        self.amendments += 1;
        let amendment = match Amendment::parse(record) {
            Ok(amendment) => amendment,
            Err(error) => {
                self.incomplete = true;
                let text = format!("amendments[{position}] {error}");
                let finding = Finding::lacks(&WORKFLOW_EVIDENCE_SCHEMA_INVALID, text).at(member_place(
                    record,
                    error.member,
                    location,
                ));
                self.amendment_failures.push(out, EFFECTIVE_INTENT_HASH, unnamed(), finding);
                return;
            }
        };
        let Outcome { mut findings, source, key } =
            signature::check_amendment(&amendment, location, self.keys);
        self.signer(key, "workflow declarations and amendments", out);
        let prefix = format!("workflow_amendment_id={} ", amendment.id);
        findings.extend(
            shown_twice(record, &amendment.delta)
                .iter()
                .map(|divergence| signature::diverges(&prefix, divergence, record, location)),
        );
        for finding in findings {
            let subject = Subject::new("workflow_amendment", &*amendment.id);
            self.amendment_failures.push(out, AMENDMENT_SIGNATURE, subject, finding);
        }
        let signed = embedded(record, source).and_then(signed_delta);
        let delta = signed.as_ref().unwrap_or(&amendment.delta);
        self.amended.push(Amended {
            location: location.clone(),
            declaration_id: amendment.declaration_id,
            id: amendment.id,
            created_at: amendment.created_at,
            applied_against_version: amendment.applied_against_version,
            shown_delta: differing(&amendment.delta, delta),
            delta: delta.canonical().unwrap_or_default(),
            previous: Calls::of(delta, "previous_expected_calls", "previous_max_calls"),
            new: Calls::of(delta, "new_expected_calls", "new_max_calls"),
        });
    }

    /// Declarations and amendments taken so far.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.declarations, self.amendments)
    }

    /// States what is established about signatures, then judges the history.
    pub fn finish(self, out: &mut ReportBuilder) -> Option<History> {
        out.ran(
            "workflow_records",
            "Signatures of workflow declarations and amendments",
            &[("declarations", self.declarations), ("amendments", self.amendments)],
        );
        let established = [
            (
                DECLARATION_SIGNATURE,
                self.declarations,
                self.declaration_failures,
                Subject::new("workflow_declarations", "declarations")
                    .evidence(&["workflow_evidence.declarations"]),
                &WORKFLOW_DECLARATION_SIGNATURE_SUPPORTED,
                "declaration",
            ),
            (
                AMENDMENT_SIGNATURE,
                self.amendments,
                self.amendment_failures,
                Subject::new("workflow_amendments", "amendments").evidence(&["workflow_evidence.amendments"]),
                &WORKFLOW_AMENDMENT_SIGNATURE_SUPPORTED,
                "amendment",
            ),
        ];
        for (claim, count, failures, subject, code, what) in established {
            if count > 0 && failures.none() {
                out.claim(claim, Requested::Evidence);
                out.supported(claim, subject, code, format!("{count} workflow {what} signature(s) verified"));
            }
        }
        if self.incomplete {
            out.skipped(
                "workflow_history",
                "Order of amendments and effective intent",
                "records are missing or cannot be read, so nothing follows from their order",
            );
            return None;
        }
        Some(History::judge(self.declared, self.amended, out))
    }

    fn signer(
        &mut self,
        key: Option<crate::trust::ResolvedKey>,
        signed: &'static str,
        out: &mut ReportBuilder,
    ) {
        let Some(key) = key else { return };
        if self.signers.insert(key.text.clone()) {
            out.signers.push(SignerSummary {
                signed: signed.to_owned(),
                public_key: key.text,
                key_id: key.key_id,
                basis: key.basis,
                source: key.source,
                signed_at: None,
            });
        }
    }
}

/// The member of a record that a finding is about, else the record.
pub(super) fn member_place(record: Value<'_>, member: &str, location: &Location) -> Location {
    match record.member(member) {
        Some(value) => {
            let pointer = location.pointer.as_ref().map(|_| value.pointer());
            Location { file: location.file.clone(), pointer, bytes: Some(value.span()) }
        }
        None => location.clone(),
    }
}

/// The signed payload, where it is what the signature covers.
fn embedded(record: Value<'_>, source: Option<PayloadSource>) -> Option<Value<'_>> {
    record.member("signed_payload").filter(|_| source == Some(PayloadSource::Embedded))
}

/// Canonical bytes of what is shown, where they are not those of what is signed.
fn differing(shown: &Terms<'_>, signed: &Terms<'_>) -> Option<Vec<u8>> {
    let shown = shown.canonical().ok()?;
    (signed.canonical().ok().as_ref() != Some(&shown)).then_some(shown)
}

/// Call counts at the top of a declaration that repeats a nested intent.
fn shown_calls(record: Value<'_>, intent: &Terms<'_>) -> Vec<(&'static str, String)> {
    if !matches!(intent, Terms::Object(_)) {
        return Vec::new();
    }
    ["expected_calls", "max_calls"]
        .into_iter()
        .filter_map(|name| {
            let copy = record.present(name)?;
            let agrees = intent.present(name).is_some_and(|signed| signed.same(copy));
            (!agrees).then(|| (name, String::from_utf8_lossy(copy.raw()).into_owned()))
        })
        .collect()
}
