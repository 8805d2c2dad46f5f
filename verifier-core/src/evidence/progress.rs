/// Told how far a run is, and asked whether to go on.
pub trait Progress: Sync {
    /// `done` of about `of` bytes were read.
    fn advance(&self, done: u64, of: u64);
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
