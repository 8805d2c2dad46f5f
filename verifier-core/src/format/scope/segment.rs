//! The declaration inside an export: `scope_faithfulness` and its segments (spec 04 section 5.1).
//!
//! Every object has exactly the documented members. Two rules of the format come before that test: further
//! members of `declared_end` are dropped, and evidence records are reduced by [`super::record`].

use std::borrow::Cow;

use super::record::EvidenceRecord;
use super::shape::{ShapeError, array, constant, exact, fail, has_exactly, hash, integer, text};
use crate::json::{Kind, Value};

/// The version text of the block.
pub const BLOCK_VERSION: &str = "keel.export_scope_faithfulness.v1";

/// The segments of a block, not yet looked at; `None` when the block is not of this version's shape.
#[must_use]
pub fn segments(block: Value<'_>) -> Option<Vec<Value<'_>>> {
    if !has_exactly(block, &["version", "segments"], &[])
        || !block.member("version").is_some_and(|version| version.is_text(BLOCK_VERSION))
    {
        return None;
    }
    let items: Vec<_> = block.member("segments")?.as_array()?.items().collect();
    (!items.is_empty()).then_some(items)
}

/// One declared slice of one chain, with its evidence.
#[derive(Clone, Debug)]
pub struct Segment<'a> {
    /// The segment's id.
    pub segment_id: Cow<'a, str>,
    /// `chain_scope` of `declared_scope`.
    pub scope: Cow<'a, str>,
    /// What the population is called.
    pub population_label: Cow<'a, str>,
    /// The predicate, not yet read.
    pub predicate: Value<'a>,
    /// Where the slice starts.
    pub start: DeclaredStart<'a>,
    /// Where it ends.
    pub end: DeclaredEnd<'a>,
    /// The reference to the sidecar.
    pub reference: Reference<'a>,
    /// The filters as the exporter applied them.
    pub raw_filters: Value<'a>,
    /// Their stated hash.
    pub filters_hash: Cow<'a, str>,
    /// Records of the population.
    pub disclosures: Vec<EvidenceRecord<'a>>,
    /// Records in between, shown for continuity only.
    pub bridges: Vec<EvidenceRecord<'a>>,
}

/// A number of `declared_start`, of whatever type it was written.
#[derive(Clone, Copy, Debug)]
pub struct StartNumber<'a> {
    /// As received.
    pub value: Value<'a>,
    /// What a lenient reader takes it for; `None` when nothing can be made of it.
    pub number: Option<i128>,
    /// Whether the value equals that number, as a text does not.
    pub comparable: bool,
    /// Whether it is written as an integer.
    pub proper: bool,
}

impl<'a> StartNumber<'a> {
    fn read(value: Value<'a>) -> Self {
        let made = |number: Option<i128>, comparable: bool| Self { value, number, comparable, proper: false };
        match value.kind() {
            Kind::Int => Self { value, number: integer(value), comparable: true, proper: true },
            Kind::Bool => made(Some(i128::from(value.as_bool() == Some(true))), true),
            Kind::Float => {
                let number = value.number().and_then(|token| token.parse::<f64>().ok());
                let whole = number.filter(|number| number.is_finite()).map(f64::trunc);
                let digits = whole.and_then(|whole| format!("{whole:.0}").parse().ok());
                made(digits, whole == number)
            }
            Kind::String => made(value.text().and_then(|text| text.trim().parse().ok()), false),
            Kind::Null | Kind::Array | Kind::Object => made(None, false),
        }
    }

    /// Whether a record's sequence number is this number.
    #[must_use]
    pub fn is(&self, sequence: i128) -> bool {
        self.comparable && self.number == Some(sequence)
    }
}

/// Where a segment starts.
#[derive(Clone, Debug)]
pub enum DeclaredStart<'a> {
    /// At the first record of the chain.
    Genesis {
        /// `chain_scope`.
        scope: Cow<'a, str>,
        /// The sequence number, which is 1 in some spelling.
        sequence: StartNumber<'a>,
        /// Stated `prev_hash` of the first record.
        prev_hash: Value<'a>,
    },
    /// After a record that is named by its hash.
    Predecessor {
        /// `chain_scope`.
        scope: Cow<'a, str>,
        /// The predecessor's sequence number.
        predecessor: StartNumber<'a>,
        /// The predecessor's record hash.
        record_hash: Value<'a>,
        /// The first record's sequence number.
        first: StartNumber<'a>,
    },
    /// After the head of an earlier checkpoint.
    Anchor {
        /// `chain_scope`.
        scope: Cow<'a, str>,
        /// The earlier checkpoint.
        checkpoint_id: Value<'a>,
        /// The head's sequence number.
        sequence: StartNumber<'a>,
        /// The head's record hash.
        record_hash: Value<'a>,
    },
}

