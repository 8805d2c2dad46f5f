/// What a run does, in order. Reading the bytes takes nearly all the time of a large export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Reading and hashing.
    Bytes,
    /// Signatures of the manifest, the decisions and other artifacts.
    Signatures,
    /// Hash chains.
    Chain,
    /// Transparency log.
    Log,
    /// How calls ended.
    Closures,
    /// Times from outside.
    Timestamps,
}

impl Layer {
    /// All layers, in order.
    pub const ALL: [Self; 6] =
        [Self::Bytes, Self::Signatures, Self::Chain, Self::Log, Self::Closures, Self::Timestamps];

    /// In words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Signatures => "signatures",
            Self::Chain => "chain",
            Self::Log => "transparency log",
            Self::Closures => "closures",
            Self::Timestamps => "timestamps",
        }
    }
}

/// Told how far a run is, and asked whether to go on.
pub trait Progress: Sync {
    /// `done` of about `of` bytes were read.
    fn advance(&self, done: u64, of: u64);
    /// A layer of checks begins; those before it are done.
    fn layer(&self, _layer: Layer) {}
    /// Whether to stop; the report then says that the run is incomplete.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Ignores progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn advance(&self, _done: u64, _of: u64) {}
}
