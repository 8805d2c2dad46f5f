//! What lies in an incident bundle (spec 06 section 8, checks 8 to 10).
//!
//! Every member is streamed to its end, which checks its checksum and declared length under the limits and
//! gives the digest to compare with the manifest. JSON lines are parsed one at a time; a line is everything
//! up to a line feed, and blank lines are skipped.

use std::io::{BufRead, BufReader, Read};

use sha2::{Digest, Sha256};

use super::manifest::BundleManifest;
use super::{Check, METADATA};
use crate::archive::{Archive, Entry, ReadError};
use crate::bytes::{Budget, LimitExceeded, Resource, hex};
use crate::claim::workflow::{
    RecordCheck, SnapshotPlace, check_snapshots, report_anomalies, snapshot_row, unreadable_code,
};
use crate::finding::catalog::workflow::{INCIDENT_MANIFEST_SCHEMA_INVALID, INCIDENT_MEMBER_HASH_MISMATCH};
use crate::finding::{Finding, Location};
use crate::json::{Document, Parser, ParserLimits, Value};
use crate::report::ReportBuilder;

const METADATA_SCHEMA: &str = "keel.incident_evidence/v1";
const LABEL: &str = "INCIDENT-BUNDLE";
const CHUNK: usize = 64 << 10;

impl Check<'_> {
    /// Reads every member, and compares with what the manifest states.
    pub(super) fn members(&mut self, archive: &Archive, manifest: Option<&BundleManifest>) {
        let mut budget = Budget::new(Resource::ExpandedBytes, self.input.limits.expanded_bytes);
        for entry in archive.entries() {
            let (digest, size) = match digest(entry, &mut budget) {
                Ok(read) => read,
                Err(ReadError::Refused(crate::archive::Refusal::DuplicateName)) => continue,
                Err(error) => {
                    let text = format!("{:?} cannot be read: {error}", entry.name());
                    let finding = Finding::lacks(unreadable_code(&error), text);
                    self.fails(finding.at(Location::file(self.member_file(entry.name()))));
                    continue;
                }
            };
            let Some(listed) = manifest.and_then(|manifest| manifest.listed(entry.name())) else { continue };
            let stated_digest = listed.digest.as_ref().filter(|stated| stated.as_ref() != Ok(&digest));
            let stated_size = listed.size.as_ref().filter(|stated| stated.as_ref() != Ok(&u128::from(size)));
            let differences = [
                stated_digest.map(|stated| ("digest", stated.clone().unwrap_or_else(|text| text), digest)),
                stated_size.map(|stated| {
                    let stated = stated.as_ref().map_or_else(Clone::clone, ToString::to_string);
                    ("size", stated, size.to_string())
                }),
            ];
            for (what, stated, computed) in differences.into_iter().flatten() {
                let text = format!("{:?} has another {what} than the manifest states", entry.name());
                let finding = Finding::disproves(&INCIDENT_MEMBER_HASH_MISMATCH, text)
                    .at(listed.location.clone())
                    .fact("expected", stated)
                    .fact("computed", computed);
                self.fails(finding);
            }
        }
    }

    /// Judges the members that have rules; gives back what was counted.
    pub(super) fn content(&mut self, archive: &Archive) -> Vec<(&'static str, u64)> {
        self.metadata(archive);
        let tools = self.lines(archive, "mcp_tool_decisions.jsonl", |_, _, _, _| {});
        let mut records = RecordCheck::new(self.input.binding_keys, false);
        let declarations = self.lines(archive, "workflow_declarations.jsonl", |record, _, file, out| {
            records.declaration(record, &Location::value(file, record), out);
        });
        let amendments = self.lines(archive, "workflow_amendments.jsonl", |record, _, file, out| {
            records.amendment(record, &Location::value(file, record), out);
        });
        if declarations.is_none() || amendments.is_none() {
            records.mark_incomplete();
        }
        let mut rows = Vec::new();
        let permits = self.lines(archive, "permits.jsonl", |record, index, _, _| {
            rows.extend(snapshot_row(record, index));
        });
        match records.finish(self.out) {
            Some(history) => {
                let file = self.member_file("permits.jsonl");
                let place = SnapshotPlace { label: LABEL, file: &file, pointer: None };
                check_snapshots(rows, &history, &place, self.out);
            }
            None => self.out.skipped(
                "workflow_snapshots",
                "Workflow state recorded in permits",
                "the workflow records cannot be relied on",
            ),
        }
        vec![
            ("permits", permits.unwrap_or(0)),
            ("tool_decisions", tools.unwrap_or(0)),
            ("workflow_declarations", declarations.unwrap_or(0)),
            ("workflow_amendments", amendments.unwrap_or(0)),
        ]
    }

    fn metadata(&mut self, archive: &Archive) {
        let Some(entry) = archive.find(METADATA) else { return };
        let file = self.member_file(METADATA);
        let parsed = entry
            .read(self.input.limits.document_bytes)
            .map_err(|error| error.to_string())
            .and_then(|blob| {
                Document::parse(blob, ParserLimits::from(self.input.limits))
                    .map_err(|error| error.to_string())
            });
        let problem = match parsed {
            Err(error) => Some(error),
            Ok(document) => {
                report_anomalies(document.anomalies(), &file, self.out);
                let root = document.root();
                if !root.is_object() {
                    Some(format!("{METADATA} must be an object"))
                } else if !root.member("schema").is_some_and(|schema| schema.is_text(METADATA_SCHEMA)) {
                    Some(format!("{METADATA} schema must be {METADATA_SCHEMA}"))
                } else {
                    None
                }
            }
        };
        if let Some(problem) = problem {
            self.unreadable(&problem, Location::file(file));
        }
    }

    /// Calls `each` with every line of a member; `None` when the member is missing or malformed.
    fn lines(
        &mut self,
        archive: &Archive,
        name: &str,
        mut each: impl FnMut(Value<'_>, u64, &str, &mut ReportBuilder),
    ) -> Option<u64> {
        let entry = archive.find(name)?;
        let file = self.member_file(name);
        let mut parser = Parser::new(ParserLimits::from(self.input.limits));
        let mut problem: Option<(String, Location)> = None;
        let mut records = 0u64;
        let out = &mut *self.out;
        let read = each_line(entry, self.input.limits.document_bytes, |line, base, number| {
            let end = base.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
            let place = || Location { file: file.clone(), pointer: None, bytes: Some(base..end) };
            match parser.parse(line, base) {
                Err(error) => problem = Some((format!("{name}:{number} {error}"), place())),
                Ok(record) if !record.is_object() => {
                    problem = Some((format!("{name}:{number} must be a JSON object"), place()));
                }
                Ok(record) => {
                    each(record, records, &file, out);
                    records += 1;
                    if parser.has_anomalies() {
                        report_anomalies(parser.anomalies(line), &file, out);
                    }
                }
            }
            problem.is_none()
        });
        let problem = match read {
            Ok(()) => problem,
            Err(error) => Some((format!("{name} {error}"), Location::file(&*file))),
        };
        match problem {
            None => Some(records),
            Some((text, location)) => {
                self.unreadable(&text, location);
                None
            }
        }
    }

    fn unreadable(&mut self, text: &str, location: Location) {
        let text = format!("could not read incident bundle jsonl: {text}");
        self.fails(Finding::disproves(&INCIDENT_MANIFEST_SCHEMA_INVALID, text).at(location));
    }
}

