use std::collections::{BTreeMap, BTreeSet};

use super::artifact::{self, Artifact};
use super::claims::{ClaimInfo, claim};
use super::reference::{Problem, Reference, shown};
use super::semantics::{Mode, PinFailure, RequestedClaim, Semantics};
use crate::archive::Siblings;
use crate::bytes::Limits;
use crate::crypto::prefixed;
use crate::finding::catalog::pins;
use crate::finding::{Code, Location};
use crate::json::Value;
use crate::report::{PinSummary, SemanticsSummary};

/// The claim that failures about the pack as a whole are reported on.
const DEFAULT_CLAIM: &str = "export.integrity.v1";

/// Resolves the claim set and the pins of a pack (spec 02 section 5.3).
///
/// `manifest` is the object that may carry `claim_set` and `semantics_pins`; `None` stands for evidence that has
/// neither by its nature, such as a bundle. Files that a reference names are looked up among `siblings` only,
/// then in the published set, and count only with the declared digest.
#[must_use]
pub fn resolve(manifest: Option<Value<'_>>, siblings: &dyn Siblings, limits: &Limits) -> Semantics {
    let Some(manifest) = manifest else { return Semantics::legacy(false) };
    let (claim_set, semantics_pins) = (manifest.present("claim_set"), manifest.present("semantics_pins"));
    if claim_set.is_none() && semantics_pins.is_none() {
        return Semantics::legacy(true);
    }
    let mut resolution = Resolution {
        siblings,
        limits,
        listing: Vec::new(),
        profile: None,
        requested: Vec::new(),
        declared: BTreeMap::new(),
        available: BTreeSet::new(),
    };
    let failure = resolution.run(claim_set, semantics_pins).err().map(|failure| *failure);
    Semantics {
        summary: SemanticsSummary {
            mode: "pinned".to_owned(),
            profile_id: resolution.profile.map(|profile| profile.id.to_owned()),
            profile_hash: resolution.profile.map(|profile| prefixed(&profile.sha256)),
            warning: None,
            pins: Some(resolution.listing),
        },
        mode: Mode::Pinned,
        requested: resolution.requested,
        failure,
        declared: resolution.declared,
        available: resolution.available,
    }
}

struct Resolution<'a> {
    siblings: &'a dyn Siblings,
    limits: &'a Limits,
    listing: Vec<PinSummary>,
    profile: Option<&'static Artifact>,
    requested: Vec<RequestedClaim>,
    declared: BTreeMap<String, String>,
    available: BTreeSet<&'static str>,
}

impl<'a> Resolution<'a> {
    fn run(
        &mut self,
        claim_set: Option<Value<'a>>,
        semantics_pins: Option<Value<'a>>,
    ) -> Result<(), Box<PinFailure>> {
        let whole = || vec![DEFAULT_CLAIM];
        let Some(claim_set) = claim_set.and_then(Value::as_object) else {
            let text = "the pack has semantics_pins, but no claim_set object";
            return Err(failure(&pins::CLAIM_REGISTRY_UNRESOLVED, text.to_owned(), whole(), None));
        };
        let Some(semantics_pins) = semantics_pins.and_then(Value::as_object) else {
            let text = "the pack has a claim_set, but no semantics_pins object";
            let claims = listed_claims(claim_set);
            return Err(failure(&pins::SEMANTIC_PIN_MISSING, text.to_owned(), claims, Some(claim_set)));
        };
        let Some(registry) = claim_set.member("registry").and_then(Value::as_object) else {
            let text = "claim_set.registry is missing";
            return Err(failure(&pins::CLAIM_REGISTRY_UNRESOLVED, text.to_owned(), whole(), Some(claim_set)));
        };
        let reference = Reference::new(registry, "claim_set.registry".to_owned());
        let registry = self.reference(&reference).map_err(|problem| problem.on(whole(), &reference))?;
        self.requested = requested_claims(claim_set, registry)
            .map_err(|(message, at)| failure(&pins::CLAIM_REGISTRY_UNRESOLVED, message, whole(), Some(at)))?;
        self.pins(semantics_pins)
    }

    fn pins(&mut self, semantics_pins: Value<'a>) -> Result<(), Box<PinFailure>> {
        let all: Vec<&'static str> = self.requested.iter().map(|requested| requested.name).collect();
        for (name, expected) in [("version", "keel-semantics-pins.v0"), ("mode", "pinned")] {
            if !semantics_pins.member(name).is_some_and(|value| value.is_text(expected)) {
                let text = format!("semantics_pins.{name} must be {expected:?}");
                return Err(failure(&pins::SEMANTIC_PIN_UNRESOLVED, text, all, Some(semantics_pins)));
            }
        }
        let mut declared: BTreeMap<String, Reference<'a>> = BTreeMap::new();
        if let Some(profile) = semantics_pins.member("profile").and_then(Value::as_object) {
            let reference = Reference::new(profile, "semantics_pins.profile".to_owned());
            let profile =
                self.reference(&reference).map_err(|problem| problem.on(all.clone(), &reference))?;
            self.profile = Some(profile);
            self.available.insert(profile.id);
            if profile.id == artifact::LEGACY_PROFILE {
                for (position, component) in artifact::legacy_components().enumerate() {
                    let source = format!("profile components[{position}]");
                    declared.insert(component.id.to_owned(), Reference::component(component, source));
                }
            }
        }
        let artifacts = semantics_pins.member("artifacts").and_then(Value::as_array);
        for (position, value) in artifacts.iter().flat_map(|artifacts| artifacts.items()).enumerate() {
            let reference = Reference::new(value, format!("semantics_pins.artifacts[{position}]"));
            if let Some(id) = &reference.id {
                declared.insert(id.clone().into_owned(), reference);
            }
        }
        for name in all {
            let claim = claim(name);
            self.claim(name, claim, &declared, semantics_pins)?;
        }
        Ok(())
    }

