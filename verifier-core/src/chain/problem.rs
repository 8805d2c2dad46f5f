use super::row::StructureFault;
use super::run::Link;

/// What kind of thing does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// `chain_format_version` is not known.
    UnknownFormat,
    /// `sequence_number` is neither integer nor null.
    SequenceType,
    /// A number lower than the one before it in the same array.
    Descending,
    /// A number that occurs twice in a scope.
    Repeated,
    /// A number below 1.
    BelowOne,
    /// The entry cannot be hashed.
    Unhashable,
    /// The recomputed hash differs.
    HashMismatch,
    /// A link does not hold.
    Discontinuity,
    /// A link holds although numbers are missing.
    LinkedGap,
    /// A fault outside the hash.
    Structure(StructureFault),
    /// The entry with number 1 does not start at the published genesis.
    Genesis,
    /// An event id that occurs twice.
    RepeatedId,
    /// The entry stands in the record of another permit.
    Foreign,
    /// The first entry shown is not the first of the chain.
    WindowEdge,
}

/// Something that does not fit; each becomes one finding.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// The scope, the entry and the particulars in one sentence.
    pub message: String,
    /// Labelled values.
    pub facts: Vec<(&'static str, String)>,
    /// Byte range of the entry in the decoded payload.
    pub span: (u64, u64),
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, span: (u64, u64), message: String) -> Self {
        Self { kind, message, facts: Vec::new(), span }
    }

    pub(super) fn compared(mut self, expected: String, actual: String) -> Self {
        self.facts = vec![("expected", expected), ("actual", actual)];
        self
    }

    pub(super) fn broken(scope: &str, link: &Link) -> Self {
        let message = format!(
            "chain_scope={scope} event_id={} sequence_number={} expected_prev={} actual_prev={}",
            link.after, link.after_sequence, link.before_hash, link.after_prev
        );
        Self::new(ProblemKind::Discontinuity, link.after_span, message)
            .compared(link.before_hash.to_string(), link.after_prev.to_string())
    }

    pub(super) fn gap(scope: &str, link: &Link) -> Self {
        let message = format!(
            "chain_scope={scope} event_id={} sequence_number={} follows event_id={} sequence_number={} by hash, but the numbers between are missing",
            link.after, link.after_sequence, link.before, link.before_sequence
        );
        Self::new(ProblemKind::LinkedGap, link.after_span, message)
    }

    pub(super) fn repeated(scope: &str, event_id: &str, sequence: i64, span: (u64, u64)) -> Self {
        let message = format!("chain_scope={scope} event_id={event_id} duplicate_sequence_number={sequence}");
        Self::new(ProblemKind::Repeated, span, message)
    }
}
