//! What was cut out, as text.

use std::io;
use std::path::Path;

use verifier_core::excerpt::Made;
use verifier_core::finding::Verdict;
use verifier_core::report::Report;

use super::escape;
use super::style::{Page, Tone};

/// A new excerpt, and what its reader will find with the same trust.
pub(crate) fn made(path: &Path, made: &Made, report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let word = page.paint(Tone::from(report.outcome), &format!("{:?}", report.outcome).to_uppercase());
    page.line(&format!("{word}: excerpt {}", escape::text(&path.to_string_lossy())))?;
    let digest = report.artifact.files.iter().find_map(|file| file.sha256.as_deref());
    page.line(&format!("  digest     {}", digest.unwrap_or("-")))?;
    page.line(&format!(
        "  holds      {} records with {} chain entries, {} hashes of proof, {} bytes",
        made.records,
        made.entries,
        made.hashes,
        made.bytes.len()
    ))?;
    for claim in report.claims.iter().filter(|claim| claim.required || claim.verdict == Verdict::Supported) {
        let message = claim.deciding_subject().map_or("", |subject| &subject.message);
        page.line(&format!("  {}: {:?}", claim.name, claim.verdict).to_lowercase())?;
        page.paragraph(6, &escape::text(message))?;
    }
    if let Some(key) = &made.maker_key {
        page.line(&format!("Readers trust your head with --log-key {key}"))?;
    }
    Ok(())
}
