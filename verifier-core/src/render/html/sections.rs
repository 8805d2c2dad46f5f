//! The sections of one report.

use std::io::{self, Write};

use super::super::document::{Document, word};
use super::super::{answers, headline};
use super::{Cell, banner, outcome_class, row, table_foot, table_head, xml};
use crate::finding::{Severity, Verdict};
use crate::report::{Report, Requested};

/// Writes the report at this position.
pub(super) fn write(document: &Document<'_>, position: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some(report) = document.reports.get(position) else { return Ok(()) };
    let headline = headline::of(report);
    writeln!(out, "<h2>{}</h2>", xml(&headline::subject(report)))?;
    banner(report.outcome, headline.word, &headline.text, out)?;
    exceptions(document, position, out)?;
    questions(report, out)?;
    claims(report, out)?;
    evidence(report, out)?;
    signers(report, out)?;
    policy(report, out)?;
    checks(report, out)?;
    fields(report, out)?;
    not_proven(report, out)
}

fn exceptions(document: &Document<'_>, position: usize, out: &mut dyn Write) -> io::Result<()> {
    let all = document.exceptions(position);
    writeln!(out, "<h3>Exceptions ({})</h3>", all.len())?;
    if all.is_empty() {
        return writeln!(out, "<p>None.</p>");
    }
    table_head(
        "Most serious first",
        &["Severity", "Code", "What was found", "Place", "Values", "What to do"],
        out,
    )?;
    for one in &all {
        let (class, mark, word) = match one.severity {
            _ if one.accepted.is_some() => ("open", "○", "accepted"),
            Severity::Error => ("bad", "✗", "error"),
            Severity::Warning => ("open", "—", "warning"),
            Severity::Note => ("", "i", "note"),
        };
        let values: Vec<String> =
            one.facts.iter().map(|fact| format!("{}: {}", fact.label, fact.value)).collect();
        let claim = one.claim.map(|claim| format!(" ({claim})")).unwrap_or_default();
        let accepted = one.accepted.map(|own| format!("; accepted until {}: {}", own.until, own.reason));
        let text = format!("{}: {}{claim}{}", one.effect, one.message, accepted.unwrap_or_default());
        row(
            &[
                Cell::State(class, mark, word),
                Cell::Code(one.code.id),
                Cell::Text(&text),
                Cell::Code(&one.place()),
                Cell::Code(&values.join("; ")),
                Cell::Text(one.code.remedy),
            ],
            out,
        )?;
    }
    table_foot(out)?;
    for (code, more) in document.unlisted(position) {
        writeln!(
            out,
            "<p>{more} more findings of <code>{}</code> are counted and not listed.</p>",
            xml(code)
        )?;
    }
    Ok(())
}

fn questions(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h3>Five questions</h3>")?;
    table_head("What an audit begins with", &["Question", "State", "Answer"], out)?;
    for answer in answers::of(report) {
        let (class, mark) = match answer.state {
            answers::State::Supported => ("good", "✓"),
            answers::State::Disproved => ("bad", "✗"),
            answers::State::NotEstablished => ("open", "—"),
        };
        let state = Cell::State(class, mark, answer.state.word());
        row(&[Cell::Heading(answer.question), state, Cell::Text(&answer.text)], out)?;
    }
    table_foot(out)
}

fn claims(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h3>Claims ({})</h3>", report.claims.len())?;
    if report.claims.is_empty() {
        return writeln!(out, "<p>None was evaluated.</p>");
    }
    table_head("What was judged", &["Claim", "Verdict", "Asked for by", "Why", "Does not establish"], out)?;
    for claim in &report.claims {
        let (class, mark) = match claim.verdict {
            Verdict::Supported => ("good", "✓"),
            Verdict::Disproved => ("bad", "✗"),
            Verdict::InsufficientEvidence | Verdict::UnverifiableScope => ("open", "—"),
        };
        let asked = match claim.requested {
            Requested::Automatic | Requested::Optional => "nobody",
            Requested::Evidence => "the evidence",
            Requested::Operator => "the operator",
        };
        let required = if claim.required { ", required" } else { "" };
        let why = claim.deciding_subject().map(|own| format!("{}: {}", own.code.id, own.message));
        row(
            &[
                Cell::Heading(claim.name),
                Cell::State(class, mark, &claim.verdict.as_str().replace('_', " ")),
                Cell::Text(&format!("{asked}{required}")),
                Cell::Text(&why.unwrap_or_default()),
                Cell::Text(&claim.does_not_establish.join("; ")),
            ],
            out,
        )?;
    }
    table_foot(out)
}

