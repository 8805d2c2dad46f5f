//! Scope: does an export disclose exactly what it says it discloses?
//!
//! Two claims, judged together (spec 04 sections 5 and 6, spec 12): `checkpoint.scope_state.v1`, the signed
//! sidecar and its checkpoint, and `export.scope_faithfulness.v1`, the declaration inside the payload with its
//! evidence. The reference's checks come first, in its order, and end at its first failure. Then come our rules
//! about what it accepts ([`evidence`], [`freshness`], [`state`]) and the comparison of the payload's top-level
//! records with the disclosed ones.
//!
//! One of our rules lowers a claim only where the reference's own checks pass. Beside an earlier failure it is
//! a finding of its own, so that a claim has one reason.
//!
//! A supported verdict does not establish that the signer of the sidecar counted right, that payload members
//! which the predicate looks at are true (record hash v1 covers no payload), that the chain before the declared
//! start is unbroken, or that the checkpoint was the latest beyond the exporter's word.

mod bridge;
mod evidence;
mod faithfulness;
mod freshness;
mod locate;
pub(super) mod membership;
mod predicate;
mod report;
pub(crate) mod signature;
pub(super) mod state;
mod tie;

use crate::archive::Siblings;
use crate::bytes::Limits;
use crate::claim::name;
use crate::evidence::Fields;
use crate::finding::{Finding, Location, catalog};
use crate::format::scope::{BLOCK_VERSION, PermitWindow, segments};
use crate::json::Value;
use crate::report::{ReportBuilder, Requested, Subject};
use crate::trust::KeyRing;

use evidence::Place;
use faithfulness::{Judged, Shared};
use locate::Places;

pub use bridge::{BridgeEntry, StructureError, bridge_rows};
pub use locate::{Explicit, Loaded};
pub use state::{StateFacts, StateJudgement, judge as judge_state};

use catalog::scope as code;

const FAITHFULNESS: &str = name::SCOPE_FAITHFULNESS;
const STATE: &str = name::SCOPE_STATE;
const STEP: &str = "scope_faithfulness";
const TITLE: &str = "declared population against the signed scope state";

/// A top-level record of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRow<'a> {
    /// Its chain; `None` where it is the project's.
    pub chain_scope: Option<&'a str>,
    /// Its position, when it is an integer.
    pub sequence_number: Option<i64>,
    /// Its event id, when it has one.
    pub event_id: Option<&'a str>,
    /// Its stated record hash as text, when it has one.
    pub record_hash: Option<&'a str>,
}

/// The top-level records of the payload, in order.
pub trait RecordRows {
    /// Hands every record to `visit`.
    fn for_each(&self, visit: &mut dyn FnMut(RecordRow<'_>));
}

impl RecordRows for [RecordRow<'_>] {
    fn for_each(&self, visit: &mut dyn FnMut(RecordRow<'_>)) {
        self.iter().copied().for_each(visit);
    }
}

/// What the check needs.
pub struct ScopeInput<'a> {
    /// Top-level members of the decoded payload; `None` when it is no JSON object.
    pub export: Option<&'a dyn Fields>,
    /// The manifest, where there is one.
    pub manifest: Option<Value<'a>>,
    /// The manifest's folder.
    pub siblings: &'a dyn Siblings,
    /// The folder above it, where that may be read.
    pub parent: Option<&'a dyn Siblings>,
    /// A sidecar that the operator named.
    pub sidecar: Option<Explicit<'a>>,
    /// A checkpoint that the operator named.
    pub checkpoint: Option<Explicit<'a>>,
    /// The keys; an expected key cannot stand for sidecars, see [`KeyRing::for_bindings`].
    pub keys: &'a KeyRing,
    /// Top-level records, where the payload has an array of them.
    pub records: Option<&'a dyn RecordRows>,
    /// Who asks for the claim.
    pub requested: Requested,
    /// What hostile input may cost.
    pub limits: &'a Limits,
    /// The payload's name for reports.
    pub file: &'a str,
}

/// What the check came to, for the claims that build on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeFacts {
    /// Both claims are supported.
    pub established: bool,
    /// The checkpoint beside the export, where there is one.
    pub checkpoint: Option<CheckpointFacts>,
    /// How many segments the declaration has.
    pub declared: usize,
    /// The segments that were judged, in order; the first that fails is the last.
    pub segments: Vec<SegmentFacts>,
}

/// The checkpoint that the sidecars are judged against; it is authentic where a segment passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointFacts {
    /// Its stated time, which no signature covers.
    pub computed_at: Option<String>,
}

/// A judged segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentFacts {
    /// The segment's id.
    pub segment_id: String,
    /// The chain.
    pub chain_scope: String,
    /// The checkpoint at which the segment ends.
    pub checkpoint_id: String,
    /// The first sequence number.
    pub first_sequence: i128,
    /// The last sequence number.
    pub last_sequence: i128,
    /// How many records were disclosed.
    pub disclosed: u64,
    /// The predicate, where it asks for events of one permit within a time.
    pub window: Option<PermitWindow>,
    /// The commitment that the disclosures fulfil, or the code of the reference's check that failed.
    pub result: Result<CommitmentFacts, &'static str>,
}

/// What the sidecar commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentFacts {
    /// `sha256:` hash of the predicate.
    pub predicate_hash: String,
    /// How many records match.
    pub count: i128,
}

