use std::collections::{BTreeMap, BTreeSet};

use super::artifact;
use super::claims::claim;
use crate::finding::catalog::pins;
use crate::finding::{Code, Finding, Location, Verdict};
use crate::report::{PinSummary, ReportBuilder, Requested, SemanticsRef, SemanticsSummary, Subject};

/// The claim that every split export is about; a claim set cannot make it optional.
const BASE_CLAIM: &str = "export.integrity.v1";

/// How the rules are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Without pins: the permanent profile for packs from before pinning.
    Legacy,
    /// By the pack's claim set and pins.
    Pinned,
}

/// A claim that the pack's claim set lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedClaim {
    /// Registered name.
    pub name: &'static str,
    /// Whether the pack wants the run to fail without it.
    pub required: bool,
    /// The lowest trust grade that the pack accepts, where the claim has grades.
    pub minimum_trust_grade: Option<String>,
}

/// Why claim set or pins do not resolve. The first problem ends resolution.
#[derive(Clone, Debug)]
pub struct PinFailure {
    /// The code.
    pub code: &'static Code,
    /// The verdict that the affected claims get.
    pub verdict: Verdict,
    /// The particulars.
    pub message: String,
    /// The affected claims.
    pub claims: Vec<&'static str>,
    /// A further code of ours.
    pub also: Option<(&'static Code, String)>,
    /// The member concerned; the file is filled in when reported.
    pub at: Location,
}

/// The rules in force for one pack.
#[derive(Clone, Debug)]
pub struct Semantics {
    /// For the report.
    pub summary: SemanticsSummary,
    /// How the rules were chosen.
    pub mode: Mode,
    /// The claims that the claim set lists, in order, each once.
    pub requested: Vec<RequestedClaim>,
    /// Set when resolution failed. The reference verifier ends the run then; whoever goes on must leave the
    /// failure's claims as they are.
    pub failure: Option<PinFailure>,
    pub(super) declared: BTreeMap<String, String>,
    pub(super) available: BTreeSet<&'static str>,
}

impl Semantics {
    /// Without pins. `listed` is false for reports that end before semantics matter, and for bundles.
    pub(super) fn legacy(listed: bool) -> Self {
        let hash = artifact::legacy_profile().map(|profile| crate::crypto::prefixed(&profile.sha256));
        let mut declared = BTreeMap::new();
        let mut listing = vec![PinSummary {
            id: artifact::LEGACY_PROFILE.to_owned(),
            hash: hash.clone().unwrap_or_default(),
            source: format!("legacy profile {}", artifact::LEGACY_PROFILE),
            status: "allowlisted".to_owned(),
        }];
        for (position, component) in artifact::legacy_components().enumerate() {
            let hash = format!("sha256:{}", component.sha256);
            declared.insert(component.id.to_owned(), hash.clone());
            listing.push(PinSummary {
                id: component.id.to_owned(),
                hash,
                source: format!("legacy profile components[{position}]"),
                status: "allowlisted".to_owned(),
            });
        }
        Self {
            summary: SemanticsSummary {
                mode: "legacy_unpinned".to_owned(),
                profile_id: Some(artifact::LEGACY_PROFILE.to_owned()),
                profile_hash: hash,
                warning: Some(
                    "the pack has no semantics_pins; it was judged under the permanent profile for packs from before \
                     pinning"
                        .to_owned(),
                ),
                pins: listed.then_some(listing),
            },
            mode: Mode::Legacy,
            requested: Vec::new(),
            failure: None,
            declared,
            available: BTreeSet::new(),
        }
    }

    /// Whether the pack's claim set is in force.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.mode == Mode::Pinned
    }

    /// The claim set's entry for a claim.
    #[must_use]
    pub fn request(&self, name: &str) -> Option<&RequestedClaim> {
        self.requested.iter().find(|requested| requested.name == name)
    }

    /// Whether the rule with this semantic id may be used: always without pins, otherwise only when one of
    /// the claims that the pack lists needs it and its pin resolved.
    #[must_use]
    pub fn has(&self, semantic_id: &str) -> bool {
        self.mode == Mode::Legacy || self.available.contains(semantic_id)
    }

