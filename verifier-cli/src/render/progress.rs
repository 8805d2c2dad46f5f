//! A progress line on a terminal, for work that takes longer than half a second.

use std::io::{self, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use verifier_core::verify::Progress;

/// Shows how far the work is, on standard error; nothing unless told to.
pub(crate) struct ProgressLine {
    state: Option<Mutex<State>>,
}

struct State {
    started: Instant,
    next: Duration,
    shown: bool,
}

impl ProgressLine {
    /// A line that appears only where `visible`, and only after half a second.
    pub(crate) fn new(visible: bool) -> Self {
        let state = State { started: Instant::now(), next: PATIENCE, shown: false };
        Self { state: visible.then(|| Mutex::new(state)) }
    }

    fn show(&self, done: u64, of: u64) {
        let Some(state) = &self.state else { return };
        // A worker that finds the line in use has nothing newer to say.
        let Ok(mut state) = state.try_lock() else { return };
        let elapsed = state.started.elapsed();
        if elapsed < state.next {
            return;
        }
        state.next = elapsed.saturating_add(REFRESH);
        state.shown = true;
        write!(io::stderr(), "\r{}", bar(done, of)).ok();
    }

    /// Takes the line away, before the report is written.
    pub(crate) fn clear(&self) {
        let Some(Ok(mut state)) = self.state.as_ref().map(Mutex::lock) else { return };
        if std::mem::take(&mut state.shown) {
            write!(io::stderr(), "\r{:width$}\r", "", width = WIDTH).ok();
        }
    }
}

impl Progress for ProgressLine {
    fn advance(&self, done: u64, of: u64) {
        self.show(done, of);
    }
}

fn bar(done: u64, of: u64) -> String {
    const CELLS: u64 = 30;
    let done = done.min(of);
    let filled = usize::try_from(done.saturating_mul(CELLS).checked_div(of).unwrap_or(0)).unwrap_or(0);
    let percent = done.saturating_mul(100).checked_div(of).unwrap_or(0);
    format!("verifying [{:<30}] {percent:>3} %", "#".repeat(filled))
}

const PATIENCE: Duration = Duration::from_millis(500);
const REFRESH: Duration = Duration::from_millis(100);
const WIDTH: usize = 60;

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn the_bar_stays_in_its_frame() {
        assert_eq!(bar(0, 0), format!("verifying [{}]   0 %", " ".repeat(30)));
        assert_eq!(bar(1, 2), format!("verifying [{}{}]  50 %", "#".repeat(15), " ".repeat(15)));
        assert_eq!(bar(9, 3), format!("verifying [{}] 100 %", "#".repeat(30)));
        assert!(bar(u64::MAX, u64::MAX).ends_with(" %"));
    }
}
