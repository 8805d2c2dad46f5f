//! Verification on a thread of its own: jobs in, events out.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use verifier_core::archive::{self, Source};
use verifier_core::bytes::Limits;
use verifier_core::evidence::{self, Batch};
use verifier_core::finding::Finding;
use verifier_core::finding::catalog::input::INTERNAL_ERROR;
use verifier_core::report::Report;
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeySource, NamedBlob, TrustPolicy};
use verifier_core::verify::{self, NoProgress, Progress};

/// What to verify.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number, repeated in its events.
    pub number: u64,
    /// Files, folders or archives.
    pub paths: Vec<PathBuf>,
    /// Where keys come from; the trust root when `None`.
    pub key_manifest: Option<PathBuf>,
    /// The trust root; the compiled-in one when `None`.
    pub trust_root: Option<PathBuf>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// How far a job is.
    Progress {
        /// The job.
        job: u64,
        /// Bytes read.
        done: u64,
        /// Bytes to read, about.
        of: u64,
    },
    /// A job ended.
    Finished {
        /// The job.
        job: u64,
        /// One report for each set of evidence.
        reports: Vec<Arc<Report>>,
    },
}

/// The thread that verifies.
#[derive(Debug)]
pub struct Worker {
    jobs: Sender<Job>,
    events: Receiver<Event>,
    /// Jobs up to this number are to stop.
    stopped: Arc<AtomicU64>,
    submitted: AtomicU64,
}

impl Worker {
    /// Starts the thread; `wake` is called after every event.
    pub fn start(wake: impl Fn() + Send + Sync + 'static) -> Self {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let (outbox, events) = mpsc::channel();
        let stopped = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&stopped);
        thread::spawn(move || {
            while let Ok(job) = inbox.recv() {
                let progress = JobProgress {
                    job: job.number,
                    last: Mutex::new(None),
                    outbox: &outbox,
                    wake: &wake,
                    seen: &seen,
                };
                let reports = run(&job, &progress).into_iter().map(Arc::new).collect();
                if outbox.send(Event::Finished { job: job.number, reports }).is_err() {
                    break;
                }
                wake();
            }
        });
        Self { jobs, events, stopped, submitted: AtomicU64::new(0) }
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

    /// The next event, if there is one.
    #[must_use]
    pub fn next_event(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Waits for an event, for tests.
    #[must_use]
    pub fn wait(&self, patience: Duration) -> Option<Event> {
        self.events.recv_timeout(patience).ok()
    }
}

struct JobProgress<'a> {
    job: u64,
    last: Mutex<Option<Instant>>,
    outbox: &'a Sender<Event>,
    wake: &'a (dyn Fn() + Sync),
    seen: &'a AtomicU64,
}

impl Progress for JobProgress<'_> {
    fn advance(&self, done: u64, of: u64) {
        let Ok(mut last) = self.last.try_lock() else { return };
        if last.is_some_and(|last| last.elapsed() < Duration::from_millis(50)) {
            return;
        }
        *last = Some(Instant::now());
        self.outbox.send(Event::Progress { job: self.job, done, of }).ok();
        (self.wake)();
    }

    fn cancelled(&self) -> bool {
        self.seen.load(Ordering::Relaxed) >= self.job
    }
}

fn run(job: &Job, progress: &JobProgress<'_>) -> Vec<Report> {
    let policy = policy(job);
    let verify = || -> Vec<Report> {
        let paths: Vec<&Path> = job.paths.iter().map(PathBuf::as_path).collect();
        let batches = evidence::gather(&paths, &policy.limits);
        batches.iter().flat_map(|batch| verify::verify_batch(batch, &policy, progress)).collect()
    };
    // Core promises not to panic; if it does, the window must not show an old or empty result.
    catch_unwind(AssertUnwindSafe(verify)).unwrap_or_else(|_| {
        let finding = Finding::lacks(&INTERNAL_ERROR, "the verification stopped inside the program");
        let batch = Batch { findings: vec![finding], ..Batch::default() };
        verify::verify_batch(&batch, &policy, &NoProgress)
    })
}

/// The strict default as of now.
fn policy(job: &Job) -> TrustPolicy {
    let mut policy = TrustPolicy::new(now());
    policy.workers = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    policy.trust_root = job.trust_root.as_ref().map(|path| named(path, &policy.limits));
    if let Some(path) = &job.key_manifest {
        policy.keys = KeySource::Manifest(named(path, &policy.limits));
    }
    policy
}

/// A key file; why it cannot be read is reported by the check that needs its keys.
fn named(path: &Path, limits: &Limits) -> NamedBlob {
    let name = path.to_string_lossy().into_owned();
    let read =
        archive::open(Source::Path(path), limits).map_err(|error| error.to_string()).and_then(|archive| {
            match archive.entries() {
                [only] => only.read(limits.document_bytes).map_err(|error| error.to_string()),
                _ => Err("it is not one file".to_owned()),
            }
        });
    let content = read.map_err(|why| format!("{name} cannot be read: {why}"));
    NamedBlob { name, content }
}

fn now() -> Timestamp {
    let micros = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|elapsed| i64::try_from(elapsed.as_micros()).ok())
        .and_then(Timestamp::from_unix_micros);
    // A clock outside the years 1970 to 9999 makes every key that has a validity unusable: fail closed.
    micros.or_else(|| Timestamp::from_unix_micros(0)).unwrap_or_else(|| unreachable!("1970 is a year"))
}

#[cfg(test)]
mod tests {
    use verifier_core::report::Outcome;

    use super::*;

    #[test]
    fn a_missing_file_is_reported_and_not_ignored() {
        let worker = Worker::start(|| {});
        worker.submit(Job {
            number: 3,
            paths: vec!["/no/such/file".into()],
            key_manifest: None,
            trust_root: None,
        });
        let Some(Event::Finished { job, reports }) = worker.wait(Duration::from_secs(60)) else {
            panic!("no report");
        };
        assert_eq!((job, reports.len()), (3, 1));
        assert_eq!(reports[0].outcome, Outcome::Unreadable);
        assert!(reports[0].has_code("INPUT_UNREADABLE"));
    }
}