/// Judges the scope declaration of an export, where there is one or somebody asks for it.
pub fn check(input: &ScopeInput<'_>, out: &mut ReportBuilder) -> ScopeFacts {
    let places = Places::new(input.siblings, input.parent, input.limits);
    let asked = matches!(input.requested, Requested::Evidence | Requested::Operator);
    let block = input.export.and_then(|export| export.member("scope_faithfulness")?.as_object());
    let (export, block) = match (input.export, block) {
        (Some(export), Some(block)) => (export, block),
        (export, _) => {
            if asked {
                let finding = match export {
                    None => Finding::disproves(
                        &code::EXPORT_SCOPE_DECLARATION_SCHEMA_INVALID,
                        "the payload is no JSON object, so it declares no scope",
                    ),
                    Some(_) => {
                        let text = "the payload declares no scope";
                        Finding::lacks(&code::EXPORT_SCOPE_DECLARATION_MISSING, text)
                    }
                };
                end_without_segments(input, out, finding.at(Location::file(input.file)));
            }
            let checkpoint = if asked { places.checkpoint(input.checkpoint) } else { None };
            return ScopeFacts { checkpoint: checkpoint.as_ref().map(facts_of), ..ScopeFacts::default() };
        }
    };
    let prefix = if block.pointer().is_empty() { "/scope_faithfulness" } else { "" };
    let place = Place { file: input.file, prefix };
    let known = block.member("version").is_some_and(|version| version.is_text(BLOCK_VERSION));
    if !known && !asked {
        let text = "the scope declaration is of another version and was not examined";
        let finding = Finding::notes(&code::EXPORT_SCOPE_DECLARATION_VERSION_UNKNOWN, text);
        out.finding(finding.at(place.of(block)));
        out.skipped(STEP, TITLE, "the declaration is of an unknown version");
        return ScopeFacts::default();
    }
    let checkpoint = places.checkpoint(input.checkpoint);
    let Some(values) = segments(block) else {
        let text = "the scope_faithfulness block does not match v1";
        let finding = Finding::disproves(&code::EXPORT_SCOPE_DECLARATION_SCHEMA_INVALID, text);
        end_without_segments(input, out, finding.at(place.of(block)));
        return ScopeFacts { checkpoint: checkpoint.as_ref().map(facts_of), ..ScopeFacts::default() };
    };
    let checkpoint_missing = places.passed_over();
    let shared = Shared {
        export,
        manifest: input.manifest,
        keys: input.keys,
        places: &places,
        sidecar: input.sidecar,
        checkpoint: checkpoint.as_ref(),
        checkpoint_missing: &checkpoint_missing,
        place,
    };
    run(input, &values, &shared, out)
}

fn facts_of(checkpoint: &Loaded) -> CheckpointFacts {
    let computed_at = checkpoint.document.root().member_text("computed_at");
    CheckpointFacts { computed_at: computed_at.map(std::borrow::Cow::into_owned) }
}

fn run(
    input: &ScopeInput<'_>,
    values: &[Value<'_>],
    shared: &Shared<'_>,
    out: &mut ReportBuilder,
) -> ScopeFacts {
    let mut judged: Vec<Judged<'_>> = Vec::new();
    for value in values {
        let one = faithfulness::judge(*value, shared);
        let ends = one.result.is_err();
        judged.push(one);
        if ends {
            break;
        }
    }
    let reached = judged.len();
    let passed = reached == values.len() && judged.iter().all(|one| one.result.is_ok());
    let tied = if passed { tie::check(input, shared.export, &judged) } else { Ok(()) };
    if judged.iter().any(|one| one.state.is_some() || one.sidecar_missing) {
        out.claim(STATE, requested(input));
        out.evidence(STATE, &["checkpoint_scope_state"]);
        out.epistemic(STATE, "checkpoint_binding", "checkpoint_id_only");
    }
    out.claim(FAITHFULNESS, requested(input));
    out.evidence(FAITHFULNESS, &["export.scope_faithfulness", "checkpoint_scope_state"]);
    let segments = judged.iter().filter_map(segment_facts).collect();
    let mut established = passed;
    for one in judged {
        established &= report::segment(one, shared, out);
    }
    if let Err(finding) = tied {
        established = false;
        out.finding(finding.on(FAITHFULNESS));
    }
    for finding in shared.places.limit_findings.take() {
        out.finding(finding);
    }
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    out.ran(STEP, TITLE, &[("segments", count(values.len())), ("segments judged", count(reached))]);
    let checkpoint = shared.checkpoint.map(facts_of);
    ScopeFacts { established, checkpoint, declared: values.len(), segments }
}

fn requested(input: &ScopeInput<'_>) -> Requested {
    match input.requested {
        Requested::Operator => Requested::Operator,
        _ => Requested::Evidence,
    }
}

fn end_without_segments(input: &ScopeInput<'_>, out: &mut ReportBuilder, finding: Finding) {
    out.claim(FAITHFULNESS, requested(input));
    out.evidence(FAITHFULNESS, &["export.scope_faithfulness"]);
    out.unsupported(FAITHFULNESS, Subject::unnamed("scope_faithfulness_segment"), finding);
    out.ran(STEP, TITLE, &[("segments", 0)]);
}

fn segment_facts(judged: &Judged<'_>) -> Option<SegmentFacts> {
    let segment = judged.segment.as_ref()?;
    Some(SegmentFacts {
        segment_id: segment.segment_id.to_string(),
        chain_scope: segment.scope.to_string(),
        checkpoint_id: segment.end.checkpoint_id.to_string(),
        first_sequence: segment.start.first_sequence().unwrap_or_default(),
        last_sequence: segment.end.sequence,
        disclosed: u64::try_from(segment.disclosures.len()).unwrap_or(u64::MAX),
        window: PermitWindow::read(segment.predicate),
        result: match &judged.result {
            Ok(found) => {
                Ok(CommitmentFacts { predicate_hash: found.predicate_hash.clone(), count: found.count })
            }
            Err(failure) => Err(failure.code.id),
        },
    })
}

#[cfg(test)]
mod tests;
