//! Working papers as text.

use std::io;
use std::path::Path;

use verifier_core::bytes::Blob;
use verifier_core::crypto::prefixed;
use verifier_core::finding::Finding;
use verifier_core::ledger::money::usd;
use verifier_core::report::Outcome;
use verifier_core::sample::commitment;
use verifier_core::workpaper::{
    AS_RANDOM, Content, Judgement, Mark, MarkKind, MarkStatus, ProjectionKind, ProjectionRecord,
    SampleRecord, Workpaper,
};

use super::escape;
use super::human::write_finding;
use super::style::{Page, Tone};

/// Items listed of a sample; the file has all of them.
const LISTED: usize = 20;

/// A new paper.
pub(crate) fn made(path: &Path, paper: &Workpaper, outcome: Outcome, page: &mut Page<'_>) -> io::Result<()> {
    let word = page.paint(Tone::from(outcome), &word_of(outcome).to_uppercase());
    page.line(&format!("{word}: the evidence; working paper {}", escape::text(&path.to_string_lossy())))?;
    page.line(&format!("  digest     {}", prefixed(&Blob::new(paper.to_bytes()).sha256())))?;
    content(&paper.content, page)
}

/// What a paper says, and who signed it.
pub(crate) fn show(
    blob: &Blob,
    paper: &Workpaper,
    judgement: &Judgement,
    page: &mut Page<'_>,
) -> io::Result<()> {
    page.line(&format!("WORKING PAPER {}", escape::text(&paper.content.title)))?;
    page.line(&format!("  digest     {}", prefixed(&blob.sha256())))?;
    content(&paper.content, page)?;
    for verdicts in &paper.content.verdicts {
        page.heading(&format!(
            "Verdicts: {}, {}",
            escape::text(&verdicts.kind),
            escape::text(&verdicts.outcome)
        ))?;
        for claim in &verdicts.claims {
            let code = claim.code.as_ref().map(|code| format!(" ({})", escape::text(code)));
            let (name, verdict) = (escape::text(&claim.name), escape::text(&claim.verdict));
            page.line(&format!("  {name}: {verdict}{}", code.unwrap_or_default()))?;
        }
    }
    if !paper.content.marks.is_empty() {
        page.heading(&format!("Marks ({})", paper.content.marks.len()))?;
    }
    for mark in &paper.content.marks {
        page.line(&format!("  {}", mark_line(mark)))?;
        if !mark.note.is_empty() {
            page.paragraph(6, &escape::text(&mark.note))?;
        }
    }
    signatures(judgement, page)?;
    judgement.findings.iter().try_for_each(|finding| write_finding(finding, page))
}

/// What the signatures come to.
pub(crate) fn verdict(blob: &Blob, judgement: &Judgement, page: &mut Page<'_>) -> io::Result<()> {
    let word = page.paint(Tone::from(judgement.outcome), &word_of(judgement.outcome).to_uppercase());
    page.line(&format!("{word}: the signatures of the working paper"))?;
    page.line(&format!("  digest     {}", prefixed(&blob.sha256())))?;
    signatures(judgement, page)?;
    judgement.findings.iter().try_for_each(|finding| write_finding(finding, page))?;
    page.paragraph(2, "Not checked here: whether the content comes out again from the evidence (reperform).")
}

/// Whether a paper came out again.
pub(crate) fn reperformed(
    blob: &Blob,
    paper: &Workpaper,
    judgement: &Judgement,
    findings: &[Finding],
    outcome: Outcome,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let text = match outcome {
        Outcome::Verified => "SAME: everything that the working paper states comes out here, byte for byte",
        Outcome::Disproved => "DIFFERENT: the working paper is contradicted",
        Outcome::NotEstablished | Outcome::Unreadable => {
            "NOT ESTABLISHED: the working paper rests on something else"
        }
    };
    page.line(&page.paint(Tone::from(outcome), text))?;
    page.line(&format!("  digest     {}", prefixed(&blob.sha256())))?;
    for verdicts in &paper.content.verdicts {
        page.line(&format!(
            "  states     {}: {}",
            escape::text(&verdicts.kind),
            escape::text(&verdicts.outcome)
        ))?;
    }
    let (samples, marks) = (paper.content.samples.len(), paper.content.marks.len());
    let projections = paper.content.projections.len();
    page.line(&format!("  drawn again {samples} samples, projected again {projections}; {marks} marks are the reviewer's word"))?;
    signatures(judgement, page)?;
    findings.iter().try_for_each(|finding| write_finding(finding, page))
}

fn word_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "verified",
        Outcome::Disproved => "disproved",
        Outcome::NotEstablished => "not established",
        Outcome::Unreadable => "unreadable",
    }
}

fn signatures(judgement: &Judgement, page: &mut Page<'_>) -> io::Result<()> {
    judgement.signed.iter().try_for_each(|signed| {
        let (role, time) = (signed.role().as_str(), escape::text(signed.signed_at()));
        page.line(&format!(
            "  signed     {role}, {time} by own statement, {}",
            escape::text(signed.public_key())
        ))
    })
}

fn content(content: &Content, page: &mut Page<'_>) -> io::Result<()> {
    page.line(&format!("  as of      {}", escape::text(&content.as_of)))?;
    for option in &content.options {
        page.line(&format!("  option     {}", escape::text(option)))?;
    }
    let trust = content.trust.iter().map(|file| ("trust", file));
    for (word, file) in content.files.iter().map(|file| ("file", file)).chain(trust) {
        let digest = file.sha256.as_deref().unwrap_or("not read");
        page.line(&format!(
            "  {word:<10} {} {} {}",
            escape::text(&file.role),
            escape::text(&file.name),
            escape::text(digest)
        ))?;
    }
    for (number, record) in (1..).zip(&content.samples) {
        sample(number, record, content, page)?;
    }
    for record in &content.projections {
        page.heading(&projection_title(record))?;
        for line in figures(record, content) {
            page.line(&format!("  {line}"))?;
        }
    }
    Ok(())
}

