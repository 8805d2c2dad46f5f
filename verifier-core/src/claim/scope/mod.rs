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
mod membership;
mod predicate;
pub(crate) mod signature;
mod state;

use std::collections::BTreeMap;

use crate::archive::Siblings;
use crate::bytes::Limits;
use crate::claim::name;
use crate::crypto::sha256;
use crate::evidence::Fields;
use crate::finding::{Finding, Location, catalog};
use crate::format::scope::{BLOCK_VERSION, Segment, segments};
use crate::json::Value;
use crate::report::{ReportBuilder, Requested, SignerSummary, Subject};
use crate::trust::{KeyRing, ResolvedKey};

use evidence::Place;
use faithfulness::{Judged, Opened, Shared};
use locate::Places;

pub use bridge::{BridgeEntry, StructureError, bridge_rows};
pub use locate::{Explicit, Loaded};
pub use state::{StateFacts, StateJudgement, judge as judge_state};

use catalog::scope as code;

const FAITHFULNESS: &str = name::SCOPE_FAITHFULNESS;
const STATE: &str = name::SCOPE_STATE;
const STEP: &str = "scope_faithfulness";
const TITLE: &str = "declared population against the signed scope state";
const SCHEMA: &str = "keel.governance_events/v1";

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

/// What two supported claims establish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeFacts {
    /// Every segment, in order.
    pub segments: Vec<SegmentFacts>,
}

/// A segment whose population is established.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentFacts {
    /// The segment's id.
    pub segment_id: String,
    /// The chain.
    pub chain_scope: String,
    /// The checkpoint at which the segment ends.
    pub checkpoint_id: String,
    /// `sha256:` hash of the predicate.
    pub predicate_hash: String,
    /// The first sequence number.
    pub first_sequence: i128,
    /// The last sequence number.
    pub last_sequence: i128,
    /// How many records were disclosed.
    pub disclosed: u64,
}

