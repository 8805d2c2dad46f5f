//! `uncovered.txt`: sections in brackets, and in each the places whose changes are not noticed, in order.
//!
//! ```text
//! [audit export bundle, signed again]
//! /records/*/permit/reason: every change, some removals
//! ```
//!
//! A place stands for all places that differ only in positions of arrays. `every` means that no such edit of any
//! of them is noticed, `some` that it depends on the record or on the new value.

use std::collections::BTreeMap;
use std::thread;

use verifier_core::report::{ARTIFACTS, Extent, extent_of, row_of};

use crate::edit::Edit;

/// Fields that signing again writes, so that no edit of them remains.
const WRITTEN_BY_SIGNING: [&str; 7] = [
    "/body/artifact_ref/digest",
    "/signature_envelope/content_hash",
    "/signature_envelope/signature",
    "/manifest_signature/content_hash",
    "/manifest_signature/signature",
    "/signatures/*/content_hash",
    "/signatures/*/signature",
];

const LIST: &str = include_str!("uncovered.txt");

/// Whether the evidence still verifies after each edit; `None` where the edit came to nothing.
pub(crate) fn run(edits: &[Edit], is_verified: impl Fn(&Edit) -> Option<bool> + Sync) -> Vec<Option<bool>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = edits.len().div_ceil(threads).max(1);
    let is_verified = &is_verified;
    thread::scope(|scope| {
        let workers: Vec<_> = edits
            .chunks(share)
            .map(|share| scope.spawn(move || share.iter().map(is_verified).collect::<Vec<_>>()))
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

#[derive(Clone, Copy, Default)]
struct Count {
    tried: usize,
    unnoticed: usize,
}

/// Per place, how many changes and removals were not noticed.
#[derive(Default)]
pub(crate) struct Tally {
    places: BTreeMap<String, [Count; 2]>,
    edits: usize,
}

impl Tally {
    pub(crate) fn of(edits: &[Edit], verified: &[Option<bool>]) -> Self {
        let mut tally = Self::default();
        for (edit, green) in edits.iter().zip(verified) {
            let Some(green) = green else { continue };
            tally.edits += 1;
            let count = &mut tally.places.entry(edit.place()).or_default()[usize::from(edit.is_removal())];
            count.tried += 1;
            count.unnoticed += usize::from(*green);
        }
        tally
    }

    fn lines(&self) -> Vec<String> {
        let words = |count: &Count, name: [&str; 2]| match count.unnoticed {
            0 => None,
            all if all == count.tried => Some(format!("every {}", name[0])),
            _ => Some(format!("some {}", name[1])),
        };
        let line = |(place, [changes, removals]): (&String, &[Count; 2])| {
            let words: Vec<String> =
                [words(changes, ["change", "changes"]), words(removals, ["removal", "removals"])]
                    .into_iter()
                    .flatten()
                    .collect();
            (!words.is_empty()).then(|| format!("{place}: {}", words.join(", ")))
        };
        self.places.iter().filter_map(line).collect()
    }

    /// Where the table of field coverage in the core says something else than the edits do.
    pub(crate) fn against_table(&self, artifact: &str) -> String {
        let wrong = |(place, [changes, removals]): (&String, &[Count; 2])| {
            let stated = extent_of(artifact, place);
            let unnoticed = changes.unnoticed + removals.unnoticed;
            let found = match (unnoticed, changes.tried) {
                (0, _) => vec![Extent::Whole],
                // nothing but the removal of a whole list or object can be tried
                (_, 0) => vec![Extent::None, Extent::Part],
                (all, tried) if all == tried + removals.tried => vec![Extent::None],
                _ => vec![Extent::Part],
            };
            let right = stated.is_some_and(|stated| found.contains(&stated));
            (!right).then(|| format!("{artifact}: {place}: the table says {stated:?}, the edits {found:?}\n"))
        };
        self.places.iter().filter_map(wrong).collect()
    }

    /// Where the table says something else about the signature than edits without a new signature do.
    pub(crate) fn against_signature(&self, artifact: &str) -> String {
        let wrong = |(place, [changes, removals]): (&String, &[Count; 2])| {
            let unsigned = row_of(artifact, place).map(|row| row.is_unsigned);
            let found = changes.unnoticed + removals.unnoticed > 0;
            (unsigned != Some(found)).then(|| {
                format!("{artifact}: {place}: outside the signature: the table says {unsigned:?}, the edits {found}\n")
            })
        };
        self.places.iter().filter_map(wrong).collect()
    }

    /// The rows of the table that vouch for something and speak for no place of the artifact.
    pub(crate) fn idle_rows(&self, artifact: &str) -> Vec<&'static str> {
        let rows = ARTIFACTS.iter().find(|own| own.name == artifact).unwrap().rows;
        let spoken: Vec<&str> =
            self.places.keys().filter_map(|place| row_of(artifact, place)).map(|row| row.field).collect();
        let vouching = rows.iter().filter(|row| row.extent != Extent::None);
        let vouching = vouching.filter(|row| !WRITTEN_BY_SIGNING.contains(&row.field));
        vouching.map(|row| row.field).filter(|field| !spoken.contains(field)).collect()
    }

    /// What a section of the committed list lacks (`+`) and has too much (`-`).
    pub(crate) fn differences(&self, section: &str) -> String {
        let listed = listed(section);
        let found = self.lines();
        println!(
            "{section}: {} edits, {} of {} places uncovered",
            self.edits,
            found.len(),
            self.places.len()
        );
        let added =
            found.iter().filter(|line| !listed.contains(&line.as_str())).map(|line| format!("+{line}\n"));
        let gone = listed
            .iter()
            .filter(|line| !found.iter().any(|own| own == *line))
            .map(|line| format!("-{line}\n"));
        let lines: String = added.chain(gone).collect();
        if lines.is_empty() { lines } else { format!("[{section}]\n{lines}") }
    }
}

fn listed(section: &str) -> Vec<&'static str> {
    let title = format!("[{section}]");
    LIST.lines()
        .skip_while(|line| **line != title)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}
