//! Two exports of one window, record by record.
//!
//! A chain entry is known by its scope and sequence number, a permit record by its permit id, anything else by its
//! position. Two of one name are the same when their canonical JSON is; where only members differ that the record hash
//! does not cover, the record hash is equal and the difference says so. [`compare`] reads both payloads; what it says is
//! as claimed by them, and [`Diff::outcome`] needs the reports over the same bytes.

mod fields;
mod read;

use std::num::NonZeroUsize;

use crate::bytes::Limits;
use crate::evidence::{Evidence, Progress};
use crate::finding::catalog::audit as code;
use crate::finding::{Finding, Location};
use crate::report::{Outcome, Report};

pub use fields::FieldDifference;
pub use read::{DiffError, Name, Place, SourceFile};

use read::{Read, Row};

/// Differences of one kind that are listed; the rest are counted.
pub const LISTED: usize = 1_000;

/// How a record of one name compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Only the second export has it.
    Added,
    /// Only the first export has it.
    Missing,
    /// Both have it, and it differs.
    Rewritten,
}

impl Change {
    /// The name in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Missing => "missing",
            Self::Rewritten => "rewritten",
        }
    }
}

/// How many records compare how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Equal in both.
    pub same: u64,
    /// Only in the second.
    pub added: u64,
    /// Only in the first.
    pub missing: u64,
    /// Different.
    pub rewritten: u64,
}

impl Counts {
    fn count(&mut self, change: Option<Change>) {
        let slot = match change {
            None => &mut self.same,
            Some(Change::Added) => &mut self.added,
            Some(Change::Missing) => &mut self.missing,
            Some(Change::Rewritten) => &mut self.rewritten,
        };
        *slot = slot.saturating_add(1);
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.added == 0 && self.missing == 0 && self.rewritten == 0
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which record.
    pub name: Name,
    /// How it differs.
    pub change: Change,
    /// Where it stands in the first export.
    pub first: Option<Place>,
    /// Where it stands in the second export.
    pub second: Option<Place>,
}

/// A top-level member outside the records that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberDifference {
    /// RFC 6901 pointer.
    pub pointer: String,
    /// How it differs.
    pub change: Change,
}

/// The records of one chain, or of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The chain's scope; `None` for records that are no chain entries.
    pub scope: Option<String>,
    /// How many compare how.
    pub counts: Counts,
}

/// What a comparison found.
#[derive(Clone, Debug)]
pub struct Diff {
    /// The two files.
    pub files: [SourceFile; 2],
    /// Counts by chain, in order of scope, then of other records.
    pub groups: Vec<Group>,
    /// Over all groups.
    pub counts: Counts,
    /// Differences in order of scope and number; at most [`LISTED`].
    pub differences: Vec<Difference>,
    /// Members of the two documents outside their records that differ.
    pub members: Vec<MemberDifference>,
    /// The fields in which the first rewritten record differs; at most 200.
    pub fields: Vec<FieldDifference>,
    /// Which record [`Self::fields`] is about.
    pub fields_of: Option<Difference>,
}

/// Compares the payloads of two sets, which must be exports or bundles.
///
/// # Errors
/// [`DiffError`] when a payload cannot be read whole, is not JSON, or holds more records than
/// [`Limits::audit_entries`].
pub fn compare(
    first: &Evidence,
    second: &Evidence,
    limits: &Limits,
    workers: NonZeroUsize,
    progress: &dyn Progress,
) -> Result<Diff, DiffError> {
    let one = read::read(first, limits, workers, progress)?;
    let two = read::read(second, limits, workers, progress)?;
    let members = members(&one, &two);
    let Read { file: file_one, rows: rows_one, .. } = one;
    let Read { file: file_two, rows: rows_two, .. } = two;
    let mut diff = Diff {
        files: [file_one, file_two],
        groups: Vec::new(),
        counts: Counts::default(),
        differences: Vec::new(),
        members,
        fields: Vec::new(),
        fields_of: None,
    };
    let mut rewritten = None;
    let (mut ones, mut twos) = (rows_one.into_iter().peekable(), rows_two.into_iter().peekable());
    loop {
        let order = match (ones.peek(), twos.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(one), Some(two)) => one.name.cmp(&two.name),
        };
        let one = if order.is_le() { ones.next() } else { None };
        let two = if order.is_ge() { twos.next() } else { None };
        diff.take(one, two, &mut rewritten);
    }
    if let Some(difference) = rewritten {
        diff.fields = fields::of(&difference, first, second, limits)?;
        diff.fields_of = Some(difference);
    }
    Ok(diff)
}

