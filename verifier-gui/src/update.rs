//! The only place that changes the state.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use verifier_core::finding::Location;
use verifier_core::render::headline;
use verifier_core::workpaper::MarkKind;

use crate::browse::Browse;
use crate::command::Command;
use crate::export::Sheet;
use crate::filter;
use crate::review::{Review, ReviewCommand};
use crate::state::{Closing, Running, Session, State, Table, View};
use crate::worker::{Event, Job, ReviewWork, Reviewed, Worker};

/// Paths that are remembered.
const RECENT: usize = 8;

/// Carries a command out.
pub fn apply(command: Command, state: &mut State, worker: &Worker) {
    match command {
        Command::Open(paths) => {
            if let Some(first) = paths.first() {
                state.path = first.to_string_lossy().into_owned();
            }
            open(paths, state, worker);
        }
        Command::Browse(folder) => {
            state.browse = Some(match folder {
                Some(folder) => Browse::into(&folder),
                None => Browse::beside(&state.path),
            });
        }
        Command::CloseBrowse => state.browse = None,
        Command::OpenField => {
            let path = state.path.trim();
            if !path.is_empty() {
                open(vec![PathBuf::from(path)], state, worker);
            }
        }
        Command::EditPath(text) => state.path = text,
        Command::EditKeyManifest(text) => state.key_manifest = text,
        Command::EditTrustRoot(text) => state.trust_root = text,
        Command::Cancel => {
            if let Some(running) = &mut state.running {
                running.cancelled = true;
                worker.cancel();
            }
        }
        Command::Show(view) => state.view = view,
        Command::ToggleHelp => state.shows_help = !state.shows_help,
        Command::Compare => {
            let (key_manifest, trust_root) = keys(state);
            let number = state.last_job;
            if let Some(session) = &mut state.session
                && let Some(path) = named(&session.other)
            {
                session.is_comparing = true;
                session.compared = None;
                let job = Job { number, paths: vec![path], key_manifest, trust_root };
                worker.compare(Arc::clone(&session.batches), job);
            }
        }
        Command::Close => close(state, worker),
        other => {
            if let Some(session) = &mut state.session
                && let Some(view) = in_session(other, session, worker)
            {
                state.view = view;
            }
        }
    }
}

/// Reads the evidence once more before the window closes; asked a second time, it closes.
fn close(state: &mut State, worker: &Worker) {
    state.closing = match (&state.closing, &state.session) {
        (Closing::No, Some(session)) if !session.review.is_saved => Closing::Unsaved,
        (Closing::No | Closing::Unsaved, Some(session)) if !session.cancelled => {
            worker.recheck(Arc::clone(&session.batches), session.reports.clone());
            Closing::Checking
        }
        _ => Closing::Done,
    };
}

