//! Reports written to files, and whether the evidence is still what was verified.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use verifier_core::crypto::prefixed;
use verifier_core::evidence::Batch;
use verifier_core::render::{Document, csv, html, json, junit, markdown, sarif};
use verifier_core::report::Report;
use verifier_core::sigstore::artifact::ArtifactDigest;

use super::excerpt::part_of;

/// Writes the reports in the format of the file's ending: the same bytes as the command line writes.
pub(super) fn save(reports: &[Arc<Report>], path: &Path) -> Result<String, String> {
    let name = path.to_string_lossy();
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let reports: Vec<Report> = reports.iter().map(|report| Report::clone(report)).collect();
    let document = Document::of(&reports);
    let write = |out: &mut dyn Write| -> io::Result<()> {
        match ending.as_str() {
            "html" => html::write(&document, out),
            "md" => markdown::write(&document, out),
            "csv" => csv::write(&document, out),
            "sarif" => sarif::write(&document, out),
            "xml" => junit::write(&document, out),
            _ => reports.iter().try_for_each(|report| json::write(report, out)),
        }
    };
    if !["html", "md", "csv", "sarif", "xml", "json"].contains(&ending.as_str()) {
        return Err(format!("{name}: end the name with .html, .json, .md, .csv, .sarif or .xml"));
    }
    if path.exists() {
        return Err(format!("{name} was not written: a file of this name exists already"));
    }
    let mut aside = path.as_os_str().to_owned();
    aside.push(".part");
    let aside = Path::new(&aside);
    let written = File::create_new(aside).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(aside, path)
    });
    match written {
        Ok(()) => Ok(format!("the report was written to {name}")),
        Err(error) => {
            fs::remove_file(aside).ok();
            Err(format!("{name} was not written: {error}"))
        }
    }
}

/// Reads every file of the evidence again; the names of those that are no longer what was verified.
pub(super) fn changed(batches: &[Batch], reports: &[Arc<Report>]) -> Vec<String> {
    let files = reports.iter().flat_map(|report| &report.artifact.files);
    let mut changed: Vec<String> = files
        .filter(|file| {
            let (Some(stated), Some(part)) = (&file.sha256, part_of(batches, &file.path)) else {
                return false;
            };
            let now = part.entry.open().map_err(|error| io::Error::other(error.to_string()));
            let now = now.and_then(ArtifactDigest::read);
            now.map_or(true, |now| prefixed(&now.sha256) != *stated)
        })
        .map(|file| file.path.clone())
        .collect();
    changed.sort();
    changed.dedup();
    changed
}
