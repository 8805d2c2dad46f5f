//! The only place that changes the state.

use std::path::PathBuf;

use crate::command::Command;
use crate::state::{Running, Session, State};
use crate::worker::{Event, Job, Worker};

/// Carries a command out.
pub fn apply(command: Command, state: &mut State, worker: &Worker) {
    match command {
        Command::Open(paths) => {
            if let Some(first) = paths.first() {
                state.path = first.to_string_lossy().into_owned();
            }
            open(paths, state, worker);
        }
        Command::OpenField => {
            let path = state.path.trim();
            if !path.is_empty() {
                open(vec![PathBuf::from(path)], state, worker);
            }
        }
        Command::EditPath(text) => state.path = text,
        Command::EditKeyManifest(text) => state.key_manifest = text,
        Command::EditTrustRoot(text) => state.trust_root = text,
        Command::Select(index) => {
            if let Some(session) = state.session.as_mut().filter(|session| index < session.reports.len()) {
                session.selected = index;
            }
        }
        Command::Cancel => {
            if let Some(running) = &mut state.running {
                running.cancelled = true;
                worker.cancel();
            }
        }
    }
}

fn open(paths: Vec<PathBuf>, state: &mut State, worker: &Worker) {
    worker.cancel();
    state.last_job = state.last_job.saturating_add(1);
    // An older result beside a new path could be taken for the new one.
    state.session = None;
    state.running =
        Some(Running { job: state.last_job, paths: paths.clone(), done: 0, of: 0, cancelled: false });
    let named = |text: &str| Some(text.trim()).filter(|path| !path.is_empty()).map(PathBuf::from);
    let (key_manifest, trust_root) = (named(&state.key_manifest), named(&state.trust_root));
    worker.submit(Job { number: state.last_job, paths, key_manifest, trust_root });
}

/// Takes in what the worker says.
pub fn take(event: Event, state: &mut State) {
    let current = state.running.as_ref().map(|running| running.job);
    match event {
        Event::Progress { job, done, of } if current == Some(job) => {
            if let Some(running) = &mut state.running {
                running.done = done;
                running.of = of;
            }
        }
        Event::Finished { job, reports } if current == Some(job) => {
            if let Some(running) = state.running.take() {
                state.session = Some(Session {
                    paths: running.paths,
                    reports,
                    selected: 0,
                    cancelled: running.cancelled,
                });
            }
        }
        Event::Progress { .. } | Event::Finished { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(job: u64) -> State {
        let running = Running { job, paths: vec!["a".into()], done: 0, of: 0, cancelled: false };
        State { running: Some(running), last_job: job, ..State::default() }
    }

    #[test]
    fn events_of_an_older_job_change_nothing() {
        let mut state = running(2);
        take(Event::Progress { job: 1, done: 5, of: 9 }, &mut state);
        take(Event::Finished { job: 1, reports: Vec::new() }, &mut state);
        assert!(state.session.is_none());
        assert_eq!(state.running.as_ref().map(|running| running.done), Some(0));
        take(Event::Progress { job: 2, done: 5, of: 9 }, &mut state);
        assert_eq!(state.running.as_ref().map(|running| running.done), Some(5));
        take(Event::Finished { job: 2, reports: Vec::new() }, &mut state);
        assert!(state.running.is_none() && state.session.is_some());
    }

    #[test]
    fn opening_takes_the_old_result_away() {
        let worker = Worker::start(|| {});
        let mut state = running(1);
        take(Event::Finished { job: 1, reports: Vec::new() }, &mut state);
        apply(Command::EditPath("/no/such/file".to_owned()), &mut state, &worker);
        assert!(state.session.is_some());
        apply(Command::OpenField, &mut state, &worker);
        assert!(state.session.is_none());
        assert_eq!(state.running.as_ref().map(|running| running.job), Some(2));
        apply(Command::Select(7), &mut state, &worker);
        apply(Command::Cancel, &mut state, &worker);
        assert!(state.running.is_some_and(|running| running.cancelled));
    }
}
