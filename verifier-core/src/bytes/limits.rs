//! What hostile input may cost, as data.

use std::fmt;

/// Upper bounds for one run. Every default is generous for genuine evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file as stored. Exports are streamed, so this bounds time, not memory. Default 16 GiB.
    pub file_bytes: u64,
    /// Bytes of one file, member or line that must be held in memory at once. Default 64 MiB.
    pub document_bytes: u64,
    /// Bytes that one compressed stream may expand to. Default 16 GiB.
    pub expanded_bytes: u64,
    /// Expansion factor of one compressed stream, tested once 1 MiB was produced. Default 1,000
    /// (deflate cannot exceed 1,032 on any input, and JSON evidence compresses about 8:1).
    pub ratio: u32,
    /// Entries of one archive or folder. Default 20,000.
    pub entries: u32,
    /// Nesting of arrays and objects. Default 512; the reference verifier fails at about 980.
    pub json_depth: u16,
    /// Values and member names in one JSON document held in memory. Default 16,000,000.
    pub json_nodes: u32,
    /// Digits of one integer. Default 4,300, the reference verifier's limit.
    pub number_digits: u32,
    /// Findings kept in full for one code; the rest are counted. Default 100.
    pub findings_per_code: u32,
    /// Separate stretches of one chain that may wait to be joined. Default 1,000,000.
    pub chain_runs: u32,
    /// Permits, budget events and envelopes of one ledger; about 300 bytes each. Default 16,000,000.
    pub ledger_rows: u32,
    /// Chain entries that an audit over many archives holds; about 100 bytes each. Default 32,000,000.
    pub audit_entries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 16 << 30,
            document_bytes: 64 << 20,
            expanded_bytes: 16 << 30,
            ratio: 1_000,
            entries: 20_000,
            json_depth: 512,
            json_nodes: 16_000_000,
            number_digits: 4_300,
            findings_per_code: 100,
            chain_runs: 1_000_000,
            ledger_rows: 16_000_000,
            audit_entries: 32_000_000,
        }
    }
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resource {
    /// Bytes of one file as stored.
    FileBytes,
    /// Bytes held in memory for one document.
    DocumentBytes,
    /// Bytes produced by decompression.
    ExpandedBytes,
    /// Produced bytes for each stored byte.
    Ratio,
    /// Archive or folder entries.
    Entries,
    /// Unjoined stretches of a chain.
    ChainRuns,
    /// Rows of a ledger.
    LedgerRows,
    /// Records that are compared or judged across files.
    AuditEntries,
}

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::FileBytes => "bytes of one file",
            Self::DocumentBytes => "bytes of one document held in memory",
            Self::ExpandedBytes => "bytes after decompression",
            Self::Ratio => "expansion factor of a compressed stream",
            Self::Entries => "entries of an archive or folder",
            Self::ChainRuns => "separate stretches of one chain",
            Self::LedgerRows => "rows of a ledger",
            Self::AuditEntries => "records across files",
        })
    }
}

/// A limit was reached; nothing beyond it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// What was counted.
    pub resource: Resource,
    /// The limit.
    pub limit: u64,
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "more than {} {}", self.limit, self.resource)
    }
}

impl std::error::Error for LimitExceeded {}

/// Counts one resource against its limit.
#[derive(Clone, Debug)]
pub struct Budget {
    resource: Resource,
    limit: u64,
    used: u64,
}

impl Budget {
    /// A fresh counter for `resource` with the given limit.
    #[must_use]
    pub fn new(resource: Resource, limit: u64) -> Self {
        Self { resource, limit, used: 0 }
    }

    /// Charges `amount` and fails, without saturating, once the limit is passed.
    ///
    /// # Errors
    /// [`LimitExceeded`] when the sum of all charges is above the limit.
    pub fn charge(&mut self, amount: u64) -> Result<(), LimitExceeded> {
        self.used = self.used.saturating_add(amount);
        if self.used > self.limit {
            return Err(LimitExceeded { resource: self.resource, limit: self.limit });
        }
        Ok(())
    }

    /// How much was charged.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used
    }
}
