//! Batches of cut items: parsing them here or on worker threads, results in order.

use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::cut::{Cutter, Found};
use super::{Item, Origin, PlacedAnomaly, Settings, Stop, StreamError, Visitor};
use crate::json::{JsonError, Parser, ParserLimits};

/// Kept anomalies of one kind; further ones change no verdict.
const ANOMALIES_KEPT: usize = 100;

/// Whole items, cut but not parsed.
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
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
    bytes: Vec<u8>,
}

fn work_on<V: Visitor>(batch: Batch, parser: &mut Parser, visitor: &V) -> Done<V::Row> {
    let mut done = Done {
        origin: batch.origin,
        rows: Vec::with_capacity(if batch.is_visited { batch.items.len() } else { 0 }),
        anomalies: Vec::new(),
        error: None,
        bytes: Vec::new(),
    };
    // Once for the batch instead of once for each record; a batch that is not UTF-8 is sorted out record by record.
    let text = std::str::from_utf8(&batch.bytes).ok();
    for (index, (start, end)) in (batch.first_index..).zip(&batch.items) {
        let bytes = batch.bytes.get(*start..*end).unwrap_or_default();
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

#[derive(Default)]
pub(super) struct Anomalies {
    pub(super) kept: Vec<PlacedAnomaly>,
}

impl Anomalies {
    fn take<R>(&mut self, done: Done<R>, collect: &mut dyn FnMut(Origin, R)) -> Result<Vec<u8>, Stop> {
        for row in done.rows {
            collect(done.origin, row);
        }
        for anomaly in done.anomalies {
            if self.kept.iter().filter(|kept| kept.kind == anomaly.kind).count() < ANOMALIES_KEPT {
                self.kept.push(anomaly);
            }
        }
        done.error.map_or(Ok(done.bytes), |error| Err(Stop::Json(error)))
    }
}

/// Everything on the calling thread.
pub(super) fn inline<V: Visitor>(
    decoded: &mut dyn Read,
    settings: Settings<'_>,
    progress: &dyn Fn() -> Result<(), StreamError>,
    visitor: &V,
    collect: &mut dyn FnMut(Origin, V::Row),
    anomalies: &mut Anomalies,
) -> Result<Found, Stop> {
    let mut parser = Parser::new(ParserLimits::from(settings.limits)).numbering(V::NAMES);
    let mut work = |batch: Batch| anomalies.take(work_on(batch, &mut parser, visitor), collect);
    Cutter::new(decoded, settings, progress, &mut work).document()
}

/// Cutting on the calling thread, parsing on the others.
///
/// Batch n goes to worker n modulo their number, and results are taken in the same rotation, so order
/// needs no bookkeeping; at most three batches wait for each worker.
pub(super) fn parallel<V: Visitor>(
    decoded: &mut dyn Read,
    settings: Settings<'_>,
    progress: &dyn Fn() -> Result<(), StreamError>,
    visitor: &V,
    collect: &mut dyn FnMut(Origin, V::Row),
    anomalies: &mut Anomalies,
) -> Result<Found, Stop> {
    let workers = settings.workers.get();
    let limits = ParserLimits::from(settings.limits);
    let stopped = || Stop::Stream(StreamError::Read(std::io::Error::other("a worker thread stopped")));
    std::thread::scope(|scope| {
        let mut inputs: Vec<SyncSender<Batch>> = Vec::with_capacity(workers);
        let mut outputs: Vec<Receiver<Done<V::Row>>> = Vec::with_capacity(workers);
        for _ in 0..workers {
            let (input, batches) = sync_channel::<Batch>(3);
            let (finished, output) = sync_channel::<Done<V::Row>>(3);
            inputs.push(input);
            outputs.push(output);
            scope.spawn(move || {
                let mut parser = Parser::new(limits).numbering(V::NAMES);
                for batch in batches {
                    if finished.send(work_on(batch, &mut parser, visitor)).is_err() {
                        return;
                    }
                }
            });
        }
        let mut sent = 0usize;
        let mut taken = 0usize;
        let mut take_one = |position: usize| match outputs.get(position % workers).map(Receiver::recv) {
            Some(Ok(done)) => anomalies.take(done, collect),
            _ => Err(stopped()),
        };
        let mut work = |batch: Batch| {
            let mut spare = Vec::new();
            if sent - taken >= workers * 3 {
                taken += 1;
                spare = take_one(taken - 1)?;
            }
            let accepted = inputs.get(sent % workers).is_some_and(|input| input.send(batch).is_ok());
            sent += 1;
            if accepted { Ok(spare) } else { Err(stopped()) }
        };
        let found = Cutter::new(decoded, settings, progress, &mut work).document();
        // An error in an earlier batch comes before one that the cutter met further on.
        while taken < sent {
            taken += 1;
            take_one(taken - 1)?;
        }
        found
    })
}
