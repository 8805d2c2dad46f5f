//! An export as a directory, or as one zip file whose bytes depend on nothing but its content.

use std::fs::{self, File};
use std::io::{BufWriter, Seek, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::Manifest;
use crate::error::{Error, Result};
use crate::issuer::Issuer;
use crate::tlog::Prover;

const BUFFER: usize = 1 << 20;

/// What an export holds beside its own files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Additions<'a> {
    /// The checkpoint over all chains.
    pub checkpoint: bool,
    /// Inclusion proofs for all chain entries.
    pub proofs: Option<Prover<'a>>,
}

/// File name of the inclusion proofs.
pub const PROOFS: &str = "export.json.tlog-proofs";

impl Additions<'_> {
    /// Whether the proofs can be made, asked before there is half an export.
    fn check(&self, issuer: &mut Issuer, project: Option<&str>) -> Result<()> {
        self.proofs.map_or(Ok(()), |prover| prover.check(issuer, project))
    }

    /// The proofs for what was exported. Made afterwards, so that the log has whatever came in until then.
    fn prove(&self, issuer: &mut Issuer, manifest: &Manifest) -> Result<Option<Vec<u8>>> {
        let Some(prover) = self.proofs else { return Ok(None) };
        prover.prove(issuer, manifest.project_id(), manifest.chain_length()).map(Some)
    }
}

/// Writes an export into `directory`, which must not hold one already.
///
/// # Errors
/// When a file exists or cannot be written, or the state holds nothing to export.
pub fn to_directory(
    issuer: &mut Issuer,
    project: Option<&str>,
    additions: Additions<'_>,
    directory: &Path,
) -> Result<Manifest> {
    additions.check(issuer, project)?;
    fs::create_dir_all(directory).map_err(|error| Error::file(directory, error))?;
    let path = directory.join("export.json");
    let file = File::create_new(&path).map_err(|error| Error::file(&path, error))?;
    let mut payload = BufWriter::with_capacity(BUFFER, file);
    let put = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        fs::write(&path, bytes).map_err(|error| Error::file(&path, error))
    };
    let manifest = issuer.export(project, additions.checkpoint, &mut payload, |companions| {
        companions.files.iter().try_for_each(|(name, bytes)| put(name, bytes))
    })?;
    if let Some(proofs) = additions.prove(issuer, &manifest)? {
        put(PROOFS, &proofs)?;
    }
    Ok(manifest)
}

/// Writes an export into one zip file: entries in a fixed order, a fixed date, no other metadata.
///
/// # Errors
/// When the file exists or cannot be written, or the state holds nothing to export.
pub fn to_zip(
    issuer: &mut Issuer,
    project: Option<&str>,
    additions: Additions<'_>,
    path: &Path,
) -> Result<Manifest> {
    additions.check(issuer, project)?;
    let file = File::create_new(path).map_err(|error| Error::file(path, error))?;
    let failed = |error: zip::result::ZipError| Error::file(path, error.into());
    let archive = Shared::new(ZipWriter::new(BufWriter::with_capacity(BUFFER, file)));
    archive.start("export.json").map_err(failed)?;
    let put = |name: &str, bytes: &[u8]| {
        archive.start(name).map_err(failed)?;
        archive.clone().write_all(bytes).map_err(|error| Error::file(path, error))
    };
    let manifest = issuer.export(project, additions.checkpoint, &mut archive.clone(), |companions| {
        companions.files.iter().try_for_each(|(name, bytes)| put(name, bytes))
    })?;
    if let Some(proofs) = additions.prove(issuer, &manifest)? {
        put(PROOFS, &proofs)?;
    }
    archive.finish().map_err(failed)?;
    Ok(manifest)
}

/// The archive is written from two places, one after the other: the payload stream and the files behind it.
struct Shared<W: Write + Seek>(std::rc::Rc<std::cell::RefCell<ZipWriter<W>>>);

impl<W: Write + Seek> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W: Write + Seek> Shared<W> {
    fn new(writer: ZipWriter<W>) -> Self {
        Self(std::rc::Rc::new(std::cell::RefCell::new(writer)))
    }

    fn start(&self, name: &str) -> zip::result::ZipResult<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(true);
        self.0.borrow_mut().start_file(name, options)
    }

    fn finish(self) -> zip::result::ZipResult<()> {
        let Ok(cell) = std::rc::Rc::try_unwrap(self.0) else { return Ok(()) };
        let mut inner = cell.into_inner().finish()?;
        inner.flush()?;
        Ok(())
    }
}

impl<W: Write + Seek> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.borrow_mut().flush()
    }
}