/// Judges the scope declaration of an export. `None` when there is nothing to judge or it is not established.
pub fn check(input: &ScopeInput<'_>, out: &mut ReportBuilder) -> Option<ScopeFacts> {
    let asked = matches!(input.requested, Requested::Evidence | Requested::Operator);
    let Some(export) = input.export else {
        if asked {
            let text = "the payload is no JSON object, so it declares no scope";
            let finding = Finding::disproves(&code::EXPORT_SCOPE_DECLARATION_SCHEMA_INVALID, text);
            end_without_segments(input, out, finding.at(Location::file(input.file)));
        }
        return None;
    };
    let Some(block) = export.member("scope_faithfulness").and_then(Value::as_object) else {
        if asked {
            let text = "the payload declares no scope";
            let finding = Finding::lacks(&code::EXPORT_SCOPE_DECLARATION_MISSING, text);
            end_without_segments(input, out, finding.at(Location::file(input.file)));
        }
        return None;
    };
    let prefix = if block.pointer().is_empty() { "/scope_faithfulness" } else { "" };
    let place = Place { file: input.file, prefix };
    let known = block.member("version").is_some_and(|version| version.is_text(BLOCK_VERSION));
    if !known && !asked {
        let text = "the scope declaration is of another version and was not examined";
        let finding = Finding::notes(&code::EXPORT_SCOPE_DECLARATION_VERSION_UNKNOWN, text);
        out.finding(finding.at(place.of(block)));
        out.skipped(STEP, TITLE, "the declaration is of an unknown version");
        return None;
    }
    let Some(values) = segments(block) else {
        let text = "the scope_faithfulness block does not match v1";
        let finding = Finding::disproves(&code::EXPORT_SCOPE_DECLARATION_SCHEMA_INVALID, text);
        end_without_segments(input, out, finding.at(place.of(block)));
        return None;
    };
    let places = Places::new(input.siblings, input.parent, input.limits);
    let checkpoint = places.checkpoint(input.checkpoint);
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

fn run(
    input: &ScopeInput<'_>,
    values: &[Value<'_>],
    shared: &Shared<'_>,
    out: &mut ReportBuilder,
) -> Option<ScopeFacts> {
    let mut opened: Vec<Opened<'_>> = Vec::new();
    for value in values {
        opened.push(faithfulness::open(*value, shared));
    }
    let mut judged: Vec<Judged<'_, '_>> = Vec::new();
    for segment in &opened {
        let one = faithfulness::judge(segment, shared);
        let ends = one.result.is_err();
        judged.push(one);
        if ends {
            break;
        }
    }
    let reached = judged.len();
    let passed = reached == values.len() && judged.iter().all(|one| one.result.is_ok());
    let tied = if passed { tie(input, shared.export, &judged) } else { Ok(()) };
    if judged.iter().any(|one| one.state.is_some() || one.sidecar_missing) {
        out.claim(STATE, requested(input));
        out.evidence(STATE, &["checkpoint_scope_state"]);
        out.epistemic(STATE, "checkpoint_binding", "checkpoint_id_only");
    }
    out.claim(FAITHFULNESS, requested(input));
    out.evidence(FAITHFULNESS, &["export.scope_faithfulness", "checkpoint_scope_state"]);
    let mut facts = Vec::new();
    let mut established = passed;
    for (segment, one) in opened.iter().zip(judged) {
        established &= report_segment(segment, one, shared, out, &mut facts);
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
    established.then_some(ScopeFacts { segments: facts })
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

/// Writes one segment's subjects and findings; says whether both claims stand.
fn report_segment(
    opened: &Opened<'_>,
    judged: Judged<'_, '_>,
    shared: &Shared<'_>,
    out: &mut ReportBuilder,
    facts: &mut Vec<SegmentFacts>,
) -> bool {
    let id = opened.value.member("segment_id").and_then(Value::non_empty_text);
    let subject = match id {
        Some(id) => Subject::new("scope_faithfulness_segment", id),
        None => Subject::unnamed("scope_faithfulness_segment"),
    };
    let subject = subject.evidence(&["export.scope_faithfulness", "checkpoint_scope_state"]);
    let Judged { state, result, further, sidecar_missing } = judged;
    let parity = result.is_ok();
    if sidecar_missing {
        let subject = Subject::unnamed("checkpoint_scope_state").evidence(&["checkpoint_scope_state"]);
        out.unsupported(STATE, subject, faithfulness::missing(shared));
    }
    let mut reason = None;
    if let Some(state) = state {
        let StateJudgement { id, result, further } = state;
        let subject = match id {
            Some(id) => Subject::new("checkpoint_scope_state", id),
            None => Subject::unnamed("checkpoint_scope_state"),
        };
        let subject = subject.evidence(&["checkpoint_scope_state"]);
        let own = result.map(|facts| signers(&facts, out)).map_err(|failure| *failure);
        reason = close(STATE, subject, own, further, parity, &SUPPORTED_STATE, out);
    }
    let own = result.as_ref().map(|_| ()).map_err(|failure| (**failure).clone());
    // a sidecar that our rules refuse cannot carry the segment
    let own = match (own, reason) {
        (Ok(()), Some(finding)) => Err(finding),
        (own, _) => own,
    };
    let refused = close(FAITHFULNESS, subject, own, further, parity, &SUPPORTED_SEGMENT, out);
    if let Ok(found) = &result {
        facts.push(segment_facts(found.segment, &found.predicate_hash));
    }
    refused.is_none()
}

/// The code and words of a supported subject.
struct Supported {
    code: &'static crate::finding::Code,
    message: &'static str,
}

static SUPPORTED_STATE: Supported = Supported {
    code: &code::CHECKPOINT_SCOPE_STATE_SUPPORTED,
    message: "the sidecar is signed, belongs to an authentic checkpoint, and its commitments are well-formed",
};
static SUPPORTED_SEGMENT: Supported = Supported {
    code: &code::EXPORT_SCOPE_FAITHFULNESS_SUPPORTED,
    message: "the segment discloses exactly the population that the sidecar commits to",
};

/// Gives a subject its verdict: its own failure, else the first of our rules that fails it, else supported.
/// What is left over attaches to the claim only where the reference passes the whole segment. Gives back the
/// reason why the subject is not supported.
fn close(
    claim: &'static str,
    subject: Subject,
    own: Result<(), Finding>,
    further: Vec<Finding>,
    parity: bool,
    supported: &Supported,
    out: &mut ReportBuilder,
) -> Option<Finding> {
    let (fails, notes): (Vec<_>, Vec<_>) =
        further.into_iter().partition(|finding| finding.effect.verdict().is_some());
    let mut fails = fails.into_iter();
    let reason = match own {
        Err(failure) => Some(failure),
        Ok(()) if parity => fails.next(),
        Ok(()) => None,
    };
    match &reason {
        Some(finding) => out.unsupported(claim, subject, finding.clone()),
        None => out.supported(claim, subject, supported.code, supported.message),
    }
    for finding in fails {
        out.finding(if parity { finding.on(claim) } else { finding });
    }
    for finding in notes {
        out.finding(finding.on(claim));
    }
    reason
}

fn signers(facts: &StateFacts<'_>, out: &mut ReportBuilder) {
    let mut add = |signed: String, key: &Option<ResolvedKey>, at: Option<&str>| {
        let Some(key) = key else { return };
        let signer = SignerSummary {
            signed,
            public_key: key.text.clone(),
            key_id: key.key_id.clone(),
            basis: key.basis,
            source: key.source.clone(),
            signed_at: at.map(str::to_owned),
        };
        let known = out.signers.iter().any(|other| {
            other.signed == signer.signed
                && other.public_key == signer.public_key
                && other.signed_at == signer.signed_at
        });
        if !known {
            out.signers.push(signer);
        }
    };
    let sidecar = &facts.sidecar;
    add(format!("scope state {}", sidecar.scope_state_id), &facts.sidecar_signer, Some(&sidecar.signed_at));
    add(
        format!("checkpoint {}", sidecar.checkpoint_id),
        &facts.checkpoint_signer,
        facts.computed_at.as_deref(),
    );
}

fn segment_facts(segment: &Segment<'_>, predicate_hash: &str) -> SegmentFacts {
    SegmentFacts {
        segment_id: segment.segment_id.to_string(),
        chain_scope: segment.scope.to_string(),
        checkpoint_id: segment.end.checkpoint_id.to_string(),
        predicate_hash: predicate_hash.to_owned(),
        first_sequence: segment.start.first_sequence().unwrap_or_default(),
        last_sequence: segment.end.sequence,
        disclosed: u64::try_from(segment.disclosures.len()).unwrap_or(u64::MAX),
    }
}

/// Are the records that a reader sees the records that the evidence proves (spec 04 section 10, rule 2)?
///
/// In a governance-events export every record must be a disclosure and every disclosure a record. In other
/// payloads this holds for records that are events.
fn tie(input: &ScopeInput<'_>, export: &dyn Fields, judged: &[Judged<'_, '_>]) -> Result<(), Box<Finding>> {
    let Some(rows) = input.records else { return Ok(()) };
    let events = export.member("schema").is_some_and(|schema| schema.is_text(SCHEMA));
    let project = export.text("project_id").map(|id| format!("project:{id}"));
    let mut shown: BTreeMap<[u8; 32], (bool, &str)> = BTreeMap::new();
    for facts in judged.iter().filter_map(|one| one.result.as_ref().ok()) {
        for record in &facts.segment.disclosures {
            let key =
                identity(&record.chain_scope, record.sequence_number, &record.event_id, &record.record_hash);
            shown.insert(key, (false, &record.event_id));
        }
    }
    let (mut strangers, mut example, mut any) = (0u64, None, events);
    rows.for_each(&mut |row| {
        let scope = row.chain_scope.or(project.as_deref());
        let (Some(event_id), Some(record_hash)) = (row.event_id, row.record_hash) else {
            if events {
                strangers += 1;
                example.get_or_insert_with(|| row.event_id.unwrap_or("(no event id)").to_owned());
            }
            return;
        };
        any = true;
        let sequence = row.sequence_number.map_or(0, i128::from);
        match shown.get_mut(&identity(scope.unwrap_or_default(), sequence, event_id, record_hash)) {
            Some((seen, _)) => *seen = true,
            None => {
                strangers += 1;
                example.get_or_insert_with(|| event_id.to_owned());
            }
        }
    });
    let hidden = shown.values().filter(|(seen, _)| any && !seen).count();
    if strangers == 0 && hidden == 0 {
        return Ok(());
    }
    let text = format!(
        "{strangers} top-level records are no disclosures of any segment, and {hidden} disclosures are no top-level records"
    );
    let finding = Finding::disproves(&code::SCOPE_RECORDS_NOT_TIED, text);
    let first = shown.values().find(|(seen, _)| !seen).map(|(_, id)| (*id).to_owned());
    let finding = match (example, first) {
        (Some(id), _) => finding.fact("first record without evidence", id),
        (None, Some(id)) => finding.fact("first disclosure not shown", id),
        (None, None) => finding,
    };
    Err(Box::new(finding.at(Location::file(input.file).pointing("/records"))))
}

/// One value for what makes two records the same; the lengths keep texts apart.
fn identity(scope: &str, sequence: i128, event_id: &str, record_hash: &str) -> [u8; 32] {
    let mut text = format!("{sequence}");
    for part in [scope, event_id, record_hash] {
        text.push_str(&format!("|{}|{part}", part.len()));
    }
    sha256(text.as_bytes())
}

#[cfg(test)]
mod tests;
