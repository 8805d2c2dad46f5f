//! An export as a directory, or as one zip file whose bytes depend on nothing but its content.

use std::fs::{self, File};
use std::io::{BufWriter, Seek, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::Manifest;
use crate::error::{Error, Result};
use crate::issuer::Issuer;

const BUFFER: usize = 1 << 20;

/// Writes an export into `directory`, which must not hold one already.
///
/// # Errors
/// When a file exists or cannot be written, or the state holds nothing to export.
pub fn to_directory(
    issuer: &mut Issuer,
    project: Option<&str>,
    with_checkpoint: bool,
    directory: &Path,
) -> Result<Manifest> {
    fs::create_dir_all(directory).map_err(|error| Error::file(directory, error))?;
    let path = directory.join("export.json");
    let file = File::create_new(&path).map_err(|error| Error::file(&path, error))?;
    let mut payload = BufWriter::with_capacity(BUFFER, file);
    issuer.export(project, with_checkpoint, &mut payload, |companions| {
        for (name, bytes) in companions.files {
            let path = directory.join(name);
            fs::write(&path, bytes).map_err(|error| Error::file(&path, error))?;
        }
        Ok(())
    })
}

/// Writes an export into one zip file: entries in a fixed order, a fixed date, no other metadata.
///
/// # Errors
/// When the file exists or cannot be written, or the state holds nothing to export.
pub fn to_zip(
    issuer: &mut Issuer,
    project: Option<&str>,
    with_checkpoint: bool,
    path: &Path,
) -> Result<Manifest> {
    let file = File::create_new(path).map_err(|error| Error::file(path, error))?;
    let failed = |error: zip::result::ZipError| Error::file(path, error.into());
    let archive = Shared::new(ZipWriter::new(BufWriter::with_capacity(BUFFER, file)));
    archive.start("export.json").map_err(failed)?;
    let manifest = issuer.export(project, with_checkpoint, &mut archive.clone(), |companions| {
        for (name, bytes) in companions.files {
            archive.start(name).map_err(failed)?;
            archive.clone().write_all(&bytes).map_err(|error| Error::file(path, error))?;
        }
        Ok(())
    })?;
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
