//! Unbroken runs of sequence numbers, joined as they meet.

use std::collections::{BTreeMap, VecDeque};

use super::row::{HashText, id_text};
use crate::bytes::ShortText;

/// One end of a link, for messages.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// The entry before.
    pub(super) before: Box<str>,
    /// Its sequence number.
    pub(super) before_sequence: i64,
    /// Its record hash.
    pub(super) before_hash: HashText,
    /// The entry after.
    pub(super) after: Box<str>,
    /// Its sequence number.
    pub(super) after_sequence: i64,
    /// Its `prev_hash`.
    pub(super) after_prev: HashText,
    /// Byte range of the entry after.
    pub(super) after_span: (u64, u64),
}

impl Link {
    /// Whether the hashes agree.
    pub(super) fn holds(&self) -> bool {
        self.before_hash == self.after_prev
    }
}

/// A maximal stretch of consecutive numbers.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) last: i64,
    pub(super) first_prev: HashText,
    pub(super) first_id: Option<ShortText>,
    pub(super) first_span: (u64, u64),
    last_hash: HashText,
    last_id: Option<ShortText>,
    prints: VecDeque<[u8; 16]>,
}

/// The entries of one chain, by sequence number.
#[derive(Debug, Default)]
pub(super) struct Runs {
    runs: BTreeMap<i64, Run>,
}

/// What adding an entry showed.
pub(super) enum Added {
    /// It follows the entry before it, and that link holds.
    Follows,
    /// Nothing wrong, or a link to be judged (at most one on each side).
    Links(Box<[Option<Link>; 2]>),
    /// The number is taken; `same` when the record hash is the same.
    Repeated { same: bool },
}

/// An entry to add.
pub(super) struct Addition<'a> {
    pub(super) sequence: i64,
    pub(super) id: Option<&'a ShortText>,
    pub(super) prev_hash: &'a HashText,
    pub(super) record_hash: &'a HashText,
    pub(super) span: (u64, u64),
}

impl Run {
    fn is_followed_by(&self, entry: &Addition<'_>) -> bool {
        self.last.checked_add(1) == Some(entry.sequence) && self.last_hash == *entry.prev_hash
    }

    fn append(&mut self, entry: &Addition<'_>) {
        self.last = entry.sequence;
        self.last_hash.clone_from(entry.record_hash);
        self.last_id = entry.id.cloned();
        self.prints.push_back(entry.record_hash.print());
    }
}

impl Runs {
    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &Run)> {
        self.runs.iter().map(|(first, run)| (*first, run))
    }

    pub(super) fn into_runs(self) -> impl Iterator<Item = (i64, Run)> {
        self.runs.into_iter()
    }

    pub(super) fn add(&mut self, entry: &Addition<'_>) -> Added {
        let sequence = entry.sequence;
        // Nearly every entry follows the last one; nothing is looked up and nothing is allocated for it.
        if let Some(mut last) = self.runs.last_entry()
            && last.get().is_followed_by(entry)
        {
            last.get_mut().append(entry);
            return Added::Follows;
        }
        let behind = sequence.checked_add(1).is_some_and(|next| self.runs.contains_key(&next));
        if let Some((first, run)) = self.runs.range_mut(..=sequence).next_back() {
            if sequence <= run.last {
                let position = sequence.checked_sub(*first).and_then(|offset| usize::try_from(offset).ok());
                let known = position.and_then(|position| run.prints.get(position));
                return Added::Repeated { same: known == Some(&entry.record_hash.print()) };
            }
            if !behind && run.is_followed_by(entry) {
                run.append(entry);
                return Added::Follows;
            }
        }
        let run = Run {
            last: sequence,
            first_prev: entry.prev_hash.clone(),
            first_id: entry.id.cloned(),
            first_span: entry.span,
            prints: VecDeque::from([entry.record_hash.print()]),
            last_hash: entry.record_hash.clone(),
            last_id: entry.id.cloned(),
        };
        Added::Links(Box::new(self.join(sequence, run)))
    }

    /// Puts a run between its neighbours and merges where numbers meet.
    pub(super) fn join(&mut self, mut first: i64, mut run: Run) -> [Option<Link>; 2] {
        let mut links = [None, None];
        let before = self.runs.range(..first).next_back().map(|(start, before)| (*start, before.last));
        if let Some((start, last)) = before
            && last.checked_add(1) == Some(first)
            && let Some(before) = self.runs.remove(&start)
        {
            links[0] = Some(link(&before, first, &run));
            run = merge(before, run);
            first = start;
        }
        let after = run.last.checked_add(1);
        if let Some(next) = after
            && let Some(behind) = self.runs.remove(&next)
        {
            links[1] = Some(link(&run, next, &behind));
            run = merge(run, behind);
        }
        self.runs.insert(first, run);
        links
    }

    /// Links across gaps, in order of sequence number.
    pub(super) fn gaps(&self) -> Vec<Link> {
        let mut links = Vec::new();
        let mut previous: Option<&Run> = None;
        for (first, run) in &self.runs {
            if let Some(before) = previous {
                links.push(link(before, *first, run));
            }
            previous = Some(run);
        }
        links
    }
}

fn link(before: &Run, first: i64, after: &Run) -> Link {
    Link {
        before: id_text(before.last_id.as_ref()).into(),
        before_sequence: before.last,
        before_hash: before.last_hash.clone(),
        after: id_text(after.first_id.as_ref()).into(),
        after_sequence: first,
        after_prev: after.first_prev.clone(),
        after_span: after.first_span,
    }
}

/// Appends the shorter list of prints to the longer one, so that any order of arrival stays cheap.
fn merge(before: Run, after: Run) -> Run {
    let mut prints = before.prints;
    if prints.len() >= after.prints.len() {
        prints.extend(after.prints);
    } else {
        let mut longer = after.prints;
        for print in prints.into_iter().rev() {
            longer.push_front(print);
        }
        prints = longer;
    }
    Run {
        last: after.last,
        first_prev: before.first_prev,
        first_id: before.first_id,
        first_span: before.first_span,
        last_hash: after.last_hash,
        last_id: after.last_id,
        prints,
    }
}
