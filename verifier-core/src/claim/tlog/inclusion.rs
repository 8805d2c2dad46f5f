//! Chain entries of an export in a log: `<export>.tlog-proofs`, a path for every entry under one signed head.
//!
//! A leaf is the canonical form of a whole chain entry, payload included, which the record hash v1 does not cover. The
//! verifier hashes the entries of the export itself; the proofs bring paths and nothing else. No proofs establish
//! nothing and are no fault; a proof that does not hold is a contradiction.

use std::io::{self, Read};
use std::num::NonZeroUsize;

use super::{INCLUSION, TrustedHead, WITNESS, head, policy};
use crate::canon::{self, Profile};
use crate::claim::export::{EntryPlace, Export, STREAMED, file_name};
use crate::evidence::stream::{self, Item, Origin, Settings, Visitor};
use crate::finding::catalog::{input, tlog as code};
use crate::finding::{Code, Effect, Finding, Location, Verdict};
use crate::json::Value;
use crate::merkle::rfc6962::{Hash, ProofError, leaf_hash, verify_inclusion};
use crate::report::{ReportBuilder, Requested, Subject};
use crate::tlog::proof::{Path, ProofFileError, ProofStreamError};
use crate::tlog::{ProofStream, QuorumTime};

/// What is added to the name of an export's file.
pub(crate) const SUFFIX: &str = ".tlog-proofs";
const STEP: &str = "tlog.inclusion";
const TITLE: &str = "inclusion of chain entries in a transparency log";

/// Where the entries of an export stand in a log that has all of them.
pub(crate) struct LogOrder {
    pub(crate) origin: String,
    pub(crate) size: u64,
    /// When enough trusted witnesses had cosigned the head.
    pub(crate) witnessed: Option<QuorumTime>,
    /// By event id.
    indexes: Vec<(String, u64)>,
}

impl LogOrder {
    /// The index of the entry with this event id.
    pub(crate) fn index(&self, event_id: &str) -> Option<u64> {
        let at = self.indexes.binary_search_by(|(known, _)| known.as_str().cmp(event_id)).ok()?;
        self.indexes.get(at).map(|(_, index)| *index)
    }
}

/// Checks the proofs beside an export. Gives the order of the log when every entry is in it.
pub(crate) fn check(export: &Export<'_>, out: &mut ReportBuilder) -> Option<LogOrder> {
    let payload = &export.set.payload;
    let name = format!("{}{SUFFIX}", file_name(&payload.label));
    let Ok(Some(entry)) = payload.siblings.find(&name) else {
        absent(export, out);
        return None;
    };
    let place = Location::file(format!("{}{SUFFIX}", payload.label));
    out.claim(INCLUSION, Requested::Automatic);
    let fail = |finding: Finding, out: &mut ReportBuilder| {
        out.unsupported(INCLUSION, subject(export), finding.at(place.clone()));
        out.skipped(STEP, TITLE, "the proofs cannot be used");
        None
    };
    let stream = || {
        let source = entry.open().map_err(|error| ProofStreamError::Read(io::Error::other(error)))?;
        ProofStream::begin(source)
    };
    let text = match stream().and_then(ProofStream::head) {
        Ok(text) => text,
        Err(error) => return fail(refused(&error), out),
    };
    let (logs, as_of) = (&export.policy.logs, &export.policy.as_of);
    let Some(trusted) = head(&text, logs, as_of, INCLUSION, &place, out) else {
        out.skipped(STEP, TITLE, "the head of the proofs is not one of a trusted log");
        return None;
    };
    let entries = match Entries::read(export) {
        Ok(entries) => entries,
        Err(why) => return fail(Finding::lacks(&input::INPUT_UNREADABLE, why), out),
    };
    match stream().and_then(|stream| entries.prove(stream, &trusted, export.policy.workers)) {
        Ok(result) => result.report(export, &trusted, &place, out),
        Err(error) => fail(refused(&error), out),
    }
}

fn refused(error: &ProofStreamError) -> Finding {
    match error {
        ProofStreamError::Read(error) => Finding::lacks(&input::INPUT_UNREADABLE, error.to_string()),
        other => Finding::disproves(&code::TLOG_PROOF_MALFORMED, other.to_string()),
    }
}

fn subject(export: &Export<'_>) -> Subject {
    Subject::new("chain_entries", file_name(&export.set.payload.label))
}

/// Nothing is beside the export. Whoever named a log, or requires the claim, is told in it.
fn absent(export: &Export<'_>, out: &mut ReportBuilder) {
    const REASON: &str = "no inclusion proofs are beside the export";
    out.skipped(STEP, TITLE, REASON);
    let logs = &export.policy.logs;
    let is_asked = [INCLUSION, WITNESS].iter().any(|claim| export.policy.require.contains(*claim));
    if logs.keys.is_empty() && logs.policy.is_none() && !is_asked {
        return;
    }
    out.claim(INCLUSION, Requested::Automatic);
    let finding = match policy(logs) {
        Ok(_) => limits(&code::TLOG_INCLUSION_MISSING, REASON),
        Err(why) => Finding::lacks(&code::TLOG_POLICY_INVALID, why),
    };
    out.unsupported(INCLUSION, subject(export), finding.at(export.place(None, (0, 0))));
}