impl Diff {
    fn take(&mut self, one: Option<Row>, two: Option<Row>, rewritten: &mut Option<Difference>) {
        let change = match (&one, &two) {
            (Some(one), Some(two)) if one.digest == two.digest => None,
            (Some(_), Some(_)) => Some(Change::Rewritten),
            (Some(_), None) => Some(Change::Missing),
            (None, _) => Some(Change::Added),
        };
        let Some(name) = one.as_ref().or(two.as_ref()).map(|row| row.name.clone()) else { return };
        let scope = name.scope().map(str::to_owned);
        if self.groups.last().is_none_or(|group| group.scope != scope) {
            self.groups.push(Group { scope, counts: Counts::default() });
        }
        self.counts.count(change);
        if let Some(group) = self.groups.last_mut() {
            group.counts.count(change);
        }
        let Some(change) = change else { return };
        let wanted = change == Change::Rewritten && rewritten.is_none();
        if self.differences.len() >= LISTED && !wanted {
            return;
        }
        let place = |row: Option<Row>| row.map(|row| row.place);
        let difference = Difference { name, change, first: place(one), second: place(two) };
        if wanted {
            *rewritten = Some(difference.clone());
        }
        if self.differences.len() < LISTED {
            self.differences.push(difference);
        }
    }

    /// Whether both hold the same records. Members outside the records may differ; see [`Self::members`].
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.counts.is_equal()
    }

    /// Whether the reports are about the bytes that were compared.
    #[must_use]
    pub fn is_of(&self, reports: &[Report; 2]) -> bool {
        self.files.iter().zip(reports).all(|(file, report)| {
            report.artifact.files.iter().any(|own| own.sha256.as_deref() == Some(&file.sha256))
        })
    }

    /// The verdict, with the findings it rests on: equal is verified, a difference disproved, and anything that did not
    /// verify leaves it not established. With `strict`, members outside the records count too.
    #[must_use]
    pub fn judge(&self, reports: &[Report; 2], strict: bool) -> (Outcome, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut outcome = Outcome::Verified;
        for (file, report) in self.files.iter().zip(reports) {
            if report.outcome != Outcome::Verified {
                outcome = outcome.worst(report.outcome);
                let reason = report.findings.first().map_or_else(String::new, |finding| {
                    format!(": {}: {}", finding.code.id, finding.message)
                });
                let message = format!("{} did not verify{reason}", file.label);
                findings
                    .push(Finding::lacks(&code::DIFF_NOT_VERIFIED, message).at(Location::file(&file.label)));
            }
        }
        let differs = !self.is_equal() || (strict && !self.members.is_empty());
        if differs {
            let Counts { added, missing, rewritten, .. } = self.counts;
            let message = format!(
                "{missing} records missing, {added} added, {rewritten} rewritten, {} other members differ",
                self.members.len()
            );
            let finding = if outcome == Outcome::Verified {
                Finding::disproves(&code::DIFF_CONTENT_DIFFERS, message)
            } else {
                Finding::lacks(&code::DIFF_CONTENT_DIFFERS, message)
            };
            let place = self.differences.first().map_or_else(Location::default, |difference| {
                let side = usize::from(difference.first.is_none());
                let place = difference.first.as_ref().or(difference.second.as_ref());
                Location {
                    file: self.files.get(side).map(|file| file.label.clone()).unwrap_or_default(),
                    pointer: place.map(|place| place.pointer.clone()),
                    bytes: place.map(|place| place.bytes.0..place.bytes.1),
                }
            });
            findings.push(finding.at(place));
            if outcome == Outcome::Verified {
                outcome = Outcome::Disproved;
            }
        } else if outcome == Outcome::Verified {
            let message = format!("{} records are the same", self.counts.same);
            findings.push(Finding::notes(&code::DIFF_EQUAL, message));
        }
        (outcome, findings)
    }
}

fn members(one: &Read, two: &Read) -> Vec<MemberDifference> {
    let names: std::collections::BTreeSet<&String> = one.members.keys().chain(two.members.keys()).collect();
    let difference = |name: &String| {
        let change = match (one.members.get(name), two.members.get(name)) {
            (Some(one), Some(two)) if one == two => return None,
            (Some(_), Some(_)) => Change::Rewritten,
            (Some(_), None) => Change::Missing,
            (None, _) => Change::Added,
        };
        Some(MemberDifference { pointer: name.clone(), change })
    };
    names.into_iter().filter_map(difference).collect()
}

#[cfg(test)]
mod tests;
