//! One verification: reports, then rows.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use verifier_core::archive::{self, Source};
use verifier_core::bytes::Limits;
use verifier_core::evidence::{self, Batch, Evidence};
use verifier_core::finding::Finding;
use verifier_core::finding::catalog::input::INTERNAL_ERROR;
use verifier_core::json::ParserLimits;
use verifier_core::ledger;
use verifier_core::report::Report;
use verifier_core::time::Timestamp;
use verifier_core::trust::kit::{self, Category};
use verifier_core::trust::{KeyRing, KeySource, NamedBlob, TrustPolicy};
use verifier_core::verify::{self, Layer, NoProgress, Progress};
use verifier_core::workpaper::Content;

use super::{Event, Job, Outcome, Told};
use crate::money::Books;

pub(super) struct JobProgress<'a> {
    pub(super) job: u64,
    pub(super) step: &'static str,
    pub(super) last: Mutex<Option<Instant>>,
    pub(super) outbox: &'a Sender<Told>,
    pub(super) wake: &'a (dyn Fn() + Send + Sync),
    pub(super) seen: &'a AtomicU64,
}

impl Progress for JobProgress<'_> {
    fn advance(&self, done: u64, of: u64) {
        let Ok(mut last) = self.last.try_lock() else { return };
        if last.is_some_and(|last| last.elapsed() < Duration::from_millis(50)) {
            return;
        }
        *last = Some(Instant::now());
        let event = Event::Progress { job: self.job, step: self.step, done, of };
        self.outbox.send(Told { session: None, event }).ok();
        (self.wake)();
    }

    fn layer(&self, layer: Layer) {
        self.outbox.send(Told { session: None, event: Event::Layer { job: self.job, layer } }).ok();
        (self.wake)();
    }

    fn cancelled(&self) -> bool {
        self.seen.load(Ordering::Relaxed) >= self.job
    }
}

pub(super) fn run(job: &Job, mut progress: JobProgress<'_>) -> Outcome {
    let policy = policy(job);
    let paths: Vec<&Path> = job.paths.iter().map(PathBuf::as_path).collect();
    // Core promises not to panic; if it does, the window must not show an old or empty result.
    let verified = catch_unwind(AssertUnwindSafe(|| {
        let batches = evidence::gather(&paths, &policy.limits);
        let mut reports = verify::verify_all(&batches, &policy, &|_| Cow::Borrowed(&policy), &progress);
        // Compared and done with; the window keeps the rest for hours.
        reports.iter_mut().for_each(|report| report.chains.clear());
        (batches, reports)
    }));
    let (batches, reports) = verified.unwrap_or_else(|_| {
        let finding = Finding::lacks(&INTERNAL_ERROR, "the verification stopped inside the program");
        let batch = Batch { findings: vec![finding], ..Batch::default() };
        (Vec::new(), verify::verify_batch(&batch, &policy, &NoProgress))
    });
    progress.step = "Reading rows";
    let rows = catch_unwind(AssertUnwindSafe(|| rows(&batches, &reports, &policy, &progress)));
    let books = rows.unwrap_or_else(|_| Err("reading the rows stopped inside the program".to_owned()));
    let content = Content::under("", &policy, &reports, None);
    Outcome {
        content,
        reports: reports.into_iter().map(Arc::new).collect(),
        books: books.map(Arc::new),
        batches: Arc::new(batches),
    }
}

fn rows(
    batches: &[Batch],
    reports: &[Report],
    policy: &TrustPolicy,
    progress: &JobProgress<'_>,
) -> Result<Books, String> {
    let sets: Vec<&Evidence> = batches.iter().flat_map(|batch| &batch.sets).collect();
    let ledger =
        ledger::read(&sets, &policy.limits, policy.workers, progress).map_err(|error| error.to_string())?;
    if ledger.permits.is_empty() && ledger.events.is_empty() {
        return Err("this evidence has no permit records and no budget bookings".to_owned());
    }
    Ok(Books::under(ledger, reports, KeyRing::load(policy).entries()))
}

/// The strict default as of now.
pub(super) fn policy(job: &Job) -> TrustPolicy {
    let mut policy = TrustPolicy::new(now());
    policy.workers = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    if let Some(path) = &job.trust_root {
        let file = named(path, &policy.limits);
        let parser = ParserLimits::from(&policy.limits);
        if file.content.as_ref().is_ok_and(|blob| kit::is_named(blob, parser)) {
            policy.adopt_kit(file);
        } else {
            policy.trust_root = Some(file);
        }
    }
    if let Some(path) = &job.key_manifest {
        policy.set_aside(Category::KeyManifests);
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

pub(crate) fn now() -> Timestamp {
    let micros = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|elapsed| i64::try_from(elapsed.as_micros()).ok())
        .and_then(Timestamp::from_unix_micros);
    // A clock outside the years 1970 to 9999 makes every key that has a validity unusable: fail closed.
    micros.or_else(|| Timestamp::from_unix_micros(0)).unwrap_or_else(|| unreachable!("1970 is a year"))
}