/// Absence: it fails the run only where the claim is required.
fn limits(code: &'static Code, message: impl Into<String>) -> Finding {
    Finding::new(code, Effect::Limits { verdict: Verdict::InsufficientEvidence }, message)
}

/// The chain entries of an export.
struct Entries {
    /// In the order of their event ids.
    named: Vec<Leaf>,
    /// Entries without an event id, which no proof can name.
    nameless: u64,
}

impl Entries {
    fn read(export: &Export<'_>) -> Result<Self, String> {
        let settings = Settings {
            limits: &export.policy.limits,
            workers: export.policy.workers,
            arrays: STREAMED,
            predict: false,
        };
        let mut entries = Self { named: Vec::new(), nameless: 0 };
        let mut collect = |_: Origin, rows: &mut Vec<Vec<Leaf>>| {
            for row in rows.drain(..).flatten() {
                if row.event_id.is_empty() {
                    entries.nameless += 1;
                } else {
                    entries.named.push(row);
                }
            }
        };
        let source = export.set.payload.entry.open().map_err(|error| error.to_string())?;
        let streamed = stream::run(source, settings, &Leaves, &mut collect, &|_| true)
            .map_err(|error| error.to_string())?;
        if streamed.sha256 != export.streamed.sha256 {
            return Err("the export changed while it was read".to_owned());
        }
        entries.named.sort_by(|one, other| one.event_id.cmp(&other.event_id));
        Ok(entries)
    }

    /// Verifies every proof against the entries that it names.
    fn prove(
        self,
        mut proofs: ProofStream<impl Read>,
        trusted: &TrustedHead<'_>,
        workers: NonZeroUsize,
    ) -> Result<Proven, ProofStreamError> {
        let mut proven = Proven { without: self.nameless, ..Proven::default() };
        let mut indexes = vec![None; self.named.len()];
        let mut batch: Vec<(Path, &[Leaf])> = Vec::new();
        loop {
            let number = proofs.line_number() + 1;
            let line = proofs.entry()?;
            let is_last = line.is_none();
            if let Some((event, path)) = line {
                let from = self.named.partition_point(|leaf| leaf.event_id.as_str() < event);
                let to = self.named.partition_point(|leaf| leaf.event_id.as_str() <= event);
                let known = indexes.get_mut(from..to).unwrap_or_default();
                if known.iter().any(Option::is_some) {
                    return Err(ProofFileError::Repeated(number).into());
                }
                known.fill(Some(path.index));
                match self.named.get(from..to) {
                    Some(leaves) if !leaves.is_empty() => batch.push((path, leaves)),
                    _ => {
                        proven.unused += 1;
                        proven.first_unused.get_or_insert_with(|| event.to_owned());
                    }
                }
            }
            if is_last || batch.len() >= BATCH {
                let judge = |(path, leaves): &(Path, &[Leaf])| -> Vec<Result<(), ProofError>> {
                    leaves.iter().map(|leaf| leaf.is_under(path, trusted)).collect()
                };
                let judged = crate::par::map(workers, &batch, judge);
                for ((_, leaves), results) in batch.drain(..).zip(judged) {
                    for (leaf, result) in leaves.iter().zip(results) {
                        match result {
                            Ok(()) => proven.included += 1,
                            Err(error) => proven.wrong.push((leaf.clone(), error)),
                        }
                    }
                }
            }
            if is_last {
                break;
            }
        }
        for (leaf, index) in self.named.into_iter().zip(indexes) {
            match index {
                Some(index) => proven.indexes.push((leaf.event_id, index)),
                None => {
                    proven.without += 1;
                    proven.first_without.get_or_insert(leaf);
                }
            }
        }
        Ok(proven)
    }
}

/// Proofs that are verified at one time.
const BATCH: usize = 8192;

/// What the proofs come to.
#[derive(Default)]
struct Proven {
    included: u64,
    /// Of every entry that a proof names, by event id.
    indexes: Vec<(String, u64)>,
    wrong: Vec<(Leaf, ProofError)>,
    without: u64,
    first_without: Option<Leaf>,
    unused: u64,
    first_unused: Option<String>,
}

