use serde::Serialize;

/// What the evidence says about a claim (spec 26 section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The evidence in hand establishes the claim.
    Supported,
    /// The evidence contradicts the claim.
    Disproved,
    /// Something needed is absent, unreadable or untrusted; no statement about truth.
    InsufficientEvidence,
    /// The evidence names a version, profile or scope that this verifier does not implement.
    UnverifiableScope,
}

impl Verdict {
    /// The wire name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Disproved => "disproved",
            Self::InsufficientEvidence => "insufficient_evidence",
            Self::UnverifiableScope => "unverifiable_scope",
        }
    }

    /// The verdict of several subjects together; nothing to judge is insufficient.
    #[must_use]
    pub fn aggregate(verdicts: impl IntoIterator<Item = Self>) -> Self {
        let mut worst = None;
        for verdict in verdicts {
            worst = Some(match worst {
                Some(other) if Self::rank(other) >= verdict.rank() => other,
                _ => verdict,
            });
        }
        worst.unwrap_or(Self::InsufficientEvidence)
    }

    fn rank(self) -> u8 {
        match self {
            Self::Supported => 0,
            Self::InsufficientEvidence => 1,
            Self::UnverifiableScope => 2,
            Self::Disproved => 3,
        }
    }
}

/// What a finding does to the outcome of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub enum Effect {
    /// The run fails: the claim (or the input) has this verdict, which is never `supported`.
    Fails {
        /// The verdict.
        verdict: Verdict,
    },
    /// The claim has this verdict, but nobody asked for it; the run fails only where it is required.
    Limits {
        /// The verdict.
        verdict: Verdict,
    },
    /// The input cannot be read, so nothing was verified.
    Unreadable,
    /// Information only.
    Notes,
}

impl Effect {
    /// The verdict this gives to the claim, if it changes it.
    #[must_use]
    pub fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Fails { verdict } | Self::Limits { verdict } => Some(verdict),
            Self::Unreadable => Some(Verdict::InsufficientEvidence),
            Self::Notes => None,
        }
    }
}

/// How serious a finding is, in the words that other tools have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Something is not established that nobody asked for.
    Warning,
    /// The run fails for it.
    Error,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Effect {
    /// How serious a finding with this effect is by itself.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::Fails { .. } | Self::Unreadable => Severity::Error,
            Self::Limits { .. } => Severity::Warning,
            Self::Notes => Severity::Note,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::*;
    use super::*;

    #[test]
    fn aggregate_follows_spec_26() {
        assert_eq!(Verdict::aggregate([]), InsufficientEvidence);
        assert_eq!(Verdict::aggregate([Supported, Supported]), Supported);
        assert_eq!(Verdict::aggregate([Supported, InsufficientEvidence]), InsufficientEvidence);
        assert_eq!(Verdict::aggregate([UnverifiableScope, InsufficientEvidence]), UnverifiableScope);
        assert_eq!(Verdict::aggregate([UnverifiableScope, Disproved, Supported]), Disproved);
    }
}
