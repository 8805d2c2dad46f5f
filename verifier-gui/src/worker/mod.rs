//! Work off the window's thread: verification on one thread, filters and excerpts on another, so that a table can be
//! filtered while something else is verified.

mod compare;
mod excerpt;
mod files;
mod record;
mod review;
mod verify;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use verifier_core::evidence::{Batch, Layer};
use verifier_core::finding::Location;
use verifier_core::report::Report;
use verifier_core::workpaper::Content;

use crate::export::{self, Sheet};
use crate::filter::{Field, Filter};
use crate::money::Books;
use crate::state::{Compared, Excerpt, Record};
use crate::table;

pub use review::{ReviewWork, Reviewed};
pub(crate) use verify::now;

/// What to verify.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number, repeated in its events.
    pub number: u64,
    /// Files, folders or archives.
    pub paths: Vec<PathBuf>,
    /// Where keys come from; the trust root when `None`.
    pub key_manifest: Option<PathBuf>,
    /// The trust root, or a trust kit, which its content says; the compiled-in root when `None`.
    pub trust_root: Option<PathBuf>,
}

/// Everything that a verification gives.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// One report for each set of evidence.
    pub reports: Vec<Arc<Report>>,
    /// The rows of all of them, or why there are none.
    pub books: Result<Arc<Books>, String>,
    /// The evidence, to read places of it again.
    pub batches: Arc<Vec<Batch>>,
    /// What a review of it begins with.
    pub content: Content,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A layer of checks begins.
    Layer {
        /// The job.
        job: u64,
        /// The layer.
        layer: Layer,
    },
    /// Two archives were compared.
    Compared(Result<Arc<Compared>, String>),
    /// The report was written, or why it was not.
    ReportSaved(Result<String, String>),
    /// The evidence was read once more; these files changed.
    Rechecked(Vec<String>),
    /// How far a job is.
    Progress {
        /// The job.
        job: u64,
        /// What it is doing.
        step: &'static str,
        /// Bytes read.
        done: u64,
        /// Bytes to read, about.
        of: u64,
    },
    /// A job ended.
    Finished {
        /// The job.
        job: u64,
        /// What it gave.
        outcome: Box<Outcome>,
    },
    /// Rows were selected.
    Filtered {
        /// The filter job.
        job: u64,
        /// Positions of the rows.
        rows: Arc<Vec<u32>>,
    },
    /// A place was read.
    Excerpt(Excerpt),
    /// A record was read.
    Record(Record),
    /// The table was written, or why it was not.
    Saved(Result<String, String>),
    /// Something about the review was done, or why it was not.
    Review(Result<Reviewed, String>),
}

/// A question that is answered at once.
enum Quick {
    Filter { job: u64, books: Arc<Books>, filter: Filter, sort: Option<(Field, bool)> },
    Excerpt { batches: Arc<Vec<Batch>>, location: Location },
    Save { books: Arc<Books>, sheet: Sheet, path: PathBuf },
    Review(ReviewWork),
    Report { reports: Vec<Arc<Report>>, path: PathBuf },
    Record { batches: Arc<Vec<Batch>>, row: u32, location: Location },
}

/// An event, and the job whose evidence it is about; `None` for events that name their job.
#[derive(Debug)]
pub(crate) struct Told {
    session: Option<u64>,
    event: Event,
}

/// Answers a question; `None` for one that was overtaken by a newer one.
fn answer(question: Quick, newest: &AtomicU64) -> Option<Event> {
    Some(match question {
        Quick::Filter { job, books, filter, sort } => {
            let is_old = || newest.load(Ordering::Relaxed) > job;
            let rows = table::select(&books.ledger, filter, sort, &is_old)?;
            Event::Filtered { job, rows: Arc::new(rows) }
        }
        Quick::Excerpt { batches, location } => Event::Excerpt(excerpt::read(&batches, location)),
        Quick::Save { books, sheet, path } => {
            let name = path.to_string_lossy();
            Event::Saved(match export::save(&books, &sheet, &path) {
                Ok(rows) => Ok(format!("{rows} rows written to {name}")),
                Err(error) => Err(format!("{name} was not written: {error}")),
            })
        }
        Quick::Record { batches, row, location } => Event::Record(record::read(&batches, row, &location)),
        Quick::Report { reports, path } => Event::ReportSaved(files::save(&reports, &path)),
        Quick::Review(work) => Event::Review(review::run(work)),
    })
}

