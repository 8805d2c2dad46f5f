//! Batches of cut items: parsing them here or on worker threads, results in order.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};

use super::buffer::Buffer;
use super::cut::{Cutter, Found};
use super::{Item, Origin, PlacedAnomaly, Settings, Stop, StreamError, Visitor};
use crate::json::{JsonError, Parser, ParserLimits};

/// Kept anomalies of one kind; further ones change no verdict.
const ANOMALIES_KEPT: usize = 100;

/// Whole items, cut but not parsed.
pub(super) struct Batch {
    pub(super) bytes: Buffer,
    /// Offset of `bytes` in the decoded text.
    pub(super) base: u64,
    pub(super) origin: Origin,
    pub(super) name: &'static str,
    pub(super) first_index: u64,
    pub(super) items: Vec<(usize, usize)>,
    /// Whether the visitor sees the items; else they are only parsed.
    pub(super) is_visited: bool,
}

struct Done<R> {
    origin: Origin,
    rows: Vec<R>,
    anomalies: Vec<PlacedAnomaly>,
    error: Option<JsonError>,
    /// The memory of the batch, to be used again.
    bytes: Buffer,
}

/// Parses a batch and reduces it to rows, in memory that `rows` brings.
fn work_on<V: Visitor>(batch: Batch, rows: Vec<V::Row>, parser: &mut Parser, visitor: &V) -> Done<V::Row> {
    let mut done =
        Done { origin: batch.origin, rows, anomalies: Vec::new(), error: None, bytes: Buffer::default() };
    done.rows.reserve(if batch.is_visited { batch.items.len() } else { 0 });
    // Once for the batch instead of once for each record; a batch that is not UTF-8 is sorted out record by record.
    let held = batch.bytes.as_slice();
    let text = std::str::from_utf8(held).ok();
    for (index, (start, end)) in (batch.first_index..).zip(&batch.items) {
        let bytes = held.get(*start..*end).unwrap_or_default();
        let base = batch.base + u64::try_from(*start).unwrap_or(0);
        let parsed = match text.and_then(|text| text.get(*start..*end)) {
            Some(text) => parser.parse_text(text, base),
            None => parser.parse(bytes, base),
        };
        match parsed {
            Ok(_) if !batch.is_visited => {}
            Ok(value) => done.rows.push(visitor.visit(Item { origin: batch.origin, index, value })),
            Err(error) => {
                done.error = Some(error);
                break;
            }
        }
        if parser.has_anomalies() {
            let prefix =
                if batch.name.is_empty() { format!("/{index}") } else { format!("/{}/{index}", batch.name) };
            done.anomalies.extend(parser.anomalies(bytes).map(|(kind, value)| PlacedAnomaly {
                kind,
                pointer: format!("{prefix}{}", value.pointer()),
                span: value.span(),
            }));
        }
    }
    done.bytes = batch.bytes;
    done
}

/// Batches that wait for one worker.
const QUEUED: usize = 2;

/// Cuts on the calling thread, and parses there and on the others. What is found besides rows is added to
/// `anomalies`.
///
/// A batch goes to a worker that has room. When none has, the calling thread would have to wait and works on it
/// itself. Results are taken in the order of the batches.
pub(super) fn run<V: Visitor>(
    decoded: &mut dyn Read,
    settings: Settings<'_>,
    progress: &dyn Fn() -> Result<(), StreamError>,
    visitor: &V,
    collect: &mut dyn FnMut(Origin, &mut Vec<V::Row>),
    anomalies: &mut Vec<PlacedAnomaly>,
) -> Result<Found, Stop> {
    let parser = || Parser::new(ParserLimits::from(settings.limits)).marking(V::NAMES);
    std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for _ in 1..settings.workers.get() {
            let (input, batches) = sync_channel::<(Batch, Vec<V::Row>)>(QUEUED);
            let (finished, output) = channel();
            workers.push(Worker { input, output });
            scope.spawn(move || {
                let mut parser = parser();
                for (batch, rows) in batches {
                    if finished.send(work_on(batch, rows, &mut parser, visitor)).is_err() {
                        return;
                    }
                }
            });
        }
        let mut team = Team {
            workers,
            next: 0,
            pending: VecDeque::new(),
            parser: parser(),
            visitor,
            collect,
            anomalies,
            spare_bytes: Vec::new(),
            spare_rows: Vec::new(),
        };
        let found = Cutter::new(decoded, settings, progress, &mut |batch| team.work(batch)).document();
        // An error in an earlier batch comes before one that the cutter met further on.
        while !team.pending.is_empty() {
            team.take_first()?;
        }
        found
    })
}