impl Proven {
    fn report(
        self,
        export: &Export<'_>,
        trusted: &TrustedHead<'_>,
        proofs: &Location,
        out: &mut ReportBuilder,
    ) -> Option<LogOrder> {
        let counts = [
            ("proofs that hold", self.included),
            ("proofs that do not", u64::try_from(self.wrong.len()).unwrap_or(u64::MAX)),
            ("entries without", self.without),
        ];
        let clean = self.wrong.is_empty() && self.without == 0;
        for (leaf, error) in self.wrong {
            let code = match error {
                ProofError::IndexOutOfRange => &code::TLOG_INDEX_OUT_OF_RANGE,
                ProofError::WrongLength { .. } => &code::TLOG_PROOF_LENGTH,
                _ => &code::TLOG_INCLUSION_INVALID,
            };
            let finding = Finding::disproves(code, format!("event_id={}: {error}", leaf.event_id));
            let finding = finding.at(export.place(Some(leaf.place.pointer()), leaf.span));
            out.unsupported(INCLUSION, subject(export), finding);
        }
        if self.without > 0 {
            let first =
                self.first_without.as_ref().map(|leaf| format!(", such as event_id={}", leaf.event_id));
            let message =
                format!("{} chain entries have no proof{}", self.without, first.unwrap_or_default());
            let finding = limits(&code::TLOG_INCLUSION_MISSING, message).at(match &self.first_without {
                Some(leaf) => export.place(Some(leaf.place.pointer()), leaf.span),
                None => proofs.clone(),
            });
            out.unsupported(INCLUSION, subject(export), finding);
        }
        if let Some(event) = self.first_unused {
            let message = format!("{} proofs are of entries that are not here, such as {event}", self.unused);
            out.finding(Finding::notes(&code::TLOG_PROOF_UNUSED, message).on(INCLUSION).at(proofs.clone()));
        }
        let head = &trusted.head;
        if clean && self.included == 0 {
            let finding = limits(&code::TLOG_INCLUSION_MISSING, "the export has no chain entries");
            out.unsupported(INCLUSION, subject(export), finding.at(proofs.clone()));
        } else if clean {
            let message = format!(
                "{} entries are under the head of {} at size {}",
                self.included, head.origin, head.size
            );
            out.supported(INCLUSION, subject(export), &code::TLOG_INCLUSION_SUPPORTED, message);
        }
        out.epistemic(INCLUSION, "log", head.origin);
        out.epistemic(INCLUSION, "tree_size", &head.size.to_string());
        out.ran(STEP, TITLE, &counts);
        (clean && self.included > 0).then(|| LogOrder {
            origin: head.origin.to_owned(),
            size: head.size,
            witnessed: trusted.witnessed,
            indexes: self.indexes,
        })
    }
}

/// A chain entry as the log has it.
#[derive(Clone)]
pub(crate) struct Leaf {
    /// Empty when it has none.
    pub(crate) event_id: String,
    /// `None` when the entry has no canonical form.
    pub(crate) hash: Option<Hash>,
    place: EntryPlace,
    span: (u64, u64),
}

impl Leaf {
    fn is_under(&self, path: &Path, trusted: &TrustedHead<'_>) -> Result<(), ProofError> {
        let head = &trusted.head;
        let hash = self.hash.as_ref().ok_or(ProofError::WrongRoot)?;
        verify_inclusion(path.index, head.size, hash, &path.hashes, &head.root)
    }
}

/// Hashes chain entries as the log does.
struct Leaves;

fn leaf(entry: Value<'_>, place: EntryPlace) -> Leaf {
    let event_id = entry.member("event_id").and_then(Value::text).unwrap_or_default().into_owned();
    let bytes = canon::to_bytes(Profile::Legacy, entry).ok();
    let span = entry.span();
    Leaf { event_id, hash: bytes.map(|bytes| leaf_hash(&bytes)), place, span: (span.start, span.end) }
}

impl Visitor for Leaves {
    type Row = Vec<Leaf>;

    fn visit(&self, item: Item<'_>) -> Vec<Leaf> {
        leaves(item)
    }
}

/// The chain entries of an item of [`STREAMED`], as the log has them.
pub(crate) fn leaves(item: Item<'_>) -> Vec<Leaf> {
    entries(item).into_iter().map(|(entry, place)| leaf(entry, place)).collect()
}

/// The chain entries of an item of [`STREAMED`]: the item itself, or those that it holds.
pub(crate) fn entries(item: Item<'_>) -> Vec<(Value<'_>, EntryPlace)> {
    let (value, index) = (item.value, item.index);
    if item.origin == Origin::Array(1) {
        return vec![(value, EntryPlace::Chain(index))];
    }
    let nested = value.member("chain_entries").and_then(Value::as_array);
    // A record may be a chain entry itself; one with entries of its own may also carry the name of one of them.
    let is_entry = value.member("record_hash").is_some()
        || (nested.is_none() && ["event_id", "prev_hash"].iter().any(|name| value.member(name).is_some()));
    let own = is_entry.then_some((value, EntryPlace::Record(index)));
    let nested = nested.into_iter().flat_map(|entries| {
        entries.items().enumerate().map(move |(at, entry)| (entry, EntryPlace::Nested(index, at)))
    });
    own.into_iter().chain(nested).collect()
}