fn evidence(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h3>Evidence</h3>")?;
    table_head("Files that were read, with their digests", &["Role", "File", "SHA-256", "Bytes"], out)?;
    for file in &report.artifact.files {
        let bytes = file.bytes.map(|bytes| bytes.to_string()).unwrap_or_default();
        row(
            &[
                Cell::Heading(&file.role.replace('_', " ")),
                Cell::Text(&file.path),
                Cell::Code(file.sha256.as_deref().unwrap_or("unknown")),
                Cell::Number(&bytes),
            ],
            out,
        )?;
    }
    table_foot(out)?;
    for (caption, facts) in [
        ("Stated under the signature", &report.artifact.signed),
        ("Stated without a signature", &report.artifact.unsigned),
    ] {
        if !facts.is_empty() {
            table_head(caption, &["Name", "Value"], out)?;
            facts.iter().try_for_each(|(name, value)| row(&[Cell::Heading(name), Cell::Text(value)], out))?;
            table_foot(out)?;
        }
    }
    Ok(())
}

fn signers(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h3>Signed by</h3>")?;
    if report.signers.is_empty() {
        return writeln!(out, "<p>Nobody: no signature was established in this run.</p>");
    }
    table_head(
        "Keys, and why they are trusted",
        &["What", "Key", "Trusted as", "Source", "Signed at (stated)"],
        out,
    )?;
    for signer in &report.signers {
        let id = signer.key_id.as_deref().map(|id| format!(" (key id {id})")).unwrap_or_default();
        row(
            &[
                Cell::Heading(&signer.signed),
                Cell::Code(&format!("{}{id}", signer.public_key)),
                Cell::Text(signer.basis.words()),
                Cell::Text(&signer.source),
                Cell::Text(signer.signed_at.as_deref().unwrap_or("not stated")),
            ],
            out,
        )?;
    }
    table_foot(out)
}

fn policy(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h3>Policy</h3>")?;
    table_head("What the verdicts were made under", &["Item", "Value"], out)?;
    row(&[Cell::Heading("as of"), Cell::Text(&report.as_of)], out)?;
    let required: Vec<&str> =
        report.claims.iter().filter(|claim| claim.required).map(|claim| claim.name).collect();
    let required = if required.is_empty() { "none".to_owned() } else { required.join(", ") };
    row(&[Cell::Heading("claims required"), Cell::Text(&required)], out)?;
    let accepted = if report.accepted_without_trust { "yes, on request" } else { "no" };
    row(&[Cell::Heading("accepted without trust"), Cell::Text(accepted)], out)?;
    row(&[Cell::Heading("semantics"), Cell::Text(&report.semantics.mode)], out)?;
    for (name, value) in [
        ("semantic profile", &report.semantics.profile_id),
        ("digest of the profile", &report.semantics.profile_hash),
        ("warning", &report.semantics.warning),
    ] {
        if let Some(value) = value {
            row(&[Cell::Heading(name), Cell::Text(value)], out)?;
        }
    }
    let (_, mark) = outcome_class(report.outcome);
    let exit = format!("{mark} {} (exit status {})", word(report.outcome), report.outcome.exit_status());
    row(&[Cell::Heading("outcome"), Cell::Text(&exit)], out)?;
    table_foot(out)
}

fn checks(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.coverage.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h3>Checks</h3>")?;
    table_head("What ran, and what did not", &["Check", "Ran", "Counted, or why not"], out)?;
    for step in &report.coverage {
        let counted: Vec<String> =
            step.counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
        let (state, text) = match &step.skipped {
            None => (Cell::State("good", "✓", "ran"), counted.join(", ")),
            Some(why) => (Cell::State("open", "—", "not run"), why.clone()),
        };
        row(&[Cell::Heading(step.title), state, Cell::Text(&text)], out)?;
    }
    table_foot(out)
}

fn fields(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h3>Fields</h3>")?;
    if report.fields.is_empty() {
        return writeln!(out, "<p>This release has no table of the fields of this evidence.</p>");
    }
    let caption = "For each field what notices its change. Proofs notice it even when the signer signs the changed evidence again; a field that is only signed is what its signer says.";
    table_head(caption, &["Artifact", "Field", "Coverage in this run", "Signature", "Proofs"], out)?;
    for field in &report.fields {
        let state = match (field.words(), field.is_covered()) {
            (words @ "proven", _) => Cell::State("good", "✓", words),
            (words, true) => Cell::State("open", "—", words),
            (words, false) => Cell::State("bad", "✗", words),
        };
        let proofs: Vec<&str> = field.proofs.iter().map(|proof| proof.name).collect();
        row(
            &[
                Cell::Text(field.artifact),
                Cell::Code(field.field),
                state,
                Cell::Text(field.signature.map_or("none", |proof| proof.name)),
                Cell::Text(&if proofs.is_empty() { "none".to_owned() } else { proofs.join(", ") }),
            ],
            out,
        )?;
    }
    table_foot(out)
}

fn not_proven(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h3>Not proven</h3>\n<ul>")?;
    report.not_proven.iter().try_for_each(|text| writeln!(out, "<li>{}</li>", xml(text)))?;
    if report.not_proven.is_empty() {
        writeln!(out, "<li>Nothing beyond the claims above.</li>")?;
    }
    writeln!(out, "</ul>")
}