struct Worker<R> {
    input: SyncSender<(Batch, Vec<R>)>,
    /// Results in the order of the input.
    output: Receiver<Done<R>>,
}

/// Where the result of a batch is.
enum Pending<R> {
    Here(Done<R>),
    /// With the worker at this position.
    Worker(usize),
}

/// The calling thread and its workers.
struct Team<'t, V: Visitor> {
    workers: Vec<Worker<V::Row>>,
    /// The worker to be asked first.
    next: usize,
    /// Results not yet taken, in order.
    pending: VecDeque<Pending<V::Row>>,
    parser: Parser,
    visitor: &'t V,
    collect: &'t mut dyn FnMut(Origin, &mut Vec<V::Row>),
    anomalies: &'t mut Vec<PlacedAnomaly>,
    spare_bytes: Vec<Buffer>,
    spare_rows: Vec<Vec<V::Row>>,
}

impl<V: Visitor> Team<'_, V> {
    /// Takes a batch and the results that are there, and gives back memory for the next batch.
    fn work(&mut self, batch: Batch) -> Result<Buffer, Stop> {
        let pending = self.hand_on(batch);
        self.pending.push_back(pending);
        while self.is_first_here() || self.pending.len() > (QUEUED + 2) * (self.workers.len() + 1) {
            self.take_first()?;
        }
        Ok(self.spare_bytes.pop().unwrap_or_default())
    }

    /// Gives a batch to a worker that has room, or works on it.
    fn hand_on(&mut self, batch: Batch) -> Pending<V::Row> {
        let mut task = (batch, self.spare_rows.pop().unwrap_or_default());
        for _ in 0..self.workers.len() {
            let position = self.next % self.workers.len();
            self.next = position + 1;
            let Some(worker) = self.workers.get(position) else { break };
            match worker.input.try_send(task) {
                Ok(()) => return Pending::Worker(position),
                Err(TrySendError::Full(back) | TrySendError::Disconnected(back)) => task = back,
            }
        }
        Pending::Here(work_on(task.0, task.1, &mut self.parser, self.visitor))
    }

    /// Fetches the first result if it is there.
    fn is_first_here(&mut self) -> bool {
        if let Some(Pending::Worker(position)) = self.pending.front()
            && let Some(Ok(done)) = self.workers.get(*position).map(|worker| worker.output.try_recv())
            && let Some(first) = self.pending.front_mut()
        {
            *first = Pending::Here(done);
        }
        matches!(self.pending.front(), Some(Pending::Here(_)))
    }

    /// Takes the first result, waiting for it if need be.
    fn take_first(&mut self) -> Result<(), Stop> {
        let done = match self.pending.pop_front() {
            None => return Ok(()),
            Some(Pending::Here(done)) => Some(done),
            Some(Pending::Worker(position)) => {
                self.workers.get(position).and_then(|worker| worker.output.recv().ok())
            }
        };
        let stopped = || Stop::Stream(StreamError::Read(std::io::Error::other("a worker thread stopped")));
        let mut done = done.ok_or_else(stopped)?;
        (self.collect)(done.origin, &mut done.rows);
        done.rows.clear();
        for anomaly in done.anomalies {
            if self.anomalies.iter().filter(|kept| kept.kind == anomaly.kind).count() < ANOMALIES_KEPT {
                self.anomalies.push(anomaly);
            }
        }
        self.spare_rows.push(done.rows);
        self.spare_bytes.push(done.bytes);
        done.error.map_or(Ok(()), |error| Err(Stop::Json(error)))
    }
}