/// The threads.
pub struct Worker {
    jobs: Sender<Job>,
    quick: Sender<(u64, Quick)>,
    events: Receiver<Told>,
    outbox: Sender<Told>,
    wake: Arc<dyn Fn() + Send + Sync>,
    /// Jobs up to this number are to stop.
    stopped: Arc<AtomicU64>,
    submitted: AtomicU64,
    /// The newest filter job; older ones stop.
    filter: Arc<AtomicU64>,
}

impl Worker {
    /// Starts the threads; `wake` is called after every event.
    pub fn start(wake: impl Fn() + Send + Sync + 'static) -> Self {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let (quick, questions) = mpsc::channel::<(u64, Quick)>();
        let (outbox, events) = mpsc::channel();
        let stopped = Arc::new(AtomicU64::new(0));
        let filter = Arc::new(AtomicU64::new(0));
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(wake);
        let (seen, answers, waker) = (Arc::clone(&stopped), outbox.clone(), Arc::clone(&wake));
        let (own_outbox, own_wake) = (outbox.clone(), Arc::clone(&wake));
        thread::spawn(move || {
            while let Ok(job) = inbox.recv() {
                let progress = verify::JobProgress {
                    job: job.number,
                    step: "Verifying",
                    last: Mutex::new(None),
                    outbox: &outbox,
                    wake: &*wake,
                    seen: &seen,
                };
                let outcome = Box::new(verify::run(&job, progress));
                let event = Event::Finished { job: job.number, outcome };
                if outbox.send(Told { session: None, event }).is_err() {
                    break;
                }
                wake();
            }
        });
        let newest = Arc::clone(&filter);
        thread::spawn(move || {
            while let Ok((session, question)) = questions.recv() {
                let Some(event) = answer(question, &newest) else { continue };
                if answers.send(Told { session: Some(session), event }).is_err() {
                    break;
                }
                waker();
            }
        });
        Self {
            jobs,
            quick,
            events,
            outbox: own_outbox,
            wake: own_wake,
            stopped,
            submitted: AtomicU64::new(0),
            filter,
        }
    }

    /// Queues a job.
    pub fn submit(&self, job: Job) {
        self.submitted.store(job.number, Ordering::Relaxed);
        self.jobs.send(job).ok();
    }

