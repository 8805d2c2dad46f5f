//! An audit as text. A pure function; every text that may come from the evidence is escaped.

use std::io;

use verifier_core::audit::card::{Comparison, Relation};
use verifier_core::audit::{Audit, CLAIM, Completeness, ScopeAudit, Standing};
use verifier_core::finding::Effect;
use verifier_core::report::Outcome;
use verifier_core::time::Timestamp;

use super::escape;
use super::human::write_finding;
use super::style::{Page, Tone};

/// Writes the audit.
pub(crate) fn human(audit: &Audit, as_of: &Timestamp, page: &mut Page<'_>) -> io::Result<()> {
    headline(audit, page)?;
    for scope in &audit.scopes {
        write_scope(scope, page)?;
    }
    if !audit.not_judged.is_empty() {
        page.heading("Chains that were not judged, as asked")?;
        page.paragraph(2, &escape::text(&audit.not_judged.join(", ")))?;
    }
    write_keys(audit, page)?;
    write_sets(audit, page)?;
    write_findings(audit, page)?;
    page.heading("Not proven")?;
    for text in &audit.not_proven {
        page.labelled(2, "- ", text)?;
    }
    page.line("")?;
    let foot = format!("{CLAIM} as of {} by keel-verify {}", as_of.to_rfc3339(), env!("CARGO_PKG_VERSION"));
    let foot = page.paint(Tone::Dim, &foot);
    page.line(&foot)
}

fn headline(audit: &Audit, page: &mut Page<'_>) -> io::Result<()> {
    let is = |wanted| audit.scopes.iter().any(|scope| scope.completeness == wanted);
    let word = match audit.outcome {
        Outcome::Unreadable => "UNREADABLE",
        _ if is(Completeness::Contradicted) => "CONTRADICTED",
        _ if is(Completeness::Incomplete) => "INCOMPLETE",
        Outcome::Disproved => "DISPROVED",
        Outcome::NotEstablished => "NOT ESTABLISHED",
        Outcome::Verified => "COMPLETE",
    };
    let verified = audit.sets.iter().filter(|set| set.outcome == Outcome::Verified).count();
    let complete = audit.scopes.iter().filter(|scope| scope.completeness == Completeness::Complete).count();
    let word = page.paint(Tone::from(audit.outcome), word);
    page.line(&format!(
        "{word}: {complete} of {} chains complete, {verified} of {} sets verified",
        audit.scopes.len(),
        audit.sets.len()
    ))
}

fn write_scope(scope: &ScopeAudit, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(&escape::text(&scope.scope))?;
    let word = scope.completeness.as_str().replace('_', " ");
    let word = page.paint(Tone::from(scope.completeness.verdict()), &word);
    page.line(&format!("  {word}"))?;
    page.paragraph(2, &escape::text(&scope.statement))?;
    for (label, bound) in [("beginning  ", &scope.head_bound), ("end        ", &scope.tail_bound)] {
        let text = bound.as_deref().map_or_else(|| "not bound".to_owned(), escape::text);
        page.labelled(2, label, &text)?;
    }
    let held: Vec<String> = scope
        .held
        .iter()
        .take(LISTED)
        .map(|range| format!("{}–{}", range.first.sequence, range.last.sequence))
        .collect();
    page.labelled(2, "held       ", &list(held, scope.held.len()))?;
    let months: Vec<String> =
        scope.months.iter().take(LISTED).map(|(month, count)| format!("{month}: {count}")).collect();
    let months = list(months, scope.months.len());
    page.labelled(2, "records    ", &format!("{} ({months})", scope.records))?;
    for row in scope.sources.iter().take(LISTED) {
        let ranges: Vec<String> =
            row.ranges.iter().take(LISTED).map(|(first, last)| format!("{first}–{last}")).collect();
        let standing = match row.standing {
            Standing::Verified => "",
            Standing::Signed => ", did not verify",
            Standing::Unproven => ", did not verify; counts for nothing",
        };
        let ranges = list(ranges, row.ranges.len());
        page.labelled(2, "from       ", &format!("{}: {ranges}{standing}", escape::text(&row.set)))?;
    }
    if scope.sources.len() > LISTED {
        page.paragraph(2, &format!("and {} more sets", scope.sources.len().saturating_sub(LISTED)))?;
    }
    for row in scope.overlaps.iter().take(LISTED) {
        let [held, other] = [&row.sets[0], &row.sets[1]].map(|set| escape::text(set));
        let result = match row.conflict {
            None => "identical".to_owned(),
            Some((first, last)) => format!("different from {first} to {last}"),
        };
        page.labelled(
            2,
            "overlap    ",
            &format!("{}–{} in {held} and {other}: {result}", row.first, row.last),
        )?;
    }
    if scope.overlaps.len() > LISTED {
        page.paragraph(2, &format!("and {} more overlaps", scope.overlaps.len().saturating_sub(LISTED)))?;
    }
    Ok(())
}

