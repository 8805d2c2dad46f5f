use std::sync::OnceLock;

use super::{optional, rows};

static TABLE: &str = include_str!("../../data/registry/claims.tsv");

/// A registered claim.
#[derive(Debug)]
pub struct ClaimInfo {
    /// Registered name.
    pub name: &'static str,
    /// The registry version that defined it first, `v0` to `v8`.
    pub first_registry: &'static str,
    /// Where it can be adjudicated.
    pub reach: Vec<Reach>,
    /// The semantic artifacts that define its rule. Empty: it is reached only through a document profile and
    /// cannot be pinned.
    pub semantics: Vec<&'static str>,
    /// What a supported verdict says, in our words.
    pub says: &'static str,
    /// The evidence it needs.
    pub needs: &'static str,
    pub(super) row: usize,
}

/// Where a claim is adjudicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every split export.
    Export,
    /// A split export that carries the evidence.
    ExportWithEvidence,
    /// A split export whose claim set names it.
    ExportWhenPinned,
    /// A split export, by an option.
    Option,
    /// A single-file bundle.
    Bundle,
    /// The `claim` command.
    ClaimCommand,
    /// A checkpoint.
    Checkpoint,
    /// A work pack.
    WorkPack,
    /// An authority proof.
    AuthorityProof,
}

impl Reach {
    fn from_letter(letter: char) -> Option<Self> {
        Some(match letter {
            'S' => Self::Export,
            's' => Self::ExportWithEvidence,
            'P' => Self::ExportWhenPinned,
            'F' => Self::Option,
            'B' => Self::Bundle,
            'C' => Self::ClaimCommand,
            'K' => Self::Checkpoint,
            'W' => Self::WorkPack,
            'A' => Self::AuthorityProof,
            _ => return None,
        })
    }

    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Export => "every split export",
            Self::ExportWithEvidence => "a split export that carries the evidence",
            Self::ExportWhenPinned => "a split export whose claim set names it",
            Self::Option => "a split export, on request",
            Self::Bundle => "a single-file bundle",
            Self::ClaimCommand => "the claim command",
            Self::Checkpoint => "a checkpoint",
            Self::WorkPack => "a work pack",
            Self::AuthorityProof => "an authority proof",
        }
    }
}

impl ClaimInfo {
    /// Whether a pack can ask for it by a claim set.
    #[must_use]
    pub fn is_pinnable(&self) -> bool {
        !self.semantics.is_empty()
    }

    /// Where it is adjudicated, in words.
    #[must_use]
    pub fn reach_text(&self) -> String {
        self.reach.iter().map(|reach| reach.as_str()).collect::<Vec<_>>().join("; ")
    }
}

/// Every registered claim, in the order of the published list.
#[must_use]
pub fn claims() -> &'static [ClaimInfo] {
    static PARSED: OnceLock<Vec<ClaimInfo>> = OnceLock::new();
    PARSED.get_or_init(|| {
        rows(TABLE)
            .enumerate()
            .map(|(row, [name, first_registry, reach, semantics, says, needs])| ClaimInfo {
                name,
                first_registry,
                reach: reach.chars().filter_map(Reach::from_letter).collect(),
                semantics: optional(semantics).map(|ids| ids.split(',').collect()).unwrap_or_default(),
                says,
                needs,
                row,
            })
            .collect()
    })
}

/// The registered claim with this name.
#[must_use]
pub fn claim(name: &str) -> Option<&'static ClaimInfo> {
    claims().iter().find(|claim| claim.name == name)
}

/// Claims that no registry has.
const OWN: [&str; 4] = [
    "transparency_log.inclusion.v1",
    "transparency_log.witness.v1",
    "excerpt.entries.v1",
    "excerpt.records.v1",
];

/// What people write for a claim.
const SHORT_NAMES: [(&str, &str); 7] = [
    ("walk", "governance_chain.local_continuity.v1"),
    ("closures", "closure.signature.v1"),
    ("integrity", "export.integrity.v1"),
    ("scope", "export.scope_faithfulness.v1"),
    ("scope-identity", "export.scope_identity.v1"),
    ("timestamp", "checkpoint.tsa_chain.v1"),
    ("inclusion", "transparency_log.inclusion.v1"),
];

/// The name of a claim from its registered or short name; `None` when nothing is called so.
#[must_use]
pub fn claim_name(text: &str) -> Option<&'static str> {
    let full = SHORT_NAMES.iter().find(|(short, _)| *short == text).map_or(text, |(_, name)| name);
    let own = || OWN.into_iter().find(|name| *name == full);
    claim(full).map(|claim| claim.name).or_else(own)
}

/// Every short name.
pub(crate) fn short_names() -> impl Iterator<Item = &'static str> {
    SHORT_NAMES.iter().map(|(short, _)| *short)
}
