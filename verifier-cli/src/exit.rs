//! The exit status, documented in `--help` and the README.

use verifier_core::report::Outcome;

/// What the process ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(u8);

impl Exit {
    /// Everything required is established.
    pub const VERIFIED: Self = Self(0);
    /// The evidence is contradicted.
    pub const DISPROVED: Self = Self(1);
    /// The command line cannot be understood; nothing was looked at.
    pub const USAGE: Self = Self(2);
    /// Something required is missing, untrusted, out of scope or not implemented.
    pub const NOT_ESTABLISHED: Self = Self(3);
    /// The input cannot be read, or the report cannot be written.
    pub const UNREADABLE: Self = Self(4);

    /// The number for the operating system.
    #[must_use]
    pub fn status(self) -> u8 {
        self.0
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        Self(outcome.exit_status())
    }
}
