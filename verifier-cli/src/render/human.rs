//! The report for people: outcome, signers, claims, checks, findings, what is not proven, what to do next.
//!
//! A pure function of the report. Every claim that is not supported is shown with its code, and every text
//! that may come from the evidence is escaped.

use std::io;

use verifier_core::finding::{Effect, Finding, Verdict};
use verifier_core::render::headline;
use verifier_core::report::{ClaimOutcome, Report, SignerSummary};

use super::escape;
use super::style::{Page, Tone};

/// Writes the outcome line.
pub(crate) fn write_headline(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let headline = headline::of(report);
    let mut tone = Tone::from(report.outcome);
    if report.accepted_without_trust && tone == Tone::Good {
        tone = Tone::Open;
    }
    let word = page.paint(tone, headline.word);
    page.line(&format!("{word}: {}", headline.text))
}

/// Writes the whole report.
pub(crate) fn write(report: &Report, fields: bool, page: &mut Page<'_>) -> io::Result<()> {
    write_headline(report, page)?;
    if let Some(decisions) = headline::decisions(report) {
        page.labelled(0, "Decided before execution: ", &decisions)?;
    }
    write_signers(report, page)?;
    write_files(report, page)?;
    write_facts(report, page)?;
    write_claims(report, page)?;
    write_coverage(report, page)?;
    if fields {
        write_fields(report, page)?;
    }
    write_findings(report, page)?;
    write_not_proven(report, page)?;
    write_next(report, page)?;
    page.line("")?;
    let foot = format!("Verdicts as of {} by keel-verify {}", report.as_of, env!("CARGO_PKG_VERSION"));
    let foot = page.paint(Tone::Dim, &foot);
    page.line(&foot)
}

fn write_signers(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("Signed by")?;
    if report.signers.is_empty() {
        return page.paragraph(2, "nobody: no signature was established in this run");
    }
    let mut shown: Vec<&SignerSummary> = Vec::new();
    for signer in &report.signers {
        page.paragraph(2, &escape::text(&signer.signed))?;
        let same = shown.iter().any(|other| {
            other.public_key == signer.public_key
                && other.key_id == signer.key_id
                && other.basis == signer.basis
                && other.source == signer.source
        });
        if same {
            page.labelled(4, "key         ", "as above")?;
        } else {
            page.labelled(4, "key         ", &escape::text(&signer.public_key))?;
            if let Some(id) = &signer.key_id {
                page.labelled(4, "key id      ", &escape::text(id))?;
            }
            page.labelled(4, "trusted as  ", signer.basis.words())?;
            page.labelled(4, "source      ", &escape::text(&signer.source))?;
        }
        if let Some(at) = &signer.signed_at {
            page.labelled(4, "signed at   ", &format!("{} (stated by the signer)", escape::text(at)))?;
        }
        shown.push(signer);
    }
    Ok(())
}

fn write_files(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.artifact.files.is_empty() {
        return Ok(());
    }
    page.heading("Evidence")?;
    for file in &report.artifact.files {
        let size = file.bytes.map(|bytes| format!("  {} bytes", grouped(bytes))).unwrap_or_default();
        let role = format!("{:<14}", file.role.replace('_', " "));
        page.labelled(2, &role, &format!("{}{size}", escape::text(&file.path)))?;
        if let Some(digest) = &file.sha256 {
            page.line(&format!("{:16}{}", "", escape::text(digest)))?;
        }
    }
    Ok(())
}

fn write_facts(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    for (title, facts) in [
        ("Stated under the signature", &report.artifact.signed),
        ("Stated without a signature", &report.artifact.unsigned),
    ] {
        if facts.is_empty() {
            continue;
        }
        page.heading(title)?;
        let width =
            facts.iter().map(|(name, _)| escape::text(name).chars().count()).max().unwrap_or(0).min(30);
        for (name, value) in facts {
            page.labelled(2, &format!("{:<width$}  ", escape::text(name)), &escape::text(value))?;
        }
    }
    Ok(())
}

fn write_claims(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("Claims")?;
    if report.claims.is_empty() {
        return page.paragraph(2, "none was evaluated");
    }
    for claim in &report.claims {
        write_claim(claim, page)?;
        if !claim.subjects.iter().any(|subject| subject.verdict != Verdict::Supported) {
            write_attached(claim, report, page)?;
        }
    }
    Ok(())
}

/// The codes of findings that lower a claim whose subjects do not.
fn write_attached(claim: &ClaimOutcome, report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let mut codes: Vec<&str> = Vec::new();
    for finding in &report.findings {
        let lowers = finding.effect.verdict().is_some() && finding.claim == Some(claim.name);
        if lowers && !codes.contains(&finding.code.id) {
            codes.push(finding.code.id);
        }
    }
    match codes.as_slice() {
        [] => Ok(()),
        codes => page.paragraph(6, &format!("{}: see the findings", codes.join(", "))),
    }
}

