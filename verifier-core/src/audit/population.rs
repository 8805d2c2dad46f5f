//! What is said about the population of a chain.

use super::record::Standing;
use crate::finding::Verdict;

/// What is said about a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Every record is there, as far as the statement says.
    Complete,
    /// Records are missing.
    Incomplete,
    /// The archives contradict each other.
    Contradicted,
    /// It cannot be said.
    NotEstablished,
}

impl Completeness {
    /// The name in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Contradicted => "contradicted",
            Self::NotEstablished => "not_established",
        }
    }

    /// The verdict of the claim.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Complete => Verdict::Supported,
            Self::Incomplete | Self::Contradicted => Verdict::Disproved,
            Self::NotEstablished => Verdict::InsufficientEvidence,
        }
    }
}

/// A record by number and stated time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Sequence number.
    pub sequence: i64,
    /// Stated time, RFC 3339.
    pub time: String,
}

/// Consecutive records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRange {
    /// The first record.
    pub first: Edge,
    /// The last record.
    pub last: Edge,
}

/// What one set holds of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// The set.
    pub set: String,
    /// How far its entries count.
    pub standing: Standing,
    /// First and last number of each unbroken stretch.
    pub ranges: Vec<(i64, i64)>,
    /// Entries that count for no number.
    pub unusable: u64,
}

/// Numbers that two sets hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlapRow {
    /// First number.
    pub first: i64,
    /// Last number.
    pub last: i64,
    /// The sets.
    pub sets: [String; 2],
    /// The numbers of the records that differ, if any do.
    pub conflict: Option<(i64, i64)>,
}

/// One chain of an audit.
#[derive(Clone, Debug)]
pub struct ScopeAudit {
    /// The chain.
    pub scope: String,
    /// What is said about its population.
    pub completeness: Completeness,
    /// The same as a sentence.
    pub statement: String,
    /// The population that was judged; `None` where no record of it is held.
    pub population: Option<HeldRange>,
    /// All ranges held in archives that the issuer signed.
    pub held: Vec<HeldRange>,
    /// Missing numbers, first and last of each range.
    pub missing: Vec<(i64, i64)>,
    /// What binds the beginning; `None` when nothing does.
    pub head_bound: Option<String>,
    /// What binds the end; `None` when nothing does.
    pub tail_bound: Option<String>,
    /// Records of the population.
    pub records: u64,
    /// Records of the population by month of their stated time, `YYYY-MM`.
    pub months: Vec<(String, u64)>,
    /// What each set holds.
    pub sources: Vec<SourceRow>,
    /// Where sets overlap.
    pub overlaps: Vec<OverlapRow>,
}