impl<'a> DeclaredStart<'a> {
    fn parse(value: Value<'a>) -> Result<Self, ShapeError<'a>> {
        let Some(kind) = value.as_object().and_then(|start| start.member_text("kind")) else {
            return fail(value, "declared_start must be an object with a kind");
        };
        let members: &[&str] = match &*kind {
            "genesis" => &["kind", "chain_scope", "sequence_number", "genesis_prev_hash"],
            "predecessor_proof" => &[
                "kind",
                "chain_scope",
                "predecessor_sequence_number",
                "predecessor_record_hash",
                "first_evidence_sequence_number",
            ],
            "checkpoint_anchor" => {
                &["kind", "checkpoint_id", "chain_scope", "sequence_number", "last_record_hash"]
            }
            _ => return fail(value, "declared_start is of an unknown kind"),
        };
        exact(value, members, format!("the members of a {kind} start do not match v1"))?;
        let scope =
            text(value, "chain_scope", "declared_start.chain_scope must be a string that is not empty")?;
        let member = |name: &str| value.member(name).unwrap_or(value);
        let number = |name: &str| StartNumber::read(member(name));
        Ok(match &*kind {
            "genesis" => {
                let sequence = number("sequence_number");
                if !sequence.is(1) {
                    return fail(sequence.value, "a genesis start has sequence number 1");
                }
                Self::Genesis { scope, sequence, prev_hash: member("genesis_prev_hash") }
            }
            "predecessor_proof" => Self::Predecessor {
                scope,
                predecessor: number("predecessor_sequence_number"),
                record_hash: member("predecessor_record_hash"),
                first: number("first_evidence_sequence_number"),
            },
            _ => Self::Anchor {
                scope,
                checkpoint_id: member("checkpoint_id"),
                sequence: number("sequence_number"),
                record_hash: member("last_record_hash"),
            },
        })
    }

    /// The chain that the start belongs to.
    #[must_use]
    pub fn scope(&self) -> &str {
        match self {
            Self::Genesis { scope, .. } | Self::Predecessor { scope, .. } | Self::Anchor { scope, .. } => {
                scope
            }
        }
    }

    /// Sequence number of the first record of the slice; `None` when it cannot be read.
    #[must_use]
    pub fn first_sequence(&self) -> Option<i128> {
        match self {
            Self::Genesis { .. } => Some(1),
            Self::Predecessor { first, .. } => first.number,
            Self::Anchor { sequence, .. } => sequence.number?.checked_add(1),
        }
    }
}

/// How the end of a slice was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundaryPolicy {
    /// Somebody named the checkpoint.
    ExplicitCheckpoint,
    /// It was the newest checkpoint when the export was made.
    LatestCheckpoint,
}

/// Where a segment ends: a head of a checkpoint.
#[derive(Clone, Debug)]
pub struct DeclaredEnd<'a> {
    /// As received.
    pub value: Value<'a>,
    /// The checkpoint.
    pub checkpoint_id: Cow<'a, str>,
    /// The chain.
    pub scope: Cow<'a, str>,
    /// The head's sequence number.
    pub sequence: i128,
    /// The head's record hash.
    pub last_record_hash: Cow<'a, str>,
    /// How the checkpoint was chosen.
    pub policy: BoundaryPolicy,
}