    /// Asks every job so far to stop.
    pub fn cancel(&self) {
        self.stopped.store(self.submitted.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Selects rows; an older selection that is under way stops.
    pub fn filter(&self, job: u64, books: Arc<Books>, filter: Filter, sort: Option<(Field, bool)>) {
        self.filter.store(job, Ordering::Relaxed);
        self.ask(Quick::Filter { job, books, filter, sort });
    }

    /// Reads the bytes of a place.
    pub fn excerpt(&self, batches: Arc<Vec<Batch>>, location: Location) {
        self.ask(Quick::Excerpt { batches, location });
    }

    /// Writes the table.
    pub fn save(&self, books: Arc<Books>, sheet: Sheet, path: PathBuf) {
        self.ask(Quick::Save { books, sheet, path });
    }

    /// Reads the members of a record.
    pub fn record(&self, batches: Arc<Vec<Batch>>, row: u32, location: Location) {
        self.ask(Quick::Record { batches, row, location });
    }

    /// Writes the report.
    pub fn save_report(&self, reports: Vec<Arc<Report>>, path: PathBuf) {
        self.ask(Quick::Report { reports, path });
    }

    /// Compares what is open with the paths of `job`, on a thread of its own.
    pub fn compare(&self, batches: Arc<Vec<Batch>>, job: Job) {
        self.aside(move || {
            // Core promises not to panic; if it does, the window must not wait for ever.
            let compared = catch_unwind(AssertUnwindSafe(|| compare::run(&batches, &job)));
            let compared =
                compared.unwrap_or_else(|_| Err("the comparison stopped inside the program".to_owned()));
            Event::Compared(compared.map(Arc::new))
        });
    }

    /// Reads the evidence once more, on a thread of its own.
    pub fn recheck(&self, batches: Arc<Vec<Batch>>, reports: Vec<Arc<Report>>) {
        self.aside(move || Event::Rechecked(files::changed(&batches, &reports)));
    }

    fn aside(&self, work: impl FnOnce() -> Event + Send + 'static) {
        let (outbox, wake) = (self.outbox.clone(), Arc::clone(&self.wake));
        let session = Some(self.submitted.load(Ordering::Relaxed));
        thread::spawn(move || {
            outbox.send(Told { session, event: work() }).ok();
            wake();
        });
    }

    fn ask(&self, question: Quick) {
        self.quick.send((self.submitted.load(Ordering::Relaxed), question)).ok();
    }

    /// Whether an event is about what is open now. An answer about evidence that was open before would be shown as one
    /// about the present one.
    fn is_current(&self, told: &Told) -> bool {
        told.session.is_none_or(|session| session == self.submitted.load(Ordering::Relaxed))
    }

    /// Does something about the review.
    pub fn review(&self, work: ReviewWork) {
        self.ask(Quick::Review(work));
    }

    /// The next event, if there is one.
    #[must_use]
    pub fn next_event(&self) -> Option<Event> {
        loop {
            let told = self.events.try_recv().ok()?;
            if self.is_current(&told) {
                return Some(told.event);
            }
        }
    }

    /// Waits for an event, for tests.
    #[must_use]
    pub fn wait(&self, patience: Duration) -> Option<Event> {
        loop {
            let told = self.events.recv_timeout(patience).ok()?;
            if self.is_current(&told) {
                return Some(told.event);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use verifier_core::report::Outcome;

    use super::*;

    #[test]
    fn a_missing_file_is_reported_and_not_ignored() {
        let worker = Worker::start(|| {});
        let paths = vec!["/no/such/file".into()];
        worker.submit(Job { number: 3, paths, key_manifest: None, trust_root: None });
        let Some(Event::Finished { job, outcome }) = worker.wait(Duration::from_secs(60)) else {
            panic!("no report");
        };
        assert_eq!((job, outcome.reports.len()), (3, 1));
        assert_eq!(outcome.reports[0].outcome, Outcome::Unreadable);
        assert!(outcome.reports[0].has_code("INPUT_UNREADABLE"));
        assert!(outcome.books.is_err());
    }

    /// An answer about evidence that was open before must not be shown as one about the present one.
    #[test]
    fn late_answers_are_dropped() {
        let worker = Worker::start(|| {});
        let job = |number| Job {
            number,
            paths: vec!["/no/such/file".into()],
            key_manifest: None,
            trust_root: None,
        };
        worker.submit(job(1));
        let finished = |worker: &Worker, number| {
            while !matches!(worker.wait(Duration::from_secs(60)), Some(Event::Finished { job, .. }) if job == number)
            {
            }
        };
        finished(&worker, 1);
        worker.compare(Arc::default(), job(1));
        worker.recheck(Arc::default(), Vec::new());
        worker.submit(job(2));
        finished(&worker, 2);
        assert!(worker.wait(Duration::from_millis(300)).is_none());
        worker.recheck(Arc::default(), Vec::new());
        assert!(matches!(worker.wait(Duration::from_secs(60)), Some(Event::Rechecked(_))));
    }
}