    fn claim(
        &mut self,
        name: &'static str,
        claim: Option<&'static ClaimInfo>,
        declared: &BTreeMap<String, Reference<'a>>,
        semantics_pins: Value<'a>,
    ) -> Result<(), Box<PinFailure>> {
        let Some(claim) = claim.filter(|claim| claim.is_pinnable()) else {
            let text = format!("this release has no rule for claim {name}");
            let mut failure = failure(&pins::SEMANTIC_PIN_NOT_ALLOWLISTED, text, vec![name], None);
            failure.verdict = crate::finding::Verdict::UnverifiableScope;
            return Err(failure);
        };
        for id in &claim.semantics {
            if self.available.contains(id) {
                continue;
            }
            let Some(reference) = declared.get(*id) else {
                let text = format!("required semantic pin missing: {id}");
                return Err(failure(&pins::SEMANTIC_PIN_MISSING, text, vec![name], Some(semantics_pins)));
            };
            let found = self.reference(reference).map_err(|problem| problem.on(vec![name], reference))?;
            self.available.insert(found.id);
        }
        Ok(())
    }

    /// Resolves one reference and lists it.
    fn reference(&mut self, reference: &Reference<'_>) -> Result<&'static Artifact, Problem> {
        let result = reference.resolve(self.siblings, self.limits);
        let status = match &result {
            Ok(_) => Some("allowlisted"),
            Err(problem) => problem.listed,
        };
        if let (Some(id), Some(hash)) = (&reference.id, &reference.hash) {
            self.declared.insert(id.clone().into_owned(), hash.clone().into_owned());
            if let Some(status) = status {
                self.listing.push(PinSummary {
                    id: id.clone().into_owned(),
                    hash: hash.clone().into_owned(),
                    source: reference.source.clone(),
                    status: status.to_owned(),
                });
            }
        }
        result
    }
}

impl Problem {
    fn on(self, claims: Vec<&'static str>, reference: &Reference<'_>) -> Box<PinFailure> {
        let mut failure = failure(self.code, self.message, claims, reference.at);
        failure.verdict = self.verdict;
        failure.also = self.also;
        failure
    }
}

fn failure(
    code: &'static Code,
    message: String,
    claims: Vec<&'static str>,
    at: Option<Value<'_>>,
) -> Box<PinFailure> {
    Box::new(PinFailure {
        code,
        verdict: crate::finding::Verdict::InsufficientEvidence,
        message,
        claims,
        also: None,
        at: at.map(|value| Location::value("", value)).unwrap_or_default(),
    })
}

/// The names that a claim set lists, as far as they can be pinned at all; without any, the default claim.
fn listed_claims(claim_set: Value<'_>) -> Vec<&'static str> {
    let mut names = Vec::new();
    for item in claim_set.member("claims").iter().flat_map(|claims| claims.items()) {
        let known =
            item.member_text("name").and_then(|name| claim(&name)).filter(|claim| claim.is_pinnable());
        if let Some(name) = known.map(|claim| claim.name).filter(|name| !names.contains(name)) {
            names.push(name);
        }
    }
    if names.is_empty() {
        names.push(DEFAULT_CLAIM);
    }
    names
}

fn requested_claims<'a>(
    claim_set: Value<'a>,
    registry: &'static Artifact,
) -> Result<Vec<RequestedClaim>, (String, Value<'a>)> {
    if !artifact::is_registry(registry) {
        return Err((format!("{} is not a claim registry that a pack may name", registry.id), claim_set));
    }
    let version = registry.version.unwrap_or_default();
    if !claim_set.member("version").is_some_and(|value| value.is_text(version)) {
        return Err((format!("claim_set.version must be {version:?}, as in its registry"), claim_set));
    }
    let claims = claim_set.member("claims").and_then(Value::as_array).filter(|claims| !claims.is_empty());
    let Some(claims) = claims else {
        return Err(("claim_set.claims must be a non-empty array".to_owned(), claim_set));
    };
    let mut requested: Vec<RequestedClaim> = Vec::new();
    for (position, item) in claims.items().enumerate() {
        let place = format!("claim_set.claims[{position}]");
        if !item.is_object() {
            return Err((format!("{place} must be an object"), item));
        }
        let Some(name) = item.member("name").and_then(Value::non_empty_text) else {
            return Err((format!("{place}.name must be a string"), item));
        };
        let Some(required) = item.member("required").and_then(Value::as_bool) else {
            return Err((format!("{place}.required must be a boolean"), item));
        };
        let grade = item.present("minimum_trust_grade");
        let minimum_trust_grade = grade.and_then(Value::text).map(std::borrow::Cow::into_owned);
        if grade.is_some() && minimum_trust_grade.is_none() {
            return Err((format!("{place}.minimum_trust_grade must be a string"), item));
        }
        if let Some(earlier) = requested.iter_mut().find(|earlier| earlier.name == name) {
            // listed twice: the stricter entry counts
            earlier.required |= required;
            continue;
        }
        let defined = claim(&name).filter(|claim| artifact::registry_defines(registry, claim.row));
        let Some(claim) = defined else {
            let digest = prefixed(&registry.sha256);
            return Err((format!("the registry {digest} does not define claim {:?}", shown(&name)), item));
        };
        requested.push(RequestedClaim { name: claim.name, required, minimum_trust_grade });
    }
    Ok(requested)
}