/// SHA-256 and length of a member.
fn digest(entry: &Entry, budget: &mut Budget) -> Result<(String, u64), ReadError> {
    let mut reader = entry.open()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; CHUNK];
    let mut size = 0u64;
    loop {
        let count = match reader.read(&mut buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if count == 0 {
            return Ok((hex::encode(&hasher.finalize()), size));
        }
        let length = u64::try_from(count).unwrap_or(u64::MAX);
        budget.charge(length)?;
        size = size.saturating_add(length);
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
}

/// Calls `each` with the lines that are not blank, their offset and their number from 1, until it says
/// that it has seen enough.
fn each_line(
    entry: &Entry,
    longest: u64,
    mut each: impl FnMut(&[u8], u64, u64) -> bool,
) -> Result<(), ReadError> {
    let mut reader = BufReader::with_capacity(CHUNK, entry.open()?);
    let mut line = Vec::new();
    let (mut offset, mut number) = (0u64, 0u64);
    loop {
        line.clear();
        let count = Read::take(&mut reader, longest.saturating_add(1)).read_until(b'\n', &mut line)?;
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        if count == 0 {
            return Ok(());
        }
        if count > longest {
            let limit = LimitExceeded { resource: Resource::DocumentBytes, limit: longest };
            return Err(limit.into());
        }
        number += 1;
        let blank = line.iter().all(u8::is_ascii_whitespace);
        if !blank && !each(&line, offset, number) {
            return Ok(());
        }
        offset = offset.saturating_add(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_offsets_and_are_bounded() {
        let entry = Entry::from_bytes("lines", b"{}\n\n {\"a\":1}\r\n[]".to_vec());
        let mut seen = Vec::new();
        each_line(&entry, 100, |line, offset, number| {
            seen.push((String::from_utf8_lossy(line).into_owned(), offset, number));
            true
        })
        .unwrap();
        let expected = [("{}\n", 0, 1), (" {\"a\":1}\r\n", 4, 3), ("[]", 14, 4)];
        assert_eq!(seen, expected.map(|(line, offset, number)| (line.to_owned(), offset, number)));
        assert!(matches!(each_line(&entry, 4, |_, _, _| true), Err(ReadError::Limit(_))));
    }
}