fn write_claim(claim: &ClaimOutcome, page: &mut Page<'_>) -> io::Result<()> {
    let mark = match claim.verdict {
        Verdict::Supported => "✓",
        Verdict::Disproved => "✗",
        Verdict::InsufficientEvidence => "—",
        Verdict::UnverifiableScope => "?",
    };
    let asked = if claim.required { ", required" } else { "" };
    let tone = Tone::from(claim.verdict);
    let verdict = page.paint(tone, &claim.verdict.as_str().replace('_', " "));
    let mark = page.paint(tone, mark);
    page.line(&format!("  {mark} {}: {verdict}{asked}", claim.name))?;
    if claim.verdict == Verdict::Supported {
        let items = claim.subjects.iter().filter(|subject| subject.verdict != Verdict::Supported);
        for subject in items {
            page.paragraph(6, &format!("{}: {}", subject.code.id, escape::text(&subject.message)))?;
        }
        return match claim.deciding_subject() {
            Some(subject) => page.paragraph(6, &escape::text(&subject.message)),
            None => Ok(()),
        };
    }
    let open: Vec<_> =
        claim.subjects.iter().filter(|subject| subject.verdict != Verdict::Supported).collect();
    for subject in open.iter().take(MOST_SUBJECTS) {
        let id = subject.id.as_deref().map(|id| format!(" ({})", escape::text(id))).unwrap_or_default();
        page.paragraph(6, &format!("{}: {}{id}", subject.code.id, escape::text(&subject.message)))?;
    }
    match open.len().checked_sub(MOST_SUBJECTS) {
        Some(more) if more > 0 => page.paragraph(6, &format!("and {} more subjects", grouped_usize(more))),
        _ => Ok(()),
    }
}

fn write_coverage(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.coverage.is_empty() {
        return Ok(());
    }
    page.heading("Checks")?;
    for step in &report.coverage {
        match &step.skipped {
            None => {
                let counts: Vec<String> =
                    step.counts.iter().map(|(what, count)| format!("{} {what}", grouped(*count))).collect();
                let counts =
                    if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
                page.labelled(2, "ran      ", &format!("{}{counts}", step.title))?;
            }
            Some(why) => {
                page.labelled(2, "not run  ", &format!("{}: {}", step.title, escape::text(why)))?;
            }
        }
    }
    Ok(())
}

fn write_fields(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("Fields")?;
    if report.fields.is_empty() {
        return page.paragraph(2, "this release has no table of the fields of this evidence");
    }
    let mut artifact = "";
    for field in &report.fields {
        if field.artifact != artifact {
            artifact = field.artifact;
            page.paragraph(2, artifact)?;
        }
        let tone = match (field.words(), field.is_covered()) {
            ("proven", _) => Tone::Good,
            (_, true) => Tone::Open,
            (_, false) => Tone::Bad,
        };
        let words = page.paint(tone, field.words());
        page.line(&format!("    {}: {words}", field.field))?;
    }
    Ok(())
}

fn write_findings(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    let total: u64 = report.counts.iter().map(|count| count.count).fold(0, u64::saturating_add);
    page.heading(&format!("Findings ({})", grouped(total)))?;
    for finding in &report.findings {
        write_finding(finding, page)?;
    }
    for count in &report.counts {
        let listed = report.findings.iter().filter(|finding| finding.code.id == count.code).count();
        let more = count.count.saturating_sub(u64::try_from(listed).unwrap_or(u64::MAX));
        if more > 0 {
            page.paragraph(2, &format!("and {} more of {}", grouped(more), count.code))?;
        }
    }
    Ok(())
}

/// One finding with its place and values.
pub(crate) fn write_finding(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    let (word, tone) = match finding.effect {
        Effect::Fails { verdict } => (verdict.as_str().replace('_', " "), Tone::from(verdict)),
        Effect::Limits { verdict } => {
            (format!("{}, not required", verdict.as_str().replace('_', " ")), Tone::Open)
        }
        Effect::Unreadable => ("unreadable".to_owned(), Tone::Bad),
        Effect::Notes => ("note".to_owned(), Tone::Dim),
    };
    let word = page.paint(tone, &word);
    let claim = finding.claim.map(|claim| format!(" on {claim}")).unwrap_or_default();
    page.line(&format!("  {}: {word}{claim}", finding.code.id))?;
    page.paragraph(6, &escape::text(&finding.message))?;
    let mut place = Vec::new();
    if !finding.location.file.is_empty() {
        place.push(escape::text(&finding.location.file));
    }
    if let Some(pointer) = &finding.location.pointer {
        place.push(if pointer.is_empty() { "whole document".to_owned() } else { escape::text(pointer) });
    }
    if let Some(bytes) = &finding.location.bytes {
        place.push(format!("bytes {} to {}", bytes.start, bytes.end));
    }
    if !place.is_empty() {
        page.labelled(6, "at        ", &place.join("  "))?;
    }
    for fact in &finding.facts {
        page.labelled(6, &format!("{:<9} ", fact.label), &escape::text(&fact.value))?;
    }
    Ok(())
}

fn write_not_proven(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let mut texts: Vec<String> = report.not_proven.iter().map(|text| escape::text(text)).collect();
    for claim in report.claims.iter().filter(|claim| claim.verdict == Verdict::Supported) {
        for text in &claim.does_not_establish {
            let text = escape::text(text);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    if texts.is_empty() {
        return Ok(());
    }
    page.heading("Not proven by this run")?;
    for text in texts {
        page.labelled(2, "- ", &text)?;
    }
    Ok(())
}

fn write_next(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let steps = headline::next_steps(report);
    if steps.is_empty() {
        return Ok(());
    }
    page.heading("What to do next")?;
    for code in steps {
        page.labelled(2, "- ", &format!("{}: {}", code.id, code.remedy))?;
    }
    Ok(())
}

/// Subjects of one claim that are shown in full.
const MOST_SUBJECTS: usize = 20;

fn grouped_usize(number: usize) -> String {
    grouped(u64::try_from(number).unwrap_or(u64::MAX))
}

/// Digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len().saturating_mul(4) / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests;
