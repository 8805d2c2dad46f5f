//! What the surroundings say: clock, terminal, threads. Read once, handed on as a value.

use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::time::{SystemTime, UNIX_EPOCH};

use verifier_core::time::Timestamp;

/// Facts about the surroundings of one run.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The clock, for runs without `--as-of`; `None` when it is outside the years 1 to 9999.
    pub now: Option<Timestamp>,
    /// Whether standard output is a terminal.
    pub out_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub err_is_terminal: bool,
    /// Whether the variable `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// Columns of text; [`Self::DEFAULT_COLUMNS`] when unknown.
    pub columns: usize,
    /// Processors that the process may use.
    pub processors: NonZeroUsize,
}

impl Environment {
    /// The width of text that goes to a file or pipe.
    pub const DEFAULT_COLUMNS: usize = 100;

    /// Reads clock, variables and streams of the process.
    #[must_use]
    pub fn of_process() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let stated = variable("COLUMNS").and_then(|text| text.parse().ok());
        let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let columns = stated.or_else(terminal).unwrap_or(Self::DEFAULT_COLUMNS);
        Self {
            now: now(),
            out_is_terminal: std::io::stdout().is_terminal(),
            err_is_terminal: std::io::stderr().is_terminal(),
            no_color: variable("NO_COLOR").is_some(),
            columns: columns.clamp(40, 400),
            processors: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }

    /// A run with a fixed clock, no terminal and one processor, for tests and embedding.
    #[must_use]
    pub fn fixed(now: Timestamp) -> Self {
        Self {
            now: Some(now),
            out_is_terminal: false,
            err_is_terminal: false,
            no_color: false,
            columns: Self::DEFAULT_COLUMNS,
            processors: NonZeroUsize::MIN,
        }
    }
}

fn now() -> Option<Timestamp> {
    let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).ok()?,
        Err(before) => i64::try_from(before.duration().as_micros()).ok()?.checked_neg()?,
    };
    Timestamp::from_unix_micros(micros)
}
