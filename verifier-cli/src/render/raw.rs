//! `--raw`: short plain text for old scripts (spec 08 section 6). `VERIFIED` on standard output once everything has
//! run, or `FAILED: CODE: message` lines on standard error.

use std::io::{self, Write};

use verifier_core::finding::Verdict;
use verifier_core::render::headline;
use verifier_core::report::{Outcome, Report};

use super::escape;

/// Writes the report.
pub(crate) fn write(report: &Report, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<()> {
    if report.outcome == Outcome::Verified {
        return write_success(report, out, err);
    }
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for finding in report.findings.iter().filter(|finding| headline::decides(finding)) {
        let line = (finding.code.id, finding.message.as_str());
        if !seen.contains(&line) {
            seen.push(line);
        }
    }
    for claim in report.claims.iter().filter(|claim| headline::fails(claim)) {
        for subject in claim.subjects.iter().filter(|subject| subject.verdict != Verdict::Supported) {
            let line = (subject.code.id, subject.message.as_str());
            if !seen.contains(&line) {
                seen.push(line);
            }
        }
    }
    for (code, message) in seen {
        writeln!(err, "FAILED: {code}: {}", escape::text(message))?;
    }
    Ok(())
}

fn write_success(report: &Report, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<()> {
    let headline = headline::of(report);
    writeln!(out, "{}", headline.word)?;
    for file in &report.artifact.files {
        writeln!(out, "  {}: {}", file.role.replace('_', " "), escape::text(&file.path))?;
        if let Some(digest) = &file.sha256 {
            writeln!(out, "  {} hash: {}", file.role.replace('_', " "), escape::text(digest))?;
        }
    }
    for signer in &report.signers {
        writeln!(out, "  {} signed by: {}", escape::text(&signer.signed), escape::text(&signer.public_key))?;
        writeln!(out, "  trust source: {}", escape::text(&signer.source))?;
    }
    for claim in &report.claims {
        writeln!(out, "  {}: {}", claim.name, claim.verdict.as_str())?;
        for subject in claim.subjects.iter().filter(|subject| subject.verdict != Verdict::Supported) {
            writeln!(err, "NOTE: {}: {}", subject.code.id, escape::text(&subject.message))?;
        }
    }
    Ok(())
}