fn sample(number: usize, sample: &SampleRecord, content: &Content, page: &mut Page<'_>) -> io::Result<()> {
    let by = if sample.stratum == "none" {
        String::new()
    } else {
        format!(" by {}", escape::text(&sample.stratum))
    };
    let method = escape::text(&sample.method);
    let every = sample.every.map_or_else(String::new, |every| format!(", one of every {every}"));
    page.heading(&format!(
        "Sample {number}: {method}{by}{every}, {} of {} items",
        sample.drawn.len(),
        sample.items
    ))?;
    page.line(&format!("  engagement {}", escape::text(&sample.engagement)))?;
    page.line(&format!("  commitment {}", commitment(&sample.engagement)))?;
    page.line(&format!("  population {}", escape::text(&sample.population)))?;
    page.line(&format!("  seed       {}", escape::text(&sample.seed)))?;
    page.line(&format!("  total      {} USD", amount(&sample.total_usd_micros)))?;
    for (name, size) in &sample.allocation {
        page.line(&format!("  asked for  {size} of {}", escape::text(name)))?;
    }
    if let Some(interval) = sample.interval_usd_micros {
        let certain = sample.drawn.iter().filter(|drawn| drawn.basis == "certain").count();
        let without = sample.items_without_amount;
        page.line(&format!("  interval   {} USD; {certain} items are certain", usd(i128::from(interval))))?;
        page.line(&format!(
            "  left out   {without} items that cost nothing, less, or state no cost: no unit stands for them"
        ))?;
    }
    let open = content.open(sample).count();
    page.line(&format!("  open       {open} of {} drawn items have no mark", sample.drawn.len()))?;
    for drawn in sample.drawn.iter().take(LISTED) {
        let cost = drawn
            .amount_usd_micros
            .map_or("no cost".to_owned(), |amount| format!("{} USD", usd(i128::from(amount))));
        let mark = content.marked(MarkKind::Permit, &drawn.permit).map_or("", |mark| mark.status.as_str());
        page.line(
            format!("  {} {cost} {} {mark}", escape::text(&drawn.permit), escape::text(&drawn.basis))
                .trim_end(),
        )?;
    }
    match sample.drawn.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => page.line(&format!("  and {more} more")),
    }
}

/// Decimal digits of micro-USD as USD.
fn amount(micros: &str) -> String {
    micros.parse::<i128>().map_or_else(|_| escape::text(micros), usd)
}

fn mark_line(mark: &Mark) -> String {
    let kind = match mark.kind {
        MarkKind::Permit => "permit",
        MarkKind::Finding => "finding",
    };
    let correct = mark.correct_usd_micros.map(|amount| format!(", correct {} USD", usd(i128::from(amount))));
    format!(
        "{kind} {}: {}{} by {} at {}",
        escape::text(&mark.id),
        mark.status.as_str(),
        correct.unwrap_or_default(),
        escape::text(&mark.by),
        escape::text(&mark.at)
    )
}

/// A mark that was set.
pub(crate) fn marked(mark: &Mark, content: &Content) -> String {
    let drawn = content.samples.iter().flat_map(|sample| &sample.drawn).any(|drawn| drawn.permit == mark.id);
    let beside = if mark.kind == MarkKind::Permit && !drawn { "; it is not a drawn item" } else { "" };
    let amount = match (mark.status, mark.correct_usd_micros, mark.kind) {
        (MarkStatus::Exception, None, MarkKind::Permit) => {
            "; without a correct amount it counts as no misstatement"
        }
        _ => "",
    };
    format!("MARKED: {}{beside}{amount}", mark_line(mark))
}

/// A projection that was made.
pub(crate) fn projection(content: &Content, sample: u32, of: ProjectionKind) -> String {
    let record = content.projections.iter().find(|record| (record.sample, record.of) == (sample, of));
    record.map_or_else(String::new, |record| {
        let lines = figures(record, content).into_iter().map(|line| format!("\n  {line}"));
        projection_title(record) + &lines.collect::<String>()
    })
}

fn projection_title(record: &ProjectionRecord) -> String {
    let of = match record.of {
        ProjectionKind::Exceptions => "exceptions",
        ProjectionKind::Amounts => "amounts",
    };
    format!("Projection of {of} from sample {}", u64::from(record.sample) + 1)
}

fn figures(record: &ProjectionRecord, content: &Content) -> Vec<String> {
    let is_amount = |name: &str| {
        record.of == ProjectionKind::Amounts && !name.starts_with("drawn") && !name.starts_with("exceptions")
    };
    let shown = |name: &str, value: &str| match is_amount(name) {
        true => format!("{} USD", amount(value)),
        false => escape::text(value),
    };
    let mut lines: Vec<String> = record
        .figures
        .iter()
        .map(|(name, value)| format!("{}: {}", escape::text(&name.replace('_', " ")), shown(name, value)))
        .collect();
    lines.push(format!("confidence: {} %", record.confidence_percent));
    lines.extend(record.tolerable.as_ref().map(|value| format!("tolerable: {}", shown("tolerable", value))));
    lines.extend(
        record
            .verdict
            .as_ref()
            .map(|verdict| format!("within what is tolerable: {}", escape::text(&verdict.replace('_', " ")))),
    );
    // Said of every systematic sample, also where the paper, an old one, does not.
    let sample = usize::try_from(record.sample).ok().and_then(|position| content.samples.get(position));
    if sample.is_some_and(|sample| sample.method == "systematic") {
        lines.push(format!("assumption: {AS_RANDOM}"));
    }
    lines
}
