//! Public witnesses of the entries: `keel.rekor_witness.v1` beside an entry, and the log's own bundle that proves it
//! (spec 15 sections 1.5 and 1.9, row 7).
//!
//! The material beside an entry says that a public log holds the entry. It names no signed tree head, no key and no
//! entry body, so nothing in it can show that; what the reference accepts is the bare statement. Here an entry is
//! witnessed when its material is well-formed **and** a Sigstore bundle that the operator gives holds a log entry
//! about the entry's leaf hash, with inclusion under a head that a log of the trusted root signed.
//!
//! Who signed the bundle is not judged: anybody may write to the log, and what counts is that the log has the leaf.

use std::collections::BTreeMap;

use crate::claim::sigstore::verdict_of;
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::json::{ParserLimits, Value};
use crate::merkle::rfc6962::Hash;
use crate::sigstore::bundle::Bundle;
use crate::sigstore::check::Outcome;
use crate::sigstore::trusted_root::{EMBEDDED, TrustedRoot};
use crate::sigstore::verify::{LoggedEntry, verify_entry};
use crate::time::Timestamp;
use crate::trust::NamedBlob;

use super::Expectation;
use catalog::monitor as code;
use catalog::sigstore::SIGSTORE_TRUST_ROOT_INVALID;

/// What shows that a public log has the entries.
#[derive(Clone, Debug)]
pub struct RekorMaterial {
    /// Sigstore bundles, in any order.
    pub bundles: Vec<NamedBlob>,
    /// The trusted root; `None`: the one compiled in.
    pub trusted_root: Option<NamedBlob>,
    /// The date that verdicts are stated for.
    pub as_of: Timestamp,
}

/// The bundles, read and judged once.
pub(super) struct Witnesses {
    required: bool,
    given: bool,
    entries: BTreeMap<Hash, Vec<(String, LoggedEntry)>>,
    /// Files that cannot be used.
    pub(super) findings: Vec<Finding>,
}

impl Witnesses {
    pub(super) fn new(expectation: &Expectation, limits: ParserLimits) -> Self {
        let mut witnesses = Self {
            required: expectation.require_rekor,
            given: expectation.rekor.is_some(),
            entries: BTreeMap::new(),
            findings: Vec::new(),
        };
        if let Some(material) = expectation.rekor.as_ref().filter(|_| expectation.require_rekor) {
            witnesses.read(material, limits);
        }
        witnesses
    }

    pub(super) fn are_required(&self) -> bool {
        self.required
    }

    fn read(&mut self, material: &RekorMaterial, limits: ParserLimits) {
        let unreadable = |code, file: &NamedBlob, why: String| {
            Finding::new(code, Effect::Unreadable, why).at(Location::file(&file.name))
        };
        let embedded = NamedBlob::new("bundled Sigstore trusted root", EMBEDDED.to_vec());
        let root = material.trusted_root.as_ref().unwrap_or(&embedded);
        let parsed = match &root.content {
            Ok(blob) => TrustedRoot::parse(blob.as_slice(), limits).map_err(|error| error.to_string()),
            Err(why) => Err(why.to_string()),
        };
        let trusted = match parsed {
            Ok(trusted) => trusted,
            Err(why) => {
                self.findings.push(unreadable(&SIGSTORE_TRUST_ROOT_INVALID, root, why));
                return;
            }
        };
        for file in &material.bundles {
            let parsed = match &file.content {
                Ok(blob) => Bundle::parse(blob.as_slice(), limits).map_err(|error| error.to_string()),
                Err(why) => Err(why.to_string()),
            };
            match parsed {
                Ok(bundle) => {
                    let entry = verify_entry(&bundle, &trusted, &material.as_of, limits);
                    match entry.digest {
                        Some(digest) => {
                            self.entries.entry(digest).or_default().push((file.name.clone(), entry));
                        }
                        None => {
                            let why = "the bundle holds no log entry that can be read".to_owned();
                            self.findings.push(unreadable(&code::MONITOR_REKOR_INVALID, file, why));
                        }
                    }
                }
                Err(why) => self.findings.push(unreadable(&code::MONITOR_REKOR_INVALID, file, why)),
            }
        }
    }

    /// What is wrong with, or missing from, the witness of the entry at `position`, whose leaf is `leaf`.
    pub(super) fn check(&self, position: usize, entry: Value<'_>, leaf: Option<&Hash>) -> Vec<Finding> {
        let missing = |text: &str| {
            vec![Finding::lacks(&code::MONITOR_REKOR_MISSING, format!("entry {position}: {text}"))]
        };
        let Some(material) = entry.member("transparency").and_then(Value::as_object) else {
            return missing("missing Rekor witness");
        };
        let faults = faults(position, material, leaf);
        if !faults.is_empty() {
            return faults;
        }
        if !self.given {
            return missing(
                "the witness material only states that the public log has the entry; give the log's bundles to show it",
            );
        }
        let found = leaf.and_then(|leaf| self.entries.get(leaf));
        let Some(found) = found else {
            return missing("no bundle that was given is about this entry's leaf hash");
        };
        let stated = material.member("log_index").and_then(Value::as_i64);
        let mut problems = Vec::new();
        for (name, logged) in found {
            let own = problems_of(position, name, logged, stated);
            if own.is_empty() {
                return Vec::new();
            }
            problems.extend(own);
        }
        problems
    }
}

/// The material's own form.
fn faults(position: usize, material: Value<'_>, leaf: Option<&Hash>) -> Vec<Finding> {
    let is = |name: &str, text: &str| material.member(name).is_some_and(|value| value.is_text(text));
    let other_artifact =
        material.present("artifact_hash").is_some_and(|value| super::reference::hash(value).as_ref() != leaf);
    let faults = [
        (!is("witness_type", "rekor"), "witness_type is not rekor"),
        (!is("status", "included"), "Rekor witness is not included"),
        (
            material.member("rekor_uuid").and_then(Value::non_empty_text).is_none(),
            "Rekor witness missing uuid",
        ),
        (material.member("log_index").and_then(Value::as_i64).is_none(), "Rekor witness missing log_index"),
        (other_artifact, "Rekor witness artifact_hash mismatch"),
    ];
    let invalid =
        |text: &str| Finding::disproves(&code::MONITOR_REKOR_INVALID, format!("entry {position}: {text}"));
    faults.into_iter().filter(|(present, _)| *present).map(|(_, text)| invalid(text)).collect()
}

/// Why a bundle does not show that the log has the entry.
fn problems_of(position: usize, name: &str, logged: &LoggedEntry, stated_index: Option<i64>) -> Vec<Finding> {
    let say = |verdict: Verdict, why: &str| {
        let message = format!("entry {position}: {name}: {why}");
        match verdict {
            Verdict::Disproved => Finding::disproves(&code::MONITOR_REKOR_INVALID, message),
            _ => Finding::lacks(&code::MONITOR_REKOR_MISSING, message),
        }
    };
    let mut problems = Vec::new();
    for (_, outcome) in &logged.checks {
        match outcome {
            Outcome::Passed | Outcome::NotApplicable(_) => {}
            Outcome::Skipped(why) => problems.push(say(Verdict::InsufficientEvidence, why)),
            Outcome::Failed(failed) => {
                problems.extend(failed.iter().map(|problem| say(verdict_of(problem), &problem.to_string())))
            }
        }
    }
    if stated_index.and_then(|index| u64::try_from(index).ok()) != logged.log_index {
        problems.push(say(
            Verdict::Disproved,
            "the witness material states another log_index than the log's entry",
        ));
    }
    problems
}
