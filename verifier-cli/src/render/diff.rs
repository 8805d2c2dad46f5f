//! The comparison of two exports as text and JSON. Pure functions; text of the evidence is escaped.

use std::io;

use serde_json::{Value, json};
use verifier_core::diff::{Counts, Diff, Difference, Name, Place};
use verifier_core::finding::Finding;
use verifier_core::report::{Outcome, Report, TOOL};

use super::escape;
use super::human::write_finding;
use super::style::{Page, Tone};

/// A comparison with its verdict.
pub(crate) struct Shown<'a> {
    pub(crate) diff: &'a Diff,
    pub(crate) findings: &'a [Finding],
    pub(crate) outcome: Outcome,
    pub(crate) reports: &'a [Report; 2],
}

/// Differences that the text lists; JSON has more.
const LISTED: usize = 20;

/// Writes the text.
pub(crate) fn human(shown: &Shown<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let diff = shown.diff;
    let word = match (shown.outcome, diff.is_equal()) {
        (Outcome::Verified, _) => "EQUAL",
        (Outcome::Unreadable, _) => "UNREADABLE",
        (_, false) if shown.reports.iter().all(|report| report.outcome == Outcome::Verified) => "DIFFERENT",
        (Outcome::Disproved, _)
            if shown.reports.iter().any(|report| report.outcome == Outcome::Disproved) =>
        {
            "DISPROVED"
        }
        (Outcome::Disproved, _) => "DIFFERENT",
        (Outcome::NotEstablished, _) => "NOT ESTABLISHED",
    };
    let word = page.paint(Tone::from(shown.outcome), word);
    page.line(&format!("{word}: {}", counts_text(&diff.counts)))?;
    for (name, file) in ["A", "B"].iter().zip(&diff.files) {
        page.labelled(2, &format!("{name}  "), &format!("{} {}", escape::text(&file.label), file.sha256))?;
    }
    page.heading("Chains")?;
    for group in &diff.groups {
        let scope = group.scope.as_deref().map_or_else(|| "other records".to_owned(), escape::text);
        page.paragraph(2, &format!("{scope}: {}", counts_text(&group.counts)))?;
    }
    if let Some(first) = diff.differences.first() {
        page.heading("First difference")?;
        write_difference(first, page)?;
    }
    if let Some(of) = &diff.fields_of {
        page.heading(&format!("Fields of {} that differ", escape::text(&of.name.to_string())))?;
        for field in &diff.fields {
            let value =
                |value: &Option<String>| value.as_deref().map_or_else(|| "absent".to_owned(), escape::text);
            page.paragraph(
                2,
                &escape::text(if field.pointer.is_empty() { "(whole)" } else { &field.pointer }),
            )?;
            page.labelled(6, "A  ", &value(&field.first))?;
            page.labelled(6, "B  ", &value(&field.second))?;
        }
    }
    if diff.differences.len() > 1 {
        page.heading("Differences")?;
        for difference in diff.differences.iter().take(LISTED) {
            let name = escape::text(&difference.name.to_string());
            page.paragraph(2, &format!("{}: {name}", difference.change.as_str()))?;
        }
        let Counts { added, missing, rewritten, .. } = diff.counts;
        let shown = u64::try_from(diff.differences.len().min(LISTED)).unwrap_or(u64::MAX);
        let more = added.saturating_add(missing).saturating_add(rewritten).saturating_sub(shown);
        if more > 0 {
            page.paragraph(2, &format!("and {more} more"))?;
        }
    }
    if !diff.members.is_empty() {
        page.heading("Members outside the records that differ")?;
        for member in &diff.members {
            page.paragraph(2, &format!("{}: {}", member.change.as_str(), escape::text(&member.pointer)))?;
        }
    }
    page.heading("Findings")?;
    for finding in shown.findings {
        write_finding(finding, page)?;
    }
    Ok(())
}

fn counts_text(counts: &Counts) -> String {
    format!(
        "{} same, {} added, {} missing, {} rewritten",
        counts.same, counts.added, counts.missing, counts.rewritten
    )
}

fn write_difference(difference: &Difference, page: &mut Page<'_>) -> io::Result<()> {
    let name = escape::text(&difference.name.to_string());
    page.paragraph(2, &format!("{}: {name}", difference.change.as_str()))?;
    for (side, place) in [("A  ", &difference.first), ("B  ", &difference.second)] {
        let text = place.as_ref().map_or_else(
            || "absent".to_owned(),
            |place| {
                let hash = place
                    .record_hash
                    .as_deref()
                    .map_or_else(String::new, |hash| format!(", record hash {}", escape::text(hash)));
                format!("{}{hash}, content {}", escape::text(&place.pointer), place.digest)
            },
        );
        page.labelled(6, side, &text)?;
    }
    let hashes =
        [&difference.first, &difference.second].map(|place| place.as_ref().map(|place| &place.record_hash));
    if let [Some(Some(first)), Some(Some(second))] = hashes
        && first == second
    {
        page.paragraph(6, "the record hashes are equal: what differs is not covered by the chain")?;
    }
    Ok(())
}

/// The JSON document, `keel-verify.diff/v1`.
pub(crate) fn document(shown: &Shown<'_>) -> Value {
    let diff = shown.diff;
    let files = diff.files.iter().zip(shown.reports).map(
        |(file, report)| json!({ "file": file.label, "sha256": file.sha256, "outcome": report.outcome }),
    );
    json!({
        "format": "keel-verify.diff/v1",
        "tool": { "name": TOOL, "version": env!("CARGO_PKG_VERSION") },
        "outcome": shown.outcome,
        "exit_status": shown.outcome.exit_status(),
        "files": files.collect::<Vec<_>>(),
        "counts": counts(&diff.counts),
        "groups": diff.groups.iter().map(|group| json!({
            "scope": group.scope,
            "counts": counts(&group.counts),
        })).collect::<Vec<_>>(),
        "first_difference": diff.differences.first().map(difference),
        "fields_of": diff.fields_of.as_ref().map(difference),
        "fields": diff.fields.iter().map(|field| json!({
            "pointer": field.pointer,
            "first": field.first,
            "second": field.second,
        })).collect::<Vec<_>>(),
        "differences": diff.differences.iter().map(difference).collect::<Vec<_>>(),
        "members": diff.members.iter().map(|member| json!({
            "pointer": member.pointer,
            "change": member.change.as_str(),
        })).collect::<Vec<_>>(),
        "findings": shown.findings,
    })
}

fn counts(counts: &Counts) -> Value {
    json!({
        "same": counts.same,
        "added": counts.added,
        "missing": counts.missing,
        "rewritten": counts.rewritten,
    })
}

fn difference(difference: &Difference) -> Value {
    let (scope, sequence) = match &difference.name {
        Name::Entry { scope, sequence } => (Some(scope), Some(*sequence)),
        _ => (None, None),
    };
    json!({
        "name": difference.name.to_string(),
        "scope": scope,
        "sequence": sequence,
        "change": difference.change.as_str(),
        "first": difference.first.as_ref().map(place),
        "second": difference.second.as_ref().map(place),
    })
}

fn place(place: &Place) -> Value {
    json!({
        "pointer": place.pointer,
        "bytes": { "start": place.bytes.0, "end": place.bytes.1 },
        "record_hash": place.record_hash,
        "content_digest": place.digest,
    })
}