impl<'a> DeclaredEnd<'a> {
    const MEMBERS: [&'static str; 5] =
        ["checkpoint_id", "chain_scope", "sequence_number", "last_record_hash", "boundary_policy"];

    fn parse(value: Value<'a>) -> Result<Self, ShapeError<'a>> {
        if !value.is_object() || Self::MEMBERS.iter().any(|name| value.member(name).is_none()) {
            return fail(value, "the members of declared_end do not match v1");
        }
        let string =
            |name: &str| text(value, name, format!("declared_end.{name} must be a string that is not empty"));
        let (checkpoint_id, scope, last_record_hash) =
            (string("checkpoint_id")?, string("chain_scope")?, string("last_record_hash")?);
        let sequence = value.member("sequence_number").unwrap_or(value);
        let Some(number) = integer(sequence).filter(|number| *number >= 0) else {
            return fail(sequence, "declared_end.sequence_number must be a non-negative integer");
        };
        let policy = value.member("boundary_policy").unwrap_or(value);
        let policy = match policy.text().as_deref() {
            Some("explicit_checkpoint") => BoundaryPolicy::ExplicitCheckpoint,
            Some("latest_checkpoint_at_export") => BoundaryPolicy::LatestCheckpoint,
            _ => return fail(policy, "declared_end.boundary_policy is not known"),
        };
        Ok(Self { value, checkpoint_id, scope, sequence: number, last_record_hash, policy })
    }
}

/// Which sidecar commits to the population.
#[derive(Clone, Debug)]
pub struct Reference<'a> {
    /// As received.
    pub value: Value<'a>,
    /// `sha256:` digest of the sidecar's bytes.
    pub artifact_hash: Cow<'a, str>,
    /// The chain.
    pub scope: Cow<'a, str>,
    /// Where the sidecar was stored, when that is a text.
    pub storage_uri: Option<Cow<'a, str>>,
}

impl<'a> Reference<'a> {
    fn parse(value: Value<'a>) -> Result<Self, ShapeError<'a>> {
        let members = ["artifact_type", "scope_state_id", "checkpoint_id", "chain_scope", "artifact_hash"];
        if !has_exactly(value, &members, &["storage_uri"]) {
            return fail(value, "the members of scope_state_reference do not match v1");
        }
        constant(
            value,
            "artifact_type",
            "checkpoint_scope_state",
            "scope_state_reference.artifact_type must be checkpoint_scope_state",
        )?;
        let string = |name: &str| {
            text(value, name, format!("scope_state_reference.{name} must be a string that is not empty"))
        };
        string("scope_state_id")?;
        string("checkpoint_id")?;
        Ok(Self {
            value,
            scope: string("chain_scope")?,
            artifact_hash: hash(
                value,
                "artifact_hash",
                "scope_state_reference.artifact_hash must be a sha256 digest",
            )?,
            storage_uri: value.member("storage_uri").and_then(Value::non_empty_text),
        })
    }
}

impl<'a> Segment<'a> {
    /// Reads a segment.
    ///
    /// # Errors
    /// [`ShapeError`] names the first rule that it breaks.
    pub fn parse(value: Value<'a>) -> Result<Self, ShapeError<'a>> {
        let members = [
            "segment_id",
            "declared_scope",
            "declared_start",
            "declared_end",
            "scope_state_reference",
            "canonical_filters",
            "chain_evidence",
        ];
        exact(value, &members, "the members of the segment do not match v1")?;
        let member = |name: &str| value.member(name).unwrap_or(value);
        let segment_id = text(value, "segment_id", "segment_id must be a string that is not empty")?;
        let (scope, population_label, predicate) = declared_scope(member("declared_scope"))?;
        let start = DeclaredStart::parse(member("declared_start"))?;
        let end = DeclaredEnd::parse(member("declared_end"))?;
        let reference = Reference::parse(member("scope_state_reference"))?;
        let (raw_filters, filters_hash) = canonical_filters(member("canonical_filters"))?;
        let evidence = exact(
            member("chain_evidence"),
            &["disclosure_records", "proof_bridge_records"],
            "the members of chain_evidence do not match v1",
        )?;
        Ok(Self {
            segment_id,
            scope,
            population_label,
            predicate,
            start,
            end,
            reference,
            raw_filters,
            filters_hash,
            disclosures: records(evidence, "disclosure_records")?,
            bridges: records(evidence, "proof_bridge_records")?,
        })
    }
}

fn declared_scope<'a>(value: Value<'a>) -> Result<(Cow<'a, str>, Cow<'a, str>, Value<'a>), ShapeError<'a>> {
    let members =
        ["version", "scope_kind", "chain_scope", "population_label", "predicate", "presentation_policy"];
    exact(value, &members, "the members of declared_scope do not match v1")?;
    constant(value, "version", "keel.scope_declaration.v1", "declared_scope.version is not known")?;
    let kind = value.member("scope_kind").unwrap_or(value);
    if !matches!(kind.text().as_deref(), Some("declared_population" | "declared_sample")) {
        return fail(kind, "declared_scope.scope_kind is not known");
    }
    let string =
        |name: &str| text(value, name, format!("declared_scope.{name} must be a string that is not empty"));
    let (scope, label) = (string("chain_scope")?, string("population_label")?);
    let policy = exact(
        value.member("presentation_policy").unwrap_or(value),
        &["version", "policy_kind", "policy_parameters"],
        "the members of presentation_policy do not match v1",
    )?;
    constant(policy, "version", "keel.presentation_policy.v1", "presentation_policy.version is not known")?;
    let kind = policy.member("policy_kind").unwrap_or(policy);
    if !matches!(kind.text().as_deref(), Some("none" | "plan_tier" | "section" | "field_redaction")) {
        return fail(kind, "presentation_policy.policy_kind is not known");
    }
    let parameters = policy.member("policy_parameters").unwrap_or(policy);
    if !parameters.is_object() {
        return fail(parameters, "presentation_policy.policy_parameters must be an object");
    }
    Ok((scope, label, value.member("predicate").unwrap_or(value)))
}

fn canonical_filters<'a>(value: Value<'a>) -> Result<(Value<'a>, Cow<'a, str>), ShapeError<'a>> {
    exact(
        value,
        &["canonicalization_profile", "raw_filters", "filters_hash"],
        "the members of canonical_filters do not match v1",
    )?;
    constant(
        value,
        "canonicalization_profile",
        "keel.canonical_json.payload.v1",
        "canonical_filters.canonicalization_profile is not known",
    )?;
    let filters = value.member("raw_filters").unwrap_or(value);
    if !filters.is_object() {
        return fail(filters, "canonical_filters.raw_filters must be an object");
    }
    Ok((filters, hash(value, "filters_hash", "canonical_filters.filters_hash must be a sha256 digest")?))
}

fn records<'a>(evidence: Value<'a>, name: &str) -> Result<Vec<EvidenceRecord<'a>>, ShapeError<'a>> {
    array(evidence, name, format!("chain_evidence.{name} must be an array"))?
        .items()
        .enumerate()
        .map(|(index, record)| EvidenceRecord::parse(record, &format!("{name}[{index}]")))
        .collect()
}