    /// The artifacts that define a claim's rule; the digest is missing where the pack did not pin one.
    #[must_use]
    pub fn refs_for(&self, name: &str) -> Vec<SemanticsRef> {
        let ids = claim(name).map(|claim| claim.semantics.as_slice()).unwrap_or_default();
        ids.iter()
            .map(|id| SemanticsRef { id: (*id).to_owned(), hash: self.declared.get(*id).cloned() })
            .collect()
    }

    /// Gives every claim opened so far the artifacts that define it.
    pub fn annotate(&self, out: &mut ReportBuilder) {
        for name in out.claim_names().to_vec() {
            out.set_semantics(name, self.refs_for(name));
        }
    }

    /// Reports that resolution failed, on every affected claim. `false` when it did not fail.
    pub fn report_failure(&self, out: &mut ReportBuilder, file: &str) -> bool {
        let Some(failure) = &self.failure else { return false };
        let at = Location { file: file.to_owned(), ..failure.at.clone() };
        for name in &failure.claims {
            out.claim(name, Requested::Evidence);
            out.set_required(name, self.request(name).is_none_or(|requested| requested.required));
            out.set_semantics(name, self.refs_for(name));
            out.evidence(name, &["manifest.claim_set", "manifest.semantics_pins"]);
            let effect = crate::finding::Effect::Fails { verdict: failure.verdict };
            out.unsupported(
                name,
                Subject::new("semantic_resolution", file)
                    .evidence(&["manifest.claim_set", "manifest.semantics_pins"]),
                Finding::new(failure.code, effect, failure.message.clone()).at(at.clone()),
            );
        }
        if let Some((code, message)) = &failure.also {
            out.finding(Finding::lacks(code, message.clone()).at(at.clone()));
        }
        out.finding(
            Finding::notes(&pins::CLAIM_SET_DECIDES, "the claim set or the pins of the pack do not resolve")
                .at(at),
        );
        true
    }

    /// Holds the run to the claim set (spec 02 section 5.5): a required claim that nothing evaluated is added
    /// as such, and a listed claim counts as the claim set says.
    ///
    /// The claim set is not signed, so it cannot make optional what the operator requires, nor the integrity
    /// of the export. Call it after all checks; after a failure too.
    pub fn enforce(&self, out: &mut ReportBuilder, file: &str) {
        let supported = |out: &ReportBuilder, name: &str| out.verdict(name) == Some(Verdict::Supported);
        let unmet = |requested: &&RequestedClaim| requested.required && !supported(out, requested.name);
        let unmet: Vec<&str> = self.requested.iter().filter(unmet).map(|requested| requested.name).collect();
        if self.failure.is_none() && !unmet.is_empty() {
            let message = format!("the claim set requires what is not established: {}", unmet.join(", "));
            out.finding(
                Finding::notes(&pins::CLAIM_SET_DECIDES, message)
                    .at(Location::file(file).pointing("/claim_set/claims")),
            );
        }
        for requested in &self.requested {
            let name = requested.name;
            let pins_failed = self.failure.is_some();
            if out.verdict(name).is_some_and(|verdict| !pins_failed || verdict != Verdict::Supported) {
                if requested.required || name != BASE_CLAIM {
                    out.set_required(name, requested.required);
                }
                continue;
            }
            if !requested.required {
                continue;
            }
            let known = claim(name).is_some_and(super::ClaimInfo::is_pinnable);
            let (code, verdict, text) = if known {
                (
                    &pins::REQUIRED_CLAIM_NOT_ADJUDICATED,
                    Verdict::InsufficientEvidence,
                    if pins_failed {
                        "is required by a claim set whose rules do not resolve, so no check can establish it"
                    } else {
                        "is required by the claim set, and no check could adjudicate it"
                    },
                )
            } else {
                (
                    &pins::REQUIRED_CLAIM_UNVERIFIABLE_SCOPE,
                    Verdict::UnverifiableScope,
                    "is required by the claim set, and this release has no rule for it",
                )
            };
            out.claim(name, Requested::Evidence);
            out.set_semantics(name, self.refs_for(name));
            out.evidence(name, &["manifest.claim_set"]);
            let effect = crate::finding::Effect::Fails { verdict };
            out.unsupported(
                name,
                Subject::new("claim_set", file).evidence(&["manifest.claim_set"]),
                Finding::new(code, effect, format!("{name} {text}"))
                    .at(Location::file(file).pointing("/claim_set/claims")),
            );
        }
    }
}