/// Rows of one kind that are written out; JSON has all.
const LISTED: usize = 60;

fn list(mut texts: Vec<String>, total: usize) -> String {
    let more = total.saturating_sub(texts.len());
    if more > 0 {
        texts.push(format!("{more} more"));
    }
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

fn write_keys(audit: &Audit, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("Keys")?;
    if audit.keys.is_empty() {
        return page.paragraph(2, "no signature was established");
    }
    for key in &audit.keys {
        let time = |time: &Option<String>| time.clone().unwrap_or_else(|| "no stated time".to_owned());
        let text = format!(
            "{} in {} sets, from {} to {} (stated)",
            key.signed.join(", "),
            key.sets.len(),
            time(&key.first_signed_at),
            time(&key.last_signed_at)
        );
        page.paragraph(2, &escape::text(&key.fingerprint))?;
        page.paragraph(6, &escape::text(&text))?;
    }
    Ok(())
}

fn write_sets(audit: &Audit, page: &mut Page<'_>) -> io::Result<()> {
    page.heading(&format!("Sets ({})", audit.sets.len()))?;
    for set in &audit.sets {
        let word = match set.outcome {
            Outcome::Verified if set.without_trust => "accepted without trust",
            Outcome::Verified => "verified",
            Outcome::Disproved => "disproved",
            Outcome::NotEstablished => "not established",
            Outcome::Unreadable => "unreadable",
        };
        let word = page.paint(Tone::from(set.outcome), word);
        let digest = set.files.first().and_then(|file| file.sha256.as_deref()).unwrap_or("no digest");
        page.line(&format!("  {}: {word}", escape::text(&set.label)))?;
        page.paragraph(6, &format!("{} {digest}", escape::text(&set.kind)))?;
    }
    Ok(())
}

fn write_findings(audit: &Audit, page: &mut Page<'_>) -> io::Result<()> {
    if audit.findings.is_empty() {
        return Ok(());
    }
    page.heading(&format!("Findings ({})", audit.findings.len()))?;
    for finding in &audit.findings {
        write_finding(finding, page)?;
    }
    if audit.findings_dropped > 0 {
        page.paragraph(2, &format!("and {} more", audit.findings_dropped))?;
    }
    let mut next: Vec<&str> = Vec::new();
    for finding in audit.findings.iter().filter(|finding| finding.effect != Effect::Notes) {
        if !next.contains(&finding.code.remedy) {
            next.push(finding.code.remedy);
        }
    }
    if !next.is_empty() {
        page.heading("What to do next")?;
        for text in next {
            page.labelled(2, "- ", text)?;
        }
    }
    Ok(())
}

/// Writes how a card compares with evidence.
pub(crate) fn comparison(comparison: &Comparison, page: &mut Page<'_>) -> io::Result<()> {
    let is = |wanted| comparison.chains.iter().any(|(_, relation)| *relation == wanted);
    let word = match comparison.outcome {
        Outcome::Verified if is(Relation::EvidenceExtends) => "CONSISTENT",
        Outcome::Verified => "SAME",
        Outcome::Unreadable => "UNREADABLE",
        _ if is(Relation::SplitView) => "SPLIT VIEW",
        Outcome::Disproved => "DISPROVED",
        Outcome::NotEstablished => "NOT ESTABLISHED",
    };
    let word = page.paint(Tone::from(comparison.outcome), word);
    page.line(&format!("{word}: {} chains on the card", comparison.chains.len()))?;
    for (scope, relation) in &comparison.chains {
        let scope = escape::text(scope);
        page.paragraph(2, &format!("{scope}: {}", relation.as_str().replace('_', " ")))?;
    }
    if !comparison.not_on_card.is_empty() {
        page.heading("Chains that are not on the card")?;
        page.paragraph(2, &escape::text(&comparison.not_on_card.join(", ")))?;
    }
    page.heading("Findings")?;
    for finding in &comparison.findings {
        write_finding(finding, page)?;
    }
    Ok(())
}
