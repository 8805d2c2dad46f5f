//! Times from outside the operator, and the places of the chain that they fix.

use super::chain::{Chains, Place};
use super::fold::Event;
use crate::claim::checkpoint::Anchor;
use crate::claim::tlog::{LogOrder, Witnessed};
use crate::report::Bound;
use crate::time::{Timestamp, UnixNanos};

/// A checkpoint whose head is an entry of the export.
pub(super) struct Fixed {
    pub(super) label: String,
    pub(super) head: Place,
    /// The chain reached the head no later than this.
    pub(super) by: Option<UnixNanos>,
    /// When the checkpoint says that it was made (microseconds).
    pub(super) computed: Option<i64>,
}

/// A witnessed tree head that the chain took in.
pub(super) struct Taken {
    pub(super) at: Place,
    pub(super) head: Witnessed,
}

impl Taken {
    fn source(&self) -> String {
        let Witnessed { origin, size, .. } = &self.head;
        format!("witnesses of log {origin} at size {size}, bound into entry {}", self.at.sequence)
    }
}

/// Everything that fixes the chain in time.
#[derive(Default)]
pub(super) struct Bounds<'a> {
    pub(super) fixed: Vec<Fixed>,
    pub(super) taken: Vec<Taken>,
    pub(super) log: Option<&'a LogOrder>,
}

/// Nanoseconds of a time in microseconds.
pub(super) fn nanos(micros: i64) -> UnixNanos {
    let seconds = UnixNanos::from_seconds(micros.div_euclid(1_000_000));
    seconds.plus(u64::try_from(micros.rem_euclid(1_000_000)).unwrap_or(0).saturating_mul(1_000))
}

pub(super) fn seconds(seconds: u64) -> UnixNanos {
    UnixNanos::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// A time in microseconds as text.
pub(super) fn text(micros: i64) -> String {
    Timestamp::from_unix_micros(micros).map_or_else(|| micros.to_string(), |time| time.to_rfc3339())
}

impl Bounds<'_> {
    pub(super) fn is_empty(&self) -> bool {
        let witnessed = self.log.is_some_and(|log| log.witnessed.is_some());
        self.taken.is_empty() && !witnessed && self.fixed.iter().all(|fixed| fixed.by.is_none())
    }

    /// The earliest outside time by which the entry existed. Witnesses cosign heads of a log that only ever grew, so
    /// that an entry of the newest head was there under every one that is larger than its index.
    pub(super) fn by(&self, event: Event, chains: &Chains) -> Option<(UnixNanos, Bound)> {
        let at = event.at;
        let fixed = self.fixed.iter().filter(|fixed| chains.linked(at, fixed.head)).filter_map(|fixed| {
            let source = format!("timestamp of checkpoint {}", fixed.label);
            fixed.by.map(|time| (time, source))
        });
        let log = self.log.and_then(|log| {
            let source = format!("witnesses of log {} at size {}", log.origin, log.size);
            log.witnessed.map(|time| (seconds(time.by), source))
        });
        let witnessed = self.log.filter(|log| log.witnessed.is_some());
        let logged = witnessed.zip(event.index).into_iter().flat_map(|(log, index)| {
            let covers = move |taken: &&Taken| taken.head.origin == log.origin && taken.head.size > index;
            self.taken.iter().filter(covers).map(|taken| (seconds(taken.head.time.by), taken.source()))
        });
        let (time, source) = fixed.chain(log).chain(logged).min_by_key(|(time, _)| *time)?;
        Some((time, Bound { time: time.to_string(), source }))
    }

    /// The latest outside time that the entry came after.
    pub(super) fn since(&self, at: Place, chains: &Chains) -> Option<(UnixNanos, Bound)> {
        let before = self.taken.iter().filter(|taken| taken.at != at && chains.linked(taken.at, at));
        let taken = before.max_by_key(|taken| taken.head.time.since)?;
        let time = seconds(taken.head.time.since);
        Some((time, Bound { time: time.to_string(), source: taken.source() }))
    }
}

/// A head that is another entry in the export.
pub(super) struct Contradicted {
    pub(super) scope: String,
    pub(super) sequence: i64,
    pub(super) in_checkpoint: [u8; 32],
    pub(super) in_export: [u8; 32],
}

/// The heads of a checkpoint that the export has, and those that it contradicts, with the hash that it has there.
pub(super) fn tie(
    anchor: &Anchor,
    chains: &Chains,
    hash_at: impl Fn(Place) -> Option<[u8; 32]>,
) -> (Vec<Fixed>, Vec<Contradicted>) {
    let (mut fixed, mut contradicted) = (Vec::new(), Vec::new());
    for (scope, sequence, hash) in &anchor.heads {
        let Some(number) = chains.known(scope) else { continue };
        let head = Place { scope: number, sequence: *sequence };
        match hash_at(head) {
            Some(found) if found == *hash => fixed.push(Fixed {
                label: anchor.label.clone(),
                head,
                by: anchor.by,
                computed: anchor.computed,
            }),
            Some(found) => contradicted.push(Contradicted {
                scope: scope.clone(),
                sequence: *sequence,
                in_checkpoint: *hash,
                in_export: found,
            }),
            None => {}
        }
    }
    (fixed, contradicted)
}