/// The path in a field; `None` for an empty one.
fn named(text: &str) -> Option<PathBuf> {
    Some(text.trim()).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The key manifest and the trust root of the fields.
fn keys(state: &State) -> (Option<PathBuf>, Option<PathBuf>) {
    (named(&state.key_manifest), named(&state.trust_root))
}

/// Carries out what needs opened evidence; gives the view that has to be shown now.
fn in_session(command: Command, session: &mut Session, worker: &Worker) -> Option<View> {
    match command {
        Command::Select(index) if index < session.reports.len() => session.selected = index,
        Command::EditFilter(text) => {
            session.table.filter = text;
            refilter(session, worker);
        }
        Command::Drill(filter) => {
            session.table.filter = filter;
            refilter(session, worker);
            return Some(View::Permits);
        }
        Command::Sort(field) => {
            session.table.sort = match session.table.sort {
                Some((known, false)) if known == field => Some((field, true)),
                Some((known, true)) if known == field => None,
                _ => Some((field, false)),
            };
            refilter(session, worker);
        }
        Command::ToggleColumn(field) => {
            let columns = &mut session.table.columns;
            match columns.iter().position(|known| *known == field) {
                Some(at) if columns.len() > 1 => {
                    columns.remove(at);
                }
                Some(_) => {}
                None => {
                    columns.push(field);
                    columns.sort_by_key(|field| filter::Field::ALL.iter().position(|known| known == field));
                }
            }
        }
        Command::EditOther(text) => session.other = text,
        Command::EditReportFile(text) => session.report_file = text,
        Command::SaveReport => {
            session.report_said = None;
            if let Some(path) = named(&session.report_file) {
                worker.save_report(session.reports.clone(), path);
            }
        }
        Command::EditSheet(text) => session.table.sheet = text,
        Command::SaveSheet => save(session, worker),
        Command::SelectRow(row) => {
            session.table.selected = Some(row);
            read_record(session, worker);
        }
        Command::MoveRow(by) => {
            move_row(session, by);
            read_record(session, worker);
        }
        Command::SelectProof(claim) => session.proof = claim,
        Command::ShowEnvelope(envelope) => {
            let books = session.books.as_ref().ok()?;
            let ledger = &books.ledger;
            let named = |row: usize| {
                let snapshot = ledger.accounts.get(row).and_then(|account| account.envelope.as_ref());
                snapshot.is_some_and(|snapshot| ledger.text(snapshot.envelope) == envelope)
            };
            let booked: BTreeSet<_> = ledger
                .events
                .iter()
                .filter(|event| ledger.text(event.envelope) == envelope)
                .map(|event| event.permit)
                .collect();
            let rows = (0_u32..).zip(0_usize..).zip(&ledger.permits);
            let own = rows.filter(|((_, at), row)| named(*at) || booked.contains(&row.permit));
            let rows = own.map(|((position, _), _)| position).collect();
            return Some(show_rows(rows, session, worker));
        }
        Command::Review(command) => return in_review(command, session, worker),
        Command::ShowPlace(location) => {
            session.source = None;
            worker.excerpt(Arc::clone(&session.batches), location);
            return Some(View::Source);
        }
        _ => {}
    }
    None
}

/// Asks for the members of the permit that is looked at.
fn read_record(session: &mut Session, worker: &Worker) {
    let (Ok(books), Some(row)) = (&session.books, session.table.selected) else { return };
    if session.record.as_ref().is_some_and(|record| record.row == row) {
        return;
    }
    session.record = None;
    let permit = usize::try_from(row).ok().and_then(|at| books.ledger.permits.get(at));
    let source = permit.and_then(|permit| books.ledger.sources.get(usize::from(permit.place.source)));
    let (Some(permit), Some(source)) = (permit, source) else { return };
    let location = Location {
        file: source.label.clone(),
        pointer: Some(books.ledger.pointer(&permit.place)),
        bytes: Some(permit.place.span()),
    };
    worker.record(Arc::clone(&session.batches), row, location);
}

fn in_review(command: ReviewCommand, session: &mut Session, worker: &Worker) -> Option<View> {
    let review = &mut session.review;
    match command {
        ReviewCommand::Mark(kind, id, status) => review.mark(kind, &id, status, now_text()),
        ReviewCommand::MarkSelected(status) => {
            let books = session.books.as_ref().ok()?;
            let row = usize::try_from(session.table.selected?).ok()?;
            let permit = books.ledger.text(books.ledger.permits.get(row)?.permit);
            review.mark(MarkKind::Permit, permit, status, now_text());
        }
        ReviewCommand::EditNote(text) => review.note = text,
        ReviewCommand::EditReviewer(text) => review.by = text,
        ReviewCommand::Undo => {
            review.said = review.undo().map(|id| Ok(format!("taken back: {id}")));
        }
        ReviewCommand::Redo => {
            review.said = review.redo().map(|id| Ok(format!("made again: {id}")));
        }
        ReviewCommand::EditFile(text) => review.file = text,
        ReviewCommand::Save => {
            let path = named(&review.file)?;
            worker.review(ReviewWork::Save(Box::new(review.paper.clone()), path));
        }
        ReviewCommand::Open => {
            let books = session.books.as_ref().ok().map(Arc::clone);
            worker.review(ReviewWork::Load(named(&review.file)?, books));
        }
        ReviewCommand::EditKey(text) => review.key = text,
        ReviewCommand::Sign(role) => {
            let key = named(&review.key)?;
            if let Err(why) = review.may_sign() {
                review.said = Some(Err(why));
                return None;
            }
            worker.review(ReviewWork::Sign(Box::new(review.paper.clone()), key, role));
        }
        ReviewCommand::EditEngagement(text) => review.engagement = text,
        ReviewCommand::EditSize(text) => review.size = text,
        ReviewCommand::Choose(name, by) => review.method = (name, by),
        ReviewCommand::Draw => match (review.next_method(), &session.books) {
            (Ok(method), Ok(books)) => {
                worker.review(ReviewWork::Draw(Arc::clone(books), method, review.engagement.clone()));
            }
            (Err(why), _) => review.said = Some(Err(why)),
            (Ok(_), Err(why)) => review.said = Some(Err(why.clone())),
        },
        ReviewCommand::ShowSample(index) => {
            let books = session.books.as_ref().ok()?;
            let sample = review.paper.content.samples.get(index)?;
            let drawn: BTreeSet<&str> = sample.drawn.iter().map(|drawn| drawn.permit.as_str()).collect();
            let rows = (0..).zip(&books.ledger.permits);
            let rows = rows.filter(|(_, row)| drawn.contains(books.ledger.text(row.permit)));
            let rows: Vec<u32> = rows.map(|(position, _)| position).collect();
            return Some(show_rows(rows, session, worker));
        }
    }
    None
}

/// Shows chosen rows in the table, without a filter.
fn show_rows(rows: Vec<u32>, session: &mut Session, worker: &Worker) -> View {
    let table = &mut session.table;
    table.filter = String::new();
    table.error = None;
    table.selected = rows.first().copied();
    table.rows = Some(Arc::new(rows));
    // A filter that is still under way must not take their place.
    table.job = table.job.saturating_add(1);
    table.is_filtering = false;
    read_record(session, worker);
    View::Permits
}

fn now_text() -> String {
    crate::worker::now().text().to_owned()
}

fn reviewed(done: Result<Reviewed, String>, review: &mut Review) {
    let said = match done {
        Ok(Reviewed::Saved(paper, said)) => {
            // What was changed while it was written is not in the file.
            review.is_saved = *paper == review.paper;
            Ok(said)
        }
        Ok(Reviewed::Loaded(paper)) => review.go_on(*paper),
        Ok(Reviewed::Signed(paper)) if paper.content == review.paper.content => {
            let signed = paper.check().map_err(|fault| fault.to_string());
            signed.map(|signed| {
                review.signed = signed;
                review.paper = *paper;
                review.is_saved = false;
                "signed; save the review to keep the signature".to_owned()
            })
        }
        Ok(Reviewed::Signed(_)) => Err("the review was changed meanwhile; sign it again".to_owned()),
        Ok(Reviewed::Drawn(sample)) => return review.add_sample(*sample),
        Err(why) => Err(why),
    };
    review.said = Some(said);
}

fn move_row(session: &mut Session, by: i64) {
    let Some(all) = session.books().map(|books| books.ledger.permits.len()) else { return };
    let table = &mut session.table;
    let last = i64::try_from(table.count(all)).unwrap_or(i64::MAX).saturating_sub(1);
    if last < 0 {
        return;
    }
    let position = |row: u32| match &table.rows {
        Some(rows) => rows.iter().position(|known| *known == row).and_then(|at| i64::try_from(at).ok()),
        None => Some(i64::from(row)),
    };
    let next = match table.selected.and_then(position) {
        Some(now) => now.saturating_add(by).clamp(0, last),
        None => 0,
    };
    table.selected = usize::try_from(next).ok().and_then(|next| table.row(next));
    table.scrolls = true;
}

fn save(session: &mut Session, worker: &Worker) {
    let path = session.table.sheet.trim();
    let (Ok(books), false) = (&session.books, path.is_empty()) else { return };
    let trust: Vec<String> = session
        .reports
        .iter()
        .map(|report| {
            let line = headline::of(report);
            format!("{}: {}", line.word, line.text)
        })
        .collect();
    let sheet = Sheet {
        trust: trust.join("; "),
        filter: session.table.filter.clone(),
        columns: session.table.columns.clone(),
        rows: session.table.rows.clone(),
    };
    worker.save(Arc::clone(books), sheet, PathBuf::from(path));
    session.table.saved = None;
}

fn refilter(session: &mut Session, worker: &Worker) {
    let Ok(books) = &session.books else { return };
    let table = &mut session.table;
    match filter::parse(&table.filter) {
        Ok(filter) => {
            table.error = None;
            table.job = table.job.saturating_add(1);
            table.is_filtering = true;
            worker.filter(table.job, Arc::clone(books), filter, table.sort);
        }
        Err(error) => table.error = Some(error.to_string()),
    }
}

fn open(paths: Vec<PathBuf>, state: &mut State, worker: &Worker) {
    let unsaved = state.session.as_ref().is_some_and(|session| !session.review.is_saved);
    if unsaved && state.leaving.as_ref() != Some(&paths) {
        state.leaving = Some(paths);
        return;
    }
    state.leaving = None;
    worker.cancel();
    state.last_job = state.last_job.saturating_add(1);
    // An older result beside a new path could be taken for the new one.
    state.session = None;
    state.view = View::Overview;
    if let [only] = paths.as_slice() {
        state.recent.retain(|known| known != only);
        state.recent.insert(0, only.clone());
        state.recent.truncate(RECENT);
    }
    state.running = Some(Running {
        job: state.last_job,
        paths: paths.clone(),
        step: "Opening",
        layer: None,
        done: 0,
        of: 0,
        cancelled: false,
    });
    state.closing = Closing::No;
    state.browse = None;
    let (key_manifest, trust_root) = keys(state);
    worker.submit(Job { number: state.last_job, paths, key_manifest, trust_root });
}

/// Takes in what the worker says.
pub fn take(event: Event, state: &mut State) {
    let current = state.running.as_ref().map(|running| running.job);
    match event {
        Event::Progress { job, step, done, of } if current == Some(job) => {
            if let Some(running) = &mut state.running {
                (running.step, running.done, running.of) = (step, done, of);
            }
        }
        Event::Finished { job, outcome } if current == Some(job) => {
            if let Some(running) = state.running.take() {
                state.session = Some(Session {
                    paths: running.paths,
                    reports: outcome.reports,
                    selected: 0,
                    cancelled: running.cancelled,
                    books: outcome.books,
                    batches: outcome.batches,
                    table: Table::beginning(&state.columns),
                    review: Review::new(outcome.content),
                    other: String::new(),
                    is_comparing: false,
                    compared: None,
                    report_file: String::new(),
                    report_said: None,
                    record: None,
                    proof: None,
                    source: None,
                });
            }
        }
        Event::Filtered { job, rows } => {
            let table = state.session.as_mut().map(|session| &mut session.table);
            if let Some(table) = table.filter(|table| table.job == job) {
                table.rows = Some(rows);
                table.is_filtering = false;
            }
        }
        Event::Saved(said) => {
            if let Some(session) = &mut state.session {
                session.table.saved = Some(said);
            }
        }
        Event::Review(done) => {
            if let Some(session) = &mut state.session {
                reviewed(done, &mut session.review);
                if session.review.is_saved {
                    state.leaving = None;
                    if state.closing == Closing::Unsaved {
                        state.closing = Closing::No;
                    }
                }
            }
        }
        Event::Record(record) => {
            if let Some(session) = &mut state.session
                && session.table.selected == Some(record.row)
            {
                session.record = Some(record);
            }
        }
        Event::Excerpt(excerpt) => {
            if let Some(session) = &mut state.session {
                session.source = Some(excerpt);
            }
        }
        Event::Layer { job, layer } if current == Some(job) => {
            if let Some(running) = &mut state.running {
                running.layer = Some(layer);
            }
        }
        Event::Compared(compared) => {
            if let Some(session) = &mut state.session {
                session.is_comparing = false;
                session.compared = Some(compared);
            }
        }
        Event::ReportSaved(said) => {
            if let Some(session) = &mut state.session {
                session.report_said = Some(said);
            }
        }
        Event::Rechecked(changed) if state.closing == Closing::Checking => {
            state.closing = if changed.is_empty() { Closing::Done } else { Closing::Changed(changed) };
        }
        Event::Progress { .. } | Event::Finished { .. } | Event::Layer { .. } | Event::Rechecked(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use verifier_core::workpaper::{Content, MarkStatus};

    use super::*;
    use crate::worker::Outcome;

    fn running(job: u64) -> State {
        let paths = vec!["a".into()];
        let running = Running { job, paths, step: "", layer: None, done: 0, of: 0, cancelled: false };
        State { running: Some(running), last_job: job, ..State::default() }
    }

    fn finished(job: u64) -> Event {
        let books = Err("none".to_owned());
        Event::Finished {
            job,
            outcome: Box::new(Outcome {
                reports: Vec::new(),
                books,
                batches: Arc::default(),
                content: Content::default(),
            }),
        }
    }

    #[test]
    fn events_of_an_older_job_change_nothing() {
        let mut state = running(2);
        let progress = |job| Event::Progress { job, step: "x", done: 5, of: 9 };
        take(progress(1), &mut state);
        take(finished(1), &mut state);
        assert!(state.session.is_none());
        assert_eq!(state.running.as_ref().map(|running| running.done), Some(0));
        take(progress(2), &mut state);
        assert_eq!(state.running.as_ref().map(|running| running.done), Some(5));
        take(finished(2), &mut state);
        assert!(state.running.is_none() && state.session.is_some());
        take(Event::Filtered { job: 7, rows: Arc::new(vec![1]) }, &mut state);
        assert!(state.session.is_some_and(|session| session.table.rows.is_none()));
    }

    #[test]
    fn an_unsaved_review_is_not_lost_by_one_key() {
        let worker = Worker::start(|| {});
        let mut state = running(1);
        take(finished(1), &mut state);
        let mark = ReviewCommand::Mark(MarkKind::Permit, "p".to_owned(), Some(MarkStatus::Checked));
        apply(Command::Review(mark), &mut state, &worker);
        let other = || Command::Open(vec!["/no/such/file".into()]);
        apply(other(), &mut state, &worker);
        assert!(state.session.is_some() && state.running.is_none());
        apply(Command::Close, &mut state, &worker);
        assert_eq!(state.closing, Closing::Unsaved);
        apply(other(), &mut state, &worker);
        assert!(state.session.is_none() && state.running.is_some());
    }

    #[test]
    fn opening_takes_the_old_result_away() {
        let worker = Worker::start(|| {});
        let mut state = running(1);
        take(finished(1), &mut state);
        apply(Command::EditPath("/no/such/file".to_owned()), &mut state, &worker);
        assert!(state.session.is_some());
        apply(Command::Show(View::Permits), &mut state, &worker);
        apply(Command::OpenField, &mut state, &worker);
        assert!(state.session.is_none());
        assert_eq!(state.view, View::Overview);
        assert_eq!(state.recent, [PathBuf::from("/no/such/file")]);
        assert_eq!(state.running.as_ref().map(|running| running.job), Some(2));
        apply(Command::Select(7), &mut state, &worker);
        apply(Command::Cancel, &mut state, &worker);
        assert!(state.running.is_some_and(|running| running.cancelled));
    }
}
